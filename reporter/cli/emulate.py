"""`reporter emulate`."""

from __future__ import annotations

import json
from datetime import timedelta

import click

from reporter.cli.options import Console, common_options, read_moment, utc_now


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 picks a free port.")
@click.option("--customers", type=click.IntRange(0), default=8, show_default=True)
@click.option("--jobs-per-month", type=click.IntRange(0), default=600, show_default=True)
@click.option(
    "--months",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="How far back the service lists jobs, with --lists all.",
)
@click.option(
    "--lists",
    type=click.Choice(["newest", "all"]),
    default="newest",
    show_default=True,
    help="List the newest job of each scope, as the service does, or all of the last months.",
)
@click.option("--now", metavar="TIME", help="Stop the emulator's clock at this time.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--latency", type=click.FloatRange(0), default=0, help="Milliseconds a reply takes.")
@click.option(
    "--withhold",
    multiple=True,
    metavar="SCOPE",
    help="A permission that the app registrations do not have. Repeatable.",
)
@click.option("--fault", "faults", multiple=True, metavar="NAME=RATE", help="Repeatable.")
@common_options
@click.pass_obj
def emulate(
    console: Console,
    *,
    port: int,
    customers: int,
    jobs_per_month: int,
    months: int,
    lists: str,
    now: str | None,
    seed: int,
    latency: float,
    withhold: tuple[str, ...],
    faults: tuple[str, ...],
) -> None:
    """Serve an emulator of the API on this machine, until interrupted.

    Prints one line of JSON once it is listening: the addresses, and the credentials to log in
    with, also into the customers' own tenants. What it serves is a pure function of its options.
    """
    from reporter.sources.avepoint.emulator import (
        Clock,
        Emulator,
        Faults,
        Lists,
        ordinary_customers,
    )

    emulator = Emulator(
        customers=ordinary_customers(customers, jobs_per_month, seed),
        seed=seed,
        now=Clock(read_moment(now)) if now else utc_now,
        lists=Lists(lists),
        listed=timedelta(days=31 * months),
        withheld=withhold,
        faults=Faults.parse(faults, seed),
        latency=latency / 1000,
        port=port,
    )
    with emulator:
        console.result(
            json.dumps(
                {
                    "api_url": emulator.api_url,
                    "token_url": emulator.token_url,
                    "client_id": emulator.client_id,
                    "client_secret": emulator.client_secret,
                    "tenants": {
                        customer_id: {
                            "client_id": office.client_id,
                            "client_secret": office.client_secret,
                        }
                        for customer_id in emulator.customers
                        for office in [emulator.tenant(customer_id)]
                    },
                }
            )
        )
        emulator.serve_until_interrupted()
