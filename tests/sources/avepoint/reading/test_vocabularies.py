"""The vendor's vocabularies."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.jobs.rows import unknown_code
from reporter.model import Listed, Outcome
from reporter.sources.avepoint.reading import vocabularies
from reporter.sources.avepoint.reading.vocabularies import (
    CODED,
    MODULE_NAMES,
    SERVICE_NAMES,
    STATUS_NAMES,
    is_backup,
    is_backup_product,
    is_queued,
    listed_of,
    module_name,
    name_of_code,
    outcome_of,
    service_name,
)


@pytest.mark.parametrize(
    ("field", "code", "name"),
    [
        ("service", "7", "Microsoft 365"),
        ("service", "16", "Dynamics 365"),
        ("module", "0", "None"),
        ("module", "301", "Salesforce"),
        ("module", "303", "Exchange Online"),
        ("module", "551", "Dynamics Unified Operations Backup"),
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
    assert name_of_code("module", name) == name
    assert unknown_code(name) is None


@given(st.sampled_from(sorted(CODED)), st.integers(-(10**12), 10**12))
def test_every_number_has_a_name_or_is_unknown(field: str, code: int) -> None:
    """A number outside the vendor's lists is kept, and can be distinguished from a name."""
    name = name_of_code(field, str(code))
    if code in CODED[field]:
        assert (name, unknown_code(name)) == (CODED[field][code], None)
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
def test_spelling_does_not_change_the_outcome(status: str, chance: object) -> None:
    """Case and spacing are up to the service."""
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
        ("Microsoft 365", "DOR", False),
        ("Unknown (99)", "Unknown (999)", True),
    ],
)
def test_scans_archiver_and_retention_are_not_backups(
    service: str, module: str, backup: bool
) -> None:
    """The service lists jobs that back nothing up."""
    assert is_backup(service, module) is backup


@pytest.mark.parametrize(
    ("service", "module", "counts"),
    [
        ("Microsoft 365", "OneDrive for Business", ("Microsoft 365", "OneDrive")),
        ("Microsoft 365", "Microsoft 365 Group", ("Microsoft 365", "Microsoft 365 Groups")),
        ("Microsoft 365", "Microsoft Teams Chat", ("Microsoft 365", "Teams Chat")),
        ("Microsoft 365", "Microsoft Teams chat", ("Microsoft 365", "Teams Chat")),
        ("Microsoft 365", "Yammer", ("Microsoft 365", "Viva Engage")),
        (
            "Cloud Backup for Microsoft 365",
            "Exchange Online Public Folders",
            ("Microsoft 365", "Exchange Online Public Folder"),
        ),
        ("Azure", "Virtual Machine", ("IaaS + PaaS", "Azure Virtual Machine")),
        ("Azure", "Active Directory", ("IaaS + PaaS", "Microsoft Entra ID")),
        ("Azure", "Storage", ("IaaS + PaaS", "Storage")),
        ("Azure", "Admin Portal Setting", ("IaaS + PaaS", "Admin Portal Settings")),
        ("azure ", "virtual machine", ("IaaS + PaaS", "Azure Virtual Machine")),
        ("IaaS+PaaS", "DISK", ("IaaS + PaaS", "Disk")),
        ("Cloud Backup for IaaS PaaS", "Amazon EC2", ("IaaS + PaaS", "Amazon EC2")),
        ("DOR", "None", ("Microsoft 365 Scan", "None")),
        ("Microsoft 365", "dor", ("Microsoft 365", "DOR")),
    ],
)
def test_a_module_has_one_name_however_it_is_spelt(
    service: str, module: str, counts: tuple[str, str]
) -> None:
    """Generation 1, generation 3 and the overview spell names differently."""
    assert (service_name(service), module_name(module, service)) == counts


@pytest.mark.parametrize(
    ("service", "module"),
    [
        ("IaaS + PaaS", "Virtual Machine"),
        ("IaaS + PaaS", "Active Directory"),
        ("Amazon", "Virtual Machine"),
        ("Google Workspace", "Teams"),
        ("Box", "One Drive for Everyone"),
    ],
)
def test_a_name_that_may_mean_another_module_is_kept(service: str, module: str) -> None:
    """No name is matched to another by similarity."""
    assert module_name(module, service) == module


def test_the_names_that_count_are_those_of_generation_3() -> None:
    """No alias leads to a name without a number, and a name that counts has no alias itself."""
    assert [service_name(name) for name in SERVICE_NAMES.values()] == [*SERVICE_NAMES.values()]
    for service in [*SERVICE_NAMES.values(), "Azure"]:
        names = [module_name(name, service) for name in MODULE_NAMES.values()]
        assert names == [*MODULE_NAMES.values()]


@pytest.mark.parametrize(
    ("listed", "statuses"),
    [
        (
            Listed.WAITING,
            ["Not Finished", "Not started", "Not scanned", "Waiting for configuration", "Running",
             "In progress", "Pending", "Waiting", "None", "Throttled", "Unknown (99)", "", None],
        ),
        (Listed.IDLE, ["Finished", "Successful", "completed", "Skipped"]),
        (Listed.OFF, ["Disabled", "DISABLED "]),
        (
            Listed.REFUSED,
            ["Failed", "Failed to start", "Rejected", "Canceled", "Cancelled", "Stopped",
             "Finished with exception", "Partially finished", "Exception"],
        ),
    ],
)  # fmt: skip
def test_a_placeholder_says_how_its_scope_is_listed(
    listed: Listed, statuses: list[str | None]
) -> None:
    """By its status; one with an unknown status has not run yet."""
    assert [listed_of(status) for status in statuses] == [listed] * len(statuses)


def test_a_queued_run_hides_the_last_job() -> None:
    """Queued or under way; everything else is unchanged."""
    queued = ["Pending", "Waiting", "Running", "In progress", "in Progress"]
    assert all(is_queued(status) for status in queued)
    others = set(STATUS_NAMES.values()) - {"Pending", "Running"}
    assert not any(is_queued(status) for status in [*others, "Not finished", "", None])


@pytest.mark.parametrize(
    ("product", "backup"),
    [
        ("Cloud Backup for Microsoft 365", True),
        ("cloud backup for  Salesforce", True),
        ("Cloud Governance", False),
        ("Fly", False),
        ("Insights for Cloud Backup for Microsoft 365", False),
    ],
)
def test_a_product_says_by_its_name_whether_it_is_a_backup(product: str, backup: bool) -> None:
    """The vendor sells other products too."""
    assert is_backup_product(product) is backup


def test_a_changed_table_has_a_new_revision() -> None:
    """A store keeps what a status meant when its job came. Where a table changes, set `REVISION`
    one higher, so that old jobs are read anew as well, and then both values here.
    """
    tables = {
        name: sorted(map(str, table.items() if isinstance(table, dict) else table))
        for name, table in vars(vocabularies).items()
        if isinstance(table, dict | frozenset) and not name.startswith("__")
    }
    digest = hashlib.sha256(str(sorted(tables.items())).encode()).hexdigest()[:12]
    assert (vocabularies.REVISION, digest) == (0, "61067ac7aa85")
