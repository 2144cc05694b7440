"""Processes that die: their tasks are tried again, and the others continue."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reporter.run.workers import Crew, First, Processes, WorkerDied, crew_of, run_tasks
from reporter.run.workers.tasks import Arguments
from tests.run.workers.conftest import DaskCluster

StartCluster = Callable[[int], DaskCluster]
MakeCrew = Callable[..., Crew]


def begin(folder: str) -> None:
    """Leave a mark for each process."""
    with (Path(folder) / f"process-{os.getpid()}").open("a") as mark:
        mark.write("x")


def square(folder: str, number: int, deaths: int) -> int:
    """Square a number, after dying so often as asked."""
    mark = Path(folder) / f"died-{number}"
    died = len(mark.read_text()) if mark.exists() else 0
    if died < deaths:
        mark.write_text("x" * (died + 1))
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.01)
    return number * number


def scratch(_: int) -> str:
    """Where temporary files go."""
    return tempfile.mkdtemp()


def squares(folder: Path, count: int, deaths: dict[int, int]) -> list[tuple[int, Arguments]]:
    return [(n, (str(folder), n, deaths.get(n, 0))) for n in range(count)]


@pytest.fixture(params=["processes", "cluster"])
def make_crew(request: pytest.FixtureRequest) -> MakeCrew:
    """Two workers, of this machine's own or of a cluster."""
    scheduler = ""
    if request.param == "cluster":
        start_cluster: StartCluster = request.getfixturevalue("start_cluster")
        scheduler = start_cluster(2).address

    def make(folder: Path) -> Crew:
        return crew_of(2, scheduler, First(begin, (str(folder),)))

    return make


def test_every_task_is_done_once(tmp_path: Path, make_crew: MakeCrew) -> None:
    """Each result comes once, from as many processes as asked for, each of which began once."""
    results = list(run_tasks(square, squares(tmp_path, 20, {}), make_crew(tmp_path)))
    assert sorted(results) == [(n, n * n) for n in range(20)]
    marks = [mark.read_text() for mark in tmp_path.glob("process-*")]
    assert marks == ["x"] * len(marks)
    assert 1 <= len(marks) <= 2


def test_a_task_whose_process_dies_is_tried_again(tmp_path: Path, make_crew: MakeCrew) -> None:
    """One that dies once is completed; one that dies each time does not affect the results of
    others.
    """
    tasks = squares(tmp_path, 30, {5: 1, 11: 99})
    results = dict(run_tasks(square, tasks, make_crew(tmp_path)))
    assert len(results) == 30
    died = results.pop(11)
    assert isinstance(died, WorkerDied)
    assert "more memory" in died.hint
    assert results == {n: n * n for n in range(30) if n != 11}


def test_one_process_is_tried_again_just_once(tmp_path: Path) -> None:
    """A task that kills is given one more process of its own, not more."""
    crew = Processes(1, First(begin, (str(tmp_path),)))
    results = dict(run_tasks(square, squares(tmp_path, 3, {1: 99}), crew))
    assert isinstance(results[1], WorkerDied)
    assert (tmp_path / "died-1").read_text() == "xx"


def test_workers_of_this_machine_leave_no_temporary_files(tmp_path: Path) -> None:
    """What they have not removed themselves is removed with the run."""
    crew = Processes(2, First(begin, (str(tmp_path),)))
    folders = dict(run_tasks(scratch, ((n, (n,)) for n in range(4)), crew))
    assert len(folders) == 4
    assert not any(Path(str(folder)).exists() for folder in folders.values())


def test_workers_of_a_cluster_keep_temporary_files_where_their_nannies_clean_up(
    tmp_path: Path, start_cluster: StartCluster
) -> None:
    """They outlive a run; what they leave is in the worker's own folder."""
    crew = crew_of(1, start_cluster(1).address, First(begin, (str(tmp_path),)))
    folders = dict(run_tasks(scratch, [(0, (0,))], crew))
    assert (tmp_path / "dask/scratch") in Path(str(folders[0])).parents
