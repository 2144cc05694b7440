"""Situations met by people who report on backups, each with the right value, and the oracle's.

The replies in tests/cases carry invented names. All are of October 2026; most were read once, on
1 November at 08:00 UTC.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.analysis.comparing import (
    Json,
    differences_of_json,
    differences_of_store,
    from_saved,
)
from tests.analysis.raw_months import RawCustomer, Reply, Row, midnight
from tests.analysis.test_oracle import POLICY
from tests.builders import make_job, make_row

CASES = Path(__file__).parents[1] / "cases"
FETCHED = datetime(2026, 11, 1, 8, tzinfo=UTC)
GB = 1024**3
FIGURES = ("state", "reasons", "totals", "services", "modules", "daily", "exceptions", "quality")


def october(replies: Sequence[Reply], zone: str = "UTC") -> RawCustomer:
    start, end = (midnight(day, zone) for day in (date(2026, 10, 1), date(2026, 11, 1)))
    return RawCustomer(list(replies), "2026-10", start, end, zone, POLICY)


def case(name: str, zone: str = "UTC") -> RawCustomer:
    """The customer of one input."""
    rows = json.loads((CASES / f"{name}.json").read_bytes())["value"]
    return october([(FETCHED, rows)], zone)


def rendered(customer: RawCustomer, folder: Path) -> Json:
    """Its JSON, in which every figure is the oracle's."""
    report = from_saved(customer, folder)
    assert differences_of_json(customer, report) == []
    assert report is not None
    return report


def notes_of(report: Json) -> dict[str, int]:
    """How many notes of each kind, lines of a kind together."""
    kinds = {note["kind"] for note in report["quality"]}
    return {
        kind: sum(note["count"] for note in report["quality"] if note["kind"] == kind)
        for kind in kinds
    }


def test_a_scope_that_never_succeeds_is_not_cured_by_another(tmp_path: Path) -> None:
    """Tenant B fails every night beside a good tenant A: critical, and none of its failures is
    cured.
    """
    report = rendered(case("two-scopes-one-never-succeeds"), tmp_path)
    (module,) = report["modules"]
    states = {scope["name"]: scope["state"] for scope in module["scopes"]}
    assert sorted(states.values()) == ["critical", "healthy"]
    assert (report["state"], module["state"]) == ("critical", "critical")
    assert report["exceptions"]
    assert all(entry["cured_by"] is None for entry in report["exceptions"])


def test_finished_jobs_that_lost_most_objects_are_not_a_success(tmp_path: Path) -> None:
    """31 jobs finished, each with 1 of 22 objects: attention, by the object target."""
    report = rendered(case("finished-but-21-of-22-objects-fail"), tmp_path)
    assert report["state"] == "attention"
    assert report["totals"]["object_success_rate"] == 1 / 22
    assert report["totals"]["object_target_met"] is False
    assert any("4.5" in reason for reason in report["reasons"])


def test_jobs_without_a_start_are_dated_by_their_modification(tmp_path: Path) -> None:
    """12 of 31 failed to start, and count."""
    report = rendered(case("failed-to-start-without-start"), tmp_path)
    assert (report["totals"]["jobs"], report["totals"]["failed"]) == (31, 12)
    assert notes_of(report)["dated by modification"] == 12


def test_a_month_of_skipped_jobs_has_no_recovery_point(tmp_path: Path) -> None:
    """That is certain, since the whole month is listed."""
    report = rendered(case("every-job-skipped"), tmp_path)
    assert report["state"] == "critical"
    assert report["totals"]["longest_gap_s"] == report["totals"]["longest_gap_at_most_s"]
    assert report["totals"]["longest_gap_s"] > 31 * 86400
    assert report["coverage"]["scopes_covered"] == 0


def test_backups_that_stop_are_a_certain_gap(tmp_path: Path) -> None:
    """From 3 October, 22:10, to the end of the month."""
    report = rendered(case("stops-on-the-third"), tmp_path)
    assert report["state"] in ("attention", "critical")
    assert report["totals"]["gap_target_met"] is False
    assert report["totals"]["longest_gap_s"] > 27 * 86400


def test_quiet_incrementals_contradict_nothing(tmp_path: Path) -> None:
    """A success without any objects is ordinary."""
    report = rendered(case("quiet-incrementals"), tmp_path)
    assert report["state"] == "healthy"
    assert "contradiction" not in notes_of(report)


