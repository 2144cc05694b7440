"""Tasks on several processes at once: one that dies costs its task a second try, and no other."""

from __future__ import annotations

import functools
import itertools
import logging
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from reporter.errors import ReporterError

logger = logging.getLogger(__name__)

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")
Arguments = tuple[Any, ...]

_LOOK_S: Final = 5.0
"""Where no result comes for so long, it is looked whether anybody is still at work."""
MEMORY_HINT: Final = (
    "It may need more memory than there is: lower --workers, or check the system's log. "
    "The others are complete; run the same command again."
)


class WorkerDied(ReporterError):
    """A task wants more than a process can give: it was killed under it, or had no memory."""


@dataclass(frozen=True, slots=True)
class First:
    """What a process does before its first task: a function, and what it is called with."""

    call: Callable[..., None]
    arguments: Arguments


@dataclass(frozen=True, slots=True)
class Team:
    """Processes at work."""

    executor: Executor
    size: Callable[[], int]
    """How many tasks they can work on at once.

    Raises:
        ReporterError: nobody is there any more.
    """


class Crew(Protocol):
    """Where processes come from."""

    @property
    def first(self) -> First:
        """What each process does before its first task."""

    @property
    def deaths(self) -> tuple[type[Exception], ...]:
        """What a task ends in whose process died."""

    def at_work(self, *, alone: bool = False) -> AbstractContextManager[Team]:
        """Processes, for the length of the block; `alone` for one task at a time.

        Interrupted, what has begun is finished and nothing more is begun.

        Raises:
            ReporterError: there are none to be had, or all went away.
        """


def run_tasks(
    task: Callable[..., Result], tasks: Iterable[tuple[Key, Arguments]], crew: Crew
) -> Iterator[tuple[Key, Result | WorkerDied]]:
    """Call `task` with each of the arguments; results by key, as they come.

    Where a process dies, as for want of memory, nobody knows for sure under which task: those that
    went down are tried again, each alone, and the others go on. Tasks must be safe to repeat.
    """
    waiting = iter(tasks)
    while True:
        died: dict[Key, Arguments] = {}
        with crew.at_work() as team:
            yield from _results(team, crew, task, waiting, died)
        if not died:
            return
        logger.info("A worker died; %d tasks are tried again", len(died))
        for key, arguments in died.items():
            yield key, _alone(crew, task, arguments)


def _results(
    team: Team,
    crew: Crew,
    task: Callable[..., Result],
    waiting: Iterator[tuple[Key, Arguments]],
    died: dict[Key, Arguments],
) -> Iterator[tuple[Key, Result]]:
    """Results as they come, until a process dies: then of those under way, and who `died`."""
    under_way: dict[Future[Result], tuple[Key, Arguments]] = {}
    while True:
        room = 0 if died else 2 * team.size() - len(under_way)
        for key, arguments in itertools.islice(waiting, max(room, 0)):
            try:
                future = team.executor.submit(work, crew.first, task, *arguments)
            except crew.deaths:
                died[key] = arguments
                break
            under_way[future] = key, arguments
        if not under_way:
            return
        done, _ = wait(under_way, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
        for future in done:
            key, arguments = under_way.pop(future)
            try:
                result = future.result()
            except crew.deaths:
                died[key] = arguments
            else:
                yield key, result


def _alone(crew: Crew, task: Callable[..., Result], arguments: Arguments) -> Result | WorkerDied:
    """One task while no other is under way."""
    died: dict[None, Arguments] = {}
    with crew.at_work(alone=True) as team:
        for _, result in _results(team, crew, task, iter([(None, arguments)]), died):
            return result
    return WorkerDied(
        "The process that made the report was killed, and so was the next one.",
        hint=MEMORY_HINT,
    )


_one_at_a_time = threading.Lock()
"""Layout and what a process keeps for later are not made for threads, which Dask's workers have."""


def work(first: First, task: Callable[..., Result], *arguments: Any) -> Result:
    """In a worker: a task, after what a process does first."""
    with _one_at_a_time:
        get_ready(first)
        return task(*arguments)


@functools.lru_cache(maxsize=8)
def get_ready(first: First) -> None:
    """In a worker: what a process does first, once. Workers of a cluster outlive a run."""
    first.call(*first.arguments)


def finish_and(end: Callable[[], None]) -> None:
    """In a worker: end once the task under way is finished."""
    with _one_at_a_time:
        end()
