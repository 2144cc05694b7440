"""How each scope stands in time: last success, recovery points, gaps, failures in a row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reporter.analysis.scopes import reported_in
from reporter.analysis.window import (
    Flags,
    Moments,
    Places,
    View,
    Window,
    dated_in,
    earliest,
    instant,
    instants,
    latest,
    utc,
)
from reporter.model import OUT_OF_SIGHT, Gap, Outcome


def standing_of(view: View, scopes: pd.DataFrame, stretches: pd.DataFrame) -> pd.DataFrame:
    """`scopes` with how each stands, missing where a figure is undefined; `stretches` are those of
    the scopes.

    Columns beside those of `scopes_of`: `in_sight` (a recovery point is expected of it),
    `last_success_at`, `last_recovery_point_at`, `longest_gap_s`, `longest_gap_at_most_s` (seconds),
    `consecutive_failures`, `allowed_s` (the longest gap the target allows; 0 without one),
    `gap_kept` (1.0 where the target is met, 0.0 where it is missed, missing where it cannot be
    judged), `covered` (it has a recovery point in the period), `known` (a job of it is known).
    """
    known, points = view.known, view.recovery_points
    success = known[(known["outcome"] == Outcome.SUCCESS.value) & (known["point_at"] <= view.end)]
    lies_inside = (points["point_at"] >= view.start) & (points["point_at"] < view.end)
    covering = points["scope"][lies_inside | dated_in(points, view.period)]
    undated = view.rows["scope"][view.rows["dated_at"].isna()]
    standing = scopes.assign(
        in_sight=~scopes["listed"].isin([listed.value for listed in OUT_OF_SIGHT]),
        last_success_at=_of(scopes, latest(success, "point_at", len(view.scopes))),
        last_recovery_point_at=_of(
            scopes,
            latest(points[points["point_at"] <= view.end], "point_at", len(view.scopes)),
        ),
        consecutive_failures=_consecutive_failures(view)[scopes.index],
        covered=reported_in(scopes, covering),
        known=reported_in(scopes, pd.concat([known["scope"], undated])),
        allowed_s=[
            view.policy.gap_target(service, module, name or None).total_seconds()
            for service, module, name in (view.scopes[place] for place in scopes.index)
        ],
    )
    lengths = _lengths(stretches)
    by_scope = pd.DataFrame(
        {"at_most": lengths, "certain": lengths.where(stretches["certain"], 0.0)}
    ).groupby(stretches["scope"])
    longest = by_scope.max().reindex(scopes.index)
    standing["longest_gap_s"] = longest["certain"]
    standing["longest_gap_at_most_s"] = longest["at_most"]
    standing["gap_kept"] = _gap_kept(view, standing)
    return standing


def _of(scopes: pd.DataFrame, times: Moments) -> pd.Series:
    """The times of the scopes, in UTC."""
    of_scopes: pd.Series = pd.Series(times[scopes.index], index=scopes.index).dt.tz_localize("UTC")
    return of_scopes


def stretches_of(view: View, scopes: pd.DataFrame, unseen: pd.DataFrame) -> pd.DataFrame:
    """The times between neighbours of: the last recovery point before the period (else when the
    first job known is dated), those inside it, and its end (or the last snapshot where that is
    earlier).

    Columns: `scope`, `start`, `end` (in UTC, without a zone), `certain` (no unseen time overlaps
    it); sorted. Only of `scopes` a job of which is known, and none where the last snapshot was
    before the period.
    """
    known, points = view.known, view.recovery_points
    before = latest(points[points["point_at"] < view.start], "point_at", len(view.scopes))
    first = earliest(known, "dated_at", len(view.scopes))
    begins = np.where(np.isnat(before), first, before)
    begun = np.intersect1d(scopes.index, np.flatnonzero(~np.isnat(begins)))
    inside = points[(points["point_at"] >= view.start) & (points["point_at"] <= view.stop)]
    inside = inside[np.isin(inside["scope"], begun)]
    scope = np.concatenate([begun, inside["scope"], begun])
    order = np.repeat([0, 1, 2], [len(begun), len(inside), len(begun)])
    stop = np.full(len(begun), instant(view.stop))
    edges = np.concatenate([begins[begun], instants(inside["point_at"]), stop])
    sorted_ = np.lexsort((edges, order, scope))
    scope, edges = scope[sorted_], edges[sorted_]
    length = (scope[1:] == scope[:-1]) & (edges[1:] > edges[:-1]) & (view.stop > view.start)
    stretches = pd.DataFrame(
        {"scope": scope[1:][length], "start": edges[:-1][length], "end": edges[1:][length]}
    )
    return stretches.assign(certain=~_overlapped(stretches, unseen))


def _overlapped(stretches: pd.DataFrame, unseen: pd.DataFrame) -> Flags:
    """Which of the stretches overlap unseen time of their scope."""
    scope, start, end = (stretches[name].to_numpy() for name in ("scope", "start", "end"))
    overlapped = np.zeros(len(stretches), dtype=bool)
    for place, since, until in zip(
        *(unseen[name].to_numpy() for name in ("scope", "start", "end")), strict=True
    ):
        low, high = np.searchsorted(scope, [place, place + 1])
        overlapped[low:high] |= (since < end[low:high]) & (until > start[low:high])
    return overlapped


def gaps_of(window: Window, standing: pd.DataFrame, stretches: pd.DataFrame) -> tuple[Gap, ...]:
    """The stretches that are longer than the target of their scope: certain ones first, the longest
    first. Of scopes of which recovery points are expected.
    """
    expected = stretches[np.isin(stretches["scope"], standing.index[standing["in_sight"]])]
    allowed = standing["allowed_s"].reindex(expected["scope"]).to_numpy()
    length = _lengths(expected)
    long = expected.assign(length=length, allowed=allowed)[(length > allowed) & (allowed > 0)]
    long = long.sort_values(
        ["certain", "length", "scope", "start"], ascending=[False, False, True, True]
    )
    gaps = []
    columns = (long[column] for column in ("scope", "start", "end", "allowed", "certain"))
    for scope, started, ended, limit, certain in zip(*columns, strict=True):
        service, module, name = window.scopes[scope]
        start, end = (window.moment(edge.tz_localize("UTC")) for edge in (started, ended))
        assert start is not None
        assert end is not None
        gaps.append(Gap(service, module, name or None, start, end, limit, certain))
    return tuple(gaps)


def _lengths(stretches: pd.DataFrame) -> pd.Series:
    """How long each stretch is, in seconds."""
    seconds: pd.Series = (stretches["end"] - stretches["start"]).dt.total_seconds()
    return seconds


def _gap_kept(view: View, standing: pd.DataFrame) -> pd.Series:
    """Whether the recovery-point target is met (1.0) or missed (0.0), where that can be judged."""
    whole = _begins_known(view)[standing.index] & (view.stop == view.end)
    met = (standing["longest_gap_at_most_s"] <= standing["allowed_s"]) & whole
    kept = pd.Series(float("nan"), index=standing.index).mask(met, 1.0)
    missed = standing["longest_gap_s"] > standing["allowed_s"]
    return kept.mask(missed, 0.0).where(standing["allowed_s"] > 0)


def _begins_known(view: View) -> Flags:
    """For which scopes the start of the period is fully known: a recovery point before it is known,
    or a look before it showed no job of the scope and hid none.
    """
    points, scopes = view.recovery_points, len(view.scopes)
    begins: Flags = ~np.isnat(latest(points[points["point_at"] < view.start], "point_at", scopes))
    if view.looked_before:
        since = earliest(view.known, "dated_at", scopes)
        queued = view.sightings[view.sightings["snapshot"] == 0]
        queued = queued[~queued.index.isin(view.looks.index)]
        hidden = np.isin(np.arange(scopes), queued["scope"])
        begins |= (since > instant(utc(view.told_since))) & ~hidden
    return begins


def _consecutive_failures(view: View) -> Places:
    """How many failed jobs of the period each scope has with no recovery point after them."""
    failed = view.jobs[view.jobs["outcome"].isin(view.policy.failing)]
    last = latest(view.recovery_points, "point_at", len(view.scopes))[failed["scope"]]
    since = np.isnat(last) | (instants(failed["point_at"]) >= last)
    return np.bincount(failed["scope"][since], minlength=len(view.scopes))
