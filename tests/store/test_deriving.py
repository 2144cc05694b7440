"""Stores of older versions: what follows from their replies is derived when they are opened."""

from __future__ import annotations

import logging
import multiprocessing
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from reporter.errors import ReplyError
from reporter.model import Customer
from reporter.store import Store, deriving, store, tables
from reporter.store.received import receive_again, received_until
from tests.builders import CUSTOMER, NOW, make_job
from tests.store.test_scopes import read
from tests.store.test_store import snapshot_of

OLD = Path(__file__).parent / "store_0.1.0.sql"
"""A store made by 0.1.0: two customers asked every four hours for three days."""
CUSTOMERS = (Customer("c-1", "Contoso Ltd"), Customer("c-2", "Fabrikam"))
LAST = datetime(2026, 10, 3, 20, 30, tzinfo=UTC)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "reporter.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(OLD.read_text())
    return path


def derivations(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as database:
        return [
            derivation
            for (derivation,) in database.execute("SELECT derivation FROM customers ORDER BY id")
        ]


def test_a_store_of_0_1_0_knows_its_scopes(
    old: Path, open_store: Callable[[str], Store], tmp_path: Path
) -> None:
    """Everything it would know had it received its replies today."""
    upgraded = open_store(f"sqlite:///{old}")
    fresh = open_store(f"sqlite:///{tmp_path / 'fresh.db'}")
    assert upgraded.customers() == CUSTOMERS
    for customer in CUSTOMERS:
        receive_again(fresh, customer, received_until(upgraded, customer, {customer.id: LAST}))
        jobs, expected = (read(store, customer=customer) for store in (upgraded, fresh))
        pd.testing.assert_frame_equal(jobs.rows, expected.rows)
        pd.testing.assert_frame_equal(jobs.sightings, expected.sightings)
        assert jobs.observations == expected.observations
    jobs = read(upgraded, customer=CUSTOMERS[0])
    assert len(jobs.observations.snapshots) == 18
    scopes = jobs.sightings.groupby(["module", "name"]).size().to_dict()
    assert scopes == {
        ("Azure Virtual Machine", "vm-1"): 18,
        ("Azure Virtual Machine", "vm-2"): 18,
        ("Exchange Online", ""): 18,
        ("Power BI", ""): 18,
        ("Project Online", ""): 9,
    }
    assert len(jobs.rows) == 12 + 2 * 3 + 3
    assert derivations(old) == [tables.DERIVATION] * 2


def test_what_is_up_to_date_is_not_derived_again(
    old: Path, open_store: Callable[[str], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is a new customer."""
    with open_store(f"sqlite:///{old}").begin() as connection:
        connection.execute(sa.delete(tables.jobs))
    opened = open_store(f"sqlite:///{old}")
    opened.record(snapshot_of([make_job()]))
    assert [len(read(opened, customer=customer).rows) for customer in (*CUSTOMERS, CUSTOMER)] == [
        0,
        0,
        1,
    ]
    monkeypatch.setattr(tables, "DERIVATION", tables.DERIVATION + 1)
    again = open_store(f"sqlite:///{old}")
    assert [len(read(again, customer=customer).rows) for customer in (*CUSTOMERS, CUSTOMER)] == [
        21,
        15,
        1,
    ]
    assert derivations(old) == [tables.DERIVATION] * 3


def test_an_interrupted_derivation_is_resumed(
    old: Path, open_store: Callable[[str], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Customer by customer: each is done or pending, and the schema is already new."""
    derive = deriving.derive_again

    def cut_short(connection: sa.Connection, customer_id: str) -> None:
        derive(connection, customer_id)
        if customer_id == "c-2":
            raise KeyboardInterrupt

    monkeypatch.setattr(store, "derive_again", cut_short)
    with pytest.raises(KeyboardInterrupt):
        Store.open(f"sqlite:///{old}")
    assert derivations(old) == [tables.DERIVATION, 0]
    done: list[str] = []

    def remembered(connection: sa.Connection, customer_id: str) -> None:
        done.append(customer_id)
        derive(connection, customer_id)

    monkeypatch.setattr(store, "derive_again", remembered)
    opened = open_store(f"sqlite:///{old}")
    assert done == ["c-2"]
    assert [len(read(opened, customer=customer).rows) for customer in CUSTOMERS] == [21, 15]


def _open(url: str, ready: Any, revisions: Any) -> None:
    ready.wait(60)
    with closing(Store.open(url)) as opened, opened.reading() as connection:
        revision_rows = connection.execute(sa.select(tables.customers.c.revision)).scalars().all()
        revisions.append(
            (
                list(revision_rows),
                [len(read(opened, customer=customer).rows) for customer in CUSTOMERS],
            )
        )


def test_two_processes_open_it_at_once(old: Path) -> None:
    """Each finds everything; what one derives, the other does not derive again."""
    context = multiprocessing.get_context("spawn")
    with closing(sqlite3.connect(old)) as database:
        rows = database.execute("SELECT revision FROM customers ORDER BY id")
        before = [revision for (revision,) in rows]
    with context.Manager() as manager:
        ready, revisions = manager.Event(), manager.list()
        url = f"sqlite:///{old}"
        processes = [context.Process(target=_open, args=(url, ready, revisions)) for _ in range(2)]
        for process in processes:
            process.start()
        ready.set()
        for process in processes:
            process.join(120)
        assert [process.exitcode for process in processes] == [0, 0]
        assert list(revisions) == [([revision + 1 for revision in before], [21, 15])] * 2


def test_many_customers_are_reported_once(
    url: str,
    open_store: Callable[[str], Store],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may take a while; a few customers are not mentioned. In either database."""
    customers = [Customer(f"c-{number}", f"Customer {number}") for number in range(5)]
    opened = open_store(url)
    for customer in customers:
        opened.record(snapshot_of([make_job()], customer=customer))
    with opened.begin() as connection:
        connection.execute(sa.delete(tables.jobs))
        connection.execute(sa.update(tables.customers).values(derivation=0))
    monkeypatch.setattr(logging.getLogger("reporter"), "propagate", True)
    with caplog.at_level(logging.WARNING):
        again = open_store(url)
        open_store(url)
    (message,) = [
        record.getMessage() for record in caplog.records if "Deriving" in record.getMessage()
    ]
    assert "5 customers" in message
    assert [len(read(again, customer=customer).rows) for customer in customers] == [1] * 5


def test_a_reply_that_cannot_be_used_is_named(old: Path) -> None:
    """A store with damaged replies is not opened as if they were empty."""
    with closing(sqlite3.connect(old)) as database, database:
        database.execute(
            "UPDATE bodies SET body = x'789c030000000001' WHERE sha256 = "
            "(SELECT sha256 FROM replies WHERE url LIKE '%/c-1/jobs' ORDER BY fetch_id LIMIT 1)"
        )
    with pytest.raises(ReplyError, match="c-1/jobs"):
        Store.open(f"sqlite:///{old}")
    assert derivations(old) == [0, 0]


def test_recording_names_the_customer(url: str, open_store: Callable[[str], Store]) -> None:
    """Even if no list has named it: what is derived for it is up to date."""
    opened = open_store(url)
    opened.record(snapshot_of([make_job()], NOW))
    opened.record(snapshot_of([make_job()], NOW + timedelta(hours=1)))
    assert opened.customers() == (CUSTOMER,)
