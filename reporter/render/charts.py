"""Charts as SVG.

Pure functions of figures. Each picture begins with a `<title>`, which becomes its alternative text
in the PDF. Lengths are CSS pixels (1/96 inch).
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from reporter.model import Outcome, Silence
from reporter.render.drawing import INK, QUIET, RULE, TEXT_SIZE, SvgDrawing
from reporter.render.fonts import text_width

# People who see no red or green can tell them apart, and so can anybody in grey: lightness differs,
# and in the calendar each has a sign of its own.
FILL: Final = {
    Outcome.SUCCESS: "#9fcfbf",
    Outcome.WARNING: "#f2b632",
    Outcome.FAILED: "#b3261e",
    Outcome.CANCELLED: "#7d5ba6",
    Outcome.UNKNOWN: "#48545f",
    Outcome.RUNNING: "#6c9bd2",
    Outcome.NOT_RUN: "#c9d0d6",
}
KEY_SIZE: Final = 8.5
PLAIN: Final = "#8fa6ba"
PALE: Final = "#c3cfdb"
STRONG: Final = "#3d5a75"
STACKED: Final = (
    Outcome.FAILED,
    Outcome.CANCELLED,
    Outcome.UNKNOWN,
    Outcome.WARNING,
    Outcome.RUNNING,
    Outcome.NOT_RUN,
    Outcome.SUCCESS,
)
"""From the base up: failures stand on the line, where their heights can be compared."""


@dataclass(frozen=True, slots=True)
class DayBar:
    """The jobs of one day (or one week) by outcome."""

    label: str
    counts: Mapping[Outcome, int]
    observed: bool


def daily_outcomes(
    bars: Sequence[DayBar], width: float, title: str, number_text: Callable[[int], str]
) -> Markup:
    """Jobs by outcome for each day, stacked; the failures of a day as a number above it."""
    height, top, base, left = 128.0, 16.0, 106.0, 30.0
    drawing = SvgDrawing(width, height, title)
    most = max((sum(bar.counts.values()) for bar in bars), default=0)
    scale = (base - top) / most if most else 0.0
    step = (width - left) / max(len(bars), 1)
    for part in (0.5, 1.0) if most > 1 else ():
        y = base - most * part * scale
        drawing.grid(left, y, width - left)
        drawing.text(
            left - 5, y + 3, number_text(round(most * part)), anchor="end", size=8, color=QUIET
        )
    every = max(1, round(26 / step))
    for number, bar in enumerate(bars):
        x, y = left + number * step, base
        if not bar.observed:
            _hatch(drawing, x + step * 0.1, base - 8, step * 0.8, 8)
        for outcome in STACKED:
            tall = bar.counts.get(outcome, 0) * scale
            y -= tall
            drawing.column(x + step * 0.1, y, step * 0.8, tall, FILL[outcome])
        failed = bar.counts.get(Outcome.FAILED, 0)
        if failed:
            drawing.text(
                x + step / 2, y - 3, failed, anchor="middle", size=8, bold=True, color="#b3261e"
            )
    middles = [(left + (number + 0.5) * step, bar.label) for number, bar in enumerate(bars)]
    drawing.labels(base + 12, middles[::every], 8)
    drawing.line(left, base, width - left, 0, QUIET, 0.8)
    return drawing.svg()


@dataclass(frozen=True, slots=True)
class Bar:
    """One labelled value; `value` is missing where it is undefined."""

    label: str
    value: float | None
    shown: str


def horizontal_bars(bars: Sequence[Bar], width: float, title: str) -> Markup:
    """A bar for each value with its figures beside it, all on one scale from zero."""
    row, label_width, top = 16.0, width * 0.22, 2.0
    number_width = 8 + max((text_width(bar.shown, TEXT_SIZE) for bar in bars), default=0.0)
    drawing = SvgDrawing(width, top + row * len(bars) + 2, title)
    scale = max((bar.value or 0.0 for bar in bars), default=0.0) or 1.0
    room = width - label_width - number_width
    for number, bar in enumerate(bars):
        y = top + number * row
        drawing.text(label_width - 6, y + 11, _shortened(bar.label, label_width - 8), anchor="end")
        long = room * (bar.value or 0.0) / scale
        drawing.box(label_width, y + 3, long, row - 6, PLAIN)
        drawing.text(label_width + long + 5, y + 11, bar.shown)
    drawing.line(label_width, top, 0, row * len(bars), QUIET, 0.8)
    return drawing.svg()


@dataclass(frozen=True, slots=True)
class MonthBar:
    """One month's value; `known` is false where nobody looked and nothing is known."""

    label: str
    value: float | None
    shown: str
    known: bool
    whole: bool
    """Whether every day of it was observed."""


