"""The outbox: every delivery of a version of a report to one recipient, and each state it was in.

    queued ──▶ approved ──▶ sending ──▶ sent │ refused │ failed │ uncertain
      ▲           │                                        │
      └───────────┴────────────── taken back ──────────────┘

A delivery is `sending` from just before the byte after which the other side may have it. Whoever is
killed there leaves it so, and nobody can know what became of it: the next sending finds it
(`cut_short`), and a person settles it. Whoever is killed before leaves it `approved`.

What is released (`approved`, or `failed` and to be tried again) can be taken back, and waits for a
yes again. A person can have any delivery dropped that is neither on its way nor delivered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from reporter.errors import StoreError
from reporter.model import Customer, DeliveryState
from reporter.store import tables
from reporter.store.store import Store
from reporter.store.versions import Version

OPEN: Final = (DeliveryState.QUEUED, DeliveryState.APPROVED, DeliveryState.FAILED)
"""Not delivered, as far as anybody knows, and still to be."""
RELEASED: Final = (DeliveryState.APPROVED, DeliveryState.FAILED)
"""May be claimed by a sending, and taken back until then."""
_MAY_BE_THERE: Final = (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNCERTAIN)


class OutboxChanged(StoreError):
    """Somebody else has changed the state of deliveries that were about to go."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is to have a report, and how."""

    channel: str
    """Its name."""
    address: str
    """As the channel understands it: of mail, a mailbox."""
    role: str = ""
    """Of mail: to, cc or bcc."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row of the outbox."""

    id: int
    customer: Customer
    """Under the name the service knows."""
    period: str
    """The label of the report's period."""
    version: int
    """The number of the report's version."""
    channel: str
    recipient: str
    role: str
    state: DeliveryState
    reason: str
    """Why it is in that state: the other side's words, or ours."""
    changed_at: datetime
    released_at: datetime
    """When it was released; until then, when it was queued."""
    tries: int
    retry_at: datetime | None
    """When it is tried again, if it failed; None where it is not."""
    message_id: str

    @property
    def given_up(self) -> bool:
        """Whether it failed and is not tried again, unless a person says so."""
        return self.state is DeliveryState.FAILED and self.retry_at is None


@dataclass(frozen=True, slots=True)
class DeliveryChange:
    """A state a delivery was in, from when and why."""

    state: DeliveryState
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Move:
    """A state for some deliveries to go to."""

    state: DeliveryState
    reason: str
    retry_at: datetime | None = None
    tried: bool = False
    """Whether delivery was tried."""


def queue(
    store: Store,
    customer: Customer,
    period: str,
    version: Version,
    recipients: Sequence[Recipient],
    message_id: str,
    now: datetime,
    *,
    released: str = "",
) -> None:
    """Make sure that each recipient is to get this version, or already has its figures.

    Open deliveries of other versions, or to other recipients, are withdrawn: what was approved
    there was something else. With `released`, the reason why no person need approve, they are
    approved at once.

    Raises:
        OutboxChanged: a newer version has been rendered meanwhile; nothing is queued or withdrawn.
        StoreError: the database refuses.
    """
    deliveries, versions = tables.deliveries, tables.versions.c
    state = DeliveryState.APPROVED if released else DeliveryState.QUEUED
    move = Move(state, released or "waits for a person's approval")
    of_report = (versions.customer_id == customer.id) & (versions.period == period)
    with store.begin() as connection:
        version_id = _newest(connection, customer, of_report, version)
        rows = _rows_of(connection, of_report)
        wanted = {(recipient.channel, recipient.address): recipient for recipient in recipients}
        _withdraw(connection, rows, version, wanted, now)
        for (channel, address), recipient in wanted.items():
            of_recipient = [
                row for row in rows if (row.channel, row.recipient) == (channel, address)
            ]
            current = next((row for row in of_recipient if row.number == version.number), None)
            if current is None:
                if _has_version(of_recipient, version):
                    continue
                _insert(connection, version_id, recipient, message_id, move, now)
            elif current.state == DeliveryState.WITHDRAWN or (
                released and current.state == DeliveryState.QUEUED
            ):
                _apply(connection, [current.id], move, now, released_at=now, role=recipient.role)
            elif current.role != recipient.role:
                connection.execute(
                    sa.update(deliveries)
                    .where(deliveries.c.id == current.id)
                    .values(role=recipient.role)
                )


