"""What is derived from replies: the scopes, what each snapshot says of them, and the jobs.

Snapshots are derived in the same way when they come and when they are derived anew later: one after
another, in the order they were recorded, whatever their clocks say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import chain
from typing import Any, Final

import sqlalchemy as sa

from reporter.jobs.rows import (
    FIELDS,
    Row,
    alone,
    counting,
    identity_of,
    moment,
    present,
)
from reporter.jobs.sightings import ScopeKey, Sighting, scope_of, sightings_of
from reporter.model import Answer, ModuleHistory, Reply
from reporter.sources.registry import reader_of, rows_by
from reporter.store import tables
from reporter.store.details import fetches_of_details, forget_details, keep_details
from reporter.store.replies import replies_of

_WRITTEN: Final = (*FIELDS, "date_orders")
"""The columns of a job that the service wrote, and how its dates are read."""
_AT_ONCE: Final = 5_000
"""How many jobs one query asks for: a query takes only so many values."""
_OF_SIGHTING: Final = tuple(name for name in Sighting.__slots__ if name in tables.sightings.c)
"""What a sighting says beyond the names of its scope."""

EDGE: Final = timedelta(minutes=15)
"""At the edges of the time that a history was asked for, it may not list a job yet, or date it a
little differently: so much of it does not count as told.
"""

Identity = tuple[int, str]
"""What identifies a job: the number of its module, and the job's id."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """The numbers of a scope and of its module in the store."""

    id: int
    module_id: int


