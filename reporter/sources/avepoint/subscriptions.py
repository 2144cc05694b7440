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

from reporter.errors import ReplyError
from reporter.jobs.rows import present, text_of
from reporter.model import Absence, Answer, Customer, Kind, Lack, Reply
from reporter.sources.avepoint.beside import Ask, CustomerByCustomer, Permission
from reporter.sources.avepoint.client import Client
from reporter.sources.avepoint.reading.replies import products_of, read_page
from reporter.sources.avepoint.reading.texts import excerpt_of, row_texts

logger = logging.getLogger(__name__)

_NOT_OPEN: Final = (Lack.NOT_PERMITTED, Lack.NOT_THERE)
"""Lacks that mean the service has no such list, or none for this app registration."""


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one page that are about one customer."""

    page: Reply
    sha256: str
    """Of the page."""
    rows: tuple[str, ...]
    """Letter by letter, as the service wrote them."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The rows of a list, by the customers they are about."""

    by_customer: dict[str, tuple[Part, ...]]
    nameless: int = 0
    """How many rows name no customer: a customer who is not found may be in one of them."""

    def excerpts(self, customer: Customer) -> tuple[Reply, ...]:
        """The rows about a customer, as separate replies. The address of each names the call, the
        customer, and the SHA-256 of the page it was cut from.
        """
        return tuple(
            excerpt_of(part.page, part.sha256, customer.id, part.rows)
            for part in self.by_customer.get(_key(customer.id), ())
        )


class Subscriptions:
    """What each customer has bought, from one list that is asked for once and shared by all
    threads. Where the list is not open to the app registration, each customer is asked about.
    """

    def __init__(self, permission: Permission, ask: Ask, one_by_one: CustomerByCustomer) -> None:
        self._permission = permission
        self._ask = ask
        self._one_by_one = one_by_one
        self._lock = threading.Lock()
        self._read: tuple[Answer, Parts] | None = None

    @property
    def kind(self) -> Kind:
        """What is asked for."""
        return self._permission.kind

    def answer(self, customer: Customer) -> Answer:
        """What the service says of a customer, or why it does not."""
        whole, parts = self._list()
        if whole.absence and whole.absence.kind in _NOT_OPEN:
            return self._asked_singly(customer, whole.absence)
        if whole.absence:
            return replace(whole, unusable=(), cut_from=whole)
        return replace(_cut_out(customer, parts, whole), cut_from=whole)

    def _list(self) -> tuple[Answer, Parts]:
        with self._lock:
            if self._read is None:
                parts = Parts({})

                def ask(client: Client, received: list[Reply]) -> None:
                    nonlocal parts
                    self._ask(client, received)
                    parts = parts_of(received)

                whole = self._permission.ask(ask)
                self._read = whole, parts
            return self._read

    def _asked_singly(self, customer: Customer, absence: Absence) -> Answer:
        answer = self._one_by_one.answer(customer)
        if absence.kind is Lack.NOT_PERMITTED and self._one_by_one.permission.refused:
            # Of the two permissions that would do, the one the vendor will keep.
            return replace(answer, absence=absence)
        return answer


def parts_of(replies: Iterable[Reply]) -> Parts:
    """The rows of each customer, cut out of the pages of a list. A row that comes again word for
    word says nothing new, and is left out.

    Raises:
        ReplyError: a reply is no list of rows.
    """
    by_customer: dict[str, tuple[Part, ...]] = {}
    nameless, known = 0, set()
    for page in replies:
        sha256 = hashlib.sha256(page.body).hexdigest()
        texts: dict[str, list[str]] = {}
        for row, text in zip(read_page(page).rows, row_texts(page), strict=True):
            customer = _customer_of(row)
            nameless += not customer
            if customer and (customer, text) not in known:
                known.add((customer, text))
                texts.setdefault(customer, []).append(text)
        for customer, rows in texts.items():
            part = Part(page, sha256, tuple(rows))
            by_customer[customer] = (*by_customer.get(customer, ()), part)
    return Parts(by_customer, nameless)


def _cut_out(customer: Customer, parts: Parts, whole: Answer) -> Answer:
    """The part of the list that is about a customer, or why there is none."""
    excerpts = parts.excerpts(customer)
    try:
        products_of(excerpts, customer.id)  # of another shape it is none
    except ReplyError as error:
        logger.warning("The subscription of %s: %s", customer.name, error)
        absence = Absence(Lack.FAILED, str(error))
        return Answer(whole.kind, whole.asked_at, absence=absence, unusable=excerpts)
    if excerpts:
        return Answer(whole.kind, whole.asked_at, excerpts)
    absence = Absence(Lack.NOT_THERE)
    if parts.nameless:
        reason = f"The list does not show the customer, and {parts.nameless:,} of its rows name "
        absence = Absence(Lack.FAILED, reason + "no customer.")
    return Answer(whole.kind, whole.asked_at, absence=absence)


def _customer_of(row: Any) -> str:
    """The customer a row is about; empty where it does not say."""
    named = present(text_of(row.get("customerId"))) if isinstance(row, dict) else None
    return _key(named or "")


def _key(customer_id: str) -> str:
    """The form in which ids are compared: calls of a service may differ in case and spaces."""
    return customer_id.strip().casefold()
