"""`reporter send`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reporter.cli.errand import delivery_of, tell
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
from reporter.errors import SettingsError, UsageError
from reporter.model import DeliveryState

if TYPE_CHECKING:
    from reporter.dispatch.queueing import Notice
    from reporter.dispatch.sending import Dispatched
    from reporter.run.assignment import Rendering
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
@click.option(
    "--preliminary",
    is_flag=True,
    help="Also queue reports of periods that are not final yet.",
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
    preliminary: bool,
    wanted: tuple[str, ...],
    period: str | None,
    formats: tuple[str, ...] | None,
    out: Path | None,
    wait: float,
) -> None:
    """Deliver the rendered reports that are approved: by mail, to a folder, to a web address.

    Without --period, covers last month's reports and whatever is still open of other periods.
    Nobody gets a report twice, however often you kill this command and start it again.

    A report of a period that is not final yet (the service has not been asked since it ended) is
    preliminary and goes to nobody; with --preliminary it is queued, and needs approval like any
    other.
    """
    console = context.ensure_object(Console)
    rendering = delivery_of(console, out, formats, period)
    leftovers = period is None
    if dry_run and to:
        raise UsageError(
            "--dry-run and --to cannot be combined.",
            hint="Choose one: --dry-run writes the messages to files, --to sends them to you.",
        )
    if dry_run and not rendering.settings.mail.configured:
        console.say("No mail is configured: nothing to write.")
        status = 0
    elif dry_run:
        status = _write_messages(
            console, rendering, wanted, leftovers=leftovers, preliminary=preliminary
        )
    elif to:
        status = _send_to(console, rendering, wanted, to)
    else:
        status = send_stored_reports(
            console, rendering, wanted, wait, leftovers=leftovers, preliminary=preliminary
        )
    context.exit(status)


def send_stored_reports(
    console: Console,
    rendering: Rendering,
    wanted: tuple[str, ...],
    wait: float,
    *,
    leftovers: bool = False,
    preliminary: bool = False,
) -> int:
    """Deliver what is approved; the exit status: 1 where something failed or is unsettled."""
    from reporter.dispatch import sending
    from reporter.dispatch.queueing import Errand

    store = open_store(rendering.settings)
    errand = Errand(rendering, store, utc_now, wanted, leftovers=leftovers, preliminary=preliminary)
    failed = _tell_all(console, sending.send(errand, wait), "Not queued")
    unsettled = [_sum_up(console, label, errand.rows_seen(label)) for label in errand.seen]
    return int(failed or any(unsettled))


def _sum_up(console: Console, label: str, rows: Sequence[Delivery]) -> bool:
    """Say how the outbox of a period stands; whether something in it has to be settled."""
    counts = Counter(row.state for row in rows)
    amounts = ", ".join(
        f"{counts[state]} {state.value}" for state in DeliveryState if counts[state]
    )
    console.say(f"Outbox of {label}: {amounts or 'empty'}.")
    if counts[DeliveryState.QUEUED]:
        console.say("Queued deliveries wait for `reporter approve`.")
    for row in rows:
        if row.state is DeliveryState.UNCERTAIN:
            console.warn(
                f"Uncertain: {row.customer.name}, {row.recipient}: {row.reason}.",
                f"Ask whether it arrived, then run `reporter outbox resolve {row.id} --sent` "
                "or `--again`.",
            )
    return any(counts[state] for state in UNSETTLED)


def _tell_all(
    console: Console, outcomes: Iterable[Dispatched | Notice], failed: str, sent_to: str = ""
) -> bool:
    """Say what comes of deliveries as they go; whether something went wrong.

    With `sent_to` the messages go to one address, and the outbox has nothing of it.
    """
    from reporter.dispatch.sending import Dispatched

    wrong, hinted = False, set[str]()
    for outcome in outcomes:
        if not isinstance(outcome, Dispatched):
            wrong |= tell(console, outcome, failed)
            continue
        wrong |= _tell(console, outcome, hinted)
        if sent_to and outcome.error is None:
            console.result(f"sent  {outcome.customer.name}  {sent_to}")
    return wrong


def _tell(console: Console, dispatched: Dispatched, hinted: set[str]) -> bool:
    """Say what came of a customer's deliveries; whether something went wrong.

    `hinted` are the hints that were given already, and the channels they were about: a server that
    is gone is gone for many.
    """
    for each in dispatched.deliveries:
        if each.state is DeliveryState.SENT:
            console.result(f"{each.state}  {dispatched.customer.name}  {each.recipient}")
        elif each.state in TROUBLED and each.reason != str(dispatched.error):
            when = f"; next try from {each.retry_at:%Y-%m-%d %H:%M} UTC" if each.retry_at else ""
            hint = "" if each.channel in hinted else dispatched.hints.get(each.channel, "")
            hinted.add(each.channel)
            console.warn(
                f"{each.state.capitalize()}: {dispatched.customer.name}, {each.recipient}: "
                f"{each.reason}{when}",
                hint,
            )
    if dispatched.error is not None:
        hint = dispatched.error.hint
        console.warn(
            f"Not sent: {dispatched.customer.name}: {dispatched.error}",
            "" if hint in hinted else hint,
        )
        hinted.add(hint)
    return dispatched.error is not None


def _write_messages(
    console: Console,
    rendering: Rendering,
    wanted: tuple[str, ...],
    *,
    leftovers: bool,
    preliminary: bool,
) -> int:
    """Write the messages that are still to go; the exit status."""
    from reporter.dispatch.queueing import Errand
    from reporter.dispatch.sending import Dispatched, write_messages

    store = open_store(rendering.settings)
    errand = Errand(rendering, store, utc_now, wanted, leftovers=leftovers, preliminary=preliminary)
    failed = False
    for written in write_messages(errand):
        if isinstance(written, Path):
            console.result(written)
        elif isinstance(written, Dispatched):
            assert written.error is not None
            console.warn(
                f"No message: {written.customer.name}: {written.error}", written.error.hint
            )
            failed = True
        else:
            failed |= tell(console, written, "Not queued")
    return int(failed)


def _send_to(console: Console, rendering: Rendering, wanted: tuple[str, ...], to: str) -> int:
    """Send the messages to whoever is to look at them; the exit status."""
    from reporter.delivery.recipients import read_addresses
    from reporter.dispatch.queueing import Errand
    from reporter.dispatch.sending import send_to

    addresses = read_addresses(to)
    if len(addresses) != 1:
        raise UsageError("--to takes one address.", hint="Write --to me@provider.example.")
    if not rendering.settings.mail.configured:
        raise SettingsError(
            "--to sends by mail, but no mail server is configured.",
            hint="Set `host` and `from` in [mail].",
        )
    errand = Errand(rendering, open_store(rendering.settings), utc_now, wanted)
    sent = send_to(errand, addresses[0])
    return int(_tell_all(console, sent, "Not sent", addresses[0].address))
