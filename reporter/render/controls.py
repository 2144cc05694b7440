"""What auditors ask of backups, and which figures of a report answer it.

docs/controls.md explains the same in detail: change both together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from reporter.model import Report
from reporter.render.text import UNDEFINED, Words, marked

_OUTCOMES: Final = marked("outcomes and success rate")
_CURES: Final = marked("exceptions and their cures")
_GAPS: Final = marked("recovery points and longest gap")
_COVERAGE: Final = marked("modules covered")
_PROTECTED: Final = marked("objects found and protected")
_OBSERVED: Final = marked("days observed")
_SOURCES: Final = marked("data sources with their SHA-256")
_TESTS: Final = marked("restore tests")

_RESTORED: Final = marked("restores of the period")
_SET: Final = marked("retention as it is set")

_RESTORE: Final = marked("that a restore works")
_POLICY: Final = marked("the policy and its approval")
_RETENTION: Final = marked("retention")
_EVERYTHING: Final = marked("that everything can be restored")
_KEPT: Final = marked("that copies are kept as long as is set")
_IMMUTABLE: Final = marked("immutability")
_APART: Final = marked("copies kept apart")
_GUARDED: Final = marked("encryption and access rights")
_PLANS: Final = marked("recovery plans and recovery times")

_CONTROLS: Final = (
    (
        marked("ISO/IEC 27001:2022 A.8.13"),
        marked("Backup copies are kept and regularly tested, as an agreed policy says."),
        (_OUTCOMES, _CURES, _COVERAGE, _PROTECTED, _TESTS),
        (_RESTORE, _RETENTION, _POLICY),
    ),
    (
        marked("SOC 2 A1.2"),
        marked("Backup processes and what is needed to recover are operated and monitored."),
        (_OUTCOMES, _CURES, _OBSERVED, _SOURCES),
        (_APART, _POLICY),
    ),
    (
        marked("SOC 2 A1.3"),
        marked("Procedures to recover are tested."),
        (_TESTS,),
        (_RESTORE, _PLANS),
    ),
    (
        marked("SOC 2 CC7.5"),
        marked("Recovery from security incidents is prepared and carried out."),
        (_GAPS, _CURES, _TESTS),
        (_IMMUTABLE, _PLANS),
    ),
    (
        marked("NIS2 Art. 21(2)(c)"),
        marked("Operations go on after an incident: backups are managed, disasters overcome."),
        (_OUTCOMES, _CURES, _GAPS, _TESTS),
        (_RETENTION, _APART, _PLANS),
    ),
    (
        marked("HIPAA 164.308(a)(7)(ii)(A)"),
        marked("Exact copies of health data are made and kept so that they can be retrieved."),
        (_OUTCOMES, _GAPS, _COVERAGE, _PROTECTED, _TESTS),
        (_RESTORE, _RETENTION),
    ),
    (
        marked("CIS Control 11"),
        marked("Data is backed up automatically, the copies protected, isolated and tested."),
        (_OUTCOMES, _GAPS, _COVERAGE, _TESTS),
        (_APART, _GUARDED),
    ),
    (
        marked("Cyber-insurance questionnaires"),
        marked("Backups run, cover what matters, cannot be tampered with and have been restored."),
        (_OUTCOMES, _COVERAGE, _PROTECTED, _TESTS),
        (_RESTORE, _IMMUTABLE, _APART, _GUARDED),
    ),
)


@dataclass(frozen=True, slots=True)
class Control:
    """One requirement, and how far the report answers it."""

    name: str
    """The standard and the clause."""
    asks: str
    """What it asks of backups, in our words."""
    shown: str
    """What in the report is evidence for it."""
    lacking: str
    """What else it asks that the report does not show."""


def controls_of(report: Report, words: Words) -> list[Control]:
    """What this report shows for each requirement; evidence it does not have is lacking."""
    absent, answered = set(_absent(report)), dict(_answered_by_tenant(report))
    controls = []
    for name, asks, usual, unanswered in _CONTROLS:
        shown = [evidence for evidence in usual if evidence not in absent]
        shown += [answered[question][0] for question in unanswered if question in answered]
        lacking = [evidence for evidence in usual if evidence in absent]
        lacking += [answered.get(question, ("", question))[1] for question in unanswered]
        controls.append(
            Control(
                words.say(name), words.say(asks), _listed(shown, words), _listed(lacking, words)
            )
        )
    return controls


def _answered_by_tenant(report: Report) -> Iterator[tuple[str, tuple[str, str]]]:
    """What would be lacking without the customer's own tenant: the evidence it gives, and what is
    then still lacking.
    """
    restores, settings = report.restores, report.settings
    if restores and restores.brought_back:
        yield _RESTORE, (_RESTORED, _EVERYTHING)
    if settings and settings.tells_retention:
        yield _RETENTION, (_SET, _KEPT)


def _absent(report: Report) -> Iterable[str]:
    if report.protection.totals.share is None:
        yield _PROTECTED
    if report.restore_tests is None or not report.restore_tests.tests:
        yield _TESTS


def _listed(texts: list[str], words: Words) -> str:
    return words.say(", ").join(words.say(text) for text in texts) or UNDEFINED
