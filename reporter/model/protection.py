"""What is protected, what was bought, and what was restored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from reporter.model.figures import Day
from reporter.model.jobs import Absence


def share_of(scanned: int | None, protected: int | None) -> float | None:
    """The protected share of what was scanned: none of nothing, and none of counts that contradict
    one another.
    """
    if not scanned or protected is None or protected > scanned:
        return None
    return protected / scanned


@dataclass(frozen=True, slots=True)
class Protected:
    """What is protected of a module or of the customer; None where the service does not say."""

    scanned: int | None
    """Objects the service found."""
    protected: int | None
    """Those of them it protects."""
    share: float | None
    """Protected of scanned objects, from 0 to 1; None without both, or without any scanned."""
    bytes_avepoint: int | None
    """Stored with AvePoint, as the service reports it, rounded."""
    bytes_own: int | None
    """Stored in the customer's own storage, as the service reports it, rounded."""


@dataclass(frozen=True, slots=True)
class ProtectedModule:
    """One line of the service's list of protected data."""

    service: str
    """As the service names it, such as `Microsoft 365`."""
    module: str
    """As the service names it, such as `Exchange Online`."""
    figures: Protected
    """Its own."""


@dataclass(frozen=True, slots=True)
class Protection:
    """How much of what the service found it protects, and where that is stored."""

    as_of: datetime | None
    """When the service said so; None where it did not."""
    absence: Absence | None
    """Why nothing is known; None where something is."""
    totals: Protected
    """Of all modules together."""
    modules: tuple[ProtectedModule, ...]
    """In the order of the service; empty where it lists none."""


EXPIRES_SOON_DAYS = 60
"""A product with no more days left is to be renewed."""


@dataclass(frozen=True, slots=True)
class Product:
    """One product of a subscription; None where the service does not say."""

    service: str
    """As the service names it, such as `Cloud Backup for Microsoft 365`."""
    name: str | None
    """The name of the subscription."""
    model: str | None
    """What is counted, such as `User seats`."""
    seats: int | None
    """User seats bought."""
    units: int | None
    """Units bought."""
    licences_assigned: int | None
    """Microsoft licences given to users."""
    licences_available: int | None
    """Microsoft licences there are."""
    capacity_bytes: int | None
    """Capacity bought."""
    protected_bytes: int | None
    """Capacity used by what is protected."""
    consumed_bytes: int | None
    """Storage taken up."""
    storage: str | None
    """Where it is stored, in the service's words."""
    retention: str | None
    """How long it is kept, in the service's words."""
    expires_on: date | None
    """The last day."""
    contract_ends_on: date | None
    """The last day of the contract."""
    days_left: int | None
    """From the period's end, or the last fetch while it runs, to the last day; below zero where
    that is past.
    """

    @property
    def expired(self) -> bool:
        """Whether its last day is past at the period's end."""
        return self.days_left is not None and self.days_left < 0

    @property
    def ending(self) -> bool:
        """Whether it has expired or will within 60 days."""
        return self.days_left is not None and self.days_left <= EXPIRES_SOON_DAYS

    @property
    def over_seats(self) -> bool:
        """Whether more licences are assigned than seats were bought."""
        bought, used = self.seats, self.licences_assigned
        return bought is not None and used is not None and used > bought

    @property
    def over_capacity(self) -> bool:
        """Whether more is protected than capacity was bought."""
        bought, used = self.capacity_bytes, self.protected_bytes
        return bought is not None and used is not None and used > bought


@dataclass(frozen=True, slots=True)
class Subscription:
    """What the customer has bought of the service."""

    as_of: datetime | None
    """When the service said so; None where it did not."""
    absence: Absence | None
    """Why nothing is known; None where something is."""
    products: tuple[Product, ...]
    """The soonest to expire first; empty where the service lists none."""
    other_products: int = 0
    """Products of the vendor that are no backup: counted, not listed."""


class RestoreResult(StrEnum):
    """What came of a restore test."""

    PASSED = "passed"
    PARTLY = "partly"
    FAILED = "failed"


class RestoreStanding(StrEnum):
    """What the restore tests on record amount to, worst first."""

    MISSING = "missing"
    """None is on record."""
    FAILED = "failed"
    """The last one failed."""
    OLD = "old"
    """None of the last twelve months passed."""
    GOOD = "good"
    """One of the last twelve months passed."""


@dataclass(frozen=True, slots=True)
class RestoreTest:
    """One restore test, as the provider put it on record."""

    date: Day
    """When it was done."""
    scope: str
    """What was restored."""
    result: RestoreResult
    """What came of it."""
    deviation: str = ""
    """What went otherwise than planned; may be empty."""
    correction: str = ""
    """What was done about it; may be empty."""
    by: str = ""
    """Who did it; may be empty."""


@dataclass(frozen=True, slots=True)
class RestoreTests:
    """The restore tests on record up to the period's end, and what they amount to."""

    standing: RestoreStanding
    """Whether restoring has been shown to work lately."""
    last: RestoreTest | None
    """The newest, however old; None where none is on record."""
    last_passed_on: date | None
    """When one last passed; None where none ever did."""
    tests: tuple[RestoreTest, ...]
    """Those of the last 365 days of the period, the newest first."""
