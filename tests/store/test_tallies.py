"""Tallies of months: kept, so that a trend need not read every job again, and never out of date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from reporter.model import Customer, LeaveOut, Outcome, Policy, Tally
from reporter.period import parse_period
from reporter.run.reporting import tallies_to
from reporter.store import Store
from reporter.store.reading import monthly_jobs
from reporter.store.tallies import keep_tallies, kept_tallies
from reporter.store.upkeep import prune, rebuild_jobs
from tests.builders import CUSTOMER, NOW, make_job, make_row
from tests.store.test_store import OCTOBER, snapshot_of

SEPTEMBER_JOB = make_job("2026-09-10T01:00:00Z", backupSize="2 GB")


@pytest.fixture
def counted_store(store: Store) -> Store:
    """A store with jobs in September and October, whose months were counted."""
    snapshot = snapshot_of([SEPTEMBER_JOB, make_job(), make_job("2026-10-06T01:00:00Z", "Failed")])
    store.record_customers([CUSTOMER], snapshot.replies)
    store.record(snapshot)
    tallies_to(store, CUSTOMER, OCTOBER, Policy())
    return store


@contextmanager
def queries(store: Store) -> Iterator[list[str]]:
    """The statements the database receives meanwhile."""
    statements: list[str] = []

    def remember(_: Any, __: Any, statement: str, *___: Any) -> None:
        statements.append(statement)

    sa.event.listen(store.engine, "before_cursor_execute", remember)
    yield statements
    sa.event.remove(store.engine, "before_cursor_execute", remember)


def known(store: Store) -> list[bool]:
    return [tally is not None for tally in kept_tallies(store, CUSTOMER, OCTOBER.year_to())[1]]


def counted(tally: Tally) -> tuple[int, int | None]:
    return sum(tally.outcomes.values()), tally.bytes["binary"]


def test_months_are_counted_once(counted_store: Store) -> None:
    """The second trend reads no jobs; it equals the first."""
    with queries(counted_store) as statements:
        *_, september, october = tallies_to(counted_store, CUSTOMER, OCTOBER, Policy())
    assert statements
    assert not any("jobs" in text for text in statements)
    assert counted(september) == (1, 2 * 1024**3)
    assert september.bytes["decimal"] == 2 * 1000**3
    assert counted(october) == (2, 2 * 1024**3)
    assert (october.outcomes[Outcome.SUCCESS], october.outcomes[Outcome.FAILED]) == (1, 1)


def test_what_a_fetch_may_have_changed_is_counted_again(counted_store: Store) -> None:
    """The months from the first job it shows; earlier ones stay."""
    counted_store.record(snapshot_of([make_job("2026-10-07T01:00:00Z")], NOW + timedelta(hours=1)))
    assert known(counted_store) == [True] * 11 + [False]
    assert counted(tallies_to(counted_store, CUSTOMER, OCTOBER, Policy())[-1])[0] == 3


def test_a_job_that_changes_its_start_is_noticed(counted_store: Store) -> None:
    """It leaves a month that the fetch says nothing else about."""
    moved = SEPTEMBER_JOB | {"startTime": "2026-10-10T01:00:00Z", "lastModifyTime": "N/A"}
    counted_store.record(snapshot_of([moved], NOW + timedelta(hours=1)))
    assert known(counted_store) == [True] * 10 + [False] * 2
    *_, september, october = tallies_to(counted_store, CUSTOMER, OCTOBER, Policy())
    assert (counted(september)[0], counted(october)[0]) == (0, 3)


def test_a_fetch_that_says_nothing_new_leaves_all_tallies(counted_store: Store) -> None:
    """However old a job is that the service still lists."""
    again = [SEPTEMBER_JOB, make_job(), make_row(jobModule="Power BI")]
    counted_store.record(snapshot_of(again, NOW + timedelta(hours=1)))
    assert known(counted_store) == [True] * 12
    new = make_job("2026-10-07T01:00:00Z")
    counted_store.record(snapshot_of([*again, new], NOW + timedelta(hours=2)))
    assert known(counted_store) == [True] * 11 + [False]


def test_a_volume_that_is_not_given_is_kept_as_such(counted_store: Store) -> None:
    """It is not zero, neither when counted nor when read again."""
    unsized = make_job("2026-08-10T01:00:00Z", backupSize="0 GB")
    counted_store.record(snapshot_of([unsized], NOW + timedelta(hours=1)))
    counted_now, kept_then = (
        tallies_to(counted_store, CUSTOMER, OCTOBER, Policy())[-3] for _ in range(2)
    )
    assert counted_now == kept_then
    assert counted_now.bytes == {"binary": None, "decimal": None}
    assert all(known(counted_store))


def test_jobs_are_counted_by_whether_they_had_objects(counted_store: Store) -> None:
    """A module that backs something up without giving sizes differs from one with nothing to back
    up.
    """
    nothing = make_job("2026-10-08T01:00:00Z", successfulCount="0")
    unread = make_job("2026-10-09T01:00:00Z", successfulCount="many")
    counted_store.record(snapshot_of([nothing, unread], NOW + timedelta(hours=1)))
    counts = monthly_jobs(counted_store, CUSTOMER, [OCTOBER], Policy())
    by_objects = counts.groupby("has_objects")["count"].sum()
    assert by_objects.to_dict() == {False: 2, True: 2}
    assert list(counts.columns) == [
        "service", "module", "outcome", "is_backup", "size", "has_objects", "month", "count",
    ]  # fmt: skip


def test_a_job_without_a_start_is_counted_where_it_is_dated(counted_store: Store) -> None:
    """By its modification: one that failed to start is a job of the month."""
    failed = make_job(
        status="Failed to start", startTime="N/A", endTime="N/A",
        lastModifyTime="2026-10-12T00:00:00Z", jobId="none",
    )  # fmt: skip
    counted_store.record(snapshot_of([failed], NOW + timedelta(hours=1)))
    assert counted(tallies_to(counted_store, CUSTOMER, OCTOBER, Policy())[-1])[0] == 3


def test_rebuilding_and_pruning_count_again(counted_store: Store) -> None:
    """Whatever changes jobs discards what was counted of them."""
    rebuild_jobs(counted_store, CUSTOMER)
    assert known(counted_store) == [False] * 12
    tallies_to(counted_store, CUSTOMER, OCTOBER, Policy())
    prune(counted_store, NOW + timedelta(days=1))
    assert known(counted_store) == [False] * 12


def test_what_was_counted_before_a_fetch_is_not_kept_after_it(counted_store: Store) -> None:
    """Counting and fetching at the same time leave nothing that is out of date."""
    months = OCTOBER.year_to()
    revision, tallies = kept_tallies(counted_store, CUSTOMER, months)
    assert all(tallies)
    counted_store.record(snapshot_of([make_job("2026-10-07T01:00:00Z")], NOW + timedelta(hours=1)))
    keep_tallies(counted_store, CUSTOMER, months, [tally for tally in tallies if tally], revision)
    assert known(counted_store) == [True] * 11 + [False]


def test_zones_and_customers_are_kept_apart(counted_store: Store) -> None:
    """A month of another zone is another month."""
    tokyo = parse_period("2026-10", "Asia/Tokyo", NOW)
    assert kept_tallies(counted_store, CUSTOMER, tokyo.year_to())[1] == [None] * 12
    assert kept_tallies(counted_store, Customer("2", "Second"), OCTOBER.year_to())[1] == [None] * 12


def test_part_of_a_month_is_not_the_whole_month(counted_store: Store) -> None:
    """The trend of a week ends with the week."""
    week = parse_period("2026-09-28..2026-10-05", "Europe/Berlin", NOW)
    assert counted(tallies_to(counted_store, CUSTOMER, week, Policy())[-1])[0] == 1
    assert counted(tallies_to(counted_store, CUSTOMER, OCTOBER, Policy())[-1])[0] == 2


def test_what_is_left_out_is_in_no_month(counted_store: Store) -> None:
    """The trend covers the scopes of the report, and none of it is kept for another."""
    policy = Policy(left_out=(LeaveOut("Microsoft 365", "Exchange Online", None, "A test"),))
    assert counted(tallies_to(counted_store, CUSTOMER, OCTOBER, policy)[-1])[0] == 0
    assert counted(tallies_to(counted_store, CUSTOMER, OCTOBER, Policy())[-1])[0] == 2
