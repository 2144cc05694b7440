"""Who is in the emulator: customers, the scopes they back up, and what goes wrong with them."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

MODULES_OF: Final = {
    "Microsoft 365": (
        "Exchange Online",
        "SharePoint Online",
        "OneDrive",
        "Microsoft Teams",
        "Microsoft 365 Groups",
        "Teams Chat",
        "Power BI",
        "Project Online",
        "Power Automate",
        "Power Apps",
    ),
    "Google Workspace": ("Gmail", "Drive", "Shared Drives", "Calendar", "Contacts", "Chat"),
    "IaaS + PaaS": (
        "Azure Virtual Machine",
        "Azure SQL Backup",
        "Microsoft Entra ID",
        "Amazon EC2",
        "Storage",
        "Cosmos DB",
    ),
    "Dynamics 365": ("Dynamics CRM Backup", "Dynamics Unified Operations Backup"),
    "Salesforce": ("Salesforce",),
}
NAMELESS: Final = frozenset({"Microsoft 365", "Google Workspace"})
"""Services that list one row a module; the others list one for each scope, told by its name."""


class Temper(StrEnum):
    """How the jobs of a scope turn out."""

    CALM = "calm"  # every job succeeds
    USUAL = "usual"  # a warning now and then, a rare failure
    WARNING = "warning"  # finishes with exceptions most days
    OUTAGE = "outage"  # usual, but everything fails on the 14th and 15th
    FAILING = "failing"  # usual, but nothing succeeds from the 27th to the 2nd
    BROKEN = "broken"  # every job fails
    ODD = "odd"  # unreadable values, unknown statuses, contradictions
    EMPTY = "empty"  # every job succeeds over no object
    SKIPPING = "skipping"  # every job succeeds and skips all its objects
    IDLE = "idle"  # there is nothing to back up: the service looks, and no job comes of it
    ASLEEP = "asleep"  # never configured


@dataclass(frozen=True, slots=True)
class Plan:
    """One scope of a customer, backed up on a schedule of its own."""

    service: str
    module: str
    runs_per_day: float
    size_gb: float = 4.0
    """How much a job handles on an ordinary day."""
    temper: Temper = Temper.USUAL
    name: str = ""
    """The scope's; empty where the module is the scope."""
    since: datetime | None = None
    """When it came; it is not there before."""
    off_at: datetime | None = None
    """Switched off: no job is queued from then on."""
    removed_at: datetime | None = None
    """Not listed from then on."""
    renamed: tuple[datetime, str] | None = None
    """When its name changes, and to what."""

    @property
    def scheduled(self) -> bool:
        """Whether it ever runs."""
        return self.runs_per_day > 0 and self.temper is not Temper.ASLEEP

    def name_at(self, moment: datetime) -> str:
        """What it is called then."""
        if self.renamed is not None and moment >= self.renamed[0]:
            return self.renamed[1]
        return self.name

    def there_at(self, moment: datetime) -> bool:
        """Whether the service knows it then."""
        begun = self.since is None or self.since <= moment
        return begun and (self.removed_at is None or moment < self.removed_at)

    def off(self, moment: datetime) -> bool:
        """Whether it is switched off then."""
        return self.off_at is not None and self.off_at <= moment


@dataclass(frozen=True, slots=True)
class SubscriptionTerms:
    """What a customer has bought, and what the app may know of it."""

    expires_on: str = "2027-04-05"
    seats: str = "250"
    assigned: str = "231"
    capacity: str = "5 TB"
    used: str = "3.2 TB"
    own_storage: bool = False
    """Whether its data is stored in storage of its own."""
    refused: frozenset[str] = frozenset()
    """`protected`, `subscription`, `users`: 403."""
    unknown: frozenset[str] = frozenset()
    """The same: 404; `tenant jobs 12` for the jobs of one module in the customer's own tenant."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One customer of the provider."""

    id: str
    name: str
    country: str
    plans: tuple[Plan, ...]
    readable: bool = True
    """Whether the app may read its jobs; 403 if not."""
    terms: SubscriptionTerms = SubscriptionTerms()
    since: datetime | None = None
    """When it became a customer; its scopes run from then on at the earliest."""
    further_tenants: tuple[str, ...] = ()
    """The names of its tenants beside the first, which has its own name and id."""

    @property
    def tenants(self) -> dict[str, str]:
        """The names of its tenants by their ids."""
        further = {
            str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.id}:{name}")): name
            for name in self.further_tenants
        }
        return {self.id: self.name, **further}

    @property
    def owner(self) -> str:
        return f"it@{self.id[:8]}.example"

    def there_at(self, moment: datetime) -> bool:
        """Whether it is a customer then."""
        return self.since is None or self.since <= moment


