"""Periods: what a user writes, and the instants it stands for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.errors import UsageError
from reporter.period import Period, PeriodKind, parse_period
from tests.builders import NOW

LATE = datetime(2190, 1, 1, tzinfo=UTC)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia",
         "America/Sao_Paulo", "Australia/Lord_Howe"]  # fmt: skip


def period(text: str, timezone: str = "UTC") -> Period:
    """A period that has begun."""
    return parse_period(text, timezone, LATE)


@pytest.mark.parametrize(
    ("text", "kind", "first", "last"),
    [
        ("2026-10", PeriodKind.MONTH, date(2026, 10, 1), date(2026, 10, 31)),
        ("2026-12", PeriodKind.MONTH, date(2026, 12, 1), date(2026, 12, 31)),
        ("2028-02", PeriodKind.MONTH, date(2028, 2, 1), date(2028, 2, 29)),
        ("2026-Q1", PeriodKind.QUARTER, date(2026, 1, 1), date(2026, 3, 31)),
        ("2026-q4", PeriodKind.QUARTER, date(2026, 10, 1), date(2026, 12, 31)),
        ("2026", PeriodKind.YEAR, date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-10-05..2026-10-11", PeriodKind.DAYS, date(2026, 10, 5), date(2026, 10, 11)),
        ("2026-10-05..2026-10-05", PeriodKind.DAYS, date(2026, 10, 5), date(2026, 10, 5)),
        (" 2026-10 ", PeriodKind.MONTH, date(2026, 10, 1), date(2026, 10, 31)),
    ],
)
def test_a_period_is_read(text: str, kind: PeriodKind, first: date, last: date) -> None:
    """A month, a quarter, a year, or days of which both are included."""
    span = period(text)
    assert (span.kind, span.first, span.last) == (kind, first, last)


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("2026-10", "2026-09"),
        ("2026-01", "2025-12"),
        ("2026-Q4", "2026-Q3"),
        ("2026-Q1", "2025-Q4"),
        ("2026", "2025"),
        ("2026-10-05..2026-10-11", "2026-09-28..2026-10-04"),
        ("2026-03-01..2026-03-01", "2026-02-28..2026-02-28"),
    ],
)
def test_the_period_before_is_of_the_same_kind(text: str, before: str) -> None:
    """A month is compared with a month, seven days with the seven days before."""
    span = period(text)
    assert span.previous() == period(before)
    assert span.previous().end == span.start


@pytest.mark.parametrize(
    ("text", "timezone", "hours"),
    [
        ("2026-10", "Europe/Berlin", 745),
        ("2026-03", "Europe/Berlin", 743),
        ("2026-10", "UTC", 744),
        ("2026-11", "America/New_York", 721),
        ("2026-10-25..2026-10-25", "Europe/Berlin", 25),
        ("2026", "Europe/Berlin", 365 * 24),
        ("2026-04", "Australia/Lord_Howe", 720.5),
        ("2018-11-04..2018-11-04", "America/Sao_Paulo", 23),
        ("2022-03-27..2022-03-27", "Asia/Beirut", 23),
    ],
)
def test_a_period_has_the_hours_its_clocks_show(text: str, timezone: str, hours: float) -> None:
    """October in Berlin has 745 hours, and a day on which midnight is skipped has 23."""
    span = period(text, timezone)
    assert span.end.astimezone(UTC) - span.start.astimezone(UTC) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("text", "timezone", "start"),
    [
        ("2026-10", "Europe/Berlin", "2026-09-30T22:00:00+00:00"),
        ("2026-11", "Europe/Berlin", "2026-10-31T23:00:00+00:00"),
        ("2026-10", "Asia/Kolkata", "2026-09-30T18:30:00+00:00"),
        ("2026-10", "Pacific/Apia", "2026-09-30T11:00:00+00:00"),
        ("2026-10", "America/New_York", "2026-10-01T04:00:00+00:00"),
    ],
)
def test_a_period_begins_at_local_midnight(text: str, timezone: str, start: str) -> None:
    """The day begins where the customer is, not in UTC."""
    span = period(text, timezone)
    assert span.start.astimezone(UTC).isoformat() == start
    assert (span.start.hour, span.start.utcoffset() is None) == (0, False)


@pytest.mark.parametrize(
    ("day", "timezone", "start"),
    [
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T01:00:00-02:00"),
        ("2022-03-27", "Asia/Beirut", "2022-03-27T01:00:00+03:00"),
    ],
)
def test_a_day_without_midnight_begins_at_its_first_instant(
    day: str, timezone: str, start: str
) -> None:
    """Where the clocks go from 23:59 to 1:00 the day begins at one, and no instant is lost."""
    span = period(f"{day}..{day}", timezone)
    assert span.start.isoformat() == start
    assert span.previous().end == span.start


def test_a_period_is_half_open() -> None:
    """The last day is in, the first instant of the next month is not."""
    span = period("2026-10", "Europe/Berlin")
    assert span.end == period("2026-11", "Europe/Berlin").start
    assert len(span.days) == 31


@pytest.mark.parametrize(
    ("now", "timezone", "label"),
    [
        ("2026-11-02T06:00:00Z", "UTC", "2026-10"),
        ("2026-11-30T23:59:59Z", "UTC", "2026-10"),
        ("2026-11-30T23:30:00Z", "Europe/Berlin", "2026-11"),
        ("2026-12-01T03:00:00Z", "America/New_York", "2026-10"),
        ("2027-01-01T00:00:00Z", "UTC", "2026-12"),
    ],
)
def test_without_a_period_it_is_the_last_full_month(now: str, timezone: str, label: str) -> None:
    """The calendar month before the one it is now, in the report's zone."""
    assert parse_period(None, timezone, datetime.fromisoformat(now)).label == label


