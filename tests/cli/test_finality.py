"""What happens with a period that is not final yet, and with one that nothing is known about."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reporter.model import Customer
from reporter.sources.avepoint.emulator import ordinary_customers
from reporter.store import Store
from reporter.store.outbox import deliveries_of
from reporter.store.runs import newest_month_done
from reporter.store.versions import versions_of
from tests.builders import CUSTOMER, make_job
from tests.conftest import Clock, Run, StartAt, StartEmulator, configure, set_clock
from tests.store.test_store import snapshot_of

NEWCOMER = Customer("b0000000-0000-0000-0000-000000000002", "Fabrikam GmbH")
JOBS = [make_job(f"2026-10-{day:02}T01:00:00Z") for day in range(1, 21)]
OCTOBER = ("--period", "2026-10")
RUNNING = datetime(2026, 10, 20, 6, tzinfo=UTC)
OVER = datetime(2026, 11, 1, 2, tzinfo=UTC)
FINAL = datetime(2026, 11, 1, 7, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return set_clock(monkeypatch, RUNNING)


@pytest.fixture
def configured(tmp_path: Path) -> None:
    """Copies in a folder, after a person's yes."""
    (tmp_path / "copies").mkdir()
    (tmp_path / "reporter.toml").write_text('[delivery]\nfolder = "copies"\n', "utf-8")


def open_store(folder: Path) -> Store:
    return Store.open(f"sqlite:///{folder / 'reporter.db'}")


def keep(folder: Path, rows: list[Any], at: datetime, customer: Customer = CUSTOMER) -> None:
    snapshot = replace(snapshot_of(rows, at), customer=customer)
    with closing(open_store(folder)) as store:
        store.record_customers([CUSTOMER, NEWCOMER], snapshot.replies)
        store.record(snapshot)


def outbox(folder: Path) -> list[tuple[int, str]]:
    with closing(open_store(folder)) as store:
        return [(delivery.version, delivery.state.value) for delivery in deliveries_of(store)]


def versions_in(folder: Path) -> list[tuple[int, bool, int | None]]:
    """Each version of October's report: whether it is closed, and what it restates."""
    with closing(open_store(folder)) as store:
        versions = versions_of(store, CUSTOMER, "2026-10")
        return [(version.number, version.closed, version.restates) for version in versions]


@pytest.mark.usefixtures("configured")
def test_a_preliminary_report_is_sent_to_nobody(run: Run, clock: Clock, tmp_path: Path) -> None:
    """The output says so; on request it is queued and marked as preliminary; the final report is no
    correction of it.
    """

    def reporter(*words: str) -> Any:
        result = run(*words, *OCTOBER, "--customer", CUSTOMER.id)
        assert result.exit_code == 0, result.output
        return result

    def render(at: datetime) -> None:
        clock.now = at
        keep(tmp_path, JOBS, at)
        reporter("render", "--format", "json")

    render(RUNNING)
    errors = reporter("send").stderr
    assert "Preliminary, so not queued for anyone: Contoso Ltd, 2026-10." in errors
    assert "`reporter send --preliminary` queues it." in errors
    assert "Nothing is waiting" in reporter("approve", "--yes").stderr
    assert outbox(tmp_path) == []
    reporter("send", "--preliminary")
    assert outbox(tmp_path) == [(1, "queued")]
    assert "Contoso Ltd, 2026-10, version 1, preliminary" in reporter("approve", "--yes").stdout
    # Over is not final: something may have run unseen since the last look before the end.
    render(OVER)
    reporter("send")
    assert outbox(tmp_path) == [(1, "withdrawn")]
    render(FINAL)
    reporter("send")
    assert versions_in(tmp_path) == [(1, False, None), (2, False, None), (3, True, None)]
    assert outbox(tmp_path) == [(1, "withdrawn"), (3, "queued")]


