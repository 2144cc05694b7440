"""What a template can use: one value, made of the report before any template is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from markupsafe import Markup

from reporter import __version__
from reporter.model import (
    DEPTHS,
    DayFigures,
    Figures,
    Gap,
    JobException,
    Listed,
    Look,
    ModuleFigures,
    Outcome,
    Policy,
    Product,
    QualityNote,
    ReasonKind,
    Report,
    ReportFigures,
    RestoreJob,
    RestoreResult,
    RestoreTest,
    RunningJob,
    ScopeFigures,
    ServiceFigures,
    Silence,
    Source,
    State,
    UnprotectedUser,
    Watched,
    not_judged,
)
from reporter.render import pictures
from reporter.render.controls import Control, controls_of
from reporter.render.listed import (
    left_out_lines,
    listed_lines,
    running_for,
    running_lines,
    undated_lines,
)
from reporter.render.markdown import markdown
from reporter.render.objects import FailedObjects, failed_objects, recovered_lines
from reporter.render.pictures import Picture
from reporter.render.protection import (
    no_protection,
    no_subscription,
    protection_title,
    remaining,
    subscription_title,
)
from reporter.render.restated import RestatedFigure, correction, restated
from reporter.render.restoring import (
    RESULT_STATES,
    RESULT_WORDS,
    STANDING_STATES,
    restoring_title,
)
from reporter.render.sentences import (
    certainty_text,
    marking_text,
    module_label,
    policy_texts,
    recovery_rule,
    since_text,
    success_rule,
    with_scope,
)
from reporter.render.tenant import (
    RESTORE_STATES,
    RESTORE_WORDS,
    ModuleSetting,
    module_settings,
    restores_title,
    retention_text,
    told_lines,
    untold_texts,
)
from reporter.render.text import STATE_SIGNS, Words, shortened
from reporter.render.users import NAMING, no_users, stood_before, users_line, users_title
from reporter.render.verdict import (
    MOST_STEPS,
    Case,
    Step,
    Tile,
    headline,
    no_trend,
    service_tiles,
    service_title,
    steps,
    tiles,
    unjudged,
)
from reporter.render.watched import Mark, marks, rarely_asked

TIGHTNESSES: Final = (0, 1, 2)
"""A page as it is; with only the message of its chart; and set smaller as well."""
MOST_RESTATED: Final = 6
MOST_GAPS: Final = 6
MOST_NOTES: Final = 12
MOST_SOURCES: Final = 4
MOST_RESTORE_TESTS: Final = 12
MOST_USERS: Final = 40
MOST_RESTORES: Final = 12
MOST_SCOPES: Final = 12
MOST_RUNNING: Final = 6
LONGEST_CELL: Final = 120

DaysByModule = dict[tuple[str, str], list[DayFigures]]
SilencesByModule = dict[tuple[str, str], dict[date, Silence]]


@dataclass(frozen=True, slots=True)
class ScopeLine:
    """One scope under its module."""

    name: str
    """As the service names it."""
    state: State
    """How the scope stands."""
    note: str
    """A remark beside the state; may be empty."""
    judged: bool
    """Whether its gap can be judged by the target; true where there is no gap."""
    figures: Figures
    """The scope's figures."""


@dataclass(frozen=True, slots=True)
class ModuleLine:
    """One module in the table of its service."""

    label: str
    """The module's name; the service's where it has no modules."""
    state: State
    """How the module stands."""
    note: str
    """A remark beside the state; may be empty."""
    judged: bool
    """Whether its gap can be judged by the target; true where there is no gap."""
    figures: Figures
    """The module's figures."""
    sparkline: Markup
    """The volume day by day, as SVG."""
    scopes: tuple[ScopeLine, ...]
    """Those that have names, the worst first, at most twelve; empty where the module is one scope
    without a name."""
    more_scopes: int
    """How many of them are left out."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The exceptions of one scope that ended with the same status."""

    label: str
    """The module's name, and the scope's where it has one."""
    status: str
    """As the service wrote it; empty where it wrote nothing."""
    outcome: Outcome
    """What the status means."""
    jobs: int
    """How many jobs ended so."""
    open: int
    """How many of them no later job has cured."""
    objects_failed: int
    """Failed objects in all of these jobs."""
    first: datetime | None
    """When the first of them started, else ended; None where no time is known."""
    last: datetime | None
    """When the last of them started, else ended."""


