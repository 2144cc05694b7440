"""Which charts a report has: its figures, put into the shapes `charts` draws."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from markupsafe import Markup

from reporter.model import WORST_FIRST, DayFigures, Outcome, Report
from reporter.render import charts
from reporter.render.charts import Bar, CalendarCell, CalendarRow, DayBar
from reporter.render.text import OUTCOME_WORDS, Words

_WIDTH: Final = {"A4": 680.0, "Letter": 703.0}
"""Between the margins, in CSS pixels."""
_MOST_COLUMNS: Final = 31
_MOST_BARS: Final = 14
_CALENDAR_ROWS: Final = 24


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart under a title that says what it shows."""

    title: str
    svg: Markup
    note: str = ""


@dataclass(frozen=True, slots=True)
class Pictures:
    """The charts of a report; one with nothing to show is not there."""

    daily: Picture | None
    rates: Picture | None
    volumes: Picture | None
    calendar: tuple[Picture, ...]
    key: Markup


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a time axis: a day, or where days are too many a week."""

    label: str
    days: frozenset[date]


def all_of(report: Report, words: Words, page_size: Literal["A4", "Letter"]) -> Pictures:
    """The charts of a report, as wide as its page."""
    width = _WIDTH[page_size]
    columns = _columns(report, words)
    unseen = frozenset(report.coverage.missing_days)
    return Pictures(
        daily=_daily(report, columns, unseen, width) if report.totals.jobs else None,
        rates=_rates(report, words, width * 0.49) if report.totals.completed else None,
        volumes=_volumes(report, words, width * 0.49) if report.totals.bytes else None,
        calendar=_calendars(report, columns, unseen, width) if report.modules else (),
        key=_key(width),
    )


def _columns(report: Report, words: Words) -> list[Column]:
    days = report.period.days
    if len(days) <= _MOST_COLUMNS:
        return [Column(str(day.day), frozenset([day])) for day in days]
    starts = days[:: 7 if len(days) <= 7 * 53 else 31]
    length = (starts[1] - starts[0]).days
    return [
        Column(
            words.short_day(start),
            frozenset(
                day
                for n in range(length)
                if (day := start + timedelta(days=n)) < report.period.stop
            ),
        )
        for start in starts
    ]


def _daily(
    report: Report, columns: Sequence[Column], unseen: frozenset[date], width: float
) -> Picture:
    counts: defaultdict[date, dict[Outcome, int]] = defaultdict(lambda: dict.fromkeys(Outcome, 0))
    for day in report.daily:
        for outcome in Outcome:
            counts[day.date][outcome] += getattr(day, outcome.value)
    bars = [
        DayBar(
            column.label,
            {o: sum(counts[d][o] for d in column.days if d in counts) for o in Outcome},
            observed=not column.days <= unseen,
        )
        for column in columns
    ]
    title = _daily_title(report, counts)
    shown = [o for o in charts.STACKED if any(bar.counts[o] for bar in bars)]
    note = "Jobs by start, from the base: " + ", ".join(OUTCOME_WORDS[o].lower() for o in shown)
    note += "; red figures are failures. Hatched: not observed."
    return Picture(title, charts.daily_outcomes(bars, width, f"{title}. {note}"), note)


def _daily_title(report: Report, counts: dict[date, dict[Outcome, int]]) -> str:
    target = report.policy.success_target()
    completed = [Outcome.SUCCESS, Outcome.WARNING, Outcome.FAILED]
    if report.policy.cancelled == "failed":
        completed.append(Outcome.CANCELLED)
    good = [Outcome.SUCCESS]
    if report.policy.warning == "success":
        good.append(Outcome.WARNING)
    rates = [
        sum(day[o] for o in good) / done
        for day in counts.values()
        if (done := sum(day[o] for o in completed))
    ]
    met = sum(rate >= target for rate in rates)
    return f"Backups met the {target * 100:g} % target on {met} of {len(rates)} days with backups"


def _rates(report: Report, words: Words, width: float) -> Picture:
    modules = sorted(
        report.modules,
        key=lambda own: (
            own.figures.success_rate is None,
            own.figures.success_rate or 0,
            own.service,
            own.module,
        ),
    )
    met = sum(own.figures.success_target_met is True for own in modules)
    judged = sum(own.figures.success_target_met is not None for own in modules)
    title = f"{met} of {judged} modules met their success target"
    bars = [
        Bar(
            _label(own.service, own.module),
            own.figures.success_rate,
            words.percent(own.figures.success_rate),
            good=own.figures.success_target_met is not False,
        )
        for own in modules[:_MOST_BARS]
    ]
    svg = charts.horizontal_bars(
        bars,
        width,
        f"{title}. Success rates: " + "; ".join(f"{bar.label} {bar.shown}" for bar in bars),
        color=charts.FILL[Outcome.SUCCESS],
        full=1.0,
        target=report.policy.success_target(),
    )
    return Picture(title, svg, _left_out(len(modules), "lowest first"))


def _volumes(report: Report, words: Words, width: float) -> Picture:
    modules = sorted(
        (own for own in report.modules if own.figures.bytes),
        key=lambda own: (-own.figures.bytes, own.service, own.module),
    )
    share = modules[0].figures.bytes / report.totals.bytes
    title = (
        f"{_label(modules[0].service, modules[0].module)} is {words.percent(share)} of the volume"
    )
    bars = [
        Bar(
            _label(own.service, own.module),
            float(own.figures.bytes),
            words.size(own.figures.bytes),
        )
        for own in modules[:_MOST_BARS]
    ]
    svg = charts.horizontal_bars(
        bars,
        width,
        f"{title}. Backed up: " + "; ".join(f"{bar.label} {bar.shown}" for bar in bars),
        color="#8fa6ba",
    )
    return Picture(title, svg, _left_out(len(modules), "largest first"))


def _left_out(count: int, order: str) -> str:
    if count <= _MOST_BARS:
        return f"{order.capitalize()}."
    return f"{order.capitalize()}; {count - _MOST_BARS} more modules are in the table."


def _calendars(
    report: Report, columns: Sequence[Column], unseen: frozenset[date], width: float
) -> tuple[Picture, ...]:
    """The calendar, in parts that fit a page."""
    found: defaultdict[tuple[str, str], list[DayFigures]] = defaultdict(list)
    for day in report.daily:
        found[day.service, day.module].append(day)
    rows = [
        CalendarRow(
            _label(own.service, own.module), _cells(found[own.service, own.module], columns, unseen)
        )
        for own in report.modules
    ]
    labels = [column.label for column in columns]
    parts = [rows[n : n + _CALENDAR_ROWS] for n in range(0, len(rows), _CALENDAR_ROWS)]
    title = _calendar_title(report)
    return tuple(
        Picture(
            title if number == 0 else "",
            charts.calendar(part, labels, width, f"{title}. {_calendar_words(part)}"),
        )
        for number, part in enumerate(parts)
    )


def _calendar_title(report: Report) -> str:
    bad = {Outcome.FAILED, Outcome.CANCELLED, Outcome.UNKNOWN}
    days = {day.date for day in report.daily if day.worst in bad}
    if not report.daily:
        return "No job ran on any day of the period"
    if not days:
        return "No job failed on any day"
    return f"On {len(days)} of {report.coverage.days} days at least one job did not succeed"


def _calendar_words(rows: Iterable[CalendarRow]) -> str:
    """The calendar for those who hear it: the columns with failures of each module."""
    texts = []
    for row in rows:
        failed = sum(cell.outcome is Outcome.FAILED for cell in row.cells)
        ran = sum(cell.outcome is not None for cell in row.cells)
        texts.append(
            f"{row.label}: jobs in {ran} of {len(row.cells)} columns, failures in {failed}"
        )
    return "; ".join(texts)


def _cells(
    days: Sequence[DayFigures], columns: Sequence[Column], unseen: frozenset[date]
) -> list[CalendarCell]:
    by_date = {day.date: day for day in days}
    cells = []
    for column in columns:
        ran = [by_date[day] for day in column.days if day in by_date]
        worst = min((day.worst for day in ran), key=WORST_FIRST.index, default=None)
        cells.append(CalendarCell(worst, sum(day.jobs for day in ran), not column.days <= unseen))
    return cells


def _key(width: float) -> Markup:
    entries = [(CalendarCell(o, 1, True), OUTCOME_WORDS[o]) for o in reversed(WORST_FIRST)]
    entries += [
        (CalendarCell(None, 0, True), "No run"),
        (CalendarCell(None, 0, False), "Not observed"),
    ]
    return charts.key(entries, width, "Key of the calendar: " + ", ".join(w for _, w in entries))


def _label(service: str, module: str) -> str:
    return service if module == "None" else module
