"""Whole runs on processes that are killed, interrupted or gone: whole files, and nothing lost."""

from __future__ import annotations

import json
import os
import pty
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from pypdf import PdfReader

from reporter.model import Assignment, Report
from reporter.run import rendering, reporting
from reporter.store import Store
from tests.conftest import Run, StartEmulator, configure
from tests.run.workers.conftest import DaskCluster

pytestmark = pytest.mark.slow

StartCluster = Callable[[int], DaskCluster]
RENDER = ("--period", "2026-10", "--format", "json,pdf")
MORE = 16
"""Enough customers to interrupt a run in the middle."""


@pytest.fixture
def fetched(run: Run, start_emulator: StartEmulator, tmp_path: Path) -> list[str]:
    """A store of many customers in the working folder; their names."""
    from reporter.sources.avepoint.emulator import Lists, ordinary_customers

    cast = ordinary_customers(MORE, 60, 1)
    configure(start_emulator(customers=cast, lists=Lists.ALL), tmp_path)
    assert run("fetch", "--quiet").exit_code == 0
    return [customer["name"] for customer in json.loads(run("customers", "--json").stdout)]


def begin(
    folder: Path, *options: str, scheduler: str = "", **environment: str
) -> subprocess.Popen[str]:
    """`reporter render` in a session of its own, as a terminal begins it."""
    return subprocess.Popen(
        [sys.executable, "-m", "reporter", "render", *RENDER, *options],
        cwd=folder,
        env=os.environ | {"REPORTER_EXECUTION__SCHEDULER": scheduler} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def written(folder: Path, suffix: str = "pdf") -> list[Path]:
    """Reports of customers."""
    files = (folder / "reports").glob(f"*/*/*.{suffix}")
    return [path for path in files if path.name[0] != "."]


def finished(folder: Path, suffix: str = "pdf") -> list[Path]:
    """Reports of customers, all of which can be read."""
    files = written(folder, suffix)
    for path in files:
        if suffix == "pdf":
            assert PdfReader(path).pages
        else:
            json.loads(path.read_text("utf-8"))
    return files


def drafts(folder: Path) -> list[Path]:
    return [path for path in (folder / "reports").rglob(".*") if path.is_file()]


def await_first(folder: Path, process: subprocess.Popen[str]) -> None:
    """Wait until some customers are done and others are not."""
    for _ in range(900):
        if process.poll() is not None or len(written(folder)) >= 3:
            break
        time.sleep(0.05)
    assert process.poll() is None, process.communicate()


def succeed(process: subprocess.Popen[str]) -> str:
    """Wait for a successful run; returns what it prints."""
    printed, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    return printed


def gone(session: int) -> bool:
    """Whether no process of a session is left, after a moment."""
    for _ in range(200):
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_whole_files_only(
    fetched: list[str], tmp_path: Path, number: signal.Signals
) -> None:
    """Ctrl-C reaches all processes at once: one line, no process left, and the same command
    continues.
    """
    process = begin(tmp_path, "--workers", "2", "--quiet")
    await_first(tmp_path, process)
    if number is signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines() == [
        "Interrupted. What was finished is complete; run the same command again."
    ]
    assert gone(process.pid)
    assert 3 <= len(finished(tmp_path)) < MORE
    assert drafts(tmp_path) == []
    succeed(begin(tmp_path, "--workers", "2"))
    assert len(finished(tmp_path)) == MORE


def test_workers_end_with_a_command_that_is_killed(fetched: list[str], tmp_path: Path) -> None:
    """No worker is left waiting for tasks forever, and what was begun is finished."""
    process = begin(tmp_path, "--workers", "2", "--quiet")
    await_first(tmp_path, process)
    process.kill()
    process.communicate()
    assert gone(process.pid)
    assert drafts(tmp_path) == []
    assert 3 <= len(finished(tmp_path)) < MORE


def test_killing_a_worker_loses_nothing(fetched: list[str], tmp_path: Path) -> None:
    """One of two dies in the middle of a run: all customers are complete, each reported once."""
    process = begin(tmp_path, "--workers", "2")
    await_first(tmp_path, process)
    psutil.Process(process.pid).children()[0].kill()
    printed = succeed(process)
    assert len(finished(tmp_path)) == MORE
    reports = [line for line in printed.splitlines() if line.endswith(".json")]
    assert len(reports) == len(set(reports)) == MORE


def test_drafts_of_a_killed_worker_are_removed_by_the_next_run(
    fetched: list[str], tmp_path: Path
) -> None:
    """A file that was being written when its process was killed does not stay behind."""
    process = begin(tmp_path, "--workers", "2", "--quiet")
    await_first(tmp_path, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert gone(process.pid)
    succeed(begin(tmp_path, "--workers", "2"))
    assert drafts(tmp_path) == []
    assert len(finished(tmp_path)) == MORE


def failing_for(name: str, fail: Callable[[], None]) -> Callable[..., Any]:
    """`report_of` that does something to the process under one customer."""
    make = reporting.report_of

    def report_of(store: Store, assignment: Assignment) -> Report:
        if assignment.customer.name == name:
            fail()
        return make(store, assignment)

    return report_of


def kill_this() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def use_up_memory() -> None:
    """Allocate until a limit of the system, which is 200 MB away, says no."""
    now = psutil.Process().memory_info().vms
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + 200 * 2**20, hard))
    try:
        taken = []
        while True:
            taken.append(bytearray(2**20))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


