"""Makes the report of a customer from its snapshots in the store, or from saved replies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from itertools import chain, takewhile
from typing import cast

from reporter.analysis import analyse
from reporter.analysis.history import history_of, tallies_of, tallies_together
from reporter.analysis.window import SourceData
from reporter.errors import NothingKnown, ReporterError, StoreError
from reporter.jobs.frame import raw_frame, read_jobs, read_names
from reporter.jobs.known import is_known_by
from reporter.jobs.rows import newest
from reporter.jobs.sightings import frame_of, sightings_in
from reporter.model import (
    Answer,
    Assignment,
    Customer,
    Observations,
    Policy,
    Reply,
    Report,
    Source,
    Tally,
    Told,
)
from reporter.period import Period
from reporter.sources.registry import reader_of, reader_of_address, rows_by
from reporter.store import Store
from reporter.store.known import is_known
from reporter.store.reading import Reading, monthly_jobs, read_period
from reporter.store.received import Fetch, receive_again
from reporter.store.tallies import keep_tallies, kept_tallies


def report_of(store: Store, assignment: Assignment) -> Report:
    """The report of a customer and a period from the store, by all sources that knew the customer
    then.

    Raises:
        NothingKnown: the period ended before anything was known of the customer.
        ReporterError: two sources list the same module.
        StoreError: at least one of the customer's sources has no snapshot of it.
    """
    customer, period, policy = assignment.customer, assignment.period, assignment.policy
    known = []
    for by_source in _by_source(customer):
        is_there = is_known(store, by_source, period)
        if is_there is None:
            raise _no_snapshot(store, customer, by_source)
        if is_there:
            known.append(by_source)
    insist_on_known(customer, period, bool(known))
    readings = [read_period(store, by_source, period, policy.watch_every) for by_source in known]
    _insist_on_separate(customer, readings)
    tallies = tallies_together(
        [tallies_to(store, by_source, period, policy) for by_source in known]
    )
    observations = [reading.observations for reading in readings]
    parts = list(zip(known, readings, strict=True))
    told = [_told(by_source, reading.answers, policy) for by_source, reading in parts]
    before = (_told(by_source, reading.stored_before, policy) for by_source, reading in parts)
    users = (_told(by_source, reading.users_before, policy) for by_source, reading in parts)
    return analyse(
        customer,
        [_source_data(by_source.id, reading, policy) for by_source, reading in parts],
        period,
        policy,
        history_of(tallies, period.year_to(), policy, observations),
        [_first_there(of_kind) for of_kind in zip(*told, strict=True)],
        next(filter(None, before), ()),
        assignment.restore_tests,
        next(filter(None, users), ()),
        assignment.names,
    )


def _by_source(customer: Customer) -> list[Customer]:
    """The customer as each source knows it."""
    return [Customer(customer_id, customer.name) for customer_id in customer.ids]


def _no_snapshot(store: Store, customer: Customer, by_source: Customer) -> StoreError:
    failure = store.last_failure(by_source)
    joined = by_source.id != customer.id
    hint = "Run `reporter fetch` until it succeeds for this customer."
    return StoreError(
        f"There is no complete snapshot of {customer.name}"
        + (f" as {by_source.id!r}" if joined else "")
        + (f"; the last attempt failed: {failure}" if failure else "."),
        hint=f"Check `joins` in [[customers]]. {hint}" if joined else hint,
    )


def _insist_on_separate(customer: Customer, readings: Iterable[Reading]) -> None:
    """Insist that no two sources list the same module or have jobs of it: these would be counted
    twice.

    Raises:
        ReporterError: two sources do.
    """
    listed: list[tuple[str, str]] = []
    for reading in readings:
        told = {(time.service, time.module) for time in reading.told_times}
        for frame in (reading.sightings, reading.rows):
            named = frame[["service", "module"]].apply(read_names)
            told.update(named.itertuples(index=False, name=None))
        listed += sorted(told)
    if twice := next((module for module in listed if listed.count(module) > 1), None):
        raise ReporterError(
            f"Two sources of {customer.name} list the module {twice[1]} of {twice[0]}.",
            hint="Its jobs would be counted twice. Give the module or the service of one source "
            "another name, under `columns` in [[sources]].",
        )


def _source_data(customer_id: str, reading: Reading, policy: Policy) -> SourceData:
    sources = reading.observations.sources
    reader = reader_of_address(sources[0].url if sources else "")
    jobs = read_jobs(reading.rows, policy, reader.field_names)
    return SourceData(
        customer_id,
        jobs,
        reading.sightings,
        reading.observations,
        reader.lists_history,
        reading.details,
        reading.details_before,
        reading.told_times,
    )


def _told(by_source: Customer, answers: Iterable[Answer], policy: Policy) -> list[Told]:
    """What the answers of one source about anything other than jobs come to."""
    return [
        reader_of(answer.replies).answer(answer, by_source.id, policy.units) for answer in answers
    ]


def _first_there(of_sources: Sequence[Told]) -> Told:
    """The answer of the first source that has one; if no source has, the first absence."""
    there = (told for told in of_sources if told.answer.absence is None)
    return next(there, of_sources[0])


def report_again(fetches: Iterable[Fetch], assignment: Assignment) -> Report | None:
    """The report that follows from these fetches alone; None if they show nothing of the period.

    Raises:
        ReplyError: a reply cannot be used.
    """
    with closing(Store.open("sqlite://")) as store:
        receive_again(store, assignment.customer, fetches)
        received = {customer.id for customer in store.customers()}
        joined = tuple(other for other in assignment.customer.joined if other in received)
        customer = replace(assignment.customer, joined=joined)
        if not any(is_known(store, each, assignment.period) for each in _by_source(customer)):
            return None
        return report_of(store, replace(assignment, customer=customer))


def saved_report(replies: Sequence[Reply], assignment: Assignment) -> Report:
    """The report that follows from saved replies, without a store.

    Raises:
        NothingKnown: the period ended before anything was known of the customer.
        ReplyError: a reply cannot be used.
    """
    customer, period, policy = assignment.customer, assignment.period, assignment.policy
    reader = reader_of(replies)
    snapshots = sorted(reader.snapshots(replies), key=_taken_at)
    observations = Observations(
        tuple(map(_taken_at, snapshots)),
        tuple(
            Source(reply.fetched_at, reply.url, hashlib.sha256(reply.body).hexdigest(), count)
            for reply, count in zip(replies, reader.counts(replies, "jobs"), strict=True)
        ),
    )
    rules = reader.rules(snapshots[-1])
    rows = [list(chain.from_iterable(rows_by(snapshot, rules))) for snapshot in snapshots]
    jobs = read_jobs(raw_frame(newest(chain.from_iterable(rows))), policy, reader.field_names)
    sightings = frame_of(list(zip(observations.snapshots, sightings_in(rows), strict=True)))
    first = observations.snapshots[0]
    shown = jobs.rows["dated_at"][jobs.rows["first_seen_at"] == first]
    earliest = shown.min() if shown.notna().any() else None
    undated = bool(shown.isna().any())
    # A reply without jobs shows no time: it is rendered for whatever period is asked for.
    known = jobs.rows.empty or is_known_by(period, first, earliest, undated=undated)
    insist_on_known(customer, period, known)
    told = SourceData(customer.id, jobs, sightings, observations, reader.lists_history)
    return analyse(
        customer,
        [told],
        period,
        policy,
        restore_tests=assignment.restore_tests,
        names=assignment.names,
    )


def _taken_at(snapshot: Sequence[Reply]) -> datetime:
    """When a snapshot was taken: when its last reply was received."""
    return max(reply.fetched_at for reply in snapshot)


def insist_on_known(customer: Customer, period: Period, known: bool) -> None:
    """Insist that there is anything to report.

    Raises:
        NothingKnown: the period ended before anything was known of the customer.
    """
    if not known:
        raise NothingKnown(
            f"There is no report of {customer.name} for {period.label}: the period ended before "
            "anything was known of the customer."
        )


def tallies_to(store: Store, customer: Customer, period: Period, policy: Policy) -> list[Tally]:
    """The tally of each of the twelve months: kept tallies up to the first month without one, and
    new ones from there. If the policy leaves anything out, or has another `watch_every`, which
    decides when a month is final, no tally is kept or reused: the next report may have others.
    """
    months = period.year_to()
    if policy.left_out or policy.watch_every != Policy().watch_every:
        return list(tallies_of(monthly_jobs(store, customer, months, policy), len(months)))
    revision, kept = kept_tallies(store, customer, months)
    known = list(takewhile(lambda tally: tally is not None, kept))
    unknown = months[len(known) :]
    if unknown:
        made = tallies_of(monthly_jobs(store, customer, unknown, policy), len(unknown))
        keep_tallies(store, customer, unknown, made, revision)
        known += made
    return cast(list[Tally], known)
