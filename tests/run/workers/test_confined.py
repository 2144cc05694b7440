"""Calls in a process with limits: whatever they do, the caller gets an answer in time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reporter.run.workers.confined import Limits, Unfinished, confined
from tests.run.workers import strange

LIMITS = Limits(seconds=20, memory=512 << 20, largest_file=1 << 20)


def test_results_of_a_call_come_back() -> None:
    """Bytes, nothing that has to be unpickled; each as soon as it is available."""
    pieces = ["Jäger".encode(), b"", b"Sons"]
    assert list(confined(LIMITS, strange.answer, "Jäger", "", "Sons")) == pieces


@pytest.mark.parametrize(
    ("limits", "call", "arguments", "message"),
    [
        (Limits(1, 1 << 30, 1 << 20), strange.loop, (), r"more than 1 s of processor time"),
        (Limits(1, 1 << 30, 1 << 20), strange.sleep, (), r"or 4 s of elapsed time\."),
        (LIMITS, strange.eat, (2 << 30,), r"It took more than 512 MB of memory\."),
        (LIMITS, strange.die, (), r"died \(exit status -6\)"),
        (LIMITS, strange.fail, (), "ValueError: what nobody thought of"),
        (LIMITS, strange.shout, (1 << 25,), "died"),
        (LIMITS, strange.write, (2 << 20,), "File too large"),
    ],
)
def test_a_call_beyond_its_limits_is_stopped(
    limits: Limits, call: Callable[..., Iterator[bytes]], arguments: tuple[Any, ...], message: str
) -> None:
    """Time, memory, files, a crash, an error: each is reported, and affects nothing else. Earlier
    results are kept.
    """
    pieces = confined(limits, call, *arguments)
    assert next(pieces) == strange.BEGUN
    with pytest.raises(Unfinished, match=message):
        next(pieces)


def test_allowed_memory_is_available() -> None:
    """The limit counts from what the process has when it starts."""
    assert list(confined(LIMITS, strange.eat, 128 << 20))[1:] == [str(128 << 20).encode()]


def test_no_module_of_the_working_folder_is_imported(tmp_path: Path) -> None:
    """Somebody may check a stranger's bag from inside it, and Python looks there first."""
    folder = tmp_path / "bag"
    folder.mkdir()
    for name in ("multiprocessing", "selectors", "pydantic"):
        (folder / f"{name}.py").write_text("open('ran', 'w').close()\n")
    done = subprocess.run(
        [sys.executable, script_in(tmp_path, "print(list(confined(LIMITS, strange.answer, 'x')))")],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("[b'x']\n", "")
    assert not (folder / "ran").exists()


def test_a_call_from_a_deleted_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in that folder is needed."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert list(confined(LIMITS, strange.answer, "x")) == [b"x"]


def script_in(folder: Path, code: str) -> Path:
    """A script that makes a call in a process with limits."""
    lines = [
        "from reporter.run.workers.confined import Limits, confined, preload",
        "from tests.run.workers import strange",
        "LIMITS = Limits(60, 1 << 30, 1 << 20)",
        "if __name__ == '__main__':",
        "    preload('reporter.audit.verifying')",
        *(f"    {line}" for line in code.splitlines()),
    ]
    path = folder / "script.py"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_temporary_files_of_a_call_are_removed() -> None:
    """What it writes beside others' temporary files is gone afterwards."""
    _, path = confined(LIMITS, strange.write, 100)
    assert not Path(path.decode()).exists()


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    """What libraries say about a stranger's file contains the stranger's words."""
    assert list(confined(LIMITS, strange.print_everywhere, "\x9b31mVALID")) == [strange.BEGUN]
    assert capfd.readouterr() == ("", "")


def test_an_interrupted_call_stops(tmp_path: Path) -> None:
    """Ctrl-C ends the process with the limits as well, and what it has written."""
    script = script_in(
        tmp_path, "for piece in confined(LIMITS, strange.sleep): print(piece, flush=True)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    assert process.stdout.readline() == f"{strange.BEGUN!r}\n".encode()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert not list(tmp_path.glob("reporter-*"))
