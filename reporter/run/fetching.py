"""Fetches the customers of each source, and a snapshot of each customer, into the store."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from reporter.config.credentials import tenant_access_of
from reporter.config.settings import Settings
from reporter.errors import FetchError, NotStorable, ReplyError, ReporterError, StoreError
from reporter.model import NOTHING_ASKED, Customer, Reply, Snapshot
from reporter.run.assignment import named
from reporter.run.outcome import CustomerOutcome, attempted
from reporter.run.rhythm import WINDOW, Missed, missed, rhythm_of
from reporter.run.schedule import DETAILS_LAST, kinds_due, last_final
from reporter.sources.avepoint.http import Exchange, Stopped
from reporter.sources.avepoint.source import Access, open_source
from reporter.sources.avepoint.tenant import WithTenants, open_tenant
from reporter.sources.interface import CustomerList, JobSource
from reporter.sources.registry import KINDS, SERVICE
from reporter.store import Store
from reporter.store.asked import details_asked, last_answers, looks_at, settled_to

Made = TypeVar("Made")

Clock = Callable[[], datetime]


FETCHES_AT_ONCE: Final = 8

_LOOK_S: Final = 0.2
"""How long to wait between two checks whether somebody has stopped the command."""


_FAREWELL_S: Final = 0.3
"""How long to wait for threads that were stopped."""


TenantAccess = Mapping[str, Access | ReporterError]
"""How to reach the customers' own tenants, or why one cannot be reached, by the customer's id."""

Listed = tuple[JobSource, CustomerList]
"""A source to fetch from, and its list of customers, which the store has recorded."""


def fetch_customers(
    access: Access,
    store: Store,
    clock: Clock,
    exchange: Exchange | None = None,
    tenants: TenantAccess | None = None,
) -> Listed:
    """The service to fetch from, and its list of customers; beside it the `tenants` of customers.

    Raises:
        FetchError: the customers cannot be listed.
        ReplyError: the reply is not a list of customers; it is kept.
    """
    exchange = exchange or Exchange(connections=FETCHES_AT_ONCE, trust=access.trust)
    source, listed = _record_list(
        store, clock, SERVICE, partial(open_source, access, clock, exchange)
    )
    if not tenants:
        return source, listed
    opened = {
        customer_id: tenant
        if isinstance(tenant, ReporterError)
        else open_tenant(tenant, exchange, clock, settled_to(store, customer_id))
        for customer_id, tenant in tenants.items()
    }
    return WithTenants(source, opened), listed


def fetch_other_customers(settings: Settings, store: Store, clock: Clock, name: str) -> Listed:
    """The source of an entry of [[sources]] to fetch from, and its list of customers.

    Raises:
        FetchError: the customers cannot be listed.
        ReplyError: the reply is not a list of customers; it is kept.
    """

    def listed(received: list[Reply]) -> Listed:
        source = source_of(settings, name, clock)
        return source, source.customers(received)

    return _record_list(store, clock, name, listed)


def sources_asked(
    settings: Settings, access: Access | None, store: Store, clock: Clock
) -> list[Callable[[], Listed]]:
    """A function that opens a source, for each configured one: for the service, if there is an
    `access`, and for each entry of [[sources]].
    """
    service = (
        [partial(fetch_customers, access, store, clock, tenants=_tenants_of(settings))]
        if access
        else []
    )
    others = (
        partial(fetch_other_customers, settings, store, clock, entry.name)
        for entry in settings.sources
    )
    return [*service, *others]


def _tenants_of(settings: Settings) -> TenantAccess:
    """How to reach the tenant of each customer who has one in the configuration. If something is
    wrong with one of them, that costs only what it would tell.
    """
    made = [
        (customer, attempted(partial(tenant_access_of, settings, customer.id)))
        for customer in settings.customers
    ]
    return {
        customer_id: access
        for customer, access in made
        for customer_id in customer.service_ids
        if access is not None
    }


def list_by_each(
    asks: Iterable[Callable[[], Listed]],
) -> tuple[list[tuple[JobSource, Sequence[Customer]]], list[ReporterError]]:
    """The sources with the customers that each lists, and why lists are missing or incomplete.

    Raises:
        ReporterError: no source lists its customers, or the store or the configuration cannot be
            used.
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
    """For each entry of [[sources]] that still lists customers, those that it listed before and no
    longer lists: an export does not say what became of customers without jobs in it.
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
    """The result of fetching one customer."""

    customer: Customer
    snapshot: Snapshot | ReporterError
    received: Sequence[Reply]


def fetch_snapshots(
    source: JobSource,
    customers: Sequence[Customer],
    store: Store,
    clock: Clock,
    run_id: int | None = None,
    settings: Settings | None = None,
) -> Iterator[CustomerOutcome]:
    """Take a snapshot of each customer into the store, several at once; yields results as they
    come.

    Jobs are requested each time, other data only if the last answer has become old: by the
    `settings` it is known when a customer's days end. A problem with
    the replies about one customer costs only that customer its snapshot. If the fetch is
    interrupted, what was stored is complete, and nothing else is waited for.

    Raises:
        StoreError: the database is no longer available.
    """
    waiting = list(reversed(customers))
    answered, now = last_answers(store), clock()
    asked = details_asked(store, now - DETAILS_LAST)
    # The queue is bounded, so that memory does not grow with the number of customers.
    taken: queue.Queue[_Taken] = queue.Queue(FETCHES_AT_ONCE)

    def take() -> None:
        with suppress(IndexError, Stopped):
            while customer := waiting.pop():
                received: list[Reply] = []
                final_since = _final_since(settings, customer, now) if settings else None
                kinds = kinds_due(answered.get(customer.id, {}), now, final_since)
                details = asked.get(customer.id, NOTHING_ASKED)
                ask = partial(source.snapshot, customer, received, kinds, details)
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


def _final_since(settings: Settings, customer: Customer, now: datetime) -> datetime:
    """When the last day of a customer's reports became final."""
    report = settings.report_for(settings.joining(customer.id))
    return last_final(ZoneInfo(report.timezone), report.watch_every, now)


