"""Fetching customers over a slow network: ours beside the same requests sent bare."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import requests

from benchmarks.emulation import emulated
from benchmarks.ratios import ROUNDS, finish, in_turn, ratio, table
from reporter.run.fetching import FETCHES_AT_ONCE, fetch_customers, fetch_snapshots
from reporter.sources.avepoint.auth import TokenAuth
from reporter.sources.avepoint.http import LARGEST_ANSWER, Exchange, HttpAnswer
from reporter.sources.avepoint.permissions import PERMISSIONS
from reporter.sources.avepoint.source import Access, open_source
from reporter.store import Store

IN_TURN = 20
"""Requests sent one after another, from which the total is projected."""


def now() -> datetime:
    return datetime.now(UTC)


class Noting(Exchange):
    """Notes the requests, so that they can be repeated without our client."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[requests.Request] = []

    def send(
        self,
        request: requests.Request,
        *,
        check: Callable[[HttpAnswer], None] = lambda answer: None,
        largest: int = LARGEST_ANSWER,
    ) -> HttpAnswer:
        if request.data == []:  # anything but the request for the token
            self.sent.append(request)
        return super().send(request, check=check, largest=largest)


def ours(access: Access) -> None:
    """Fetch into a new store."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(f"sqlite:///{Path(folder) / 'store.db'}")
        source, listed = fetch_customers(access, store, now)
        outcomes = list(fetch_snapshots(source, listed.customers, store, now))
        assert not any(outcome.error for outcome in outcomes)
        store.engine.dispose()


def unkept(access: Access) -> None:
    """Fetch as we do, but keep nothing."""
    source, listed = open_source(access, now, Exchange())
    with ThreadPoolExecutor(FETCHES_AT_ONCE) as threads:
        for _ in threads.map(source.snapshot, listed.customers):
            pass


def bare(sent: Sequence[requests.Request]) -> None:
    """The same requests by as many threads, each with a connection of its own, nothing read."""
    with ThreadPoolExecutor(FETCHES_AT_ONCE) as threads:
        shares = [sent[number::FETCHES_AT_ONCE] for number in range(FETCHES_AT_ONCE)]
        list(threads.map(send_all, shares))


def send_all(sent: Sequence[requests.Request]) -> None:
    """Requests one after another on one connection."""
    with requests.Session() as session:
        for request in sent:
            response = session.send(session.prepare_request(request), timeout=60)
            assert response.status_code in (200, 404), response  # 404: no subscription


def requests_of_a_fetch(access: Access) -> list[requests.Request]:
    """The requests of a whole fetch, with a lasting token."""
    noting = Noting()
    source, listed = open_source(access, now, noting)
    for customer in listed.customers:
        source.snapshot(customer)
    auth = TokenAuth(
        Exchange(), access.token_url, access.client_id, access.credential, tuple(PERMISSIONS)
    )
    for request in noting.sent:
        request.auth = auth
    return noting.sent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=200, help="of each in a month")
    parser.add_argument("--latency", type=int, default=50, help="milliseconds of a reply")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    with emulated(options.customers, options.jobs, options.latency) as access:
        sent = requests_of_a_fetch(access)
        began = time.perf_counter()
        send_all(sent[:IN_TURN])
        in_a_row_s = (time.perf_counter() - began) / IN_TURN * len(sent)
        seconds = in_turn(
            {
                "bare requests": partial(bare, sent),
                "fetch, nothing kept": partial(unkept, access),
                "fetch into a store": partial(ours, access),
            },
            options.rounds,
        )
    print(
        f"{options.customers} customers of {options.jobs} jobs, {len(sent)} requests, "
        f"{options.latency} ms each, {FETCHES_AT_ONCE} at once, "
        f"medians of {options.rounds} rounds\n"
    )
    print("\n".join(table(seconds, "bare requests")))
    taken_s = statistics.median(seconds["fetch into a store"])
    least_s = len(sent) * options.latency / 1000 / FETCHES_AT_ONCE
    print(f"\none request after another would take {in_a_row_s:.0f} s (projected from {IN_TURN})")
    print(f"waiting alone, {FETCHES_AT_ONCE} at once, takes {least_s:.1f} s")
    finish(
        "fetch",
        {
            "customers": options.customers,
            "customers_per_minute": round(options.customers / taken_s * 60),
            "ours_to_bare": round(ratio(seconds, "fetch into a store", "bare requests"), 2),
            "unkept_to_bare": round(ratio(seconds, "fetch, nothing kept", "bare requests"), 2),
            "in_turn_to_ours": round(in_a_row_s / taken_s, 1),
            "ours_to_latency": round(taken_s / least_s, 2),
        },
    )


if __name__ == "__main__":
    main()
