"""Days through the real client: the store knows what really ran, as far as anybody looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from reporter.sources.avepoint.emulator import Clock, Emulator, Profile, demo_cast
from reporter.store import Store, tables
from tests.conftest import StartEmulator
from tests.sources.avepoint.emulator.month import fetch_at, looks

START = datetime(2026, 10, 12, tzinfo=UTC)
STOP = datetime(2026, 10, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)
OUTAGE = (datetime(2026, 10, 13, 9, tzinfo=UTC), datetime(2026, 10, 14, 15, tzinfo=UTC))


def known_after(
    times: Sequence[datetime],
    start_emulator: StartEmulator,
    folder: Path,
    cast: Sequence[Profile],
) -> tuple[Emulator, set[str]]:
    """The emulator that was asked at these times, and the ids of jobs in the store."""
    clock = Clock(times[0])
    emulator = start_emulator(customers=cast, now=clock)
    store = Store.open(f"sqlite:///{folder / 'month.db'}")
    fetch_at(times, emulator, clock, store)
    jobs = tables.jobs.c
    begun = sa.and_(jobs.dated_at >= START, jobs.dated_at < STOP)
    with store.reading() as connection:
        return emulator, set(connection.execute(sa.select(jobs.job_id).where(begun)).scalars())


@pytest.fixture
def jaeger() -> Profile:
    """Four a day of Microsoft 365, named scopes, failures and all."""
    return demo_cast()[1]


def ran(emulator: Emulator, profile: Profile) -> dict[str, datetime]:
    """The jobs that really ran, by id, with their ends."""
    return {run.job_id: run.ended_at for run in emulator.truth(profile.id, START, STOP).runs}


def test_looking_every_four_hours_misses_nothing(
    start_emulator: StartEmulator, tmp_path: Path, jaeger: Profile
) -> None:
    """Everything that backs up four times a day at most is seen, and nothing else."""
    times = looks(START, STOP + 4 * HOUR, 4 * HOUR)
    emulator, known = known_after(times, start_emulator, tmp_path, [jaeger])
    assert len(known) > 100
    assert known == set(ran(emulator, jaeger))


def test_fetching_once_a_day_misses_most(
    start_emulator: StartEmulator, tmp_path: Path, jaeger: Profile
) -> None:
    """Of four jobs a day one look a day sees one."""
    times = looks(START, STOP + 24 * HOUR, 24 * HOUR)
    emulator, known = known_after(times, start_emulator, tmp_path, [jaeger])
    assert known < set(ran(emulator, jaeger))
    assert len(known) < len(ran(emulator, jaeger)) / 2


def test_an_outage_hides_what_ran_in_it(
    start_emulator: StartEmulator, tmp_path: Path, jaeger: Profile
) -> None:
    """Nobody looks for a day and a half: of that time each scope has at most its last job."""
    times = looks(START, STOP + 4 * HOUR, 4 * HOUR, [OUTAGE])
    emulator, known = known_after(times, start_emulator, tmp_path, [jaeger])
    hidden = set(ran(emulator, jaeger)) - known
    begun = {run.job_id: run.started_at for run in emulator.truth(jaeger.id, START, STOP).runs}
    assert len(hidden) > 20
    assert all(OUTAGE[0] - 4 * HOUR <= begun[job_id] < OUTAGE[1] for job_id in hidden)


def test_a_customer_that_joins_in_mid_month(start_emulator: StartEmulator, tmp_path: Path) -> None:
    """It is listed from then on, and has nothing older."""
    newcomer = replace(demo_cast()[5], id="newcomer")
    assert newcomer.since is not None
    times = looks(START, STOP + 4 * HOUR, 4 * HOUR)
    emulator, known = known_after(times, start_emulator, tmp_path, [newcomer, demo_cast()[2]])
    runs = emulator.truth("newcomer", START, STOP).runs
    assert known == {run.job_id for run in runs}
    assert min(run.started_at for run in runs) >= newcomer.since
