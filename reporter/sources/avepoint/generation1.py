"""Generation 1 of the API: OData collections, followed by next links."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from reporter.errors import FetchError
from reporter.model import KINDS, NOTHING_ASKED, Customer, DetailsAsked, Kind, Reply, Snapshot
from reporter.showing import excerpt
from reporter.sources.avepoint.beside import Beside
from reporter.sources.avepoint.client import Client
from reporter.sources.avepoint.listing import customers_of
from reporter.sources.avepoint.pages import Pages
from reporter.sources.avepoint.reading.replies import products_of, protected_rows, read_overview
from reporter.sources.interface import CustomerList

CUSTOMERS: Final = "partner.customers.read.all"
JOBS: Final = "partner.jobs.read.all"
PROTECTED: Final = "partner.cbprotected.read.all"
LICENCES: Final = "partner.license.read.all"
_LONGEST_LINK: Final = 8_000
"""The longest address that web servers take."""


class Generation1:
    """The service through `/partner/customers`."""

    def __init__(self, client: Client, beside: Sequence[Beside] = ()) -> None:
        self._client = client
        self._beside = beside

    def customers(self, received: list[Reply] | None = None) -> CustomerList:
        """All customers the app may see."""
        pages = Pages(
            self._client, CUSTOMERS, "the customers", received if received is not None else []
        )
        return customers_of(_collection(self._client, "/partner/customers", pages))

    def snapshot(
        self,
        customer: Customer,
        received: list[Reply] | None = None,
        kinds: Collection[Kind] = KINDS,
        asked: DetailsAsked = NOTHING_ASKED,
    ) -> Snapshot:
        """All jobs the service shows of a customer now, and what it says beside them. This
        generation has no details of jobs.
        """
        pages = Pages(
            self._client,
            JOBS,
            f"the jobs of {customer.name}",
            received if received is not None else [],
        )
        replies = _collection(self._client, f"{_path(customer)}/jobs", pages)
        answers = tuple(beside.answer(customer) for beside in self._beside if beside.kind in kinds)
        return Snapshot(customer, replies, answers)

    def stop(self) -> None:
        """Give up what is under way, and ask for nothing more."""
        self._client.stop()


def protected(client: Client, customer: Customer, received: list[Reply]) -> None:
    """What is protected of a customer's Microsoft 365."""
    pages = Pages(
        client, PROTECTED, f"the protected data of {customer.name}", received, read_overview
    )
    protected_rows(_collection(client, f"{_path(customer)}/protected", pages))  # or it is none


def subscription(client: Client, customer: Customer, received: list[Reply]) -> None:
    """What a customer has bought."""
    url = f"{client.api_url}/partner/services/{quote(customer.id, safe='')}"
    subject = f"the subscription of {customer.name}"
    client.call("GET", url, permission=LICENCES, subject=subject, received=received)
    products_of(received, customer.id)  # of another shape it is none


def _path(customer: Customer) -> str:
    return f"/partner/customers/{quote(customer.id, safe='')}"


def _collection(client: Client, path: str, pages: Pages) -> tuple[Reply, ...]:
    """The replies of all pages."""
    url: str | None = client.api_url + path
    seen: set[str] = set()
    while url is not None:
        if url in seen:
            raise FetchError(
                f"The service sends the pages of {pages.subject} in a loop: {excerpt(url)} again.",
                hint="No part of this snapshot is kept. Tell the service's support.",
            )
        seen.add(url)
        link = pages.ask("GET", url).next_link
        url = _followed(pages, link) if link else None
    return tuple(pages.received)


def _followed(pages: Pages, link: str) -> str:
    """Where the next link of the last page leads.

    Raises:
        FetchError: nowhere.
    """
    try:
        url = next_url(pages.received[-1].url, link)
    except ValueError:
        url = ""
    if not url or len(link) > _LONGEST_LINK:
        raise FetchError(
            f"The service's link to the next page of {pages.subject} cannot be used: "
            f"{excerpt(link, 80)}.",
            hint="No part of this snapshot is kept. Tell the service's support.",
        )
    return url


def next_url(url: str, link: str) -> str:
    """Where a next link leads: it is absolute, or relative to the request or to the context.

    The context of a collection is `…/partner/$metadata`; a page of the same collection has the
    same path, which tells the two readings of a relative link apart.

    Raises:
        ValueError: it is no link.
    """
    by_request = urljoin(url, link)
    by_context = urljoin(urljoin(url, "/partner/$metadata"), link)
    same_path = urlsplit(by_context).path == urlsplit(url).path
    return by_context if same_path else by_request
