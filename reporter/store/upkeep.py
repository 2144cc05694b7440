"""Deriving the jobs anew from the raw replies, and letting go of what is too old."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from reporter.jobs.replies import rows_of
from reporter.jobs.rows import newest
from reporter.model import Customer, Reply
from reporter.store import tables
from reporter.store.store import Store, derived, forget_tallies, replies_of, touch

_NEXT_REVISION: Final = tables.customers.c.revision + 1


@dataclass(frozen=True, slots=True)
class Pruned:
    """What goes, or would go, where a store is pruned."""

    snapshots: int
    jobs: int


def rebuild_jobs(store: Store, customer: Customer) -> int:
    """Derive a customer's jobs from its raw replies as they were derived when received.

    One transaction: the jobs are all new, or as before. The number of jobs there are then.

    Raises:
        StoreError: the database refuses.
    """
    jobs = tables.jobs
    with store.begin() as connection:
        touch(connection, customer.id)
        forget_tallies(connection, customer.id)
        for table in (tables.modules, jobs):
            connection.execute(sa.delete(table).where(table.c.customer_id == customer.id))
        for fetch_id, replies in _snapshots(connection, customer):
            rows = [derived(row) for row in newest(rows_of(replies))]
            store.keep_jobs(connection, customer.id, fetch_id, rows)
        count = sa.select(sa.func.count()).where(jobs.c.customer_id == customer.id)
        return int(connection.scalar(count) or 0)


def prunable(store: Store, before: datetime) -> Pruned:
    """What `prune` would take away."""
    old = _old_fetches(before)
    with store.reading() as connection:
        snapshots = connection.scalar(sa.select(sa.func.count()).select_from(old.subquery()))
        jobs = connection.scalar(sa.select(sa.func.count()).where(tables.jobs.c.fetch_id.in_(old)))
        return Pruned(int(snapshots or 0), int(jobs or 0))


def prune(store: Store, before: datetime) -> Pruned:
    """Take away the snapshots taken before a time, and the jobs last seen in them.

    One transaction. Rendered versions of reports and the list of customers stay.

    Raises:
        StoreError: the database refuses; nothing is taken away.
    """
    gone = prunable(store, before)
    jobs, replies, bodies, fetches = tables.jobs, tables.replies, tables.bodies, tables.fetches
    modules, old = tables.modules, _old_fetches(before)
    left = sa.select(jobs.c.job_id).where(
        *(jobs.c[name] == modules.c[name] for name in ("customer_id", "service", "module"))
    )
    with store.begin() as connection:
        connection.execute(sa.update(tables.customers).values(revision=_NEXT_REVISION))
        connection.execute(sa.delete(tables.tallies))
        connection.execute(sa.delete(jobs).where(jobs.c.fetch_id.in_(old)))
        connection.execute(sa.delete(modules).where(~left.exists()))
        connection.execute(sa.delete(replies).where(replies.c.fetch_id.in_(old)))
        connection.execute(sa.delete(fetches).where(fetches.c.id.in_(old)))
        used = sa.select(replies.c.sha256).where(replies.c.sha256 == bodies.c.sha256)
        connection.execute(sa.delete(bodies).where(~used.exists()))
    if store.engine.dialect.name == "sqlite":
        with closing(store.engine.raw_connection()) as connection:
            connection.cursor().execute("VACUUM")  # which no transaction may hold
    return gone


def _old_fetches(before: datetime) -> sa.Select[tuple[int]]:
    return sa.select(tables.fetches.c.id).where(tables.fetches.c.taken_at < before)


def _snapshots(
    connection: sa.Connection, customer: Customer
) -> Iterator[tuple[int, tuple[Reply, ...]]]:
    """The complete snapshots of a customer in the order they were recorded, one at a time."""
    fetches = tables.fetches.c
    complete = sa.select(fetches.id).where(
        fetches.customer_id == customer.id, fetches.kind == "jobs", fetches.error.is_(None)
    )
    for fetch_id in connection.execute(complete.order_by(fetches.id)).scalars().all():
        yield fetch_id, replies_of(connection, fetch_id)
