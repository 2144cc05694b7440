"""What the customer's own tenant tells, in words: restores and exports, and how backups are set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from reporter.model import (
    Absence,
    BackupSettings,
    Lack,
    Outcome,
    Report,
    RestoreJobs,
    RestoreKind,
    State,
    TenantHistory,
)
from reporter.render.text import Words, marked

RESTORE_WORDS: Final = {
    RestoreKind.RESTORE: marked("Restore"),
    RestoreKind.EXPORT: marked("Export"),
}
RESTORE_STATES: Final = {
    Outcome.SUCCESS: State.HEALTHY,
    Outcome.WARNING: State.ATTENTION,
    Outcome.FAILED: State.CRITICAL,
    Outcome.CANCELLED: State.ATTENTION,
    Outcome.RUNNING: State.NO_DATA,
    Outcome.NOT_RUN: State.NO_DATA,
    Outcome.UNKNOWN: State.NO_DATA,
}
"""The state that has the colour and the mark of what became of a restore."""
_REASONS: Final = {
    Lack.NOT_PERMITTED: marked(
        "Not known: {what}. The app registration in the customer's own tenant lacks the permission "
        "{said}."
    ),
    Lack.NOT_THERE: marked("Not known: {what}. The customer's own tenant does not tell of it."),
    Lack.FAILED: marked("Not known: {what}. It could not be read in the customer's own tenant."),
}


@dataclass(frozen=True, slots=True)
class ModuleSetting:
    """How the backups of one module are set."""

    module: str
    """The module of Microsoft 365."""
    times_a_day: int | None
    """How often a day it is backed up; None where the service does not say."""
    kept: str | None
    """How long its backups are kept, in the service's words; None where it does not say."""
    kept_unassigned: str | None
    """How long those of objects that no plan holds any more."""


def restores_title(restores: RestoreJobs | None, words: Words) -> str:
    """The message: how many there were, and how many of them failed."""
    if restores is None or restores.absence:
        return words.say("Restores and exports")
    number = len(restores.jobs)
    if not number:
        return words.say("No restore or export is known")
    if failed := sum(job.outcome is Outcome.FAILED for job in restores.jobs):
        return words.count(
            "{failed} of {number} restore or export failed",
            "{failed} of {number} restores and exports failed",
            number,
            failed=words.number(failed),
        )
    return words.count("{number} restore or export", "{number} restores and exports", number)


def untold_texts(report: Report, words: Words) -> list[str]:
    """What is not known of the tenant and why, once for each reason; and of which time nothing is
    known of restores.
    """
    reasons: dict[Absence, list[str]] = {}
    for what, absence in _absences(report):
        reasons.setdefault(absence, []).append(words.say(what))
    texts = [
        words.say(_REASONS[absence.kind], what=words.listed(names), said=absence.said)
        for absence, names in reasons.items()
        if absence.kind in _REASONS
    ]
    missing: dict[tuple[str, ...], list[str]] = {}
    for what, modules in _missing(report):
        missing.setdefault(modules, []).append(words.say(what))
    texts += [
        words.say(
            "Not known of {modules}: {what}. The customer's own tenant does not tell of it.",
            modules=words.listed(modules),
            what=words.listed(names),
        )
        for modules, names in missing.items()
    ]
    for start, end in report.restores.untold if report.restores else ():
        texts.append(
            words.say(
                "Nothing is known of restores and exports from {start} to {end}.",
                start=words.moment(start),
                end=words.moment(end),
            )
        )
    return texts


def _absences(report: Report) -> Iterator[tuple[str, Absence]]:
    history, restores, settings = report.tenant_history, report.restores, report.settings
    if history and history.absence:
        yield marked("history of jobs"), history.absence
    if restores and restores.absence:
        yield marked("restores and exports"), restores.absence
    if settings and settings.frequency_absence:
        yield marked("backup frequency"), settings.frequency_absence
    if settings and settings.retention_absence:
        yield marked("retention policy"), settings.retention_absence
    elif settings and settings.retention and not settings.tells_retention:
        yield marked("retention policy"), Absence(Lack.NOT_THERE)


def _missing(report: Report) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What the tenant tells of some modules only, and the others."""
    if report.tenant_history and report.tenant_history.missing:
        yield marked("history of jobs"), report.tenant_history.missing
    if report.restores and report.restores.missing:
        yield marked("restores and exports"), report.restores.missing


def told_lines(history: TenantHistory | None, words: Words) -> list[str]:
    """How many jobs are known from the customer's own tenant alone; empty where none is."""
    if history is None or not history.jobs:
        return []
    return [
        words.count(
            "{number} job is counted as the history in the customer's own tenant lists it: no look "
            "shows how it ended.",
            "{number} jobs are counted as the history in the customer's own tenant lists them: no "
            "look shows how they ended.",
            history.jobs,
        )
    ]


def module_settings(settings: BackupSettings | None) -> tuple[ModuleSetting, ...]:
    """How the backups of each module are set, those with a frequency first."""
    if settings is None:
        return ()
    policies = settings.retention.modules if settings.retention else ()
    times = {each.module: each.times_a_day for each in settings.frequencies}
    kept = {each.module: each for each in policies}
    return tuple(
        ModuleSetting(
            module,
            times.get(module),
            kept[module].kept if module in kept else None,
            kept[module].kept_unassigned if module in kept else None,
        )
        for module in dict.fromkeys((*times, *kept))
    )


def retention_text(settings: BackupSettings | None, words: Words) -> str | None:
    """How long backups are kept in general; None where that is not known."""
    kept = settings.retention.kept if settings and settings.retention else None
    return kept and words.say("Kept in general, in the service's words: {kept}.", kept=kept)
