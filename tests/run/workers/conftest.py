"""A real Dask cluster on loopback: a scheduler, and workers under their nannies."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SETTINGS = {
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
    "DASK_DISTRIBUTED__WORKER__DAEMON": "True",
}


class DaskCluster:
    """Its processes, each with what it says in a file."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._count = 0
        self.scheduler = self._start("scheduler", "--port", "0")
        self.address = self.logged(self.scheduler, r"Scheduler at:\s+(tcp://127\.0\.0\.1:\d+)")

    def add_worker(self, *options: str) -> subprocess.Popen[bytes]:
        """A nanny with a worker of one thread, which it restarts when it dies."""
        nanny = self._start(
            "worker",
            *(self.address, "--local-directory", str(self._folder / "scratch")),
            *(options or ("--nthreads", "1")),
        )
        self.logged(nanny, "(Registered to)")
        return nanny

    def logged(self, process: subprocess.Popen[bytes], pattern: str) -> str:
        """What a process says, awaited."""
        log = self._logs[process.pid]
        for _ in range(300):
            if match := re.search(pattern, log.read_text("utf-8")):
                return match[1]
            time.sleep(0.1)
        raise AssertionError(log.read_text("utf-8"))

    _logs: dict[int, Path] = {}  # noqa: RUF012  of all clusters

    def _start(self, role: str, *options: str) -> subprocess.Popen[bytes]:
        self._count += 1
        log = self._folder / f"{role}-{self._count}.log"
        command = [sys.executable, "-m", "distributed.cli.dask_" + role, "--no-dashboard"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", *options],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | SETTINGS | {"PYTHONPATH": str(ROOT)},
                cwd=self._folder,
            )
        self._logs[process.pid] = log
        self._stack.enter_context(ended(process))
        return process


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End a process with the block, gently if it will."""
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def start_cluster(tmp_path: Path) -> Iterator[Callable[[int], DaskCluster]]:
    """Starts clusters with a number of workers, which end with the test."""
    with ExitStack() as stack:

        def start(workers: int) -> DaskCluster:
            folder = tmp_path / "dask"
            folder.mkdir(exist_ok=True)
            cluster = DaskCluster(folder, stack)
            for _ in range(workers):
                cluster.add_worker()
            return cluster

        yield start
