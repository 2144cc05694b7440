"""Single values as the vendor's services print them: text in, value out, None if unreadable.

Pure functions, called once for each distinct text. Nothing is guessed: a form not listed here is
unreadable, and the caller lists it under data quality.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Literal

# A text with more digits than any count, size or duration can have is no number.
_NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,6}|\d{1,20})"
_COUNT = re.compile(_NUMBER)
_SIZE = re.compile(rf"({_NUMBER}(?:\.\d{{1,20}})?)\s*(bytes?|[KMGTP]?B)", re.IGNORECASE)
# 0/1 GB: used of bought, where the unit of the one may stand behind the other
_USED_OF_BOUGHT = re.compile(r"([^/]+?)\s*/\s*([^/]+)")
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

# 2025-04-05, and 04-05-2025: dashes with the year last, which the service writes month first
_DASHED_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{2}-\d{2}-\d{4}")
_DASHED = re.compile(
    rf"({_DASHED_DAY.pattern})[T ](\d{{2}}:\d{{2}}:\d{{2}})(\.\d+)?\s*(Z|[+-]\d{{2}}:?\d{{2}})?",
    re.IGNORECASE,
)
_SLASHED_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?!\d)")
_SLASHED = re.compile(
    rf"{_SLASHED_DAY.pattern},? (\d{{1,2}}):(\d{{2}})(?::(\d{{2}}))?(?: ?([AP]M))?", re.IGNORECASE
)
# A service's "no date" (0001-01-01 and the like) is not a date.
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


class DateOrder(StrEnum):
    """Which comes first in the slashed dates of one field of a reply."""

    MONTH = "month"
    DAY = "day"
    ASSUMED = "assumed"
    """Nothing decides it: the month is assumed to come first, as elsewhere in the service, and
    noted.
    """
    MIXED = "mixed"
    """Both orders occur: a date that could be either cannot be read."""
    UNREADABLE = "unreadable"
    """The source has tried to read this time, and could not: no other form is tried."""


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


def read_capacity(text: str, units: Literal["binary", "decimal"]) -> tuple[int | None, int] | None:
    """Bytes used and bytes bought: `0/1 GB`, or `5 GB` where only the second is there."""
    match = _USED_OF_BOUGHT.fullmatch(text)
    if match is None:
        bought = read_size(text, units)
        return None if bought is None else (None, bought)
    bought = read_size(match[2], units)
    used = read_size(match[1], units)
    if used is None and (unit := _SIZE.fullmatch(match[2])):
        used = read_size(f"{match[1]} {unit[2]}", units)
    return None if used is None or bought is None else (used, bought)


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


def read_time(text: str, order: DateOrder = DateOrder.ASSUMED) -> datetime | None:
    """An instant: ISO 8601, `12-31-2026T12:00:00Z` (month first), or `12/2/2024 7:52:25 AM` and
    `13/10/2026 22:00:06`, where `order` says which comes first if both could.

    The service's times are UTC; one that does not say so is taken as UTC.
    """
    if order is DateOrder.UNREADABLE:
        return None
    try:
        if match := _DASHED.fullmatch(text):
            moment = _dashed(*match.groups())
        elif match := _SLASHED.fullmatch(text):
            moment = _slashed(order, *match.groups())
        else:
            return None
        return moment if EARLIEST <= moment < LATEST else None
    except (ValueError, OverflowError):
        return None


def read_day(text: str) -> date | None:
    """A day: `2025-04-05`, `12-31-2026` (month first), or the one an instant is written with."""
    written = _DASHED_DAY.match(text)
    alone = written is not None and written.end() == len(text)
    moment = read_time(f"{text}T00:00:00Z" if alone else text)
    if moment is None:
        return None
    # Of an instant with an offset the day that is written, not the one it is in UTC.
    return date.fromisoformat(_year_first(written[0])) if written else moment.date()


def order_of(texts: Iterable[str]) -> DateOrder | None:
    """What the slashed dates among texts prove of their order; None where there are none."""
    all_readings = [readings for text in texts if (readings := _readings_of(text)) is not None]
    proven = {order for readings in all_readings if len(readings) == 1 for order in readings}
    if len(proven) == 1:
        return proven.pop()
    if all_readings:
        return DateOrder.MIXED if proven else DateOrder.ASSUMED
    return None


def is_ambiguous(text: str) -> bool:
    """Whether a slashed date is one day with the month first and another with the day first."""
    return len(set((_readings_of(text) or {}).values())) > 1


def _readings_of(text: str) -> dict[DateOrder, date] | None:
    """The days a slashed date can be; None where a text begins with none."""
    match = _SLASHED_DAY.match(text)
    return None if match is None else _readings(*match.groups())


def _readings(first: str, second: str, year: str) -> dict[DateOrder, date]:
    readings = {}
    for order, month, day in (
        (DateOrder.MONTH, int(first), int(second)),
        (DateOrder.DAY, int(second), int(first)),
    ):
        try:
            readings[order] = date(int(year), month, day)
        except ValueError:
            continue
    return readings


def _year_first(day: str) -> str:
    return day if day[4] == "-" else f"{day[6:]}-{day[:5]}"


def _dashed(day: str, clock: str, fraction: str | None, offset: str | None) -> datetime:
    # .NET prints seven digits, Python reads at most six.
    return datetime.fromisoformat(
        f"{_year_first(day)}T{clock}{(fraction or '')[:7]}{(offset or 'Z').upper()}"
    ).astimezone(UTC)


def _slashed(
    order: DateOrder,
    first: str,
    second: str,
    year: str,
    hour: str,
    minute: str,
    seconds: str | None,
    half: str | None,
) -> datetime:
    day, hours = _day_in(_readings(first, second, year), order), int(hour)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError(hour)
        hours = hours % 12 + (12 if half.upper() == "PM" else 0)
    return datetime(day.year, day.month, day.day, hours, int(minute), int(seconds or 0), tzinfo=UTC)


def _day_in(readings: dict[DateOrder, date], order: DateOrder) -> date:
    days = set(readings.values())
    if len(days) == 1:
        return days.pop()
    if not days or order is DateOrder.MIXED:
        raise ValueError(readings)
    return readings[DateOrder.DAY if order is DateOrder.DAY else DateOrder.MONTH]
