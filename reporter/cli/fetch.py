"""`reporter fetch`."""

from __future__ import annotations

import click

from reporter.cli.customers import choose
from reporter.cli.options import Console, common_options, customer_option, utc_now
from reporter.cli.progress import finish, follow


@click.command()
@customer_option
@common_options
@click.pass_context
def fetch(context: click.Context, *, wanted: tuple[str, ...]) -> None:
    """Take a snapshot of the customers' jobs into the store.

    The service shows what it has now: run this at least once a day (docs/operations.md), so that
    every day of a month is observed.
    """
    from reporter.credentials import access_of
    from reporter.pipeline import fetch_customers, fetch_snapshots
    from reporter.store import Store

    console = context.ensure_object(Console)
    settings = console.settings()
    access = access_of(settings)
    store = Store.open(settings.store.url)
    source, listed = fetch_customers(access, store, utc_now)
    customers = choose(listed, wanted)
    outcomes = follow(
        console,
        fetch_snapshots(source, customers, store, utc_now),
        len(customers),
        "Fetched",
    )
    context.exit(finish(console, outcomes))
