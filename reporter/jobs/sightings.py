"""What each snapshot says of each scope: how it is listed, and what may have run unseen before.

The service lists the newest job of each scope and no older one, so that what may have happened
between two looks follows from what the two show. The rules are those of docs/figures.md,
"Snapshots" and "Gaps".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pandas as pd

from reporter.jobs import values
from reporter.jobs.rows import ABSENT, COUNTS, TIMES, Row, moment, present
from reporter.model import Listed, Outcome

ScopeKey = tuple[str, str, str]
"""Service, module and name; the name is empty where the service gives none."""

SIGHTING_COLUMNS: Final = {
    "snapshot": "int64",
    "taken_at": "datetime64[us, UTC]",
    "service": "str",
    "module": "str",
    "name": "str",
    "job_id": "str",
    "status": "str",
    "outcome": "str",
    "listed_as": "str",
    "queued": "bool",
    "modified_at": "datetime64[us, UTC]",
    "oldest_at": "datetime64[us, UTC]",
    "at_work": "str",
    "lost": "bool",
    "unreadable": "str",
}
"""Column and dtype of a frame of sightings, a row for each snapshot and scope it lists.

`snapshot` is the snapshot's place in `Observations.snapshots`; the others are those of `Sighting`.
"""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one snapshot says of one scope. Times are in UTC."""

    service: str
    module: str
    name: str
    """Empty where the service gives none."""
    job_id: str
    """Of the newest job it lists; empty where it lists the scope by a placeholder."""
    status: str
    """The placeholder's, as the service wrote it; empty where there is a job."""
    outcome: str
    """What became of a job with that status (`Outcome`); empty where there is a job."""
    listed_as: str
    """How the scope is listed (`Listed`)."""
    queued: bool
    """Whether it is a placeholder of a run that is queued or under way, which hides the last job
    for a while.
    """
    modified_at: datetime | None
    """For a scope that is switched off, the earliest `lastModifyTime` in its rows since then; else
    None.
    """
    oldest_at: datetime | None
    """When the oldest job it lists started, or the time that job is dated by instead; None without
    a job.
    """
    at_work: str
    """The id of the newest job, where it runs; of a placeholder that hides it, as the look before
    showed it; else empty.
    """
    lost: bool
    """Whether the look before listed the newest job as running, and this one no longer lists it."""
    unreadable: str
    """Fields of a placeholder that cannot be read, with their raw values, as JSON; else empty."""

    @property
    def scope(self) -> ScopeKey:
        """What it is about."""
        return self.service, self.module, self.name


def sightings_of(rows: Iterable[Row], before: Mapping[ScopeKey, Sighting]) -> list[Sighting]:
    """What the rows of one snapshot say of each scope of a backup, in the order of the rows.

    `before` is the last sighting of each scope from the snapshots before.
    """
    scopes: dict[ScopeKey, list[Row]] = {}
    for row in rows:
        scope = scope_of(row)
        if row["is_backup"]:
            scopes.setdefault(scope, []).append(row)
    return [_sighting(scope, listed, before.get(scope)) for scope, listed in scopes.items()]


def sightings_in(snapshots: Iterable[Iterable[Row]]) -> list[list[Sighting]]:
    """What each of several snapshots says of each scope, from their rows, in the order in which
    they were taken.
    """
    before: dict[ScopeKey, Sighting] = {}
    by_snapshot = []
    for rows in snapshots:
        sightings = sightings_of(rows, before)
        before |= {sighting.scope: sighting for sighting in sightings}
        by_snapshot.append(sightings)
    return by_snapshot


def scope_of(row: Row) -> ScopeKey:
    """What a row is about."""
    service, module = present(row["service"]), present(row["module"])
    return service or ABSENT, module or ABSENT, present(row["name"]) or ""


def dated_at(row: Row) -> datetime | None:
    """When a row's job started; else when it ended, else when it was modified last."""
    return next((at for field in TIMES if (at := moment(row, field))), None)


def frame_of(snapshots: Sequence[tuple[datetime, Sequence[Sighting]]]) -> pd.DataFrame:
    """Sightings as a frame; `snapshots` are in the order of `Observations.snapshots`."""
    rows = [
        (number, taken_at, *(getattr(sighting, name) for name in Sighting.__slots__))
        for number, (taken_at, sightings) in enumerate(snapshots)
        for sighting in sightings
    ]
    return pd.DataFrame(rows, columns=list(SIGHTING_COLUMNS), dtype=object).astype(SIGHTING_COLUMNS)


def _sighting(scope: ScopeKey, rows: Sequence[Row], before: Sighting | None) -> Sighting:
    jobs = [row for row in rows if present(row["job_id"])]
    return _with_jobs(scope, jobs, before) if jobs else _placeholder(scope, rows[-1], before)


def _with_jobs(scope: ScopeKey, jobs: Sequence[Row], before: Sighting | None) -> Sighting:
    dated = [(at, number) for number, row in enumerate(jobs) if (at := dated_at(row))]
    newest = jobs[max(dated)[1] if dated else -1]
    job_id = present(newest["job_id"]) or ""
    runs = newest["outcome"] == Outcome.RUNNING
    ids = {present(row["job_id"]) for row in jobs}
    oldest = min(dated)[0] if dated else None
    if before and before.oldest_at and ids == {before.job_id} and not _is_timed(newest):
        # Its modification moves on; it is dated by the earliest that is known.
        oldest = min(oldest or before.oldest_at, before.oldest_at)
    return Sighting(
        *scope,
        job_id=job_id,
        status="",
        outcome="",
        listed_as=Listed.JOB.value,
        queued=False,
        modified_at=None,
        oldest_at=oldest,
        at_work=job_id if runs else "",
        lost=before is not None and bool(before.at_work) and before.at_work not in ids,
        unreadable="",
    )


def _is_timed(row: Row) -> bool:
    """Whether a row says when its job started or ended."""
    return any(moment(row, field) for field in ("started", "ended"))


def _placeholder(scope: ScopeKey, row: Row, before: Sighting | None) -> Sighting:
    status = present(row["status"]) or ""
    queued, at_work = row["queued"], before.at_work if before else ""
    modified_at = moment(row, "modified")
    return Sighting(
        *scope,
        job_id="",
        status=status,
        outcome=row["outcome"].value,
        listed_as=row["listed_as"].value,
        queued=queued,
        modified_at=_off_since(modified_at, before) if row["listed_as"] is Listed.OFF else None,
        oldest_at=None,
        at_work=at_work if queued else "",
        lost=bool(at_work) and not queued,
        unreadable=_unreadable(row),
    )


def _unreadable(row: Row) -> str:
    """The values of a row that cannot be read, as JSON; empty where there are none."""
    unreadable = {
        field: text
        for field, read in _READERS.items()
        if (text := present(row[field])) and read(row, field) is None
    }
    return json.dumps(unreadable) if unreadable else ""


def _read_count(row: Row, field: str) -> object:
    return values.read_count(present(row[field]) or "")


_READERS: Final[dict[str, Callable[[Row, str], object]]] = {
    **dict.fromkeys(COUNTS, _read_count),
    "size": lambda row, field: values.read_size(present(row[field]) or "", "binary"),
    "duration": lambda row, field: values.read_duration(present(row[field]) or ""),
    **dict.fromkeys(TIMES, moment),
}
"""How those values of a placeholder are read that are not names."""


def _off_since(modified_at: datetime | None, before: Sighting | None) -> datetime | None:
    was_off = before is not None and before.listed_as == Listed.OFF
    earlier = before.modified_at if before and was_off else None
    return min(filter(None, (modified_at, earlier)), default=None)
