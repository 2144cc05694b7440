"""Data quality: what could not be read, and where the service contradicts itself.

Listed, never mended: every figure counts what the service printed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import pandas as pd

from reporter.analysis.scope import MODULE, started_in
from reporter.jobs.frame import Jobs
from reporter.model import Outcome, QualityKind, QualityNote
from reporter.period import Period

_PARTS = ["objects_successful", "objects_failed", "objects_skipped", "objects_warning"]
_EXAMPLES = 5
_Group = tuple[tuple[str, str, str], pd.DataFrame]


def quality_of(jobs: Jobs, period: Period) -> list[QualityNote]:
    """The notes on the rows a report rests on: jobs of the period, undated jobs, placeholders."""
    in_period = started_in(jobs.rows, period)
    undatable = ~jobs.rows["is_job"] | jobs.rows["started_at"].isna()
    concerned = jobs.where(in_period | undatable)
    rows = jobs.rows[in_period & jobs.rows["is_backup"]]
    found = pd.concat([concerned.notes, _undated(concerned), _inconsistent(rows), *_odd(rows)])
    found["job_id"] = jobs.rows["job_id"].reindex(found["row"]).to_numpy()
    grouped = found.groupby(["kind", "field", "value"], sort=False)
    return [
        QualityNote(
            kind=QualityKind(kind),
            field=field,
            value=value,
            count=len(group),
            jobs=tuple(group["job_id"].dropna().drop_duplicates().sort_values().head(_EXAMPLES)),
        )
        for (kind, field, value), group in cast("Iterable[_Group]", grouped)
    ]


def in_order(notes: Iterable[QualityNote]) -> tuple[QualityNote, ...]:
    """The notes by kind and field, the most frequent first."""
    order = list(QualityKind)
    return tuple(sorted(notes, key=lambda n: (order.index(n.kind), n.field, -n.count, n.value)))


def _undated(jobs: Jobs) -> pd.DataFrame:
    """Jobs without a readable start, by what stands there instead."""
    rows = jobs.rows[jobs.rows["is_job"] & jobs.rows["started_at"].isna()]
    unreadable = jobs.notes[
        (jobs.notes["kind"] == QualityKind.UNREADABLE.value) & (jobs.notes["field"] == "startTime")
    ]
    value = unreadable.set_index("row")["value"].reindex(rows.index).fillna("N/A")
    return _note(rows, QualityKind.UNDATED, "startTime", value)


def _inconsistent(rows: pd.DataFrame) -> pd.DataFrame:
    """Jobs whose parts do not add up to their total; without all five counts nobody can tell."""
    whole = rows[["objects_total", *_PARTS]].notna().all(axis=1)
    apart = whole & (rows[_PARTS].sum(axis=1) != rows["objects_total"])
    return _note(
        rows[apart.fillna(False).astype(bool)],
        QualityKind.INCONSISTENT_COUNTS,
        "totalCount",
        "parts do not add up to the total",
    )


def _odd(rows: pd.DataFrame) -> list[pd.DataFrame]:
    failed = rows["outcome"] == Outcome.FAILED.value
    success = rows["outcome"] == Outcome.SUCCESS.value
    modules = rows[[*MODULE, "job_id"]].drop_duplicates().groupby("job_id").size()
    contradictions = [
        ("failedCount", "failed although no object failed", failed & (rows["objects_failed"] == 0)),
        ("failedCount", "success although objects failed", success & (rows["objects_failed"] > 0)),
        (
            "totalCount",
            "success although no object was processed",
            success & (rows["objects_total"] == 0),
        ),
        ("endTime", "end before start", rows["ended_at"] < rows["started_at"]),
        ("endTime", "end after the fetch", rows["ended_at"] > rows["fetched_at"]),
        ("lastModifyTime", "modified after the fetch", rows["modified_at"] > rows["fetched_at"]),
        ("jobId", "one job id with two modules", rows["job_id"].isin(modules.index[modules > 1])),
    ]
    return [
        _note(rows[holds.fillna(False).astype(bool)], QualityKind.CONTRADICTION, field, words)
        for field, words, holds in contradictions
    ]


def _note(
    rows: pd.DataFrame, kind: QualityKind, field: str, value: str | pd.Series
) -> pd.DataFrame:
    return pd.DataFrame({"row": rows.index, "kind": kind.value, "field": field}).assign(
        value=value if isinstance(value, str) else value.to_numpy()
    )
