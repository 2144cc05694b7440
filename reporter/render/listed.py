"""The quiet lines of a report: scopes with no backup expected, jobs that still run, jobs without a
date, and what the provider leaves out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Final

from reporter.model import (
    LeftOut,
    Listed,
    ModuleFigures,
    QualityKind,
    QualityNote,
    ReasonKind,
    RunningJob,
)
from reporter.render.sentences import module_label, scope_label, since_text
from reporter.render.text import Words, shortened

_A_DAY: Final = 86_400
LONG_RUN_S: Final = _A_DAY
"""A job that has been running for longer is worth a line on page one."""
_MOST_NAMES: Final = 6
_SINCE: Final = {Listed.OFF: ReasonKind.SWITCHED_OFF, Listed.GONE: ReasonKind.GONE}


def listed_lines(
    modules: Iterable[ModuleFigures],
    words: Words,
    told: Collection[tuple[str, str, str | None]] = (),
) -> list[str]:
    """Which scopes have nothing to back up, are switched off or not listed any more, and since
    when: one line for each kind and day. Scopes that are `told` elsewhere, by service, module and
    name, are left out.
    """
    alike: defaultdict[tuple[Listed, date | None], list[str]] = defaultdict(list)
    for module in modules:
        kinds = {(scope.listed, _day(scope.listed_since)) for scope in module.scopes}
        for scope in module.scopes:
            if scope.in_sight or (module.service, module.module, scope.name) in told:
                continue
            whole = len(kinds) == 1
            name = (
                module_label(module.service, module.module)
                if whole
                else scope_label(module.service, module.module, scope.name)
            )
            names = alike[scope.listed, _day(scope.listed_since)]
            if name not in names:
                names.append(name)
    order = (Listed.IDLE, Listed.OFF, Listed.GONE)
    in_order = sorted(
        alike.items(), key=lambda item: (order.index(item[0][0]), item[0][1] or date.min)
    )
    return [
        words.say(
            "{finding}: {names}.",
            finding=_capitalised(_finding(listed, since, words)),
            names=words.listed([words.name(shortened(name)) for name in names], _MOST_NAMES),
        )
        for (listed, since), names in in_order
    ]


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _finding(listed: Listed, since: date | None, words: Words) -> str:
    if listed is Listed.IDLE:
        return words.say("nothing to back up")
    return since_text(_SINCE[listed], since, words)


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def running_lines(jobs: Sequence[RunningJob], words: Words) -> list[str]:
    """The jobs that have been running for over a day, one line for all of them."""
    long = [job for job in jobs if job.length_s > LONG_RUN_S]
    if not long:
        return []
    names = [
        words.say(
            "{module} since {day}, {length}",
            module=words.name(shortened(scope_label(job.service, job.module, job.name))),
            day=words.short_day(job.started_at),
            length=running_for(job, words),
        )
        for job in long
    ]
    return [words.say("Still running: {names}.", names=words.listed(names, _MOST_NAMES))]


def running_for(job: RunningJob, words: Words) -> str:
    """How long a job had been running at the last look: whole days from the second one on."""
    days = round(job.length_s / _A_DAY)
    if days < 2:
        return words.duration(job.length_s)
    return words.count("{number} day", "{number} days", days)


def undated_lines(notes: Iterable[QualityNote], words: Words) -> list[str]:
    """How many jobs cannot be dated, in one line."""
    number = undated(notes)
    if not number:
        return []
    return [
        words.count(
            "{number} job cannot be dated and enters no figure: see data quality.",
            "{number} jobs cannot be dated and enter no figure: see data quality.",
            number,
        )
    ]


def undated(notes: Iterable[QualityNote]) -> int:
    """How many jobs cannot be dated."""
    return sum(note.count for note in notes if note.kind is QualityKind.UNDATED)


def left_out_lines(left_out: Sequence[LeftOut], words: Words) -> list[str]:
    """What the provider leaves out of every figure, in one line."""
    if not left_out:
        return []
    names = [
        words.name(shortened(scope_label(scope.service, scope.module, scope.name)))
        for scope in left_out
    ]
    return [
        words.count(
            "Left out of every figure, with {number} job: {names}.",
            "Left out of every figure, with {number} jobs: {names}.",
            sum(scope.jobs for scope in left_out),
            names=words.listed(names, _MOST_NAMES),
        )
    ]
