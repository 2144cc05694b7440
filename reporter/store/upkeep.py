"""Deriving the jobs anew from the raw replies, and pruning what is too old."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from reporter.jobs.rows import identity_of
from reporter.model import Customer
from reporter.store import tables
from reporter.store.deriving import (
    complete,
    derive_again,
    histories_in,
    histories_of,
    scopes_of,
)
from reporter.store.details import forget_details
from reporter.store.replies import replies_of
from reporter.store.store import Store, touch

_NEXT_REVISION: Final = tables.customers.c.revision + 1


@dataclass(frozen=True, slots=True)
class Pruned:
    """What is removed, or would be, when a store is pruned."""

    snapshots: int
    jobs: int


@dataclass(frozen=True, slots=True)
class _Pruning:
    """What pruning does to one customer's derived rows, as their keys and new values."""

    sightings: Sequence[dict[str, int]]
    """Sightings that are removed: no kept snapshot rests on them."""
    moved: Sequence[dict[str, int]]
    """Sightings that still hold, from the first kept snapshot on (`kept_id`)."""
    jobs: int
    """How many jobs are removed."""
    listed: Sequence[dict[str, Any]]
    """Jobs from old snapshots that a kept snapshot still lists (`kept_id`)."""


def rebuild_jobs(store: Store, customer: Customer) -> int:
    """Derive what is derived of a customer from its raw replies, as when these were received.

    One transaction: all is new, or as before. The number of jobs there are then.

    Raises:
        ReplyError: a reply cannot be used.
        StoreError: the database refuses.
    """
    jobs = tables.jobs.c
    with store.begin() as connection:
        touch(connection, customer.id)
        derive_again(connection, customer.id)
        scopes = scopes_of(customer.id).with_only_columns(tables.scopes.c.id)
        count = sa.select(sa.func.count()).where(jobs.scope_id.in_(scopes))
        return int(connection.scalar(count) or 0)


def prunable(store: Store, before: datetime) -> Pruned:
    """What `prune` would remove."""
    with store.reading() as connection:
        old = sa.select(sa.func.count()).select_from(_old_fetches(before).subquery())
        customer_ids = _affected(connection, before)
        jobs = sum(_pruning(connection, customer_id, before).jobs for customer_id in customer_ids)
        return Pruned(int(connection.scalar(old) or 0), jobs)


def prune(store: Store, before: datetime) -> Pruned:
    """Remove the snapshots taken before a time and the jobs they gave, except jobs that are still
    the newest of their scope in a later snapshot, or that a later history lists.

    A job is kept by the first answer that listed it. So what is known of a customer whose tenant
    has told its history since is derived again from the replies that stay: no time may count as
    told whose jobs are gone.

    One transaction. Rendered versions of reports and the list of customers stay.

    Raises:
        ReplyError: a reply that stays cannot be used; nothing is taken away.
        StoreError: the database refuses; nothing is taken away.
    """
    gone = prunable(store, before)
    replies, bodies, fetches = tables.replies, tables.bodies, tables.fetches
    old = _old_fetches(before)
    with store.begin() as connection:
        connection.execute(sa.update(tables.customers).values(revision=_NEXT_REVISION))
        connection.execute(sa.delete(tables.tallies))
        affected = _affected(connection, before)
        for customer_id in affected:
            _prune_derived(connection, _pruning(connection, customer_id, before))
        for table in (tables.told_times, tables.jobs):
            connection.execute(sa.delete(table).where(table.c.fetch_id.in_(old)))
        forget_details(connection, old)
        _forget_scopes(connection)
        connection.execute(sa.delete(replies).where(replies.c.fetch_id.in_(old)))
        connection.execute(sa.delete(fetches).where(fetches.c.id.in_(old)))
        for customer_id in affected:
            if histories_of(connection, customer_id):
                derive_again(connection, customer_id)
        used = sa.select(replies.c.sha256).where(replies.c.sha256 == bodies.c.sha256)
        connection.execute(sa.delete(bodies).where(~used.exists()))
    if store.engine.dialect.name == "sqlite":
        with closing(store.engine.raw_connection()) as connection:
            connection.cursor().execute("VACUUM")  # which no transaction may hold
    return gone


def _old_fetches(before: datetime) -> sa.Select[tuple[int]]:
    return sa.select(tables.fetches.c.id).where(tables.fetches.c.taken_at < before)


def _affected(connection: sa.Connection, before: datetime) -> Sequence[str]:
    """The customers with old snapshots."""
    fetches = tables.fetches.c
    query = (
        sa.select(fetches.customer_id)
        .distinct()
        .where(fetches.customer_id.is_not(None), fetches.taken_at < before)
    )
    return connection.execute(query.order_by(fetches.customer_id)).scalars().all()


