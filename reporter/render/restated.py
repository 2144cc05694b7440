"""What a version of a report corrects of an earlier one, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from reporter.model import Change, FigureValue, Restatement, RestoreStanding, State
from reporter.render.json_ import SCHEMA
from reporter.render.restoring import STANDING_WORDS
from reporter.render.sentences import CHOICE_LABELS, scope_label
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
    "change",
    "word",
    "text",
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
    "stored_bytes": (marked("Stored"), "size"),
    "longest_gap_s": (marked("Longest gap"), "span"),
    "longest_gap_at_most_s": (marked("Longest gap at most"), "span"),
    "listed": (marked("Listed as"), "word"),
    "listed_since": (marked("Listed so since"), "moment"),
    "open_exceptions": (marked("Open exceptions"), "number"),
    "exceptions": (marked("Exceptions"), "number"),
    "modules_covered": (marked("Modules covered"), "number"),
    "modules_seen": (marked("Modules seen"), "number"),
    "scopes_covered": (marked("Scopes covered"), "number"),
    "scopes_seen": (marked("Scopes seen"), "number"),
    "modules_idle": (marked("Modules with nothing to back up"), "number"),
    "modules_off": (marked("Modules switched off or no longer listed"), "number"),
    "scopes_left_out": (marked("Scopes left out"), "number"),
    "snapshot_days": (marked("Days observed"), "number"),
    "snapshots": (marked("Snapshots"), "number"),
    "watched_share": (marked("Share of the period watched"), "rate"),
    "last_success_at": (marked("Last success"), "moment"),
    "last_recovery_point_at": (marked("Last recovery point"), "moment"),
    "consecutive_failures": (marked("Failures in a row"), "number"),
    "success_target_met": (marked("Success target"), "met"),
    "object_target_met": (marked("Object target"), "met"),
    "gap_target_met": (marked("Recovery-point target"), "met"),
    "lenient_success_rate": (marked("Lenient success rate"), "rate"),
    "object_success_rate": (marked("Object success rate"), "rate"),
    "objects_total": (marked("Objects total"), "number"),
    "objects_successful": (marked("Objects successful"), "number"),
    "objects_failed": (marked("Objects failed"), "number"),
    "objects_skipped": (marked("Objects skipped"), "number"),
    "objects_warning": (marked("Objects with warning"), "number"),
    "stored_change_bytes": (marked("Change of what is stored"), "change"),
    "sized_jobs": (marked("Jobs with a size"), "number"),
    "duration_mean_s": (marked("Mean duration"), "span"),
    "duration_median_s": (marked("Median duration"), "span"),
    "quality_notes": (marked("Data-quality notes"), "number"),
    "objects_found": (marked("Objects found"), "number"),
    "objects_protected": (marked("Objects protected"), "number"),
    "users_unprotected": (marked("Users without protection, over all modules"), "number"),
    "restores": (marked("Restores and exports"), "number"),
    "objects_restored": (marked("Objects restored or exported"), "number"),
    "objects_not_restored": (marked("Objects that could not be restored or exported"), "number"),
    "retention_kept": (marked("Kept in general"), "text"),
    "products": (marked("Products subscribed to"), "number"),
    "restore_standing": (marked("Restore tests"), "restoring"),
    "restore_tests": (marked("Restore tests in twelve months"), "number"),
    "restore_last_passed_on": (marked("Last restore test that passed"), "day"),
    "target_success_rate": (marked("Target of the success rate"), "target"),
    "target_object_success_rate": (marked("Target of the object success rate"), "target"),
    "max_gap_s": (marked("Target of the longest gap"), "span"),
    "watch_every_s": (marked("Longest time between two looks"), "span"),
    **{f"{name}_policy": (label, "word") for name, label in CHOICE_LABELS.items()},
    "units": (marked("Units of sizes"), "word"),
}
"""The label of each figure and the kind of its value; the most important first."""


_WORDS: Final = {
    "job": marked("a job"),
    "waiting": marked("waiting"),
    "idle": marked("nothing to back up"),
    "off": marked("switched off"),
    "refused": marked("could not run"),
    "gone": marked("no longer listed"),
    "warning": marked("as warnings"),
    "success": marked("as successes"),
    "failed": marked("as failures"),
    "excluded": marked("not at all"),
    "binary": marked("1 GB = 1024³ bytes"),
    "decimal": marked("1 GB = 1000³ bytes"),
}


@dataclass(frozen=True, slots=True)
class RestatedFigure:
    """A figure that the earlier version gives differently, in words."""

    module: str
    """The module or scope it is of; empty for the customer as a whole."""
    figure: str
    """What the figure is."""
    before: str
    """What the earlier version says."""
    now: str
    """What this version says."""


def correction(
    version: int, restatement: Restatement, words: Words, *, definitions: int = SCHEMA
) -> str:
    """Which version this is, which it corrects, and why; `definitions` is the schema of the JSON
    its figures follow.
    """
    corrects = words.say(
        "This is version {number} of the report. It corrects version {former} of {moment}.",
        number=version,
        former=restatement.number,
        moment=words.moment(restatement.made_at),
    )
    return f"{corrects} {why(restatement, words, definitions=definitions)}".rstrip()


def why(restatement: Restatement, words: Words, *, definitions: int = SCHEMA) -> str:
    """Why a version corrects another, as a sentence; empty where only the provider's settings
    changed, which are among the changes.
    """
    match restatement.redefined, restatement.late:
        case True, True:
            return words.say(
                "The service has reported more about this period since, and the figures are "
                "computed by new definitions, version {number}.",
                number=definitions,
            )
        case True, False:
            return words.say(
                "The backups are the same: the figures are computed by new definitions, "
                "version {number}.",
                number=definitions,
            )
        case False, True:
            return words.say("The service has reported more about this period since.")
    return ""


def restated(changes: Iterable[Change], words: Words) -> list[RestatedFigure]:
    """The changes in words: those of the customer first, the most important first."""
    order = list(_FIGURES)
    in_order = sorted(
        changes,
        key=lambda change: (
            change.service,
            change.module,
            change.name or "",
            order.index(change.figure),
        ),
    )
    return [_in_words(change, words) for change in in_order]


def _in_words(change: Change, words: Words) -> RestatedFigure:
    label, kind = _FIGURES[change.figure]
    return RestatedFigure(
        scope_label(change.service, change.module, change.name) if change.service else "",
        words.say(label),
        _value(change.before, kind, words),
        _value(change.now, kind, words),
    )


def _value(value: FigureValue, kind: Kind, words: Words) -> str:
    """A figure as the rest of the report shows it."""
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
        case "change", int():
            return words.more_or_less(value)
        case "size", int():
            return words.size(value)
        case "span", float() | int():
            return words.duration(value)
        case "met", bool():
            return words.say("met") if value else words.say("missed")
        case "number", int():
            return words.number(value)
        case "text", str():
            return words.name(value)
    return words.say(_WORDS[str(value)])
