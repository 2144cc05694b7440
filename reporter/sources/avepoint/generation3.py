"""Generation 3 of the API: batches in numbered pages that must make `totalCount` together."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Final, Literal
from urllib.parse import quote

from reporter.errors import FetchError, NotThere
from reporter.model import KINDS, NOTHING_ASKED, Customer, DetailsAsked, Kind, Reply, Snapshot
from reporter.sources.avepoint.beside import Beside
from reporter.sources.avepoint.client import Client
from reporter.sources.avepoint.details import Details
from reporter.sources.avepoint.listing import Tenants, customers_of, tenants_of
from reporter.sources.avepoint.pages import Pages
from reporter.sources.avepoint.reading.details import is_at_limit, read_details
from reporter.sources.avepoint.reading.replies import (
    ReplyPage,
    protected_rows,
    read_overview,
    rows_of,
    user_rows,
)
from reporter.sources.interface import CustomerList

CUSTOMERS: Final = "elements.customers.read.all"
JOBS: Final = "elements.jobs.read.all"
PROTECTED: Final = "elements.cbprotected.read.all"
LICENCES: Final = "elements.license.read.all"
PAGE_SIZE: Final = 100
"""The most the service allows."""
READINGS: Final = 4
"""How often a list whose pages shift is read before it is given up."""
DETAILS_SIZE: Final = 1_000
"""The most objects of a job that one reply may list."""

_ROOT: Final = "/partner/external/v3/general/customers"


class Generation3:
    """The service through `/partner/external/v3`."""

    def __init__(
        self, client: Client, beside: Sequence[Beside], tenants: Tenants, details: Details
    ) -> None:
        """`tenants` is kept up to date with the list of customers, for those who ask by tenant."""
        self._client = client
        self._beside = beside
        self._tenants = tenants
        self._details = details

    def customers(self, received: list[Reply] | None = None) -> CustomerList:
        """All customers the app may see."""
        pages = Pages(
            self._client, CUSTOMERS, "the customers", received if received is not None else []
        )
        replies = _batch(self._client, f"{_ROOT}/batch", pages)
        self._tenants.update(tenants_of(replies))
        return customers_of(replies)

    def snapshot(
        self,
        customer: Customer,
        received: list[Reply] | None = None,
        kinds: Collection[Kind] = KINDS,
        asked: DetailsAsked = NOTHING_ASKED,
    ) -> Snapshot:
        """All jobs the service shows of a customer now, and what it says beside them."""
        pages = Pages(
            self._client,
            JOBS,
            f"the jobs of {customer.name}",
            received if received is not None else [],
        )
        path = f"{_path(customer)}/avpt-products/jobs/batch"
        replies = _batch(self._client, path, pages)
        answers = [beside.answer(customer) for beside in self._beside if beside.kind in kinds]
        rows = [row for reply in replies for row in rows_of(reply)]
        answers += self._details.answers(customer, rows, asked)
        return Snapshot(customer, replies, tuple(answers))

    def stop(self) -> None:
        """Give up what is under way, and ask for nothing more."""
        self._client.stop()


def protected(client: Client, customer: Customer, received: list[Reply]) -> None:
    """What is protected of a customer's Microsoft 365.

    The list has had pages since December 2025; one without a count is read as well, where it cannot
    have another page.
    """
    pages = Pages(
        client, PROTECTED, f"the protected data of {customer.name}", received, read_overview
    )
    path = f"{_path(customer)}/cloud-backup-m365/overview"
    protected_rows(whole(client, "GET", path, pages, counted=False))  # or it is none


def users(tenants: Tenants, client: Client, customer: Customer, received: list[Reply]) -> None:
    """Who is protected, in each tenant of a customer: the whole list of each, or an error."""
    subject = f"the users of {customer.name}"
    ids, unknown = tenants.get(customer.id, ()), 0
    if "" in ids:
        raise FetchError(f"The list of customers names a tenant of {customer.name} without an id.")
    for tenant_id in ids:
        replies: list[Reply] = []
        path = (
            f"{_path(customer)}/tenants/{quote(tenant_id, safe='')}/cloud-backup-m365/users/batch"
        )
        pages = Pages(client, PROTECTED, subject, replies)
        try:
            # A user stands in it once: what comes twice stands where others are missing.
            user_rows(whole(client, "POST", path, pages, counted=True, may_repeat=False))
        except NotThere:
            unknown += 1
        finally:
            received += replies
    if unknown == len(ids):
        raise NotThere(f"The service does not know {subject}.")
    if unknown:
        raise FetchError(f"The service lists no users of {unknown} of {len(ids)} tenants.")


def subscriptions(client: Client, received: list[Reply]) -> None:
    """What all customers have bought."""
    pages = Pages(client, LICENCES, "the subscriptions of all customers", received)
    _batch(client, f"{_ROOT}/services/batch", pages)


def details(client: Client, customer: Customer, job_id: str, received: list[Reply]) -> None:
    """The objects of one job, page by page; without the end of a list beyond the limits.

    Raises:
        FetchError: the list cannot be read, or its pages repeat.
    """
    subject = f"the objects of job {job_id} of {customer.name}"
    pages = Pages(client, JOBS, subject, received, read_details)
    url = f"{client.api_url}{_path(customer)}/jobs/{quote(job_id, safe='')}/report-details"
    token: str | None = ""
    seen = set[str | bytes]()
    while token is not None and not is_at_limit(received):
        params: dict[str, int | str] = {"pageSize": DETAILS_SIZE}
        page = pages.ask("GET", url, params=params | ({"skipToken": token} if token else {}))
        again: set[str | bytes] = {token}
        if page.rows:
            again.add(received[-1].body)
        if again & seen:
            raise FetchError(
                f"The service sends the pages of {subject} in a loop.",
                hint="They are asked for again with the next fetch.",
            )
        seen |= again
        token = page.next_link


def _batch(client: Client, path: str, reading: Pages) -> tuple[Reply, ...]:
    return whole(client, "POST", path, reading, counted=True)


def whole(
    client: Client,
    method: Literal["GET", "POST"],
    path: str,
    reading: Pages,
    *,
    counted: bool,
    may_repeat: bool = True,
    first: int = 1,
    params: Mapping[str, int | str] | None = None,
) -> tuple[Reply, ...]:
    """The replies of all pages of one whole reading; `first` is the number of the first page. A
    list that is `counted` must say how many rows it has; one that `may_repeat` may have the same
    row twice.

    Pages are cut anew for each request, so a job that begins meanwhile shifts them: rows then
    come twice or not at all. Such a list is read again.
    """
    before: list[str] | None = None
    flaw = ""
    for _ in range(READINGS):
        pages = _read(client, method, path, reading, first, params or {})
        rows = [_canonical(row) for page in pages for row in page.rows]
        lack = _lack(pages, counted=counted)
        flaw = lack or _repetition(rows)
        # The same rows twice in two readings in a row are the service's own, not a shift.
        if not flaw or (may_repeat and rows == before and not lack):
            return tuple(reading.received)
        before = rows
    raise FetchError(
        f"The list of {reading.subject} is incomplete after {READINGS} readings: {flaw} "
        f"(request id {reading.received[-1].request_id or 'not given'}).",
        hint="No part of this snapshot is kept. Run the same command again later.",
    )


def _read(
    client: Client,
    method: Literal["GET", "POST"],
    path: str,
    reading: Pages,
    first: int,
    params: Mapping[str, int | str],
) -> list[ReplyPage]:
    pages: list[ReplyPage] = []
    reading.again()
    while not pages or (pages[-1].rows and _count(pages) < (pages[-1].total or 0)):
        page = reading.ask(
            method,
            client.api_url + path,
            params={**params, "pageIndex": len(pages) + first, "pageSize": PAGE_SIZE},
            body={} if method == "POST" else None,
        )
        pages.append(page)
    return pages


def _path(customer: Customer) -> str:
    return f"{_ROOT}/{quote(customer.id, safe='')}"


def _lack(pages: list[ReplyPage], *, counted: bool) -> str:
    """Why rows of a reading may be missing; empty where none is."""
    totals = {page.total for page in pages}
    if not counted and totals == {None}:
        (page,) = pages
        may_go_on = page.next_link is not None or len(page.rows) >= PAGE_SIZE
        return f"{len(page.rows)} rows came, and there may be more" if may_go_on else ""
    if totals == {_count(pages)}:
        return ""
    counts = ", ".join(dict.fromkeys(str(page.total) for page in pages))
    return f"{_count(pages)} rows came, but totalCount says {counts}"


def _repetition(rows: list[str]) -> str:
    """How many rows of a reading came twice; empty where none did."""
    again = len(rows) - len(set(rows))
    return f"{again} rows came twice" if again else ""


def _count(pages: list[ReplyPage]) -> int:
    return sum(len(page.rows) for page in pages)


def _canonical(row: object) -> str:
    """A row as text that is equal for equal rows."""
    return json.dumps(row, sort_keys=True)
