"""The details of jobs: derived from replies, and read again for a report or for the next fetch."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import pandas as pd
import sqlalchemy as sa

from reporter.foreign import storable
from reporter.jobs.causes import cause_of, code_of
from reporter.jobs.details import DETAILS_COLUMNS, OBJECT_COLUMNS, Details
from reporter.model import ENOUGH_NIGHTS, Absence, JobObject, Outcome
from reporter.period import Period
from reporter.sources.registry import reader_of
from reporter.store import tables
from reporter.store.replies import absence_of, replies_of

KEPT_ALWAYS: Final = (Outcome.FAILED, Outcome.WARNING, Outcome.UNKNOWN)
"""The outcomes of objects that are kept. A success is kept only of an object that failed before."""
_OF_OBJECT: Final = ("type", "title", "outcome", "finished_at", "cause", "code", "unread")


def keep_details(connection: sa.Connection, customer_id: str, fetch_id: int, job_id: str) -> None:
    """Keep what a complete fetch of a job's details tells. Details of a job that no snapshot shows
    tell nothing: its module is not known.

    Raises:
        ReplyError: a reply is not a list of objects.
    """
    replies = replies_of(connection, fetch_id)
    details = reader_of(replies).details(replies)
    module_id = connection.scalar(_module_of(customer_id, details.service, job_id))
    if module_id is None:
        return
    connection.execute(
        sa.insert(tables.details),
        {
            "fetch_id": fetch_id,
            "module_id": module_id,
            "job_id": job_id,
            "objects": len(details.objects),
            "failed": sum(each.outcome is Outcome.FAILED for each in details.objects),
            "whole": details.whole,
        },
    )
    known = {tuple(row) for row in connection.execute(_titles(module_id))}
    rows = [
        _row(fetch_id, place, each)
        for place, each in enumerate(details.objects)
        if each.outcome in KEPT_ALWAYS
        or (each.outcome is Outcome.SUCCESS and (each.type, each.title) in known)
    ]
    if rows:
        connection.execute(sa.insert(tables.objects), rows)


def forget_details(connection: sa.Connection, fetch_ids: sa.Select[tuple[int]]) -> None:
    """Forget what is derived from these fetches of details."""
    for table in (tables.objects, tables.details):
        connection.execute(sa.delete(table).where(table.c.fetch_id.in_(fetch_ids)))


def fetches_of_details(customer_id: str) -> sa.Select[Any]:
    """The complete fetches of details of a customer's jobs, in the order they were recorded."""
    fetches = tables.fetches.c
    return (
        sa.select(fetches.id, fetches.job_id)
        .where(fetches.customer_id == customer_id, fetches.kind == "details")
        .where(fetches.error.is_(None))
        .order_by(fetches.id)
    )


def details_in(
    connection: sa.Connection, customer_id: str, period: Period, next_look: int | None
) -> tuple[Details, set[int]]:
    """What is known of the objects of the jobs of a period and of their recovery, and the fetches
    that tell it: those before `next_look`, the first look after those that count, so that nothing
    that comes later changes a closed period. Of a job that was asked about twice the last details
    count.

    Raises:
        StoreError: the database refuses.
    """
    details, jobs, objects = tables.details.c, tables.jobs.c, tables.objects.c
    of_period = (jobs.dated_at >= period.start) & (jobs.dated_at < period.end)
    counts = _before(next_look)
    absences = _absences(connection, customer_id, of_period & counts(tables.fetches.c.id))
    again = tables.details.alias("again").c
    last = ~sa.exists().where(
        again.module_id == details.module_id,
        again.job_id == details.job_id,
        again.fetch_id > details.fetch_id,
        counts(again.fetch_id),
    )
    read = _details_of(customer_id, DETAILS_COLUMNS).where(counts(details.fetch_id), last)
    rows = connection.execute(read.where(of_period).order_by(details.fetch_id)).all()
    if not rows:
        return Details(absences=absences), set()
    listed = _details_of(customer_id, OBJECT_COLUMNS)
    listed = listed.join(tables.objects, objects.fetch_id == details.fetch_id)
    listed = listed.where(counts(details.fetch_id), last).order_by(objects.fetch_id, objects.place)
    success = objects.outcome == Outcome.SUCCESS.value
    bad = connection.execute(listed.where(of_period, ~success)).all()
    failed = {(row.service, row.module, row.type, row.title) for row in bad}
    after = connection.execute(listed.where(success, objects.finished_at >= period.start))
    good = [row for row in after if (row.service, row.module, row.type, row.title) in failed]
    fetch_ids = {row.fetch_id for row in (*rows, *bad, *good)}
    known = Details(_frame(rows, DETAILS_COLUMNS), _frame([*bad, *good], OBJECT_COLUMNS), absences)
    return known, fetch_ids


def _before(fetch_id: int | None) -> Callable[[Any], sa.ColumnElement[bool]]:
    """Whether a fetch was recorded before another one, if there is that."""
    return lambda column: sa.true() if fetch_id is None else column < fetch_id


