"""What a source of jobs is: where customers and their jobs come from, and how its replies are read.

A source is a folder beside this module, registered in `sources.registry`. What it fetches is kept
unchanged. Its `Reader` later reads these replies and returns rows in our terms: the fields of
`jobs.rows`, `Outcome` and `Listed`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, BaseModel

from reporter.errors import ReplyError
from reporter.jobs.rows import Row
from reporter.model import (
    KINDS,
    NOTHING_ASKED,
    Answer,
    Customer,
    DetailsAsked,
    JobDetails,
    Kind,
    Reply,
    Snapshot,
    Told,
)


@dataclass(frozen=True, slots=True)
class CustomerList:
    """The customers that a source lists, and the replies that list them."""

    customers: tuple[Customer, ...]
    replies: tuple[Reply, ...]
    flaw: ReplyError | None = None
    """What is wrong with rows that name no customer. A list with such rows is not complete: it may
    lack a customer that exists.
    """


class JobSource(Protocol):
    """Where customers and their jobs come from. Safe to call from several threads."""

    def customers(self, received: list[Reply] | None = None) -> CustomerList:
        """All customers that the source lists. Every reply is added to `received` as it arrives.

        Raises:
            FetchError: the list could not be fetched completely.
            ReplyError: a reply is not a list of customers.
        """

    def snapshot(
        self,
        customer: Customer,
        received: list[Reply] | None = None,
        kinds: Collection[Kind] = KINDS,
        asked: DetailsAsked = NOTHING_ASKED,
    ) -> Snapshot:
        """All jobs that the source shows of a customer now: complete, or an error. Every reply
        about them is added to `received` as it arrives, even if it cannot be used.

        The snapshot also has an answer for each of the `kinds`: the data, or why it is absent; and
        if the source can tell of single objects, the details of jobs that ended with failures.
        `asked` says which of them were asked for before.

        Raises:
            PermissionDenied: we may not read the jobs.
            FetchError: the list could not be fetched completely.
            ReplyError: a reply is not a list of jobs.
        """

    def stop(self) -> None:
        """Make every thread abandon its current request, and send no further ones."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What a list of jobs says about its own length."""

    rows: int | None
    """How many rows the list says it has; None if it gives no number."""
    goes_on: bool
    """Whether it names a further page that is missing."""


@dataclass(frozen=True, slots=True)
class CutFrom:
    """The page about several customers that a reply about one was cut from."""

    url: str
    sha256: str


class Reader(Protocol):
    """Reads the replies of one source. It sends no requests and uses only replies of one fetch."""

    @property
    def field_names(self) -> Mapping[str, str]:
        """The source's own names of the fields of a row, where they differ from ours."""

    @property
    def lists_history(self) -> bool:
        """Whether a snapshot lists all jobs since the oldest one in it, instead of only the newest
        of each scope.
        """

    def rules(self, replies: Sequence[Reply]) -> bytes | None:
        """The provider's rules for reading these replies, if they are kept with the replies; None
        if there is only one way to read the source. When a snapshot comes with new rules, all
        earlier snapshots are read by them as well, so that a corrected rule corrects the past.
        """

    def rows(self, replies: Sequence[Reply], rules: bytes | None = None) -> list[list[Row]]:
        """The rows of each of the replies about jobs, by their own rules or by later ones.

        Raises:
            ReplyError: a reply is not a list of jobs, or cannot be read by these rules.
        """

    def counts(self, replies: Sequence[Reply], kind: str) -> list[int]:
        """How many rows each of the replies has; `kind` is what their fetch asked for.

        Raises:
            ReplyError: a reply is not a list of that kind.
        """

    def snapshots(self, replies: Sequence[Reply], kind: str = "jobs") -> list[tuple[Reply, ...]]:
        """The complete snapshots that the replies of one customer form, in the order given.

        Raises:
            ReplyError: a page is missing.
        """

    def announced(self, replies: Sequence[Reply]) -> Announced:
        """What the replies of one snapshot say about its length.

        Raises:
            ReplyError: a reply is not a list of jobs.
        """

    def answer(self, answer: Answer, customer_id: str, units: Literal["binary", "decimal"]) -> Told:
        """What an answer about anything other than jobs says.

        Raises:
            ReplyError: a reply is not a list of what was asked for.
        """

    def details(self, replies: Sequence[Reply]) -> JobDetails:
        """The objects of a job that the replies to a request for its details list.

        Raises:
            ReplyError: a reply is not a list of objects.
        """

    def is_about(self, reply: Reply, subject: str) -> bool:
        """Whether a reply answers a request about the customer or the job with this id."""

    def texts(self, replies: Sequence[Reply]) -> list[list[str]]:
        """The text of each row of each reply, exactly as the source wrote it.

        Raises:
            ReplyError: a reply is not a list of rows.
        """

    def cut_from(self, url: str) -> CutFrom | None:
        """The page that the reply with this address was cut from; None if the reply is whole."""


def _source_name(name: str) -> str:
    if not re.fullmatch("[a-z][a-z0-9-]*", name) or name == "avepoint":
        raise ValueError(
            f"{name!r} cannot name a source: use lower-case letters, digits and hyphens, with a "
            "letter first. The name `avepoint` belongs to the source in [api]"
        )
    return name


SourceName = Annotated[str, AfterValidator(_source_name)]
"""The name of an entry of [[sources]]. The ids of the source's customers begin with it."""


class SourceKind(Protocol):
    """A kind of source that an entry of [[sources]] may have. It is registered by name in
    `sources.registry`. The addresses of all its replies begin with this name and a colon, so that
    its reader is found for every reply, wherever the reply is kept.
    """

    @property
    def settings(self) -> type[BaseModel]:
        """The keys of an entry of this kind: at least `kind` and `name` (a `SourceName`)."""

    @property
    def reader(self) -> Reader:
        """Reads its replies."""

    def open(self, settings: Any, folder: Path, clock: Callable[[], datetime]) -> JobSource:
        """The source of an entry; `settings` is an instance of the class above. Relative paths in
        it are relative to `folder`. No request is sent and no file is read yet.
        """
