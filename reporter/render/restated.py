"""What a version of a report corrects of an earlier one, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from reporter.model import Change, FigureValue, RestoreStanding, State
from reporter.render.restoring import STANDING_WORDS
from reporter.render.sentences import module_label
from reporter.render.text import UNDEFINED, Words, marked

Kind = Literal[
    "number",
    "rate",
    "target",
    "size",
    "span",
    "moment",
    "day",
    "met",
    "state",
    "restoring",
    "word",
]

_FIGURES: Final[dict[str, tuple[str, Kind]]] = {
    "state": (marked("State"), "state"),
    "success_rate": (marked("Success rate"), "rate"),
    "jobs": (marked("Jobs"), "number"),
    "completed": (marked("Completed"), "number"),
    "success": (marked("Success"), "number"),
    "warning": (marked("Warning"), "number"),
    "failed": (marked("Failed"), "number"),
    "cancelled": (marked("Cancelled"), "number"),
    "running": (marked("Running"), "number"),
    "not_run": (marked("Not run"), "number"),
    "unknown": (marked("Unknown"), "number"),
    "bytes": (marked("Backed up"), "size"),
    "longest_gap_s": (marked("Longest gap"), "span"),
    "open_exceptions": (marked("Open exceptions"), "number"),
    "exceptions": (marked("Exceptions"), "number"),
    "modules_covered": (marked("Modules covered"), "number"),
    "modules_seen": (marked("Modules seen"), "number"),
    "snapshot_days": (marked("Days observed"), "number"),
    "last_success_at": (marked("Last success"), "moment"),
    "last_recovery_point_at": (marked("Last recovery point"), "moment"),
    "consecutive_failures": (marked("Failures in a row"), "number"),
    "success_target_met": (marked("Success target"), "met"),
    "gap_target_met": (marked("Recovery-point target"), "met"),
    "lenient_success_rate": (marked("Lenient success rate"), "rate"),
    "object_success_rate": (marked("Object success rate"), "rate"),
    "objects_total": (marked("Objects total"), "number"),
    "objects_successful": (marked("Objects successful"), "number"),
    "objects_failed": (marked("Objects failed"), "number"),
    "objects_skipped": (marked("Objects skipped"), "number"),
    "objects_warning": (marked("Objects with warning"), "number"),
    "duration_mean_s": (marked("Mean duration"), "span"),
    "duration_median_s": (marked("Median duration"), "span"),
    "quality_notes": (marked("Data-quality notes"), "number"),
    "objects_found": (marked("Objects found"), "number"),
    "objects_protected": (marked("Objects protected"), "number"),
    "products": (marked("Products subscribed to"), "number"),
    "restore_standing": (marked("Restore tests"), "restoring"),
    "restore_tests": (marked("Restore tests in twelve months"), "number"),
    "restore_last_passed_on": (marked("Last restore test that passed"), "day"),
    "target_success_rate": (marked("Target of the success rate"), "target"),
    "max_gap_s": (marked("Target of the longest gap"), "span"),
    "warning_policy": (marked("How warnings count"), "word"),
    "cancelled_policy": (marked("How cancelled jobs count"), "word"),
    "units": (marked("Units of sizes"), "word"),
}
"""What each figure is called, and how it is written; the most telling first."""


_POLICIES: Final = {
    "warning": marked("as warnings"),
    "success": marked("as successes"),
    "failed": marked("as failures"),
    "excluded": marked("not at all"),
    "binary": marked("1 GB = 1024³ bytes"),
    "decimal": marked("1 GB = 1000³ bytes"),
}


@dataclass(frozen=True, slots=True)
class Restated:
    """One figure that was another, in words."""

    module: str
    """Of which module; empty for the customer as a whole."""
    figure: str
    """What the figure is."""
    before: str
    """What the earlier version says."""
    now: str
    """What this version says."""


def correction(version: int, former: int, made_at: datetime, words: Words) -> str:
    """Which version this is, and which it corrects."""
    return words.say(
        "This is version {number} of the report. It corrects version {former} of {moment}.",
        number=version,
        former=former,
        moment=words.moment(made_at),
    )


def restated(changes: Iterable[Change], words: Words) -> list[Restated]:
    """The changes in words: those of the customer first, the most telling first."""
    order = list(_FIGURES)
    in_order = sorted(changes, key=lambda own: (own.service, own.module, order.index(own.figure)))
    return [_in_words(own, words) for own in in_order]


def _in_words(change: Change, words: Words) -> Restated:
    label, kind = _FIGURES[change.figure]
    return Restated(
        module_label(change.service, change.module) if change.service else "",
        words.say(label),
        _value(change.before, kind, words),
        _value(change.now, kind, words),
    )


def _value(value: FigureValue, kind: Kind, words: Words) -> str:
    """A figure as it stands elsewhere in the report."""
    match kind, value:
        case _, None:
            return UNDEFINED
        case "state", str():
            return words.state(State(value))
        case "restoring", str():
            return words.say(STANDING_WORDS[RestoreStanding(value)])
        case "day", str():
            return words.whole_day(date.fromisoformat(value))
        case "moment", str():
            return words.moment(datetime.fromisoformat(value))
        case "rate", float() | int():
            return words.percent(value)
        case "target", float() | int():
            return words.target(value)
        case "size", int():
            return words.size(value)
        case "span", float() | int():
            return words.duration(value)
        case "met", bool():
            return words.say("met") if value else words.say("missed")
        case "number", int():
            return words.number(value)
    return words.say(_POLICIES[str(value)])
