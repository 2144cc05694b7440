"""Opening the store, writing snapshots into it, and what it knows of customers."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any, Final

import sqlalchemy as sa

from reporter.errors import NotStorable, ReporterError, StoreError
from reporter.files import close_to_others
from reporter.foreign import storable
from reporter.jobs.rows import refuse_long
from reporter.model import Answer, Customer, Kind, Reply, Snapshot
from reporter.showing import one_line
from reporter.sources.registry import SERVICE, reader_of
from reporter.store import tables
from reporter.store.address import EXAMPLES, files_of, parsed, shown, without_secrets_of
from reporter.store.deriving import (
    Derivation,
    complete,
    derive_again,
    histories_in,
    rules_of,
    snapshots_of,
)
from reporter.store.details import keep_details
from reporter.store.schema import bring_up_to_date

logger = logging.getLogger(__name__)

_A_FEW: Final = 3
"""Up to how many customers are derived anew without a message."""
_TOLD_EVERY: Final = 25
"""After how many customers the progress is logged."""
_BREATH_S: Final = 0.15
"""Seconds between two of them: SQLite has those who wait for the store look every 0.1 s."""
ABOUT_ALL: Final[Mapping[Kind, str]] = {"subscription": "subscriptions"}
"""The kind of the fetch that the answers of all customers are cut from, which has no customer."""
MOST_UNUSABLE: Final = 100
"""Replies that are kept of a fetch that failed: the last ones, where there were more."""


class Store:
    """Snapshots of all customers. Every write is one transaction: whole, or not there, and on the
    disk once it has ended.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._readers = engine.execution_options(only_reads=True)
        if engine.dialect.name == "postgresql":
            self._readers = self._readers.execution_options(isolation_level="REPEATABLE READ")

    @classmethod
    def open(cls, url: str) -> Store:
        """The store at a database URL, made or brought up to date where needed.

        Raises:
            ReplyError: what an older version has kept of a customer cannot be used.
            StoreError: it cannot be opened, or is of a newer version.
        """
        engine = _engine(url)
        store = cls(engine)
        try:
            with store._errors():
                _try(engine)
                bring_up_to_date(engine)
            store._derive()
        except ReporterError:
            engine.dispose()
            raise
        for path in files_of(engine.url):
            close_to_others(path)
        return store

    def _derive(self) -> None:
        """Derive anew what was derived by other rules, customer by customer: if a process is cut
        short the next one continues, and of two at once each takes different customers. Others can
        write in between.

        Raises:
            ReplyError: a reply cannot be used.
            StoreError: the database refuses.
        """
        customers = tables.customers.c
        outdated = customers.derivation < tables.DERIVATION
        with self.reading() as connection:
            customer_ids = (
                connection.execute(sa.select(customers.id).where(outdated)).scalars().all()
            )
        if len(customer_ids) > _A_FEW:
            logger.warning(
                "Deriving the jobs of %s customers again from their replies, once after an "
                "upgrade; this may take minutes.",
                f"{len(customer_ids):,}",
            )
        for done, customer_id in enumerate(customer_ids):
            if done:
                time.sleep(_BREATH_S)
            if done and done % _TOLD_EVERY == 0:
                logger.warning("Derived %s of %s customers.", f"{done:,}", f"{len(customer_ids):,}")
            with self.begin() as connection:
                still_outdated = sa.select(customers.id).where(
                    customers.id == customer_id, outdated
                )
                if connection.scalar(still_outdated.with_for_update()) is not None:
                    touch(connection, customer_id)
                    derive_again(connection, customer_id)

    def close(self) -> None:
        """Close the connections to the database; the store opens new ones when it is used again."""
        self.engine.dispose()

    def record_customers(
        self,
        customers: Iterable[Customer],
        replies: tuple[Reply, ...],
        flaw: str = "",
        source: str = SERVICE,
    ) -> None:
        """Keep a source's list of customers and the replies that gave it. With a `flaw` the list is
        not complete: it tells who is there, and not who has gone.
        """
        listed_at = max(reply.fetched_at for reply in replies)
        with self.begin() as connection:
            if flaw:
                self._record_failure(
                    connection, None, "customers", listed_at, flaw, replies, None, source
                )
            else:
                counted = _counted(replies, "customers")
                self._record_replies(connection, None, "customers", counted, source=source)
            insert = self.insert(tables.customers)
            upsert = insert.on_conflict_do_update(
                index_elements=["id"],
                set_={name: insert.excluded[name] for name in ("name", "listed_at", "source")},
            )
            rows = [
                {
                    "id": customer.id,
                    "name": customer.name,
                    "listed_at": listed_at,
                    "source": source,
                }
                for customer in customers
            ]
            if rows:
                connection.execute(upsert, rows)

    def record(self, snapshot: Snapshot, run_id: int | None = None) -> None:
        """Keep a complete snapshot: its replies as they are, its jobs by identity. Of files that
        nobody has written since, nothing is kept again.

        Raises:
            ReplyError: a reply is no list of jobs, or an id is too long; nothing is kept.
            StoreError: the database refuses; nothing is kept.
        """
        reader = reader_of(snapshot.replies)
        by_reply, rules = reader.rows(snapshot.replies), reader.rules(snapshot.replies)
        rows = [row for of_reply in by_reply for row in of_reply]
        refuse_long(rows)
        customer = snapshot.customer
        with self.begin() as connection:
            if rules is not None and _is_kept(connection, snapshot):
                return
            # First, because whoever has read before and writes after must wait here.
            self._hold(connection, customer, snapshot.taken_at)
            counted = list(zip(snapshot.replies, map(len, by_reply), strict=True))
            before = snapshots_of(connection, customer.id) if rules else ()
            fetch_id = self._record_replies(connection, customer.id, "jobs", counted, run_id)
            if before and rules_of(connection, before[-1]) != rules:
                derive_again(connection, customer.id)
            else:
                Derivation(connection, customer.id).keep(fetch_id, rows)
            for answer in snapshot.answers:
                answer_id = self._record_answer(connection, customer.id, answer, run_id)
                if answer.kind == "history" and answer_id is not None:
                    histories = histories_in(answer.replies, customer.id)
                    Derivation(connection, customer.id).keep_history(answer_id, histories)
                if answer.kind == "details" and answer_id is not None:
                    keep_details(connection, customer.id, answer_id, answer.job_id)

    def record_failure(
        self,
        customer: Customer | None,
        at: datetime,
        error: str,
        run_id: int | None = None,
        unusable: Sequence[Reply] = (),
        source: str = SERVICE,
    ) -> None:
        """Record that a snapshot, or without a customer the list of customers of a source, was
        tried and why it failed. What came nevertheless is kept with it, and nothing ever rests on
        that.

        Raises:
            StoreError: the database refuses; nothing is kept.
        """
        kind = "jobs" if customer else "customers"
        with self.begin() as connection:
            self._record_failure(
                connection,
                customer.id if customer else None,
                kind,
                at,
                error,
                unusable,
                run_id,
                source,
            )

    def customers(self, source: str | None = None) -> tuple[Customer, ...]:
        """All customers ever listed, or those of one source, by name."""
        customers = tables.customers.c
        query = sa.select(customers.id, customers.name).order_by(customers.name, customers.id)
        if source is not None:
            query = query.where(customers.source == source)
        with self.reading() as connection:
            return tuple(Customer(*row) for row in connection.execute(query))

    def departed(self, before: datetime) -> tuple[Customer, ...]:
        """Customers whom their source last listed before a time, though a complete list of it has
        come since.

        If nobody has asked the source since, it is not known whether anybody has gone.
        """
        customers, fetches = tables.customers.c, tables.fetches.c
        newest_list = (
            sa.select(sa.func.max(fetches.taken_at))
            .where(fetches.customer_id.is_(None), fetches.kind == "customers")
            .where(fetches.source == customers.source)
            .where(fetches.error.is_(None))
            .scalar_subquery()
        )
        query = (
            sa.select(customers.id, customers.name)
            .where(customers.listed_at < before, newest_list >= before)
            .order_by("name", "id")
        )
        with self.reading() as connection:
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
        with self.reading() as connection:
            error: str | None = connection.execute(query).scalar()
            return error

    def _record_answer(
        self, connection: sa.Connection, customer_id: str, answer: Answer, run_id: int | None
    ) -> int | None:
        """Keep an answer; the id of its fetch, if it is complete."""
        if answer.cut_from:
            self._record_whole(connection, answer.cut_from, run_id)
        return self._keep_answer(connection, customer_id, answer.kind, answer, run_id)

    def _record_whole(self, connection: sa.Connection, answer: Answer, run_id: int | None) -> None:
        """Keep the answer that those of all customers are cut from, where the first of them has
        not brought it yet.
        """
        fetches, kind = tables.fetches.c, ABOUT_ALL[answer.kind]
        same = sa.select(fetches.id).where(
            fetches.customer_id.is_(None),
            fetches.kind == kind,
            fetches.taken_at == _taken_at(answer),
            fetches.run_id == run_id,
        )
        if connection.scalar(same.limit(1)) is None:
            self._keep_answer(connection, None, kind, answer, run_id)

    def _keep_answer(
        self,
        connection: sa.Connection,
        customer_id: str | None,
        kind: str,
        answer: Answer,
        run_id: int | None,
    ) -> int | None:
        """Keep what came of asking; the fetch's id, if it is complete."""
        absence = answer.absence
        if absence is None:
            counted = _counted(answer.replies, kind)
            return self._record_replies(
                connection, customer_id, kind, counted, run_id, job_id=answer.job_id
            )
        error = ": ".join(filter(None, (absence.kind.value, absence.said)))
        unusable = answer.unusable[-MOST_UNUSABLE:]
        if len(unusable) < len(answer.unusable):  # no part of the absence, which is read again
            logger.info("Of the replies about %s the last %s are kept", kind, MOST_UNUSABLE)
        self._record_failure(
            connection,
            customer_id,
            kind,
            _taken_at(answer),
            error,
            unusable,
            run_id,
            job_id=answer.job_id,
        )
        return None

    def _record_failure(
        self,
        connection: sa.Connection,
        customer_id: str | None,
        kind: str,
        at: datetime,
        error: str,
        unusable: Sequence[Reply],
        run_id: int | None,
        source: str = SERVICE,
        job_id: str = "",
    ) -> None:
        kept = unusable[-MOST_UNUSABLE:]
        if len(kept) < len(unusable):
            error += f" Of the {len(unusable):,} replies to it the last {len(kept)} are kept."
        fetch = {
            "customer_id": customer_id,
            "kind": kind,
            "taken_at": at,
            "error": storable(error),
            "run_id": run_id,
            "source": source,
            "job_id": job_id,
        }
        self._keep_fetch(connection, fetch, [(reply, 0) for reply in kept])

    def _record_replies(
        self,
        connection: sa.Connection,
        customer_id: str | None,
        kind: str,
        counted: Sequence[tuple[Reply, int]],
        run_id: int | None = None,
        source: str = SERVICE,
        job_id: str = "",
    ) -> int:
        """Keep a complete fetch and its replies, each with the number of its rows; its id."""
        fetch = {
            "customer_id": customer_id,
            "kind": kind,
            "taken_at": max(reply.fetched_at for reply, _ in counted),
            "run_id": run_id,
            "source": source,
            "job_id": job_id,
        }
        return self._keep_fetch(connection, fetch, counted)

    def _keep_fetch(
        self,
        connection: sa.Connection,
        fetch: dict[str, Any],
        counted: Sequence[tuple[Reply, int]],
    ) -> int:
        """Keep a fetch and its replies, each with the number of its rows; the fetch's id."""
        key = connection.execute(sa.insert(tables.fetches), fetch).inserted_primary_key
        assert key is not None
        fetch_id = int(key[0])
        if not counted:
            return fetch_id
        hashes = [hashlib.sha256(reply.body).hexdigest() for reply, _ in counted]
        bodies = dict(zip(hashes, (reply.body for reply, _ in counted), strict=True))
        # In one order, so that two writers wait for one another instead of for ever.
        connection.execute(
            _keep_bodies(self.engine.dialect.name),
            [
                {"sha256": sha256, "body": zlib.compress(bodies[sha256])}
                for sha256 in sorted(bodies)
            ],
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
                    "rows": rows,
                }
                for position, ((reply, rows), sha256) in enumerate(
                    zip(counted, hashes, strict=True)
                )
            ],
        )
        return fetch_id

    def _hold(self, connection: sa.Connection, customer: Customer, at: datetime) -> None:
        """Note that something of the customer, listed or not, changes with this transaction: all
        others wait for its end.
        """
        row = {"id": customer.id, "name": customer.name, "listed_at": at}
        connection.execute(_hold_customer(self.engine.dialect.name), [row])

    def insert(self, table: sa.Table) -> Any:
        """An INSERT in the database's own form, which can say what to do on a conflict."""
        return tables.insert(self.engine.dialect.name, table)

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A transaction that writes, which ends with the block: done, or undone where it fails.

        Raises:
            StoreError: the database refuses.
        """
        with self._errors(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that reads, and sees the store as it was at one moment.

        Raises:
            StoreError: the database refuses.
        """
        with self._errors(), self._readers.begin() as connection:
            yield connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            cause = one_line(without_secrets_of(self.engine.url, str(error.orig))).rstrip(".?")
            if _is_of_content(error):
                raise NotStorable(
                    f"The store {shown(self.engine.url)} does not accept it: {cause}.",
                    hint="This is a fault of the program. Run the command again with -vv and "
                    "report what it says.",
                ) from error
            raise StoreError(
                f"The store {shown(self.engine.url)} failed: {cause}.",
                hint=_hint(cause),
            ) from error


