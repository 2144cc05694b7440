"""The sheets of what went wrong: exceptions with their cures, and values of doubt."""

from __future__ import annotations

from typing import Final

from reporter.model import JobException, QualityNote, State
from reporter.render.text import OUTCOME_WORDS, QUALITY_WORDS
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
from reporter.render.workbook.tables import Column, fitting, write_note, write_table

_CALM: Final = "98A2B3"


def add_exceptions(book: Book) -> None:
    """Every failed, cancelled, unknown and warning job; open ones first."""
    exceptions = book.report.exceptions
    columns = _exception_columns(book)
    still_open = any(own.open for own in exceptions)
    color = STATE_COLORS[State.CRITICAL] if still_open else _CALM
    sheet = book.sheet("Exceptions", Layout([own.width for own in columns], color, "C2", 1))
    if not write_table(book, sheet, "Exceptions", columns, exceptions):
        write_note(sheet, "No exceptions in this period.")


def add_quality(book: Book) -> None:
    """What the service said that could not be read, or that contradicts itself."""
    notes = book.report.quality
    color = STATE_COLORS[State.ATTENTION] if notes else _CALM
    layout = Layout([own.width for own in _QUALITY_COLUMNS], color, "A2", 1)
    sheet = book.sheet("Data quality", layout)
    if not write_table(book, sheet, "DataQuality", _QUALITY_COLUMNS, notes):
        write_note(sheet, "Every value could be read, and none contradicts another.")


def _exception_columns(book: Book) -> list[Column[JobException]]:
    own = book.report.exceptions
    zone = book.report.period.timezone
    return [
        Column("Standing", 10, lambda job: "open" if job.open else "cured"),
        Column(
            "Outcome",
            12,
            lambda job: OUTCOME_WORDS[job.outcome],
            lambda job: outcome_style(job.outcome),
        ),
        Column("Service", fitting({job.service for job in own}, 14, 28), lambda job: job.service),
        Column("Module", fitting({job.module for job in own}, 14, 34), lambda job: job.module),
        Column("Status", fitting({job.status for job in own}, 14, 28), lambda job: job.status),
        Column("Job ID", fitting((job.job_id for job in own), 16, 40), lambda job: job.job_id),
        Column("Name", fitting((job.name for job in own), 16, 44), lambda job: job.name),
        Column(
            "Cured by job", fitting((job.cured_by for job in own), 16, 40), lambda j: j.cured_by
        ),
        Column(f"Started ({zone})", 20, lambda job: job.started_at, MOMENT),
        Column(f"Ended ({zone})", 20, lambda job: job.ended_at, MOMENT),
        Column("Duration", 11, lambda job: span(job.duration_s), SPAN),
        Column("Objects total", 11, lambda job: job.objects_total, COUNT),
        Column("Objects failed", 11, lambda job: job.objects_failed, COUNT),
        Column("Size (bytes)", 19, lambda job: job.bytes, COUNT),
        Column("Cured after", 12, lambda job: span(job.cured_after_s), SPAN),
    ]


_QUALITY_COLUMNS: Final[list[Column[QualityNote]]] = [
    Column("Kind", 26, lambda note: QUALITY_WORDS[note.kind], WRAPPED),
    Column("Field", 18, lambda note: note.field, WRAPPED),
    Column("Value or finding", 48, lambda note: note.value, WRAPPED),
    Column("In jobs (at most five)", 60, lambda note: ", ".join(note.jobs), WRAPPED),
    Column("How often", 12, lambda note: note.count, COUNT),
]
