"""Objects of failed jobs: kept, counted over the nights of a period, and computed again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import pytest
import sqlalchemy as sa

from reporter.analysis.restatement import figures_in
from reporter.model import (
    Absence,
    Answer,
    Assignment,
    DetailsAsked,
    FailingObject,
    Lack,
    LeaveOut,
    Look,
    Names,
    ObjectCause,
    Policy,
    QualityKind,
    ReasonKind,
    Report,
    State,
)
from reporter.period import parse_period
from reporter.render.json_ import report_dict
from reporter.run.reporting import report_again, report_of
from reporter.store import Store, tables
from reporter.store.asked import details_asked
from reporter.store.received import received_until
from reporter.store.upkeep import prune, rebuild_jobs
from tests.builders import CUSTOMER, NOW, make_details, make_job, make_object
from tests.store.test_store import snapshot_of

OCTOBER = parse_period("2026-10", "UTC", NOW)
EXCEPTION = "Finished with exception"
LOCKED = ObjectCause("The mailbox is locked.", "Locked", 1, 1)


def report_from(store: Store, policy: Policy | None = None) -> Report:
    return report_of(store, assignment_of(policy))


def assignment_of(policy: Policy | None = None, names: Names = "full") -> Assignment:
    return Assignment(CUSTOMER, OCTOBER, policy or Policy(), Look(), None, names)


def night(
    store: Store,
    day: int,
    rows: Sequence[object] | None,
    *,
    month: int = 10,
    status: str = EXCEPTION,
    **metadata: Any,
) -> str:
    """A job of that night in a snapshot of its own, with its details; the id of the job."""
    started = datetime(2026, month, day, 1, tzinfo=UTC)
    job = make_job(started.isoformat(), status)
    at = started + timedelta(hours=2)
    answers: tuple[Answer, ...] = ()
    if rows is not None:
        answers = (make_details(job["jobId"], rows, at=at, **metadata),)
    snapshot = snapshot_of([job], at)
    store.record_customers([CUSTOMER], snapshot.replies)
    store.record(replace(snapshot, answers=answers))
    return str(job["jobId"])


def failed(day: int, title: str = "anna@contoso.example", status: int = 1, **fields: Any) -> Any:
    """A row about an object that failed in that night."""
    finished = {"finishTime": f"2026-10-{day:02}T01:10:38.6017245Z"}
    return make_object(status, title, **finished | fields)


def test_nights_are_counted(store: Store) -> None:
    """Days on which an object failed and on which it had a warning, the first and the last."""
    night(store, 3, [failed(3), failed(3, "ben@contoso.example")])
    night(store, 5, [failed(5), failed(5, "ben@contoso.example", 4)])
    night(store, 6, [failed(6, comment="Mailbox anna@contoso.example moved.", errorCode="")])
    objects = report_from(store).objects
    assert (objects.jobs, objects.read, objects.cut, objects.absence) == (3, 3, 0, None)
    place = ("Microsoft 365", "Exchange Online", "Mailbox")
    assert objects.failing == (
        FailingObject(
            *place, "anna@contoso.example", 3, 0, date(2026, 10, 3), date(2026, 10, 6), None,
            "Mailbox … moved.", "",
        ),
        FailingObject(
            *place, "ben@contoso.example", 1, 1, date(2026, 10, 3), date(2026, 10, 5), None,
            "The mailbox is locked.", "Locked",
        ),
    )  # fmt: skip
    assert objects.causes == (
        replace(LOCKED, objects=2, rows=4),
        ObjectCause("Mailbox … moved.", "", 1, 1),
    )


def test_an_object_that_fails_night_after_night_needs_attention(store: Store) -> None:
    """Though the job finished each time, and counts as one with warnings alone."""
    for day in (3, 4, 5):
        night(store, day, [failed(day)])
    report = report_from(store)
    (reason,) = (each for each in report.reasons if each.kind is ReasonKind.OBJECTS_FAILING)
    assert (reason.module, reason.value, reason.subject) == ("Exchange Online", 1, "Mailbox")
    assert reason.since == datetime(2026, 10, 3, tzinfo=UTC)
    assert report.modules[0].state is not State.HEALTHY


def test_two_nights_are_not_enough(store: Store) -> None:
    """Twice on one day is one night."""
    night(store, 3, [failed(3)])
    night(store, 4, [failed(4), failed(4)])
    report = report_from(store)
    assert report.objects.failing[0].nights == 2
    assert ReasonKind.OBJECTS_FAILING not in {reason.kind for reason in report.reasons}


def test_a_later_success_shows_that_it_recovered(store: Store) -> None:
    """An earlier one does not, nor does another object's."""
    night(store, 2, [failed(2, status=0)])
    for day in (3, 4, 5):
        night(store, day, [failed(day), failed(day, "ben@contoso.example")])
    night(store, 20, [failed(20, status=0), make_object(0, "carla@contoso.example")])
    night(store, 21, [failed(21, status=4)])
    ben, anna = report_from(store).objects.failing
    assert (ben.title, ben.recovered_at) == ("ben@contoso.example", None)
    assert ben.persists(OCTOBER.end)
    assert anna.recovered_at == datetime.fromisoformat("2026-10-20T01:10:38.601724Z")
    assert (anna.persists(OCTOBER.end), anna.warned) == (False, 1)  # warned of since, not failed


