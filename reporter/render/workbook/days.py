"""The sheets of days: the customer's every day of the period, and each module's days with jobs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

from reporter.model import DayFigures, Outcome, Report
from reporter.render.text import Words
from reporter.render.workbook.book import Book
from reporter.render.workbook.figures import gigabytes
from reporter.render.workbook.sheet import Layout
from reporter.render.workbook.styles import CENTERED, COUNT, DAY, SIZE, outcome_style
from reporter.render.workbook.tables import Column, fitting, widths_of, write_empty, write_table
from reporter.render.workbook.titles import DAILY, DAYS

T = TypeVar("T", bound="DayTotal | DayFigures")

FIRST_OUTCOME_COLUMN: Final = 4
"""On the sheet Days."""


@dataclass(frozen=True, slots=True)
class DayTotal:
    """All modules' jobs of one day, which may be none."""

    date: date
    observed: bool
    jobs: int
    success: int
    warning: int
    failed: int
    cancelled: int
    running: int
    not_run: int
    unknown: int
    bytes: int


def add_days(book: Book) -> None:
    """Each day of the period, with jobs or without."""
    policy, say = book.report.policy, book.words.say
    columns: list[Column[DayTotal]] = [
        Column(say("Date"), 13, lambda day: day.date, DAY),
        Column(say("Observed"), 12, lambda day: say("yes") if day.observed else say("no")),
        Column(say("Jobs"), 10, lambda day: day.jobs, COUNT),
        *_outcome_columns(book.words),
        Column(say("Volume (GB)"), 14, lambda day: gigabytes(day.bytes, policy), SIZE),
        Column(say("Volume (bytes)"), 20, lambda day: day.bytes, COUNT),
        Column(say("Day without jobs"), 18, lambda day: _silence(day, book.words), CENTERED),
    ]
    layout = Layout(widths_of(columns), book.tab_color, "B2", 1)
    write_table(book, book.sheet(DAYS, layout), "Days", columns, day_totals(book.report))


def add_daily(book: Book) -> None:
    """Each module's days with jobs."""
    daily, policy, say = book.report.daily, book.report.policy, book.words.say
    columns: list[Column[DayFigures]] = [
        Column(say("Date"), 13, lambda day: day.date, DAY),
        Column(
            say("Service"), fitting({day.service for day in daily}, 16, 34), lambda day: day.service
        ),
        Column(
            say("Module"), fitting({day.module for day in daily}, 16, 40), lambda day: day.module
        ),
        Column(say("Jobs"), 10, lambda day: day.jobs, COUNT),
        *_outcome_columns(book.words),
        Column(say("Volume (GB)"), 14, lambda day: gigabytes(day.bytes, policy), SIZE),
        Column(say("Volume (bytes)"), 20, lambda day: day.bytes, COUNT),
        Column(
            say("Worst outcome"),
            14,
            lambda day: book.words.outcome(day.worst),
            lambda day: outcome_style(day.worst),
        ),
    ]
    layout = Layout(widths_of(columns), book.tab_color, "B2", 1)
    sheet = book.sheet(DAILY, layout)
    if not write_table(book, sheet, "Daily", columns, daily):
        write_empty(sheet, say("No backup job started in this period."))


def day_totals(report: Report) -> list[DayTotal]:
    """The days of the period in order, each with the sums over all modules."""
    days: defaultdict[date, list[DayFigures]] = defaultdict(list)
    for day in report.daily:
        days[day.date].append(day)
    missing = set(report.coverage.missing_days)
    return [_total(day, day not in missing, days[day]) for day in report.period.days]


def _total(day: date, observed: bool, own: list[DayFigures]) -> DayTotal:
    names = ("jobs", *(outcome.value for outcome in Outcome), "bytes")
    sums = {name: sum(getattr(module, name) for module in own) for name in names}
    return DayTotal(day, observed, **sums)


def _outcome_columns(words: Words) -> list[Column[T]]:
    return [_outcome_column(outcome, words) for outcome in Outcome]


def _outcome_column(outcome: Outcome, words: Words) -> Column[T]:
    return Column(words.outcome(outcome), 11, lambda day: getattr(day, outcome.value), COUNT)


def _silence(day: DayTotal, words: Words) -> str | None:
    """Silence is neither success nor failure: which of the two kinds it is."""
    if day.jobs:
        return None
    return words.say("no run") if day.observed else words.say("not observed")
