"""Makes the `Report` that all renderers print from the jobs and sightings of a customer."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import pandas as pd

from reporter.analysis.days import daily_of, silent_days
from reporter.analysis.figures import Key, counted_jobs, figures_by
from reporter.analysis.objects import object_reasons, objects_of, unread_objects
from reporter.analysis.protection import protection_of, subscription_of
from reporter.analysis.quality import not_seen_to_end, quality_of, undated_in
from reporter.analysis.register import exceptions_of
from reporter.analysis.restoring import restoring_of
from reporter.analysis.scopes import scopes_of
from reporter.analysis.standing import gaps_of, standing_of, stretches_of
from reporter.analysis.tenant import (
    history_of,
    restores_of,
    runs_every,
    settings_of,
    unread_history,
    unread_restores,
    with_frequencies,
)
from reporter.analysis.users import unread_users, users_of
from reporter.analysis.verdict import (
    Stance,
    first,
    in_order,
    module_reasons,
    product_reasons,
    scope_reasons,
    state_of,
)
from reporter.analysis.volume import Stored, stored_by
from reporter.analysis.watching import observed_days, unseen_of, watch_of
from reporter.analysis.window import (
    MODULE,
    SCOPE,
    SourceData,
    View,
    Window,
    as_known_by,
    dated_in,
    instant,
    together,
    window_of,
)
from reporter.jobs.details import Details
from reporter.model import (
    TENANT_KINDS,
    USUAL_NAMES,
    Absence,
    Answer,
    Coverage,
    Customer,
    Figures,
    Kind,
    Lack,
    LastLook,
    LeftOut,
    Listed,
    ModuleFigures,
    MonthFigures,
    Names,
    Objects,
    OtherJobs,
    Outcome,
    Policy,
    Previous,
    Reason,
    Report,
    RestoreTest,
    RunningJob,
    ScopeFigures,
    ServiceFigures,
    SilentDay,
    State,
    Told,
)
from reporter.period import Period


@dataclass(frozen=True)
class Findings:
    """What follows from the jobs and sightings of one period."""

    window: Window
    """The window, without what is left out."""
    stored: Stored
    left_out: tuple[LeftOut, ...]
    scopes: tuple[pd.DataFrame, ...]
    """`scopes_of` each view, without what is left out."""
    details: tuple[Details, ...]
    """What each source tells of single objects of the period's jobs."""
    names: Names
    """How people are named."""

    @cached_property
    def unseen(self) -> tuple[pd.DataFrame, ...]:
        """`unseen_of` each view."""
        return tuple(unseen_of(view) for view in self.window.views)

    @cached_property
    def _stretches(self) -> tuple[pd.DataFrame, ...]:
        """`stretches_of` each view."""
        each = zip(self.window.views, self.scopes, self.unseen, strict=True)
        return tuple(stretches_of(*parts) for parts in each)

    @cached_property
    def stretches(self) -> pd.DataFrame:
        """`stretches_of` all views."""
        return together(self._stretches)

    @cached_property
    def standing(self) -> pd.DataFrame:
        """`standing_of` all scopes, by their place."""
        each = zip(self.window.views, self.scopes, self._stretches, strict=True)
        return together(standing_of(*parts) for parts in each).sort_index()

    @cached_property
    def jobs(self) -> pd.DataFrame:
        """`counted_jobs` of the window."""
        return counted_jobs(self.window)

    @cached_property
    def objects(self) -> Objects:
        """`objects_of` the window."""
        return objects_of(self.window, self.details, self.names)

    @cached_property
    def groups(self) -> tuple[tuple[Key, Figures], ...]:
        """`figures_by` of the window."""
        return tuple(figures_by(self.window, self.jobs, self.standing, self.stored))

    def figures(self, width: int) -> Iterator[tuple[Key, Figures]]:
        """The figures of each group of scopes whose key has `width` parts."""
        return ((key, figures) for key, figures in self.groups if len(key) == width)

    @property
    def totals(self) -> Figures:
        """The figures of the customer."""
        ((_, totals),) = self.figures(0)
        return totals

    @cached_property
    def modules(self) -> tuple[tuple[ModuleFigures, ...], tuple[Reason, ...]]:
        """Each module with its scopes, by service and name, and all reasons."""
        scopes: dict[tuple[str, ...], list[tuple[ScopeFigures, list[Reason]]]] = {}
        stands = self.standing.to_dict("records")
        for stance, (key, figures) in zip(stands, self.figures(3), strict=True):
            scopes.setdefault(key[:2], []).append(self._scope(stance, figures))
        failing = object_reasons(self.objects, self.window)
        modules, reasons = [], []
        for (service, module), figures in self.figures(2):
            missed = module_reasons(service, module, figures, self.window.policy)
            missed += [
                reason for reason in failing if (reason.service, reason.module) == (service, module)
            ]
            of_module = scopes[service, module]
            states = [scope.state for scope, _ in of_module] + [state_of(missed)] * bool(missed)
            state = first(states) or State.NO_DATA
            worst_first = sorted((scope for scope, _ in of_module), key=_by_urgency)
            modules.append(ModuleFigures(service, module, state, tuple(worst_first), figures))
            reasons += [reason for _, of_scope in of_module for reason in of_scope] + missed
        return tuple(modules), tuple(reasons)

    def _scope(
        self, stands: Mapping[Hashable, Any], figures: Figures
    ) -> tuple[ScopeFigures, list[Reason]]:
        name, since = stands["name"] or None, self.window.moment(stands["listed_since"])
        stance = Stance(
            stands["service"],
            stands["module"],
            name,
            Listed(stands["listed"]),
            since,
            switched_off=stands["switched_off"],
            in_sight=stands["in_sight"],
            known=stands["known"],
            covered=stands["covered"],
        )
        reasons = scope_reasons(stance, figures, self.window.policy)
        return ScopeFigures(name, state_of(reasons), stance.listed, since, figures), reasons


