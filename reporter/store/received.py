"""Everything the service said of one customer, exactly as it was received."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

import sqlalchemy as sa

from reporter.model import KINDS, Answer, Customer, Reply, Snapshot
from reporter.store import tables
from reporter.store.deriving import complete, replies_of
from reporter.store.reading import absence_of
from reporter.store.store import Store


@dataclass(frozen=True, slots=True)
class Fetch:
    """One attempt to read something of the customer: its replies, or why there are none."""

    kind: str
    """jobs, protection, or subscription."""
    taken_at: datetime
    error: str | None
    replies: tuple[Reply, ...]


def received_until(store: Store, customer: Customer, as_of: datetime) -> Iterator[Fetch]:
    """The fetches a report rests on whose last complete snapshot of the jobs is of `as_of`, in the
    order they were recorded, one at a time.

    What was asked for beside the jobs is recorded after them, so that it ends where the next
    snapshot begins.

    Raises:
        StoreError: the database refuses.
    """
    fetches = tables.fetches.c
    of_customer = fetches.customer_id == customer.id
    with store.reading() as connection:
        next_one = connection.scalar(
            sa.select(sa.func.min(fetches.id)).where(
                complete(customer.id), fetches.taken_at > as_of
            )
        )
        query = sa.select(fetches.id, fetches.kind, fetches.taken_at, fetches.error).where(
            of_customer
        )
        if next_one is not None:
            query = query.where(fetches.id < next_one)
        for row in connection.execute(query.order_by(fetches.id)).all():
            replies = replies_of(connection, row.id) if row.error is None else ()
            yield Fetch(row.kind, row.taken_at, row.error, replies)


def until(fetches: Iterable[Fetch], as_of: datetime) -> Iterator[Fetch]:
    """Of fetches in the order they were recorded, those a report rests on whose last complete
    snapshot of the jobs is of `as_of`: what `received_until` gives.
    """
    return takewhile(lambda fetch: not _is_snapshot_after(fetch, as_of), fetches)


def _is_snapshot_after(fetch: Fetch, moment: datetime) -> bool:
    return fetch.kind == "jobs" and fetch.error is None and fetch.taken_at > moment


def receive_again(store: Store, customer: Customer, fetches: Iterable[Fetch]) -> None:
    """Record fetches in a store that knows nothing of the customer yet, as when they were made.

    Raises:
        ReplyError: a reply cannot be used.
        StoreError: the database refuses.
        ValueError: a fetch is of nothing that is asked for.
    """
    jobs: tuple[Reply, ...] = ()
    answers: list[Answer] = []
    for fetch in fetches:
        if fetch.kind != "jobs":
            answers.append(_answer(fetch))
        elif fetch.error is not None:
            store.record_failure(customer, fetch.taken_at, fetch.error)
        else:
            if jobs:
                store.record(Snapshot(customer, jobs, tuple(answers)))
                answers = []
            jobs = fetch.replies
    if jobs:
        store.record(Snapshot(customer, jobs, tuple(answers)))


def _answer(fetch: Fetch) -> Answer:
    if fetch.kind not in KINDS:
        raise ValueError(f"{fetch.kind!r} is nothing that is asked for")
    if fetch.error is None:
        return Answer(fetch.kind, fetch.taken_at, fetch.replies)
    return Answer(fetch.kind, fetch.taken_at, absence=absence_of(fetch.error))
