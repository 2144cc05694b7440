"""One customer's report of one period."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from reporter.model.figures import (
    Coverage,
    DayFigures,
    Figures,
    Gap,
    JobException,
    LeftOut,
    ModuleFigures,
    MonthFigures,
    OtherJobs,
    Reason,
    RunningJob,
    ServiceFigures,
    SilentDay,
    State,
    Watch,
)
from reporter.model.jobs import Answer, Customer, Source
from reporter.model.objects import Objects
from reporter.model.policy import Policy
from reporter.model.protection import (
    Product,
    ProtectedModule,
    Protection,
    RestoreTests,
    Subscription,
)
from reporter.model.tenant import (
    BackupSettings,
    ModuleFrequency,
    ModuleHistory,
    RestoreJob,
    RestoreJobs,
    RetentionPolicy,
    Stretch,
    TenantHistory,
)
from reporter.model.users import USUAL_NAMES, ListedUser, Names, Users
from reporter.period import Period

if TYPE_CHECKING:
    import pandas as pd


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


Unread = Counter[tuple[QualityKind, str, str]]
"""How often each raw value of a field could not be used, by kind."""


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer of a source comes to, beside the jobs, as its reader has read it."""

    answer: Answer
    """What came of asking; None of the rest without replies."""
    modules: tuple[ProtectedModule, ...] = ()
    """What is protected, line by line as the source lists it."""
    products: tuple[Product, ...] = ()
    """The backup products that were bought, but for how long they last."""
    other_products: int = 0
    """How many products are no backups."""
    users: tuple[ListedUser, ...] = ()
    """The customer's users, each once."""
    histories: tuple[ModuleHistory, ...] = ()
    """The backup jobs that a customer's tenant lists, module by module."""
    restores: tuple[RestoreJob, ...] = ()
    """The restores and exports that a customer's tenant lists, whenever they were."""
    windows: tuple[Stretch, ...] = ()
    """The stretches of time that the replies list completely, where they list by time."""
    missing: tuple[str, ...] = ()
    """The modules of which a customer's tenant has no such list."""
    frequencies: tuple[ModuleFrequency, ...] = ()
    """How often each module is set to be backed up."""
    retention: RetentionPolicy | None = None
    """How long backups are set to be kept."""
    unread: Unread = field(default_factory=Counter)
    """What of it could not be used."""
    sources: tuple[Source, ...] = ()
    """The replies it rests on."""


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


@dataclass(frozen=True, slots=True)
class LastLook:
    """When one of several sources last told of the customer."""

    customer_id: str
    """The id under which the source knows the customer."""
    as_of: datetime
    """Its last snapshot that the report rests on."""


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
    objects: Objects
    """Which objects failed, as far as the details of failed jobs tell."""
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
    users: Users
    """Who is not protected, or why nothing is known of it."""
    as_of: datetime
    """The last fetch the report rests on; also the date of its documents."""
    last_looks: tuple[LastLook, ...] = ()
    """The last look of each source, where there are several."""
    version: int | None = None
    """Which version of the report this is, from 1; None without a store."""
    restatement: Restatement | None = None
    """What it corrects; None where it corrects nothing."""
    restore_tests: RestoreTests | None = None
    """The restore tests on record; None where no file of them is configured."""
    names: Names = USUAL_NAMES
    """How people are named in all of it."""
    tenant_history: TenantHistory | None = None
    """What the history of jobs in the customer's own tenant adds, or why nothing is known of it;
    None where the tenant was not asked."""
    restores: RestoreJobs | None = None
    """Restores and exports, or why nothing is known of them; None where the customer's own tenant
    was not asked."""
    settings: BackupSettings | None = None
    """How backups are set, or why nothing is known of it; None where the customer's own tenant was
    not asked."""

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
