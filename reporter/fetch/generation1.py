"""Generation 1 of the API: OData collections, followed by next links."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from reporter.errors import FetchError
from reporter.fetch.client import Client
from reporter.fetch.listing import CustomerList, customers_of
from reporter.jobs.replies import read_page
from reporter.model import Customer, Reply, Snapshot

CUSTOMERS: Final = "partner.customers.read.all"
JOBS: Final = "partner.jobs.read.all"


class Generation1:
    """The service through `/partner/customers`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def customers(self) -> CustomerList:
        """All customers the app may see."""
        return customers_of(self._collection("/partner/customers", CUSTOMERS, "the customers"))

    def snapshot(self, customer: Customer) -> Snapshot:
        """All jobs the service shows of a customer now."""
        path = f"/partner/customers/{quote(customer.id, safe='')}/jobs"
        return Snapshot(customer, self._collection(path, JOBS, f"the jobs of {customer.name}"))

    def _collection(self, path: str, permission: str, subject: str) -> tuple[Reply, ...]:
        """The replies of all pages."""
        url: str | None = self._client.api_url + path
        replies: list[Reply] = []
        seen: set[str] = set()
        while url is not None:
            if url in seen:
                raise FetchError(
                    f"The service sends the pages of {subject} in a circle: {url} again.",
                    hint="Nothing of this snapshot is kept. Tell the service's support.",
                )
            seen.add(url)
            reply = self._client.call("GET", url, permission=permission, subject=subject)
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
