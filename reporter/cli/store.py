"""`reporter store`."""

from __future__ import annotations

from datetime import datetime

import click

from reporter.cli.options import Console, common_options, open_store, utc_now, wait_option
from reporter.period import read_months


@click.group()
def store() -> None:
    """Maintain the store: raw replies, and the jobs derived from them."""


@store.command()
@wait_option
@common_options
@click.pass_obj
def rebuild(console: Console, *, wait: float) -> None:
    """Derive all jobs again from the raw replies, customer by customer.

    Needed after a change in how replies are read; changes nothing otherwise. Prints the number of
    jobs.
    """
    from reporter.store.lock import held
    from reporter.store.upkeep import rebuild_jobs

    opened = open_store(console.settings())
    total = 0
    with held(opened.engine, wait):
        for customer in opened.customers():
            jobs = rebuild_jobs(opened, customer)
            console.say(f"Rebuilt {customer.name}: {jobs} jobs")
            total += jobs
    console.result(total)


@store.command()
@click.option(
    "--keep", required=True, metavar="MONTHS", help="Such as 25months; nothing newer is removed."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@wait_option
@common_options
@click.pass_obj
def prune(console: Console, *, keep: str, yes: bool, wait: float) -> None:
    """Remove snapshots older than a number of months, and the jobs last seen in them.

    First says what will be removed, and asks. Rendered reports stay.
    """
    from reporter.store.lock import held
    from reporter.store.upkeep import prunable
    from reporter.store.upkeep import prune as take_away

    before = _months_before(utc_now(), keep)
    opened = open_store(console.settings())
    with held(opened.engine, wait):
        goes = prunable(opened, before)
        console.say(
            f"Older than {before:%Y-%m-%d}: {goes.snapshots} snapshots with all their replies, "
            f"and {goes.jobs} jobs last seen in them."
        )
        if not goes.snapshots:
            return
        if not yes:
            click.confirm("Remove them for good?", abort=True, err=True)
        take_away(opened, before)
    console.result(goes.snapshots)


def _months_before(now: datetime, keep: str) -> datetime:
    """So many whole calendar months before this one began.

    Raises:
        UsageError: `keep` is no number of months.
    """
    months = now.year * 12 + now.month - 1 - read_months(keep)
    return now.replace(
        year=max(months // 12, 1), month=months % 12 + 1, day=1,
        hour=0, minute=0, second=0, microsecond=0,
    )  # fmt: skip
