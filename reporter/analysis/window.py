"""The window of a report: one customer's jobs and sightings, selected for one period.

The rules are those of docs/figures.md, "Snapshots, and how a scope is listed" and "Period".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import accumulate

import numpy as np
import pandas as pd

from reporter.jobs.details import Details
from reporter.jobs.frame import Jobs
from reporter.jobs.sightings import ScopeKey
from reporter.jobs.snapshots import Cut, cut
from reporter.model import Observations, Policy, ToldTime
from reporter.period import Period

MODULE = ["service", "module"]
SCOPE = [*MODULE, "name"]


Places = np.ndarray[tuple[int], np.dtype[np.int64]]
Moments = np.ndarray[tuple[int], np.dtype[np.datetime64]]
Durations = np.ndarray[tuple[int], np.dtype[np.timedelta64]]
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True)
class SourceData:
    """What one source shows of a customer's jobs."""

    customer_id: str
    """The customer's id in this source."""
    jobs: Jobs
    """One row per job identity: the jobs of the period, and those before and after it that matter
    (the period before, the last recovery points, later cures).
    """
    sightings: pd.DataFrame
    """What the snapshots show of each scope, in the columns of `jobs.sightings.SIGHTING_COLUMNS`.
    """
    observations: Observations
    """At least one snapshot, and the replies the report rests on."""
    lists_history: bool = False
    """Whether a snapshot lists all jobs since the oldest one in it, instead of only the newest of
    each scope.
    """
    details: Details = field(default_factory=Details)
    """What is known of the objects of the period's jobs."""
    details_before: Details = field(default_factory=Details)
    """The same of the period before."""
    told_times: tuple[ToldTime, ...] = ()
    """Of which times the customer's own tenant has told every job of a module."""


def as_known_by(source: SourceData, period: Period, policy: Policy) -> SourceData:
    """What a source shows, without what only the customer's own tenant tells of a period and did
    not tell before the look that follows the last one that counts: a tenant that is asked later
    must not change a period that was closed before.
    """
    snapshots = source.observations.snapshots
    counted = cut(snapshots, period, policy.watch_every).counted
    if counted == len(snapshots):
        return source
    next_look, rows = snapshots[counted], source.jobs.rows
    late = rows["from_tenant"] & (rows["first_seen_at"] >= next_look)
    late &= rows["dated_at"] < period.end
    return replace(
        source,
        jobs=replace(source.jobs, rows=rows[~late]) if late.any() else source.jobs,
        told_times=tuple(time for time in source.told_times if time.told_at < next_look),
    )


