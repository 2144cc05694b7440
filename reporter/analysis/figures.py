"""Counts, rates, volume and durations of groups of jobs, and the `Figures` made of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import pandas as pd

from reporter.analysis.volume import Stored, volume_of, volume_parts, withheld
from reporter.analysis.window import Places, Window
from reporter.model import Figures, Outcome, rate

OUTCOMES = [outcome.value for outcome in Outcome]
_OBJECTS = [
    "objects_total",
    "objects_successful",
    "objects_failed",
    "objects_skipped",
    "objects_warning",
]
_STANDS = {
    "last_success_at": "min",
    "last_recovery_point_at": "min",
    "longest_gap_s": "max",
    "longest_gap_at_most_s": "max",
    "consecutive_failures": "max",
}
"""The figures in a scope's standing, and which of several scopes' values is the worst."""

Key = tuple[str, ...]

_WIDTHS = range(4)
_SINGLE = 3
"""How wide the key of a group is that is a single scope."""


def figures_by(
    window: Window, jobs: pd.DataFrame, standing: pd.DataFrame, stored: Stored
) -> Iterator[tuple[Key, Figures]]:
    """The figures of each group of scopes, by the width of its key and sorted.

    The key is as much of service, module and name as its width says: 0 is one group of all scopes,
    even where there is none, 3 each scope by itself. `jobs` is `counted_jobs` of the window, and
    `standing` `standing_of` it.
    """
    scopes = [window.scopes[place] for place in standing.index]
    keys: list[Key] = [()]
    for width in _WIDTHS[1:]:
        keys += sorted({scope[:width] for scope in scopes})
    numbers = {key: number for number, key in enumerate(keys)}
    groups = pd.DataFrame(
        [[numbers[scope[:width]] for width in _WIDTHS] for scope in scopes],
        index=standing.index,
        columns=_WIDTHS,
        dtype="int64",
    )
    every = range(len(keys))
    tallies = _tally(jobs, groups).reindex(every)
    worst = _worst(standing, groups).reindex(every)
    without_sizes = {window.scopes[place][:2] for place in jobs["scope"][jobs["withheld"]]}
    for key, tally, stands in zip(
        keys, tallies.to_dict("records"), worst.to_dict("records"), strict=True
    ):
        if len(key) == _SINGLE and key[:2] in without_sizes:
            tally |= {"bytes": None, "sized_jobs": 0}  # a scope follows its module
        modules = {scope[:2] for scope in scopes if scope[: len(key)] == key}
        volumes = (None, None) if len(key) == _SINGLE else stored.of(modules)
        yield key, _figures(window, key, tally, stands, volumes)


def counted_jobs(window: Window) -> pd.DataFrame:
    """The jobs of the period with what is summed over groups of them.

    Columns: `service`, `module`, `scope`, `dated_at`, `bytes`, `withheld` (its module gives no
    sizes); 1 or 0 for each outcome, `completed` and `jobs`; of completed jobs the counts of
    objects, `rate_good` and `rate_all` (where all three counts are there) and the seconds they
    `took`.
    """
    jobs = window.jobs
    counts = pd.DataFrame({name: jobs["outcome"] == name for name in OUTCOMES}, dtype="int64")
    completed = jobs["outcome"].isin(window.policy.completing)
    objects = jobs[_OBJECTS].where(completed)
    parts = objects[["objects_total", "objects_successful", "objects_skipped"]]
    whole = parts.notna().all(axis=1)
    took = jobs["duration"].fillna(jobs["ended_at"] - jobs["started_at"])
    counted = jobs[["service", "module", "scope", "dated_at", "bytes"]]
    modules = pd.Series(window.modules[counted["scope"]], index=counted.index)
    return (
        counted.join(counts)
        .join(objects)
        .assign(
            withheld=withheld(modules, jobs),
            jobs=1,
            completed=completed.astype("int64"),
            rate_good=objects["objects_successful"].where(whole),
            rate_all=(objects["objects_total"] - objects["objects_skipped"]).where(whole),
            took=took.dt.total_seconds().where(completed),
        )
    )


_SUMS = ["jobs", *OUTCOMES, "completed", *_OBJECTS, "rate_good", "rate_all"]


def _tally(jobs: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Sums over the period's jobs for each group that has jobs; `groups` are those of a scope."""
    # Jobs are many and scopes are few: jobs are summed once, and their sums for each width.
    by_scope = jobs[_SUMS].join(volume_parts(jobs)).groupby(jobs["scope"]).sum()
    sums = pd.concat([by_scope] * len(_WIDTHS)).groupby(_flat(groups.loc[by_scope.index])).sum()
    took = pd.concat([jobs["took"]] * len(_WIDTHS)).groupby(_flat(groups.loc[jobs["scope"]]))
    return (
        sums[_SUMS]
        .join(volume_of(sums))
        .assign(duration_mean_s=took.mean(), duration_median_s=took.median())
    )


