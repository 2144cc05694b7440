"""What a report reads from the store: one customer's jobs and sightings, and what they rest on.

Every part of it is found by an index, so that it costs the same in a store of ten million jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final

import pandas as pd
import sqlalchemy as sa

from reporter.jobs.details import Details
from reporter.jobs.frame import raw_frame
from reporter.jobs.rows import FIELDS, KEPT_OF_ALL
from reporter.jobs.snapshots import cut
from reporter.model import (
    KINDS,
    LISTED_BY_TIME,
    SETTING_KINDS,
    TENANT_KINDS,
    Absence,
    Answer,
    Customer,
    Kind,
    Lack,
    Observations,
    Outcome,
    Policy,
    Source,
    ToldTime,
)
from reporter.period import Period
from reporter.store import tables
from reporter.store.deriving import complete, histories_of, scopes_of
from reporter.store.details import details_in
from reporter.store.replies import absence_of, replies_of
from reporter.store.sightings import Observed, observed_of, sightings_in
from reporter.store.store import Store

_JOBS: Final = tables.jobs.c
_COLUMNS: Final = (
    *FIELDS,
    "date_orders",
    "fetched_at",
    *KEPT_OF_ALL,
    "fetch_id",
    "dated_at",
    "outcome",
    "is_backup",
    "has_objects",
    "module_id",
)
_TIMES: Final = ("fetched_at", *KEPT_OF_ALL)
_TREND_FIELDS: Final = ("service", "module", "outcome", "is_backup", "size", "has_objects")


@dataclass(frozen=True)
class Reading:
    """What the store knows of one customer and period, all of one moment."""

    rows: pd.DataFrame
    """Raw rows, in the order they were fetched, as `jobs.frame.raw_frame` has them."""
    observations: Observations
    """All complete snapshots, and the replies the report rests on."""
    sightings: pd.DataFrame
    """What the snapshots that count say of each scope, in the columns of
    `jobs.sightings.SIGHTING_COLUMNS`, sorted by scope and snapshot."""
    answers: tuple[Answer, ...]
    """What the service said beside the jobs."""
    told_times: tuple[ToldTime, ...]
    """Of which times the customer's own tenant has told every job of a module."""
    stored_before: tuple[Answer, ...]
    """The last it said of protected data before the period, and before the one before it."""
    details: Details
    """What is known of the objects of the period's jobs."""
    details_before: Details
    """The same of the period before."""
    users_before: tuple[Answer, ...]
    """The last list of users before the period, and before each month of the year to it, the newest
    first."""


def read_period(
    store: Store, customer: Customer, period: Period, watch_every: timedelta
) -> Reading:
    """What a report of the period needs, and what it rests on.

    Jobs of the period and of the one before it, and undated ones; of each scope and outcome the
    last before (recovery points) and the first after (cures); the first that is known of each
    scope. Sightings of all snapshots up to the first one at or after the period's end and
    `watch_every`, of each scope from its last success before the period before on.

    Raises:
        StoreError: the database refuses.
    """
    with store.reading() as connection:
        observed = observed_of(connection, customer.id, period, watch_every)
        rows = _rows(connection, customer.id, period)
        rows["from_tenant"] = rows["fetch_id"].isin(histories_of(connection, customer.id))
        next_look = _next_look(connection, customer.id, observed.last)
        details, read = details_in(connection, customer.id, period, next_look)
        before, counted = period.previous(), cut(observed.times, period.previous(), watch_every)
        last_before = observed.times[counted.counted - 1] if counted.counted else None
        look_between = _next_look(connection, customer.id, last_before)
        details_before, _ = details_in(connection, customer.id, before, look_between)
        rests_on = {*observed.deciding, *_gave(rows, period, observed), *read}
        sources = _sources(connection, customer.id, rests_on)
        sightings = sightings_in(connection, customer.id, period, observed)
        answers = tuple(
            _answers_by_time(connection, customer.id, kind, period, watch_every, next_look)
            if kind in LISTED_BY_TIME
            else _answer(connection, customer.id, kind, period, next_look)
            for kind in KINDS
        )
        stored_before = _stored_before(connection, customer.id, period)
        users_before = _users_before(connection, customer.id, period)
        told_times = _told_times(connection, customer.id, period)
    return Reading(
        raw_frame(rows),
        Observations(observed.times, sources),
        sightings,
        answers,
        told_times,
        stored_before,
        details,
        details_before,
        users_before,
    )


