"""Sends what is approved, each delivery once, and records the results."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from reporter.delivery.interface import Channel, Parcel
from reporter.delivery.recipients import Address
from reporter.delivery.refusal import words_of
from reporter.delivery.result import ChannelError, Result
from reporter.dispatch.channels.mail.channel import MailChannel
from reporter.dispatch.channels.registry import MAIL, repeatable
from reporter.dispatch.queueing import Errand, Notice, message_id, rows_of
from reporter.dispatch.reports import Rendered
from reporter.errors import ReporterError, StoreError
from reporter.model import Customer, DeliveryState
from reporter.run.fetching import Clock
from reporter.run.outcome import attempted
from reporter.store import Store
from reporter.store.lock import held
from reporter.store.outbox import (
    OPEN,
    RELEASED,
    Delivery,
    DeliveryChange,
    Move,
    OutboxChanged,
    changes_of,
    claim,
    cut_short,
    move,
)

GIVEN_UP: Final = timedelta(days=5)
"""How long after its first try a delivery is tried again (RFC 5321, 4.5.4.1: four to five days)."""
FIRST_PAUSE: Final = timedelta(minutes=5)
LONGEST_PAUSE: Final = timedelta(hours=4)
_UNDER_WAY: Final = (*RELEASED, DeliveryState.SENDING)
"""The states that sending may change. A delivery that was taken back meanwhile waits for approval,
whatever the result of sending it.
"""


@dataclass(frozen=True, slots=True)
class Dispatched:
    """The result of sending one customer's deliveries."""

    customer: Customer
    deliveries: tuple[Delivery, ...] = ()
    """The deliveries that were due, in their present state."""
    error: ReporterError | None = None
    """Why some of them could not even be tried."""
    hints: Mapping[str, str] = field(default_factory=dict)
    """What to do if a delivery has failed, by channel."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A customer's report that the other side received completely, and its answer."""

    customer: Customer
    deliveries: Sequence[Delivery]
    result: Result

    def not_for_good(self) -> Mapping[str, Result]:
        """The refusal as a failure, which is tried again, for each recipient."""
        result = replace(self.result, state=DeliveryState.FAILED)
        return {delivery.recipient: result for delivery in self.deliveries}


class Refusals:
    """The report that each channel refused last.

    If two in a row are refused in the same words, their content is not the reason: the other side
    refuses their sender, in words that are in no list of ours.
    """

    def __init__(self) -> None:
        self._last: dict[str, Whole] = {}

    def alike(self, report: Whole) -> Whole | None:
        """Note the result of a report that the other side received completely. If it and the one
        before it on the same channel were refused in the same words, returns the one before.
        """
        channel, result = report.deliveries[0].channel, report.result
        before = self._last.pop(channel, None)
        if result.state is not DeliveryState.REFUSED:
            return None
        self._last[channel] = report
        if before is None or words_of(before.result.reason) != words_of(result.reason):
            return None
        return before


def send(errand: Errand, wait_s: float = 0) -> Iterator[Dispatched | Notice]:
    """Deliver what is approved and due; yields results as they come.

    Only one process sends at a time: another one that is sending is waited for, `wait_s` at most.

    Raises:
        StoreError: the database refuses, or another process is still sending.
        UsageError: the configuration as a whole is wrong.
    """
    store, clock = errand.store, errand.clock
    states = (DeliveryState.APPROVED, DeliveryState.FAILED, DeliveryState.UNCERTAIN)
    hints = {name: channel.on_failure for name, channel in errand.channels.items()}
    unusable: dict[str, ChannelError] = {}
    refusals = Refusals()
    with held(store.engine, wait_s, "outbox"), ExitStack() as stack:
        for channel in errand.channels.values():
            stack.callback(channel.close)
        cut_short(store, repeatable(errand.channels), clock())
        for report in errand.reports(states):
            if not isinstance(report, Rendered):
                yield report
                continue
            due = [delivery for delivery in rows_of(report) if _is_due(delivery, clock())]
            if not due:
                yield Dispatched(report.customer)
                continue
            error: ReporterError | None = None
            for name in dict.fromkeys(delivery.channel for delivery in due):
                if name in unusable:  # it cannot be used for this customer either
                    error = unusable[name]
                    continue
                rows = [delivery for delivery in due if delivery.channel == name]
                try:
                    channel = _configured(name, errand.channels)
                    stopped = _deliver(store, report, rows, channel, clock, refusals)
                    if stopped is not None:
                        error = unusable[name] = stopped
                except ChannelError as fault:
                    error = unusable[name] = fault
                    _put_back(store, rows, Move(DeliveryState.APPROVED, str(fault)), clock())
                except OutboxChanged as fault:
                    error = fault
                except StoreError:
                    raise  # the result cannot be noted now: the deliveries stay on their way
                except ReporterError as fault:
                    error = fault
                    failed = Move(DeliveryState.FAILED, str(fault), retry_at=clock())
                    _put_back(store, rows, failed, clock())
            tried = {delivery.id for delivery in due}
            rows = [delivery for delivery in rows_of(report) if delivery.id in tried]
            yield Dispatched(report.customer, tuple(rows), error, hints)


