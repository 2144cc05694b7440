"""Which months' reports are due: counted from the clock and what was done, so that a start too many
does nothing and a start too late does all that was missed.
"""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from reporter.period import Period, parse_period
from reporter.settings import ScheduleSettings

MONTHS_BACK: Final = 12
"""So many months are caught up with at most."""


def months_due(
    schedule: ScheduleSettings, timezone: str, now: datetime, newest_done: str | None
) -> list[str]:
    """The labels of the months to be done now, the oldest first.

    Always the newest that is due: late data may have changed it. Before it each after
    `newest_done`, which nobody has done; none where that is not known.
    """
    month = parse_period(None, timezone, now)
    while due_at(schedule, month) > now:
        month = month.previous()
    due = [month]
    while newest_done and len(due) < MONTHS_BACK and due[-1].previous().label > newest_done:
        due.append(due[-1].previous())
    return [own.label for own in reversed(due)]


def due_at(schedule: ScheduleSettings, month: Period) -> datetime:
    """When the reports of a month are due: in the month after it, at the day and time set."""
    first = month.stop
    _, days = monthrange(first.year, first.month)
    return first_showing(first.replace(day=min(schedule.day, days)), schedule.time, month.zone)


def fetch_due_at(schedule: ScheduleSettings, ended_at: datetime | None, now: datetime) -> datetime:
    """When to fetch again, if the last fetch ended at a time; now where there was none.

    A fetch that ended in the future tells of a clock that was put back, and of nothing else.
    """
    if ended_at is None or ended_at > now:
        return now
    return ended_at + schedule.fetch_every


def first_showing(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The first moment at which the clocks of a zone show a time; if they skip it, the one at which
    they go on.
    """
    shown = datetime.combine(day, at, zone)
    late, early = shown.astimezone(UTC), shown.replace(fold=1).astimezone(UTC)
    if early >= late:
        return late
    # Read with the clocks before the gap the time lies after it, and the other way round: the
    # moment the clocks jump is between the two.
    jumped = late.astimezone(zone).utcoffset()
    seconds = range((late - early) // timedelta(seconds=1))
    return early + timedelta(
        seconds=bisect_left(
            seconds,
            True,
            key=lambda n: (early + timedelta(seconds=n)).astimezone(zone).utcoffset() == jumped,
        )
    )
