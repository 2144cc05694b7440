"""How each scope stands in time: last success, recovery points, gaps, failures in a row."""

from __future__ import annotations

import pandas as pd

from reporter.analysis.window import SCOPE, Window, dated_in, scopes_in
from reporter.model import OUT_OF_SIGHT, Gap, Outcome


def standing_of(window: Window, scopes: pd.DataFrame, unseen: pd.DataFrame) -> pd.DataFrame:
    """`scopes` with how each stands, missing where a figure is undefined.

    Columns beside those of `scopes_of`: `in_sight` (a recovery point is expected of it),
    `last_success_at`, `last_recovery_point_at`, `longest_gap_s`, `longest_gap_at_most_s`,
    `consecutive_failures`, `gap_kept` (1.0 where the recovery-point target is met, 0.0 where it is
    missed, missing where it cannot be judged), `covered` (it has a recovery point in the period),
    `known` (a job of it is known).
    """
    known, points = window.known, window.recovery_points
    success = known[(known["outcome"] == Outcome.SUCCESS.value) & (known["point_at"] <= window.end)]
    lies_inside = (points["point_at"] >= window.start) & (points["point_at"] < window.end)
    covering = points[lies_inside | dated_in(points, window.period)]
    standing = scopes.assign(
        in_sight=~scopes["listed"].isin([own.value for own in OUT_OF_SIGHT]),
        last_success_at=_latest(success),
        last_recovery_point_at=_latest(points[points["point_at"] <= window.end]),
        consecutive_failures=_consecutive_failures(window),
        covered=scopes.index.isin(scopes_in(covering)),
        known=scopes.index.isin(scopes_in(known))
        | scopes.index.isin(scopes_in(window.rows[window.rows["dated_at"].isna()])),
    )
    standing["consecutive_failures"] = standing["consecutive_failures"].fillna(0).astype("int64")
    stretches = stretches_of(window, scopes, unseen)
    lengths = (stretches["end"] - stretches["start"]).dt.total_seconds()
    by_scope = [stretches[name] for name in SCOPE]
    standing["longest_gap_at_most_s"] = lengths.groupby(by_scope).max()
    standing["longest_gap_s"] = lengths.where(stretches["certain"], 0.0).groupby(by_scope).max()
    standing["gap_kept"] = _gap_kept(window, standing)
    return standing


def _latest(rows: pd.DataFrame) -> pd.Series:
    return rows.groupby(SCOPE)["point_at"].max()


def stretches_of(window: Window, scopes: pd.DataFrame, unseen: pd.DataFrame) -> pd.DataFrame:
    """The times between neighbours of: the last recovery point before the period (else the start of
    the first job known), those inside it, and its end (or the last snapshot where that is earlier).

    Columns: service, module, name, `start`, `end`, `certain` (nothing can have run unseen in it).
    Only of scopes a job of which is known, and none where the last snapshot was before the period.
    """
    known, points = window.known, window.recovery_points
    before = _latest(points[points["point_at"] < window.start])
    first = known.groupby(SCOPE)["dated_at"].min()
    inside = points[(points["point_at"] >= window.start) & (points["point_at"] <= window.stop)]
    begins = before.reindex(scopes.index).fillna(first.reindex(scopes.index)).dropna()
    edges = [
        begins.rename("end").reset_index(),
        inside[[*SCOPE, "point_at"]].rename(columns={"point_at": "end"}),
        begins.index.to_frame(index=False).assign(end=window.stop),
    ]
    series = pd.concat([edge.assign(order=order) for order, edge in enumerate(edges)])
    series = series[scopes_in(series).isin(begins.index)]
    series = series.sort_values([*SCOPE, "order", "end"], ignore_index=True)
    series["start"] = series.groupby(SCOPE)["end"].shift()
    observed = window.stop > window.start
    stretches = series[(series["end"] > series["start"]) & observed].reset_index(drop=True)
    return stretches[[*SCOPE, "start", "end"]].assign(certain=~_overlapped(stretches, unseen))


def _overlapped(stretches: pd.DataFrame, unseen: pd.DataFrame) -> pd.Series:
    """Which of the stretches have a time in common with unseen time of their scope."""
    spans = unseen.rename(columns={"start": "hidden_from", "end": "hidden_to"})
    pairs = stretches.reset_index().merge(spans, on=SCOPE)
    common = (pairs["hidden_from"] < pairs["end"]) & (pairs["hidden_to"] > pairs["start"])
    return pd.Series(stretches.index.isin(pairs["index"][common]), index=stretches.index)


def gaps_of(window: Window, standing: pd.DataFrame, unseen: pd.DataFrame) -> tuple[Gap, ...]:
    """The stretches that are longer than the target of their scope: certain ones first, the longest
    first. Of scopes of which recovery points are expected.
    """
    stretches = stretches_of(window, standing[standing["in_sight"]], unseen)
    targets = _gap_targets(window, standing)
    allowed = targets.reindex(scopes_in(stretches)).to_numpy()
    length = (stretches["end"] - stretches["start"]).dt.total_seconds()
    long = stretches.assign(length=length, allowed=allowed)[(length > allowed) & (allowed > 0)]
    long = long.sort_values(
        ["certain", "length", *SCOPE, "start"], ascending=[False, False, True, True, True, True]
    )
    gaps = []
    for service, module, name, started, ended, limit, certain in zip(
        *(long[own] for own in (*SCOPE, "start", "end", "allowed", "certain")), strict=True
    ):
        start, end = window.moment(started), window.moment(ended)
        assert start is not None
        assert end is not None
        gaps.append(Gap(service, module, name or None, start, end, limit, certain))
    return tuple(gaps)


def _gap_targets(window: Window, scopes: pd.DataFrame) -> pd.Series:
    """The longest gap allowed to each scope, in seconds; 0 where there is no target."""
    return pd.Series(
        [
            window.policy.gap_target(service, module, name or None).total_seconds()
            for service, module, name in scopes.index
        ],
        index=scopes.index,
        dtype="float64",
    )


def _gap_kept(window: Window, standing: pd.DataFrame) -> pd.Series:
    """Whether the recovery-point target is met (1.0) or missed (0.0), where that can be judged."""
    targets = _gap_targets(window, standing)
    first = window.known.groupby(SCOPE)["dated_at"].min().reindex(standing.index)
    whole = (window.stop == window.end) & ((first < window.start) | window.looked_before)
    met = (standing["longest_gap_at_most_s"] <= targets) & whole
    kept = pd.Series(float("nan"), index=standing.index).mask(met, 1.0)
    return kept.mask(standing["longest_gap_s"] > targets, 0.0).where(targets > 0)


def _consecutive_failures(window: Window) -> pd.Series:
    """Failures since the last recovery point of the period, newest end first."""
    jobs = window.jobs
    failed, recovered = (
        jobs["outcome"].isin(outcomes) for outcomes in (window.failing, window.recovering)
    )
    newest_first = jobs.assign(failed=failed, recovered=recovered)[failed | recovered].sort_values(
        ["point_at", "dated_at", "job_id"], ascending=False
    )
    streak = newest_first.groupby(SCOPE)["recovered"].cumsum() == 0
    return newest_first[streak].groupby(SCOPE)["failed"].sum()
