"""The days of the period: what ran on each, and what a day without a job amounts to."""

from __future__ import annotations

from datetime import date

import pandas as pd

from reporter.analysis.figures import OUTCOMES
from reporter.analysis.volume import volume_of, volume_parts
from reporter.analysis.watching import observed_by, unseen_before
from reporter.analysis.window import MODULE, View, Window, utc
from reporter.model import DayFigures, Silence, SilentDay
from reporter.period import Period, midnight

Span = tuple[pd.Timestamp, pd.Timestamp]


def daily_of(window: Window, jobs: pd.DataFrame) -> tuple[DayFigures, ...]:
    """The jobs of each day and module, by day; `jobs` is `counted_jobs` of the window."""
    keys = [_day_of(jobs, window.period), *(jobs[name] for name in MODULE)]
    sums = jobs[["jobs", *OUTCOMES]].join(volume_parts(jobs)).groupby(keys).sum()
    days = sums.assign(bytes=volume_of(sums)["bytes"])
    return tuple(
        DayFigures(
            date=day,
            service=service,
            module=module,
            **{name: int(counts[name]) for name in ("jobs", *OUTCOMES)},
            bytes=None if counts["bytes"] is None else int(counts["bytes"]),
        )
        for (day, service, module), counts in zip(days.index, days.to_dict("records"), strict=True)
    )


def silent_days(
    view: View, scopes: pd.DataFrame, jobs: pd.DataFrame, unseen: pd.DataFrame
) -> tuple[SilentDay, ...]:
    """The days without a job of each module of `scopes`, which are those of the view, by module and
    day.
    """
    with_jobs = set(zip(jobs["service"], jobs["module"], _day_of(jobs, view.period), strict=True))
    unseen = pd.concat([unseen, unseen_before(view)])
    hidden = _hidden(view, unseen[unseen["scope"].isin(scopes.index)])
    days, silent = _days(view), []
    for service, module in dict.fromkeys(view.scopes[place][:2] for place in scopes.index):
        for day, span, observed in days:
            if (service, module, day) not in with_jobs:
                watched = observed and not _overlap(span, hidden.get((service, module), []))
                silence = _silence(view, span, watched)
                silent.append(SilentDay(day, service, module, silence))
    return tuple(silent)


def _silence(view: View, span: Span, watched: bool) -> Silence:
    """What a day without a job amounts to; `start` and `end` are the day's."""
    if span[1] > view.stop and view.stop < view.end:
        return Silence.TO_COME
    return Silence.NO_RUN if watched else Silence.NOT_OBSERVED


def _hidden(view: View, unseen: pd.DataFrame) -> dict[tuple[str, str], list[Span]]:
    """For each module the times in which a job of one of its scopes may have run unseen."""
    hidden: dict[tuple[str, str], list[Span]] = {}
    spans = (unseen[name].dt.tz_localize("UTC") for name in ("start", "end"))
    for place, start, end in zip(unseen["scope"], *spans, strict=True):
        hidden.setdefault(view.scopes[place][:2], []).append((start, end))
    return hidden


def _overlap(span: Span, others: list[Span]) -> bool:
    return any(start < span[1] and end > span[0] for start, end in others)


def _days(view: View) -> list[tuple[date, Span, bool]]:
    """Each day of the period with its start and end, and whether it was observed."""
    observed, zone = observed_by(view), view.period.zone
    starts = [utc(midnight(day, zone)) for day in view.period.days]
    ends = [*starts[1:], view.end]
    return [
        (day, span, day in observed)
        for day, span in zip(view.period.days, zip(starts, ends, strict=True), strict=True)
    ]


def _day_of(jobs: pd.DataFrame, period: Period) -> pd.Series:
    """The day each job is dated on, in the report's zone."""
    local: pd.Series = jobs["dated_at"].dt.tz_convert(period.zone).dt.date
    return local.rename("date")
