"""What the service says beside the jobs, read: what and who is protected, and what was bought."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from typing import Literal

from reporter.jobs.rows import ABSENT
from reporter.model import (
    TENANT_KINDS,
    Answer,
    Product,
    Protected,
    ProtectedModule,
    QualityKind,
    Reply,
    Source,
    Told,
    Unread,
    share_of,
)
from reporter.sources.avepoint.reading import tenant
from reporter.sources.avepoint.reading.replies import (
    products_of,
    protected_rows,
    user_rows,
)
from reporter.sources.avepoint.reading.users import users_in
from reporter.sources.avepoint.reading.values import ReplyObject
from reporter.sources.avepoint.reading.vocabularies import is_backup_product

MORE_THAN_SCANNED = "more objects protected than scanned"


def read_answer(answer: Answer, customer_id: str, units: Literal["binary", "decimal"]) -> Told:
    """What an answer about a customer comes to.

    Raises:
        ReplyError: a reply is no list of what was asked for.
    """
    unread: Unread = Counter()
    if answer.kind in TENANT_KINDS:
        return _told_by_tenant(answer, unread)
    if answer.kind == "protection":
        rows = protected_rows(answer.replies)
        modules = tuple(_module(ReplyObject(row, units, unread), unread) for row in rows)
        sources = _sources(
            answer.replies, (len(protected_rows([reply])) for reply in answer.replies)
        )
        return Told(answer, modules=modules, unread=unread, sources=sources)
    if answer.kind == "users":
        by_reply = [user_rows([reply]) for reply in answer.replies]
        users = users_in(chain.from_iterable(by_reply), unread)
        sources = _sources(answer.replies, map(len, by_reply))
        return Told(answer, users=users, unread=unread, sources=sources)
    rows = products_of(answer.replies, customer_id)
    records = [ReplyObject(row, units, unread) for row in rows]
    backups = [record for record in records if _may_be_backup(record)]
    return Told(
        answer,
        products=tuple(_product(record) for record in backups),
        other_products=len(records) - len(backups),
        unread=unread,
        sources=_sources(answer.replies, (len(products_of([reply])) for reply in answer.replies)),
    )


def _told_by_tenant(answer: Answer, unread: Unread) -> Told:
    """What an answer of the customer's own tenant comes to."""
    counts = tenant.counts_of(answer.replies, answer.kind)
    told = Told(answer, unread=unread, sources=_sources(answer.replies, counts))
    match answer.kind:
        case "frequency":
            return replace(told, frequencies=tenant.frequencies_of(answer.replies, unread))
        case "retention":
            return replace(told, retention=tenant.retention_of(answer.replies, unread))
    lists = tenant.whole_lists(answer.replies)
    told = replace(
        told, windows=tenant.windows_of(lists), missing=tenant.missing_in(lists, answer.kind)
    )
    if answer.kind == "history":
        return replace(told, histories=tenant.histories_of(lists))
    return replace(told, restores=tenant.restores_of(lists))


def _sources(replies: Iterable[Reply], counts: Iterable[int]) -> tuple[Source, ...]:
    return tuple(
        Source(reply.fetched_at, reply.url, hashlib.sha256(reply.body).hexdigest(), count)
        for reply, count in zip(replies, counts, strict=True)
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
            share=share_of(scanned, protected),
            bytes_avepoint=record.size("dataSizeStoredInAvePoint"),
            bytes_own=record.size("dataSizeStoredInBYOS"),
        ),
    )


def _may_be_backup(record: ReplyObject) -> bool:
    """Whether a product's name says that it is a backup, or it has none and may be one."""
    service = record.text("service")
    return service is None or is_backup_product(service)


def _product(record: ReplyObject) -> Product:
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
        expires_on=record.day("expirationDate"),
        contract_ends_on=record.day("contractEndDate"),
        days_left=None,
    )