def missed_of(
    settings: Settings, store: Store, customers: Iterable[Customer], now: datetime
) -> Iterator[tuple[Customer, Missed]]:
    """The customers of the service whose jobs are known to be missed, because the service is asked
    too rarely, and what is missed.

    Raises:
        StoreError: the database refuses.
    """
    schedule = settings.schedule
    # If it is not configured, `fetch` may be started by another schedule.
    planned = schedule.fetch_every if "fetch_every" in schedule.model_fields_set else None
    of_service = {customer.id for customer in store.customers(SERVICE)}
    for customer in customers:
        if customer.id not in of_service:
            continue  # a table also lists the jobs between two fetches
        looks = looks_at(store, customer, now - WINDOW)
        if looks.all_told:
            continue  # so does the customer's own tenant
        rhythm = rhythm_of(looks.starts, looks.taken_at)
        report = settings.report_for(settings.joining(customer.id))
        if losses := missed(rhythm, report.watch_every, planned):
            yield named(settings, customer), losses


def has_rhythm(store: Store, customer: Customer, now: datetime) -> bool:
    """Whether there are enough fetches of a customer to know how often the service is asked.

    Raises:
        StoreError: the database refuses.
    """
    looks = looks_at(store, customer, now - WINDOW)
    return rhythm_of(looks.starts, looks.taken_at).asked_every is not None


def _next_of(taken: queue.Queue[_Taken], threads: Sequence[threading.Thread]) -> _Taken:
    """The next result. The wait is divided into short ones, so that a signal that the system gave
    to another thread is seen in between.
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
    """Give threads that were stopped a moment to end. A thread that hangs on a server is not waited
    for: it ends with the process, and has written nothing.
    """
    until = time.monotonic() + _FAREWELL_S
    for thread in threads:
        with suppress(queue.Empty):
            taken.get_nowait()  # makes room for the thread's result
        thread.join(max(until - time.monotonic(), 0))


def _keep(store: Store, taken: _Taken, now: datetime, run_id: int | None) -> CustomerOutcome:
    """Write a snapshot, or why there is none, to the store. Only one thread writes."""
    customer, error = taken.customer, taken.snapshot
    if isinstance(error, Snapshot):
        keep = partial(store.record, error, run_id)
        unusable = attempted(partial(_within_memory, customer, keep))
        if unusable is None:
            return CustomerOutcome(customer)
        error = unusable
    if isinstance(error, StoreError) and not isinstance(error, NotStorable):
        raise error  # it does not concern this customer alone: the next would fail as well
    try:
        store.record_failure(customer, now, str(error), run_id, taken.received)
    except MemoryError:
        store.record_failure(customer, now, str(error), run_id)
    return CustomerOutcome(customer, error=error)


def _within_memory(customer: Customer, make: Callable[[], Made]) -> Made:
    """The result of `make`, which works on the replies about a customer.

    Raises:
        FetchError: the replies need more memory than there is.
    """
    try:
        return make()
    except MemoryError:
        # The cause is left out: it would keep the memory in use.
        raise FetchError(
            f"The replies about {customer.name} are too large for the available memory.",
            hint="Nothing of this snapshot was kept. Give the program more memory, and run the "
            "same command again.",
        ) from None
