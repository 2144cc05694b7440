"""What the customer's own tenant says: restores of the period, and how backups are set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pandas as pd

from reporter.jobs.rows import ABSENT, identifies, moment, unknown_code
from reporter.model import (
    Answer,
    BackupSettings,
    Lack,
    ModuleHistory,
    Outcome,
    Policy,
    QualityKind,
    RestoreJob,
    RestoreJobs,
    Stretch,
    Target,
    TenantHistory,
    Told,
    ToldTime,
    Unread,
)
from reporter.period import Period

LEEWAY: Final = timedelta(hours=2)
"""How much later than its turn a job may leave its recovery point: as in the usual target, which is
26 h for a daily job."""
TENANT_SERVICE: Final = "Microsoft 365"
"""Whose modules a tenant tells of."""
UNMATCHED_HISTORY: Final = "history does not match the list of jobs"
_NOT_ASKED: Final = (Lack.NEVER_FETCHED, Lack.SAVED_REPLIES)


def restores_of(told: Told, period: Period, *, final: bool) -> RestoreJobs | None:
    """The restores and exports that began in the period; None where the tenant was not asked. One
    without a start is dated by its end. If the period is `final`, the time after the last answer
    is untold as well; before that, there will be another answer about it.
    """
    answer = told.answer
    if not _is_asked(answer):
        return None
    if answer.absence or answer.asked_at is None:
        return RestoreJobs(None, answer.absence, ())
    dated = [(job.dated_at, job) for job in told.restores]
    of_period = [
        (at, _in_zone(job, period))
        for at, job in dated
        if at is not None and period.start <= at < period.end
    ]
    newest_first = sorted(of_period, key=lambda each: (each[0], each[1].job_id or ""), reverse=True)
    stop = period.end
    if not final:
        stop = min([stop, *(until for _, until in told.windows[-1:])])
    return RestoreJobs(
        as_of=answer.asked_at.astimezone(period.zone),
        absence=None,
        jobs=tuple(job for _, job in newest_first),
        untold=tuple(
            (since.astimezone(period.zone), until.astimezone(period.zone))
            for since, until in _between(told.windows, (period.start, stop))
        ),
        missing=told.missing,
    )


def unread_restores(told: Told, period: Period) -> Unread:
    """What of the restores and exports of the period could not be used, and those without a time:
    they are in no period, and are named in each.
    """
    unread: Unread = Counter()
    for job in told.restores:
        at = job.dated_at
        if at is None:
            unread[QualityKind.UNDATED, "startTime", job.job_id or ""] += 1
        elif not period.start <= at < period.end:
            continue
        elif job.started_at is None:
            unread[QualityKind.DATED_BY_END, "startTime", job.job_id or ""] += 1
        for field, text in job.unreadable:
            unread[QualityKind.UNREADABLE, field, text] += 1
        if job.outcome is Outcome.UNKNOWN:
            unread[QualityKind.UNKNOWN_STATUS, "state", job.state or ""] += 1
        for words in _contradictions(job):
            unread[QualityKind.CONTRADICTION, "failedCount", words] += 1
        if (code := unknown_code(job.module)) is not None:
            unread[QualityKind.UNKNOWN_CODE, "objectType", code] += 1
    return unread


def unread_history(
    told: Told, told_times: Sequence[ToldTime], jobs: pd.DataFrame, period: Period
) -> Unread:
    """What of the history of the period could not be used: jobs without an id or a start, each once
    however often it is listed, and modules whose history does not match the `jobs` that snapshots
    list, or has other ids.
    """
    unread: Unread = Counter()
    concerned = [
        history
        for history in told.histories
        if history.window[0] < period.end and history.window[1] > period.start
    ]
    flawed = {
        (history.module, row["job_id"], row["started"], row["ended"]): row
        for history in concerned
        for row in history.flawed
        if _is_of(row, period)
    }
    for row in flawed.values():
        field, text = ("startTime", "started") if identifies(dict(row)) else ("id", "job_id")
        unread[QualityKind.UNREADABLE, field, row[text] or ABSENT] += 1
    shown = set(jobs["module"][jobs["service"] == TENANT_SERVICE])
    unmatched = {
        history.module
        for history in concerned
        if not history.flawed
        and (history.rows or history.module in shown)
        and not any(_is_about(time, history) for time in told_times)
    }
    if unmatched:
        unread[QualityKind.CONTRADICTION, "id", UNMATCHED_HISTORY] = len(unmatched)
    return unread


def _is_of(row: Mapping[str, Any], period: Period) -> bool:
    """Whether a row is dated in the period, or cannot be dated: then it is named in each."""
    at = moment(dict(row), "started") or moment(dict(row), "ended")
    return at is None or period.start <= at < period.end


def _is_about(time: ToldTime, history: ModuleHistory) -> bool:
    start, stop = history.window
    return time.module == history.module and start <= time.start and time.end <= stop


def _contradictions(job: RestoreJob) -> Iterator[str]:
    """Where a restore's state and the number of failed objects contradict each other."""
    if job.outcome is Outcome.FAILED and job.objects_total and job.objects_failed == 0:
        yield "failed although no object failed"
    if job.outcome is Outcome.SUCCESS and job.objects_failed:
        yield "success although objects failed"


