"""From the jobs of a customer to the one `Report` all renderers print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import pandas as pd

from reporter.analysis.figures import OUTCOMES, figures_by, outcome_counts, volume
from reporter.analysis.protection import notes_of, protection_of, sources_of, subscription_of
from reporter.analysis.quality import in_order, quality_of
from reporter.analysis.register import exceptions_of
from reporter.analysis.restoring import restoring_of
from reporter.analysis.scope import MODULE, Scope, scope_of, started_in
from reporter.analysis.standing import gaps_of, standing_of
from reporter.analysis.verdict import reasons_of, state_of, worst
from reporter.jobs.frame import Jobs
from reporter.jobs.records import Unread
from reporter.model import (
    Absence,
    Answer,
    Coverage,
    Customer,
    DayFigures,
    Kind,
    Lack,
    ModuleFigures,
    MonthFigures,
    Observations,
    OtherJobs,
    Policy,
    Previous,
    Reason,
    ReasonKind,
    Report,
    RestoreTest,
    ServiceFigures,
    State,
)
from reporter.period import Period


def analyse(
    customer: Customer,
    jobs: Jobs,
    period: Period,
    policy: Policy,
    observations: Observations,
    history: tuple[MonthFigures, ...] = (),
    answers: Iterable[Answer] = (),
    restore_tests: Sequence[RestoreTest] | None = None,
) -> Report:
    """The report of one customer and one period.

    `jobs` holds one row per job identity: those of the period, and as much before and after it as
    is known (the period before, the last recovery points, later cures). `observations` has at
    least one snapshot. `history` is passed on. `answers` is what came of asking for protected data
    and the subscription; saved replies hold none. `restore_tests` is None where none are recorded.
    """
    last_fetch = max(observations.snapshots)
    as_of = last_fetch.astimezone(period.zone)
    scope = scope_of(jobs, period, policy, last_fetch)
    standing = standing_of(scope)
    (_, totals), *_ = figures_by(scope, standing, [])
    modules, reasons = _modules(scope, standing)
    in_period = started_in(jobs.rows, period)
    unread: Unread = Counter()
    given = {answer.kind: answer for answer in answers}
    protection = given.get("protection") or _no_answer("protection")
    subscription = given.get("subscription") or _no_answer("subscription")
    undated = jobs.rows["is_job"] & jobs.rows["started_at"].isna()
    return Report(
        customer=customer,
        period=period,
        policy=policy,
        state=worst(module.state for module in modules) or State.NO_DATA,
        reasons=reasons,
        totals=totals,
        services=tuple(
            ServiceFigures(service, figures)
            for (service,), figures in figures_by(scope, standing, ["service"])
        ),
        modules=modules,
        daily=_daily(scope),
        previous=_previous(jobs, period.previous(), policy, observations),
        coverage=_coverage(period, standing, observations),
        exceptions=exceptions_of(scope),
        other_jobs=_other_jobs(jobs.rows[in_period & ~jobs.rows["is_backup"]]),
        protection=protection_of(protection, period, policy, unread),
        subscription=subscription_of(subscription, customer, period, policy, unread),
        quality=in_order([*quality_of(jobs, period), *notes_of(unread)]),
        sources=tuple(
            sorted(
                (*observations.sources, *sources_of((protection, subscription))),
                key=lambda source: source.fetched_at,
            )
        ),
        gaps=gaps_of(scope),
        history=history,
        as_of=as_of,
        jobs=jobs.rows[in_period | undated].sort_values(["started_at", *MODULE, "job_id"]),
        restore_tests=None
        if restore_tests is None
        else restoring_of(restore_tests, period, as_of.date()),
    )


def _no_answer(kind: Kind) -> Answer:
    return Answer(kind, None, absence=Absence(Lack.SAVED_REPLIES))


def _modules(
    scope: Scope, standing: pd.DataFrame
) -> tuple[tuple[ModuleFigures, ...], tuple[Reason, ...]]:
    """Each module with its figures and state, and all reasons, most pressing first."""
    modules, reasons = [], []
    for key, figures in figures_by(scope, standing, MODULE):
        service, module = key
        stands = standing.loc[[key]].iloc[0]
        found = reasons_of(
            service,
            module,
            figures,
            scope.policy,
            known=bool(stands["known"]),
            covered=bool(stands["covered"]),
        )
        modules.append(ModuleFigures(service, module, state_of(found), figures))
        reasons.extend(found)
    pressing = list(ReasonKind)
    return tuple(modules), tuple(sorted(reasons, key=lambda reason: pressing.index(reason.kind)))


def _previous(
    jobs: Jobs, period: Period, policy: Policy, observations: Observations
) -> Previous | None:
    """The totals of the period before; None where no job of it is known."""
    scope = scope_of(jobs, period, policy, max(observations.snapshots))
    if scope.jobs.empty:
        return None
    standing = standing_of(scope)
    (_, totals), *_ = figures_by(scope, standing, [])
    modules, _ = _modules(scope, standing)
    return Previous(period, worst(own.state for own in modules) or State.NO_DATA, totals)


def _daily(scope: Scope) -> tuple[DayFigures, ...]:
    jobs = scope.jobs
    day = jobs["started_at"].dt.tz_convert(scope.period.zone).dt.date.rename("date")
    keys = [day, *(jobs[name] for name in MODULE)]
    days = outcome_counts(jobs, keys)
    days["bytes"] = volume(jobs, keys)
    return tuple(
        DayFigures(date, service, module, *(int(count) for count in counts))
        for (date, service, module), *counts in days[["jobs", *OUTCOMES, "bytes"]].itertuples()
    )


def _coverage(period: Period, standing: pd.DataFrame, observations: Observations) -> Coverage:
    seen = {moment.astimezone(period.zone).date() for moment in observations.snapshots}
    missing = tuple(day for day in period.days if day not in seen)
    return Coverage(
        modules_seen=len(standing),
        modules_covered=int(standing["covered"].sum()),
        snapshot_days=len(period.days) - len(missing),
        days=len(period.days),
        missing_days=missing,
    )


def _other_jobs(rows: pd.DataFrame) -> tuple[OtherJobs, ...]:
    counts = rows.groupby(MODULE, as_index=False).size()
    return tuple(OtherJobs(*row) for row in counts.itertuples(index=False, name=None))
