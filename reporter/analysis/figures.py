"""Counts, rates, volume and durations of groups of jobs, and the `Figures` made of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import pandas as pd

from reporter.analysis.volume import Stored, volume
from reporter.analysis.window import SCOPE, Window, modules_in
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
    window: Window, jobs: pd.DataFrame, standing: pd.DataFrame, stored: Stored, by: list[str]
) -> Iterator[tuple[tuple[str, ...], Figures]]:
    """The figures of each group of scopes, sorted by its key.

    `by` is the columns that make the key; none of them is one group of all scopes, even where there
    is no scope. `jobs` are those of the period, with `withheld`; `standing` is `standing_of` it.
    """
    tallies = _tally(window, jobs, by)
    worst = _each(standing) if by == SCOPE else _worst(standing, by)
    groups = worst.index if by else pd.Index([""])
    tallies, worst = tallies.reindex(groups), worst.reindex(groups)
    modules = modules_in(standing.reset_index()).unique()
    for group, tally, stands in zip(
        groups, tallies.to_dict("records"), worst.to_dict("records"), strict=True
    ):
        key = () if not by else (group,) if len(by) == 1 else group
        mine = [own[: len(key)] == key[:2] for own in modules]
        volumes = (None, None) if by == SCOPE else stored.of(modules[mine])
        yield key, _figures(window, key, tally, stands, volumes)


def outcome_counts(jobs: pd.DataFrame, keys: list[pd.Series]) -> pd.DataFrame:
    """Jobs in all (`jobs`) and by outcome, for each group of `keys`."""
    counts = pd.DataFrame({name: jobs["outcome"] == name for name in OUTCOMES}, dtype="int64")
    counts.insert(0, "jobs", 1)
    return counts.groupby(keys).sum()


def _tally(window: Window, jobs: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Sums over the period's jobs for each group that has jobs."""
    completed = jobs[jobs["outcome"].isin(window.completing)]
    tally = outcome_counts(jobs, _keys(jobs, by)).join(volume(jobs, _keys(jobs, by)))
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


_STANDS = {
    "last_success_at": "min",
    "last_recovery_point_at": "min",
    "longest_gap_s": "max",
    "longest_gap_at_most_s": "max",
    "consecutive_failures": "max",
}
"""What of a scope's standing is a figure, and which of several scopes' is the worst."""


def _each(standing: pd.DataFrame) -> pd.DataFrame:
    """The standing of each scope by itself."""
    return standing[[*_STANDS, "gap_kept"]]


def _worst(standing: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Of each group the standing of its worst scope, leaving out those that have none and those of
    which no recovery point is expected. The recovery-point target is missed where one scope misses
    it, and met where all meet it.
    """
    scopes = standing.reset_index()
    expected = scopes[scopes["in_sight"]]
    worst = expected.groupby(_keys(expected, by)).agg(
        **{name: (name, how) for name, how in _STANDS.items()},
        gap_kept=("gap_kept", "min"),
        judged=("gap_kept", "count"),
        scopes=("gap_kept", "size"),
    )
    unknown = (worst["gap_kept"] == 1.0) & (worst["judged"] < worst["scopes"])
    worst["gap_kept"] = worst["gap_kept"].mask(unknown)
    groups = scopes.groupby(_keys(scopes, by)).size().index
    return worst.reindex(groups)


def _keys(rows: pd.DataFrame, by: list[str]) -> list[pd.Series]:
    return [rows[name] for name in by] or [pd.Series("", index=rows.index)]


def _figures(
    window: Window,
    key: tuple[str, ...],
    tally: dict[Hashable, Any],
    stands: dict[Hashable, Any],
    stored: tuple[int | None, int | None],
) -> Figures:
    """One group's figures; a group without jobs has a tally of missing values."""

    def count(name: str) -> int:
        return 0 if pd.isna(tally[name]) else int(tally[name])

    completed, success, warning = count("completed"), count("success"), count("warning")
    rate = _rate(success + warning * (window.policy.warning == "success"), completed)
    object_rate = _rate(count("rate_good"), count("rate_all"))
    failures, gap_kept = _number(stands["consecutive_failures"]), _number(stands["gap_kept"])
    place = (*key[:2], key[2] or None) if len(key) == 3 else key
    targets = window.policy.success_target(*place), window.policy.object_target(*place)
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
        object_success_rate=object_rate,
        bytes=None if count("jobs") and tally["bytes"] is None else count("bytes"),
        sized_jobs=count("sized_jobs"),
        stored_bytes=stored[0],
        stored_change_bytes=stored[1],
        duration_mean_s=_number(tally["duration_mean_s"]),
        duration_median_s=_number(tally["duration_median_s"]),
        last_success_at=window.moment(stands["last_success_at"]),
        last_recovery_point_at=window.moment(stands["last_recovery_point_at"]),
        longest_gap_s=_number(stands["longest_gap_s"]),
        longest_gap_at_most_s=_number(stands["longest_gap_at_most_s"]),
        consecutive_failures=int(failures or 0),
        success_target_met=None if rate is None else rate >= targets[0],
        object_target_met=None if object_rate is None else object_rate >= targets[1],
        gap_target_met=None if gap_kept is None else gap_kept == 1,
    )


def _rate(part: int, whole: int) -> float | None:
    """Undefined where there is nothing to divide by: never 0, never 1."""
    return part / whole if whole > 0 else None


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
