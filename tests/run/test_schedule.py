"""When what is due: months without a 31st, clock changes, late starts."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.config.sections import ScheduleSettings
from reporter.model import KINDS, Kind
from reporter.period import Period, parse_period
from reporter.run.schedule import (
    MONTHS_BACK,
    due_at,
    fetch_due_at,
    first_showing,
    kinds_due,
    last_final,
    months_due,
)

# America/Sao_Paulo skipped midnights until 2018, Pacific/Apia a whole day, Australia/Lord_Howe
# half an hour each year; Africa/Casablanca changes twice around Ramadan.
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/Havana",
         "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata", "Asia/Beirut",
         "Africa/Casablanca")  # fmt: skip
LATE = datetime(2190, 1, 1, tzinfo=UTC)

zones = st.sampled_from(ZONES)
clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59))
days = st.dates(date(1975, 1, 1), date(2036, 12, 31))
months = st.builds(lambda day: f"{day:%Y-%m}", days)
moments = st.builds(lambda day, clock: datetime.combine(day, clock, UTC), days, clocks)
schedules = st.builds(ScheduleSettings, day=st.integers(1, 31), time=clocks)


def month(label: str, timezone: str = "UTC") -> Period:
    return parse_period(label, timezone, LATE)


def by_looking(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Look at the clock every minute until it shows the time, or a later one."""
    wanted = datetime.combine(day, at)
    moment = wanted.replace(tzinfo=UTC) - timedelta(hours=26)
    while moment.astimezone(zone).replace(tzinfo=None) < wanted:
        moment += timedelta(minutes=1)
    return moment


@given(days, clocks, zones)
def test_a_time_is_when_a_clock_first_shows_it(day: date, at: time, zone: str) -> None:
    """On any day in any zone, the first time the clock shows it."""
    assert first_showing(day, at, ZoneInfo(zone)) == by_looking(day, at, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "day", "at", "shows"),
    [
        # Skipped: the moment the clocks go forward.
        ("Europe/Berlin", date(2027, 3, 28), time(2, 30), "2027-03-28T03:00:00+02:00"),
        ("Europe/Berlin", date(2027, 3, 28), time(2, 0), "2027-03-28T03:00:00+02:00"),
        ("Europe/Berlin", date(2027, 3, 28), time(3, 0), "2027-03-28T03:00:00+02:00"),
        ("Europe/Berlin", date(2027, 3, 28), time(1, 59), "2027-03-28T01:59:00+01:00"),
        ("America/Sao_Paulo", date(2018, 11, 4), time(0, 30), "2018-11-04T01:00:00-02:00"),
        ("America/Sao_Paulo", date(2018, 11, 4), time(0, 0), "2018-11-04T01:00:00-02:00"),
        ("Asia/Beirut", date(2022, 3, 27), time(0, 0), "2022-03-27T01:00:00+03:00"),
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), "2026-10-04T02:30:00+11:00"),
        ("Pacific/Apia", date(2011, 12, 30), time(12, 0), "2011-12-31T00:00:00+14:00"),
        # Occurs twice: the first.
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30), "2026-10-25T02:30:00+02:00"),
        ("America/Havana", date(2026, 11, 1), time(0, 30), "2026-11-01T00:30:00-04:00"),
        ("America/Sao_Paulo", date(2018, 2, 17), time(23, 30), "2018-02-17T23:30:00-02:00"),
        # Neither.
        ("Asia/Kolkata", date(2026, 11, 1), time(6, 30), "2026-11-01T06:30:00+05:30"),
    ],
)
def test_clock_changes(zone: str, day: date, at: time, shows: str) -> None:
    """02:30 in Berlin is 03:00 when summer time begins, and the first of two when it ends."""
    assert first_showing(day, at, ZoneInfo(zone)) == datetime.fromisoformat(shows)


@pytest.mark.parametrize(
    ("day", "label", "due"),
    [
        (31, "2026-10", "2026-11-30"),
        (30, "2026-10", "2026-11-30"),
        (29, "2026-10", "2026-11-29"),
        (31, "2026-11", "2026-12-31"),
        (31, "2027-01", "2027-02-28"),
        (30, "2027-01", "2027-02-28"),
        (29, "2027-01", "2027-02-28"),
        (29, "2028-01", "2028-02-29"),
        (31, "2028-01", "2028-02-29"),
        (28, "2028-01", "2028-02-28"),
        (29, "2100-01", "2100-02-28"),
        (1, "2026-12", "2027-01-01"),
    ],
)
def test_months_without_a_31st(day: int, label: str, due: str) -> None:
    """Their last day, in leap years the 29th of February."""
    schedule = ScheduleSettings(day=day, time=time(6, 30))
    assert due_at(schedule, month(label)) == datetime.fromisoformat(f"{due}T06:30:00Z")


@given(zones, moments)
def test_without_a_schedule_it_is_the_last_full_month(zone: str, now: datetime) -> None:
    """As for every other command without --period."""
    schedule = ScheduleSettings()
    assert months_due(schedule, zone, now, None) == [parse_period(None, zone, now).label]


@given(schedules, zones, moments)
def test_the_newest_month_is_the_last_one_due(
    schedule: ScheduleSettings, zone: str, now: datetime
) -> None:
    """It is due and the next is not, whatever day is configured and whatever the clocks do."""
    (label,) = months_due(schedule, zone, now, None)
    newest = month(label, zone)
    assert due_at(schedule, newest) <= now
    following = month(f"{newest.stop:%Y-%m}", zone)
    assert due_at(schedule, following) > now


