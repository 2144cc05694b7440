"""`reporter outbox`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from reporter.cli.options import (
    Console,
    common_options,
    customer_option,
    open_store,
    period_option,
    utc_now,
)
from reporter.errors import NoStore, UsageError
from reporter.model import DeliveryState
from reporter.period import parse_period

if TYPE_CHECKING:
    from reporter.store.outbox import Delivery, DeliveryChange


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of the deliveries.")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in DeliveryState]),
    help="Only deliveries in this state (repeatable).",
)
@customer_option
@period_option
@common_options
@click.pass_context
def outbox(
    context: click.Context,
    *,
    as_json: bool,
    states: tuple[str, ...],
    wanted: tuple[str, ...],
    period: str | None,
) -> None:
    """List past, current and pending deliveries: each report version and recipient.

    Queued deliveries wait for `reporter approve`; an approval can be taken back until the report is
    sent. The next `reporter send` sends what is approved, and what has failed and is to be retried.
    `outbox resolve` settles deliveries that are uncertain, refused or failed, and drops those that
    are not to be sent.
    """
    from reporter.dispatch.settling import listed
    from reporter.store.outbox import changes_of

    if context.invoked_subcommand:
        return
    console = context.ensure_object(Console)
    settings = console.settings()
    if period:
        period = parse_period(period, settings.report_for("").timezone, utc_now()).label
    try:
        store = open_store(settings)
    except NoStore as error:
        if as_json:
            console.data([])
        else:
            console.say(f"{error} {error.hint}")
        return
    rows = listed(settings, store, wanted, period, [DeliveryState(name) for name in states])
    if as_json:
        changes = changes_of(store, rows)
        console.data([_as_dict(row, changes[row.id]) for row in rows])
        return
    for row in rows:
        console.result(_line(row))
    if not rows:
        console.say("Nothing in the outbox matches; `reporter run` and `reporter send` fill it.")


@outbox.command()
@click.argument("ids", metavar="NUMBER…", nargs=-1, type=int, required=True)
@click.option("--sent", is_flag=True, help="It has arrived.")
@click.option("--again", is_flag=True, help="It has not arrived: send it again.")
@click.option("--drop", is_flag=True, help="Do not send it at all; also if queued or approved.")
@common_options
@click.pass_context
def resolve(context: click.Context, /, *, ids: tuple[int, ...], **options: bool) -> None:
    """Settle deliveries that are uncertain, refused or failed, by their numbers in the list.

    Only the recipient can say whether an uncertain one arrived. Deliveries that have not been sent
    yet can be dropped as well; `reporter approve --take-back` returns them to waiting for approval
    instead.
    """
    import getpass

    from reporter.dispatch.settling import Verdict, settle

    console = context.ensure_object(Console)
    verdicts: tuple[Verdict, ...] = ("sent", "again", "drop")
    given = [verdict for verdict in verdicts if options[verdict]]
    if len(given) != 1:
        raise UsageError(
            "Give one of --sent, --again, --drop.",
            hint="--sent: it has arrived; --again: send it again; --drop: do not send it at all.",
        )
    settings = console.settings()
    store = open_store(settings)
    settled = settle(settings, store, ids, given[0], getpass.getuser(), utc_now())
    for each in settled:
        name, recipient = each.delivery.customer.name, each.delivery.recipient
        if each.became:
            console.result(f"{each.became}  {name}  {recipient}")
        else:
            console.warn(f"Not settled: {name}, {recipient}: somebody else has changed its state.")
    context.exit(int(not all(each.became for each in settled)))


def _as_dict(delivery: Delivery, changes: Sequence[DeliveryChange]) -> dict[str, object]:
    return {
        "id": delivery.id,
        "customer": delivery.customer.id,
        "name": delivery.customer.name,
        "period": delivery.period,
        "version": delivery.version,
        "channel": delivery.channel,
        "recipient": delivery.recipient,
        "role": delivery.role or None,
        "state": delivery.state.value,
        "reason": delivery.reason,
        "changed_at": delivery.changed_at.isoformat(),
        "tries": delivery.tries,
        "retry_at": delivery.retry_at.isoformat() if delivery.retry_at else None,
        "message_id": delivery.message_id,
        "changes": [
            {"at": change.at.isoformat(), "state": change.state.value, "reason": change.reason}
            for change in changes
        ],
    }


def _line(delivery: Delivery) -> str:
    return (
        f"{delivery.id:>6}  {delivery.state.value:9}  {delivery.period}  v{delivery.version}  "
        f"{delivery.customer.name}  {delivery.recipient}  "
        f"{delivery.changed_at:%Y-%m-%d %H:%M}  {delivery.reason}"
    )
