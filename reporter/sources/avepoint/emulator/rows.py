"""What the service lists of a customer's jobs, in the words of each generation of the API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from reporter.sources.avepoint.emulator.cast import NAMELESS, Plan, Profile, Temper
from reporter.sources.avepoint.emulator.runs import JobRun, latest_run, queued_run, runs_between
from reporter.sources.avepoint.emulator.spellings import (
    MODULE_CODES,
    SERVICE_CODES,
    STATUS_CODES,
    UNLISTED_STATUS,
    in_generation_1,
)

ABSENT: Final = "N/A"
_SCANS: Final = {
    "Microsoft 365": "Microsoft 365 Scan",
    "Google Workspace": "Google Workspace Scan",
}
_LONGEST_JOB: Final = timedelta(days=2)
_MOMENT: Final = timedelta(microseconds=1)

Row = dict[str, Any]


class Lists(StrEnum):
    """Which jobs the service lists."""

    NEWEST = "newest"
    """The newest of each scope alone, as the real service was seen to do."""
    ALL = "all"
    """All of the last months, as its documentation can be read."""


@dataclass(frozen=True, slots=True)
class _Placeholder:
    """A scope that shows no job: its status, and since when."""

    plan: Plan
    status: str
    at: datetime | None


def job_rows(
    seed: int,
    profile: Profile,
    now: datetime,
    generation: int,
    lists: Lists = Lists.NEWEST,
    listed: timedelta = timedelta(days=62),
) -> list[Row]:
    """The rows of a customer now, by service and module, the newest of a scope first.

    `listed` is how far back jobs may have ended with `Lists.ALL`.
    """
    rows = _scan_rows(profile)
    touched: dict[str, datetime] = {}
    if lists is Lists.NEWEST:
        shown = [entry for plan in profile.plans for entry in _newest(seed, profile, plan, now)]
        touched = _touched(shown, now)
    else:
        shown = [
            entry for plan in profile.plans for entry in _all(seed, profile, plan, now, listed)
        ]
    for entry in shown:
        if isinstance(entry, JobRun):
            rows.append(_job_row(entry, now, touched, generation))
        else:
            rows.append(_placeholder_row(entry, generation))
    rows.sort(key=lambda row: (SERVICE_CODES[row["jobType"]], MODULE_CODES[row["jobModule"]]))
    return [_in_words(row) if generation == 1 else _in_numbers(row) for row in rows]


def _newest(
    seed: int, profile: Profile, plan: Plan, now: datetime
) -> Iterator[JobRun | _Placeholder]:
    """What a scope shows where it shows one row."""
    if not plan.there_at(now):
        return
    queued = queued_run(seed, profile, plan, now)
    if queued is not None and not plan.off(now) and _shows_queue(plan):
        yield _Placeholder(plan, "Pending", queued.queued_at)
        return
    placeholder = _placeholder(seed, profile, plan, now)
    if placeholder is not None:
        yield placeholder
    elif run := latest_run(seed, profile, plan, now):
        yield run


def _all(
    seed: int, profile: Profile, plan: Plan, now: datetime, listed: timedelta
) -> Iterator[JobRun | _Placeholder]:
    """What a scope shows where it shows all that ended of late, and what runs."""
    if not plan.there_at(now):
        return
    if plan.temper is not Temper.IDLE:
        since = now - listed
        runs = runs_between(seed, profile, plan, since - _LONGEST_JOB, now + _MOMENT)
        yield from reversed([run for run in runs if run.ended_at >= since])
    placeholder = _placeholder(seed, profile, plan, now)
    if placeholder is not None:
        yield placeholder


def _placeholder(seed: int, profile: Profile, plan: Plan, now: datetime) -> _Placeholder | None:
    """Why a scope shows no job, unless one is queued; None where it has one to show."""
    if plan.off(now) and plan.service in NAMELESS:
        return _Placeholder(plan, "Disabled", plan.off_at)
    latest = latest_run(seed, profile, plan, now)
    if latest is None:
        return _Placeholder(plan, "Not started", None)
    if plan.temper is Temper.IDLE:
        return _Placeholder(plan, "Finished", latest.started_at)
    return None


def _shows_queue(plan: Plan) -> bool:
    """Whether a queued job of it hides the last one; seen of Microsoft 365 alone."""
    return plan.service == "Microsoft 365" and plan.temper is not Temper.IDLE


def _touched(shown: list[JobRun | _Placeholder], now: datetime) -> dict[str, datetime]:
    """When each module of IaaS + PaaS was modified last: that stands in all its rows."""
    touched: dict[str, datetime] = {}
    for entry in shown:
        if isinstance(entry, JobRun) and entry.plan.service == "IaaS + PaaS":
            at = _modified(entry, now)
            touched[entry.plan.module] = max(at, touched.get(entry.plan.module, at))
    return touched


def _modified(run: JobRun, now: datetime) -> datetime:
    if run.ended_at > now:
        return run.started_at
    return run.modified_at if run.modified_at <= now else run.ended_at


def _scan_rows(profile: Profile) -> list[Row]:
    """Of a scan nothing is said; there is none where nothing is configured."""
    services = dict.fromkeys(
        plan.service for plan in profile.plans if plan.temper is not Temper.ASLEEP
    )
    fields = ("jobId", "name", "totalCount", "failedCount", "successfulCount", "skippedCount",
              "warningCount", "backupSize", "startTime", "endTime", "jobDuration",
              "lastModifyTime")  # fmt: skip
    return [
        {"jobType": _SCANS[service], "jobModule": "None", "status": "Finished"}
        | dict.fromkeys(fields, ABSENT)
        for service in services
        if service in _SCANS
    ]


def _job_row(run: JobRun, now: datetime, touched: Mapping[str, datetime], generation: int) -> Row:
    """A job; while it runs it has no counts."""
    running = run.ended_at > now
    plan = run.plan

    def moment(at: datetime) -> str:
        return _moment(plan, at, generation)

    return {
        "jobType": plan.service,
        "jobModule": plan.module,
        "status": "Running" if running else run.status,
        "jobId": run.job_id,
        "name": plan.name_at(now) or ABSENT,
        "totalCount": "0" if running else str(run.total),
        "failedCount": "0" if running else str(run.failed),
        "successfulCount": "0" if running else str(run.successful),
        "skippedCount": "0" if running else str(run.skipped),
        "warningCount": "0",
        "backupSize": "0 GB" if running else _size(run),
        "startTime": moment(run.started_at),
        "endTime": ABSENT if running else moment(run.ended_at),
        "jobDuration": ABSENT if running else _duration(run, generation),
        "lastModifyTime": moment(touched.get(plan.module) or _modified(run, now)),
    }


def _placeholder_row(placeholder: _Placeholder, generation: int) -> Row:
    return {
        "jobType": placeholder.plan.service,
        "jobModule": placeholder.plan.module,
        "status": placeholder.status,
        "jobId": ABSENT,
        "name": ABSENT,
        "totalCount": "0",
        "failedCount": "0",
        "successfulCount": "0",
        "skippedCount": "0",
        "warningCount": "0",
        "backupSize": "0 GB",
        "startTime": ABSENT,
        "endTime": ABSENT,
        "jobDuration": ABSENT,
        "lastModifyTime": _moment(placeholder.plan, placeholder.at, generation)
        if placeholder.at
        else ABSENT,
    }


def _in_numbers(row: Row) -> Row:
    """As generation 3 has it."""
    return row | {
        "jobType": SERVICE_CODES[row["jobType"]],
        "jobModule": MODULE_CODES[row["jobModule"]],
        "status": STATUS_CODES.get(row["status"], UNLISTED_STATUS),
    }


def _in_words(row: Row) -> Row:
    """As generation 1 has it; Salesforce prints its statuses in lower case."""
    status = "Not Finished" if row["status"] == "Not started" else row["status"]
    service, module = in_generation_1(row["jobType"], row["jobModule"])
    return row | {
        "jobType": service,
        "jobModule": module,
        "status": status.lower() if service == "Salesforce" else status,
    }


def _size(run: JobRun) -> str:
    """Rounded to a hundredth of a GB; Microsoft 365 gives none."""
    if not run.readable:
        return "n/a GB"
    return "0 GB" if run.plan.service == "Microsoft 365" else gigabytes(run.size_gb)


def gigabytes(size: float) -> str:
    """A size as the service prints it, such as `0.01 GB`, `1134.3 GB` and `0 GB`."""
    return f"{round(size, 2):.2f}".rstrip("0").rstrip(".") + " GB"


def _moment(plan: Plan, moment: datetime, generation: int) -> str:
    """Each service prints times in its own form; generation 3 has one for all."""
    if generation == 1 and plan.service == "Google Workspace":
        return f"{moment:%Y-%m-%dT%H:%M:%S}.008+00:00"
    if generation == 1 and plan.service == "Dynamics 365":
        hour = moment.hour % 12 or 12
        return f"{moment.month}/{moment.day}/{moment.year} {hour}:{moment:%M:%S %p}"
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _duration(run: JobRun, generation: int) -> str:
    seconds = int((run.ended_at - run.started_at).total_seconds())
    hours, rest = divmod(seconds, 3600)
    minutes = rest // 60
    clock = f"{hours % 24:02}:{minutes:02}:{rest % 60:02}"
    if generation == 1 and run.plan.service == "Google Workspace":
        return clock
    if generation == 1 and run.plan.service == "IaaS + PaaS":
        return f"{hours // 24}.{clock}" if hours >= 24 else clock
    if generation == 1 and run.plan.service == "Dynamics 365":
        return f"{seconds / 3600:.3f}"
    if hours:
        return f"{hours}h{minutes}m{rest % 60}s"
    return f"{minutes}m{rest % 60}s" if minutes else f"{rest}s"