def months(
    bars: Sequence[MonthBar],
    width: float,
    title: str,
    full: float | None = None,
    target: float | None = None,
) -> Markup:
    """A column for each month on one scale from zero to `full` (default: the largest value); the
    last has its figure. A month without data is hatched, one not wholly observed is pale; `target`
    is a line.
    """
    height, top, base = 118.0, 18.0, 100.0
    drawing = SvgDrawing(width, height, title)
    scale = full or max((bar.value or 0.0 for bar in bars), default=0.0) or 1.0
    step = width / max(len(bars), 1)
    for number, bar in enumerate(bars):
        x, last = number * step, number == len(bars) - 1
        if bar.known and bar.value is not None:
            tall = (base - top) * bar.value / scale
            fill = STRONG if last else PLAIN if bar.whole else PALE
            drawing.box(x + step * 0.12, base - tall, step * 0.76, tall, fill)
        elif not bar.known:
            _hatch(drawing, x + step * 0.12, base - 10, step * 0.76, 10)
        if last:
            drawing.text(width, 9, bar.shown, anchor="end", size=9.5, bold=True)
    middles = [((number + 0.5) * step, bar.label) for number, bar in enumerate(bars)]
    drawing.labels(base + 12, middles, 7.5)
    drawing.line(0, base, width, 0, QUIET, 0.8)
    if target is not None:
        y = base - (base - top) * target / scale
        drawing.line(0, y, width, 0, INK, 1)
    return drawing.svg()


@dataclass(frozen=True, slots=True)
class SparklineColumn:
    """One day of a sparkline; `value` is missing where nothing ran."""

    value: int | None
    failed: bool
    observed: bool


def sparkline(columns: Sequence[SparklineColumn], title: str) -> Markup:
    """Small columns, scaled to the largest; red below the line where a job failed."""
    width, height, base = 96.0, 15.0, 11.0
    drawing = SvgDrawing(width, height, title)
    scale = max((column.value or 0 for column in columns), default=0) or 1
    step = width / max(len(columns), 1)
    for number, column in enumerate(columns):
        x = number * step
        drawing.column(
            x,
            base - base * (column.value or 0) / scale,
            step * 0.8,
            base * (column.value or 0) / scale,
            PLAIN,
        )
        if column.failed:
            drawing.column(x, base + 1, step * 0.8, 3, FILL[Outcome.FAILED])
        elif not column.observed:
            drawing.column(x, base + 1.5, step * 0.8, 0.8, QUIET)
    drawing.line(0, base + 0.4, width, 0, QUIET, 0.5)
    return drawing.svg()


@dataclass(frozen=True, slots=True)
class CalendarCell:
    """One module on one day (or week): the worst outcome and the jobs, if any ran."""

    outcome: Outcome | None
    jobs: int
    silence: Silence | None = None
    """What the day means where nothing ran."""


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """One module."""

    label: str
    cells: Sequence[CalendarCell]


def calendar(
    rows: Sequence[CalendarRow], labels: Sequence[str], width: float, title: str
) -> Markup:
    """A row for each module, a column for each day: the worst outcome by colour and sign. A grey
    cell is a day on which nothing ran, a hatched one a day that was not observed, an empty one a
    day to come.
    """
    label_width, top, tall = width * 0.22, 14.0, 15.0
    step = (width - label_width) / max(len(labels), 1)
    drawing = SvgDrawing(width, top + tall * len(rows) + 2, title)
    every = max(1, round(13 / step))
    middles = [(label_width + (number + 0.5) * step, label) for number, label in enumerate(labels)]
    drawing.labels(top - 4, middles[::every], 7.5)
    for line, row in enumerate(rows):
        y = top + line * tall
        drawing.text(
            label_width - 6, y + 10.5, _shortened(row.label, label_width - 8), anchor="end"
        )
        for number, cell in enumerate(row.cells):
            _cell(drawing, cell, label_width + number * step + 0.5, y + 0.5, step - 1, tall - 1)
    return drawing.svg()


