"""Restore tests in words: what they amount to, and what came of each."""

from __future__ import annotations

from typing import Final

from reporter.model import RestoreResult, RestoreStanding, RestoreTests, State
from reporter.render.text import Words, marked

RESULT_WORDS: Final = {
    RestoreResult.PASSED: marked("Passed"),
    RestoreResult.PARTLY: marked("Partly passed"),
    RestoreResult.FAILED: marked("Failed"),
}
RESULT_STATES: Final = {
    RestoreResult.PASSED: State.HEALTHY,
    RestoreResult.PARTLY: State.ATTENTION,
    RestoreResult.FAILED: State.CRITICAL,
}
STANDING_STATES: Final = {
    RestoreStanding.MISSING: State.ATTENTION,
    RestoreStanding.FAILED: State.CRITICAL,
    RestoreStanding.OLD: State.ATTENTION,
    RestoreStanding.GOOD: State.HEALTHY,
}
STANDING_WORDS: Final = {
    RestoreStanding.MISSING: marked("none on record"),
    RestoreStanding.FAILED: marked("the last one failed"),
    RestoreStanding.OLD: marked("none passed in twelve months"),
    RestoreStanding.GOOD: marked("passed in the last twelve months"),
}


def restoring_title(tests: RestoreTests | None, words: Words) -> str:
    """The message: whether restoring has been shown to work lately."""
    if tests is None or tests.last is None:
        return words.say("No restore test is on record")
    passed_on = tests.last_passed_on
    match tests.standing:
        case RestoreStanding.FAILED:
            return words.say(
                "The last restore test, on {day}, failed", day=words.whole_day(tests.last.date)
            )
        case RestoreStanding.GOOD:
            return words.say("A restore test passed on {day}", day=words.whole_day(passed_on))
    if passed_on is None:
        return words.say("No restore test on record has passed")
    return words.say(
        "No restore test has passed in twelve months; the last did on {day}",
        day=words.whole_day(passed_on),
    )
