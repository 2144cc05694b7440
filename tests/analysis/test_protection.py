"""Protected against scanned objects, and what was bought: missing is not zero."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from reporter.analysis.protection import protection_of, subscription_of
from reporter.analysis.restatement import changes_between, figures_in
from reporter.errors import ReplyError
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
    Subscription,
    Unread,
)
from reporter.period import parse_period
from reporter.render.json_ import report_dict
from reporter.sources.avepoint.reading.answers import read_answer
from reporter.sources.avepoint.reading.replies import (
    products_of,
    protected_rows,
    read_overview,
    read_page,
)
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


def test_the_share_is_protected_over_scanned_objects() -> None:
    """Each module has its own, with where it is stored."""
    (module,) = report_of(make_protected()).protection.modules
    assert (module.service, module.module) == ("Microsoft 365", "Exchange Online")
    assert module.figures == Protected(1310, 1204, 1204 / 1310, 512 * GB, None)


def test_totals_are_sums_and_their_share_covers_modules_with_both_counts() -> None:
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
    assert [module.figures.scanned for module in report.protection.modules] == [None] * 3
    assert {(note.kind, note.field, note.values, note.count) for note in report.quality} == {
        (QualityKind.UNREADABLE, "totalScannedObjects", ("many",), 2),
        (QualityKind.UNREADABLE, "dataSizeStoredInAvePoint", ("12",), 2),
    }


def test_modules_may_come_as_numbers() -> None:
    """The numbers of jobs are those of protected data; one that nobody knows is kept and noted."""
    report = report_of(
        make_protected(serviceType=7, serviceModule=305),
        make_protected(serviceType="7", serviceModule=9999),
        make_protected(serviceType=None, serviceModule="N/A"),
    )
    assert [(module.service, module.module) for module in report.protection.modules] == [
        ("Microsoft 365", "OneDrive"),
        ("Microsoft 365", "Unknown (9999)"),
        ("N/A", "N/A"),
    ]
    (note,) = report.quality
    assert (note.kind, note.field, note.values) == (
        QualityKind.UNKNOWN_CODE, "serviceModule", ("9999",),
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
    ("expires", "days_left", "ending", "expired"),
    [
        ("2026-10-31", -1, True, True),
        ("2026-11-01", 0, True, False),
        ("2026-12-31", 60, True, False),
        ("2027-01-01", 61, False, False),
        ("N/A", None, False, False),
    ],
)
def test_sixty_days_are_counted_from_the_first_day_after_the_period(
    expires: str, days_left: int | None, ending: bool, expired: bool
) -> None:
    """The last day itself is not past; without a day nothing is said."""
    product = product_of(subscribed(expirationDate=expires))
    assert (product.days_left, product.ending, product.expired) == (days_left, ending, expired)


@pytest.mark.parametrize(("timezone", "days_left"), [("UTC", 1), ("Asia/Tokyo", 0)])
def test_in_a_period_that_runs_days_are_counted_from_the_last_fetch(
    timezone: str, days_left: int
) -> None:
    """By the report's zone: at 23:30 UTC it is tomorrow in Tokyo."""
    at = datetime(2026, 11, 1, 23, 30, tzinfo=UTC)
    answers = make_answers((), [make_product(expirationDate="2026-11-02")], at=at)
    report = make_report([], answers=answers, timezone=timezone, period="2026-11", observed=[at])
    assert product_of(report).days_left == days_left


