"""The register of exceptions, and which later job cured each."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import pandas as pd

from reporter.analysis.window import Window
from reporter.model import JobException, Outcome

Known = TypeVar("Known")

_EXCEPTIONS = [
    outcome.value
    for outcome in (Outcome.FAILED, Outcome.CANCELLED, Outcome.UNKNOWN, Outcome.WARNING)
]


def exceptions_of(window: Window) -> tuple[JobException, ...]:
    """Every failed, cancelled, unknown and warning job of the period; open ones first, then the
    newest.
    """
    jobs = window.jobs[window.jobs["outcome"].isin(_EXCEPTIONS)]
    if jobs.empty:
        return ()
    dated = window.rows[window.rows["dated_at"].notna()]
    warned = jobs["outcome"] == Outcome.WARNING.value
    cures = dated[dated["outcome"] == Outcome.SUCCESS.value]
    milder = dated["outcome"].isin([Outcome.SUCCESS.value, Outcome.WARNING.value])
    register = pd.concat([_cured(jobs[warned], cures), _cured(jobs[~warned], dated[milder])])
    register = register.assign(open=register["cured_by"].isna()).sort_values(
        ["open", "dated_at", "scope", "job_id"], ascending=[False, False, True, True]
    )
    return tuple(_exception(window, row) for row in register.to_dict("records"))


def _cured(jobs: pd.DataFrame, cures: pd.DataFrame) -> pd.DataFrame:
    """The jobs with `cured_by` and `cured_after_s`: the first of `cures` in the same scope that
    ends later.
    """
    later = cures.sort_values(["point_at", "job_id"])[["scope", "point_at", "job_id"]]
    later = later.rename(columns={"point_at": "cured_at", "job_id": "cured_by"})
    cured = pd.merge_asof(
        jobs.sort_values("point_at"),
        later,
        left_on="point_at",
        right_on="cured_at",
        by="scope",
        direction="forward",
        allow_exact_matches=False,
    )
    cured["cured_after_s"] = (cured["cured_at"] - cured["point_at"]).dt.total_seconds()
    return cured


def _exception(window: Window, row: dict[Hashable, Any]) -> JobException:
    return JobException(
        service=str(row["service"]),
        module=str(row["module"]),
        job_id=str(row["job_id"]),
        name=str(row["name"]) or None,
        status=_known(row["status"], str),
        outcome=Outcome(row["outcome"]),
        started_at=window.moment(row["started_at"]),
        ended_at=window.moment(row["ended_at"]),
        duration_s=_known(row["duration"], lambda took: pd.Timedelta(took).total_seconds()),
        objects_total=_known(row["objects_total"], int),
        objects_failed=_known(row["objects_failed"], int),
        bytes=_known(row["bytes"], int),
        cured_by=_known(row["cured_by"], str),
        cured_after_s=_known(row["cured_after_s"], float),
    )


def _known(value: Any, kind: Callable[[Any], Known]) -> Known | None:
    return None if pd.isna(value) else kind(value)
