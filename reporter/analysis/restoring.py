"""What the restore tests on record amount to at the end of a period."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from reporter.model import RestoreResult, RestoreStanding, RestoreTest, RestoreTests
from reporter.period import Period

RESTORE_TEST_MAX_AGE: Final = timedelta(days=365)
"""An older restore test says nothing of today's backups."""


def restoring_of(tests: Iterable[RestoreTest], period: Period, as_of: date) -> RestoreTests:
    """The tests up to the period's end; of two on one day the later in `tests` counts.

    Their age is that on the period's last day, or on the day of the last fetch while it runs.
    """
    day = min(period.last, as_of)
    recorded = [test for test in tests if test.date <= period.last]
    in_order = sorted(recorded, key=lambda test: test.date)[::-1]
    last = in_order[0] if in_order else None
    passed = next((test for test in in_order if test.result is RestoreResult.PASSED), None)
    return RestoreTests(
        _standing(last, passed, day),
        last,
        passed.date if passed else None,
        tuple(test for test in in_order if day - test.date <= RESTORE_TEST_MAX_AGE),
    )


def _standing(last: RestoreTest | None, passed: RestoreTest | None, day: date) -> RestoreStanding:
    if last is None:
        return RestoreStanding.MISSING
    if last.result is RestoreResult.FAILED:
        return RestoreStanding.FAILED
    if passed is None or day - passed.date > RESTORE_TEST_MAX_AGE:
        return RestoreStanding.OLD
    return RestoreStanding.GOOD
