"""What really runs: each job of each scope, a pure function of a seed, a plan and its number."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from reporter.sources.avepoint.emulator.cast import Plan, Profile, Temper

_EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_GROWTH_A_DAY: Final = 0.0012
_CHANCES: Final = {
    Temper.CALM: {"Finished": 1.0},
    Temper.EMPTY: {"Finished": 1.0},
    Temper.SKIPPING: {"Finished": 1.0},
    Temper.USUAL: {
        "Finished": 0.975,
        "Finished with exception": 0.015,
        "Failed": 0.006,
        "Canceled": 0.002,
        "Skipped": 0.002,
    },
    Temper.WARNING: {"Finished": 0.55, "Finished with exception": 0.45},
    Temper.BROKEN: {"Failed": 1.0},
    Temper.ODD: {"Finished": 0.9, "Throttled": 0.04, "Failed": 0.06},
}
_OBJECTS_A_GB: Final = {
    "Azure Virtual Machine": 0.1,
    "Amazon EC2": 0.1,
    "Microsoft Entra ID": 60_000,
    "Admin Portal Settings": 2_000,
}
"""Where they are not about 120."""
_ID_PREFIXES: Final = {
    "Exchange Online": "E",
    "Exchange Online Public Folder": "E",
    "Microsoft 365 Groups": "O",
    "Microsoft Teams": "T",
    "Teams Chat": "T",
    "Viva Engage": "Y",
    "Power BI": "PB",
    "Power Automate": "PAU",
    "Power Apps": "PAP",
    "Dynamics CRM Backup": "DC",
    "Dynamics Unified Operations Backup": "DC",
    "Gmail": "GBG",
    "Calendar": "GBCA",
    "Contacts": "GBCO",
    "Drive": "GBD",
    "Shared Drives": "GBSD",
    "Chat": "GBCH",
    "Google Classroom": "GBCL",
}
"""What stands before the kind of a job in its id; of Google's there is no kind."""
_ID_DIGITS: Final = {
    "Microsoft 365": 6,
    "Google Workspace": 0,
    "IaaS + PaaS": 3,
    "Salesforce": 6,
    "Dynamics 365": 8,
}
"""How many digits follow the start."""


@dataclass(frozen=True, slots=True)
class JobRun:
    """One job of a scope, from the queue to its end; counts and size as it ends."""

    plan: Plan
    job_id: str
    status: str
    total: int
    failed: int
    successful: int
    skipped: int
    size_gb: float
    queued_at: datetime
    started_at: datetime
    ended_at: datetime
    modified_at: datetime
    readable: bool

    @property
    def scope(self) -> tuple[str, str, str]:
        """Service, module, and the name it had when the job began; empty where it has none."""
        return (self.plan.service, self.plan.module, self.plan.name_at(self.started_at))


@dataclass(frozen=True, slots=True)
class ScopeChange:
    """What became of a scope: `begun`, `switched off`, `removed` or `renamed`."""

    plan: Plan
    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Truth:
    """What really happened to a customer's scopes in a stretch of time."""

    runs: tuple[JobRun, ...]
    """Every job that began in it, oldest first, whether anybody saw it or not."""
    changes: tuple[ScopeChange, ...]


def truth(seed: int, profile: Profile, start: datetime, stop: datetime) -> Truth:
    """What happened from `start` up to but not including `stop`."""
    runs = [
        run
        for plan in profile.plans
        if plan.temper is not Temper.IDLE
        for run in runs_between(seed, profile, plan, start, stop)
    ]
    changes = [
        ScopeChange(plan, what, at)
        for plan in profile.plans
        for what, at in (
            ("begun", _begun(profile, plan)),
            ("switched off", plan.off_at),
            ("removed", plan.removed_at),
            ("renamed", plan.renamed[0] if plan.renamed else None),
        )
        if at is not None and start <= at < stop
    ]
    return Truth(
        tuple(sorted(runs, key=lambda run: (run.started_at, run.job_id))),
        tuple(sorted(changes, key=lambda change: change.at)),
    )