class Derivation:
    """What was derived of one customer so far; each further snapshot is kept on top of it.

    Lives within one transaction, during which nobody else may derive anything of the customer.
    """

    def __init__(self, connection: sa.Connection, customer_id: str) -> None:
        self._connection = connection
        self._customer_id = customer_id
        self._scopes: dict[ScopeKey, _Scope] = {}
        self._last: dict[ScopeKey, Sighting] = {}
        self._listed: set[ScopeKey] = set()
        self._from_tenant = set(histories_of(connection, customer_id))
        for row in connection.execute(_last_sightings(), {"customer_id": customer_id}):
            key = row.service, row.module, row.name
            self._scopes[key] = _Scope(row.id, row.module_id)
            if row.listed is not None:
                self._last[key] = Sighting(*key, *(getattr(row, name) for name in _OF_SIGHTING))
            if row.listed:
                self._listed.add(key)

    def keep(self, fetch_id: int, rows: Sequence[Row]) -> None:
        """Keep what the rows of a snapshot say: those of all its replies, in their order."""
        jobs = [row for row in rows if present(row["job_id"])]
        sightings = sightings_of(rows, self._last)
        self._know({*map(scope_of, jobs), *(sighting.scope for sighting in sightings)})
        self._keep_sightings(fetch_id, sightings)
        new = self._keep_jobs(fetch_id, jobs)
        if self._from_tenant:
            self._take_back(new)

    def keep_history(self, fetch_id: int, histories: Iterable[ModuleHistory]) -> None:
        """Keep the jobs in an answer of the customer's own tenant, and the time it is about.

        Nothing is kept of a module whose history has flaws, or lacks a job that is known to have
        begun in its time: then it is not complete, or has other ids. Nothing at all is kept until
        an answer lists a job that is known: that shows that the ids are the same.
        """
        self._from_tenant.add(fetch_id)
        histories = list(histories)
        if not self._has_known_ids(histories):
            return
        for history in histories:
            if history.flawed:
                continue
            start, stop = history.window
            starts_at, ends_at = start + EDGE, stop - EDGE
            rows = [dict(row) for row in history.rows]
            listed = {identity_of(row)[2] for row in rows}
            scope = history.service, history.module, ""
            if self._begun(scope, starts_at, ends_at) - listed:
                continue
            self._know({scope})
            self._keep_jobs(fetch_id, rows)
            told = {
                "module_id": self._scopes[scope].module_id,
                "fetch_id": fetch_id,
                "starts_at": starts_at,
                "ends_at": ends_at,
            }
            self._connection.execute(sa.insert(tables.told_times), told)

    def _has_known_ids(self, histories: Sequence[ModuleHistory]) -> bool:
        """Whether the tenant calls jobs by the ids that are known: by this answer or by an earlier
        one. An answer without any job need not show it.
        """
        listed = [
            (history, identity_of(dict(row))[2]) for history in histories for row in history.rows
        ]
        if not listed:
            return True
        jobs, scopes = tables.jobs.c, self._scopes
        earlier = sa.select(jobs.job_id).where(jobs.fetch_id.in_(self._from_tenant)).limit(1)
        if self._connection.scalar(earlier) is not None:
            return True
        return bool(
            self._kept(
                {
                    (scopes[scope].module_id, job_id)
                    for history, job_id in listed
                    if (scope := (history.service, history.module, "")) in scopes
                }
            )
        )

    def _take_back(self, jobs: Iterable[Row]) -> None:
        """Take back what histories told of the time in which jobs began that they do not list,
        now that a snapshot shows them: the time, and the jobs in it that only they list.
        """
        told, known, sightings = tables.told_times, tables.jobs, tables.sightings
        for module_id, began_at in {(job["module_id"], job["first_started_at"]) for job in jobs}:
            if began_at is None:
                continue
            of_module = told.c.module_id == module_id
            wrong = of_module & (told.c.starts_at <= began_at) & (told.c.ends_at > began_at)
            query = sa.select(told.c.fetch_id).where(wrong)
            fetch_ids = self._connection.execute(query).scalars().all()
            if not fetch_ids:
                continue
            self._connection.execute(sa.delete(told).where(wrong))
            started_at = known.c.first_started_at
            still_told = sa.select(told.c.fetch_id).where(
                of_module, told.c.starts_at <= started_at, told.c.ends_at > started_at
            )
            seen = sa.select(sightings.c.fetch_id).where(
                sightings.c.scope_id == known.c.scope_id, sightings.c.job_id == known.c.job_id
            )
            gone = (
                (known.c.module_id == module_id)
                & known.c.fetch_id.in_(fetch_ids)
                & ~still_told.exists()
                & ~seen.exists()
            )
            first = self._connection.scalar(sa.select(sa.func.min(known.c.dated_at)).where(gone))
            if first is not None:
                self._connection.execute(sa.delete(known).where(gone))
                forget_tallies(self._connection, self._customer_id, first)

    def _begun(self, scope: ScopeKey, start: datetime, stop: datetime) -> set[str]:
        """The jobs of a scope that are known to have begun in a stretch of time."""
        if scope not in self._scopes:
            return set()
        jobs = tables.jobs.c
        began = (jobs.dated_at >= start) & (jobs.dated_at < stop)
        query = sa.select(jobs.job_id).where(jobs.scope_id == self._scopes[scope].id, began)
        # By its end or its modification a job may be dated later than it began.
        query = query.where(jobs.first_started_at >= start, jobs.first_started_at < stop)
        return set(self._connection.execute(query).scalars())

    def _counted(self, older: Row, job: Row) -> Row:
        """Of two rows of one job the one that counts; `job` is the later one."""
        both = (row | {"from_tenant": row["fetch_id"] in self._from_tenant} for row in (older, job))
        counts = dict(counting(*both))
        del counts["from_tenant"]
        return counts

    def _keep_jobs(self, fetch_id: int, rows: Sequence[Row]) -> list[Row]:
        """Keep those jobs of a fetch that say something new; those that were not known before."""
        seen = [self._job(row, fetch_id) for row in rows]
        before = self._kept({_identity(job) for job in seen})
        now = dict(before)
        for job in seen:
            older = now.get(_identity(job))
            now[_identity(job)] = _dated(self._counted(older, job) if older else job)
        changed = [identity for identity, job in now.items() if job != before.get(identity)]
        if changed:
            self._connection.execute(
                _upsert(self._connection.dialect.name), [now[identity] for identity in changed]
            )
            kept = (job for identity in changed for job in (before.get(identity), now[identity]))
            dates = [job["dated_at"] for job in kept if job and job["dated_at"]]
            if dates:
                forget_tallies(self._connection, self._customer_id, min(dates))
        return [now[identity] for identity in changed if identity not in before]

    def _know(self, scopes: Collection[ScopeKey]) -> None:
        """Make sure that the given scopes have numbers."""
        new = sorted(set(scopes) - self._scopes.keys())
        if not new:
            return
        modules = {key[:2] for key in new} - {key[:2] for key in self._scopes}
        if modules:
            rows = [
                {"customer_id": self._customer_id, "service": service, "module": module}
                for service, module in sorted(modules)
            ]
            self._connection.execute(sa.insert(tables.modules), rows)
        columns = tables.modules.c
        query = sa.select(columns.service, columns.module, columns.id)
        numbered = self._connection.execute(query.where(columns.customer_id == self._customer_id))
        numbers = {(service, module): number for service, module, number in numbered}
        self._connection.execute(
            sa.insert(tables.scopes),
            [
                {"module_id": numbers[key[:2]], "name": key[2], "sha256": _sha256(key[2])}
                for key in new
            ],
        )
        for row in self._connection.execute(scopes_of(self._customer_id)):
            self._scopes[row.service, row.module, row.name] = _Scope(row.id, row.module_id)

    def _keep_sightings(self, fetch_id: int, sightings: Sequence[Sighting]) -> None:
        """Keep what a snapshot says of each scope, where that differs from the one before."""
        seen = {sighting.scope for sighting in sightings}
        changes = [(sighting, True) for sighting in sightings if not self._goes_on(sighting)]
        changes += [(self._last[scope], False) for scope in sorted(self._listed - seen)]
        rows = [
            {name: getattr(sighting, name) for name in _OF_SIGHTING}
            | {"scope_id": self._scopes[sighting.scope].id, "fetch_id": fetch_id, "listed": listed}
            for sighting, listed in changes
        ]
        if rows:
            self._connection.execute(sa.insert(tables.sightings), rows)
        self._last |= {sighting.scope: sighting for sighting in sightings}
        self._listed = seen

    def _goes_on(self, sighting: Sighting) -> bool:
        """Whether a scope is listed as by the snapshot before, and nothing was lost in between."""
        return sighting.scope in self._listed and sighting == replace(
            self._last[sighting.scope], lost=False
        )

    def _job(self, row: Row, fetch_id: int) -> Row:
        """A row of the table `jobs`, without the times it is dated by."""
        scope = self._scopes[scope_of(row)]
        return {
            **{name: row.get(name) for name in _WRITTEN},
            **alone(row),
            "module_id": scope.module_id,
            "job_id": identity_of(row)[2],
            "scope_id": scope.id,
            "fetched_at": row["fetched_at"],
            "fetch_id": fetch_id,
            "outcome": row["outcome"].value,
            "is_backup": row["is_backup"],
            "has_objects": row["has_objects"],
        }

    def _kept(self, identities: Collection[Identity]) -> dict[Identity, Row]:
        identity = sa.tuple_(tables.jobs.c.module_id, tables.jobs.c.job_id)
        kept: dict[Identity, Row] = {}
        asked = sorted(identities)
        for first in range(0, len(asked), _AT_ONCE):
            some = identity.in_(asked[first : first + _AT_ONCE])
            rows = self._connection.execute(sa.select(tables.jobs).where(some)).mappings()
            kept |= {_identity(row): row for row in map(dict, rows)}
        return kept


