"""Chooses the customers of a command: those wanted, and those of them that have a report."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass

from reporter.config.settings import Settings
from reporter.errors import UsageError
from reporter.files import folder_names
from reporter.model import Customer
from reporter.period import parse_period
from reporter.run.assignment import (
    Rendering,
    all_customers,
    named,
    period_of,
    provider_settings,
)
from reporter.store import Store
from reporter.store.known import is_known


def choose(customers: Sequence[Customer], wanted: Sequence[str]) -> list[Customer]:
    """The customers wanted, by id or name (without regard to case); all if none is named.

    Raises:
        UsageError: no customer or several customers have that name.
    """
    if not wanted:
        return list(customers)
    chosen = [_match(customers, text) for text in wanted]
    return list(dict.fromkeys(chosen))


def _match(customers: Sequence[Customer], text: str) -> Customer:
    by_id = [customer for customer in customers if text in customer.ids]
    matches = by_id or [c for c in customers if c.name.casefold() == text.strip().casefold()]
    if len(matches) == 1:
        return matches[0]
    if matches:
        ids = ", ".join(customer.id for customer in matches)
        raise UsageError(f"Several customers are called {text!r}.", hint=f"Name one by id: {ids}")
    close = difflib.get_close_matches(text, [customer.name for customer in customers], 3, 0.4)
    raise UsageError(
        f"There is no customer {text!r}.",
        hint=f"Did you mean {' or '.join(map(repr, close))}?"
        if close
        else "`reporter customers` lists them.",
    )


def customers_wanted(
    settings: Settings, store: Store, wanted: Sequence[str]
) -> dict[str, Customer]:
    """The customers of the store that are wanted, as the configuration calls them, by their ids.

    Raises:
        StoreError: the database refuses.
        UsageError: no customer or several customers have that name.
    """
    known = all_customers(settings, store)
    return {customer.id: customer for customer in choose(known, wanted)}


def listed_customers(
    settings: Settings, listed: Sequence[Customer], wanted: Sequence[str], *, complete: bool
) -> set[str]:
    """The ids of those listed customers that are wanted, with the ids that they are joined with. If
    the lists are not complete, wanted customers that are not in them are ignored: they may exist.

    Raises:
        UsageError: the lists are complete and no customer has that name, or several have it.
    """
    chosen: list[Customer] = []
    for text in wanted:
        with nullcontext() if complete else suppress(UsageError):
            chosen += choose(listed, [text])
    customers = [named(settings, customer) for customer in (chosen if wanted else listed)]
    return {customer_id for customer in customers for customer_id in customer.ids}


@dataclass(frozen=True, slots=True)
class Choice:
    """The customers of the store, divided into those with and without a report of a period."""

    names: Mapping[Customer, str]
    """The customers with a report, each with the name of its folder."""
    gone: tuple[Customer, ...]
    """Customers that were no longer listed when the period began, and are not listed now."""
    unknown: tuple[Customer, ...]
    """Customers of whom nothing was known before the period ended."""


def reportable(rendering: Rendering, store: Store, wanted: Sequence[str]) -> Choice:
    """The customers wanted, divided into those with and without a report of the period asked for.

    Customers that are gone have a report if they are asked for by name.

    Raises:
        StoreError: the database refuses.
        UsageError: no customer or several customers have that name, or the store has no customers.
    """
    zone = provider_settings(rendering).timezone
    start = parse_period(rendering.period, zone, rendering.now).start
    known = all_customers(rendering.settings, store)
    if not known:
        raise UsageError(
            "The store has no customers yet.",
            hint="Run `reporter fetch` first. (`reporter render --input` takes a saved reply.)",
        )
    names = folder_names(known)  # they depend on all customers
    departed = set() if wanted else {customer.id for customer in store.departed(start)}
    chosen = [
        customer for customer in choose(known, wanted) if not departed.issuperset(customer.ids)
    ]
    unknown = [
        customer
        for customer in chosen
        if is_known(store, customer, period_of(rendering, customer)) is False
    ]
    return Choice(
        {customer: names[customer.id] for customer in chosen if customer not in unknown},
        tuple(customer for customer in known if departed.issuperset(customer.ids)),
        tuple(unknown),
    )
