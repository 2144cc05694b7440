"""One call in a process of its own, with limits of time and memory: for what a stranger has sent.

The process hands back bytes and nothing else; whatever becomes of it, ours goes on with what has
come until then.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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

_LARGEST_PIECE: Final = 1 << 24
_PATIENCE: Final = 4
_PIECE, _DONE, _NO_MEMORY, _FAILED = b"\0", b"\1", b"\2", b"\3"
_LONGEST_ERROR: Final = 500
_TO_DIE_S: Final = 10
"""For a process that has let go of its pipe."""


class Unfinished(ReporterError):
    """The call did not come to its end: it reached a limit, or its process died."""


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


def confined(
    limits: Limits, call: Callable[..., Iterator[bytes]], *arguments: Any
) -> Iterator[bytes]:
    """What `call` yields, piece by piece, made in a process of its own; its temporary files go with
    it.

    Raises:
        Unfinished: it took too much, its process died, or it raised an error.
        OSError: the process or its temporary folder cannot be made.
    """
    with tempfile.TemporaryDirectory(prefix="reporter-") as scratch:
        result, its_result = _PROCESSES.Pipe(duplex=False)
        process = _PROCESSES.Process(
            target=_serve, args=(its_result, scratch, limits, call, arguments), daemon=True
        )
        # Python imports from the folder it is started in before any other, and whoever calls may
        # stand in what a stranger has sent.
        with _standing_in(scratch):
            process.start()
        its_result.close()
        try:
            yield from _pieces(result, limits)
        except (EOFError, OSError):
            process.join(_TO_DIE_S)
            if process.exitcode == -getattr(signal, "SIGXCPU", 0):
                raise _took_too_long(limits) from None
            raise Unfinished(
                f"The process checking it died (exit status {process.exitcode})."
            ) from None
        finally:
            result.close()
            process.kill()
            process.join()


@contextmanager
def _standing_in(folder: str) -> Iterator[None]:
    """In a folder for a moment; then back, or in the root where there is no way back: whoever calls
    may stand where this user may not go, or in a folder that is gone.
    """
    root = Path(folder).anchor
    try:
        former = os.getcwd()  # noqa: PTH109  a path of it would be asked for again
    except OSError:
        former = root
    os.chdir(folder)
    try:
        yield
    finally:
        try:
            os.chdir(former)
        except OSError:
            os.chdir(root)


def _pieces(result: Connection, limits: Limits) -> Iterator[bytes]:
    """What comes from the process until it is done.

    Raises:
        Unfinished: it is not done in time, or says why it cannot be.
        EOFError, OSError: it is dead, or hands back more at once than anybody takes.
    """
    deadline = time.monotonic() + _PATIENCE * limits.seconds
    while result.poll(max(deadline - time.monotonic(), 0.0)):
        message = result.recv_bytes(_LARGEST_PIECE)
        kind, content = message[:1], message[1:]
        if kind == _DONE:
            return
        if kind == _NO_MEMORY:
            raise Unfinished(f"It took more than {limits.memory >> 20:,} MB of memory.")
        if kind == _FAILED:
            raise Unfinished(content.decode(errors="replace"))
        yield content
    raise _took_too_long(limits)


def _took_too_long(limits: Limits) -> Unfinished:
    return Unfinished(
        f"It took more than {limits.seconds} s of processor time, or "
        f"{_PATIENCE * limits.seconds} s of elapsed time."
    )


def _serve(
    result: Connection,
    scratch: str,
    limits: Limits,
    call: Callable[..., Iterator[bytes]],
    arguments: tuple[Any, ...],
) -> None:
    """In the process: the call, within its limits."""
    # A terminal interrupts all processes of a command at once: ours ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    tempfile.tempdir = scratch
    _mute()
    _limit(limits)
    with suppress(OSError):
        try:
            for piece in call(*arguments):
                result.send_bytes(_PIECE + piece)
            last = _DONE
        except MemoryError:
            last = _NO_MEMORY
        except Exception as error:  # noqa: BLE001  # handed on, in its words
            why = f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]
            last = _FAILED + why.encode(errors="replace")
        result.send_bytes(last)


def _mute() -> None:
    """Let nothing out but by the pipe: libraries, those in C as well, print what they think of a
    file in its own words.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


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
