"""The period of a report: half open, in a time zone, cut at local midnight."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reporter.errors import UsageError


class PeriodKind(StrEnum):
    """How a period was asked for; the previous one is of the same kind."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class Period:
    """The days `[first, stop)` in the time zone `timezone` (IANA name)."""

    kind: PeriodKind
    """Month, quarter, year, or a range of days."""
    first: date
    """The first day."""
    stop: date
    """The first day after it."""
    timezone: str
    """IANA name, such as `Europe/Berlin`."""

    @property
    def label(self) -> str:
        """As a user writes it: `2026-10`, `2026-Q4`, `2026`, `2026-10-05..2026-10-11`."""
        match self.kind:
            case PeriodKind.MONTH:
                return f"{self.first:%Y-%m}"
            case PeriodKind.QUARTER:
                return f"{self.first.year:04}-Q{(self.first.month + 2) // 3}"
            case PeriodKind.YEAR:
                return f"{self.first:%Y}"
            case PeriodKind.DAYS:
                return f"{self.first.isoformat()}..{self.last.isoformat()}"

    @property
    def last(self) -> date:
        """The last day, included."""
        return self.stop - timedelta(days=1)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return ZoneInfo(self.timezone)

    @property
    def start(self) -> datetime:
        """The first instant, in the period's zone."""
        return midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The first instant after the period, in the period's zone."""
        return midnight(self.stop, self.zone)

    @property
    def days(self) -> tuple[date, ...]:
        """Every day, from the first to the last."""
        return tuple(self.first + timedelta(days=n) for n in range((self.stop - self.first).days))

    def previous(self) -> Period:
        """The period of the same kind just before."""
        match self.kind:
            case PeriodKind.MONTH:
                first = add_months(self.first, -1)
            case PeriodKind.QUARTER:
                first = add_months(self.first, -3)
            case PeriodKind.YEAR:
                first = add_months(self.first, -12)
            case PeriodKind.DAYS:
                first = self.first - (self.stop - self.first)
        return Period(self.kind, first, self.first, self.timezone)

    def year_to(self) -> tuple[Period, ...]:
        """The twelve calendar months up to the one of the last day, which ends with the period."""
        firsts = [add_months(self.last, -n) for n in range(11, -1, -1)]
        stops = [*firsts[1:], self.stop]
        return tuple(
            Period(PeriodKind.MONTH, first, stop, self.timezone)
            for first, stop in zip(firsts, stops, strict=True)
        )


# Beyond these no time zone is known, and no backup.
_FIRST_YEAR, _LAST_YEAR = 1970, 2199

_FORMS = re.compile(
    r"""(?P<year>\d{4})
        (?: -(?P<month>\d{2})
          | -[Qq](?P<quarter>[1-4])
          | (?P<from>-\d{2}-\d{2})\.\.(?P<to>\d{4}-\d{2}-\d{2})
        )?""",
    re.VERBOSE,
)


def parse_period(text: str | None, timezone: str, now: datetime) -> Period:
    """The period `text` names; without one the last full calendar month before `now`.

    Raises:
        UsageError: `text` is no period, names days that do not exist, or one that has
            not begun at `now`; `timezone` is unknown.
    """
    zone = find_zone(timezone)
    if text is None:
        this_month = now.astimezone(zone).date().replace(day=1)
        return Period(PeriodKind.MONTH, add_months(this_month, -1), this_month, timezone)
    period = _read(text.strip(), timezone)
    if period.start > now:
        raise UsageError(
            f"The period {period.label} has not begun yet.",
            hint="Ask for a period that has started; without --period it is the last full month.",
        )
    return period


def find_zone(timezone: str) -> ZoneInfo:
    """The zone of an IANA name.

    Raises:
        UsageError: there is no such zone.
    """
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            f"There is no time zone {timezone!r}.",
            hint="Use an IANA name such as Europe/Berlin or UTC.",
        ) from error


def zone_name(timezone: str) -> str:
    """The IANA name itself, for settings.

    Raises:
        ValueError: there is no such zone.
    """
    try:
        find_zone(timezone)
    except UsageError as error:
        raise ValueError(f"{timezone!r} is not a time zone; {error.hint}") from error
    return timezone


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of `day` in `zone`.

    Where the clocks skip midnight the day begins at the first time they show: going through
    UTC gives that, and the same instant everywhere else.
    """
    return datetime.combine(day, time(), zone).astimezone(UTC).astimezone(zone)


def _read(text: str, timezone: str) -> Period:
    match = _FORMS.fullmatch(text)
    if match is None:
        raise _not_a_period(text)
    try:
        year = int(match["year"])
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            raise ValueError
        if match["from"]:
            first = date.fromisoformat(match["year"] + match["from"])
            stop = date.fromisoformat(match["to"]) + timedelta(days=1)
            if stop <= first:
                raise ValueError
            return Period(PeriodKind.DAYS, first, stop, timezone)
        if match["quarter"]:
            first = date(year, 3 * int(match["quarter"]) - 2, 1)
            return Period(PeriodKind.QUARTER, first, add_months(first, 3), timezone)
        if match["month"]:
            first = date(year, int(match["month"]), 1)
            return Period(PeriodKind.MONTH, first, add_months(first, 1), timezone)
        first = date(year, 1, 1)
        return Period(PeriodKind.YEAR, first, add_months(first, 12), timezone)
    except (ValueError, OverflowError) as error:
        raise _not_a_period(text) from error


def _not_a_period(text: str) -> UsageError:
    return UsageError(
        f"{text!r} is not a period.",
        hint="Write 2026-10 (month), 2026-Q4 (quarter), 2026 (year) "
        "or 2026-10-05..2026-10-11 (days, both included).",
    )


def add_months(day: date, months: int) -> date:
    """The first day of the month that is so many months from that of `day`."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def read_months(text: str) -> int:
    """A number of months, such as `25months`.

    Raises:
        UsageError: it is none.
    """
    match = re.fullmatch(r"(\d{1,4})\s*(?:months?|m)", text.strip())
    if not match or not int(match[1]):
        raise UsageError(f"{text!r} is no number of months.", hint="Write it as 25months.")
    return int(match[1])