@dataclass(frozen=True, slots=True)
class ServicePage:
    """Everything about one service."""

    service: str
    """As the service names it, such as `Microsoft 365`."""
    state: State
    """The state of its worst module."""
    unjudged: str | None
    """How many scopes have a recovery-point target that cannot be judged; None without any."""
    title: str
    """What happened, in a sentence."""
    figures: Figures
    """The figures of the whole service."""
    tiles: tuple[Tile, ...]
    """Rate, volume, longest gap."""
    modules: tuple[ModuleLine, ...]
    """By name."""
    daily: Picture | None
    """Jobs by day and outcome; None without jobs."""
    calendar: tuple[Picture, ...]
    """The worst outcome of each module and day, in parts that fit a page."""
    gaps: tuple[Gap, ...]
    """Times without a recovery point beyond the target, the longest first, at most six."""
    more_gaps: int
    """How many gaps are left out."""
    no_gap: str | None
    """That no gap was too long, or why that is not known; None where there are gaps, or nothing is
    known of them."""
    running: tuple[RunningJob, ...]
    """Jobs that the last look lists as running, the longest first, at most six."""
    more_running: int
    """How many of them are left out."""
    causes: tuple[Cause, ...]
    """The exceptions, grouped; open ones first, then the most frequent."""
    objects: FailedObjects | None
    """Which objects failed and why; None where nobody asked for the details of jobs."""
    durations: Picture | None
    """How long the jobs take; None where no duration is known."""


