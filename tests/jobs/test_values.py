"""Single values: every form the vendor's services print, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.jobs.values import (
    DateOrder,
    is_ambiguous,
    order_of,
    read_capacity,
    read_count,
    read_day,
    read_duration,
    read_size,
    read_time,
)


@pytest.mark.parametrize(
    ("text", "count"), [("0", 0), ("2323", 2323), ("1,024", 1024), ("12,345,678", 12345678)]
)
def test_a_count_is_read(text: str, count: int) -> None:
    """A whole number, plain or with comma thousands."""
    assert read_count(text) == count


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1.0", "1e3", "1,23", "1,2345", "1234,567", "12 345", "many", "²"]
)
def test_an_invalid_count_is_unreadable(text: str) -> None:
    """A sign, a fraction or odd grouping is not guessed at."""
    assert read_count(text) is None


@pytest.mark.parametrize("digits", [20, 5_000])
def test_an_absurdly_large_count_is_unreadable(digits: int) -> None:
    """However many digits there are, the report does without them."""
    assert read_count("9" * digits) is None


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0 GB", 0),
        ("5 GB", 5 * 1024**3),
        ("1024 GB", 1024**4),
        ("1.5 TB", 3 * 1024**4 // 2),
        ("512 MB", 512 * 1024**2),
        ("1,024.5 GB", 2049 * 1024**3 // 2),
        ("2 PB", 2 * 1024**5),
        ("3KB", 3 * 1024),
        ("7 kb", 7 * 1024),
        ("12 bytes", 12),
        ("1 byte", 1),
    ],
)
def test_a_size_is_read_with_its_unit(text: str, size: int) -> None:
    """Bytes to petabytes, decimal point, comma thousands, any case."""
    assert read_size(text, "binary") == size


@pytest.mark.parametrize(
    ("text", "size"), [("1 KB", 10**3), ("1.5 MB", 1_500_000), ("2 TB", 2 * 10**12), ("9 B", 9)]
)
def test_a_decimal_size_counts_in_thousands(text: str, size: int) -> None:
    """With decimal units 1 KB is 1000 bytes; a byte stays a byte."""
    assert read_size(text, "decimal") == size


@pytest.mark.parametrize(
    "text",
    ["", "12", "GB", "-1 GB", "1,23 GB", "1,2345 GB", "12,5 GB", "1.5.2 MB", "5 XB", "n/a GB",
     "1 GiB", ".5 GB", "5. GB", "1 G B", "٫5 GB"],
)  # fmt: skip
def test_an_invalid_size_is_unreadable(text: str) -> None:
    """A number without a unit says nothing, and a decimal comma is not guessed at."""
    assert read_size(text, "binary") is None


@pytest.mark.parametrize("digits", [20, 5_000, 1_000_001])
def test_an_absurdly_large_size_is_unreadable(digits: int) -> None:
    """However many digits there are, the report does without them."""
    assert read_size("9" * digits + " PB", "binary") is None


@pytest.mark.parametrize(
    ("text", "capacity"),
    [
        ("0/1 GB", (0, 1024**3)),
        ("0.5 / 1,024 GB", (1024**3 // 2, 1024**4)),
        ("512 MB/1 TB", (512 * 1024**2, 1024**4)),
        ("5 GB", (None, 5 * 1024**3)),
        ("0/1", None),
        ("1 GB/", None),
        ("/1 GB", None),
        ("1/2/3 GB", None),
        ("many/1 GB", None),
        ("1 GB/many", None),
    ],
)
def test_a_capacity_is_used_of_bought(text: str, capacity: tuple[int | None, int] | None) -> None:
    """Or only bought; the unit of the first may follow the second."""
    assert read_capacity(text, "binary") == capacity


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("17m39s", 17 * 60 + 39),
        ("39s", 39),
        ("1h2m3s", 3723),
        ("2h", 7200),
        ("1d4h", 28 * 3600),
        ("00:04:01", 241),
        ("1.16:00:44", 40 * 3600 + 44),
        ("10.00:00:00", 864_000),
        ("0.011", 39.6),
        ("1.5", 5400),
        ("0.0", 0),
    ],
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    """Units, a clock with or without days, or decimal hours."""
    assert read_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    ["", "39", "soon", "-00:01:00", "00:61:00", "00:00:61", "1.24:00:00", "5 minutes", "1h2",
     "3m2h", "1,5", ".5", "12:30", "9" * 400 + ".0", "9" * 30 + "d"],
)  # fmt: skip
def test_an_invalid_duration_is_unreadable(text: str) -> None:
    """A number without point or unit could be seconds, minutes or hours."""
    assert read_duration(text) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-12-02T07:52:25Z", datetime(2024, 12, 2, 7, 52, 25, tzinfo=UTC)),
        ("2024-10-09T05:50:36.008+00:00", datetime(2024, 10, 9, 5, 50, 36, 8000, tzinfo=UTC)),
        ("2024-10-09T05:50:36.0080000Z", datetime(2024, 10, 9, 5, 50, 36, 8000, tzinfo=UTC)),
        ("2024-12-02T07:52:25+05:30", datetime(2024, 12, 2, 2, 22, 25, tzinfo=UTC)),
        ("2024-12-02T23:52:25-04:00", datetime(2024, 12, 3, 3, 52, 25, tzinfo=UTC)),
        ("2024-12-02T07:52:25", datetime(2024, 12, 2, 7, 52, 25, tzinfo=UTC)),
        ("12-31-2026T12:00:00Z", datetime(2026, 12, 31, 12, tzinfo=UTC)),
        ("01-02-2026T12:00:00Z", datetime(2026, 1, 2, 12, tzinfo=UTC)),
        ("12/2/2024 7:52:25 AM", datetime(2024, 12, 2, 7, 52, 25, tzinfo=UTC)),
        ("12/13/2024 19:52:25", datetime(2024, 12, 13, 19, 52, 25, tzinfo=UTC)),
        ("13/10/2026 22:00:06", datetime(2026, 10, 13, 22, 0, 6, tzinfo=UTC)),
        ("13/10/2026 10:00:06 PM", datetime(2026, 10, 13, 22, 0, 6, tzinfo=UTC)),
        ("13/10/2026 22:00", datetime(2026, 10, 13, 22, tzinfo=UTC)),
        ("12/2/2024 12:00:00 AM", datetime(2024, 12, 2, tzinfo=UTC)),
        ("12/2/2024 12:00:00 PM", datetime(2024, 12, 2, 12, tzinfo=UTC)),
        ("1970-01-02T00:00:00Z", datetime(1970, 1, 2, tzinfo=UTC)),
        ("2199-12-31T23:59:59Z", datetime(2199, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_an_instant(text: str, moment: datetime) -> None:
    """ISO 8601 with any offset, month first with dashes, or slashed; without a zone it is UTC."""
    assert read_time(text) == moment


@pytest.mark.parametrize(
    "text",
    ["", "2026-10-05", "yesterday", "0001-01-01T00:00:00Z", "1970-01-01T23:59:59Z",
     "2200-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:00",
     "2026-02-30T01:00:00Z", "2026-10-05T24:00:00Z", "2026-10-05T01:60:00Z",
     "2026-10-05T01:00:60Z", "2026-10-05T01:00:00+24:00", "13/13/2026 1:00:00 AM",
     "10/5/2026 13:00:00 PM", "10/5/2026 0:00:00 AM", "10/5/2026 24:00:00", "1764662400",
     "13-10-2026T22:00:06Z", "01.10.2026 22:00:00", "31/4/2026 22:00:00", "13/10/2026"],
)  # fmt: skip
def test_an_invalid_time_is_unreadable(text: str) -> None:
    """A date alone, a day that does not exist, or a service's "no date" is no instant."""
    assert read_time(text) is None


