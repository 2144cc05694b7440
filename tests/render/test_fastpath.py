"""What makes reports fast to set is there, and changes nothing of what is set."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pytest
import weasyprint
from pypdf import PdfReader

from reporter.model import DEPTHS, Brand, Comment, Logo, Look, Report, Texts
from reporter.render import fastpath, pdf
from reporter.render.drawing import SvgDrawing
from reporter.render.fonts import LATIN, exact_width
from reporter.render.html import report_html, style_sheet
from reporter.render.page import page_of
from reporter.render.templates import copy_templates, templates_folder
from tests.builders import NOW, daily_snapshots, make_busy_month, make_report

LOGO = Logo(
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 30"><text y="20">Logo</text></svg>',
    "image/svg+xml",
)
LOOK = Look(
    Brand("Northlight & Sons", LOGO, footer="Secret"),
    depth="full",
    texts=Texts("# Dear reader", "1. First\n2. *Second*\n\n---\n\nline  \nbreak", "- a\n  - b"),
    comment=Comment(
        "We moved <b>two</b> mailboxes:\n\n1. Ada's", "Ada Lovelace", date(2026, 11, 3)
    ),
)
MOST_ELEMENTS = 60
"""Of one chart; those of a month have at most fifty."""


@pytest.fixture(scope="module")
def report() -> Report:
    seen = [NOW, *daily_snapshots(datetime(2026, 9, 1, 5, tzinfo=UTC), 61)]
    return make_report(make_busy_month(), timezone="Europe/Berlin", observed=seen)


def test_the_short_ways_make_the_same_file(report: Report, tmp_path: Path) -> None:
    """Templates of one's own go the long way: the shipped ones, copied, give the same bytes."""
    copy_templates(tmp_path / "own")
    pdf.write_pdf(report, LOOK, tmp_path / "short.pdf")
    pdf.write_pdf(report, replace(LOOK, templates=tmp_path / "own"), tmp_path / "long.pdf")
    assert (tmp_path / "short.pdf").read_bytes() == (tmp_path / "long.pdf").read_bytes()


@pytest.mark.parametrize("depth", DEPTHS)
def test_shipped_pages_are_read_as_xml(report: Report, depth: str) -> None:
    """No shipped template has an open tag or a named character that only HTML knows."""
    look = replace(LOOK, sections=DEPTHS[depth])  # type: ignore[index]
    assert fastpath._tree(report_html(report, look, logo_url="asset:logo")) is not None


def test_a_page_that_is_no_xml_is_read_all_the_same() -> None:
    """What only a parser of HTML understands is left to one."""
    page = fastpath.ShippedPage(string="<!doctype html><p>Fish&nbsp;&amp; chips<p>Salt")
    assert [own.text for own in page.etree_element.iter("p")] == ["Fish\xa0& chips", "Salt"]


def test_the_time_of_day_is_not_in_the_file(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that read its fonts an hour later makes the same bytes."""
    for name, hours in (("now.pdf", 0), ("later.pdf", 1)):
        made = time.time() + 3600 * hours
        monkeypatch.setattr(time, "time", lambda made=made: made)
        pdf._forget_fonts()
        pdf.write_pdf(report, Look(), tmp_path / name)
    assert (tmp_path / "now.pdf").read_bytes() == (tmp_path / "later.pdf").read_bytes()


@pytest.mark.parametrize(
    ("attributes", "pieces"),
    [('x="5"', 1), ('x="5 15 25"', 5), ('x="5,15"', 5), ('x="5" letter-spacing="3"', 5)],
)
def test_an_svg_text_is_set_in_one_piece(attributes: str, pieces: int) -> None:
    """As many as it has letters only where letters have places of their own."""
    svg = f'<svg width="90" height="30"><text y="20" {attributes}>Teams</text></svg>'
    made = weasyprint.HTML(string=svg).write_pdf(uncompressed_pdf=True)
    content = PdfReader(BytesIO(made)).pages[0].get_contents()
    assert content is not None
    assert content.get_data().count(b"TJ") == pieces


def test_charts_have_few_elements(report: Report) -> None:
    """Marks of a colour and labels of an axis are one element, and no text asks for an anchor."""
    page = page_of(report, LOOK, None)
    pictures = [own for service in page.services for own in (service.daily, *service.calendar,
                service.durations)]  # fmt: skip
    charts = [own.svg for own in (page.daily, *page.trend, *pictures) if own]
    assert len(charts) > 8
    for svg in (*charts, page.key):
        assert len(re.findall(r"<\w", svg)) <= MOST_ELEMENTS, svg
        assert "text-anchor" not in svg
    sparklines = [line.sparkline for own in page.services for line in own.modules]
    assert max(svg.count("<path") for svg in sparklines) <= 4


def test_labels_in_one_text_stand_where_each_would() -> None:
    """Spaces of several widths bring each label to its place, but for half a hair's breadth."""
    places = [(10 + 21.3 * day, str(day)) for day in range(1, 32)]
    drawing = SvgDrawing(700, 20, "days")
    drawing.labels(12, places, 8)
    ((start, text),) = re.findall(r'<text x="([\d.]+)"[^>]*>([^<]*)', drawing.svg())
    for match, (middle, label) in zip(re.finditer(r"\d+", text), places, strict=True):
        assert match[0] == label
        before = exact_width(text[: match.start()], 8)
        wide = exact_width(label, 8)
        assert before is not None
        assert wide is not None
        assert float(start) + before + wide / 2 == pytest.approx(middle, abs=0.3)


def test_labels_of_another_script_stand_for_themselves() -> None:
    """How wide they are only the program that sets them knows: it anchors them."""
    drawing = SvgDrawing(700, 20, "months")
    drawing.labels(12, [(20, "9月"), (60, "10月")], 8)
    assert drawing.svg().count('text-anchor="middle"') == 2


def test_the_style_sheet_has_cheap_selectors() -> None:
    """Each is tried on every element: none for all of them, for attributes or for places."""
    css = re.sub(r"/\*.*?\*/", "", style_sheet(Look()), flags=re.DOTALL)
    found = [own.strip() for own in re.findall(r"([^{};]+)\{", css)]
    selectors = [own for own in found if not own.startswith("@")]
    assert len(selectors) > 50
    assert [own for own in selectors if re.search(r"[*\[]|:(?!root)", own)] == []


def test_every_table_says_how_wide_its_columns_are() -> None:
    """Then the cells need not be measured before they are set."""
    for file in templates_folder().rglob("*.html"):
        if file.name != "index.html" and file.parent.name != "mail":
            source = file.read_text("utf-8")
            assert source.count("<table") == source.count("<colgroup><col style="), file
    assert "table-layout: fixed" in style_sheet(Look())


def test_each_weight_has_its_own_widths() -> None:
    """Bold texts are measured as bold ones; other scripts not at all."""
    assert exact_width("Mm", 10) != exact_width("Mm", 10, bold=True)
    assert exact_width("株", 10) is None
    assert len(LATIN.files) == 2
