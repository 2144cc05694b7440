"""`reporter send` and `reporter approve`."""

from __future__ import annotations

import getpass
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reporter.cli.options import (
    Console,
    common_options,
    customer_option,
    formats_option,
    open_store,
    out_option,
    period_option,
    utc_now,
    wait_option,
)
from reporter.cli.render import rendering_of, stored_customers
from reporter.errors import ReporterError, SettingsError, UsageError
from reporter.model import DeliveryState

if TYPE_CHECKING:
    from reporter.dispatch.reports import Rendered
    from reporter.dispatch.sending import Dispatched
    from reporter.pipeline import Rendering
    from reporter.store import Store
    from reporter.store.outbox import Delivery

TROUBLED = (DeliveryState.REFUSED, DeliveryState.FAILED)
UNSETTLED = (*TROUBLED, DeliveryState.UNCERTAIN)
"""States somebody has to know of."""


@click.command()
@click.option("--dry-run", is_flag=True, help="Write the messages as .eml files; send nothing.")
@click.option(
    "--to",
    "to",
    metavar="ADDRESS",
    help="Send the messages to this address instead of their recipients, approved or not.",
)
@customer_option
@period_option
@formats_option(None)
@out_option
@wait_option
@common_options
@click.pass_context
def send(
    context: click.Context,
    *,
    dry_run: bool,
    to: str | None,
    wanted: tuple[str, ...],
    period: str | None,
    formats: tuple[str, ...] | None,
    out: Path,
    wait: float,
) -> None:
    """Deliver the rendered reports that are approved: by mail, to a folder, to a web address.

    Nobody gets a report twice: kill it and start it again as often as you like.
    """
    console = context.ensure_object(Console)
    rendering = _rendering(console, out, formats, period)
    if dry_run and to:
        raise UsageError(
            "--dry-run and --to do not go together.",
            hint="The one writes the messages into files, the other sends them to you.",
        )
    if dry_run:
        status = _write_messages(console, rendering, wanted)
    elif to:
        status = _send_to(console, rendering, wanted, to)
    else:
        status = send_stored_reports(console, rendering, wanted, wait)
    context.exit(status)


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
    out: Path,
) -> None:
    """Release rendered reports for delivery, after a look at each.

    Shows how each stands, what has changed since the period before and what is odd about it. Asks
    on a terminal; elsewhere the call itself is the yes.
    """
    from reporter.review import review
    from reporter.store.outbox import approve as release

    console = context.ensure_object(Console)
    rendering = _rendering(console, out, None, period)
    store = open_store(rendering.settings)
    reports, failed = _queued(console, rendering, store, wanted)
    ask = sys.stdin.isatty() and not yes
    waiting = [(own, rows) for own in reports if (rows := _rows(store, own, DeliveryState.QUEUED))]
    for report, rows in waiting:
        seen = review(report.figures)
        for line in _shown(report, rows, seen.figures, seen.odd):
            console.result(line)
        if unless_odd and seen.odd:
            console.result("  left alone")
        elif not ask or click.confirm("  Approve?", err=True):
            count = release(store, [own.id for own in rows], getpass.getuser(), utc_now())
            console.result(f"  approved, {_counted(count, 'delivery', 'deliveries')}")
    if not waiting:
        console.say("Nothing waits for approval.")
    context.exit(1 if failed else 0)


def send_stored_reports(
    console: Console, rendering: Rendering, wanted: tuple[str, ...], wait: float
) -> int:
    """Deliver what is approved; the exit status: 1 where something failed or is unsettled."""
    from reporter.dispatch.sending import send_reports
    from reporter.store.lock import held
    from reporter.store.outbox import deliveries_of

    store = open_store(rendering.settings)
    with held(store.engine, wait, "outbox"):
        reports, failed = _queued(console, rendering, store, wanted)
        hinted: set[str] = set()
        for own in send_reports(rendering, store, reports, utc_now):
            failed |= _tell(console, own, hinted)
    names = {own.customer.id: own.customer.name for own in reports}
    rows = deliveries_of(store, period=rendering.period)
    rows = tuple(own for own in rows if own.customer.id in names)
    counts = Counter(own.state for own in rows)
    said = ", ".join(f"{counts[state]} {state.value}" for state in DeliveryState if counts[state])
    console.say(f"Outbox of {rendering.period}: {said or 'empty'}.")
    if counts[DeliveryState.QUEUED]:
        console.say("What is queued waits for `reporter approve`.")
    for row in rows:
        if row.state is DeliveryState.UNCERTAIN:
            console.warn(
                f"Uncertain: {names[row.customer.id]}, {row.recipient}: {row.reason}.",
                f"Ask whether it arrived, then run `reporter outbox resolve {row.id} --sent` "
                "or `--again`.",
            )
    return int(failed or any(counts[state] for state in UNSETTLED))


