"""`reporter approve`."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reporter.cli.errand import Errand, delivery_of, rows_in
from reporter.cli.options import (
    Console,
    common_options,
    customer_option,
    out_option,
    period_option,
    utc_now,
)
from reporter.model import DeliveryState

if TYPE_CHECKING:
    from reporter.dispatch.reports import Rendered
    from reporter.store.outbox import Delivery


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--unless-odd", is_flag=True, help="Leave those alone that something is odd about.")
@customer_option
@period_option
@out_option
@common_options
@click.pass_context
def approve(
    context: click.Context,
    *,
    yes: bool,
    unless_odd: bool,
    wanted: tuple[str, ...],
    period: str | None,
    out: Path | None,
) -> None:
    """Release rendered reports for delivery, after a look at each.

    Shows how each stands, what has changed since the period before and what is odd about it. Asks
    on a terminal; elsewhere the call itself is the yes. Without --period those of last month, and
    what still waits of others.
    """
    console = context.ensure_object(Console)
    errand = Errand(console, delivery_of(console, out, None, period), wanted, period is None)
    ask = sys.stdin.isatty() and not yes
    waited = False
    for report in errand.reports([DeliveryState.QUEUED]):
        rows = rows_in(report, DeliveryState.QUEUED)
        if rows:
            waited = True
            _approve_one(errand, report, rows, ask=ask, unless_odd=unless_odd)
    if not waited:
        console.say("Nothing waits for approval.")
    context.exit(int(errand.failed))


def _approve_one(
    errand: Errand, report: Rendered, rows: Sequence[Delivery], *, ask: bool, unless_odd: bool
) -> None:
    """Show a report to whoever approves it, and release it."""
    from reporter.review import review
    from reporter.store.outbox import approve as release

    seen = review(report.figures)
    for line in _shown(report, rows, seen.figures, seen.odd):
        errand.console.result(line)
    if unless_odd and seen.odd:
        errand.console.result("  left alone")
    elif not ask or click.confirm("  Approve?", err=True):
        count = release(errand.store, [own.id for own in rows], getpass.getuser(), utc_now())
        deliveries = "1 delivery" if count == 1 else f"{count} deliveries"
        errand.console.result(f"  approved, {deliveries}")


def _shown(
    report: Rendered,
    rows: Sequence[Delivery],
    figures: Iterable[tuple[str, str]],
    odd: Iterable[str],
) -> Iterable[str]:
    """A report as whoever approves it sees it."""
    yield f"{report.customer.name}, {report.period.label}, version {report.version.number}"
    for what, value in figures:
        yield f"  {what:16} {value}"
    for own in rows:
        yield f"  {own.role or own.channel:16} {own.recipient}"
    for said in odd:
        yield f"  ODD: {said}"
