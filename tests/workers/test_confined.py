"""Calls in a process with limits: whatever they do, the caller gets an answer in time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reporter.workers.confined import Limits, Unfinished, confined
from tests.workers import strange

LIMITS = Limits(seconds=20, memory=512 << 20, largest_file=1 << 20)


def test_what_a_call_returns_comes_back() -> None:
    """Bytes, and nothing that has to be unpacked."""
    assert confined(LIMITS, strange.answer, "Jäger") == "Jäger".encode()


@pytest.mark.parametrize(
    ("limits", "call", "arguments", "said"),
    [
        (Limits(1, 1 << 30, 1 << 20), strange.loop, (), r"It takes longer than 1 s\."),
        (Limits(1, 1 << 30, 1 << 20), strange.sleep, (), r"It takes longer than 1 s\."),
        (LIMITS, strange.eat, (2 << 30,), r"It takes more than 512 MB of memory\."),
        (LIMITS, strange.die, (), r"died \(exit status -6\)"),
        (LIMITS, strange.fail, (), "ValueError: what nobody thought of"),
        (LIMITS, strange.shout, (1 << 25,), "died"),
        (LIMITS, strange.write, (2 << 20,), "File too large"),
    ],
)
def test_a_call_that_goes_too_far_is_given_up(
    limits: Limits, call: Callable[..., bytes], arguments: tuple[Any, ...], said: str
) -> None:
    """Time, memory, files, its own end, an error: each is said, and costs nobody else anything."""
    with pytest.raises(Unfinished, match=said):
        confined(limits, call, *arguments)


def test_memory_that_is_allowed_is_had() -> None:
    """The limit counts from what the process has when it starts."""
    assert confined(LIMITS, strange.eat, 128 << 20) == str(128 << 20).encode()


def test_its_files_go_with_it() -> None:
    """What it writes beside others' temporary files is gone afterwards."""
    path = confined(LIMITS, strange.write, 100).decode()
    assert not Path(path).exists()


def test_an_interrupted_call_does_not_go_on(tmp_path: Path) -> None:
    """Ctrl-C ends the process with the limits as well, and what it has written."""
    code = (
        "from reporter.workers.confined import Limits, confined\n"
        "from tests.workers import strange\n"
        "print('begun', flush=True)\n"
        "confined(Limits(60, 1 << 30, 1 << 20), strange.sleep)\n"
    )
    script = tmp_path / "script.py"
    script.write_text(f"if __name__ == '__main__':\n    {code.replace(chr(10), chr(10) + '    ')}")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert not list(tmp_path.glob("reporter-*"))
