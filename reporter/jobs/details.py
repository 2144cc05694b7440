"""What is known of the objects of a customer's jobs, as frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from reporter.model import Absence

DETAILS_COLUMNS: Final[Mapping[str, str]] = {
    "service": "object",
    "module": "object",
    "job_id": "object",
    "whole": "bool",
}
"""Column and dtype of a frame with a row for each job whose details were read; `whole` where its
list of objects was read to its end.
"""
OBJECT_COLUMNS: Final[Mapping[str, str]] = {
    "service": "object",
    "module": "object",
    "job_id": "object",
    "type": "object",
    "title": "object",
    "outcome": "object",
    "finished_at": "datetime64[us, UTC]",
    "cause": "object",
    "code": "object",
    "unread": "object",
}
"""Column and dtype of a frame with a row for each object in the details of a job, if it failed, was
warned of, or was backed up after that. `unread` has the fields that cannot be read as JSON: a list
of pairs of the source's name of the field and its value.
"""


def _empty(columns: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in columns.items()})


@dataclass(frozen=True)
class Details:
    """What is known of the objects of the period's jobs, and of their recovery up to today."""

    jobs: pd.DataFrame = field(default_factory=lambda: _empty(DETAILS_COLUMNS))
    objects: pd.DataFrame = field(default_factory=lambda: _empty(OBJECT_COLUMNS))
    absences: Mapping[str, Absence] = field(default_factory=dict)
    """By the id of a job why its details could not be read at the last attempt; the last job
    that was tried is the last one.
    """