def analyse(
    customer: Customer,
    sources: Sequence[SourceData],
    period: Period,
    policy: Policy,
    history: tuple[MonthFigures, ...] = (),
    answers: Iterable[Told] = (),
    stored_before: Sequence[Told] = (),
    restore_tests: Sequence[RestoreTest] | None = None,
    users_before: Sequence[Told] = (),
    names: Names = USUAL_NAMES,
) -> Report:
    """The report of one customer and one period.

    `sources` is what each source that knows the customer shows: at least one source, and no two
    that list the same module, whose jobs would count twice. `history` is passed on. `answers` has
    the answers about anything other than jobs; saved replies have none. `stored_before` has the
    last answer about protected data before the period, and the last one before the previous period.
    `restore_tests` is None if no tests are recorded. `users_before` has earlier lists of users, the
    newest first.
    """
    all_known = _numbered_apart(sources)
    sources = [as_known_by(source, period, policy) for source in all_known]
    before = period.previous()
    last_looks = [source.observations.snapshots[-1].astimezone(period.zone) for source in sources]
    as_of = min(last_looks)
    given = {told.answer.kind: told for told in answers}
    overview = given.get("protection") or _not_told("protection")
    protection = protection_of(overview, period)
    bought = given.get("subscription") or _not_told("subscription")
    subscription = subscription_of(bought, period, as_of)
    listed = given.get("users") or _not_told("users")
    history_told, restored, frequency, retention = (
        given.get(kind) or _not_told(kind) for kind in TENANT_KINDS
    )
    policy = with_frequencies(policy, frequency)
    overviews = (overview, *stored_before)
    every = runs_every(frequency)
    seen = window_of(sources, period, policy, every)
    details = tuple(source.details for source in sources)
    findings = _findings(seen, _stored(overviews[:2], period), details, names)
    window = findings.window
    final = all(view.cut.final for view in window.views)
    modules, reasons = findings.modules
    if subscription.as_of is not None and subscription.as_of < period.end:
        reasons += tuple(product_reasons(subscription.products, period))
    states = [module.state for module in modules]
    states += [state_of(reasons)] if any(not reason.service for reason in reasons) else []
    rows = together(source.jobs.rows for source in sources)
    jobs = [source.jobs for source in sources]
    return Report(
        customer=customer,
        period=period,
        policy=policy,
        state=first(states) or State.NO_DATA,
        reasons=in_order(reasons),
        totals=findings.totals,
        services=tuple(
            ServiceFigures(service, figures) for (service,), figures in findings.figures(1)
        ),
        modules=modules,
        daily=daily_of(window, findings.jobs),
        previous=_previous(
            window_of(
                [as_known_by(source, before, policy) for source in all_known],
                before,
                policy,
                every,
            ),
            _stored(overviews[1:], period),
            tuple(source.details_before for source in sources),
        ),
        coverage=_coverage(findings),
        exceptions=exceptions_of(window),
        objects=findings.objects,
        other_jobs=_other_jobs(rows[dated_in(rows, period) & ~rows["is_backup"]]),
        protection=protection,
        subscription=subscription,
        users=users_of(listed, users_before, period, names),
        quality=quality_of(
            zip(jobs, seen.views, window.views, strict=True),
            overview.unread
            + bought.unread
            + unread_users(listed)
            + frequency.unread
            + retention.unread
            + unread_history(
                history_told,
                [time for source in sources for time in source.told_times],
                window.jobs,
                period,
            )
            + unread_restores(restored, period)
            + unread_objects(details),
        ),
        sources=tuple(
            sorted(
                (
                    *(reply for source in sources for reply in source.observations.sources),
                    *overview.sources,
                    *bought.sources,
                    *listed.sources,
                    *(source for told in users_before for source in told.sources),
                    *history_told.sources,
                    *restored.sources,
                    *frequency.sources,
                    *retention.sources,
                ),
                key=lambda source: source.fetched_at,
            )
        ),
        gaps=gaps_of(window, findings.standing, findings.stretches),
        silent=_silent(findings),
        running=_running(window),
        left_out=findings.left_out,
        reference_at=min(view.snapshots[view.reference] for view in window.views).astimezone(
            period.zone
        ),
        final=final,
        first_look=_first_look(window),
        history=history,
        as_of=as_of,
        last_looks=tuple(
            LastLook(source.customer_id, at) for source, at in zip(sources, last_looks, strict=True)
        )
        if customer.joined
        else (),
        jobs=_listed_jobs(sources, seen, findings),
        restore_tests=None
        if restore_tests is None
        else restoring_of(restore_tests, period, as_of.date()),
        names=names,
        tenant_history=history_of(history_told, window.jobs, period, _unseen_scopes(findings)),
        restores=restores_of(restored, period, final=final),
        settings=settings_of(frequency, retention, period),
    )


