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
    from reporter.run.agenda import Agenda
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
    """Fetch, then do the months that are due: safe to start as often as you like.

    What is due, [schedule] says; with --period it has no say. A month's report is made once it is
    final: once the service has been asked after its end, so late that nothing of it can have been
    missed. Only what has changed is rendered, and only what is approved and has not been delivered
    is sent. A run that was cut short is gone on with by the next. A customer who could not be
    fetched is counted as failed.
    """
    from reporter.run.agenda import agenda_of, tick_off

    console = context.ensure_object(Console)
    rendering = rendering_of(console.settings(), out, formats, period, timezone, locale)
    if period:
        status = fetch_customers_wanted(console, wanted, wait)
        context.exit(max(status, _do_period(console, rendering, wanted, workers, wait)))
    store = open_store(rendering.settings, new=True)
    agenda = agenda_of(rendering, store)
    _tell(console, agenda)
    status = fetch_customers_wanted(console, wanted, wait) if agenda.fetch else 0
    for label in agenda.months:
        began_at, month = utc_now(), replace(rendering, period=label, only_final=True)
        last = label == agenda.months[-1]
        status = max(status, _do_period(console, month, wanted, workers, wait, leftovers=last))
        if not wanted:
            tick_off(month, store, began_at, utc_now())
    context.exit(status)


def _tell(console: Console, agenda: Agenda) -> None:
    """Say what is not due yet, and what is caught up with."""
    if not agenda.fetch:
        console.say(
            f"Not fetched: the last fetch began at {agenda.last_fetch_began:%Y-%m-%d %H:%M} UTC, "
            f"the next is due at {agenda.fetch_due_at:%Y-%m-%d %H:%M} UTC."
        )
    if missed := agenda.months[:-1]:
        console.say(
            f"Catching up: the last month done is {agenda.newest_done}, {', '.join(missed)} come "
            "first."
        )


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
