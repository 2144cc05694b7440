"""Which scopes a report has, and how each is listed: docs/figures.md, "Snapshots"."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reporter.analysis.window import SCOPE, Flags, Moments, View, earliest, latest
from reporter.model import Listed

_QUIET = (Listed.IDLE.value, Listed.OFF.value)


def scopes_of(view: View) -> pd.DataFrame:
    """One row for each scope of the report; the index is its place in `view.scopes`.

    Columns: `service`, `module`, `name`, `listed` (a value of `Listed`), `listed_since` (missing
    for all but `off` and `gone`), `switched_off` (within the period).
    """
    seen = view.sightings
    inside = seen["snapshot"].isin(view.inside)
    before = seen["snapshot"] == view.inside.start - 1
    reference = seen["snapshot"] == view.reference
    quiet = before & seen["listed_as"].isin(_QUIET)
    decides = inside | (reference & ~before) | (before & ~quiet)
    reported = np.union1d(seen["scope"][decides], view.jobs["scope"]).astype(np.int64)
    names = [view.scopes[place] for place in reported]
    scopes = pd.DataFrame(names, columns=SCOPE, index=reported, dtype="str")
    at_reference = seen[reference].set_index("scope")
    listed = at_reference["listed_as"].reindex(reported)
    gone = reported_in(scopes, seen["scope"][inside | before]) & listed.isna()
    scopes["listed"] = listed.mask(gone, Listed.GONE.value).fillna(Listed.JOB.value)
    off = scopes["listed"] == Listed.OFF.value
    since = pd.Series(_off_since(view, seen), dtype="datetime64[us]").dt.tz_localize("UTC")
    since = at_reference["modified_at"].reindex(reported).fillna(since.reindex(reported))
    shown = seen[seen["snapshot"] <= view.reference]
    last = pd.Series(latest(shown, "taken_at", len(view.scopes))).dt.tz_localize("UTC")
    scopes["listed_since"] = since.where(off).mask(gone, last.reindex(reported))
    otherwise = reported_in(scopes, seen["scope"][inside & (seen["listed_as"] != Listed.OFF.value)])
    within = (scopes["listed_since"] >= view.start) & (scopes["listed_since"] < view.end)
    scopes["switched_off"] = off & (within | otherwise)
    return scopes


def reported_in(scopes: pd.DataFrame, places: pd.Series) -> Flags:
    """Which of the scopes are among the given places."""
    return np.isin(scopes.index.to_numpy(), places.to_numpy())


def _off_since(view: View, seen: pd.DataFrame) -> Moments:
    """Since when each scope has been shown switched off, without another state in between."""
    shown = seen[seen["snapshot"] <= view.reference]
    off = shown["listed_as"] == Listed.OFF.value
    turned = np.full(len(view.scopes), -1, dtype=np.int64)
    np.maximum.at(turned, shown["scope"][~off], shown["snapshot"][~off])
    lasting = off & (shown["snapshot"].to_numpy() > turned[shown["scope"]])
    return earliest(shown[lasting], "taken_at", len(view.scopes))