def _pruning(connection: sa.Connection, customer_id: str, before: datetime) -> _Pruning:
    fetches, sightings, jobs = tables.fetches.c, tables.sightings.c, tables.jobs.c
    scopes = scopes_of(customer_id).with_only_columns(tables.scopes.c.id)
    whole = sa.select(fetches.id).where(complete(customer_id), fetches.taken_at >= before)
    kept = connection.execute(whole.order_by(fetches.id)).scalars().all()
    query = sa.select(sightings.scope_id, sightings.fetch_id, sightings.listed, sightings.job_id)
    query = query.where(sightings.scope_id.in_(scopes))
    going: list[Any] = []
    holding: dict[tuple[int, int], Any] = {}
    listed: dict[tuple[int, str], int] = {}
    for row in connection.execute(query.order_by(sightings.scope_id, sightings.fetch_id)):
        place = bisect_left(kept, row.fetch_id)
        if place < len(kept):  # of several that come to hold from one snapshot on, the last does
            replaced = holding.get((row.scope_id, kept[place]))
            holding[row.scope_id, kept[place]] = row
            going += [replaced] if replaced else []
        else:
            going.append(row)
    for (scope_id, kept_id), row in holding.items():
        if row.listed:
            listed.setdefault((scope_id, row.job_id), kept_id)
    old = sa.select(jobs.module_id, jobs.job_id, jobs.scope_id)
    old = old.where(jobs.scope_id.in_(scopes), jobs.fetch_id.in_(_old_fetches(before)))
    given = connection.execute(old).all()
    held = [job for job in given if (job.scope_id, job.job_id) in listed]
    told = _told_since(connection, customer_id, before)
    gone = [
        job
        for job in given
        if (job.scope_id, job.job_id) not in listed and (job.module_id, job.job_id) not in told
    ]
    return _Pruning(
        [{"at_scope": sighting.scope_id, "at_fetch": sighting.fetch_id} for sighting in going],
        [
            {"at_scope": scope_id, "at_fetch": sighting.fetch_id, "kept_id": kept_id}
            for (scope_id, kept_id), sighting in holding.items()
            if sighting.fetch_id != kept_id
        ],
        len(gone),
        [
            {
                "at_module": job.module_id,
                "at_job": job.job_id,
                "kept_id": listed[job.scope_id, job.job_id],
            }
            for job in held
        ],
    )


def _told_since(
    connection: sa.Connection, customer_id: str, before: datetime
) -> set[tuple[int, str]]:
    """The jobs, by module, in the histories since a time that count."""
    told, modules = tables.told_times.c, tables.modules.c
    query = (
        sa.select(told.fetch_id, modules.service, modules.module, told.module_id)
        .join_from(tables.told_times, tables.modules)
        .where(modules.customer_id == customer_id)
        .where(told.fetch_id.not_in(_old_fetches(before)))
    )
    counting = {tuple(key): module_id for *key, module_id in connection.execute(query)}
    return {
        (counting[fetch_id, history.service, history.module], identity_of(dict(row))[2])
        for fetch_id in sorted({fetch_id for fetch_id, *_ in counting})
        for history in histories_in(replies_of(connection, fetch_id), customer_id)
        if (fetch_id, history.service, history.module) in counting
        for row in history.rows
    }


def _prune_derived(connection: sa.Connection, pruning: _Pruning) -> None:
    """Remove what is derived from old snapshots alone, and move what still holds to later ones."""
    sightings, jobs = tables.sightings, tables.jobs
    kept_id: sa.BindParameter[int] = sa.bindparam("kept_id")
    sighting = (sightings.c.scope_id == sa.bindparam("at_scope")) & (
        sightings.c.fetch_id == sa.bindparam("at_fetch")
    )
    job = (jobs.c.module_id == sa.bindparam("at_module")) & (
        jobs.c.job_id == sa.bindparam("at_job")
    )
    for statement, rows in (
        (sa.delete(sightings).where(sighting), pruning.sightings),
        (sa.update(sightings).where(sighting).values(fetch_id=kept_id, lost=False), pruning.moved),
        (sa.update(jobs).where(job).values(fetch_id=kept_id), pruning.listed),
    ):
        if rows:
            connection.execute(statement, rows)


def _forget_scopes(connection: sa.Connection) -> None:
    """Remove scopes and modules of which nothing is kept."""
    modules, scopes, sightings, jobs = (
        tables.modules, tables.scopes, tables.sightings, tables.jobs,
    )  # fmt: skip
    sighted = sa.select(sightings.c.scope_id).where(sightings.c.scope_id == scopes.c.id)
    gave = sa.select(jobs.c.scope_id).where(jobs.c.scope_id == scopes.c.id)
    left = sa.select(scopes.c.id).where(scopes.c.module_id == modules.c.id)
    connection.execute(sa.delete(scopes).where(~sighted.exists(), ~gave.exists()))
    detailed = sa.select(tables.details.c.module_id).where(
        tables.details.c.module_id == modules.c.id
    )
    empty = sa.select(modules.c.id).where(~left.exists(), ~detailed.exists())
    told_times = tables.told_times
    connection.execute(sa.delete(told_times).where(told_times.c.module_id.in_(empty)))
    connection.execute(sa.delete(modules).where(~left.exists(), ~detailed.exists()))
