"""The envelope of a reply: where its rows are, and what it says about further pages.

generation 1   {"@odata.context": …, "value": [row, …], "@odata.nextLink": …}
generation 3   {"data": [row, …], "metadata": {"pageIndex", "pageSize", "totalCount"}}

The overview of protected data may also come as a bare list of rows, or in an array: what the vendor
prints of it is no JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from reporter.errors import ReplyError
from reporter.foreign import BeyondLimits, NotJson, read_json
from reporter.jobs.rows import Row, present, text_of
from reporter.model import Reply
from reporter.showing import beginning, excerpt
from reporter.sources.avepoint.reading.rows import text_rows


@dataclass(frozen=True, slots=True)
class ReplyPage:
    """The rows of one reply, and how the reply goes on."""

    rows: list[Any]
    next_link: str | None = None
    """Generation 1: where the next page is, as the reply words it."""
    number: int | None = None
    """Generation 3: which page this is, from 1."""
    total: int | None = None
    """Generation 3: how many rows all pages have together."""


def read_page(reply: Reply) -> ReplyPage:
    """The rows in a reply of either generation.

    Raises:
        ReplyError: the body is not JSON, or JSON of another shape.
    """
    return _page(envelope_of(reply), reply, "jobs")


def read_overview(reply: Reply) -> ReplyPage:
    """The rows in a reply about protected data, which may also be an array: of the rows
    themselves, or with their envelope in it.

    No other list is read so: an empty array in place of jobs would say that there are none any
    more.

    Raises:
        ReplyError: the body is not JSON, or JSON of another shape.
    """
    envelope = envelope_of(reply)
    if isinstance(envelope, list) and all(isinstance(item, dict) for item in envelope):
        holders = [item for item in envelope if "data" in item]
        if not holders:
            envelope = {"data": envelope}
        elif len(holders) == 1:
            envelope = {name: value for item in envelope for name, value in item.items()}
    return _page(envelope, reply, "protected data")


def envelope_of(reply: Reply) -> Any:
    """The JSON of a reply.

    Raises:
        ReplyError: the body is not JSON, or beyond all limits.
    """
    where = _where(reply)
    try:
        return read_json(reply.body)
    except BeyondLimits as error:
        raise ReplyError(
            f"The reply of {excerpt(reply.url)} cannot be used: {error}{where}.",
            hint="Replies of the service never come near such limits; tell its support.",
        ) from error
    except NotJson as error:
        raise ReplyError(
            f"The reply of {excerpt(reply.url)} is not JSON: {error}{where}.",
            hint="It may be cut short, or come from a proxy in between; it begins with "
            f"{beginning(reply.body, 60)!r}.",
        ) from error


def _page(envelope: Any, reply: Reply, what: str) -> ReplyPage:
    if isinstance(envelope, dict):
        rows, link = envelope.get("value"), envelope.get("@odata.nextLink")
        if isinstance(rows, list) and (link is None or isinstance(link, str)):
            return ReplyPage(rows, next_link=link)
        rows, metadata = envelope.get("data"), envelope.get("metadata", {})
        if isinstance(rows, list) and isinstance(metadata, dict):
            number, total = metadata.get("pageIndex"), metadata.get("totalCount")
            return ReplyPage(rows, number=_whole(number), total=_whole(total))
    raise ReplyError(
        f"The reply of {excerpt(reply.url)} is JSON, but not a list of {what}{_where(reply)}.",
        hint='Expected {"value": […]} (generation 1) or {"data": […], "metadata": {…}} '
        "(generation 3).",
    )


def _where(reply: Reply) -> str:
    return f" (request id {reply.request_id})" if reply.request_id else ""


def protected_rows(replies: Iterable[Reply]) -> list[dict[str, Any]]:
    """The lines of protected data in the replies of either generation.

    Raises:
        ReplyError: a reply is no list of objects.
    """
    return [
        row
        for reply in replies
        for row in _objects(read_overview(reply).rows, reply, "protected data")
    ]


def products_of(replies: Iterable[Reply], customer_id: str | None = None) -> list[dict[str, Any]]:
    """The products in the replies about subscriptions: one object about the customer that was asked
    for, or a list of them, of which those count that name no other customer than `customer_id`.
    Without it those of all customers count.

    Raises:
        ReplyError: a reply names no products.
    """
    products = []
    for reply in replies:
        try:
            envelope = read_json(reply.body)
        except NotJson:
            envelope = None
        if isinstance(envelope, dict) and "products" in envelope:
            subscriptions = [envelope]
        else:
            listed = _objects(read_page(reply).rows, reply, "subscriptions")
            subscriptions = [
                subscription for subscription in listed if _may_be_of(subscription, customer_id)
            ]
        for subscription in subscriptions:
            products += _objects(subscription.get("products"), reply, "products")
    return products


def _may_be_of(subscription: dict[str, Any], customer_id: str | None) -> bool:
    named = present(text_of(subscription.get("customerId")))
    if named is None or customer_id is None:
        return True
    return named.casefold() == customer_id.strip().casefold()


def _objects(rows: Any, reply: Reply, what: str) -> list[dict[str, Any]]:
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        return rows
    raise ReplyError(
        f"The reply of {excerpt(reply.url)} is JSON, but not a list of {what}.",
        hint=f"Tell the service's support (request id {reply.request_id or 'not given'}).",
    )


def rows_of(reply: Reply) -> list[Row]:
    """The rows of a reply as text, in their order.

    Raises:
        ReplyError: it is no list of objects.
    """
    try:
        return text_rows(read_page(reply).rows, reply.fetched_at)
    except ReplyError as error:
        raise ReplyError(
            f"In the reply of {excerpt(reply.url)}: {error}", hint=error.hint
        ) from error


def split_snapshots(
    replies: Iterable[Reply], read: Callable[[Reply], ReplyPage] = read_page
) -> list[tuple[Reply, ...]]:
    """Saved replies of one customer, in the order given, as the complete snapshots they make.

    The pages of one snapshot follow one another: in generation 1 each but the last has a next
    link, in generation 3 the first has number 1 and the rows of all make the total.

    Raises:
        ReplyError: a page is missing.
    """
    snapshots: list[list[tuple[Reply, ReplyPage]]] = []
    goes_on = False
    for reply in replies:
        page = read(reply)
        if goes_on or (page.number or 1) > 1:
            if not snapshots:
                raise _incomplete(reply, f"it is page {page.number}, but the first is missing")
            snapshots[-1].append((reply, page))
        else:
            snapshots.append([(reply, page)])
        goes_on = page.next_link is not None
    for snapshot in snapshots:
        last, page = snapshot[-1]
        rows = sum(len(page.rows) for _, page in snapshot)
        if page.next_link is not None:
            raise _incomplete(last, "it has a next link, but that page is missing")
        if page.total is not None and page.total != rows:
            raise _incomplete(last, f"it has {rows} of {page.total} rows")
    return [tuple(reply for reply, _ in snapshot) for snapshot in snapshots]


def _incomplete(reply: Reply, why: str) -> ReplyError:
    return ReplyError(
        f"The saved reply {excerpt(reply.url)} is not complete: {why}.",
        hint="Give all its pages, in their order, each with --input.",
    )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