def test_an_unreadable_day_is_noted() -> None:
    """It is no expiry, and none is guessed."""
    report = subscribed(expirationDate="5/4/2027", consumedStorage="lots")
    assert product_of(report).expires_on is None
    assert [(note.field, note.values) for note in report.quality] == [
        ("consumedStorage", ("lots",)),
        ("expirationDate", ("5/4/2027",)),
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
    products = [
        make_product(expirationDate=expiry) for expiry in ("N/A", "2028-01-01", "2027-01-01")
    ]
    report = make_report([], answers=make_answers((), products))
    assert [product.expires_on for product in report.subscription.products] == [
        date(2027, 1, 1), date(2028, 1, 1), None,
    ]  # fmt: skip


@pytest.mark.parametrize("kind", Lack)
def test_a_missing_answer_gives_a_reason(kind: Lack) -> None:
    """Without an answer there is a reason, but no figure, no time and no note."""
    report = make_report([], answers=make_refusals(kind, "why"))
    for section in (report.protection, report.subscription):
        assert (section.absence, section.as_of) == (Absence(kind, "why"), None)
    assert report.protection.totals == Protected(None, None, None, None, None)
    assert (report.protection.modules, report.subscription.products) == ((), ())
    assert report.quality == ()


def test_saved_replies_give_no_protection_data() -> None:
    """A report made from files alone says why the data is missing."""
    report = make_report([])
    assert report.protection.absence == Absence(Lack.SAVED_REPLIES)


def test_the_replies_are_among_the_sources() -> None:
    """Each with its address, hash and rows."""
    report = make_report([], answers=make_answers([make_protected()], [make_product()] * 2))
    assert [(source.url.rpartition("/")[0], source.rows) for source in report.sources[1:]] == [
        (f"https://graph.example/partner/customers/{CUSTOMER.id}", 1),
        ("https://graph.example/partner/services", 2),
    ]


def test_the_json_has_all_of_it() -> None:
    """With names of its own, and None for what is not known."""
    answers = make_answers([make_protected()], [make_product()])
    report = report_dict(make_report([], answers=answers))
    assert report["protection"]["totals"]["share"] == 1204 / 1310
    assert report["protection"]["modules"][0]["bytes_own"] is None
    assert report["subscription"]["products"][0]["expires_on"] == "2027-04-05"
    assert report["subscription"]["absence"] is None
    refused = report_dict(make_report([], answers=make_refusals(Lack.NOT_PERMITTED, "x.read")))
    assert refused["protection"]["absence"] == {"kind": "not permitted", "said": "x.read"}
    assert json.loads(json.dumps(refused)) == refused


@pytest.mark.parametrize("units", ["binary", "decimal"])
def test_a_gb_is_what_the_policy_says(units: Any) -> None:
    """As for every size."""
    (module,) = report_of(make_protected(), policy=Policy(units=units)).protection.modules
    assert module.figures.bytes_avepoint == 512 * (GB if units == "binary" else 10**9)


@pytest.mark.parametrize(
    "wrap", [lambda reply: reply, lambda reply: {"value": [reply]}, lambda reply: {"data": [reply]}]
)
def test_a_subscription_is_read_in_any_envelope(wrap: Any) -> None:
    """By itself as the vendor prints it, or in a list as all else comes."""
    body = json.dumps(wrap({"customerId": "1", "products": [make_product()]})).encode()
    assert products_of([Reply("https://x.example", NOW, "", body)]) == [make_product()]


@pytest.mark.parametrize(
    "body",
    ['{"products": {}}', '{"products": ["x"]}', '{"value": [1]}', '{"value": [{}]}', "[]", "{"],
)
def test_a_subscription_of_another_shape_is_an_error(body: str) -> None:
    """It is an error, never an empty list of products."""
    with pytest.raises(ReplyError):
        products_of([Reply("https://x.example", NOW, "", body.encode())])


BATCH = [
    {"customerId": CUSTOMER.id.upper(), "products": [make_product(subscriptionName="Own")]},
    {"customerId": "11111111", "products": [make_product(subscriptionName="Other")]},
    {"customerId": "22222222", "products": []},
]


def replies_of(*bodies: object) -> list[Reply]:
    return [Reply("https://x.example", NOW, "", json.dumps(body).encode()) for body in bodies]


def test_each_customer_gets_its_own_of_all_subscriptions() -> None:
    """Generation 3 lists those of all in one call, in pages; ids differ in case."""
    pages = replies_of({"data": BATCH[1:], "metadata": {}}, {"data": BATCH[:1], "metadata": {}})
    names = [product["subscriptionName"] for product in products_of(pages, CUSTOMER.id)]
    assert names == ["Own"]
    assert [product["subscriptionName"] for product in products_of(pages)] == ["Other", "Own"]
    assert products_of(pages, "22222222") == products_of(pages, "none") == []


def test_a_subscription_that_was_asked_for_needs_no_id() -> None:
    """Generation 1 gives the one that was asked for, whatever id it calls it by."""
    subscription = {"customerId": "short", "products": [make_product()]}
    assert products_of(replies_of(subscription), CUSTOMER.id) == [make_product()]
    assert products_of(replies_of({"data": [{"products": [make_product()]}]}), CUSTOMER.id)


def bought(*products: object, unread: Unread | None = None) -> Subscription:
    """The subscription that products give; what could not be read is counted in `unread`."""
    _, answer = make_answers((), products)
    read = read_answer(answer, CUSTOMER.id, "binary")
    if unread is not None:
        unread.update(read.unread)
    return subscription_of(read, parse_period("2026-10", "UTC", NOW), NOW)


def test_products_that_are_not_backups_are_counted_but_not_listed() -> None:
    """Nor is any of their fields read; a product without a name may be a backup."""
    unread: Unread = Counter()
    others = [
        make_product(service=name, expirationDate="never") for name in ("Cloud Governance", "Fly")
    ]
    subscription = bought(*others, make_product(), make_product(service="N/A"), unread=unread)
    assert [product.service for product in subscription.products] == [
        "Cloud Backup for Microsoft 365",
        "N/A",
    ]
    assert subscription.other_products == 2
    assert not unread


def test_the_days_the_service_writes_month_first_are_read() -> None:
    """`12-31-2026T12:00:00Z`, as all of them came."""
    (product,) = bought(make_product(expirationDate="12-31-2026T12:00:00Z")).products
    assert (product.expires_on, product.days_left) == (date(2026, 12, 31), 60)


def test_a_day_that_could_be_either_is_noted() -> None:
    """It is read with the month first."""
    unread: Unread = Counter()
    (product,) = bought(
        make_product(expirationDate="4/5/2027 12:00:00 AM", contractEndDate="4/30/2027 1:00:00"),
        unread=unread,
    ).products
    assert (product.expires_on, product.contract_ends_on) == (date(2027, 4, 5), date(2027, 4, 30))
    assert unread == {(QualityKind.AMBIGUOUS, "expirationDate", "4/5/2027 12:00:00 AM"): 1}


@pytest.mark.parametrize(
    ("fields", "capacity", "protected"),
    [
        ({"purchasedCapacity": "2/1 GB", "protectedCapacity": "N/A"}, 1, 2),
        ({"purchasedCapacity": "2/1 GB", "protectedCapacity": "3 GB"}, 1, 3),
        ({"purchasedCapacity": "5 GB", "protectedCapacity": "N/A"}, 5, None),
        ({"purchasedCapacity": "N/A", "protectedCapacity": "N/A"}, None, None),
    ],
)
def test_a_capacity_may_include_what_is_used(
    fields: dict[str, str], capacity: int | None, protected: int | None
) -> None:
    """What the service gives as protected capacity comes first."""
    (product,) = bought(make_product(**fields)).products
    sizes = [None if size is None else size * GB for size in (capacity, protected)]
    assert [product.capacity_bytes, product.protected_bytes] == sizes


OVERVIEW = [make_protected(), make_protected(serviceModule="OneDrive")]


@pytest.mark.parametrize(
    "body",
    [
        {"value": OVERVIEW},
        {"data": OVERVIEW, "metadata": {"pageIndex": 1, "pageSize": 100, "totalCount": 2}},
        OVERVIEW,
        [{"data": OVERVIEW, "metadata": {"pageIndex": 1, "totalCount": 2}}],
        [{"data": OVERVIEW}, {"metadata": {"pageIndex": 1, "totalCount": 2}}],
    ],
)
def test_an_overview_is_read_in_any_shape(body: object) -> None:
    """The vendor's sample is no JSON: an object, a bare list, or an array with the envelope."""
    (reply,) = replies_of(body)
    assert protected_rows([reply]) == OVERVIEW
    assert read_overview(reply).total in (None, 2)


def test_the_pages_of_an_overview_are_counted_in_an_array_too() -> None:
    """Whether it is complete can be determined wherever the service gives the total."""
    (reply,) = replies_of([{"data": OVERVIEW, "metadata": {"pageIndex": 2, "totalCount": 150}}])
    page = read_overview(reply)
    assert (page.number, page.total) == (2, 150)


@pytest.mark.parametrize("body", [[1, 2], [OVERVIEW], [{"data": []}, {"data": []}], {"rows": []}])
def test_an_overview_of_another_shape_is_an_error(body: object) -> None:
    """It is an error, never an empty list."""
    with pytest.raises(ReplyError, match="not a list of protected data"):
        protected_rows(replies_of(body))


@pytest.mark.parametrize("body", [[], OVERVIEW, [{"data": [], "metadata": {}}]])
def test_no_other_list_is_accepted_bare(body: object) -> None:
    """An empty array in place of jobs does not mean that there are no jobs left."""
    (reply,) = replies_of(body)
    with pytest.raises(ReplyError, match="not a list of jobs"):
        read_page(reply)


def test_the_overviews_spellings_meet_the_modules_of_the_jobs() -> None:
    """It has its own names for some of them, and for the service."""
    lines = [
        make_protected(serviceType="Cloud Backup for Microsoft 365", serviceModule=module)
        for module in (
            "Microsoft 365 Group", "Microsoft Teams chat", "Exchange Online Public Folders",
        )
    ]  # fmt: skip
    answer, _ = make_answers(lines)
    read = read_answer(answer, CUSTOMER.id, "binary")
    protection = protection_of(read, parse_period("2026-10", "UTC", NOW))
    assert [(module.service, module.module) for module in protection.modules] == [
        ("Microsoft 365", "Microsoft 365 Groups"),
        ("Microsoft 365", "Teams Chat"),
        ("Microsoft 365", "Exchange Online Public Folder"),
    ]
    assert not read.unread


def test_the_same_answer_later_makes_no_new_version() -> None:
    """A version is about figures, not about when they were looked at; changed counts are
    reported.
    """
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
    assert changes_between(first, other) == (Change("objects_protected", "", "", None, 1204, 1300),)
    refused = report_dict(make_report([], answers=make_refusals(Lack.NOT_PERMITTED, "x")))
    changes = changes_between(refused, first)
    assert [(change.figure, change.before, change.now) for change in changes] == [
        ("objects_found", None, 1310), ("objects_protected", None, 1204), ("products", None, 0),
    ]  # fmt: skip