def derive_again(connection: sa.Connection, customer_id: str) -> None:
    """Derive all there is of a customer from its raw replies, as when they came.

    Raises:
        ReplyError: a reply cannot be used.
    """
    forget_tallies(connection, customer_id)
    details = fetches_of_details(customer_id)
    forget_details(connection, details.with_only_columns(tables.fetches.c.id))
    modules, scopes = tables.modules, tables.scopes
    customer_modules = sa.select(modules.c.id).where(modules.c.customer_id == customer_id)
    customer_scopes = sa.select(scopes.c.id).where(scopes.c.module_id.in_(customer_modules))
    connection.execute(
        sa.delete(tables.sightings).where(tables.sightings.c.scope_id.in_(customer_scopes))
    )
    for table in (tables.told_times, tables.jobs, scopes):
        connection.execute(sa.delete(table).where(table.c.module_id.in_(customer_modules)))
    connection.execute(sa.delete(modules).where(modules.c.customer_id == customer_id))
    derivation = Derivation(connection, customer_id)
    fetch_ids = snapshots_of(connection, customer_id)
    rules = rules_of(connection, fetch_ids[-1]) if fetch_ids else None
    from_tenant = histories_of(connection, customer_id)
    for fetch_id in sorted([*fetch_ids, *from_tenant]):
        replies = replies_of(connection, fetch_id)
        if fetch_id in from_tenant:
            derivation.keep_history(fetch_id, histories_in(replies, customer_id))
        else:
            derivation.keep(fetch_id, list(chain.from_iterable(rows_by(replies, rules))))
    for fetch_id, job_id in connection.execute(details).all():
        keep_details(connection, customer_id, fetch_id, job_id)
    customers = tables.customers
    connection.execute(
        sa.update(customers)
        .where(customers.c.id == customer_id)
        .values(derivation=tables.DERIVATION)
    )


