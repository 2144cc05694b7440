"""The answer of page one: what happened, in a sentence, four figures and three things to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from reporter.model import (
    Coverage,
    Figures,
    Previous,
    Product,
    Reason,
    ReasonKind,
    Report,
    RestoreStanding,
    State,
)
from reporter.render.restoring import restoring_title
from reporter.render.sentences import module_label
from reporter.render.text import UNDEFINED, Words, counted, marked

MOST_STEPS: Final = 3
LONGEST_NAME: Final = 60


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


def headline(state: State, totals: Figures, modules: Sequence[State], words: Words) -> str:
    """What a reader with ten seconds should know of a customer with modules in these states."""
    if not modules:
        return words.say("Nothing is known of this customer's backups")
    if state is State.NEVER_RUN and not totals.jobs:
        return words.say("No backup has ever run")
    if not totals.completed:
        return words.say("No backup was completed in this period")
    done = succeeded(totals, words)
    needy = needs(modules, words)
    if not needy:
        return words.say("{done}, and every module met its targets", done=done)
    return words.count(
        "{done}; of {number} module, {needy}",
        "{done}; of {number} modules, {needy}",
        len(modules),
        done=done,
        needy=words.listed(needy),
    )


def succeeded(figures: Figures, words: Words) -> str:
    """How many of the completed jobs succeeded; there is at least one."""
    if figures.success < figures.completed:
        return words.count(
            "{done} of {number} backup succeeded",
            "{done} of {number} backups succeeded",
            figures.completed,
            done=words.number(figures.success),
        )
    return words.count(
        "The one backup succeeded", "All {number} backups succeeded", figures.completed
    )


def needs(modules: Sequence[State], words: Words) -> list[str]:
    """How many modules are in each state that is not healthy, worst first."""
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


def tiles(
    figures: Figures, target: float, gap_s: float, previous: Previous | None, words: Words
) -> list[Tile]:
    """Rate, volume and gap of the customer or of one service, against target and last period."""
    gap = (
        words.say("the longest of any module; target {gap}", gap=words.duration(gap_s))
        if gap_s
        else words.say("the longest of any module")
    )
    jobs = words.count("in {number} job", "in {number} jobs", figures.jobs)
    rate_change, volume_change = changes(figures, previous, words)
    return [
        Tile(
            words.say("Success rate"),
            words.percent(figures.success_rate),
            _joined(
                words.say("target {rate}", rate=words.target(target)),
                rate_change,
                words.say("with warnings {rate}", rate=words.percent(figures.lenient_success_rate)),
            ),
            figures.success_target_met,
        ),
        Tile(
            words.say("Backed up"),
            words.size(figures.bytes) if figures.jobs else UNDEFINED,
            _joined(jobs, volume_change),
        ),
        Tile(
            words.say("Without a recovery point"),
            words.duration(figures.longest_gap_s),
            gap,
            figures.gap_target_met,
        ),
    ]


def coverage_tile(coverage: Coverage, words: Words) -> Tile:
    """How many modules have a recovery point."""
    return Tile(
        words.say("Modules covered"),
        words.say(
            "{covered} of {seen}",
            covered=words.number(coverage.modules_covered),
            seen=words.number(coverage.modules_seen),
        ),
        words.say("have a recovery point in the period"),
    )


def incomplete(coverage: Coverage, words: Words) -> str | None:
    """Which days nobody looked at the service; None where somebody did on every day."""
    if coverage.complete:
        return None
    seen = words.count(
        "The service was looked at on {seen} of {number} day.",
        "The service was looked at on {seen} of {number} days.",
        coverage.days,
        seen=words.number(coverage.snapshot_days),
    )
    known = words.say("What ran on the others is known only as far as it was still listed later.")
    missing = (
        words.say("Not observed: {days}.", days=words.days(coverage.missing_days))
        if coverage.snapshot_days
        else words.say("No day of the period was observed.")
    )
    return f"{seen} {known} {missing}"


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
    more = words.change(before.bytes, figures.bytes)
    if more is not None and figures.jobs:
        volume = words.say("{change} against {period}", change=more, period=period)
    return rate, volume


def no_trend(report: Report, words: Words) -> str | None:
    """Why there is nothing to compare with, where there is not."""
    if report.previous is None:
        return words.say("There is no earlier data to compare with.")
    if changes(report.totals, report.previous, words) == (None, None):
        return words.say(
            "{period} has nothing this period could be compared with.",
            period=words.period(report.previous.period),
        )
    return None


_STEPS: Final = {
    ReasonKind.NO_RECOVERY_POINT: marked("Restore protection: nothing could be backed up"),
    ReasonKind.FAILURES_IN_A_ROW: marked("Find out why these fail again and again"),
    ReasonKind.SUCCESS_TARGET_MISSED: marked("Raise the success rate to its target"),
    ReasonKind.GAP_TARGET_MISSED: marked("Shorten the time without a recovery point"),
    ReasonKind.ENDS_IN_FAILURE: marked("Watch the next run: the last one failed"),
    ReasonKind.NEVER_RUN: marked("Decide whether these are to be backed up: they have never run"),
    ReasonKind.NO_DATA: marked("Find out why no backup was completed"),
}


def steps(report: Report, words: Words) -> list[Step]:
    """The three most pressing things to do, each for the modules it concerns."""
    found = [
        Step(words.say(_STEPS[kind]), words.listed([_detail(own, words) for own in reasons], 5))
        for kind, reasons in groupby(report.reasons, lambda reason: reason.kind)
    ]
    if ending := [own for own in report.subscription.products if own.ending]:
        what = words.say("Renew what has expired or soon will")
        found.append(Step(what, words.listed([_expiry(own, words) for own in ending], 5)))
    tests = report.restore_tests
    if tests and tests.standing is not RestoreStanding.GOOD:
        what = words.say("Show that the data can be restored")
        found.append(Step(what, restoring_title(tests, words)))
    if report.coverage.missing_days:
        days = words.days(report.coverage.missing_days)
        found.append(Step(words.say("Look at the service every day"), days))
    return found[:MOST_STEPS]


def _detail(reason: Reason, words: Words) -> str:
    """The module, and the figure that tells."""
    name = shortened(module_label(reason.service, reason.module))
    value = reason.value or 0.0
    match reason.kind:
        case ReasonKind.FAILURES_IN_A_ROW | ReasonKind.ENDS_IN_FAILURE:
            detail = words.count("{number} in a row", "{number} in a row", int(value))
        case ReasonKind.SUCCESS_TARGET_MISSED:
            detail = words.percent(reason.value)
        case ReasonKind.GAP_TARGET_MISSED:
            detail = words.duration(reason.value)
        case _:
            return name or words.say("no module is known of this customer")
    return words.say("{module} ({figure})", module=name, figure=detail)


def _expiry(product: Product, words: Words) -> str:
    day = words.whole_day(product.expires_on)
    return words.say("{module} ({figure})", module=shortened(product.service), figure=day)


def _joined(*parts: str | None) -> str:
    return "; ".join(part for part in parts if part)


def shortened(name: str) -> str:
    """A name in a sentence, of a length any real one has; tables and workbook have it whole."""
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"


def service_title(service: str, figures: Figures, modules: Sequence[State], words: Words) -> str:
    """The message of a service's page."""
    if not figures.completed:
        return words.say("{service}: no backup was completed", service=service)
    good = modules.count(State.HEALTHY)
    if good == len(modules):
        return words.say("{service}: {done}", service=service, done=succeeded(figures, words))
    return words.say(
        "{service}: {done}, {good} of {all} modules healthy",
        service=service,
        done=succeeded(figures, words),
        good=words.number(good),
        all=words.number(len(modules)),
    )
