"""Tables of records: a column says what it shows and how, `write_table` does the rest."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, Protocol, TypeVar

from reporter.render.workbook.book import Book
from reporter.render.workbook.cells import Value
from reporter.render.workbook.sheet import Layout, Sheet
from reporter.render.workbook.styles import HEADING, NOTE, TEXT, Align, Style

T = TypeVar("T")

LINE_HEIGHT: Final = 15
TALLEST: Final = 20
"""Lines of a cell; Excel shows no row of more than 409 points."""
_LOOKED_AT: Final = 200
_BUTTON_HEIGHT: Final = 14
"""Excel puts a filter's button into the lower right corner of a header."""


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column of a table."""

    header: str
    width: float
    value: Callable[[T], Value]
    style: Style | Callable[[T], Style] = TEXT


def write_table(
    book: Book, sheet: Sheet, name: str, columns: Sequence[Column[T]], records: Iterable[T]
) -> bool:
    """Write the records as an Excel table with that name; the book remembers where.

    Excel reports a table without records as damaged: where there are none, nothing is written and
    the answer is False.
    """
    first = 0
    for record in records:
        if not first:
            aligns = [(column.header, _style(column, record).align) for column in columns]
            first = write_header(book, sheet, aligns) + 1
        _write_record(sheet, columns, record)
    if first:
        sheet.table(name, [column.header for column in columns], first - 1)
        book.firsts[name] = first
    return bool(first)


def _write_record(sheet: Sheet, columns: Sequence[Column[T]], record: T) -> None:
    lines = 1
    cells = []
    for column, width in zip(columns, sheet.widths, strict=False):
        value, style = column.value(record), _style(column, record)
        cells.append(sheet.cell(value, style))
        if style.wrap and isinstance(value, str):
            lines = max(lines, lines_of(value, width))
    # No program can be relied on to find the height itself.
    sheet.row(cells, height=LINE_HEIGHT * min(lines, TALLEST) if lines > 1 else None)


def write_header(book: Book, sheet: Sheet, headers: Sequence[tuple[str, Align]]) -> int:
    """Write the header of a table, each cell aligned as its column is; its row."""
    lines = max(
        lines_of(text, width - 1) for (text, _), width in zip(headers, sheet.widths, strict=False)
    )
    cells = [sheet.cell(text, replace(book.header, align=align)) for text, align in headers]
    return sheet.row(cells, height=LINE_HEIGHT * lines + _BUTTON_HEIGHT)


def write_empty(sheet: Sheet, text: str) -> None:
    """A sheet without its table: its title, and why there is nothing."""
    sheet.row([sheet.cell(sheet.title, HEADING)], height=20)
    write_note(sheet, text)


def begin_figures(
    book: Book, title: str, name: str, columns: Sequence[Column[T]], rows: Sequence[T]
) -> Sheet:
    """A sheet that begins with the figures of modules or scopes, which three columns name."""
    layout = Layout(
        widths=widths_of(columns),
        tab_color=book.tab_color,
        freeze="D2",
        header_row=1,
        header_columns="A:C",
        pages_wide=3,
    )
    sheet = book.sheet(title, layout)
    if not write_table(book, sheet, name, columns, rows):
        write_empty(sheet, book.words.say("The service lists no module of this customer."))
    return sheet


def write_heading(sheet: Sheet, text: str) -> None:
    """The title of a further table, below a blank line."""
    sheet.row()
    sheet.row([sheet.cell(text, HEADING)], height=20)


def write_note(sheet: Sheet, text: str) -> None:
    """A line of small print."""
    sheet.row([sheet.cell(text, NOTE)])


def fitting(texts: Iterable[str | None], least: float, most: float) -> float:
    """A column width that shows the texts, within bounds."""
    return min(max([least, *(_width(text) + 2 for text in texts if text)]), most)


class _Headed(Protocol):
    @property
    def header(self) -> str: ...

    @property
    def width(self) -> float: ...


def widths_of(columns: Iterable[_Headed]) -> list[float]:
    """The widths of columns, with room for the longest word of each header, which is in bold."""
    return [max(column.width, *map(_word_width, column.header.split())) for column in columns]


def _word_width(word: str) -> float:
    """Scripts without spaces break anywhere."""
    wide = any(unicodedata.east_asian_width(letter) in "WF" for letter in word)
    return 0 if wide else len(word) * 1.15 + 1.5


def lines_of(text: str, width: float) -> int:
    """How many lines a text takes in a column, wrapped."""
    return sum(_lines(paragraph, width) for paragraph in text.split("\n")) or 1


def _lines(paragraph: str, width: float) -> int:
    letter = _width(paragraph) / max(len(paragraph[:_LOOKED_AT]), 1)
    return max(len(textwrap.wrap(paragraph, max(int(width / max(letter, 1)), 1))), 1)


def _width(text: str) -> int:
    """How many digits wide the beginning of a text is; East Asian characters take two."""
    return sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text[:_LOOKED_AT])


def _style(column: Column[T], record: T) -> Style:
    return column.style if isinstance(column.style, Style) else column.style(record)
