"""A simulated month, fetched at a rhythm by the real client, over HTTP, into a real store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from reporter.run.fetching import fetch_customers, fetch_snapshots
from reporter.sources.avepoint.auth import ClientSecret
from reporter.sources.avepoint.emulator import Clock, Emulator
from reporter.sources.avepoint.http import Exchange
from reporter.sources.avepoint.source import Access
from reporter.store import Store


def looks(
    first: datetime,
    last: datetime,
    every: timedelta,
    outages: Sequence[tuple[datetime, datetime]] = (),
) -> list[datetime]:
    """When the service is asked: from `first` to `last`, both included, but in no outage; an
    outage is half open.
    """
    count = (last - first) // every + 1
    times = [first + number * every for number in range(count)]
    return [at for at in times if not any(start <= at < stop for start, stop in outages)]


def fetch_at(times: Iterable[datetime], emulator: Emulator, clock: Clock, store: Store) -> None:
    """Take a snapshot of every customer at each of the times.

    `clock` is the emulator's, and is moved. Every customer must be readable.
    """
    access = Access(
        emulator.api_url,
        emulator.token_url,
        emulator.client_id,
        ClientSecret(emulator.client_secret),
    )
    exchange = Exchange()
    for at in times:
        clock.now = at
        source, listed = fetch_customers(access, store, clock, exchange)
        for outcome in fetch_snapshots(source, listed.customers, store, clock):
            if outcome.error is not None:
                raise outcome.error
