"""How the months before went: the trend a report is read against."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import cast

import pandas as pd

from reporter.jobs.frame import raw_frame, read_jobs
from reporter.jobs.rows import Row
from reporter.model import MonthFigures, Observations, Outcome, Policy
from reporter.period import Period


def history_of(
    counts: pd.DataFrame, months: Sequence[Period], policy: Policy, observations: Observations
) -> tuple[MonthFigures, ...]:
    """The figures of each month, under the report's policy.

    `counts` has the raw fields `jobType`, `jobModule`, `status`, `backupSize`, and how many jobs
    (`count`) of which of the months (`month`, its place) have them.
    """
    raw = raw_frame(cast(list[Row], counts.assign(jobId="counted").to_dict("records")))
    rows = read_jobs(raw, policy).rows.assign(
        month=counts["month"].to_numpy(), count=counts["count"].to_numpy()
    )
    seen = {moment.astimezone(months[0].zone).date() for moment in observations.snapshots}
    by_month = dict(tuple(rows[rows["is_backup"]].groupby("month")))
    return tuple(
        _month(month, by_month.get(number, rows.iloc[:0]), policy, seen.intersection(month.days))
        for number, month in enumerate(months)
    )


def _month(month: Period, rows: pd.DataFrame, policy: Policy, seen: set[date]) -> MonthFigures:
    jobs = {
        outcome: int(rows.loc[rows["outcome"] == outcome.value, "count"].sum())
        for outcome in Outcome
    }
    completed = jobs[Outcome.SUCCESS] + jobs[Outcome.WARNING] + jobs[Outcome.FAILED]
    completed += jobs[Outcome.CANCELLED] * (policy.cancelled != "excluded")
    good = jobs[Outcome.SUCCESS] + jobs[Outcome.WARNING] * (policy.warning == "success")
    sizes = rows["bytes"].astype(object).where(rows["bytes"].notna(), 0) * rows["count"]
    return MonthFigures(
        period=month,
        jobs=sum(jobs.values()),
        completed=completed,
        success_rate=good / completed if completed else None,
        bytes=int(sizes.sum()),
        observed_days=len(seen),
        days=len(month.days),
    )
