"""The figures of docs/figures.md as columns and lines: one list for every sheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from reporter.model import Figures, Policy
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
    """One figure: its name in print and how to read it."""

    name: str
    width: float
    of: Callable[[Figures], Value]
    style: Callable[[Figures], Style]


def figures_in(timezone: str, policy: Policy) -> tuple[Figure, ...]:
    """All figures, in print order; times are local times of the zone their name gives."""
    return (
        *(_count(name, label) for name, label in _COUNTS),
        _rate("success_rate", "Success rate"),
        _rate("lenient_success_rate", "Lenient success rate"),
        *(_count(name, label, 11.5) for name, label in _OBJECTS),
        _rate("object_success_rate", "Object success rate"),
        Figure("Volume (GB)", 12, lambda f: gigabytes(f.bytes, policy), lambda _: SIZE),
        _count("bytes", "Volume (bytes)", 19),
        _span("duration_mean_s", "Mean duration"),
        _span("duration_median_s", "Median duration"),
        _moment("last_success_at", f"Last success ({timezone})"),
        _moment("last_recovery_point_at", f"Last recovery point ({timezone})"),
        _span("longest_gap_s", "Longest gap"),
        _count("consecutive_failures", "Failures in a row"),
        _target("success_target_met", "Success target"),
        _target("gap_target_met", "Recovery-point target"),
    )


def gigabytes(size: int, policy: Policy) -> float:
    """Bytes in the policy's GB."""
    return size / _UNIT_BYTES[policy.units]


def span(seconds: float | None) -> timedelta | None:
    """Seconds as a length of time."""
    return None if seconds is None else timedelta(seconds=seconds)


_COUNTS: Final = (
    ("jobs", "Jobs"),
    ("success", "Success"),
    ("warning", "Warning"),
    ("failed", "Failed"),
    ("cancelled", "Cancelled"),
    ("running", "Running"),
    ("not_run", "Not run"),
    ("unknown", "Unknown"),
    ("completed", "Completed"),
)
_OBJECTS: Final = (
    ("objects_total", "Objects total"),
    ("objects_successful", "Objects successful"),
    ("objects_failed", "Objects failed"),
    ("objects_skipped", "Objects skipped"),
    ("objects_warning", "Objects with warning"),
)


def _count(name: str, label: str, width: float = 10.5) -> Figure:
    return Figure(label, width, lambda f: getattr(f, name), lambda _: COUNT)


def _rate(name: str, label: str) -> Figure:
    return Figure(label, 10, lambda f: getattr(f, name), lambda f: rate_style(getattr(f, name)))


def _span(name: str, label: str) -> Figure:
    return Figure(label, 11, lambda f: span(getattr(f, name)), lambda _: SPAN)


def _moment(name: str, label: str) -> Figure:
    return Figure(label, 20, lambda f: getattr(f, name), lambda _: MOMENT)


def _target(name: str, label: str) -> Figure:
    words = {True: "met", False: "missed", None: None}
    return Figure(label, 11, lambda f: words[getattr(f, name)], lambda _: CENTERED)
