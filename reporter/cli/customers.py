"""`reporter customers`."""

from __future__ import annotations

import click

from reporter.cli.options import Console, common_options, open_store
from reporter.errors import NoStore
from reporter.model import Customer


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of id and name.")
@common_options
@click.pass_obj
def customers(console: Console, *, as_json: bool) -> None:
    """List the customers in the store."""
    from reporter.run.assignment import all_customers

    settings = console.settings()
    listed: list[Customer] = []
    why_none = "The store has no customers yet; run `reporter fetch`."
    try:
        listed = all_customers(settings, open_store(settings))
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
