"""Whether anything is known of a customer up to a time."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from reporter.model import Customer
from reporter.store import tables
from reporter.store.deriving import complete
from reporter.store.store import Store


def is_known_before(store: Store, customer: Customer, moment: datetime) -> bool | None:
    """Whether a snapshot of a customer was taken before a time, or a job that any of them lists ran
    before it; None where there is no complete snapshot at all.

    Raises:
        StoreError: the database refuses.
    """
    fetches, jobs = tables.fetches.c, tables.jobs
    first = (
        sa.select(fetches.taken_at).where(complete(customer.id)).order_by(fetches.taken_at).limit(1)
    )
    ran = (
        sa.select(jobs.c.job_id)
        .select_from(jobs.join(tables.modules))
        .where(tables.modules.c.customer_id == customer.id)
        .where((jobs.c.dated_at < moment) | (jobs.c.point_at < moment))
        .limit(1)
    )
    with store.reading() as connection:
        snapshot: datetime | None = connection.scalar(first)
        if snapshot is None:
            return None
        return snapshot < moment or connection.scalar(ran) is not None
