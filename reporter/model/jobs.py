"""Customers and what a source shows of them: jobs by their outcome, replies, snapshots."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer of the provider."""

    id: str
    """The id under which the source knows the customer: the service's tenant owner id, or of a
    table the name of its entry in [[sources]], a colon, and the customer's name in it.
    """
    name: str
    """As configured, else as the source has it."""
    joined: tuple[str, ...] = ()
    """The ids under which other sources know the same customer."""

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids under which a source knows the customer."""
        return (self.id, *self.joined)


class Outcome(StrEnum):
    """What became of a job; each source has its statuses, which its reader maps to it."""

    SUCCESS = "success"
    WARNING = "warning"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RUNNING = "running"
    NOT_RUN = "not_run"
    UNKNOWN = "unknown"


class Listed(StrEnum):
    """How the reference snapshot lists a scope: with a job, or by a placeholder that tells of none.

    The reader of a source maps the statuses of placeholders to it.
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


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of the service, exactly as received."""

    url: str
    fetched_at: datetime
    request_id: str
    body: bytes = field(repr=False)


Kind = Literal[
    "protection",
    "subscription",
    "users",
    "history",
    "restores",
    "frequency",
    "retention",
    "details",
]
TENANT_KINDS: tuple[Kind, ...] = ("history", "restores", "frequency", "retention")
"""What the customer's own tenant is asked for, where it is configured."""
KINDS: tuple[Kind, ...] = ("protection", "subscription", "users", *TENANT_KINDS)
"""What is asked for beside the jobs, of each customer: `details` are of a single job."""
LISTED_BY_TIME: tuple[Kind, ...] = ("history", "restores")
"""Of what is asked for, that of which each answer is about a stretch of time, and not about all
there is.
"""
SETTING_KINDS: tuple[Kind, ...] = ("frequency", "retention")
"""Of what is asked for, that which says how backups are set."""


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
    job_id: str = ""
    """Of `details`: the job whose objects were asked for; else empty."""


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