_FIRST: Final = ("Alder", "Birch", "Cedar", "Harbour", "Juniper", "Lakeside", "Maple", "Northwind")
_SECOND: Final = ("Analytics", "Clinics", "Foods", "Legal", "Logistics", "Partners", "Textiles")
_COUNTRIES: Final = ("United States", "Germany", "United Kingdom", "France", "Netherlands")
_SCOPES: Final = ("Production", "Test", "Archive")
"""Of a module whose scopes have names."""
_LONG_AGO: Final = datetime(2026, 2, 28, 23, 3, 23, tzinfo=UTC)


def profile(name: str, country: str, *plans: Plan, since: datetime | None = None) -> Profile:
    """A customer whose id follows from its name."""
    return Profile(str(uuid.uuid5(uuid.NAMESPACE_DNS, name)), name, country, plans, since=since)


def ordinary_customers(count: int, jobs_per_month: int, seed: int) -> tuple[Profile, ...]:
    """`count` customers with about `jobs_per_month` jobs each; one in six is in trouble."""
    return tuple(_ordinary(number, jobs_per_month, seed) for number in range(count))


def _ordinary(number: int, jobs_per_month: int, seed: int) -> Profile:
    chance = random.Random(f"{seed}:customer:{number}")
    services = list(MODULES_OF)
    # At least two runs a day of each scope: a daily one alone can miss a target by minutes.
    per_day = jobs_per_month / 30.4
    service = services[number % len(services)]
    room = max(1, int(per_day // 2))
    scopes = _scopes_of(service)[:room]
    temper = chance.choice((Temper.OUTAGE, Temper.FAILING)) if number % 6 == 5 else Temper.USUAL
    plans = [
        Plan(
            service,
            module,
            per_day / len(scopes),
            chance.lognormvariate(1.5, 0.8),
            name=name,
        )
        for module, name in scopes
    ]
    plans[0] = replace(plans[0], temper=temper)
    name = f"{chance.choice(_FIRST)} {chance.choice(_SECOND)} {number + 1}"
    ordinary = profile(name, chance.choice(_COUNTRIES), *plans, *_silent(service))
    return replace(ordinary, terms=_ordinary_terms(random.Random(f"{seed}:terms:{number}")))


def _scopes_of(service: str) -> list[tuple[str, str]]:
    """Modules and names: first one scope of each module, then second and third ones."""
    names = ("",) if service in NAMELESS else _SCOPES
    return [(module, name) for name in names for module in MODULES_OF[service]]


def _silent(service: str) -> tuple[Plan, ...]:
    """What a customer of a service lists beside what it backs up: about a quarter of its rows."""
    if service == "Microsoft 365":
        return (
            Plan(service, "Exchange Online Public Folder", 1, 0.0, Temper.IDLE),
            Plan(service, "Viva Engage", 1, off_at=_LONG_AGO),
        )
    if service == "Google Workspace":
        return (Plan(service, "Google Classroom", 1, off_at=_LONG_AGO),)
    return (Plan("IaaS + PaaS", "Microsoft Entra ID B2C", 0, 0.0, Temper.ASLEEP),)


def _ordinary_terms(chance: random.Random) -> SubscriptionTerms:
    """One customer in five stores its data itself, one in ten has no subscription of its own."""
    seats = chance.randrange(20, 900)
    capacity = chance.randrange(1, 40)
    return SubscriptionTerms(
        expires_on=str(date(2026, 10, 1) + timedelta(days=chance.randrange(700))),
        seats=f"{seats:,}",
        assigned=f"{int(seats * chance.uniform(0.7, 1.02)):,}",
        capacity=f"{capacity} TB",
        used=f"{capacity * chance.uniform(0.3, 0.99):.1f} TB",
        own_storage=chance.random() < 0.2,
        unknown=frozenset({"subscription"} if chance.random() < 0.1 else ()),
    )