def monthly_jobs(
    store: Store, customer: Customer, months: Sequence[Period], policy: Policy
) -> pd.DataFrame:
    """How many jobs are dated in each of the months (`month`, its place in `months`; `count`), by
    the fields a trend is computed from, with their raw values, and by whether they backed up any
    object (`has_objects`); without what the policy leaves out, and without what the customer's own
    tenant told of a month only after the looks that count for it.

    Counted in the database: a year of single jobs would take seconds to read.
    """
    month = sa.case(
        *((_JOBS.dated_at < period.end, number) for number, period in enumerate(months))
    ).label("month")
    fields = [_JOBS[name] for name in _TREND_FIELDS]
    query = (
        sa.select(*fields, month, sa.func.count().label("count"))
        .where(_JOBS.scope_id.in_(_ids(customer.id)))
        .where(_JOBS.dated_at >= months[0].start, _JOBS.dated_at < months[-1].end)
        .group_by(*fields, month)
    )
    with store.reading() as connection:
        if from_tenant := histories_of(connection, customer.id):
            late = _told_too_late(connection, customer.id, months, policy.watch_every)
            query = query.where(~(_JOBS.fetch_id.in_(from_tenant) & late))
        if policy.left_out:
            scopes = connection.execute(scopes_of(customer.id))
            query = query.where(
                _JOBS.scope_id.not_in(
                    [
                        scope.id
                        for scope in scopes
                        if policy.left_out_by(scope.service, scope.module, scope.name or None)
                    ]
                )
            )
        rows = connection.execute(query).all()
    return pd.DataFrame(rows, columns=[*_TREND_FIELDS, "month", "count"], dtype=object)


def _told_too_late(
    connection: sa.Connection,
    customer_id: str,
    months: Sequence[Period],
    watch_every: timedelta,
) -> sa.ColumnElement[bool]:
    """Whether a job was first known after the looks that count for its month."""
    times = observed_of(connection, customer_id, months[0], watch_every).times
    counted = [cut(times, month, watch_every).counted for month in months]
    late = (
        (_JOBS.dated_at >= month.start)
        & (_JOBS.dated_at < month.end)
        & (_JOBS.first_seen_at >= times[place])
        for month, place in zip(months, counted, strict=True)
        if place < len(times)
    )
    return sa.or_(sa.false(), *late)


def _rows(connection: sa.Connection, customer_id: str, period: Period) -> pd.DataFrame:
    """The jobs of `read_period`, each once, in the columns `_COLUMNS`."""
    settled = connection.scalar(_settled(customer_id, period))
    needed = _needed(customer_id, period, settled)
    jobs = {
        (row.module_id, row.job_id): tuple(row)  # plain: pandas asks each row
        for row in connection.execute(needed)
    }
    # Not by the database, whose order of texts is its own: the report is to be the same.
    rows = pd.DataFrame.from_records(sorted(jobs.values(), key=_in_order), columns=_COLUMNS)
    for name in (*_TIMES, "dated_at"):
        rows[name] = pd.to_datetime(rows[name].astype("Int64"), unit="us", utc=True)
    return rows


_ORDER: Final = tuple(map(_COLUMNS.index, ("fetched_at", "job_id", "service", "module")))


