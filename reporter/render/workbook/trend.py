"""The sheets about time: the months up to the period, and its times without backup."""

from __future__ import annotations

from reporter.model import Gap, MonthFigures
from reporter.render.text import Words
from reporter.render.workbook.book import Book
from reporter.render.workbook.figures import gigabytes, span
from reporter.render.workbook.sheet import Layout
from reporter.render.workbook.styles import CENTERED, COUNT, MOMENT, SIZE, SPAN, rate_style
from reporter.render.workbook.tables import Column, fitting, widths_of, write_empty, write_table
from reporter.render.workbook.titles import GAPS, TREND


def add_trend(book: Book) -> None:
    """Each month of the year up to the period's end; those without data have no figures."""
    columns = _month_columns(book)
    layout = Layout(widths_of(columns), book.tab_color, "B2", 1)
    sheet = book.sheet(TREND, layout)
    if not write_table(book, sheet, "Trend", columns, book.report.history):
        write_empty(sheet, book.words.say("No months are stored: the report was made of files."))


def add_gaps(book: Book) -> None:
    """The times without a recovery point that were too long, certain ones first."""
    gaps, say = book.report.gaps, book.words.say
    columns = _gap_columns(book)
    layout = Layout(widths_of(columns), book.tab_color, "D2", 1)
    sheet = book.sheet(GAPS, layout)
    if not write_table(book, sheet, "Gaps", columns, gaps):
        write_empty(sheet, say("No time without a recovery point was longer than allowed."))


def _month_columns(book: Book) -> list[Column[MonthFigures]]:
    words, say, policy = book.words, book.words.say, book.report.policy
    return [
        Column(say("Month"), 12, lambda month: month.period.label),
        Column(say("Jobs"), 10, lambda month: month.jobs if month.known else None, COUNT),
        Column(say("Completed"), 12, lambda month: month.completed if month.known else None, COUNT),
        Column(
            say("Success rate"),
            12,
            lambda month: month.success_rate,
            lambda month: rate_style(month.success_rate),
        ),
        Column(
            say("Volume (GB)"),
            14,
            lambda month: gigabytes(month.bytes, policy) if month.known else None,
            SIZE,
        ),
        Column(
            say("Volume (bytes)"), 20, lambda month: month.bytes if month.known else None, COUNT
        ),
        Column(say("Observed days"), 12, lambda month: month.observed_days, COUNT),
        Column(say("Days"), 10, lambda month: month.days, COUNT),
        Column(say("Remark"), 18, lambda month: _remark(month, words), CENTERED),
    ]


def _remark(month: MonthFigures, words: Words) -> str | None:
    """Why a month has no figures, or no volume."""
    if not month.known:
        return words.say("no data")
    return words.say("volume not given") if month.bytes is None else None


def _gap_columns(book: Book) -> list[Column[Gap]]:
    say, gaps = book.words.say, book.report.gaps
    zone = book.report.period.timezone
    return [
        Column(say("Service"), fitting({gap.service for gap in gaps}, 16, 34), lambda g: g.service),
        Column(say("Module"), fitting({gap.module for gap in gaps}, 16, 40), lambda g: g.module),
        Column(say("Scope"), fitting({gap.name for gap in gaps}, 16, 40), lambda gap: gap.name),
        Column(say("From ({timezone})", timezone=zone), 24, lambda gap: gap.start, MOMENT),
        Column(say("To ({timezone})", timezone=zone), 24, lambda gap: gap.end, MOMENT),
        Column(say("Length"), 12, lambda gap: span(gap.length_s), SPAN),
        Column(say("Allowed"), 12, lambda gap: span(gap.allowed_s), SPAN),
        Column(
            say("Certainty"),
            14,
            lambda gap: say("certain") if gap.certain else say("possible"),
            CENTERED,
        ),
    ]
