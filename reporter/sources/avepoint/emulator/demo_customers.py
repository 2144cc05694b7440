"""The customers of the demo: all five services, and the hard cases of October 2026."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from reporter.sources.avepoint.emulator.cast import (
    Plan,
    Profile,
    SubscriptionTerms,
    Temper,
    profile,
)

_M365: Final = "Microsoft 365"
_GOOGLE: Final = "Google Workspace"
_CLOUD: Final = "IaaS + PaaS"
_REGIONS: Final = ("eu-central", "eu-west", "us-east")


def demo_cast() -> tuple[Profile, ...]:
    """Seven customers, of which one may not be read and one came in mid-month."""
    return (
        replace(_contoso(), terms=SubscriptionTerms()),
        replace(_jaeger(), terms=SubscriptionTerms("2026-12-10", assigned="263")),
        replace(_fabrikam(), terms=SubscriptionTerms(unknown=frozenset({"subscription"}))),
        replace(_aozora(), terms=SubscriptionTerms("open-ended", capacity="N/A")),
        replace(
            _harbour(),
            terms=SubscriptionTerms("2026-10-20", capacity="8 TB", used="8.4 TB", own_storage=True),
        ),
        replace(
            _woodgrove(),
            terms=SubscriptionTerms(
                seats="N/A", assigned="N/A", capacity="1024 GB", used="310.5 GB"
            ),
        ),
        replace(_tailspin(), readable=False),
    )


def _contoso() -> Profile:
    """All is well, with modules that are empty, idle and long since switched off."""
    calm = Temper.CALM
    return profile(
        "Contoso Ltd",
        "United Kingdom",
        Plan(_M365, "Exchange Online", 4, 6.0, calm),
        Plan(_M365, "SharePoint Online", 4, 9.0, calm),
        Plan(_M365, "OneDrive", 4, 5.0, calm),
        Plan(_M365, "Microsoft Teams", 4, 3.0, calm),
        Plan(_M365, "Microsoft 365 Groups", 4, 2.0, calm),
        Plan(_M365, "Project Online", 4, 0.0, Temper.EMPTY),
        Plan(_M365, "Power Automate", 4, 1.2, Temper.SKIPPING),
        Plan(_M365, "Exchange Online Public Folder", 4, 0.0, Temper.IDLE),
        Plan(_M365, "Power BI", 4, 0.4, off_at=datetime(2026, 6, 18, 9, 12, 44, tzinfo=UTC)),
        Plan(_CLOUD, "Azure Virtual Machine", 1, 24.0, calm, "Production"),
        Plan(_CLOUD, "Azure Virtual Machine", 1, 6.5, calm, "Test"),
        Plan(_CLOUD, "Microsoft Entra ID", 2, 0.02, calm, "contoso.example"),
    )


def _jaeger() -> Profile:
    """What a month can bring: outages, odd values, a scope that always fails, one renamed."""
    return profile(
        "Brauerei Jäger & Söhne GmbH",
        "Germany",
        Plan(_M365, "Exchange Online", 4, 5.0),
        Plan(_M365, "SharePoint Online", 4, 7.0, Temper.OUTAGE),
        Plan(_M365, "OneDrive", 4, 4.0),
        Plan(_M365, "Microsoft Teams", 4, 3.0, Temper.FAILING),
        Plan(_M365, "Microsoft 365 Groups", 4, 2.0, Temper.ODD),
        Plan(_M365, "Teams Chat", 4, 1.5, Temper.WARNING),
        Plan(_M365, "Power BI", 0, 0.0, Temper.ASLEEP),
        Plan(_M365, "Exchange Online Public Folder", 4, 0.0, Temper.IDLE),
        Plan(_M365, "Retention", 0.25, 0.0, Temper.CALM),
        Plan(
            _CLOUD,
            "Azure Virtual Machine",
            1,
            40.0,
            name="Sudhaus",
            renamed=(datetime(2026, 10, 16, 10, 30, tzinfo=UTC), "Sudhaus und Keller"),
        ),
        Plan(_CLOUD, "Azure SQL Backup", 4, 3.2, name="Warenwirtschaft"),
        Plan(_CLOUD, "Microsoft Entra ID", 2, 0.02, name="jaeger.example"),
        Plan(_CLOUD, "Microsoft Entra ID", 2, 0.01, name="soehne.example"),
        Plan(_CLOUD, "Microsoft Entra ID", 1, 0.01, Temper.BROKEN, "gastronomie.example"),
    )


def _fabrikam() -> Profile:
    """Bought and never configured: the two rows of the vendor's own sample."""
    return profile(
        "Fabrikam Residences",
        "United States",
        Plan(_M365, "SharePoint Online", 0, 0.0, Temper.ASLEEP),
        Plan(_M365, "Exchange Online", 0, 0.0, Temper.ASLEEP),
    )


