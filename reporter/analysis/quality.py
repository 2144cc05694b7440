"""Data quality: what could not be read, and where the service contradicts itself.

Listed, never mended: every figure counts what the service printed.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Final, cast

import numpy as np
import pandas as pd

from reporter.analysis.window import MODULE, View, dated_in, instant, instants, latest
from reporter.jobs.frame import Jobs
from reporter.jobs.known import follows
from reporter.jobs.rows import unknown_code
from reporter.model import Outcome, QualityKind, QualityNote, Unread
from reporter.period import Period

_PARTS = ["objects_successful", "objects_failed", "objects_skipped", "objects_warning"]
_COLUMNS: Final = ["kind", "field", "value", "job_id"]
_STARTS: Final = ("first_started_at", "last_started_at")
_JOBS: Final = 5
_VALUES: Final = 3
_Group = tuple[tuple[str, str], pd.DataFrame]
_Note = tuple[int, str, str, str]
"""The row of a job, and of what has the columns `_COLUMNS` all but the last."""
_Line = tuple[str, str, str, str | None]
"""What has the columns `_COLUMNS`."""


def quality_of(
    sources: Iterable[tuple[Jobs, View, View]], unread: Unread
) -> tuple[QualityNote, ...]:
    """The notes on what a report rests on: of each source its jobs and undated ones, and how the
    reference snapshot lists scopes; and the values beside the jobs in `unread`. One for each kind
    and field. The second view of each source is the first without what is left out.
    """
    lines = [line for source in sources for line in _lines(*source)]
    lines += [(*what, None) for what, count in unread.items() for _ in range(count)]
    return _in_order(pd.DataFrame(lines, columns=_COLUMNS, dtype=object))


def _lines(jobs: Jobs, seen: View, view: View) -> Iterator[_Line]:
    concerned = jobs.rows[dated_in(jobs.rows, view.period) | undated_in(jobs.rows, view)]
    rows = concerned[concerned["is_backup"]]
    read = jobs.notes[jobs.notes["row"].isin(concerned.index)]
    of_jobs: list[_Note] = [
        *read.itertuples(index=False, name=None),
        *_dating(concerned, jobs.notes),
        *_inconsistent(rows),
        *_odd(rows),
        *_start_moved(jobs.rows, view.period),
        *_end_not_seen(view),
    ]
    job_ids = jobs.rows["job_id"].reindex([row for row, *_ in of_jobs])
    of_rows: list[_Line] = [
        *((*what, job_id) for (_, *what), job_id in zip(of_jobs, job_ids, strict=True)),
        *_placeholders(seen),
    ]
    for kind, field, value, job_id in of_rows:
        yield kind, jobs.names.get(field, field), value, job_id


def undated_in(rows: pd.DataFrame, view: View) -> pd.Series:
    """Which jobs cannot be dated and were first shown by a snapshot of the period; where none was
    taken in it, by the first snapshot after it, if that follows within the period's length.
    """
    period, first = view.period, rows["first_seen_at"]
    shown = (first >= period.start) & (first < period.end)
    reference = view.snapshots[view.reference]
    if not view.inside and follows(period, reference):
        shown = first == reference
    return rows["dated_at"].isna() & shown


def _in_order(lines: pd.DataFrame) -> tuple[QualityNote, ...]:
    """One note for each kind and field, by kind and field."""
    order = [kind.value for kind in QualityKind]
    notes = [
        QualityNote(
            kind=QualityKind(kind),
            field=field,
            values=tuple(
                group["value"]
                .value_counts()
                .sort_index()
                .sort_values(ascending=False, kind="stable")
                .index[:_VALUES]
            ),
            count=len(group),
            jobs=tuple(group["job_id"].dropna().drop_duplicates().sort_values().head(_JOBS)),
        )
        for (kind, field), group in cast(
            "Iterable[_Group]", lines.groupby(["kind", "field"], sort=False)
        )
    ]
    return tuple(sorted(notes, key=lambda note: (order.index(note.kind), note.field)))


def _dating(rows: pd.DataFrame, notes: pd.DataFrame) -> list[_Note]:
    """Jobs without a readable start, by what they are dated by instead."""
    unreadable = notes[
        (notes["kind"] == QualityKind.UNREADABLE.value) & (notes["field"] == "started")
    ]
    value = unreadable.set_index("row")["value"].reindex(rows.index).fillna("N/A")
    kinds = {
        QualityKind.UNDATED: rows["dated_by"].isna(),
        QualityKind.DATED_BY_END: rows["dated_by"] == "end",
        QualityKind.DATED_BY_MODIFICATION: rows["dated_by"] == "modification",
    }
    return [
        note
        for kind, concerned in kinds.items()
        for note in _notes(concerned, kind, "started", value[concerned])
    ]


def _start_moved(rows: pd.DataFrame, period: Period) -> list[_Note]:
    """Jobs whose rows gave different starts, if the period overlaps the time between them."""
    first, last = (rows[column] for column in _STARTS)
    moved = (first < last) & (first < period.end) & (last >= period.start)
    before, after = (time[moved].dt.strftime("%Y-%m-%dT%H:%M:%SZ") for time in (first, last))
    value = before + " \N{RIGHTWARDS ARROW} " + after
    return _notes(moved, QualityKind.START_MOVED, "started", value)


def _end_not_seen(view: View) -> list[_Note]:
    """Jobs seen running that a later look no longer lists."""
    lost = not_seen_to_end(view)
    status = view.jobs["status"][lost].fillna("N/A")
    return _notes(lost, QualityKind.END_NOT_SEEN, "ended", status)


def not_seen_to_end(view: View) -> pd.Series:
    """Which jobs of the period were running when last seen, and are no longer listed."""
    jobs = view.jobs
    runs: pd.Series = jobs["outcome"] == Outcome.RUNNING.value
    if not runs.any():
        return runs
    last_look = latest(view.looks, "taken_at", len(view.scopes))[jobs["scope"]]
    sightings = view.sightings
    as_newest = sightings.groupby([view.modules[sightings["scope"]], sightings["job_id"]])
    identity = pd.MultiIndex.from_arrays([view.modules[jobs["scope"]], jobs["job_id"]])
    seen = as_newest["taken_at"].max().reindex(identity).set_axis(jobs.index)
    fetched = np.minimum(instants(jobs["last_seen_at"]), instant(view.last_counted))
    return runs & (np.fmax(instants(seen), fetched) < last_look)


def _placeholders(view: View) -> list[_Line]:
    """Values that cannot be used of scopes that are listed without a job."""
    shown = view.sightings[view.sightings["snapshot"] == view.reference]
    shown = shown[shown["job_id"] == ""]
    lines: list[_Line] = []
    columns = ("service", "module", "status", "outcome", "unreadable")
    for service, module, status, outcome, unreadable in zip(
        *(shown[column] for column in columns), strict=True
    ):
        names = {"service": service, "module": module, "status": status}
        codes = {field: unknown_code(name) for field, name in names.items()}
        lines += [
            (QualityKind.UNKNOWN_CODE.value, field, code, None)
            for field, code in codes.items()
            if code is not None
        ]
        if status and codes["status"] is None and outcome == Outcome.UNKNOWN:
            lines.append((QualityKind.UNKNOWN_STATUS.value, "status", status, None))
        values = json.loads(unreadable) if unreadable else {}
        lines += [
            (QualityKind.UNREADABLE.value, field, value, None) for field, value in values.items()
        ]
    return lines


def _inconsistent(rows: pd.DataFrame) -> list[_Note]:
    """Jobs whose parts do not add up to their total; without all five counts nobody can tell."""
    whole = rows[["objects_total", *_PARTS]].notna().all(axis=1)
    apart = whole & (rows[_PARTS].sum(axis=1) != rows["objects_total"])
    words = "parts do not add up to the total"
    return _notes(apart, QualityKind.INCONSISTENT_COUNTS, "objects_total", words)


def _odd(rows: pd.DataFrame) -> list[_Note]:
    failed = rows["outcome"] == Outcome.FAILED.value
    success = rows["outcome"] == Outcome.SUCCESS.value
    handled = rows["objects_successful"] + rows["objects_skipped"] + rows["objects_warning"]
    modules = rows[[*MODULE, "job_id"]].drop_duplicates().groupby("job_id").size()
    contradictions = [
        (
            "objects_failed",
            "failed although no object failed",
            failed & (rows["objects_total"] > 0) & (rows["objects_failed"] == 0),
        ),
        (
            "objects_failed",
            "success although objects failed",
            success & (rows["objects_failed"] > 0),
        ),
        (
            "objects_total",
            "success although no object was successful",
            success & (rows["objects_total"] > 0) & (handled == 0),
        ),
        ("ended", "end before start", rows["ended_at"] < rows["started_at"]),
        ("ended", "end after the fetch", rows["ended_at"] > rows["fetched_at"]),
        ("modified", "modified after the fetch", rows["modified_at"] > rows["fetched_at"]),
        ("job_id", "one job id with two modules", rows["job_id"].isin(modules.index[modules > 1])),
    ]
    return [
        note
        for field, words, holds in contradictions
        for note in _notes(holds, QualityKind.CONTRADICTION, field, words)
    ]


def _notes(holds: pd.Series, kind: QualityKind, field: str, value: str | pd.Series) -> list[_Note]:
    """A note on each row of which something holds; `value` is one for all, or one for each."""
    rows = holds.index[holds.fillna(False).astype(bool)]
    values = itertools.repeat(value) if isinstance(value, str) else value
    return [(row, kind.value, field, text) for row, text in zip(rows, values, strict=False)]
