"""Whether a report of a period is about anything."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from reporter.jobs.known import is_known_by
from reporter.model import Customer
from reporter.period import Period
from reporter.store import tables
from reporter.store.deriving import complete
from reporter.store.store import Store


def is_known(store: Store, customer: Customer, period: Period) -> bool | None:
    """Whether anything is known of a customer in a period (`jobs.known`); None where there is
    no complete snapshot at all.

    Raises:
        StoreError: the database refuses.
    """
    fetches, jobs = tables.fetches.c, tables.jobs
    first = (
        sa.select(fetches.taken_at).where(complete(customer.id)).order_by(fetches.taken_at).limit(1)
    )
    with store.reading() as connection:
        snapshot: datetime | None = connection.scalar(first)
        if snapshot is None:
            return None
        shown = (
            sa.select(
                sa.func.min(jobs.c.dated_at), sa.func.count() - sa.func.count(jobs.c.dated_at)
            )
            .select_from(jobs.join(tables.modules))
            .where(tables.modules.c.customer_id == customer.id, jobs.c.first_seen_at == snapshot)
        )
        earliest, undated = connection.execute(shown).one()
    return is_known_by(period, snapshot, earliest, undated=undated > 0)
