"""Runs over all customers, one at a time; a run that was cut short is continued. Also the months
that are done.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from reporter.store import tables
from reporter.store.lock import held
from reporter.store.store import Store

RESUMED: Final = timedelta(hours=6)
"""How long a run that was cut short is continued; after that its snapshots are too old."""
_MONTH: Final = "month "
"""Before the label of a month in the kind of the run that did it."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run under way."""

    id: int
    began_at: datetime
    done: frozenset[str] = frozenset()
    """Ids of the customers it has complete snapshots of, from before it was cut short."""


@contextmanager
def fetch_run(
    store: Store, clock: Callable[[], datetime], *, whole: bool = True, wait: float = 0.0
) -> Iterator[Run]:
    """Hold the store for taking snapshots.

    The next run continues a run over all customers (`whole`) that did not come to its end.

    Raises:
        StoreError: another run holds the store, or the database refuses.
    """
    kind = "fetch" if whole else "fetch some"
    with held(store.engine, wait):
        run = (_cut_short(store, kind, clock()) if whole else None) or _begun(store, kind, clock())
        try:
            yield run
        except BaseException:
            if not whole:
                _end(store, run, clock())
            raise
        _end(store, run, clock())


def last_fetch_began(store: Store) -> datetime | None:
    """When the last fetch over all customers that came to its end began; None where none did.

    Raises:
        StoreError: the database refuses.
    """
    runs = tables.runs.c
    query = sa.select(sa.func.max(runs.began_at)).where(
        runs.kind == "fetch", runs.ended_at.is_not(None)
    )
    with store.reading() as connection:
        began_at: datetime | None = connection.scalar(query)
        return began_at


def newest_month_done(store: Store) -> str | None:
    """The label of the newest month whose reports are done; None where none is known to be.

    A version of a single report does not tell: a run that was killed leaves some.

    Raises:
        StoreError: the database refuses.
    """
    runs = tables.runs.c
    query = sa.select(sa.func.max(runs.kind)).where(runs.kind.startswith(_MONTH))
    with store.reading() as connection:
        kind: str | None = connection.scalar(query)
        return kind and kind.removeprefix(_MONTH)


def month_done(store: Store, label: str, began_at: datetime, now: datetime) -> None:
    """Note that a month is done for all customers; does nothing if that is known of it or of a
    later one.

    Raises:
        StoreError: the database refuses.
    """
    if label <= (newest_month_done(store) or ""):
        return
    run = _begun(store, _MONTH + label, began_at)
    _end(store, run, now)


def _cut_short(store: Store, kind: str, now: datetime) -> Run | None:
    """The last run of a kind, if it did not end and is not too old."""
    runs, fetches = tables.runs.c, tables.fetches.c
    last = sa.select(runs.id, runs.began_at, runs.ended_at).where(runs.kind == kind)
    with store.begin() as connection:
        row = connection.execute(last.order_by(runs.id.desc()).limit(1)).one_or_none()
        if row is None or row.ended_at is not None or now - row.began_at > RESUMED:
            return None
        done = sa.select(fetches.customer_id).where(
            fetches.run_id == row.id, fetches.kind == "jobs", fetches.error.is_(None)
        )
        return Run(row.id, row.began_at, frozenset(connection.execute(done).scalars()))


def _begun(store: Store, kind: str, now: datetime) -> Run:
    with store.begin() as connection:
        key = connection.execute(
            sa.insert(tables.runs).values(
                kind=kind, host=socket.gethostname(), process=os.getpid(), began_at=now
            )
        ).inserted_primary_key
        assert key is not None
        return Run(int(key[0]), now)


def _end(store: Store, run: Run, now: datetime) -> None:
    with store.begin() as connection:
        connection.execute(
            sa.update(tables.runs).where(tables.runs.c.id == run.id).values(ended_at=now)
        )
