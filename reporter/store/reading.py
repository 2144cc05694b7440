"""What a report reads out of the store: one customer's rows, and the replies they rest on.

Every part of it is found by an index, so that it costs the same in a store of ten million jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pandas as pd
import sqlalchemy as sa

from reporter.jobs.frame import raw_frame
from reporter.jobs.rows import FIELDS
from reporter.model import (
    KINDS,
    Absence,
    Answer,
    Customer,
    Kind,
    Lack,
    Observations,
    Outcome,
    Source,
)
from reporter.period import Period
from reporter.store import tables
from reporter.store.store import Store, replies_of

_JOBS: Final = tables.jobs.c
_COLUMNS: Final = (*FIELDS, "fetched_at", "fetch_id", "started_at", "job_id")
_TREND_FIELDS: Final = ("jobType", "jobModule", "status", "backupSize")


@dataclass(frozen=True)
class Reading:
    """What the store knows of one customer and period, all of one moment."""

    rows: pd.DataFrame
    """Raw rows, in the order they were fetched, as `jobs.frame.raw_frame` has them."""
    observations: Observations
    answers: tuple[Answer, ...]
    """What the service said beside the jobs."""


def read_period(store: Store, customer: Customer, period: Period) -> Reading:
    """The raw rows a report of the period needs, and what they rest on.

    Rows of the period and of the one before it, undated ones and placeholders; of each module and
    outcome the last before (recovery points) and the first after (cures).

    Raises:
        StoreError: the database refuses.
    """
    with store.reading() as connection:
        settled = connection.scalar(_settled(customer.id, period))
        needed = _needed(customer.id, period, settled)
        found = [tuple(row) for row in connection.execute(needed)]  # plain: pandas asks each row
        # Not by the database, whose order of texts is its own: the report is to be the same.
        found.sort(key=_in_order)
        rows = pd.DataFrame.from_records(found, columns=_COLUMNS)
        started = rows["started_at"].astype("Int64")
        bounds = tables.microseconds(period.start), tables.microseconds(period.end)
        of_period = started.isna() | started.between(*bounds, inclusive="left")
        gave = set(rows["fetch_id"][of_period])
        observations = _observations(connection, customer.id, period, gave)
        answers = tuple(_answer(connection, customer.id, kind, period) for kind in KINDS)
    fetched_at = pd.to_datetime(rows["fetched_at"], unit="us", utc=True)
    raw = raw_frame(rows[[*FIELDS]].assign(fetched_at=fetched_at))
    return Reading(raw, observations, answers)


_ORDER: Final = tuple(map(_COLUMNS.index, ("fetched_at", "job_id", "jobType", "jobModule")))


def _in_order(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """What rows are ordered by: as fetched, and then one way whichever database they are from."""
    fetched_at, *names = (row[place] for place in _ORDER)
    return fetched_at, *(name or "" for name in names)


def monthly_jobs(store: Store, customer: Customer, months: Sequence[Period]) -> pd.DataFrame:
    """How many jobs started in each of the months (`month`, its place in `months`; `count`),
    by the fields a trend is computed from, with their raw values.

    Counted in the database: a year of single jobs would take seconds to read.
    """
    month = sa.case(
        *((_JOBS.started_at < own.end, number) for number, own in enumerate(months))
    ).label("month")
    fields = [_JOBS[name] for name in _TREND_FIELDS]
    query = (
        sa.select(*fields, month, sa.func.count().label("count"))
        .where(_JOBS.customer_id == customer.id, _JOBS.job_id != "")
        .where(_JOBS.started_at >= months[0].start, _JOBS.started_at < months[-1].end)
        .group_by(*fields, month)
    )
    with store.reading() as connection:
        found = connection.execute(query).all()
    return pd.DataFrame(found, columns=[*_TREND_FIELDS, "month", "count"], dtype=object)


def _settled(customer_id: str, period: Period) -> sa.Select[Any]:
    """The last end of a job of the period. Up to there every later job is read, so that the first
    cure of each exception is among them.
    """
    return sa.select(sa.func.max(_JOBS.point_at)).where(
        _JOBS.customer_id == customer_id,
        _JOBS.started_at >= period.start,
        _JOBS.started_at < period.end,
    )


def _needed(customer_id: str, period: Period, settled: Any) -> sa.CompoundSelect[Any]:
    """The rows of `read_period`: parts that have no row in common, each found by an index."""
    start, end = period.previous().start, period.end
    settled = settled or start
    mine = _rows_of(tables.jobs).where(_JOBS.customer_id == customer_id)
    later = mine.where(_JOBS.started_at >= end)
    return sa.union_all(
        mine.where(_JOBS.started_at >= start, _JOBS.started_at < end),
        mine.where(_JOBS.started_at < start, _JOBS.point_at >= start),  # then under way
        mine.where(_JOBS.started_at.is_(None)),
        later.where(_JOBS.point_at >= start, _JOBS.point_at <= settled),
        _first_of_each(customer_id, lambda own: _last_before(own, start, end)),
        _first_of_each(customer_id, lambda own: _first_after(own, settled, end)),
    )


def _rows_of(jobs: sa.FromClause) -> sa.Select[Any]:
    """The columns `_COLUMNS`; instants as the numbers they are kept as, for pandas to read."""
    columns = (jobs.c[name] for name in _COLUMNS)
    return sa.select(
        *(
            sa.type_coerce(own, sa.BigInteger).label(own.name)
            if isinstance(own.type, tables.Instant)
            else own
            for own in columns
        )
    )


def _last_before(jobs: Any, start: datetime, end: datetime) -> sa.Select[Any]:
    """The last job to end before `start`, of those that did not start from then to `end`."""
    elsewhere = (jobs.c.started_at < start) | (jobs.c.started_at >= end)
    ended = sa.select(jobs.c.job_id).where(jobs.c.point_at < start, elsewhere)
    return ended.order_by(jobs.c.point_at.desc(), jobs.c.job_id.desc())


def _first_after(jobs: Any, settled: datetime, end: datetime) -> sa.Select[Any]:
    """The first job to end after `settled`, of those that started from `end` on."""
    ended = sa.select(jobs.c.job_id).where(jobs.c.point_at > settled, jobs.c.started_at >= end)
    return ended.order_by(jobs.c.point_at, jobs.c.job_id)


def _first_of_each(
    customer_id: str, chosen: Callable[[sa.FromClause], sa.Select[Any]]
) -> sa.Select[Any]:
    """Of the jobs `chosen`, the first of each module and outcome."""
    modules, jobs = tables.modules.c, tables.jobs.alias("candidates")
    outcomes = sa.union_all(
        *(sa.select(sa.literal(own.value).label("outcome")) for own in Outcome)
    ).subquery("outcomes")
    first = (
        chosen(jobs)
        .where(
            jobs.c.customer_id == modules.customer_id,
            jobs.c.service == modules.service,
            jobs.c.module == modules.module,
            jobs.c.outcome == outcomes.c.outcome,
        )
        .limit(1)
        .scalar_subquery()
    )
    firsts = (
        sa.select(modules.customer_id, modules.service, modules.module, first.label("job_id"))
        .where(modules.customer_id == customer_id)
        .join_from(tables.modules, outcomes, sa.true())
        .subquery("firsts")
    )
    identity = ("customer_id", "service", "module", "job_id")
    same = sa.and_(*(_JOBS[name] == firsts.c[name] for name in identity))
    return _rows_of(tables.jobs).select_from(firsts.join(tables.jobs, same))


def _observations(
    connection: sa.Connection, customer_id: str, period: Period, gave: Iterable[int]
) -> Observations:
    """When the customer was looked at, and the replies a report of the period rests on: those of
    the period's fetches, and of the fetches `gave` that its rows are from.
    """
    fetches, replies = tables.fetches.c, tables.replies.c
    complete = (
        (fetches.customer_id == customer_id) & (fetches.kind == "jobs") & fetches.error.is_(None)
    )
    taken = sa.select(fetches.id, fetches.taken_at).where(complete).order_by(fetches.taken_at)
    looked = connection.execute(taken).all()
    rests_on = set(gave) | {own.id for own in looked if period.start <= own.taken_at < period.end}
    source = (
        sa.select(replies.fetched_at, replies.url, replies.sha256, replies.rows)
        .join(tables.fetches)
        .where(complete, fetches.id.in_(rests_on))
        .order_by(fetches.taken_at, fetches.id, replies.position)
    )
    sources = tuple(Source(*row) for row in connection.execute(source))
    return Observations(tuple(own.taken_at for own in looked), sources)


def _answer(connection: sa.Connection, customer_id: str, kind: Kind, period: Period) -> Answer:
    """What the service said of something beside the jobs, for a report of the period.

    The last answer of the period, else the first after it; else why there was none, chosen likewise
    so that it stays the same once the period is over; else the last there is from before.
    """
    fetches = tables.fetches.c
    mine = sa.select(fetches.id, fetches.taken_at, fetches.error).where(
        fetches.customer_id == customer_id, fetches.kind == kind
    )
    within = mine.where(fetches.taken_at >= period.start, fetches.taken_at < period.end)
    after = mine.where(fetches.taken_at >= period.end)
    answered = fetches.error.is_(None) | (fetches.error == Lack.NOT_THERE.value)
    newest, first = (fetches.taken_at.desc(), fetches.id.desc()), (fetches.taken_at, fetches.id)
    looks = (
        within.where(answered).order_by(*newest),
        after.where(answered).order_by(*first),
        within.order_by(*newest),
        after.order_by(*first),
        mine.order_by(*newest),
    )
    for look in looks:
        if row := connection.execute(look.limit(1)).one_or_none():
            return _kept(connection, kind, *row)
    return Answer(kind, None, absence=Absence(Lack.NEVER_FETCHED))


def _kept(
    connection: sa.Connection, kind: Kind, fetch_id: int, taken_at: datetime, error: str | None
) -> Answer:
    if error is None:
        return Answer(kind, taken_at, replies_of(connection, fetch_id))
    return Answer(kind, taken_at, absence=absence_of(error))


def absence_of(error: str) -> Absence:
    """Why nothing is known, from what is kept of it."""
    lack, _, said = error.partition(": ")
    return Absence(Lack(lack), said)
