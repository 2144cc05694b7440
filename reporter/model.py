"""The values that pass between the stages. Imports nothing of ours but `period`.

What each figure means is defined in docs/figures.md; the names here are the names there and in
the JSON of a report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from reporter.period import Period

if TYPE_CHECKING:
    import pandas as pd

Day = date
"""For fields that are themselves called `date`, where the type is looked up."""


class Outcome(StrEnum):
    """What became of a job; `jobs.catalog` maps the service's statuses to it."""

    SUCCESS = "success"
    WARNING = "warning"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RUNNING = "running"
    NOT_RUN = "not_run"
    UNKNOWN = "unknown"


class Listed(StrEnum):
    """How the reference snapshot lists a scope: with a job, or by a placeholder that tells of none.

    `jobs.catalog` maps the statuses of placeholders to it.
    """

    JOB = "job"
    """With a job: its jobs speak."""
    WAITING = "waiting"
    """Nothing has run yet, or a run is queued."""
    IDLE = "idle"
    """The service went through it, and there was nothing to back up."""
    OFF = "off"
    """Switched off."""
    REFUSED = "refused"
    """It could not run."""
    GONE = "gone"
    """Not listed, though it was before."""


OUT_OF_SIGHT = frozenset({Listed.IDLE, Listed.OFF, Listed.GONE})
"""How scopes are listed of which no recovery point is expected."""


class State(StrEnum):
    """How a scope, a module or a customer stands, in the order in which the first one counts."""

    CRITICAL = "critical"
    ATTENTION = "attention"
    HEALTHY = "healthy"
    NEVER_RUN = "never run"
    NO_DATA = "no data"
    IDLE = "idle"
    OFF = "off"


class QualityKind(StrEnum):
    """Why a value of the service is listed under data quality."""

    UNREADABLE = "unreadable"
    AMBIGUOUS = "ambiguous"
    UNDATED = "undated"
    DATED_BY_END = "dated by end"
    DATED_BY_MODIFICATION = "dated by modification"
    START_MOVED = "start moved"
    UNKNOWN_STATUS = "unknown status"
    UNKNOWN_CODE = "unknown code"
    INCONSISTENT_COUNTS = "inconsistent counts"
    CONTRADICTION = "contradiction"
    END_NOT_SEEN = "end not seen"


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
class Customer:
    """A customer of the provider, by the service's tenant owner id."""

    id: str
    """The service's id."""
    name: str
    """As configured, else as the service has it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A target of one service, of one module of it, or of one scope; None falls back to the wider
    one.
    """

    service: str
    """Of which service."""
    module: str | None = None
    """Of which module; None for all of the service."""
    name: str | None = None
    """Of which scope of the module; None for all of them."""
    success_rate: float | None = None
    """From 0 to 1; None where the general one applies."""
    object_success_rate: float | None = None
    """From 0 to 1; None where the general one applies."""
    max_gap: timedelta | None = None
    """None where the general one applies."""


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """What the provider leaves out of the figures, and why."""

    service: str
    """Of which service."""
    module: str | None
    """Which module; None for all of the service."""
    name: str | None
    """Which scope of the module; None for all of them."""
    reason: str
    """In the provider's words."""


Place = tuple[str | None, str | None, str | None]
"""Service, module and name of a scope; None for all of them."""


def _widths(service: str | None, module: str | None, name: str | None) -> tuple[Place, ...]:
    """A place and those that hold it, the narrowest first, each once."""
    widths = ((service, module, name), (service, module, None), (service, None, None))
    return tuple(dict.fromkeys(widths))


def rate(part: int, whole: int) -> float | None:
    """A share of something; None of nothing: never 0, never 1."""
    return part / whole if whole > 0 else None