def history_of(
    told: Told, jobs: pd.DataFrame, period: Period, unseen_scopes: int
) -> TenantHistory | None:
    """What the tenant's history adds to the period, whose `jobs` in the figures are given, and how
    many scopes have unseen time in it; None where it was not asked for.
    """
    answer = told.answer
    alone = int(jobs["from_tenant"].sum())
    if not _is_asked(answer) and not alone:
        return None
    if answer.absence or answer.asked_at is None:
        return TenantHistory(None, answer.absence, alone, unseen_scopes=unseen_scopes)
    asked_at = answer.asked_at.astimezone(period.zone)
    return TenantHistory(asked_at, None, alone, told.missing, unseen_scopes)


def settings_of(frequency: Told, retention: Told, period: Period) -> BackupSettings | None:
    """How backups are set; None where the tenant was asked for neither."""
    if not (_is_asked(frequency.answer) or _is_asked(retention.answer)):
        return None
    told = [
        answer.asked_at.astimezone(period.zone)
        if answer.absence is None and answer.asked_at is not None
        else None
        for answer in (frequency.answer, retention.answer)
    ]
    return BackupSettings(
        frequency_as_of=told[0],
        frequency_absence=frequency.answer.absence,
        frequencies=frequency.frequencies,
        retention_as_of=told[1],
        retention_absence=retention.answer.absence,
        retention=retention.retention,
    )


def with_frequencies(policy: Policy, told: Told) -> Policy:
    """The policy, with a recovery-point target for each module whose backups are set to run so many
    times a day, unless the provider has set one.
    """
    targets = [
        Target(
            TENANT_SERVICE,
            each.module,
            max_gap=timedelta(days=1) / each.times_a_day + LEEWAY,
            times_a_day=each.times_a_day,
        )
        for each in told.frequencies
        if each.times_a_day and not policy.is_gap_set(TENANT_SERVICE, each.module)
    ]
    return replace(policy, targets=(*policy.targets, *targets)) if targets else policy


def runs_every(told: Told) -> dict[tuple[str, str], timedelta]:
    """How far apart the jobs of each module are set to run, as far as the tenant tells."""
    return {
        (TENANT_SERVICE, each.module): timedelta(days=1) / each.times_a_day
        for each in told.frequencies
        if each.times_a_day
    }


def _is_asked(answer: Answer) -> bool:
    return answer.absence is None or answer.absence.kind not in _NOT_ASKED


def _in_zone(job: RestoreJob, period: Period) -> RestoreJob:
    """The job with its times in the report's time zone."""
    return replace(
        job,
        started_at=job.started_at and job.started_at.astimezone(period.zone),
        ended_at=job.ended_at and job.ended_at.astimezone(period.zone),
    )


def _between(windows: Iterable[Stretch], whole: Stretch) -> Iterator[Stretch]:
    """The parts of a stretch of time that none of some windows covers."""
    covered_to, stop = whole
    for since, until in sorted(windows):
        if covered_to < min(since, stop):
            yield covered_to, min(since, stop)
        covered_to = max(covered_to, until)
    if covered_to < stop:
        yield covered_to, stop
