"""`reporter outbox`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from reporter.cli.errand import in_words
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

_UNSETTLED = (DeliveryState.UNCERTAIN, DeliveryState.REFUSED, DeliveryState.FAILED)
_DROPPED_FROM = (DeliveryState.QUEUED, DeliveryState.APPROVED, *_UNSETTLED)


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
    from reporter.run.choosing import customers_wanted
    from reporter.store.outbox import changes_of, deliveries_of

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
    rows = deliveries_of(store, period=period, states=[DeliveryState(name) for name in states])
    chosen = customers_wanted(settings, store, wanted)
    rows = tuple(row for row in rows if row.customer.id in chosen)
    if as_json:
        changes = changes_of(store, rows)
        console.data([_as_dict(row, chosen[row.customer.id].name, changes[row.id]) for row in rows])
        return
    for row in rows:
        console.result(_line(row, chosen[row.customer.id].name))
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

    from reporter.run.assignment import named
    from reporter.store.outbox import Move, deliveries_of, settle

    console = context.ensure_object(Console)
    became = [option for option, given in options.items() if given]
    if len(became) != 1:
        raise UsageError(
            "Give one of --sent, --again, --drop.",
            hint="--sent: it has arrived; --again: send it again; --drop: do not send it at all.",
        )
    settings = console.settings()
    store = open_store(settings)
    states = _DROPPED_FROM if options["drop"] else _UNSETTLED
    known = {row.id: row for row in deliveries_of(store)}
    for number in ids:
        _insist_on_state(number, known.get(number), states)
    by = getpass.getuser()
    moves = {
        "sent": Move(DeliveryState.SENT, f"settled by {by}: it has arrived"),
        "again": Move(DeliveryState.APPROVED, f"settled by {by}: to be sent again"),
        "drop": Move(DeliveryState.DROPPED, f"settled by {by}: not to be sent"),
    }
    to = moves[became[0]]
    settled = settle(store, ids, to, utc_now(), out_of=states)
    for number in ids:
        delivery = known[number]
        name, recipient = named(settings, delivery.customer).name, delivery.recipient
        if number in settled:
            console.result(f"{to.state}  {name}  {recipient}")
        else:
            console.warn(f"Not settled: {name}, {recipient}: somebody else has changed its state.")
    context.exit(int(len(settled) < len(set(ids))))


def _insist_on_state(
    number: int, delivery: Delivery | None, states: Sequence[DeliveryState]
) -> None:
    """Insist that a delivery can be settled out of the state it is in.

    Raises:
        UsageError: there is none of that number, or it is in another state.
    """
    if delivery is None:
        raise UsageError(
            f"There is no delivery {number}.", hint="`reporter outbox` lists them with numbers."
        )
    if delivery.state not in states:
        *others, last = (state.value for state in states)
        told = in_words(delivery)
        raise UsageError(
            f"{told[0].upper()}{told[1:]}. This settles only deliveries that are "
            f"{', '.join(others)} or {last}.",
            hint="`reporter outbox` lists every delivery with its state.",
        )


def _as_dict(delivery: Delivery, name: str, changes: Sequence[DeliveryChange]) -> dict[str, object]:
    return {
        "id": delivery.id,
        "customer": delivery.customer.id,
        "name": name,
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


def _line(delivery: Delivery, name: str) -> str:
    return (
        f"{delivery.id:>6}  {delivery.state.value:9}  {delivery.period}  v{delivery.version}  "
        f"{name}  {delivery.recipient}  {delivery.changed_at:%Y-%m-%d %H:%M}  {delivery.reason}"
    )
