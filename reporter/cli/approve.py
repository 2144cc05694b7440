"""`reporter approve`."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reporter.cli.errand import delivery_of, tell
from reporter.cli.options import (
    Console,
    common_options,
    customer_option,
    open_store,
    out_option,
    period_option,
    utc_now,
)
from reporter.errors import UsageError

if TYPE_CHECKING:
    from reporter.dispatch.approving import Waiting
    from reporter.run.assignment import Rendering


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask; required without a terminal.")
@click.option("--unless-odd", is_flag=True, help="Skip reports that have anything odd about them.")
@click.option(
    "--take-back",
    is_flag=True,
    help="Take back approvals of what has not been sent yet, so that it waits for approval again.",
)
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
    take_back: bool,
    wanted: tuple[str, ...],
    period: str | None,
    out: Path | None,
) -> None:
    """Review rendered reports and release them for delivery.

    Shows the state of each report, what has changed since the previous period and what is odd
    about it, then asks. Without a terminal, --yes is required. Without --period, covers last
    month's reports and those of other periods that are still waiting.

    --take-back takes an approval back until the mail is sent. Deliveries of a report's newest
    version that are already under way or sent are not taken back: they are listed, and the exit
    status is 1.
    """
    from reporter.dispatch.approving import Waiting, release, waiting
    from reporter.dispatch.queueing import Errand

    console = context.ensure_object(Console)
    rendering = delivery_of(console, out, None, period)
    if take_back:
        if yes or unless_odd:
            raise UsageError(
                "--take-back cannot be combined with --yes or --unless-odd.",
                hint="Use those options only to approve. Nothing was changed.",
            )
        context.exit(_take_back(console, rendering, wanted, leftovers=period is None))
    if not yes and not _can_ask():
        raise UsageError(
            "There is no terminal to ask on, and --yes was not given.",
            hint="Nothing was approved. Use --yes to approve everything that is waiting without "
            "being asked; narrow it down with --customer, --period and --unless-odd.",
        )
    store = open_store(rendering.settings)
    errand = Errand(rendering, store, utc_now, wanted, leftovers=period is None)
    waited = failed = False
    for each in waiting(errand):
        if not isinstance(each, Waiting):
            failed |= tell(console, each, "Not queued")
            continue
        waited = True
        for line in _shown(each):
            console.result(line)
        if unless_odd and each.review.odd:
            console.result("  skipped")
        elif yes or _says_yes():
            count = release(errand, each, getpass.getuser())
            deliveries = "1 delivery" if count == 1 else f"{count} deliveries"
            console.result(f"  approved, {deliveries}")
    if not waited:
        console.say("Nothing is waiting for approval.")
    context.exit(int(failed))


def _can_ask() -> bool:
    """Whether there is a person at standard input; it is missing where it was closed."""
    return sys.stdin is not None and sys.stdin.isatty()


def _says_yes() -> bool:
    """Ask; the end of input is a no.

    Raises:
        KeyboardInterrupt: whoever was asked has stopped the command.
    """
    try:
        return click.confirm("  Approve?", err=True)
    except click.Abort as abort:
        if isinstance(abort.__context__, EOFError):
            click.echo(err=True)  # the answer has ended no line
            return False
        raise KeyboardInterrupt from abort


def _take_back(
    console: Console, rendering: Rendering, wanted: tuple[str, ...], *, leftovers: bool
) -> int:
    """Have what is released and has not gone wait for a yes again; the exit status.

    With `leftovers` that of other periods as well.
    """
    from reporter.dispatch.approving import take_back
    from reporter.dispatch.settling import in_words

    store, by = open_store(rendering.settings), getpass.getuser()
    rows = take_back(rendering, store, utc_now, by, wanted, leftovers=leftovers)
    for row in rows:
        delivery = row.delivery
        name, period = delivery.customer.name, delivery.period
        if row.in_time:
            console.result(f"taken back by {by}  {period}  {name}  {delivery.recipient}")
        else:
            console.warn(f"Not taken back: {name}, {period}: {in_words(delivery)}.")
    if not any(row.in_time for row in rows):
        console.say("Nothing was taken back.")
    return int(not all(row.in_time for row in rows))


def _shown(waiting: Waiting) -> Iterable[str]:
    """A report as whoever approves it sees it."""
    report = waiting.report
    mark = "" if report.version.closed else ", preliminary"
    yield f"{report.customer.name}, {report.period.label}, version {report.version.number}{mark}"
    for what, value in waiting.review.figures:
        yield f"  {what:16} {value}"
    for row in waiting.rows:
        yield f"  {row.role or row.channel:16} {row.recipient}"
    for oddity in waiting.review.odd:
        yield f"  ODD: {oddity}"
