"""Unusable replies: kept as they came, and nothing is ever based on them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from reporter.model import Absence, Answer, Assignment, Lack, Look, Policy, Reply, Snapshot
from reporter.period import parse_period
from reporter.render.json_ import report_dict
from reporter.run.reporting import report_of
from reporter.store import Store, tables
from reporter.store.reading import read_period
from reporter.store.received import received_until
from reporter.store.replies import replies_of
from reporter.store.store import MOST_UNUSABLE
from reporter.store.upkeep import prune, rebuild_jobs
from tests.builders import (
    CUSTOMER,
    NOW,
    make_busy_month,
    make_job,
    make_product,
    make_protected,
    make_refusals,
)

OCTOBER = parse_period("2026-10", "UTC", NOW)


def reply(envelope: object, **changes: Any) -> Reply:
    body = envelope if isinstance(envelope, bytes) else json.dumps(envelope).encode()
    reply_of_jobs = Reply("https://graph.example/partner/customers/1/jobs", NOW, "request-1", body)
    return replace(reply_of_jobs, **changes)


JOBS = reply({"value": make_busy_month()})
ODD = (
    reply({"value": [make_job(jobId="FB-ODD", status="Failed")], "@odata.nextLink": "http://[::1"}),
    reply(b"\x00\xff{", url="https://graph.example/?page=2"),
)
"""A readable page, and an unreadable one."""


def refused(unusable: tuple[Reply, ...] = ()) -> tuple[Answer, ...]:
    """Unsuccessful answers other than the jobs."""
    answers = make_refusals(Lack.FAILED, "x")
    return tuple(replace(answer, unusable=unusable) for answer in answers)


def fill(store: Store, *, odd: bool) -> None:
    """A snapshot, and a failure after it, with or without the replies."""
    store.record_customers([CUSTOMER], (JOBS,))
    store.record(Snapshot(CUSTOMER, (JOBS,), refused(ODD_ANSWERS if odd else ())))
    later = NOW + timedelta(hours=4)
    store.record_failure(CUSTOMER, later, "odd", None, ODD if odd else ())


ODD_ANSWERS = (reply({"data": [make_protected()], "products": [make_product()]}),)


def counts(store: Store) -> tuple[int, int]:
    """How many replies and bodies there are."""
    with store.reading() as connection:
        replies, bodies = (
            connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in (tables.replies, tables.bodies)
        )
    return replies, bodies


def test_they_are_kept_as_they_came(store: Store) -> None:
    """To the byte, with address, time and request id, under the fetch that failed."""
    fill(store, odd=True)
    failed = sa.select(tables.fetches.c.id).where(tables.fetches.c.error == "odd")
    with store.reading() as connection:
        fetch_id = connection.scalar(failed)
        assert fetch_id is not None
        assert replies_of(connection, fetch_id) == ODD
    assert store.last_failure(CUSTOMER) == "odd"


def test_nothing_is_based_on_them(url: str, open_store: Callable[[str], Store]) -> None:
    """No figure, no source, no answer, and no job that is derived anew."""
    odd, even = open_store(url), open_store("sqlite://")
    fill(odd, odd=True)
    fill(even, odd=False)
    for again in (False, True):
        reports = [
            report_of(store, Assignment(CUSTOMER, OCTOBER, Policy(), Look(), None))
            for store in (odd, even)
        ]
        assert report_dict(reports[0]) == report_dict(reports[1])
        readings = [
            read_period(store, CUSTOMER, OCTOBER, Policy().watch_every) for store in (odd, even)
        ]
        assert readings[0].answers == readings[1].answers
        assert readings[0].observations == readings[1].observations
        if not again:
            assert rebuild_jobs(odd, CUSTOMER) == rebuild_jobs(even, CUSTOMER)


def test_they_are_not_archived(store: Store) -> None:
    """The archive has what a report is based on; of a failure, only that there was one."""
    fill(store, odd=True)
    until = list(received_until(store, CUSTOMER, {CUSTOMER.id: NOW + timedelta(days=1)}))
    assert [(fetch.kind, fetch.error, fetch.replies) for fetch in until] == [
        ("jobs", None, (JOBS,)),
        ("protection", "failed: x", ()),
        ("subscription", "failed: x", ()),
        ("users", "failed: x", ()),
        ("jobs", "odd", ()),
    ]


def test_repeated_replies_take_no_space(store: Store) -> None:
    """A customer that fails every hour in the same way takes one body."""
    for hour in range(24):
        store.record_failure(CUSTOMER, NOW + timedelta(hours=hour), "odd", None, ODD)
    assert counts(store) == (48, 2)


def test_they_are_pruned_like_others(store: Store) -> None:
    """With their bodies, unless something else has the same."""
    fill(store, odd=True)
    store.record_failure(CUSTOMER, NOW + timedelta(days=3), "odd", None, ODD[:1])
    prune(store, NOW + timedelta(days=1))
    assert counts(store) == (1, 1)


def test_only_the_last_of_very_many_are_kept(store: Store) -> None:
    """And the error says how many there were."""
    many = [reply({"page": number}) for number in range(MOST_UNUSABLE + 20)]
    store.record_failure(CUSTOMER, NOW, "It was too much.", None, many)
    assert counts(store)[0] == MOST_UNUSABLE
    assert store.last_failure(CUSTOMER) == (
        "It was too much. Of the 120 replies to it the last 100 are kept."
    )


@pytest.mark.parametrize("lack", [Lack.NOT_THERE, Lack.FAILED])
def test_an_absence_with_very_many_is_read_as_it_was(store: Store, lack: Lack) -> None:
    """How many there were is no part of it."""
    many = tuple(reply({"page": number}) for number in range(MOST_UNUSABLE + 20))
    answer = Answer("protection", NOW, absence=Absence(lack), unusable=many)
    store.record(Snapshot(CUSTOMER, (JOBS,), (answer,)))
    assignment = Assignment(CUSTOMER, OCTOBER, Policy(), Look(), None)
    assert report_of(store, assignment).protection.absence == Absence(lack)
    assert counts(store)[0] == MOST_UNUSABLE + 1


@pytest.mark.parametrize("text", ["NUL \0 in it", "half \ud83d"])
def test_an_error_with_any_text_is_kept(store: Store, text: str) -> None:
    """A reason phrase may contain what no database accepts."""
    store.record_failure(CUSTOMER, NOW, text)
    assert store.last_failure(CUSTOMER) == text.replace("\0", "\ufffd").replace("\ud83d", "\ufffd")
    refusals = make_refusals(Lack.FAILED, text)
    store.record(Snapshot(CUSTOMER, (JOBS,), refusals))
