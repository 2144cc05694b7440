"""The values that pass between the stages. Imports nothing of ours but `period`.

What each figure means is defined in docs/figures.md; the names here are the names there and in
the JSON of a report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reporter.period import Period

if TYPE_CHECKING:
    import pandas as pd


class Outcome(StrEnum):
    """What became of a job; `jobs.catalog` maps the service's statuses to it."""

    SUCCESS = "success"
    WARNING = "warning"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RUNNING = "running"
    NOT_RUN = "not_run"
    UNKNOWN = "unknown"


class State(StrEnum):
    """How a module or a customer stands, worst first."""

    CRITICAL = "critical"
    ATTENTION = "attention"
    NEVER_RUN = "never run"
    NO_DATA = "no data"
    HEALTHY = "healthy"


class QualityKind(StrEnum):
    """Why a value of the service is listed under data quality."""

    UNREADABLE = "unreadable"
    UNDATED = "undated"
    UNKNOWN_STATUS = "unknown status"
    UNKNOWN_CODE = "unknown code"
    INCONSISTENT_COUNTS = "inconsistent counts"
    CONTRADICTION = "contradiction"


class ReasonKind(StrEnum):
    """Why a module is not healthy, most pressing first."""

    NO_RECOVERY_POINT = "no recovery point"
    FAILURES_IN_A_ROW = "failures in a row"
    SUCCESS_TARGET_MISSED = "success target missed"
    GAP_TARGET_MISSED = "gap target missed"
    ENDS_IN_FAILURE = "ends in failure"
    NEVER_RUN = "never run"
    NO_DATA = "no data"


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer of the provider, by the service's tenant owner id."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Target:
    """A target of one service, or of one module of it; None falls back to the wider one."""

    service: str
    module: str | None = None
    success_rate: float | None = None
    max_gap: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """How jobs are counted and judged."""

    warning: Literal["warning", "success", "failed"] = "warning"
    cancelled: Literal["failed", "excluded"] = "failed"
    units: Literal["binary", "decimal"] = "binary"
    target_success_rate: float = 0.95
    max_gap: timedelta = timedelta(hours=24)
    """Zero switches the recovery-point target off."""
    targets: tuple[Target, ...] = ()

    def success_target(self, service: str | None = None, module: str | None = None) -> float:
        """The success rate asked of a module, a service, or (no arguments) the customer."""
        for target in self._applying(service, module):
            if target.success_rate is not None:
                return target.success_rate
        return self.target_success_rate

    def gap_target(self, service: str | None = None, module: str | None = None) -> timedelta:
        """The longest gap allowed to a module, a service, or (no arguments) the customer."""
        for target in self._applying(service, module):
            if target.max_gap is not None:
                return target.max_gap
        return self.max_gap

    def _applying(self, service: str | None, module: str | None) -> list[Target]:
        """The targets that apply, the narrowest first."""
        same = [target for target in self.targets if target.service == service]
        own = [target for target in same if module is not None and target.module == module]
        return own + [target for target in same if target.module is None]


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a module, a service, a customer or the portfolio.

    Rates are fractions, unrounded; None is undefined. Times are in the report's zone,
    `_s` are seconds.
    """

    jobs: int
    success: int
    warning: int
    failed: int
    cancelled: int
    running: int
    not_run: int
    unknown: int
    completed: int
    success_rate: float | None
    lenient_success_rate: float | None
    objects_total: int
    objects_successful: int
    objects_failed: int
    objects_skipped: int
    objects_warning: int
    object_success_rate: float | None
    bytes: int
    duration_mean_s: float | None
    duration_median_s: float | None
    last_success_at: datetime | None
    last_recovery_point_at: datetime | None
    longest_gap_s: float | None
    consecutive_failures: int
    success_target_met: bool | None
    gap_target_met: bool | None


@dataclass(frozen=True, slots=True)
class ServiceFigures:
    """One service (`jobType`) of the customer."""

    service: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class ModuleFigures:
    """One module (`jobModule`) of a service."""

    service: str
    module: str
    state: State
    figures: Figures


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one module is not healthy; `render.text` puts it into words."""

    kind: ReasonKind
    service: str
    module: str
    value: float | None = None
    """The figure that tells: failures, a rate, or seconds."""
    target: float | None = None
    """The target it misses, in the same unit."""


@dataclass(frozen=True, slots=True)
class DayFigures:
    """The jobs of one module that started on one day of the report's zone; only days with jobs."""

    date: date
    service: str
    module: str
    jobs: int
    success: int
    warning: int
    failed: int
    cancelled: int
    running: int
    not_run: int
    unknown: int
    bytes: int

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


