"""The store: what goes in comes out, once, and never in part."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from reporter.analysis import analyse
from reporter.analysis.window import SourceData
from reporter.errors import ReplyError, StoreError
from reporter.jobs.frame import read_jobs
from reporter.model import Customer, Policy, Reply, Report, Snapshot
from reporter.period import Period, parse_period
from reporter.sources.avepoint.reading.rows import FIELD_NAMES
from reporter.store import Store, tables
from reporter.store.reading import read_period
from tests.builders import CUSTOMER, NOW, make_busy_month, make_job, make_report, make_row

OCTOBER = parse_period("2026-10", "Europe/Berlin", NOW)


def snapshot_of(
    rows: Sequence[object], at: datetime = NOW, customer: Customer = CUSTOMER
) -> Snapshot:
    body = json.dumps({"value": rows}).encode()
    return Snapshot(customer, (Reply("https://graph.example/jobs", at, "req-1", body),))


def report_from(store: Store, period: Period = OCTOBER, customer: Customer = CUSTOMER) -> Report:
    policy = Policy()
    reading = read_period(store, customer, period, policy.watch_every)
    jobs = read_jobs(reading.rows, policy, FIELD_NAMES)
    told = SourceData(customer.id, jobs, reading.sightings, reading.observations)
    return analyse(customer, [told], period, policy)


def of_jobs(*columns: Any) -> sa.Select[Any]:
    """Something of all jobs in a store, and of the customers and modules they are of."""
    jobs, modules = tables.jobs, tables.modules
    return sa.select(*columns).select_from(jobs).join(modules, modules.c.id == jobs.c.module_id)


def test_a_report_from_the_store_is_the_report_from_the_reply(store: Store) -> None:
    """Figures do not change on their way through the store."""
    rows = make_busy_month()
    store.record(snapshot_of(rows))
    stored, direct = report_from(store), make_report(rows, timezone="Europe/Berlin")
    for part in ("state", "totals", "services", "modules", "daily", "exceptions", "previous"):
        assert getattr(stored, part) == getattr(direct, part), part
    assert stored.quality == direct.quality
    assert stored.coverage == direct.coverage


def test_a_month_is_built_from_many_snapshots(store: Store) -> None:
    """Each snapshot shows two days only; together they are the month."""
    rows = make_busy_month()
    for day in range(61):
        until = datetime(2026, 9, 2, tzinfo=UTC) + timedelta(days=day)
        seen = [
            row
            for row in rows
            if row["startTime"] == "N/A"
            or until - timedelta(days=2) <= datetime.fromisoformat(str(row["startTime"])) < until
        ]
        store.record(snapshot_of(seen, until))
    report = report_from(store)
    assert report.totals.jobs == make_report(rows, timezone="Europe/Berlin").totals.jobs
    assert report.coverage.snapshot_days == 31


def test_a_job_seen_again_is_one_job_with_its_newest_state(store: Store) -> None:
    """A job that was running and then finished counts once, as finished."""
    running = make_job(
        status="Running", endTime="N/A", jobDuration="N/A", lastModifyTime="2026-10-05T01:05:00Z"
    )
    store.record(snapshot_of([running], NOW - timedelta(days=20)))
    store.record(snapshot_of([make_job()], NOW))
    assert (report_from(store).totals.jobs, report_from(store).totals.success) == (1, 1)


def test_an_older_state_never_replaces_a_newer_one(store: Store) -> None:
    """A late reply with an older lastModifyTime changes nothing."""
    store.record(snapshot_of([make_job()], NOW))
    old = make_job(status="Running", lastModifyTime="2026-10-05T01:05:00Z")
    store.record(snapshot_of([old], NOW + timedelta(hours=1)))
    assert report_from(store).totals.success == 1


def test_a_cure_after_the_period_is_found(store: Store) -> None:
    """A failure on the last day is cured by the first success of the next month."""
    store.record(
        snapshot_of(
            [
                make_job("2026-10-31T20:00:00Z", "Failed"),
                make_job("2026-11-01T02:00:00Z"),
                make_job("2026-11-02T02:00:00Z"),
            ]
        )
    )
    (exception,) = report_from(store).exceptions
    assert exception.cured_by == "FB20261101020000"


def test_history_before_the_period_is_read_as_far_as_it_matters(store: Store) -> None:
    """The last success long before the period is known, though its month is not read: the time
    since then shows that the scope is critical.
    """
    store.record(snapshot_of([make_job("2026-01-05T01:00:00Z"), make_job("2026-02-05T01:00:00Z")]))
    (module,) = report_from(store).modules
    assert module.state.value == "critical"
    assert module.figures.last_success_at == datetime(2026, 2, 5, 1, 20, tzinfo=UTC)


def test_a_raw_reply_is_kept_as_it_came(store: Store) -> None:
    """The stored bytes, unpacked, are the bytes received, with their SHA-256 beside them."""
    snapshot = snapshot_of([make_row()])
    store.record(snapshot)
    with store.begin() as connection:
        ((body, sha256),) = connection.execute(
            sa.select(tables.bodies.c.body, tables.bodies.c.sha256)
        ).all()
    assert zlib.decompress(body) == snapshot.replies[0].body
    assert hashlib.sha256(snapshot.replies[0].body).hexdigest() == sha256


def test_a_reply_that_is_not_a_list_of_jobs_leaves_nothing_behind(
    store: Store, tmp_path: Path
) -> None:
    """A snapshot with one bad row is not kept in part."""
    with pytest.raises(ReplyError, match="Row 2 of 2 is not an object"):
        store.record(snapshot_of([make_job(), 17]))
    with store.begin() as connection:
        for table in ("fetches", "replies", "jobs"):
            assert connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) == 0


def test_a_failed_attempt_is_not_an_observation(store: Store) -> None:
    """A day on which the fetch failed is not observed, and the reason is kept."""
    store.record(snapshot_of([make_job()], datetime(2026, 10, 6, tzinfo=UTC)))
    store.record_failure(CUSTOMER, datetime(2026, 10, 7, tzinfo=UTC), "503 Service Unavailable")
    assert report_from(store).coverage.snapshot_days == 1
    assert store.last_failure(CUSTOMER) == "503 Service Unavailable"


def test_customers_do_not_mix(store: Store) -> None:
    """Another customer's job with the same id is another job."""
    other = Customer("2", "Fabrikam")
    store.record(snapshot_of([make_job()]))
    store.record(snapshot_of([make_job(status="Failed")], customer=other))
    assert report_from(store).totals.success == 1
    assert report_from(store, customer=other).totals.failed == 1


