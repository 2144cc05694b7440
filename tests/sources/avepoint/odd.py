"""Faults that affect requests about some customers only, and what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from reporter.model import Reply
from reporter.sources.avepoint.emulator import Faults
from reporter.store import Store, tables
from reporter.store.replies import replies_of


class FaultsOfCustomers(Faults):
    """Each customer's jobs have a fault of their own, at every request about them."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        """The faults by the customers' ids."""
        super().__init__(dict.fromkeys(faults.values(), 1.0))
        self._faults = faults

    def strikes(self, name: str, request: str) -> bool:
        return "/jobs" in request and any(
            name == fault and customer in request for customer, fault in self._faults.items()
        )


def kept_of(store: Store, customer_id: str | None) -> list[tuple[str | None, tuple[Reply, ...]]]:
    """The fetches of a customer's jobs, or of the list, each with its error and its replies."""
    fetches = tables.fetches.c
    of_customer = sa.select(fetches.id, fetches.error).where(
        fetches.customer_id == customer_id, fetches.kind.in_(["jobs", "customers"])
    )
    with store.reading() as connection:
        rows = connection.execute(of_customer.order_by(fetches.id)).all()
        return [(row.error, replies_of(connection, row.id)) for row in rows]
