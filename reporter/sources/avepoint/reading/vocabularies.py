"""The vendor's vocabularies, and what each status means to us.

Generation 3 of the API gives services, modules and statuses as numbers, generation 1 as names, some
of which it spells otherwise. The tables are the vendor's documentation as of July 2026 and what its
replies were seen to hold; a number outside them is kept as `Unknown (N)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from reporter.jobs.rows import name_of_unknown
from reporter.model import Listed, Outcome

REVISION: Final = 0
"""Grows with each change of these tables: stores then derive anew what they have kept by them."""

SERVICE_NAMES: Final = {
    0: "Microsoft 365 Scan",
    7: "Microsoft 365",
    10: "Google Workspace Scan",
    11: "Google Workspace",
    12: "IaaS + PaaS",
    15: "Salesforce",
    16: "Dynamics 365",
}

MODULE_NAMES: Final = {
    0: "None",
    8: "Archiver",
    10: "Retention",
    301: "Salesforce",  # in no list of the vendor's
    302: "SharePoint Online",
    303: "Exchange Online",
    304: "Microsoft 365 Groups",
    305: "OneDrive",
    306: "Project Online",
    307: "Exchange Online Public Folder",
    308: "Microsoft Teams",
    309: "Teams Chat",
    310: "Power BI",
    311: "Power Automate",
    312: "Power Apps",
    355: "Cloud Backup for Azure",
    356: "Azure Virtual Machine",
    357: "Disk",
    358: "Microsoft Entra ID",
    359: "Storage",
    360: "Admin Portal Settings",
    361: "Amazon EC2",
    362: "Native Azure SQL Backup Monitoring",
    363: "Dev Ops",
    364: "Microsoft Entra ID B2C",
    365: "Azure SQL Backup",
    366: "Google Virtual Machine Instance",
    367: "Azure VMware Solution",
    368: "Microsoft SQL Server in Azure VM",
    369: "Google Cloud Storage",
    370: "Cosmos DB",
    371: "Azure PostgreSQL",
    401: "Dynamics 365",
    402: "Viva Engage",
    501: "Gmail",
    502: "Calendar",
    503: "Contacts",
    504: "Drive",
    505: "Shared Drives",
    506: "Google Classroom",
    507: "Chat",
    508: "Google Directory",
    550: "Dynamics CRM Backup",
    551: "Dynamics Unified Operations Backup",
}

STATUS_NAMES: Final = {
    0: "None",
    1: "Running",
    2: "Finished",
    3: "Failed",
    4: "Finished with exception",
    5: "Skipped",
    6: "Pending",
    7: "Failed to start",
    8: "Canceled",
    9: "Rejected",
    10: "Stopped",
    11: "Not scanned",
    12: "Disabled",
    13: "Not started",
    14: "Waiting for configuration",
}

CODED: Final = {
    "service": SERVICE_NAMES,
    "module": MODULE_NAMES,
    "status": STATUS_NAMES,
}
"""The fields of a row that generation 3 gives as numbers."""

TENANT_SERVICE: Final = "Microsoft 365"
"""The service whose modules a customer's own tenant tells of."""

OBJECT_TYPES: Final = {
    1: "Exchange Online",
    2: "SharePoint Online",
    3: "OneDrive",
    4: "Microsoft 365 Groups",
    5: "Project Online",
    6: "Exchange Online Public Folder",
    7: "Microsoft Teams",
    8: "Viva Engage",
    9: "Teams Chat",
    10: "Power BI",
    11: "Power Automate",
    12: "Power Apps",
}
"""The modules by the numbers that the tenant's lists of jobs are asked by."""

SERVICE_TYPES: Final = {
    0: "Exchange Online",
    1: "SharePoint Online",
    2: "OneDrive",
    3: "Microsoft 365 Groups",
    4: "Project Online",
    5: "Exchange Online Public Folder",
    6: "Microsoft Teams",
    9: "Viva Engage",
    10: "Teams Chat",
    11: "Power BI",
    12: "Power Automate",
    14: "Power Apps",
}
"""The modules by the numbers that the tenant's settings have."""

SERVICE_ALIASES: Final = {
    "Azure": "IaaS + PaaS",
    "Cloud Backup for Dynamics 365": "Dynamics 365",
    "Cloud Backup for Google Workspace": "Google Workspace",
    "Cloud Backup for IaaS + PaaS": "IaaS + PaaS",
    "Cloud Backup for IaaS PaaS": "IaaS + PaaS",
    "Cloud Backup for Microsoft 365": "Microsoft 365",
    "Cloud Backup for Salesforce": "Salesforce",
    "DOR": "Microsoft 365 Scan",
}
"""Other spellings of services, in generation 1 and in the overview."""

MODULE_ALIASES: Final = {
    "Admin Portal Setting": "Admin Portal Settings",
    "Exchange Online Public Folders": "Exchange Online Public Folder",
    "Microsoft 365 Group": "Microsoft 365 Groups",
    "Microsoft Teams Chat": "Teams Chat",
    "OneDrive for Business": "OneDrive",
    "Yammer": "Viva Engage",
}
"""Other spellings of modules, each that of one module whatever the service."""

