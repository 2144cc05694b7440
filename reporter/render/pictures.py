"""Which charts a report has: its figures, put into the shapes `charts` draws."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from markupsafe import Markup

from reporter.model import (
    WORST_FIRST,
    DayFigures,
    ModuleFigures,
    MonthFigures,
    Outcome,
    Policy,
    Report,
)
from reporter.render import charts
from reporter.render.charts import Bar, CalendarCell, CalendarRow, Column, DayBar, MonthBar
from reporter.render.sentences import module_label
from reporter.render.text import Words

WIDTH: Final = {"A4": 680.0, "Letter": 703.0}
"""Between the margins, in CSS pixels."""
_MOST_COLUMNS: Final = 31
_CALENDAR_ROWS: Final = 24
_GOOD: Final = (Outcome.SUCCESS, Outcome.WARNING)


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart under a title that says what it shows."""

    title: str
    """The message of the chart."""
    svg: Markup
    """The chart; its `<title>` becomes the alternative text."""
    note: str = ""
    """How to read it; may be empty."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The days of a period as columns: a day each, or where they are too many several."""

    labels: tuple[str, ...]
    days: tuple[tuple[date, ...], ...]
    unseen: frozenset[date]

    def observed(self, column: int) -> bool:
        """Whether anybody looked on one of the column's days."""
        return not self.unseen.issuperset(self.days[column])


def axis_of(report: Report, words: Words) -> Axis:
    """The columns of all charts over the period's days."""
    days = report.period.days
    length = 1 if len(days) <= _MOST_COLUMNS else 7 if len(days) <= 7 * 53 else 31
    parts = tuple(days[n : n + length] for n in range(0, len(days), length))
    labels = (str(part[0].day) if length == 1 else words.short_day(part[0]) for part in parts)
    return Axis(tuple(labels), parts, frozenset(report.coverage.missing_days))


def daily(
    days: Iterable[DayFigures],
    axis: Axis,
    policy: Policy,
    target: float,
    words: Words,
    size: Literal["A4", "Letter"],
) -> Picture:
    """The jobs of each day by outcome; the title says on how many the target was met."""
    counts: defaultdict[date, dict[Outcome, int]] = defaultdict(lambda: dict.fromkeys(Outcome, 0))
    for day in days:
        for outcome in Outcome:
            counts[day.date][outcome] += getattr(day, outcome.value)
    bars = [
        DayBar(
            label,
            {o: sum(counts[day][o] for day in axis.days[n] if day in counts) for o in Outcome},
            axis.observed(n),
        )
        for n, label in enumerate(axis.labels)
    ]
    rates = [rate for day in counts.values() if (rate := _rate(day, policy)) is not None]
    title = words.count(
        "Backups met the {target} target on {met} of {number} day with backups",
        "Backups met the {target} target on {met} of {number} days with backups",
        len(rates),
        target=words.target(target),
        met=words.number(sum(rate >= target for rate in rates)),
    )
    shown = [o for o in charts.STACKED if any(bar.counts[o] for bar in bars)]
    note = words.say(
        "Jobs by start, from the base: {outcomes}; in red the failures. Hatched: not observed.",
        outcomes=words.say(", ").join(words.outcome(o).lower() for o in shown),
    )
    svg = charts.daily_outcomes(bars, WIDTH[size], f"{title}. {note}", words.number)
    return Picture(title, svg, note)


def _rate(counts: Mapping[Outcome, int], policy: Policy) -> float | None:
    """The success rate of one day's jobs, as docs/figures.md counts."""
    completed = counts[Outcome.SUCCESS] + counts[Outcome.WARNING] + counts[Outcome.FAILED]
    completed += counts[Outcome.CANCELLED] * (policy.cancelled != "excluded")
    good = counts[Outcome.SUCCESS] + counts[Outcome.WARNING] * (policy.warning == "success")
    return good / completed if completed else None


def trend(
    history: Sequence[MonthFigures], target: float, words: Words, size: Literal["A4", "Letter"]
) -> tuple[Picture, ...]:
    """Success rate and volume of the last twelve months, side by side; none without a second."""
    known = [month for month in history if month.known]
    if len(known) < 2:
        return ()
    width = WIDTH[size] * 0.485
    labels = [words.short_month(month.period.first) for month in history]
    missing = words.say("no data")
    rates = [
        MonthBar(
            label,
            month.success_rate,
            words.percent(month.success_rate),
            month.known,
            month.observed_days == month.days,
        )
        for label, month in zip(labels, history, strict=True)
    ]
    volumes = [
        MonthBar(
            label,
            float(month.bytes),
            words.size(month.bytes),
            month.known,
            month.observed_days == month.days,
        )
        for label, month in zip(labels, history, strict=True)
    ]
    judged = [month for month in known if month.success_rate is not None]
    rate_title = words.count(
        "The success target was met in {met} of {number} month",
        "The success target was met in {met} of {number} months",
        len(judged),
        met=words.number(sum((month.success_rate or 0.0) >= target for month in judged)),
    )
    before, last = history[-2:]
    change = words.change(before.bytes, last.bytes)
    volume_title = (
        words.say(
            "Volume {change} against {month}", change=change, month=words.period(before.period)
        )
        if change and before.known and last.known
        else words.say("Volume of each month")
    )
    return (
        Picture(
            rate_title,
            charts.months(rates, width, _heard(rate_title, rates, missing), 1.0, target),
        ),
        Picture(
            volume_title, charts.months(volumes, width, _heard(volume_title, volumes, missing))
        ),
    )


