"""The figures of modules, services and customers, and what stands beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Literal

from reporter.model.jobs import OUT_OF_SIGHT, Listed, Outcome
from reporter.period import Period

Day = date
"""For fields that are themselves called `date`, where the type is looked up."""


class State(StrEnum):
    """How a scope, a module or a customer stands, in the order in which the first one counts."""

    CRITICAL = "critical"
    ATTENTION = "attention"
    HEALTHY = "healthy"
    NEVER_RUN = "never run"
    NO_DATA = "no data"
    IDLE = "idle"
    OFF = "off"


class ReasonKind(StrEnum):
    """Why a scope, a module or the customer is not healthy, most pressing first."""

    NO_RECOVERY_POINT = "no recovery point"
    FAILURES_IN_A_ROW = "failures in a row"
    REFUSED = "refused"
    """It could not run, and has no recovery point in the period."""
    SUCCESS_TARGET_MISSED = "success target missed"
    OBJECT_TARGET_MISSED = "object target missed"
    GAP_TARGET_MISSED = "gap target missed"
    ENDS_IN_FAILURE = "ends in failure"
    ENDS_REFUSED = "ends refused"
    """It could not run at the last look, and has a recovery point in the period."""
    OBJECTS_FAILING = "objects failing"
    """Objects of it failed on several nights, and are not known to have recovered."""
    SWITCHED_OFF = "switched off"
    """Within the period."""
    GONE = "gone"
    EXPIRED = "expired"
    """A subscription, at the period's end."""
    OVER_SEATS = "over seats"
    OVER_CAPACITY = "over capacity"
    NEVER_RUN = "never run"
    NO_DATA = "no data"
    IDLE = "idle"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a scope, a module or the customer is not healthy; `render.text` puts it into words."""

    kind: ReasonKind
    """What is the matter."""
    service: str
    """Where; empty for the customer as a whole."""
    module: str
    """Where; empty for the customer as a whole."""
    name: str | None = None
    """Of which scope; None for the module as a whole, or where its scope has no name."""
    value: float | None = None
    """The figure that tells: a number of failures, objects or licences, a rate from 0 to 1,
    seconds, or bytes.
    """
    target: float | None = None
    """The target it misses, in the same unit."""
    since: datetime | None = None
    """Since when: switched off, not listed any more, expired, or objects failing."""
    subject: str = ""
    """Which subscription, or what type of objects; else empty."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a module, a service, a customer or the portfolio.

    Rates are fractions, unrounded; None is undefined. Times are in the report's zone,
    `_s` are seconds.
    """

    jobs: int
    """Backup jobs dated in the period: by their start, where it is known."""
    success: int
    """Jobs that finished without exception."""
    warning: int
    """Jobs that finished with exceptions."""
    failed: int
    """Jobs that failed."""
    cancelled: int
    """Jobs that were cancelled."""
    running: int
    """Jobs that had not ended at the last look."""
    not_run: int
    """Jobs the service skipped or did not start."""
    unknown: int
    """Jobs with a status that is in no list."""
    completed: int
    """Jobs that came to an end, as the policy counts."""
    success_rate: float | None
    """Successful of completed jobs, from 0 to 1; None where none was completed."""
    lenient_success_rate: float | None
    """The same with warnings as successes."""
    objects_total: int
    """Over completed jobs; missing counts are left out."""
    objects_successful: int
    """Over completed jobs; missing counts are left out."""
    objects_failed: int
    """Over completed jobs; missing counts are left out."""
    objects_skipped: int
    """Over completed jobs; missing counts are left out."""
    objects_warning: int
    """Over completed jobs; missing counts are left out."""
    object_success_rate: float | None
    """Successful of all but skipped objects; None where there are none."""
    bytes: int | None
    """Sum of the sizes, as the service reports them, rounded; None where it gives none."""
    sized_jobs: int
    """Jobs of that sum that have a readable size."""
    stored_bytes: int | None
    """What the last overview before the period's end says is stored of it, else the first after it;
    None where none says, and for a scope.
    """
    stored_change_bytes: int | None
    """That less the same by the last overview before the period; None without a second one."""
    duration_mean_s: float | None
    """Seconds, over completed jobs; None where no duration is known."""
    duration_median_s: float | None
    """Seconds, over completed jobs; None where no duration is known."""
    last_success_at: datetime | None
    """End of the last success up to the period's end; None where there is none."""
    last_recovery_point_at: datetime | None
    """End of the last job up to the period's end that can be restored from; None where there is
    none.
    """
    longest_gap_s: float | None
    """Seconds without a recovery point, of the longest time in which no job can have run unseen; 0
    where there is no such time, None where no job is known.
    """
    longest_gap_at_most_s: float | None
    """Seconds between the two recovery points seen that are furthest apart: the longest gap, if
    nothing ran unseen between them.
    """
    consecutive_failures: int
    """Failed jobs at the end of the period with no recovery point after them."""
    success_target_met: bool | None
    """None where there is no rate."""
    object_target_met: bool | None
    """None where there is no rate of objects."""
    gap_target_met: bool | None
    """None where it cannot be judged, or there is no target."""

    @property
    def outcomes(self) -> Mapping[Outcome, int]:
        """The jobs by what became of them."""
        return {outcome: getattr(self, outcome.value) for outcome in Outcome}


