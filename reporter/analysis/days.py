"""The days of the period: what ran on each, and what a day without a job amounts to."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from reporter.analysis.figures import OUTCOMES, outcome_counts
from reporter.analysis.volume import volume
from reporter.analysis.watching import observed_days
from reporter.analysis.window import MODULE, Window, utc
from reporter.model import DayFigures, Silence, SilentDay
from reporter.period import midnight


def daily_of(window: Window, jobs: pd.DataFrame) -> tuple[DayFigures, ...]:
    """The jobs of each day and module, by day; `jobs` are those of the period, with `withheld`."""
    keys = [_day_of(window, jobs), *(jobs[name] for name in MODULE)]
    days = outcome_counts(jobs, keys).join(volume(jobs, keys)["bytes"])
    return tuple(
        DayFigures(
            day,
            service,
            module,
            *(int(count) for count in counts),
            None if size is None else int(size),
        )
        for (day, service, module), *counts, size in days[
            ["jobs", *OUTCOMES, "bytes"]
        ].itertuples()
    )


def silent_days(
    window: Window, scopes: pd.DataFrame, jobs: pd.DataFrame, unseen: pd.DataFrame
) -> tuple[SilentDay, ...]:
    """The days without a job of each module of `scopes`, by module and day."""
    with_jobs = set(zip(jobs["service"], jobs["module"], _day_of(window, jobs), strict=True))
    spans = unseen.merge(scopes.index.to_frame(index=False)).groupby(MODULE)[["start", "end"]]
    hidden = {module: list(own.itertuples(index=False)) for module, own in spans}
    silent = []
    for service, module in scopes.index.droplevel("name").unique():
        for day, start, end, seen in _days(window):
            if (service, module, day) in with_jobs:
                continue
            if end > window.stop:
                runs = window.stop < window.end
                silence = Silence.TO_COME if runs else Silence.NOT_OBSERVED
            elif seen and not any(
                own.start < end and own.end > start for own in hidden.get((service, module), ())
            ):
                silence = Silence.NO_RUN
            else:
                silence = Silence.NOT_OBSERVED
            silent.append(SilentDay(day, service, module, silence))
    return tuple(silent)


def _days(window: Window) -> Iterator[tuple[object, pd.Timestamp, pd.Timestamp, bool]]:
    """Each day of the period, from when to when it goes, and whether it was observed."""
    observed, zone = observed_days(window), window.period.zone
    bounds = [utc(midnight(day, zone)) for day in window.period.days] + [window.end]
    for day, start, end in zip(window.period.days, bounds, bounds[1:], strict=False):
        yield day, start, end, day in observed


def _day_of(window: Window, jobs: pd.DataFrame) -> pd.Series:
    """The day each job is dated on, in the report's zone."""
    local: pd.Series = jobs["dated_at"].dt.tz_convert(window.period.zone).dt.date
    return local.rename("date")
