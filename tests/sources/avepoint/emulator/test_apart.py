"""An emulator in a process of its own: served like any other, and ended with the block."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime

from reporter.sources.avepoint.auth import ClientSecret
from reporter.sources.avepoint.emulator import Clock, Emulator, demo_cast, emulator_apart
from reporter.sources.avepoint.http import Exchange
from reporter.sources.avepoint.source import Access, open_source

FIRST = datetime(2026, 10, 12, 9, tzinfo=UTC)
LATER = datetime(2026, 10, 14, 9, tzinfo=UTC)


def test_a_separate_process_serves_the_same_as_an_emulator_here() -> None:
    """At each time its clock is set to; when the block is left, the process is gone."""
    cast = demo_cast()[:1]
    clock_here = Clock(FIRST)
    bodies: dict[bool, list[bytes]] = {True: [], False: []}
    with (
        Emulator(cast, seed=7, now=clock_here) as emulator,
        emulator_apart(cast, seed=7, now=FIRST) as (service, clock),
    ):
        (process,) = multiprocessing.active_children()
        for clock_here.now in (FIRST, LATER):
            clock.set(clock_here.now)
            assert clock() == clock_here.now
            for apart, instance in ((True, service), (False, emulator)):
                access = Access(
                    instance.api_url,
                    instance.token_url,
                    instance.client_id,
                    ClientSecret(instance.client_secret),
                )
                source, listed = open_source(access, clock_here, Exchange())
                replies = source.snapshot(listed.customers[0]).replies
                bodies[apart] += [reply.body for reply in replies]
    assert bodies[True] == bodies[False]
    assert len(set(bodies[True])) == 2
    assert not process.is_alive()
