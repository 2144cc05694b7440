"""The list of customers, which both generations give with the same field names."""

from __future__ import annotations

from dataclasses import dataclass

from reporter.errors import ReplyError
from reporter.jobs.replies import read_page
from reporter.model import Customer, Reply
from reporter.showing import excerpt


@dataclass(frozen=True, slots=True)
class CustomerList:
    """The customers the app may see, and the replies that say so."""

    customers: tuple[Customer, ...]
    replies: tuple[Reply, ...]


def customers_of(replies: tuple[Reply, ...]) -> CustomerList:
    """The customers in the replies; one without a name goes by its id.

    Raises:
        ReplyError: a row names no id.
    """
    customers = {}
    for reply in replies:
        for row in read_page(reply).rows:
            if not isinstance(row, dict) or not row.get("id"):
                raise ReplyError(
                    f"A customer in the reply of {reply.url} has no id: {excerpt(str(row), 80)}.",
                    hint=f"Tell the service's support (request id {reply.request_id}).",
                )
            customer_id = str(row["id"])
            name = str(row.get("organization") or "").strip()
            customers[customer_id] = Customer(customer_id, name or customer_id)
    return CustomerList(tuple(customers.values()), replies)