def _taken_at(answer: Answer) -> datetime:
    """When an answer was complete, or known not to come."""
    if answer.absence is None:
        return max(reply.fetched_at for reply in answer.replies)
    assert answer.asked_at is not None
    return answer.asked_at


def _counted(replies: Sequence[Reply], kind: str) -> list[tuple[Reply, int]]:
    """Replies of one fetch, each with the number of its rows.

    Raises:
        ReplyError: a reply is no list of them.
    """
    return list(zip(replies, reader_of(replies).counts(replies, kind), strict=True))


def _is_kept(connection: sa.Connection, snapshot: Snapshot) -> bool:
    """Whether this very snapshot is kept: of the same time, with the same replies."""
    fetches, replies = tables.fetches.c, tables.replies.c
    kept = (
        sa.select(fetches.id, replies.sha256)
        .join(tables.replies)
        .where(complete(snapshot.customer.id), fetches.taken_at == snapshot.taken_at)
        .order_by(fetches.id, replies.position)
    )
    by_fetch: dict[int, list[str]] = {}
    for fetch_id, sha256 in connection.execute(kept):
        by_fetch.setdefault(fetch_id, []).append(sha256)
    hashes = [hashlib.sha256(reply.body).hexdigest() for reply in snapshot.replies]
    return bool(by_fetch) and hashes in by_fetch.values()


