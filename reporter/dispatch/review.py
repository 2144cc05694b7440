"""What a person should look at before a report is sent: its figures, what changed, what is odd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from reporter.model import WATCHED_ENOUGH, Listed, QualityKind, State
from reporter.render.sentences import scope_name
from reporter.render.text import Words
from reporter.showing import one_line

RATE_FELL: Final = 0.05
"""A success rate that fell by more than this is odd, as a fraction."""
VOLUME_GREW: Final = 2.0
"""A volume that grew by this factor is odd."""
LONG_RUN: Final = timedelta(days=2)
"""A job that has been running for longer is odd."""
_UNDATED: Final = QualityKind.UNDATED
_TOLD: Final = (
    QualityKind.DATED_BY_END,
    QualityKind.DATED_BY_MODIFICATION,
    QualityKind.END_NOT_SEEN,
    QualityKind.UNDATED,
)
"""Notes that are not odd, because they follow from how the service lists jobs and how often it was
asked; and notes that have a line of their own.
"""


@dataclass(frozen=True, slots=True)
class Review:
    """What the person who approves a report is told about it."""

    figures: tuple[tuple[str, str], ...]
    """The name and the value of each figure, with its target and its value in the period before."""
    odd: tuple[str, ...]
    """What may mean that something is wrong with the customer or with the report."""


def review(figures: Mapping[str, Any]) -> Review:
    """The review of a report, from its JSON (docs/figures.md)."""
    period = figures["period"]
    start, end = (_moment(period[edge]) for edge in ("start", "end"))
    years = frozenset((start.year, (end - timedelta(days=1)).year))
    words = Words("en", figures["policy"]["units"], years)
    return Review(tuple(_figures(figures, words)), tuple(_oddities(figures, words)))


def _figures(report: Mapping[str, Any], words: Words) -> Iterator[tuple[str, str]]:
    totals, policy, before = report["totals"], report["policy"], _before(report)
    yield (
        "state",
        _against(_state(report, words), _state(report["previous"], words) if before else None),
    )
    rate = f"{words.percent(totals['success_rate'])}, target "
    rate += words.target(policy["target_success_rate"])
    yield "success rate", _against(rate, words.percent(before["success_rate"]) if before else None)
    yield "objects", words.percent(totals["object_success_rate"])
    yield "jobs", f"{words.number(totals['jobs'])}, {words.number(totals['failed'])} failed"
    size = _volume(totals, words)
    if totals["bytes"] is not None and totals["sized_jobs"] < totals["jobs"]:
        size += f", for {words.number(totals['sized_jobs'])} of {words.number(totals['jobs'])} jobs"
    yield "backed up", _against(size, _volume(before, words) if before else None)
    if totals["stored_bytes"] is not None:
        yield "stored", words.size(totals["stored_bytes"])
    yield "longest gap", words.gap(totals["longest_gap_s"], totals["longest_gap_at_most_s"])
    coverage = report["coverage"]
    yield "modules covered", f"{coverage['modules_covered']} of {coverage['modules_seen']}"
    if report["schema"] == 1:  # its definitions knew only days
        yield "watched", f"on {coverage['snapshot_days']} of {coverage['days']} days"
    else:
        looks = coverage["snapshots"]
        share = words.percent(coverage["watched_share"])
        yield "watched", f"{looks} look{'' if looks == 1 else 's'}, {share} of the time"
    if left_out := report["left_out"]:
        jobs = sum(scope["jobs"] for scope in left_out)
        yield "left out", f"{len(left_out)} scopes, {words.number(jobs)} jobs"
    if report["restates"]:
        changes = len(report["restates"]["changes"])
        changed = f"{changes} figure{'' if changes == 1 else 's'} changed"
        yield "restates", f"version {report['restates']['version']}: {changed}{_why(report)}"


def _why(report: Mapping[str, Any]) -> str:
    """Why a report corrects another, as far as the report says."""
    reasons = {"late": "late data", "redefined": f"new definitions, version {report['schema']}"}
    causes = [text for key, text in reasons.items() if report["restates"][key]]
    return f", because of {' and '.join(causes)}" if causes else ""


def _before(report: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The figures of the period before, if the two periods can be compared."""
    previous: Mapping[str, Any] | None = report["previous"]
    return previous["totals"] if previous and previous["comparable"] else None


def _volume(totals: Mapping[str, Any], words: Words) -> str:
    if not totals["jobs"]:
        return "nothing"
    return "not given" if totals["bytes"] is None else words.size(totals["bytes"])


