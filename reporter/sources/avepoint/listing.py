"""The list of customers, which both generations give with the same field names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from reporter.errors import ReplyError
from reporter.jobs.rows import LONGEST_ID, is_too_long, present, text_of
from reporter.model import Customer, Reply
from reporter.showing import excerpt
from reporter.sources.avepoint.reading.replies import read_page
from reporter.sources.interface import CustomerList

_NAMED: Final = 20
"""How many unusable rows are named one by one."""


def customers_of(replies: tuple[Reply, ...]) -> CustomerList:
    """The customers in the replies; one without a name goes by its id.

    Raises:
        ReplyError: a reply is no list.
    """
    customers: dict[str, Customer] = {}
    flaws: list[str] = []
    number = 0
    for reply in replies:
        for row in read_page(reply).rows:
            number += 1
            if flaw := _flaw(row):
                flaws.append(f"row {number}{_named(row)} {flaw}{_request(reply)}")
                continue
            customer_id = str(row["id"])
            customers[customer_id] = Customer(customer_id, _name(row) or customer_id)
    return CustomerList(
        tuple(customers.values()), replies, _incomplete(flaws, number) if flaws else None
    )


Tenants = dict[str, tuple[str, ...]]
"""The ids of the tenants of each customer; an empty one where the list names a tenant without."""


def tenants_of(replies: Iterable[Reply]) -> Tenants:
    """The tenants that the rows of the list name, by the customer's id.

    Raises:
        ReplyError: a reply is no list.
    """
    return {
        str(row["id"]): _tenants(row)
        for reply in replies
        for row in read_page(reply).rows
        if not _flaw(row)
    }


def _tenants(row: dict[str, Any]) -> tuple[str, ...]:
    listed = row.get("tenants") or []
    if not isinstance(listed, list):
        return ("",)
    ids = (
        present(text_of(tenant.get("id"))) if isinstance(tenant, dict) else None
        for tenant in listed
    )
    return tuple(dict.fromkeys(tenant_id or "" for tenant_id in ids))


def _flaw(row: Any) -> str:
    """Why a row names no customer; empty where it does."""
    if not isinstance(row, dict):
        return f"is not an object: {excerpt(str(row), 80)!r}"
    customer_id = row.get("id")
    is_number = isinstance(customer_id, int) and not isinstance(customer_id, bool)
    if not str(customer_id or "").strip():
        return "has no id"
    if not isinstance(customer_id, str) and not is_number:
        return f"has an id that is neither text nor a number: {excerpt(str(customer_id), 80)!r}"
    if is_too_long(str(customer_id)):
        return f"has an id of more than {LONGEST_ID} bytes: {excerpt(str(customer_id), 40)!r}"
    return ""


def _name(row: dict[str, Any]) -> str:
    return str(row.get("organization") or "").strip()


def _named(row: Any) -> str:
    name = _name(row) if isinstance(row, dict) else ""
    return f" ({excerpt(name, 80)})" if name else ""


def _request(reply: Reply) -> str:
    return f" (request id {reply.request_id})" if reply.request_id else ""


def _incomplete(flaws: list[str], rows: int) -> ReplyError:
    """The error about a list with rows that cannot be used."""
    named = "; ".join(flaws[:_NAMED])
    more = f"; and {len(flaws) - _NAMED:,} more" if len(flaws) > _NAMED else ""
    return ReplyError(
        f"The list of customers is incomplete: {len(flaws):,} of {rows:,} rows cannot be "
        f"used: {named}{more}.",
        hint="The other customers are fetched, and no customer counts as gone because of this "
        "list. Tell the service's support.",
    )
