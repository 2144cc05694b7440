"""What we change in openpyxl works, and a workbook holds what openpyxl would have written."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet import _writer
from openpyxl.xml.functions import fromstring

from reporter.render.workbook.book import Book
from reporter.render.workbook.openpyxl_patches import SheetStream
from reporter.render.workbook.sheet import Layout
from reporter.render.workbook.styles import Style
from reporter.render.workbook.titles import JOBS, SCOPES
from tests.render.workbook_cases import LOOK, busy_report, written

FONT = ("b", "i", "strike", "condense", "extend", "outline", "shadow", "u", "vertAlign", "sz",
        "color", "name", "family", "charset", "scheme")  # fmt: skip
"""The parts of a font in the order of the standard (ECMA-376-1, 18.8.22)."""
ROWS: list[list[Any]] = [["Scope", "Jobs"], ["a < b & c", 3], ["=1+1", 0.25], ["株式会社", None]]
NOTHING = re.compile(r"name=\"Chart \d+\"(?! descr=)")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The parts of a workbook with everything in it, as text."""
    with zipfile.ZipFile(written(busy_report(), tmp_path_factory.mktemp("busy"))) as file:
        return {name: file.read(name).decode() for name in file.namelist()}


def test_the_parts_of_a_font_are_in_the_order_of_the_standard(parts: dict[str, str]) -> None:
    """Of each font; some have most of them."""
    fonts = fromstring(parts["xl/styles.xml"]).iter()
    children = [list(map(kind_of, font)) for font in fonts if kind_of(font) == "font"]
    assert max(map(len, children)) >= 5
    for names in children:
        assert names == sorted(names, key=FONT.index)


def kind_of(element: Any) -> str:
    """An element's name without that of its vocabulary."""
    return str(element.tag).rpartition("}")[2]


def test_openpyxl_makes_no_row_and_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row of every sheet goes into the file as text."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("openpyxl was asked to")

    for name in ("write_cell", "create_temporary_file"):
        assert hasattr(_writer, name)
        monkeypatch.setattr(_writer, name, refuse)
    with zipfile.ZipFile(written(busy_report(), tmp_path)) as file:
        sheets = [name for name in file.namelist() if name.startswith("xl/worksheets/sheet")]
        for name in sheets:
            assert file.read(name).count(b"<sheetData>") == 1
    assert len(sheets) > 8


def test_elements_around_the_rows_are_where_openpyxl_puts_them(tmp_path: Path) -> None:
    """The same sheet, written by openpyxl as it is, has the same elements in the same order, and
    is read back with the same values.
    """
    ours, plain = tmp_path / "ours.xlsx", tmp_path / "plain.xlsx"
    with Book(busy_report(), LOOK, ours) as book:
        sheet = book.sheet(JOBS, Layout([20, 10], "2E5E8C", "A2", 1))
        for row in ROWS:
            sheet.row(sheet.cell(value, Style(ruled=False)) for value in row)
        book.save()
    workbook = openpyxl.Workbook()
    worksheet: Any = workbook.active
    worksheet.title = "Jobs"
    worksheet.freeze_panes = "A2"
    worksheet.print_title_rows = "1:1"
    worksheet.column_dimensions["A"].width = 20
    worksheet.page_setup.orientation = "landscape"
    worksheet.oddFooter.left.text = "Northwind Managed"
    for row in ROWS:
        worksheet.append(row)
    worksheet["A3"].data_type = "s"
    workbook.save(plain)
    assert values_of(ours) == values_of(plain) == ROWS
    assert elements_of(ours) == [
        element for element in elements_of(plain) if element != "dimension"
    ]


def values_of(path: Path) -> list[list[Any]]:
    sheet: Any = openpyxl.load_workbook(path)["Jobs"]
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def elements_of(path: Path) -> list[str]:
    """The kinds of elements of the first sheet, in their order."""
    with zipfile.ZipFile(path) as file:
        root = fromstring(file.read("xl/worksheets/sheet1.xml"))
    return list(map(kind_of, root))


def test_links_lead_to_places(tmp_path: Path) -> None:
    """A cell written as text has its link as one written by openpyxl has."""
    with Book(busy_report(), LOOK, tmp_path / "ours.xlsx") as book:
        sheet = book.sheet(JOBS, Layout([20], "2E5E8C"))
        sheet.row([sheet.cell("there")])
        sheet.link("A1", book.place(SCOPES, "C2"))
        book.save()
    cell: Any = openpyxl.load_workbook(tmp_path / "ours.xlsx")["Jobs"]["A1"]
    assert (cell.value, cell.hyperlink.location) == ("there", "'Scopes'!C2")


def test_an_abandoned_sheet_needs_no_end(tmp_path: Path) -> None:
    """Its stream and its part are closed, and openpyxl keeps no file for it."""
    with (tmp_path / "part").open("wb") as part:
        stream = SheetStream(openpyxl.Workbook(write_only=True).create_sheet("Jobs"), part)
        stream.begin()
        stream.discard()
        assert part.closed
    assert _writer.ALL_TEMP_FILES == []


def test_each_chart_says_what_it_shows(parts: dict[str, str]) -> None:
    """By the name that openpyxl gives it: under another name its text would be lost."""
    drawings = [text for name, text in parts.items() if name.startswith("xl/drawings/drawing")]
    assert sum(text.count(" descr=") for text in drawings) >= 3
    for text in drawings:
        assert not NOTHING.search(text)


def test_the_clock_is_in_no_part(parts: dict[str, str]) -> None:
    """The properties have the report's own time, and openpyxl's are not written again."""
    as_of = busy_report().as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    times = set(re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", parts["docProps/core.xml"]))
    assert times == {as_of}
    assert "<Application>Microsoft Excel</Application>" in parts["docProps/app.xml"]
