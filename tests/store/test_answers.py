"""Answers other than the jobs: kept with them, and chosen for a period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from reporter.errors import ReplyError
from reporter.model import Absence, Answer, Kind, Lack, Policy
from reporter.period import parse_period
from reporter.sources.avepoint.reading.replies import products_of, protected_rows
from reporter.store import Store, tables
from reporter.store.reading import read_period
from reporter.store.upkeep import prunable, prune, rebuild_jobs
from tests.builders import (
    CUSTOMER,
    NOW,
    make_answers,
    make_job,
    make_product,
    make_protected,
    make_refusals,
    make_setting,
    make_user,
    make_users,
)
from tests.store.test_store import snapshot_of

OCTOBER = parse_period("2026-10", "UTC", NOW)
WATCH_EVERY = Policy().watch_every


def on(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 6, tzinfo=UTC)


def record(store: Store, at: datetime, answers: Sequence[Answer]) -> None:
    """Record a snapshot with its answers, all of one time."""
    dated = tuple(replace(answer, asked_at=at) for answer in answers)
    store.record(replace(snapshot_of([make_job()], at), answers=dated))


def answered(at: datetime, scanned: int = 10) -> tuple[Answer, Answer]:
    return make_answers([make_protected(totalScannedObjects=scanned)], [make_product()], at=at)


def answer_of(store: Store, kind: Kind = "protection") -> Answer:
    answers = {
        answer.kind: answer for answer in read_period(store, CUSTOMER, OCTOBER, WATCH_EVERY).answers
    }
    return answers[kind]


def scanned(store: Store) -> int:
    (line,) = protected_rows(answer_of(store).replies)
    return int(line["totalScannedObjects"])


def test_answers_are_read_back_unchanged(store: Store) -> None:
    """The raw replies, to the byte, with when they came."""
    answers = (*answered(on(10, 5)), make_users([make_user()], at=on(10, 5)))
    record(store, on(10, 5), answers)
    given = read_period(store, CUSTOMER, OCTOBER, WATCH_EVERY).answers
    assert tuple(answer for answer in given if answer.asked_at) == answers
    with store.reading() as connection:
        rows = connection.execute(sa.select(tables.fetches.c.kind, tables.fetches.c.error)).all()
    assert sorted(map(tuple, rows)) == [
        ("jobs", None), ("protection", None), ("subscription", None), ("users", None),
    ]  # fmt: skip
    assert products_of(answer_of(store, "subscription").replies) == [make_product()]


def test_never_asked_is_not_the_same_as_refused(store: Store) -> None:
    """A store from before that says so."""
    store.record(snapshot_of([make_job()]))
    assert answer_of(store) == Answer("protection", None, absence=Absence(Lack.NEVER_FETCHED))


def test_an_earlier_answer_counts_before_a_later_one(store: Store) -> None:
    """Nobody asked in October: the answer before it takes precedence over the one after it."""
    record(store, on(9, 3), answered(on(9, 3), 9))
    record(store, on(11, 2), answered(on(11, 2), 11))
    assert scanned(store) == 9


def test_what_was_stored_before_the_period(store: Store) -> None:
    """By the last complete answers before it, and before the preceding period."""
    assert before(store) == []
    record(store, on(8, 20), answered(on(8, 20), 8))
    record(store, on(9, 3), answered(on(9, 3), 9))
    record(store, on(9, 29), make_refusals(Lack.FAILED, "503: x"))
    record(store, on(10, 3), answered(on(10, 3), 10))
    assert before(store) == [(on(9, 3), 9), (on(8, 20), 8)]


def before(store: Store) -> list[tuple[datetime | None, int]]:
    """When each answer was given, and how many objects it says were scanned."""
    answers = read_period(store, CUSTOMER, OCTOBER, WATCH_EVERY).stored_before
    return [
        (answer.asked_at, line["totalScannedObjects"])
        for answer in answers
        for line in protected_rows(answer.replies)
    ]


def test_the_last_answer_of_the_period_counts(store: Store) -> None:
    """Neither an older one, nor one of the month after."""
    for number, at in enumerate((on(9, 30), on(10, 3), on(10, 30), on(11, 1))):
        record(store, at, answered(at, number))
    assert scanned(store) == 2


def test_without_one_the_first_after_it_counts(store: Store) -> None:
    """If the permission is granted only in November, October has what November showed first."""
    record(store, on(10, 30), make_refusals(Lack.NOT_PERMITTED, "a.read"))
    record(store, on(11, 1), answered(on(11, 1), 1))
    record(store, on(11, 2), answered(on(11, 2), 2))
    assert scanned(store) == 1
    assert answer_of(store).asked_at == on(11, 1)


def test_a_failure_does_not_hide_an_answer_of_the_period(store: Store) -> None:
    """What was known stays known, with its date."""
    record(store, on(10, 3), answered(on(10, 3), 3))
    record(store, on(10, 4), make_refusals(Lack.FAILED, "503: x"))
    assert scanned(store) == 3


def test_the_reason_for_no_answer_stays_the_same(store: Store) -> None:
    """The reason is the period's own; a later attempt changes nothing."""
    record(store, on(9, 3), make_refusals(Lack.FAILED, "502: x"))
    record(store, on(10, 4), make_refusals(Lack.FAILED, "503: x"))
    record(store, on(10, 5), make_refusals(Lack.NOT_PERMITTED, "a.read"))
    before = answer_of(store)
    assert before.absence == Absence(Lack.NOT_PERMITTED, "a.read")
    record(store, on(11, 5), make_refusals(Lack.FAILED, "other"))
    assert answer_of(store) == before


