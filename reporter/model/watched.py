"""How closely a period was watched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from reporter.model.figures import WATCHED_ENOUGH, Coverage
from reporter.model.report import ReportFigures
from reporter.period import Period

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Watched:
    """How a period was watched, of a report or of its JSON."""

    period: Period
    """The days the figures are of."""
    coverage: Coverage
    """How much was seen."""
    watch_every_s: float
    """The time between two looks, in seconds, within which no job is taken to run unseen."""
    as_of: datetime
    """The last look the figures rest on."""
    reference_at: datetime
    """The look that shows how scopes stand."""
    final: bool
    """Whether the period has been looked at after its end."""
    first_look: datetime | None
    """When the customer was first looked at; None where that was before the period."""
    all_told: bool = False
    """Whether the customer's own tenant has told all that looks may have missed."""

    @classmethod
    def of(cls, report: ReportFigures) -> Watched:
        """How the period of a report was watched."""
        return cls(
            report.period,
            report.coverage,
            report.policy.watch_every.total_seconds(),
            report.as_of,
            report.reference_at,
            report.final,
            report.first_look,
            report.first_look is None
            and report.tenant_history is not None
            and not report.tenant_history.unseen_scopes,
        )

    @property
    def runs(self) -> bool:
        """Whether the last look was before the period's end: the rest is to come."""
        return self.as_of < self.period.end

    @property
    def share(self) -> float:
        """The share of the period, from 0 to 1, in which looks were close enough; while it runs,
        the share of the time up to the last look.
        """
        so_far = _seconds(self.period.start, self.as_of)
        if not self.runs or so_far <= 0:
            return self.coverage.watched_share
        whole = _seconds(self.period.start, self.period.end)
        return min(1.0, self.coverage.watched_share * whole / so_far)

    @property
    def sparse(self) -> bool:
        """Whether so much time went unwatched that jobs may not have been seen."""
        return self.share < WATCHED_ENOUGH and not self.all_told

    @property
    def days(self) -> tuple[date, ...]:
        """The days of the period that have begun by the last look."""
        today = self.as_of.astimezone(self.period.zone).date()
        return tuple(day for day in self.period.days if day <= today)

    @property
    def missed_days(self) -> tuple[date, ...]:
        """The days on which nobody looked, of those that have begun."""
        begun = set(self.days)
        return tuple(day for day in self.coverage.missing_days if day in begun)

    @property
    def missed_since_first_look(self) -> tuple[date, ...]:
        """The missed days after the first look at the customer."""
        if self.first_look is None:
            return self.missed_days
        return tuple(day for day in self.missed_days if day > self.first_look.date())

    @property
    def interval_s(self) -> float | None:
        """The mean time between two looks of the period, in seconds to the hour; None without a
        second one.
        """
        looks = self.coverage.snapshots
        if looks < 2:
            return None
        start, end = self.period.start, min(self.as_of, self.period.end)
        if self.first_look is not None:
            start, end, looks = self.first_look, self.reference_at, looks - 1
        mean = _seconds(start, end) / looks
        return max(1, round(mean / _HOUR)) * _HOUR


def _seconds(start: datetime, end: datetime) -> float:
    # In UTC: Python subtracts two times of one zone by the wall clock, which jumps.
    return (end.astimezone(UTC) - start.astimezone(UTC)).total_seconds()
