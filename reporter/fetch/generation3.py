"""Generation 3 of the API: batches in numbered pages that must make `totalCount` together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from reporter.errors import FetchError
from reporter.fetch.beside import Beside
from reporter.fetch.client import Client
from reporter.fetch.listing import CustomerList, customers_of
from reporter.fetch.pages import Pages
from reporter.jobs.replies import Page, protected_rows, read_page
from reporter.model import Customer, Reply, Snapshot

CUSTOMERS: Final = "elements.customers.read.all"
JOBS: Final = "elements.jobs.read.all"
PROTECTED: Final = "elements.cbprotected.read.all"
PAGE_SIZE: Final = 100
"""The most the service allows."""
READINGS: Final = 4
"""How often a list whose pages shift is read before it is given up."""

_ROOT: Final = "/partner/external/v3/general/customers"


class Generation3:
    """The service through `/partner/external/v3`."""

    def __init__(self, client: Client, beside: Sequence[Beside] = ()) -> None:
        self._client = client
        self._beside = beside

    def customers(self, received: list[Reply] | None = None) -> CustomerList:
        """All customers the app may see."""
        pages = Pages(
            self._client, CUSTOMERS, "the customers", received if received is not None else []
        )
        return customers_of(self._batch(f"{_ROOT}/batch", pages))

    def snapshot(self, customer: Customer, received: list[Reply] | None = None) -> Snapshot:
        """All jobs the service shows of a customer now, and what it says beside them."""
        pages = Pages(
            self._client,
            JOBS,
            f"the jobs of {customer.name}",
            received if received is not None else [],
        )
        replies = self._batch(f"{_path(customer)}/avpt-products/jobs/batch", pages)
        return Snapshot(customer, replies, tuple(own.answer(customer) for own in self._beside))

    def stop(self) -> None:
        """Give up what is under way, and ask for nothing more."""
        self._client.stop()

    def _batch(self, path: str, reading: Pages) -> tuple[Reply, ...]:
        """The replies of all pages of one whole reading.

        Pages are cut anew for each request, so a job that begins meanwhile shifts them: rows then
        come twice or not at all. Such a list is read again.
        """
        before: list[str] | None = None
        flaw = ""
        for _ in range(READINGS):
            pages = self._read(path, reading)
            rows = [_canonical(row) for page in pages for row in page.rows]
            flaw = _flaw(pages, rows)
            # The same rows twice in two readings in a row are the service's own, not a shift.
            if not flaw or (rows == before and _counts_agree(pages)):
                return tuple(reading.received)
            before = rows
        raise FetchError(
            f"The list of {reading.subject} is incomplete after {READINGS} readings: {flaw} "
            f"(request id {reading.received[-1].request_id or 'not given'}).",
            hint="Nothing of this snapshot is kept. Run the same command again later.",
        )

    def _read(self, path: str, reading: Pages) -> list[Page]:
        pages: list[Page] = []
        reading.again()
        while not pages or (pages[-1].rows and _count(pages) < (pages[-1].total or 0)):
            page = reading.ask(
                "POST",
                self._client.api_url + path,
                params={"pageIndex": len(pages) + 1, "pageSize": PAGE_SIZE},
                body={},
            )
            pages.append(page)
        return pages


def protected(client: Client, customer: Customer, received: list[Reply]) -> None:
    """What is protected of a customer's Microsoft 365, in one reply.

    The vendor does not document the reply. One that says it is not the whole is none.
    """
    subject = f"the protected data of {customer.name}"
    url = f"{client.api_url}{_path(customer)}/cloud-backup-m365/overview"
    reply = client.call("GET", url, permission=PROTECTED, subject=subject, received=received)
    rows, page = protected_rows([reply]), read_page(reply)
    if page.next_link is not None or (page.total is not None and page.total != len(rows)):
        raise FetchError(
            f"The list of {subject} is incomplete: {len(rows)} rows came, and there are more "
            f"(request id {reply.request_id or 'not given'}).",
            hint="How this list goes on is not documented. Tell the service's support.",
        )


def _path(customer: Customer) -> str:
    return f"{_ROOT}/{quote(customer.id, safe='')}"


def _flaw(pages: list[Page], rows: list[str]) -> str:
    """What is wrong with a reading; empty where it is whole."""
    if not _counts_agree(pages):
        totals = ", ".join(dict.fromkeys(str(page.total) for page in pages))
        return f"{len(rows)} rows came, totalCount says {totals}"
    if len(set(rows)) < len(rows):
        return f"{len(rows) - len(set(rows))} rows came twice"
    return ""


def _counts_agree(pages: list[Page]) -> bool:
    return {page.total for page in pages} == {_count(pages)}


def _count(pages: list[Page]) -> int:
    return sum(len(page.rows) for page in pages)


def _canonical(row: object) -> str:
    """A row as text that is equal for equal rows."""
    return json.dumps(row, sort_keys=True)
