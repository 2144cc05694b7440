"""The tallies of a customer's months, kept so that a trend need not read every job again."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa

from reporter.model import Customer, Outcome, Tally
from reporter.period import Period
from reporter.store import tables
from reporter.store.store import Store, revision


def kept_tallies(
    store: Store, customer: Customer, months: Sequence[Period]
) -> tuple[int, list[Tally | None]]:
    """The customer's revision, and the tally of each month; None where none is kept.

    Raises:
        StoreError: the database refuses.
    """
    tallies = tables.tallies.c
    query = sa.select(tables.tallies).where(
        tallies.customer_id == customer.id,
        tallies.zone == months[0].timezone,
        tallies.starts_at >= months[0].start,
    )
    with store.reading() as connection:
        at_revision = revision(connection, customer.id)
        kept = {(row.starts_at, row.ends_at): _tally(row) for row in connection.execute(query)}
    return at_revision, [kept.get((month.start, month.end)) for month in months]


def keep_tallies(
    store: Store,
    customer: Customer,
    months: Sequence[Period],
    tallies: Sequence[Tally],
    counted_at: int,
) -> None:
    """Keep tallies, unless something of the customer has changed since the revision `counted_at`.

    Raises:
        StoreError: the database refuses.
    """
    rows = [
        {
            "customer_id": customer.id,
            "zone": month.timezone,
            "starts_at": month.start,
            "ends_at": month.end,
            "outcomes": json.dumps(tally.outcomes),
            "bytes": json.dumps(tally.bytes),
        }
        for month, tally in zip(months, tallies, strict=True)
    ]
    with store.begin() as connection:
        if revision(connection, customer.id, hold=True) == counted_at:
            connection.execute(store.insert(tables.tallies).on_conflict_do_nothing(), rows)


def _tally(row: sa.Row[tuple[object, ...]]) -> Tally:
    outcomes = json.loads(row.outcomes)
    return Tally({outcome: outcomes[outcome.value] for outcome in Outcome}, json.loads(row.bytes))
