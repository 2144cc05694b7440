"""Every report that was rendered, as a version: its figures, its files, and when."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from reporter.errors import StoreError
from reporter.files import file_hash
from reporter.model import Customer
from reporter.store import tables
from reporter.store.store import Store, revision

_WITHIN: Final = 3
"""How many names a file of a report has within the folder of reports: period, customer, file."""


class VersionTaken(StoreError):
    """Somebody else has made a version of that number."""


@dataclass(frozen=True, slots=True)
class Version:
    """A report as it was rendered; `figures` are read apart, by `figures_of`."""

    number: int
    """From 1, for each customer and period."""
    made_at: datetime
    as_of: datetime
    """The last fetch it rests on."""
    program: str
    """The version of the program that made it."""
    program_sha256: str | None
    """Hash of that program's files and of what it writes with; None where 0.1.0 made it."""
    closed: bool
    """Whether the period was final: what comes later corrects it. In 0.1.0, whether it
    was over.
    """
    basis: str
    """Hash of all it was made of. The same basis gives the same files."""
    checked: str
    """The last basis that turned out to change no figure."""
    look: str
    """Hash of all it was made of, except what the store holds."""
    configuration: str | None
    """Hash of the part of that which the provider chooses; None until a program that keeps it has
    looked at the version.
    """
    restates: int | None
    """The number of the version whose figures it corrects."""
    figures_sha256: str
    redefined_sha256: str | None
    """What `figures_sha256` is where a later program computes it from the very same data:
    recipients of this version need no report of those figures. None where it was never needed, or
    where the report was rendered again on purpose.
    """
    redefined_by: str | None
    """`program_sha256` of that program."""
    standing: str
    """What the portfolio shows of it, as JSON."""
    files: Mapping[str, str]
    """SHA-256 of each file by its path."""

    def sha256_of(self, path: Path) -> str | None:
        """SHA-256 of a file as it was written, also if the folder of reports has been moved since,
        with what is in it.
        """
        path = path.absolute()
        if str(path) in self.files:
            return self.files[str(path)]
        moved = {
            sha256
            for file, sha256 in self.files.items()
            if Path(file).parts[-_WITHIN:] == path.parts[-_WITHIN:]
        }
        return moved.pop() if len(moved) == 1 else None

    def has_intact(self, files: Iterable[Path]) -> bool:
        """Whether each of the files is there as it was written."""
        try:
            return all(self.sha256_of(path) == file_hash(path) for path in files)
        except OSError:
            return False


def versions_of(store: Store, customer: Customer, period: str) -> tuple[Version, ...]:
    """The versions of a customer's report of the period with this label, the oldest first.

    Raises:
        StoreError: the database refuses.
    """
    versions = tables.versions.c
    of_report = (versions.customer_id == customer.id) & (versions.period == period)
    columns = [column for column in versions if column.name != "figures"]  # large
    query = sa.select(*columns).where(of_report).order_by(versions.number)
    written = sa.select(tables.version_files).join(tables.versions).where(of_report)
    with store.reading() as connection:
        rows = connection.execute(query).all()
        paths: dict[int, dict[str, str]] = {row.id: {} for row in rows}
        for row in connection.execute(written):
            paths[row.version_id][row.path] = row.sha256
    return tuple(_version(row, paths[row.id]) for row in rows)


def figures_of(store: Store, customer: Customer, period: str, number: int) -> dict[str, Any]:
    """The figures of a version, with the keys of docs/figures.md.

    Raises:
        StoreError: the database refuses.
    """
    versions = tables.versions.c
    query = sa.select(versions.figures).where(
        versions.customer_id == customer.id,
        versions.period == period,
        versions.number == number,
    )
    with store.reading() as connection:
        packed = connection.execute(query).scalar_one()
    figures: dict[str, Any] = json.loads(zlib.decompress(packed))
    return figures


def keep_version(
    store: Store, customer: Customer, period: str, version: Version, figures: Mapping[str, Any]
) -> None:
    """Keep a version, or further files of one that is kept.

    Raises:
        VersionTaken: another run has rendered the same report of something else meanwhile.
        StoreError: the database refuses.
    """
    key = {"customer_id": customer.id, "period": period, "number": version.number}
    row = {field.name: getattr(version, field.name) for field in fields(version)} | key
    del row["files"]
    row["figures"] = zlib.compress(json.dumps(figures, ensure_ascii=False).encode())
    versions, files = tables.versions, tables.version_files
    with store.begin() as connection:
        connection.execute(store.insert(versions).on_conflict_do_nothing(), row)
        kept = connection.execute(sa.select(versions.c.id, versions.c.basis).filter_by(**key)).one()
        if kept.basis != version.basis:
            raise VersionTaken(
                f"Another run has rendered version {version.number} of this report by now.",
                hint="Run the same command again.",
            )
        insert = store.insert(files)
        upsert = insert.on_conflict_do_update(
            index_elements=["version_id", "path"], set_={"sha256": insert.excluded.sha256}
        )
        paths = [
            {"version_id": kept.id, "path": path, "sha256": sha256}
            for path, sha256 in version.files.items()
        ]
        connection.execute(upsert, paths)


_FINDINGS: Final = ("checked", "configuration", "redefined_sha256", "redefined_by", "standing")
"""The columns of a kept version that are found out later."""


def keep_findings(store: Store, customer: Customer, period: str, version: Version) -> None:
    """Keep what was found out about a version that still holds: on which newer basis, and what a
    newer program makes of it.

    Raises:
        StoreError: the database refuses.
    """
    versions = tables.versions
    key = {"customer_id": customer.id, "period": period, "number": version.number}
    findings = {name: getattr(version, name) for name in _FINDINGS}
    with store.begin() as connection:
        connection.execute(sa.update(versions).filter_by(**key).values(**findings))


def no_longer_as_good(store: Store, customer: Customer, period: str, before: int) -> None:
    """Note for a report's versions before a number that their recipients do not have the figures
    that a later program makes of their data.

    Raises:
        StoreError: the database refuses.
    """
    versions = tables.versions
    key = {"customer_id": customer.id, "period": period}
    earlier = sa.update(versions).filter_by(**key).where(versions.c.number < before)
    with store.begin() as connection:
        connection.execute(earlier.values(redefined_sha256=None, redefined_by=None))


def is_any_closed(store: Store, period: str) -> bool:
    """Whether a report of the period with this label was rendered after that had become final.

    Raises:
        StoreError: the database refuses.
    """
    versions = tables.versions.c
    query = sa.select(versions.id).where(versions.period == period, versions.closed).limit(1)
    with store.reading() as connection:
        return connection.scalar(query) is not None


def revision_of(store: Store, customer: Customer) -> int:
    """A number that grows whenever anything kept of the customer changes, under any id.

    Raises:
        StoreError: the database refuses.
    """
    with store.reading() as connection:
        return sum(revision(connection, customer_id) for customer_id in customer.ids)


def _version(row: sa.Row[Any], files: Mapping[str, str]) -> Version:
    names = (field.name for field in fields(Version) if field.name != "files")
    return Version(**{name: getattr(row, name) for name in names}, files=files)
