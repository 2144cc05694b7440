"""The report as one HTML page, which is also what the PDF is set from."""

from __future__ import annotations

import base64
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from markupsafe import Markup

from reporter.model import Look, Report
from reporter.render.color import readable, text_on
from reporter.render.interface import Format
from reporter.render.page import page_of
from reporter.render.templates import asset, filled

_PIECE: Final = 65_536


def write_html(report: Report, look: Look, path: Path) -> None:
    """The report as a page that needs no other file."""
    path.write_text(whole_html(report, look), "utf-8")


def whole_html(report: Report, look: Look) -> str:
    """The page with its styles, fonts and logo inside.

    Raises:
        TemplateError: a template of the provider is wrong.
    """
    # Browsers bring a Japanese font; ours would make the page nine megabytes larger.
    style = _embedded(asset("fonts/fonts.css").decode()) + style_sheet(look)
    logo = look.brand.logo
    source = (
        f"data:{logo.media_type};base64,{base64.b64encode(logo.content).decode()}" if logo else None
    )
    return report_html(report, look, logo_url=source, style=style)


def report_html(
    report: Report,
    look: Look,
    *,
    logo_url: str | None,
    style: str | None = None,
    tightness: int = 0,
) -> str:
    """The page with `style` set into it; without one the caller provides the style sheets.

    `tightness` is one of `page.TIGHTNESSES`.

    Raises:
        TemplateError: a template of the provider is wrong.
    """
    page = page_of(report, look, logo_url, tightness)
    return filled(
        look,
        "report.html",
        page=page,
        say=page.words.say,
        count=page.words.count,
        style=Markup(style) if style else None,  # noqa: S704  ours, from `style_sheet`
    )


def style_sheet(look: Look) -> str:
    """The style sheet in the brand's colours, with text that stays readable."""
    return filled(
        look,
        "report.css",
        page_size=look.page_size,
        brand=look.brand.color,
        brand_text=readable(look.brand.color),
        on_brand=text_on(look.brand.color),
    )


def _embedded(css: str) -> str:
    """The style sheet with its fonts inside."""
    parts = css.split('url("asset:')
    embedded = [parts[0]]
    for part in parts[1:]:
        name, _, rest = part.partition('")')
        content = base64.b64encode(asset(name)).decode()
        embedded.append(f'url("data:font/woff;base64,{content}"){rest}')
    return "".join(embedded)


class Html:
    """The report as a page that needs no other file, and says in its head whose it is."""

    media_type: Final = "text/html"

    def prepare(self) -> None:
        """It needs nothing of the system."""

    def write(self, report: Report, look: Look, path: Path) -> None:
        write_html(report, look, path)

    def customer_in(self, path: Path) -> str:
        reader = _MetaReader()
        with path.open(encoding="utf-8") as file:
            while reader.customer_id is None and (piece := file.read(_PIECE)):
                reader.feed(piece)
        return reader.customer_id or ""


class _MetaReader(HTMLParser):
    """Finds the first `<meta name="customer-id">`."""

    customer_id: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "meta" and attributes.get("name") == "customer-id" and self.customer_id is None:
            self.customer_id = attributes.get("content")


HTML: Final[Format] = Html()