@given(schedules, zones, moments, months)
def test_each_month_since_the_last_completed_one_is_due(
    schedule: ScheduleSettings, zone: str, now: datetime, done: str
) -> None:
    """In order and without gaps, up to a year back; nothing older than the last completed one."""
    due = months_due(schedule, zone, now, done)
    assert due[-1:] == months_due(schedule, zone, now, None)
    assert [month(label).previous().label for label in due[1:]] == due[:-1]
    assert all(label > done for label in due[:-1])
    assert due[0] <= done or month(due[0]).previous().label == done or len(due) == MONTHS_BACK


@given(schedules, zones, moments, st.lists(st.integers(1, 24 * 100), min_size=1, max_size=30))
def test_no_month_is_left_out_and_none_comes_early(
    schedule: ScheduleSettings, zone: str, now: datetime, pauses: list[int]
) -> None:
    """Started at any time, even months apart: each month after the first comes in turn, once."""
    (first,) = months_due(schedule, zone, now, None)
    done = [first]
    for hours in pauses:
        now += timedelta(hours=hours)
        for label in months_due(schedule, zone, now, done[-1]):
            assert due_at(schedule, month(label, zone)) <= now
            if label != done[-1]:
                assert month(label).previous().label == done[-1]
                done.append(label)


@pytest.mark.parametrize(
    ("every", "began", "due"),
    [
        (timedelta(hours=4), timedelta(hours=-1), timedelta(hours=2, minutes=30)),
        (timedelta(hours=4), timedelta(hours=-3, minutes=-30), timedelta(0)),
        (timedelta(hours=4), timedelta(hours=-9), timedelta(hours=-5, minutes=-30)),
        (timedelta(hours=1), timedelta(hours=-1), timedelta(minutes=-7, seconds=-30)),
        (timedelta(0), timedelta(hours=-1), timedelta(hours=-1)),
        (timedelta(hours=4), timedelta(hours=1), timedelta(0)),
        (timedelta(hours=4), None, timedelta(0)),
    ],
)
def test_when_to_fetch_again(every: timedelta, began: timedelta | None, due: timedelta) -> None:
    """A fixed time after the last fetch began, or slightly early; at once if there was none, or one
    in the future.
    """
    schedule = ScheduleSettings(fetch_every=every)
    assert fetch_due_at(schedule, None if began is None else LATE + began, LATE) == LATE + due


def test_hourly_starts_that_shift_by_seconds_fetch_every_four_hours() -> None:
    """Each start comes a few seconds off the hour, and each fetch takes twenty minutes."""
    schedule, began, fetched = ScheduleSettings(), None, []
    for hour in range(48):
        now = LATE + timedelta(hours=hour, seconds=(hour * 37) % 60)
        if fetch_due_at(schedule, began, now) <= now:
            began = now
            fetched.append(hour)
    assert fetched == list(range(0, 48, 4))


@pytest.mark.parametrize("every", [1, 2, 3, 4, 6, 8, 12, 24])
def test_slowly_changing_data_is_fetched_once_a_day(every: int) -> None:
    """Whatever the rhythm of fetching, even if each fetch is some minutes off."""
    answered: dict[Kind, datetime] = {}
    asked_at = []
    for number in range(10 * 24 // every):
        now = LATE + timedelta(hours=every * number, minutes=(number * 7) % 10)
        if kinds_due(answered, now):
            answered = dict.fromkeys(KINDS, now)
            asked_at.append(now)
    assert 10 <= len(asked_at) <= 11
    assert all(
        timedelta(hours=21) < later - earlier <= timedelta(hours=24, minutes=10)
        for earlier, later in pairwise(asked_at)
    )


def test_an_answer_is_due_when_missing_old_or_from_the_future() -> None:
    """Each kind by itself."""
    old, young = LATE - timedelta(hours=23), LATE - timedelta(hours=20)
    all_young = dict.fromkeys(KINDS, young)
    assert kinds_due({}, LATE) == KINDS
    assert kinds_due(all_young | {"subscription": old}, LATE) == ("subscription",)
    assert kinds_due(all_young, LATE) == ()
    assert kinds_due({"protection": LATE + timedelta(1)}, LATE) == KINDS


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("every", [1, 4, 6, 24])
def test_what_is_listed_by_time_is_asked_for_by_the_fetch_that_makes_a_day_final(
    zone: str, every: int
) -> None:
    """Once a day, so that a month is final together with what was restored on its last day."""
    watch_every, answered, asked_at = timedelta(hours=7), dict.fromkeys(KINDS, LATE), []
    for number in range(1, 10 * 24 // every):
        now = LATE + timedelta(hours=every * number)
        final_since = last_final(ZoneInfo(zone), watch_every, now)
        due = kinds_due(answered, now, final_since)
        assert ("history" in due) == ("restores" in due)
        if "history" in due:
            asked_at.append(now)
            assert final_since <= now < final_since + timedelta(hours=every)
            local = final_since.astimezone(ZoneInfo(zone))
            assert (local - watch_every).time() == time()
        answered |= dict.fromkeys(due, now)
    assert 9 <= len(asked_at) <= 10
