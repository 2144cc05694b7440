"""Several processes at one outbox: only one sends, while fetching and approving block nobody."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from reporter.errors import StoreError
from reporter.model import DeliveryState
from reporter.store import Store, tables
from reporter.store.lock import held
from reporter.store.outbox import (
    Move,
    OutboxChanged,
    Recipient,
    approve,
    changes_of,
    claim,
    deliveries_of,
    move,
    take_back,
)
from tests.builders import CUSTOMER, make_job
from tests.store.test_outbox import ANNA, BEN, NOW, ids, known_customer, make_version, queue_for
from tests.store.test_store import snapshot_of

__all__ = ["known_customer"]

LATER = NOW + timedelta(hours=1)
MANY = [Recipient("mail", f"it{number}@contoso.example", "to") for number in range(40)]


def _hold(url: str, began: Any, ended: Any) -> None:
    store = Store.open(url)
    with held(store.engine, part="outbox"):
        began.set()
        ended.wait(60)


def test_a_second_sender_is_refused_and_a_fetch_is_not(
    url: str, store: Store, open_store: Callable[[str], Store]
) -> None:
    """Another process sends: until it ends the outbox is held, but the store is not."""
    context = multiprocessing.get_context("spawn")
    began, ended = context.Event(), context.Event()
    sender = context.Process(target=_hold, args=(url, began, ended))
    sender.start()
    assert began.wait(60)
    other = open_store(url)
    with (
        pytest.raises(StoreError, match=r"The outbox .* is held by another") as caught,
        held(other.engine, part="outbox"),
    ):
        pass
    assert "--wait" in caught.value.hint
    with held(other.engine):
        other.record(snapshot_of([make_job()], NOW))
    sender.kill()
    sender.join(60)
    with held(other.engine, wait=30, part="outbox"):
        pass


def _send_all(url: str, number: int, ready: Any) -> None:
    """Hold the outbox, claim some of what is approved, say that it was sent, and start over."""
    store = Store.open(url)
    ready.wait(60)
    while True:
        with held(store.engine, wait=60, part="outbox"):
            waiting = deliveries_of(store, states=[DeliveryState.APPROVED, DeliveryState.QUEUED])
            if not waiting:
                return
            due = [delivery for delivery in waiting if delivery.state is DeliveryState.APPROVED][:4]
            try:
                claim(store, ids(due), NOW)
            except OutboxChanged:  # taken back meanwhile: the whole message has to wait
                continue
            sent = Move(DeliveryState.SENT, f"by {number}", tried=True)
            moved = move(
                store, dict.fromkeys(ids(due), sent), LATER, out_of=[DeliveryState.SENDING]
            )
            assert moved == len(due)


def _approve_all(url: str, ready: Any) -> None:
    """Approve everything, in small pieces, whatever its state by now."""
    store = Store.open(url)
    everything = ids(deliveries_of(store))
    ready.wait(60)
    for start in range(0, len(everything), 3):
        # What was approved before is named again: it must not come back from its state.
        approve(store, everything[: start + 3], "eve", NOW)


@pytest.mark.slow
def test_senders_and_an_approver_move_each_delivery_once(url: str, store: Store) -> None:
    """Three senders and an approver at once: every delivery was queued, approved, on its way and
    sent, once each and in this order.
    """
    queue_for(store, make_version(store, 1), *MANY)
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    processes = [
        context.Process(target=_send_all, args=(url, number, ready)) for number in range(3)
    ]
    processes.append(context.Process(target=_approve_all, args=(url, ready)))
    for process in processes:
        process.start()
    ready.set()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * 4
    rows = deliveries_of(store)
    assert Counter((row.state, row.tries) for row in rows) == {(DeliveryState.SENT, 1): len(MANY)}
    for changes in changes_of(store, rows).values():
        states = [change.state.value for change in changes]
        assert states == ["queued", "approved", "sending", "sent"]


def _take_back_all(url: str, ready: Any, taken: Any) -> None:
    """Take everything back, in small pieces and twice, with senders starting meanwhile; note what
    was taken back, and approve that again.
    """
    store = Store.open(url)
    everything = ids(deliveries_of(store))
    for start in 2 * [*range(0, len(everything), 3)][::-1]:  # senders start at the other end
        back = take_back(store, everything[start : start + 3], "eve", NOW)
        taken.extend(back)
        ready.set()
        assert approve(store, back, "eve", NOW) == len(back)


@pytest.mark.slow
def test_what_is_taken_back_while_sending_is_sent_once_after_approval(
    url: str, store: Store, open_store: Callable[[str], Store]
) -> None:
    """Three senders, and one process that takes back: each delivery taken back had been approved,
    each was sent once, and none was on its way without approval.
    """
    queue_for(store, make_version(store, 1), *MANY)
    approve(store, ids(deliveries_of(store)), "eve", NOW)
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        ready, taken = context.Event(), manager.list()
        processes = [
            context.Process(target=_send_all, args=(url, number, ready)) for number in range(3)
        ]
        processes.append(context.Process(target=_take_back_all, args=(url, ready, taken)))
        for process in processes:
            process.start()
        for process in processes:
            process.join(120)
        assert [process.exitcode for process in processes] == [0] * 4
        times_back = Counter(taken)
    rows = deliveries_of(store)
    assert Counter((row.state, row.tries) for row in rows) == {(DeliveryState.SENT, 1): len(MANY)}
    assert times_back
    for row_id, changes in changes_of(store, rows).items():
        back = ["queued", "approved"] * times_back[row_id]
        states = [change.state.value for change in changes]
        assert states == ["queued", "approved", *back, "sending", "sent"]


def test_taking_back_waits_for_claiming(
    url: str, store: Store, open_store: Callable[[str], Store]
) -> None:
    """And then finds it on its way: it is not reported as taken back while it is being sent."""
    queue_for(store, make_version(store, 1), ANNA)
    (row,) = ids(deliveries_of(store))
    approve(store, [row], "eve", NOW)
    other = open_store(url)
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as connection:
            connection.execute(sa.update(tables.deliveries).values(state=DeliveryState.SENDING))
            back = pool.submit(take_back, other, [row], "eve", LATER)
            time.sleep(0.5)
            assert not back.done()
        assert back.result(30) == set()
    assert [delivery.state.value for delivery in deliveries_of(store)] == ["sending"]


@pytest.mark.parametrize(
    "state", [state for state in DeliveryState if state != DeliveryState.QUEUED]
)
def test_approval_moves_nothing_but_what_is_queued(store: Store, state: DeliveryState) -> None:
    """Late approval restarts nothing: neither what is on its way nor what is done."""
    queue_for(store, make_version(store, 1), ANNA, BEN)
    anna, ben = ids(deliveries_of(store))
    move(store, {anna: Move(state, "as it is")}, NOW, out_of=list(DeliveryState))
    assert approve(store, [anna, ben], "eve", LATER) == 1
    first, second = deliveries_of(store)
    assert (first.state, first.reason, first.changed_at) == (state, "as it is", NOW)
    assert (second.state, second.reason) == (DeliveryState.APPROVED, "approved by eve")


def test_a_message_is_claimed_by_one_of_two(
    url: str, store: Store, open_store: Callable[[str], Store]
) -> None:
    """Even past the lock: the second process has claimed no part of it."""
    queue_for(store, make_version(store, 1), ANNA, BEN)
    approve(store, ids(deliveries_of(store)), "eve", NOW)
    anna, ben = ids(deliveries_of(store))
    claim(open_store(url), [ben], NOW)
    with pytest.raises(OutboxChanged, match="was changed"):
        claim(store, [anna, ben], LATER)
    assert [delivery.state.value for delivery in deliveries_of(store)] == ["approved", "sending"]


def test_a_correction_while_a_message_is_about_to_go(
    url: str, store: Store, open_store: Callable[[str], Store]
) -> None:
    """Queuing the correction waits for claiming the message, and does not withdraw what is on its
    way; that is recorded once sent, and the correction follows.
    """
    queue_for(store, make_version(store, 1), ANNA)
    (row,) = deliveries_of(store)
    approve(store, [row.id], "eve", NOW)
    correction, other = make_version(store, 2, "b"), open_store(url)
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as connection:
            connection.execute(sa.update(tables.deliveries).values(state=DeliveryState.SENDING))
            queued = pool.submit(queue_for, other, correction, ANNA)
            time.sleep(0.5)
            assert not queued.done()
        queued.result(30)
    sent = Move(DeliveryState.SENT, "250 ok", tried=True)
    assert move(store, {row.id: sent}, LATER, out_of=[DeliveryState.SENDING]) == 1
    assert [(delivery.version, delivery.state.value) for delivery in deliveries_of(store)] == [
        (1, "sent"),
        (2, "queued"),
    ]


def test_an_older_version_does_not_push_out_a_newer_one(store: Store) -> None:
    """A process that began before the correction was rendered, and queues after it: nothing
    changes, and approvals of the correction remain.
    """
    old = make_version(store, 1)
    queue_for(store, make_version(store, 2, "b"), ANNA)
    approve(store, ids(deliveries_of(store)), "eve", NOW)
    with pytest.raises(
        OutboxChanged, match=f"Version 2 of the report of {CUSTOMER.name}"
    ) as caught:
        queue_for(store, old, ANNA, BEN)
    assert "again" in caught.value.hint
    assert [(delivery.version, delivery.state.value) for delivery in deliveries_of(store)] == [
        (2, "approved")
    ]


def test_a_delivery_without_approval_is_not_claimed(store: Store) -> None:
    """Withdrawn and queued again between being looked at and being sent: it waits for approval."""
    version = make_version(store, 1)
    queue_for(store, version, ANNA)
    due = ids(deliveries_of(store))
    approve(store, due, "eve", NOW)
    queue_for(store, version, BEN)
    queue_for(store, version, ANNA, BEN)
    with pytest.raises(OutboxChanged):
        claim(store, due, LATER)
    assert [delivery.state.value for delivery in deliveries_of(store)] == ["queued", "queued"]


def test_one_row_for_each_recipient_however_many_queue_at_once(
    url: str, store: Store, open_store: Callable[[str], Store]
) -> None:
    """`send`, `approve` and a dry run each queue what is missing, without holding the outbox: the
    database itself allows one row only.
    """
    version = make_version(store, 1)
    stores = [open_store(url) for _ in range(4)]
    together = Barrier(len(stores))

    def queue(store: Store) -> str:
        together.wait(30)
        try:
            queue_for(store, version, *MANY)
        except StoreError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(len(stores)) as pool:
        faults = list(pool.map(queue, stores))
    assert faults == [""] * len(stores)
    with store.reading() as connection:
        recipients = connection.execute(sa.select(tables.deliveries.c.recipient)).scalars().all()
    assert Counter(recipients) == {recipient.address: 1 for recipient in MANY}
    assert {delivery.customer for delivery in deliveries_of(store)} == {CUSTOMER}
