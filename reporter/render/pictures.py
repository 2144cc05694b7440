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
    Silence,
    Watched,
)
from reporter.render import charts
from reporter.render.charts import Bar, CalendarCell, CalendarRow, DayBar, MonthBar, SparklineColumn
from reporter.render.sentences import module_label
from reporter.render.text import Words, marked, shortened

WIDTH: Final = {"A4": 680.0, "Letter": 703.0}
"""Between the margins, in CSS pixels."""
_MOST_COLUMNS: Final = 31
_CALENDAR_ROWS: Final = 24


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
    """The days of a period as columns: of one day, or of several where there are too many."""

    labels: tuple[str, ...]
    days: tuple[tuple[date, ...], ...]
    unseen: frozenset[date]
    """Days that have begun and on which nobody looked."""

    def observed(self, column: int) -> bool:
        """Whether somebody looked on one of the column's days, or the days are still to come."""
        return not self.unseen.issuperset(self.days[column])


def axis_of(report: Report, words: Words) -> Axis:
    """The columns of all charts over the period's days."""
    days = report.period.days
    length = 1 if len(days) <= _MOST_COLUMNS else 7 if len(days) <= 7 * 53 else 31
    parts = tuple(days[n : n + length] for n in range(0, len(days), length))
    labels = (str(part[0].day) if length == 1 else words.axis_day(part[0]) for part in parts)
    return Axis(tuple(labels), parts, frozenset(Watched.of(report).missed_days))


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
    rates = [rate for day in counts.values() if (rate := policy.success_rate(day)) is not None]
    title = (
        words.count(
            "Backups met the {target} target on {met} of {number} day with backups",
            "Backups met the {target} target on {met} of {number} days with backups",
            len(rates),
            target=words.target(target),
            met=words.number(sum(rate >= target for rate in rates)),
        )
        if rates
        else words.say("No backup was completed on any day")
    )
    shown = [o for o in charts.STACKED if any(bar.counts[o] for bar in bars)]
    note = words.say(
        "Jobs by start, from the base: {outcomes}; in red the failures. Hatched: not observed.",
        outcomes=words.say(", ").join(words.outcome(o).lower() for o in shown),
    )
    svg = charts.daily_outcomes(bars, WIDTH[size], f"{title}. {note}", words.number)
    return Picture(title, svg, note)


def trend(
    history: Sequence[MonthFigures],
    target: float,
    words: Words,
    size: Literal["A4", "Letter"],
    *,
    comparable: bool,
) -> tuple[Picture, ...]:
    """Success rate and volume of the last twelve months, side by side; none without a second. The
    volume alone is left out where no month gives sizes; its change is named where `comparable`.
    """
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
            None if month.bytes is None else float(month.bytes),
            words.say("not given") if month.bytes is None else words.size(month.bytes),
            month.known,
            month.observed_days == month.days,
        )
        for label, month in zip(labels, history, strict=True)
    ]
    judged = [month for month in known if month.success_rate is not None]
    rate_title = (
        words.count(
            "The success target was met in {met} of {number} month",
            "The success target was met in {met} of {number} months",
            len(judged),
            met=words.number(sum((month.success_rate or 0.0) >= target for month in judged)),
        )
        if judged
        else words.say("No backup is known to have been completed")
    )
    before, last = history[-2:]
    change = (
        words.change(before.bytes, last.bytes)
        if comparable and before.bytes is not None and last.bytes is not None
        else None
    )
    volume_title = (
        words.say(
            "Volume {change} against {month}", change=change, month=words.period(before.period)
        )
        if change
        else words.say("Volume of each month")
    )
    rate_picture = Picture(
        rate_title, charts.months(rates, width, _heard(rate_title, rates, missing), 1.0, target)
    )
    if all(month.bytes is None for month in known):
        return (rate_picture,)
    heard = _heard(volume_title, volumes, missing)
    return rate_picture, Picture(volume_title, charts.months(volumes, width, heard))


def _heard(title: str, bars: Sequence[MonthBar], missing: str) -> str:
    """A chart for readers who hear it: its title and every figure."""
    return f"{title}. " + "; ".join(
        f"{bar.label} {bar.shown if bar.known else missing}" for bar in bars
    )


Silences = Mapping[date, Silence]
"""What each day without a job means, for one module."""


