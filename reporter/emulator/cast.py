"""Who is in the emulator: customers, the modules they have, and what goes wrong with them."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

# Salesforce has no module of its own in the vendor's list: both generations say "None" (code 0).
MODULES_OF: Final = {
    "Microsoft 365": (
        "Exchange Online",
        "SharePoint Online",
        "OneDrive",
        "Microsoft Teams",
        "Microsoft 365 Groups",
        "Teams Chat",
        "Power BI",
    ),
    "Google Workspace": ("Gmail", "Drive", "Shared Drives", "Calendar", "Contacts"),
    "IaaS + PaaS": (
        "Azure Virtual Machine",
        "Azure SQL Backup",
        "Microsoft Entra ID",
        "Amazon EC2",
        "Storage",
        "Cosmos DB",
    ),
    "Dynamics 365": ("Dynamics CRM Backup", "Dynamics Unified Operations Backup"),
    "Salesforce": ("None",),
}


class Temper(StrEnum):
    """How the jobs of a module go."""

    CALM = "calm"  # every job succeeds
    USUAL = "usual"  # a warning now and then, a rare failure
    WARNING = "warning"  # finishes with exceptions most days
    OUTAGE = "outage"  # usual, but everything fails on the 14th and 15th
    FAILING = "failing"  # usual, but nothing succeeds from the 27th to the 2nd
    ODD = "odd"  # unreadable values, unknown statuses, contradictions
    ASLEEP = "asleep"  # never ran


@dataclass(frozen=True, slots=True)
class Plan:
    """One module of a customer."""

    service: str
    module: str
    runs_per_day: float
    size_gb: float = 4.0
    temper: Temper = Temper.USUAL


@dataclass(frozen=True, slots=True)
class Profile:
    """One customer of the provider."""

    id: str
    name: str
    country: str
    plans: tuple[Plan, ...]
    readable: bool = True
    """Whether the app may read its jobs; 403 if not."""

    @property
    def owner(self) -> str:
        return f"it@{self.id[:8]}.example"


_FIRST: Final = ("Alder", "Birch", "Cedar", "Harbour", "Juniper", "Lakeside", "Maple", "Northwind")
_SECOND: Final = ("Analytics", "Clinics", "Foods", "Legal", "Logistics", "Partners", "Textiles")
_COUNTRIES: Final = ("United States", "Germany", "United Kingdom", "France", "Netherlands")


def ordinary_customers(count: int, jobs_per_month: int, seed: int) -> tuple[Profile, ...]:
    """`count` customers with about `jobs_per_month` jobs each; one in six is in trouble."""
    return tuple(_ordinary(number, jobs_per_month, seed) for number in range(count))


def demo_cast() -> tuple[Profile, ...]:
    """The customers of the demo: all five services, and the hard cases."""
    usual = Temper.USUAL
    return (
        _profile(
            "Contoso Ltd",
            "United Kingdom",
            *_plans("Microsoft 365", 5, 2, 6.0, Temper.CALM),
            *_plans("IaaS + PaaS", 2, 3, 20.0, Temper.CALM),
        ),
        _profile(
            "Brauerei Jäger & Söhne GmbH",
            "Germany",
            *_troubled(_plans("Microsoft 365", 7, 3, 5.0, usual)),
            *_plans("IaaS + PaaS", 3, 4, 40.0, usual),
            Plan("Microsoft 365 Scan", "None", 1, 0.0, Temper.CALM),
            Plan("Microsoft 365", "Retention", 0.25, 0.0, Temper.CALM),
        ),
        _profile(
            "Fabrikam Residences",
            "United States",
            *_plans("Microsoft 365", 1, 0, 0.0, Temper.ASLEEP, first="SharePoint Online"),
            *_plans("Microsoft 365", 1, 0, 0.0, Temper.ASLEEP, first="Exchange Online"),
        ),
        _profile(
            "株式会社青空テクノロジー", "Japan", *_plans("Google Workspace", 5, 3, 3.0, usual)
        ),
        _profile(
            "Harbour Logistics International",
            "Netherlands",
            *_plans("IaaS + PaaS", 6, 76, 30.0, usual),
            *_plans("Microsoft 365", 6, 33, 2.0, usual),
        ),
        _profile(
            "Woodgrove Capital Partners",
            "United States",
            *_plans("Dynamics 365", 2, 4, 8.0, usual),
            *_plans("Salesforce", 1, 4, 2.0, Temper.WARNING),
        ),
        replace(
            _profile("Tailspin Toys", "France", *_plans("Microsoft 365", 3, 2)), readable=False
        ),
    )


def _troubled(plans: list[Plan]) -> list[Plan]:
    tempers = (
        Temper.USUAL,
        Temper.OUTAGE,
        Temper.USUAL,
        Temper.FAILING,
        Temper.ODD,
        Temper.WARNING,
        Temper.ASLEEP,
    )
    return [replace(plan, temper=temper) for plan, temper in zip(plans, tempers, strict=True)]


def _ordinary(number: int, jobs_per_month: int, seed: int) -> Profile:
    chance = random.Random(f"{seed}:customer:{number}")
    services = list(MODULES_OF)
    # At least two runs a day of each module: a daily one alone misses a 24-hour target by minutes.
    per_day = jobs_per_month / 30.4
    service = services[number % len(services)]
    room = max(1, int(per_day // 2))
    modules = MODULES_OF[service][:room]
    temper = chance.choice((Temper.OUTAGE, Temper.FAILING)) if number % 6 == 5 else Temper.USUAL
    plans = [
        Plan(service, module, per_day / len(modules), chance.lognormvariate(1.5, 0.8), Temper.USUAL)
        for module in modules
    ]
    plans[0] = replace(plans[0], temper=temper)
    name = f"{chance.choice(_FIRST)} {chance.choice(_SECOND)} {number + 1}"
    return _profile(name, chance.choice(_COUNTRIES), *plans)


def _plans(
    service: str,
    count: int,
    runs_per_day: float,
    size_gb: float = 4.0,
    temper: Temper = Temper.USUAL,
    *,
    first: str | None = None,
) -> list[Plan]:
    modules = (first,) if first else MODULES_OF[service][:count]
    return [Plan(service, module, runs_per_day, size_gb, temper) for module in modules]


def _profile(name: str, country: str, *plans: Plan) -> Profile:
    return Profile(str(uuid.uuid5(uuid.NAMESPACE_DNS, name)), name, country, plans)
