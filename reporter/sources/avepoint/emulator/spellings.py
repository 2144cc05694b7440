"""How the vendor spells services and modules: in numbers, and in words that differ by the call."""

from __future__ import annotations

from typing import Final

from reporter.sources.avepoint.reading.vocabularies import MODULE_NAMES, SERVICE_NAMES, STATUS_NAMES

SERVICE_CODES: Final = {name: code for code, name in SERVICE_NAMES.items()}
MODULE_CODES: Final = {name: code for code, name in MODULE_NAMES.items()}
STATUS_CODES: Final = {name: code for code, name in STATUS_NAMES.items()}
UNLISTED_STATUS: Final = 99

_GENERATION_1: Final = {
    ("Microsoft 365", "OneDrive"): ("Microsoft 365", "OneDrive for Business"),
    ("Microsoft 365", "Microsoft 365 Groups"): ("Microsoft 365", "Microsoft 365 Group"),
    ("Microsoft 365", "Teams Chat"): ("Microsoft 365", "Microsoft Teams Chat"),
    ("Microsoft 365", "Viva Engage"): ("Microsoft 365", "Yammer"),
    ("Microsoft 365", "Exchange Online Public Folder"): (
        "Microsoft 365",
        "Exchange Online Public Folders",
    ),
    ("Microsoft 365 Scan", "None"): ("DOR", "None"),
    ("IaaS + PaaS", "Azure Virtual Machine"): ("Azure", "Virtual Machine"),
    ("IaaS + PaaS", "Microsoft Entra ID"): ("Azure", "Active Directory"),
    ("IaaS + PaaS", "Storage"): ("Azure", "Storage"),
    ("IaaS + PaaS", "Admin Portal Settings"): ("Azure", "Admin Portal Setting"),
}
"""What differs from the names of generation 3's numbers."""
_OVERVIEW: Final = {
    "Microsoft 365 Groups": "Microsoft 365 Group",
    "Teams Chat": "Microsoft Teams chat",
    "Exchange Online Public Folder": "Exchange Online Public Folders",
}


def in_generation_1(service: str, module: str) -> tuple[str, str]:
    """Service and module as generation 1 calls them."""
    return _GENERATION_1.get((service, module), (service, module))


def in_overview(module: str) -> tuple[str, str]:
    """Service and module as generation 3's overview of Microsoft 365 calls them."""
    return "Cloud Backup for Microsoft 365", _OVERVIEW.get(module, module)