@dataclass(frozen=True)
class View:
    """The backups of one customer as one source shows them for one period."""

    period: Period
    policy: Policy
    scopes: tuple[ScopeKey, ...]
    """All known scopes of the customer, sorted; `scope` in the frames is an index into them."""
    rows: pd.DataFrame
    """All known jobs that are backups, in the columns of `jobs.frame.JOB_COLUMNS` and `scope`."""
    sightings: pd.DataFrame
    """The sightings of the snapshots that count, in the columns of
    `jobs.sightings.SIGHTING_COLUMNS` and `scope`.
    """
    snapshots: tuple[datetime, ...]
    """When each complete snapshot was taken, in order."""
    lists_history: bool
    """As in `SourceData`."""
    told_times: tuple[ToldTime, ...] = ()
    """As in `SourceData`."""
    runs_every: Mapping[tuple[str, str], timedelta] = field(default_factory=dict)
    """How far apart the jobs of modules are set to run, as far as that is told."""

    @cached_property
    def watch_every(self) -> Durations:
        """Of each scope, how far apart looks may be for no job to run unseen between them: the
        policy's `watch_every`, or the time between two jobs where that is shorter.
        """
        usual = self.policy.watch_every
        every = [min(usual, self.runs_every.get(scope[:2], usual)) for scope in self.scopes]
        return np.array(every, dtype="timedelta64[us]")

    @property
    def start(self) -> pd.Timestamp:
        return utc(self.period.start)

    @property
    def end(self) -> pd.Timestamp:
        return utc(self.period.end)

    @property
    def stop(self) -> pd.Timestamp:
        """The period's end, or the last snapshot if that is earlier."""
        return min(self.end, utc(self.snapshots[-1]))

    @cached_property
    def cut(self) -> Cut:
        """How the snapshots lie relative to the period."""
        return cut(self.snapshots, self.period, self.policy.watch_every)

    @property
    def inside(self) -> range:
        """The places of the snapshots taken in the period."""
        return self.cut.inside

    @property
    def last_counted(self) -> pd.Timestamp:
        """When the last snapshot that counts was taken."""
        return utc(self.snapshots[self.cut.counted - 1])

    @cached_property
    def reference(self) -> int:
        """The place of the reference snapshot, which shows how each scope is listed: the last one
        of the period, else the first after it, else the last before it.
        """
        if self.inside:
            return self.inside[-1]
        return min(self.inside.stop, len(self.snapshots) - 1)

    @cached_property
    def oldest_listed(self) -> pd.Series:
        """The oldest time of a job that each snapshot lists, by the snapshot's place; only of
        snapshots that list a job with a time.
        """
        oldest: pd.Series = self.sightings.groupby("snapshot")["oldest_at"].min().dropna()
        return oldest

    @cached_property
    def told_since(self) -> datetime:
        """The start of the time whose jobs the source shows: the first snapshot, or the oldest
        listed job if the source lists all jobs.
        """
        oldest = self.oldest_listed.min() if self.lists_history else pd.NaT
        return self.snapshots[0] if pd.isna(oldest) else min(self.snapshots[0], oldest)

    @property
    def looked_before(self) -> bool:
        """Whether the source shows anything of the customer from before the period."""
        return self.told_since < self.period.start

    @cached_property
    def modules(self) -> Places:
        """A number for the module of each scope."""
        numbers, _ = pd.factorize(
            pd.Index([scope[:2] for scope in self.scopes], tupleize_cols=False)
        )
        return numbers

    @cached_property
    def known(self) -> pd.DataFrame:
        """The dated jobs of this period, and earlier ones that a snapshot that counts has shown.
        Earlier jobs that only a later snapshot shows do not change a closed period.
        """
        dated = self.rows["dated_at"]
        shown = (self.rows["first_seen_at"] <= self.last_counted) | (dated >= self.start)
        return self.rows[(dated < self.end) & shown]

    @cached_property
    def jobs(self) -> pd.DataFrame:
        """The jobs of the period."""
        return self.rows[dated_in(self.rows, self.period)]

    @cached_property
    def recovery_points(self) -> pd.DataFrame:
        """The known jobs that leave a recovery point, each at its `point_at`."""
        return self.known[self.known["outcome"].isin(self.policy.recovering)]

    @cached_property
    def looks(self) -> pd.DataFrame:
        """The sightings that show something: all but placeholders of queued and running jobs."""
        return self.sightings[~self.sightings["queued"]]

    def moment(self, value: object) -> datetime | None:
        """A time of a frame in the report's time zone; None if it is missing."""
        if pd.isna(value):  # type: ignore[call-overload]
            return None
        moment: datetime = pd.Timestamp(value).to_pydatetime().astimezone(self.period.zone)  # type: ignore[arg-type]
        return moment

    def without(self, places: Iterable[int]) -> View:
        """The view without the scopes at these places."""
        rows, sightings = (
            frame[~frame["scope"].isin(list(places))] for frame in (self.rows, self.sightings)
        )
        return replace(self, rows=rows, sightings=sightings)


@dataclass(frozen=True)
class Window:
    """The backups of one customer for one period, as one source shows them, or several sources with
    different modules.
    """

    views: tuple[View, ...]
    """One view for each source; at least one."""

    @property
    def period(self) -> Period:
        return self.views[0].period

    @property
    def policy(self) -> Policy:
        return self.views[0].policy

    @property
    def scopes(self) -> tuple[ScopeKey, ...]:
        """All known scopes, sorted; `scope` in the frames is an index into them."""
        return self.views[0].scopes

    @cached_property
    def modules(self) -> Places:
        """A number for the module of each scope."""
        return self.views[0].modules

    @cached_property
    def rows(self) -> pd.DataFrame:
        """As in `View`, from all sources."""
        return together(view.rows for view in self.views)

    @cached_property
    def jobs(self) -> pd.DataFrame:
        """The jobs of the period."""
        return self.rows[dated_in(self.rows, self.period)]

    def moment(self, value: object) -> datetime | None:
        """A time of a frame in the report's time zone; None if it is missing."""
        return self.views[0].moment(value)

    def without(self, left_out: Iterable[int]) -> Window:
        """The window without the scopes at these places."""
        gone = list(left_out)
        return Window(tuple(view.without(gone) for view in self.views)) if gone else self


