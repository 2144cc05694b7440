"""Pages of collections in each generation's envelope, and the faults of paging."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reporter.sources.avepoint.emulator.accounts import (
    customer_row,
    protected_rows,
    subscription_row,
)
from reporter.sources.avepoint.emulator.rows import Row
from reporter.sources.avepoint.emulator.users import user_rows

if TYPE_CHECKING:
    from reporter.sources.avepoint.emulator.cast import Profile
    from reporter.sources.avepoint.emulator.server import Emulator

_LARGEST_PAGE = 100
_ODD_TEXTS = {"half-emoji": "Mailbox of J\ud83d", "nul": "Mailbox\0of J"}
_TEXT_FIELDS = ("name", "organization", "customer", "displayName")
"""Of a job, a customer, a line of protected data, and a user."""
_GROWING = {"v3 jobs": "jobId", "v3 users": "id"}
"""The lists that grow while they are read, and what tells their rows from one another."""


def collection(
    emulator: Emulator,
    name: str,
    profile: Profile | None,
    path_parts: dict[str, str],
    arguments: dict[str, str],
    asked: str,
) -> Any:
    """A customer, a subscription, or a page of a collection, as generation 1 has them."""
    if profile is None:
        rows = [customer_row(customer, 1) for customer in emulator.present()]
    elif name == "customer":
        return customer_row(profile, 1)
    elif name == "subscription":
        return subscription_row(profile, 1)
    elif name == "protected":
        rows = protected_rows(profile, emulator.now(), 1)
    else:
        rows = emulator.jobs(profile, 1)
        if "type" in path_parts:
            rows = [
                row
                for row in rows
                if (row["jobType"], row["jobModule"]) == (path_parts["type"], path_parts["module"])
            ]
    start = int(arguments.get("$skiptoken", "0"), 36)
    stop = start + emulator.page_size
    page: Row = {
        "@odata.context": f"{emulator.api_url}/partner/$metadata#Collection({name})",
        "value": _flawed(emulator, rows[start:stop], asked),
    }
    if stop < len(rows) or emulator.faults.strikes("endless-next", asked):
        page["@odata.nextLink"] = _next_link(emulator, asked, stop)
    return page


def numbered(
    emulator: Emulator,
    name: str,
    profile: Profile | None,
    path_parts: dict[str, str],
    wanted: dict[str, Any],
    arguments: dict[str, str],
    asked: str,
) -> Any:
    """A page of generation 3, by its number.

    Raises:
        ValueError: an argument is out of its range.
    """
    number, size = int(arguments.get("pageIndex", 1)), int(arguments.get("pageSize", 50))
    if number < 1 or not 1 <= size <= _LARGEST_PAGE:
        raise ValueError("pageIndex is from 1, pageSize from 1 to 100")
    if profile is None:
        rows = _of_customers(emulator, name, wanted.get("customerIds"))
    elif name == "v3 protected":
        rows = protected_rows(profile, emulator.now(), 3)
    elif name == "v3 users":
        rows = user_rows(emulator.seed, profile, path_parts["tenant"], emulator.now())
    else:
        rows = _filtered(emulator.jobs(profile, 3), wanted)
    if name in _GROWING and number > 1 and rows and emulator.faults.strikes("shift", asked):
        # One more has come since the first page was read: all rows move down by one.
        rows = [rows[0] | {_GROWING[name]: "FB-JUST-BEGUN"}, *rows]
    if emulator.faults.strikes("repeat", asked):
        number = 1
    data = rows[(number - 1) * size : number * size]
    return {
        "data": _flawed(emulator, data, asked),
        "metadata": {"pageIndex": number, "pageSize": size, "totalCount": len(rows)},
    }


def _of_customers(emulator: Emulator, name: str, ids: list[str] | None) -> list[Row]:
    """A row for each customer; subscriptions only of those that have one the app may read."""
    wanted = [customer for customer in emulator.present() if not ids or customer.id in ids]
    if name == "v3 customers":
        return [customer_row(customer, 3) for customer in wanted]
    return [
        subscription_row(customer, 3)
        for customer in wanted
        if customer.readable
        and "subscription" not in customer.terms.refused | customer.terms.unknown
    ]


def _filtered(rows: list[Row], wanted: dict[str, Any]) -> list[Row]:
    keys = [key for key in ("jobType", "jobModule") if wanted.get(key) is not None]
    return [row for row in rows if all(row[key] == wanted[key] for key in keys)]


def _flawed(emulator: Emulator, rows: list[Any], asked: str) -> list[Any]:
    if rows and emulator.faults.strikes("short", asked):
        return rows[:-1]
    if rows and emulator.faults.strikes("bad-row", asked):
        return [*rows, "not an object"]
    if rows and "ownerEmail" in rows[-1] and emulator.faults.strikes("no-id", asked):
        return [*rows[:-1], rows[-1] | {"id": None}]
    for fault, text in _ODD_TEXTS.items():
        if rows and emulator.faults.strikes(fault, asked):
            field = next(name for name in _TEXT_FIELDS if name in rows[-1])
            return [*rows[:-1], rows[-1] | {field: text}]
    return rows


def _next_link(emulator: Emulator, asked: str, start: int) -> str:
    """Where the next page is, in the form the faults ask for; absolute without one."""
    strikes = emulator.faults.strikes
    path = urlsplit(asked.partition(" ")[2]).path
    query = f"?$skiptoken={_base36(start)}"
    if strikes("loop-next", asked):
        return emulator.api_url + asked.partition(" ")[2]
    if strikes("endless-next", asked):
        return f"{emulator.api_url}{path}?page={sum(emulator.requests.values())}"
    if strikes("bad-next", asked):
        return "http://[::1/x"
    if strikes("foreign-next", asked):
        return f"http://localhost:9{path}{query}"
    if strikes("relative-next", asked):
        return path.rpartition("/")[2] + query
    if strikes("root-next", asked):
        return path + query
    if strikes("context-next", asked):
        return path.removeprefix("/partner/") + query
    return emulator.api_url + path + query


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while number:
        number, rest = divmod(number, 36)
        text = digits[rest] + text
    return text or "0"
