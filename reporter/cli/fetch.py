"""`reporter fetch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reporter.cli.options import (
    Console,
    common_options,
    customer_option,
    open_store,
    utc_now,
    wait_option,
)
from reporter.cli.progress import finish, follow

if TYPE_CHECKING:
    pass


@click.command()
@customer_option
@wait_option
@common_options
@click.pass_context
def fetch(context: click.Context, *, wanted: tuple[str, ...], wait: float) -> None:
    """Take a snapshot of the customers' jobs and keep it in the store.

    The service shows only the newest job of each scope: run this every four hours
    (docs/operations.md), or jobs that are superseded in between are never seen. The next run
    resumes one that was cut short.
    """
    console = context.ensure_object(Console)
    context.exit(fetch_customers_wanted(console, wanted, wait))


def fetch_customers_wanted(console: Console, wanted: tuple[str, ...], wait: float) -> int:
    """Take the snapshots, going on with a run that was cut short; the exit status.

    Raises:
        FetchError: the customers cannot be listed.
        StoreError: another run holds the store, or the database refuses.
    """
    from reporter.config.credentials import access_of
    from reporter.run.choosing import listed_customers
    from reporter.run.fetching import fetch_customers, fetch_snapshots, missed_of
    from reporter.run.rhythm import in_one_line
    from reporter.store.runs import fetch_run

    settings = console.settings()
    access = access_of(settings)
    store = open_store(settings, new=True)
    with fetch_run(store, utc_now, whole=not wanted, wait=wait) as run:
        source, listed = fetch_customers(access, store, utc_now)
        if listed.flaw:
            console.warn(f"Failed: {listed.flaw}", listed.flaw.hint)
        customers = [
            customer for customer in listed_customers(listed, wanted) if customer.id not in run.done
        ]
        if run.done:
            console.say(
                f"Resuming the run of {run.began_at:%Y-%m-%d %H:%M} UTC, which was cut short: "
                f"{len(listed.customers) - len(customers)} of {len(listed.customers)} customers "
                "are done."
            )
        snapshots = fetch_snapshots(source, customers, store, utc_now, run.id)
        outcomes = follow(console, snapshots, len(customers), "Fetched")
    missed = [
        (customer.name, what) for customer, what in missed_of(settings, store, customers, utc_now())
    ]
    if missed:
        console.say(in_one_line(missed, len(customers)))
    status = finish(console, outcomes)
    return 1 if listed.flaw else status
