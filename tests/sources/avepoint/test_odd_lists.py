"""An unusable row in the list of customers affects only the customer it is about, and nobody counts
as gone because of it.
"""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reporter.model import Customer, Reply
from reporter.sources.avepoint.emulator import ordinary_customers
from reporter.sources.avepoint.listing import customers_of
from reporter.store import Store
from tests.conftest import CLOCK, Run, StartEmulator, configure, set_clock
from tests.sources.avepoint.odd import kept_of

LONG = "x" * 501


def reply_of(*rows: Any, request_id: str = "r-1") -> Reply:
    body = json.dumps({"value": list(rows)}).encode()
    return Reply("https://graph.example/partner/customers", CLOCK, request_id, body)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"organization": "Alder"}, "row 3 (Alder) has no id (request id r-1)"),
        ({"id": None, "organization": "\x1b[31m"}, "row 3 ( [31m) has no id (request id r-1)"),
        ({"id": " "}, "row 3 has no id (request id r-1)"),
        ("x", "row 3 is not an object: 'x' (request id r-1)"),
        (None, "row 3 is not an object: 'None' (request id r-1)"),
        (
            {"id": {"a": 1}},
            """row 3 has an id that is neither text nor a number: "{'a': 1}" (request id r-1)""",
        ),
        (
            {"id": True},
            "row 3 has an id that is neither text nor a number: 'True' (request id r-1)",
        ),
        (
            {"id": 1e999},
            "row 3 has an id that is neither text nor a number: 'inf' (request id r-1)",
        ),
        (
            {"id": LONG, "organization": "Alder"},
            f"row 3 (Alder) has an id of more than 500 bytes: '{'x' * 40}…' (request id r-1)",
        ),
    ],
)
def test_a_row_that_cannot_be_used_is_named(row: Any, fault: str) -> None:
    """By its number in the whole list, and by the name in it if there is one."""
    before = reply_of({"id": "1", "organization": "One"}, {"id": 2})
    listed = customers_of((before, reply_of(row, {"id": "4"})))
    assert listed.customers == (Customer("1", "One"), Customer("2", "2"), Customer("4", "4"))
    assert str(listed.flaw) == (
        f"The list of customers is incomplete: 1 of 4 rows cannot be used: {fault}."
    )


def test_a_request_id_is_named_where_there_is_one() -> None:
    """Nobody is told to quote an empty one to the support."""
    assert "request id" not in customers_of((reply_of({}, request_id=""),)).flaw.explain()  # type: ignore[union-attr]


def test_only_some_of_many_rows_are_named() -> None:
    """The message goes to terminals and into the store."""
    listed = customers_of((reply_of(*[{}] * 5_000, {"id": "1"}),))
    assert len(listed.customers) == 1
    assert "5,000 of 5,001 rows cannot be used: row 1 has no id" in str(listed.flaw)
    assert str(listed.flaw).endswith("; and 4,980 more.")
    assert len(str(listed.flaw)) < 2_000


@pytest.mark.parametrize("version", ["v1", "v3"])
def test_all_other_customers_are_fetched(
    version: str, run: Run, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """It is reported, also by the exit status, and the list is kept as it came."""
    cast = ordinary_customers(10, 20, 1)
    configure(start_emulator("no-id=1", customers=cast), tmp_path, f'version = "{version}"')
    result = run("fetch")
    assert result.exit_code == 1
    assert result.stderr.count("Fetched ") == 9
    message = (
        f"incomplete: 1 of 10 rows cannot be used: row 10 ({cast[-1].name}) has no id (request id "
    )
    assert f"Failed: The list of customers is {message}" in result.stderr
    assert "no customer counts as gone" in result.stderr
    with closing(Store.open(f"sqlite:///{tmp_path / 'reporter.db'}")) as store:
        ((error, (reply,)),) = kept_of(store, None)
        assert len(store.customers()) == 9
    assert error is not None
    assert error in result.stderr
    assert cast[-1].name.encode() in reply.body
    # A customer in the list is found there, and the incomplete list is reported again.
    single = run("fetch", "--customer", cast[0].id, "--quiet")
    assert (single.exit_code, single.stderr.count("Failed: The list")) == (1, 1)
    # A customer not in it may still exist: the others named with it are fetched.
    two = run("fetch", "--customer", cast[-1].id, "--customer", cast[0].id)
    assert (two.exit_code, two.stderr.count("Fetched ")) == (1, 1)
    gone = run("fetch", "--customer", cast[-1].id)
    assert (gone.exit_code, gone.stderr.count("Fetched ")) == (1, 0)


def test_check_fails_and_counts_the_others(
    run: Run, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """Before anything is fetched."""
    configure(start_emulator("no-id=1"), tmp_path)
    result = run("check")
    assert result.exit_code == 1
    assert (
        "FAILED  service: generation 3, 2 customers can be read. The list of customers is "
        "incomplete: 1 of 3 rows cannot be used: row 3" in result.stdout
    )


@pytest.mark.parametrize("version", ["v1", "v3"])
def test_no_customer_counts_as_gone(
    version: str,
    run: Run,
    start_emulator: StartEmulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run continues: a customer missing from the list still gets a report, until a complete list
    leaves it out.
    """
    cast = ordinary_customers(3, 60, 1)
    lost = cast[-1].name
    clock = set_clock(monkeypatch, CLOCK)
    emulator = start_emulator(customers=cast, now=clock)
    configure(emulator, tmp_path, f'version = "{version}"')
    assert run("fetch").exit_code == 0
    clock.now = CLOCK + timedelta(days=35)
    emulator.faults = emulator.faults.parse(["no-id=1"], 1)
    result = run("run", "--format", "json", "--workers", "1", "--period", "2026-12")
    assert result.exit_code == 1, result.output
    assert "Left out" not in result.stderr
    assert result.stderr.count("Rendered ") == 3
    assert f"Rendered {lost}" in result.stderr

    emulator.faults = emulator.faults.parse([], 1)
    del emulator.customers[cast[-1].id]
    result = run("run", "--format", "json", "--workers", "1", "--period", "2026-12")
    assert f"Left out: {lost}, whom the service no longer lists." in result.stderr
    assert result.stderr.count("Unchanged ") + result.stderr.count("Rendered ") == 2


def test_customers_already_gone_stay_gone(start_emulator: StartEmulator) -> None:
    """An incomplete list reverts nothing, whichever customers it has."""
    first, second = Customer("1", "One"), Customer("2", "Two")

    def listed_after(days: int) -> tuple[Reply, ...]:
        return (Reply("u", CLOCK + timedelta(days=days), "", b'{"value": []}'),)

    with closing(Store.open("sqlite://")) as store:
        store.record_customers([first, second], listed_after(0))
        store.record_customers([second], listed_after(10), "row 1 has no id")
        assert store.departed(CLOCK + timedelta(days=5)) == ()
        store.record_customers([second], listed_after(20))
        store.record_customers([], listed_after(30), "row 1 has no id")
        assert store.departed(CLOCK + timedelta(days=5)) == (first,)
        assert store.departed(CLOCK + timedelta(days=25)) == ()
