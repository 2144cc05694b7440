"""The answer of page one: what happened, in a sentence and four figures."""

from __future__ import annotations

from dataclasses import dataclass

from reporter.model import Report, State
from reporter.render.text import UNDEFINED, Words


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure with what it is measured against; `good` is None where there is no target."""

    label: str
    value: str
    beside: str
    good: bool | None = None


def headline(report: Report, words: Words) -> str:
    """What a reader with ten seconds should know."""
    totals = report.totals
    if not report.modules:
        return "Nothing is known of this customer's backups"
    if report.state is State.NEVER_RUN and not totals.jobs:
        return "No backup has ever run"
    if not totals.completed:
        return "No backup was completed in this period"
    done = (
        f"{words.number(totals.success)} of {words.number(totals.completed)} backups succeeded"
        if totals.success < totals.completed
        else f"All {words.number(totals.completed)} backups succeeded"
    )
    counts = {state: sum(own.state is state for own in report.modules) for state in State}
    needy = [
        f"{words.number(counts[state])} {text}"
        for state, text in (
            (State.CRITICAL, "critical"),
            (State.ATTENTION, "in need of attention"),
            (State.NEVER_RUN, "never run"),
            (State.NO_DATA, "without data"),
        )
        if counts[state]
    ]
    total = words.number(len(report.modules))
    if not needy:
        return f"{done}, and every module met its targets"
    return f"{done}; of {total} modules, {_joined(needy)}"


def tiles(report: Report, words: Words) -> list[Tile]:
    """The four figures of page one."""
    totals, coverage, policy = report.totals, report.coverage, report.policy
    counted = {
        "warning": "warnings not counted as success",
        "success": "warnings counted as success",
        "failed": "warnings counted as failures",
    }[policy.warning]
    gap = policy.gap_target().total_seconds()
    return [
        Tile(
            "Success rate",
            words.percent(totals.success_rate),
            f"target {words.target(policy.success_target())}; {counted}; "
            f"with warnings {words.percent(totals.lenient_success_rate)}",
            totals.success_target_met,
        ),
        Tile(
            "Backed up",
            words.size(totals.bytes) if totals.jobs else UNDEFINED,
            f"in {words.number(totals.jobs)} jobs, as reported by the service",
        ),
        Tile(
            "Modules covered",
            f"{coverage.modules_covered} of {coverage.modules_seen}",
            "have a recovery point in the period",
        ),
        Tile(
            "Longest gap",
            words.duration(totals.longest_gap_s),
            f"without a recovery point, of any module; target {words.duration(gap)}"
            if gap
            else "without a recovery point, of any module",
            totals.gap_target_met,
        ),
    ]


def trend(report: Report, words: Words) -> str:
    """Against the period before; only what both have."""
    if report.previous is None:
        return "There is no earlier data to compare with."
    before, now = report.previous.totals, report.totals
    parts = []
    if before.success_rate is not None and now.success_rate is not None:
        parts.append(f"success rate {words.points(now.success_rate - before.success_rate)}")
    change = words.change(before.bytes, now.bytes)
    if change is not None and now.jobs:
        parts.append(f"volume {change}")
    period = words.period(report.previous.period)
    if not parts:
        return f"{period} has nothing this period could be compared with."
    return f"Against {period}: {', '.join(parts)}."


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
