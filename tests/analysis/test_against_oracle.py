"""Every figure of a report is the figure an independent, slow computation finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.comparing import differences
from tests.analysis.oracle import Rules, cut
from tests.analysis.raw_months import Fetched, months_around, random_months
from tests.builders import make_row

TARGETS = {
    ("Microsoft 365", None): (0.8, 2 * 86400.0),
    ("Microsoft 365", "OneDrive"): (0.5, None),
    ("Google Workspace", "Gmail"): (None, 0.0),
    ("Salesforce", None): (1.0, None),
    ("Dynamics 365", "Dynamics 365"): (0.0, 3600.0),
}
LENIENT = Rules("success", "excluded", "decimal", 0.7, 36 * 3600.0, TARGETS)
STERN = Rules("failed", "failed", "binary", 1.0, 0.0, TARGETS)


@pytest.mark.parametrize(
    ("seed", "label", "timezone", "rules"),
    [
        (1, "2026-10", "Europe/Berlin", Rules()),
        (2, "2026-03", "Europe/Berlin", LENIENT),
        (3, "2026-11", "America/New_York", Rules(targets=TARGETS)),
        (4, "2026-10", "Asia/Kolkata", STERN),
        (5, "2026-10", "Pacific/Apia", Rules(cancelled="excluded")),
        (6, "2026-10", "UTC", Rules(warning="success", units="decimal")),
    ],
)
def test_a_large_month_agrees_in_every_figure(
    seed: int, label: str, timezone: str, rules: Rules
) -> None:
    """A month among three, 5,000 jobs in all, is the same figure by figure, whatever the zone."""
    rows = random_months(seed, 5000, *months_around(cut(label, timezone).start))
    assert differences(rows, _fetches(rows), label, timezone, rules) == []


@pytest.mark.parametrize(
    ("warning", "cancelled", "units", "max_gap_s"),
    [
        ("warning", "failed", "binary", 2 * 86400.0),
        ("warning", "excluded", "decimal", 0.0),
        ("success", "failed", "decimal", 2 * 86400.0),
        ("success", "excluded", "binary", 0.0),
        ("failed", "failed", "decimal", 0.0),
        ("failed", "excluded", "binary", 2 * 86400.0),
    ],
)
def test_every_policy_agrees_in_every_figure(
    warning: str, cancelled: str, units: str, max_gap_s: float
) -> None:
    """Each way to count warnings, cancelled jobs and sizes gives the figures it defines."""
    rules = Rules(warning, cancelled, units, 0.6, max_gap_s, TARGETS)
    rows = random_months(7, 500, *months_around(datetime(2026, 10, 1, tzinfo=UTC)))
    assert differences(rows, _fetches(rows), "2026-10", "Europe/Berlin", rules) == []


@pytest.mark.parametrize("label", ["2026-Q4", "2026", "2026-10-20..2026-11-02"])
def test_every_kind_of_period_agrees_in_every_figure(label: str) -> None:
    """Quarters, years and ranges of days are cut, and compared with the one before, alike."""
    rows = random_months(8, 600, datetime(2025, 9, 1, tzinfo=UTC), 430)
    assert differences(rows, _fetches(rows), label, "America/New_York", Rules()) == []


@pytest.mark.parametrize("fetched_until", [3, 24])
def test_a_running_month_agrees_in_every_figure(fetched_until: int) -> None:
    """A report made in the middle of its period rests on what was fetched until then."""
    last = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(days=fetched_until)
    rows = random_months(9, 500, datetime(2026, 8, 25, tzinfo=UTC), 90)
    rows = [(fetched_at, row) for fetched_at, row in rows if fetched_at <= last]
    assert differences(rows, _fetches(rows), rules=Rules(targets=TARGETS)) == []


def test_a_month_nobody_looked_at_agrees_in_every_figure() -> None:
    """A report of a month that began after the last fetch knows no gap, however old its history."""
    rows = random_months(10, 300, datetime(2026, 8, 20, tzinfo=UTC), 35)
    rows = [own for own in rows if own[0] < datetime(2026, 10, 1, tzinfo=UTC)]
    assert differences(rows, _fetches(rows)) == []


def test_a_customer_without_rows_agrees_in_every_figure() -> None:
    """A customer of whom nothing is known has a report of zeros and undefined rates."""
    assert differences([], [datetime(2026, 11, 2, tzinfo=UTC)]) == []


MOMENTS = st.sampled_from([
    "2026-09-29T10:00:00Z", "2026-09-30T23:59:59Z", "2026-10-01T00:00:00Z", "2026-10-05T01:00:00Z",
    "10/5/2026 1:00:00 AM", "2026-10-05T03:30:00+02:00", "2026-10-20T12:00:00",
    "2026-10-31T23:59:59Z", "2026-11-01T00:00:00Z", "2026-11-01T04:00:00Z", "N/A", "soon",
])  # fmt: skip
COUNTS = st.sampled_from(["0", "1", "7", "1,024", "N/A", "x"])
FETCHES = st.sampled_from(
    [datetime(2026, 10, day, 12, tzinfo=UTC) for day in (2, 9, 30)]
    + [datetime(2026, 11, 2, 6, tzinfo=UTC)]
)
JOBS = st.fixed_dictionaries({
    "jobModule": st.sampled_from(["Exchange Online", 303, "OneDrive", "Archiver", 4711]),
    "jobId": st.sampled_from(["FB1", "FB2", "FB3", "FB4", "FB5"]),
    "status": st.sampled_from([
        "Finished", 2, "finished WITH exception", "Failed", 3, "Cancelled", "Stopped", "Running",
        "Skipped", "Throttled", 55, "N/A",
    ]),
    "totalCount": COUNTS,
    "successfulCount": COUNTS,
    "failedCount": COUNTS,
    "skippedCount": COUNTS,
    "warningCount": COUNTS,
    "backupSize": st.sampled_from(["0 GB", "1.5 GB", "12 bytes", "1,024.5 MB", "3", "N/A"]),
    "startTime": MOMENTS,
    "endTime": MOMENTS,
    "jobDuration": st.sampled_from(["17m39s", "00:04:01", "1.16:00:44", "0.011", "5", "N/A"]),
    "lastModifyTime": MOMENTS,
})  # fmt: skip
PLACEHOLDERS = st.fixed_dictionaries({
    "jobModule": st.sampled_from(["Exchange Online", "Power BI", "Retention"]),
    "backupSize": st.sampled_from(["0 GB", "n/a GB"]),
})  # fmt: skip
RULES = st.builds(
    Rules,
    st.sampled_from(["warning", "success", "failed"]),
    st.sampled_from(["failed", "excluded"]),
    st.sampled_from(["binary", "decimal"]),
    st.sampled_from([0.0, 0.5, 0.95, 1.0]),
    st.sampled_from([0.0, 86400.0, 20 * 86400.0]),
    st.sampled_from([{}, {("Microsoft 365", "Exchange Online"): (0.25, 30 * 86400.0)}]),
)


@settings(max_examples=24, deadline=None)
@given(
    st.lists(st.tuples(FETCHES, JOBS | PLACEHOLDERS), max_size=14),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]),
    RULES,
)
def test_a_handful_of_rows_agrees_in_every_figure(
    found: list[tuple[datetime, dict[str, object]]], timezone: str, rules: Rules
) -> None:
    """Ties, borders, twins and unreadable values in any combination give the defined figures."""
    rows: list[Fetched] = sorted(
        ((fetched_at, make_row(**fields)) for fetched_at, fields in found), key=lambda own: own[0]
    )
    observed = [*_fetches(rows), datetime(2026, 10, 30, 12, tzinfo=UTC)]
    assert differences(rows, observed, "2026-10", timezone, rules) == []


def _fetches(rows: list[Fetched]) -> list[datetime]:
    return sorted({fetched_at for fetched_at, _ in rows})