@cache
def _keep_bodies(dialect: str) -> Any:
    """The statement that inserts bodies that are not kept yet. Built only once: building it takes
    longer than running it.
    """
    return tables.insert(dialect, tables.bodies).on_conflict_do_nothing()


@cache
def _hold_customer(dialect: str) -> Any:
    """The statement that notes a change of a customer, who may be new. Built only once."""
    insert = tables.insert(dialect, tables.customers)
    return insert.on_conflict_do_update(
        index_elements=["id"], set_={"revision": tables.customers.c.revision + 1}
    )


def touch(connection: sa.Connection, customer_id: str) -> None:
    """Note that something of the customer changes with this transaction."""
    customers = tables.customers
    connection.execute(
        sa.update(customers)
        .where(customers.c.id == customer_id)
        .values(revision=customers.c.revision + 1)
    )


def revision(connection: sa.Connection, customer_id: str, *, hold: bool = False) -> int:
    """How often something of the customer has changed. With `hold` nothing more does before the
    transaction ends.
    """
    customers = tables.customers.c
    query = sa.select(customers.revision).where(customers.id == customer_id)
    return int(connection.scalar(query.with_for_update() if hold else query) or 0)


def _engine(url: str) -> sa.Engine:
    """The engine for a URL; nothing is opened yet.

    Messages of libraries may quote the URL's password: none of them is passed on.

    Raises:
        StoreError: it is no URL of a store, or its driver is not there or does not understand it.
    """
    try:
        address = parsed(url)
    except ValueError as error:
        raise StoreError(f"The store's address {error}.", hint=_CHECK_URL) from None
    try:
        engine = sa.create_engine(address)
    except (sa.exc.ArgumentError, ModuleNotFoundError):
        raise StoreError(
            f"The store {shown(address)} cannot be opened: the driver it names is not installed.",
            hint=f"{EXAMPLES.capitalize()} as [store] url.",
        ) from None
    except (TypeError, ValueError):
        raise _not_understood(address) from None
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    else:
        sa.event.listen(engine, "begin", _begin_postgresql)
    return engine


