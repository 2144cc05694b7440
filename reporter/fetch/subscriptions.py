"""Subscriptions out of one list of all customers, cut up so that each customer's evidence holds
that customer's rows and nobody else's.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

from reporter.errors import ReplyError
from reporter.fetch.beside import Ask, CustomerByCustomer, Grant
from reporter.fetch.client import Client
from reporter.jobs.raw import row_texts
from reporter.jobs.replies import products_of, read_page
from reporter.model import Absence, Answer, Customer, Kind, Lack, Reply

logger = logging.getLogger(__name__)

_NOT_OPEN: Final = (Lack.NOT_PERMITTED, Lack.NOT_THERE)
"""What is said where the service has no such list, or none for this app registration."""


@dataclass(frozen=True, slots=True)
class Excerpts:
    """The rows of a list, by the customers they are about."""

    by_customer: dict[str, tuple[Reply, ...]]
    """One excerpt from each page that has a row of the customer."""
    nameless: int
    """Rows that name no customer: whoever is not found may be in one of them."""


class Subscriptions:
    """What each customer has bought, from one list that is asked for once and shared by all
    threads. Where the list is not open to the app registration, each customer is asked about.
    """

    def __init__(self, grant: Grant, ask: Ask, one_by_one: CustomerByCustomer) -> None:
        self._grant = grant
        self._ask = ask
        self._one_by_one = one_by_one
        self._lock = threading.Lock()
        self._read: tuple[Answer, Excerpts] | None = None

    @property
    def kind(self) -> Kind:
        """What is asked for."""
        return self._grant.kind

    def answer(self, customer: Customer) -> Answer:
        """What the service says of a customer, or why it does not."""
        whole, excerpts = self._list()
        if whole.absence and whole.absence.kind in _NOT_OPEN:
            return self._asked_singly(customer, whole.absence)
        if whole.absence:
            return replace(whole, unusable=(), cut_from=whole)
        return replace(_cut_out(customer, excerpts, whole), cut_from=whole)

    def _list(self) -> tuple[Answer, Excerpts]:
        with self._lock:
            if self._read is None:
                excerpts = Excerpts({}, 0)

                def ask(client: Client, received: list[Reply]) -> None:
                    nonlocal excerpts
                    self._ask(client, received)
                    excerpts = excerpts_of(received)

                whole = self._grant.ask(ask)
                self._read = whole, excerpts
            return self._read

    def _asked_singly(self, customer: Customer, absence: Absence) -> Answer:
        answer = self._one_by_one.answer(customer)
        if absence.kind is Lack.NOT_PERMITTED and self._one_by_one.grant.refused:
            # Of the two permissions that would do, the one the vendor will keep.
            return replace(answer, absence=absence)
        return answer


def excerpts_of(replies: Iterable[Reply]) -> Excerpts:
    """The rows of each customer cut out of a list's pages, letter by letter.

    An excerpt's address names the call, the customer, and the SHA-256 of the page it was cut from.
    A row that comes again word for word says nothing new, and is left out.

    Raises:
        ReplyError: a reply is no list of rows.
    """
    by_customer: dict[str, tuple[Reply, ...]] = {}
    nameless, known = 0, set()
    for reply in replies:
        texts: dict[str, list[str]] = {}
        for row, text in zip(read_page(reply).rows, row_texts(reply), strict=True):
            customer_id = _customer_of(row)
            nameless += not customer_id
            if customer_id and (customer_id, text) not in known:
                known.add((customer_id, text))
                texts.setdefault(customer_id, []).append(text)
        for customer_id, own in texts.items():
            found = by_customer.get(customer_id, ())
            by_customer[customer_id] = (*found, _excerpt(reply, customer_id, own))
    return Excerpts(by_customer, nameless)


def _cut_out(customer: Customer, excerpts: Excerpts, whole: Answer) -> Answer:
    """The part of the list that is about a customer, or why there is none."""
    found = excerpts.by_customer.get(customer.id, ())
    try:
        products_of(found)  # of another shape it is none
    except ReplyError as error:
        logger.warning("The subscription of %s: %s", customer.name, error)
        absence = Absence(Lack.FAILED, str(error))
        return Answer(whole.kind, whole.asked_at, absence=absence, unusable=found)
    if found:
        return Answer(whole.kind, whole.asked_at, found)
    absence = Absence(Lack.NOT_THERE)
    if excerpts.nameless:
        said = f"The list does not show the customer, and {excerpts.nameless:,} of its rows name "
        absence = Absence(Lack.FAILED, said + "no customer.")
    return Answer(whole.kind, whole.asked_at, absence=absence)


def _customer_of(row: Any) -> str:
    """Whom a row is about; empty where it does not say."""
    customer_id = row.get("customerId") if isinstance(row, dict) else None
    is_number = isinstance(customer_id, int) and not isinstance(customer_id, bool)
    there = is_number or (isinstance(customer_id, str) and customer_id.strip())
    return str(customer_id) if there else ""


def _excerpt(reply: Reply, customer_id: str, rows: Iterable[str]) -> Reply:
    parts = urlsplit(reply.url)
    url = urlunsplit(
        parts._replace(
            path=f"{parts.path}/{quote(customer_id, safe='')}",
            fragment=f"sha256={hashlib.sha256(reply.body).hexdigest()}",
        )
    )
    return replace(reply, url=url, body=f'{{"data":[{",".join(rows)}]}}'.encode())
