"""Users without protection: who, in which module, and how they stood before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from reporter.analysis.restatement import changes_between, figures_in
from reporter.model import (
    Absence,
    Answer,
    Before,
    Change,
    Lack,
    ModuleUsers,
    Names,
    QualityKind,
    Report,
    UnprotectedUser,
    Users,
)
from reporter.render.json_ import report_dict
from tests.builders import CUSTOMER, make_refusals, make_report, make_user, make_users

OCTOBER = datetime(2026, 10, 31, 6, tzinfo=UTC)
SEPTEMBER = datetime(2026, 9, 30, 6, tzinfo=UTC)
AUGUST = datetime(2026, 8, 31, 6, tzinfo=UTC)


def user(number: int, *, mailbox: bool = True, drive: bool | None = None) -> dict[str, Any]:
    statuses = [{"module": 0, "isProtected": mailbox}]
    if drive is not None:
        statuses.append({"module": 2, "isProtected": drive})
    return make_user(number, moduleStatus=statuses)


def report_of(
    users: Sequence[object], *before: Answer, names: Names = "full", at: datetime = OCTOBER
) -> Report:
    answers = [make_users(users, at=at)]
    return make_report([], answers=answers, users_before=before, names=names)


def stands(report: Report) -> dict[str | None, tuple[Before | None, datetime | None]]:
    return {user.address: (user.before, user.before_at) for user in report.users.unprotected}


def address(number: int) -> str:
    return f"anna.keller{number}@contoso.example"


def test_users_are_counted_by_module() -> None:
    """Each module has the users of whom the service says whether they are protected in it."""
    users = [user(1, drive=False), user(2, mailbox=False, drive=False), user(3)]
    assert report_of(users).users.modules == (
        ModuleUsers("Mailbox", 3, 1, None),
        ModuleUsers("OneDrive", 2, 2, None),
    )


def test_the_change_is_against_the_last_list_before_the_period() -> None:
    """Not against an older one; a module it does not have has nothing to compare with."""
    before = make_users([user(1), user(2, mailbox=False)], at=SEPTEMBER)
    older = make_users([], at=AUGUST)
    report = report_of([user(1, mailbox=False, drive=False)], before, older)
    assert report.users.modules == (
        ModuleUsers("Mailbox", 1, 1, 1),
        ModuleUsers("OneDrive", 1, 1, None),
    )


def test_a_list_from_before_the_period_is_not_compared_with_itself() -> None:
    """Nobody asked within the period: there is no change, and none is made up."""
    before = make_users([user(1, mailbox=False)], at=SEPTEMBER)
    older = make_users([user(1)], at=AUGUST)
    report = report_of([user(1, mailbox=False)], before, older, at=SEPTEMBER)
    assert report.users.modules == (ModuleUsers("Mailbox", 1, 1, None),)
    assert stands(report) == {address(1): (Before.PROTECTED, AUGUST)}


def test_each_user_is_followed_back_through_the_earlier_lists() -> None:
    """To the newest by which they were protected or not listed, else to the oldest."""
    before = make_users(
        [user(1), user(3, mailbox=False), user(4, mailbox=False), user(5, mailbox=False)],
        at=SEPTEMBER,
    )
    older = make_users([user(1), user(3), user(5, mailbox=False)], at=AUGUST)
    report = report_of([user(n, mailbox=False) for n in (1, 2, 3, 4, 5)], before, older)
    assert stands(report) == {
        address(1): (Before.PROTECTED, SEPTEMBER),
        address(2): (Before.NOT_LISTED, SEPTEMBER),
        address(3): (Before.PROTECTED, AUGUST),
        address(4): (Before.NOT_LISTED, AUGUST),
        address(5): (Before.UNPROTECTED, AUGUST),
    }


def test_without_an_earlier_list_nothing_older_is_claimed() -> None:
    """In every list there is, which is this one alone."""
    report = report_of([user(1, mailbox=False)])
    assert stands(report) == {address(1): (Before.UNPROTECTED, OCTOBER)}


def test_a_module_that_was_added_is_new_for_its_users() -> None:
    """They were listed, but not with it."""
    before = make_users([user(1)], at=SEPTEMBER)
    report = report_of([user(1, drive=False)], before)
    assert stands(report) == {address(1): (Before.NOT_LISTED, SEPTEMBER)}


def test_nobody_can_tell_users_without_names_from_one_another() -> None:
    """Each counts; nothing is said of how they stood."""
    nobody = {"moduleStatus": [{"module": 0, "isProtected": False}]}
    report = report_of([nobody, nobody], make_users([nobody], at=SEPTEMBER))
    assert report.users.modules == (ModuleUsers("Mailbox", 2, 2, 1),)
    assert report.users.unprotected == (UnprotectedUser("Mailbox", None, None, None, None),) * 2


@pytest.mark.parametrize(
    ("names", "name", "shown"),
    [
        ("full", "Anna Keller 1", "anna.keller1@contoso.example"),
        ("masked", "A. K. 1.", "an…@contoso.example"),
        ("none", None, None),
    ],
)
def test_the_report_has_no_other_names_than_allowed(
    names: Names, name: str | None, shown: str | None
) -> None:
    """Nothing that is made from it can show more."""
    report = report_of([user(1, mailbox=False)], names=names)
    (unprotected,) = report.users.unprotected
    assert (unprotected.name, unprotected.address, report.names) == (name, shown, names)
    text = f"{report} {json.dumps(report_dict(report))}"
    assert ("Keller" in text) is (names == "full")
    assert ("keller1@" in text) is (names == "full")


def test_users_are_masked_unless_somebody_chooses_otherwise() -> None:
    """The default is the careful one."""
    answers = [make_users([user(1, mailbox=False)])]
    (unprotected,) = make_report([], answers=answers).users.unprotected
    assert unprotected.address == "an…@contoso.example"


@pytest.mark.parametrize("lack", Lack)
def test_without_a_list_there_is_a_reason_and_no_figure(lack: Lack) -> None:
    """The JSON says null, which is not zero."""
    report = make_report([], answers=make_refusals(lack, "why"))
    assert report.users == Users(None, Absence(lack, "why"), (), ())
    assert report_dict(report)["users"] is None


def test_the_json_has_the_counts() -> None:
    """With the keys of docs/figures.md; it names nobody."""
    report = report_of([user(1, mailbox=False)], make_users([user(1)], at=SEPTEMBER))
    assert report_dict(report)["users"] == {
        "as_of": "2026-10-31T06:00:00+00:00",
        "unprotected": [
            {"module": "Mailbox", "users": 1, "unprotected": 1, "unprotected_before": 0}
        ],
    }
    assert report_dict(report_of([]))["users"]["unprotected"] == []


def test_the_replies_are_among_the_sources() -> None:
    """Those of every list that something is said by."""
    report = report_of([user(1)], make_users([], at=SEPTEMBER))
    of_users = [source for source in report.sources if "/users/batch" in source.url]
    assert [(source.fetched_at, source.rows) for source in of_users] == [
        (SEPTEMBER, 0), (OCTOBER, 1),
    ]  # fmt: skip
    assert all(CUSTOMER.id in source.url for source in of_users)


def test_what_cannot_be_read_is_a_quality_note() -> None:
    """Once for the list of the period: the earlier ones had reports of their own."""
    odd = make_user(1, moduleStatus=[{"module": 9, "isProtected": "maybe"}])
    report = report_of([odd, odd | {"id": "2"}], make_users([odd], at=SEPTEMBER))
    assert {(note.kind, note.field, note.values, note.count) for note in report.quality} == {
        (QualityKind.UNKNOWN_CODE, "module", ("9",), 2),
        (QualityKind.UNREADABLE, "isProtected", ("maybe",), 2),
    }


def test_another_number_of_users_is_a_change() -> None:
    """The time of the list is none."""
    before, now = (
        report_dict(report_of([user(1, mailbox=mailbox, drive=False)], names="none"))
        for mailbox in (True, False)
    )
    assert changes_between(before, now) == (Change("users_unprotected", "", "", None, 1, 2),)
    later = report_dict(report_of([user(1, drive=False)], at=datetime(2026, 10, 31, 9, tzinfo=UTC)))
    assert figures_in(later) == figures_in(before)
