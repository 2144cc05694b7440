"""One customer's PDF, from the finished report to the file, beside WeasyPrint, Chromium and Typst.

The reports are months of nine modules at standard depth, another one each round, because Typst
remembers what it has set. Everything is warm: fonts are read, style sheets parsed, the browser and
its page are open. WeasyPrint and Chromium are given the HTML and the style sheets the product
made; Typst is given the content, and its charts as SVG.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Final

import weasyprint
from playwright.sync_api import sync_playwright
from pypdf import PdfReader

from benchmarks import ratios, typst_report
from reporter.model import Brand, Look, Report
from reporter.render import pdf
from reporter.render.fonts import faces_for
from reporter.render.html import report_html, style_sheet, whole_html
from reporter.render.templates import asset
from tests.builders import NOW, daily_snapshots, make_busy_month, make_report

LOOK: Final = Look(Brand("Northlight", color="#0b5fff", contact="help@northlight.example"))
VARIANT: Final = "pdf/a-3a"
_BROWSER_FLAGS: Final = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def main() -> None:
    """Measure and print."""
    reports = [_month(seed) for seed in range(1, ratios.ROUNDS + 2)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        print_page = stack.enter_context(_browser())
        ways: dict[str, Callable[[Report], Callable[[], object]]] = {
            "ours": lambda report: partial(_ours, report, folder / "report.pdf"),
            "WeasyPrint": _weasyprint,
            "WeasyPrint, nothing shared": _weasyprint_alone,
            "Chromium, tagged": lambda report: partial(print_page, whole_html(report, LOOK)),
            "Chromium, untagged": lambda report: partial(
                print_page, whole_html(report, LOOK), tagged=False
            ),
            "Typst": typst_report.setter(LOOK, folder),
        }
        seconds = ratios.in_turn({name: _each(way, reports) for name, way in ways.items()})
        names = ("ours", "Chromium, tagged", "Typst")
        contents = {name: ways[name](reports[0])() for name in names}
    for line in ratios.table(seconds, "ours"):
        print(line)
    for name, content in contents.items():
        assert isinstance(content, bytes)
        print(f"{name}: {len(PdfReader(BytesIO(content)).pages)} pages, {len(content):,} bytes")
    print(f"Typst {' + '.join(typst_report.STANDARDS)}, ours {VARIANT} + ua-1, Chromium neither")
    ratios.finish(
        "pdf",
        {
            "ours_to_weasyprint": round(ratios.ratio(seconds, "ours", "WeasyPrint"), 3),
            "ours_to_chromium_tagged": round(ratios.ratio(seconds, "ours", "Chromium, tagged"), 3),
            "ours_to_typst": round(ratios.ratio(seconds, "ours", "Typst"), 3),
        },
    )


def _month(seed: int) -> Report:
    seen = [NOW, *daily_snapshots(datetime(2026, 9, 1, 5, tzinfo=UTC), 61)]
    return make_report(make_busy_month(seed), timezone="Europe/Berlin", observed=seen)


def _each(
    way: Callable[[Report], Callable[[], object]], reports: Sequence[Report]
) -> Callable[[], object]:
    """One report after another; preparations before a run are not part of its time."""
    waiting = iter([way(report) for report in reports])
    return lambda: next(waiting)()


def _ours(report: Report, file: Path) -> bytes:
    pdf.write_pdf(report, LOOK, file)
    return file.read_bytes()


def _weasyprint(report: Report) -> Callable[[], object]:
    """WeasyPrint's own time for the HTML, with fonts and style sheets already parsed."""
    html = report_html(report, LOOK, logo_url=None)
    fonts, sheet = pdf._styles(style_sheet(LOOK), faces_for(html))
    return lambda: weasyprint.HTML(string=html).write_pdf(
        stylesheets=[sheet], font_config=fonts, pdf_variant=VARIANT
    )


def _weasyprint_alone(report: Report) -> Callable[[], object]:
    """The same without preparation: every call reads fonts and style sheets anew."""
    html = report_html(report, LOOK, logo_url=None)
    sheet = asset("fonts/fonts.css").decode() + style_sheet(LOOK)

    def run() -> object:
        fetcher = pdf.AssetFetcher({})
        page = weasyprint.HTML(string=html, url_fetcher=fetcher, base_url="asset:/")
        style = weasyprint.CSS(string=sheet, url_fetcher=fetcher, base_url="asset:/")
        return page.write_pdf(stylesheets=[style], pdf_variant=VARIANT)

    return run


@contextmanager
def _browser() -> Iterator[Callable[..., bytes]]:
    """Prints a page in a browser that stays open."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        sys.exit("This benchmark needs chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_BROWSER_FLAGS)
        page = browser.new_page()

        def print_page(html: str, *, tagged: bool = True) -> bytes:
            page.set_content(html)
            return page.pdf(tagged=tagged, prefer_css_page_size=True, print_background=True)

        yield print_page
        browser.close()


if __name__ == "__main__":
    main()
