"""The answer of page one: what happened, in a sentence, four figures and three things to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Final

from reporter.model import (
    Coverage,
    Figures,
    ModuleFigures,
    Policy,
    Previous,
    Product,
    Reason,
    ReasonKind,
    ReportFigures,
    RestoreStanding,
    State,
    Watched,
    not_judged,
)
from reporter.render.listed import undated
from reporter.render.restoring import restoring_title
from reporter.render.sentences import module_label, object_count, with_scope
from reporter.render.text import Words, counted, marked, shortened
from reporter.render.watched import not_compared, why_not_judged

MOST_STEPS: Final = 3


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure with what it is measured against; `good` is None where there is no target."""

    label: str
    """What the figure is."""
    value: str
    """The figure, with its unit."""
    beside: str
    """What it is measured against, in words."""
    good: bool | None = None
    """Whether the target is met; None without a target."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do next: what, and for which modules."""

    what: str
    """The thing to do."""
    modules: str
    """Where, with the figure that tells."""


@dataclass(frozen=True, slots=True)
class Case:
    """What page one and the letter are made from: the values of a report, or those of its JSON."""

    totals: Figures
    """Of the customer."""
    modules: tuple[ModuleFigures, ...]
    """All of them."""
    policy: Policy
    """How jobs are counted, and the targets."""
    previous: Previous | None
    """The period before; None where the two cannot be compared."""
    watched: Watched
    """How the period was watched."""
    contract: tuple[ReasonKind, ...]
    """What is wrong with subscriptions, one kind for each of them."""
    undated: int
    """Jobs that cannot be dated."""

    @classmethod
    def of(cls, report: ReportFigures) -> Case:
        """The case of a report."""
        return cls(
            report.totals,
            report.modules,
            report.policy,
            report.previous if report.comparable else None,
            Watched.of(report),
            tuple(reason.kind for reason in report.reasons if reason.subject),
            undated(report.quality),
        )

    @property
    def expected(self) -> list[ModuleFigures]:
        """The modules that are neither idle nor off."""
        return [module for module in self.modules if module.state not in QUIET]

    @property
    def all_met(self) -> bool:
        """Whether every module was judged by its targets, and met them. Where no object had to be
        backed up, there is no object target to meet.
        """
        return bool(self.expected) and all(
            module.state is State.HEALTHY
            and module.figures.success_target_met
            and module.figures.object_target_met is not False
            and (module.figures.gap_target_met or not self._gap_target(module))
            for module in self.expected
        )

    def _gap_target(self, module: ModuleFigures) -> bool:
        return any(
            self.policy.gap_target(module.service, module.module, scope.name)
            for scope in module.scopes
            if scope.in_sight
        )


QUIET: Final = (State.IDLE, State.OFF)
"""The states of modules of which no backup is expected."""


def headline(case: Case, words: Words) -> str:
    """What a reader with ten seconds should know of a customer."""
    contract = _contract(case.contract, words)
    parts = [_backups(case, words), *([contract] if contract else [])]
    if case.undated and case.totals.completed:
        parts.append(
            words.count(
                "{number} job cannot be dated", "{number} jobs cannot be dated", case.undated
            )
        )
    return words.say("; ").join(parts)


def _backups(case: Case, words: Words) -> str:
    states = [module.state for module in case.expected]
    if not case.modules:
        return words.say("Nothing is known of this customer's backups")
    if not states:
        return words.say("No backup is expected: nothing to back up, or switched off")
    if not case.totals.completed and case.undated:
        return words.count(
            "{number} job cannot be dated, and no other backup was completed",
            "{number} jobs cannot be dated, and no other backup was completed",
            case.undated,
        )
    if set(states) == {State.NEVER_RUN} and not case.totals.jobs:
        return words.say("No backup has ever run")
    if not case.totals.completed:
        return words.say("No backup was completed in this period")
    done = succeeded(case.totals, case.policy, words, seen=case.watched.sparse)
    if needy := needs(states, words):
        return words.count(
            "{done}; of {number} module, {needy}",
            "{done}; of {number} modules, {needy}",
            len(states),
            done=done,
            needy=words.listed(needy),
        )
    if case.all_met:
        return words.say("{done}, and every module met its targets", done=done)
    return words.say("{done}, and no target was missed as far as can be judged", done=done)


def _contract(kinds: Sequence[ReasonKind], words: Words) -> str | None:
    """The most pressing problem with subscriptions; None without one."""
    texts = {
        ReasonKind.EXPIRED: counted(
            "{number} subscription has expired", "{number} subscriptions have expired"
        ),
        ReasonKind.OVER_SEATS: counted(
            "{number} subscription is over its seats", "{number} subscriptions are over their seats"
        ),
        ReasonKind.OVER_CAPACITY: counted(
            "{number} subscription is over its capacity",
            "{number} subscriptions are over their capacity",
        ),
    }
    for kind, text in texts.items():
        if kind in kinds:
            return words.count(*text, list(kinds).count(kind))
    return None


