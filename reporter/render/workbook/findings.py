"""The sheets of what went wrong: exceptions with their cures, and doubtful values."""

from __future__ import annotations

from typing import Final

from reporter.model import JobException, QualityNote, State
from reporter.render.text import Words
from reporter.render.workbook.book import Book
from reporter.render.workbook.figures import span
from reporter.render.workbook.sheet import Layout
from reporter.render.workbook.styles import (
    COUNT,
    MOMENT,
    SPAN,
    STATE_COLORS,
    WRAPPED,
    outcome_style,
)
from reporter.render.workbook.tables import Column, fitting, widths_of, write_empty, write_table
from reporter.render.workbook.titles import EXCEPTIONS, QUALITY

_CALM: Final = "98A2B3"


def add_exceptions(book: Book) -> None:
    """Every failed, cancelled, unknown and warning job; open ones first."""
    exceptions = book.report.exceptions
    columns = exception_columns(book)
    still_open = any(exception.open for exception in exceptions)
    color = STATE_COLORS[State.CRITICAL] if still_open else _CALM
    sheet = book.sheet(EXCEPTIONS, Layout(widths_of(columns), color, "C2", 1))
    if not write_table(book, sheet, "Exceptions", columns, exceptions):
        write_empty(sheet, book.words.say("No exceptions in this period."))


def add_quality(book: Book) -> None:
    """What the service said that could not be read, or that contradicts itself: a line for each
    kind and field.
    """
    notes, columns = book.report.quality, quality_columns(book.words)
    color = STATE_COLORS[State.ATTENTION] if notes else _CALM
    sheet = book.sheet(QUALITY, Layout(widths_of(columns), color, "A2", 1))
    if not write_table(book, sheet, "DataQuality", columns, notes):
        note = book.words.say("Every value could be read, and none contradicts another.")
        write_empty(sheet, note)


def exception_columns(book: Book) -> list[Column[JobException]]:
    """The columns about an exception and its cure."""
    exceptions, words = book.report.exceptions, book.words
    say, zone = words.say, book.report.period.timezone
    started = say("Started ({timezone})", timezone=zone)
    ended = say("Ended ({timezone})", timezone=zone)
    return [
        Column(say("Standing"), 10, lambda job: say("open") if job.open else say("cured")),
        Column(
            say("Outcome"),
            12,
            lambda job: words.outcome(job.outcome),
            lambda job: outcome_style(job.outcome),
        ),
        Column(
            say("Service"),
            fitting({job.service for job in exceptions}, 14, 28),
            lambda j: j.service,
        ),
        Column(
            say("Module"), fitting({job.module for job in exceptions}, 14, 34), lambda j: j.module
        ),
        Column(
            say("Status"), fitting({job.status for job in exceptions}, 14, 28), lambda j: j.status
        ),
        Column(
            say("Job ID"), fitting((job.job_id for job in exceptions), 16, 40), lambda j: j.job_id
        ),
        Column(say("Scope"), fitting((job.name for job in exceptions), 16, 44), lambda j: j.name),
        Column(
            say("Cured by job"),
            fitting((job.cured_by for job in exceptions), 16, 40),
            lambda job: job.cured_by,
        ),
        Column(started, 20, lambda job: job.started_at, MOMENT),
        Column(ended, 20, lambda job: job.ended_at, MOMENT),
        Column(say("Duration"), 11, lambda job: span(job.duration_s), SPAN),
        Column(say("Objects total"), 11, lambda job: job.objects_total, COUNT),
        Column(say("Objects failed"), 11, lambda job: job.objects_failed, COUNT),
        Column(say("Size (bytes)"), 19, lambda job: job.bytes, COUNT),
        Column(say("Cured after"), 12, lambda job: span(job.cured_after_s), SPAN),
    ]


def quality_columns(words: Words) -> list[Column[QualityNote]]:
    """The columns about doubtful values."""
    say = words.say
    return [
        Column(say("Kind"), 26, lambda note: words.quality(note.kind), WRAPPED),
        Column(say("Field"), 18, lambda note: note.field, WRAPPED),
        Column(say("Examples"), 56, words.noted, WRAPPED),
        Column(say("In jobs (at most five)"), 60, lambda note: ", ".join(note.jobs), WRAPPED),
        Column(say("How often"), 12, lambda note: note.count, COUNT),
    ]
