"""Whether the service is asked often enough: simulated scopes, of which looks see what they can."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from reporter.jobs.sightings import ScopeKey
from reporter.run.rhythm import Missed, Rhythm, in_one_line, missed, rhythm_of

FIRST = datetime(2026, 10, 1, 0, 7, tzinfo=UTC)
EXCHANGE = ("Microsoft 365", "Exchange Online", "")
SQL = ("IaaS + PaaS", "Azure SQL Backup", "prod-2")
WATCH = timedelta(hours=7)


def every(hours: float, *, days: float = 7, first: datetime = FIRST) -> list[datetime]:
    return [first + timedelta(hours=hours * n) for n in range(int(days * 24 / hours) + 1)]


def seen(starts: Sequence[datetime], looks: Iterable[datetime]) -> list[datetime]:
    """The starts that looks show: only the newest at each."""
    begun = ([start for start in starts if start <= look] for look in looks)
    return sorted({before[-1] for before in begun if before})


def rhythm(looks: list[datetime], **hours: float) -> Rhythm:
    """The rhythm of Exchange Online, or of SQL, as looks show it, with jobs that start every so
    many hours.
    """
    scopes = {"exchange": EXCHANGE, "sql": SQL}
    early = FIRST - timedelta(minutes=7)
    starts: dict[ScopeKey, list[datetime]] = {
        scopes[name]: seen(every(step, first=early), looks) for name, step in hours.items()
    }
    return rhythm_of(starts, looks)


def words_of(rhythm: Rhythm, planned: float | None = None) -> str:
    finding = missed(rhythm, WATCH, timedelta(hours=planned) if planned else None)
    return finding.words if finding else ""


def test_fetching_every_four_hours_misses_nothing() -> None:
    """Microsoft 365 starts four times a day: each start is seen, and so is its rhythm."""
    watched = rhythm(every(4), exchange=6, sql=24)
    assert watched.asked_every == timedelta(hours=4)
    assert {scope.scope: scope.starts_every for scope in watched.scopes} == {
        EXCHANGE: timedelta(hours=6),
        SQL: timedelta(hours=24),
    }
    assert not any(scope.every_look for scope in watched.scopes)
    assert missed(watched, WATCH) is None


def test_a_plan_slower_than_the_scopes_is_reported() -> None:
    """The rhythm was learned while the service was asked often enough."""
    watched = rhythm(every(4), exchange=6, sql=8)
    assert words_of(watched, planned=4) == ""
    assert words_of(watched, planned=24) == (
        "Exchange Online starts every 6 h; fetch_every is 24 h: three of four jobs are never seen "
        "(1 more scope likewise); fetch_every is 24 h, less often than watch_every (7 h): gap "
        "targets cannot be judged"
    )


def test_a_rhythm_that_slowed_down_is_reported() -> None:
    """Three days of looks every four hours, then four days of one look: more than half of
    the time.
    """
    looks = every(4, days=3)
    looks += every(24, days=4, first=looks[-1])[1:]
    assert words_of(rhythm(looks, exchange=6)).startswith(
        "Exchange Online starts every 6 h; you fetch every 24 h: three of four jobs are never seen"
    )


@pytest.mark.parametrize("step", [6, 12, 24])
def test_looks_that_always_show_another_job_may_miss_any_number(step: float) -> None:
    """Asked once a day, a scope shows a new job each time, however often it starts."""
    watched = rhythm(every(24), exchange=step)
    assert words_of(watched) == (
        "every snapshot shows a new job of Exchange Online, and any others that ran in between are "
        "never seen; you fetch every 24 h, less often than watch_every (7 h): gap targets cannot "
        "be judged"
    )


def test_an_hourly_scope_is_reported_though_gaps_can_be_judged() -> None:
    """Named as the report names it, by its module and its name."""
    assert words_of(rhythm(every(4), exchange=6, sql=1)) == (
        "every snapshot shows a new job of Azure SQL Backup (prod-2), and any others that ran in "
        "between are never seen"
    )


def test_manual_looks_are_not_a_rhythm() -> None:
    """Two within a minute each day are one; hourly looks by day leave sixteen hours unseen."""
    daily = every(24)
    twice = sorted(daily + [look + timedelta(minutes=1) for look in daily])
    assert rhythm(twice, exchange=6).asked_every == timedelta(hours=23, minutes=59)
    assert "every snapshot shows a new job of Exchange Online" in words_of(
        rhythm(twice, exchange=6)
    )
    by_day = [day + timedelta(hours=hour) for day in daily for hour in range(9)]
    assert rhythm(by_day).asked_every == timedelta(hours=16)


def test_an_outage_is_not_a_rhythm() -> None:
    """Two days without a look in a week of looks every four hours."""
    looks = [look for look in every(4) if not 2 <= (look - FIRST).days < 4]
    assert rhythm(looks, exchange=6).asked_every == timedelta(hours=4)
    assert missed(rhythm(looks, exchange=6), WATCH) is None


@pytest.mark.parametrize("looks", [[], [FIRST], [FIRST, FIRST, FIRST], every(24)[:3]])
def test_too_few_looks_report_nothing(looks: list[datetime]) -> None:
    """Except about what is planned."""
    assert missed(rhythm(looks, exchange=6), WATCH) is None
    assert words_of(rhythm(looks), planned=8).startswith(
        "fetch_every is 8 h, less often than watch_every"
    )


@pytest.mark.parametrize(
    ("step", "words"),
    [(1, "more than nine of ten"), (12, "one of two"), (8, "two of three"), (20, "one of six")],
)
def test_shares_are_put_in_everyday_words(step: float, words: str) -> None:
    """Of jobs that start every few hours, with one look a day."""
    looks = every(0.25)
    assert f"{words} jobs are never seen" in words_of(rhythm(looks, exchange=step), planned=24)


def test_several_customers_are_reported_in_one_line() -> None:
    """With the customer that misses most as the example."""
    findings = [("A", Missed("this", 0.0)), ("B", Missed("that", 0.75)), ("B", Missed("else", 0.5))]
    assert in_one_line(findings, 9) == (
        "Fetched too rarely: 3 of 9 customers. B: that. `reporter check` has a line for each."
    )
