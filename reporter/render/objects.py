"""Objects of jobs in words: which failed night after night, and what is known of all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from reporter.model import ENOUGH_NIGHTS, FailingObject, Lack, ObjectCause, Outcome, ReportFigures
from reporter.render.sentences import module_name, persistent_text, recovered_text
from reporter.render.text import Words, marked

MOST_CAUSES: Final = 6
MOST_OBJECTS: Final = 10

_NO_DETAILS: Final = {
    Lack.NOT_PERMITTED: marked(
        "The service refuses to give the details of some jobs, though the app registration has the "
        "permission {said}."
    ),
    Lack.NOT_THERE: marked("The service has no details of some jobs."),
    Lack.FAILED: marked("The details of some jobs could not be read. {said}"),
}


@dataclass(frozen=True, slots=True)
class FailedObjects:
    """What failed in the jobs of a service, as far as their details tell."""

    extent: str
    """Of how many jobs the details were read, in a sentence."""
    gaps: tuple[str, ...]
    """Why more is not known, a sentence each."""
    causes: tuple[ObjectCause, ...]
    """The most frequent causes first, at most six."""
    more_causes: int
    """How many causes are left out."""
    failing: tuple[FailingObject, ...]
    """The objects, those not backed up since first, at most ten."""
    more_failing: int
    """How many of them are left out."""


def failed_objects(report: ReportFigures, service: str, words: Words) -> FailedObjects | None:
    """What failed in the jobs of a service; None where nobody asked for their details."""
    objects = report.objects
    if service not in objects.services:
        return None
    jobs = sum(
        job.service == service and job.outcome in (Outcome.FAILED, Outcome.WARNING)
        for job in report.exceptions
    )
    failing = [each for each in objects.failing if each.service == service]
    gaps = []
    if objects.cut:
        gaps.append(
            words.count(
                "The list of objects of {number} job is not complete.",
                "The lists of objects of {number} jobs are not complete.",
                objects.cut,
            )
        )
    if absence := objects.absence:
        gaps.append(words.say(_NO_DETAILS[absence.kind], said=absence.said))
    return FailedObjects(
        extent=words.say(
            "Jobs that failed or had warnings: {jobs}; details were read of {read}.",
            read=words.number(objects.read),
            jobs=words.number(jobs),
        ),
        gaps=tuple(gaps),
        causes=objects.causes[:MOST_CAUSES],
        more_causes=max(0, len(objects.causes) - MOST_CAUSES),
        failing=tuple(failing[:MOST_OBJECTS]),
        more_failing=max(0, len(failing) - MOST_OBJECTS),
    )


def persistent_lines(failing: Iterable[FailingObject], end: datetime, words: Words) -> list[str]:
    """A line for each module with objects that failed night after night; `end` is the period's."""
    return _lines((each for each in failing if each.persists(end)), persistent_text, words)


def recovered_lines(failing: Iterable[FailingObject], end: datetime, words: Words) -> list[str]:
    """A line for each module with objects that failed night after night, and then no more."""
    several = (each for each in failing if each.nights >= ENOUGH_NIGHTS and each.recovered(end))
    return _lines(several, recovered_text, words)


def _lines(
    objects: Iterable[FailingObject],
    finding_of: Callable[[str, int, date | None, Words], str],
    words: Words,
) -> list[str]:
    by_module: dict[tuple[str, str], list[FailingObject]] = defaultdict(list)
    for each in objects:
        by_module[each.service, each.module].append(each)
    return [
        words.say(
            "{module}: {finding}.",
            module=words.name(module_name(*place)),
            finding=finding_of(
                _common_type(of_module),
                len(of_module),
                min(each.first for each in of_module),
                words,
            ),
        )
        for place, of_module in by_module.items()
    ]


def _common_type(objects: Iterable[FailingObject]) -> str:
    types = {each.type for each in objects}
    return types.pop() if len(types) == 1 else ""
