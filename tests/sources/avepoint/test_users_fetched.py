"""The users of a customer over real HTTP: each tenant's whole list, or a reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reporter.model import Absence, Answer, Lack, ListedUser, QualityKind, Unread
from reporter.sources.avepoint.emulator import Clock
from reporter.sources.avepoint.emulator.users import user_rows as emulated
from reporter.sources.avepoint.reading.reader import AvePointReader
from reporter.sources.avepoint.reading.replies import user_rows
from reporter.sources.avepoint.reading.users import TWO_ANSWERS, users_in
from tests.builders import make_user, make_users
from tests.conftest import StartEmulator
from tests.sources.avepoint.service import GENERAL, Page, Service, paged
from tests.sources.avepoint.test_beside import FaultsOf, answers_of, customer
from tests.sources.avepoint.test_fetch import source_of

PERMISSION = "elements.cbprotected.read.all"


def users_path(tenant: str) -> str:
    return f"{GENERAL}/a/tenants/{tenant}/cloud-backup-m365/users/batch"


def answer_with(
    tenants: object, pages: Mapping[str, Page], withheld: Sequence[str] = ()
) -> tuple[Answer, Service]:
    """The answer about the users of one customer, whose row in the list has these `tenants`."""
    row = {"id": "a", "organization": "A", "tenants": tenants}
    paths = {users_path(tenant): page for tenant, page in pages.items()}
    with Service(["a"], {f"{GENERAL}/batch": paged([row]), **paths}, withheld) as service:
        source, (listed,) = service.open()
        (answer,) = source.snapshot(listed, [], ["users"]).answers
        return answer, service


def tenants(*ids: str) -> list[dict[str, str]]:
    return [{"id": tenant_id, "name": f"Tenant {tenant_id}"} for tenant_id in ids]


def many(count: int, first: int = 0) -> list[dict[str, Any]]:
    return [make_user(number) for number in range(first, first + count)]


def test_all_tenants_make_one_answer() -> None:
    """Every page of each; the reader finds each list complete by its own count."""
    answer, service = answer_with(
        tenants("t/1", "t-2", "t-2"), {"t%2F1": paged(many(250)), "t-2": paged(many(7, 1000))}
    )
    assert answer.absence is None
    assert len(user_rows(answer.replies)) == 257
    assert service.asked[users_path("t%2F1")] == 3
    assert service.asked[users_path("t-2")] == 1
    reader = AvePointReader()
    assert [len(pages) for pages in reader.snapshots(answer.replies, "users")] == [3, 1]
    assert reader.counts(answer.replies, "users") == [100, 100, 50, 7]
    assert all(reader.is_about(reply, "a") for reply in answer.replies)


def test_a_tenant_without_users_is_an_answer() -> None:
    """An empty list is complete."""
    answer, _ = answer_with(tenants("t"), {"t": paged([])})
    assert (answer.absence, len(answer.replies)) == (None, 1)


@pytest.mark.parametrize("listed", [None, [], tenants("t")])
def test_without_a_known_tenant_there_are_no_users(listed: object) -> None:
    """None is named, or the service does not know it."""
    answer, _ = answer_with(listed, {})
    assert answer.absence == Absence(Lack.NOT_THERE)


@pytest.mark.parametrize("listed", ["t", [None], [{"id": "N/A"}], [*tenants("t"), {"name": "x"}]])
def test_a_tenant_without_an_id_is_a_failure(listed: object) -> None:
    """Its users would be missing, and nobody would know."""
    answer, _ = answer_with(listed, {"t": paged([])})
    assert answer.absence
    assert answer.absence.kind is Lack.FAILED
    assert "without an id" in answer.absence.said


def test_one_unknown_tenant_of_two_is_a_failure() -> None:
    """Half of the users would look like all; what came is kept."""
    answer, _ = answer_with(tenants("t", "u"), {"u": paged(many(3))})
    assert answer.absence
    assert answer.absence.kind is Lack.FAILED
    assert "1 of 2 tenants" in answer.absence.said
    assert len(answer.unusable) == 1


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        (lambda *_: 403, Lack.NOT_PERMITTED),
        (lambda *_: 400, Lack.FAILED),
        (lambda *_: {"data": many(3)}, Lack.FAILED),
        (lambda *_: {"data": many(3), "metadata": {"totalCount": 4}}, Lack.FAILED),
        (lambda *_: paged([*many(3), "x"])(1, 100), Lack.FAILED),
        (lambda *_: paged([*many(3), make_user(2)])(1, 100), Lack.FAILED),
        (lambda *_: paged(many(200))(1, 100), Lack.FAILED),  # the second page is the first again
    ],
)
def test_what_is_no_whole_list_is_not_used(page: Page, kind: Lack) -> None:
    """Refused, without a count, short, of another shape, or with pages that repeat."""
    answer, _ = answer_with(tenants("t"), {"t": page})
    assert answer.absence
    assert answer.absence.kind is kind
    assert answer.replies == ()


def test_without_the_permission_nothing_is_asked() -> None:
    """The token lacks it."""
    answer, service = answer_with(tenants("t"), {"t": paged([])}, [PERMISSION])
    assert answer.absence == Absence(Lack.NOT_PERMITTED, PERMISSION)
    assert service.asked[users_path("t")] == 0


@pytest.mark.parametrize("fault", ["500", "broken-json", "other-shape", "bad-row", "short"])
def test_unavailable_users_affect_nothing_else(start_emulator: StartEmulator, fault: str) -> None:
    """The jobs, the protected data and the subscription are complete."""
    emulator = start_emulator(customers=[customer()])
    emulator.faults = FaultsOf("users", fault)
    answers = answers_of(emulator, "v3")
    assert answers["users"].absence
    assert answers["users"].absence.kind is Lack.FAILED
    assert answers["protection"].absence is answers["subscription"].absence is None


@pytest.mark.parametrize("fault", ["shift", "repeat"])
def test_pages_that_shift_or_repeat_give_no_list(start_emulator: StartEmulator, fault: str) -> None:
    """Of a tenant whose users fill more than one page."""
    large = next(
        profile
        for number in range(50)
        if len(emulated(1, profile := replace(customer(), id=f"c{number}"), f"c{number}", AT)) > 100
    )
    emulator = start_emulator(customers=[large])
    emulator.faults = FaultsOf("users", fault)
    assert answers_of(emulator, "v3")["users"].absence
    emulator.faults = FaultsOf("nothing", fault)
    assert answers_of(emulator, "v3")["users"].absence is None


def test_generation_1_has_no_such_call(start_emulator: StartEmulator) -> None:
    """It is not asked."""
    assert "users" not in answers_of(start_emulator(customers=[customer()]), "v1")


AT = datetime(2026, 10, 20, 6, tzinfo=UTC)


def test_the_emulator_lists_who_joins(start_emulator: StartEmulator) -> None:
    """Without protection at first; every tenant has users of its own."""
    clock = Clock(AT)
    profile = replace(customer(), further_tenants=("Second",))
    emulator = start_emulator(customers=[profile], now=clock)
    source, (listed,), _ = source_of(emulator, "v3")

    def users() -> dict[str, ListedUser]:
        (answer,) = source.snapshot(listed, [], ["users"]).answers
        assert answer.absence is None
        return {user.key: user for user in users_in(user_rows(answer.replies), Counter())}

    before = users()
    clock.now = AT + timedelta(days=9)
    joined = users().keys() - before.keys()
    assert len(joined) == 2
    clock.now = AT + timedelta(days=9, hours=1)
    assert users() == users()
    lacking = [user for user in before.values() if not all(user.protected.values())]
    assert 0 < len(lacking) < len(before) / 2


def read(*rows: dict[str, Any]) -> tuple[tuple[ListedUser, ...], Unread]:
    unread: Unread = Counter()
    return users_in(user_rows(make_users(rows).replies), unread), unread


def status(**fields: object) -> dict[str, Any]:
    return make_user(moduleStatus=[fields])


def test_both_spellings_of_the_fields_are_read() -> None:
    """The vendor's sample and its table differ; a text is read as well."""
    for row in (
        status(module=2, isProtected=False),
        status(Module=2, IsProtected=False),
        status(module="2", isProtected="False"),
        status(module="OneDrive", isProtected="false"),
    ):
        (user,), unread = read(row)
        assert (user.protected, unread) == ({"OneDrive": False}, {})