@pytest.mark.parametrize("text", ["2026-12", "2027", "2027-Q1", "2026-11-03..2026-11-09"])
def test_a_period_that_has_not_begun_is_refused(text: str) -> None:
    """There is nothing to report about the future."""
    with pytest.raises(UsageError, match="not begun"):
        parse_period(text, "UTC", NOW)


@pytest.mark.parametrize("text", ["2026-11", "2026", "2026-Q4", "2026-11-02..2026-11-30"])
def test_a_period_that_has_begun_is_accepted(text: str) -> None:
    """A running month can be reported as far as it is known."""
    assert parse_period(text, "UTC", NOW).label == text


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-13", "2026-00", "2026-Q0", "2026-Q5", "26-10", "2026-1", "2026-10-05",
     "2026-02-30..2026-03-01", "2026-10-11..2026-10-05", "2026-10-05..", "0000", "9999", "9999-12",
     "2026-10-05..9999-12-31", "2026/10", "2026-10; rm", "10-2026", "-2026"],
)  # fmt: skip
def test_nonsense_is_not_a_period(text: str) -> None:
    """What is no period, or names days that do not exist, is refused with what to write."""
    with pytest.raises(UsageError) as raised:
        period(text)
    assert "2026-10" in raised.value.hint


@pytest.mark.parametrize("timezone", ["UTC", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize("text", ["0001", "0001-01", "0001-Q1", "0001-01-01..0001-01-02"])
def test_a_period_at_the_beginning_of_time_is_refused(text: str, timezone: str) -> None:
    """There is no period before it, and no instant to begin at: no period for a report."""
    with pytest.raises(UsageError):
        period(text, timezone)


@pytest.mark.parametrize("timezone", ["", "Berlin", "Europe", "europe/nowhere", "../etc", "\0"])
def test_an_unknown_zone_is_refused(timezone: str) -> None:
    """A zone must have an IANA name."""
    with pytest.raises(UsageError, match="time zone"):
        period("2026-10", timezone)


PERIODS = st.one_of(
    st.builds("{:04}-{:02}".format, st.integers(1970, 2189), st.integers(1, 12)),
    st.builds("{:04}-Q{}".format, st.integers(1970, 2189), st.integers(1, 4)),
    st.integers(1970, 2189).map(str),
    st.builds(
        lambda day, days: f"{day}..{day + timedelta(days)}",
        st.dates(date(1970, 1, 1), date(2189, 1, 1)),
        st.integers(0, 60),
    ),
)


@given(PERIODS, st.sampled_from(ZONES))
def test_a_label_reads_as_the_period_it_names(text: str, timezone: str) -> None:
    """What a report prints as its period can be asked for again."""
    span = period(text, timezone)
    assert span.label == text
    assert period(span.label, timezone) == span


@given(PERIODS, st.sampled_from(ZONES))
def test_periods_touch_and_days_fill_them(text: str, timezone: str) -> None:
    """No instant lies between two periods, and none in both."""
    span = period(text, timezone)
    before = span.previous()
    assert before.end == span.start
    assert before.kind == span.kind
    assert span.start < span.end
    assert (span.days[0], span.days[-1]) == (span.first, span.last)
    assert all(later - earlier == timedelta(1) for earlier, later in pairwise(span.days))
    assert span.start.astimezone(ZoneInfo(timezone)).date() == span.first


@given(st.text(max_size=24) | st.text("0123456789-.Qq", max_size=24))
def test_any_text_is_a_period_or_refused(text: str) -> None:
    """Whatever is written, at worst it raises a UsageError."""
    try:
        span = period(text)
    except UsageError:
        return
    assert span.previous().end == span.start