@pytest.mark.parametrize(
    ("order", "month", "day"),
    [(DateOrder.MONTH, 1, 10), (DateOrder.ASSUMED, 1, 10), (DateOrder.DAY, 10, 1)],
)
def test_a_date_that_could_be_either_is_read_in_the_order_of_its_column(
    order: DateOrder, month: int, day: int
) -> None:
    """Where nothing decides the month comes first."""
    moment = datetime(2026, month, day, 22, 0, 6, tzinfo=UTC)
    assert read_time("1/10/2026 22:00:06", order) == moment
    assert read_time("1/10/2026 10:00:06 PM", order) == moment


def test_in_a_mixed_column_only_what_can_be_read_one_way_is_read() -> None:
    """Nothing is guessed; the fourth of April is the same day either way."""
    texts = ["13/10/2026 1:00:00", "10/13/2026 1:00:00", "4/4/2026 1:00:00", "1/10/2026 1:00:00"]
    moments = [read_time(text, DateOrder.MIXED) for text in texts]
    assert [moment and moment.date() for moment in moments] == [
        date(2026, 10, 13), date(2026, 10, 13), date(2026, 4, 4), None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        ([], None),
        (["2026-10-13T01:00:00Z", "13-10-2026", "N/A", "soon"], None),
        (["1/10/2026 10:00:06 PM", "13/10/2026"], DateOrder.DAY),
        (["1/10/2026 10:00:06 PM", "10/13/2026 22:00:06"], DateOrder.MONTH),
        (["13/10/2026 1:00:00", "10/13/2026 1:00:00"], DateOrder.MIXED),
        (["1/10/2026 1:00:00", "4/4/2026 1:00:00"], DateOrder.ASSUMED),
        (["13/13/2026 1:00:00", "31/4/2026 1:00:00"], DateOrder.ASSUMED),
    ],
)
def test_dates_prove_their_order(texts: list[str], order: DateOrder | None) -> None:
    """By a day that cannot be a month; a day that does not exist proves nothing."""
    assert order_of(texts) == order