def _worst(standing: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """The standing of each group's worst scope. Scopes without a standing are left out, and, unless
    the group is a single scope, those of which no recovery point is expected. The recovery-point
    target is missed where one scope misses it, and met where every scope that has one meets it.
    """
    single = standing[[*_STANDS, "gap_kept"]].set_axis(groups[_SINGLE].to_numpy())
    wider = groups[list(_WIDTHS[:_SINGLE])]
    expected = standing[standing["in_sight"]]
    judged = expected[expected["allowed_s"] > 0]
    by_group, kept = (
        pd.concat([scopes] * _SINGLE).groupby(_flat(wider.loc[scopes.index]))
        for scopes in (expected, judged)
    )
    gap_kept = kept["gap_kept"]
    unknown = (gap_kept.min() == 1.0) & (gap_kept.count() < gap_kept.size())
    worst = by_group[list(_STANDS)].agg(_STANDS).assign(gap_kept=gap_kept.min().mask(unknown))
    return pd.concat([worst, single])


def _flat(groups: pd.DataFrame) -> Places:
    """The groups one width after the other."""
    return groups.to_numpy().ravel(order="F")


def _figures(
    window: Window,
    key: Key,
    tally: dict[Hashable, Any],
    stands: dict[Hashable, Any],
    stored: tuple[int | None, int | None],
) -> Figures:
    """One group's figures; a group without jobs has a tally of missing values."""

    def count(name: str) -> int:
        return 0 if pd.isna(tally[name]) else int(tally[name])

    policy, outcomes = window.policy, {outcome: count(outcome.value) for outcome in Outcome}
    completed, success_rate = count("completed"), policy.success_rate(outcomes)
    object_rate = rate(count("rate_good"), count("rate_all"))
    failures, gap_kept = _number(stands["consecutive_failures"]), _number(stands["gap_kept"])
    place = (*key[:2], key[2] or None) if len(key) == 3 else key
    targets = policy.success_target(*place), policy.object_target(*place)
    return Figures(
        jobs=count("jobs"),
        success=outcomes[Outcome.SUCCESS],
        warning=outcomes[Outcome.WARNING],
        failed=outcomes[Outcome.FAILED],
        cancelled=outcomes[Outcome.CANCELLED],
        running=outcomes[Outcome.RUNNING],
        not_run=outcomes[Outcome.NOT_RUN],
        unknown=outcomes[Outcome.UNKNOWN],
        completed=completed,
        success_rate=success_rate,
        lenient_success_rate=rate(outcomes[Outcome.SUCCESS] + outcomes[Outcome.WARNING], completed),
        objects_total=count("objects_total"),
        objects_successful=count("objects_successful"),
        objects_failed=count("objects_failed"),
        objects_skipped=count("objects_skipped"),
        objects_warning=count("objects_warning"),
        object_success_rate=object_rate,
        bytes=None if tally["bytes"] is None else count("bytes"),
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
        success_target_met=None if success_rate is None else success_rate >= targets[0],
        object_target_met=None if object_rate is None else object_rate >= targets[1],
        gap_target_met=None if gap_kept is None else gap_kept == 1,
    )


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