@dataclass(frozen=True, slots=True)
class ServiceFigures:
    """One service (`jobType`) of the customer."""

    service: str
    """As the service names it, such as `Microsoft 365`."""
    figures: Figures
    """Of all its modules together."""


@dataclass(frozen=True, slots=True)
class ScopeFigures:
    """One scope of a module: what is backed up on a schedule of its own."""

    name: str | None
    """As the service names it; None where the module is one scope without a name."""
    state: State
    """How it stands."""
    listed: Listed
    """How the reference snapshot lists it."""
    listed_since: datetime | None
    """Since when it is switched off, or, of one that is gone, when it was last listed, in the
    report's time zone; None for all others.
    """
    figures: Figures
    """Its own."""

    @property
    def in_sight(self) -> bool:
        """Whether recovery points are expected of it: it is neither idle, nor off, nor gone."""
        return self.listed not in OUT_OF_SIGHT


@dataclass(frozen=True, slots=True)
class ModuleFigures:
    """One module (`jobModule`) of a service."""

    service: str
    """As the service names it, such as `Microsoft 365`."""
    module: str
    """As the service names it, such as `Exchange Online`."""
    state: State
    """How it stands: the first of its scopes' and its own."""
    scopes: tuple[ScopeFigures, ...]
    """The one that needs attention most first."""
    figures: Figures
    """Of all its scopes together."""

    @property
    def named(self) -> bool:
        """Whether the service tells scopes of it apart by name."""
        return any(scope.name is not None for scope in self.scopes)


@dataclass(frozen=True, slots=True)
class DayFigures:
    """The jobs of one module dated on one day of the report's zone; only days with jobs."""

    date: date
    """In the report's time zone."""
    service: str
    """As the service names it, such as `Microsoft 365`."""
    module: str
    """As the service names it, such as `Exchange Online`."""
    jobs: int
    """Backup jobs dated on it."""
    success: int
    """Jobs that finished without exception."""
    warning: int
    """Jobs that finished with exceptions."""
    failed: int
    """Jobs that failed."""
    cancelled: int
    """Jobs that were cancelled."""
    running: int
    """Jobs that had not ended at the last look."""
    not_run: int
    """Jobs the service skipped or did not start."""
    unknown: int
    """Jobs with a status that is in no list."""
    bytes: int | None
    """Sum of the sizes, as the service reports them, rounded; None where it gives none."""

    @property
    def worst(self) -> Outcome:
        """The worst outcome of the day, in the order of the calendar."""
        return next(outcome for outcome in WORST_FIRST if getattr(self, outcome.value))


WORST_FIRST = (
    Outcome.FAILED,
    Outcome.CANCELLED,
    Outcome.UNKNOWN,
    Outcome.WARNING,
    Outcome.RUNNING,
    Outcome.NOT_RUN,
    Outcome.SUCCESS,
)


class Silence(StrEnum):
    """What a day without a job of a module amounts to."""

    NO_RUN = "no run"
    """The day was observed, and nothing can have run unseen."""
    NOT_OBSERVED = "not observed"
    """Nobody looked, or not often enough to know."""
    TO_COME = "to come"
    """The day is not over at the last look, in a period that still runs."""


@dataclass(frozen=True, slots=True)
class SilentDay:
    """A day of the period without a job of a module."""

    date: date
    """In the report's time zone."""
    service: str
    """As the service names it, such as `Microsoft 365`."""
    module: str
    """As the service names it, such as `Exchange Online`."""
    silence: Silence
    """What is known of it."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How closely the service was asked in a period."""

    snapshots: int
    """Complete snapshots taken in it."""
    observed_days: int
    """Days of it on which one was taken."""
    days: int
    """Days of it."""
    watched_share: float
    """Share of it, from 0 to 1, between neighbouring snapshots no further apart than the policy's
    `watch_every`.
    """

    @property
    def sparse(self) -> bool:
        """Whether so much went unwatched that what ran may not have been seen."""
        return self.watched_share < WATCHED_ENOUGH

    @property
    def comparable(self) -> bool:
        """Whether its figures can be held against those of another period."""
        return self.observed_days >= WATCHED_ENOUGH * self.days and not self.sparse


WATCHED_ENOUGH = 0.9
"""The share of a period's days, and of its time, that must have been watched for a comparison."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without a recovery point of a scope that is longer than its target allows."""

    service: str
    """As the service names it, such as `Microsoft 365`."""
    module: str
    """As the service names it, such as `Exchange Online`."""
    name: str | None
    """Of which scope; None where it has no name."""
    start: datetime
    """The last recovery point before it, or the start of the first job known."""
    end: datetime
    """The next recovery point, the period's end or the last snapshot."""
    allowed_s: float
    """Seconds the target allows."""
    certain: bool
    """Whether no unseen time overlaps it: else a job may have run in it that was never shown."""

    @property
    def length_s(self) -> float:
        """Seconds it lasted."""
        return _seconds(self.start, self.end)