def _tell(console: Console, own: Dispatched, hinted: set[str]) -> bool:
    """Say what came of a customer's deliveries; whether something went wrong.

    `hinted` are the hints that were given already: a server that is gone is gone for many.
    """
    for each in own.deliveries:
        if each.state is DeliveryState.SENT:
            console.result(f"{each.state}  {own.customer.name}  {each.recipient}")
        elif each.state in TROUBLED and each.reason != str(own.error):
            when = f"; tried again from {each.retry_at:%Y-%m-%d %H:%M} UTC" if each.retry_at else ""
            console.warn(
                f"{each.state.capitalize()}: {own.customer.name}, {each.recipient}: "
                f"{each.reason}{when}"
            )
    if own.error is not None:
        hint = own.error.hint
        console.warn(f"Not sent: {own.customer.name}: {own.error}", "" if hint in hinted else hint)
        hinted.add(hint)
    return own.error is not None


def _queued(
    console: Console, rendering: Rendering, store: Store, wanted: tuple[str, ...]
) -> tuple[list[Rendered], bool]:
    """The newest reports, each with its rows in the outbox; and whether one could not have them."""
    from reporter.dispatch.recipients import queue_report
    from reporter.dispatch.reports import rendered

    reports, failed = [], False
    for customer, name in stored_customers(console, rendering, wanted).items():
        if not rendering.settings.customer(customer.id).send and not wanted:
            continue
        try:
            report = rendered(rendering, store, customer, name)
            queue_report(rendering.settings, store, report, utc_now())
            reports.append(report)
        except ReporterError as error:
            if error.exit_code == UsageError.exit_code:
                raise  # the configuration as a whole is wrong
            console.warn(f"Not queued: {error}", error.hint)
            failed = True
    return reports, failed


def _rows(store: Store, report: Rendered, *states: DeliveryState) -> list[Delivery]:
    """The rows of a report in the outbox that are in one of these states."""
    from reporter.dispatch.sending import rows_of

    return [own for own in rows_of(store, report) if own.state in states]


def _write_messages(console: Console, rendering: Rendering, wanted: tuple[str, ...]) -> int:
    """Write the messages that are still to go; the exit status."""
    from reporter.dispatch.messages import write_message
    from reporter.store.outbox import OPEN

    store = open_store(rendering.settings)
    reports, failed = _queued(console, rendering, store, wanted)
    for report in reports:
        rows = [own for own in _rows(store, report, *OPEN) if own.channel == "mail"]
        try:
            if rows:
                console.result(write_message(rendering, report, rows))
        except ReporterError as error:
            console.warn(f"No message: {report.customer.name}: {error}", error.hint)
            failed = True
    return int(failed)


def _send_to(console: Console, rendering: Rendering, wanted: tuple[str, ...], to: str) -> int:
    from reporter.delivery.recipients import read_addresses
    from reporter.dispatch.reports import rendered
    from reporter.dispatch.sending import send_to

    addresses = read_addresses(to)
    if len(addresses) != 1:
        raise UsageError("--to takes one address.", hint="Write --to me@provider.example.")
    if not rendering.settings.mail.configured:
        raise SettingsError(
            "--to sends by mail, and no mail server is configured.",
            hint="Set `host` and `from` in [mail].",
        )
    store = open_store(rendering.settings)
    failed = False
    reports = []
    for customer, name in stored_customers(console, rendering, wanted).items():
        try:
            reports.append(rendered(rendering, store, customer, name))
        except ReporterError as error:
            console.warn(f"Not sent: {error}", error.hint)
            failed = True
    hinted: set[str] = set()
    for own in send_to(rendering, reports, addresses[0], utc_now):
        failed |= _tell(console, own, hinted)
        if own.error is None:
            console.result(f"sent  {own.customer.name}  {addresses[0].address}")
    return int(failed)


def _rendering(
    console: Console, out: Path, formats: tuple[str, ...] | None, period: str | None
) -> Rendering:
    settings = console.settings()
    if not settings.delivers:
        raise SettingsError(
            "Nothing says where reports are to go.",
            hint="Set `host` and `from` in [mail], or `folder` or `webhook` in [delivery].",
        )
    return rendering_of(settings, out, formats or settings.mail.formats, period, None, None)


def _shown(
    report: Rendered,
    rows: Sequence[Delivery],
    figures: Iterable[tuple[str, str]],
    odd: Iterable[str],
) -> Iterable[str]:
    """A report as whoever approves it sees it."""
    label = report.figures["period"]["label"]
    yield f"{report.customer.name}, {label}, version {report.version.number}"
    for what, value in figures:
        yield f"  {what:16} {value}"
    for own in rows:
        yield f"  {own.role or own.channel:16} {own.recipient}"
    for said in odd:
        yield f"  ODD: {said}"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
