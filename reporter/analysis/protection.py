"""What the service says beside the jobs: protected against scanned objects, and what was bought."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime

from reporter.jobs.catalog import is_backup_product
from reporter.jobs.records import ReplyObject, Unread
from reporter.jobs.replies import products_of, protected_rows
from reporter.jobs.rows import ABSENT
from reporter.model import (
    Answer,
    Customer,
    Policy,
    Product,
    Protected,
    ProtectedModule,
    Protection,
    QualityKind,
    Source,
    Subscription,
)
from reporter.period import Period

MORE_THAN_SCANNED = "more objects protected than scanned"


def protection_of(answer: Answer, period: Period, policy: Policy, unread: Unread) -> Protection:
    """What is protected, line by line as the service lists it; doubtful values are counted in
    `unread`.
    """
    modules = tuple(
        _module(ReplyObject(row, policy.units, unread), unread)
        for row in protected_rows(answer.replies)
    )
    lines = [module.figures for module in modules]
    shared = [line for line in lines if line.share is not None]
    totals = Protected(
        scanned=_sum(line.scanned for line in lines),
        protected=_sum(line.protected for line in lines),
        share=_share(
            _sum(line.scanned for line in shared), _sum(line.protected for line in shared)
        ),
        bytes_avepoint=_sum(line.bytes_avepoint for line in lines),
        bytes_own=_sum(line.bytes_own for line in lines),
    )
    return Protection(_as_of(answer, period), answer.absence, totals, modules)


def subscription_of(
    answer: Answer,
    customer: Customer,
    period: Period,
    policy: Policy,
    unread: Unread,
    last_fetch: datetime,
) -> Subscription:
    """What the customer has bought, the soonest to expire first; `unread` counts what could not be
    read. Products that are no backup are counted, not listed.
    """
    as_of, judged_on = _as_of(answer, period), min(period.stop, last_fetch.date())
    rows = products_of(answer.replies, customer.id)
    records = [ReplyObject(row, policy.units, unread) for row in rows]
    backups = [record for record in records if _may_be_backup(record)]
    products = [_product(record, judged_on) for record in backups]
    ordered = sorted(
        products, key=lambda product: (product.expires_on or date.max, product.service)
    )
    return Subscription(
        as_of, answer.absence, tuple(ordered), other_products=len(records) - len(backups)
    )


def sources_of(answers: Iterable[Answer]) -> tuple[Source, ...]:
    """The replies the answers rest on."""
    return tuple(
        Source(
            reply.fetched_at,
            reply.url,
            hashlib.sha256(reply.body).hexdigest(),
            len((products_of if answer.kind == "subscription" else protected_rows)([reply])),
        )
        for answer in answers
        for reply in answer.replies
    )


def _module(record: ReplyObject, unread: Unread) -> ProtectedModule:
    scanned, protected = record.count("totalScannedObjects"), record.count("totalProtectedObjects")
    if scanned is not None and protected is not None and protected > scanned:
        unread[QualityKind.CONTRADICTION, "totalProtectedObjects", MORE_THAN_SCANNED] += 1
    return ProtectedModule(
        *record.module(),
        Protected(
            scanned=scanned,
            protected=protected,
            share=_share(scanned, protected),
            bytes_avepoint=record.size("dataSizeStoredInAvePoint"),
            bytes_own=record.size("dataSizeStoredInBYOS"),
        ),
    )


def _may_be_backup(record: ReplyObject) -> bool:
    """Whether a product's name says that it is a backup, or it has none and may be one."""
    service = record.text("service")
    return service is None or is_backup_product(service)


def _product(record: ReplyObject, judged_on: date) -> Product:
    expires_on = record.day("expirationDate")
    used, bought = record.capacity("purchasedCapacity")
    protected = record.size("protectedCapacity")
    return Product(
        service=record.text("service") or ABSENT,
        name=record.text("subscriptionName"),
        model=record.text("subscriptionModel"),
        seats=record.count("purchasedUserSeats"),
        units=record.count("purchasedUnits"),
        licences_assigned=record.count("microsoftLicenseAssigned"),
        licences_available=record.count("microsoftLicenseAvailable"),
        capacity_bytes=bought,
        protected_bytes=used if protected is None else protected,
        consumed_bytes=record.size("consumedStorage"),
        storage=record.text("storage"),
        retention=record.text("retention"),
        expires_on=expires_on,
        contract_ends_on=record.day("contractEndDate"),
        days_left=(expires_on - judged_on).days if expires_on else None,
    )


def _share(scanned: int | None, protected: int | None) -> float | None:
    """No share of nothing, and none of counts that contradict one another."""
    if not scanned or protected is None or protected > scanned:
        return None
    return protected / scanned


def _sum(values: Iterable[int | None]) -> int | None:
    """The sum of the values that are known; None where none is."""
    there = [value for value in values if value is not None]
    return sum(there) if there else None


def _as_of(answer: Answer, period: Period) -> datetime | None:
    """When the service answered. A failed attempt has no time, so that a second one changes
    nothing.
    """
    if answer.absence or answer.asked_at is None:
        return None
    return answer.asked_at.astimezone(period.zone)