@dataclass(frozen=True, slots=True)
class ReportPage:
    """Everything a template can use, as `page`."""

    report: ReportFigures
    """All figures, as docs/figures.md defines them."""
    look: Look
    """Brand, page size, language and the texts of the provider."""
    words: Words
    """Numbers, sizes, times and texts in the report's language."""
    sections: tuple[str, ...]
    """The sections to show, in order."""
    logo_url: str | None
    """Where the logo is; None without one."""
    headline: str
    """What a reader with ten seconds should know."""
    unjudged: str | None
    """How many scopes have a recovery-point target that cannot be judged; None without any."""
    marks: tuple[Mark, ...]
    """The marks of the report: incomplete, sparse, preliminary."""
    lines: tuple[str, ...]
    """A quiet line each about jobs without a date, long runs, and scopes that are left out, idle,
    switched off or gone."""
    no_trend: str | None
    """Why there is nothing to compare with; None where there is."""
    tiles: tuple[Tile, ...]
    """The figures of page one."""
    steps: tuple[Step, ...]
    """The three things to do next; empty where nothing is to be done."""
    more_steps: tuple[Step, ...]
    """What else there is to do."""
    all_met: bool
    """Whether every module was judged by all of its targets, and met them."""
    scoped: bool
    """Whether any module has scopes with names."""
    daily: Picture | None
    """All jobs by day and outcome; None without jobs."""
    trend: tuple[Picture, ...]
    """Success rate and volume over twelve months; empty without a second month."""
    services: tuple[ServicePage, ...]
    """The services that have jobs, and those that have none but are known."""
    protection_title: str
    """How much of what was found is protected, in a sentence."""
    no_protection: str | None
    """Why there is no protected data to show; None where there is."""
    users_title: str
    """How many users are not protected, in a sentence."""
    no_users: str | None
    """Why there are no users to show; None where there are."""
    naming: str
    """How people are named in the report, in a sentence."""
    unprotected_users: tuple[UnprotectedUser, ...]
    """Users without protection, at most forty; empty unless people are named in full."""
    more_unprotected_users: int
    """How many of them are left out."""
    subscription_title: str
    """What is known of the subscription, in a sentence."""
    no_subscription: str | None
    """Why there is no subscription to show; None where there is."""
    key: Markup
    """What the cells of a calendar mean, as SVG."""
    open_exceptions: int
    """Exceptions that no later job cured, as far as is known."""
    exceptions: tuple[JobException, ...]
    """Every exception, open ones first."""
    notes: tuple[QualityNote, ...]
    """Data quality, at most twelve."""
    more_notes: int
    """How many data-quality notes are left out."""
    sources: tuple[Source, ...]
    """The newest replies, at most four."""
    certainty: str
    """On what condition gaps are certain."""
    marking: str
    """What the marks on page one mean."""
    success_rule: str
    """Which jobs are in the success rate."""
    recovery_rule: str
    """Which jobs leave a recovery point."""
    policy_texts: tuple[str, ...]
    """How the report counts and judges, a sentence each."""
    correction: str | None
    """Which version this is and which it corrects; None where it corrects none."""
    restated: tuple[RestatedFigure, ...]
    """The figures this version corrects, at most six; empty where it corrects none."""
    more_restated: int
    """How many such figures are left out."""
    controls: tuple[Control, ...]
    """What auditors ask of backups, and what in this report answers it."""
    restoring: State | None
    """How restore tests stand; None where no file of tests is configured."""
    restoring_title: str
    """What the restore tests on record amount to, in a sentence."""
    restore_tests: tuple[RestoreTest, ...]
    """Those of the last twelve months, the newest first, at most twelve."""
    more_restore_tests: int
    """How many of them are left out."""
    restores_title: str
    """How many restores and exports there were and failed, in a sentence."""
    restores: tuple[RestoreJob, ...]
    """Those of the period in the customer's own tenant, the newest first, at most twelve."""
    more_restores: int
    """How many of them are left out."""
    untold: tuple[str, ...]
    """What the customer's own tenant does not tell and why, a sentence each."""
    module_settings: tuple[ModuleSetting, ...]
    """How the backups of each module are set; empty where the tenant does not tell."""
    retention: str | None
    """How long backups are set to be kept in general; None where the tenant does not tell."""
    cover: Markup | None
    """The provider's text on a page before the report; None without one."""
    introduction: Markup | None
    """The provider's text above the report; None without one."""
    closing: Markup | None
    """The provider's text below the report; None without one."""
    comment: Markup | None
    """The account manager's comment on this report."""
    version: str
    """The version of the program."""
    tightness: int = 0
    """How much the director's one page has to be tightened: 0 not at all, 1 without the chart, 2
    set smaller as well."""

    def sign(self, state: State) -> str:
        """A mark that tells a state without its colour."""
        return STATE_SIGNS[state]

    def css_class(self, state: State) -> str:
        """The name of a state in the style sheet."""
        return state.value.replace(" ", "-")

    def remaining(self, product: Product) -> str:
        """How long a product lasts, where it is to be renewed; else empty."""
        return remaining(product, self.words)

    def stood_before(self, user: UnprotectedUser) -> str | None:
        """How a user without protection stood before; None where nobody can tell."""
        return stood_before(user, self.words)

    def result(self, result: RestoreResult) -> str:
        """What came of a restore test, in words."""
        return self.words.say(RESULT_WORDS[result])

    def state_of(self, result: RestoreResult) -> State:
        """The state that has the colour and the mark of a restore test's result."""
        return RESULT_STATES[result]

    def restore_kind(self, job: RestoreJob) -> str:
        """Whether it is a restore or an export, in words."""
        return self.words.say(RESTORE_WORDS[job.kind])

    def state_of_restore(self, job: RestoreJob) -> State:
        """The state that has the colour and the mark of what became of a restore."""
        return RESTORE_STATES[job.outcome]

    def module(self, service: str, module: str, name: str | None = None) -> str:
        """A module's name, and that of one scope of it; the service's where it has no modules."""
        return with_scope(self.short(module_label(service, module)), name)

    def short(self, text: str) -> str:
        """A text cut to what a cell of a table holds."""
        return shortened(text, LONGEST_CELL)

    def running_for(self, job: RunningJob) -> str:
        """How long a job had been running at the last look."""
        return running_for(job, self.words)


