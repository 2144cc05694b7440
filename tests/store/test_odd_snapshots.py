"""Odd replies about one customer, in either database, never stop a run."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from reporter.errors import NotStorable, ReplyError, StoreError
from reporter.jobs.rows import LONGEST_ID
from reporter.model import KINDS, NOTHING_ASKED, Customer, DetailsAsked, Kind, Reply, Snapshot
from reporter.run.fetching import fetch_snapshots
from reporter.sources.avepoint.emulator import ordinary_customers
from reporter.store import Store, tables
from tests.conftest import CLOCK, StartEmulator
from tests.sources.avepoint.odd import FaultsOfCustomers, kept_of
from tests.sources.avepoint.test_fetch import source_of


@pytest.mark.parametrize("fault", ["half-emoji", "nul"])
@pytest.mark.parametrize("version", ["v1", "v3"])
def test_invalid_characters_are_replaced_and_reported(
    version: str,
    fault: str,
    start_emulator: StartEmulator,
    url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The snapshot is kept, in either database; the customer is named, the reply kept as
    received.
    """
    cast = ordinary_customers(3, 40, 1)
    emulator = start_emulator(customers=cast)
    emulator.faults = FaultsOfCustomers({cast[1].id: fault})
    source, customers, _ = source_of(emulator, version)
    logger = logging.getLogger("reporter")
    logger.propagate = True
    with closing(Store.open(url)) as store, caplog.at_level(logging.WARNING):
        store.record_customers(customers, source.customers().replies)
        outcomes = list(fetch_snapshots(source, customers, store, lambda: CLOCK))
        assert [outcome.error for outcome in outcomes] == [None] * 3
        with store.reading() as connection:
            modules, scopes = tables.modules, tables.scopes
            rows = connection.execute(
                sa.select(modules.c.customer_id, scopes.c.name)
                .join(scopes, scopes.c.module_id == modules.c.id)
                .where(scopes.c.name.contains("\ufffd"))
            ).all()
        ((_, replies),) = kept_of(store, cast[1].id)
    assert [tuple(row) for row in rows] in (
        [(cast[1].id, "Mailbox of J\ufffd")],
        [(cast[1].id, "Mailbox\ufffdof J")],
    )
    assert any(rb"\ud83d" in reply.body or rb"\u0000" in reply.body for reply in replies)
    (message,) = [
        record.getMessage() for record in caplog.records if "U+FFFD" in record.getMessage()
    ]
    assert f"about the jobs of {cast[1].name}" in message
    assert "stored unchanged" in message


@pytest.mark.parametrize("name", ["Harbour \ud83d", "Harb\0our"])
def test_a_half_character_in_a_customers_name_does_no_harm(
    name: str, start_emulator: StartEmulator, url: str
) -> None:
    """Neither does NUL, in either database."""
    (first, second) = ordinary_customers(2, 40, 1)
    emulator = start_emulator(customers=[replace(first, name=name), second])
    source, customers, _ = source_of(emulator)
    with closing(Store.open(url)) as store:
        store.record_customers(customers, source.customers().replies)
        outcomes = list(fetch_snapshots(source, customers, store, lambda: CLOCK))
        assert [outcome.error for outcome in outcomes] == [None, None]
        name_kept = name.replace("\ud83d", "\ufffd").replace("\0", "\ufffd")
        assert name_kept in {customer.name for customer in store.customers()}


class Source:
    """A source whose snapshots are made by the test."""

    def __init__(self, make: Callable[[Customer], Snapshot], *, shows: bool = False) -> None:
        """With `shows` it also says which replies it received."""
        self._make = make
        self._shows = shows
        self.stopped = False

    def customers(self, received: list[Reply] | None = None) -> Any:
        raise NotImplementedError

    def snapshot(
        self,
        customer: Customer,
        received: list[Reply] | None = None,
        kinds: Collection[Kind] = KINDS,
        asked: DetailsAsked = NOTHING_ASKED,
    ) -> Snapshot:
        taken = self._make(customer)
        if self._shows and received is not None:
            received += taken.replies
        return taken

    def stop(self) -> None:
        self.stopped = True


CUSTOMERS = [Customer(str(number), f"Customer {number}") for number in range(20)]


def reply_with(*rows: object) -> Reply:
    body = json.dumps({"value": list(rows)}).encode()
    return Reply("https://graph.example/partner/customers/1/jobs", CLOCK, "r", body)


def test_an_unforeseen_fault_affects_one_customer(url: str) -> None:
    """Whether it shows when the snapshot is taken or when it is kept."""

    def make(customer: Customer) -> Snapshot:
        if customer.id == "3":
            raise ZeroDivisionError("by nobody")
        at = CLOCK if customer.id != "7" else "no time at all"
        return Snapshot(customer, (Reply("u", at, "r", reply_with().body),))  # type: ignore[arg-type]

    source = Source(make)
    with closing(Store.open(url)) as store:
        outcomes = list(fetch_snapshots(source, CUSTOMERS, store, lambda: CLOCK))
    failed = {outcome.customer.id: str(outcome.error) for outcome in outcomes if outcome.error}
    assert failed.keys() == {"3", "7"}
    assert failed["3"].startswith("Unexpected ZeroDivisionError: by nobody")
    assert len(outcomes) == 20
    assert not source.stopped


