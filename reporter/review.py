"""What a person should look at before a report goes: how it stands, what changed, what is odd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from reporter.model import State
from reporter.render.text import Words

RATE_FELL: Final = 0.05
"""A success rate that fell by more than this is odd, as a fraction."""
VOLUME_GREW: Final = 2.0
"""A volume so many times as large is odd."""


@dataclass(frozen=True, slots=True)
class Review:
    """What is said of a report to whoever approves it."""

    figures: tuple[tuple[str, str], ...]
    """What, and how it stands: against its target, and against the period before."""
    odd: tuple[str, ...]
    """What looks as if something were wrong with the customer, or with the report."""


def review(figures: Mapping[str, Any]) -> Review:
    """The review of a report, from its JSON (docs/figures.md)."""
    words = Words("en", figures["policy"]["units"])
    return Review(tuple(_figures(figures, words)), tuple(_oddities(figures, words)))


def _figures(report: Mapping[str, Any], words: Words) -> Iterator[tuple[str, str]]:
    totals, previous, policy = report["totals"], report["previous"], report["policy"]
    before = previous["totals"] if previous else None
    yield "state", _against(_state(report, words), previous and _state(previous, words))
    rate = f"{words.percent(totals['success_rate'])}, target "
    rate += words.target(policy["target_success_rate"])
    yield "success rate", _against(rate, before and words.percent(before["success_rate"]))
    jobs = f"{words.number(totals['jobs'])}, {words.number(totals['failed'])} failed"
    yield "jobs", _against(jobs, before and words.number(before["jobs"]))
    size = words.size(totals["bytes"]) if totals["jobs"] else "nothing"
    yield "backed up", _against(size, before and words.size(before["bytes"]))
    yield "longest gap", words.duration(totals["longest_gap_s"])
    coverage = report["coverage"]
    yield "modules covered", f"{coverage['modules_covered']} of {coverage['modules_seen']}"
    if report["restates"]:
        changes = len(report["restates"]["changes"])
        changed = f"{changes} figure{'' if changes == 1 else 's'} changed"
        yield "restates", f"version {report['restates']['version']}: {changed}{_why(report)}"


def _why(report: Mapping[str, Any]) -> str:
    """Why a report corrects another, as far as the report says it."""
    reasons = {"late": "late data", "redefined": f"new definitions, version {report['schema']}"}
    said = [text for key, text in reasons.items() if report["restates"][key]]
    return f", by {' and '.join(said)}" if said else ""


def _oddities(report: Mapping[str, Any], words: Words) -> Iterator[str]:
    totals, previous = report["totals"], report["previous"]
    if previous:
        yield from _odd_changes(totals, previous["totals"], words)
    if not totals["completed"]:
        yield "no backup was completed"
    if missing := report["coverage"]["missing_days"]:
        days = words.days(date.fromisoformat(day) for day in missing)
        yield f"not observed on {len(missing)} of {report['coverage']['days']} days: {days}"
    if notes := report["quality"]:
        kinds = ", ".join(dict.fromkeys(note["kind"] for note in notes))
        yield f"{sum(note['count'] for note in notes)} data-quality notes: {kinds}"


def _odd_changes(now: Mapping[str, Any], before: Mapping[str, Any], words: Words) -> Iterator[str]:
    if now["success_rate"] is not None and before["success_rate"] is not None:
        change = now["success_rate"] - before["success_rate"]
        if round(change, 9) < -RATE_FELL:  # a fall of just so much is none of more
            yield f"the success rate fell: {words.points(change)}"
    if before["bytes"] and now["bytes"] >= VOLUME_GREW * before["bytes"]:
        was, own = words.size(before["bytes"]), words.size(now["bytes"])
        yield f"the volume grew {now['bytes'] / before['bytes']:.1f} times, from {was} to {own}"


def _state(report: Mapping[str, Any], words: Words) -> str:
    return words.state(State(report["state"]))


def _against(now: str, before: str | None) -> str:
    return f"{now} (before: {before})" if before else now
