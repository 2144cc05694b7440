"""The emulator in a process of its own, so that it and those who ask it share no interpreter."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from multiprocessing.connection import Connection
from typing import NamedTuple

from reporter.sources.avepoint.emulator.cast import Profile
from reporter.sources.avepoint.emulator.server import Clock, Emulator


class Service(NamedTuple):
    """Where an emulator is reached, and by whom."""

    api_url: str
    token_url: str
    client_id: str
    client_secret: str


class ClockApart:
    """The clock of an emulator in another process; it stands where it is set."""

    def __init__(self, now: datetime, line: Connection) -> None:
        self._now = now
        self._line = line

    def __call__(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        """Set it; what is asked from now on is answered as of then."""
        self._line.send(now)
        self._line.recv()
        self._now = now


@contextmanager
def emulator_apart(
    customers: Iterable[Profile], *, seed: int, now: datetime, port: int = 0, latency: float = 0
) -> Iterator[tuple[Service, ClockApart]]:
    """Serve until the block is left, with a clock that stands at `now` until it is set. A reply
    takes `latency` seconds.
    """
    spawning = multiprocessing.get_context("spawn")
    line, its_end = spawning.Pipe()
    process = spawning.Process(
        target=_serve, args=(its_end, tuple(customers), seed, now, port, latency), daemon=True
    )
    process.start()
    its_end.close()
    try:
        service: Service = line.recv()
        yield service, ClockApart(now, line)
    finally:
        line.close()
        process.join()


def _serve(
    line: Connection,
    customers: tuple[Profile, ...],
    seed: int,
    now: datetime,
    port: int,
    latency: float,
) -> None:
    """Serve until the other end of the line is gone."""
    # Ctrl-C reaches all processes of a terminal: the one that asks ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    clock = Clock(now)
    emulator = Emulator(customers, seed=seed, now=clock, port=port, latency=latency)
    with emulator, suppress(EOFError):
        line.send(
            Service(
                emulator.api_url,
                emulator.token_url,
                emulator.client_id,
                emulator.client_secret,
            )
        )
        while True:
            clock.now = line.recv()
            line.send(None)