@dataclass(frozen=True, slots=True)
class Policy:
    """How jobs are counted and judged."""

    warning: Literal["warning", "success", "failed"] = "warning"
    """As what a job with exceptions counts."""
    cancelled: Literal["failed", "excluded"] = "failed"
    """Whether a cancelled job counts as failed, or not at all."""
    units: Literal["binary", "decimal"] = "binary"
    """What a GB is: 1024³ bytes or 1000³."""
    target_success_rate: float = 0.95
    """From 0 to 1."""
    target_object_success_rate: float = 0.95
    """From 0 to 1."""
    max_gap: timedelta = timedelta(hours=26)
    """Zero switches the recovery-point target off. Daily, with two hours' leeway."""
    watch_every: timedelta = timedelta(hours=7)
    """No job is taken to run unseen between looks that are no further apart."""
    targets: tuple[Target, ...] = ()
    """Targets of single services, modules and scopes; the narrowest applies."""
    left_out: tuple[LeaveOut, ...] = ()
    """What enters no figure."""

    @property
    def completing(self) -> tuple[Outcome, ...]:
        """The outcomes of jobs that came to an end that counts."""
        cancelled = () if self.cancelled == "excluded" else (Outcome.CANCELLED,)
        return (Outcome.SUCCESS, Outcome.WARNING, Outcome.FAILED, *cancelled)

    @property
    def succeeding(self) -> tuple[Outcome, ...]:
        """The outcomes of jobs that count as successful."""
        warning = (Outcome.WARNING,) if self.warning == "success" else ()
        return (Outcome.SUCCESS, *warning)

    @property
    def recovering(self) -> tuple[Outcome, ...]:
        """The outcomes of jobs that leave a recovery point."""
        warning = () if self.warning == "failed" else (Outcome.WARNING,)
        return (Outcome.SUCCESS, *warning)

    @property
    def failing(self) -> tuple[Outcome, ...]:
        """The outcomes of jobs that count as failures in a row."""
        return tuple(outcome for outcome in self.completing if outcome not in self.recovering)

    def completed(self, jobs: Mapping[Outcome, int]) -> int:
        """How many of some jobs, by outcome, came to an end that counts."""
        return sum(jobs[outcome] for outcome in self.completing)

    def successful(self, jobs: Mapping[Outcome, int]) -> int:
        """How many of some jobs, by outcome, count as successful."""
        return sum(jobs[outcome] for outcome in self.succeeding)

    def success_rate(self, jobs: Mapping[Outcome, int]) -> float | None:
        """Successful of completed jobs, from 0 to 1; None where none was completed."""
        return rate(self.successful(jobs), self.completed(jobs))

    def left_out_by(self, service: str, module: str, name: str | None) -> LeaveOut | None:
        """The narrowest rule by which a scope is left out; None where there is none."""
        rules = {(rule.service, rule.module, rule.name): rule for rule in reversed(self.left_out)}
        widths = _widths(service, module, name)
        return next((rules[width] for width in widths if width in rules), None)

    def success_target(
        self, service: str | None = None, module: str | None = None, name: str | None = None
    ) -> float:
        """The success rate asked of a scope, a module, a service, or (no arguments) the
        customer.
        """
        for target in self._applying(service, module, name):
            if target.success_rate is not None:
                return target.success_rate
        return self.target_success_rate

    def object_target(
        self, service: str | None = None, module: str | None = None, name: str | None = None
    ) -> float:
        """The object success rate asked of a scope, a module, a service, or the customer."""
        for target in self._applying(service, module, name):
            if target.object_success_rate is not None:
                return target.object_success_rate
        return self.target_object_success_rate

    def gap_target(
        self, service: str | None = None, module: str | None = None, name: str | None = None
    ) -> timedelta:
        """The longest gap allowed to a scope, a module, a service, or the customer."""
        for target in self._applying(service, module, name):
            if target.max_gap is not None:
                return target.max_gap
        return self.max_gap

    def _applying(self, service: str | None, module: str | None, name: str | None) -> list[Target]:
        """The targets that apply, the narrowest first."""
        return [
            target
            for place in _widths(service, module, name)
            for target in self.targets
            if (target.service, target.module, target.name) == place
        ]


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
    """The figure that tells: a number of failures or of licences, a rate from 0 to 1, seconds, or
    bytes.
    """
    target: float | None = None
    """The target it misses, in the same unit."""
    since: datetime | None = None
    """Since when: switched off, not listed any more, or expired."""
    subject: str = ""
    """Which subscription; else empty."""


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
class Previous:
    """How the customer stood in the period of the same kind just before."""

    period: Period
    """The days it is of."""
    state: State
    """That of its worst module."""
    totals: Figures
    """The figures of the customer."""
    watch: Watch
    """How closely it was watched."""


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


