"""Lists deliveries in the outbox, and settles them as a person decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from reporter.config.settings import Settings
from reporter.errors import UsageError
from reporter.model import DeliveryState
from reporter.run.assignment import named
from reporter.run.choosing import customers_wanted
from reporter.store import Store, outbox
from reporter.store.outbox import Delivery, Move, deliveries_of

Verdict = Literal["sent", "again", "drop"]
_UNSETTLED: Final = (DeliveryState.UNCERTAIN, DeliveryState.REFUSED, DeliveryState.FAILED)
_DROPPED_FROM: Final = (DeliveryState.QUEUED, DeliveryState.APPROVED, *_UNSETTLED)
_STATES: Final = {
    DeliveryState.QUEUED: "is waiting for approval",
    DeliveryState.APPROVED: "is approved and has not been sent yet",
    DeliveryState.SENDING: "is on its way",
    DeliveryState.SENT: "has been sent",
    DeliveryState.REFUSED: "was refused",
    DeliveryState.FAILED: "has failed",
    DeliveryState.UNCERTAIN: "is uncertain: it may have arrived",
    DeliveryState.WITHDRAWN: "was withdrawn",
    DeliveryState.DROPPED: "was dropped",
}


def listed(
    settings: Settings,
    store: Store,
    wanted: Sequence[str] = (),
    period: str | None = None,
    states: Iterable[DeliveryState] = (),
) -> tuple[Delivery, ...]:
    """The deliveries of the customers wanted, under their configured names.

    Raises:
        StoreError: the database refuses.
        UsageError: there is no such customer.
    """
    rows = deliveries_of(store, period=period, states=states)
    chosen = customers_wanted(settings, store, wanted)
    return tuple(
        replace(row, customer=chosen[row.customer.id]) for row in rows if row.customer.id in chosen
    )


@dataclass(frozen=True, slots=True)
class Settled:
    """A delivery that a person has settled."""

    delivery: Delivery
    """As it was, under the customer's configured name."""
    became: DeliveryState | None
    """The new state; None if somebody else had changed the state before."""


def settle(
    settings: Settings, store: Store, ids: Sequence[int], verdict: Verdict, by: str, now: datetime
) -> tuple[Settled, ...]:
    """Settle deliveries by their numbers: they have arrived, are to be sent again, or are dropped.

    Raises:
        StoreError: the database refuses; no delivery is settled.
        UsageError: there is no delivery of a number, or its state does not allow this; no delivery
            is settled.
    """
    states = _DROPPED_FROM if verdict == "drop" else _UNSETTLED
    known = {row.id: row for row in deliveries_of(store)}
    for number in ids:
        _insist_on_state(number, known.get(number), states)
    moves = {
        "sent": Move(DeliveryState.SENT, f"settled by {by}: it has arrived"),
        "again": Move(DeliveryState.APPROVED, f"settled by {by}: to be sent again"),
        "drop": Move(DeliveryState.DROPPED, f"settled by {by}: not to be sent"),
    }
    to = moves[verdict]
    settled = outbox.settle(store, ids, to, now, out_of=states)
    return tuple(
        Settled(
            replace(known[number], customer=named(settings, known[number].customer)),
            to.state if number in settled else None,
        )
        for number in ids
    )


def _insist_on_state(
    number: int, delivery: Delivery | None, states: Sequence[DeliveryState]
) -> None:
    """Insist that a delivery is in a state from which it can be settled.

    Raises:
        UsageError: there is no delivery of that number, or it is in another state.
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


def in_words(delivery: Delivery) -> str:
    """Which delivery it is, and the state it is in."""
    return (
        f"delivery {delivery.id} ({delivery.channel}, {delivery.recipient}) "
        f"{_STATES[delivery.state]}"
    )
