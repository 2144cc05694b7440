"""What a report says about a time watched at some rhythm, compared with what really ran."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import accumulate, cycle, pairwise, takewhile
from pathlib import Path
from typing import Final

import pytest

from reporter.model import (
    Assignment,
    Figures,
    Listed,
    Look,
    Outcome,
    Policy,
    ReasonKind,
    Report,
    ScopeFigures,
    Silence,
    State,
)
from reporter.period import Period, parse_period
from reporter.run.reporting import report_of
from reporter.sources.avepoint.emulator import Clock, Emulator, JobRun, Profile, demo_cast
from reporter.sources.avepoint.emulator.cast import NAMELESS, Plan, Temper, profile
from reporter.store import Store
from tests.conftest import StartEmulator
from tests.sources.avepoint.emulator.month import fetch_at, looks

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
LATE: Final = datetime(2027, 1, 1, tzinfo=UTC)
CLOSE: Final = 4 * HOUR
"""Within this time no scope of the emulator starts two jobs."""
OUTCOMES: Final = {
    "Finished": Outcome.SUCCESS,
    "Finished with exception": Outcome.WARNING,
    "Failed": Outcome.FAILED,
    "Canceled": Outcome.CANCELLED,
    "Skipped": Outcome.NOT_RUN,
    "Throttled": Outcome.UNKNOWN,
}
RECOVERING: Final = (Outcome.SUCCESS, Outcome.WARNING)
COMPLETED: Final = (*RECOVERING, Outcome.FAILED, Outcome.CANCELLED)
QUIET: Final = {
    Listed.IDLE: ReasonKind.IDLE,
    Listed.OFF: ReasonKind.OFF,
    Listed.WAITING: ReasonKind.NEVER_RUN,
}
Scope = tuple[str, str, str]


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 10, day, hour, minute, tzinfo=UTC)


# How the service is asked.


def irregular(first: datetime, last: datetime) -> list[datetime]:
    """Sometimes two in a row, sometimes none for more than a day."""
    steps = accumulate(cycle((1, 5, 9, 3, 17, 4, 2, 30, 6, 4, 4)), initial=0)
    return list(takewhile(lambda moment: moment <= last, (first + step * HOUR for step in steps)))


def times_of(rhythm: str, first: datetime, last: datetime, outage: datetime) -> list[datetime]:
    """When the service is asked."""
    if rhythm == "irregular":
        return irregular(first, last)
    hours, _, out = rhythm.partition(" with ")
    outages = [(outage, outage + 31 * HOUR)] if out else []
    return looks(first, last, int(hours) * HOUR, outages)


@dataclass(frozen=True)
class Watched:
    """Customers that were looked at, and what really ran."""

    emulator: Emulator
    store: Store
    times: Sequence[datetime]
    period: Period

    def cases(self) -> Iterator[Case]:
        """Every report there is."""
        for customer in self.store.customers():
            profile = self.emulator.customers[customer.id]
            if not profile.readable:
                continue
            runs = {plan: runs_of(self, profile, plan) for plan in profile.plans}
            for policy in (Policy(watch_every=CLOSE), Policy()):
                report = report_of(
                    self.store, Assignment(customer, self.period, policy, Look(), None)
                )
                yield Case(self, profile, runs, policy, report)


@dataclass(frozen=True)
class Looked:
    """What one look shows of a scope: a run, or none."""

    at: datetime
    run: JobRun | None

    @property
    def running(self) -> bool:
        return self.run is not None and self.at < self.run.ended_at


class Case:
    """One report, and what is true of its customer."""

    def __init__(
        self,
        watched: Watched,
        profile: Profile,
        runs: Mapping[Plan, Sequence[JobRun]],
        policy: Policy,
        report: Report,
    ) -> None:
        self.report, self.policy, self.profile, self.runs = report, policy, profile, runs
        period, times = watched.period, watched.times
        self.start, self.end = period.start.astimezone(UTC), period.end.astimezone(UTC)
        self.zone = period.zone
        self.stop = min(self.end, times[-1])
        self.times = [moment for moment in times if profile.there_at(moment)]
        self.looks = {
            plan: [
                look for moment in self.times if (look := look_at(plan, self.runs[plan], moment))
            ]
            for plan in profile.plans
        }

    def __str__(self) -> str:
        return f"{self.profile.name}, watch_every {self.policy.watch_every}"

    def inside(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def shown(self) -> dict[tuple[str, str, str], tuple[JobRun, Looked]]:
        """The runs that were ever shown, with the look that showed each last."""
        return {
            (*plan_key(plan), look.run.job_id): (look.run, look)
            for plan, seen in self.looks.items()
            for look in seen
            if look.run is not None
        }

    def plans_of(self, scope: Scope) -> list[Plan]:
        """The plans that have, or ever had, this name."""
        names = {
            plan: {plan.name, plan.renamed[1] if plan.renamed else plan.name}
            for plan in self.profile.plans
        }
        return [
            plan
            for plan in self.profile.plans
            if plan_key(plan) == scope[:2] and scope[2] in names[plan]
        ]

    def unsure(self, plan: Plan) -> bool:
        """Whether a look shows a run at work and the next another one, or a run was queued for so
        long that it hid from one look what there was before.
        """
        return any(
            (before.running and after.run != before.run)
            or (after.run is not None and after.run.started_at - before.at > CLOSE)
            for before, after in pairwise(self.looks[plan])
        )

    def unnoticed(self, plan: Plan) -> list[JobRun]:
        """The runs that nobody saw and that began so soon after a look that, by definition, nothing
        is taken to have run: their time is no unseen time.
        """
        seen = {look.run.job_id for look in self.looks[plan] if look.run is not None}
        missed = []
        for before, after in pairwise(self.looks[plan]):
            began = after.run.started_at if after.run is not None else after.at
            lost = before.running and after.run != before.run
            if began - before.at <= self.policy.watch_every and not lost:
                missed += [
                    run
                    for run in self.runs[plan]
                    if before.at < run.started_at < began and run.job_id not in seen
                ]
        return missed


def runs_of(watched: Watched, profile: Profile, plan: Plan) -> list[JobRun]:
    """What really ran of a plan, from some time before the first look at it, or its switch-off."""
    first = min(watched.times[0], plan.off_at or watched.times[0]) - 40 * DAY
    last = min(watched.times[-1], plan.off_at or watched.times[-1]) + DAY
    truth = watched.emulator.truth(profile.id, first, last)
    return [run for run in truth.runs if run.plan == plan]


def plan_key(plan: Plan) -> tuple[str, str]:
    return plan.service, plan.module


def look_at(plan: Plan, runs: Sequence[JobRun], moment: datetime) -> Looked | None:
    """What a look at a scope shows; None where the scope is not listed, or queued."""
    if not plan.there_at(moment) or plan.temper in (Temper.IDLE, Temper.ASLEEP):
        return None
    if plan.off(moment) and plan.service in NAMELESS:
        return Looked(moment, None)
    queued = any(run.queued_at <= moment < run.started_at for run in runs)
    if queued and plan.service == "Microsoft 365" and not plan.off(moment):
        return None
    begun = [run for run in runs if run.started_at <= moment]
    return Looked(moment, begun[-1] if begun else None)


# What is held against the truth.


def check_jobs(case: Case) -> None:
    """The jobs of the report are those that a look could see, with what was to be seen of them."""
    expected = {
        (*key[:2], last.run.plan.name_at(last.at), key[2]): (
            Outcome.RUNNING if last.running else OUTCOMES[run.status],
            run.started_at,
            *(
                [0, 0, 0, 0]
                if last.running
                else [run.total, run.failed, run.successful, run.skipped]
            ),
        )
        for key, (run, last) in case.shown().items()
        if case.inside(run.started_at) and last.run is not None
    }
    columns = ["objects_total", "objects_failed", "objects_successful", "objects_skipped"]
    reported = {
        (row["service"], row["module"], row["name"], row["job_id"]): (
            Outcome(row["outcome"]),
            row["started_at"].to_pydatetime(),
            *(row[name] for name in columns),
        )
        for row in case.report.jobs.to_dict("records")
    }
    assert reported == expected, case


def counts_of(run: JobRun, last: Looked) -> tuple[int, int, int, int]:
    """In all, failed, successful and skipped, as a look shows them."""
    if last.running:
        return 0, 0, 0, 0
    return run.total, run.failed, run.successful, run.skipped


def check_rates(case: Case) -> None:
    """The rates are exactly those of what was seen."""
    for module in case.report.modules:
        seen = [
            run
            for key, (run, last) in case.shown().items()
            if key[:2] == (module.service, module.module)
            and case.inside(run.started_at)
            and not last.running
        ]
        outcomes = [OUTCOMES[run.status] for run in seen]
        completed = [run for run in seen if OUTCOMES[run.status] in COMPLETED]
        success, of = outcomes.count(Outcome.SUCCESS), len(completed)
        good = sum(run.successful for run in completed)
        whole = sum(run.total - run.skipped for run in completed)
        figures = module.figures
        assert figures.completed == of
        assert figures.success_rate == (success / of if of else None)
        assert figures.object_success_rate == (good / whole if whole else None)


def points_of(runs: Sequence[JobRun]) -> list[datetime]:
    return sorted(run.ended_at for run in runs if OUTCOMES[run.status] in RECOVERING)


def longest(edges: Sequence[datetime]) -> float:
    """The longest time between neighbours, in seconds."""
    return max((after - before).total_seconds() for before, after in pairwise(edges))


def truly_longest(case: Case, runs: Sequence[JobRun], begun: datetime | None = None) -> float:
    """The longest time without a recovery point that reaches into the period; not longer ago than
    `begun`, where nothing was known before.
    """
    points = [point for point in points_of(runs) if point <= case.stop]
    before = [point for point in points if point < case.start]
    first = before[-1] if before else min(run.started_at for run in runs)
    first = max(first, begun or first)
    return longest(
        [first, *(point for point in points if point >= max(case.start, first)), case.stop]
    )


def first_known(case: Case, plan: Plan) -> datetime | None:
    """From when on something is known of recovery points: the last known before the period, else
    the start of the first job known.
    """
    looks = [look for look in case.looks[plan] if look.run is not None]
    if not looks:
        return None
    last = {look.run.job_id: look for look in looks if look.run is not None}
    points = points_of([look.run for look in last.values() if look.run and not look.running])
    before = [point for point in points if point < case.start]
    first = looks[0].run
    assert first is not None
    return before[-1] if before else first.started_at


def check_gaps(case: Case) -> None:
    """The truth lies within the bounds, and contradicts no target; for a renamed plan, each name is
    a scope with a part of its history.
    """
    for scope, entry in scopes_of(case.report):
        figures = entry.figures
        (plan,) = case.plans_of(scope)
        begun = first_known(case, plan)
        where = f"{case}: {plan.module} {plan.name}"
        if begun is None or begun >= case.stop:
            assert figures.longest_gap_s is None, where
            continue
        if figures.longest_gap_s is None or figures.longest_gap_at_most_s is None:
            assert plan.renamed, where
            continue
        unnoticed = case.unnoticed(plan)
        if case.policy.watch_every <= CLOSE:
            assert not unnoticed or plan.off_at, where
        runs = [run for run in case.runs[plan] if run not in unnoticed]
        assert figures.longest_gap_s <= truly_longest(case, runs), where
        if not plan.renamed:
            assert truly_longest(case, case.runs[plan], begun) <= figures.longest_gap_at_most_s, (
                where
            )
        check_target(case, figures, runs, plan, where)


def check_target(
    case: Case, figures: Figures, noticed: Sequence[JobRun], plan: Plan, where: str
) -> None:
    allowed = case.policy.max_gap.total_seconds()
    if figures.gap_target_met is True and not plan.renamed:
        assert truly_longest(case, case.runs[plan]) <= allowed, where
    if figures.gap_target_met is False:
        assert truly_longest(case, noticed) > allowed, where


def scopes_of(report: Report) -> list[tuple[Scope, ScopeFigures]]:
    return [
        ((module.service, module.module, scope.name or ""), scope)
        for module in report.modules
        for scope in module.scopes
    ]


def check_silence(case: Case) -> None:
    """On a day without a run nothing ran."""
    ran = {
        (*plan_key(plan), run.started_at.astimezone(case.zone).date())
        for plan in case.profile.plans
        for run in {*case.runs[plan]}.difference(case.unnoticed(plan))
    }
    for day in case.report.silent:
        if day.silence is Silence.NO_RUN:
            assert (day.service, day.module, day.date) not in ran, case
        over = datetime.combine(day.date, time(), case.zone) + timedelta(days=1)
        assert (day.silence is Silence.TO_COME) == (case.stop < over and case.stop < case.end)


def expected_listing(case: Case, plan: Plan) -> dict[Scope, tuple[Listed, datetime | None]]:
    """How the scopes of a plan are listed, and since when."""
    reference = max(moment for moment in case.times if moment < case.end)
    deciding = [moment for moment in case.times if case.start <= moment < case.end]
    deciding += [moment for moment in case.times if moment < case.start][-1:]
    listing = {}
    for name in dict.fromkeys(plan.name_at(moment) for moment in deciding if plan.there_at(moment)):
        named = [
            moment
            for moment in case.times
            if plan.there_at(moment) and plan.name_at(moment) == name
        ]
        last = max(moment for moment in named if moment <= reference)
        if last < reference:
            stands: tuple[Listed, datetime | None] = (Listed.GONE, last)
        else:
            stands = stands_at(case, plan, reference)
        listing[*plan_key(plan), name] = stands
    return listing


def stands_at(case: Case, plan: Plan, moment: datetime) -> tuple[Listed, datetime | None]:
    look = look_at(plan, case.runs[plan], moment)
    if plan.off(moment) and plan.service in NAMELESS:
        return Listed.OFF, plan.off_at
    if plan.temper is Temper.IDLE:
        return Listed.IDLE, None
    return (Listed.WAITING if look is None or look.run is None else Listed.JOB), None


def check_listing(case: Case) -> None:
    """Scopes are listed as they really are, and since when."""
    backups = [plan for plan in case.profile.plans if plan.module != "Retention"]
    expected: dict[Scope, tuple[Listed, datetime | None]] = {}
    for plan in backups:
        expected |= expected_listing(case, plan)
    reported = {
        scope: (entry.listed, entry.listed_since) for scope, entry in scopes_of(case.report)
    }
    assert reported == expected, case


def check_alarms(case: Case) -> None:
    """What is idle, long switched off, or never configured raises no alarm."""
    for scope, entry in scopes_of(case.report):
        reasons = {
            reason.kind
            for reason in case.report.reasons
            if (reason.service, reason.module, reason.name or "") == scope
        }
        if entry.listed is Listed.GONE:
            assert ReasonKind.GONE in reasons, case
        (plan,) = case.plans_of(scope)
        if entry.listed is Listed.OFF and plan.off_at is not None and plan.off_at >= case.start:
            assert ReasonKind.SWITCHED_OFF in reasons, case
        elif entry.listed in QUIET and not case.runs[plan]:
            assert reasons == {QUIET[entry.listed]}, case
            assert entry.state in (State.IDLE, State.OFF, State.NEVER_RUN), case


def check(case: Case) -> None:
    check_jobs(case)
    check_rates(case)
    check_gaps(case)
    check_silence(case)
    check_listing(case)
    check_alarms(case)


def hold(
    customers: Sequence[Profile],
    period: Period,
    parts: Sequence[Sequence[datetime]],
    start_emulator: StartEmulator,
    folder: Path,
) -> None:
    """Look at the customers, and compare the reports after each part with the truth."""
    times: list[datetime] = []
    clock = Clock(parts[0][0])
    emulator = start_emulator(customers=customers, now=clock)
    with closing(Store.open(f"sqlite:///{folder / 'truth.sqlite'}")) as store:
        for part in parts:
            fetch_at(part, emulator, clock, store)
            times += part
            for case in Watched(emulator, store, tuple(times), period).cases():
                check(case)
                if all(after - before <= CLOSE for before, after in pairwise(times)):
                    check_nothing_missed(case)


M365, CLOUD = "Microsoft 365", "IaaS + PaaS"
FEW_DAYS: Final = parse_period("2026-10-12..2026-10-15", "Europe/Berlin", LATE)
OCTOBER: Final = parse_period("2026-10", "Europe/Berlin", LATE)
NOVEMBER: Final = datetime(2026, 11, 1, 8, tzinfo=UTC)


def few_days_cast() -> tuple[Profile, ...]:
    """Two customers to whom everything the emulator can do happens between the 12th and
    the 15th.
    """
    return (
        profile(
            "Nordlicht Werften",
            "Germany",
            Plan(M365, "Exchange Online", 4, temper=Temper.WARNING),
            Plan(M365, "SharePoint Online", 4, temper=Temper.OUTAGE),
            Plan(M365, "Microsoft 365 Groups", 4, temper=Temper.ODD),
            Plan(M365, "Microsoft Teams", 4, off_at=at(14, 9, 30)),
            Plan(M365, "Power BI", 4, off_at=at(1)),
            Plan(M365, "Power Apps", 0, temper=Temper.ASLEEP),
            Plan(M365, "Exchange Online Public Folder", 4, 0.0, Temper.IDLE),
            Plan(M365, "Retention", 1, 0.0, Temper.CALM),
            Plan("Google Workspace", "Gmail", 3),
            Plan("Google Workspace", "Contacts", 3, off_at=at(13, 2, 5)),
            Plan(CLOUD, "Azure Virtual Machine", 1, name="Werft"),
            Plan(CLOUD, "Azure Virtual Machine", 1, 1.0, Temper.BROKEN, "Dock"),
            Plan(CLOUD, "Microsoft Entra ID", 2, name="alt", renamed=(at(14, 10, 30), "neu")),
            Plan(CLOUD, "Amazon EC2", 2, name="eu-west-1", removed_at=at(14, 13)),
            Plan(CLOUD, "Amazon EC2", 2, name="eu-west-2", since=at(13, 14)),
        ),
        profile(
            "Deichgraf Immobilien",
            "Germany",
            Plan("Salesforce", "Salesforce", 4, name="Production"),
            Plan("Dynamics 365", "Dynamics CRM Backup", 1, name="Sales"),
            since=at(13, 14),
        ),
    )


def check_nothing_missed(case: Case) -> None:
    """What is looked at every four hours is known exactly, and judged."""
    for scope, entry in scopes_of(case.report):
        (plan,) = case.plans_of(scope)
        if not entry.in_sight or plan.renamed or not case.runs[plan]:
            continue
        where = f"{case}: {plan.module} {plan.name}"
        begun, runs = first_known(case, plan), case.runs[plan]
        if case.unsure(plan):
            continue
        longest_gap = truly_longest(case, runs, begun)
        assert entry.figures.longest_gap_s == entry.figures.longest_gap_at_most_s == longest_gap, (
            where
        )
        if case.stop == case.end and begun in points_of(runs):
            met = longest_gap <= case.policy.max_gap.total_seconds()
            assert entry.figures.gap_target_met is met, where
    gone = {scope[:2] for scope, entry in scopes_of(case.report) if entry.listed is Listed.GONE}
    first = case.times[0].astimezone(case.zone).date()
    for day in case.report.silent:
        if day.date > first and (day.service, day.module) not in gone:
            assert day.silence is not Silence.NOT_OBSERVED, case


@pytest.mark.parametrize("rhythm", ["4", "24 with an outage", "irregular"])
def test_a_few_days_hold_against_the_truth(
    rhythm: str, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """While the days are running, and when they are over."""
    times = times_of(rhythm, at(10, 1), at(16, 9), at(13, 9))
    running = [moment for moment in times if moment < at(15, 10)]
    parts = [running, times[len(running) :]]
    hold(few_days_cast(), FEW_DAYS, parts, start_emulator, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("first", [at(11, 20), at(11, 22), at(12, 13)])
@pytest.mark.parametrize("rhythm", ["4", "24"])
def test_days_without_known_history_hold_against_the_truth(
    rhythm: str, first: datetime, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """The first look is just before the period, at its start, or in it."""
    times = times_of(rhythm, first, at(16, 9), at(13, 9))
    hold(few_days_cast(), FEW_DAYS, [times], start_emulator, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "rhythm", ["4", "6", "12", "24", "irregular", "4 with an outage", "24 with an outage"]
)
def test_a_month_holds_against_the_truth(
    rhythm: str, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """October of the demo's customers, across the end of summer time."""
    times = times_of(rhythm, datetime(2026, 9, 28, 1, tzinfo=UTC), NOVEMBER, at(20, 9))
    customers = [customer for customer in demo_cast() if customer.readable]
    hold(customers, OCTOBER, [times], start_emulator, tmp_path)