def _aozora() -> Profile:
    """Google Workspace, with a module that is switched off within the month."""
    return profile(
        "株式会社青空テクノロジー",
        "Japan",
        Plan(_GOOGLE, "Gmail", 3, 0.9),
        Plan(_GOOGLE, "Drive", 3, 1.8),
        Plan(_GOOGLE, "Shared Drives", 3, 0.6),
        Plan(_GOOGLE, "Calendar", 3, 0.01),
        Plan(_GOOGLE, "Contacts", 3, 0.01, off_at=datetime(2026, 10, 9, 2, 5, 31, tzinfo=UTC)),
    )


def _harbour() -> Profile:
    """The largest: most modules there are, three scopes in each; one stale, one removed."""
    modules = (
        "Exchange Online",
        "SharePoint Online",
        "OneDrive",
        "Microsoft Teams",
        "Microsoft 365 Groups",
        "Teams Chat",
        "Power BI",
        "Power Apps",
        "Viva Engage",
    )
    clouds = (
        "Azure Virtual Machine",
        "Azure SQL Backup",
        "Microsoft Entra ID",
        "Storage",
        "Cosmos DB",
        "Dev Ops",
    )
    harbour = profile(
        "Harbour Logistics International",
        "Netherlands",
        *(Plan(_M365, module, 4, 2.0 + number) for number, module in enumerate(modules)),
        *(
            Plan(_CLOUD, module, 4, 12.0 / (number + 1), name=f"{module} {region}")
            for module in clouds
            for number, region in enumerate(_REGIONS)
        ),
        Plan(_CLOUD, "Admin Portal Settings", 2, 0.01, name="harbour.example"),
        Plan(
            _CLOUD,
            "Amazon EC2",
            1,
            18.0,
            name="eu-west-1",
            removed_at=datetime(2026, 10, 22, 13, tzinfo=UTC),
        ),
        Plan(
            _CLOUD,
            "Amazon EC2",
            1,
            1.2,
            Temper.CALM,
            "us-west-2",
            off_at=datetime(2025, 4, 7, 22, 40, tzinfo=UTC),
        ),
    )
    return replace(harbour, further_tenants=("Harbour Shipyards",))


def _woodgrove() -> Profile:
    """Dynamics 365 and Salesforce; a customer since the 13th."""
    return profile(
        "Woodgrove Capital Partners",
        "United States",
        Plan("Dynamics 365", "Dynamics CRM Backup", 4, 2.0, name="Sales"),
        Plan("Dynamics 365", "Dynamics CRM Backup", 2, 0.8, name="Service"),
        Plan("Dynamics 365", "Dynamics Unified Operations Backup", 2, 8.0, name="Finance"),
        Plan("Salesforce", "Salesforce", 4, 2.0, Temper.WARNING, "Production"),
        Plan("Salesforce", "Salesforce", 1, 0.3, name="Sandbox"),
        since=datetime(2026, 10, 13, 14, tzinfo=UTC),
    )


def _tailspin() -> Profile:
    return profile(
        "Tailspin Toys",
        "France",
        *(
            Plan(_M365, module, 4)
            for module in ("Exchange Online", "SharePoint Online", "OneDrive")
        ),
    )
