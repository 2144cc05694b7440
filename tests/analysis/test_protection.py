"""Protected against scanned objects, and what was bought: missing is not zero."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from reporter.analysis.restatement import changes_between, figures_in
from reporter.errors import ReplyError
from reporter.jobs.replies import products_of
from reporter.model import (
    Absence,
    Change,
    Lack,
    Policy,
    Product,
    Protected,
    QualityKind,
    Reply,
    Report,
)
from reporter.render.json_ import report_dict
from tests.builders import (
    CUSTOMER,
    NOW,
    make_answers,
    make_product,
    make_protected,
    make_refusals,
    make_report,
)

GB = 1024**3


def report_of(*protected: dict[str, Any], **options: Any) -> Report:
    return make_report([], answers=make_answers(protected), **options)


def product_of(report: Report) -> Product:
    (product,) = report.subscription.products
    return product


def subscribed(at: datetime = NOW, timezone: str = "UTC", **fields: Any) -> Report:
    answers = make_answers((), [make_product(**fields)], at=at)
    return make_report([], answers=answers, timezone=timezone)


def test_the_share_is_protected_of_scanned_objects() -> None:
    """Each module has its own, with where it is stored."""
    (own,) = report_of(make_protected()).protection.modules
    assert (own.service, own.module) == ("Microsoft 365", "Exchange Online")
    assert own.figures == Protected(1310, 1204, 1204 / 1310, 512 * GB, None)


def test_totals_are_sums_and_their_share_is_over_modules_with_both_counts() -> None:
    """A module without a count is in no share, and its missing count is not zero."""
    report = report_of(
        make_protected(totalScannedObjects=100, totalProtectedObjects=50),
        make_protected(totalScannedObjects="N/A", totalProtectedObjects=7),
        make_protected(totalScannedObjects="1,000", totalProtectedObjects="1,000"),
    )
    totals = report.protection.totals
    assert (totals.scanned, totals.protected) == (1100, 1057)
    assert totals.share == 1050 / 1100
    assert totals.bytes_avepoint == 3 * 512 * GB
    assert totals.bytes_own is None


def test_nothing_scanned_has_no_share() -> None:
    """0 of 0 is neither all nor nothing."""
    report = report_of(make_protected(totalScannedObjects=0, totalProtectedObjects=0))
    assert report.protection.totals == Protected(0, 0, None, 512 * GB, None)


def test_more_protected_than_scanned_is_a_contradiction() -> None:
    """Both counts are shown as they are, without a share, and noted."""
    report = report_of(make_protected(totalScannedObjects=10, totalProtectedObjects=11))
    assert report.protection.totals.share is None
    (note,) = report.quality
    assert (note.kind, note.field) == (QualityKind.CONTRADICTION, "totalProtectedObjects")


def test_what_cannot_be_read_is_missing_and_noted() -> None:
    """Field, raw value and how often; N/A, empty and null are missing and no note."""
    odd = make_protected(totalScannedObjects="many", dataSizeStoredInAvePoint="12")
    none = make_protected(totalScannedObjects="N/A", totalProtectedObjects=None)
    report = report_of(odd, odd, none | {"dataSizeStoredInAvePoint": ""})
    assert [own.figures.scanned for own in report.protection.modules] == [None] * 3
    assert {(note.kind, note.field, note.value, note.count) for note in report.quality} == {
        (QualityKind.UNREADABLE, "totalScannedObjects", "many", 2),
        (QualityKind.UNREADABLE, "dataSizeStoredInAvePoint", "12", 2),
    }


def test_modules_may_come_as_numbers() -> None:
    """The numbers of jobs are those of protected data; one that nobody knows is kept and noted."""
    report = report_of(
        make_protected(serviceType=7, serviceModule=305),
        make_protected(serviceType="7", serviceModule=9999),
        make_protected(serviceType=None, serviceModule="N/A"),
    )
    assert [(own.service, own.module) for own in report.protection.modules] == [
        ("Microsoft 365", "OneDrive"),
        ("Microsoft 365", "Unknown (9999)"),
        ("N/A", "N/A"),
    ]
    (note,) = report.quality
    assert (note.kind, note.field, note.value) == (
        QualityKind.UNKNOWN_CODE, "serviceModule", "9999",
    )  # fmt: skip


def test_a_product_is_read_value_by_value() -> None:
    """Seats, licences, capacity, storage, days."""
    product = product_of(subscribed(purchasedUnits="1,200", contractEndDate="2027-04-30T00:00:00Z"))
    assert (product.seats, product.licences_assigned, product.licences_available) == (250, 231, 260)
    assert product.units == 1200
    assert product.capacity_bytes == 5 * 1024 * GB
    assert product.retention == "Retain data for 1 month"
    assert product.expires_on == date(2027, 4, 5)
    assert product.contract_ends_on == date(2027, 4, 30)
    assert not product.over_seats
    assert not product.over_capacity


@pytest.mark.parametrize(
    ("expires", "left", "ending", "expired"),
    [
        ("2026-11-01", -1, True, True),
        ("2026-11-02", 0, True, False),
        ("2027-01-01", 60, True, False),
        ("2027-01-02", 61, False, False),
        ("N/A", None, False, False),
    ],
)
def test_sixty_days_are_counted_from_when_the_service_said_so(
    expires: str, left: int | None, ending: bool, expired: bool
) -> None:
    """The last day itself is not past; without a day nothing is said."""
    product = product_of(subscribed(expirationDate=expires))
    assert (product.days_left, product.ending, product.expired) == (left, ending, expired)


def test_days_are_those_of_the_reports_zone() -> None:
    """At 23:30 UTC it is tomorrow in Tokyo."""
    at = datetime(2026, 11, 1, 23, 30, tzinfo=UTC)
    fields = {"expirationDate": "2026-11-02"}
    assert product_of(subscribed(at, "UTC", **fields)).days_left == 1
    assert product_of(subscribed(at, "Asia/Tokyo", **fields)).days_left == 0


def test_a_day_nobody_can_read_is_noted() -> None:
    """It is no expiry, and none is guessed."""
    report = subscribed(expirationDate="5/4/2027", consumedStorage="lots")
    assert product_of(report).expires_on is None
    assert [(note.field, note.value) for note in report.quality] == [
        ("consumedStorage", "lots"),
        ("expirationDate", "5/4/2027"),
    ]


def test_more_in_use_than_bought_is_marked() -> None:
    """Only where both are known."""
    over = product_of(subscribed(microsoftLicenseAssigned="251", protectedCapacity="5.1 TB"))
    assert over.over_seats
    assert over.over_capacity
    unknown = product_of(subscribed(purchasedUserSeats="N/A", purchasedCapacity="N/A"))
    assert not unknown.over_seats
    assert not unknown.over_capacity


def test_the_soonest_to_expire_comes_first() -> None:
    """Those without a day come last."""
    products = [make_product(expirationDate=own) for own in ("N/A", "2028-01-01", "2027-01-01")]
    report = make_report([], answers=make_answers((), products))
    assert [own.expires_on for own in report.subscription.products] == [
        date(2027, 1, 1), date(2028, 1, 1), None,
    ]  # fmt: skip


@pytest.mark.parametrize("kind", Lack)
def test_a_reason_is_a_value(kind: Lack) -> None:
    """Without an answer there is a reason, no figure, no time, and no note."""
    report = make_report([], answers=make_refusals(kind, "why"))
    for own in (report.protection, report.subscription):
        assert (own.absence, own.as_of) == (Absence(kind, "why"), None)
    assert report.protection.totals == Protected(None, None, None, None, None)
    assert (report.protection.modules, report.subscription.products) == ((), ())
    assert report.quality == ()


def test_saved_replies_say_nothing_of_it() -> None:
    """A report of files alone knows why it knows nothing."""
    report = make_report([])
    assert report.protection.absence == Absence(Lack.SAVED_REPLIES)


def test_the_replies_are_among_the_sources() -> None:
    """Each with its address, hash and rows."""
    report = make_report([], answers=make_answers([make_protected()], [make_product()] * 2))
    assert [(own.url.rpartition("/")[0], own.rows) for own in report.sources[1:]] == [
        (f"https://graph.example/partner/customers/{CUSTOMER.id}", 1),
        ("https://graph.example/partner/services", 2),
    ]


def test_the_json_has_all_of_it() -> None:
    """With names of its own, and None for what is not known."""
    made = report_dict(make_report([], answers=make_answers([make_protected()], [make_product()])))
    assert made["protection"]["totals"]["share"] == 1204 / 1310
    assert made["protection"]["modules"][0]["bytes_own"] is None
    assert made["subscription"]["products"][0]["expires_on"] == "2027-04-05"
    assert made["subscription"]["absence"] is None
    refused = report_dict(make_report([], answers=make_refusals(Lack.NOT_PERMITTED, "x.read")))
    assert refused["protection"]["absence"] == {"kind": "not permitted", "said": "x.read"}
    assert json.loads(json.dumps(refused)) == refused


@pytest.mark.parametrize("units", ["binary", "decimal"])
def test_a_gb_is_what_the_policy_says(units: Any) -> None:
    """As of every size."""
    (own,) = report_of(make_protected(), policy=Policy(units=units)).protection.modules
    assert own.figures.bytes_avepoint == 512 * (GB if units == "binary" else 10**9)


@pytest.mark.parametrize(
    "wrap", [lambda own: own, lambda own: {"value": [own]}, lambda own: {"data": [own]}]
)
def test_a_subscription_is_read_in_any_envelope(wrap: Any) -> None:
    """By itself as the vendor prints it, or in a list as all else comes."""
    body = json.dumps(wrap({"customerId": "1", "products": [make_product()]})).encode()
    assert products_of([Reply("https://x.example", NOW, "", body)]) == [make_product()]


@pytest.mark.parametrize(
    "body",
    ['{"products": {}}', '{"products": ["x"]}', '{"value": [1]}', '{"value": [{}]}', "[]", "{"],
)
def test_a_subscription_of_another_shape_is_none(body: str) -> None:
    """It is an error, never an empty list of products."""
    with pytest.raises(ReplyError):
        products_of([Reply("https://x.example", NOW, "", body.encode())])


def test_an_answer_that_says_the_same_later_makes_no_other_version() -> None:
    """Versions are of figures, not of when they were looked at; other counts are told."""
    first, same, other = (
        report_dict(make_report([], answers=make_answers([make_protected(**fields)], at=at)))
        for fields, at in (
            ({}, NOW),
            ({}, NOW + timedelta(hours=4)),
            ({"totalProtectedObjects": 1300}, NOW),
        )
    )
    assert figures_in(first) == figures_in(same)
    assert figures_in(first) != figures_in(other)
    assert changes_between(first, other) == (Change("objects_protected", "", "", 1204, 1300),)
    refused = report_dict(make_report([], answers=make_refusals(Lack.NOT_PERMITTED, "x")))
    assert [(own.figure, own.before, own.now) for own in changes_between(refused, first)] == [
        ("objects_found", None, 1310), ("objects_protected", None, 1204), ("products", None, 0),
    ]  # fmt: skip
