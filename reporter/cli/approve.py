"""`reporter approve`."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reporter.cli.errand import Errand, delivery_of, in_words, rows_in
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
from reporter.model import DeliveryState

if TYPE_CHECKING:
    from reporter.dispatch.reports import Rendered
    from reporter.run.assignment import Rendering
    from reporter.store.outbox import Delivery

_GONE = (DeliveryState.SENT, DeliveryState.UNCERTAIN)


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
    errand = Errand(console, rendering, wanted, period is None)
    waited = False
    for report in errand.reports([DeliveryState.QUEUED]):
        rows = rows_in(report, DeliveryState.QUEUED)
        if rows:
            waited = True
            _approve_one(errand, report, rows, ask=not yes, unless_odd=unless_odd)
    if not waited:
        console.say("Nothing is waiting for approval.")
    context.exit(int(errand.failed))


def _can_ask() -> bool:
    """Whether there is a person at standard input; it is missing where it was closed."""
    return sys.stdin is not None and sys.stdin.isatty()


def _approve_one(
    errand: Errand, report: Rendered, rows: Sequence[Delivery], *, ask: bool, unless_odd: bool
) -> None:
    """Show a report to whoever approves it, and release it."""
    from reporter.dispatch.review import review
    from reporter.store.outbox import approve as release

    seen = review(report.figures)
    for line in _shown(report, rows, seen.figures, seen.odd):
        errand.console.result(line)
    if unless_odd and seen.odd:
        errand.console.result("  skipped")
    elif not ask or _says_yes():
        count = release(errand.store, [row.id for row in rows], getpass.getuser(), utc_now())
        deliveries = "1 delivery" if count == 1 else f"{count} deliveries"
        errand.console.result(f"  approved, {deliveries}")


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
    from reporter.run.choosing import customers_wanted
    from reporter.store.outbox import RELEASED, deliveries_of
    from reporter.store.outbox import take_back as put_back

    settings = rendering.settings
    if settings.mail.approval == "none":
        raise UsageError(
            'With approval = "none" in [mail], it would be approved again at once.',
            hint="To keep a delivery from being sent at all, run `reporter outbox resolve NUMBER "
            "--drop`; `reporter outbox --state approved` lists the numbers.",
        )
    store = open_store(settings)
    customers = customers_wanted(settings, store, wanted)

    def rows() -> list[Delivery]:
        listed = deliveries_of(store, period=None if leftovers else rendering.period)
        return [row for row in listed if row.customer.id in customers]

    released: dict[str, set[int]] = {}
    for row in rows():
        if row.state in RELEASED and not row.given_up:
            released.setdefault(row.customer.id, set()).add(row.id)
    by, taken_back = getpass.getuser(), set[int]()
    for ids in released.values():
        taken_back |= put_back(store, ids, by, utc_now())
    too_late = False
    for row in _of_newest_versions(rows()):
        name = customers[row.customer.id].name
        if row.id in taken_back:
            console.result(f"taken back by {by}  {row.period}  {name}  {row.recipient}")
        elif (
            row.id in released.get(row.customer.id, ())
            or row.state is DeliveryState.SENDING
            or (row.state in _GONE and row.period == rendering.period)
        ):
            console.warn(f"Not taken back: {name}, {row.period}: {in_words(row)}.")
            too_late = True
    if not taken_back:
        console.say("Nothing was taken back.")
    return int(too_late)


def _of_newest_versions(rows: Sequence[Delivery]) -> list[Delivery]:
    """The deliveries of each report's newest version: what was sent of a former one is no matter of
    whoever takes back its correction.
    """
    newest: dict[tuple[str, str], int] = {}
    for row in rows:
        report = (row.customer.id, row.period)
        newest[report] = max(row.version, newest.get(report, 0))
    return [row for row in rows if row.version == newest[row.customer.id, row.period]]


def _shown(
    report: Rendered,
    rows: Sequence[Delivery],
    figures: Iterable[tuple[str, str]],
    odd: Iterable[str],
) -> Iterable[str]:
    """A report as whoever approves it sees it."""
    mark = "" if report.version.closed else ", preliminary"
    yield f"{report.customer.name}, {report.period.label}, version {report.version.number}{mark}"
    for what, value in figures:
        yield f"  {what:16} {value}"
    for row in rows:
        yield f"  {row.role or row.channel:16} {row.recipient}"
    for oddity in odd:
        yield f"  ODD: {oddity}"
