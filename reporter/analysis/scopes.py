"""Which scopes a report has, and how each is listed: docs/figures.md, "Snapshots"."""

from __future__ import annotations

import pandas as pd

from reporter.analysis.window import SCOPE, Window, scopes_in
from reporter.jobs.catalog import listed_of
from reporter.model import Listed

_QUIET = (Listed.IDLE.value, Listed.OFF.value)


def scopes_of(window: Window) -> pd.DataFrame:
    """One row for each scope of the report (index service, module, name; sorted).

    Columns: `listed` (a value of `Listed`), `listed_since` (UTC; missing for all but `off` and
    `gone`), `switched_off` (within the period).
    """
    seen = _with_listed(window.sightings)
    inside = seen["snapshot"].isin(window.inside)
    before = seen["snapshot"] == window.inside.start - 1
    reference = seen["snapshot"] == window.reference
    later = inside | (reference & ~before)
    quiet = before & seen["listed"].isin(_QUIET)
    reported = scopes_in(seen[later | (before & ~quiet)]).append(scopes_in(window.jobs)).unique()
    scopes = pd.DataFrame(index=reported.set_names(SCOPE).sort_values())
    at_reference = seen[reference].set_index(SCOPE)
    scopes["listed"] = at_reference["listed"].reindex(scopes.index)
    gone = scopes.index.isin(scopes_in(seen[inside | before])) & scopes["listed"].isna()
    scopes["listed"] = scopes["listed"].mask(gone, Listed.GONE.value).fillna(Listed.JOB.value)
    scopes["listed_since"] = _since(window, seen, scopes["listed"], at_reference)
    otherwise = scopes_in(seen[inside & (seen["listed"] != Listed.OFF.value)])
    since = scopes["listed_since"]
    off = scopes["listed"] == Listed.OFF.value
    within = (since >= window.start) & (since < window.end)
    scopes["switched_off"] = off & (within | scopes.index.isin(otherwise))
    return scopes


def _with_listed(sightings: pd.DataFrame) -> pd.DataFrame:
    """The sightings with how each lists its scope."""
    placeholders = {status: listed_of(status).value for status in sightings["status"].unique()}
    listed = sightings["status"].map(placeholders)
    return sightings.assign(listed=listed.where(sightings["job_id"] == "", Listed.JOB.value))


def _since(
    window: Window, seen: pd.DataFrame, listed: pd.Series, at_reference: pd.DataFrame
) -> pd.Series:
    """Since when a scope is switched off, or when it was listed last."""
    up_to_now = seen[seen["snapshot"] <= window.reference]
    last_listed = up_to_now.groupby(SCOPE)["taken_at"].max()
    otherwise = up_to_now[up_to_now["listed"] != Listed.OFF.value]
    last_otherwise = otherwise.groupby(SCOPE)["snapshot"].max()
    off = up_to_now[up_to_now["listed"] == Listed.OFF.value]
    turned = last_otherwise.reindex(scopes_in(off)).fillna(-1).to_numpy()
    first_off = off[off["snapshot"] > turned].groupby(SCOPE)["taken_at"].min()
    since_off = (
        at_reference["modified_at"].reindex(listed.index).fillna(first_off.reindex(listed.index))
    )
    since = since_off.where(listed == Listed.OFF.value)
    return since.mask(listed == Listed.GONE.value, last_listed.reindex(listed.index))
