"""Everything the service said of one customer, exactly as it was received."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, cast, get_args

import sqlalchemy as sa

from reporter.model import Answer, Customer, Kind, Reply, Snapshot
from reporter.store import tables
from reporter.store.deriving import complete
from reporter.store.replies import absence_of, replies_of
from reporter.store.store import Store


@dataclass(frozen=True, slots=True)
class Fetch:
    """One attempt to read something of the customer: its replies, or why there are none."""

    kind: str
    """jobs, or what is asked for beside them (`model.Kind`)."""
    taken_at: datetime
    error: str | None
    replies: tuple[Reply, ...]
    customer_id: str | None = None
    """The id under which its source knows the customer; None for the customer's first."""
    job_id: str = ""
    """Of details: the id of the job; else empty."""


LastLooks = Mapping[str, datetime]
"""When the last complete snapshot was taken that a report rests on, by the id of the customer."""


def received_until(store: Store, customer: Customer, last: LastLooks) -> Iterator[Fetch]:
    """The fetches a report rests on whose last complete snapshots of the jobs are these, of one id
    after another in the order they were recorded, one at a time.

    What was asked for beside the jobs is recorded after them, so that it ends where the next
    snapshot begins.

    Raises:
        StoreError: the database refuses.
    """
    fetches = tables.fetches.c
    with store.reading() as connection:
        for customer_id, as_of in last.items():
            next_one = connection.scalar(
                sa.select(sa.func.min(fetches.id)).where(
                    complete(customer_id), fetches.taken_at > as_of
                )
            )
            query = sa.select(
                fetches.id, fetches.kind, fetches.taken_at, fetches.error, fetches.job_id
            ).where(fetches.customer_id == customer_id)
            if next_one is not None:
                query = query.where(fetches.id < next_one)
            joined = None if customer_id == customer.id else customer_id
            for row in connection.execute(query.order_by(fetches.id)).all():
                replies = replies_of(connection, row.id) if row.error is None else ()
                yield Fetch(row.kind, row.taken_at, row.error, replies, joined, row.job_id)


def until(fetches: Iterable[Fetch], customer: Customer, last: LastLooks) -> Iterator[Fetch]:
    """Of the fetches of a customer those a report rests on whose last complete snapshots of the
    jobs are these: what `received_until` gives.
    """
    ended: set[str] = set()
    for fetch in fetches:
        customer_id = fetch.customer_id or customer.id
        if customer_id not in last or _is_snapshot_after(fetch, last[customer_id]):
            ended.add(customer_id)
        if customer_id not in ended:
            yield fetch


def _is_snapshot_after(fetch: Fetch, moment: datetime) -> bool:
    return fetch.kind == "jobs" and fetch.error is None and fetch.taken_at > moment


def last_looks_of(figures: Mapping[str, Any], customer: Customer) -> LastLooks:
    """The last looks that a report rests on, from its JSON; by a source that has been joined since,
    the last by then: it could have told as much.
    """
    at = figures["as_of"]
    looks = {look["customer_id"]: look["as_of"] for look in figures.get("last_looks", ())}
    return {
        customer_id: datetime.fromisoformat(looks.get(customer_id, at))
        for customer_id in customer.ids
    }


def receive_again(store: Store, customer: Customer, fetches: Iterable[Fetch]) -> None:
    """Record fetches in a store that knows nothing of the customer yet, as when they were made.

    Raises:
        ReplyError: a reply cannot be used.
        StoreError: the database refuses.
        ValueError: a fetch is of nothing that is asked for.
    """
    for customer_id, of_source in groupby(fetches, lambda fetch: fetch.customer_id):
        known_as = replace(customer, id=customer_id or customer.id)
        jobs: tuple[Reply, ...] = ()
        answers: list[Answer] = []
        for fetch in of_source:
            if fetch.kind != "jobs":
                answers.append(_answer(fetch))
            elif fetch.error is not None:
                store.record_failure(known_as, fetch.taken_at, fetch.error)
            else:
                if jobs:
                    store.record(Snapshot(known_as, jobs, tuple(answers)))
                    answers = []
                jobs = fetch.replies
        if jobs:
            store.record(Snapshot(known_as, jobs, tuple(answers)))


def _answer(fetch: Fetch) -> Answer:
    if fetch.kind not in get_args(Kind):
        raise ValueError(f"{fetch.kind!r} is nothing that is asked for")
    kind, absence = cast(Kind, fetch.kind), fetch.error and absence_of(fetch.error)
    return Answer(kind, fetch.taken_at, fetch.replies, absence or None, job_id=fetch.job_id)
