"""The vendor's vocabularies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.jobs.catalog import (
    CODED_FIELDS,
    STATUS_NAMES,
    is_backup,
    name_of_code,
    outcome_of,
    unknown_code,
)
from reporter.model import Outcome


@pytest.mark.parametrize(
    ("field", "code", "name"),
    [
        ("jobType", "7", "Microsoft 365"),
        ("jobType", "16", "Dynamics 365"),
        ("jobModule", "0", "None"),
        ("jobModule", "303", "Exchange Online"),
        ("jobModule", "551", "Dynamics Unified Operations Backup"),
        ("status", "4", "Finished with exception"),
        ("status", "14", "Waiting for configuration"),
    ],
)
def test_a_code_has_the_vendors_name(field: str, code: str, name: str) -> None:
    """Generation 3 gives numbers; a report shows the names generation 1 gives."""
    assert name_of_code(field, code) == name


@pytest.mark.parametrize("name", ["Exchange Online", "Teams 2", "N/A", "", "7 days"])
def test_a_name_stays_a_name(name: str) -> None:
    """Generation 1 gives names; they are taken as they are."""
    assert name_of_code("jobModule", name) == name
    assert unknown_code(name) is None


@given(st.sampled_from(sorted(CODED_FIELDS)), st.integers(-(10**12), 10**12))
def test_every_number_has_a_name_or_is_unknown(field: str, code: int) -> None:
    """A number outside the vendor's lists is kept, and can be told from a name."""
    name = name_of_code(field, str(code))
    if code in CODED_FIELDS[field]:
        assert (name, unknown_code(name)) == (CODED_FIELDS[field][code], None)
    else:
        assert (name, unknown_code(name)) == (f"Unknown ({code})", str(code))


def test_every_status_of_the_vendor_has_an_outcome() -> None:
    """Only what the vendor has not documented is unknown."""
    assert {
        outcome.value: [name for name in STATUS_NAMES.values() if outcome_of(name) is outcome]
        for outcome in Outcome
    } == {
        "success": ["Finished"],
        "warning": ["Finished with exception"],
        "failed": ["Failed", "Failed to start", "Rejected"],
        "cancelled": ["Canceled", "Stopped"],
        "running": ["Running", "Pending"],
        "not_run": [
            "None", "Skipped", "Not scanned", "Disabled", "Not started",
            "Waiting for configuration",
        ],
        "unknown": [],
    }  # fmt: skip


@pytest.mark.parametrize("status", [None, "", "Throttled", "Finished?", "Failed and finished"])
def test_a_status_in_no_list_is_unknown(status: str | None) -> None:
    """No outcome is guessed from a part of the text."""
    assert outcome_of(status) is Outcome.UNKNOWN


@given(st.sampled_from(sorted(STATUS_NAMES.values())), st.randoms())
def test_spelling_changes_no_outcome(status: str, chance: object) -> None:
    """Case and spacing are the service's affair."""
    choose = chance.choice  # type: ignore[attr-defined]
    odd = "".join(choose([letter.upper(), letter.lower(), letter + " "]) for letter in status)
    assert outcome_of(odd) is outcome_of(status)


@given(st.text())
def test_every_text_has_an_outcome(status: str) -> None:
    """Whatever the service prints, the job is counted somewhere."""
    assert outcome_of(status) in Outcome


@pytest.mark.parametrize(
    ("service", "module", "backup"),
    [
        ("Microsoft 365", "Exchange Online", True),
        ("Microsoft 365 Scan", "Exchange Online", False),
        ("Google Workspace Scan", "Gmail", False),
        ("Microsoft 365", "Archiver", False),
        ("Google Workspace", "Retention", False),
        ("Unknown (99)", "Unknown (999)", True),
    ],
)
def test_scans_archiver_and_retention_are_no_backups(
    service: str, module: str, backup: bool
) -> None:
    """The service lists jobs that back nothing up."""
    assert is_backup(service, module) is backup