def succeeded(figures: Figures, policy: Policy, words: Words, *, seen: bool) -> str:
    """How many of the completed jobs succeeded, as the policy counts; there is at least one.

    `seen` is for a period that was watched so rarely that jobs may not have been seen. Where too
    few objects were backed up, the text says that the jobs finished, and the share of objects.
    """
    done = policy.successful(figures.outcomes)
    known = figures.jobs - figures.running - figures.not_run
    whole = done == known
    lost = figures.object_target_met is False
    number = figures.completed if done < figures.completed else known
    if not whole:
        text = (
            counted(
                "{done} of {number} backup that was seen succeeded",
                "{done} of {number} backups that were seen succeeded",
            )
            if seen
            else counted(
                "{done} of {number} backup succeeded", "{done} of {number} backups succeeded"
            )
        )
    elif lost:
        text = (
            counted(
                "The one backup that was seen finished",
                "All {number} backups that were seen finished",
            )
            if seen
            else counted("The one backup finished", "All {number} backups finished")
        )
    else:
        text = (
            counted(
                "The one backup that was seen succeeded",
                "All {number} backups that were seen succeeded",
            )
            if seen
            else counted("The one backup succeeded", "All {number} backups succeeded")
        )
    sentence = words.count(*text, number, done=words.number(done))
    if not lost:
        return sentence
    return words.say(
        "{done}, but only {rate} of the objects were backed up",
        done=sentence,
        rate=words.percent(figures.object_success_rate),
    )


def needs(modules: Sequence[State], words: Words) -> list[str]:
    """How many modules are in each state that asks for something, worst first."""
    texts = {
        State.CRITICAL: counted("{number} critical", "{number} critical"),
        State.ATTENTION: counted("{number} in need of attention", "{number} in need of attention"),
        State.NEVER_RUN: counted("{number} never run", "{number} never run"),
        State.NO_DATA: counted("{number} without data", "{number} without data"),
    }
    return [
        words.count(*text, modules.count(state))
        for state, text in texts.items()
        if state in modules
    ]


def unjudged(modules: Iterable[ModuleFigures], policy: Policy, words: Words) -> str | None:
    """How many scopes have a recovery-point target that cannot be judged; None without any."""
    modules = list(modules)
    if not (number := not_judged(modules, policy)):
        return None
    return words.count(
        "gap not judged",
        "gaps of {some} of {number} scopes not judged",
        sum(scope.in_sight for module in modules for scope in module.scopes),
        some=words.number(number),
    )


def tiles(case: Case, words: Words) -> list[Tile]:
    """Rate, volume and gap of the customer, against targets and the period before; and coverage."""
    return [
        *_tiles(case.totals, case, None, case.previous, words),
        coverage_tile(case.watched.coverage, words),
    ]


def service_tiles(service: str, figures: Figures, case: Case, words: Words) -> list[Tile]:
    """Rate, volume and gap of one service, against its targets."""
    return _tiles(figures, case, service, None, words)


def _tiles(
    figures: Figures, case: Case, service: str | None, previous: Previous | None, words: Words
) -> list[Tile]:
    rate_change, volume_change = changes(figures, previous, words)
    modules = [module for module in case.modules if service in (None, module.service)]
    target = case.policy.success_target(service)
    return [
        Tile(
            words.say("Success rate"),
            words.below(figures.success_rate, target),
            _joined(
                words,
                words.say("target {rate}", rate=words.target(target)),
                _objects(figures, case.policy.object_target(service), words),
                rate_change,
                words.say("with warnings {rate}", rate=words.percent(figures.lenient_success_rate)),
                words.say("of the jobs seen") if case.watched.sparse else None,
            ),
            figures.success_target_met,
        ),
        _volume_tile(figures, modules, volume_change, words),
        _gap_tile(figures, case, service, modules, words),
    ]


def _objects(figures: Figures, target: float, words: Words) -> str | None:
    """The share of objects that were backed up, where it is too small."""
    if figures.object_target_met is not False:
        return None
    return words.say(
        "only {rate} of the objects, target {target}",
        rate=words.below(figures.object_success_rate, target),
        target=words.target(target),
    )