def sparkline(
    days: Sequence[DayFigures], silences: Silences, axis: Axis, name: str, words: Words
) -> Markup:
    """The volume of one module day by day, on its own scale; days with failures marked."""
    by_date = {day.date: day for day in days}
    columns = []
    for column in axis.days:
        ran = [by_date[day] for day in column if day in by_date]
        sizes = [day.bytes for day in ran if day.bytes is not None]
        columns.append(
            SparklineColumn(
                sum(sizes) if sizes else None,
                failed=any(day.failed or day.cancelled for day in ran),
                observed=bool(ran) or _silence(column, silences) is not Silence.NOT_OBSERVED,
            )
        )
    given = [column.value for column in columns if column.value is not None]
    title = (
        words.say(
            "{module}: volume by day, at most {size}", module=name, size=words.size(max(given))
        )
        if given
        else words.say("{module}: no volume by day is given", module=name)
    )
    return charts.sparkline(columns, title)


def _silence(column: Iterable[date], silences: Silences) -> Silence | None:
    """What a column without a job means: that nothing ran is certain only where all was seen."""
    kinds = {silences[day] for day in column if day in silences}
    order = (Silence.NOT_OBSERVED, Silence.NO_RUN, Silence.TO_COME)
    return next((kind for kind in order if kind in kinds), None)


def calendar(
    modules: Sequence[ModuleFigures],
    days: Mapping[tuple[str, str], Sequence[DayFigures]],
    silences: Mapping[tuple[str, str], Silences],
    axis: Axis,
    words: Words,
    size: Literal["A4", "Letter"],
) -> tuple[Picture, ...]:
    """The worst outcome of each module and day, in parts that fit a page."""
    rows = [
        CalendarRow(
            module_label(module.service, module.module),
            _cells(
                days.get((module.service, module.module), ()),
                silences.get((module.service, module.module), {}),
                axis,
            ),
        )
        for module in modules
    ]
    bad = {
        day.date
        for module in modules
        for day in days.get((module.service, module.module), ())
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
        else words.say("No job that was seen failed on any day")
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
    """The calendar for readers who hear it: how many columns of each module have failures."""
    return words.say("; ").join(
        words.say(
            "{module}: jobs in {ran} of {all} columns, failures in {failed}, not observed {unseen}",
            module=shortened(row.label),
            ran=sum(cell.outcome is not None for cell in row.cells),
            all=len(row.cells),
            failed=sum(cell.outcome is Outcome.FAILED for cell in row.cells),
            unseen=sum(cell.silence is Silence.NOT_OBSERVED for cell in row.cells),
        )
        for row in rows
    )


def _cells(days: Collection[DayFigures], silences: Silences, axis: Axis) -> list[CalendarCell]:
    by_date = {day.date: day for day in days}
    cells = []
    for column in axis.days:
        ran = [by_date[day] for day in column if day in by_date]
        worst = min((day.worst for day in ran), key=WORST_FIRST.index, default=None)
        silence = None if ran else _silence(column, silences)
        cells.append(CalendarCell(worst, sum(day.jobs for day in ran), silence))
    return cells


_SILENCES: Final = {
    Silence.NO_RUN: marked("No run"),
    Silence.NOT_OBSERVED: marked("Not observed"),
    Silence.TO_COME: marked("To come"),
}


def key(words: Words, size: Literal["A4", "Letter"], *, runs: bool) -> Markup:
    """What the cells of a calendar mean; days to come only where the period still `runs`."""
    entries = [(CalendarCell(o, 1), words.outcome(o)) for o in reversed(WORST_FIRST)]
    entries += [
        (CalendarCell(None, 0, silence), words.say(text))
        for silence, text in _SILENCES.items()
        if runs or silence is not Silence.TO_COME
    ]
    title = words.say(
        "Key of the calendar: {entries}", entries=words.say(", ").join(w for _, w in entries)
    )
    return charts.key(entries, WIDTH[size], title)


def durations(
    modules: Sequence[ModuleFigures], words: Words, size: Literal["A4", "Letter"]
) -> Picture | None:
    """How long the jobs of each module take; None where no duration is known."""
    timed = [module for module in modules if module.figures.duration_median_s is not None]
    if not timed:
        return None
    timed.sort(key=lambda module: (-(module.figures.duration_median_s or 0), module.module))
    bars = [
        Bar(
            shortened(module_label(module.service, module.module)),
            module.figures.duration_median_s,
            words.say(
                "{median}, mean {mean}",
                median=words.duration(module.figures.duration_median_s),
                mean=words.duration(module.figures.duration_mean_s),
            ),
        )
        for module in timed
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