def key(entries: Sequence[tuple[CalendarCell, str]], width: float, title: str) -> Markup:
    """What the cells of a calendar mean, in as many lines as that takes."""
    places, x, y = [], 0.0, 0.0
    for _, label in entries:
        wide = 20 + text_width(label, KEY_SIZE)
        if x and x + wide > width:
            x, y = 0.0, y + 18
        places.append((x, y))
        x += wide + 9
    drawing = SvgDrawing(width, y + 18, title)
    lines: defaultdict[float, list[tuple[float, str]]] = defaultdict(list)
    for (x, y), (cell, label) in zip(places, entries, strict=True):
        _cell(drawing, cell, x + 0.5, y + 2, 15, 14)
        lines[y].append((x + 20, label))
    for y, labels in lines.items():
        drawing.labels(y + 12.5, labels, KEY_SIZE, "start")
    return drawing.svg()


def _cell(
    drawing: SvgDrawing, cell: CalendarCell, x: float, y: float, wide: float, tall: float
) -> None:
    if cell.outcome is None:
        match cell.silence:
            case Silence.NO_RUN:
                drawing.column(x, y, wide, tall, "#f1f3f5")
            case Silence.NOT_OBSERVED:
                _hatch(drawing, x, y, wide, tall)
            case Silence.TO_COME | None:
                drawing.line(x, y + tall, wide, 0, RULE, 0.6)
        return
    drawing.column(x, y, wide, tall, FILL[cell.outcome])
    _sign(drawing, cell.outcome, x + wide / 2, y + tall / 2)


def _sign(drawing: SvgDrawing, outcome: Outcome, x: float, y: float) -> None:
    """A mark that tells the outcome without its colour; success alone has none."""
    match outcome:
        case Outcome.FAILED:
            drawing.line(x - 3, y - 3, 6, 6, "#ffffff", 1.4)
            drawing.line(x - 3, y + 3, 6, -6, "#ffffff", 1.4)
        case Outcome.CANCELLED:
            drawing.line(x - 3, y, 6, 0, "#ffffff", 1.6)
        case Outcome.UNKNOWN:
            drawing.text(x, y + 3.2, "?", anchor="middle", size=9, color="#ffffff", bold=True)
        case Outcome.WARNING:
            drawing.line(x, y - 4, 0, 5, INK, 1.6)
            drawing.line(x, y + 2.4, 0, 1.6, INK, 1.6)
        case Outcome.RUNNING:
            drawing.line(x - 2, y - 3, 4, 3, INK, 1.2)
            drawing.line(x + 2, y, -4, 3, INK, 1.2)
        case Outcome.NOT_RUN:
            drawing.line(x - 2.5, y + 2.5, 5, -5, INK, 1)
        case Outcome.SUCCESS:
            pass


def _hatch(drawing: SvgDrawing, x: float, y: float, wide: float, tall: float) -> None:
    """Slanting lines: not observed."""
    gap = 3.5
    offset = gap - tall
    while offset < wide:
        start = max(0.0, offset)
        stop = min(wide, offset + tall)
        drawing.line(x + start, y + tall - (start - offset), stop - start, start - stop, QUIET, 0.5)
        offset += gap


def _shortened(label: str, width: float) -> str:
    """A label cut to what fits."""
    if text_width(label, TEXT_SIZE) <= width:
        return label
    room = width - text_width("…", TEXT_SIZE)
    letters = itertools.accumulate(text_width(letter, TEXT_SIZE) for letter in label)
    fitting = sum(taken <= room for taken in letters)
    return label[: max(fitting, 1)].rstrip() + "…"