def _try(engine: sa.Engine) -> None:
    """Open a first connection.

    Raises:
        StoreError: the driver does not understand the URL's parameters.
        DBAPIError: the database refuses.
    """
    try:
        engine.connect().close()
    except (TypeError, ValueError):
        raise _not_understood(engine.url) from None


def _not_understood(address: sa.URL) -> StoreError:
    return StoreError(
        f"The store {shown(address)} cannot be opened: its driver does not understand the "
        "parameters after the question mark.",
        hint=_CHECK_URL,
    )


_CHECK_URL: Final = "Check [store] url."


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say, `_begin_sqlite`
    connection.execute("PRAGMA journal_mode = WAL")
    # With NORMAL a power cut undoes what was committed last: a claim, and the message goes twice.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # macOS flushes the drive only when told so
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA busy_timeout = 30000")


def _begin_sqlite(connection: sa.Connection) -> None:
    """A transaction that is to write waits for other writers before it reads; one that reads waits
    for nobody.
    """
    only_reads = connection.get_execution_options().get("only_reads")
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: sa.Connection) -> None:
    """A transaction that writes waits until the data is on the disk, whatever the server does by
    default.

    Set for each transaction, as a pooler may give the next one another session; every other setting
    waits for the disk already, and may wait for more.
    """
    if not connection.get_execution_options().get("only_reads"):
        connection.exec_driver_sql(
            "SELECT set_config('synchronous_commit', 'on', true) "
            "WHERE current_setting('synchronous_commit') = 'off'"
        )


