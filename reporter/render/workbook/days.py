"""The sheets of days: every day of the period, of the customer and of each module."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

from reporter.model import DayFigures, Outcome, Report, Silence, SilentDay
from reporter.render.text import Words, marked
from reporter.render.workbook.book import Book
from reporter.render.workbook.figures import gigabytes
from reporter.render.workbook.sheet import Layout
from reporter.render.workbook.styles import CENTERED, COUNT, DAY, SIZE, outcome_style
from reporter.render.workbook.tables import Column, fitting, widths_of, write_empty, write_table
from reporter.render.workbook.titles import DAILY, DAYS

T = TypeVar("T", bound="DayTotal | DayFigures | SilentDay")

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
    bytes: int | None
    silent: Mapping[Silence, int]
    """How many modules had no job, by what that means."""

    @property
    def silence(self) -> Silence | None:
        """What a day without any job means; None for a day with jobs."""
        if self.jobs:
            return None
        kinds = [kind for kind, modules in self.silent.items() if modules]
        if len(kinds) == 1:
            return kinds[0]
        return Silence.NO_RUN if self.observed and not kinds else Silence.NOT_OBSERVED


_SILENCES: Final = {
    Silence.NO_RUN: marked("no run"),
    Silence.NOT_OBSERVED: marked("not observed"),
    Silence.TO_COME: marked("to come"),
}


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
        Column(
            say("Day without jobs"),
            18,
            lambda day: say(_SILENCES[day.silence]) if day.silence else None,
            CENTERED,
        ),
        Column(say("Modules with no run"), 12, lambda day: day.silent[Silence.NO_RUN], COUNT),
        Column(
            say("Modules not observed"), 12, lambda day: day.silent[Silence.NOT_OBSERVED], COUNT
        ),
        Column(say("Modules to come"), 12, lambda day: day.silent[Silence.TO_COME], COUNT),
    ]
    layout = Layout(widths_of(columns), book.tab_color, "B2", 1)
    write_table(book, book.sheet(DAYS, layout), "Days", columns, day_totals(book.report))


def add_daily(book: Book) -> None:
    """Each day of each module, with jobs or without."""
    report, policy, say = book.report, book.report.policy, book.words.say
    days: list[DayFigures | SilentDay] = [*report.daily, *report.silent]
    days.sort(key=lambda day: (day.date, day.service, day.module))
    modules = report.modules
    columns: list[Column[DayFigures | SilentDay]] = [
        Column(say("Date"), 13, lambda day: day.date, DAY),
        Column(
            say("Service"),
            fitting((module.service for module in modules), 16, 34),
            lambda d: d.service,
        ),
        Column(
            say("Module"),
            fitting((module.module for module in modules), 16, 40),
            lambda d: d.module,
        ),
        Column(say("Jobs"), 10, lambda day: _figure(day, "jobs"), COUNT),
        *_outcome_columns(book.words),
        Column(say("Volume (GB)"), 14, lambda day: gigabytes(_size(day), policy), SIZE),
        Column(say("Volume (bytes)"), 20, _size, COUNT),
        Column(
            say("Worst outcome"),
            14,
            lambda day: _worst(day, book.words),
            lambda day: outcome_style(day.worst) if isinstance(day, DayFigures) else CENTERED,
        ),
    ]
    layout = Layout(widths_of(columns), book.tab_color, "B2", 1)
    sheet = book.sheet(DAILY, layout)
    if not write_table(book, sheet, "Daily", columns, days):
        write_empty(sheet, say("No module is known of this customer."))


def day_totals(report: Report) -> list[DayTotal]:
    """The days of the period in order, each with the sums over all modules."""
    days: defaultdict[date, list[DayFigures]] = defaultdict(list)
    for day in report.daily:
        days[day.date].append(day)
    silent: defaultdict[date, Counter[Silence]] = defaultdict(Counter)
    for silent_day in report.silent:
        silent[silent_day.date][silent_day.silence] += 1
    missing = set(report.coverage.missing_days)
    return [_total(day, day not in missing, days[day], silent[day]) for day in report.period.days]


def _total(
    day: date, observed: bool, modules: list[DayFigures], silent: Counter[Silence]
) -> DayTotal:
    names = ("jobs", *(outcome.value for outcome in Outcome))
    sums = {name: sum(getattr(module, name) for module in modules) for name in names}
    given = sum(module.bytes or 0 for module in modules)
    withheld = not given and any(module.bytes is None for module in modules)
    size = None if withheld else given
    return DayTotal(day, observed, **sums, bytes=size, silent=silent)


def _outcome_columns(words: Words) -> list[Column[T]]:
    return [_outcome_column(outcome, words) for outcome in Outcome]


def _outcome_column(outcome: Outcome, words: Words) -> Column[T]:
    return Column(words.outcome(outcome), 11, lambda day: _figure(day, outcome.value), COUNT)


def _figure(day: DayTotal | DayFigures | SilentDay, name: str) -> int:
    """A count of a day; on a silent one there is nothing to count."""
    return 0 if isinstance(day, SilentDay) else getattr(day, name)


def _size(day: DayFigures | SilentDay) -> int | None:
    return day.bytes if isinstance(day, DayFigures) else None


def _worst(day: DayFigures | SilentDay, words: Words) -> str:
    """The worst outcome; silence is neither success nor failure, but one of three kinds."""
    if isinstance(day, DayFigures):
        return words.outcome(day.worst)
    return words.say(_SILENCES[day.silence])