@dataclass(frozen=True, slots=True)
class QualityNote:
    """Values of one field that could not be used as they are: how often, and a few of them."""

    kind: QualityKind
    """What is wrong."""
    field: str
    """The API's own name of the field."""
    values: tuple[str, ...]
    """Up to three raw values, the most frequent first; of contradictions, these in words."""
    count: int
    """How often."""
    jobs: tuple[str, ...] = ()
    """Ids of the first five jobs it is in."""


@dataclass(frozen=True, slots=True)
class Source:
    """One stored reply of the service."""

    fetched_at: datetime
    """When it was received."""
    url: str
    """What was asked for."""
    sha256: str
    """Of the body, in hexadecimal."""
    rows: int
    """Rows in it."""


@dataclass(frozen=True, slots=True)
class Observations:
    """When the customer was looked at: the times of complete snapshots and their replies."""

    snapshots: tuple[datetime, ...]
    sources: tuple[Source, ...]


class Lack(StrEnum):
    """Why nothing is known of something that is asked for beside the jobs."""

    NOT_PERMITTED = "not permitted"
    NOT_THERE = "not there"
    FAILED = "failed"
    NEVER_FETCHED = "never fetched"
    SAVED_REPLIES = "saved replies"


@dataclass(frozen=True, slots=True)
class Absence:
    """Why nothing is known; `render.protection` puts it into words."""

    kind: Lack
    """What is the matter."""
    said: str = ""
    """The permission that lacks, or what failed; else empty."""


@dataclass(frozen=True, slots=True)
class Protected:
    """What is protected of a module or of the customer; None where the service does not say."""

    scanned: int | None
    """Objects the service found."""
    protected: int | None
    """Those of them it protects."""
    share: float | None
    """Protected of scanned objects, from 0 to 1; None without both, or without any scanned."""
    bytes_avepoint: int | None
    """Stored with AvePoint, as the service reports it, rounded."""
    bytes_own: int | None
    """Stored in the customer's own storage, as the service reports it, rounded."""


@dataclass(frozen=True, slots=True)
class ProtectedModule:
    """One line of the service's list of protected data."""

    service: str
    """As the service names it, such as `Microsoft 365`."""
    module: str
    """As the service names it, such as `Exchange Online`."""
    figures: Protected
    """Its own."""


@dataclass(frozen=True, slots=True)
class Protection:
    """How much of what the service found it protects, and where that is stored."""

    as_of: datetime | None
    """When the service said so; None where it did not."""
    absence: Absence | None
    """Why nothing is known; None where something is."""
    totals: Protected
    """Of all modules together."""
    modules: tuple[ProtectedModule, ...]
    """In the order of the service; empty where it lists none."""


EXPIRES_SOON_DAYS = 60
"""A product with no more days left is to be renewed."""


@dataclass(frozen=True, slots=True)
class Product:
    """One product of a subscription; None where the service does not say."""

    service: str
    """As the service names it, such as `Cloud Backup for Microsoft 365`."""
    name: str | None
    """The name of the subscription."""
    model: str | None
    """What is counted, such as `User seats`."""
    seats: int | None
    """User seats bought."""
    units: int | None
    """Units bought."""
    licences_assigned: int | None
    """Microsoft licences given to users."""
    licences_available: int | None
    """Microsoft licences there are."""
    capacity_bytes: int | None
    """Capacity bought."""
    protected_bytes: int | None
    """Capacity used by what is protected."""
    consumed_bytes: int | None
    """Storage taken up."""
    storage: str | None
    """Where it is stored, in the service's words."""
    retention: str | None
    """How long it is kept, in the service's words."""
    expires_on: date | None
    """The last day."""
    contract_ends_on: date | None
    """The last day of the contract."""
    days_left: int | None
    """From the period's end, or the last fetch while it runs, to the last day; below zero where
    that is past.
    """

    @property
    def expired(self) -> bool:
        """Whether its last day is past at the period's end."""
        return self.days_left is not None and self.days_left < 0

    @property
    def ending(self) -> bool:
        """Whether it has expired or will within 60 days."""
        return self.days_left is not None and self.days_left <= EXPIRES_SOON_DAYS

    @property
    def over_seats(self) -> bool:
        """Whether more licences are assigned than seats were bought."""
        bought, used = self.seats, self.licences_assigned
        return bought is not None and used is not None and used > bought

    @property
    def over_capacity(self) -> bool:
        """Whether more is protected than capacity was bought."""
        bought, used = self.capacity_bytes, self.protected_bytes
        return bought is not None and used is not None and used > bought


