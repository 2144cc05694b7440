"""Worker processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait

from reporter.logs import log_what_nobody_catches, logger
from reporter.run.workers.tasks import First, Team, finish_and, get_ready


@dataclass(frozen=True, slots=True)
class Processes:
    """A pool of processes, made for a run and gone with it."""

    count: int
    first: First
    deaths: tuple[type[Exception], ...] = (BrokenProcessPool,)

    @contextmanager
    def at_work(self, *, alone: bool = False) -> Iterator[Team]:
        """One that dies takes all others with it: their tasks end in `BrokenProcessPool`."""
        size = 1 if alone else self.count
        # Workers leave nothing behind, even one that is killed.
        with tempfile.TemporaryDirectory(prefix="reporter-") as scratch:
            executor = ProcessPoolExecutor(
                size, initializer=_enlist, initargs=(self.first, scratch, logger.level)
            )
            try:
                yield Team(executor, lambda: size)
            finally:
                executor.shutdown(cancel_futures=True)


def _enlist(first: First, scratch: str, level: int) -> None:
    """Begin as a worker: leave it to the parent to be interrupted, and do not outlive it."""
    log_what_nobody_catches(level)
    # A terminal interrupts all processes of a command at once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    tempfile.tempdir = scratch
    get_ready(first)


def _end_with_parent() -> None:
    """Waiting for tasks from a parent that was killed would last for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    finish_and(partial(os._exit, 1))
