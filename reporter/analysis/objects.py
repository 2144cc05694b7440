"""Which objects of jobs failed, how often, and why: docs/figures.md, "Objects"."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

import pandas as pd

from reporter.analysis.naming import object_named, without_people
from reporter.analysis.window import MODULE, Window, together
from reporter.jobs.details import Details
from reporter.model import (
    Absence,
    FailingObject,
    Names,
    ObjectCause,
    Objects,
    Outcome,
    QualityKind,
    Reason,
    ReasonKind,
    Unread,
)
from reporter.period import midnight

_JOB: Final = [*MODULE, "job_id"]
_OBJECT: Final = [*MODULE, "type", "title"]
_CAUSE: Final = ["cause", "code"]
_BAD: Final = (Outcome.FAILED.value, Outcome.WARNING.value)
_CODE: Final = re.compile(r"-?\d{1,18}")


def objects_of(window: Window, details: Sequence[Details], names: Names) -> Objects:
    """What the details of the period's jobs tell of single objects, without what is left out.
    People are named as `names` allows.
    """
    jobs = window.jobs[[*_JOB, "dated_at", "outcome"]].rename(columns={"outcome": "of_job"})
    ended_badly = jobs[jobs["of_job"].isin(_BAD)]
    if not any(len(each.jobs) or each.absences for each in details):
        return Objects(jobs=len(ended_badly), read=0)
    local = jobs["dated_at"].dt.tz_convert(window.period.zone).dt.tz_localize(None)
    jobs = jobs.assign(day=local.dt.normalize())
    read = together(each.jobs for each in details).drop_duplicates(_JOB, keep="last")
    read = read.merge(jobs, on=_JOB)
    tried = {job_id for each in details for job_id in each.absences}
    asked = jobs["service"][jobs["job_id"].isin(tried.union(read["job_id"]))]
    rows = together(each.objects for each in details)
    bad = rows[rows["outcome"].isin(_BAD)].merge(jobs, on=_JOB)
    bad = bad.assign(
        at=bad["finished_at"].fillna(bad["dated_at"]),
    ).sort_values(["at", *_JOB], kind="stable")
    return Objects(
        jobs=len(ended_badly),
        read=int(read["of_job"].isin(_BAD).sum()),
        services=tuple(sorted(asked.unique())),
        cut=int((~read["whole"]).sum()),
        absence=_absence(details, set(ended_badly["job_id"]) - set(read["job_id"])),
        failing=_failing(window, bad, rows[rows["outcome"] == Outcome.SUCCESS.value], names),
        causes=_causes(bad),
    )


def object_reasons(objects: Objects, window: Window) -> list[Reason]:
    """In which modules objects failed night after night and are not known to have recovered."""
    by_module: dict[tuple[str, str], list[FailingObject]] = {}
    for each in objects.failing:
        if each.persists(window.period.end):
            by_module.setdefault((each.service, each.module), []).append(each)
    reasons = []
    for (service, module), failing in by_module.items():
        types = {each.type for each in failing}
        reasons.append(
            Reason(
                ReasonKind.OBJECTS_FAILING,
                service,
                module,
                value=len(failing),
                since=midnight(min(each.first for each in failing), window.period.zone),
                subject=types.pop() if len(types) == 1 else "",
            )
        )
    return reasons


def unread_objects(details: Iterable[Details]) -> Unread:
    """The values in details that cannot be read, of objects that failed or may have failed; numbers
    that are in no list are unknown codes.
    """
    unread: Unread = Counter()
    for each in details:
        rows = each.objects[each.objects["outcome"] != Outcome.SUCCESS.value]
        for text in rows["unread"][rows["unread"] != ""]:
            for field, value in json.loads(text):
                coded = field in ("type", "status") and _CODE.fullmatch(value)
                kind = QualityKind.UNKNOWN_CODE if coded else QualityKind.UNREADABLE
                unread[kind, field, without_people(value)] += 1
    return unread


def _failing(
    window: Window, bad: pd.DataFrame, good: pd.DataFrame, names: Names
) -> tuple[FailingObject, ...]:
    """The objects that failed or were warned of; `bad` is sorted by time."""
    if bad.empty:
        return ()
    by_object = bad.groupby(_OBJECT, sort=False)
    objects = by_object[["cause", "code", "at"]].last()
    days = by_object["day"].agg(["min", "max"])
    for outcome in _BAD:
        of_outcome = bad[bad["outcome"] == outcome].groupby(_OBJECT)["day"].nunique()
        objects[outcome] = of_outcome.reindex(objects.index, fill_value=0)
    failures = bad[bad["outcome"] == Outcome.FAILED.value].groupby(_OBJECT)["at"].max()
    objects["at"] = failures.reindex(objects.index).fillna(objects["at"])
    after = good.merge(objects[["at"]].reset_index(), on=_OBJECT)
    after = after[after["finished_at"] > after["at"]]
    recovered = after.groupby(_OBJECT)["finished_at"].min().reindex(objects.index)
    failing = [
        FailingObject(
            service=service,
            module=module,
            type=kind,
            title=title,
            nights=nights,
            warned=warned,
            first=first.date(),
            last=last.date(),
            recovered_at=window.moment(at),
            cause=cause,
            code=code,
        )
        for (service, module, kind, title), nights, warned, first, last, at, cause, code in zip(
            objects.index.tolist(),
            objects[Outcome.FAILED.value].tolist(),
            objects[Outcome.WARNING.value].tolist(),
            days["min"],
            days["max"],
            recovered,
            objects["cause"],
            objects["code"],
            strict=True,
        )
    ]
    return tuple(
        replace(each, title=object_named(each.title or "", each.type, each.module, names))
        for each in sorted(failing, key=partial(_by_urgency, window.period.end))
    )


def _by_urgency(end: datetime, each: FailingObject) -> tuple[object, ...]:
    """The key that sorts objects: those not backed up since, by the period's end, come first."""
    return (
        each.recovered(end),
        -each.nights,
        -each.warned,
        each.service,
        each.module,
        each.type,
        each.title or "",
    )


def _causes(bad: pd.DataFrame) -> tuple[ObjectCause, ...]:
    """The causes of all rows, the most frequent first."""
    causes = [
        ObjectCause(str(cause), str(code), len(rows[_OBJECT].drop_duplicates()), len(rows))
        for (cause, code), rows in bad.groupby(_CAUSE, sort=False)
    ]
    return tuple(
        sorted(causes, key=lambda each: (-each.objects, -each.rows, each.cause, each.code))
    )


def _absence(details: Iterable[Details], unread: set[str]) -> Absence | None:
    """Why the details of the last of these jobs that was tried could not be read."""
    tried = [
        absence for each in details for job_id, absence in each.absences.items() if job_id in unread
    ]
    return tried[-1] if tried else None
