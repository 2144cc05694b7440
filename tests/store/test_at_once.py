"""Several processes on one PostgreSQL, and a PostgreSQL that stops in mid-run."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from reporter.config.settings import Settings
from reporter.model import Customer
from reporter.run.assignment import Rendering
from reporter.run.rendering import render_stored
from reporter.sources.avepoint.emulator import ordinary_customers
from reporter.store import Store, tables
from reporter.store.versions import figures_of, versions_of
from tests.builders import NOW, make_job
from tests.conftest import Run, StartEmulator, configure
from tests.store.test_store import of_jobs, snapshot_of

CUSTOMERS = [Customer(str(number), f"Customer {number}") for number in range(3)]
ROUNDS = 5


def rendering(out: Path, formats: tuple[str, ...] = ("json",)) -> Rendering:
    return Rendering(Settings(), NOW + timedelta(days=1), out, formats, "2026-10")


def _fetch(url: str, fetcher: int, ready: Any) -> None:
    store = Store.open(url)
    ready.wait(60)
    for number in range(ROUNDS):
        for customer in CUSTOMERS:
            days = range(1 + fetcher * 14, 15 + fetcher * 14)
            status = "Failed" if number % 2 else "Finished"
            rows = [make_job(f"2026-10-{day:02}T01:00:00Z", status) for day in days]
            at = NOW + timedelta(minutes=number, seconds=fetcher)
            store.record(snapshot_of(rows, at, customer))


def _render(url: str, out: Path, ready: Any, errors: Any) -> None:
    store = Store.open(url)
    ready.wait(60)
    for _ in range(ROUNDS):
        for customer in CUSTOMERS:
            outcome = render_stored(rendering(out), store, customer, f"customer-{customer.id}")
            if outcome.error and "no complete snapshot" not in str(outcome.error):
                errors.append(str(outcome.error))


@pytest.mark.slow
def test_two_fetchers_and_four_renderers_lose_and_duplicate_nothing(
    postgresql: Callable[[], str], open_store: Callable[[str], Store], tmp_path: Path
) -> None:
    """All of them at once, on the same customers: every version is complete and exists once, every
    job exists once, and in the end the files are as they were written.
    """
    url = postgresql()
    store = open_store(url)
    store.record_customers(CUSTOMERS, snapshot_of([]).replies)
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        ready, errors = manager.Event(), manager.list()
        processes = [context.Process(target=_fetch, args=(url, number, ready)) for number in (0, 1)]
        processes += [
            context.Process(target=_render, args=(url, tmp_path, ready, errors)) for _ in range(4)
        ]
        for process in processes:
            process.start()
        ready.set()
        for process in processes:
            process.join(300)
        assert [process.exitcode for process in processes] == [0] * 6
        assert list(errors) == []
    with store.reading() as connection:
        jobs = Counter(connection.execute(of_jobs(tables.modules.c.customer_id)).scalars())
    assert jobs == {customer.id: 28 for customer in CUSTOMERS}
    for customer in CUSTOMERS:
        outcome = render_stored(rendering(tmp_path), store, customer, f"customer-{customer.id}")
        versions = versions_of(store, customer, "2026-10")
        assert [version.number for version in versions] == list(range(1, len(versions) + 1))
        (path,) = outcome.files
        content = path.read_bytes()
        assert versions[-1].files == {str(path): hashlib.sha256(content).hexdigest()}
        assert json.loads(content) == figures_of(store, customer, "2026-10", len(versions))
        assert json.loads(content)["totals"]["jobs"] == 28


@pytest.mark.slow
def test_a_database_that_restarts_in_mid_run(
    run: Run,
    start_emulator: StartEmulator,
    start_postgresql: Callable[[], Any],
    tmp_path: Path,
    open_store: Callable[[str], Store],
) -> None:
    """The run ends by saying what to do; the same command afterwards takes the rest, once."""
    server = start_postgresql()
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    emulator = start_emulator(customers=ordinary_customers(30, 60, 1), latency=0.15)
    configure(emulator, tmp_path, "[store]", f'url = "{url}"')
    command = [sys.executable, "-u", "-m", "reporter", "fetch"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for line in process.stderr:
            if "(5/" in line:
                break
        server.stop()
        server.start()
        errors = process.stderr.read()
    assert process.returncode == 1, errors
    assert "cannot be reached" in errors
    assert "run the same command again" in errors
    assert "Traceback" not in errors
    result = run("fetch")
    assert result.exit_code == 0, result.output
    assert "was cut short" in result.stderr
    with open_store(url).reading() as connection:
        fetched = connection.execute(
            sa.select(tables.fetches.c.customer_id).where(
                tables.fetches.c.kind == "jobs", tables.fetches.c.error.is_(None)
            )
        ).scalars()
        assert Counter(fetched) == {customer.id: 1 for customer in ordinary_customers(30, 60, 1)}