def withdraw_replaced(
    store: Store, customer: Customer, period: str, version: Version, now: datetime
) -> None:
    """Withdraw the open deliveries of a report's other versions, and queue nothing.

    Raises:
        OutboxChanged: a newer version has been rendered meanwhile; nothing is withdrawn.
        StoreError: the database refuses.
    """
    versions = tables.versions.c
    of_report = (versions.customer_id == customer.id) & (versions.period == period)
    with store.begin() as connection:
        _newest(connection, customer, of_report, version)
        rows = _rows_of(connection, of_report)
        wanted = {(row.channel, row.recipient) for row in rows}
        _withdraw(connection, rows, version, wanted, now)


def has_rows(store: Store, customer: Customer, period: str) -> bool:
    """Whether any version of a customer's report was ever queued for anybody.

    Raises:
        StoreError: the database refuses.
    """
    versions = tables.versions.c
    of_report = (versions.customer_id == customer.id) & (versions.period == period)
    query = sa.select(tables.deliveries.c.id).join(tables.versions).where(of_report).limit(1)
    with store.reading() as connection:
        return connection.scalar(query) is not None


def _rows_of(connection: sa.Connection, of_report: sa.ColumnElement[bool]) -> Sequence[sa.Row[Any]]:
    """The rows of a report, by version; held, so that nobody claims meanwhile what is withdrawn."""
    deliveries, versions = tables.deliveries, tables.versions.c
    return connection.execute(
        sa.select(deliveries, versions.number, versions.figures_sha256, versions.redefined_sha256)
        .join(tables.versions)
        .where(of_report)
        .order_by(versions.number, deliveries.c.id)
        .with_for_update(of=deliveries)
    ).all()


def _newest(
    connection: sa.Connection,
    customer: Customer,
    of_report: sa.ColumnElement[bool],
    version: Version,
) -> int:
    """The id of a version that is to be the newest; whoever queues at the same time waits here."""
    versions = tables.versions.c
    query = sa.select(versions.id, versions.number).where(of_report).order_by(versions.number)
    *_, newest = connection.execute(query.with_for_update())
    if newest.number != version.number:
        raise OutboxChanged(
            f"Version {newest.number} of the report of {customer.name} was rendered while version "
            f"{version.number} was about to be queued.",
            hint="No part of it was sent. Run the same command again.",
        )
    return int(newest.id)


def _withdraw(
    connection: sa.Connection,
    rows: Sequence[sa.Row[Any]],
    version: Version,
    wanted: Collection[tuple[str, str]],
    now: datetime,
) -> None:
    """Withdraw open deliveries that are no longer wanted."""
    for row in rows:
        if row.state not in OPEN:
            continue
        if row.number != version.number:
            reason = f"version {version.number} has replaced version {row.number}"
        elif (row.channel, row.recipient) not in wanted:
            reason = "no longer a recipient"
        else:
            continue
        _apply(connection, [row.id], Move(DeliveryState.WITHDRAWN, reason), now)


def _has_version(rows: Sequence[sa.Row[Any]], version: Version) -> bool:
    """Whether what a recipient had last, or may have had, has the figures of this version, or is of
    the same data; or whether a person has since then said that it is not to go there.

    A new look of the report is no reason to send a report twice, nor to send it after all. Neither
    is another version of the program, unless the report was rendered again on purpose.
    """
    for row in reversed(rows):
        if row.state in (*_MAY_BE_THERE, DeliveryState.DROPPED):
            if version.figures_sha256 in (row.figures_sha256, row.redefined_sha256):
                return True
            if row.state != DeliveryState.DROPPED:
                return False
    return False


