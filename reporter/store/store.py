"""Writing snapshots into the store, and reading a period's rows out of it."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from reporter.errors import StoreError
from reporter.jobs.catalog import outcome_of
from reporter.jobs.frame import raw_frame
from reporter.jobs.replies import products_of, read_page, rows_of
from reporter.jobs.rows import FIELDS, Row, identity_of, moment, newest, present
from reporter.model import (
    Absence,
    Answer,
    Customer,
    Kind,
    Lack,
    Observations,
    Reply,
    Snapshot,
    Source,
)
from reporter.period import Period
from reporter.store import tables
from reporter.store.schema import bring_up_to_date

_INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Store:
    """Snapshots of all customers. Every write is one transaction: whole, or not there."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, url: str) -> Store:
        """The store at a database URL, made or brought up to date where needed.

        Raises:
            StoreError: it cannot be opened, or is of a newer version.
        """
        try:
            engine = sa.create_engine(url)
        except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ModuleNotFoundError) as error:
            raise StoreError(
                f"The store {url!r} is no database this program knows: {error}.",
                hint="Write sqlite:///reporter.db or postgresql+psycopg://… as [store] url.",
            ) from error
        if engine.dialect.name == "sqlite":
            sa.event.listen(engine, "connect", _prepare_sqlite)
        store = cls(engine)
        try:
            with store._errors():
                bring_up_to_date(engine)
        except StoreError:
            engine.dispose()
            raise
        return store

    def record_customers(self, customers: Iterable[Customer], replies: tuple[Reply, ...]) -> None:
        """Keep the list of customers and the replies that gave it."""
        listed_at = max(reply.fetched_at for reply in replies)
        with self.begin() as connection:
            self._record_replies(connection, None, "customers", replies)
            insert = self._insert(tables.customers)
            upsert = insert.on_conflict_do_update(
                index_elements=["id"],
                set_={"name": insert.excluded.name, "listed_at": insert.excluded.listed_at},
            )
            rows = [
                {"id": customer.id, "name": customer.name, "listed_at": listed_at}
                for customer in customers
            ]
            if rows:
                connection.execute(upsert, rows)

    def record(self, snapshot: Snapshot, run_id: int | None = None) -> None:
        """Keep a complete snapshot: its replies as they are, its jobs by identity.

        Raises:
            ReplyError: a reply is no list of jobs; nothing is kept.
            StoreError: the database refuses; nothing is kept.
        """
        jobs = [derived(row) for row in newest(rows_of(snapshot.replies))]
        with self.begin() as connection:
            fetch_id = self._record_replies(
                connection, snapshot.customer.id, "jobs", snapshot.replies, run_id
            )
            self.keep_jobs(connection, snapshot.customer.id, fetch_id, jobs)
            for answer in snapshot.answers:
                self._record_answer(connection, snapshot.customer, answer, run_id)

    def record_failure(
        self, customer: Customer, at: datetime, error: str, run_id: int | None = None
    ) -> None:
        """Keep that a snapshot was tried and why there is none."""
        with self.begin() as connection:
            connection.execute(
                sa.insert(tables.fetches),
                {
                    "customer_id": customer.id,
                    "taken_at": at,
                    "error": error,
                    "run_id": run_id,
                },
            )

    def answer(self, customer: Customer, kind: Kind, period: Period) -> Answer:
        """What the service said beside the jobs, for a report of the period.

        The last answer in the period, else the first after it; without either, the last attempt
        at one or an answer from before.
        """
        fetches = tables.fetches.c
        at = sa.type_coerce(fetches.taken_at, sa.BigInteger)
        answered = fetches.error.is_(None) | (fetches.error == Lack.NOT_THERE.value)
        in_period = answered & (fetches.taken_at >= period.start) & (fetches.taken_at < period.end)
        after = answered & (fetches.taken_at >= period.end)
        order = sa.case((in_period, -at), (after, at), else_=-at)
        query = (
            sa.select(fetches.id, fetches.taken_at, fetches.error)
            .where(fetches.customer_id == customer.id, fetches.kind == kind)
            .order_by(sa.case((in_period, 0), (after, 1), else_=2), order, fetches.id.desc())
            .limit(1)
        )
        with self.begin() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                return Answer(kind, None, absence=Absence(Lack.NEVER_FETCHED))
            if row.error is not None:
                lack, _, said = row.error.partition(": ")
                return Answer(kind, row.taken_at, absence=Absence(Lack(lack), said))
            return Answer(kind, row.taken_at, replies_of(connection, row.id))

    def customers(self) -> tuple[Customer, ...]:
        """All customers ever listed, by name."""
        query = sa.select(tables.customers.c.id, tables.customers.c.name).order_by("name", "id")
        with self.begin() as connection:
            return tuple(Customer(*row) for row in connection.execute(query))

    def departed(self, before: datetime) -> tuple[Customer, ...]:
        """Customers whom the service listed last before a time, though it has listed others since.

        Where nobody asked the service since, nothing is known of anybody's going.
        """
        customers = tables.customers.c
        newest_list = sa.select(sa.func.max(customers.listed_at)).scalar_subquery()
        query = (
            sa.select(customers.id, customers.name)
            .where(customers.listed_at < before, newest_list >= before)
            .order_by("name", "id")
        )
        with self.begin() as connection:
            return tuple(Customer(*row) for row in connection.execute(query))

    def last_failure(self, customer: Customer) -> str | None:
        """Why the customer's last attempt at a snapshot failed; None where it did not."""
        fetches = tables.fetches.c
        query = (
            sa.select(fetches.error)
            .where(fetches.customer_id == customer.id, fetches.kind == "jobs")
            .order_by(fetches.taken_at.desc(), fetches.id.desc())
            .limit(1)
        )
        with self.begin() as connection:
            error: str | None = connection.execute(query).scalar()
            return error

    def raw_jobs(self, customer: Customer, period: Period) -> pd.DataFrame:
        """The raw rows a report of the period needs, in the order they were fetched.

        Those of the period and of the one before it, undated ones and placeholders; of each
        module and outcome the last before (recovery points) and the first after (cures).
        """
        columns = [tables.jobs.c[name] for name in (*FIELDS, "fetched_at")]
        query = sa.select(*columns).where(_needed(customer.id, period))
        with self.begin() as connection:
            found = connection.execute(query.order_by("fetched_at", "job_id")).all()
        return raw_frame([row._asdict() for row in found])

    def monthly_jobs(self, customer: Customer, months: Sequence[Period]) -> pd.DataFrame:
        """How many jobs started in each of the months (`month`, its place in `months`; `count`),
        by the fields a trend is computed from, with their raw values.

        Counted in the database: a year of single jobs would take seconds to read.
        """
        jobs = tables.jobs.c
        month = sa.case(
            *((jobs.started_at < own.end, number) for number, own in enumerate(months))
        ).label("month")
        fields = [jobs[name] for name in _TREND_FIELDS]
        query = (
            sa.select(*fields, month, sa.func.count().label("count"))
            .where(jobs.customer_id == customer.id, jobs.job_id != "")
            .where(jobs.started_at >= months[0].start, jobs.started_at < months[-1].end)
            .group_by(*fields, month)
        )
        with self.begin() as connection:
            found = connection.execute(query).all()
        return pd.DataFrame(found, columns=[*_TREND_FIELDS, "month", "count"], dtype=object)

    def observations(self, customer: Customer, period: Period) -> Observations:
        """When the customer was looked at, and the replies a report of the period rests on."""
        fetches, replies = tables.fetches, tables.replies
        complete = (
            (fetches.c.customer_id == customer.id)
            & (fetches.c.kind == "jobs")
            & fetches.c.error.is_(None)
        )
        source = sa.select(
            replies.c.fetched_at, replies.c.url, replies.c.sha256, replies.c.rows
        ).join(fetches)
        with self.begin() as connection:
            taken = connection.execute(
                sa.select(fetches.c.taken_at).where(complete).order_by(fetches.c.taken_at)
            ).scalars()
            snapshots = tuple(taken)
            rests_on = complete & fetches.c.id.in_(_sources(customer.id, period))
            found = connection.execute(
                source.where(rests_on).order_by(fetches.c.taken_at, fetches.c.id, "position")
            )
            return Observations(snapshots, tuple(Source(*row) for row in found))

    def _record_answer(
        self, connection: sa.Connection, customer: Customer, answer: Answer, run_id: int | None
    ) -> None:
        if answer.absence is None:
            self._record_replies(connection, customer.id, answer.kind, answer.replies, run_id)
            return
        absence = answer.absence
        failed = sa.insert(tables.fetches).values(
            customer_id=customer.id,
            kind=answer.kind,
            taken_at=answer.asked_at,
            error=": ".join(filter(None, (absence.kind.value, absence.said))),
            run_id=run_id,
        )
        connection.execute(failed)

    def _record_replies(
        self,
        connection: sa.Connection,
        customer_id: str | None,
        kind: str,
        replies: tuple[Reply, ...],
        run_id: int | None = None,
    ) -> int:
        taken_at = max(reply.fetched_at for reply in replies)
        key = connection.execute(
            sa.insert(tables.fetches).values(
                customer_id=customer_id, kind=kind, taken_at=taken_at, run_id=run_id
            )
        ).inserted_primary_key
        assert key is not None
        fetch_id = int(key[0])
        hashes = [hashlib.sha256(reply.body).hexdigest() for reply in replies]
        bodies = dict(zip(hashes, (reply.body for reply in replies), strict=True))
        # In one order, so that two writers wait for one another instead of for ever.
        connection.execute(
            self._insert(tables.bodies).on_conflict_do_nothing(),
            [{"sha256": own, "body": zlib.compress(bodies[own])} for own in sorted(bodies)],
        )
        connection.execute(
            sa.insert(tables.replies),
            [
                {
                    "fetch_id": fetch_id,
                    "position": position,
                    "fetched_at": reply.fetched_at,
                    "url": reply.url,
                    "request_id": reply.request_id,
                    "sha256": sha256,
                    "rows": _rows_in(reply, kind),
                }
                for position, (reply, sha256) in enumerate(zip(replies, hashes, strict=True))
            ],
        )
        return fetch_id

    def keep_jobs(
        self, connection: sa.Connection, customer_id: str, fetch_id: int, jobs: list[Row]
    ) -> None:
        """Keep the rows `derived` made of a snapshot, where no newer ones are kept."""
        if jobs:
            mine = {"customer_id": customer_id, "fetch_id": fetch_id}
            connection.execute(self._upsert_jobs(), [job | mine for job in jobs])

    def _upsert_jobs(self) -> Any:
        """Newer rows of an identity replace older ones: the rule of `jobs.rows.newest`."""
        insert = self._insert(tables.jobs)
        new, old = insert.excluded, tables.jobs.c
        identity = ["customer_id", "service", "module", "job_id"]
        return insert.on_conflict_do_update(
            index_elements=identity,
            set_={column.name: column for column in new if column.name not in identity},
            where=new.modified_at.is_(None)
            | old.modified_at.is_(None)
            | (new.modified_at >= old.modified_at),
        )

    def _insert(self, table: sa.Table) -> Any:
        return _INSERTS[self.engine.dialect.name](table)

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A transaction, which ends with the block: done, or undone where it fails.

        Raises:
            StoreError: the database refuses.
        """
        with self._errors(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            cause = str(error.orig)
            raise StoreError(
                f"The store {self.engine.url.render_as_string()} failed: {cause}.",
                hint=_hint(cause),
            ) from error


def replies_of(connection: sa.Connection, fetch_id: int) -> tuple[Reply, ...]:
    """The replies of a complete fetch, as they were received."""
    replies, bodies = tables.replies.c, tables.bodies.c
    found = connection.execute(
        sa.select(replies.url, replies.fetched_at, replies.request_id, bodies.body)
        .join(tables.bodies, bodies.sha256 == replies.sha256)
        .where(replies.fetch_id == fetch_id)
        .order_by(replies.position)
    )
    return tuple(
        Reply(row.url, row.fetched_at, row.request_id, zlib.decompress(row.body)) for row in found
    )


def _rows_in(reply: Reply, kind: str) -> int:
    return len(products_of([reply]) if kind == "subscription" else read_page(reply).rows)


_TREND_FIELDS = ("jobType", "jobModule", "status", "backupSize")


def derived(row: Row) -> Row:
    """A row of the table `jobs`: what the service wrote, and what rows are chosen by."""
    service, module, job_id = identity_of(row)
    started_at, ended_at = moment(row["startTime"]), moment(row["endTime"])
    return row | {
        "service": service,
        "module": module,
        "job_id": job_id,
        "started_at": started_at,
        "point_at": ended_at or started_at,
        "modified_at": moment(row["lastModifyTime"]),
        "outcome": outcome_of(present(row["status"])).value if job_id else None,
    }


def _needed(customer_id: str, period: Period) -> sa.ColumnElement[bool]:
    """The rows of `Store.raw_jobs`, chosen in the database."""
    jobs = tables.jobs.c
    start, end = period.previous().start, period.end
    mine = jobs.customer_id == customer_id
    dated = (jobs.started_at < end) & ((jobs.started_at >= start) | (jobs.point_at >= start))
    # Up to here every later job is read, so that the first cure of each exception is among them.
    settled = (
        sa.select(sa.func.max(jobs.point_at))
        .where(mine & (jobs.started_at >= period.start) & (jobs.started_at < end))
        .scalar_subquery()
    )
    after = mine & (jobs.started_at >= end)
    before = mine & (jobs.started_at < start) & (jobs.point_at < start)
    later = after & (settled.is_(None) | (jobs.point_at > settled))
    return mine & sa.or_(
        jobs.started_at.is_(None),
        dated,
        after & (jobs.point_at <= settled),
        _first_of_each_outcome(before, jobs.point_at.desc()),
        _first_of_each_outcome(later, jobs.point_at.asc()),
    )


def _first_of_each_outcome(
    which: sa.ColumnElement[bool], order: sa.UnaryExpression[Any]
) -> sa.ColumnElement[bool]:
    """Of the rows `which`, the first in `order` of each module and outcome."""
    jobs = tables.jobs.c
    rank = sa.func.row_number().over(
        partition_by=[jobs.service, jobs.module, jobs.outcome], order_by=[order, jobs.job_id]
    )
    identity = [jobs.customer_id, jobs.service, jobs.module, jobs.job_id]
    ranked = sa.select(*identity, rank.label("rank")).where(which).subquery()
    first = sa.select(*(ranked.c[column.name] for column in identity)).where(ranked.c.rank == 1)
    return sa.tuple_(*identity).in_(first)


def _sources(customer_id: str, period: Period) -> sa.CompoundSelect[Any]:
    """The fetches a report rests on: those of the period, and those that gave its rows."""
    jobs, fetches = tables.jobs.c, tables.fetches.c
    gave = sa.select(jobs.fetch_id).where(
        (jobs.customer_id == customer_id)
        & (jobs.started_at.is_(None) | jobs.started_at.between(period.start, period.end))
    )
    of_period = sa.select(fetches.id).where(
        (fetches.customer_id == customer_id)
        & (fetches.kind == "jobs")
        & fetches.taken_at.between(period.start, period.end)
    )
    return gave.union(of_period)


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA busy_timeout = 30000")


def _hint(cause: str) -> str:
    if "locked" in cause:
        return "Another run is writing to it: wait until it has ended."
    if "full" in cause:
        return "The disk is full: make room and run the same command again; nothing is lost."
    if "readonly" in cause or "unable to open" in cause:
        return "Check that its folder exists and may be written to ([store] url)."
    return "Check [store] url, and that the database is up."
