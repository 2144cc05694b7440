"""Whether anything is known of a customer in a period: docs/figures.md, "Period"."""

from __future__ import annotations

from datetime import datetime

from reporter.period import Period


def is_known_by(
    period: Period, snapshot: datetime, earliest: datetime | None, *, undated: bool
) -> bool:
    """Whether a customer's first snapshot, or the earliest job in it, is from before the period's
    end; or the snapshot showed jobs that cannot be dated, which are listed in this period.
    """
    if snapshot < period.end or (earliest is not None and earliest < period.end):
        return True
    return undated and follows(period, snapshot)


def follows(period: Period, moment: datetime) -> bool:
    """Whether a time is after a period, and by no more than its length."""
    return period.end <= moment < period.end + (period.end - period.start)
