"""Since when anything is known of a customer."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from reporter.model import Customer
from reporter.store import tables
from reporter.store.store import Store


def known_of(store: Store, customer: Customer) -> datetime | None:
    """When a customer's first complete snapshot was taken or, where that is earlier, when the
    earliest job ran that any of them lists; None where there is no snapshot.

    Raises:
        StoreError: the database refuses.
    """
    fetches, jobs = tables.fetches.c, tables.jobs.c
    first = (
        sa.select(fetches.taken_at)
        .where(fetches.customer_id == customer.id, fetches.kind == "jobs", fetches.error.is_(None))
        .order_by(fetches.taken_at)
        .limit(1)
    )
    earliest = [
        sa.select(sa.func.min(column)).where(jobs.customer_id == customer.id)
        for column in (jobs.started_at, jobs.point_at)
    ]
    with store.reading() as connection:
        snapshot: datetime | None = connection.scalar(first)
        if snapshot is None:
            return None
        ran = [connection.scalar(query) for query in earliest]
    return min(moment for moment in (snapshot, *ran) if moment is not None)
