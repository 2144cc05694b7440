"""`reporter run`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reporter.cli.archive import archive_stored_reports
from reporter.cli.fetch import fetch_customers_wanted
from reporter.cli.options import (
    Console,
    common_options,
    customer_option,
    open_store,
    rendering_options,
    utc_now,
    wait_option,
)
from reporter.cli.render import render_stored_reports, rendering_of
from reporter.cli.send import send_stored_reports

if TYPE_CHECKING:
    from reporter.run.assignment import Rendering
    from reporter.store import Store


@click.command()
@customer_option
@rendering_options
@wait_option
@common_options
@click.pass_context
def run(
    context: click.Context,
    *,
    wanted: tuple[str, ...],
    period: str | None,
    timezone: str | None,
    locale: str | None,
    formats: tuple[str, ...],
    out: Path | None,
    workers: int | None,
    wait: float,
) -> None:
    """Fetch, then do the months that are due: safe to start as often as you like.

    What is due, [schedule] says; with --period it has no say. A month's report is made once it is
    final: once the service has been asked after its end, so late that nothing of it can have been
    missed. Only what has changed is rendered, and only what is approved and has not been delivered
    is sent. A run that was cut short is gone on with by the next. A customer who could not be
    fetched is counted as failed.
    """
    from reporter.store.runs import month_done
    from reporter.store.versions import is_any_closed

    console = context.ensure_object(Console)
    rendering = rendering_of(console.settings(), out, formats, period, timezone, locale)
    if period:
        status = fetch_customers_wanted(console, wanted, wait)
        context.exit(max(status, _do_period(console, rendering, wanted, workers, wait)))
    store = open_store(rendering.settings, new=True)
    fetching = _fetch_is_due(console, rendering, store)
    status = fetch_customers_wanted(console, wanted, wait) if fetching else 0
    months = _months_due(console, rendering, store)
    for label in months:
        began_at, month = utc_now(), replace(rendering, period=label, only_final=True)
        last = label == months[-1]
        status = max(status, _do_period(console, month, wanted, workers, wait, leftovers=last))
        # Where nothing was known of anybody yet there is nothing to be done: else, as long as no
        # month was done, none that is missed later would be caught up with.
        if not wanted and (is_any_closed(store, label) or _knows_nobody(store, month)):
            month_done(store, label, began_at, utc_now())
    context.exit(status)


def _do_period(
    console: Console,
    rendering: Rendering,
    wanted: tuple[str, ...],
    workers: int | None,
    wait: float,
    *,
    leftovers: bool = False,
) -> int:
    """All that is done for one period, step by step; with `leftovers` what is approved and has not
    been delivered of others as well. The exit status.
    """
    status = render_stored_reports(console, rendering, wanted, workers)
    if rendering.settings.archives:
        status = max(status, archive_stored_reports(console, rendering, wanted))
    if rendering.settings.delivers:
        mailing = replace(rendering, formats=rendering.settings.mail.formats)
        sent = send_stored_reports(console, mailing, wanted, wait, leftovers=leftovers)
        status = max(status, sent)
    return status


def _knows_nobody(store: Store, rendering: Rendering) -> bool:
    """Whether the period had ended before anything was known of any customer."""
    from reporter.run.assignment import period_of
    from reporter.store.known import is_known

    customers = store.customers()
    return all(
        is_known(store, customer, period_of(rendering, customer)) is False for customer in customers
    )


def _fetch_is_due(console: Console, rendering: Rendering, store: Store) -> bool:
    from reporter.run.schedule import fetch_due_at
    from reporter.store.runs import last_fetch_began

    began_at = last_fetch_began(store)
    due_at = fetch_due_at(rendering.settings.schedule, began_at, rendering.now)
    if due_at <= rendering.now:
        return True
    console.say(
        f"Not fetched: the last fetch began at {began_at:%Y-%m-%d %H:%M} UTC, "
        f"the next is due at {due_at:%Y-%m-%d %H:%M} UTC."
    )
    return False


def _months_due(console: Console, rendering: Rendering, store: Store) -> list[str]:
    """The labels of the months to be done now, the oldest first."""
    from reporter.run.schedule import months_due
    from reporter.store.runs import newest_month_done

    settings = rendering.settings
    zone = settings.report_for("", timezone=rendering.timezone).timezone
    done = newest_month_done(store)
    *missed, newest = months_due(settings.schedule, zone, rendering.now, done)
    if missed:
        console.say(f"Catching up: the last month done is {done}, {', '.join(missed)} come first.")
    return [*missed, newest]
