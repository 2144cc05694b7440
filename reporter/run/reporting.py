"""From the store to a report: what a customer's snapshots, or saved replies, amount to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import datetime
from itertools import chain, takewhile
from typing import cast

from reporter.analysis import analyse
from reporter.analysis.history import history_of, tallies_of
from reporter.errors import NothingKnown, StoreError
from reporter.jobs.frame import raw_frame, read_jobs
from reporter.jobs.known import is_known_by
from reporter.jobs.rows import newest
from reporter.jobs.sightings import frame_of, sightings_in
from reporter.model import Assignment, Customer, Observations, Policy, Reply, Report, Source, Tally
from reporter.period import Period
from reporter.sources.registry import READER
from reporter.store import Store
from reporter.store.known import is_known
from reporter.store.reading import monthly_jobs, read_period
from reporter.store.received import Fetch, receive_again
from reporter.store.tallies import keep_tallies, kept_tallies


def report_of(store: Store, assignment: Assignment) -> Report:
    """What the store says of a customer and a period.

    Raises:
        NothingKnown: the period ended before anything was known of the customer.
        StoreError: there is no snapshot of it.
    """
    customer, period, policy = assignment.customer, assignment.period, assignment.policy
    known = is_known(store, customer, period)
    if known is None:
        failure = store.last_failure(customer)
        raise StoreError(
            f"There is no complete snapshot of {customer.name}"
            + (f"; the last attempt failed: {failure}" if failure else "."),
            hint="Run `reporter fetch` until it succeeds for this customer.",
        )
    insist_on_known(customer, period, known)
    reading = read_period(store, customer, period, policy.watch_every)
    observations = reading.observations
    tallies = tallies_to(store, customer, period, policy)
    history = history_of(tallies, period.year_to(), policy, observations)
    jobs = read_jobs(reading.rows, policy, READER.field_names)
    return analyse(
        customer,
        jobs,
        reading.sightings,
        period,
        policy,
        observations,
        history,
        [READER.answer(answer, customer.id, policy.units) for answer in reading.answers],
        [READER.answer(answer, customer.id, policy.units) for answer in reading.stored_before],
        assignment.restore_tests,
    )


def report_again(fetches: Iterable[Fetch], assignment: Assignment) -> Report | None:
    """The report that follows from these fetches alone; None where nothing is known by them of the
    period.

    Raises:
        ReplyError: a reply cannot be used.
    """
    with closing(Store.open("sqlite://")) as store:
        receive_again(store, assignment.customer, fetches)
        if not is_known(store, assignment.customer, assignment.period):
            return None
        return report_of(store, assignment)


def saved_report(replies: Sequence[Reply], assignment: Assignment) -> Report:
    """The report that follows from saved replies, without a store.

    Raises:
        NothingKnown: the period ended before anything was known of the customer.
        ReplyError: a reply cannot be used.
    """
    customer, period, policy = assignment.customer, assignment.period, assignment.policy
    snapshots = sorted(READER.snapshots(replies), key=_taken_at)
    observations = Observations(
        tuple(map(_taken_at, snapshots)),
        tuple(
            Source(
                reply.fetched_at,
                reply.url,
                hashlib.sha256(reply.body).hexdigest(),
                READER.count(reply, "jobs"),
            )
            for reply in replies
        ),
    )
    rows = [READER.rows(snapshot) for snapshot in snapshots]
    jobs = read_jobs(raw_frame(newest(chain.from_iterable(rows))), policy, READER.field_names)
    sightings = frame_of(list(zip(observations.snapshots, sightings_in(rows), strict=True)))
    first = observations.snapshots[0]
    shown = jobs.rows["dated_at"][jobs.rows["first_seen_at"] == first]
    earliest = shown.min() if shown.notna().any() else None
    undated = bool(shown.isna().any())
    # A reply that lists no job tells of no time, and is rendered for the period it is given for.
    known = jobs.rows.empty or is_known_by(period, first, earliest, undated=undated)
    insist_on_known(customer, period, known)
    return analyse(
        customer,
        jobs,
        sightings,
        period,
        policy,
        observations,
        restore_tests=assignment.restore_tests,
    )


def _taken_at(snapshot: Sequence[Reply]) -> datetime:
    """When a snapshot was taken: when the last of its replies came."""
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
    """The tally of each of the twelve months: those that are kept, and from the first that is not,
    new ones. Where something is left out nothing is kept: the next report may leave out other
    things.
    """
    months = period.year_to()
    if policy.left_out:
        return list(tallies_of(monthly_jobs(store, customer, months, policy), len(months)))
    revision, kept = kept_tallies(store, customer, months)
    known = list(takewhile(lambda tally: tally is not None, kept))
    unknown = months[len(known) :]
    if unknown:
        made = tallies_of(monthly_jobs(store, customer, unknown, policy), len(unknown))
        keep_tallies(store, customer, unknown, made, revision)
        known += made
    return cast(list[Tally], known)