def test_a_lost_database_ends_the_run(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not a customer's fault, and the next would fail as well."""

    def gone(*_: object) -> None:
        raise StoreError("The database went away.")

    source = Source(lambda customer: Snapshot(customer, (reply_with(),)))
    with closing(Store.open(url)) as store:
        monkeypatch.setattr(store, "record", gone)
        with pytest.raises(StoreError, match="went away"):
            list(fetch_snapshots(source, CUSTOMERS, store, lambda: CLOCK))
    assert source.stopped


def test_data_the_database_rejects_affects_one_customer(url: str) -> None:
    """Such as contradicting data of two customers: here an invalid id."""

    def make(customer: Customer) -> Snapshot:
        if customer.id == "5":
            customer = Customer(None, "Nobody")  # type: ignore[arg-type]
        return Snapshot(customer, (reply_with({"jobType": "x", "jobId": "1"}),))

    with closing(Store.open(url)) as store:
        outcomes = list(fetch_snapshots(Source(make), CUSTOMERS, store, lambda: CLOCK))
    (failed,) = [outcome for outcome in outcomes if outcome.error]
    assert failed.customer.id == "5"
    assert "does not accept it" in str(failed.error)


def text_of(letters: str, length: int) -> str:
    """A text that no database can compress."""
    return "".join(random.Random(1).choices(letters, k=length))


def one_with(field: str, text: str) -> Source:
    """A source in which one customer's job has a text that is long."""

    def make(customer: Customer) -> Snapshot:
        odd = {field: text} if customer.id == "5" else {}
        return Snapshot(customer, (reply_with({"jobType": "x", "jobId": "1"} | odd),))

    return Source(make, shows=True)


@pytest.mark.parametrize("field", ["jobType", "jobModule", "jobId"])
def test_an_endless_id_affects_one_customer(field: str, url: str) -> None:
    """The same in either database, though one of them could store it; its reply is kept."""
    source = one_with(field, text_of("0123456789abcdef", 16_000))
    with closing(Store.open(url)) as store:
        outcomes = list(fetch_snapshots(source, CUSTOMERS, store, lambda: CLOCK))
        ((error, replies),) = kept_of(store, "5")
    (failed,) = [outcome for outcome in outcomes if outcome.error]
    assert failed.customer.id == "5"
    assert isinstance(failed.error, ReplyError)
    assert "of a job is longer than 500 bytes: it has 16," in str(failed.error)
    assert len(str(failed.error)) < 300
    assert error == str(failed.error)
    assert len(replies) == 1


def test_a_limit_of_the_database_affects_one_customer(
    postgresql: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unforeseen one: PostgreSQL reports its own limit, and keeps working."""
    monkeypatch.setattr("reporter.jobs.rows.LONGEST_ID", 1_000_000)
    source = one_with("jobId", text_of("0123456789abcdef", 16_000))
    with closing(Store.open(postgresql())) as store:
        outcomes = list(fetch_snapshots(source, CUSTOMERS, store, lambda: CLOCK))
        ((_, replies),) = kept_of(store, "5")
    (failed,) = [outcome for outcome in outcomes if outcome.error]
    assert failed.customer.id == "5"
    assert isinstance(failed.error, NotStorable)
    assert "index row requires" in str(failed.error)
    assert len(replies) == 1


def test_the_longest_ids_are_kept(url: str) -> None:
    """All of them at once, in either database."""
    longest = text_of("\U0001f600\U0001f601\U0001f602\U00020000\U00020001", LONGEST_ID // 4)
    row = {"jobType": longest, "jobModule": longest, "jobId": longest, "status": "Finished"}
    customer = Customer(longest, "Long")
    with closing(Store.open(url)) as store:
        store.record_customers([customer], (reply_with(),))
        store.record(Snapshot(customer, (reply_with(row),)))
        with store.reading() as connection:
            assert connection.scalar(sa.select(tables.jobs.c.job_id)) == longest


def test_replies_too_large_for_memory_affect_one_customer(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether memory runs out when they are read or when they are kept: the program does
    not fail.
    """

    def make(customer: Customer) -> Snapshot:
        if customer.id == "3":
            raise MemoryError
        return Snapshot(customer, (reply_with(),))

    def no_memory(customer: Customer) -> Callable[..., None]:
        def keep(snapshot: Snapshot, *_: object) -> None:
            if snapshot.customer.id == customer.id:
                raise MemoryError
            record(snapshot)

        return keep

    with closing(Store.open(url)) as store:
        record = store.record
        monkeypatch.setattr(store, "record", no_memory(CUSTOMERS[7]))
        outcomes = list(fetch_snapshots(Source(make), CUSTOMERS, store, lambda: CLOCK))
        assert store.last_failure(CUSTOMERS[3]) is not None
    failed = {outcome.customer.id: outcome.error for outcome in outcomes if outcome.error}
    assert failed.keys() == {"3", "7"}
    for number, error in failed.items():
        assert str(error) == (
            f"The replies about Customer {number} are too large for the available memory."
        )
        assert "fault of the program" not in error.hint
