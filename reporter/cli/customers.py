"""`reporter customers`, and choosing customers by id or name."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import click

from reporter.cli.options import Console, common_options, open_store
from reporter.errors import NoStore, UsageError
from reporter.model import Customer


def choose(customers: Sequence[Customer], wanted: Sequence[str]) -> list[Customer]:
    """The customers wanted, by id or name (without regard to case); all where none is.

    Raises:
        UsageError: there is no such customer, or several of that name.
    """
    if not wanted:
        return list(customers)
    chosen = [_find(customers, text) for text in wanted]
    return list(dict.fromkeys(chosen))


def _find(customers: Sequence[Customer], text: str) -> Customer:
    by_id = [customer for customer in customers if customer.id == text]
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


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A list of objects with id and name.")
@common_options
@click.pass_obj
def customers(console: Console, *, as_json: bool) -> None:
    """List the customers in the store."""
    from reporter.run.assignment import named

    settings = console.settings()
    listed: list[Customer] = []
    why_none = "The store knows no customers yet; run `reporter fetch`."
    try:
        listed = [named(settings, customer) for customer in open_store(settings).customers()]
    except NoStore as error:
        why_none = f"{error} {error.hint}"
    if as_json:
        rows = [{"id": customer.id, "name": customer.name} for customer in listed]
        console.data(rows)
        return
    for customer in listed:
        console.result(f"{customer.id}  {customer.name}")
    if not listed:
        console.say(why_none)
