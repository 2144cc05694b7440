"""The report as a PDF that is archival (PDF/A-3a) and accessible (PDF/UA-1) at once."""

from __future__ import annotations

import atexit
import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import weasyprint
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from reporter.errors import ReporterError
from reporter.model import DEPTHS, Logo, Look, Report
from reporter.render.attached import AttachedFile, attach
from reporter.render.csv_ import jobs_csv
from reporter.render.fonts import (
    Face,
    bundled_files,
    face_rules,
    faces_for,
    family_rules,
    unpacked,
)
from reporter.render.glyphs import printable
from reporter.render.html import report_html, style_sheet
from reporter.render.json_ import json_bytes
from reporter.render.page import TIGHTNESSES, sections_of
from reporter.render.templates import asset
from reporter.render.weasyprint_patches import (
    ShippedPage,
    add_font_rules,
    complete_metadata,
    mark_headers,
    without_collection,
)

logger = logging.getLogger(__name__)

CUSTOMER_ID: Final = "CustomerID"
"""Where the information dictionary of a PDF says whose report it is."""
_LOGO: Final = "logo"


class AssetFetcher(URLFetcher):
    """Serves `asset:` names from memory and nothing else: no file, no network, no redirect.

    What was refused stands in `blocked`: WeasyPrint goes on without a picture inside an SVG.
    """

    def __init__(self, assets: Mapping[str, tuple[bytes, str]]) -> None:
        super().__init__(allowed_protocols=("asset",), allow_redirects=False)
        self._assets = assets
        self.blocked: list[str] = []

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        parts = urlsplit(url)
        name = parts.path.lstrip("/")
        if parts.scheme == "asset" and name in self._assets:
            content, media_type = self._assets[name]
            return URLFetcherResponse(url, content, {"Content-Type": media_type})
        if parts.scheme == "asset" and name in bundled_files():
            return URLFetcherResponse(url, unpacked(name), {"Content-Type": "font/ttf"})
        self.blocked.append(url[:200])
        raise ValueError(f"refused to load {url[:200]}")


def write_pdf(report: Report, look: Look, path: Path) -> None:
    """The report as a PDF file with its figures and jobs inside: the same report and look give the
    same bytes.

    Raises:
        ReporterError: the page wants something that may not be loaded, such as a logo that points
            to other files.
    """
    # The director's one page stays one, if it has to with less on it.
    tightnesses = TIGHTNESSES if sections_of(look) == DEPTHS["page"] else TIGHTNESSES[:1]
    pages = [partial(report_html, report, look, tightness=tightness) for tightness in tightnesses]
    customer = report.customer
    write_archival(
        pages,
        look,
        path,
        f"The report of {customer.name}",
        customer_id=customer.id,
        add=lambda pdf: attach(pdf, _data(report), report.as_of),
    )


def _data(report: Report) -> list[AttachedFile]:
    """What the report shows, and what that was counted from, for machines to read."""
    return [
        AttachedFile(
            "figures.json",
            "application/json",
            "The figures of this report",
            "Data",
            [json_bytes(report)],
        ),
        AttachedFile(
            "jobs.csv",
            "text/csv",
            "The jobs the figures were counted from",
            "Source",
            jobs_csv(report.jobs),
        ),
    ]


class MakePage(Protocol):
    """Makes the HTML of a document."""

    def __call__(self, *, logo_url: str | None) -> str:
        """`logo_url` is the logo's address; None without a logo."""


def write_archival(
    pages: Sequence[MakePage],
    look: Look,
    path: Path,
    document_name: str,
    *,
    customer_id: str | None = None,
    add: Callable[[Any], None] = lambda _: None,
) -> None:
    """A page as a PDF file: of several the first that fits on one sheet, else the last.

    `customer_id` is whose report it is; None where it is not one customer's. `add` puts into the
    PDF what is not on its pages.

    Raises:
        ReporterError: the page wants something that may not be loaded.
    """
    logo = look.brand.logo
    fetcher = _serving(logo)
    logo_url = f"asset:{_LOGO}" if logo else None
    with without_collection():
        for page in pages:
            document = _laid_out(printable(page(logo_url=logo_url)), look, fetcher)
            if len(document.pages) == 1:
                break
        complete_metadata(document)
        # Whatever the template says: before the file is sent, the id is compared.
        document.metadata.custom = {} if customer_id is None else {CUSTOMER_ID: customer_id}
        finish = partial(_finish, add)
        document.write_pdf(path, pdf_variant="pdf/a-3a", finisher=finish, custom_metadata=True)
    _refuse_blocked(fetcher, document_name)


def drawn(logo: Logo, width: int, height: int) -> bytes:
    """A logo alone on a PDF page of so many CSS pixels, in the upper left, as large as it can be.

    Raises:
        ReporterError: it wants something that may not be loaded.
    """
    fetcher = _serving(logo)
    size = f"width:{width}px;height:{height}px"
    document = weasyprint.HTML(
        string=f"<style>@page{{size:{width}px {height}px;margin:0}}body{{margin:0}}"
        f"img{{display:block;{size};object-fit:contain;object-position:0 0}}</style>"
        f'<img src="asset:{_LOGO}" alt="">',
        url_fetcher=fetcher,
        base_url="asset:/",
    ).render(font_config=_fonts(()))
    page: bytes = document.write_pdf()
    _refuse_blocked(fetcher, "The logo")
    return page


def _serving(logo: Logo | None) -> AssetFetcher:
    return AssetFetcher({_LOGO: (logo.content, logo.media_type)} if logo else {})


def _refuse_blocked(fetcher: AssetFetcher, document_name: str) -> None:
    if fetcher.blocked:
        raise ReporterError(
            f"{document_name} tries to load {fetcher.blocked[0]}.",
            hint="Embed it in the logo file: only what that file itself holds is shown.",
        )


def _laid_out(html: str, look: Look, fetcher: AssetFetcher) -> weasyprint.Document:
    fonts, sheet = _styles(style_sheet(look), faces_for(html, look.locale))
    page = weasyprint.HTML if look.templates else ShippedPage
    return page(string=html, url_fetcher=fetcher, base_url="asset:/").render(
        stylesheets=[sheet], font_config=fonts
    )


@functools.cache
def _fonts(faces: tuple[Face, ...]) -> FontConfiguration:
    """The fonts, read once for a process: the first face, and those others a report needs."""
    configuration = FontConfiguration()
    if faces:
        add_font_rules(configuration, family_rules(faces))
    weasyprint.CSS(
        string=asset("fonts/fonts.css").decode() + face_rules(faces),
        font_config=configuration,
        url_fetcher=AssetFetcher({}),
        base_url="asset:/",
    )
    return configuration


@functools.cache
def _styles(css: str, faces: tuple[Face, ...]) -> tuple[FontConfiguration, weasyprint.CSS]:
    """Fonts and a style sheet, parsed once for a process."""
    fonts = _fonts(faces)
    return fonts, weasyprint.CSS(string=css, font_config=fonts, url_fetcher=AssetFetcher({}))


def _forget_fonts() -> None:
    """Let go of the fonts, so that WeasyPrint takes away the files it unpacked them to."""
    _styles.cache_clear()
    _fonts.cache_clear()


atexit.register(_forget_fonts)


def _finish(add: Callable[[Any], None], _: weasyprint.Document, pdf: Any) -> None:
    pdf.info.pop("Producer", None)
    mark_headers(pdf)
    add(pdf)
