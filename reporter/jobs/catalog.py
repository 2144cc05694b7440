"""The vendor's vocabularies, and what each status means to us.

Generation 3 of the API gives services, modules and statuses as numbers, generation 1 as names.
The tables are the vendor's documentation as of July 2026; a number outside them is kept as
`Unknown (N)`.
"""

from __future__ import annotations

import re
from typing import Final

from reporter.model import Outcome

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

CODED_FIELDS: Final = {
    "jobType": SERVICE_NAMES,
    "jobModule": MODULE_NAMES,
    "status": STATUS_NAMES,
}
"""The fields generation 3 gives as numbers."""

NO_BACKUP_SERVICES: Final = frozenset({"Microsoft 365 Scan", "Google Workspace Scan"})
NO_BACKUP_MODULES: Final = frozenset({"Archiver", "Retention"})

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

_CODE = re.compile(r"-?\d{1,18}")
_UNKNOWN_CODE = re.compile(r"Unknown \((-?\d+)\)")


def name_of_code(field: str, value: str) -> str:
    """The name of a coded field's value; a value that is no number is a name already."""
    if _CODE.fullmatch(value) is None:
        return value
    return CODED_FIELDS[field].get(int(value), f"Unknown ({value})")


def unknown_code(name: str) -> str | None:
    """The number in a name `name_of_code` made up for a code outside the vendor's lists."""
    match = _UNKNOWN_CODE.fullmatch(name)
    return match[1] if match else None


def outcome_of(status: str | None) -> Outcome:
    """The outcome of a job with this status; `UNKNOWN` where it is missing or in no list."""
    return _OUTCOMES.get(_folded(status), Outcome.UNKNOWN) if status else Outcome.UNKNOWN


def is_backup(service: str, module: str) -> bool:
    """Whether jobs of this module are backups; the API lists others too."""
    return service not in NO_BACKUP_SERVICES and module not in NO_BACKUP_MODULES


def _folded(status: str) -> str:
    """Without case and spacing, in American spelling: services print one status differently."""
    return re.sub(r"\s+", "", status).casefold().replace("cancelled", "canceled")


_OUTCOMES: Final = {
    _folded(status): outcome for outcome, statuses in _STATUSES.items() for status in statuses
}
