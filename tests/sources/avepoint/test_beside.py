"""Protected data, users and subscriptions over real HTTP: a refusal never costs the jobs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reporter.model import Absence, Answer, Kind, Lack
from reporter.sources.avepoint.emulator import Emulator, Faults, Profile, ordinary_customers
from reporter.sources.avepoint.emulator.cast import SubscriptionTerms
from reporter.sources.avepoint.reading.replies import products_of, protected_rows
from tests.builders import make_protected
from tests.conftest import StartEmulator
from tests.sources.avepoint.service import GENERAL, Page, Service, paged
from tests.sources.avepoint.test_fetch import source_of

PERMISSIONS = {
    "v1": ("partner.cbprotected.read.all", "partner.license.read.all"),
    "v3": ("elements.cbprotected.read.all", "elements.license.read.all"),
}
EXPIRES = {"v1": "2027-04-05", "v3": "04-05-2027T12:00:00Z"}


class FaultsOf(Faults):
    """Faults that strike requests for one kind of thing alone."""

    def __init__(self, part: str, *faults: str) -> None:
        super().__init__(dict.fromkeys(faults, 1.0))
        self._part = part

    def strikes(self, name: str, request: str) -> bool:
        return self._part in request and super().strikes(name, request)


def customer(**terms: Any) -> Profile:
    (profile,) = ordinary_customers(1, 100, 1)
    assert profile.plans[0].service == "Microsoft 365"
    return replace(profile, terms=SubscriptionTerms(**terms))


def answers_of(emulator: Emulator, version: str) -> dict[Kind, Answer]:
    """The answers for one customer, whose jobs must be there in any case."""
    source, (customer,), _ = source_of(emulator, version)
    snapshot = source.snapshot(customer)
    assert snapshot.replies
    return {answer.kind: answer for answer in snapshot.answers}


@pytest.mark.parametrize("version", ["v1", "v3"])
def test_what_is_permitted_is_read(start_emulator: StartEmulator, version: str) -> None:
    """Beside the jobs come the protected data and the subscription."""
    answers = answers_of(start_emulator(customers=[customer()]), version)
    lines = protected_rows(answers["protection"].replies)
    assert [line["totalProtectedObjects"] for line in lines]
    products = products_of(answers["subscription"].replies)
    assert products[0]["expirationDate"] == EXPIRES[version]
    path = {"v1": "/partner/services/", "v3": "/services/batch/"}[version]
    assert path in answers["subscription"].replies[0].url
    assert all(answer.absence is None and answer.asked_at for answer in answers.values())


@pytest.mark.parametrize("version", ["v1", "v3"])
def test_a_missing_permission_is_named_and_requested_once(
    start_emulator: StartEmulator, version: str
) -> None:
    """The token endpoint refuses it: nothing is requested for any customer, and the jobs of each
    are read.
    """
    emulator = start_emulator(withheld=[*PERMISSIONS[version], *PERMISSIONS["v1"]])
    source, customers, _ = source_of(emulator, version)
    for customer in customers:
        snapshot = source.snapshot(customer)
        assert snapshot.replies
        absences = {answer.kind: answer.absence for answer in snapshot.answers}
        protected, licences = PERMISSIONS[version]
        permissions = {"protection": protected, "subscription": licences}
        if version == "v3":
            permissions["users"] = protected
        assert absences == {
            kind: Absence(Lack.NOT_PERMITTED, permission)
            for kind, permission in permissions.items()
        }
    withheld = [
        request for request in emulator.requests if "services" in request or "protected" in request
    ]
    assert (withheld, [request for request in emulator.requests if "overview" in request]) == (
        [],
        [],
    )
    # Generation 3 also asks for generation 1's permission to read subscriptions, and for users by
    # themselves.
    assert emulator.requests["connect token"] == {"v1": 3, "v3": 5}[version]


def test_permissions_are_independent(start_emulator: StartEmulator) -> None:
    """Where one is granted it is used, also beside generation 3."""
    emulator = start_emulator(customers=[customer()], withheld=["elements.cbprotected.read.all"])
    answers = answers_of(emulator, "auto")
    assert answers["protection"].absence is not None
    assert answers["subscription"].absence is None


@pytest.mark.parametrize("version", ["v1", "v3"])
def test_a_customer_left_out_is_not_permitted(start_emulator: StartEmulator, version: str) -> None:
    """A 403 for one customer is a missing permission as well; others are still requested. The list
    of all subscriptions leaves such a customer out.
    """
    out = replace(customer(refused=frozenset({"protected", "subscription", "users"})), id="out")
    source, (first, second), _ = source_of(start_emulator(customers=[out, customer()]), version)
    protected, licences = PERMISSIONS[version]
    assert [answer.absence for answer in source.snapshot(first).answers] == [
        Absence(Lack.NOT_PERMITTED, protected),
        Absence(Lack.NOT_PERMITTED, licences) if version == "v1" else Absence(Lack.NOT_THERE),
        *([Absence(Lack.NOT_PERMITTED, protected)] if version == "v3" else []),
    ]
    assert {answer.absence for answer in source.snapshot(second).answers} == {None}


@pytest.mark.parametrize("version", ["v1", "v3"])
def test_data_unknown_to_the_service_is_not_there(
    start_emulator: StartEmulator, version: str
) -> None:
    """A 404 is an answer: this customer has none."""
    profile = customer(unknown=frozenset({"protected", "subscription", "users"}))
    answers = answers_of(start_emulator(customers=[profile]), version)
    assert {answer.absence for answer in answers.values()} == {Absence(Lack.NOT_THERE)}


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("500", "failed 6 times: 500"),
        ("drop", "failed 6 times"),
        ("broken-json", "not JSON"),
        ("html", "not JSON"),
        ("other-shape", "not a list"),
        ("bad-row", "not a list of protected data"),
        ("expire", Lack.NOT_PERMITTED),
    ],
)
@pytest.mark.parametrize("version", ["v1", "v3"])
def test_unavailable_protected_data_affects_nothing_else(
    start_emulator: StartEmulator, version: str, fault: str, message: str
) -> None:
    """Whatever is wrong with it is kept as the reason; jobs and subscription are complete."""
    emulator = start_emulator(customers=[customer()])
    emulator.faults = FaultsOf("overview" if version == "v3" else "protected", fault)
    answers = answers_of(emulator, version)
    absence = answers["protection"].absence
    assert absence is not None
    assert message in f"{absence.kind}: {absence.said}" or (
        # Where there is a count, rows are counted before they are read.
        (version, fault) == ("v3", "bad-row") and "totalCount says" in absence.said
    )
    assert answers["protection"].replies == ()
    assert answers["subscription"].absence is None


@pytest.mark.parametrize("fault", ["503", "broken-json", "other-shape"])
def test_an_unavailable_subscription_affects_nothing_else(
    start_emulator: StartEmulator, fault: str
) -> None:
    """The same for the subscription."""
    emulator = start_emulator(customers=[customer()])
    emulator.faults = FaultsOf("services", fault)
    answers = answers_of(emulator, "v3")
    assert answers["subscription"].absence is not None
    assert answers["subscription"].absence.kind is Lack.FAILED
    assert answers["protection"].absence is None


def rows_of_overview(count: int) -> list[dict[str, Any]]:
    return [make_protected(serviceModule=f"Module {number}") for number in range(count)]


def overview_answer(page: Page) -> tuple[Answer, int]:
    """The result of an overview with this answer, and how often it was requested."""
    path = f"{GENERAL}/a/cloud-backup-m365/overview"
    with Service(["a"], {path: page}) as service:
        source, (customer,) = service.open()
        (answer,) = source.snapshot(customer, [], ["protection"]).answers
        return answer, service.asked[path]


@pytest.mark.parametrize(
    ("page", "rows", "requests"),
    [
        (paged(rows_of_overview(250)), 250, 3),
        (paged([]), 0, 1),
        (lambda *_: {"data": rows_of_overview(13)}, 13, 1),
        (lambda *_: rows_of_overview(13), 13, 1),
        (lambda *_: [], 0, 1),
        (lambda *place: [paged(rows_of_overview(150))(*place)], 150, 2),
    ],
)
def test_the_overview_has_pages_and_several_envelopes(page: Page, rows: int, requests: int) -> None:
    """An object, a bare list of rows, or an array with the object in it."""
    answer, times = overview_answer(page)
    assert answer.absence is None
    assert len(protected_rows(answer.replies)) == rows
    assert times == requests


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (lambda *_: rows_of_overview(100), "100 rows came, and there may be more"),
        (lambda *_: {"value": [], "@odata.nextLink": "x"}, "there may be more"),
        (
            lambda *_: {"data": [], "metadata": {"totalCount": 3}},
            "0 rows came, but totalCount says 3",
        ),
        (
            lambda n, _: rows_of_overview(3) if n > 1 else paged(rows_of_overview(4))(1, 2),
            "totalCount says 4, None",
        ),
    ],
)
def test_an_overview_that_may_be_incomplete_is_not_used(page: Page, message: str) -> None:
    """It is kept for inspection, and the reason is reported."""
    answer, _ = overview_answer(page)
    assert answer.absence
    assert answer.absence.kind is Lack.FAILED
    assert message in answer.absence.said
    assert answer.unusable