def test_a_job_that_runs_for_three_weeks_is_running(tmp_path: Path) -> None:
    """No recovery point for all that time, which misses the target: critical."""
    report = rendered(case("running-for-three-weeks"), tmp_path)
    assert (report["totals"]["running"], report["totals"]["completed"]) == (1, 0)
    assert report["state"] == "critical"
    assert report["running"][0]["started_at"].startswith("2026-10-08T20:00")


@pytest.mark.parametrize(
    ("name", "zone"),
    [("daily-over-the-clock-change", "Europe/Berlin"), ("daily-with-jitter", "UTC")],
)
def test_daily_backups_meet_a_daily_target(name: str, zone: str, tmp_path: Path) -> None:
    """With the hour that comes twice, and with some minutes here and there."""
    report = rendered(case(name, zone), tmp_path)
    assert (report["state"], report["totals"]["gap_target_met"]) == ("healthy", True)


def test_unreadable_dates_are_noted_once(tmp_path: Path) -> None:
    """31 jobs cannot be dated, in one line."""
    report = rendered(case("dotted-dates"), tmp_path)
    (undated,) = (note for note in report["quality"] if note["kind"] == "undated")
    assert (undated["count"], len(undated["values"])) == (31, 3)
    assert report["totals"]["jobs"] == 0


def test_volume_covers_the_jobs_with_sizes(tmp_path: Path) -> None:
    """160 GB, of 16 of 31 jobs; or not given."""
    totals = rendered(case("half-of-the-sizes-unreadable"), tmp_path)["totals"]
    assert (totals["bytes"], totals["sized_jobs"], totals["jobs"]) == (160 * GB, 16, 31)
    totals = rendered(case("no-size-readable"), tmp_path)["totals"]
    assert (totals["bytes"], totals["sized_jobs"]) == (None, 0)


def test_jobs_rejected_during_a_long_full_backup_have_recovered(tmp_path: Path) -> None:
    """Failures in a row and cures agree."""
    report = rendered(case("incrementals-rejected-under-a-long-full"), tmp_path)
    assert report["totals"]["consecutive_failures"] == 0
    assert {entry["cured_by"] for entry in report["exceptions"]} == {"FULL"}


# Several snapshots.


def every(hours: int, first: datetime, last: datetime) -> list[datetime]:
    """Moments in a rhythm."""
    count = int((last - first) / timedelta(hours=hours)) + 1
    return [first + timedelta(hours=hours * n) for n in range(count)]


SINCE, UNTIL = datetime(2026, 9, 29, 2, tzinfo=UTC), datetime(2026, 11, 1, 10, tzinfo=UTC)


def newest_daily(at: datetime, **fields: Any) -> Row:
    """The job that started at 01:00 of the last day it could."""
    day = at if at.hour >= 2 else at - timedelta(days=1)
    return make_job(f"{day:%Y-%m-%d}T01:00:00+00:00") | fields


def watched(*, until: datetime = UNTIL, hours: int = 6) -> list[Reply]:
    """A module backed up daily, looked at closely."""
    return [(at, [newest_daily(at)]) for at in every(hours, SINCE, until)]


@pytest.mark.parametrize(
    "later",
    [
        lambda at: [make_row(jobModule="Power BI", status="Not started")],
        lambda at: [make_job("2026-11-10T01:00:00Z", jobModule="Power BI")],
        lambda at: [make_job(status="Pending", jobId="P", startTime="N/A", endTime="N/A",
                             jobDuration="N/A", lastModifyTime=f"{at:%Y-%m-%dT%H:%M:%SZ}")]
        if at.day == 5 else [],
    ],
)  # fmt: skip
def test_what_november_brings_changes_nothing_of_october(
    later: Callable[[datetime], list[Row]], tmp_path: Path
) -> None:
    """A module bought, or a job that is pending at one look and gone at the next."""
    closed = october(watched())
    goes_on = [
        (at, [newest_daily(at), *later(at)])
        for at in every(6, datetime(2026, 11, 1, 14, tzinfo=UTC), datetime(2026, 11, 7, tzinfo=UTC))
    ]
    after = october([*watched(), *goes_on])
    before, now = rendered(closed, tmp_path), rendered(after, tmp_path)
    assert {key: before[key] for key in FIGURES} == {key: now[key] for key in FIGURES}
    assert before["state"] == "healthy"
    assert before["final"]