@dataclass(frozen=True, slots=True)
class Subscription:
    """What the customer has bought of the service."""

    as_of: datetime | None
    """When the service said so; None where it did not."""
    absence: Absence | None
    """Why nothing is known; None where something is."""
    products: tuple[Product, ...]
    """The soonest to expire first; empty where the service lists none."""
    other_products: int = 0
    """Products of the vendor that are no backup: counted, not listed."""


class RestoreResult(StrEnum):
    """What came of a restore test."""

    PASSED = "passed"
    PARTLY = "partly"
    FAILED = "failed"


class RestoreStanding(StrEnum):
    """What the restore tests on record amount to, worst first."""

    MISSING = "missing"
    """None is on record."""
    FAILED = "failed"
    """The last one failed."""
    OLD = "old"
    """None of the last twelve months passed."""
    GOOD = "good"
    """One of the last twelve months passed."""


@dataclass(frozen=True, slots=True)
class RestoreTest:
    """One restore test, as the provider put it on record."""

    date: Day
    """When it was done."""
    scope: str
    """What was restored."""
    result: RestoreResult
    """What came of it."""
    deviation: str = ""
    """What went otherwise than planned; may be empty."""
    correction: str = ""
    """What was done about it; may be empty."""
    by: str = ""
    """Who did it; may be empty."""


@dataclass(frozen=True, slots=True)
class RestoreTests:
    """The restore tests on record up to the period's end, and what they amount to."""

    standing: RestoreStanding
    """Whether restoring has been shown to work lately."""
    last: RestoreTest | None
    """The newest, however old; None where none is on record."""
    last_passed_on: date | None
    """When one last passed; None where none ever did."""
    tests: tuple[RestoreTest, ...]
    """Those of the last 365 days of the period, the newest first."""


FigureValue = str | int | float | None
"""A figure as the JSON of a report has it: times as ISO 8601, rates as fractions."""


@dataclass(frozen=True, slots=True)
class Change:
    """One figure that was another in an earlier version of the report."""

    figure: str
    """Its key in docs/figures.md, under "Versions" for those that are no figure of a module."""
    service: str
    """Of which service; empty for the customer as a whole."""
    module: str
    """Of which module; empty for the customer as a whole."""
    name: str | None
    """Of which scope; None for all of the module."""
    before: FigureValue
    """What the earlier version says; None where it says nothing."""
    now: FigureValue
    """What this version says; None where it says nothing."""


@dataclass(frozen=True, slots=True)
class Restatement:
    """What a version of a report corrects of an earlier one, whose period was over by then."""

    number: int
    """Which version it corrects."""
    made_at: datetime
    """When that one was made."""
    changes: tuple[Change, ...]
    """The customer's figures first; empty where only single jobs or days are others."""
    redefined: bool
    """Whether the earlier one was made by other definitions of the figures."""
    late: bool
    """Whether the service has said something since that the earlier one could not know."""


