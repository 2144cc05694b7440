"""Synthetic jobs: a pure function of a seed, a customer's plan and a clock."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from reporter.emulator.cast import Plan, Profile, Temper

_PREFIX: Final = {
    "Microsoft 365": "FB",
    "Google Workspace": "GDIG",
    "IaaS + PaaS": "IB",
    "Dynamics 365": "EFB",
    "Salesforce": "SF",
}
_CHANCES: Final = {
    Temper.CALM: {"Finished": 1.0},
    Temper.USUAL: {
        "Finished": 0.975,
        "Finished with exception": 0.015,
        "Failed": 0.006,
        "Canceled": 0.002,
        "Skipped": 0.002,
    },
    Temper.WARNING: {"Finished": 0.55, "Finished with exception": 0.45},
    Temper.ODD: {"Finished": 0.9, "Throttled": 0.04, "Failed": 0.06},
}
_GROWTH_SINCE: Final = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a module, as it ended."""

    plan: Plan
    job_id: str
    name: str
    status: str
    total: int
    failed: int
    skipped: int
    warned: int
    size_gb: float
    started_at: datetime
    ended_at: datetime
    readable: bool

    @property
    def successful(self) -> int:
        return self.total - self.failed - self.skipped - self.warned


def listed_jobs(seed: int, profile: Profile, now: datetime, listed: timedelta) -> Iterator[Job]:
    """The jobs that started by `now` and ended (or will) at most `listed` before it."""
    first = (now - listed).astimezone(UTC).date() - timedelta(days=1)
    last = now.astimezone(UTC).date()
    for plan in profile.plans:
        for offset in range((last - first).days + 1):
            for job in jobs_of_day(seed, profile.id, plan, first + timedelta(days=offset)):
                if job.started_at <= now and job.ended_at >= now - listed:
                    yield job


@lru_cache(maxsize=20_000)
def jobs_of_day(seed: int, customer_id: str, plan: Plan, day: date) -> tuple[Job, ...]:
    """The jobs of one module that start on one day (UTC)."""
    if plan.temper is Temper.ASLEEP:
        return ()
    chance = random.Random(f"{seed}:{customer_id}:{plan.service}:{plan.module}:{day}")
    number = day.toordinal()
    # A rate of 2.5 a day is two runs and three in turn.
    runs = int((number + 1) * plan.runs_per_day) - int(number * plan.runs_per_day)
    hour = random.Random(f"{seed}:{customer_id}:{plan.module}").uniform(0, 24 / max(runs, 1))
    midnight = datetime.combine(day, time(), UTC)
    return tuple(
        _job(chance, plan, midnight + timedelta(hours=hour + run * 24 / runs), run)
        for run in range(runs)
    )


def _job(chance: random.Random, plan: Plan, planned: datetime, run: int) -> Job:
    started_at = planned + timedelta(seconds=chance.randrange(900))
    status = _status(chance, plan, started_at)
    size_gb = plan.size_gb * _season(started_at) * chance.lognormvariate(0, 0.35)
    minutes = 3 + min(600.0, size_gb * 1.5) * chance.uniform(0.6, 1.6)
    total = max(1, int(size_gb * chance.uniform(80, 160)))
    odd = plan.temper is Temper.ODD and status == "Failed"
    share = chance.uniform(0.02, 0.4)
    failed = 0 if odd or status not in ("Failed", "Canceled") else max(1, int(total * share))
    warned = max(1, int(total * 0.01)) if status == "Finished with exception" else 0
    if status == "Failed" and not odd:
        size_gb *= 1 - share
    return Job(
        plan=plan,
        job_id=f"{_PREFIX.get(plan.service, 'SC')}{started_at:%Y%m%d}{chance.randrange(10**9):09}",
        name=f"{plan.module if plan.module != 'None' else plan.service} backup {run + 1}",
        status=status,
        total=total + warned,
        failed=failed,
        skipped=int(total * 0.03) if status in ("Finished", "Skipped") and total > 100 else 0,
        warned=warned,
        size_gb=size_gb,
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=int(minutes * 60)),
        readable=not (plan.temper is Temper.ODD and chance.random() < 0.05),
    )


def _status(chance: random.Random, plan: Plan, started_at: datetime) -> str:
    down = plan.temper is Temper.OUTAGE and started_at.day in (14, 15)
    broken = plan.temper is Temper.FAILING and not 2 < started_at.day < 27
    if down or broken:
        return "Failed"
    chances = _CHANCES.get(plan.temper, _CHANCES[Temper.USUAL])
    return chance.choices(list(chances), weights=list(chances.values()))[0]


def _season(moment: datetime) -> float:
    """Data grows over the year; little happens at week-ends."""
    growth = 1 + 0.0012 * (moment.date() - _GROWTH_SINCE).days
    return growth * (0.45 if moment.weekday() >= 5 else 1.0)
