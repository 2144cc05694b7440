"""`reporter run`."""

from __future__ import annotations

from pathlib import Path

import click

from reporter.cli.fetch import fetch_customers_wanted
from reporter.cli.options import (
    Console,
    common_options,
    customer_option,
    rendering_options,
    wait_option,
)
from reporter.cli.render import render_stored_reports, rendering_of


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
    out: Path,
    workers: int | None,
    wait: float,
) -> None:
    """Fetch, then render what has changed: safe to start as often as you like.

    One that was cut short is gone on with by the next. A customer who could not be fetched is
    rendered from what the store has, and counted as failed.
    """
    console = context.ensure_object(Console)
    rendering = rendering_of(console.settings(), out, formats, period, timezone, locale)
    fetched = fetch_customers_wanted(console, wanted, wait)
    status = render_stored_reports(console, rendering, wanted, workers)
    context.exit(max(status, int(any(own.error for own in fetched))))