AZURE_MODULE_ALIASES: Final = {
    "Active Directory": "Microsoft Entra ID",
    "Virtual Machine": "Azure Virtual Machine",
}
"""Names that identify a module only within the service `Azure`: elsewhere a virtual machine may be
Amazon's or Google's.
"""

NO_BACKUP_SERVICES: Final = frozenset({"Microsoft 365 Scan", "Google Workspace Scan"})
NO_BACKUP_MODULES: Final = frozenset({"Archiver", "Retention", "DOR"})

BACKUP_PRODUCT: Final = "Cloud Backup for"
"""The prefix of the names of all products that are backups."""

_STATUSES: Final = {
    Outcome.SUCCESS: ("Finished", "Successful", "Completed"),
    Outcome.WARNING: ("Finished with exception", "Partially finished", "Exception"),
    Outcome.FAILED: ("Failed", "Failed to start", "Rejected"),
    Outcome.CANCELLED: ("Canceled", "Stopped"),
    Outcome.RUNNING: ("Running", "In progress", "Pending", "Waiting", "Not finished"),
    Outcome.NOT_RUN: (
        "Skipped",
        "Not scanned",
        "Disabled",
        "Not started",
        "Waiting for configuration",
        "None",
    ),
}

_LISTED: Final = {
    Listed.IDLE: ("Finished", "Successful", "Completed", "Skipped"),
    Listed.OFF: ("Disabled",),
    Listed.REFUSED: (
        *_STATUSES[Outcome.FAILED],
        *_STATUSES[Outcome.CANCELLED],
        *_STATUSES[Outcome.WARNING],
    ),
}
"""How a status lists the scope of a row without a job id; with any other status the scope waits."""

_QUEUED: Final = ("Pending", "Waiting", "Running", "In progress")

_CODE = re.compile(r"-?\d{1,18}")


def name_of_code(field: str, value: str) -> str:
    """The name of a coded field's value; a value that is no number is a name already."""
    return name_among(CODED[field], value)


def name_among(names: Mapping[int, str], value: str) -> str:
    """The name of a number among names; a value that is no number is a name already."""
    if _CODE.fullmatch(value) is None:
        return value
    return names.get(int(value)) or name_of_unknown(value)


def service_name(written: str) -> str:
    """The canonical name of a service, however it is spelt; an unknown name as it is."""
    return _SERVICES.get(_folded(written), written)


def module_name(written: str, service: str) -> str:
    """The canonical name of a module, however it is spelt; an unknown name as it is.

    `service` is the service as it is written beside it: some names mean a module only within it.
    """
    name = _folded(written)
    if _folded(service) == _AZURE and name in _AZURE_MODULES:
        return _AZURE_MODULES[name]
    return _MODULES.get(name, written)


def module_of_type(types: Mapping[int, str], written: str) -> str:
    """The canonical name of a module that a tenant gives as one of some numbers, or by its name."""
    if _CODE.fullmatch(written) is None:
        return module_name(written, TENANT_SERVICE)
    return types.get(int(written)) or name_of_unknown(written)


def outcome_of(status: str | None) -> Outcome:
    """The outcome of a job with this status; `UNKNOWN` where it is missing or in no list."""
    return _OUTCOMES.get(_folded(status), Outcome.UNKNOWN) if status else Outcome.UNKNOWN


def listed_of(status: str | None) -> Listed:
    """How a scope is listed by a row with this status and no job id; never `JOB` or `GONE`."""
    return _LISTED_BY_STATUS.get(_folded(status), Listed.WAITING) if status else Listed.WAITING


def is_queued(status: str | None) -> bool:
    """Whether a row with this status and no job id stands for a run that is queued or under way,
    which hides the last job for a while.
    """
    return status is not None and _folded(status) in _QUEUED_STATUSES


def is_backup(service: str, module: str) -> bool:
    """Whether jobs of this module are backups; the API lists others too."""
    return service not in NO_BACKUP_SERVICES and module not in NO_BACKUP_MODULES


def is_backup_product(service: str) -> bool:
    """Whether a subscribed product is a backup; the vendor sells others too."""
    return _folded(service).startswith(_folded(BACKUP_PRODUCT))


def _folded(name: str) -> str:
    """Without case and spacing, in American spelling: services print one name differently."""
    return re.sub(r"\s+", "", name).casefold().replace("cancelled", "canceled")


def _by_spelling(names: Iterable[str], aliases: Mapping[str, str]) -> dict[str, str]:
    """The canonical names by all their spellings, without case and spacing."""
    spellings = {name: name for name in names} | dict(aliases)
    return {_folded(spelling): name for spelling, name in spellings.items()}


_SERVICES: Final = _by_spelling(SERVICE_NAMES.values(), SERVICE_ALIASES)
_MODULES: Final = _by_spelling({*MODULE_NAMES.values(), *NO_BACKUP_MODULES}, MODULE_ALIASES)
_AZURE: Final = _folded("Azure")
_AZURE_MODULES: Final = _by_spelling((), AZURE_MODULE_ALIASES)
_OUTCOMES: Final = {
    _folded(status): outcome for outcome, statuses in _STATUSES.items() for status in statuses
}
_LISTED_BY_STATUS: Final = {
    _folded(status): listed for listed, statuses in _LISTED.items() for status in statuses
}
_QUEUED_STATUSES: Final = frozenset(map(_folded, _QUEUED))
