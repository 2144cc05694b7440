"""Which snapshots a period is seen by: docs/figures.md, "Snapshots, and how a scope is listed"."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reporter.period import Period


@dataclass(frozen=True, slots=True)
class Cut:
    """How a customer's complete snapshots lie relative to a period, as places in their order."""

    inside: range
    """Those taken in the period."""
    counted: int
    """How many count: up to the first at or after the period's end and `watch_every`."""
    final: bool
    """Whether all snapshots that can count have been taken."""


def cut(times: Sequence[datetime], period: Period, watch_every: timedelta) -> Cut:
    """How snapshots taken at these sorted times lie relative to a period."""
    # In UTC: by the clock on the wall, an hour of the clock change is lost or counted twice.
    settled = bisect_left(times, period.end.astimezone(UTC) + watch_every)
    return Cut(
        range(bisect_left(times, period.start), bisect_left(times, period.end)),
        min(settled + 1, len(times)),
        settled < len(times),
    )
