"""What a source of jobs is: where customers and their jobs come from, and how its replies are read.

A source is a folder beside this module, registered in `sources.registry`. What it fetches is kept
as it came; whatever is said of it later is read from there, by its `Reader`, in our words: the
fields of `jobs.rows`, `Outcome` and `Listed`.
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
from reporter.model import KINDS, Answer, Customer, Kind, Reply, Snapshot, Told


@dataclass(frozen=True, slots=True)
class CustomerList:
    """The customers a source lists, and the replies that say so."""

    customers: tuple[Customer, ...]
    replies: tuple[Reply, ...]
    flaw: ReplyError | None = None
    """What is wrong with rows that name no customer. Such a list is not complete: a customer who is
    not in it may exist all the same.
    """


class JobSource(Protocol):
    """Where customers and their jobs come from. Safe to call from several threads."""

    def customers(self, received: list[Reply] | None = None) -> CustomerList:
        """All customers the source lists. Every reply is added to `received` as it comes.

        Raises:
            FetchError: the list could not be had as a whole.
            ReplyError: a reply is no list of customers.
        """

    def snapshot(
        self,
        customer: Customer,
        received: list[Reply] | None = None,
        kinds: Collection[Kind] = KINDS,
    ) -> Snapshot:
        """All jobs the source shows of a customer now: complete, or an error. Every reply about
        them is added to `received` as it comes, also one that cannot be used.

        The `kinds` that are asked for beside them come with them, or why they did not come.

        Raises:
            PermissionDenied: we may not read them.
            FetchError: the list could not be had as a whole.
            ReplyError: a reply is no list of jobs.
        """

    def stop(self) -> None:
        """Have every thread give up what is under way, and ask for nothing more."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What a list of jobs says of its own length."""

    rows: int | None
    """How many rows it has, by its own count; None where it gives none."""
    goes_on: bool
    """Whether it names a further page, which is not there."""


@dataclass(frozen=True, slots=True)
class CutFrom:
    """The page about several customers that a reply about one was cut from."""

    url: str
    sha256: str


class Reader(Protocol):
    """Reads the replies of one source. It asks nobody: the replies of one fetch are all it has."""

    @property
    def field_names(self) -> Mapping[str, str]:
        """What the source calls each field of a row, as far as that is another name."""

    @property
    def lists_history(self) -> bool:
        """Whether a snapshot lists all jobs since its oldest, not only the newest of each scope."""

    def rules(self, replies: Sequence[Reply]) -> bytes | None:
        """By which rules a provider wants these replies read, where they are kept with them; None
        where the source has one way to be read. Once others come with a snapshot, all snapshots
        before it are read by these: a rule that is mended mends the past.
        """

    def rows(self, replies: Sequence[Reply], rules: bytes | None = None) -> list[list[Row]]:
        """The rows of each of the replies about jobs, by their own rules or by later ones.

        Raises:
            ReplyError: a reply is no list of jobs, or cannot be read by these rules.
        """

    def counts(self, replies: Sequence[Reply], kind: str) -> list[int]:
        """How many rows each of the replies has; `kind` is that of their fetch.

        Raises:
            ReplyError: one is no list of them.
        """

    def snapshots(self, replies: Sequence[Reply], kind: str = "jobs") -> list[tuple[Reply, ...]]:
        """Replies of one customer, in the order given, as the complete snapshots they make.

        Raises:
            ReplyError: a page is missing.
        """

    def announced(self, replies: Sequence[Reply]) -> Announced:
        """What the replies of one snapshot say of its length.

        Raises:
            ReplyError: a reply is no list of jobs.
        """

    def answer(self, answer: Answer, customer_id: str, units: Literal["binary", "decimal"]) -> Told:
        """What an answer beside the jobs comes to.

        Raises:
            ReplyError: a reply is no list of what was asked for.
        """

    def is_about(self, reply: Reply, customer_id: str) -> bool:
        """Whether a reply is what was asked of this customer."""

    def texts(self, replies: Sequence[Reply]) -> list[list[str]]:
        """The text of each row of each reply, character by character as the source wrote it.

        Raises:
            ReplyError: a reply is no list of rows.
        """

    def cut_from(self, url: str) -> CutFrom | None:
        """The page that the reply with this address was cut from; None where it is whole."""


def _source_name(name: str) -> str:
    if not re.fullmatch("[a-z][a-z0-9-]*", name) or name == "avepoint":
        raise ValueError(
            f"{name!r} cannot name a source: use small letters, digits and hyphens, and not "
            "`avepoint`, which is that of [api]"
        )
    return name


SourceName = Annotated[str, AfterValidator(_source_name)]
"""The name of an entry of [[sources]]. It begins the ids of the customers the source knows."""


class SourceKind(Protocol):
    """A kind of source that an entry of [[sources]] may have. It is registered in
    `sources.registry` by its name, with which and a colon the addresses of all its replies begin:
    they are read by its reader, wherever they are found.
    """

    @property
    def settings(self) -> type[BaseModel]:
        """What an entry of this kind may say: at least `kind`, and `name` (a `SourceName`)."""

    @property
    def reader(self) -> Reader:
        """Reads its replies."""

    def open(self, settings: Any, folder: Path, clock: Callable[[], datetime]) -> JobSource:
        """The source of an entry, whose `settings` are a value of the class above. Relative paths
        in it start at `folder`. Nothing is asked for yet.
        """
