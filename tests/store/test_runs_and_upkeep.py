"""Runs that exclude each other and resume after an interruption, and a store that is rebuilt and
pruned.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from reporter.errors import StoreError
from reporter.model import Customer, Policy
from reporter.sources.avepoint.emulator import ordinary_customers
from reporter.store import Store, schema, tables
from reporter.store.address import files_of
from reporter.store.lock import held
from reporter.store.reading import read_period
from reporter.store.runs import (
    RESUMED,
    fetch_run,
    last_fetch_began,
    month_done,
    newest_month_done,
)
from reporter.store.upkeep import prunable, prune, rebuild_jobs
from tests.builders import CUSTOMER, NOW, make_busy_month, make_job, make_row
from tests.conftest import Run, StartEmulator, configure
from tests.store.test_store import of_jobs, snapshot_of

SECOND = Customer("2", "Second")


def contents(store: Store, table: sa.Table) -> list[Any]:
    with store.begin() as connection:
        return sorted(connection.execute(sa.select(table)).all(), key=repr)


def jobs_in(store: Store) -> list[Any]:
    """Everything kept about jobs, except the numbers of their modules and scopes."""
    columns = [column for column in tables.jobs.c if column.name not in ("module_id", "scope_id")]
    with store.begin() as connection:
        rows = connection.execute(of_jobs(tables.modules.c.customer_id, *columns))
        return sorted(map(tuple, rows), key=repr)


def test_two_runs_never_mix(url: str, open_store: Callable[[str], Store]) -> None:
    """A store that is held is refused, with what to do; once released it is free."""
    first, second = open_store(url), open_store(url)
    with fetch_run(first, lambda: NOW):
        with pytest.raises(StoreError, match="held by another run") as caught, held(second.engine):
            pass
        assert "--wait" in caught.value.hint
    with held(second.engine):
        pass


@pytest.mark.parametrize("part", ["store", "outbox"])
@pytest.mark.parametrize("link", ["link.db", "beside/reporter.db"])
def test_a_store_is_held_under_any_of_its_names(tmp_path: Path, link: str, part: Any) -> None:
    """A link to the file is another name of the same store: two senders would use one outbox."""
    (tmp_path / "beside").mkdir()
    (tmp_path / link).symlink_to(tmp_path / "reporter.db")
    first, second = (Store.open(f"sqlite:///{tmp_path / name}") for name in ("reporter.db", link))
    with (
        contextlib.closing(first),
        contextlib.closing(second),
        held(first.engine, part=part),
        pytest.raises(StoreError, match="held by another run"),
        held(second.engine, part=part),
    ):
        pass
    assert [path.parent for path in tmp_path.rglob("*.lock")] == [tmp_path]


def test_the_files_of_a_store_are_beside_the_file_itself(tmp_path: Path) -> None:
    """Where SQLite has its log, which contains as much about customers as the store does."""
    (tmp_path / "link.db").symlink_to("reporter.db")
    with (
        contextlib.closing(Store.open(f"sqlite:///{tmp_path / 'link.db'}")) as store,
        store.begin(),
    ):
        files = files_of(store.engine.url)
        assert [path.name for path in files[:2]] == ["reporter.db", "reporter.db-wal"]
        assert files[1].exists()


def test_a_hold_ends_with_its_process(url: str, open_store: Callable[[str], Store]) -> None:
    """However a process ends, the next one gets the store."""
    script = (
        "import sys, time; from reporter.store import Store; from reporter.store.lock import held\n"
        f"with held(Store.open({url!r}).engine): print('held', flush=True); time.sleep(60)"
    )
    store = open_store(url)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(StoreError, match="held"), held(store.engine):
            pass
        process.send_signal(signal.SIGKILL)
    with held(store.engine, wait=30):
        pass


def interrupted(store: Store) -> int:
    """A run that is interrupted after its first customers; its number."""
    with contextlib.suppress(KeyboardInterrupt), fetch_run(store, lambda: NOW) as run:
        store.record(snapshot_of([make_job()]), run.id)
        store.record_failure(SECOND, NOW, "no", run.id)
        raise KeyboardInterrupt
    return run.id


def test_an_interrupted_run_is_resumed(store: Store) -> None:
    """The next run has the same number and knows who is done; one that ended is over."""
    first = interrupted(store)
    with fetch_run(store, lambda: NOW + timedelta(hours=1)) as second:
        assert (second.id, second.done) == (first, frozenset({CUSTOMER.id}))
    with fetch_run(store, lambda: NOW + timedelta(hours=2)) as third:
        assert (third.id == first, third.done) == (False, frozenset())


def test_an_old_run_is_not_resumed(store: Store) -> None:
    """Its snapshots say nothing about now; neither do those of a run over some customers."""
    for whole, later in ((True, RESUMED + timedelta(minutes=1)), (False, timedelta(minutes=1))):
        with pytest.raises(ValueError, match="cut"), fetch_run(store, lambda: NOW, whole=whole):
            raise ValueError("cut")
        with fetch_run(store, lambda later=later: NOW + later, whole=whole) as run:  # type: ignore[misc]
            assert run.done == frozenset()


def test_equal_replies_are_kept_once(store: Store) -> None:
    """Each fetch has its replies; a body received before is not stored again."""
    for hour in range(3):
        store.record(snapshot_of([make_job()], NOW + timedelta(hours=hour)))
    assert len(contents(store, tables.replies)) == 3
    assert len(contents(store, tables.bodies)) == 1


def test_rebuilt_jobs_are_the_same(store: Store) -> None:
    """Row by row what was derived on receipt, from many overlapping snapshots."""
    rows = make_busy_month()
    store.record(snapshot_of(rows[:400], NOW - timedelta(days=2)))
    changed = [row | {"status": "Failed", "lastModifyTime": "N/A"} for row in rows[300:350]]
    store.record(snapshot_of([*changed, *rows[350:]], NOW - timedelta(days=1)))
    store.record(snapshot_of(rows[:50]))
    store.record(snapshot_of([make_row(jobModule="Power BI")], customer=SECOND))
    before = jobs_in(store)
    assert rebuild_jobs(store, CUSTOMER) + rebuild_jobs(store, SECOND) == len(before)
    assert jobs_in(store) == before
    with store.begin() as connection:
        connection.execute(sa.delete(tables.jobs))
    rebuild_jobs(store, CUSTOMER)
    rebuild_jobs(store, SECOND)
    assert jobs_in(store) == before


def test_pruning_removes_only_old_data(store: Store) -> None:
    """Old snapshots are removed with the jobs only they had; what is announced is what is removed.
    What has been listed since before is still listed.
    """
    old, new = NOW - timedelta(days=800), NOW
    recent, outdated = make_job(), make_job("2024-08-01T01:00:00Z")
    store.record(snapshot_of([outdated, recent], old))
    store.record(snapshot_of([make_row()], old, SECOND))
    store.record(snapshot_of([recent], new))
    before = NOW - timedelta(days=700)
    counts = prunable(store, before)
    assert (counts.snapshots, counts.jobs) == (2, 1)
    assert prune(store, before) == counts
    assert [row.job_id for row in _jobs(store)] == [recent["jobId"]]
    assert len(contents(store, tables.bodies)) == len(contents(store, tables.replies)) == 1
    (fetch_id,) = [row.id for row in contents(store, tables.fetches)]
    assert [(row.fetch_id, row.job_id) for row in contents(store, tables.sightings)] == [
        (fetch_id, recent["jobId"])
    ]
    assert len(contents(store, tables.scopes)) == len(contents(store, tables.modules)) == 1
    rebuild_jobs(store, CUSTOMER)
    assert [row.job_id for row in _jobs(store)] == [recent["jobId"]]
    assert prune(store, before).snapshots == 0


def _jobs(store: Store) -> list[Any]:
    with store.begin() as connection:
        return list(connection.execute(sa.select(tables.jobs)).all())


def test_a_store_of_an_older_program_is_brought_up_to_date(
    database: str, open_store: Callable[[str], Store]
) -> None:
    """With everything it held: replies, bodies, jobs."""
    engine = sa.create_engine(database)
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            sa.text(
                "INSERT INTO fetches (id, customer_id, taken_at) VALUES (1, '1', 1), (2, '1', 2)"
            )
        )
        reply = "(:fetch, 0, 1, 'u', 'r', :sha, 0, :body)"
        for fetch, sha, body in ((1, "a", b"one"), (2, "a", b"one")):
            connection.execute(
                sa.text(f"INSERT INTO replies VALUES {reply}"),
                {"fetch": fetch, "sha": sha, "body": body},
            )
    engine.dispose()
    store = open_store(database)
    assert contents(store, tables.bodies) == [("a", b"one")]
    assert len(contents(store, tables.replies)) == 2


def _fetch_often(url: str, customer: int, ready: Any) -> None:
    store = Store.open(url)
    ready.wait(60)
    for number in range(12):
        rows = [make_job(f"2026-10-{1 + number:02}T{hour:02}:00:00Z") for hour in range(20)]
        for customer_id in (str(customer), "both"):
            at = NOW + timedelta(minutes=number, seconds=customer)
            store.record(snapshot_of(rows, at, Customer(customer_id, customer_id)))


def _read_often(url: str, ready: Any, seen: Any) -> None:
    from tests.store.test_store import OCTOBER

    store = Store.open(url)
    ready.wait(60)
    until = time.monotonic() + 3
    while time.monotonic() < until:
        rows = read_period(store, Customer("both", "both"), OCTOBER, Policy().watch_every).rows
        seen.append(len(rows) % 20)  # snapshots are atomic: whole ones, or none


@pytest.mark.slow
def test_two_fetchers_and_four_renderers_at_once(
    postgresql: Callable[[], str], open_store: Callable[[str], Store]
) -> None:
    """On one PostgreSQL nothing is lost, duplicated or seen half-written."""
    url = postgresql()
    store = open_store(url)
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        ready, seen = manager.Event(), manager.list()
        processes = [
            context.Process(target=_fetch_often, args=(url, number, ready)) for number in (1, 2)
        ] + [context.Process(target=_read_often, args=(url, ready, seen)) for _ in range(4)]
        for process in processes:
            process.start()
        ready.set()
        for process in processes:
            process.join(120)
        assert [process.exitcode for process in processes] == [0] * 6
        assert set(seen) == {0}
    assert len(contents(store, tables.fetches)) == 48
    assert len(contents(store, tables.replies)) == 48
    with store.reading() as connection:
        of_customers = of_jobs(tables.modules.c.customer_id)
        by_customer = connection.execute(of_customers).scalars().all()
    assert {customer: by_customer.count(customer) for customer in set(by_customer)} == {
        "1": 240, "2": 240, "both": 240,
    }  # fmt: skip


@pytest.mark.slow
def test_a_killed_fetch_is_resumed(
    run: Run,
    start_emulator: StartEmulator,
    tmp_path: Path,
    open_store: Callable[[str], Store],
) -> None:
    """The same command afterwards takes what is missing, once, and nothing twice."""
    emulator = start_emulator(customers=ordinary_customers(30, 60, 1), latency=0.15)
    configure(emulator, tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "reporter", "fetch"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stderr
    for line in process.stderr:
        if "(5/" in line:
            process.kill()
            break
    process.communicate(timeout=30)
    store = open_store(f"sqlite:///{tmp_path / 'reporter.db'}")
    done = len([row for row in contents(store, tables.fetches) if row[1] and row[2] == "jobs"])
    assert 5 <= done < 30
    result = run("fetch")
    assert result.exit_code == 0, result.output
    assert "was cut short" in result.stderr
    fetched = [row[1] for row in contents(store, tables.fetches) if row[1] and row[2] == "jobs"]
    assert len(fetched) == len(set(fetched)) == 30
    assert len(json.loads(run("customers", "--json").stdout)) == 30


def test_the_store_commands(
    run: Run,
    start_emulator: StartEmulator,
    tmp_path: Path,
    open_store: Callable[[str], Store],
) -> None:
    """Rebuilding changes nothing; pruning asks, and without an answer takes nothing."""
    configure(start_emulator(), tmp_path)
    assert run("fetch", "--quiet").exit_code == 0
    store = open_store(f"sqlite:///{tmp_path / 'reporter.db'}")
    before = jobs_in(store)
    assert run("store", "rebuild").stdout.strip() == str(len(before))
    assert jobs_in(store) == before
    assert run("store", "prune", "--keep", "25months").stdout == ""
    with store.begin() as connection:
        connection.execute(
            sa.update(tables.fetches).values(taken_at=datetime(2020, 1, 1, tzinfo=UTC))
        )
    assert run("store", "prune", "--keep", "25months").exit_code == 1
    assert jobs_in(store) == before
    result = run("store", "prune", "--keep", "25months", "--yes")
    assert result.exit_code == 0, result.output
    assert jobs_in(store) == []
    wrong = run("store", "prune", "--keep", "soon")
    assert wrong.exit_code == 2
    assert "25months" in wrong.stderr


def test_when_the_last_fetch_began(store: Store) -> None:
    """A complete fetch of all customers; neither a partial nor an interrupted one."""
    assert last_fetch_began(store) is None
    times = [NOW]
    with fetch_run(store, lambda: times[-1]):
        times.append(NOW + timedelta(minutes=20))
    with fetch_run(store, lambda: NOW + timedelta(hours=1), whole=False):
        pass
    with (
        pytest.raises(ValueError, match="cut"),
        fetch_run(store, lambda: NOW + timedelta(hours=2)),
    ):
        raise ValueError("cut")
    month_done(store, "2026-10", NOW, NOW + timedelta(hours=3))
    assert last_fetch_began(store) == NOW


def test_the_newest_completed_month(store: Store) -> None:
    """Only months recorded as completed; one completed again is kept once."""
    assert newest_month_done(store) is None
    with fetch_run(store, lambda: NOW):
        pass
    assert newest_month_done(store) is None
    for label in ("2026-09", "2026-10", "2026-10", "2026-09"):
        month_done(store, label, NOW, NOW + timedelta(hours=1))
    assert newest_month_done(store) == "2026-10"
    months = [row for row in contents(store, tables.runs) if "month" in row[1]]
    assert [row[1] for row in months] == ["month 2026-09", "month 2026-10"]
    assert all(row[4:] == (NOW, NOW + timedelta(hours=1)) for row in months)