@dataclass(frozen=True)
class ReportFigures:
    """Everything a template may print about one customer and one period: plain values alone."""

    customer: Customer
    """Whose backups."""
    period: Period
    """The days the figures are of."""
    policy: Policy
    """How jobs are counted, and the targets."""
    state: State
    """That of the worst module."""
    reasons: tuple[Reason, ...]
    """Most pressing first."""
    totals: Figures
    """The figures of the customer."""
    services: tuple[ServiceFigures, ...]
    """By name."""
    modules: tuple[ModuleFigures, ...]
    """By service and name."""
    daily: tuple[DayFigures, ...]
    """One for each day and module with jobs."""
    previous: Previous | None
    """The period before; None where nothing is known of it."""
    coverage: Coverage
    """How much was seen and protected."""
    exceptions: tuple[JobException, ...]
    """Open ones first, then the newest."""
    other_jobs: tuple[OtherJobs, ...]
    """Jobs that are no backups, counted apart."""
    quality: tuple[QualityNote, ...]
    """What the service sent that cannot be used or contradicts itself."""
    sources: tuple[Source, ...]
    """The replies the report rests on, oldest first."""
    gaps: tuple[Gap, ...]
    """The certain ones first, the longest first."""
    silent: tuple[SilentDay, ...]
    """The days of the period without a job, by module and day."""
    running: tuple[RunningJob, ...]
    """Jobs of the period that the last look lists as running, the longest first."""
    left_out: tuple[LeftOut, ...]
    """What enters no figure, with the reason."""
    reference_at: datetime
    """The snapshot off which it is read how each scope stands."""
    final: bool
    """Whether a snapshot was taken at the period's end and `watch_every`, or later: from then on
    only what is said of its jobs, and cures, adds to the report.
    """
    first_look: datetime | None
    """When the customer was first looked at; None where that was before the period."""
    history: tuple[MonthFigures, ...]
    """The twelve months up to the period's last, oldest first; empty without a store."""
    protection: Protection
    """Protected against scanned objects, or why nothing is known of them."""
    subscription: Subscription
    """What was bought and until when, or why nothing is known of it."""
    as_of: datetime
    """The last fetch the report rests on; also the date of its documents."""
    version: int | None = None
    """Which version of the report this is, from 1; None without a store."""
    restatement: Restatement | None = None
    """What it corrects; None where it corrects nothing."""
    restore_tests: RestoreTests | None = None
    """The restore tests on record; None where no file of them is configured."""

    @property
    def comparable(self) -> bool:
        """Whether there is a period before, and both were watched closely enough to compare."""
        before = self.previous
        return before is not None and before.watch.comparable and self.coverage.watch.comparable

    @property
    def not_judged(self) -> int:
        """Scopes whose recovery-point target cannot be judged, though there is one."""
        return not_judged(self.modules, self.policy)


def not_judged(modules: Iterable[ModuleFigures], policy: Policy) -> int:
    """How many scopes of the modules have a recovery-point target that cannot be judged."""
    return sum(
        scope.in_sight
        and scope.figures.gap_target_met is None
        and bool(policy.gap_target(module.service, module.module, scope.name))
        for module in modules
        for scope in module.scopes
    )


@dataclass(frozen=True)
class Report(ReportFigures):
    """Everything a renderer may print about one customer and one period: figures and jobs."""

    jobs: pd.DataFrame = field(repr=False, compare=False, kw_only=True)
    """All jobs of the period and the undated ones first shown in it, backups or not, in the columns
    of `jobs.frame.JOB_COLUMNS` and `left_out`. Read only."""

    @property
    def plain(self) -> ReportFigures:
        """The report without the table of jobs, whose methods reach files and run code."""
        return ReportFigures(
            **{value.name: getattr(self, value.name) for value in fields(ReportFigures)}
        )


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture file as it is."""

    content: bytes = field(repr=False)
    """The file as it is."""
    media_type: Literal["image/svg+xml", "image/png"]
    """Of what kind it is."""


@dataclass(frozen=True, slots=True)
class Brand:
    """Whose report it is."""

    name: str = ""
    """The provider's name; may be empty."""
    logo: Logo | None = None
    """None without one."""
    color: str = "#1f4e79"
    """`#rrggbb`."""
    contact: str = ""
    """Where to ask; may be empty."""
    footer: str = ""
    """At the foot of each page; may be empty."""


