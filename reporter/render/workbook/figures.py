"""The figures of docs/figures.md as columns and lines: one list for every sheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from reporter.model import Figures, Outcome, Policy
from reporter.render.text import Words
from reporter.render.workbook.cells import Value
from reporter.render.workbook.styles import (
    CENTERED,
    COUNT,
    MOMENT,
    SIZE,
    SPAN,
    Style,
    rate_style,
)

_UNIT_BYTES: Final = {"binary": 1024**3, "decimal": 1000**3}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its name in docs/figures.md, that in print, and how to read it."""

    key: str
    name: str
    width: float
    of: Callable[[Figures], Value]
    style: Callable[[Figures], Style]


def figures_in(timezone: str, policy: Policy, words: Words) -> tuple[Figure, ...]:
    """All figures, in print order; times are local times of the zone their name gives."""
    say = words.say
    last_point = say("Last recovery point ({timezone})", timezone=timezone)
    return (
        _count("jobs", say("Jobs")),
        *(_count(outcome.value, words.outcome(outcome)) for outcome in Outcome),
        _count("completed", say("Completed")),
        _rate("success_rate", say("Success rate")),
        _rate("lenient_success_rate", say("Lenient success rate")),
        _count("objects_total", say("Objects total"), 11.5),
        _count("objects_successful", say("Objects successful"), 11.5),
        _count("objects_failed", say("Objects failed"), 11.5),
        _count("objects_skipped", say("Objects skipped"), 11.5),
        _count("objects_warning", say("Objects with warning"), 11.5),
        _object_rate(say("Object success rate")),
        _size("gigabytes", "bytes", say("Volume (GB)"), policy),
        _count("bytes", say("Volume (bytes)"), 19),
        _count("sized_jobs", say("Jobs with a size"), 10.5),
        Figure(
            "size_remark",
            say("Volume is given"),
            17,
            lambda f: size_remark(f, words),
            lambda _: CENTERED,
        ),
        _size("stored_gigabytes", "stored_bytes", say("Stored (GB)"), policy),
        _count("stored_bytes", say("Stored (bytes)"), 19),
        _count("stored_change_bytes", say("Change of stored (bytes)"), 19),
        _span("duration_mean_s", say("Mean duration")),
        _span("duration_median_s", say("Median duration")),
        _moment("last_success_at", say("Last success ({timezone})", timezone=timezone)),
        _moment("last_recovery_point_at", last_point),
        _span("longest_gap_s", say("Longest gap, at least"), 12),
        _span("longest_gap_at_most_s", say("Longest gap, at most"), 12),
        _count("consecutive_failures", say("Failures in a row")),
        _target("success_target_met", say("Success target"), words),
        _target("object_target_met", say("Object target"), words),
        _target("gap_target_met", say("Recovery-point target"), words),
    )


def gigabytes(size: int | None, policy: Policy) -> float | None:
    """Bytes in the policy's GB; None where no size is known."""
    return None if size is None else size / _UNIT_BYTES[policy.units]


def size_remark(figures: Figures, words: Words) -> str | None:
    """That no volume is given, or how many jobs it is from; None where it is from all."""
    if figures.bytes is None:
        return words.say("not given")
    if figures.sized_jobs == figures.jobs:
        return None
    return words.sized(figures)


def span(seconds: float | None) -> timedelta | None:
    """Seconds as a length of time."""
    return None if seconds is None else timedelta(seconds=seconds)


def met_word(met: bool | None, words: Words) -> str | None:
    """Whether a target is met; None where that is not known."""
    if met is None:
        return None
    return words.say("met") if met else words.say("missed")


def _count(name: str, label: str, width: float = 10.5) -> Figure:
    return Figure(name, label, width, lambda f: getattr(f, name), lambda _: COUNT)


def _rate(name: str, label: str) -> Figure:
    return Figure(
        name, label, 10, lambda f: getattr(f, name), lambda f: rate_style(getattr(f, name))
    )


def _object_rate(label: str) -> Figure:
    """The service's counts may contradict one another; more than 100 % is no rate."""

    def shown(f: Figures) -> float | None:
        rate = f.object_success_rate
        return rate if rate is None or rate <= 1 else None

    return Figure("object_success_rate", label, 10, shown, lambda f: rate_style(shown(f)))


def _span(name: str, label: str, width: float = 11) -> Figure:
    return Figure(name, label, width, lambda f: span(getattr(f, name)), lambda _: SPAN)


def _moment(name: str, label: str) -> Figure:
    return Figure(name, label, 20, lambda f: getattr(f, name), lambda _: MOMENT)


def _target(name: str, label: str, words: Words) -> Figure:
    return Figure(name, label, 11, lambda f: met_word(getattr(f, name), words), lambda _: CENTERED)


def _size(key: str, name: str, label: str, policy: Policy) -> Figure:
    return Figure(key, label, 12, lambda f: gigabytes(getattr(f, name), policy), lambda _: SIZE)