def test_run_makes_a_month_when_it_is_final(
    start_emulator: StartEmulator, start: StartAt, clock: Clock, tmp_path: Path
) -> None:
    """Before that it says so, makes nothing, and the month remains to be done."""
    emulator = start_emulator(customers=ordinary_customers(2, 20, 4), now=clock)
    (tmp_path / "copies").mkdir()
    lines = ("[delivery]", 'folder = "copies"', "[mail]", 'approval = "none"')
    configure(emulator, tmp_path, *lines)
    early = start("2026-11-01T02:00")
    assert early.exit_code == 0, early.output
    assert (
        "Not final yet, as the service has not been asked since the period ended: " in early.stderr
    )
    assert list((tmp_path / "reports").rglob("*.json")) == []
    assert list((tmp_path / "copies").rglob("*.json")) == []
    with closing(open_store(tmp_path)) as store:
        assert newest_month_done(store) is None
    late = start("2026-11-01T07:00")
    assert late.exit_code == 0, late.output
    assert "Not final" not in late.stderr
    assert len(list((tmp_path / "copies").rglob("*.json"))) == 2
    with closing(open_store(tmp_path)) as store:
        assert newest_month_done(store) == "2026-10"
    assert start("2026-11-01T08:00").stderr.count("Unchanged") == 2


@pytest.mark.usefixtures("configured")
def test_an_unknown_period_has_no_report(run: Run, clock: Clock, tmp_path: Path) -> None:
    """One line names all such customers; nothing counts as failed, and the portfolio covers the
    rest.
    """
    clock.now = datetime(2026, 11, 11, 6, tzinfo=UTC)
    keep(tmp_path, JOBS, FINAL)
    keep(tmp_path, [make_job("2026-11-09T22:00:00Z")], clock.now, NEWCOMER)
    line = "No report for 2026-10, which ended before anything was known of: Fabrikam GmbH."
    for command in (("render", "--format", "json"), ("send",), ("approve", "--yes")):
        result = run(*command, *OCTOBER)
        assert result.exit_code == 0, result.output
        assert result.stderr.count(line) == 1, result.stderr
    pages = (tmp_path / "reports" / "2026-10" / "index.html").read_text("utf-8")
    assert "Contoso Ltd" in pages
    assert "Fabrikam" not in pages
    result = run("archive", *OCTOBER, "--customer", NEWCOMER.id)
    assert (result.exit_code, result.stderr.count(line)) == (0, 1)
    november = run("render", "--period", "2026-11", "--format", "json")
    assert "Rendered Fabrikam GmbH" in november.stderr


def test_a_job_in_the_first_snapshot_makes_its_period_known(
    run: Run, clock: Clock, tmp_path: Path
) -> None:
    """Though nobody looked then, which the report says."""
    clock.now = datetime(2026, 11, 11, 6, tzinfo=UTC)
    keep(tmp_path, [make_job("2026-10-09T22:00:00Z")], clock.now)
    result = run("render", *OCTOBER, "--format", "json", "--customer", CUSTOMER.id)
    assert "Rendered Contoso Ltd" in result.stderr
    result = run("render", "--period", "2026-09", "--format", "json", "--customer", CUSTOMER.id)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No report for 2026-09" in result.stderr


@pytest.mark.usefixtures("configured")
def test_without_any_data_there_is_no_portfolio(run: Run, clock: Clock, tmp_path: Path) -> None:
    """A page without customers is of no use."""
    clock.now = datetime(2026, 11, 11, 6, tzinfo=UTC)
    for customer in (CUSTOMER, NEWCOMER):
        keep(tmp_path, [make_job("2026-11-09T22:00:00Z")], clock.now, customer)
    result = run("render", *OCTOBER)
    assert (result.exit_code, result.stdout) == (0, "")
    assert not (tmp_path / "reports" / "2026-10").exists()


def test_saved_replies_that_say_nothing_about_a_period(run: Run, tmp_path: Path) -> None:
    """The same applies to them."""
    path = tmp_path / "contoso.json"
    path.write_text(json.dumps({"value": [make_job("2026-11-09T22:00:00Z")]}), "utf-8")
    options = ("--input", str(path), "--fetched-at", "2026-11-10T06:00:00Z", "--format", "json")
    result = run("render", *options, *OCTOBER)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "There is no report of contoso for 2026-10" in result.stderr
    assert run("render", *options, "--period", "2026-11").exit_code == 0
    assert run("render", *options, "--again").exit_code == 2
