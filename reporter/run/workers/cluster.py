"""Worker processes of a Dask cluster, which are there before a run and after it."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib import metadata
from typing import Any, Final

import distributed
from distributed.scheduler import KilledWorker

from reporter import DISTRIBUTION
from reporter.errors import ReporterError
from reporter.logs import start_logging
from reporter.run.workers.tasks import Arguments, First, Team

logger = logging.getLogger(__name__)

_ANSWER_S: Final = 10.0
"""A scheduler that is there answers a new client within this time."""
_BUSY_S: Final = 60.0
"""One that is at work may take so long: it has thousands of tasks, or its machine stood still for a
while. One that is gone breaks its line, which is noticed at once.
"""
_PATIENCE_S: Final = 60.0
"""A cluster may be without workers for so long: they start, or are started anew."""
_OURS_AGAIN: Final = "What was finished is complete; run the same command again."


class ClusterError(ReporterError):
    """The cluster cannot be used, or went away."""


class Cluster:
    """The workers of a scheduler. Those who die are started anew by their nannies.

    A task whose worker dies is given to another one by the scheduler, as often as its setting
    `allowed-failures` says, before it ends in `KilledWorker`.
    """

    deaths: tuple[type[Exception], ...] = (KilledWorker,)

    def __init__(self, scheduler: str, first: First) -> None:
        self._scheduler = scheduler
        self.first = First(_settle, (first.call, first.arguments))
        # What it and the loops under it say of connections and deaths we say in our own words.
        for name in ("distributed", "distributed.client", "tornado.application", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL)

    @contextmanager
    def at_work(self, *, alone: bool = False) -> Iterator[Team]:
        client = self._connected()
        executor = client.get_executor(pure=False)
        try:
            yield Team(executor, _Strength(client, self._scheduler, 1 if alone else None))
        except CancelledError as error:
            raise self._gone() from error
        finally:
            executor.shutdown(wait=False)
            client.close(timeout=_ANSWER_S)

    def _connected(self) -> distributed.Client:
        """A client of the scheduler, whose workers have the program as we have it.

        Raises:
            ClusterError: nobody answers, or a worker has another version.
        """
        try:
            client = distributed.Client(self._scheduler, timeout=_ANSWER_S, set_as_default=False)
        except (OSError, ValueError, RuntimeError) as error:
            raise ClusterError(
                f"The scheduler {self._scheduler} cannot be reached: {error}.",
                hint="Start it (docs/operations.md), or remove `scheduler` from [execution]. "
                "Nothing was done.",
            ) from error
        try:
            _require_one_version(_versions(client))
        except BaseException:
            client.close(timeout=_ANSWER_S)
            raise
        return client

    def _gone(self) -> ClusterError:
        return ClusterError(
            f"The scheduler {self._scheduler} disappeared during the run.", hint=_OURS_AGAIN
        )


def _versions(client: distributed.Client) -> dict[str, Any]:
    """Which version of the program each process has: an error where it has none.

    The scheduler reads tasks as well. Asked is a function of Python's own, which all have.
    """
    workers = client.run(metadata.version, DISTRIBUTION, on_error="return")
    versions = {f"worker {address}": version for address, version in workers.items()}
    try:
        return versions | {"scheduler": client.run_on_scheduler(metadata.version, DISTRIBUTION)}
    except metadata.PackageNotFoundError as error:
        return versions | {"scheduler": error}


def _require_one_version(versions: dict[str, Any]) -> None:
    """Refuse a cluster that would make other reports than this process.

    Raises:
        ClusterError: a process of it has another version, or none.
    """
    ours = metadata.version(DISTRIBUTION)
    for process, version in versions.items():
        if version != ours:
            has = f"version {version}" if isinstance(version, str) else "no version"
            raise ClusterError(
                f"The {process} has {has} of {DISTRIBUTION}, but this process has {ours}.",
                hint="Install the same version everywhere, and restart the cluster. "
                "Nothing was done.",
            )


class _Strength:
    """How many tasks a cluster can work on: workers come and go."""

    def __init__(self, client: distributed.Client, scheduler: str, most: int | None) -> None:
        self._client = client
        self._scheduler = scheduler
        self._most = most
        self._seen_at = time.monotonic()
        self._warned = False

    def __call__(self) -> int:
        """Raises `ClusterError` where there have been no workers for a while."""
        try:
            assert self._client.scheduler is not None
            threads = self._client.sync(self._client.scheduler.ncores, callback_timeout=_BUSY_S)
        except (OSError, TimeoutError) as error:
            raise ClusterError(
                f"The scheduler {self._scheduler} no longer answers.", hint=_OURS_AGAIN
            ) from error
        if threads:
            self._seen_at = time.monotonic()
            self._warn_of_threads(threads)
        elif time.monotonic() - self._seen_at > _PATIENCE_S:
            raise ClusterError(
                f"The scheduler {self._scheduler} has had no workers for {_PATIENCE_S:.0f} s.",
                hint=f"Start some: `dask worker {self._scheduler} --nthreads 1`. {_OURS_AGAIN}",
            )
        return self._most or max(1, sum(threads.values()))

    def _warn_of_threads(self, threads: dict[str, int]) -> None:
        several = [worker for worker, count in threads.items() if count > 1]
        if several and not self._warned:
            self._warned = True
            logger.warning(
                "%s has several threads, but uses only one: start workers with --nthreads 1",
                several[0],
            )


def _settle(call: Callable[..., None], arguments: Arguments) -> None:
    """In a worker: keep temporary files where its nanny takes them away, and get ready.

    Its profiler is stopped: it keeps each second's stacks for an hour, a megabyte for each report.
    """
    start_logging()
    worker = distributed.get_worker()
    tempfile.tempdir = worker.local_directory
    for name in ("profile", "profile-cycle"):
        if name in worker.periodic_callbacks:
            worker.io_loop.add_callback(worker.periodic_callbacks[name].stop)
    call(*arguments)