def _configured(name: str, channels: Mapping[str, Channel]) -> Channel:
    """The channel of a delivery, which may have been released under another configuration.

    Raises:
        ChannelError: the channel is not configured any more.
    """
    if name not in channels:
        raise ChannelError(
            f"The delivery channel {name!r} is not configured any more.",
            hint="Configure it again, or run `reporter outbox resolve NUMBER --drop`.",
        )
    return channels[name]


def _put_back(store: Store, rows: Sequence[Delivery], to: Move, now: datetime) -> None:
    """Note that none of these deliveries was made."""
    move(store, dict.fromkeys((row.id for row in rows), to), now, _UNDER_WAY)


def _is_due(delivery: Delivery, now: datetime) -> bool:
    match delivery.state:
        case DeliveryState.APPROVED:
            return True
        case DeliveryState.FAILED:
            return delivery.retry_at is not None and delivery.retry_at <= now
    return False


def _deliver(
    store: Store,
    report: Rendered,
    rows: Sequence[Delivery],
    channel: Channel,
    clock: Clock,
    refusals: Refusals,
) -> ChannelError | None:
    """Deliver a report over one channel, and note the result for each recipient. If the channel has
    to stop, returns why.

    Raises:
        ReporterError: the delivery could not be tried.
    """
    ids = {delivery.recipient: delivery.id for delivery in rows}

    claimed: set[int] = set()

    def committing(recipients: Sequence[str]) -> None:
        now_on_their_way = {ids[recipient] for recipient in recipients} - claimed
        if now_on_their_way:
            claim(store, now_on_their_way, clock())
            claimed.update(now_on_their_way)

    made = attempted(partial(channel.deliver, _parcel_of(report, rows, clock()), committing))
    if isinstance(made, ReporterError) and (
        not claimed or isinstance(made, ChannelError | StoreError)
    ):
        raise made
    results, now, stopped = _results_of(made, channel, ids, claimed), clock(), None
    if whole := [delivery for delivery in rows if delivery.id in claimed]:
        last = Whole(report.customer, whole, results[whole[0].recipient])
        if before := refusals.alike(last):
            stopped = _refused_alike(before, last, channel)
            results = {**results, **last.not_for_good()}
            # This try was counted when the report was refused.
            moves = _moves(store, before.deliveries, before.not_for_good(), now, tried=False)
            move(store, moves, now, [DeliveryState.REFUSED])
    move(store, _moves(store, rows, results, now), now, _UNDER_WAY)
    return stopped


def _parcel_of(report: Rendered, rows: Sequence[Delivery], now: datetime) -> Parcel:
    return Parcel(report, [row.recipient for row in rows], rows[0].message_id, now)


def _results_of(
    made: object, channel: Channel, ids: Mapping[str, int], claimed: Collection[int]
) -> Mapping[str, Result]:
    """The result of a delivery for each recipient. A channel may fail without saying whether a
    recipient has the report.
    """
    told: Mapping[str, Result] = made if isinstance(made, Mapping) else {}
    why = str(made) if isinstance(made, ReporterError) else "the channel does not say"
    unknown = DeliveryState.FAILED if channel.repeatable else DeliveryState.UNCERTAIN
    return {
        recipient: told.get(recipient)
        or Result(unknown if number in claimed else DeliveryState.FAILED, why)
        for recipient, number in ids.items()
    }


