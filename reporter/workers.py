"""Tasks on several processes at once: one that dies costs its task a second try, and no other."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from reporter.errors import ReporterError

logger = logging.getLogger(__name__)

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")


class WorkerDied(ReporterError):
    """The process that worked on a task was killed, and so was the next."""


def run_tasks(
    task: Callable[..., Result],
    tasks: Mapping[Key, tuple[Any, ...]],
    workers: int,
    start: Callable[..., None],
    start_with: tuple[Any, ...],
) -> Iterator[tuple[Key, Result | WorkerDied]]:
    """Call `task` with each of the arguments; results by key, as they come.

    Each process calls `start` once. Where one dies, as for want of memory, nobody knows under which
    task: those under way are tried again, each in a process of its own, and the others go on. Tasks
    must be safe to repeat. Interrupted, what has begun is finished and nothing more is begun.
    """
    waiting = iter(tasks.items())
    while True:
        under_way: dict[Key, Future[Result]] = {}
        with ProcessPoolExecutor(workers, initializer=start, initargs=start_with) as executor:
            try:
                yield from _results(executor, task, waiting, under_way, 2 * workers)
                return
            except BrokenProcessPool:
                logger.info("A worker died; %d tasks are tried again", len(under_way))
            finally:
                executor.shutdown(cancel_futures=True)
        for key in under_way:
            yield key, _alone(task, tasks[key], start, start_with)


def _results(
    executor: ProcessPoolExecutor,
    task: Callable[..., Result],
    waiting: Iterator[tuple[Key, tuple[Any, ...]]],
    under_way: dict[Key, Future[Result]],
    most: int,
) -> Iterator[tuple[Key, Result]]:
    """Results as they come, with at most so many tasks under way, which are kept up to date.

    Raises:
        BrokenProcessPool: a process died; the tasks it may have died under are under way.
    """
    while True:
        for key, arguments in itertools.islice(waiting, most - len(under_way)):
            under_way[key] = Future()  # whatever `submit` raises, the task is not forgotten
            under_way[key] = executor.submit(task, *arguments)
        if not under_way:
            return
        wait(under_way.values(), return_when=FIRST_COMPLETED)
        for key in [key for key, future in under_way.items() if future.done()]:
            result = under_way[key].result()
            del under_way[key]
            yield key, result


def _alone(
    task: Callable[..., Result],
    arguments: tuple[Any, ...],
    start: Callable[..., None],
    start_with: tuple[Any, ...],
) -> Result | WorkerDied:
    """One task in a process of its own."""
    with ProcessPoolExecutor(1, initializer=start, initargs=start_with) as executor:
        try:
            return executor.submit(task, *arguments).result()
        except BrokenProcessPool:
            return WorkerDied(
                "The process that made the report was killed, and so was the next.",
                hint="It may want more memory than there is: lower --workers, or look into the "
                "system's log. The others are complete; run the same command again.",
            )
