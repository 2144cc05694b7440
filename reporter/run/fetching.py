"""From the source into the store: the list of customers, and a snapshot of each."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from reporter.config.settings import Settings
from reporter.errors import FetchError, NotStorable, ReplyError, ReporterError, StoreError
from reporter.model import Customer, Reply, Snapshot
from reporter.run.assignment import named
from reporter.run.outcome import CustomerOutcome, attempted
from reporter.run.rhythm import WINDOW, Missed, Rhythm, missed, rhythm_of
from reporter.run.schedule import kinds_due
from reporter.sources.avepoint.http import Exchange, Stopped
from reporter.sources.avepoint.source import Access, open_source
from reporter.sources.interface import CustomerList, JobSource
from reporter.sources.registry import KINDS, SERVICE
from reporter.store import Store
from reporter.store.asked import last_answers, looks_at

Made = TypeVar("Made")

Clock = Callable[[], datetime]


FETCHES_AT_ONCE: Final = 8

_LOOK_S: Final = 0.2
"""How long is waited before a look at whether somebody wants it to stop."""


_FAREWELL_S: Final = 0.3
"""How long threads that were stopped are waited for."""


Listed = tuple[JobSource, CustomerList]
"""A source to fetch from, and its list of customers, which is recorded in the store."""


def fetch_customers(
    access: Access, store: Store, clock: Clock, exchange: Exchange | None = None
) -> Listed:
    """The service to fetch from and its list of customers.

    Raises:
        FetchError: they cannot be listed.
        ReplyError: what came is no list of customers; it is kept.
    """
    exchange = exchange or Exchange(connections=FETCHES_AT_ONCE, trust=access.trust)
    return _record_list(store, clock, SERVICE, partial(open_source, access, clock, exchange))


def fetch_other_customers(settings: Settings, store: Store, clock: Clock, name: str) -> Listed:
    """The source of an entry of [[sources]] to fetch from, and its list of customers.

    Raises:
        FetchError: they cannot be listed.
        ReplyError: what came is no list of customers; it is kept.
    """

    def listed(received: list[Reply]) -> Listed:
        source = source_of(settings, name, clock)
        return source, source.customers(received)

    return _record_list(store, clock, name, listed)


def sources_asked(
    settings: Settings, access: Access | None, store: Store, clock: Clock
) -> list[Callable[[], Listed]]:
    """What opens each source that is configured: the service, where there is an `access`, and those
    of [[sources]].
    """
    service = [partial(fetch_customers, access, store, clock)] if access else []
    others = (
        partial(fetch_other_customers, settings, store, clock, entry.name)
        for entry in settings.sources
    )
    return [*service, *others]


def list_by_each(
    asks: Iterable[Callable[[], Listed]],
) -> tuple[list[tuple[JobSource, Sequence[Customer]]], list[ReporterError]]:
    """The sources with the customers that each lists, and why lists are missing or not complete.

    Raises:
        ReporterError: no source lists its customers; or the store, or something that is configured,
            cannot be used.
    """
    sources: list[tuple[JobSource, Sequence[Customer]]] = []
    faults: list[ReporterError] = []
    for ask in asks:
        try:
            source, listed = ask()
        except (FetchError, ReplyError) as error:
            faults.append(error)
            continue
        sources.append((source, listed.customers))
        if listed.flaw:
            faults.append(listed.flaw)
    if not sources:
        raise faults[0]
    return sources, faults


def no_longer_listed(
    settings: Settings, store: Store, listed: Iterable[Customer]
) -> Iterator[tuple[str, list[Customer]]]:
    """Of each entry of [[sources]] that lists anybody, those it has listed before and no longer
    does: an export that ends tells nothing of whose jobs are no longer in it.
    """
    ids = {customer.id for customer in listed}
    for entry in settings.sources:
        known = store.customers(entry.name)
        gone = [customer for customer in known if customer.id not in ids]
        if gone and len(gone) < len(known):
            yield entry.name, gone


def source_of(settings: Settings, name: str, clock: Clock) -> JobSource:
    """The source of an entry of [[sources]]."""
    (entry,) = (entry for entry in settings.sources if entry.name == name)
    return KINDS.get(entry.kind).open(entry, settings.folder, clock)


def _record_list(
    store: Store, clock: Clock, name: str, list_customers: Callable[[list[Reply]], Listed]
) -> Listed:
    received: list[Reply] = []
    opened = attempted(partial(list_customers, received))
    if isinstance(opened, ReporterError):
        if received:
            store.record_failure(None, clock(), str(opened), unusable=received, source=name)
        raise opened
    source, listed = opened
    store.record_customers(listed.customers, listed.replies, str(listed.flaw or ""), name)
    return source, listed


@dataclass(frozen=True, slots=True)
class _Taken:
    """What came of asking for one customer."""

    customer: Customer
    snapshot: Snapshot | ReporterError
    received: Sequence[Reply]


def fetch_snapshots(
    source: JobSource,
    customers: Sequence[Customer],
    store: Store,
    clock: Clock,
    run_id: int | None = None,
) -> Iterator[CustomerOutcome]:
    """Take a snapshot of each customer into the store, several at once; outcomes as they come.

    Jobs are asked for each time; what stands beside them where the last answer has grown old.
    Whatever is odd about one customer's replies costs that customer its snapshot, and no other.
    Interrupted, what was stored is complete, and nothing else is waited for.

    Raises:
        StoreError: the database is not there any more.
    """
    waiting = list(reversed(customers))
    answered, now = last_answers(store), clock()
    # No more than the store keeps up with: memory must not grow with the number of customers.
    taken: queue.Queue[_Taken] = queue.Queue(FETCHES_AT_ONCE)

    def take() -> None:
        with suppress(IndexError, Stopped):
            while customer := waiting.pop():
                received: list[Reply] = []
                kinds = kinds_due(answered.get(customer.id, {}), now)
                ask = partial(source.snapshot, customer, received, kinds)
                snapshot = attempted(partial(_within_memory, customer, ask))
                taken.put(_Taken(customer, snapshot, received))

    threads = [
        threading.Thread(target=take, daemon=True)
        for _ in range(min(FETCHES_AT_ONCE, len(customers)))
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in customers:
            yield _keep(store, _next_of(taken, threads), clock(), run_id)
    except BaseException:
        waiting.clear()
        source.stop()
        _let_go(threads, taken)
        raise


def missed_of(
    settings: Settings, store: Store, customers: Iterable[Customer], now: datetime
) -> Iterator[tuple[Customer, Missed]]:
    """The customers of the service of whom it is known that something is missed, as it is asked so
    rarely, and what.

    Raises:
        StoreError: the database refuses.
    """
    schedule = settings.schedule
    # Whoever has not written it down may start `fetch` by a rhythm of their own.
    planned = schedule.fetch_every if "fetch_every" in schedule.model_fields_set else None
    of_service = {customer.id for customer in store.customers(SERVICE)}
    for customer in customers:
        if customer.id not in of_service:
            continue  # a table lists what ran in between
        watch_every = settings.report_for(customer.id).policy().watch_every
        if losses := missed(_rhythm(store, customer, now), watch_every, planned):
            yield named(settings, customer), losses


def has_rhythm(store: Store, customer: Customer, now: datetime) -> bool:
    """Whether the service has been asked of a customer often enough to know how often it is asked.

    Raises:
        StoreError: the database refuses.
    """
    return _rhythm(store, customer, now).asked_every is not None


def _rhythm(store: Store, customer: Customer, now: datetime) -> Rhythm:
    looks = looks_at(store, customer, now - WINDOW)
    return rhythm_of(looks.starts, looks.taken_at)


def _next_of(taken: queue.Queue[_Taken], threads: Sequence[threading.Thread]) -> _Taken:
    """What comes next. It is not waited for in one go: a signal that the system gave to another
    thread is seen in between.
    """
    while True:
        at_work = any(thread.is_alive() for thread in threads)
        with suppress(queue.Empty):
            return taken.get(timeout=_LOOK_S)
        if not at_work:
            raise ReporterError(
                "All threads that fetch have died.",
                hint="This is a fault of the program. Run the same command again.",
            )


def _let_go(threads: Sequence[threading.Thread], taken: queue.Queue[_Taken]) -> None:
    """Give threads that were stopped a moment to end. One that hangs on a server is not waited for:
    it ends with the process, and has written nothing.
    """
    until = time.monotonic() + _FAREWELL_S
    for thread in threads:
        with suppress(queue.Empty):
            taken.get_nowait()  # room for what it wants to hand over
        thread.join(max(until - time.monotonic(), 0))


def _keep(store: Store, taken: _Taken, now: datetime, run_id: int | None) -> CustomerOutcome:
    """Write a snapshot, or why there is none, into the store. One thread does all the writing."""
    customer, error = taken.customer, taken.snapshot
    if isinstance(error, Snapshot):
        keep = partial(store.record, error, run_id)
        unusable = attempted(partial(_within_memory, customer, keep))
        if unusable is None:
            return CustomerOutcome(customer)
        error = unusable
    if isinstance(error, StoreError) and not isinstance(error, NotStorable):
        raise error  # not this customer's fault: the next would fail as well
    try:
        store.record_failure(customer, now, str(error), run_id, taken.received)
    except MemoryError:
        store.record_failure(customer, now, str(error), run_id)
    return CustomerOutcome(customer, error=error)


def _within_memory(customer: Customer, make: Callable[[], Made]) -> Made:
    """What `make` comes to of a customer's replies.

    Raises:
        FetchError: they want more memory than there is.
    """
    try:
        return make()
    except MemoryError:
        # The cause is left out: it holds what took the memory.
        raise FetchError(
            f"The replies about {customer.name} are too large for the available memory.",
            hint="Nothing of this snapshot was kept. Give the program more memory, and run the "
            "same command again.",
        ) from None
