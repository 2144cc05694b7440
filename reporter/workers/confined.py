"""One call in a process of its own, with limits of time and memory: for what a stranger has sent.

The process hands back bytes and nothing else; whatever becomes of it, ours goes on.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from reporter.errors import ReporterError

if sys.platform == "win32":
    _PROCESSES = multiprocessing.get_context("spawn")
else:
    import resource

    # A fork of a process that has imported all it takes, which is done once.
    _PROCESSES = multiprocessing.get_context("forkserver")

logger = logging.getLogger(__name__)

_LARGEST_RESULT: Final = 1 << 24
_PATIENCE: Final = 4
_DONE, _NO_MEMORY, _FAILED = b"\0", b"\1", b"\2"
_LONGEST_ERROR: Final = 500


class Unfinished(ReporterError):
    """The call came to no result: it reached a limit, or its process died."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may take. Memory is limited on Linux alone, time by its clock on Windows."""

    seconds: int
    """Of processor time; and four times as many by the clock, on a machine with much to do."""
    memory: int
    """Bytes beyond what the process has when it starts."""
    largest_file: int
    """Bytes of each file that it writes."""


def preload(*modules: str) -> None:
    """Name what the processes are to have imported when they begin; before the first of them."""
    _PROCESSES.set_forkserver_preload(list(modules))


def confined(limits: Limits, call: Callable[..., bytes], *arguments: Any) -> bytes:
    """What `call` returns, made in a process of its own; its temporary files go with it.

    Raises:
        Unfinished: it took too much, its process died, or it raised an error.
        OSError: the process or its temporary folder cannot be made.
    """
    with tempfile.TemporaryDirectory(prefix="reporter-") as scratch:
        result, its_result = _PROCESSES.Pipe(duplex=False)
        process = _PROCESSES.Process(
            target=_serve, args=(its_result, scratch, limits, call, arguments), daemon=True
        )
        process.start()
        its_result.close()
        try:
            answer = _answer(result, limits)
        finally:
            result.close()
            process.kill()
            process.join()
    if answer is None and process.exitcode == -getattr(signal, "SIGXCPU", 0):
        raise Unfinished(f"It takes longer than {limits.seconds} s.")
    if answer is None:
        raise Unfinished(f"The process that was at it died (exit status {process.exitcode}).")
    kind, content = answer[:1], answer[1:]
    if kind == _NO_MEMORY:
        raise Unfinished(f"It takes more than {limits.memory >> 20:,} MB of memory.")
    if kind == _FAILED:
        raise Unfinished(content.decode(errors="replace"))
    return content


def _answer(result: Connection, limits: Limits) -> bytes | None:
    """What the process said; None where it died first.

    Raises:
        Unfinished: it said nothing in time.
    """
    try:
        if not result.poll(_PATIENCE * limits.seconds):
            raise Unfinished(f"It takes longer than {limits.seconds} s.")
        return result.recv_bytes(_LARGEST_RESULT)
    except (EOFError, OSError):
        return None


def _serve(
    result: Connection,
    scratch: str,
    limits: Limits,
    call: Callable[..., bytes],
    arguments: tuple[Any, ...],
) -> None:
    """In the process: the call, within its limits."""
    # A terminal interrupts all processes of a command at once: ours ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    tempfile.tempdir = scratch
    _limit(limits)
    try:
        answer = _DONE + call(*arguments)
    except MemoryError:
        answer = _NO_MEMORY
    except Exception as error:
        logger.debug("A confined call failed", exc_info=True)
        why = f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]
        answer = _FAILED + why.encode(errors="replace")
    with suppress(OSError):
        result.send_bytes(answer)


def _limit(limits: Limits) -> None:
    """Have the system end this process at its limits, also where nobody waits for it any more."""
    if sys.platform == "win32":
        return
    kinds = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: limits.seconds,
        resource.RLIMIT_FSIZE: limits.largest_file,
    }
    if memory := _memory_now():
        kinds[resource.RLIMIT_AS] = memory + limits.memory
    for kind, most in kinds.items():
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        # At the hard limit of time it would be killed, and not be told why (setrlimit(2)).
        resource.setrlimit(kind, (most, hard if kind == resource.RLIMIT_CPU else most))


def _memory_now() -> int | None:
    """The bytes of address space this process has; None where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except OSError:
        return None
    return pages * resource.getpagesize()
