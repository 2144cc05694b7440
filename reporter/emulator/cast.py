"""Who is in the emulator: customers, the modules they have, and what goes wrong with them."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, replace
from datetime import date, timedelta
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
class Terms:
    """What a customer has bought, and what the app may know of it."""

    expires_on: str = "2027-04-05"
    seats: str = "250"
    assigned: str = "231"
    capacity: str = "5 TB"
    used: str = "3.2 TB"
    own_storage: bool = False
    """Whether its data is stored in storage of its own."""
    refused: frozenset[str] = frozenset()
    """`protected`, `subscription`: 403."""
    unknown: frozenset[str] = frozenset()
    """The same: 404."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One customer of the provider."""

    id: str
    name: str
    country: str
    plans: tuple[Plan, ...]
    readable: bool = True
    """Whether the app may read its jobs; 403 if not."""
    terms: Terms = Terms()

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
    return tuple(
        replace(own, terms=_DEMO_TERMS.get(own.name, own.terms)) for own in _demo_profiles()
    )


_DEMO_TERMS: Final = {
    "Brauerei Jäger & Söhne GmbH": Terms("2026-12-10", assigned="263"),
    "Fabrikam Residences": Terms(unknown=frozenset({"subscription"})),
    "Harbour Logistics International": Terms(
        "2026-10-20", capacity="8 TB", used="8.4 TB", own_storage=True
    ),
    "Woodgrove Capital Partners": Terms(
        seats="N/A", assigned="N/A", capacity="1024 GB", used="310.5 GB"
    ),
    "株式会社青空テクノロジー": Terms("open-ended", capacity="N/A"),
}


def _demo_profiles() -> tuple[Profile, ...]:
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
    profile = _profile(name, chance.choice(_COUNTRIES), *plans)
    return replace(profile, terms=_ordinary_terms(random.Random(f"{seed}:terms:{number}")))


def _ordinary_terms(chance: random.Random) -> Terms:
    """One customer in five stores its data itself, one in ten has no subscription of its own."""
    seats = chance.randrange(20, 900)
    capacity = chance.randrange(1, 40)
    return Terms(
        expires_on=str(date(2026, 10, 1) + timedelta(days=chance.randrange(700))),
        seats=f"{seats:,}",
        assigned=f"{int(seats * chance.uniform(0.7, 1.02)):,}",
        capacity=f"{capacity} TB",
        used=f"{capacity * chance.uniform(0.3, 0.99):.1f} TB",
        own_storage=chance.random() < 0.2,
        unknown=frozenset({"subscription"} if chance.random() < 0.1 else ()),
    )


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
