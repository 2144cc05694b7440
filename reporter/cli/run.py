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
    """Fetch, then process the months that are due; safe to start as often as you like.

    [schedule] determines what is due; it does not apply with --period. A month's report is made
    once the month is final: once the service has been asked so long after its end that nothing of
    it can have been missed. Renders only what has changed, and sends only what is approved and has
    not been delivered. The next run resumes one that was cut short. A customer who could not be
    fetched counts as failed.
    """
    from reporter.run.agenda import months_to_do, next_fetch, tick_off

    console = context.ensure_object(Console)
    rendering = rendering_of(console.settings(), out, formats, period, timezone, locale)
    if period:
        status = fetch_customers_wanted(console, wanted, wait)
        context.exit(max(status, _do_period(console, rendering, wanted, workers, wait)))
    store = open_store(rendering.settings, new=True)
    status = 0
    if (fetch := next_fetch(rendering, store)).due:
        status = fetch_customers_wanted(console, wanted, wait)
    else:
        console.say(
            f"Not fetched: the last fetch began at {fetch.last_began:%Y-%m-%d %H:%M} UTC, "
            f"the next is due at {fetch.due_at:%Y-%m-%d %H:%M} UTC."
        )
    months = months_to_do(rendering, store)
    if missed := months.labels[:-1]:
        console.say(
            f"Catching up: the last month done is {months.newest_done}; doing "
            f"{', '.join(missed)} first."
        )
    for label in months.labels:
        began_at, month = utc_now(), replace(rendering, period=label, only_final=True)
        last = label == months.labels[-1]
        status = max(status, _do_period(console, month, wanted, workers, wait, leftovers=last))
        if not wanted:
            tick_off(month, store, began_at, utc_now())
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
    from reporter.dispatch.channels.registry import channels_of

    status = render_stored_reports(console, rendering, wanted, workers)
    if rendering.settings.archives:
        status = max(status, archive_stored_reports(console, rendering, wanted))
    mailing = replace(rendering, formats=rendering.settings.mail.formats)
    if channels_of(mailing):
        sent = send_stored_reports(console, mailing, wanted, wait, leftovers=leftovers)
        status = max(status, sent)
    return status
