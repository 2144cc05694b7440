"""A sweep over customers of which one in twenty has a failed job: with its details, and without."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Collection
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.ratios import ROUNDS, finish, in_turn, ratio, table
from reporter.model import KINDS, NOTHING_ASKED, Customer, DetailsAsked, Kind, Reply, Snapshot
from reporter.run.fetching import fetch_customers, fetch_snapshots
from reporter.sources.avepoint.auth import ClientSecret
from reporter.sources.avepoint.emulator.apart import emulator_apart
from reporter.sources.avepoint.emulator.cast import Plan, Profile, Temper, profile
from reporter.sources.avepoint.source import Access
from reporter.sources.interface import CustomerList, JobSource
from reporter.store import Store

NOW = datetime(2026, 11, 1, 6, tzinfo=UTC)
FAILED = 20
"""One customer in so many has a module that fails."""
MODULES = ("Exchange Online", "OneDrive", "SharePoint Online", "Microsoft Teams")


class Everything(frozenset[str]):
    """Every job."""

    def __contains__(self, _: object) -> bool:
        return True


class WithoutDetails:
    """A source that takes the details of all jobs to be known."""

    def __init__(self, source: JobSource) -> None:
        self._source = source

    def customers(self, received: list[Reply] | None = None) -> CustomerList:
        return self._source.customers(received)

    def snapshot(
        self,
        customer: Customer,
        received: list[Reply] | None = None,
        kinds: Collection[Kind] = KINDS,
        asked: DetailsAsked = NOTHING_ASKED,
    ) -> Snapshot:
        return self._source.snapshot(customer, received, kinds, DetailsAsked(Everything()))

    def stop(self) -> None:
        self._source.stop()


def cast(customers: int) -> list[Profile]:
    """Customers of Microsoft 365 with four modules."""
    return [
        profile(
            f"Customer {number}",
            "Germany",
            *(
                Plan("Microsoft 365", module, 4, 2.0, temper)
                for module, temper in zip(MODULES, tempers(number), strict=True)
            ),
        )
        for number in range(customers)
    ]


def tempers(number: int) -> list[Temper]:
    """How the modules of a customer turn out."""
    return [Temper.BROKEN if number % FAILED == 0 else Temper.CALM] + [Temper.CALM] * 3


def sweep(access: Access, before: Path, *, details: bool) -> int:
    """Fetch all customers into a copy of a store; how many details were read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        shutil.copy(before, path)
        with closing(Store.open(f"sqlite:///{path}")) as store:
            return swept(access, store, details=details)


def swept(access: Access, store: Store, *, details: bool) -> int:
    """Fetch all customers into a store; how many details were read."""
    source, listed = fetch_customers(access, store, lambda: NOW)
    source = source if details else WithoutDetails(source)
    outcomes = list(fetch_snapshots(source, listed.customers, store, lambda: NOW))
    assert not any(outcome.error for outcome in outcomes)
    with store.reading() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM details").scalar() or 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000)
    parser.add_argument("--latency", type=int, default=50, help="milliseconds of a reply")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        emulator_apart(
            cast(options.customers), seed=1, now=NOW, latency=options.latency / 1000
        ) as (service, _),
    ):
        secret = ClientSecret(service.client_secret)
        access = Access(service.api_url, service.token_url, service.client_id, secret)
        before = Path(folder) / "before.db"
        with closing(Store.open(f"sqlite:///{before}")) as store:
            swept(access, store, details=False)
        read = sweep(access, before, details=True)
        seconds = in_turn(
            {
                "without details": partial(sweep, access, before, details=False),
                "with details": partial(sweep, access, before, details=True),
            },
            options.rounds,
        )
    print(
        f"{options.customers} customers, {read} failed jobs, {options.latency} ms a reply, "
        f"medians of {options.rounds} rounds\n"
    )
    print("\n".join(table(seconds, "without details")))
    finish(
        "details",
        {
            "customers": options.customers,
            "failed_jobs": read,
            "with_to_without": round(ratio(seconds, "with details", "without details"), 3),
        },
    )


if __name__ == "__main__":
    main()
