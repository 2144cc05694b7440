"""Single values as the vendor's services print them: text in, value out, None if unreadable.

Pure functions, called once for each distinct text. Nothing is guessed: a form not listed here is
unreadable, and the caller lists it under data quality.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

# More digits than any count, size or length of time can have are no number.
_NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,6}|\d{1,20})"
_COUNT = re.compile(_NUMBER)
_SIZE = re.compile(rf"({_NUMBER}(?:\.\d{{1,20}})?)\s*(bytes?|[KMGTP]?B)", re.IGNORECASE)
_POWERS = {"b": 0, "byte": 0, "bytes": 0, "kb": 1, "mb": 2, "gb": 3, "tb": 4, "pb": 5}
_BASES = {"binary": 1024, "decimal": 1000}
_LARGEST_COUNT = 2**53
_LARGEST_SIZE = 2**63 - 1

# 17m39s, 1h2m3s, 2d4h
_UNITS = re.compile(
    r"(?=\d)(?:(\d{1,9})\s*d)?\s*(?:(\d{1,9})\s*h)?\s*(?:(\d{1,9})\s*m)?"
    r"\s*(?:(\d{1,9}(?:\.\d{1,9})?)\s*s)?",
    re.IGNORECASE,
)
# 00:04:01 and 1.16:00:44 (days before the point), as .NET prints a TimeSpan
_CLOCK = re.compile(
    r"(?:(\d{1,9})\.(?=[01]\d:|2[0-3]:))?(\d{1,3}):([0-5]\d):([0-5]\d(?:\.\d{1,9})?)"
)
# 0.011: decimal hours. Without a point a number has no unit, and is not read.
_HOURS = re.compile(r"\d{1,9}\.\d{1,20}")
_LONGEST = timedelta(days=36_500)

_ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d+)?\s*(Z|[+-]\d{2}:?\d{2})?", re.IGNORECASE
)
_US = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4}),? (\d{1,2}):(\d{2})(?::(\d{2}))? ?([AP]M)", re.IGNORECASE
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# A service's "no date" (0001-01-01 and the like) is not a date.
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def read_count(text: str) -> int | None:
    """A whole number, plain or with comma thousands: `2323`, `1,024`."""
    if _COUNT.fullmatch(text) is None:
        return None
    count = int(text.replace(",", ""))
    return count if count <= _LARGEST_COUNT else None


def read_size(text: str, units: Literal["binary", "decimal"]) -> int | None:
    """Bytes of a size with its unit: `0 GB`, `1,024.5 GB`, `512 MB`, `12 bytes`."""
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    scale = _BASES[units] ** _POWERS[match[2].lower()]
    size = Decimal(match[1].replace(",", "")) * scale
    whole = int(size.to_integral_value(ROUND_HALF_EVEN))
    return whole if whole <= _LARGEST_SIZE else None


def read_duration(text: str) -> timedelta | None:
    """`17m39s`, `00:04:01`, `1.16:00:44`, or decimal hours `0.011`."""
    if match := _CLOCK.fullmatch(text) or _UNITS.fullmatch(text):
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    elif _HOURS.fullmatch(text):
        days, hours, minutes, seconds = 0.0, float(text), 0.0, 0.0
    else:
        return None
    try:
        duration = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        return None
    return duration if duration <= _LONGEST else None


def read_time(text: str) -> datetime | None:
    """An instant: ISO 8601, or `12/2/2024 7:52:25 AM` (month first).

    Without AM or PM nobody can tell whether the month or the day comes first.
    The service's times are UTC; one that does not say so is taken as UTC.
    """
    try:
        if match := _ISO.fullmatch(text):
            moment = _iso(*match.groups())
        elif match := _US.fullmatch(text):
            moment = _american(*match.groups())
        else:
            return None
        return moment if EARLIEST <= moment < LATEST else None
    except (ValueError, OverflowError):
        return None


def read_day(text: str) -> date | None:
    """A day: `2025-04-05`, or the one an instant is written with."""
    moment = read_time(f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text)
    if moment is None:
        return None
    return date.fromisoformat(text[:10]) if _DAY.match(text) else moment.date()


def _iso(day: str, clock: str, fraction: str | None, offset: str | None) -> datetime:
    # .NET prints seven digits, Python reads at most six.
    return datetime.fromisoformat(
        f"{day}T{clock}{(fraction or '')[:7]}{(offset or 'Z').upper()}"
    ).astimezone(UTC)


def _american(
    month: str, day: str, year: str, hour: str, minute: str, second: str | None, half: str
) -> datetime:
    if not 1 <= int(hour) <= 12:
        raise ValueError(hour)
    hours = int(hour) % 12 + (12 if half.upper() == "PM" else 0)
    return datetime(
        int(year), int(month), int(day), hours, int(minute), int(second or 0), tzinfo=UTC
    )
