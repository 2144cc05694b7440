"""Which rows a figure is about: the backups of a period, and what is known beside them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import pandas as pd

from reporter.jobs.frame import Jobs
from reporter.model import Outcome, Policy
from reporter.period import Period

MODULE = ["service", "module"]


@dataclass(frozen=True)
class Scope:
    """The rows of one customer, cut for one period."""

    period: Period
    policy: Policy
    rows: pd.DataFrame
    """All rows of backup modules, placeholders and undated jobs included."""
    last_fetch: datetime
    """The time of the last complete snapshot."""

    @property
    def start(self) -> pd.Timestamp:
        return _utc(self.period.start)

    @property
    def end(self) -> pd.Timestamp:
        return _utc(self.period.end)

    @property
    def stop(self) -> pd.Timestamp:
        """The period's end, or the last fetch where that is earlier."""
        return min(self.end, _utc(self.last_fetch))

    @cached_property
    def modules(self) -> pd.MultiIndex:
        """The modules seen, with jobs or only as placeholders; sorted."""
        return pd.MultiIndex.from_frame(self.rows[MODULE].drop_duplicates().sort_values(MODULE))

    @cached_property
    def known(self) -> pd.DataFrame:
        """All jobs known, of any period, the undated ones too."""
        return self.rows[self.rows["is_job"]]

    @cached_property
    def backups(self) -> pd.DataFrame:
        """All dated jobs, of any period, with `point_at`: their end, else their start."""
        dated = self.known[self.known["started_at"].notna()]
        return dated.assign(point_at=dated["ended_at"].fillna(dated["started_at"]))

    @cached_property
    def jobs(self) -> pd.DataFrame:
        """The jobs of the period: those that started in it."""
        return self.backups[started_in(self.backups, self.period)]

    @cached_property
    def recovery_points(self) -> pd.DataFrame:
        """The jobs that leave a recovery point, of any period, by their `point_at`."""
        outcomes = [Outcome.SUCCESS.value]
        if self.policy.warning != "failed":
            outcomes.append(Outcome.WARNING.value)
        return self.backups[self.backups["outcome"].isin(outcomes)]

    @property
    def completed_outcomes(self) -> list[str]:
        outcomes = [Outcome.SUCCESS, Outcome.WARNING, Outcome.FAILED, Outcome.CANCELLED]
        if self.policy.cancelled == "excluded":
            outcomes.remove(Outcome.CANCELLED)
        return [outcome.value for outcome in outcomes]

    def moment(self, value: object) -> datetime | None:
        """A time of the frame in the report's zone; None where it is missing."""
        if pd.isna(value):  # type: ignore[call-overload]
            return None
        moment: datetime = pd.Timestamp(value).to_pydatetime().astimezone(self.period.zone)  # type: ignore[arg-type]
        return moment


def scope_of(jobs: Jobs, period: Period, policy: Policy, last_fetch: datetime) -> Scope:
    """The scope of a period over a customer's rows; what is no backup is left out."""
    return Scope(period, policy, jobs.rows[jobs.rows["is_backup"]], last_fetch)


def started_in(rows: pd.DataFrame, period: Period) -> pd.Series:
    """Which rows are jobs dated in the period; undated ones are in none."""
    started = rows["started_at"]
    return rows["is_job"] & (started >= period.start) & (started < period.end)


def _utc(moment: datetime) -> pd.Timestamp:
    return pd.Timestamp(moment).tz_convert("UTC").as_unit("us")
