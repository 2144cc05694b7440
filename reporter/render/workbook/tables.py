"""Tables of records: a column says what it shows and how, `write_table` does the rest."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from reporter.render.workbook.book import Book
from reporter.render.workbook.cells import Value
from reporter.render.workbook.sheet import Sheet
from reporter.render.workbook.styles import NOTE, TEXT, Align, Style

T = TypeVar("T")

_LINE_HEIGHT: Final = 14
_BUTTON_HEIGHT: Final = 16
"""Excel puts a filter's button into the lower right corner of a header."""


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column of a table."""

    header: str
    width: float
    value: Callable[[T], Value]
    style: Style | Callable[[T], Style] = TEXT


@dataclass(frozen=True, slots=True)
class Rows:
    """Where the records of a table stand."""

    sheet: str
    first: int
    last: int


def write_table(
    book: Book, sheet: Sheet, name: str, columns: Sequence[Column[T]], records: Iterable[T]
) -> Rows | None:
    """Write the records as an Excel table with that name.

    Excel takes a table without records for damage: where there are none nothing is written, and
    None comes back.
    """
    first = 0
    for record in records:
        if not first:
            aligns = [(column.header, _style(column, record).align) for column in columns]
            first = write_header(book, sheet, aligns) + 1
        sheet.row(sheet.cell(column.value(record), _style(column, record)) for column in columns)
    if not first:
        return None
    sheet.table(name, [column.header for column in columns], first - 1)
    return Rows(sheet.title, first, sheet.rows)


def write_header(book: Book, sheet: Sheet, headers: Sequence[tuple[str, Align]]) -> int:
    """The header of a table, each with the alignment of its column; its row."""
    lines = max(
        len(textwrap.wrap(text, max(int(width) - 1, 1)))
        for (text, _), width in zip(headers, sheet.widths, strict=False)
    )
    cells = [sheet.cell(text, replace(book.header, align=align)) for text, align in headers]
    return sheet.row(cells, height=lines * _LINE_HEIGHT + _BUTTON_HEIGHT)


def write_note(sheet: Sheet, text: str) -> None:
    """A line that says why there is nothing."""
    sheet.row([sheet.cell(text, NOTE)])


def fitting(texts: Iterable[str | None], least: float, most: float) -> float:
    """A column width that shows the texts, within bounds."""
    return min(max([least, *(_width(text) + 2 for text in texts if text)]), most)


def _width(text: str) -> int:
    """How many digits wide a text is; East Asian characters take two."""
    return sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text[:200])


def _style(column: Column[T], record: T) -> Style:
    return column.style if isinstance(column.style, Style) else column.style(record)
