"""Times without a recovery point, and the twelve months before."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from reporter.analysis.history import history_of, tallies_of
from reporter.model import MonthFigures, Observations, Policy, Reply, Snapshot
from reporter.period import parse_period
from reporter.store import Store
from reporter.store.reading import monthly_jobs, read_period
from tests.builders import (
    CUSTOMER,
    NOW,
    make_busy_month,
    make_job,
    make_report,
    make_report_of_looks,
    make_row,
)

OCTOBER = parse_period("2026-10", "Europe/Berlin", NOW)


def history(tmp_path: Path, rows: list[dict[str, object]], policy: Policy) -> list[MonthFigures]:
    """The months of rows that went through the store."""
    store = Store.open(f"sqlite:///{tmp_path / 'reporter.db'}")
    body = json.dumps({"value": rows}).encode()
    reply = Reply("https://graph.example/jobs", NOW, "1", body)
    store.record(Snapshot(CUSTOMER, (reply,)))
    months = OCTOBER.year_to()
    seen = read_period(store, CUSTOMER, OCTOBER, policy.watch_every).observations
    tallies = tallies_of(monthly_jobs(store, CUSTOMER, months, Policy()), len(months))
    return list(history_of(tallies, months, policy, [seen]))


def test_a_gap_is_what_is_longer_than_allowed() -> None:
    """Daily backups with three days left out: one gap, from the end of one to that of another."""
    rows = [make_job(f"2026-10-{day:02}T01:00:00Z") for day in range(1, 32) if day not in (9, 10)]
    policy = Policy(max_gap=timedelta(hours=26))
    (gap,) = make_report(rows, policy=policy).gaps
    assert gap.start == datetime(2026, 10, 8, 1, 20, tzinfo=UTC)
    assert gap.end == datetime(2026, 10, 11, 1, 20, tzinfo=UTC)
    assert (gap.length_s, gap.allowed_s) == (3 * 86_400, 26 * 3_600)


def test_the_longest_gap_is_the_scopes_figure() -> None:
    """Each scope with too long a gap is listed, first with the one of its figures."""
    report = make_report(make_busy_month(), timezone="Europe/Berlin")
    lengths = [gap.length_s for gap in report.gaps if gap.certain]
    assert lengths == sorted(lengths, reverse=True)
    for module in report.modules:
        for scope in module.scopes:
            place = (module.service, module.module, scope.name)
            gaps = [gap for gap in report.gaps if (gap.service, gap.module, gap.name) == place]
            assert bool(gaps) == ((scope.figures.longest_gap_s or 0) > 26 * 3_600)
            if gaps:
                assert gaps[0].length_s == scope.figures.longest_gap_s


def test_without_a_target_there_is_no_gap() -> None:
    """A target of 0 switches it off."""
    assert make_report([make_job()], policy=Policy(max_gap=timedelta(0))).gaps == ()


@pytest.mark.parametrize("warning", ["warning", "success", "failed"])
@pytest.mark.parametrize("cancelled", ["failed", "excluded"])
def test_a_month_of_the_trend_matches_that_months_report(
    tmp_path: Path, warning: str, cancelled: str
) -> None:
    """Figures counted in the database are those of a report of that month, under any policy."""
    rows = make_busy_month()
    policy = Policy(warning=warning, cancelled=cancelled)  # type: ignore[arg-type]
    *_, september, october = history(tmp_path, rows, policy)
    for month, label in ((september, "2026-09"), (october, "2026-10")):
        totals = make_report(rows, period=label, timezone="Europe/Berlin", policy=policy).totals
        assert month.period.label == label
        assert (month.jobs, month.completed, month.bytes) == (
            totals.jobs,
            totals.completed,
            totals.bytes,
        )
        assert month.success_rate == pytest.approx(totals.success_rate)


def test_an_unknown_month_has_no_figures(tmp_path: Path) -> None:
    """Missing is missing: no rate, and not known."""
    months = history(tmp_path, [make_job(), make_row()], Policy())
    assert len(months) == 12
    assert [month.known for month in months] == [False] * 11 + [True]
    assert months[0].success_rate is None


def test_the_year_ends_with_the_period() -> None:
    """Twelve months up to the period's last day, without a break."""
    months = parse_period("2026-Q3", "Europe/Berlin", NOW).year_to()
    assert (months[0].label, months[-1].label) == ("2025-10", "2026-09")
    for month, after in pairwise(months):
        assert month.end == after.start


def test_days_observed_are_counted_in_the_reports_zone(tmp_path: Path) -> None:
    """A look at 23:30 UTC on the last of a month is one of the next month in Berlin."""
    months = OCTOBER.year_to()
    store = Store.open(f"sqlite:///{tmp_path / 'reporter.db'}")
    none = tallies_of(monthly_jobs(store, CUSTOMER, months, Policy()), len(months))
    late = Observations((datetime(2026, 9, 30, 23, 30, tzinfo=UTC),), ())
    *_, september, october = history_of(none, months, Policy(), [late])
    assert (september.observed_days, october.observed_days) == (0, 1)


def test_a_job_without_a_start_is_as_old_as_its_first_modification() -> None:
    """The module's time moves on with other scopes; that hides nothing between two looks at it."""
    good = make_job("2026-10-01T01:00:00Z", jobId="good")
    first = datetime(2026, 10, 1, 4, tzinfo=UTC)
    looks = [(first, [good])]
    for day in range(31):
        at = first + timedelta(days=day, hours=4)
        touched = (at - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        row = make_row(jobId="bad", status="Failed to start", lastModifyTime=touched)
        absent = dict.fromkeys(("startTime", "endTime", "jobDuration"), "N/A")
        looks.append((at, [row | absent]))
    totals = make_report_of_looks(looks).totals
    assert totals.longest_gap_s == totals.longest_gap_at_most_s
    assert totals.gap_target_met is False
