"""Delivering what is approved, each delivery once, and keeping account of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from reporter.config.credentials import NoSecret, find_secret
from reporter.config.settings import Settings
from reporter.delivery.folder import copy_files
from reporter.delivery.recipients import Address
from reporter.delivery.refusal import MAY_NOT_SEND, words_of
from reporter.delivery.result import ChannelError, Result
from reporter.delivery.webhook import post_summary, summary_of
from reporter.dispatch.messages import compose, message_of_rows
from reporter.dispatch.recipients import mailboxes_of, message_id
from reporter.dispatch.reports import Rendered
from reporter.dispatch.transports import Claiming, Transport, transport_of
from reporter.errors import ReporterError, SettingsError, StoreError
from reporter.model import Customer, DeliveryState
from reporter.run.assignment import Rendering
from reporter.run.fetching import Clock
from reporter.store import Store
from reporter.store.outbox import (
    RELEASED,
    Channel,
    Delivery,
    DeliveryChange,
    Move,
    OutboxChanged,
    changes_of,
    claim,
    cut_short,
    deliveries_of,
    move,
)

GIVEN_UP: Final = timedelta(days=5)
"""How long after its first try a delivery is tried again (RFC 5321, 4.5.4.1: four to five days)."""
FIRST_PAUSE: Final = timedelta(minutes=5)
LONGEST_PAUSE: Final = timedelta(hours=4)
_UNDER_WAY: Final = (*RELEASED, DeliveryState.SENDING)
"""The states a sending may change. A delivery taken back meanwhile waits for approval, whatever
came of it.
"""
_REFUSED_ALIKE: Final[Mapping[Channel, str]] = {
    "mail": MAY_NOT_SEND,
    "webhook": "Check `webhook` in [delivery] and its secret.",
}
"""What to do where a channel refuses one report after another in the same words."""


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What came of one customer's deliveries now."""

    customer: Customer
    deliveries: tuple[Delivery, ...] = ()
    """Those that were due, as they are now."""
    error: ReporterError | None = None
    """Why some of them could not even be tried."""


@contextmanager
def _unusable_if_wrong() -> Iterator[None]:
    """A channel whose configuration is wrong is of use to no customer."""
    try:
        yield
    except SettingsError as error:
        raise ChannelError(str(error), hint=error.hint) from error


class MailChannel:
    """The transport of messages, opened when the first message goes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._transport: Transport | None = None

    @property
    def transport(self) -> Transport:
        """How messages go.

        Raises:
            ChannelError: the configuration does not say it.
        """
        if self._transport is None:
            with _unusable_if_wrong():
                self._transport = transport_of(self._settings)
        return self._transport

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


@dataclass(frozen=True, slots=True)
class Whole:
    """A customer's report that the other side received whole, and its answer to it."""

    customer: Customer
    deliveries: Sequence[Delivery]
    result: Result

    def not_for_good(self) -> Mapping[str, Result]:
        """The refusal as a failure that is tried again, for each recipient."""
        result = replace(self.result, state=DeliveryState.FAILED)
        return {delivery.recipient: result for delivery in self.deliveries}


class Refusals:
    """The report that each channel refused last.

    Two in a row that are refused in the same words are not refused for their content: the other
    side refuses their sender, in words that are in no list.
    """

    def __init__(self) -> None:
        self._last: dict[Channel, Whole] = {}

    def alike(self, report: Whole) -> Whole | None:
        """Note what came of a report that the other side received whole; returns the one before it
        over the same channel if both were refused in the same words.
        """
        channel, result = report.deliveries[0].channel, report.result
        before = self._last.pop(channel, None)
        if result.state is not DeliveryState.REFUSED:
            return None
        self._last[channel] = report
        if before is None or words_of(before.result.reason) != words_of(result.reason):
            return None
        return before


def rows_of(report: Rendered) -> tuple[Delivery, ...]:
    """The rows of the outbox that belong to exactly this version of a report.

    Raises:
        StoreError: the database refuses.
    """
    deliveries = deliveries_of(report.store, customer=report.customer, period=report.period.label)
    return tuple(delivery for delivery in deliveries if delivery.version == report.version.number)