Depth = Literal["page", "standard", "full"]
DEPTHS: Mapping[Depth, tuple[str, ...]] = {
    "page": ("summary",),
    "standard": (
        "summary",
        "services",
        "protection",
        "trend",
        "left_out",
        "quality",
        "method",
        "sources",
        "controls",
    ),
    "full": (
        "summary",
        "services",
        "protection",
        "trend",
        "annex",
        "left_out",
        "quality",
        "method",
        "sources",
        "controls",
    ),
}
"""The sections of each depth, in order."""
SECTIONS = DEPTHS["full"]
"""Every section there is."""


@dataclass(frozen=True, slots=True)
class Comment:
    """What an account manager says of one report, in Markdown."""

    text: str
    """In Markdown."""
    author: str = ""
    """May be empty."""
    date: Day | None = None
    """None where the file does not say."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The provider's own texts, in Markdown; empty ones are left out."""

    cover: str = ""
    """Makes a page of its own before the report."""
    introduction: str = ""
    """Stands above the report."""
    closing: str = ""
    """Stands below the report."""


@dataclass(frozen=True, slots=True)
class KnownRoot:
    """What the archive's chain amounts to before this period: noted, it shows later changes."""

    records: int
    """How many records the chain has."""
    root: str
    """Their Merkle root (RFC 6962), in hexadecimal."""
    through: str
    """The period of the last of them."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a report is shown; changes no figure."""

    brand: Brand = Brand()
    """Whose report it is."""
    page_size: Literal["A4", "Letter"] = "A4"
    """Of the PDF and of print."""
    locale: str = "en"
    """Language and place, such as `de` or `en_GB`."""
    depth: Depth = "standard"
    """How much the report holds."""
    sections: tuple[str, ...] = ()
    """Names and order of the sections, instead of those of `depth`."""
    texts: Texts = Texts()
    """The provider's own words."""
    comment: Comment | None = None
    """What the account manager says; None where nothing was written."""
    known_root: KnownRoot | None = None
    """What the archive came to before this period; None without one."""
    templates: Path | None = None
    """A folder of templates that come before the shipped ones; None in what templates are given."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One customer's report of one period: all it is made of that the store does not hold."""

    customer: Customer
    """Whose report it is."""
    period: Period
    """What it is about."""
    policy: Policy
    """By which rules its figures are made."""
    look: Look
    """How it is shown."""
    restore_tests: tuple[RestoreTest, ...] | None
    """Those on record up to the period's end; None where no record is kept."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of the service, exactly as received."""

    url: str
    fetched_at: datetime
    request_id: str
    body: bytes = field(repr=False)


Kind = Literal["protection", "subscription"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What is asked for beside the jobs."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking for something beside the jobs: complete replies, or why there are none.

    The permissions differ and the jobs must not hang on them, so that a failure is a value.
    """

    kind: Kind
    asked_at: datetime | None
    """None where nobody asked."""
    replies: tuple[Reply, ...] = ()
    absence: Absence | None = None
    unusable: tuple[Reply, ...] = ()
    """What came and could not be used: kept to be looked at, and nothing rests on it."""
    cut_from: Answer | None = None
    """The answer for all customers that this is a part of: kept once for all of them."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the service showed of one customer's jobs at one time: complete, or not made.

    Beside them stands what came of asking for the rest.
    """

    customer: Customer
    replies: tuple[Reply, ...]
    answers: tuple[Answer, ...] = ()

    @property
    def taken_at(self) -> datetime:
        """When the last of its replies came."""
        return max(reply.fetched_at for reply in self.replies)


class DeliveryState(StrEnum):
    """How far one delivery of one version of a report to one recipient has come."""

    QUEUED = "queued"
    """Waits for a person's yes."""
    APPROVED = "approved"
    """Goes with the next sending."""
    SENDING = "sending"
    """On its way now; or cut short there, which the next sending finds."""
    SENT = "sent"
    """The other side has said that it has it."""
    REFUSED = "refused"
    """The other side does not take it, and never will."""
    FAILED = "failed"
    """Not delivered; tried again later."""
    UNCERTAIN = "uncertain"
    """The other side may have it: nobody said. A person settles it."""
    WITHDRAWN = "withdrawn"
    """Not to be delivered: a newer version has replaced it, or it has lost its recipient."""
    DROPPED = "dropped"
    """Not to be delivered: a person has said so."""