def test_a_renamed_customer_goes_by_the_new_name(store: Store) -> None:
    """The list of customers shows the name the service gave last."""
    replies = snapshot_of([]).replies
    store.record_customers([Customer("1", "Old Name")], replies)
    store.record_customers([Customer("1", "New Name")], replies)
    assert store.customers() == (Customer("1", "New Name"),)


def test_a_store_of_a_newer_program_is_refused(
    url: str, open_store: Callable[[str], Store]
) -> None:
    """A schema from the future is not touched."""
    with open_store(url).begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="9999") as caught:
        Store.open(url)
    assert "upgrade" in caught.value.hint


@pytest.mark.parametrize("wrong", ["nonsense", "oracle://x/y", "sqlite:////nowhere/at/all.db"])
def test_a_store_that_cannot_be_opened_is_explained(wrong: str) -> None:
    """A wrong URL gives an error with a hint."""
    with pytest.raises(StoreError) as caught:
        Store.open(wrong)
    assert caught.value.hint


def test_tables_agree_with_the_migrations(store: Store) -> None:
    """The migrations build just the tables the program uses."""
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []


def test_a_full_disk_loses_nothing_and_leaves_nothing_partial(tmp_path: Path) -> None:
    """No room for a snapshot: the error says so, the store is as before, and later it continues."""
    url = f"sqlite:///{tmp_path / 'reporter.db'}"
    Store.open(url).record(snapshot_of([make_job()], NOW - timedelta(hours=1)))
    full = Store.open(url)
    pages = sa.event.listens_for(full.engine, "connect")
    full.engine.dispose()
    pages(lambda connection, _: connection.execute("PRAGMA max_page_count = 40"))
    with pytest.raises(StoreError, match="full") as caught:
        full.record(snapshot_of(make_busy_month()))
    assert "make room" in caught.value.hint
    again = Store.open(url)
    assert report_from(again).totals.jobs == 1
    again.record(snapshot_of(make_busy_month()))
    assert report_from(again).totals.jobs > 500
