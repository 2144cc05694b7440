"""The objects of jobs, such as mailboxes and sites: which failed, how often, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from reporter.model.jobs import Absence, Outcome

ENOUGH_NIGHTS = 3
"""An object that failed on so many days and was not backed up since is a reason for attention."""


@dataclass(frozen=True, slots=True)
class JobObject:
    """One row of a job's details."""

    type: str
    """What it is, such as `Mailbox`; empty where the source does not say."""
    title: str
    """Its name, as the source gives it: the address of a mailbox, the address of a site."""
    outcome: Outcome
    """What became of it in the job."""
    finished_at: datetime | None
    """When the job was done with it; None where that cannot be read."""
    comment: str
    """What went wrong, in the source's words; may be empty."""
    code: str
    """The source's code of it; may be empty."""
    unread: tuple[tuple[str, str], ...] = ()
    """The source's name and the raw value of each field that could not be read."""


@dataclass(frozen=True, slots=True)
class JobDetails:
    """The objects of one job, as far as its source lists them."""

    service: str
    """Of which service the job is: another service may have a job with the same id."""
    objects: tuple[JobObject, ...]
    """In the order of the list."""
    whole: bool
    """Whether these are all: a very long list is not read to its end."""


@dataclass(frozen=True, slots=True)
class DetailsAsked:
    """What was asked of late about the objects of a customer's jobs."""

    settled: frozenset[str] = frozenset()
    """Ids of jobs that are not asked about again: their details are there, or cannot be had."""
    failed: tuple[str, ...] = ()
    """Ids of jobs to ask about again: the last attempt failed."""
    failing: frozenset[tuple[str, str]] = frozenset()
    """Service and module where objects failed on several days, also in the last details: there the
    details of a job without exceptions are of use too, because they tell what recovered.
    """


NOTHING_ASKED = DetailsAsked()


@dataclass(frozen=True, slots=True)
class FailingObject:
    """An object that failed, or that a job warned of, in the period."""

    service: str
    """As the service names it, such as `Microsoft 365`."""
    module: str
    """As the service names it, such as `Exchange Online`."""
    type: str
    """What it is, such as `Mailbox`; empty where the service does not say."""
    title: str | None
    """Its name as the service gives it, as far as documents may show it; None where they may not.
    """
    nights: int
    """Days of the period on which it failed, in the report's time zone."""
    warned: int
    """Days of the period on which a job warned of it."""
    first: date
    """The first of these days."""
    last: date
    """The last of them."""
    recovered_at: datetime | None
    """When it was first backed up after that, in the report's time zone; None where no details tell
    that it was.
    """
    cause: str
    """The last comment on it, without addresses, ids, links, numbers and times; may be empty."""
    code: str
    """The last error code; may be empty."""

    def persists(self, end: datetime) -> bool:
        """Whether it failed on so many days that it counts, and was not backed up after that before
        the period's end. What comes later does not change how a closed period stands.
        """
        return self.nights >= ENOUGH_NIGHTS and not self.recovered(end)

    def recovered(self, end: datetime) -> bool:
        """Whether it was backed up again before the period's end."""
        return self.recovered_at is not None and self.recovered_at < end


@dataclass(frozen=True, slots=True)
class ObjectCause:
    """A reason for which objects failed, or for which jobs warned of them."""

    cause: str
    """As in `FailingObject`."""
    code: str
    """The error code; may be empty."""
    objects: int
    """How many objects, each counted once."""
    rows: int
    """How often in all."""


@dataclass(frozen=True, slots=True)
class Objects:
    """What the details of the period's failed jobs tell of single objects."""

    jobs: int
    """Jobs of the period that failed or finished with exceptions."""
    read: int
    """Those whose details were read."""
    services: tuple[str, ...] = ()
    """The services whose jobs' details were asked for."""
    cut: int = 0
    """Those whose list of objects was not read to its end, or lacks some."""
    absence: Absence | None = None
    """Why the details of others could not be read, at the last attempt; None where none failed."""
    failing: tuple[FailingObject, ...] = ()
    """Those not backed up since first, then those that failed most."""
    causes: tuple[ObjectCause, ...] = ()
    """The most frequent first."""