def _heard(title: str, bars: Sequence[MonthBar], missing: str) -> str:
    """A chart for those who hear it: its title and every figure."""
    return f"{title}. " + "; ".join(
        f"{bar.label} {bar.shown if bar.known else missing}" for bar in bars
    )


def sparkline(days: Sequence[DayFigures], axis: Axis, name: str, words: Words) -> Markup:
    """The volume of one module day by day, on its own scale; days with failures marked."""
    by_date = {day.date: day for day in days}
    columns = []
    for number, column in enumerate(axis.days):
        ran = [by_date[day] for day in column if day in by_date]
        columns.append(
            Column(
                sum(day.bytes for day in ran) if ran else None,
                failed=any(day.failed or day.cancelled for day in ran),
                observed=axis.observed(number),
            )
        )
    largest = words.size(max((own.value or 0 for own in columns), default=0))
    title = words.say("{module}: volume by day, at most {size}", module=name, size=largest)
    return charts.sparkline(columns, title)


def calendar(
    modules: Sequence[ModuleFigures],
    days: Mapping[tuple[str, str], Sequence[DayFigures]],
    axis: Axis,
    words: Words,
    size: Literal["A4", "Letter"],
) -> tuple[Picture, ...]:
    """The worst outcome of each module and day, in parts that fit a page."""
    rows = [
        CalendarRow(
            module_label(own.service, own.module),
            _cells(days.get((own.service, own.module), ()), axis),
        )
        for own in modules
    ]
    bad = {
        day.date
        for own in modules
        for day in days.get((own.service, own.module), ())
        if day.worst in (Outcome.FAILED, Outcome.CANCELLED, Outcome.UNKNOWN)
    }
    total = sum(len(column) for column in axis.days)
    title = (
        words.count(
            "On {bad} of {number} day at least one job did not succeed",
            "On {bad} of {number} days at least one job did not succeed",
            total,
            bad=words.number(len(bad)),
        )
        if bad
        else words.say("No job failed on any day")
    )
    parts = [rows[n : n + _CALENDAR_ROWS] for n in range(0, len(rows), _CALENDAR_ROWS)]
    return tuple(
        Picture(
            title if number == 0 else "",
            charts.calendar(part, axis.labels, WIDTH[size], f"{title}. {_told(part, words)}"),
        )
        for number, part in enumerate(parts)
    )


def _told(rows: Iterable[CalendarRow], words: Words) -> str:
    """The calendar for those who hear it: the columns with failures of each module."""
    return "; ".join(
        words.say(
            "{module}: jobs in {ran} of {all} columns, failures in {failed}",
            module=row.label,
            ran=sum(cell.outcome is not None for cell in row.cells),
            all=len(row.cells),
            failed=sum(cell.outcome is Outcome.FAILED for cell in row.cells),
        )
        for row in rows
    )


def _cells(days: Collection[DayFigures], axis: Axis) -> list[CalendarCell]:
    by_date = {day.date: day for day in days}
    cells = []
    for number, column in enumerate(axis.days):
        ran = [by_date[day] for day in column if day in by_date]
        worst = min((day.worst for day in ran), key=WORST_FIRST.index, default=None)
        cells.append(CalendarCell(worst, sum(day.jobs for day in ran), axis.observed(number)))
    return cells


def key(words: Words, size: Literal["A4", "Letter"]) -> Markup:
    """What the cells of a calendar mean."""
    entries = [(CalendarCell(o, 1, True), words.outcome(o)) for o in reversed(WORST_FIRST)]
    entries += [
        (CalendarCell(None, 0, True), words.say("No run")),
        (CalendarCell(None, 0, False), words.say("Not observed")),
    ]
    title = words.say(
        "Key of the calendar: {entries}", entries=words.say(", ").join(w for _, w in entries)
    )
    return charts.key(entries, WIDTH[size], title)


def durations(
    modules: Sequence[ModuleFigures], words: Words, size: Literal["A4", "Letter"]
) -> Picture | None:
    """How long the jobs of each module take; None where no duration is known."""
    timed = [own for own in modules if own.figures.duration_median_s is not None]
    if not timed:
        return None
    timed.sort(key=lambda own: (-(own.figures.duration_median_s or 0), own.module))
    bars = [
        Bar(
            module_label(own.service, own.module),
            own.figures.duration_median_s,
            words.say(
                "{median}, mean {mean}",
                median=words.duration(own.figures.duration_median_s),
                mean=words.duration(own.figures.duration_mean_s),
            ),
        )
        for own in timed
    ]
    title = (
        words.say(
            "{module} takes longest: {median} in the median",
            module=bars[0].label,
            median=words.duration(timed[0].figures.duration_median_s),
        )
        if len(bars) > 1
        else words.say(
            "A job takes {median} in the median",
            median=words.duration(timed[0].figures.duration_median_s),
        )
    )
    heard = "; ".join(f"{bar.label} {bar.shown}" for bar in bars)
    return Picture(title, charts.horizontal_bars(bars, WIDTH[size], f"{title}. {heard}"))
