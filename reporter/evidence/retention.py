"""Which bags a stated retention removes from an archive, and which ones legal holds keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reporter.errors import EvidenceError, UsageError
from reporter.evidence.archive import Archive, remains_of
from reporter.evidence.bag import SIGNED, digests
from reporter.evidence.chain import ANY_TIME, Chain, Record, kept_until, records, removals
from reporter.evidence.verify import verify_bag
from reporter.model import Customer
from reporter.period import Period, parse_period


@dataclass(frozen=True, slots=True)
class Due:
    """A bag that the retention no longer keeps."""

    home: Path
    record: Record
    folders: tuple[Path, ...]
    """The bag, and the packs made of it."""
    hold: str | None
    """The hold that keeps it nevertheless."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long bags are kept, and which of them are kept longer."""

    months: int
    holds: tuple[str, ...]
    """`customer` or `customer period`, by id or name."""

    def due(
        self,
        archive: Archive,
        customers: Sequence[Customer],
        wanted: Sequence[Customer],
        now: datetime,
    ) -> list[Due]:
        """The bags of the customers wanted that have been kept long enough, held ones too.
        `customers` are all there are, as they are called now.

        Raises:
            UsageError: a hold names nobody.
            EvidenceError: a chain does not hold, or what is due is not what was archived.
        """
        chains = archive.chains()
        called = {home: _names(chain, customers) for home, chain in chains.items()}
        for hold in self.holds:
            if not any(_reach(hold, names) for names in called.values()):
                raise UsageError(
                    f"The hold {hold!r} in [evidence] names no customer of the archive.",
                    hint="Write the customer's id or name, alone or followed by a period: "
                    '"Contoso Ltd 2026-10". Nothing was removed.',
                )
        ids = {customer.id for customer in wanted}
        return [
            due
            for home, chain in chains.items()
            if chain[0].record.customer_id in ids
            for due in self._due_of(home, chain, called[home], now)
        ]

    def _due_of(
        self, home: Path, chain: Chain, names: frozenset[str], now: datetime
    ) -> Iterator[Due]:
        removed, today = removals(chain), now.astimezone(UTC).date()
        for record in records(chain):
            folders = tuple(remains_of(home, record))
            if today < kept_until(record, self.months) or (record.bag in removed and not folders):
                continue
            keeping = (hold for hold in self.holds if _keeps(hold, names, record))
            hold = next(keeping, None)
            if hold is None:
                _insist_whole(home / record.bag, record, gone=record.bag in removed)
            yield Due(home, record, folders, hold)


def customers_of(archive: Archive) -> list[Customer]:
    """The customers who have bags, under the names they were last archived by.

    Raises:
        EvidenceError: a chain cannot be read, or does not hold.
    """
    last = (chain[-1].record for chain in archive.chains().values())
    return [Customer(record.customer_id, record.customer) for record in last]


def _names(chain: Chain, customers: Sequence[Customer]) -> frozenset[str]:
    """All that a customer is or was called, and its id."""
    customer_id = chain[0].record.customer_id
    names = {customer.name for customer in customers if customer.id == customer_id}
    names |= {link.record.customer for link in chain}
    return frozenset(name.strip().casefold() for name in (customer_id, *names))


def _reach(hold: str, names: frozenset[str]) -> tuple[Period | None] | None:
    """Of which period a hold keeps the bags of a customer, None of all; nothing where it is of
    another customer.
    """
    text = hold.strip().casefold()
    if text in names:
        return (None,)
    name, _, label = text.rpartition(" ")
    if name.strip() not in names:
        return None
    try:
        return (parse_period(label, "UTC", ANY_TIME),)
    except UsageError:
        return None


def _keeps(hold: str, names: frozenset[str], record: Record) -> bool:
    """Whether a hold keeps a bag: it is enough that their periods have a day in common."""
    reach = _reach(hold, names)
    if reach is None:
        return False
    held, archived = reach[0], parse_period(record.period, "UTC", ANY_TIME)
    return held is None or (held.first < archived.stop and archived.first < held.stop)


def _insist_whole(bag: Path, record: Record, *, gone: bool) -> None:
    """A lost or changed bag must not pass for one that was removed by a policy."""
    if gone and not bag.is_dir():
        return
    whole = bag.is_dir() and verify_bag(bag).whole
    if not whole or digests(bag / SIGNED)["sha256"] != record.tagmanifest_sha256:
        raise EvidenceError(
            f"The retention no longer keeps the bag {bag}, but it is missing or not what was "
            "archived.",
            hint="Run `reporter verify` for details. Nothing was removed. To have the others "
            "removed, put this one on hold (`holds` in [evidence]).",
        )
