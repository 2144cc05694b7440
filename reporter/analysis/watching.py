"""How closely a customer was watched, and what may have run unseen: docs/figures.md, "Gaps"."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from reporter.analysis.window import SCOPE, Window
from reporter.model import Watch


def unseen_of(window: Window) -> pd.DataFrame:
    """The times in which a job of a scope may have run that no look has shown.

    Columns: service, module, name, `start`, `end` (UTC). Between two looks at a scope that is the
    time from the first to the start of the oldest job that the second lists, or to the second
    itself where it lists none; and the time from the last look to the period's end. All of them
    count where they are longer than the policy's `watch_every`; however short, where the job that
    ran at the first look is listed no more.
    """
    watch = window.policy.watch_every
    looks = window.looks.sort_values([*SCOPE, "snapshot"])
    scopes = looks.groupby(SCOPE)
    start = scopes["taken_at"].shift()
    end = looks["oldest_at"].fillna(looks["taken_at"])
    end = end.mask(looks["lost"] & (end <= start), looks["taken_at"])
    between = looks[SCOPE].assign(start=start, end=end)[(end - start > watch) | looks["lost"]]
    last = scopes["taken_at"].max().rename("start").reset_index().assign(end=window.stop)
    after = last[last["end"] - last["start"] > watch]
    spans = pd.concat([between, after], ignore_index=True)
    return spans[spans["end"] > spans["start"]]


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
    snapshots = np.array([own.timestamp() for own in window.snapshots])
    start, end = window.start.timestamp(), window.end.timestamp()
    close = np.diff(snapshots) <= window.policy.watch_every.total_seconds()
    inside = np.diff(np.clip(snapshots, start, end))
    return float(inside[close].sum() / (end - start))
