"""Counts, rates, volume and durations of groups of jobs, and the `Figures` made of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import pandas as pd

from reporter.analysis.scope import Scope
from reporter.model import Figures, Outcome

OUTCOMES = [outcome.value for outcome in Outcome]
_OBJECTS = [
    "objects_total",
    "objects_successful",
    "objects_failed",
    "objects_skipped",
    "objects_warning",
]


def figures_by(
    scope: Scope, standing: pd.DataFrame, by: list[str]
) -> Iterator[tuple[tuple[str, ...], Figures]]:
    """The figures of each group of modules, sorted by its key.

    `by` is the columns that make the key; none of them is one group of all modules, even where
    there is no module. `standing` is `standing_of(scope)`.
    """
    tallies = _tally(scope, by)
    worst = _worst(standing, by)
    groups = worst.index if by else pd.Index([""])
    tallies, worst = tallies.reindex(groups), worst.reindex(groups)
    for group, tally, stands in zip(
        groups, tallies.to_dict("records"), worst.to_dict("records"), strict=True
    ):
        key = () if not by else (group,) if len(by) == 1 else group
        yield key, _figures(scope, key, tally, stands)


def outcome_counts(jobs: pd.DataFrame, keys: list[pd.Series]) -> pd.DataFrame:
    """Jobs in all (`jobs`) and by outcome, for each group of `keys`."""
    counts = pd.DataFrame({name: jobs["outcome"] == name for name in OUTCOMES}, dtype="int64")
    counts.insert(0, "jobs", 1)
    return counts.groupby(keys).sum()


def volume(jobs: pd.DataFrame, keys: list[pd.Series]) -> pd.Series:
    """The sum of the sizes in each group, as whole numbers of any length: 64 bits hold one size,
    but not the sum of a few absurd ones.
    """
    sizes = jobs["bytes"].astype(object).where(jobs["bytes"].notna(), 0)
    return sizes.groupby(keys).sum()


def _tally(scope: Scope, by: list[str]) -> pd.DataFrame:
    """Sums over the period's jobs for each group that has jobs."""
    jobs = scope.jobs
    completed = jobs[jobs["outcome"].isin(scope.completed_outcomes)]
    tally = outcome_counts(jobs, _keys(jobs, by))
    tally["bytes"] = volume(jobs, _keys(jobs, by))
    tally["completed"] = completed["outcome"].groupby(_keys(completed, by)).size()
    return tally.join(_objects(completed, by)).join(_durations(completed, by))


def _objects(completed: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Sums of object counts; `rate_good` and `rate_all` over jobs that have all three counts."""
    counts = completed[_OBJECTS]
    whole = counts[["objects_total", "objects_successful", "objects_skipped"]].notna().all(axis=1)
    total = counts["objects_total"] - counts["objects_skipped"]
    counts = counts.assign(
        rate_good=counts["objects_successful"].where(whole), rate_all=total.where(whole)
    )
    return counts.groupby(_keys(completed, by)).sum()


def _durations(completed: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    took = completed["duration"].fillna(completed["ended_at"] - completed["started_at"])
    seconds = took.dt.total_seconds().groupby(_keys(completed, by))
    return pd.DataFrame({"duration_mean_s": seconds.mean(), "duration_median_s": seconds.median()})


def _worst(standing: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Of each group the worst module's standing, leaving out modules that have none."""
    modules = standing.reset_index()
    return modules.groupby(_keys(modules, by)).agg(
        last_success_at=("last_success_at", "min"),
        last_recovery_point_at=("last_recovery_point_at", "min"),
        longest_gap_s=("longest_gap_s", "max"),
        consecutive_failures=("consecutive_failures", "max"),
        gap_kept=("gap_kept", "min"),
    )


def _keys(rows: pd.DataFrame, by: list[str]) -> list[pd.Series]:
    return [rows[name] for name in by] or [pd.Series("", index=rows.index)]


def _figures(
    scope: Scope, key: tuple[str, ...], tally: dict[Hashable, Any], stands: dict[Hashable, Any]
) -> Figures:
    """One group's figures; a group without jobs has a tally of missing values."""

    def count(name: str) -> int:
        return 0 if pd.isna(tally[name]) else int(tally[name])

    completed, success, warning = count("completed"), count("success"), count("warning")
    rate = _rate(success + warning * (scope.policy.warning == "success"), completed)
    failures, gap_kept = _number(stands["consecutive_failures"]), _number(stands["gap_kept"])
    return Figures(
        jobs=count("jobs"),
        success=success,
        warning=warning,
        failed=count("failed"),
        cancelled=count("cancelled"),
        running=count("running"),
        not_run=count("not_run"),
        unknown=count("unknown"),
        completed=completed,
        success_rate=rate,
        lenient_success_rate=_rate(success + warning, completed),
        objects_total=count("objects_total"),
        objects_successful=count("objects_successful"),
        objects_failed=count("objects_failed"),
        objects_skipped=count("objects_skipped"),
        objects_warning=count("objects_warning"),
        object_success_rate=_rate(count("rate_good"), count("rate_all")),
        bytes=count("bytes"),
        duration_mean_s=_number(tally["duration_mean_s"]),
        duration_median_s=_number(tally["duration_median_s"]),
        last_success_at=scope.moment(stands["last_success_at"]),
        last_recovery_point_at=scope.moment(stands["last_recovery_point_at"]),
        longest_gap_s=_number(stands["longest_gap_s"]),
        consecutive_failures=int(failures or 0),
        success_target_met=None if rate is None else rate >= scope.policy.success_target(*key),
        gap_target_met=None if not completed or gap_kept is None else gap_kept == 1,
    )


def _rate(part: int, whole: int) -> float | None:
    """Undefined where there is nothing to divide by: never 0, never 1."""
    return part / whole if whole else None


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
