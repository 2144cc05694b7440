"""Generation 1 of the API: OData collections, followed by next links."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from reporter.errors import FetchError
from reporter.fetch.beside import Beside
from reporter.fetch.client import Client
from reporter.fetch.listing import CustomerList, customers_of
from reporter.jobs.replies import products_of, protected_rows, read_page
from reporter.model import Customer, Reply, Snapshot

CUSTOMERS: Final = "partner.customers.read.all"
JOBS: Final = "partner.jobs.read.all"
PROTECTED: Final = "partner.cbprotected.read.all"
LICENCES: Final = "partner.license.read.all"


class Generation1:
    """The service through `/partner/customers`."""

    def __init__(self, client: Client, beside: Sequence[Beside] = ()) -> None:
        self._client = client
        self._beside = beside

    def customers(self) -> CustomerList:
        """All customers the app may see."""
        replies = _collection(self._client, "/partner/customers", CUSTOMERS, "the customers")
        return customers_of(replies)

    def snapshot(self, customer: Customer) -> Snapshot:
        """All jobs the service shows of a customer now, and what it says beside them."""
        path, subject = f"{_path(customer)}/jobs", f"the jobs of {customer.name}"
        replies = _collection(self._client, path, JOBS, subject)
        return Snapshot(customer, replies, tuple(own.answer(customer) for own in self._beside))


def protected(client: Client, customer: Customer) -> tuple[Reply, ...]:
    """What is protected of a customer's Microsoft 365."""
    subject = f"the protected data of {customer.name}"
    replies = _collection(client, f"{_path(customer)}/protected", PROTECTED, subject)
    protected_rows(replies)  # of another shape they are none
    return replies


def subscription(client: Client, customer: Customer) -> tuple[Reply, ...]:
    """What a customer has bought."""
    url = f"{client.api_url}/partner/services/{quote(customer.id, safe='')}"
    subject = f"the subscription of {customer.name}"
    replies = (client.call("GET", url, permission=LICENCES, subject=subject),)
    products_of(replies)  # of another shape it is none
    return replies


def _path(customer: Customer) -> str:
    return f"/partner/customers/{quote(customer.id, safe='')}"


def _collection(client: Client, path: str, permission: str, subject: str) -> tuple[Reply, ...]:
    """The replies of all pages."""
    url: str | None = client.api_url + path
    replies: list[Reply] = []
    seen: set[str] = set()
    while url is not None:
        if url in seen:
            raise FetchError(
                f"The service sends the pages of {subject} in a circle: {url} again.",
                hint="Nothing of this snapshot is kept. Tell the service's support.",
            )
        seen.add(url)
        reply = client.call("GET", url, permission=permission, subject=subject)
        replies.append(reply)
        link = read_page(reply).next_link
        url = next_url(reply.url, link) if link else None
    return tuple(replies)


def next_url(url: str, link: str) -> str:
    """Where a next link leads: it is absolute, or relative to the request or to the context.

    The context of a collection is `…/partner/$metadata`; a page of the same collection has the
    same path, which tells the two readings of a relative link apart.
    """
    by_request = urljoin(url, link)
    by_context = urljoin(urljoin(url, "/partner/$metadata"), link)
    same_path = urlsplit(by_context).path == urlsplit(url).path
    return by_context if same_path else by_request
