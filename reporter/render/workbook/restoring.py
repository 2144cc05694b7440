"""The Restore tests sheet: the provider's record of the last twelve months."""

from __future__ import annotations

from reporter.model import RestoreTest, State
from reporter.render.restoring import (
    RESULT_STATES,
    RESULT_WORDS,
    STANDING_STATES,
    restoring_title,
)
from reporter.render.workbook.book import Book
from reporter.render.workbook.sheet import Layout
from reporter.render.workbook.styles import DAY, HEADING, STATE_COLORS, WRAPPED, badge
from reporter.render.workbook.tables import Column, fitting, widths_of, write_note, write_table
from reporter.render.workbook.titles import RESTORE_TESTS


def add_restore_tests(book: Book) -> None:
    """The tests under their message; no sheet where no file of tests is configured."""
    restoring, words = book.report.restore_tests, book.words
    if restoring is None:
        return
    state = STANDING_STATES[restoring.standing]
    color = book.tab_color if state is State.HEALTHY else STATE_COLORS[state]
    columns = _columns(book)
    sheet = book.sheet(RESTORE_TESTS, Layout(widths_of(columns), color))
    sheet.row([sheet.cell(restoring_title(restoring, words), HEADING)], height=20)
    if write_table(book, sheet, "Restore_tests", columns, restoring.tests):
        write_note(sheet, words.say("The record is the provider's; nothing here was measured."))
    else:
        write_note(sheet, words.say("Only a restore test shows that the data can be restored."))


def _columns(book: Book) -> list[Column[RestoreTest]]:
    say, restoring = book.words.say, book.report.restore_tests
    names = [test.by for test in restoring.tests] if restoring else []
    return [
        Column(say("Restore test on"), 14, lambda test: test.date, DAY),
        Column(say("Scope"), 40, lambda test: test.scope, WRAPPED),
        Column(
            say("Result"),
            16,
            lambda test: say(RESULT_WORDS[test.result]),
            lambda test: badge(STATE_COLORS[RESULT_STATES[test.result]]),
        ),
        Column(say("Deviation"), 44, lambda test: test.deviation or None, WRAPPED),
        Column(say("Correction"), 44, lambda test: test.correction or None, WRAPPED),
        Column(say("By"), fitting(names, 14, 30), lambda test: test.by or None, WRAPPED),
    ]
