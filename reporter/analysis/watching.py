"""How closely a customer was watched, and what may have run unseen: docs/figures.md, "Gaps"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd

from reporter.analysis.window import View, Window, instant, instants, utc
from reporter.model import Watch


def unseen_of(view: View) -> pd.DataFrame:
    """The times in which a job of a scope may have run without any look showing it.

    Columns: `scope`, `start`, `end`. Between two looks at a scope that is the time from the first
    to the start of the oldest job that the second lists, or to the second itself where it lists
    none; and the time from the last look to the period's end. All of them count where they are
    longer than the policy's `watch_every`; however short, where the job that ran at the first look
    is listed no more, and where a scope was first shown with a queued job, which hides the others.
    Where a look lists all jobs since its oldest, no time from then on is unseen by it.
    """
    watch = np.timedelta64(view.policy.watch_every)
    looks = _looks(view)
    scope, hides = looks["scope"].to_numpy(), looks["hides"].to_numpy()
    taken, oldest = instants(looks["taken_at"]), instants(_tells_from(view, looks))
    start, next_one, begun = taken[:-1], taken[1:], oldest[1:]
    lost = looks["lost"].to_numpy()[1:]
    end = np.where(np.isnat(begun) | (lost & (begun <= start)), next_one, begun)
    long = (end - start > watch) | lost | hides[:-1]
    hidden = (scope[1:] == scope[:-1]) & long & (end > start)
    stop = instant(view.stop)
    last = looks[~looks["scope"].duplicated(keep="last")]
    since = instants(last["taken_at"])
    open_ = (last["hides"] | (last["at_work"] != "")).to_numpy()
    after = (stop - since > watch) | (open_ & (stop > since))
    return pd.DataFrame(
        {
            "scope": np.concatenate([scope[1:][hidden], last["scope"][after]]),
            "start": np.concatenate([start[hidden], since[after]]),
            "end": np.concatenate([end[hidden], np.full(after.sum(), stop)]),
        }
    )


def unseen_before(view: View) -> pd.DataFrame:
    """The times in which a job of a scope may have run before the first look at it, in the columns
    of `unseen_of`: from the snapshot before, where that is longer ago than `watch_every`.
    """
    first = view.looks.sort_values("snapshot").drop_duplicates("scope")
    first = first[first["snapshot"] > 0]
    before = [instant(utc(view.snapshots[place - 1])) for place in first["snapshot"]]
    start = np.array(before, dtype="datetime64[us]")
    end = instants(_tells_from(view, first).fillna(first["taken_at"]))
    long = end - start > np.timedelta64(view.policy.watch_every)
    return pd.DataFrame(
        {"scope": first["scope"].to_numpy()[long], "start": start[long], "end": end[long]}
    )


def _looks(view: View) -> pd.DataFrame:
    """The looks at each scope in their order, and before them the sighting that showed it first,
    where that `hides` what there was.
    """
    sightings = view.sightings.sort_values(["scope", "snapshot"])
    shown = sightings.index.isin(view.looks.index)
    first = ~sightings["scope"].duplicated()
    return sightings.assign(hides=~shown)[shown | first]


def _tells_from(view: View, looks: pd.DataFrame) -> pd.Series:
    """From when on each look tells of its scope: from the oldest job it lists of it, or of all
    scopes where it lists all jobs.
    """
    if not view.lists_history:
        return looks["oldest_at"]
    of_each = view.sightings.groupby("snapshot")["oldest_at"].min()
    oldest: pd.Series = looks["snapshot"].map(of_each)
    return oldest


def _told_by_each(view: View) -> Iterator[tuple[datetime, datetime]]:
    """From when to when each snapshot tells of all jobs, where each lists all since its oldest."""
    oldest = view.sightings.groupby("snapshot")["oldest_at"].min().dropna()
    for place, at in zip(oldest.index, oldest, strict=True):
        yield at, view.snapshots[place]


def watch_of(window: Window) -> Watch:
    """How closely the period was watched: of several sources, by the one that shows least. Tables
    that list all jobs need no look within the period: they count where there is nothing else.
    """
    looked_at = [view for view in window.views if not view.lists_history] or window.views
    return Watch(
        snapshots=min(len(view.inside) for view in looked_at),
        observed_days=len(observed_days(window)),
        days=len(window.period.days),
        watched_share=min(_watched_share(view) for view in window.views),
    )


def observed_days(window: Window) -> set[date]:
    """The days of the period, in the report's zone, of which each source has told."""
    return set.intersection(*(observed_by(view) for view in window.views))


def observed_by(view: View) -> set[date]:
    """The days of the period, in the report's zone, on which a snapshot was taken, or from which
    one lists all jobs.
    """
    zone = view.period.zone
    days = {view.snapshots[place].astimezone(zone).date() for place in view.inside}
    if view.lists_history:
        for oldest, taken in _told_by_each(view):
            first, last = (at.astimezone(zone).date() for at in (oldest, taken))
            days |= {first + timedelta(days=n) for n in range((last - first).days + 1)}
    return days & set(view.period.days)


def _watched_share(view: View) -> float:
    """The share of the period between neighbouring snapshots that are close enough, and of what a
    snapshot that lists all jobs tells of.
    """
    snapshots = np.array([snapshot.timestamp() for snapshot in view.snapshots])
    start, end = view.start.timestamp(), view.end.timestamp()
    close = np.diff(snapshots) <= view.policy.watch_every.total_seconds()
    inside = np.diff(np.clip(snapshots, start, end))
    if not view.lists_history:
        return float(inside[close].sum() / (end - start))
    near = zip(pairwise(snapshots), close, strict=True)
    told = [pair for pair, is_near in near if is_near]
    told += [(oldest.timestamp(), taken.timestamp()) for oldest, taken in _told_by_each(view)]
    seen, told_to = 0.0, start
    for since, until in sorted(told):
        until = min(until, end)
        seen += max(until - max(since, told_to), 0.0)
        told_to = max(told_to, until)
    return seen / (end - start)
