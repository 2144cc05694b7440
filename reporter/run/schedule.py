"""Which months' reports are due, and what is to be asked of the service: counted from the clock and
what was done, so that a start too many does nothing and a start too late does all that was missed.
"""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from reporter.config.sections import ScheduleSettings
from reporter.model import KINDS, LISTED_BY_TIME, Kind
from reporter.period import Period, parse_period

MONTHS_BACK: Final = 12
"""So many months are caught up with at most."""
EARLIEST: Final = timedelta(minutes=30)
"""A fetch may come so much early, else hourly starts that shift by a second would skip an hour."""
ANSWERS_LAST: Final = timedelta(hours=22)
"""Protected data, users and subscriptions change slowly and cost four times what jobs do: asked for
once a day. Less than a day, so that the first fetch of each day asks though it comes a little
earlier.
"""


DETAILS_LAST: Final = timedelta(days=62)
"""The details of a job are not asked for again within this time: the service lists the newest job
of a scope, which may be months old.
"""


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
    return [month.label for month in reversed(due)]


def due_at(schedule: ScheduleSettings, month: Period) -> datetime:
    """When the reports of a month are due: in the month after it, at the day and time set."""
    first = month.stop
    _, days = monthrange(first.year, first.month)
    return first_showing(first.replace(day=min(schedule.day, days)), schedule.time, month.zone)


def fetch_due_at(schedule: ScheduleSettings, began_at: datetime | None, now: datetime) -> datetime:
    """When to fetch again, if the last fetch that came to its end began at a time; now where there
    was none.

    A fetch that began in the future tells of a clock that was put back, and of nothing else.
    """
    if began_at is None or began_at > now:
        return now
    return began_at + schedule.fetch_every - min(EARLIEST, schedule.fetch_every / 8)


def kinds_due(
    answered: Mapping[Kind, datetime], now: datetime, final_since: datetime | None = None
) -> tuple[Kind, ...]:
    """What to ask beside the jobs, if the service gave its last answers at these times. What it
    could not answer is asked again each time; an answer of the future is none, as above.

    `final_since` is when the last day became final (`last_final`). What is listed by time is asked
    for once since then: with the snapshot that makes a day final, and thereby its month, all that
    happened on it is known.
    """
    since = dict.fromkeys(KINDS, now - ANSWERS_LAST)
    if final_since:
        since |= dict.fromkeys(LISTED_BY_TIME, final_since)
    return tuple(
        kind for kind in KINDS if kind not in answered or not since[kind] <= answered[kind] <= now
    )


def last_final(zone: ZoneInfo, watch_every: timedelta, now: datetime) -> datetime:
    """When the last day of a time zone became final: at its end and `watch_every`."""
    today = (now - watch_every).astimezone(zone).date()
    return first_showing(today, time(), zone) + watch_every


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
