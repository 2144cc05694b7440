"""Processes that die: the tasks they died under are tried again, the others go on."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from reporter import pipeline
from reporter.model import Customer
from reporter.workers import WorkerDied, run_tasks
from tests.conftest import Run, StartEmulator, configure


def start(folder: str) -> None:
    """Leave a mark for each process."""
    (Path(folder) / f"process-{os.getpid()}").touch()


def work(folder: str, number: int, deaths: int) -> int:
    """Square a number, after dying so often as asked."""
    mark = Path(folder) / f"died-{number}"
    died = len(mark.read_text()) if mark.exists() else 0
    if died < deaths:
        mark.write_text("x" * (died + 1))
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.01)
    return number * number


@pytest.mark.parametrize("workers", [1, 3])
def test_every_task_is_done_once(tmp_path: Path, workers: int) -> None:
    """Each result comes once, from as many processes as asked for."""
    tasks = {n: (str(tmp_path), n, 0) for n in range(20)}
    results = list(run_tasks(work, tasks, workers, start, (str(tmp_path),)))
    assert sorted(results) == [(n, n * n) for n in range(20)]
    assert len(list(tmp_path.glob("process-*"))) <= workers


def test_a_task_whose_process_dies_is_tried_again(tmp_path: Path) -> None:
    """One that dies once is done; one that dies each time costs no other its result."""
    tasks = {n: (str(tmp_path), n, {5: 1, 11: 99}.get(n, 0)) for n in range(30)}
    results = dict(run_tasks(work, tasks, 2, start, (str(tmp_path),)))
    assert len(results) == 30
    died = results.pop(11)
    assert isinstance(died, WorkerDied)
    assert "--workers" in died.hint
    assert results == {n: n * n for n in range(30) if n != 11}
    assert (tmp_path / "died-11").read_text() == "xx"


def test_a_report_whose_worker_is_killed(
    run: Run, start_emulator: StartEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an error of that customer, with what to do; the others are complete."""
    configure(start_emulator(), tmp_path)
    assert run("fetch", "--quiet").exit_code == 0
    name = json.loads(run("customers", "--json").stdout)[1]["name"]
    make = pipeline.stored_report

    def deadly(rendering: object, store: object, customer: Customer) -> object:
        if customer.name == name:
            os.kill(os.getpid(), signal.SIGKILL)
        return make(rendering, store, customer)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "stored_report", deadly)  # which workers are forked with
    result = run("render", "--period", "2026-10", "--format", "json", "--workers", "2")
    assert result.exit_code == 1
    assert f"{name}: The process that made the report was killed" in result.stderr
    assert len(list((tmp_path / "reports").rglob("*.json"))) == 2
    assert "was killed" in (tmp_path / "reports/2026-10/index.html").read_text("utf-8")
