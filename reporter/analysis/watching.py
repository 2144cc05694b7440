"""How closely a customer was watched, and what may have run unseen: docs/figures.md, "Gaps"."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from reporter.analysis.window import Window, instant, instants, utc
from reporter.model import Watch


def unseen_of(window: Window) -> pd.DataFrame:
    """The times in which a job of a scope may have run without any look showing it.

    Columns: `scope`, `start`, `end`. Between two looks at a scope that is the time from the first
    to the start of the oldest job that the second lists, or to the second itself where it lists
    none; and the time from the last look to the period's end. All of them count where they are
    longer than the policy's `watch_every`; however short, where the job that ran at the first look
    is listed no more, and where a scope was first shown with a queued job, which hides the others.
    """
    watch = np.timedelta64(window.policy.watch_every)
    looks = _looks(window)
    scope, hides = looks["scope"].to_numpy(), looks["hides"].to_numpy()
    taken, oldest = instants(looks["taken_at"]), instants(looks["oldest_at"])
    start, next_one, begun = taken[:-1], taken[1:], oldest[1:]
    lost = looks["lost"].to_numpy()[1:]
    end = np.where(np.isnat(begun) | (lost & (begun <= start)), next_one, begun)
    long = (end - start > watch) | lost | hides[:-1]
    hidden = (scope[1:] == scope[:-1]) & long & (end > start)
    stop = instant(window.stop)
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


def unseen_before(window: Window) -> pd.DataFrame:
    """The times in which a job of a scope may have run before the first look at it, in the columns
    of `unseen_of`: from the snapshot before, where that is longer ago than `watch_every`.
    """
    first = window.looks.sort_values("snapshot").drop_duplicates("scope")
    first = first[first["snapshot"] > 0]
    before = [instant(utc(window.snapshots[place - 1])) for place in first["snapshot"]]
    start = np.array(before, dtype="datetime64[us]")
    end = instants(first["oldest_at"].fillna(first["taken_at"]))
    long = end - start > np.timedelta64(window.policy.watch_every)
    return pd.DataFrame(
        {"scope": first["scope"].to_numpy()[long], "start": start[long], "end": end[long]}
    )


def _looks(window: Window) -> pd.DataFrame:
    """The looks at each scope in their order, and before them the sighting that showed it first,
    where that `hides` what there was.
    """
    sightings = window.sightings.sort_values(["scope", "snapshot"])
    shown = sightings.index.isin(window.looks.index)
    first = ~sightings["scope"].duplicated()
    return sightings.assign(hides=~shown)[shown | first]


def watch_of(window: Window) -> Watch:
    """How closely the period was watched."""
    return Watch(
        snapshots=len(window.inside),
        observed_days=len(observed_days(window)),
        days=len(window.period.days),
        watched_share=_watched_share(window),
    )


def observed_days(window: Window) -> set[date]:
    """The days of the period, in the report's zone, on which a snapshot was taken."""
    zone = window.period.zone
    return {window.snapshots[place].astimezone(zone).date() for place in window.inside}


def _watched_share(window: Window) -> float:
    """The share of the period between neighbouring snapshots that are close enough."""
    snapshots = np.array([snapshot.timestamp() for snapshot in window.snapshots])
    start, end = window.start.timestamp(), window.end.timestamp()
    close = np.diff(snapshots) <= window.policy.watch_every.total_seconds()
    inside = np.diff(np.clip(snapshots, start, end))
    return float(inside[close].sum() / (end - start))