@pytest.mark.parametrize(
    ("fail", "words"),
    [
        (kill_this, "The process that made the report was killed"),
        (use_up_memory, "The process that made the report ran out of memory"),
    ],
)
def test_a_report_that_needs_too_much_memory(
    run: Run,
    start_emulator: StartEmulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fail: Callable[[], None],
    words: str,
) -> None:
    """It is an error of that customer, with what to do; the others are complete."""
    configure(start_emulator(), tmp_path)
    assert run("fetch", "--quiet").exit_code == 0
    name = json.loads(run("customers", "--json").stdout)[1]["name"]
    monkeypatch.setattr(rendering, "report_of", failing_for(name, fail))  # workers are forked
    result = run("render", "--period", "2026-10", "--format", "json", "--workers", "2")
    assert result.exit_code == 1
    assert f"{name}: {words}" in result.stderr
    assert "lower --workers" in result.stderr
    assert len(list((tmp_path / "reports").rglob("*.json"))) == 2
    assert words in (tmp_path / "reports/2026-10/index.html").read_text("utf-8")


def test_a_terminal_shows_a_progress_bar(fetched: list[str], tmp_path: Path) -> None:
    """How many of all, time left and customers a minute, in one line that is overwritten."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "reporter", "render", *RENDER, "--workers", "2"],
        cwd=tmp_path,
        env=os.environ | {"COLUMNS": "100"},
        stdout=subprocess.DEVNULL,
        stderr=terminal,
    )
    os.close(terminal)
    output = b""
    while True:
        try:
            output += os.read(controller, 4096)
        except OSError:  # as Linux says that nobody writes any more
            break
    os.close(controller)
    assert process.wait(60) == 0
    states = output.decode().split("\r")
    middle = [state for state in states if f" {MORE // 2}/{MORE} " in state]
    assert any(re.search(r"\d\d:\d\d:\d\d  \d+ customers/min", state) for state in middle), states
    assert any(re.search(rf"{MORE}/{MORE}  \d+ customers/min", state) for state in states)
    assert "Rendered " + fetched[0] not in output.decode()


def test_without_a_terminal_progress_is_shown_in_lines(fetched: list[str], tmp_path: Path) -> None:
    """A line for each customer, such as a log keeps."""
    process = begin(tmp_path, "--workers", "2")
    _, errors = process.communicate(timeout=240)
    assert len(errors.splitlines()) == MORE
    assert f"({MORE}/{MORE})" in errors.splitlines()[-1]
