"""What a template can use: one value, made of the report before any template is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from markupsafe import Markup

from reporter import __version__
from reporter.model import (
    DEPTHS,
    DayFigures,
    Figures,
    Gap,
    JobException,
    Look,
    ModuleFigures,
    Outcome,
    Product,
    QualityNote,
    Report,
    ReportFigures,
    RestoreResult,
    RestoreTest,
    Source,
    State,
)
from reporter.render import pictures
from reporter.render.controls import Control, controls_of
from reporter.render.markdown import markdown
from reporter.render.pictures import Picture
from reporter.render.protection import (
    no_protection,
    no_subscription,
    protection_title,
    remaining,
    subscription_title,
)
from reporter.render.restated import Restated, correction, restated
from reporter.render.restoring import (
    RESULT_STATES,
    RESULT_WORDS,
    STANDING_STATES,
    restoring_title,
)
from reporter.render.sentences import module_label, policy_texts
from reporter.render.text import STATE_SIGNS, Words
from reporter.render.verdict import (
    Step,
    Tile,
    coverage_tile,
    headline,
    incomplete,
    no_trend,
    service_title,
    steps,
    tiles,
)

TIGHTNESSES: Final = (0, 1, 2)
"""A page as it is; with its chart left out but for the message; and set smaller as well."""
MOST_RESTATED: Final = 6
MOST_GAPS: Final = 6
MOST_NOTES: Final = 12
MOST_SOURCES: Final = 4
MOST_RESTORE_TESTS: Final = 12

Days = dict[tuple[str, str], list[DayFigures]]


@dataclass(frozen=True, slots=True)
class ModuleLine:
    """One module in the table of its service."""

    label: str
    """The module's name; the service's where it has no modules."""
    state: State
    """How the module stands."""
    figures: Figures
    """The module's own."""
    sparkline: Markup
    """The volume day by day, as SVG."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The exceptions of one module that ended with the same status."""

    label: str
    """The module's name."""
    status: str
    """As the service wrote it; empty where it wrote nothing."""
    outcome: Outcome
    """What the status means."""
    jobs: int
    """How many."""
    open: int
    """How many of them no later job has cured."""
    objects_failed: int
    """In all of them."""
    first: datetime
    """When the first of them started."""
    last: datetime
    """When the last of them started."""


@dataclass(frozen=True, slots=True)
class ServicePage:
    """Everything about one service."""

    service: str
    """As the service names it, such as `Microsoft 365`."""
    state: State
    """That of its worst module."""
    title: str
    """What happened, in a sentence."""
    figures: Figures
    """Of the whole service."""
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
    causes: tuple[Cause, ...]
    """The exceptions, grouped; open ones first, then the most frequent."""
    durations: Picture | None
    """How long the jobs take; None where no duration is known."""


@dataclass(frozen=True, slots=True)
class Page:
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
    incomplete: str | None
    """Which days nobody looked at the service; None where somebody did on every day."""
    no_trend: str | None
    """Why there is nothing to compare with, where there is not."""
    tiles: tuple[Tile, ...]
    """The figures of page one."""
    steps: tuple[Step, ...]
    """The three things to do next; empty where nothing is to be done."""
    daily: Picture | None
    """All jobs by day and outcome; None without jobs."""
    trend: tuple[Picture, ...]
    """Success rate and volume over twelve months; empty without a second month."""
    services: tuple[ServicePage, ...]
    """The services that have jobs, and those that have none but are known."""
    protection_title: str
    """How much of what was found is protected, in a sentence."""
    no_protection: str | None
    """Why there is nothing to show of protected data; None where there is."""
    subscription_title: str
    """What there is to know of the subscription, in a sentence."""
    no_subscription: str | None
    """Why there is nothing to show of the subscription; None where there is."""
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
    policy_texts: tuple[str, ...]
    """How the report counts and judges, a sentence each."""
    correction: str | None
    """Which version this is and which it corrects; None where it corrects none."""
    restated: tuple[Restated, ...]
    """The figures this version corrects, at most six; empty where it corrects none."""
    more_restated: int
    """How many such figures are left out."""
    controls: tuple[Control, ...]
    """What auditors ask of backups, and what of this report answers it."""
    restoring: State | None
    """How restore tests stand; None where no file of them is configured."""
    restoring_title: str
    """What the restore tests on record amount to, in a sentence."""
    restore_tests: tuple[RestoreTest, ...]
    """Those of the last twelve months, the newest first, at most twelve."""
    more_restore_tests: int
    """How many of them are left out."""
    cover: Markup | None
    """The provider's text on a page before the report; None without one."""
    introduction: Markup | None
    """The provider's text above the report; None without one."""
    closing: Markup | None
    """The provider's text below the report; None without one."""
    comment: Markup | None
    """What the account manager says of this report."""
    version: str
    """Of the program."""
    tightness: int = 0
    """How much the director's one page has to be tightened: 0 not at all, 1 without the chart, 2
    and smaller."""

    def sign(self, state: State) -> str:
        """A mark that tells a state without its colour."""
        return STATE_SIGNS[state]

    def css_class(self, state: State) -> str:
        """The name of a state in the style sheet."""
        return state.value.replace(" ", "-")

    def remaining(self, product: Product) -> str:
        """How long a product lasts, where it is to be renewed; else empty."""
        return remaining(product, self.words)

    def result(self, result: RestoreResult) -> str:
        """What came of a restore test, in words."""
        return self.words.say(RESULT_WORDS[result])

    def state_of(self, result: RestoreResult) -> State:
        """The state that has the colour and the mark of a restore test's result."""
        return RESULT_STATES[result]

    def module(self, service: str, module: str) -> str:
        """A module's name; the service's where it has no modules."""
        return module_label(service, module)