def failing_modules(
    connection: sa.Connection, since: datetime
) -> dict[str, frozenset[tuple[str, str]]]:
    """Service and module of jobs in whose last details an object failed, if objects of the module
    failed on `ENOUGH_NIGHTS` days (UTC) or more since a time; by customer.
    """
    details, jobs, modules = tables.details.c, tables.jobs.c, tables.modules.c
    rows = connection.execute(
        sa.select(
            modules.customer_id, modules.service, modules.module, details.failed, jobs.dated_at
        )
        .join_from(tables.details, tables.jobs, _SAME_JOB)
        .join(tables.modules, modules.id == details.module_id)
        .where(jobs.dated_at >= since)
        .order_by(details.fetch_id)
    )
    nights: dict[tuple[str, str, str], set[date]] = defaultdict(set)
    still: dict[tuple[str, str, str], bool] = {}
    for customer_id, service, module, failed, dated_at in rows:
        still[customer_id, service, module] = failed > 0
        if failed:
            nights[customer_id, service, module].add(dated_at.date())
    failing: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for (customer_id, service, module), days in nights.items():
        if still[customer_id, service, module] and len(days) >= ENOUGH_NIGHTS:
            failing[customer_id].add((service, module))
    return {customer_id: frozenset(places) for customer_id, places in failing.items()}


_SAME_JOB: Final = (tables.jobs.c.module_id == tables.details.c.module_id) & (
    tables.jobs.c.job_id == tables.details.c.job_id
)
_COLUMNS: Final[dict[str, sa.ColumnElement[Any]]] = {
    "service": tables.modules.c.service,
    "module": tables.modules.c.module,
    "job_id": tables.details.c.job_id,
    "whole": tables.details.c.whole,
    **{name: tables.objects.c[name] for name in _OF_OBJECT},
}
"""The columns of the frames of `jobs.details`."""


def _frame(rows: Sequence[sa.Row[Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    """The rows as a frame, without the last column, which is the fetch."""
    records = [tuple(row)[:-1] for row in rows]
    return pd.DataFrame.from_records(records, columns=list(columns)).astype(columns)


def _details_of(customer_id: str, columns: Iterable[str]) -> sa.Select[Any]:
    """Columns of the details of a customer's jobs, and of these jobs; and the fetch."""
    details, modules = tables.details.c, tables.modules.c
    return (
        sa.select(*(_COLUMNS[name] for name in columns), details.fetch_id)
        .join_from(tables.details, tables.jobs, _SAME_JOB)
        .join(tables.modules, modules.id == details.module_id)
        .where(modules.customer_id == customer_id)
    )


def _absences(
    connection: sa.Connection, customer_id: str, of_period: sa.ColumnElement[bool]
) -> dict[str, Absence]:
    """Why the details of jobs could not be read, by the job's id; the last attempt comes last."""
    fetches, jobs, modules = tables.fetches.c, tables.jobs.c, tables.modules.c
    attempts = (
        sa.select(fetches.job_id, fetches.error)
        .join(tables.jobs, jobs.job_id == fetches.job_id)
        .join(tables.modules, modules.id == jobs.module_id)
        .where(fetches.customer_id == customer_id, fetches.kind == "details")
        .where(fetches.error.is_not(None), modules.customer_id == customer_id, of_period)
        .order_by(fetches.id)
    )
    absences: dict[str, Absence] = {}
    for job_id, error in connection.execute(attempts):
        absences.pop(job_id, None)
        absences[job_id] = absence_of(error)
    return absences


def _module_of(customer_id: str, service: str, job_id: str) -> sa.Select[Any]:
    """The number of the module of a job of a service."""
    jobs, modules = tables.jobs.c, tables.modules.c
    return (
        sa.select(sa.func.min(modules.id))
        .join(tables.jobs, jobs.module_id == modules.id)
        .where(modules.customer_id == customer_id, modules.service == service)
        .where(jobs.job_id == job_id)
    )


def _titles(module_id: int) -> sa.Select[Any]:
    """Type and title of the objects of a module that are kept."""
    details, objects = tables.details.c, tables.objects.c
    return (
        sa.select(objects.type, objects.title)
        .join(tables.details, details.fetch_id == objects.fetch_id)
        .where(details.module_id == module_id)
        .distinct()
    )


def _row(fetch_id: int, place: int, listed: JobObject) -> dict[str, Any]:
    return {
        "fetch_id": fetch_id,
        "place": place,
        "type": storable(listed.type),
        "title": storable(listed.title),
        "outcome": listed.outcome.value,
        "finished_at": listed.finished_at,
        "cause": storable(cause_of(listed.comment, listed.title)),
        "code": storable(code_of(listed.code)),
        "unread": storable(json.dumps(listed.unread, ensure_ascii=False)) if listed.unread else "",
    }