_OF_CONTENT: Final = ("22", "23", "54")
"""Classes of SQLSTATE that are of what was to be kept: values, constraints, and limits such as that
of an index. All others are of the database, or of the connection to it.
"""


def _is_of_content(error: sa.exc.DBAPIError) -> bool:
    """Whether a working database refuses the values it was given. SQLite gives no SQLSTATE."""
    sqlstate = getattr(error.orig, "sqlstate", None)
    if sqlstate:
        return str(sqlstate)[:2] in _OF_CONTENT
    return isinstance(error, (sa.exc.DataError, sa.exc.IntegrityError))


_GONE = (
    "terminating connection",
    "server closed the connection",
    "connection is lost",
    "connection is closed",
    "Connection refused",
    "shutting down",
    "starting up",
)
"""How PostgreSQL and its driver report that the server is gone, or not there yet."""


def _hint(cause: str) -> str:
    if "locked" in cause:
        return "Another run is writing to it: wait until it has ended."
    if any(sign in cause for sign in _GONE):
        return (
            "The database cannot be reached. Once it is up, run the same command again: it "
            "continues where this one ended, and nothing is lost."
        )
    if "full" in cause or "disk I/O" in cause:
        return (
            "The disk is full or failing: make room and run the same command again; nothing is "
            "lost."
        )
    if "readonly" in cause or "unable to open" in cause:
        return "Check that its folder exists and is writable ([store] url)."
    return "Check [store] url, and that the database is up."
