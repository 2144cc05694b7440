"""The Versions sheet: what this version of the report corrects of an earlier one."""

from __future__ import annotations

from typing import Final

from reporter.model import State
from reporter.render.restated import RestatedFigure, restated
from reporter.render.workbook.book import Book
from reporter.render.workbook.sheet import Layout
from reporter.render.workbook.styles import STATE_COLORS, WRAPPED
from reporter.render.workbook.tables import Column, fitting, widths_of, write_empty, write_table
from reporter.render.workbook.titles import VERSIONS


def add_versions(book: Book) -> None:
    """Every corrected figure; no sheet where the report corrects nothing."""
    restatement = book.report.restatement
    if restatement is None:
        return
    changes = restated(restatement.changes, book.words)
    columns = _columns(book, changes)
    sheet = book.sheet(VERSIONS, Layout(widths_of(columns), _COLOR, "A2", 1))
    if not write_table(book, sheet, "Versions", columns, changes):
        note = book.words.say("No key figure is another; single jobs or days are.")
        write_empty(sheet, note)


_COLOR: Final = STATE_COLORS[State.ATTENTION]


def _columns(book: Book, changes: list[RestatedFigure]) -> list[Column[RestatedFigure]]:
    say, report = book.words.say, book.report
    assert report.restatement is not None
    return [
        Column(
            say("Module"),
            fitting((change.module for change in changes), 20, 44),
            lambda change: change.module or say("All modules"),
            WRAPPED,
        ),
        Column(say("Figure"), 30, lambda change: change.figure, WRAPPED),
        Column(
            say("Version {number}", number=report.restatement.number),
            26,
            lambda change: change.before,
        ),
        Column(say("Version {number}", number=report.version), 26, lambda change: change.now),
    ]
