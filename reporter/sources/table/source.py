"""The source of jobs from files: finds the files, and the customers whose jobs are in them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Final

from reporter.errors import FetchError, ReplyError
from reporter.files import must_be_readable
from reporter.model import (
    KINDS,
    NOTHING_ASKED,
    TENANT_KINDS,
    Absence,
    Answer,
    Customer,
    DetailsAsked,
    Kind,
    Lack,
    Reply,
    Snapshot,
)
from reporter.sources.interface import CustomerList
from reporter.sources.table.addresses import address_of, customer_id_of, mapping_address
from reporter.sources.table.mapping import MAPPING, Mapping
from reporter.sources.table.reading import customer_of
from reporter.sources.table.records import Record, Table, table_in

LARGEST_FILE: Final = 1 << 28
"""256 MiB: a million jobs. A file is read as a whole."""


def matching(pattern: str, folder: Path) -> Iterator[Path]:
    """The paths that match a glob, which starts at `folder` unless it is absolute.

    Raises:
        ValueError, IndexError: it is not a glob.
    """
    anchor = Path(pattern).anchor
    return Path(anchor or folder).glob(str(Path(pattern).relative_to(anchor)))


@dataclass(frozen=True, slots=True)
class _File:
    """One file, as it was read."""

    path: str
    """The path, relative to the folder of the configuration if the file is in it."""
    reply: Reply
    sha256: str
    table: Table
    by_customer: MappingOf[str, list[Record]]
    """Its records by customer; those that name no customer are under the empty name."""


class TableSource:
    """The files of one entry of `[[sources]]`. Each file is read once."""

    def __init__(
        self, name: str, pattern: str, mapping: Mapping, folder: Path, clock: Callable[[], datetime]
    ) -> None:
        self._name = name
        self._pattern = pattern
        self._mapping = mapping
        self._folder = folder
        self._clock = clock

    def customers(self, received: list[Reply] | None = None) -> CustomerList:
        received = [] if received is None else received
        received.append(self._mapping_reply(self._files))
        received += [file.reply for file in self._files]
        names = dict.fromkeys(name for file in self._files for name in file.by_customer if name)
        nameless = sum(len(file.by_customer.get("", ())) for file in self._files)
        flaw = None
        if nameless:
            flaw = ReplyError(
                f"The source {self._name!r} has rows that name no customer: {nameless:,}.",
                hint="These rows are in no report. Check `customer` under `columns` in "
                "[[sources]].",
            )
        customers = tuple(Customer(customer_id_of(self._name, name), name) for name in names)
        return CustomerList(customers, tuple(received), flaw)

    def snapshot(
        self,
        customer: Customer,
        received: list[Reply] | None = None,
        kinds: Collection[Kind] = KINDS,
        asked: DetailsAsked = NOTHING_ASKED,
    ) -> Snapshot:
        name = customer.id.removeprefix(customer_id_of(self._name, ""))
        # A file without rows of this customer says nothing about this customer.
        files = [file for file in self._files if name in file.by_customer]
        replies = [self._mapping_reply(files, name), *(self._part(file, name) for file in files)]
        if received is not None:
            received += replies
        at = replies[0].fetched_at
        # Customers of tables have no tenant that could be asked.
        answers = (
            Answer(kind, at, absence=Absence(Lack.NOT_THERE))
            for kind in kinds
            if kind not in TENANT_KINDS
        )
        return Snapshot(customer, tuple(replies), tuple(answers))

    def stop(self) -> None:
        """Does nothing: no file takes long to read."""

    def _part(self, file: _File, customer: str) -> Reply:
        """A customer's part of a file; the whole file if it is CSV and has rows of no other
        customer. A JSON file is always cut, as its members beside the rows may be about others.
        """
        whole, records = file.reply, file.by_customer[customer]
        if len(file.by_customer) == 1 and self._mapping.form == "csv":
            url = address_of(self._name, file.path, customer)
            return Reply(url, whole.fetched_at, "", whole.body)
        url = address_of(self._name, file.path, customer, file.sha256)
        return Reply(url, whole.fetched_at, "", file.table.cut(records))

    def _mapping_reply(self, files: Iterable[_File], customer: str | None = None) -> Reply:
        """The mapping as a reply, dated when the newest of these files was written."""
        at = max(file.reply.fetched_at for file in files)
        url = mapping_address(self._name, customer)
        mapping = self._mapping if customer is None else self._mapping.for_customer(customer)
        return Reply(url, at, "", MAPPING.dump_json(mapping))

    @cached_property
    def _files(self) -> list[_File]:
        """All files, by path.

        Raises:
            FetchError: there are no files, or a file cannot be read.
            ReplyError: a file is not a table that fits the mapping.
        """
        paths = sorted(path for path in matching(self._pattern, self._folder) if path.is_file())
        if not paths:
            raise FetchError(
                f"The source {self._name!r} has no files: nothing matches "
                f"{(self._folder / self._pattern).absolute()}.",
                hint="Check `path` in [[sources]], and whether the export has run.",
            )
        return [self._read(path) for path in paths]

    def _read(self, path: Path) -> _File:
        try:
            status = path.stat()
            if status.st_size > LARGEST_FILE:
                raise FetchError(
                    f"The table {path} is larger than {LARGEST_FILE >> 20} MiB.",
                    hint="Export fewer days, or one file for each customer.",
                )
            body = path.read_bytes()
        except OSError as error:
            raise FetchError(
                f"The table {path} cannot be read: {error.strerror}.", hint=must_be_readable()
            ) from error
        # A file shows the time when it was written: after an export stops, there are no new looks.
        written_at = datetime.fromtimestamp(status.st_mtime, UTC)
        shown = path.relative_to(self._folder) if path.is_relative_to(self._folder) else path
        url = address_of(self._name, shown.as_posix())
        reply = Reply(url, min(written_at, self._clock()), "", body)
        table = table_in(reply, self._mapping)
        by_customer: dict[str, list[Record]] = {}
        for record in table.records:
            by_customer.setdefault(customer_of(record, self._mapping), []).append(record)
        sha256 = hashlib.sha256(body).hexdigest()
        return _File(shown.as_posix(), reply, sha256, table, by_customer)