def runs_between(
    seed: int, profile: Profile, plan: Plan, start: datetime, stop: datetime
) -> Iterator[JobRun]:
    """The jobs of a scope that begin in `[start, stop)`, oldest first."""
    if not plan.scheduled:
        return
    # A job begins after its turn, and before that of the next: one number more on the left.
    first, last = _turn(seed, profile, plan, start) - 1, _turn(seed, profile, plan, stop)
    for number in range(first, last + 1):
        run = _run(seed, profile.id, plan, number)
        if start <= run.started_at < stop and _happens(profile, plan, run):
            yield run


def latest_run(seed: int, profile: Profile, plan: Plan, now: datetime) -> JobRun | None:
    """The newest job of a scope that has begun by `now`."""
    if not plan.scheduled:
        return None
    turn = _turn(seed, profile, plan, min(now, plan.off_at or now))
    for number in (turn, turn - 1):
        run = _run(seed, profile.id, plan, number)
        if run.started_at <= now and _happens(profile, plan, run):
            return run
    return None


def queued_run(seed: int, profile: Profile, plan: Plan, now: datetime) -> JobRun | None:
    """The job of a scope that is waiting to begin."""
    if not plan.scheduled:
        return None
    run = _run(seed, profile.id, plan, _turn(seed, profile, plan, now))
    waits = run.queued_at <= now < run.started_at
    return run if waits and _happens(profile, plan, run) else None


def growth(moment: datetime) -> float:
    """How much more data there is than at the beginning of 2026; it changes from day to day."""
    return 1 + _GROWTH_A_DAY * (moment.date() - datetime(2026, 1, 1, tzinfo=UTC).date()).days


def _happens(profile: Profile, plan: Plan, run: JobRun) -> bool:
    begun = _begun(profile, plan)
    return (
        (begun is None or begun <= run.queued_at)
        and not plan.off(run.queued_at)
        and (plan.removed_at is None or run.queued_at < plan.removed_at)
    )


def _begun(profile: Profile, plan: Plan) -> datetime | None:
    return max((at for at in (profile.since, plan.since) if at is not None), default=None)


def _turn(seed: int, profile: Profile, plan: Plan, moment: datetime) -> int:
    """The number of the last job whose turn has come by then."""
    turns = (moment - _EPOCH) / _DAY * plan.runs_per_day
    return math.floor(turns - _phase(seed, profile.id, plan))


@lru_cache(maxsize=20_000)
def _phase(seed: int, customer_id: str, plan: Plan) -> float:
    """When the first job is due, as a fraction of the time between two jobs."""
    return random.Random(f"{seed}:{customer_id}:{plan.module}:{plan.name}").random()


@lru_cache(maxsize=50_000)
def _run(seed: int, customer_id: str, plan: Plan, number: int) -> JobRun:
    """One job of a scope.

    It waits, begins and ends before the next has its turn. Of four a day each stands there for more
    than four hours before the next is queued: asked every four hours, the service hides none.
    """
    chance = random.Random(
        f"{seed}:{customer_id}:{plan.service}:{plan.module}:{plan.name}:{number}"
    )
    between = _DAY / plan.runs_per_day
    due = _EPOCH + (number + _phase(seed, customer_id, plan)) * between
    late = min(timedelta(minutes=15), between / 24) * chance.random()
    queued_at = (due + late).replace(microsecond=0) + _SECOND
    started_at = queued_at + _wait(chance, plan, between)
    status = _status(chance, plan, started_at)
    size_gb = plan.size_gb * _season(started_at) * chance.lognormvariate(0, 0.35)
    total = _objects(chance, plan, size_gb)
    failed, skipped = _lost(chance, plan, status, total)
    if plan.temper is Temper.ODD and status == "Failed":
        failed = 0  # a contradiction the vendor's own sample has
    elif status == "Failed" and chance.random() < 0.5:
        total = failed = 0
    size_gb *= (total - failed - skipped) / total if total else 0
    ended_at = started_at + _length(chance, plan, status, between)
    return JobRun(
        plan=plan,
        job_id=_job_id(chance, plan, started_at),
        status=status,
        total=total,
        failed=failed,
        successful=total - failed - skipped,
        skipped=skipped,
        size_gb=size_gb,
        queued_at=queued_at,
        started_at=started_at,
        ended_at=ended_at,
        modified_at=ended_at + _until_modified(chance, plan),
        readable=not (plan.temper is Temper.ODD and chance.random() < 0.05),
    )


