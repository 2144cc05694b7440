"""How the months before went: the trend a report is read against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

import pandas as pd

from reporter.jobs.frame import read_names, read_sizes
from reporter.model import MonthFigures, Observations, Outcome, Policy, Tally
from reporter.period import Period

_UNITS: Final[tuple[Literal["binary", "decimal"], ...]] = ("binary", "decimal")


def tallies_of(counts: pd.DataFrame, months: int) -> tuple[Tally, ...]:
    """The tally of each month.

    `counts` has the fields of jobs `service`, `module`, `size`, `outcome`, `is_backup`, whether the
    jobs processed objects (`has_objects`), and how many (`count`) of which of the months (`month`,
    its place) there are.
    """
    backups = counts[counts["is_backup"].astype(bool)]
    named = backups.assign(**{name: read_names(backups[name]) for name in ("service", "module")})
    read = {units: named.assign(bytes=read_sizes(named["size"], units)) for units in _UNITS}
    return tuple(
        _tally({units: rows[rows["month"] == month] for units, rows in read.items()})
        for month in range(months)
    )


def _tally(read: dict[Literal["binary", "decimal"], pd.DataFrame]) -> Tally:
    """The tally of one month's rows, which are read once for each size of a GB."""
    jobs = read["binary"].groupby("outcome")["count"].sum()
    return Tally(
        {outcome: int(jobs.get(outcome.value, 0)) for outcome in Outcome},
        {units: _volume(rows) for units, rows in read.items()},
    )


def _volume(rows: pd.DataFrame) -> int | None:
    """The volume of a month, as `analysis.volume` has it of a group of modules."""
    # Python's own integers: absurd sizes of many jobs can be more than 64 bits hold.
    sizes = rows["bytes"].astype(object).where(rows["bytes"].notna(), 0) * rows["count"]
    total = int(sizes.sum())
    by_module = [rows["service"], rows["module"]]
    withheld = rows["has_objects"].groupby(by_module).any() & (sizes.groupby(by_module).sum() == 0)
    return None if total == 0 and withheld.any() else total


def tallies_together(tallies: Sequence[Sequence[Tally]]) -> list[Tally]:
    """Of several sources the tallies of each month as one."""
    return [
        Tally(
            {outcome: sum(tally.outcomes[outcome] for tally in month) for outcome in Outcome},
            {units: _sum_known(tally.bytes[units] for tally in month) for units in _UNITS},
        )
        for month in zip(*tallies, strict=True)
    ]


def _sum_known(volumes: Iterable[int | None]) -> int | None:
    """The sum of the volumes that are known; None where none of them says anything."""
    volumes = list(volumes)
    known = [volume for volume in volumes if volume is not None]
    return None if len(known) < len(volumes) and not sum(known) else sum(known)


def history_of(
    tallies: Sequence[Tally],
    months: Sequence[Period],
    policy: Policy,
    observations: Sequence[Observations],
) -> tuple[MonthFigures, ...]:
    """The figures of each month, from its tally and under the report's policy; `observations` are
    those of each source.
    """
    zone = months[0].zone
    seen = set.intersection(
        *({at.astimezone(zone).date() for at in source.snapshots} for source in observations)
    )
    return tuple(
        _month(month, tally, policy, len(seen.intersection(month.days)))
        for month, tally in zip(months, tallies, strict=True)
    )


def _month(month: Period, tally: Tally, policy: Policy, observed_days: int) -> MonthFigures:
    jobs = tally.outcomes
    return MonthFigures(
        period=month,
        jobs=sum(jobs.values()),
        completed=policy.completed(jobs),
        success_rate=policy.success_rate(jobs),
        bytes=tally.bytes[policy.units],
        observed_days=observed_days,
        days=len(month.days),
    )
