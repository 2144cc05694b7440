"""Pages are made so that they are fast to set."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest

from reporter.model import Brand, Comment, Logo, Look, Report, Texts
from reporter.render.drawing import SvgDrawing
from reporter.render.fonts import LATIN, exact_width
from reporter.render.html import style_sheet
from reporter.render.page import page_of
from reporter.render.templates import templates_folder
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


def month() -> Report:
    """A busy month that was looked at every day."""
    seen = [NOW, *daily_snapshots(datetime(2026, 9, 1, 5, tzinfo=UTC), 61)]
    return make_report(make_busy_month(), timezone="Europe/Berlin", observed=seen)


def test_charts_have_few_elements() -> None:
    """Marks of one colour and labels of one axis are one element, and no text needs an anchor."""
    page = page_of(month(), LOOK, None)
    pictures = [
        picture
        for service in page.services
        for picture in (service.daily, *service.calendar, service.durations)
    ]
    charts = [picture.svg for picture in (page.daily, *page.trend, *pictures) if picture]
    assert len(charts) > 8
    for svg in (*charts, page.key):
        assert len(re.findall(r"<\w", svg)) <= MOST_ELEMENTS, svg
        assert "text-anchor" not in svg
    sparklines = [line.sparkline for service in page.services for line in service.modules]
    assert max(svg.count("<path") for svg in sparklines) <= 4


def test_labels_set_as_one_text_stand_where_each_would_alone() -> None:
    """Spaces of several widths bring each label to its place, within a hair's breadth."""
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


def test_labels_of_another_script_are_set_separately() -> None:
    """Only the program that sets them knows their width: it anchors them."""
    drawing = SvgDrawing(700, 20, "months")
    drawing.labels(12, [(20, "9月"), (60, "10月")], 8)
    assert drawing.svg().count('text-anchor="middle"') == 2


def test_the_style_sheet_has_cheap_selectors() -> None:
    """Each is tried on every element: there is none for all of them, for attributes or for
    positions.
    """
    css = re.sub(r"/\*.*?\*/", "", style_sheet(Look()), flags=re.DOTALL)
    rules = [rule.strip() for rule in re.findall(r"([^{};]+)\{", css)]
    selectors = [rule for rule in rules if not rule.startswith("@")]
    assert len(selectors) > 50
    assert [selector for selector in selectors if re.search(r"[*\[]|:(?!root)", selector)] == []


def test_every_table_says_how_wide_its_columns_are() -> None:
    """So the cells need not be measured before they are set."""
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