def _wait(chance: random.Random, plan: Plan, between: timedelta) -> timedelta:
    """How long a job is queued; only Microsoft 365 shows that it is. One in ten waits for long."""
    if plan.service != "Microsoft 365":
        return timedelta(0)
    minutes = chance.uniform(30, 90) if chance.random() < 0.1 else chance.uniform(1, 12)
    return timedelta(seconds=int(min(timedelta(minutes=minutes), between / 4).total_seconds()))


def _length(chance: random.Random, plan: Plan, status: str, between: timedelta) -> timedelta:
    """Most jobs take minutes, those of much data up to an hour and a half."""
    minutes = (2 + min(60.0, plan.size_gb * 1.5)) * chance.uniform(0.6, 1.5)
    if status == "Failed" or plan.temper in (Temper.EMPTY, Temper.IDLE):
        minutes = chance.uniform(0.1, 3)
    return max(_SECOND, timedelta(seconds=int(min(minutes * 60, between.total_seconds() * 0.4))))


def _until_modified(chance: random.Random, plan: Plan) -> timedelta:
    """A second at most, but in IaaS + PaaS, where it is the module that is modified."""
    if plan.service == "IaaS + PaaS":
        return timedelta(seconds=chance.randrange(3, 1200))
    return timedelta(seconds=chance.randrange(2))


def _status(chance: random.Random, plan: Plan, started_at: datetime) -> str:
    down = plan.temper is Temper.OUTAGE and started_at.day in (14, 15)
    broken = plan.temper is Temper.FAILING and not 2 < started_at.day < 27
    if down or broken:
        return "Failed"
    chances = _CHANCES.get(plan.temper, _CHANCES[Temper.USUAL])
    return chance.choices(list(chances), weights=list(chances.values()))[0]


def _objects(chance: random.Random, plan: Plan, size_gb: float) -> int:
    if plan.temper is Temper.EMPTY or plan.module == "Retention":
        return 0
    return 1 + int(size_gb * _OBJECTS_A_GB.get(plan.module, 120) * chance.uniform(0.7, 1.3))


def _lost(chance: random.Random, plan: Plan, status: str, total: int) -> tuple[int, int]:
    """How many objects failed, and how many were skipped."""
    if plan.temper is Temper.SKIPPING or status == "Skipped":
        return 0, total
    if status == "Failed":
        return total, 0
    if status == "Finished with exception":
        return min(total, max(1, int(total * 0.01))), 0
    if status == "Canceled":
        return 0, int(total * chance.uniform(0.2, 0.9))
    return 0, int(total * 0.03) if total > 100 and chance.random() < 0.5 else 0


def _season(moment: datetime) -> float:
    """Data grows over the year; little happens at week-ends."""
    return growth(moment) * (0.45 if moment.weekday() >= 5 else 1.0)


def _job_id(chance: random.Random, plan: Plan, started_at: datetime) -> str:
    """Kind, start and some digits; now and then the id is older than the start by some seconds."""
    full = plan.module == "Admin Portal Settings" or chance.random() < 0.04
    kind = "" if plan.service == "Google Workspace" else "FB" if full else "IB"
    made_at = started_at - timedelta(seconds=chance.randrange(30) if chance.random() < 0.1 else 0)
    digits = _ID_DIGITS[plan.service]
    tail = f"{chance.randrange(10**digits):0{digits}}" if digits else ""
    return f"{_ID_PREFIXES.get(plan.module, '')}{kind}{made_at:%Y%m%d%H%M%S}{tail}"