def test_not_there_is_an_answer(store: Store) -> None:
    """A subscription that was given up is not shown from an earlier look."""
    record(store, on(10, 3), answered(on(10, 3)))
    record(store, on(10, 9), make_refusals(Lack.NOT_THERE))
    assert answer_of(store, "subscription").absence == Absence(Lack.NOT_THERE)


def test_an_older_answer_counts_where_nobody_asked_since(store: Store) -> None:
    """With its own date."""
    record(store, on(9, 3), answered(on(9, 3), 9))
    assert scanned(store) == 9
    assert answer_of(store).asked_at == on(9, 3)


def test_the_last_list_of_users_of_the_period_counts(store: Store) -> None:
    """As for the other kinds; the lists to compare it with are the last before it, and before each
    month before that, each once.
    """
    for month, day in ((6, 4), (8, 1), (8, 20), (9, 3), (9, 29), (10, 3), (10, 30), (11, 1)):
        record(store, on(month, day), [make_users([make_user()], at=on(month, day))])
    reading = read_period(store, CUSTOMER, OCTOBER, WATCH_EVERY)
    assert answer_of(store, "users").asked_at == on(10, 30)
    assert [answer.asked_at for answer in reading.users_before] == [on(9, 29), on(8, 20), on(6, 4)]


def test_the_first_list_of_users_after_the_period_counts_until_it_is_final(store: Store) -> None:
    """Whoever begins to ask for users afterwards changes no report that is closed."""
    record(store, on(10, 30), answered(on(10, 30)))
    record(store, on(11, 1), [make_users([make_user()], at=on(11, 1))])
    assert answer_of(store, "users").asked_at == on(11, 1)
    record(store, on(11, 2), [make_users([], at=on(11, 2))])
    assert answer_of(store, "users").asked_at == on(11, 1)


def test_a_list_of_users_that_begins_later_is_not_for_a_closed_period(store: Store) -> None:
    """Nobody asked by the time the period was final."""
    record(store, on(10, 30), answered(on(10, 30)))
    record(store, on(11, 2), answered(on(11, 2)))
    record(store, on(11, 3), [make_users([make_user()], at=on(11, 3))])
    assert answer_of(store, "users").absence == Absence(Lack.NEVER_FETCHED)


def test_a_snapshot_is_kept_with_its_answers_or_not_at_all(store: Store) -> None:
    """One transaction: where an answer cannot be kept, neither are the jobs before it."""
    protection, subscription = answered(NOW)
    (reply,) = subscription.replies
    broken = replace(subscription, replies=(replace(reply, body=b"{}"),))
    with pytest.raises(ReplyError):
        store.record(replace(snapshot_of([make_job()]), answers=(protection, broken)))
    with store.reading() as connection:
        for table in (tables.fetches, tables.replies, tables.bodies, tables.jobs):
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0


def test_answers_are_pruned_with_the_snapshots(store: Store) -> None:
    """Old ones are removed with their replies and bodies; jobs are rebuilt from replies about jobs
    only.
    """
    record(store, on(8, 1), answered(on(8, 1), 8))
    record(store, on(8, 2), make_refusals(Lack.NOT_PERMITTED, "a.read"))
    record(store, on(10, 1), answered(on(10, 1), 10))
    assert rebuild_jobs(store, CUSTOMER) == 1
    assert prunable(store, on(9, 1)).snapshots == 7
    prune(store, on(9, 1))
    with store.reading() as connection:
        kinds = connection.execute(sa.select(tables.fetches.c.kind)).scalars().all()
        bodies = connection.scalar(sa.select(sa.func.count()).select_from(tables.bodies))
    assert (sorted(kinds), bodies) == (["jobs", "protection", "subscription"], 3)
    assert scanned(store) == 10


def settings_at(store: Store, at: datetime, kind: Kind = "frequency") -> None:
    data: Any = [{"serviceType": 0, "frequency": 4}] if kind == "frequency" else {}
    record(store, at, [make_setting(kind, data, at=at)])


@pytest.mark.parametrize("kind", ["frequency", "retention"])
def test_a_setting_that_was_told_long_ago_is_none_of_the_period(store: Store, kind: Kind) -> None:
    """It may have been changed since; why it is not known is told instead."""
    settings_at(store, on(1, 1), kind)
    lacking = Absence(Lack.NOT_PERMITTED, "a.read")
    record(store, on(10, 5), [Answer(kind, on(10, 5), absence=lacking)])
    assert answer_of(store, kind).absence == lacking


def test_a_setting_told_shortly_before_the_period_counts_if_none_is_told_in_it(
    store: Store,
) -> None:
    settings_at(store, on(9, 29))
    record(store, on(10, 5), [Answer("frequency", on(10, 5), absence=Absence(Lack.FAILED))])
    assert answer_of(store, "frequency").asked_at == on(9, 29)
    settings_at(store, on(10, 9))
    assert answer_of(store, "frequency").asked_at == on(10, 9)


def test_a_setting_that_nobody_asked_for_in_months_is_not_known(store: Store) -> None:
    settings_at(store, on(1, 1))
    record(store, on(10, 30), [])
    assert answer_of(store, "frequency").absence == Absence(Lack.NEVER_FETCHED)