def test_an_unknown_module_is_kept_and_noted() -> None:
    """By its number; one without any by N/A."""
    (user,), unread = read(status(module=7, isProtected=True))
    assert user.protected == {"Unknown (7)": True}
    assert unread == {(QualityKind.UNKNOWN_CODE, "module", "7"): 1}
    (user,), unread = read(status(isProtected=True))
    assert (user.protected, unread) == ({"N/A": True}, {})


def test_what_cannot_be_read_is_missing_and_noted() -> None:
    """Missing is neither protected nor unprotected; nothing there is no note."""
    (user,), unread = read(status(module=0, isProtected="maybe"))
    assert (user.protected, unread) == (
        {}, {(QualityKind.UNREADABLE, "isProtected", "maybe"): 1},
    )  # fmt: skip
    (user,), unread = read(make_user(moduleStatus="all"))
    assert unread == {(QualityKind.UNREADABLE, "moduleStatus", "not a list of modules"): 1}
    for row in (
        status(module=0),
        status(module=0, isProtected="N/A"),
        make_user(moduleStatus=None),
    ):
        (user,), unread = read(row)
        assert (user.protected, unread) == ({}, {})


def test_a_user_counts_once() -> None:
    """By the id, else the address, else the name; not protected if any row says so, and noted."""
    users, unread = read(make_user(1), status(module=2, isProtected=False))
    assert [user.protected for user in users] == [{"Mailbox": True, "OneDrive": False}]
    assert unread == {(QualityKind.CONTRADICTION, "isProtected", TWO_ANSWERS): 1}
    nobody = {"moduleStatus": [{"module": 0, "isProtected": True}]}
    users, _ = read({"email": "a@x.example"}, {"email": "a@x.example"}, nobody, nobody)
    assert [(user.key, user.address) for user in users] == [
        ("a@x.example", "a@x.example"), ("", None), ("", None),
    ]  # fmt: skip
    assert json.dumps(users[1].protected) == '{"Mailbox": true}'
