"""The jobs of a report as CSV: one record per job, every column, nothing rounded or rewritten."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd

JOBS_AT_ONCE: Final = 5_000
_NAMES: Final = {"duration": "duration_s"}
"""Columns whose names carry their unit here, as the keys of the JSON do."""


def jobs_csv(jobs: pd.DataFrame) -> Iterator[bytes]:
    """The jobs as a CSV file (RFC 4180, UTF-8) in parts, so that memory does not grow with them.

    Texts stay as they are, also those a spreadsheet program would take for a formula. Times are in
    UTC, `duration_s` is seconds; what is missing is empty.
    """
    yield _records([[_NAMES.get(name, name) for name in jobs.columns]])
    for first in range(0, len(jobs), JOBS_AT_ONCE):
        part = jobs.iloc[first : first + JOBS_AT_ONCE]
        yield _records(zip(*(_values(part[name]) for name in part.columns), strict=True))


def _records(rows: Any) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    # A lone surrogate, which JSON can hold and UTF-8 cannot, stays visible.
    return text.getvalue().encode("utf-8", "backslashreplace")


def _values(column: pd.Series) -> list[Any]:
    """The values of a column, None where one is missing."""
    kind = column.dtype.kind
    if kind == "M":
        return _times(column)
    if kind == "m":
        return [_seconds(span) for span in _known(column.dt.total_seconds())]
    if kind == "b":
        return ["true" if flag else "false" for flag in column.tolist()]
    return _known(column)


def _known(column: pd.Series) -> list[Any]:
    return column.astype(object).where(column.notna(), None).tolist()


def _times(column: pd.Series) -> list[str | None]:
    """Instants as ISO 8601, with a fraction of a second only where one has it."""
    instants = column.dt.tz_localize(None).to_numpy()
    whole = instants.astype("datetime64[s]")
    texts = np.datetime_as_string(whole, timezone="UTC")
    if (finer := whole != instants).any():
        texts = np.where(finer, np.datetime_as_string(instants, timezone="UTC"), texts)
    return [None if missing else text for text, missing in zip(texts, np.isnat(whole), strict=True)]


def _seconds(span: float | None) -> float | int | None:
    return int(span) if span is not None and span.is_integer() else span