@dataclass(frozen=True, slots=True)
class Previous:
    """How the customer stood in the period of the same kind just before."""

    period: Period
    state: State
    totals: Figures


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without a recovery point that is longer than the module's target allows."""

    service: str
    module: str
    start: datetime
    """The last recovery point before it, or the period's start."""
    end: datetime
    """The next recovery point, the period's end or the last fetch."""
    allowed_s: float

    @property
    def length_s(self) -> float:
        # In UTC: two times of one zone are subtracted by the clock on the wall, which jumps.
        return (self.end.astimezone(UTC) - self.start.astimezone(UTC)).total_seconds()


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """What is known of one calendar month, for the trend."""

    period: Period
    jobs: int
    completed: int
    success_rate: float | None
    bytes: int
    observed_days: int
    days: int

    @property
    def known(self) -> bool:
        """Whether there is anything to show: jobs, or a day that was looked at."""
        return self.jobs > 0 or self.observed_days > 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the customer, and of the period, the report rests on."""

    modules_seen: int
    modules_covered: int
    snapshot_days: int
    days: int
    missing_days: tuple[date, ...]

    @property
    def complete(self) -> bool:
        """Whether every day of the period was observed."""
        return not self.missing_days


@dataclass(frozen=True, slots=True)
class JobException:
    """A failed, cancelled, unknown or warning job, and the job that cured it, if one did."""

    service: str
    module: str
    job_id: str
    name: str | None
    status: str | None
    outcome: Outcome
    started_at: datetime
    ended_at: datetime | None
    duration_s: float | None
    objects_total: int | None
    objects_failed: int | None
    bytes: int | None
    cured_by: str | None
    cured_after_s: float | None

    @property
    def open(self) -> bool:
        return self.cured_by is None


@dataclass(frozen=True, slots=True)
class OtherJobs:
    """Jobs the service lists that are no backups (scans, archiver, retention)."""

    service: str
    module: str
    jobs: int


@dataclass(frozen=True, slots=True)
class QualityNote:
    """A value that could not be used as it is, how often, and the first few jobs it is in."""

    kind: QualityKind
    field: str
    """The API's own name of the field."""
    value: str
    """The raw value; of a contradiction, the contradiction in words."""
    count: int
    jobs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One stored reply of the service."""

    fetched_at: datetime
    url: str
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class Observations:
    """When the customer was looked at: the times of complete snapshots and their replies."""

    snapshots: tuple[datetime, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Report:
    """Everything a renderer may print about one customer and one period."""

    customer: Customer
    period: Period
    policy: Policy
    state: State
    reasons: tuple[Reason, ...]
    """Most pressing first."""
    totals: Figures
    services: tuple[ServiceFigures, ...]
    modules: tuple[ModuleFigures, ...]
    daily: tuple[DayFigures, ...]
    previous: Previous | None
    coverage: Coverage
    exceptions: tuple[JobException, ...]
    """Open ones first, then the newest."""
    other_jobs: tuple[OtherJobs, ...]
    quality: tuple[QualityNote, ...]
    sources: tuple[Source, ...]
    gaps: tuple[Gap, ...]
    """The longest first."""
    history: tuple[MonthFigures, ...]
    """The twelve months up to the period's last, oldest first; empty without a store."""
    as_of: datetime
    """The last fetch the report rests on; also the date of its documents."""
    jobs: pd.DataFrame = field(repr=False, compare=False)
    """All jobs of the period and the undated ones, backups or not, in the columns of
    `jobs.frame.JOB_COLUMNS`. Read only."""


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture file as it is."""

    content: bytes = field(repr=False)
    media_type: Literal["image/svg+xml", "image/png"]


@dataclass(frozen=True, slots=True)
class Brand:
    """Whose report it is."""

    name: str = ""
    logo: Logo | None = None
    color: str = "#1f4e79"
    """`#rrggbb`."""
    contact: str = ""
    footer: str = ""


Depth = Literal["page", "standard", "full"]
DEPTHS: Mapping[Depth, tuple[str, ...]] = {
    "page": ("summary",),
    "standard": ("summary", "services", "trend", "quality", "method", "sources"),
    "full": ("summary", "services", "trend", "annex", "quality", "method", "sources"),
}
"""The sections of each depth, in order."""
SECTIONS = DEPTHS["full"]
"""Every section there is."""


@dataclass(frozen=True, slots=True)
class Comment:
    """What an account manager says of one report, in Markdown."""

    text: str
    author: str = ""
    date: date | None = None


@dataclass(frozen=True, slots=True)
class Texts:
    """The provider's own texts, in Markdown; empty ones are left out."""

    cover: str = ""
    """Makes a page of its own before the report."""
    introduction: str = ""
    closing: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """How a report is shown; changes no figure."""

    brand: Brand = Brand()
    page_size: Literal["A4", "Letter"] = "A4"
    locale: str = "en"
    depth: Depth = "standard"
    sections: tuple[str, ...] = ()
    """Names and order of the sections, instead of those of `depth`."""
    texts: Texts = Texts()
    comment: Comment | None = None
    templates: Path | None = None
    """A folder of templates that come before the shipped ones."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of the service, exactly as received."""

    url: str
    fetched_at: datetime
    request_id: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the service showed of one customer's jobs at one time: complete, or not made."""

    customer: Customer
    replies: tuple[Reply, ...]

    @property
    def taken_at(self) -> datetime:
        """When the last of its replies came."""
        return max(reply.fetched_at for reply in self.replies)