def window_of(
    sources: Sequence[SourceData],
    period: Period,
    policy: Policy,
    runs_every: Mapping[tuple[str, str], timedelta],
) -> Window:
    """The window of a period, from all that is known of a customer; jobs that are not backups are
    left out. No two jobs of `sources` may have the same index, and no two sources may list the same
    module.
    """
    backups = [source.jobs.rows[source.jobs.rows["is_backup"]] for source in sources]
    frames = [
        frame
        for rows, source in zip(backups, sources, strict=True)
        for frame in (rows, source.sightings)
    ]
    places, scopes = _numbered(pd.concat([frame[SCOPE] for frame in frames]))
    ends = accumulate(len(frame) for frame in frames)
    numbered = iter(
        frame.assign(scope=places[end - len(frame) : end])
        for frame, end in zip(frames, ends, strict=True)
    )
    views = []
    for source, rows, sightings in zip(sources, numbered, numbered, strict=False):
        snapshots = source.observations.snapshots
        whole = View(
            period,
            policy,
            scopes,
            rows,
            sightings,
            snapshots,
            source.lists_history,
            source.told_times,
            runs_every,
        )
        counted = sightings[sightings["snapshot"] < whole.cut.counted]
        views.append(replace(whole, sightings=_without_nameless(whole, counted)))
    return Window(tuple(views))


def together(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The rows of several frames with the same columns, in the order of the frames."""
    parts = list(frames)
    return parts[0] if len(parts) == 1 else pd.concat(parts)


def _numbered(names: pd.DataFrame) -> tuple[Places, tuple[ScopeKey, ...]]:
    """The place of each row's scope, and all scopes, sorted."""
    columns = [pd.factorize(names[column].to_numpy(dtype=object), sort=True) for column in SCOPE]
    widths = [len(distinct) for _, distinct in columns]
    numbers = (columns[0][0] * widths[1] + columns[1][0]) * widths[2] + columns[2][0]
    places, distinct = pd.factorize(numbers, sort=True)
    parts = (
        distinct // (widths[1] * widths[2]),
        distinct // widths[2] % widths[1],
        distinct % widths[2],
    )
    named = (column[part] for (_, column), part in zip(columns, parts, strict=True))
    return places, tuple(zip(*named, strict=True))


def _without_nameless(view: View, sightings: pd.DataFrame) -> pd.DataFrame:
    """The sightings without nameless placeholders of modules that list scopes by name."""
    deciding = sightings["snapshot"].isin([*view.inside, view.reference])
    shown = sightings["scope"][deciding].unique()
    named = {view.scopes[place][:2] for place in shown if view.scopes[place][2]}
    if not named:
        return sightings
    with_jobs = {*sightings["scope"][sightings["job_id"] != ""], *view.jobs["scope"]}
    nameless = [
        place
        for place, (service, module, name) in enumerate(view.scopes)
        if not name and (service, module) in named and place not in with_jobs
    ]
    return sightings[~sightings["scope"].isin(nameless)]


def dated_in(rows: pd.DataFrame, period: Period) -> pd.Series:
    """Which jobs are dated in the period; undated jobs are in no period."""
    dated = rows["dated_at"]
    return (dated >= period.start) & (dated < period.end)


def utc(moment: datetime) -> pd.Timestamp:
    """A time in the form that the frames use."""
    return pd.Timestamp(moment).tz_convert("UTC").as_unit("us")


def latest(rows: pd.DataFrame, column: str, scopes: int) -> Moments:
    """The latest time in a column of `rows` for each of `scopes` scopes; missing without one."""
    return _extreme(np.maximum, np.iinfo(np.int64).min, rows, column, scopes)


def earliest(rows: pd.DataFrame, column: str, scopes: int) -> Moments:
    """The earliest time in a column of `rows` for each of `scopes` scopes; missing without one."""
    return _extreme(np.minimum, np.iinfo(np.int64).max, rows, column, scopes)


def _extreme(choose: np.ufunc, none: int, rows: pd.DataFrame, column: str, scopes: int) -> Moments:
    times = instants(rows[column])
    there = ~np.isnat(times)
    extremes = np.full(scopes, none, dtype=np.int64)
    choose.at(extremes, rows["scope"].to_numpy()[there], times[there].view(np.int64))
    extremes[extremes == none] = np.iinfo(np.int64).min  # it stands for no time
    return extremes.view("datetime64[us]")


def instant(moment: pd.Timestamp) -> np.datetime64:
    """A time in the form that `instants` uses."""
    return moment.tz_localize(None).to_datetime64()


def instants(times: pd.Series) -> Moments:
    """The times of a frame, in UTC and without a zone."""
    naive: Moments = times.dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
    return naive