def test_what_comes_later_changes_no_closed_month(store: Store) -> None:
    """Neither a recovery nor details that are asked for late; no unknown type counts again."""
    for day in (28, 29, 30):
        night(store, day, [failed(day, type=99), failed(day, "ben@contoso.example")])
    job_id = night(store, 31, None)
    night(store, 2, [], month=11)  # from this look on the month is final
    before = report_dict(report_from(store))
    for day in (3, 4):
        finished = f"2026-11-{day:02}T01:10:38Z"
        night(store, day, [make_object(0, type=99, finishTime=finished)], month=11)
    late = make_details(job_id, [failed(31)], at=NOW + timedelta(days=3))
    snapshot = snapshot_of([make_job("2026-11-04T01:00:00+00:00")], NOW + timedelta(days=3))
    store.record(replace(snapshot, answers=(late,)))
    after = report_dict(report_from(store))
    assert after["objects"] == before["objects"]
    assert after["quality"] == before["quality"]
    assert after["state"] == before["state"]


def test_details_read_twice_count_once(store: Store) -> None:
    """The last ones."""
    job_id = night(store, 3, [failed(3)])
    again = make_details(job_id, [failed(3, comment="It is gone.")], at=NOW)
    snapshot = snapshot_of([make_job("2026-10-03T01:00:00+00:00", EXCEPTION)], NOW)
    store.record(replace(snapshot, answers=(again,)))
    assert report_from(store).objects.causes == (ObjectCause("It is gone.", "Locked", 1, 1),)


def test_the_month_before_is_judged_by_its_objects_too(store: Store) -> None:
    """Or each month would seem to have got worse."""
    for day in (3, 4, 5):
        night(store, day, [failed(day)])
    night(store, 2, [], month=11)
    policy = Policy(warning="success")
    november = parse_period("2026-11", "UTC", NOW)
    previous = report_of(store, replace(assignment_of(policy), period=november)).previous
    assert previous is not None
    assert previous.state is report_from(store, policy).state


def test_a_job_id_that_another_service_has_too(store: Store) -> None:
    """The details are those of the job of Microsoft 365."""
    job = make_job("2026-10-03T01:00:00+00:00", EXCEPTION)
    other = job | {"jobType": "Google Workspace", "jobModule": "Gmail"}
    snapshot = snapshot_of([other, job], NOW)
    store.record_customers([CUSTOMER], snapshot.replies)
    answers = (make_details(job["jobId"], [failed(3)], at=NOW),)
    store.record(replace(snapshot, answers=answers))
    assert [each.service for each in report_from(store).objects.failing] == ["Microsoft 365"]


def test_another_choice_of_names_corrects_nothing(store: Store) -> None:
    """The figures are the same."""
    night(store, 3, [failed(3)])
    figures = [
        figures_in(report_dict(report_of(store, assignment_of(names=names))))
        for names in get_args(Names)
    ]
    assert figures[0] == figures[1] == figures[2]


def test_successes_of_others_are_counted_and_not_kept(store: Store) -> None:
    """A job of thousands of objects leaves a row for those that failed."""
    many = [make_object(0, f"user{number}@contoso.example") for number in range(200)]
    night(store, 3, [*many, failed(3)])
    with store.reading() as connection:
        kept = connection.scalar(sa.select(sa.func.count()).select_from(tables.objects))
        listed = connection.scalar(sa.select(tables.details.c.objects))
    assert (kept, listed) == (1, 201)


def test_jobs_without_details_are_counted(store: Store) -> None:
    """Why the last of them could not be read is said; nothing is null or zero because of it."""
    night(store, 3, [failed(3)])
    job_id = night(store, 4, None)
    absence = Absence(Lack.FAILED, "503 Service Unavailable")
    store.record(
        replace(
            snapshot_of([make_job("2026-10-04T01:00:00+00:00", EXCEPTION)], NOW),
            answers=(make_details(job_id, absence=absence),),
        )
    )
    objects = report_from(store).objects
    assert (objects.jobs, objects.read, objects.absence) == (2, 1, absence)


@pytest.mark.parametrize(
    ("names", "mailbox", "drive", "site"),
    [
        ("full", "anna@contoso.example", "https://c.example/personal/ben_c", "https://c.example/x"),
        ("masked", "an…@contoso.example", "https://c.example/personal/b…", "https://c.example/…"),
        ("none", None, None, None),  # of Exchange Online: whatever its type, it is somebody's
    ],
)
def test_people_are_named_as_far_as_is_allowed(
    store: Store, names: Names, mailbox: str | None, drive: str | None, site: str | None
) -> None:
    """Also in the JSON, and of types that are in no list."""
    drives = ("https://c.example/personal/ben_c", "https://c.example/x")
    odd = [failed(3, "Ben Carter", type=kind) for kind in ("mailbox", None, 15)]
    night(store, 3, [failed(3), *(failed(3, title, type=2) for title in drives), *odd])
    report = report_of(store, assignment_of(names=names))
    titles = {each.title for each in report.objects.failing}
    assert titles - {"Ben Carter", "B. C."} == {mailbox, drive, site}
    assert ("Ben Carter" in titles) == (names == "full")
    text = json.dumps(report_dict(report))
    assert ("anna@" in text, "ben_c" in text) == (names == "full", names == "full")