def _oddities(report: Mapping[str, Any], words: Words) -> Iterator[str]:
    """What a person should look at. Of what was not observed, only that it was not."""
    if not report["final"]:
        yield "preliminary: the last look was too early to know how the period ended"
    if before := _before(report):
        yield from _odd_changes(report["totals"], before, words)
    coverage, first_look = report["coverage"], report["first_look"]
    if first_look is not None and _moment(first_look) >= _moment(report["period"]["end"]):
        yield f"first looked at after the period, on {words.short_day(_day(first_look))}"
    if undated := sum(note["count"] for note in report["quality"] if note["kind"] == _UNDATED):
        yield f"{undated} job{'' if undated == 1 else 's'} cannot be dated"
    if not report["totals"]["completed"] and coverage["scopes_seen"]:
        yield "no backup was completed"
    if missing := _missing_days(report):
        days = words.days(missing)
        yield f"not observed on {len(missing)} of {coverage['days']} days: {days}"
    if _sparse(report):
        looks = coverage["snapshots"]
        yield (
            f"sparse: asked {looks} time{'' if looks == 1 else 's'}, often enough for"
            f" {words.percent(coverage['watched_share'])} of the time"
        )
    yield from _odd_listings(report, words)
    for job in report["running"]:
        length = _moment(job["seen_at"]) - _moment(job["started_at"])
        if length > LONG_RUN:
            since = words.short_day(_moment(job["started_at"]))
            yield f"running since {since}: {_place(job)}"
    for product in report["subscription"]["products"]:
        if product["days_left"] is not None and product["days_left"] < 0:
            yield f"expired: {product['name'] or product['service']}"
    if notes := [note for note in report["quality"] if note["kind"] not in _TOLD]:
        kinds = ", ".join(dict.fromkeys(note["kind"] for note in notes))
        yield f"{sum(note['count'] for note in notes)} data-quality notes: {kinds}"


def _missing_days(report: Mapping[str, Any]) -> list[date]:
    """The days without a look, from the first look at the customer to the last one."""
    first, last = report["first_look"], _day(report["as_of"])
    days = (date.fromisoformat(day) for day in report["coverage"]["missing_days"])
    return [day for day in days if day <= last and (first is None or day > _day(first))]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _day(moment: str) -> date:
    return _moment(moment).date()


def _sparse(report: Mapping[str, Any]) -> bool:
    """Whether the service was asked too rarely since the first look at the customer, and its own
    tenant has not told the rest.
    """
    history = report.get("tenant", {}).get("history")
    if report["first_look"] is None and history and not history["unseen_scopes"]:
        return False
    start, end = (_moment(report["period"][edge]) for edge in ("start", "end"))
    begin, stop = start, min(end, _moment(report["as_of"]))
    if report["first_look"] is not None:
        begin = max(begin, _moment(report["first_look"]))
    watched = report["coverage"]["watched_share"] * (end - start)
    return stop > begin and bool(watched < WATCHED_ENOUGH * (stop - begin))


def _odd_listings(report: Mapping[str, Any], words: Words) -> Iterator[str]:
    """What was switched off within the period, or is not listed any more."""
    start = _moment(report["period"]["start"])
    for module in report["modules"]:
        for scope in module["scopes"]:
            since = scope["listed_since"] and _moment(scope["listed_since"])
            place = _place({"service": module["service"], "module": module["module"]} | scope)
            if scope["listed"] == Listed.GONE.value:
                yield f"no longer listed since {words.short_day(since)}: {place}"
            elif scope["listed"] == Listed.OFF.value and since and since >= start:
                yield f"switched off since {words.short_day(since)}: {place}"


def _place(scope: Mapping[str, Any]) -> str:
    return one_line(scope_name(scope["service"], scope["module"], scope["name"]))


def _odd_changes(now: Mapping[str, Any], before: Mapping[str, Any], words: Words) -> Iterator[str]:
    if now["success_rate"] is not None and before["success_rate"] is not None:
        change = now["success_rate"] - before["success_rate"]
        if round(change, 9) < -RATE_FELL:  # a fall of exactly this much is not odd
            yield f"the success rate fell: {words.points(change)}"
    if before["bytes"] and now["bytes"] and now["bytes"] >= VOLUME_GREW * before["bytes"]:
        times, former = now["bytes"] / before["bytes"], words.size(before["bytes"])
        grown = f"from {former} to {words.size(now['bytes'])}"
        yield f"the volume grew by a factor of {times:.1f}, {grown}"


def _state(report: Mapping[str, Any], words: Words) -> str:
    return words.state(State(report["state"]))


def _against(now: str, before: str | None) -> str:
    return f"{now} (before: {before})" if before else now