def _numbered_apart(sources: Sequence[SourceData]) -> list[SourceData]:
    """The sources, renumbered so that no two jobs have the same index."""
    apart, count = [sources[0]], len(sources[0].jobs.rows)
    for source in sources[1:]:
        jobs = source.jobs
        numbered = replace(
            jobs,
            rows=jobs.rows.set_axis(jobs.rows.index + count),
            notes=jobs.notes.assign(row=jobs.notes["row"] + count),
        )
        apart.append(replace(source, jobs=numbered))
        count += len(jobs.rows)
    return apart


def _first_look(window: Window) -> datetime | None:
    """The earliest time that any source shows; None if that is before the period."""
    first = min(view.told_since for view in window.views)
    return None if first < window.period.start else first.astimezone(window.period.zone)


def _silent(findings: Findings) -> tuple[SilentDay, ...]:
    """The days without a job, by module and day."""
    each = zip(findings.window.views, findings.scopes, findings.unseen, strict=True)
    silent = [
        day
        for view, scopes, unseen in each
        for day in silent_days(view, scopes, findings.jobs, unseen)
    ]
    return tuple(sorted(silent, key=lambda day: (day.service, day.module, day.date)))


def _unseen_scopes(findings: Findings) -> int:
    """How many scopes have time in the period in which a job may have run unseen."""
    each = zip(findings.window.views, findings.scopes, findings.unseen, strict=True)
    return sum(
        len({*unseen["scope"][unseen["end"] > instant(view.start)]} & {*scopes.index})
        for view, scopes, unseen in each
    )


def _not_told(kind: Kind) -> Told:
    return Told(Answer(kind, None, absence=Absence(Lack.SAVED_REPLIES)))


def _stored(overviews: Sequence[Told], period: Period) -> Stored:
    """What is stored according to the first of two overviews, and what was stored according to the
    second. If both are the same overview, there is no second.
    """
    stored = [stored_by(protection_of(overview, period).modules) for overview in overviews]
    if len(stored) < 2 or overviews[0].answer.asked_at == overviews[1].answer.asked_at:
        return Stored(*stored[:1])
    return Stored(*stored)


