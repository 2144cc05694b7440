"""How each module stands in time: last success, recovery points, longest gap, failures in a row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reporter.analysis.scope import MODULE, Scope
from reporter.model import Outcome


def standing_of(scope: Scope) -> pd.DataFrame:
    """One row per module seen (index service, module), missing where a figure is undefined.

    Columns: `last_success_at`, `last_recovery_point_at`, `longest_gap_s`, `consecutive_failures`,
    `gap_kept` (1.0 where the longest gap is within the module's target, 0.0 where not),
    `covered` (a recovery point lies in the period), `known` (a job is known of any period).
    """
    known = scope.backups
    success = known[(known["outcome"] == Outcome.SUCCESS.value) & (known["point_at"] <= scope.end)]
    points = scope.recovery_points
    inside = points[(points["point_at"] >= scope.start) & (points["point_at"] < scope.end)]
    before = points[points["point_at"] < scope.start]
    standing = pd.DataFrame(
        {
            "last_success_at": _latest(success),
            "last_recovery_point_at": _latest(points[points["point_at"] <= scope.end]),
            "consecutive_failures": _consecutive_failures(scope),
        },
        index=scope.modules,
    )
    standing["consecutive_failures"] = standing["consecutive_failures"].fillna(0).astype("int64")
    standing["longest_gap_s"] = _longest_gap(scope, inside, _latest(before))
    standing["gap_kept"] = _gap_kept(scope, standing["longest_gap_s"])
    standing["covered"] = scope.modules.isin(_modules(inside))
    standing["known"] = scope.modules.isin(_modules(scope.known))
    return standing


def _modules(rows: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(rows[MODULE])


def _latest(rows: pd.DataFrame) -> pd.Series:
    return rows.groupby(MODULE)["point_at"].max()


def _longest_gap(scope: Scope, inside: pd.DataFrame, before: pd.Series) -> pd.Series:
    """The longest time between neighbours of: the last recovery point before the period (else its
    start), those inside it, and its end (or the last fetch, where that is earlier).
    """
    first = before.reindex(scope.modules).fillna(scope.start)
    edges = [
        first.rename("point_at").reset_index().assign(order=0),
        inside[[*MODULE, "point_at"]].assign(order=1),
        scope.modules.to_frame(index=False).assign(point_at=scope.stop, order=2),
    ]
    series = pd.concat(edges).sort_values([*MODULE, "order", "point_at"])
    gaps = series.groupby(MODULE)["point_at"].diff().dt.total_seconds()
    longest = gaps.groupby([series[name] for name in MODULE]).max()
    # Looked at for the last time before the period began, nobody knows of gaps in it.
    observed = scope.stop >= scope.start
    known: pd.Series = longest.where(np.full(len(longest), observed))
    return known


def _gap_kept(scope: Scope, longest: pd.Series) -> pd.Series:
    targets = pd.Series(
        [scope.policy.gap_target(*module).total_seconds() for module in longest.index],
        index=longest.index,
        dtype="float64",
    )
    kept = (longest <= targets).astype("float64")
    return kept.where(longest.notna() & (targets > 0))


def _consecutive_failures(scope: Scope) -> pd.Series:
    """Failures since the last success or warning of the period, newest start first."""
    jobs = scope.jobs
    failures = [Outcome.FAILED.value]
    if scope.policy.cancelled != "excluded":
        failures.append(Outcome.CANCELLED.value)
    failed = jobs["outcome"].isin(failures)
    ended = jobs["outcome"].isin([Outcome.SUCCESS.value, Outcome.WARNING.value])
    newest_first = jobs.assign(failed=failed, ended=ended)[failed | ended].sort_values(
        ["started_at", "point_at", "job_id"], ascending=False
    )
    streak = newest_first.groupby(MODULE)["ended"].cumsum() == 0
    return newest_first[streak].groupby(MODULE)["failed"].sum()
