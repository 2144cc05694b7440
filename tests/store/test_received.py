"""What was received about a customer: returned unchanged, and received again by an empty store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reporter.model import Answer, Assignment, Lack, Look, Policy, Snapshot
from reporter.period import parse_period
from reporter.render.json_ import report_dict
from reporter.run.reporting import report_of
from reporter.store import Store
from reporter.store.received import Fetch, receive_again, received_until
from tests.builders import (
    CUSTOMER,
    make_answers,
    make_busy_month,
    make_job,
    make_product,
    make_protected,
    make_refusals,
)
from tests.store.test_store import snapshot_of

FIRST = datetime(2026, 10, 20, 6, tzinfo=UTC)
LAST = datetime(2026, 11, 1, 6, tzinfo=UTC)


def keep(
    store: Store, rows: list[dict[str, object]], at: datetime, answers: tuple[Answer, ...]
) -> None:
    snapshot = snapshot_of(rows, at)
    store.record_customers([CUSTOMER], snapshot.replies)
    store.record(Snapshot(CUSTOMER, snapshot.replies, answers))


@pytest.fixture
def filled(store: Store) -> Store:
    """Two complete snapshots, a failure between them, and a later one."""
    # Databases differ in how they order texts.
    odd = ["b-1", "B 2", "a_3", "A.4", "ä5", "Z6"]
    rows = [*make_busy_month(), *(make_job(jobId=job_id, backupSize="1,2,3") for job_id in odd)]
    keep(store, rows[: len(rows) // 2], FIRST, make_refusals(Lack.NOT_PERMITTED, "a.permission"))
    store.record_failure(CUSTOMER, FIRST + timedelta(days=1), "503 Service Unavailable")
    # Answers other than the jobs come after them.
    answers = make_answers([make_protected()], [make_product()], at=LAST + timedelta(minutes=1))
    keep(store, rows, LAST, answers)
    keep(store, [make_job(status="Failed")], LAST + timedelta(hours=6), ())
    return store


def test_the_replies_end_with_those_of_the_last_snapshot(filled: Store) -> None:
    """In the order it was recorded, with failures and with the answers of that snapshot."""
    fetches = list(received_until(filled, CUSTOMER, {CUSTOMER.id: LAST}))
    kinds = [(fetch.kind, fetch.error) for fetch in fetches]
    refused = f"{Lack.NOT_PERMITTED.value}: a.permission"
    assert kinds == [
        ("jobs", None),
        ("protection", refused),
        ("subscription", refused),
        ("users", refused),
        ("jobs", "503 Service Unavailable"),
        ("jobs", None),
        ("protection", None),
        ("subscription", None),
    ]
    assert (
        len(list(received_until(filled, CUSTOMER, {CUSTOMER.id: LAST + timedelta(hours=6)}))) == 9
    )


def test_an_empty_store_gives_the_same_report(
    filled: Store, open_store: Callable[[str], Store], tmp_path: Path
) -> None:
    """In any store, every figure follows from what was received."""
    period, policy = parse_period("2026-10", "Europe/Berlin", LAST), Policy()
    later = LAST + timedelta(hours=6)
    again = open_store(f"sqlite:///{tmp_path / 'again.db'}")
    receive_again(again, CUSTOMER, received_until(filled, CUSTOMER, {CUSTOMER.id: later}))
    original, copy = (
        report_of(each, Assignment(CUSTOMER, period, policy, Look(), None))
        for each in (filled, again)
    )
    assert report_dict(copy) == report_dict(original)


def test_an_unknown_kind_of_fetch_is_an_error(open_store: Callable[[str], Store]) -> None:
    """A fetch of another kind is an error, not ignored."""
    odd = Fetch("mailboxes", LAST, None, ())
    with pytest.raises(ValueError, match="mailboxes"):
        receive_again(open_store("sqlite://"), CUSTOMER, [odd])