def _in_order(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The key that orders rows: as fetched, then in one way for all databases."""
    fetched_at, *names = (row[place] for place in _ORDER)
    return fetched_at, *(name or "" for name in names)


def _gave(rows: pd.DataFrame, period: Period, observed: Observed) -> Iterable[int]:
    """The fetches that jobs of the period are from. Running jobs are in the snapshots that count
    anyway; an undated job belongs to the snapshot that first shows it; one that the customer's own
    tenant told too late is not in the report.
    """
    of_period = (rows["dated_at"] >= period.start) & (rows["dated_at"] < period.end)
    if observed.next is not None:
        of_period &= ~(rows["from_tenant"] & (rows["first_seen_at"] >= observed.next))
    of_period &= rows["outcome"] != Outcome.RUNNING.value
    shown = rows["first_seen_at"].between(period.start, observed.last or period.end)
    return map(int, rows["fetch_id"][of_period | (rows["dated_at"].isna() & shown)])


def _ids(customer_id: str) -> sa.Select[Any]:
    """The numbers of a customer's scopes."""
    return scopes_of(customer_id).with_only_columns(tables.scopes.c.id)


def _settled(customer_id: str, period: Period) -> sa.Select[Any]:
    """The last end of a job of the period. Up to there every later job is read, so that the first
    cure of each exception is among them.
    """
    return sa.select(sa.func.max(_JOBS.point_at)).where(
        _JOBS.scope_id.in_(_ids(customer_id)),
        _JOBS.dated_at >= period.start,
        _JOBS.dated_at < period.end,
    )


def _needed(customer_id: str, period: Period, settled: Any) -> sa.CompoundSelect[Any]:
    """The rows of `read_period`, some of them twice; each part is found by an index."""
    start, end = period.previous().start, period.end
    settled = settled or start
    of_customer = _rows_of(tables.jobs).where(_JOBS.scope_id.in_(_ids(customer_id)))
    any_outcome = of_customer.where(_JOBS.outcome.in_([outcome.value for outcome in Outcome]))
    return sa.union_all(
        of_customer.where(_JOBS.dated_at >= start, _JOBS.dated_at < end),
        any_outcome.where(_JOBS.dated_at < start, _JOBS.point_at >= start),  # then under way
        of_customer.where(_JOBS.dated_at.is_(None)),
        of_customer.where(tables.START_MOVED, _JOBS.first_started_at < end).where(
            _JOBS.last_started_at >= period.start
        ),
        any_outcome.where(
            _JOBS.dated_at >= end, _JOBS.point_at >= start, _JOBS.point_at <= settled
        ),
        _one_of_each(customer_id, lambda jobs: _last_before(jobs, start, end), Outcome),
        _one_of_each(customer_id, lambda jobs: _first_after(jobs, settled, end), Outcome),
        _one_of_each(customer_id, lambda jobs: _first_known(jobs, start)),
    )


def _rows_of(jobs: sa.FromClause) -> sa.Select[Any]:
    """The columns `_COLUMNS`; instants as the numbers they are kept as, for pandas to read."""
    columns = (jobs.c[name] for name in _COLUMNS)
    return sa.select(
        *(
            sa.type_coerce(column, sa.BigInteger).label(column.name)
            if isinstance(column.type, tables.Instant)
            else column
            for column in columns
        )
    )


def _last_before(jobs: Any, start: datetime, end: datetime) -> sa.Select[Any]:
    """The last job to end before `start`, of those that are not dated from then to `end`."""
    elsewhere = (jobs.c.dated_at < start) | (jobs.c.dated_at >= end)
    ended = sa.select(jobs.c.job_id).where(jobs.c.point_at < start, elsewhere)
    return ended.order_by(jobs.c.point_at.desc(), jobs.c.job_id.desc())


def _first_after(jobs: Any, settled: datetime, end: datetime) -> sa.Select[Any]:
    """The first job to end after `settled`, of those that are dated from `end` on."""
    ended = sa.select(jobs.c.job_id).where(jobs.c.point_at > settled, jobs.c.dated_at >= end)
    return ended.order_by(jobs.c.point_at, jobs.c.job_id)


def _first_known(jobs: Any, start: datetime) -> sa.Select[Any]:
    """The first job there is, where it is dated before `start`."""
    known = sa.select(jobs.c.job_id).where(jobs.c.dated_at < start)
    return known.order_by(jobs.c.dated_at, jobs.c.point_at)


def _one_of_each(
    customer_id: str,
    chosen: Callable[[sa.FromClause], sa.Select[Any]],
    outcomes: Iterable[Outcome] = (),
) -> sa.Select[Any]:
    """Of the jobs `chosen`, the first of each scope, or of each scope and outcome."""
    scopes, jobs = tables.scopes.c, tables.jobs.alias("candidates")
    first = chosen(jobs).where(jobs.c.scope_id == scopes.id)
    of_each = scopes_of(customer_id).with_only_columns(scopes.module_id)
    if outcomes:
        outcome = sa.union_all(
            *(sa.select(sa.literal(wanted.value).label("outcome")) for wanted in outcomes)
        ).subquery("outcomes")
        first = first.where(jobs.c.outcome == outcome.c.outcome)
        of_each = of_each.join(outcome, sa.true())
    job_id = first.limit(1).scalar_subquery().label("job_id")
    firsts = of_each.add_columns(job_id).subquery("firsts")
    same = sa.and_(*(_JOBS[name] == firsts.c[name] for name in ("module_id", "job_id")))
    return _rows_of(tables.jobs).select_from(firsts.join(tables.jobs, same))


def _sources(
    connection: sa.Connection, customer_id: str, rests_on: Collection[int]
) -> tuple[Source, ...]:
    """The replies of some complete fetches of a customer's jobs and of their details."""
    fetches, replies = tables.fetches.c, tables.replies.c
    source = (
        sa.select(replies.fetched_at, replies.url, replies.sha256, replies.rows)
        .join(tables.fetches)
        .where(fetches.customer_id == customer_id, fetches.error.is_(None))
        .where(fetches.id.in_(rests_on))
        .order_by(fetches.taken_at, fetches.id, replies.position)
    )
    return tuple(Source(*row) for row in connection.execute(source))


def _next_look(connection: sa.Connection, customer_id: str, last: datetime | None) -> int | None:
    """The first look after the last one that counts for a report; None where there is none yet."""
    fetches = tables.fetches.c
    if last is None:
        return None
    following = sa.select(sa.func.min(fetches.id)).where(
        complete(customer_id), fetches.taken_at > last
    )
    fetch_id: int | None = connection.scalar(following)
    return fetch_id


def _answer(
    connection: sa.Connection,
    customer_id: str,
    kind: Kind,
    period: Period,
    next_look: int | None,
) -> Answer:
    """What the service said of something beside the jobs, for a report of the period.

    The last answer before the period's end, however early, else the first after it; else why there
    was none, so chosen that it stays the same once the period is over: the last attempt of the
    period, the first after it, or the last before it.

    Users and what the customer's own tenant says count only if they were asked for before
    `next_look`, and so do failures: whoever comes to ask for them, with a newer program or another
    permission, must not restate every period that was closed before. How backups are set may have
    been changed since it was told: such an answer counts for `_SET_SO_LONG`.
    """
    fetches = tables.fetches.c
    of_kind = _asked(customer_id, kind)
    if kind == "users" or kind in TENANT_KINDS:
        of_kind = _before(of_kind, next_look)
    if kind in SETTING_KINDS:
        of_kind = of_kind.where(fetches.taken_at >= period.start - _SET_SO_LONG)
    within = of_kind.where(fetches.taken_at >= period.start, fetches.taken_at < period.end)
    after = of_kind.where(fetches.taken_at >= period.end)
    answered = fetches.error.is_(None) | (fetches.error == Lack.NOT_THERE.value)
    looks = (
        of_kind.where(answered, fetches.taken_at < period.end).order_by(*_NEWEST),
        after.where(answered).order_by(*_FIRST),
        within.order_by(*_NEWEST),
        after.order_by(*_FIRST),
        of_kind.order_by(*_NEWEST),
    )
    for look in looks:
        if row := connection.execute(look.limit(1)).one_or_none():
            return _kept(connection, kind, *row)
    return Answer(kind, None, absence=Absence(Lack.NEVER_FETCHED))


def _answers_by_time(
    connection: sa.Connection,
    customer_id: str,
    kind: Kind,
    period: Period,
    watch_every: timedelta,
    next_look: int | None,
) -> Answer:
    """What was listed by time for a report of the period: all complete answers since its start
    together, up to the first one from which it is final and before `next_look`; the later ones
    correct the earlier. If there is none, why, as for other answers.
    """
    fetches = tables.fetches.c
    of_kind = _before(_asked(customer_id, kind), next_look)
    of_kind = of_kind.where(fetches.taken_at >= period.start)
    given = []
    for answer in connection.execute(of_kind.where(fetches.error.is_(None)).order_by(*_FIRST)):
        given.append(answer)
        if answer.taken_at >= period.end + watch_every:
            break
    if given:
        replies = chain.from_iterable(replies_of(connection, answer.id) for answer in given)
        return Answer(kind, given[-1].taken_at, tuple(replies))
    within = of_kind.where(fetches.taken_at < period.end)
    for look in (within.order_by(*_NEWEST), of_kind.order_by(*_FIRST)):
        if row := connection.execute(look.limit(1)).one_or_none():
            return _kept(connection, kind, *row)
    return Answer(kind, None, absence=Absence(Lack.NEVER_FETCHED))


_SET_SO_LONG: Final = timedelta(days=3)
"""How long before a period the tenant may have told how backups are set: it is asked each day."""
_NEWEST: Final = (tables.fetches.c.taken_at.desc(), tables.fetches.c.id.desc())
_FIRST: Final = (tables.fetches.c.taken_at, tables.fetches.c.id)


def _stored_before(
    connection: sa.Connection, customer_id: str, period: Period
) -> tuple[Answer, ...]:
    """The last complete answer about protected data before the period, and the one before the
    period before it, as far as there are any.
    """
    starts = (period.start, period.previous().start)
    lasts = _last_answers(connection, customer_id, "protection", starts)
    return tuple(_kept(connection, "protection", *row) for row in lasts)


def _users_before(
    connection: sa.Connection, customer_id: str, period: Period
) -> tuple[Answer, ...]:
    """The last complete list of users before the period, and before each calendar month of the year
    to it, each list once: enough to say since about when a user is not protected, without reading a
    list for each day.
    """
    months = (month.start for month in reversed(period.year_to()) if month.start < period.start)
    lasts = _last_answers(connection, customer_id, "users", (period.start, *months))
    return tuple(_kept(connection, "users", *row) for row in dict.fromkeys(lasts))


def _last_answers(
    connection: sa.Connection, customer_id: str, kind: Kind, times: Iterable[datetime]
) -> Iterator[tuple[int, datetime, str | None]]:
    """The last complete answer before each of the times that has one."""
    fetches = tables.fetches.c
    for time in times:
        before = _asked(customer_id, kind).where(fetches.error.is_(None), fetches.taken_at < time)
        if row := connection.execute(before.order_by(*_NEWEST).limit(1)).one_or_none():
            yield row.id, row.taken_at, row.error


def _told_times(
    connection: sa.Connection, customer_id: str, period: Period
) -> tuple[ToldTime, ...]:
    """The times that histories are about, of the period and of the one before it."""
    told, modules, fetches = tables.told_times.c, tables.modules.c, tables.fetches.c
    columns = (modules.service, modules.module, told.starts_at, told.ends_at, fetches.taken_at)
    query = (
        sa.select(*columns)
        .join_from(tables.told_times, tables.modules)
        .join(tables.fetches, fetches.id == told.fetch_id)
        .where(modules.customer_id == customer_id)
        .where(told.starts_at < period.end, told.ends_at > period.previous().start)
        .order_by(modules.service, modules.module, told.starts_at, told.ends_at)
    )
    return tuple(ToldTime(*row) for row in connection.execute(query))


def _asked(customer_id: str, kind: Kind) -> sa.Select[Any]:
    """What came of asking for something beside the jobs."""
    fetches = tables.fetches.c
    return sa.select(fetches.id, fetches.taken_at, fetches.error).where(
        fetches.customer_id == customer_id, fetches.kind == kind
    )


def _before(asked: sa.Select[Any], next_look: int | None) -> sa.Select[Any]:
    """Of what came of asking, what came before a look; all of it where there is none."""
    return asked if next_look is None else asked.where(tables.fetches.c.id < next_look)


def _kept(
    connection: sa.Connection, kind: Kind, fetch_id: int, taken_at: datetime, error: str | None
) -> Answer:
    if error is None:
        return Answer(kind, taken_at, replies_of(connection, fetch_id))
    return Answer(kind, taken_at, absence=absence_of(error))
