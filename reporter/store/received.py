"""Everything the service said of one customer, exactly as it was received."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from reporter.model import Customer, Reply
from reporter.store import tables
from reporter.store.store import Store, replies_of


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
    mine = fetches.customer_id == customer.id
    jobs = fetches.kind == "jobs"
    with store.reading() as connection:
        next_one = connection.scalar(
            sa.select(sa.func.min(fetches.id)).where(
                mine, jobs, fetches.error.is_(None), fetches.taken_at > as_of
            )
        )
        found = sa.select(fetches.id, fetches.kind, fetches.taken_at, fetches.error).where(mine)
        if next_one is not None:
            found = found.where(fetches.id < next_one)
        for row in connection.execute(found.order_by(fetches.id)).all():
            replies = replies_of(connection, row.id) if row.error is None else ()
            yield Fetch(row.kind, row.taken_at, row.error, replies)