def sections_of(look: Look) -> tuple[str, ...]:
    """The sections of a report, in their order."""
    return look.sections or DEPTHS[look.depth]


def page_of(report: Report, look: Look, logo_url: str | None, tightness: int = 0) -> ReportPage:
    """Everything a template can use for one report."""
    words = Words.about(report.period, look.locale, report.policy.units)
    sections = sections_of(look)
    axis = pictures.axis_of(report, words)
    case, target = Case.of(report), report.policy.success_target()
    to_do = steps(report, words)
    texts = look.texts
    changed = restated(report.restatement.changes, words) if report.restatement else []
    unprotected = report.users.unprotected if report.names == "full" else ()
    restoring = report.restore_tests
    tests = restoring.tests if restoring else ()
    restores = report.restores.jobs if report.restores else ()
    return ReportPage(
        report=report.plain,
        look=replace(look, templates=None),  # its path would lead templates to files
        words=words,
        sections=sections,
        logo_url=logo_url,
        headline=headline(case, words),
        unjudged=unjudged(report.modules, report.policy, words),
        marks=tuple(marks(case.watched, words)),
        lines=tuple(quiet_lines(report, words)),
        no_trend=no_trend(report, words),
        tiles=tuple(tiles(case, words)),
        steps=tuple(to_do[:MOST_STEPS]),
        more_steps=tuple(to_do[MOST_STEPS:]),
        all_met=case.all_met,
        scoped=any(module.named for module in report.modules),
        daily=pictures.daily(report.daily, axis, report.policy, target, words, look.page_size)
        if report.totals.jobs
        else None,
        trend=pictures.trend(
            report.history, target, words, look.page_size, comparable=report.comparable
        )
        if "trend" in sections
        else (),
        services=_services(report, case, axis, words, look) if report.modules else (),
        protection_title=protection_title(report.protection, words),
        no_protection=no_protection(report.protection, words),
        users_title=users_title(report.users, words),
        no_users=no_users(report.users, words),
        naming=words.say(NAMING[report.names]),
        unprotected_users=unprotected[:MOST_USERS],
        more_unprotected_users=max(0, len(unprotected) - MOST_USERS),
        subscription_title=subscription_title(report.subscription, words),
        no_subscription=no_subscription(report.subscription, words),
        key=pictures.key(words, look.page_size, runs=case.watched.runs),
        open_exceptions=sum(job.open for job in report.exceptions),
        exceptions=report.exceptions,
        notes=report.quality[:MOST_NOTES],
        more_notes=max(0, len(report.quality) - MOST_NOTES),
        sources=report.sources[-MOST_SOURCES:],
        certainty=certainty_text(report.policy, words),
        marking=marking_text(report.policy, words),
        success_rule=success_rule(report.policy, words),
        recovery_rule=recovery_rule(report.policy, words),
        policy_texts=tuple(policy_texts(report.policy, words)),
        correction=_correction(report, words),
        restated=tuple(changed[:MOST_RESTATED]),
        more_restated=max(0, len(changed) - MOST_RESTATED),
        controls=tuple(controls_of(report, words)),
        restoring=STANDING_STATES[restoring.standing] if restoring else None,
        restoring_title=restoring_title(restoring, words),
        restore_tests=tests[:MOST_RESTORE_TESTS],
        more_restore_tests=max(0, len(tests) - MOST_RESTORE_TESTS),
        restores_title=restores_title(report.restores, words),
        restores=restores[:MOST_RESTORES],
        more_restores=max(0, len(restores) - MOST_RESTORES),
        untold=tuple(untold_texts(report, words)),
        module_settings=module_settings(report.settings),
        retention=retention_text(report.settings, words),
        cover=_text(texts.cover),
        introduction=_text(texts.introduction),
        closing=_text(texts.closing),
        comment=_text(look.comment.text) if look.comment else None,
        version=__version__,
        tightness=tightness,
    )


