"""How each module stands in time: last success, recovery points, longest gap, failures in a row."""

from __future__ import annotations

import pandas as pd

from reporter.analysis.scope import MODULE, Scope
from reporter.model import Gap, Outcome


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
    standing = pd.DataFrame(
        {
            "last_success_at": _latest(success),
            "last_recovery_point_at": _latest(points[points["point_at"] <= scope.end]),
            "consecutive_failures": _consecutive_failures(scope),
        },
        index=scope.modules,
    )
    standing["consecutive_failures"] = standing["consecutive_failures"].fillna(0).astype("int64")
    spans = spans_of(scope)
    lengths = (spans["end"] - spans["start"]).dt.total_seconds()
    standing["longest_gap_s"] = lengths.groupby([spans[name] for name in MODULE]).max()
    standing["gap_kept"] = _gap_kept(scope, standing["longest_gap_s"])
    standing["covered"] = scope.modules.isin(_modules(inside))
    standing["known"] = scope.modules.isin(_modules(scope.known))
    return standing


def _modules(rows: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(rows[MODULE])


def _latest(rows: pd.DataFrame) -> pd.Series:
    return rows.groupby(MODULE)["point_at"].max()


def spans_of(scope: Scope) -> pd.DataFrame:
    """Every time between neighbours of: the last recovery point before the period (else its
    start), those inside it, and its end (or the last fetch, where that is earlier).

    Columns: `service`, `module`, `start`, `end`. None where the last fetch was before the period:
    nobody knows of gaps in it.
    """
    points = scope.recovery_points
    inside = points[(points["point_at"] >= scope.start) & (points["point_at"] < scope.end)]
    before = _latest(points[points["point_at"] < scope.start])
    edges = [
        before.reindex(scope.modules).fillna(scope.start).rename("end").reset_index(),
        inside[[*MODULE, "point_at"]].rename(columns={"point_at": "end"}),
        scope.modules.to_frame(index=False).assign(end=scope.stop),
    ]
    series = pd.concat([edge.assign(order=order) for order, edge in enumerate(edges)])
    series = series.sort_values([*MODULE, "order", "end"])
    series["start"] = series.groupby(MODULE)["end"].shift()
    observed = scope.stop >= scope.start
    return series.loc[series["start"].notna() & observed, [*MODULE, "start", "end"]]


def gaps_of(scope: Scope) -> tuple[Gap, ...]:
    """The spans that are longer than their module's target, the longest first."""
    spans = spans_of(scope)
    targets = _gap_targets(scope)
    modules = pd.MultiIndex.from_frame(spans[MODULE])
    allowed = pd.Series(targets.reindex(modules).to_numpy(), index=spans.index)
    length = (spans["end"] - spans["start"]).dt.total_seconds()
    long = spans.assign(length=length, allowed=allowed)[(length > allowed) & (allowed > 0)]
    long = long.sort_values(["length", *MODULE, "start"], ascending=[False, True, True, True])
    gaps = []
    for service, module, started, ended, limit in zip(
        *(long[own] for own in (*MODULE, "start", "end", "allowed")), strict=True
    ):
        start, end = scope.moment(started), scope.moment(ended)
        assert start is not None
        assert end is not None
        gaps.append(Gap(service, module, start, end, limit))
    return tuple(gaps)


def _gap_targets(scope: Scope) -> pd.Series:
    """The longest gap allowed to each module, in seconds; 0 where there is no target."""
    return pd.Series(
        [scope.policy.gap_target(*module).total_seconds() for module in scope.modules],
        index=scope.modules,
        dtype="float64",
    )


def _gap_kept(scope: Scope, longest: pd.Series) -> pd.Series:
    targets = _gap_targets(scope)
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
