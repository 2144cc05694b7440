"""`reporter fetch`."""

from __future__ import annotations

from itertools import chain

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
    """Take the snapshots, resuming a run that was cut short; returns the exit status.

    Raises:
        FetchError: no source lists its customers.
        StoreError: another run has locked the store, or the database refuses.
    """
    from reporter.config.credentials import access_of
    from reporter.run.choosing import listed_customers
    from reporter.run.fetching import (
        fetch_snapshots,
        list_by_each,
        missed_of,
        no_longer_listed,
        sources_asked,
    )
    from reporter.run.rhythm import in_one_line
    from reporter.store.runs import fetch_run

    settings = console.settings()
    access = access_of(settings) if settings.asks_service else None
    store = open_store(settings, new=True)
    with fetch_run(store, utc_now, whole=not wanted, wait=wait) as run:
        sources, faults = list_by_each(sources_asked(settings, access, store, utc_now))
        for fault in faults:
            console.warn(f"Failed: {fault}", fault.hint)
        listed = [customer for _, of_source in sources for customer in of_source]
        for name, gone in no_longer_listed(settings, store, listed):
            names = ", ".join(customer.name for customer in gone)
            console.say(f"The source {name!r} no longer lists: {names}.")
        ids = listed_customers(settings, listed, wanted, complete=not faults) - run.done
        customers = [customer for customer in listed if customer.id in ids]
        if run.done:
            console.say(
                f"Resuming the run of {run.began_at:%Y-%m-%d %H:%M} UTC, which was cut short: "
                f"{len(listed) - len(customers)} of {len(listed)} customers are done."
            )
        snapshots = chain.from_iterable(
            fetch_snapshots(
                source,
                [each for each in of_source if each.id in ids],
                store,
                utc_now,
                run.id,
                settings,
            )
            for source, of_source in sources
        )
        outcomes = follow(console, snapshots, len(customers), "Fetched")
    missed = [
        (customer.name, what) for customer, what in missed_of(settings, store, customers, utc_now())
    ]
    if missed:
        console.say(in_one_line(missed, len(customers)))
    status = finish(console, outcomes)
    return 1 if faults else status
