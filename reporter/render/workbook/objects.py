"""The sheets of single objects: which failed, and the causes."""

from __future__ import annotations

from reporter.model import FailingObject, ObjectCause, State
from reporter.render.text import Words
from reporter.render.workbook.book import Book
from reporter.render.workbook.sheet import Layout
from reporter.render.workbook.styles import COUNT, DAY, MOMENT, STATE_COLORS, WRAPPED
from reporter.render.workbook.tables import Column, fitting, widths_of, write_table
from reporter.render.workbook.titles import CAUSES, OBJECTS


def add_objects(book: Book) -> None:
    """Every object that failed or had a warning, those not backed up since first; no sheet where
    none is known.
    """
    failing = book.report.objects.failing
    if not failing:
        return
    persistent = any(each.persists(book.report.period.end) for each in failing)
    color = STATE_COLORS[State.ATTENTION] if persistent else book.tab_color
    columns = _object_columns(book)
    sheet = book.sheet(OBJECTS, Layout(widths_of(columns), color, "B2", 1))
    write_table(book, sheet, "Objects", columns, failing)


def add_causes(book: Book) -> None:
    """Why objects failed or had warnings, the most frequent cause first; no sheet without any."""
    causes = book.report.objects.causes
    if not causes:
        return
    columns = _cause_columns(book.words)
    sheet = book.sheet(CAUSES, Layout(widths_of(columns), book.tab_color, "A2", 1))
    write_table(book, sheet, "Causes", columns, causes)


def _object_columns(book: Book) -> list[Column[FailingObject]]:
    say, failing = book.words.say, book.report.objects.failing
    since = say("Backed up again ({timezone})", timezone=book.report.period.timezone)
    return [
        Column(say("Object"), fitting((each.title for each in failing), 24, 60), lambda o: o.title),
        Column(say("Type"), fitting((each.type for each in failing), 12, 24), lambda o: o.type),
        Column(
            say("Service"), fitting({each.service for each in failing}, 14, 28), lambda o: o.service
        ),
        Column(
            say("Module"), fitting({each.module for each in failing}, 14, 34), lambda o: o.module
        ),
        Column(say("Days failed"), 10, lambda o: o.nights, COUNT),
        Column(say("Days with warnings"), 10, lambda o: o.warned, COUNT),
        Column(say("First"), 13, lambda o: o.first, DAY),
        Column(say("Last"), 13, lambda o: o.last, DAY),
        Column(since, 20, lambda o: o.recovered_at, MOMENT),
        Column(say("Cause, in the service's words"), 60, lambda o: o.cause or None, WRAPPED),
        Column(say("Code"), fitting((each.code for each in failing), 10, 30), lambda o: o.code),
    ]


def _cause_columns(words: Words) -> list[Column[ObjectCause]]:
    say = words.say
    return [
        Column(say("Cause, in the service's words"), 80, lambda c: c.cause or None, WRAPPED),
        Column(say("Code"), 24, lambda c: c.code or None),
        Column(say("Objects"), 10, lambda c: c.objects, COUNT),
        Column(say("How often"), 12, lambda c: c.rows, COUNT),
    ]