def test_nothing_known_is_null(store: Store) -> None:
    """Not a list of no failed objects."""
    night(store, 3, None)
    assert report_dict(report_from(store))["objects"] is None


def test_a_list_that_was_cut_is_counted(store: Store) -> None:
    """A very long one ends with a token."""
    night(store, 3, [failed(3)], skipToken="more")
    assert report_from(store).objects.cut == 1


def test_what_cannot_be_read_is_listed(store: Store) -> None:
    """By the service's names of the fields."""
    night(store, 3, [failed(3, type=99, finishTime="soon"), failed(3, status=8)])
    notes = {(note.kind, note.field, note.values) for note in report_from(store).quality}
    assert {
        (QualityKind.UNKNOWN_CODE, "type", ("99",)),
        (QualityKind.UNKNOWN_CODE, "status", ("8",)),
        (QualityKind.UNREADABLE, "finishTime", ("soon",)),
    } <= notes


def test_objects_of_modules_that_are_left_out_do_not_count(store: Store) -> None:
    """Nor are they a reason."""
    for day in (3, 4, 5):
        night(store, day, [failed(day)])
    left_out = LeaveOut("Microsoft 365", "Exchange Online", None, "backed up elsewhere")
    report = report_from(store, Policy(left_out=(left_out,)))
    assert (report.objects.failing, report.reasons) == ((), ())


def test_the_replies_alone_give_the_same_report(store: Store) -> None:
    """As a bag holds them: what `verify` computes again."""
    for day in (3, 4, 5):
        night(store, day, [failed(day)])
    night(store, 6, [failed(6, status=0)])
    report = report_from(store)
    fetches = list(received_until(store, CUSTOMER, {CUSTOMER.id: report.as_of}))
    assert [fetch.job_id for fetch in fetches if fetch.kind == "details"] == [
        "FB20261003010000", "FB20261004010000", "FB20261005010000", "FB20261006010000",
    ]  # fmt: skip
    again = report_again(fetches, assignment_of())
    assert again is not None
    assert report_dict(again) == report_dict(report)
    (source,) = (each for each in report.sources if "FB20261003010000" in each.url)
    assert source.rows == 1


def test_derived_anew_they_are_the_same(store: Store) -> None:
    """From the replies, in the order they were recorded."""
    for day in (3, 4, 5):
        night(store, day, [failed(day)])
    night(store, 6, [failed(6, status=0)])
    before = report_dict(report_from(store))
    rebuild_jobs(store, CUSTOMER)
    assert report_dict(report_from(store)) == before


def test_pruned_with_their_snapshots(store: Store) -> None:
    """What stays is of the snapshots that stay."""
    night(store, 3, [failed(3)])
    night(store, 4, [failed(4)])
    prune(store, datetime(2026, 10, 4, tzinfo=UTC))
    objects = report_from(store).objects
    assert [(each.first, each.nights) for each in objects.failing] == [(date(2026, 10, 4), 1)]
    prune(store, datetime(2026, 12, 1, tzinfo=UTC))
    with store.reading() as connection:
        for table in (tables.details, tables.objects, tables.modules):
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0


def test_details_of_an_unknown_job_are_kept_and_tell_nothing(store: Store) -> None:
    """Its module is not known: a bag that somebody changed may hold such."""
    night(store, 3, None)
    answer = make_details("another", [failed(3)])
    store.record(replace(snapshot_of([make_job(status=EXCEPTION)], NOW), answers=(answer,)))
    assert report_from(store).objects.failing == ()


def test_what_was_asked_is_not_asked_again(store: Store) -> None:
    """Answered ones never, failed ones up to three times; a module that fails is watched."""
    since = datetime(2026, 9, 1, tzinfo=UTC)
    assert details_asked(store, since) == {}
    ids = [night(store, day, [failed(day)]) for day in (3, 4)]
    assert details_asked(store, since)[CUSTOMER.id].failing == frozenset()
    ids.append(night(store, 5, [failed(5)]))
    exchange = frozenset({("Microsoft 365", "Exchange Online")})
    asked = DetailsAsked(frozenset(ids), (), exchange)
    assert details_asked(store, since) == {CUSTOMER.id: asked}
    refused = make_details("odd", absence=Absence(Lack.FAILED, "503"))
    for times in range(1, 4):
        snapshot = snapshot_of([make_job(status=EXCEPTION)], NOW + timedelta(hours=times))
        store.record(replace(snapshot, answers=(refused,)))
        asked = details_asked(store, since)[CUSTOMER.id]
        assert asked.failed == (("odd",) if times < 3 else ())
        assert ("odd" in asked.settled) is (times == 3)
    night(store, 6, [failed(6, status=0)])
    assert details_asked(store, since)[CUSTOMER.id].failing == frozenset()
