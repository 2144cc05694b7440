"""When the service was asked and what it showed, for those who decide what to ask, and when."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from reporter.errors import ReplyError
from reporter.jobs.rows import moment
from reporter.jobs.sightings import ScopeKey
from reporter.model import (
    KINDS,
    LISTED_BY_TIME,
    Answer,
    Customer,
    DetailsAsked,
    Kind,
    Lack,
    Outcome,
    Reply,
)
from reporter.sources.registry import reader_of
from reporter.store import tables
from reporter.store.details import failing_modules
from reporter.store.replies import replies_of
from reporter.store.store import Store

MOST_ATTEMPTS: Final = 3
"""How often the details of a job are asked for before they are given up."""
LONGEST_RUN: Final = timedelta(days=14)
"""A job of a tenant that has run for longer is no longer waited for."""
_TOLD_SOON: Final = timedelta(days=2)
"""A tenant is asked once a day: so much of the time up to a look may still be told."""


@dataclass(frozen=True, slots=True)
class Looks:
    """When a customer's jobs were looked at, and the starts of the jobs that were seen."""

    taken_at: tuple[datetime, ...]
    """The complete snapshots, in order."""
    starts: Mapping[ScopeKey, tuple[datetime, ...]]
    """Of each scope's backup jobs, in order; where a start is missing, what stands in for it.
    Without scopes of which the customer's own tenant tells all jobs.
    """
    all_told: bool = False
    """Whether it tells all jobs of all scopes that ran."""


def last_answers(store: Store) -> dict[str, dict[Kind, datetime]]:
    """When the service last answered what is asked beside the jobs, by customer; an answer that
    there is nothing of the kind counts as well.

    Raises:
        StoreError: the database refuses.
    """
    fetches = tables.fetches.c
    answered = fetches.error.is_(None) | (fetches.error == Lack.NOT_THERE.value)
    query = (
        sa.select(fetches.customer_id, fetches.kind, sa.func.max(fetches.taken_at))
        .where(fetches.customer_id.is_not(None), fetches.kind.in_(KINDS), answered)
        .group_by(fetches.customer_id, fetches.kind)
    )
    last: dict[str, dict[Kind, datetime]] = defaultdict(dict)
    with store.reading() as connection:
        for customer_id, kind, taken_at in connection.execute(query):
            last[customer_id][kind] = taken_at
    return last


def settled_to(store: Store, customer_id: str) -> dict[Kind, datetime]:
    """Up to when all that a customer's own tenant lists by time is settled, by kind: the last
    complete answer, or the start of the oldest job that still ran at it.

    Raises:
        StoreError: the database refuses.
    """
    fetches = tables.fetches.c
    settled: dict[Kind, datetime] = {}
    with store.reading() as connection:
        for kind in LISTED_BY_TIME:
            of_kind = sa.select(fetches.id, fetches.taken_at).where(
                fetches.customer_id == customer_id, fetches.kind == kind, fetches.error.is_(None)
            )
            newest = of_kind.order_by(fetches.taken_at.desc(), fetches.id.desc()).limit(1)
            for fetch_id, taken_at in connection.execute(newest).all():
                running = _running_since(kind, replies_of(connection, fetch_id), customer_id)
                oldest = min([taken_at, *running])
                settled[kind] = max(oldest, taken_at - LONGEST_RUN)
    return settled


def _running_since(kind: Kind, replies: Sequence[Reply], customer_id: str) -> Iterator[datetime]:
    """The starts of the jobs that an answer lists as running; none if it cannot be read any more,
    which costs a report but no fetch.
    """
    answer = Answer(kind, None, tuple(replies))
    with suppress(ReplyError):
        told = reader_of(replies).answer(answer, customer_id, "binary")
        starts = [job.started_at for job in told.restores if job.outcome is Outcome.RUNNING]
        starts += [
            moment(row, "started")
            for history in told.histories
            for row in map(dict, history.rows)
            if row["outcome"] is Outcome.RUNNING
        ]
        yield from filter(None, starts)


def details_asked(store: Store, since: datetime) -> dict[str, DetailsAsked]:
    """What was asked about the objects of jobs since a time, by customer.

    Raises:
        StoreError: the database refuses.
    """
    fetches = tables.fetches.c
    attempts = (
        sa.select(fetches.customer_id, fetches.job_id, fetches.error)
        .where(tables.OF_DETAILS, fetches.taken_at >= since)
        .order_by(fetches.id)
    )
    tried: dict[str, Counter[str]] = defaultdict(Counter)
    settled: dict[str, set[str]] = defaultdict(set)
    with store.reading() as connection:
        for customer_id, job_id, error in connection.execute(attempts):
            tried[customer_id][job_id] += 1
            answered = error in (None, Lack.NOT_THERE.value)
            if answered or tried[customer_id][job_id] >= MOST_ATTEMPTS:
                settled[customer_id].add(job_id)
        failing = failing_modules(connection, since)
    return {
        customer_id: DetailsAsked(
            frozenset(settled[customer_id]),
            tuple(job_id for job_id in job_ids if job_id not in settled[customer_id]),
            failing.get(customer_id, frozenset()),
        )
        for customer_id, job_ids in tried.items()
    }


def looks_at(store: Store, customer: Customer, since: datetime) -> Looks:
    """The looks at a customer since a time, and the jobs seen that started since.

    Raises:
        StoreError: the database refuses.
    """
    fetches, jobs = tables.fetches.c, tables.jobs.c
    modules, scopes, times = tables.modules.c, tables.scopes.c, tables.told_times.c
    taken = sa.select(fetches.taken_at).where(
        fetches.customer_id == customer.id,
        fetches.kind == "jobs",
        fetches.taken_at >= since,
        fetches.error.is_(None),
    )
    started = (
        sa.select(modules.service, modules.module, scopes.name, jobs.dated_at)
        .join_from(tables.scopes, tables.modules)
        .join(tables.jobs, jobs.scope_id == scopes.id)
        .where(modules.customer_id == customer.id, jobs.dated_at >= since, jobs.is_backup)
    )
    told = (
        sa.select(modules.service, modules.module, times.starts_at, times.ends_at)
        .join_from(tables.modules, tables.told_times)
        .where(modules.customer_id == customer.id, times.ends_at >= since)
        .order_by(times.starts_at)
    )
    starts: dict[ScopeKey, list[datetime]] = defaultdict(list)
    told_to: dict[ScopeKey, datetime] = {}
    with store.reading() as connection:
        for service, module, start, end in connection.execute(told):
            scope = service, module, ""
            if start <= told_to.get(scope, since):
                told_to[scope] = max(end, told_to.get(scope, end))
        looks = connection.execute(taken.order_by(fetches.taken_at)).scalars().all()
        for service, module, name, started_at in connection.execute(
            started.order_by(jobs.dated_at)
        ):
            starts[service, module, name].append(started_at)
    seen_alone = {
        scope: tuple(each)
        for scope, each in starts.items()
        if scope not in told_to or (looks and looks[-1] > told_to[scope] + _TOLD_SOON)
    }
    return Looks(tuple(looks), seen_alone, all_told=bool(starts) and not seen_alone)