def _findings(seen: Window, stored: Stored, details: tuple[Details, ...], names: Names) -> Findings:
    """What follows from a period's jobs and sightings, without what the provider leaves out."""
    scopes = [scopes_of(view) for view in seen.views]
    rules = [seen.policy.left_out_by(*scope[:2], scope[2] or None) for scope in seen.scopes]
    jobs = seen.jobs["scope"].value_counts()
    left_out = tuple(
        LeftOut(service, module, name or None, rule.reason, int(jobs.get(place, 0)))
        for place in sorted(place for of_view in scopes for place in of_view.index)
        for (service, module, name), rule in [(seen.scopes[place], rules[place])]
        if rule is not None
    )
    places = [place for place, rule in enumerate(rules) if rule is not None]
    kept = tuple(of_view[~of_view.index.isin(places)] for of_view in scopes)
    return Findings(seen.without(places), stored, left_out, kept, details, names)


def _by_urgency(scope: ScopeFigures) -> tuple[object, ...]:
    """The key that sorts scopes: the one that most needs attention comes first."""
    figures = scope.figures
    return (
        list(State).index(scope.state),
        -figures.consecutive_failures,
        -(figures.longest_gap_s or 0),
        1.0 if figures.success_rate is None else figures.success_rate,
        scope.name or "",
    )


def _previous(seen: Window, stored: Stored, details: tuple[Details, ...]) -> Previous | None:
    """The result of the previous period; None if no job of it is known."""
    if seen.jobs.empty:
        return None
    findings = _findings(seen, stored, details, USUAL_NAMES)
    if findings.window.jobs.empty:
        return None
    modules, _ = findings.modules
    state = first(module.state for module in modules) or State.NO_DATA
    return Previous(seen.period, state, findings.totals, watch_of(seen))


def _coverage(findings: Findings) -> Coverage:
    window, standing = findings.window, findings.standing
    watch, observed = watch_of(window), observed_days(window)
    expected = standing[standing["in_sight"]]
    covered = expected.groupby(MODULE)["covered"].all()
    idle = (
        (standing["listed"] == Listed.IDLE.value)
        .groupby([standing[column] for column in MODULE])
        .all()
    )
    return Coverage(
        modules_seen=len(covered),
        modules_covered=int(covered.sum()),
        modules_idle=int(idle.sum()),
        modules_off=int(len(idle) - idle.sum() - len(covered)),
        scopes_seen=len(expected),
        scopes_covered=int(expected["covered"].sum()),
        snapshots=watch.snapshots,
        snapshot_days=watch.observed_days,
        days=watch.days,
        missing_days=tuple(day for day in window.period.days if day not in observed),
        watched_share=watch.watched_share,
    )


def _running(window: Window) -> tuple[RunningJob, ...]:
    """The jobs of the period that the last look still lists as running, the longest first."""
    running = [each for view in window.views for each in _running_in(view)]
    return tuple(job for *_, job in sorted(running, key=lambda each: each[:2]))


def _running_in(view: View) -> Iterator[tuple[datetime, int, RunningJob]]:
    """Each running job of a view, with its start and the place of its scope."""
    runs = view.jobs["outcome"] == Outcome.RUNNING.value
    jobs = view.jobs[runs & ~not_seen_to_end(view)].sort_values(["started_at", "scope"])
    columns = (jobs[column] for column in (*SCOPE, "job_id", "started_at", "last_seen_at", "scope"))
    for service, module, name, job_id, started, seen, place in zip(*columns, strict=True):
        started_at = view.moment(started)
        seen_at = view.moment(min(seen, view.last_counted))
        if started_at is not None and seen_at is not None:
            job = RunningJob(service, module, name or None, job_id, started_at, seen_at)
            yield started_at, place, job


def _listed_jobs(sources: Sequence[SourceData], seen: Window, findings: Findings) -> pd.DataFrame:
    """The jobs that a report lists: those of the period, and undated ones that were first shown in
    it. The column `left_out` says which are left out.
    """
    rows = together(
        source.jobs.rows[
            dated_in(source.jobs.rows, seen.period) | undated_in(source.jobs.rows, view)
        ]
        for source, view in zip(sources, seen.views, strict=True)
    )
    left_out = seen.rows.index.difference(findings.window.rows.index)
    rows = rows.assign(left_out=rows.index.isin(left_out))
    return rows.sort_values(["dated_at", *SCOPE, "job_id"])


def _other_jobs(rows: pd.DataFrame) -> tuple[OtherJobs, ...]:
    counts = rows.groupby(MODULE, as_index=False).size()
    return tuple(OtherJobs(*row) for row in counts.itertuples(index=False, name=None))