def _volume_tile(
    figures: Figures, modules: Sequence[ModuleFigures], change: str | None, words: Words
) -> Tile:
    """What the jobs backed up; where they give no sizes, what is stored."""
    stored = figures.stored_bytes
    grown = (
        words.say(
            "{change} since the period's start",
            change=words.more_or_less(figures.stored_change_bytes),
        )
        if figures.stored_change_bytes is not None
        else None
    )
    if figures.jobs and figures.bytes is None and stored is not None:
        given = words.say("the jobs give no sizes")
        return Tile(words.say("Stored"), words.size(stored), _joined(words, grown, given))
    ran = [module.figures for module in modules if module.figures.jobs]
    giving = sum(of_module.bytes is not None for of_module in ran)
    return Tile(
        words.say("Backed up"),
        words.volume(figures),
        _joined(
            words,
            words.sized(figures),
            words.count(
                "of {some} of {number} module",
                "of {some} of {number} modules",
                len(ran),
                some=words.number(giving),
            )
            if figures.bytes is not None and 0 < giving < len(ran)
            else None,
            change,
            words.say("stored: {size}", size=words.size(stored)) if stored is not None else None,
            grown if stored is not None else None,
        ),
    )


def _gap_tile(
    figures: Figures,
    case: Case,
    service: str | None,
    modules: Sequence[ModuleFigures],
    words: Words,
) -> Tile:
    allowed = case.policy.gap_target(service).total_seconds()
    targets = {
        case.policy.gap_target(module.service, module.module, scope.name)
        for module in modules
        for scope in module.scopes
    }
    shared = targets <= {timedelta(seconds=allowed)}
    judged = figures.gap_target_met is not None or not not_judged(modules, case.policy)
    return Tile(
        words.say("Without a recovery point"),
        words.gap(figures.longest_gap_s, figures.longest_gap_at_most_s),
        _joined(
            words,
            None if judged else why_not_judged(figures, allowed, case.watched, words),
            words.say("the longest of any scope; target {gap}", gap=words.duration(allowed))
            if allowed and shared
            else words.say("the longest of any scope"),
        ),
        figures.gap_target_met,
    )


def coverage_tile(coverage: Coverage, words: Words) -> Tile:
    """How many modules have a recovery point, and how many have none expected."""
    return Tile(
        words.say("Modules covered"),
        words.say(
            "{covered} of {seen}",
            covered=words.number(coverage.modules_covered),
            seen=words.number(coverage.modules_seen),
        ),
        _joined(
            words,
            words.say("have a recovery point in the period"),
            words.count(
                "{covered} of {number} scope",
                "{covered} of {number} scopes",
                coverage.scopes_seen,
                covered=words.number(coverage.scopes_covered),
            )
            if coverage.scopes_seen > coverage.modules_seen
            else None,
            words.count(
                "{number} more with nothing to back up",
                "{number} more with nothing to back up",
                coverage.modules_idle,
            )
            if coverage.modules_idle
            else None,
            words.count(
                "{number} more switched off or no longer listed",
                "{number} more switched off or no longer listed",
                coverage.modules_off,
            )
            if coverage.modules_off
            else None,
        ),
    )


def changes(
    figures: Figures, previous: Previous | None, words: Words
) -> tuple[str | None, str | None]:
    """How rate and volume changed against the period before; None where one has no data."""
    if previous is None:
        return None, None
    before = previous.totals
    period = words.period(previous.period)
    rate = volume = None
    if before.success_rate is not None and figures.success_rate is not None:
        change = words.points(figures.success_rate - before.success_rate)
        rate = words.say("{change} against {period}", change=change, period=period)
    more = (
        words.change(before.bytes, figures.bytes)
        if before.bytes is not None and figures.bytes is not None
        else None
    )
    if more is not None and figures.jobs:
        volume = words.say("{change} against {period}", change=more, period=period)
    return rate, volume


def no_trend(report: ReportFigures, words: Words) -> str | None:
    """Why there is nothing to compare with; None where there is."""
    previous = report.previous if report.comparable else None
    if changes(report.totals, previous, words) != (None, None):
        return None
    return not_compared(report.coverage.watch, report.previous, report.period, words)


_STEPS: Final = {
    ReasonKind.NO_RECOVERY_POINT: marked("Restore protection: nothing could be backed up"),
    ReasonKind.FAILURES_IN_A_ROW: marked("Find out why these fail again and again"),
    ReasonKind.REFUSED: marked("Find out why these could not run"),
    ReasonKind.SUCCESS_TARGET_MISSED: marked("Raise the success rate to its target"),
    ReasonKind.OBJECT_TARGET_MISSED: marked("Find out why objects are not backed up"),
    ReasonKind.GAP_TARGET_MISSED: marked("Shorten the time without a recovery point"),
    ReasonKind.ENDS_IN_FAILURE: marked("Watch the next run: the last one failed"),
    ReasonKind.ENDS_REFUSED: marked("Watch the next run: the last one could not start"),
    ReasonKind.OBJECTS_FAILING: marked("Find out why these objects keep failing"),
    ReasonKind.SWITCHED_OFF: marked("Confirm that these were meant to be switched off"),
    ReasonKind.GONE: marked("Find out why these are no longer listed"),
    ReasonKind.OVER_SEATS: marked("Buy more seats, or use fewer licences"),
    ReasonKind.OVER_CAPACITY: marked("Buy more capacity, or protect less"),
    ReasonKind.NEVER_RUN: marked("Decide whether these are to be backed up: they have never run"),
    ReasonKind.NO_DATA: marked("Find out why no backup was completed"),
}
"""What to do about each kind of reason. What is idle or off asks for nothing; expired products are
renewed together with those that expire soon.
"""