def send_reports(
    rendering: Rendering, store: Store, reports: Iterable[Rendered], clock: Clock
) -> Iterator[Dispatched]:
    """Deliver what is approved and due of reports; outcomes as they come.

    Whoever calls it holds the outbox (`store.lock.held`).
    """
    cut_short(store, clock())
    unusable: dict[str, ChannelError] = {}
    refusals = Refusals()
    with closing(MailChannel(rendering.settings)) as mail:
        for report in reports:
            due = [delivery for delivery in rows_of(report) if _is_due(delivery, clock())]
            if not due:
                yield Dispatched(report.customer)
                continue
            error: ReporterError | None = None
            for channel in dict.fromkeys(delivery.channel for delivery in due):
                if channel in unusable:  # nor would it be for this customer
                    error = unusable[channel]
                    continue
                parcel = [delivery for delivery in due if delivery.channel == channel]
                try:
                    stopped = _deliver(rendering, store, report, parcel, mail, clock, refusals)
                    if stopped is not None:
                        error = unusable[channel] = stopped
                except ChannelError as fault:
                    error = unusable[channel] = fault
                    _put_back(store, parcel, Move(DeliveryState.APPROVED, str(fault)), clock())
                except OutboxChanged as fault:
                    error = fault
                except StoreError:
                    raise  # what is on its way cannot be noted now: it stays so
                except ReporterError as fault:
                    error = fault
                    failed = Move(DeliveryState.FAILED, str(fault), retry_at=clock())
                    _put_back(store, parcel, failed, clock())
            tried = {delivery.id for delivery in due}
            rows = tuple(delivery for delivery in rows_of(report) if delivery.id in tried)
            yield Dispatched(report.customer, rows, error)


def _put_back(store: Store, parcel: Sequence[Delivery], to: Move, now: datetime) -> None:
    """Note that nothing of these deliveries was delivered."""
    move(store, dict.fromkeys((row.id for row in parcel), to), now, _UNDER_WAY)


def _is_due(delivery: Delivery, now: datetime) -> bool:
    match delivery.state:
        case DeliveryState.APPROVED:
            return True
        case DeliveryState.FAILED:
            return delivery.retry_at is not None and delivery.retry_at <= now
    return False


def _deliver(
    rendering: Rendering,
    store: Store,
    report: Rendered,
    parcel: Sequence[Delivery],
    mail: MailChannel,
    clock: Clock,
    refusals: Refusals,
) -> ChannelError | None:
    """Deliver a report over one channel, and note what came of it for each recipient; returns why
    nothing more is to be delivered over that channel now.

    Raises:
        ReporterError: it could not be tried.
    """
    ids = {delivery.recipient: delivery.id for delivery in parcel}

    claimed: set[int] = set()

    def committing(recipients: Sequence[str]) -> None:
        now_on_their_way = {ids[recipient] for recipient in recipients} - claimed
        if now_on_their_way:
            claim(store, now_on_their_way, clock())
            claimed.update(now_on_their_way)

    match parcel[0].channel:
        case "mail":
            limit = mail.transport.size_limit()
            message = message_of_rows(rendering, report, parcel, clock(), limit)
            results = mail.transport.send(message, list(ids), committing)
        case "folder":
            results = _copy(rendering.settings, report, parcel[0], committing)
        case "webhook":
            results = _post(rendering.settings, report, parcel[0], committing)
    now, stopped = clock(), None
    if whole := [delivery for delivery in parcel if delivery.id in claimed]:
        last = Whole(report.customer, whole, results[whole[0].recipient])
        if before := refusals.alike(last):
            stopped = _refused_alike(before, last)
            results = {**results, **last.not_for_good()}
            # That it was tried was counted when it was refused.
            moves = _moves(store, before.deliveries, before.not_for_good(), now, tried=False)
            move(store, moves, now, [DeliveryState.REFUSED])
    move(store, _moves(store, parcel, results, now), now, _UNDER_WAY)
    return stopped


def _refused_alike(first: Whole, second: Whole) -> ChannelError:
    hint = _REFUSED_ALIKE[first.deliveries[0].channel]
    return ChannelError(
        f"The reports of {first.customer.name} and {second.customer.name} were refused one after "
        f"the other in the same words, so the fault is not in them: {second.result.reason}.",
        hint=f"{hint} Neither counts as refused: both are tried again.",
    )


