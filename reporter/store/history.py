"""Whether there is a store, and what it has kept; finding out neither makes nor changes one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reporter.errors import NoStore
from reporter.store import Store, tables
from reporter.store.address import files_of, shown

_INSTANT = tables.Instant()


@dataclass(frozen=True, slots=True)
class History:
    """What a store has kept."""

    customers: int
    last_fetch: datetime | None
    deliveries: int

    def __bool__(self) -> bool:
        """Whether anything would be lost with it."""
        return bool(self.customers or self.last_fetch or self.deliveries)

    def __str__(self) -> str:
        customers = "1 customer" if self.customers == 1 else f"{self.customers} customers"
        if self.last_fetch is None:
            return f"{customers}, never fetched"
        return f"{customers}, last fetch {self.last_fetch:%Y-%m-%d %H:%M} UTC"


def is_there(url: str) -> bool:
    """Whether there is a store to open. A database on a server counts as one: whoever runs the
    server has made it.
    """
    file = next(iter(files_of(url)), None)
    return file is None or _has_content(file)


def open_existing(url: str) -> Store:
    """The store at a database URL, for whoever has nothing to keep in a new one.

    Raises:
        NoStore: there is none.
        StoreError: it cannot be opened, or is of a newer version.
    """
    if not is_there(url):
        raise NoStore(
            f"There is no store at {shown(url)} yet.",
            hint="Run `reporter fetch` first: it makes the store.",
        )
    return Store.open(url)


def kept_in(path: Path) -> History | None:
    """What an SQLite store has kept; None where it cannot be read as one.

    It may be of any version of this program, or of another program altogether, and is not brought
    up to date.
    """
    if not _has_content(path):
        return History(0, None, 0)
    try:
        # Read-only, SQLite would leave files beside it.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as database:
            database.execute("PRAGMA query_only = ON")
            return _history_in(database)
    except sqlite3.Error:
        return None


def _history_in(database: sqlite3.Connection) -> History:
    there = {name for (name,) in database.execute("SELECT name FROM sqlite_schema")}

    def value(what: str, table: str) -> int | None:
        if table not in there:
            return None
        number: int | None = database.execute(f"SELECT {what} FROM {table}").fetchone()[0]  # noqa: S608
        return number

    return History(
        value("count(*)", "customers") or 0,
        _INSTANT.process_result_value(value("max(taken_at)", "fetches"), None),
        value("count(*)", "deliveries") or 0,
    )


def _has_content(path: Path) -> bool:
    """Whether there is a file with something in it: an empty one is an SQLite store of nothing."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False