def rules_of(connection: sa.Connection, fetch_id: int) -> bytes | None:
    """By which rules the replies of a snapshot are to be read (`Reader.rules`)."""
    replies = replies_of(connection, fetch_id)
    return reader_of(replies).rules(replies)


def snapshots_of(connection: sa.Connection, customer_id: str) -> Sequence[int]:
    """The complete snapshots of a customer, in the order they were recorded."""
    fetch_id = tables.fetches.c.id
    query = sa.select(fetch_id).where(complete(customer_id)).order_by(fetch_id)
    return connection.execute(query).scalars().all()


def histories_of(connection: sa.Connection, customer_id: str) -> Sequence[int]:
    """The complete answers of a customer's own tenant about its jobs, in the order they were
    recorded.
    """
    fetches = tables.fetches.c
    query = sa.select(fetches.id).where(
        fetches.customer_id == customer_id, fetches.kind == "history", fetches.error.is_(None)
    )
    return connection.execute(query.order_by(fetches.id)).scalars().all()


def histories_in(replies: Sequence[Reply], customer_id: str) -> tuple[ModuleHistory, ...]:
    """What the replies of such an answer say.

    Raises:
        ReplyError: a reply cannot be used.
    """
    answer = Answer("history", None, tuple(replies))
    return reader_of(replies).answer(answer, customer_id, "binary").histories


def complete(customer_id: str) -> sa.ColumnElement[bool]:
    """Whether a fetch is a complete snapshot of a customer's jobs."""
    fetches = tables.fetches.c
    return (fetches.customer_id == customer_id) & (fetches.kind == "jobs") & fetches.error.is_(None)


def forget_tallies(
    connection: sa.Connection, customer_id: str, since: datetime | None = None
) -> None:
    """Forget the tallies of months that end after a time, or of all months without one."""
    tallies = tables.tallies
    gone = sa.delete(tallies).where(tallies.c.customer_id == customer_id)
    connection.execute(gone.where(tallies.c.ends_at > since) if since else gone)


def scopes_of(customer_id: str | sa.BindParameter[str]) -> sa.Select[Any]:
    """All scopes of a customer, by name and number."""
    modules, scopes = tables.modules.c, tables.scopes.c
    return (
        sa.select(modules.service, modules.module, scopes.name, scopes.id, scopes.module_id)
        .select_from(tables.modules)
        .join(tables.scopes, scopes.module_id == modules.id)
        .where(modules.customer_id == customer_id)
    )


@cache
def _last_sightings() -> sa.Select[Any]:
    """All scopes of `customer_id` with the last sighting of each; missing where there never was
    one.

    Built only once: building it takes longer than running it.
    """
    sightings, scope_id = tables.sightings, tables.scopes.c.id
    earlier = sightings.alias("earlier")
    last = sa.select(sa.func.max(earlier.c.fetch_id)).where(earlier.c.scope_id == scope_id)
    same = (sightings.c.scope_id == scope_id) & (sightings.c.fetch_id == last.scalar_subquery())
    columns = (sightings.c.listed, *(sightings.c[name] for name in _OF_SIGHTING))
    scopes = scopes_of(sa.bindparam("customer_id"))
    return scopes.outerjoin(sightings, same).add_columns(*columns)


@cache
def _upsert(dialect: str) -> Any:
    """The statement that inserts rows of `jobs` or replaces kept ones. Built only once."""
    insert = tables.insert(dialect, tables.jobs)
    identity = ("module_id", "job_id")
    values = {column.name: column for column in insert.excluded if column.name not in identity}
    return insert.on_conflict_do_update(index_elements=identity, set_=values)


def _identity(job: Row) -> Identity:
    return job["module_id"], job["job_id"]


def _dated(job: Row) -> Row:
    """A row of the table `jobs` with what it is dated by."""
    started_at, ended_at = moment(job, "started"), moment(job, "ended")
    return job | {
        "dated_at": started_at or ended_at or job["first_modified_at"],
        "point_at": ended_at or started_at or job["first_modified_at"],
    }


def _sha256(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