def _copy(
    settings: Settings, report: Rendered, delivery: Delivery, committing: Claiming
) -> Mapping[str, Result]:
    """Copy the report's files to a folder; a relative one starts at the configuration's."""
    for suffix in report.files:
        report.content(suffix)  # which insists that it is what was rendered
    committing([delivery.recipient])
    place = f"{report.period.label}/{report.name}"
    folder = copies_url(settings, delivery.recipient)
    with _unusable_if_wrong():
        result = copy_files(folder, place, list(report.files.values()), settings.trust)
    return {delivery.recipient: result}


def copies_url(settings: Settings, folder: str) -> str:
    """Where copies go: a relative path starts at the configuration's folder."""
    return folder if "://" in folder else str((settings.folder / folder).absolute())


def _post(
    settings: Settings, report: Rendered, delivery: Delivery, committing: Claiming
) -> Mapping[str, Result]:
    """Post a summary of the report."""
    try:
        secret = find_secret(settings, "delivery.webhook_secret").value
    except NoSecret:
        secret = None  # not every receiver wants a signature
    summary = summary_of(report.figures, list(report.files.values()), delivery.message_id)
    result = post_summary(
        settings.delivery.webhook,
        summary,
        message_id=delivery.message_id,
        secret=secret,
        committing=lambda: committing([delivery.recipient]),
        trust=settings.trust,
    )
    return {delivery.recipient: result}


def _moves(
    store: Store,
    parcel: Sequence[Delivery],
    results: Mapping[str, Result],
    now: datetime,
    *,
    tried: bool = True,
) -> Mapping[int, Move]:
    """What results make of deliveries.

    Raises:
        StoreError: the database refuses.
    """
    failed = [row for row in parcel if results[row.recipient].state is DeliveryState.FAILED]
    changes = changes_of(store, failed)
    return {
        row.id: _move(row, results[row.recipient], changes.get(row.id, ()), now, tried=tried)
        for row in parcel
    }


def _move(
    delivery: Delivery,
    result: Result,
    changes: Sequence[DeliveryChange],
    now: datetime,
    *,
    tried: bool,
) -> Move:
    """What a result makes of a delivery, and when it is tried again."""
    retry_at, reason = None, result.reason
    if result.state is DeliveryState.FAILED:
        retry_at = now + pause(delivery.tries, result.wait_s)
        if retry_at - _first_try(delivery, changes, now) > GIVEN_UP:
            retry_at, reason = None, f"{reason}; given up after {delivery.tries + 1} tries"
    return Move(result.state, reason, retry_at, tried=tried)


def _first_try(delivery: Delivery, changes: Sequence[DeliveryChange], now: datetime) -> datetime:
    """When a delivery was first tried since it was released: that may be long after it."""
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
    """How long to wait after so many tries before this one: twice as long each time, and no less
    than the other side asks for.
    """
    backoff: timedelta = min(FIRST_PAUSE * 2 ** min(tries, 10), LONGEST_PAUSE)
    return max(backoff, timedelta(seconds=wait_s or 0))


def send_to(
    rendering: Rendering, reports: Iterable[Rendered], address: Address, clock: Clock
) -> Iterator[Dispatched]:
    """Send the messages of reports to somebody who is to look at them, not to their recipients.

    The outbox knows nothing of it.

    Raises:
        ChannelError: no message can be sent now.
    """
    settings = rendering.settings
    with closing(MailChannel(settings)) as mail:
        for report in reports:
            error: ReporterError | None = None
            try:
                boxes = mailboxes_of(settings, report.customer)
                now = clock()
                message = compose(
                    rendering,
                    report,
                    {"to": [address], "cc": [], "bcc": []},
                    message_id=message_id(settings, report, address.address, now.isoformat()),
                    dated=now,
                    limit=mail.transport.size_limit(),
                    redirected_from=[box.address for named in boxes.values() for box in named],
                )
                results = mail.transport.send(message, [address.address], _keeps_no_account)
                result = results[address.address]
                if result.state is not DeliveryState.SENT:
                    why = f"{address.address} did not get the message: {result.reason}."
                    error = ReporterError(why)
            except ChannelError:
                raise  # nor would the next one go
            except ReporterError as fault:
                error = fault
            yield Dispatched(report.customer, error=error)


def _keeps_no_account(_: object) -> None:
    """Nothing to account for: the message goes to somebody who reviews it."""
