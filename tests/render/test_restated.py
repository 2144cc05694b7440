"""What a version of a report says about the one it corrects, and reports by earlier definitions."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from reporter.delivery.webhook import summary_of
from reporter.dispatch.review import review
from reporter.model import Change, Look, Restatement
from reporter.render.earlier import with_present_keys
from reporter.render.json_ import report_dict
from reporter.render.letter import letter_of
from reporter.render.restated import correction, restated
from reporter.render.text import Words
from tests.builders import make_answers, make_job, make_product, make_protected, make_report
from tests.upgrade.conftest import OF_0_1_0

MADE_AT = datetime(2026, 11, 1, 6, tzinfo=UTC)
NIGHT = "2026-10-06T01:00:00Z"
CORRECTS = "This is version 2 of the report. It corrects version 1 of Nov 1, 2026"


@pytest.fixture
def of_first_schema() -> dict[str, Any]:
    """The JSON of a report that version 0.1.0 made."""
    with tarfile.open(OF_0_1_0) as tar:
        path = "mailed-ltd/mailed-ltd-backup-report-2026-10.json"
        file = tar.extractfile(f"./reports/2026-10/{path}")
        assert file is not None
        content: dict[str, Any] = json.load(file)
    return content


@pytest.mark.parametrize(
    ("redefined", "late", "why"),
    [
        (
            True,
            False,
            "The backups are the same: the figures are computed by new definitions, version 2.",
        ),
        (False, True, "The service has reported more about this period since."),
        (
            True,
            True,
            "The service has reported more about this period since, and the figures are computed "
            "by new definitions, version 2.",
        ),
        (False, False, ""),
    ],
)
def test_the_reason_for_a_correction_is_given(redefined: bool, late: bool, why: str) -> None:
    """New definitions and late data are told apart."""
    restatement = Restatement(1, MADE_AT, (), redefined=redefined, late=late)
    sentence = correction(2, restatement, Words())
    assert sentence.startswith(CORRECTS)
    assert sentence.partition(". ")[2].partition(". ")[2] == why


def test_a_scope_is_named_in_words() -> None:
    """With its module; figures that are new have names of their own."""
    changes = [
        Change("stored_change_bytes", "Salesforce", "Salesforce", "Sandbox", None, -(1024**3)),
        Change("listed", "Salesforce", "Salesforce", "Sandbox", "job", "gone"),
        Change("watched_share", "", "", None, 0.5, 0.9),
    ]
    lines = [
        (line.module, line.figure, line.before, line.now) for line in restated(changes, Words())
    ]
    dash, space = "\N{EM DASH}", "\N{NO-BREAK SPACE}"
    assert lines == [
        ("", "Share of the period watched", f"50.0{space}%", f"90.0{space}%"),
        ("Salesforce / Sandbox", "Listed as", "a job", "no longer listed"),
        ("Salesforce / Sandbox", "Change of what is stored", dash, f"−1.00{space}GB"),
    ]


def test_a_report_of_the_first_schema_can_still_be_sent(of_first_schema: dict[str, Any]) -> None:
    """Approval, message and summary say what the report itself says, and nothing else."""
    figures = with_present_keys(of_first_schema)
    letter = letter_of(figures, Look(), attached=["report.pdf"])
    for text in (letter.text, letter.subject):
        assert "preliminary" not in text.lower()
        assert "sparse" not in text.lower()
    assert summary_of(figures, [], "<1@provider.example>")["failed"] == 31
    values = dict(review(figures).figures)
    assert values["jobs"].startswith("93, 31 failed")
    assert figures["schema"] == 1
    assert figures["totals"]["failed"] == of_first_schema["totals"]["failed"]


def test_it_has_every_key_of_a_current_report(of_first_schema: dict[str, Any]) -> None:
    """A program that reads one can read the other."""
    rows = [
        make_job("2026-09-05T01:00:00Z"),
        make_job(backupSize="1,2,3"),
        make_job(NIGHT, "Failed"),
    ]
    answers = make_answers([make_protected()], [make_product()])
    present = report_dict(make_report(rows, answers=answers))
    assert list(_lacking(with_present_keys(of_first_schema), present)) == []


def _lacking(earlier: Any, present: Any, place: str = "") -> Iterator[str]:
    """The keys of a current report that an earlier one lacks; in a list, those of its first
    entries.
    """
    if isinstance(earlier, dict) and isinstance(present, dict):
        for key in present:
            if key in earlier:
                yield from _lacking(earlier[key], present[key], f"{place}.{key}")
            else:
                yield f"{place}.{key}"
    elif isinstance(earlier, list) and isinstance(present, list) and earlier and present:
        yield from _lacking(earlier[0], present[0], f"{place}[0]")


def test_a_current_report_is_left_as_it_is() -> None:
    """Nothing is filled in where nothing is missing."""
    present = report_dict(make_report([make_job()]))
    assert with_present_keys(present) is present
