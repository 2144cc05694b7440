"""The values that pass between the stages. Imports nothing of ours but `period`.

What each figure means is defined in docs/figures.md; the names here are the names there and in
the JSON of a report.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    """The service's id."""
    name: str
    """As configured, else as the service has it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A target of one service, or of one module of it; None falls back to the wider one."""

    service: str
    """Of which service."""
    module: str | None = None
    """Of which module; None for all of the service."""
    success_rate: float | None = None
    """From 0 to 1; None where the general one applies."""
    max_gap: timedelta | None = None
    """None where the general one applies."""


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
    max_gap: timedelta = timedelta(hours=24)
    """Zero switches the recovery-point target off."""
    targets: tuple[Target, ...] = ()
    """Targets of single services and modules; the narrowest applies."""

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
    """Backup jobs that started in the period."""
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
    """Jobs the service skipped."""
    unknown: int
    """Jobs in a state nobody knows."""
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
    bytes: int
    """Sum of the sizes, as the service reports them, rounded."""
    duration_mean_s: float | None
    """Seconds, over completed jobs; None where no duration is known."""
    duration_median_s: float | None
    """Seconds, over completed jobs; None where no duration is known."""
    last_success_at: datetime | None
    """End of the last success up to the period's end; None where there is none."""
    last_recovery_point_at: datetime | None
    """End of the last job to restore from; None where there is none."""
    longest_gap_s: float | None
    """Seconds without a recovery point; None where nothing is known."""
    consecutive_failures: int
    """Failures at the end of the period with no success after them."""
    success_target_met: bool | None
    """None where there is no rate."""
    gap_target_met: bool | None
    """None where no job was completed, or there is no target."""


@dataclass(frozen=True, slots=True)
class ServiceFigures:
    """One service (`jobType`) of the customer."""

    service: str
    """As the service names it, such as `Microsoft 365`."""
    figures: Figures
    """Of all its modules together."""


@dataclass(frozen=True, slots=True)
class ModuleFigures:
    """One module (`jobModule`) of a service."""

    service: str
    """As the service names it, such as `Microsoft 365`."""
    module: str
    """As the service names it, such as `Exchange Online`."""
    state: State
    """How it stands."""
    figures: Figures
    """Its own."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one module is not healthy; `render.text` puts it into words."""

    kind: ReasonKind
    """What is the matter."""
    service: str
    """Where; empty for the customer as a whole."""
    module: str
    """Where; empty for the customer as a whole."""
    value: float | None = None
    """The figure that tells: failures, a rate, or seconds."""
    target: float | None = None
    """The target it misses, in the same unit."""


@dataclass(frozen=True, slots=True)
class DayFigures:
    """The jobs of one module that started on one day of the report's zone; only days with jobs."""

    date: date
    """In the report's time zone."""
    service: str
    """As the service names it, such as `Microsoft 365`."""
    module: str
    """As the service names it, such as `Exchange Online`."""
    jobs: int
    """Backup jobs that started on it."""
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
    """Jobs the service skipped."""
    unknown: int
    """Jobs in a state nobody knows."""
    bytes: int
    """Sum of the sizes, as the service reports them, rounded."""

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
    """The days it is of."""
    state: State
    """That of its worst module."""
    totals: Figures
    """The figures of the customer."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without a recovery point that is longer than the module's target allows."""

    service: str
    """As the service names it, such as `Microsoft 365`."""
    module: str
    """As the service names it, such as `Exchange Online`."""
    start: datetime
    """The last recovery point before it, or the period's start."""
    end: datetime
    """The next recovery point, the period's end or the last fetch."""
    allowed_s: float
    """Seconds the target allows."""

    @property
    def length_s(self) -> float:
        # In UTC: two times of one zone are subtracted by the clock on the wall, which jumps.
        """Seconds it lasted."""
        return (self.end.astimezone(UTC) - self.start.astimezone(UTC)).total_seconds()


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """What is known of one calendar month, for the trend."""

    period: Period
    """The month."""
    jobs: int
    """Backup jobs that started in it."""
    completed: int
    """Jobs that came to an end."""
    success_rate: float | None
    """From 0 to 1; None where none was completed."""
    bytes: int
    """Sum of the sizes, as the service reports them, rounded."""
    observed_days: int
    """Days on which the service's list was read completely."""
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
    bytes: Mapping[Literal["binary", "decimal"], int]
    """Sum of the sizes, by what a GB is."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the customer, and of the period, the report rests on."""

    modules_seen: int
    """Modules of backups that are known of the customer."""
    modules_covered: int
    """Those with a recovery point in the period."""
    snapshot_days: int
    """Days on which the service's list was read completely."""
    days: int
    """Days of the period."""
    missing_days: tuple[date, ...]
    """Days of the period on which it was not."""

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
    """The job's name; None where the service gives none."""
    status: str | None
    """As the service wrote it; None where it wrote nothing."""
    outcome: Outcome
    """What the status means."""
    started_at: datetime
    """In the report's time zone."""
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
    """A value that could not be used as it is, how often, and the first few jobs it is in."""

    kind: QualityKind
    """What is wrong."""
    field: str
    """The API's own name of the field."""
    value: str
    """The raw value; of a contradiction, the contradiction in words."""
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
    """From the day the service said so to the last day; below zero where that is past."""

    @property
    def expired(self) -> bool:
        """Whether its last day is past."""
        return self.days_left is not None and self.days_left < 0

    @property
    def ending(self) -> bool:
        """Whether it has expired or does within 60 days."""
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
    """Those of the last twelve months, the newest first."""


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
    """The longest first."""
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


@dataclass(frozen=True)
class Report(ReportFigures):
    """Everything a renderer may print about one customer and one period: figures and jobs."""

    jobs: pd.DataFrame = field(repr=False, compare=False, kw_only=True)
    """All jobs of the period and the undated ones, backups or not, in the columns of
    `jobs.frame.JOB_COLUMNS`. Read only."""

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