def _insert(
    connection: sa.Connection,
    version_id: int,
    recipient: Recipient,
    message_id: str,
    move: Move,
    now: datetime,
) -> None:
    key = connection.execute(
        sa.insert(tables.deliveries).values(
            version_id=version_id,
            channel=recipient.channel,
            recipient=recipient.address,
            role=recipient.role,
            state=move.state.value,
            reason=move.reason,
            changed_at=now,
            released_at=now,
            tries=0,
            message_id=message_id,
        )
    ).inserted_primary_key
    assert key is not None
    _note(connection, [int(key[0])], move, now)


def deliveries_of(
    store: Store,
    *,
    customer: Customer | None = None,
    period: str | None = None,
    states: Iterable[DeliveryState] = (),
) -> tuple[Delivery, ...]:
    """The rows of the outbox, by period, customer and version; all without a condition.

    Raises:
        StoreError: the database refuses.
    """
    deliveries, versions, customers = tables.deliveries, tables.versions.c, tables.customers
    query = (
        sa.select(
            deliveries, versions.customer_id, versions.period, versions.number, customers.c.name
        )
        .join(tables.versions, versions.id == deliveries.c.version_id)
        .outerjoin(customers, customers.c.id == versions.customer_id)
        .order_by(versions.period, customers.c.name, versions.customer_id, versions.number)
        .order_by(deliveries.c.id)
    )
    if customer is not None:
        query = query.where(versions.customer_id == customer.id)
    if period is not None:
        query = query.where(versions.period == period)
    if wanted := [state.value for state in states]:
        query = query.where(deliveries.c.state.in_(wanted))
    with store.reading() as connection:
        return tuple(_delivery(row) for row in connection.execute(query))


def _delivery(row: sa.Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        customer=Customer(row.customer_id, row.name or row.customer_id),
        period=row.period,
        version=row.number,
        channel=row.channel,
        recipient=row.recipient,
        role=row.role,
        state=DeliveryState(row.state),
        reason=row.reason,
        changed_at=row.changed_at,
        released_at=row.released_at,
        tries=row.tries,
        retry_at=row.retry_at,
        message_id=row.message_id,
    )


def changes_of(
    store: Store, deliveries: Sequence[Delivery]
) -> dict[int, tuple[DeliveryChange, ...]]:
    """Every state each delivery was in, the first one first, by the delivery's id.

    Raises:
        StoreError: the database refuses.
    """
    by_delivery: dict[int, list[DeliveryChange]] = {delivery.id: [] for delivery in deliveries}
    if not by_delivery:
        return {}
    changes = tables.delivery_changes.c
    query = (
        sa.select(changes.delivery_id, changes.state, changes.reason, changes.at)
        # Between two ids: a list of them has its limit.
        .where(changes.delivery_id.between(min(by_delivery), max(by_delivery)))
        .order_by(changes.id)
    )
    with store.reading() as connection:
        for row in connection.execute(query):
            if row.delivery_id in by_delivery:
                change = DeliveryChange(DeliveryState(row.state), row.reason, row.at)
                by_delivery[row.delivery_id].append(change)
    return {key: tuple(states) for key, states in by_delivery.items()}


def move(
    store: Store,
    moves: Mapping[int, Move],
    now: datetime,
    out_of: Sequence[DeliveryState],
) -> int:
    """Move deliveries, by id, each to a state of its own; how many were moved.

    Only those in one of the states `out_of` are: somebody else may have been faster.

    Raises:
        StoreError: the database refuses; none is moved.
    """
    with store.begin() as connection:
        return sum(
            len(_apply(connection, [number], to, now, out_of=out_of))
            for number, to in moves.items()
        )


