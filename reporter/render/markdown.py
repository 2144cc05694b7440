"""Markdown that people write, as HTML that can do no harm."""

from __future__ import annotations

import functools
from typing import Final

from markdown_it import MarkdownIt
from markupsafe import Markup

# Raw HTML is shown as it was typed. No pictures: nothing is loaded for a text.
_LEFT_OUT: Final = ("image", "html_block", "html_inline")


@functools.cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).disable(list(_LEFT_OUT))
    # A report has its own outline: a heading in a text becomes a paragraph that stands out.
    parser.add_render_rule("heading_open", lambda *_: '<p class="lead">')
    parser.add_render_rule("heading_close", lambda *_: "</p>\n")
    return parser


def markdown(text: str) -> Markup:
    """The text as HTML: paragraphs, lists, emphasis, links; everything else is escaped."""
    return Markup(_parser().render(text))  # noqa: S704  the parser escapes what it does not know
