"""Short ways through WeasyPrint 70 for pages that are ours, which end in the same pages.

What own templates may hold nobody knows: they are read by WeasyPrint as it is. For the shipped
ones the tests hold that both ways give the same file.
"""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from xml.etree import ElementTree

import pydyf
import weasyprint
import weasyprint.html
import weasyprint.svg

_UNCLOSED: Final = re.compile(
    r"<((?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)\b[^>]*?)/?>"
)
_BY_LETTER: Final = frozenset({"dx", "dy", "letter-spacing", "rotate", "textLength"})


class ShippedPage(weasyprint.HTML):
    """A page of the shipped templates, which is XML but for a few tags, and has no footnotes.

    The parser for any HTML takes a tenth of the time of a whole report, Expat next to nothing.
    """

    wrapper_element: Any

    def __init__(self, *, string: str, **options: Any) -> None:
        tree = _tree(string)
        super().__init__(string=string if tree is None else "", **options)
        if tree is not None:
            root = type(self.wrapper_element).from_html_root(tree, content_language=None)
            self.wrapper_element, self.etree_element = root, tree

    def _ua_stylesheets(self, forms: bool = False) -> list[weasyprint.CSS]:
        assert not forms, "reports have no forms"
        return [_browser_style()]


def _tree(html: str) -> ElementTree.Element | None:
    """The page's elements; None where it is no XML after all."""
    try:
        # The page is ours, made of escaped values, and says nothing of entities.
        return ElementTree.fromstring(  # noqa: S314
            _UNCLOSED.sub(r"<\1/>", html.strip().removeprefix("<!doctype html>"))
        )
    except ElementTree.ParseError:
        return None


@functools.cache
def _browser_style() -> weasyprint.CSS:
    """WeasyPrint's own style sheet without its rules for the footnotes and notes of any element.

    Each of them gives every element of the page one more style.
    """
    rules = weasyprint.html.UA.replace("\n::marker", "\nli::marker").splitlines()
    return weasyprint.CSS(string="\n".join(rule for rule in rules if not rule.startswith("::")))


class _Whole(str):
    """A text that is one piece to those who go through its letters."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        yield str(self)


def _text(node: Any) -> str | None:
    """The text of an SVG's element, in one piece where no letter has a place of its own.

    WeasyPrint sets each letter of an SVG by itself, as if it had: a tenth of the time of a report,
    letters without kerning, and Arabic ones that do not join.
    """
    text: str | None = node._etree_node.text
    if not text or node.tag != "text" or not _BY_LETTER.isdisjoint(node.attrib):
        return text
    places = (node.get(name, "").replace(",", " ").split() for name in ("x", "y"))
    return _Whole(text) if all(len(own) < 2 for own in places) else text


weasyprint.svg.Node.text = property(_text)


@dataclass(slots=True)
class _Written:
    """An object of a PDF as the bytes it becomes."""

    number: int
    generation: int
    free: str
    compressible: bool
    data: bytes
    offset: int = 0

    @property
    def indirect(self) -> bytes:
        return b"%d %d obj\n%b\nendobj" % (self.number, self.generation, self.data)


def write_once(pdf: Any) -> None:
    """Turn a PDF's objects into bytes; to number the file pydyf would do so a second time."""
    pdf.objects[1:] = [
        _Written(own.number, own.generation, own.free, own.compressible, _compressed(own).data)
        for own in pdf.objects[1:]  # before them is the head of the list of free ones
    ]


def _compressed(own: Any) -> Any:
    """A stream that is to be compressed, as zlib does of itself.

    pydyf asks for zlib's utmost: a twentieth of the time of a report, for a fiftieth of its size.
    """
    if not (isinstance(own, pydyf.Stream) and own.compress):
        return own
    content = b"\n".join(map(pydyf._to_bytes, own.stream))
    return pydyf.Stream([zlib.compress(content)], own.extra | {"Filter": "/FlateDecode"})
