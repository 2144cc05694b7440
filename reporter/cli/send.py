"""`reporter send` and `reporter approve`."""

from __future__ import annotations

import getpass
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
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

    Without --period those of last month, and what is still open of others. Nobody gets a report
    twice: kill it and start it again as often as you like.
    """
    console = context.ensure_object(Console)
    rendering = _rendering(console, out, formats, period)
    leftovers = period is None
    if dry_run and to:
        raise UsageError(
            "--dry-run and --to do not go together.",
            hint="The one writes the messages into files, the other sends them to you.",
        )
    if dry_run:
        status = _write_messages(Errand(console, rendering, wanted, leftovers))
    elif to:
        status = _send_to(console, rendering, wanted, to)
    else:
        status = send_stored_reports(console, rendering, wanted, wait, leftovers=leftovers)
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
    on a terminal; elsewhere the call itself is the yes. Without --period those of last month, and
    what still waits of others.
    """
    console = context.ensure_object(Console)
    errand = Errand(console, _rendering(console, out, None, period), wanted, period is None)
    ask = sys.stdin.isatty() and not yes
    waited = False
    for report in errand.reports([DeliveryState.QUEUED]):
        rows = errand.rows(report, DeliveryState.QUEUED)
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


class Errand:
    """What one command has to look at in the outbox, report by report.

    That is the period asked for. With `leftovers` it is what is still open of other periods as
    well: nobody is left out because a month has passed.
    """

    def __init__(
        self, console: Console, rendering: Rendering, wanted: tuple[str, ...], leftovers: bool
    ) -> None:
        self.console = console
        self.rendering = rendering
        self.store = open_store(rendering.settings)
        self.failed = False
        """Whether something of a customer could not be done."""
        self.seen: dict[str, dict[str, str]] = {}
        """The names of the customers looked at by their ids, by the label of the period."""
        self._wanted = wanted
        self._leftovers = leftovers

    def reports(self, states: Collection[DeliveryState]) -> Iterator[Rendered]:
        """The newest reports, each with its rows in the outbox; of other periods than the one asked
        for, those with a row in one of these states.
        """
        own = self.rendering.period
        assert own is not None
        still_open = self._open(states) if self._leftovers else {}
        yield from self._reports_of(own, None)
        for label, ids in still_open.items():
            if label != own:
                yield from self._reports_of(label, ids)

    def rows(self, report: Rendered, *states: DeliveryState) -> list[Delivery]:
        """The rows of a report that are in one of these states."""
        from reporter.dispatch.sending import rows_of

        return [own for own in rows_of(self.store, report) if own.state in states]

    def fail(self, text: str, hint: str) -> None:
        """Say what could not be done of a customer, and remember that something could not."""
        self.console.warn(text, hint)
        self.failed = True

    def _open(self, states: Collection[DeliveryState]) -> dict[str, set[str]]:
        """The customers with something open, by the label of the period."""
        from reporter.store.outbox import deliveries_of

        found: dict[str, set[str]] = {}
        for row in deliveries_of(self.store, states=states):
            given_up = row.state is DeliveryState.FAILED and row.retry_at is None
            if not given_up:
                found.setdefault(row.period, set()).add(row.customer.id)
        return found

    def _reports_of(self, label: str, ids: Collection[str] | None) -> Iterator[Rendered]:
        """The reports of a period, of all customers wanted or of some."""
        from reporter.dispatch.recipients import queue_report
        from reporter.dispatch.reports import rendered

        rendering = replace(self.rendering, period=label)
        settings = rendering.settings
        for customer, name in stored_customers(self.console, rendering, self._wanted).items():
            if ids is not None and customer.id not in ids:
                continue
            if not settings.customer(customer.id).send and not self._wanted:
                continue
            self.seen.setdefault(label, {})[customer.id] = customer.name
            try:
                report = rendered(rendering, self.store, customer, name)
                queue_report(settings, self.store, report, utc_now())
            except ReporterError as error:
                if error.exit_code == UsageError.exit_code:
                    raise  # the configuration as a whole is wrong
                self.fail(f"Not queued: {error}", error.hint)
            else:
                yield report


def send_stored_reports(
    console: Console,
    rendering: Rendering,
    wanted: tuple[str, ...],
    wait: float,
    *,
    leftovers: bool = False,
) -> int:
    """Deliver what is approved; the exit status: 1 where something failed or is unsettled."""
    from reporter.dispatch.sending import send_reports
    from reporter.store.lock import held

    errand = Errand(console, rendering, wanted, leftovers)
    states = (DeliveryState.APPROVED, DeliveryState.FAILED, DeliveryState.UNCERTAIN)
    with held(errand.store.engine, wait, "outbox"):
        hinted: set[str] = set()
        for own in send_reports(rendering, errand.store, errand.reports(states), utc_now):
            errand.failed |= _tell(console, own, hinted)
    unsettled = [_sum_up(errand, label) for label in errand.seen]
    return int(errand.failed or any(unsettled))


def _sum_up(errand: Errand, label: str) -> bool:
    """Say how the outbox of a period stands; whether something in it has to be settled."""
    from reporter.store.outbox import deliveries_of

    names = errand.seen[label]
    found = deliveries_of(errand.store, period=label)
    rows = [own for own in found if own.customer.id in names]
    counts = Counter(own.state for own in rows)
    said = ", ".join(f"{counts[state]} {state.value}" for state in DeliveryState if counts[state])
    errand.console.say(f"Outbox of {label}: {said or 'empty'}.")
    if counts[DeliveryState.QUEUED]:
        errand.console.say("What is queued waits for `reporter approve`.")
    for row in rows:
        if row.state is DeliveryState.UNCERTAIN:
            errand.console.warn(
                f"Uncertain: {names[row.customer.id]}, {row.recipient}: {row.reason}.",
                f"Ask whether it arrived, then run `reporter outbox resolve {row.id} --sent` "
                "or `--again`.",
            )
    return any(counts[state] for state in UNSETTLED)


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


def _write_messages(errand: Errand) -> int:
    """Write the messages that are still to go; the exit status."""
    from reporter.dispatch.messages import write_message
    from reporter.store.outbox import OPEN

    for report in errand.reports(OPEN):
        rows = [own for own in errand.rows(report, *OPEN) if own.channel == "mail"]
        try:
            if rows:
                errand.console.result(write_message(errand.rendering, report, rows))
        except ReporterError as error:
            errand.fail(f"No message: {report.customer.name}: {error}", error.hint)
    return int(errand.failed)


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
