"""The peak memory of processes, sampled while they run."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import Any

import psutil

_EVERY_S = 0.1


class Peaks:
    """The largest resident size seen of a command, and of the processes that work for it."""

    def __init__(self) -> None:
        self.command = 0
        self.worker = 0

    def run(self, command: Sequence[str], others: Callable[[], list[int]], **more: Any) -> None:
        """Run a command to its end; `others` are processes that work for it and are no children."""
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, **more) as process:
            ended = threading.Event()
            watcher = threading.Thread(target=self._watch, args=(process.pid, others, ended))
            watcher.start()
            status = process.wait()
            ended.set()
            watcher.join()
        if status:
            raise subprocess.CalledProcessError(status, list(command))

    def _watch(self, pid: int, others: Callable[[], list[int]], ended: threading.Event) -> None:
        while not ended.wait(_EVERY_S):
            try:
                command = psutil.Process(pid)
                workers = [*(child.pid for child in command.children(recursive=True)), *others()]
                self.command = max(self.command, command.memory_info().rss)
                self.worker = max([self.worker, *map(_rss, workers)])
            except psutil.NoSuchProcess:
                continue

    @property
    def largest(self) -> int:
        return max(self.command, self.worker)


def _rss(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