def _correction(report: Report, words: Words) -> str | None:
    former = report.restatement
    if former is None or report.version is None:
        return None
    return correction(report.version, former, words)


def _text(text: str) -> Markup | None:
    return markdown(text) if text.strip() else None


def quiet_lines(report: ReportFigures, words: Words) -> list[str]:
    """The quiet lines of page one."""
    watched = Watched.of(report)
    rarely = [rarely_asked(watched, words)] if watched.share < 1 and not watched.sparse else []
    to_do = {
        (reason.service, reason.module, reason.name)
        for reason in report.reasons
        if reason.kind in (ReasonKind.SWITCHED_OFF, ReasonKind.GONE)
    }
    listed = listed_lines(report.modules, words, to_do)
    if listed:
        moment = words.short_moment(report.reference_at)
        listed.append(words.say("As the service listed them on {moment}.", moment=moment))
    return [
        *undated_lines(report.quality, words),
        *running_lines(report.running, words),
        *left_out_lines(report.left_out, words),
        *recovered_lines(report.objects.failing, report.period.end, words),
        *users_line(report.users, words),
        *told_lines(report.tenant_history, words),
        *([" ".join(listed)] if listed else []),
        *rarely,
    ]


def _services(
    report: Report, case: Case, axis: pictures.Axis, words: Words, look: Look
) -> tuple[ServicePage, ...]:
    days: DaysByModule = defaultdict(list)
    for day in report.daily:
        days[day.service, day.module].append(day)
    silences: SilencesByModule = defaultdict(dict)
    for silent in report.silent:
        silences[silent.service, silent.module][silent.date] = silent.silence
    return tuple(
        _service(report, service, case, (days, silences), axis, words, look)
        for service in report.services
    )


def _service(
    report: Report,
    of_service: ServiceFigures,
    case: Case,
    by_day: tuple[DaysByModule, SilencesByModule],
    axis: pictures.Axis,
    words: Words,
    look: Look,
) -> ServicePage:
    service, figures, (days, silences) = of_service.service, of_service.figures, by_day
    modules = [module for module in report.modules if module.service == service]
    gaps = [gap for gap in report.gaps if gap.service == service]
    running = [job for job in report.running if job.service == service]
    target = report.policy.success_target(service)
    service_days = [day for module in modules for day in days.get((service, module.module), ())]
    return ServicePage(
        service=service,
        state=min((module.state for module in modules), key=list(State).index),
        unjudged=unjudged(modules, report.policy, words),
        title=service_title(service, figures, case, words),
        figures=figures,
        tiles=tuple(service_tiles(service, figures, case, words)),
        modules=tuple(
            _module(
                module,
                pictures.sparkline(
                    days.get((service, module.module), []),
                    silences.get((service, module.module), {}),
                    axis,
                    shortened(module_label(service, module.module)),
                    words,
                ),
                report.policy,
                words,
            )
            for module in modules
        ),
        daily=pictures.daily(service_days, axis, report.policy, target, words, look.page_size)
        if figures.jobs
        else None,
        calendar=pictures.calendar(modules, days, silences, axis, words, look.page_size),
        gaps=tuple(gaps[:MOST_GAPS]),
        more_gaps=max(0, len(gaps) - MOST_GAPS),
        no_gap=None if gaps else _no_gap(figures, modules, report.policy, words),
        running=tuple(running[:MOST_RUNNING]),
        more_running=max(0, len(running) - MOST_RUNNING),
        causes=_causes([job for job in report.exceptions if job.service == service]),
        objects=failed_objects(report, service, words),
        durations=pictures.durations(modules, words, look.page_size),
    )