def _seconds(start: datetime, end: datetime) -> float:
    # In UTC: two times of one zone are subtracted by the clock on the wall, which jumps.
    return (end.astimezone(UTC) - start.astimezone(UTC)).total_seconds()


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """What is known of one calendar month, for the trend."""

    period: Period
    """The month."""
    jobs: int
    """Backup jobs dated in it."""
    completed: int
    """Jobs that came to an end."""
    success_rate: float | None
    """From 0 to 1; None where none was completed."""
    bytes: int | None
    """Sum of the sizes, as the service reports them, rounded; None where it gives none."""
    observed_days: int
    """Days on which a complete snapshot was taken."""
    days: int
    """Days of the month."""

    @property
    def known(self) -> bool:
        """Whether there is anything to show: jobs, or a day that was looked at."""
        return self.jobs > 0 or self.observed_days > 0


@dataclass(frozen=True, slots=True)
class Tally:
    """The backup jobs of one month, counted before any policy: what its figures come from."""

    outcomes: Mapping[Outcome, int]
    """Jobs by outcome."""
    bytes: Mapping[Literal["binary", "decimal"], int | None]
    """Sum of the sizes, by what a GB is; None where the service gives none."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the customer, and of the period, the report rests on."""

    modules_seen: int
    """Modules of backups with a scope that is neither idle, nor off, nor gone."""
    modules_covered: int
    """Those of which every such scope has a recovery point in the period."""
    modules_idle: int
    """Modules with nothing to back up."""
    modules_off: int
    """The other modules that are not seen: switched off, or not listed any more."""
    scopes_seen: int
    """Scopes that are neither idle, nor off, nor gone."""
    scopes_covered: int
    """Those with a recovery point in the period."""
    snapshots: int
    """Complete snapshots taken in the period."""
    snapshot_days: int
    """Days of the period on which one was taken."""
    days: int
    """Days of the period."""
    missing_days: tuple[date, ...]
    """Days of the period on which none was."""
    watched_share: float
    """Share of the period, from 0 to 1, between neighbouring snapshots no further apart than the
    policy's `watch_every`.
    """

    @property
    def watch(self) -> Watch:
        """How closely the period was watched."""
        return Watch(self.snapshots, self.snapshot_days, self.days, self.watched_share)

    @property
    def complete(self) -> bool:
        """Whether every day of the period was observed."""
        return not self.missing_days


@dataclass(frozen=True, slots=True)
class JobException:
    """A failed, cancelled, unknown or warning job, and the job that cured it, if one did."""

    service: str
    """As the service names it, such as `Microsoft 365`."""
    module: str
    """As the service names it, such as `Exchange Online`."""
    job_id: str
    """The service's id of the job."""
    name: str | None
    """The scope's; None where it has none."""
    status: str | None
    """As the service wrote it; None where it wrote nothing."""
    outcome: Outcome
    """What the status means."""
    started_at: datetime | None
    """In the report's time zone; None where that is not known."""
    ended_at: datetime | None
    """In the report's time zone; None where that is not known."""
    duration_s: float | None
    """Seconds; None where that is not known."""
    objects_total: int | None
    """None where the service gives no count."""
    objects_failed: int | None
    """None where the service gives no count."""
    bytes: int | None
    """As the service reports it, rounded; None where that is not known."""
    cured_by: str | None
    """Id of the later job that made up for it; None where there is none."""
    cured_after_s: float | None
    """Seconds from its end to the end of that job; None where there is none."""

    @property
    def open(self) -> bool:
        """Whether no later job made up for it, as far as is known."""
        return self.cured_by is None


@dataclass(frozen=True, slots=True)
class RunningJob:
    """A job that the last look still lists as running."""

    service: str
    """As the service names it, such as `Microsoft 365`."""
    module: str
    """As the service names it, such as `Exchange Online`."""
    name: str | None
    """The scope's; None where it has none."""
    job_id: str
    """The service's id of the job."""
    started_at: datetime
    """In the report's time zone."""
    seen_at: datetime
    """The last look, in the report's time zone."""

    @property
    def length_s(self) -> float:
        """Seconds it had been running by then."""
        return _seconds(self.started_at, self.seen_at)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A scope that the provider leaves out of the figures."""

    service: str
    """As the service names it, such as `Microsoft 365`."""
    module: str
    """As the service names it, such as `Exchange Online`."""
    name: str | None
    """The scope's; None where it has none."""
    reason: str
    """In the provider's words."""
    jobs: int
    """Its jobs dated in the period."""


@dataclass(frozen=True, slots=True)
class OtherJobs:
    """Jobs the service lists that are no backups (scans, archiver, retention)."""

    service: str
    """As the service names it, such as `Microsoft 365`."""
    module: str
    """As the service names it, such as `Exchange Online`."""
    jobs: int
    """How many."""