def claim(store: Store, ids: Collection[int], now: datetime) -> None:
    """Mark deliveries as on their way: all of them, or none.

    Raises:
        OutboxChanged: one of them is not released any more; none is claimed.
        StoreError: the database refuses; none is claimed.
    """
    with store.begin() as connection:
        to = Move(DeliveryState.SENDING, "on its way")
        if len(_apply(connection, ids, to, now, out_of=RELEASED)) < len(ids):
            raise OutboxChanged(
                "The outbox was changed while a report was about to go.",
                hint="No part of it was sent. Run the same command again.",
            )


def approve(store: Store, ids: Collection[int], by: str, now: datetime) -> int:
    """Release queued deliveries; how many were.

    Raises:
        StoreError: the database refuses.
    """
    to = Move(DeliveryState.APPROVED, f"approved by {by}")
    queued = [DeliveryState.QUEUED]
    with store.begin() as connection:
        return len(_apply(connection, ids, to, now, out_of=queued, released_at=now))


def take_back(store: Store, ids: Collection[int], by: str, now: datetime) -> frozenset[int]:
    """Have released deliveries wait for a yes again; the ids of those that do.

    Of those who send at the same time, one has either claimed a delivery already, which is then
    left alone, or finds that it is no longer released (`claim`).

    Raises:
        StoreError: the database refuses; none is taken back.
    """
    to = Move(DeliveryState.QUEUED, f"taken back by {by}")
    with store.begin() as connection:
        return frozenset(_apply(connection, ids, to, now, out_of=RELEASED, released_at=now))


def settle(
    store: Store, ids: Collection[int], to: Move, now: datetime, out_of: Sequence[DeliveryState]
) -> frozenset[int]:
    """Move deliveries to where a person says; the ids of those that were moved.

    Only those in one of the states `out_of` are. What is to be sent again is released anew.

    Raises:
        StoreError: the database refuses; none is moved.
    """
    released = {"released_at": now} if to.state is DeliveryState.APPROVED else {}
    with store.begin() as connection:
        return frozenset(_apply(connection, ids, to, now, out_of=out_of, **released))


def cut_short(store: Store, repeatable: Collection[str], now: datetime) -> None:
    """Note what became of deliveries that a killed sending has left on its way; call it while
    nobody else sends.

    By a channel that is `repeatable` they go again; of all else nobody can know.

    Raises:
        StoreError: the database refuses.
    """
    deliveries = deliveries_of(store, states=[DeliveryState.SENDING])
    uncertain = Move(
        DeliveryState.UNCERTAIN,
        "sending was cut short before the other side had answered",
        tried=True,
    )
    again = Move(DeliveryState.APPROVED, "sending was cut short, and is repeated")
    moves = {
        delivery.id: again if delivery.channel in repeatable else uncertain
        for delivery in deliveries
    }
    move(store, moves, now, out_of=[DeliveryState.SENDING])


def _apply(
    connection: sa.Connection,
    ids: Collection[int],
    to: Move,
    now: datetime,
    *,
    out_of: Sequence[DeliveryState] = (),
    **more: Any,
) -> Sequence[int]:
    """Move deliveries and note it; the ids of those that were moved."""
    deliveries = tables.deliveries
    chosen = [deliveries.c.id.in_(ids)]
    if out_of:
        chosen.append(deliveries.c.state.in_([state.value for state in out_of]))
    moved = connection.execute(
        sa.update(deliveries)
        .where(*chosen)
        .values(
            state=to.state.value,
            reason=to.reason,
            changed_at=now,
            retry_at=to.retry_at,
            tries=deliveries.c.tries + int(to.tried),
            **more,
        )
        .returning(deliveries.c.id)
    )
    moved_ids = list(moved.scalars())
    _note(connection, moved_ids, to, now)
    return moved_ids


def _note(connection: sa.Connection, ids: Sequence[int], to: Move, now: datetime) -> None:
    if ids:
        connection.execute(
            sa.insert(tables.delivery_changes),
            [
                {
                    "delivery_id": delivery_id,
                    "state": to.state.value,
                    "reason": to.reason,
                    "at": now,
                }
                for delivery_id in ids
            ],
        )
