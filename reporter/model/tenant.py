"""What a customer's own tenant tells: restores and exports, and how its backups are set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from reporter.model.jobs import Absence, Outcome

Stretch = tuple[datetime, datetime]
"""A stretch of time, from its start up to but not including its end."""


@dataclass(frozen=True, slots=True)
class ModuleHistory:
    """All jobs of a module that began in a stretch of time, as the customer's tenant lists them."""

    service: str
    """The service of the module."""
    module: str
    """The module, which has one scope without a name."""
    window: Stretch
    """The stretch of time that was asked for."""
    rows: tuple[Mapping[str, Any], ...]
    """The jobs, as rows in our words (`jobs.rows`)."""
    flawed: tuple[Mapping[str, Any], ...] = ()
    """Of these, the rows that do not tell which job it is, or when it began: then it is not known
    which jobs began, and nothing of the history counts."""


@dataclass(frozen=True, slots=True)
class ToldTime:
    """A stretch of time of which the customer's tenant has told every job of a module."""

    service: str
    """The service of the module."""
    module: str
    """The module, which has one scope without a name."""
    start: datetime
    end: datetime
    told_at: datetime
    """When it told."""


@dataclass(frozen=True, slots=True)
class TenantHistory:
    """What the history in the customer's tenant adds to the jobs that snapshots have shown."""

    as_of: datetime | None
    """When it was last asked; None where nothing is known."""
    absence: Absence | None
    """Why nothing is known; None where something is."""
    jobs: int
    """How many backup jobs of the period are known from it alone."""
    missing: tuple[str, ...] = ()
    """The modules of which the tenant does not tell."""
    unseen_scopes: int = 0
    """The scopes of which a job may have run unseen in the period all the same."""


class RestoreKind(StrEnum):
    """What became of backed-up data."""

    RESTORE = "Restore"
    EXPORT = "Export"


@dataclass(frozen=True, slots=True)
class RestoreJob:
    """One restore or export, as the tenant lists it; None where it does not say."""

    kind: RestoreKind
    """Restore or export."""
    module: str
    """Of which module of Microsoft 365."""
    job_id: str | None
    """The id of the job."""
    state: str | None
    """As the service wrote it."""
    outcome: Outcome
    """What the state means."""
    started_at: datetime | None
    """When it began."""
    ended_at: datetime | None
    """When it ended."""
    objects_total: int | None
    """Objects it was to restore or export."""
    objects_successful: int | None
    """Objects it did."""
    objects_failed: int | None
    """Objects it could not."""
    unreadable: tuple[tuple[str, str], ...] = ()
    """Fields of its row that could not be read, with their values."""

    @property
    def dated_at(self) -> datetime | None:
        """Its start, else its end."""
        return self.started_at or self.ended_at

    @property
    def brought_back(self) -> bool:
        """Whether it is a restore that succeeded and says of an object that it was restored."""
        succeeded = self.kind is RestoreKind.RESTORE and self.outcome is Outcome.SUCCESS
        return succeeded and bool(self.objects_successful)


@dataclass(frozen=True, slots=True)
class RestoreJobs:
    """The restores and exports of the period, as far as the tenant tells."""

    as_of: datetime | None
    """When it was last asked; None where nothing is known."""
    absence: Absence | None
    """Why nothing is known; None where something is."""
    jobs: tuple[RestoreJob, ...]
    """Those that began in the period, the newest first."""
    untold: tuple[Stretch, ...] = ()
    """The parts of the period that no complete answer is about."""
    missing: tuple[str, ...] = ()
    """The modules of which the tenant does not tell."""

    @property
    def brought_back(self) -> bool:
        """Whether anything is known to have been restored in the period."""
        return any(job.brought_back for job in self.jobs)


@dataclass(frozen=True, slots=True)
class ModuleFrequency:
    """How often a module is set to be backed up."""

    module: str
    """The module of Microsoft 365."""
    times_a_day: int | None
    """How often a day; None where the service does not say."""


@dataclass(frozen=True, slots=True)
class ModuleRetention:
    """How long the backups of a module are kept, in the service's words; None where it does not
    say.
    """

    module: str
    """The module of Microsoft 365."""
    kept: str | None
    """How long, such as `1 years` or `Unlimited`."""
    kept_unassigned: str | None
    """How long of objects that no plan holds any more."""


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """The retention policy as it is set; None where the service does not say."""

    kept: str | None
    """How long backups are kept in general, in the service's words."""
    daily: bool | None
    """Whether there is a policy for daily backups."""
    customized: bool | None
    """Whether there are policies for single modules."""
    modules: tuple[ModuleRetention, ...]
    """The policies of single modules, in the order of the service."""


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """How the backups of Microsoft 365 are set in the tenant."""

    frequency_as_of: datetime | None
    """When the service told of the frequency; None where it did not."""
    frequency_absence: Absence | None
    """Why it did not; None where it did."""
    frequencies: tuple[ModuleFrequency, ...]
    """How often each module is backed up, in the order of the service."""
    retention_as_of: datetime | None
    """When the service told of retention; None where it did not."""
    retention_absence: Absence | None
    """Why it did not; None where it did."""
    retention: RetentionPolicy | None
    """The policy; None where the service did not tell of it."""

    @property
    def tells_retention(self) -> bool:
        """Whether there is a policy that says how long anything is kept."""
        policy = self.retention
        return policy is not None and any((policy.kept, *(each.kept for each in policy.modules)))