def _no_gap(
    figures: Figures, modules: Sequence[ModuleFigures], policy: Policy, words: Words
) -> str | None:
    """What to say about gaps where none was too long."""
    if figures.longest_gap_at_most_s is None:
        return None
    if number := not_judged(modules, policy):
        return words.count(
            "No scope is known to have been without a recovery point for too long; {number} cannot"
            " be judged.",
            "No scope is known to have been without a recovery point for too long; {number} cannot"
            " be judged.",
            number,
        )
    return words.say("No scope was without a recovery point for longer than its target allows.")


def _module(module: ModuleFigures, sparkline: Markup, policy: Policy, words: Words) -> ModuleLine:
    scopes = [_scope(module, scope, policy, words) for scope in module.scopes]
    named = [line for scope, line in zip(module.scopes, scopes, strict=True) if scope.name]
    alone = scopes[0] if len(scopes) == 1 else None
    return ModuleLine(
        label=shortened(module_label(module.service, module.module), LONGEST_CELL),
        state=module.state,
        note=alone.note if alone else unjudged([module], policy, words) or "",
        judged=alone.judged if alone else True,
        figures=module.figures,
        sparkline=sparkline,
        scopes=tuple(named[:MOST_SCOPES]),
        more_scopes=max(0, len(named) - MOST_SCOPES),
    )


def _scope(module: ModuleFigures, scope: ScopeFigures, policy: Policy, words: Words) -> ScopeLine:
    allowed = policy.gap_target(module.service, module.module, scope.name)
    unclear = bool(allowed) and scope.in_sight and scope.figures.gap_target_met is None
    note = _listing(scope, words)
    if scope.state is State.HEALTHY and scope.figures.success_target_met is False:
        note = words.say("by its recovery points")  # its rate is judged with that of its module
    return ScopeLine(
        name=shortened(scope.name or "", LONGEST_CELL),
        state=scope.state,
        note=note,
        judged=not unclear or scope.figures.longest_gap_at_most_s is None,
        figures=scope.figures,
    )


def _listing(scope: ScopeFigures, words: Words) -> str:
    """How a scope with no backup expected is listed, where its state does not say so."""
    match scope.listed:
        case Listed.OFF if scope.state is State.OFF:
            day = scope.listed_since
            return "" if day is None else words.say("since {day}", day=words.whole_day(day))
        case Listed.OFF:
            return since_text(ReasonKind.SWITCHED_OFF, scope.listed_since, words)
        case Listed.GONE:
            return since_text(ReasonKind.GONE, scope.listed_since, words)
        case Listed.IDLE if scope.state is not State.IDLE:
            return words.say("nothing to back up")
    return ""


def _causes(exceptions: Sequence[JobException]) -> tuple[Cause, ...]:
    """The exceptions by scope and status; open ones first, then the most frequent."""
    groups: defaultdict[tuple[str, str, Outcome], list[JobException]] = defaultdict(list)
    for job in exceptions:
        label = module_label(job.service, job.module)
        label = with_scope(shortened(label, LONGEST_CELL), job.name)
        groups[label, job.status or "—", job.outcome].append(job)
    causes = [_cause(*key, jobs) for key, jobs in groups.items()]
    return tuple(
        sorted(causes, key=lambda cause: (-cause.open, -cause.jobs, cause.label, cause.status))
    )


def _cause(label: str, status: str, outcome: Outcome, jobs: Sequence[JobException]) -> Cause:
    moments = [at for job in jobs if (at := job.started_at or job.ended_at)]
    return Cause(
        label=label,
        status=status,
        outcome=outcome,
        jobs=len(jobs),
        open=sum(job.open for job in jobs),
        objects_failed=sum(job.objects_failed or 0 for job in jobs),
        first=min(moments, default=None),
        last=max(moments, default=None),
    )
