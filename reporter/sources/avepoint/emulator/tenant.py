"""What a customer's own tenant tells: every job that ran, restores and exports, and settings."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from reporter.sources.avepoint.emulator.cast import Plan, Profile, Temper
from reporter.sources.avepoint.emulator.rows import Row
from reporter.sources.avepoint.emulator.runs import runs_between
from reporter.sources.avepoint.reading.vocabularies import OBJECT_TYPES, SERVICE_TYPES

if TYPE_CHECKING:
    from reporter.sources.avepoint.emulator.server import Emulator

_BACKUP: Final = 1
_NAMES: Final = {2: "RS", 3: "EX"}
"""How the ids of restores and exports begin, by the number of their type."""
_USUAL_PAGE: Final = 10
_LARGEST_PAGE: Final = 100
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TenantJob:
    """One job as the tenant lists it, whatever its type."""

    job_id: str
    state: str
    total: int
    failed: int
    successful: int
    skipped: int
    started_at: datetime
    ended_at: datetime


def jobs_page(
    emulator: Emulator, profile: Profile, arguments: dict[str, str], asked: str
) -> dict[str, Any]:
    """A page of a list of jobs.

    Raises:
        ValueError: an argument is missing or out of its range.
    """
    number, size = int(arguments.get("pageIndex", 0)), int(arguments.get("pageSize", _USUAL_PAGE))
    if number < 0 or not 1 <= size <= _LARGEST_PAGE:
        raise ValueError("pageIndex is from 0, pageSize from 1 to 100")
    object_type, now = int(arguments["objectType"]), emulator.now()
    start, finish = (
        datetime.fromisoformat(arguments[name]) for name in ("startTime", "finishTime")
    )
    plan = _plan_of(profile, OBJECT_TYPES[object_type])
    begun = _jobs(emulator.seed, profile, plan, int(arguments["jobType"]), start, finish)
    jobs = [job for job in begun if job.started_at <= now]
    # The documentation spells them in two ways.
    part = "Count" if object_type % 2 else "Number"
    rows = [_row(job, now, part) for job in reversed(jobs)]
    if number and emulator.faults.strikes("repeat", asked):
        number = 0
    data = rows[number * size : (number + 1) * size]
    if data and emulator.faults.strikes("short", asked):
        data = data[:-1]
    return _envelope(data, {f"total{part}": len(rows), "nextLink": None})


def frequency(profile: Profile, now: datetime) -> dict[str, Any]:
    """How often each module is backed up, and when today."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return _envelope(
        [
            {
                "serviceType": number,
                "frequency": (times := max(1, round(plan.runs_per_day))),
                "backupStartTime": [
                    f"{midnight + turn * _DAY / times:%Y-%m-%dT%H:%M:%SZ}" for turn in range(times)
                ],
            }
            for number, module in SERVICE_TYPES.items()
            if (plan := _plan_of(profile, module)) and plan.scheduled and not plan.off(now)
        ]
    )


def retention(profile: Profile) -> dict[str, Any]:
    """How long backups are kept."""
    numbers = [number for number, module in SERVICE_TYPES.items() if _plan_of(profile, module)]
    return _envelope(
        {
            "enableDailyRetentionPolicy": False,
            "enableCustomizedRetentionPolicy": len(numbers) > 1,
            "retentionPeriod": "1 years",
            "servicePolicies": [
                {
                    "serviceType": number,
                    "retentionPeriod": "Unlimited" if place == 0 else "3 years",
                    "unassignedObjectRetentionPeriod": "6 months",
                }
                for place, number in enumerate(numbers[:2])
            ],
        }
    )


def tenant_jobs(
    seed: int, profile: Profile, module: str, job_type: int, start: datetime, finish: datetime
) -> tuple[TenantJob, ...]:
    """The jobs of a module of Microsoft 365 that begin in `[start, finish)`, oldest first."""
    return tuple(_jobs(seed, profile, _plan_of(profile, module), job_type, start, finish))


def _plan_of(profile: Profile, module: str) -> Plan | None:
    """The plan of a module of Microsoft 365, which has one at most."""
    plans = (plan for plan in profile.plans if plan.service == "Microsoft 365")
    return next((plan for plan in plans if plan.module == module), None)


def _jobs(
    seed: int,
    profile: Profile,
    plan: Plan | None,
    job_type: int,
    start: datetime,
    finish: datetime,
) -> Iterator[TenantJob]:
    if plan is None or plan.temper is Temper.IDLE:
        return
    if job_type != _BACKUP:
        yield from _restores(seed, profile, plan, job_type, start, finish)
        return
    for run in runs_between(seed, profile, plan, start, finish):
        yield TenantJob(
            run.job_id,
            run.status,
            run.total,
            run.failed,
            run.successful,
            run.skipped,
            run.started_at,
            run.ended_at,
        )


def _restores(
    seed: int, profile: Profile, plan: Plan, job_type: int, start: datetime, finish: datetime
) -> Iterator[TenantJob]:
    """One of a type on about every twelfth day; one in eight fails."""
    if not plan.scheduled or job_type not in _NAMES:
        return
    midnight = datetime(start.year, start.month, start.day, tzinfo=UTC)
    while midnight < finish:
        chance = random.Random(f"{seed}:{profile.id}:{plan.module}:{job_type}:{midnight:%Y%m%d}")
        began = midnight + timedelta(seconds=chance.randrange(8 * 3600, 18 * 3600))
        happens = chance.random() < 1 / 12 and not plan.off(began) and profile.there_at(began)
        if happens and start <= began < finish:
            yield _restore(chance, f"{_NAMES[job_type]}{began:%Y%m%d%H%M%S}", began)
        midnight += _DAY


def _restore(chance: random.Random, job_id: str, began: datetime) -> TenantJob:
    total = chance.randrange(1, 400)
    failed = total if chance.random() < 1 / 8 else 0
    ended = began + timedelta(seconds=chance.randrange(40, 5400))
    state = "Failed" if failed else "Finished"
    return TenantJob(job_id, state, total, failed, total - failed, 0, began, ended)


def _row(job: TenantJob, now: datetime, part: str) -> Row:
    """A job; while it runs it has no end and no counts."""
    running = job.ended_at > now
    counts = {
        "total": job.total,
        "failed": job.failed,
        "successful": job.successful,
        "skipped": job.skipped,
    }
    hours = (job.ended_at - job.started_at).total_seconds() / 3600
    return {
        "id": job.job_id,
        "state": "In progress" if running else job.state,
        "startTime": f"{job.started_at:%Y-%m-%dT%H:%M:%SZ}",
        "finishTime": None if running else f"{job.ended_at:%Y-%m-%dT%H:%M:%SZ}",
        "duration": None if running else f"{hours:.3f}",
        "backupDetails": {
            f"{name}{part}": 0 if running else count for name, count in counts.items()
        },
        "jobErrors": [],
    }


def _envelope(data: Any, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "statusCode": 200,
        "message": "Success",
        "errors": [],
        "data": data,
        "requestId": "0b0f2c1e",
        "timestamp": "2026-11-01T06:00:00Z",
        "traceId": "4bf92f35",
        "metadata": metadata,
    }
