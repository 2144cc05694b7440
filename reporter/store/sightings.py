"""When a customer was looked at, and what each look says of each scope."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
import sqlalchemy as sa

from reporter.jobs.sightings import SIGHTING_COLUMNS
from reporter.jobs.snapshots import cut
from reporter.model import Outcome
from reporter.period import Period
from reporter.store import tables
from reporter.store.deriving import complete, scopes_of

_SIGHTINGS: Final = tables.sightings.c
_OF_SIGHTING: Final = tuple(name for name in SIGHTING_COLUMNS if name in _SIGHTINGS)
_SCOPE: Final = ("service", "module", "name")


@dataclass(frozen=True)
class Observed:
    """The complete snapshots of a customer by their time, and which of them count for a report."""

    ids: np.ndarray[Any, np.dtype[np.int64]]
    """The ids of the fetches, which grow in the order of recording; clocks may run backwards."""
    times: tuple[datetime, ...]
    inside: range
    """The places of those taken in the period."""
    counted: int
    """How many count: up to the first at or after the period's end and `watch_every`."""

    @property
    def last(self) -> datetime | None:
        """The time of the last one that counts."""
        return self.times[self.counted - 1] if self.counted else None

    @property
    def next(self) -> datetime | None:
        """The time of the first one that counts no more; None where there is none yet."""
        return self.times[self.counted] if self.counted < len(self.times) else None

    @property
    def deciding(self) -> list[int]:
        """The ids of the fetches of the period, of the look before it, and of those after it that
        count.
        """
        return [
            int(fetch_id) for fetch_id in self.ids[max(self.inside.start - 1, 0) : self.counted]
        ]


def observed_of(
    connection: sa.Connection, customer_id: str, period: Period, watch_every: timedelta
) -> Observed:
    """The looks at a customer, cut for a report of the period."""
    fetches = tables.fetches.c
    taken = sa.select(fetches.id, fetches.taken_at).where(complete(customer_id))
    looks = connection.execute(taken.order_by(fetches.taken_at, fetches.id)).all()
    times = tuple(look.taken_at for look in looks)
    seen = cut(times, period, watch_every)
    ids = np.array([look.id for look in looks], dtype=np.int64)
    return Observed(ids, times, seen.inside, seen.counted)


def sightings_in(
    connection: sa.Connection, customer_id: str, period: Period, observed: Observed
) -> pd.DataFrame:
    """What the looks that count say of each scope, in the columns of `SIGHTING_COLUMNS`, sorted by
    scope and snapshot; of each scope from its last success before the period before this one on.
    """
    since = _since(connection, customer_id, period, observed)
    if not since:
        return pd.DataFrame(columns=list(SIGHTING_COLUMNS)).astype(SIGHTING_COLUMNS)
    columns = ("scope_id", "fetch_id", "listed", *_OF_SIGHTING, *_SCOPE)
    records = connection.execute(_changes(customer_id, observed, since))
    changes = pd.DataFrame.from_records(list(map(tuple, records)), columns=columns)
    changes = changes.sort_values([*_SCOPE, "fetch_id"], ignore_index=True)
    fetch_ids, scope_ids = (changes[name].to_numpy("int64") for name in ("fetch_id", "scope_id"))
    places = np.argsort(observed.ids[: observed.counted])
    recorded = observed.ids[places]
    # A change holds from its fetch until the scope's next one, in the order of recording.
    first = np.searchsorted(recorded, fetch_ids)
    goes_on = np.append(scope_ids[1:] == scope_ids[:-1], False)[: len(first)]
    end = np.where(goes_on, np.append(first[1:], 0)[: len(first)], len(recorded))
    change = np.repeat(np.arange(len(first)), end - first)
    begun = np.repeat(first - np.append(0, np.cumsum(end - first)[:-1])[: len(first)], end - first)
    look = np.arange(len(change)) + begun
    rows = changes.iloc[change].reset_index(drop=True)
    rows["snapshot"] = places[look]
    rows["lost"] &= recorded[look] == fetch_ids[change]
    rows["taken_at"] = pd.DatetimeIndex(observed.times).as_unit("us")[places[look]]
    for name in ("modified_at", "oldest_at"):
        rows[name] = pd.to_datetime(rows[name].astype("Int64"), unit="us", utc=True)
    kept = rows["listed"].astype(bool) & (rows["snapshot"] >= rows["scope_id"].map(since))
    rows = rows.loc[kept, list(SIGHTING_COLUMNS)].astype(SIGHTING_COLUMNS)
    return rows.sort_values([*_SCOPE, "snapshot"], ignore_index=True)


def _since(
    connection: sa.Connection, customer_id: str, period: Period, observed: Observed
) -> dict[int, int]:
    """The place from which on the looks at each scope are needed, by the scope's number.

    That is the look before its last success before the period before this one, or before the first
    that showed it; at least all of that period, and the look before it.
    """
    if not observed.counted:
        return {}
    start, jobs, scopes = period.previous().start, tables.jobs.c, tables.scopes.c
    last = (
        sa.select(
            sa.case((jobs.first_seen_at < jobs.point_at, jobs.first_seen_at), else_=jobs.point_at)
        )
        .where(jobs.scope_id == scopes.id, jobs.outcome == Outcome.SUCCESS.value)
        .where(jobs.point_at < start)
    )
    last = last.order_by(jobs.point_at.desc()).limit(1)
    last_successes = connection.execute(
        scopes_of(customer_id).with_only_columns(scopes.id, last.scalar_subquery())
    )
    places = {}
    for scope_id, at in last_successes:
        first = bisect_left(observed.times, min(at, start)) if at is not None else 0
        places[scope_id] = max(min(first, observed.counted) - 1, 0)
    return places


def _changes(customer_id: str, observed: Observed, since: Mapping[int, int]) -> sa.Select[Any]:
    """The sightings of each scope from its place on, with the one that held there."""
    ids = observed.ids[: observed.counted]
    earliest = np.minimum.accumulate(ids[::-1])[::-1]
    bound = sa.case(
        {scope_id: int(earliest[place]) for scope_id, place in since.items()},
        value=tables.scopes.c.id,
    )
    before = tables.sightings.alias("before").c
    held = sa.select(sa.func.max(before.fetch_id)).where(
        before.scope_id == tables.scopes.c.id, before.fetch_id <= bound
    )
    columns = (
        sa.type_coerce(column, sa.BigInteger) if isinstance(column.type, tables.Instant) else column
        for column in (
            _SIGHTINGS[name] for name in ("scope_id", "fetch_id", "listed", *_OF_SIGHTING)
        )
    )
    modules, scopes = tables.modules.c, tables.scopes.c
    return (
        scopes_of(customer_id)
        .with_only_columns(*columns, modules.service, modules.module, scopes.name)
        .join(tables.sightings, _SIGHTINGS.scope_id == scopes.id)
        .where(_SIGHTINGS.fetch_id >= sa.func.coalesce(held.scalar_subquery(), 0))
        .where(_SIGHTINGS.fetch_id <= int(ids.max()))
    )
