"""Cells as XML: any text comes out as it went in, or visibly replaced."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.datetime import to_excel

from reporter.model import Outcome, State
from reporter.render.color import contrast
from reporter.render.workbook.cells import LONGEST_TEXT, cell_text, cell_xml, cut, serial
from reporter.render.workbook.styles import (
    header_style,
    ink_on,
    outcome_style,
    state_style,
)
from reporter.render.workbook.tables import fitting, lines_of

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=[]), max_size=60)


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@given(ANY_TEXT)
def test_any_text_is_xml(text: str) -> None:
    """Every text makes a cell that an XML parser reads back as the text written."""
    cell = ElementTree.fromstring(f'<c r="A1{cell_xml(text, 7)}')  # noqa: S314  our own XML
    assert cell.get("s") == "7"
    if text:
        assert cell.get("t") == "inlineStr"
        assert cell.findtext("is/t") == cell_text(text)
    else:
        assert len(cell) == 0


@given(ANY_TEXT)
def test_invalid_characters_are_replaced_visibly(text: str) -> None:
    """Nothing is dropped: each character stays, or becomes U+FFFD, or a line end Excel's way."""
    ends = text.replace("\r\n", "\n").replace("\r", "\n")
    cell = cell_text(text).replace("_x005F_", "_")
    assert len(cell) == len(ends) or "_x005F_" in text
    assert all(new in (old, "\ufffd") for new, old in zip(cell, ends, strict=False))


@given(st.text(max_size=12), st.integers(1, 8))
def test_cut(text: str, most: int) -> None:
    """A cut text keeps to the limit in UTF-16 units and ends in an ellipsis; others stay."""
    short = cut(text, most)
    assert units(short) <= most
    assert short == text if units(text) <= most else short.endswith("…")


def test_longest_text() -> None:
    """Excel's limit counts UTF-16 units: of emoji half as many fit."""
    assert units(cell_text("😀" * LONGEST_TEXT)) <= LONGEST_TEXT
    assert cell_text("a" * LONGEST_TEXT) == "a" * LONGEST_TEXT
    assert cell_text("a" * (LONGEST_TEXT + 1)).endswith("a…")


def test_escape_lookalikes() -> None:
    """What looks like an escape of Excel's is text."""
    assert cell_text("_x000D_") == "_x005F_x000D_"
    assert cell_text("_x00zz_") == "_x00zz_"


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (date(2026, 10, 1), 46296),
        (datetime(2026, 10, 1, 12, tzinfo=UTC), 46296.5),
        (timedelta(hours=36), 1.5),
        (7, 7),
        (0.1, 0.1),
    ],
)
def test_numbers(value: date | timedelta | float, number: float) -> None:
    """Days, times and lengths of time are Excel's numbers, to the last digit."""
    assert cell_xml(value, 1) == f'" s="1"><v>{number!r}</v></c>'


@given(st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 31)))  # noqa: DTZ001  local times
def test_serial(moment: datetime) -> None:
    """Excel's number of a time is the one other programs compute."""
    assert math.isclose(serial(moment), to_excel(moment), abs_tol=2e-8)  # type: ignore[no-untyped-call]


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_header_can_be_read(color: str) -> None:
    """On a brand of any colour the header's text has the contrast WCAG asks for."""
    style = header_style(color)
    assert style.fill == color[1:].upper()
    assert contrast(f"#{style.color}", f"#{style.fill}") >= 4.5


def test_badges_can_be_read() -> None:
    """States and outcomes have the contrast WCAG asks for."""
    styles = [state_style(state) for state in State] + [
        outcome_style(outcome) for outcome in Outcome
    ]
    for style in styles:
        assert contrast(f"#{style.color}", f"#{style.fill or 'FFFFFF'}") >= 4.5


def test_contrast() -> None:
    """Contrast is WCAG's: 21 of black on white, white ink on dark and dark ink on light."""
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert ink_on("1F4E79") == "FFFFFF"
    assert ink_on("FFE14D") != "FFFFFF"


def test_widths() -> None:
    """Columns fit their texts within bounds; East Asian characters take two digits' room."""
    assert fitting(["abc", None], 4, 10) == 5
    assert fitting(["バックアップ"], 4, 30) == 14
    assert fitting([], 4, 10) == 4
    assert lines_of("one two three", 8) == 2
    assert lines_of("a\n\nb", 8) == 3