def sections_of(look: Look) -> tuple[str, ...]:
    """The sections of a report, in their order."""
    return look.sections or DEPTHS[look.depth]


def page_of(report: Report, look: Look, logo_url: str | None, tightness: int = 0) -> Page:
    """Everything a template can use for one report."""
    words = Words(look.locale, report.policy.units)
    sections = sections_of(look)
    axis = pictures.axis_of(report, words)
    target, gap = report.policy.success_target(), report.policy.gap_target().total_seconds()
    own = tiles(report.totals, target, gap, report.previous, words)
    texts = look.texts
    changed = restated(report.restatement.changes, words) if report.restatement else []
    restoring = report.restore_tests
    tests = restoring.tests if restoring else ()
    return Page(
        report=report.plain,
        look=replace(look, templates=None),  # a path would lead them to files
        words=words,
        sections=sections,
        logo_url=logo_url,
        headline=headline(
            report.state, report.totals, [own.state for own in report.modules], words
        ),
        incomplete=incomplete(report.coverage, words),
        no_trend=no_trend(report, words),
        tiles=(*own, coverage_tile(report.coverage, words)),
        steps=tuple(steps(report, words)),
        daily=pictures.daily(report.daily, axis, report.policy, target, words, look.page_size)
        if report.totals.jobs
        else None,
        trend=pictures.trend(report.history, target, words, look.page_size)
        if "trend" in sections
        else (),
        services=_services(report, axis, words, look) if report.modules else (),
        protection_title=protection_title(report.protection, words),
        no_protection=no_protection(report.protection, words),
        subscription_title=subscription_title(report.subscription, words),
        no_subscription=no_subscription(report.subscription, words),
        key=pictures.key(words, look.page_size),
        open_exceptions=sum(job.open for job in report.exceptions),
        exceptions=report.exceptions,
        notes=report.quality[:MOST_NOTES],
        more_notes=max(0, len(report.quality) - MOST_NOTES),
        sources=report.sources[-MOST_SOURCES:],
        policy_texts=tuple(policy_texts(report.policy, words)),
        correction=_correction(report, words),
        restated=tuple(changed[:MOST_RESTATED]),
        more_restated=max(0, len(changed) - MOST_RESTATED),
        controls=tuple(controls_of(report, words)),
        restoring=STANDING_STATES[restoring.standing] if restoring else None,
        restoring_title=restoring_title(restoring, words),
        restore_tests=tests[:MOST_RESTORE_TESTS],
        more_restore_tests=max(0, len(tests) - MOST_RESTORE_TESTS),
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


def _services(
    report: Report, axis: pictures.Axis, words: Words, look: Look
) -> tuple[ServicePage, ...]:
    days: Days = defaultdict(list)
    for day in report.daily:
        days[day.service, day.module].append(day)
    return tuple(
        _service(report, own.service, own.figures, days, axis, words, look)
        for own in report.services
    )


def _service(
    report: Report,
    service: str,
    figures: Figures,
    days: Days,
    axis: pictures.Axis,
    words: Words,
    look: Look,
) -> ServicePage:
    modules = [own for own in report.modules if own.service == service]
    gaps = [gap for gap in report.gaps if gap.service == service]
    target = report.policy.success_target(service)
    of_service = [day for own in modules for day in days.get((service, own.module), ())]
    gap_target = report.policy.gap_target(service).total_seconds()
    states = [own.state for own in modules]
    return ServicePage(
        service=service,
        state=min(states, key=list(State).index),
        title=service_title(service, figures, states, words),
        figures=figures,
        tiles=tuple(tiles(figures, target, gap_target, None, words)),
        modules=tuple(
            _module(own, days.get((service, own.module), []), axis, words) for own in modules
        ),
        daily=pictures.daily(of_service, axis, report.policy, target, words, look.page_size)
        if figures.jobs
        else None,
        calendar=pictures.calendar(modules, days, axis, words, look.page_size),
        gaps=tuple(gaps[:MOST_GAPS]),
        more_gaps=max(0, len(gaps) - MOST_GAPS),
        causes=_causes([job for job in report.exceptions if job.service == service]),
        durations=pictures.durations(modules, words, look.page_size),
    )


def _module(
    own: ModuleFigures, days: Sequence[DayFigures], axis: pictures.Axis, words: Words
) -> ModuleLine:
    label = module_label(own.service, own.module)
    return ModuleLine(label, own.state, own.figures, pictures.sparkline(days, axis, label, words))


def _causes(exceptions: Sequence[JobException]) -> tuple[Cause, ...]:
    """The exceptions by module and status; open ones first, then the most frequent."""
    groups: defaultdict[tuple[str, str, Outcome], list[JobException]] = defaultdict(list)
    for job in exceptions:
        label = module_label(job.service, job.module)
        groups[label, job.status or "—", job.outcome].append(job)
    causes = [
        Cause(
            label=label,
            status=status,
            outcome=outcome,
            jobs=len(jobs),
            open=sum(job.open for job in jobs),
            objects_failed=sum(job.objects_failed or 0 for job in jobs),
            first=min(job.started_at for job in jobs),
            last=max(job.started_at for job in jobs),
        )
        for (label, status, outcome), jobs in groups.items()
    ]
    return tuple(sorted(causes, key=lambda own: (-own.open, -own.jobs, own.label, own.status)))