def _refused_alike(first: Whole, second: Whole, channel: Channel) -> ChannelError:
    return ChannelError(
        f"The reports of {first.customer.name} and {second.customer.name} were refused one after "
        f"the other in the same words, so the fault is not in them: {second.result.reason}.",
        hint=f"{channel.on_refusals} Neither counts as refused: both are tried again.".lstrip(),
    )


def _moves(
    store: Store,
    rows: Sequence[Delivery],
    results: Mapping[str, Result],
    now: datetime,
    *,
    tried: bool = True,
) -> Mapping[int, Move]:
    """The changes that results make to deliveries.

    Raises:
        StoreError: the database refuses.
    """
    failed = [row for row in rows if results[row.recipient].state is DeliveryState.FAILED]
    changes = changes_of(store, failed)
    return {
        row.id: _move(row, results[row.recipient], changes.get(row.id, ()), now, tried=tried)
        for row in rows
    }


def _move(
    delivery: Delivery,
    result: Result,
    changes: Sequence[DeliveryChange],
    now: datetime,
    *,
    tried: bool,
) -> Move:
    """The change that a result makes to a delivery, and when the delivery is tried again."""
    retry_at, reason = None, result.reason
    if result.state is DeliveryState.FAILED:
        retry_at = now + pause(delivery.tries, result.wait_s)
        if retry_at - _first_try(delivery, changes, now) > GIVEN_UP:
            retry_at, reason = None, f"{reason}; given up after {delivery.tries + 1} tries"
    return Move(result.state, reason, retry_at, tried=tried)


def _first_try(delivery: Delivery, changes: Sequence[DeliveryChange], now: datetime) -> datetime:
    """When a delivery was first tried after its release, which may be long after it."""
    tries = (DeliveryState.SENDING, DeliveryState.FAILED)
    return next(
        (
            change.at
            for change in changes
            if change.state in tries and change.at >= delivery.released_at
        ),
        now,
    )


def pause(tries: int, wait_s: float | None) -> timedelta:
    """How long to wait after this try, by the number of tries before it: twice as long each time,
    up to a limit, and at least as long as the other side asks for.
    """
    backoff: timedelta = min(FIRST_PAUSE * 2 ** min(tries, 10), LONGEST_PAUSE)
    return max(backoff, timedelta(seconds=wait_s or 0))


def send_to(errand: Errand, address: Address) -> Iterator[Dispatched | Notice]:
    """Send the messages of reports to somebody who is to look at them, not to their recipients.

    The outbox does not record this.

    Raises:
        ChannelError: no message can be sent now.
    """
    with closing(MailChannel(errand.rendering)) as mail:
        for report in errand.unqueued():
            if not isinstance(report, Rendered):
                yield report
                continue
            error: ReporterError | None = None
            try:
                now = errand.clock()
                settings = errand.rendering.settings
                own_id = message_id(settings, report, address.address, now.isoformat())
                result = mail.send_to(address, report, own_id, now)
                if result.state is not DeliveryState.SENT:
                    why = f"{address.address} did not get the message: {result.reason}."
                    error = ReporterError(why)
            except ChannelError:
                raise  # the next one could not be sent either
            except ReporterError as fault:
                error = fault
            yield Dispatched(report.customer, error=error)


def write_messages(errand: Errand) -> Iterator[Path | Dispatched | Notice]:
    """Write the messages that are still to be sent as `.eml` files; yields each as it is written,
    or why it could not be.

    Raises:
        StoreError: the database refuses.
        UsageError: the configuration as a whole is wrong.
    """
    mail = MailChannel(errand.rendering)  # it connects to nothing here
    for report in errand.reports(OPEN):
        if not isinstance(report, Rendered):
            yield report
        elif rows := [row for row in rows_of(report, *OPEN) if row.channel == MAIL]:
            try:
                yield mail.write(_parcel_of(report, rows, errand.clock()))
            except ReporterError as error:
                yield Dispatched(report.customer, error=error)
