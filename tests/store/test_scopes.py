"""Scopes and sightings in the store: what each snapshot said, in as few rows as possible."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from reporter.jobs.sightings import SIGHTING_COLUMNS, frame_of, sightings_in
from reporter.model import Customer, Policy
from reporter.period import Period, parse_period
from reporter.sources.avepoint.reading.rows import text_rows
from reporter.store import Store, tables
from reporter.store.reading import Reading, read_period
from reporter.store.upkeep import prune, rebuild_jobs
from tests.builders import CUSTOMER, NOW, make_job, make_row
from tests.store.test_store import of_jobs, report_from, snapshot_of

OCTOBER = parse_period("2026-10", "UTC", NOW)
FIRST = datetime(2026, 9, 20, 0, 30, tzinfo=UTC)
SCOPES = [
    ("Microsoft 365", "Exchange Online", "N/A"),
    ("Microsoft 365", "OneDrive", "N/A"),
    ("IaaS + PaaS", "Azure Virtual Machine", "vm-1"),
    ("IaaS + PaaS", "Azure Virtual Machine", "VM-1"),
    ("IaaS + PaaS", "Azure Virtual Machine", "vm  1"),
    ("Dynamics 365", "Dynamics 365", "x" * 10_000),
]


def read(store: Store, period: Period = OCTOBER, customer: Customer = CUSTOMER) -> Reading:
    return read_period(store, customer, period, Policy().watch_every)


def rows_in(store: Store, table: sa.Table) -> list[Any]:
    with store.reading() as connection:
        return list(connection.execute(sa.select(table).order_by(*table.primary_key)))


def in_place(service: str, module: str, name: str = "N/A") -> dict[str, Any]:
    return {"jobType": service, "jobModule": module, "name": name}


class Service:
    """One customer's ongoing backups, each scope in its own rhythm, listed as the service lists
    them: the newest job of each scope, or a placeholder.
    """

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.rows: dict[tuple[str, str, str], dict[str, Any]] = {}

    def listed(self, at: datetime) -> list[dict[str, Any]]:
        for scope in SCOPES:
            before = self.rows.get(scope)
            if before and before["status"] == "Running" and self.chance.random() < 0.7:
                ended = f"{at - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}"
                self.rows[scope] = before | {"status": "Finished", "lastModifyTime": ended}
            elif before is None or self.chance.random() < 0.4:
                self.rows[scope] = self._next(scope, at)
        rows = [row for row in self.rows.values() if row]
        if self.chance.random() < 0.05:
            rows.append(rows[0] | {"jobId": "older", "startTime": "2026-09-01T00:00:00Z"})
        return rows

    def _next(self, scope: tuple[str, str, str], at: datetime) -> dict[str, Any]:
        kind = self.chance.random()
        if kind < 0.05:
            return {}  # not listed
        if kind < 0.25:
            status = self.chance.choice(["Pending", "Disabled", "Skipped", "Failed", "Not started"])
            modified = self.chance.choice(["N/A", f"{at:%Y-%m-%dT%H:%M:%SZ}", "soon"])
            return make_row(status=status, lastModifyTime=modified, **in_place(*scope))
        status = self.chance.choice(["Running", "Finished", "Failed"])
        started = f"{at - timedelta(minutes=self.chance.randrange(15, 300)):%Y-%m-%dT%H:%M:%SZ}"
        return make_job(started, status, **in_place(*scope))


def fill(store: Store, looks: Sequence[datetime], seed: int = 1) -> pd.DataFrame:
    """Record what the service lists at each look; returns what it lists, look by look."""
    service, texts = Service(seed), []
    for at in looks:
        rows = service.listed(at)
        store.record(snapshot_of(rows, at))
        texts.append(text_rows(rows, at))
    return frame_of(list(zip(looks, sightings_in(texts), strict=True)))


def in_order(sightings: pd.DataFrame) -> pd.DataFrame:
    return sightings.sort_values(["service", "module", "name", "snapshot"], ignore_index=True)


def test_what_is_read_is_what_each_snapshot_said(store: Store) -> None:
    """Snapshot by snapshot and scope by scope, whatever was stored."""
    looks = [FIRST + timedelta(hours=4 * number) for number in range(270)]
    expected = fill(store, looks)
    counted = sum(look < OCTOBER.end + timedelta(hours=7) for look in looks) + 1
    assert 100 < counted < len(looks)
    sightings = read(store).sightings
    pd.testing.assert_frame_equal(sightings, in_order(expected[expected["snapshot"] < counted]))
    assert dict(sightings.dtypes.astype(str)) == dict(
        sightings.astype(SIGHTING_COLUMNS).dtypes.astype(str)
    )
    assert len(rows_in(store, tables.sightings)) < 0.6 * len(expected)
    assert expected["lost"].any()


def test_rebuilding_gives_the_same(store: Store) -> None:
    """Jobs and sightings derived anew equal those derived on receipt."""
    fill(store, [FIRST + timedelta(hours=4 * number) for number in range(60)])
    before = read(store)
    rebuild_jobs(store, CUSTOMER)
    after = read(store)
    pd.testing.assert_frame_equal(after.sightings, before.sightings)
    pd.testing.assert_frame_equal(after.rows, before.rows)


def test_repeated_listings_add_no_rows(store: Store) -> None:
    """No derived row changes, however often a stale scope is listed."""
    rows = [make_job(), make_row(jobModule="Power BI", status="Disabled")]
    store.record(snapshot_of(rows, NOW))
    derived = (tables.modules, tables.scopes, tables.sightings, tables.jobs)
    before = [rows_in(store, table) for table in derived]
    for hour in range(1, 5):
        store.record(snapshot_of(rows, NOW + timedelta(hours=hour)))
    assert [rows_in(store, table) for table in derived] == before
    assert len(before[2]) == 2


def test_a_scope_that_disappears_and_comes_back(store: Store) -> None:
    """It is in no snapshot in between, including an empty one."""
    at = [datetime(2026, 10, day, tzinfo=UTC) for day in range(1, 6)]
    for look, rows in zip(at, ([make_job()], [], [], [make_job()], [make_job()]), strict=True):
        store.record(snapshot_of(rows, look))
    assert list(read(store).sightings["snapshot"]) == [0, 3, 4]
    assert len(rows_in(store, tables.sightings)) == 3


def test_a_running_job_is_marked_lost_once(store: Store) -> None:
    """At the first look that no longer lists it; it was seen until the last one that did."""
    running = make_job("2026-10-05T00:00:00Z", "Running", lastModifyTime="2026-10-05T00:00:00Z")
    newer = make_job("2026-10-05T04:00:00Z")
    at = [datetime(2026, 10, 5, hour, tzinfo=UTC) for hour in (1, 2, 5, 6)]
    for look, row in zip(at, (running, running, newer, newer), strict=True):
        store.record(snapshot_of([row], look))
    jobs = read(store)
    assert list(jobs.sightings["lost"]) == [False, False, True, False]
    assert list(jobs.rows["fetched_at"]) == [at[1], at[2]]


def test_a_job_that_runs_beyond_the_period_changes_nothing_of_it(store: Store) -> None:
    """It was running at the last look that counts, however often it is seen afterwards."""
    running = make_job("2026-10-31T00:00:00Z", "Running", lastModifyTime="2026-10-31T00:00:00Z")
    first, reports = datetime(2026, 10, 31, 12, tzinfo=UTC), []
    for day in range(4):
        store.record(snapshot_of([running], first + timedelta(days=day)))
        reports.append(report_from(store))
    assert [job.seen_at for job in reports[1].running] == [first + timedelta(days=1)]
    for later in reports[2:]:
        for part in ("totals", "modules", "running", "quality", "sources"):
            assert getattr(later, part) == getattr(reports[1], part), part


def test_names_are_distinguished_as_written(store: Store) -> None:
    """By case and inner spaces, not by outer ones; no name is too long; N/A is not a name."""
    names = ["A", "a", "a b", "a  b", "x" * 10_000, "x" * 9_999 + "y", " A ", "N/A", ""]
    rows = [
        make_job(f"2026-10-0{number}T01:00:00Z", **in_place("IaaS + PaaS", "Disk", name))
        for number, name in enumerate(names, 1)
    ]
    at = datetime(2026, 10, 20, tzinfo=UTC)
    store.record(snapshot_of(rows, at))
    store.record(snapshot_of(rows[::-1], at + timedelta(hours=1)))
    names_kept = {scope.name for scope in rows_in(store, tables.scopes)}
    assert names_kept == {*names[:6], ""}
    sightings = read(store).sightings
    assert list(sightings.groupby("snapshot").size()) == [7, 7]
    assert len(read(store).rows) == len(names)


def test_one_scope_listed_twice_is_one_scope(store: Store) -> None:
    """Both jobs are kept; the scope is seen with the newest, whichever comes first."""
    jobs = [make_job("2026-10-05T01:00:00Z"), make_job("2026-10-06T01:00:00Z")]
    placeholder = make_row(status="Skipped")
    store.record(snapshot_of([jobs[1], placeholder, jobs[0]], NOW))
    (sighting,) = read(store).sightings.itertuples()
    assert (sighting.job_id, sighting.oldest_at) == (
        jobs[1]["jobId"], pd.Timestamp("2026-10-05T01:00:00Z"),
    )  # fmt: skip
    assert len(read(store).rows) == 2


def test_a_scope_that_changes_its_module_is_another(store: Store) -> None:
    """The old one is no longer listed; a job with the same id is a different job."""
    for hour, module in enumerate(("Disk", "Disk", "Storage")):
        row = make_job(**in_place("IaaS + PaaS", module, "one"))
        store.record(snapshot_of([row], NOW - timedelta(days=9) + timedelta(hours=hour)))
    jobs = read(store)
    assert [(sighting.module, sighting.snapshot) for sighting in jobs.sightings.itertuples()] == [
        ("Disk", 0), ("Disk", 1), ("Storage", 2),
    ]  # fmt: skip
    assert list(jobs.rows["module"]) == ["Disk", "Storage"]


def test_a_job_belongs_to_the_scope_its_newest_row_names(store: Store) -> None:
    """Whatever it was called before."""
    job = make_job(**in_place("IaaS + PaaS", "Disk", "old"))
    store.record(snapshot_of([job], NOW))
    renamed = job | {"name": "new", "lastModifyTime": "2026-10-06T00:00:00Z"}
    store.record(snapshot_of([renamed], NOW + timedelta(hours=1)))
    with store.reading() as connection:
        query = of_jobs(tables.scopes.c.name).join(
            tables.scopes, tables.scopes.c.id == tables.jobs.c.scope_id
        )
        assert connection.execute(query).scalars().all() == ["new"]


def test_clocks_that_run_backwards(store: Store) -> None:
    """Snapshots are in the order of their times; what each says follows from those recorded before
    it.
    """
    at = [datetime(2026, 10, 5, hour, tzinfo=UTC) for hour in (6, 2, 10)]
    running = make_job("2026-10-05T01:00:00Z", "Running", lastModifyTime="2026-10-05T01:00:00Z")
    later = make_job("2026-10-05T05:00:00Z")
    for look, row in zip(at, (running, running, later), strict=True):
        store.record(snapshot_of([row], look))
    jobs = read(store)
    assert jobs.observations.snapshots == tuple(sorted(at))
    sightings = jobs.sightings.itertuples()
    assert [(sighting.snapshot, sighting.job_id, sighting.lost) for sighting in sightings] == [
        (0, running["jobId"], False), (1, running["jobId"], False), (2, later["jobId"], True),
    ]  # fmt: skip


def test_two_snapshots_in_one_second(store: Store) -> None:
    """Both are kept, in the order they were recorded."""
    at = datetime(2026, 10, 5, 4, tzinfo=UTC)
    for row in (make_job("2026-10-05T01:00:00Z"), make_job("2026-10-05T02:00:00Z")):
        store.record(snapshot_of([row], at))
    jobs = read(store)
    assert jobs.observations.snapshots == (at, at)
    assert list(jobs.sightings["job_id"]) == ["FB20261005010000", "FB20261005020000"]


def test_reading_one_snapshot_and_none(store: Store) -> None:
    """One is enough to read; without any there is nothing, in the same columns."""
    assert list(read(store).sightings.columns) == list(SIGHTING_COLUMNS)
    store.record(snapshot_of([make_job()], NOW))
    assert len(read(store).sightings) == 1
    store.record(snapshot_of([], NOW, Customer("2", "Empty")))
    empty = read(store, customer=Customer("2", "Empty"))
    assert (len(empty.sightings), empty.observations.snapshots) == (0, (NOW,))


def test_sightings_are_read_from_the_last_success_before(store: Store) -> None:
    """From the look before it: for a scope that has failed since then, from long ago; for a healthy
    one, from just before the preceding period.
    """
    first = datetime(2026, 7, 1, 6, tzinfo=UTC)
    for day in range(123):
        at = first + timedelta(days=day)
        started = f"{at - timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}"
        rows = [
            make_job(started, jobModule="OneDrive"),
            make_job(started, "Finished" if day <= 40 else "Failed"),
        ]
        store.record(snapshot_of(rows, at))
    snapshots = read(store).sightings.groupby("module")["snapshot"]
    assert snapshots.min().to_dict() == {"Exchange Online": 39, "OneDrive": 60}
    assert snapshots.max().to_dict() == {"Exchange Online": 122, "OneDrive": 122}
    assert snapshots.size().to_dict() == {"Exchange Online": 84, "OneDrive": 63}


def test_the_replies_a_report_rests_on(store: Store) -> None:
    """Those of the period, the look before it, the looks after it that count, and those its jobs
    are from.
    """
    at = [datetime(2026, 9, 29, tzinfo=UTC) + timedelta(days=day) for day in range(40)]
    late = make_job("2026-10-30T01:00:00Z", jobModule="OneDrive")
    for look in at:
        rows = [make_job(f"{look - timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}")]
        store.record(snapshot_of(rows + [late] * (look == at[-1]), look))
    times = {source.fetched_at for source in read(store).observations.sources}
    assert min(times) == datetime(2026, 9, 30, tzinfo=UTC)
    assert sorted(times)[-2:] == [datetime(2026, 11, 2, tzinfo=UTC), at[-1]]
    assert len(times) == 1 + 31 + 2 + 1


def test_pruning_keeps_what_later_snapshots_still_list(store: Store) -> None:
    """A stale scope, and since when one is switched off; the figures of the retained time stay the
    same.
    """
    looks = [FIRST + timedelta(hours=8 * number) for number in range(130)]
    stale = make_job("2026-08-01T01:00:00Z", jobModule="Teams Chat")
    off = make_row(status="Disabled", jobModule="Power BI", lastModifyTime="2026-06-01T00:00:00Z")
    service = Service(3)
    for number, at in enumerate(looks):
        gone = [make_row(status="Skipped", jobModule="Power Apps")] * (number < 5)
        modified = off | {"lastModifyTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"} if number else off
        store.record(snapshot_of([*service.listed(at), stale, modified, *gone], at))
    before = read(store)
    prune(store, OCTOBER.start)
    after = read(store)
    pruned = len(before.observations.snapshots) - len(after.observations.snapshots)
    expected = before.sightings[before.sightings["snapshot"] >= pruned]
    expected = expected.assign(snapshot=expected["snapshot"] - pruned).reset_index(drop=True)
    expected.loc[expected["snapshot"] == 0, "lost"] = False
    sightings = after.sightings.copy()
    sightings.loc[sightings["snapshot"] == 0, "lost"] = False
    pd.testing.assert_frame_equal(sightings, expected)
    assert stale["jobId"] in set(after.rows["job_id"])
    assert "Power Apps" in {module.module for module in rows_in(store, tables.modules)}
    since = sightings[sightings["module"] == "Power BI"]["modified_at"]
    assert set(since) == {pd.Timestamp("2026-06-01T00:00:00Z")}


@pytest.mark.parametrize(
    ("fields", "dated", "point"),
    [
        ({}, "2026-10-05T01:00:00Z", "2026-10-05T01:20:00Z"),
        ({"endTime": "N/A"}, "2026-10-05T01:00:00Z", "2026-10-05T01:00:00Z"),
        ({"startTime": "N/A"}, "2026-10-05T01:20:00Z", "2026-10-05T01:20:00Z"),
        (
            {"startTime": "N/A", "endTime": "never", "lastModifyTime": "2026-10-09T00:00:00Z"},
            "2026-10-09T00:00:00Z",
            "2026-10-09T00:00:00Z",
        ),
        ({"startTime": "N/A", "endTime": "N/A", "lastModifyTime": "N/A"}, None, None),
    ],
)
def test_what_a_job_is_dated_by(
    fields: dict[str, Any], dated: str | None, point: str | None, store: Store
) -> None:
    """Its start, else its end, else its modification; ordered by its end."""
    store.record(snapshot_of([make_job(**fields)]))
    (job,) = rows_in(store, tables.jobs)
    moments = (datetime.fromisoformat(text) if text else None for text in (dated, point))
    assert (job.dated_at, job.point_at) == tuple(moments)


def test_the_earliest_modification_dates_a_job_for_good(store: Store) -> None:
    """Later rows without a start do not move it forward; an older one that arrives late moves it
    back.
    """
    failed = make_job(status="Failed to start", startTime="N/A", endTime="N/A")
    for hour, day in enumerate((9, 12, 7)):
        row = failed | {"lastModifyTime": f"2026-10-{day:02}T00:00:00Z"}
        store.record(snapshot_of([row], NOW + timedelta(hours=hour)))
    (job,) = rows_in(store, tables.jobs)
    assert job.dated_at == job.point_at == datetime(2026, 10, 7, tzinfo=UTC)
    assert job.modified == "2026-10-12T00:00:00Z"


def test_what_the_first_rows_of_a_job_said_is_kept(store: Store) -> None:
    """When it was first seen, and the earliest start, though another row counts."""
    rows = [
        make_job(lastModifyTime="2026-10-05T09:00:00Z"),
        make_job(startTime="2026-10-04T01:00:00Z", lastModifyTime="2026-10-05T08:00:00Z"),
        make_job(startTime="2026-10-06T01:00:00Z", lastModifyTime="2026-10-06T08:00:00Z"),
    ]
    for hour, row in enumerate(rows):
        store.record(snapshot_of([row], NOW + timedelta(hours=hour)))
    (job,) = read(store).rows.itertuples()
    assert (job.started, job.first_seen_at) == ("2026-10-06T01:00:00Z", NOW)
    assert job.first_started_at == pd.Timestamp("2026-10-04T01:00:00Z")
    assert job.first_modified_at == pd.Timestamp("2026-10-05T08:00:00Z")


@pytest.mark.parametrize(
    ("modified", "counts"),
    [
        (("2026-10-05T08:00:00Z", "N/A"), "Failed"),  # counts as modified when it was fetched
        (("N/A", "2026-10-05T08:00:00Z"), "Finished"),
        (("N/A", "2026-11-09T08:00:00Z"), "Failed"),
        (("2026-10-05T08:00:00Z", "2026-10-05T08:00:00Z"), "Failed"),
        (("2026-10-05T09:00:00Z", "2026-10-05T08:00:00Z"), "Finished"),
        (("2026-10-05T09:00:00Z", "unreadable"), "Failed"),
    ],
)
def test_which_of_two_rows_of_a_job_counts(
    modified: tuple[str, str], counts: str, store: Store
) -> None:
    """The one modified last; a missing time is that of the fetch; on a tie the one fetched last."""
    for hour, (status, at) in enumerate(zip(("Finished", "Failed"), modified, strict=True)):
        row = make_job(status=status, lastModifyTime=at)
        store.record(snapshot_of([row], NOW + timedelta(hours=hour)))
    assert list(read(store).rows["status"]) == [counts]


def test_the_first_job_of_a_scope_is_read(store: Store) -> None:
    """However long ago: a gap may begin with its start."""
    for month in ("02", "03", "04"):
        store.record(snapshot_of([make_job(f"2026-{month}-05T01:00:00Z", "Failed")], NOW))
    assert [start[:7] for start in read(store).rows["started"]] == ["2026-02", "2026-04"]


def test_a_reply_with_thousands_of_jobs(store: Store) -> None:
    """All of them are looked up at once, in either database."""
    first = datetime(2026, 10, 1, tzinfo=UTC)
    rows = [
        make_job(f"{first + timedelta(minutes=7 * number):%Y-%m-%dT%H:%M:%SZ}")
        for number in range(6_000)
    ]
    for hour in range(2):
        store.record(snapshot_of(rows, NOW + timedelta(hours=hour)))
    assert len(rows_in(store, tables.jobs)) == len(rows)
