"""How closely a customer was watched, and what may have run unseen: docs/figures.md, "Gaps"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd

from reporter.analysis.window import Places, View, Window, earliest, instant, instants, utc
from reporter.model import Watch


def unseen_of(view: View) -> pd.DataFrame:
    """The times in which a job of a scope may have run without any look showing it.

    Columns: `scope`, `start`, `end`. Between two looks at a scope, this is the time from the first
    look to the start of the oldest job that the second lists, or to the second look if it lists no
    job. After the last look, it is the time to the period's end. A time counts if it is longer than
    the `watch_every` of the scope. It counts however short it is if the job that ran at the first
    look is no longer listed, or if the scope was first shown with a queued job, which hides the
    others.
    If a look lists all jobs since the oldest one in it, no time from that job to the look is
    unseen. Neither is time of which the customer's own tenant has told every job of the module;
    what is left on either side counts like any other. Of a scope that only the tenant lists, the
    rest of all time from its first job on counts so.
    """
    looks = _looks(view)
    scope, hides = looks["scope"].to_numpy(), looks["hides"].to_numpy()
    taken, oldest = instants(looks["taken_at"]), instants(_tells_from(view, looks))
    start, next_one, begun = taken[:-1], taken[1:], oldest[1:]
    lost = looks["lost"].to_numpy()[1:]
    end = np.where(np.isnat(begun) | (lost & (begun <= start)), next_one, begun)
    hidden = (scope[1:] == scope[:-1]) & (end > start)
    stop = instant(view.stop)
    last = looks[~looks["scope"].duplicated(keep="last")]
    since = instants(last["taken_at"])
    open_ = (last["hides"] | (last["at_work"] != "")).to_numpy()
    after = stop > since
    between = pd.DataFrame(
        {
            "scope": np.concatenate([scope[1:][hidden], last["scope"][after]]),
            "start": np.concatenate([start[hidden], since[after]]),
            "end": np.concatenate([end[hidden], np.full(after.sum(), stop)]),
            "however_short": np.concatenate([(lost | hides[:-1])[hidden], open_[after]]),
        }
    )
    between = _untold(pd.concat([between, _never_looked_at(view, scope)]), view)
    long = between["end"] - between["start"] > view.watch_every[between["scope"]]
    counts = long | between["however_short"]
    return between.loc[counts, ["scope", "start", "end"]].reset_index(drop=True)


def _never_looked_at(view: View, looked_at: Places) -> pd.DataFrame:
    """The time from the first job on of scopes that only the customer's own tenant lists, in the
    columns of `unseen_of` and `however_short`.
    """
    told = view.known[view.known["from_tenant"] & ~view.known["scope"].isin(looked_at)]
    first = earliest(told, "dated_at", len(view.scopes))
    scope = np.flatnonzero(first < instant(view.stop))
    return pd.DataFrame(
        {
            "scope": scope,
            "start": first[scope],
            "end": np.full(len(scope), instant(view.stop)),
            "however_short": np.zeros(len(scope), dtype=bool),
        }
    )


def _untold(times: pd.DataFrame, view: View) -> pd.DataFrame:
    """Stretches of time without what the customer's own tenant has told of their scope: parts of
    them, with their other columns.
    """
    told: dict[int, list[tuple[np.datetime64, np.datetime64]]] = {}
    places = {scope: place for place, scope in enumerate(view.scopes)}
    for time in view.told_times:
        if (place := places.get((time.service, time.module, ""))) is not None:
            window = instant(utc(time.start)), instant(utc(time.end))
            told.setdefault(place, []).append(window)
    concerned = times["scope"].isin(list(told))
    if not concerned.any():
        return times
    rows = [
        row | {"start": start, "end": end}
        for row in times[concerned].to_dict("records")
        for start, end in _parts_outside(
            (np.datetime64(row["start"]), np.datetime64(row["end"])), told[row["scope"]]
        )
    ]
    parts = pd.DataFrame(rows, columns=times.columns).astype(times.dtypes)
    return pd.concat([times[~concerned], parts], ignore_index=True)


def _parts_outside(
    whole: tuple[np.datetime64, np.datetime64],
    windows: Iterable[tuple[np.datetime64, np.datetime64]],
) -> Iterator[tuple[np.datetime64, np.datetime64]]:
    """The parts of a stretch of time that lie outside of some windows."""
    start, end = whole
    for since, until in sorted(windows):
        if start < min(since, end):
            yield start, min(since, end)
        start = max(start, until)
    if start < end:
        yield start, end


def unseen_before(view: View) -> pd.DataFrame:
    """The times in which a job of a scope may have run before the first look at it, in the columns
    of `unseen_of`: since the snapshot before, if that is longer ago than its `watch_every`.
    """
    first = view.looks.sort_values("snapshot").drop_duplicates("scope")
    first = first[first["snapshot"] > 0]
    before = [instant(utc(view.snapshots[place - 1])) for place in first["snapshot"]]
    start = np.array(before, dtype="datetime64[us]")
    end = instants(_tells_from(view, first).fillna(first["taken_at"]))
    before_first = pd.DataFrame({"scope": first["scope"].to_numpy(), "start": start, "end": end})
    before_first = _untold(before_first, view)
    long = before_first["end"] - before_first["start"] > view.watch_every[before_first["scope"]]
    return before_first[long].reset_index(drop=True)


def _looks(view: View) -> pd.DataFrame:
    """The looks at each scope, in order; and before them its first sighting, if that is a
    placeholder that `hides` its jobs.
    """
    sightings = view.sightings.sort_values(["scope", "snapshot"])
    shown = sightings.index.isin(view.looks.index)
    first = ~sightings["scope"].duplicated()
    return sightings.assign(hides=~shown)[shown | first]


def _tells_from(view: View, looks: pd.DataFrame) -> pd.Series:
    """The start of the time that each look shows of its scope: the oldest job that it lists of the
    scope; or of all scopes, if it lists all jobs.
    """
    if not view.lists_history:
        return looks["oldest_at"]
    oldest: pd.Series = looks["snapshot"].map(view.oldest_listed)
    return oldest


def _told_by_each(view: View) -> Iterator[tuple[datetime, datetime]]:
    """The time whose jobs each snapshot lists completely: from the oldest job in it to the
    snapshot. Only for sources that list all jobs.
    """
    for place, oldest in zip(view.oldest_listed.index, view.oldest_listed, strict=True):
        yield oldest, view.snapshots[place]


def watch_of(window: Window) -> Watch:
    """How closely the period was watched; of several sources, the one watched least decides.
    Sources that list all jobs need no look in the period: their snapshots are counted only if there
    is no other source.
    """
    looked_at = [view for view in window.views if not view.lists_history] or window.views
    return Watch(
        snapshots=min(len(view.inside) for view in looked_at),
        observed_days=len(observed_days(window)),
        days=len(window.period.days),
        watched_share=min(_watched_share(view) for view in window.views),
    )


def observed_days(window: Window) -> set[date]:
    """The days of the period, in the report's time zone, that every source has observed."""
    return set.intersection(*(observed_by(view) for view in window.views))


def observed_by(view: View) -> set[date]:
    """The days of the period, in the report's time zone, on which a snapshot was taken; and the
    days of the time whose jobs a snapshot lists completely.
    """
    zone = view.period.zone
    days = {view.snapshots[place].astimezone(zone).date() for place in view.inside}
    if view.lists_history:
        for oldest, taken in _told_by_each(view):
            first, last = (at.astimezone(zone).date() for at in (oldest, taken))
            days |= {first + timedelta(days=n) for n in range((last - first).days + 1)}
    return days & set(view.period.days)


def _watched_share(view: View) -> float:
    """The share of the period that lies between two successive snapshots that are close enough, or
    whose jobs a snapshot lists completely.
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