def test_a_customer_that_came_in_november_has_no_october(tmp_path: Path) -> None:
    """No report, rather than one in which no backup has ever run."""
    came = [(at, [newest_daily(at)]) for at in every(
        6, datetime(2026, 11, 10, 2, tzinfo=UTC), datetime(2026, 11, 12, tzinfo=UTC))]  # fmt: skip
    assert from_saved(october(came), tmp_path) is None
    assert differences_of_store(october(came), tmp_path) == []


def test_a_module_not_listed_since_may_is_not_in_october(tmp_path: Path) -> None:
    """It stood in one reply of May."""
    may = datetime(2026, 5, 3, tzinfo=UTC)
    old = (may, [make_job("2026-05-02T01:00:00Z", jobModule="Power BI")])
    report = rendered(october([old, *watched()]), tmp_path)
    assert [module["module"] for module in report["modules"]] == ["Exchange Online"]


def test_before_the_first_look_nothing_is_judged(tmp_path: Path) -> None:
    """Daily and closely watched, but since the 12th: it cannot be said to be met, and is not
    missed.
    """
    since = datetime(2026, 10, 12, 2, tzinfo=UTC)
    report = rendered(october([look for look in watched() if look[0] >= since]), tmp_path)
    assert (report["totals"]["gap_target_met"], report["state"]) == (None, "healthy")


def test_one_job_of_september_is_not_a_trend(tmp_path: Path) -> None:
    """It is known, but not compared with."""
    report = rendered(october([look for look in watched() if look[0].month > 9]), tmp_path)
    assert report["previous"] is None
    report = rendered(october(watched()), tmp_path)
    assert report["previous"]["totals"]["jobs"] == 2
    assert report["previous"]["comparable"] is False


def test_one_look_a_day_at_four_jobs_is_sparse(tmp_path: Path) -> None:
    """Three of four fail unseen: no target is met, and almost nothing was watched."""
    report = rendered(october(watched(hours=24)), tmp_path)
    assert report["coverage"]["watched_share"] == 0
    assert report["coverage"]["missing_days"] == []
    tight = october(watched(hours=24))
    tight.policy = POLICY | {"max_gap_s": 8 * 3600.0}
    assert rendered(tight, tmp_path)["totals"]["gap_target_met"] is None


def test_a_renamed_scope_is_gone_under_its_old_name(tmp_path: Path) -> None:
    """31 jobs, and no gap of the new name before the change."""
    change = datetime(2026, 10, 16, 8, tzinfo=UTC)
    looks = [
        (at, [newest_daily(at, name="old" if at < change else "new",
                           jobModule="Storage", jobType="IaaS + PaaS")])
        for at in every(6, SINCE, UNTIL)
    ]  # fmt: skip
    report = rendered(october(looks), tmp_path)
    scopes = {scope["name"]: scope for scope in report["modules"][0]["scopes"]}
    assert report["totals"]["jobs"] == 31
    assert scopes["old"]["listed"] == "gone"
    assert datetime.fromisoformat(scopes["old"]["listed_since"]) == change - timedelta(hours=6)
    assert scopes["new"]["state"] == "healthy"


def test_one_id_for_every_run_is_noted(tmp_path: Path) -> None:
    """The job counts where it is now."""
    looks = [(at, [newest_daily(at, jobId="SAME")]) for at in every(6, SINCE, UNTIL)]
    report = rendered(october(looks), tmp_path)
    assert notes_of(report)["start moved"] == 1


def test_a_column_decides_how_its_slashed_dates_are_read(tmp_path: Path) -> None:
    """`13/10/2026` proves day first, so that `1/10/2026` is the first of October."""
    rows = [
        make_job(jobId=f"S{day}", startTime=f"{day}/10/2026 10:00:06 PM", endTime="N/A",
                 lastModifyTime="N/A")
        for day in range(1, 14)
    ]  # fmt: skip
    report = rendered(october([(FETCHED, rows)]), tmp_path)
    assert report["totals"]["jobs"] == 13
    assert report["daily"][0]["date"] == "2026-10-01"
    assert notes_of(report) == {}
