"""Coverage, completeness, the calendar, and the comparison with the period before."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from reporter.model import Outcome, Silence
from tests.builders import NOW, daily_snapshots, make_job, make_report, make_row


def test_coverage_counts_modules_with_a_recovery_point() -> None:
    """Of three modules one was backed up in the period, one failed, one never ran; of those with
    nothing to back up and those switched off nothing is expected.
    """
    rows = [
        make_job(),
        make_job(status="Failed", jobModule="OneDrive"),
        make_row(jobModule="Power BI"),
        make_row(jobModule="Power Apps", status="Finished"),
        make_row(jobModule="Viva Engage", status="Disabled"),
    ]
    coverage = make_report(rows).coverage
    assert (coverage.modules_covered, coverage.modules_seen) == (1, 3)
    assert (coverage.modules_idle, coverage.modules_off) == (1, 1)


def test_a_module_is_covered_when_all_its_scopes_are() -> None:
    """One tenant of two was backed up."""
    rows = [make_job(name="Tenant A"), make_job(status="Failed", name="Tenant B", jobId="B")]
    coverage = make_report(rows).coverage
    assert (coverage.modules_covered, coverage.modules_seen) == (0, 1)
    assert (coverage.scopes_covered, coverage.scopes_seen) == (1, 2)


def test_the_watched_share_counts_time_between_close_looks() -> None:
    """Every four hours for half of the month, then once a day."""
    first = datetime(2026, 9, 30, 22, tzinfo=UTC)
    looks = [first + timedelta(hours=4 * n) for n in range(93)]
    looks += daily_snapshots(looks[-1] + timedelta(days=1), 17)
    coverage = make_report([make_job()], observed=looks).coverage
    watched = looks[92] - datetime(2026, 10, 1, tzinfo=UTC)
    assert coverage.watched_share == pytest.approx(watched / timedelta(days=31))
    assert coverage.watch.sparse
    assert not coverage.watch.comparable


def test_a_day_without_a_job_says_whether_anybody_watched() -> None:
    """Watched, not watched, and still to come."""
    looks = [datetime(2026, 10, 1, tzinfo=UTC) + timedelta(hours=4 * n) for n in range(20)]
    looks.append(datetime(2026, 10, 8, 20, tzinfo=UTC))
    report = make_report([make_job("2026-10-01T01:00:00Z")], observed=looks)
    days = {day.date.day: day.silence for day in report.silent}
    assert [days.get(day) for day in (1, 2, 4, 5, 8, 9)] == [
        None,
        Silence.NO_RUN,
        Silence.NO_RUN,
        Silence.NOT_OBSERVED,
        Silence.TO_COME,
        Silence.TO_COME,
    ]


def test_a_module_of_earlier_months_is_still_seen() -> None:
    """A module that ran in September and is listed in October stays in the report."""
    coverage = make_report([make_job("2026-09-05T01:00:00Z")]).coverage
    assert (coverage.modules_covered, coverage.modules_seen) == (0, 1)


def test_a_period_observed_every_day_is_complete() -> None:
    """A snapshot on each day of the month leaves no day out."""
    snapshots = daily_snapshots(datetime(2026, 10, 1, 20, tzinfo=UTC), 31)
    coverage = make_report([make_job()], observed=snapshots).coverage
    assert (coverage.snapshot_days, coverage.days, coverage.complete) == (31, 31, True)


def test_days_without_a_snapshot_are_named() -> None:
    """Two days without a snapshot are named, and the report is not complete."""
    days = [1, *range(3, 18), *range(19, 32)]
    snapshots = [datetime(2026, 10, day, 20, tzinfo=UTC) for day in days]
    coverage = make_report([make_job()], observed=snapshots).coverage
    assert coverage.missing_days == (date(2026, 10, 2), date(2026, 10, 18))
    assert not coverage.complete


def test_a_day_is_observed_in_the_reports_zone() -> None:
    """A snapshot at 23:30 UTC on the 4th was taken on the 5th in Berlin."""
    observed = [datetime(2026, 10, 4, 23, 30, tzinfo=UTC)]
    coverage = make_report([], timezone="Europe/Berlin", observed=observed).coverage
    assert date(2026, 10, 5) not in coverage.missing_days
    assert date(2026, 10, 4) in coverage.missing_days


def test_a_late_report_observed_no_day_of_its_period() -> None:
    """Looking once in November shows what is there, but not what was there in October."""
    assert make_report([make_job()], observed=[NOW]).coverage.snapshot_days == 0


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        (["Finished", "Canceled", "Failed"], Outcome.FAILED),
        (["Throttled", "Canceled", "Finished"], Outcome.CANCELLED),
        (["Exception", "Throttled"], Outcome.UNKNOWN),
        (["Running", "Exception"], Outcome.WARNING),
        (["Skipped", "Running"], Outcome.RUNNING),
        (["Finished", "Skipped"], Outcome.NOT_RUN),
        (["Finished"], Outcome.SUCCESS),
    ],
)
def test_a_calendar_cell_is_the_worst_of_its_day(statuses: list[str], worst: Outcome) -> None:
    """A day shows the worst outcome of the jobs started on it, and how many there were."""
    rows = [make_job(f"2026-10-05T{n + 1:02}:00:00Z", status) for n, status in enumerate(statuses)]
    (day,) = make_report(rows).daily
    assert (day.worst, day.jobs) == (worst, len(statuses))


def test_the_repeated_hour_belongs_to_one_day() -> None:
    """Both 2:30 in Berlin on the day the clocks go back are the 25th's, and both jobs count."""
    rows = [make_job("2026-10-25T00:30:00Z"), make_job("2026-10-25T01:30:00Z")]
    (day,) = make_report(rows, timezone="Europe/Berlin").daily
    assert (day.date, day.jobs) == (date(2026, 10, 25), 2)


def test_the_period_before_is_compared_when_it_has_data() -> None:
    """September's totals are shown beside October's."""
    rows = [make_job("2026-09-05T01:00:00Z", "Failed"), make_job()]
    previous = make_report(rows).previous
    assert previous is not None
    assert (previous.period.label, previous.totals.success_rate) == ("2026-09", 0.0)


@pytest.mark.parametrize("start", ["2026-08-31T23:59:59Z", "2026-10-05T01:00:00Z", "N/A"])
def test_without_data_there_is_no_period_before(start: str) -> None:
    """A difference is never made up: no job of September, no comparison."""
    fields = {"startTime": start} | ({"endTime": start} if start == "N/A" else {})
    assert make_report([make_job() | fields, make_row(jobModule="Power BI")]).previous is None


def test_a_range_of_days_is_compared_with_as_many_days_before() -> None:
    """A week is compared with the week before."""
    rows = [make_job(f"2026-10-{day:02}T01:00:00Z") for day in range(1, 15)]
    previous = make_report(rows, period="2026-10-08..2026-10-14").previous
    assert previous is not None
    assert (previous.period.label, previous.totals.jobs) == ("2026-10-01..2026-10-07", 7)


def test_an_empty_report_is_a_report() -> None:
    """A customer of whom nothing is known has no data, zero jobs and no rates."""
    report = make_report([], observed=[NOW - timedelta(days=9)])
    assert (report.state.value, report.totals.jobs, report.previous) == ("no data", 0, None)
    assert (report.modules, report.daily, report.exceptions, report.quality) == ((), (), (), ())