def steps(report: ReportFigures, words: Words) -> list[Step]:
    """The things to do, most pressing first, each with the modules and scopes it concerns."""
    ending = [_expiry(product, words) for product in report.subscription.products if product.ending]
    renewal = Step(words.say("Renew what has expired or soon will"), words.listed(ending, 5))
    to_do = []
    for kind, reasons in groupby(report.reasons, lambda reason: reason.kind):
        if kind is ReasonKind.EXPIRED:
            to_do.append(renewal)
        elif kind in _STEPS:
            details = [_detail(reason, words) for reason in sorted(reasons, key=_worst_first)]
            to_do.append(Step(words.say(_STEPS[kind]), words.listed(details, 5)))
    if ending and renewal not in to_do:
        to_do.append(renewal)
    tests = report.restore_tests
    if tests and tests.standing is not RestoreStanding.GOOD:
        what = words.say("Show that the data can be restored")
        to_do.append(Step(what, restoring_title(tests, words)))
    if days := Watched.of(report).missed_since_first_look:
        to_do.append(Step(words.say("Look at the service every day"), words.days(days)))
    return to_do


_LESS_IS_WORSE: Final = (ReasonKind.SUCCESS_TARGET_MISSED, ReasonKind.OBJECT_TARGET_MISSED)


def _worst_first(reason: Reason) -> float:
    value = reason.value or 0.0
    return value if reason.kind in _LESS_IS_WORSE else -value


def _detail(reason: Reason, words: Words) -> str:
    """The module and scope, and the figure that tells."""
    if not reason.service and not reason.subject:
        return words.say("no module is known of this customer")
    subject = module_label(reason.service, reason.module) if reason.service else reason.subject
    module = shortened(subject)
    name = words.name(with_scope(module, reason.name))
    value, target = reason.value or 0.0, reason.target or 0.0
    match reason.kind:
        case ReasonKind.FAILURES_IN_A_ROW | ReasonKind.ENDS_IN_FAILURE:
            detail = words.count("{number} in a row", "{number} in a row", int(value))
        case ReasonKind.SUCCESS_TARGET_MISSED:
            detail = words.below(value, target)
        case ReasonKind.OBJECT_TARGET_MISSED:
            detail = words.say("{rate} of the objects", rate=words.below(value, target))
        case ReasonKind.GAP_TARGET_MISSED:
            detail = words.longer(value, target)
        case ReasonKind.OBJECTS_FAILING if reason.since:
            detail = words.say(
                "{objects}, the first on {day}",
                objects=object_count(reason.subject, int(value), words),
                day=words.short_day(reason.since),
            )
        case ReasonKind.SWITCHED_OFF | ReasonKind.GONE if reason.since:
            detail = words.say("since {day}", day=words.short_day(reason.since))
        case ReasonKind.OVER_SEATS:
            detail = words.say(
                "{used} of {bought}",
                used=words.number(int(value)),
                bought=words.number(int(target)),
            )
        case ReasonKind.OVER_CAPACITY:
            detail = words.say(
                "{used} of {bought}", used=words.size(value), bought=words.size(target)
            )
        case _:
            return name
    return words.say("{module} ({figure})", module=name, figure=detail)


def _expiry(product: Product, words: Words) -> str:
    day = words.whole_day(product.expires_on)
    return words.say("{module} ({figure})", module=shortened(product.service), figure=day)


def _joined(words: Words, *parts: str | None) -> str:
    return words.say("; ").join(part for part in parts if part)


def service_title(service: str, figures: Figures, case: Case, words: Words) -> str:
    """The message of a service's page."""
    if not figures.completed:
        return words.say("{service}: no backup was completed", service=service)
    done = succeeded(figures, case.policy, words, seen=case.watched.sparse)
    states = [module.state for module in case.expected if module.service == service]
    good = states.count(State.HEALTHY)
    if good == len(states):
        return words.say("{service}: {done}", service=service, done=done)
    return words.say(
        "{service}: {done}, {good} of {all} modules healthy",
        service=service,
        done=done,
        good=words.number(good),
        all=words.number(len(states)),
    )