@given(st.dates(date(1971, 1, 1), date(2199, 1, 1)))
def test_a_date_is_ambiguous_where_its_two_readings_differ(day: date) -> None:
    """From the 13th on, and on the fourth of April, there is no doubt."""
    for text in (f"{day.day}/{day.month}/{day.year}", f"{day.month}/{day.day}/{day.year}"):
        assert is_ambiguous(f"{text} 1:00:00") is (day.day <= 12 and day.day != day.month)
        assert not is_ambiguous(day.isoformat())


TEXTS = st.text(max_size=40) | st.text("0123456789.,:-/+ TZdhmsAPMGBKbyte٣", max_size=30)


@given(TEXTS, st.sampled_from(["binary", "decimal"]))
def test_no_text_breaks_the_reading(text: str, units: Literal["binary", "decimal"]) -> None:
    """Any text is read or unreadable; reading never raises, and never gives a negative value."""
    count, size, duration = read_count(text), read_size(text, units), read_duration(text)
    assert count is None or count >= 0
    assert size is None or size >= 0
    assert duration is None or duration >= timedelta(0)
    moment = read_time(text)
    assert moment is None or moment.utcoffset() == timedelta(0)


@given(st.integers(0, 10**12))
def test_a_count_comes_back_as_it_was_printed(count: int) -> None:
    """With thousands or without."""
    assert read_count(str(count)) == read_count(f"{count:,}") == count


@given(st.integers(0, 10**9), st.sampled_from(["bytes", "KB", "MB", "GB"]))
def test_a_size_comes_back_as_it_was_printed(amount: int, unit: str) -> None:
    """Whole amounts are exact in every unit and grouping."""
    power = ["bytes", "KB", "MB", "GB"].index(unit)
    assert read_size(f"{amount:,} {unit}", "binary") == amount * 1024**power
    assert read_size(f"{amount}{unit}", "decimal") == amount * 1000**power


@given(st.integers(0, 30), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_a_duration_comes_back_as_it_was_printed(
    days: int, hours: int, minutes: int, seconds: int
) -> None:
    """The clock and the units say the same."""
    took = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    assert read_duration(f"{days}.{hours:02}:{minutes:02}:{seconds:02}") == took
    assert read_duration(f"{days}d{hours}h{minutes}m{seconds}s") == took


MOMENTS = st.datetimes(
    datetime(1970, 1, 4),  # noqa: DTZ001  (Hypothesis wants naive bounds)
    datetime(2199, 12, 29),  # noqa: DTZ001
    timezones=st.builds(timezone, st.timedeltas(timedelta(hours=-14), timedelta(hours=14)).map(
        lambda offset: timedelta(minutes=offset // timedelta(minutes=1))
    )),
)  # fmt: skip


@given(MOMENTS)
def test_a_time_comes_back_as_it_was_printed(moment: datetime) -> None:
    """Whatever its offset, the instant is the same."""
    assert read_time(moment.isoformat()) == moment


@given(MOMENTS)
def test_an_american_time_comes_back_as_it_was_printed(moment: datetime) -> None:
    """Month first, twelve hours, in UTC."""
    moment = moment.astimezone(UTC).replace(microsecond=0)
    text = f"{moment.month}/{moment.day}/{moment.year} {moment:%I:%M:%S %p}"
    assert read_time(text) == moment


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-04-05", date(2025, 4, 5)),
        ("2025-04-05T00:00:00+02:00", date(2025, 4, 5)),
        ("2025-04-05 23:59:59", date(2025, 4, 5)),
        ("12-31-2026T12:00:00Z", date(2026, 12, 31)),
        ("01-02-2026T23:00:00-05:00", date(2026, 1, 2)),
        ("04-05-2025", date(2025, 4, 5)),
        ("31-12-2026", None),
        ("12/2/2024 7:52:25 AM", date(2024, 12, 2)),
        ("2025-02-30", None),
        ("9999-12-31", None),
        ("0001-01-01", None),
        ("4/5/2025", None),
        ("05.04.2025", None),
        ("never", None),
    ],
)
def test_days(text: str, day: date | None) -> None:
    """A day is the one that is written, whatever zone follows it; none is guessed."""
    assert read_day(text) == day
