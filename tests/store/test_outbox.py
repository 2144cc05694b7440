"""The outbox: who has a row, what a newer version does to it, and what a killed sender leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from reporter.errors import StoreError
from reporter.model import DeliveryState
from reporter.store import Store
from reporter.store.outbox import (
    Delivery,
    Move,
    Recipient,
    approve,
    changes_of,
    claim,
    cut_short,
    deliveries_of,
    has_rows,
    move,
    queue,
    settle,
    take_back,
    withdraw_replaced,
)
from reporter.store.versions import Version, keep_version, no_longer_as_good, versions_of
from tests.builders import CUSTOMER
from tests.store.test_store import snapshot_of

NOW = datetime(2026, 11, 1, 6, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ANNA = Recipient("mail", "anna@contoso.example", "to")
BEN = Recipient("mail", "ben@contoso.example", "cc")
SHARE = Recipient("folder", "file:///reports")


@pytest.fixture(autouse=True)
def known_customer(store: Store) -> None:
    store.record_customers([CUSTOMER], snapshot_of([], NOW).replies)


def make_version(
    store: Store, number: int, figures: str = "a", *, redefined: str | None = None
) -> Version:
    """Keep a version of October's report with these figures; from its data a later program makes
    those of `redefined`.
    """
    version = Version(
        number=number,
        made_at=NOW,
        as_of=NOW,
        program="1",
        program_sha256=None,
        closed=True,
        basis=f"{number}{figures}",
        checked=f"{number}{figures}",
        look="look",
        configuration=None,
        restates=None,
        figures_sha256=figures,
        redefined_sha256=redefined,
        redefined_by=None,
        standing="{}",
        files={"report.pdf": "0" * 64},
    )
    keep_version(store, CUSTOMER, "2026-10", version, {})
    return versions_of(store, CUSTOMER, "2026-10")[-1]


def sent(store: Store, version: Version, *recipients: Recipient) -> None:
    """Deliver a version."""
    queue_for(store, version, *recipients, released="yes")
    ids = [delivery.id for delivery in deliveries_of(store)]
    move(store, dict.fromkeys(ids, Move(DeliveryState.SENT, "250")), NOW, [DeliveryState.APPROVED])


def test_a_newer_program_sends_nothing_twice(store: Store) -> None:
    """A recipient with a version of the same data needs no other, unless it was rendered again on
    purpose; a new recipient gets the newest.
    """
    sent(store, make_version(store, 1, "a", redefined="b"), ANNA)
    newer = make_version(store, 2, "b")
    queue_for(store, newer, ANNA, BEN)
    assert states(store) == [(1, "anna", "sent"), (2, "ben", "queued")]
    no_longer_as_good(store, CUSTOMER, "2026-10", before=2)
    queue_for(store, newer, ANNA, BEN)
    assert states(store) == [(1, "anna", "sent"), (2, "ben", "queued"), (2, "anna", "queued")]


def test_new_data_is_sent_to_those_who_have_the_former(store: Store) -> None:
    """What a later program makes of the former data differs from what it makes of the new data."""
    sent(store, make_version(store, 1, "a", redefined="b"), ANNA)
    queue_for(store, make_version(store, 2, "c"), ANNA)
    assert states(store) == [(1, "anna", "sent"), (2, "anna", "queued")]


def test_a_version_not_queued_withdraws_the_one_it_replaces(store: Store) -> None:
    """A preliminary version that was not to be queued: open deliveries of the version before it are
    withdrawn, completed ones stay.
    """
    assert not has_rows(store, CUSTOMER, "2026-10")
    sent(store, make_version(store, 1), ANNA)
    second = make_version(store, 2, "b")
    queue_for(store, second, ANNA, released="yes")
    withdraw_replaced(store, CUSTOMER, "2026-10", second, LATER)
    assert states(store)[-1] == (2, "anna", "approved")
    withdraw_replaced(store, CUSTOMER, "2026-10", make_version(store, 3, "c"), LATER)
    assert states(store) == [(1, "anna", "sent"), (2, "anna", "withdrawn")]
    assert has_rows(store, CUSTOMER, "2026-10")
    assert not has_rows(store, CUSTOMER, "2026-09")


def queue_for(
    store: Store, version: Version, *recipients: Recipient, released: str = "", now: datetime = NOW
) -> None:
    queue(
        store,
        CUSTOMER,
        "2026-10",
        version,
        recipients,
        f"<{version.number}@provider.example>",
        now,
        released=released,
    )


def states(store: Store) -> list[tuple[int, str, str]]:
    return [
        (delivery.version, delivery.recipient.split("@")[0], delivery.state)
        for delivery in deliveries_of(store)
    ]


def ids(rows: Sequence[Delivery]) -> list[int]:
    return [row.id for row in rows]


def bring_to(store: Store, state: DeliveryState) -> None:
    """Approve everything that waits, and bring it to a state."""
    approve(store, ids(deliveries_of(store, states=[DeliveryState.QUEUED])), "eve", NOW)
    rows = ids(deliveries_of(store, states=[DeliveryState.APPROVED]))
    claim(store, rows, NOW)
    if state is not DeliveryState.SENDING:
        to = Move(state, "250 ok", tried=True)
        move(store, dict.fromkeys(rows, to), NOW, out_of=[DeliveryState.SENDING])


def test_each_recipient_has_one_row_however_often_it_is_queued(store: Store) -> None:
    """With the message's id, waiting for a person's approval."""
    version = make_version(store, 1)
    for _ in range(3):
        queue_for(store, version, ANNA, BEN, SHARE)
    rows = deliveries_of(store, customer=CUSTOMER, period="2026-10")
    assert [(row.recipient, row.role, row.state) for row in rows] == [
        (ANNA.address, "to", "queued"),
        (BEN.address, "cc", "queued"),
        (SHARE.address, "", "queued"),
    ]
    assert {row.message_id for row in rows} == {"<1@provider.example>"}
    assert {row.customer for row in rows} == {CUSTOMER}


def test_every_change_is_noted_with_time_and_reason(store: Store) -> None:
    """From the first to the last, for later questions."""
    queue_for(store, make_version(store, 1), ANNA)
    (row,) = deliveries_of(store)
    assert approve(store, [row.id], "eve", LATER) == 1
    claim(store, [row.id], LATER)
    sent = Move(DeliveryState.SENT, "250 2.0.0 taken", tried=True)
    move(store, {row.id: sent}, LATER, out_of=[DeliveryState.SENDING])
    (row,) = deliveries_of(store)
    assert [
        (change.state, change.reason, change.at) for change in changes_of(store, [row])[row.id]
    ] == [
        ("queued", "waits for a person's approval", NOW),
        ("approved", "approved by eve", LATER),
        ("sending", "on its way", LATER),
        ("sent", "250 2.0.0 taken", LATER),
    ]
    assert (row.tries, row.released_at, row.changed_at) == (1, LATER, LATER)


def test_without_approval_rows_are_released_at_once(store: Store) -> None:
    """And say why no approval was needed."""
    queue_for(store, make_version(store, 1), ANNA, released="no approval is required")
    (row,) = deliveries_of(store)
    assert (row.state, row.reason) == ("approved", "no approval is required")


def test_waiting_deliveries_are_released_once_no_approval_is_needed(store: Store) -> None:
    """Once the configuration says so."""
    version = make_version(store, 1)
    queue_for(store, version, ANNA)
    queue_for(store, version, ANNA, released="no approval is required", now=LATER)
    (row,) = deliveries_of(store)
    assert (row.state, row.released_at) == ("approved", LATER)


def test_approval_of_an_older_version_has_to_be_given_again(store: Store) -> None:
    """The approval was for something else."""
    queue_for(store, make_version(store, 1), ANNA)
    approve(store, ids(deliveries_of(store)), "eve", NOW)
    queue_for(store, make_version(store, 2, "b"), ANNA)
    assert states(store) == [(1, "anna", "withdrawn"), (2, "anna", "queued")]


def test_a_correction_is_sent_to_those_who_had_the_former_version(store: Store) -> None:
    """Different figures are a different report."""
    queue_for(store, make_version(store, 1), ANNA)
    bring_to(store, DeliveryState.SENT)
    queue_for(store, make_version(store, 2, "b"), ANNA)
    assert states(store) == [(1, "anna", "sent"), (2, "anna", "queued")]


@pytest.mark.parametrize("state", ["sent", "uncertain", "sending"])
def test_a_new_look_is_sent_to_nobody_who_may_have_the_figures(store: Store, state: str) -> None:
    """A new logo is no reason to send a report twice; a recipient without one gets it in the new
    look.
    """
    queue_for(store, make_version(store, 1), ANNA)
    bring_to(store, DeliveryState(state))
    queue_for(store, make_version(store, 2), ANNA, BEN)
    assert states(store) == [(1, "anna", state), (2, "ben", "queued")]


def test_a_reversed_correction_is_sent(store: Store) -> None:
    """The figures a recipient had last count, not any earlier ones."""
    for number, figures in ((1, "a"), (2, "b")):
        queue_for(store, make_version(store, number, figures), ANNA)
        bring_to(store, DeliveryState.SENT)
    queue_for(store, make_version(store, 3, "a"), ANNA)
    assert states(store)[-1] == (3, "anna", "queued")


def test_a_former_recipient_gets_nothing(store: Store) -> None:
    """Even if the delivery was approved; named again, it waits for approval again."""
    version = make_version(store, 1)
    queue_for(store, version, ANNA, BEN)
    approve(store, ids(deliveries_of(store)), "eve", NOW)
    queue_for(store, version, BEN)
    assert states(store) == [(1, "anna", "withdrawn"), (1, "ben", "approved")]
    queue_for(store, version, ANNA, BEN)
    assert states(store) == [(1, "anna", "queued"), (1, "ben", "approved")]


def test_a_recipient_in_another_role_keeps_its_row(store: Store) -> None:
    """A recipient that was in copy and is now addressed gets one message."""
    version = make_version(store, 1)
    queue_for(store, version, BEN)
    queue_for(store, version, Recipient("mail", BEN.address, "to"))
    assert [(delivery.recipient, delivery.role) for delivery in deliveries_of(store)] == [
        (BEN.address, "to")
    ]


def test_only_what_is_open_can_be_claimed(store: Store) -> None:
    """All recipients of a message or none: another process may have been faster."""
    queue_for(store, make_version(store, 1), ANNA, BEN)
    rows = ids(deliveries_of(store))
    approve(store, rows, "eve", NOW)
    claim(store, rows[:1], NOW)
    with pytest.raises(StoreError, match="was changed"):
        claim(store, rows, NOW)
    assert states(store) == [(1, "anna", "sending"), (1, "ben", "approved")]


@pytest.mark.parametrize("state", list(DeliveryState))
def test_what_is_released_is_taken_back_and_nothing_else(
    store: Store, state: DeliveryState
) -> None:
    """Its approval is gone, with a record of who took it back; new approval releases it again."""
    queue_for(store, make_version(store, 1), ANNA)
    (row,) = ids(deliveries_of(store))
    move(store, {row: Move(state, "as it is")}, NOW, out_of=list(DeliveryState))
    released = state in (DeliveryState.APPROVED, DeliveryState.FAILED)
    assert take_back(store, [row], "eve", LATER) == ({row} if released else set())
    (after,) = deliveries_of(store)
    if not released:
        assert (after.state, after.reason, after.changed_at) == (state, "as it is", NOW)
        return
    assert (after.state, after.reason) == ("queued", "taken back by eve")
    with pytest.raises(StoreError, match="was changed"):
        claim(store, [row], LATER)
    assert approve(store, [row], "eve", LATER) == 1
    claim(store, [row], LATER)


def test_a_dropped_delivery_does_not_come_back_in_a_new_look(store: Store) -> None:
    """Different figures are a different report, which has to be dropped again."""
    for number, figures in ((1, "a"), (3, "b")):
        queue_for(store, make_version(store, number, figures), ANNA)
        (row,) = deliveries_of(store, states=[DeliveryState.QUEUED])
        dropped = Move(DeliveryState.DROPPED, "not to be sent")
        assert settle(store, [row.id], dropped, NOW, [DeliveryState.QUEUED]) == {row.id}
        queue_for(store, make_version(store, number + 1, figures), ANNA, released="no approval")
        assert deliveries_of(store, states=[DeliveryState.APPROVED]) == ()


def test_a_report_that_was_sent_and_a_correction_that_was_dropped(store: Store) -> None:
    """With the first figures again there is nothing to send; with new ones there is."""
    queue_for(store, make_version(store, 1, "a"), ANNA)
    bring_to(store, DeliveryState.SENT)
    queue_for(store, make_version(store, 2, "b"), ANNA)
    (row,) = deliveries_of(store, states=[DeliveryState.QUEUED])
    settle(store, [row.id], Move(DeliveryState.DROPPED, "no"), NOW, [DeliveryState.QUEUED])
    queue_for(store, make_version(store, 3, "a"), ANNA)
    assert states(store) == [(1, "anna", "sent"), (2, "anna", "dropped")]
    queue_for(store, make_version(store, 4, "c"), ANNA)
    assert states(store)[-1] == (4, "anna", "queued")


def test_a_delivery_to_be_repeated_is_released_anew(store: Store) -> None:
    """It is tried for as long as anything else, whenever it was approved."""
    queue_for(store, make_version(store, 1), ANNA)
    bring_to(store, DeliveryState.REFUSED)
    (row,) = deliveries_of(store)
    again = Move(DeliveryState.APPROVED, "to be sent again")
    assert settle(store, [row.id], again, LATER, [DeliveryState.REFUSED]) == {row.id}
    (after,) = deliveries_of(store)
    assert (row.released_at, after.released_at) == (NOW, LATER)


def test_what_a_killed_sender_leaves_is_uncertain(store: Store) -> None:
    """Whether it arrived is unknown; a file can simply be copied again."""
    queue_for(store, make_version(store, 1), ANNA, SHARE)
    bring_to(store, DeliveryState.SENDING)
    for _ in range(2):
        cut_short(store, {"folder"}, LATER)
        assert [
            (delivery.channel, delivery.state, delivery.tries) for delivery in deliveries_of(store)
        ] == [
            ("mail", "uncertain", 1),
            ("folder", "approved", 0),
        ]
