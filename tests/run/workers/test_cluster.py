"""Whole runs on a Dask cluster whose processes die, misbehave, or are missing."""

from __future__ import annotations

import json
import os
import shlex
import stat
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import distributed
import psutil
import pytest

from reporter.errors import SettingsError
from reporter.run.workers import First, cluster, crew_of, run_tasks
from tests.conftest import Run, StartEmulator, configure
from tests.run.workers.conftest import DaskCluster
from tests.run.workers.test_runs import (
    MORE,
    RENDER,
    await_first,
    begin,
    drafts,
    fetched,
    finished,
    succeed,
)

pytestmark = pytest.mark.slow

__all__ = ["fetched"]

StartCluster = Callable[[int], DaskCluster]


def nothing() -> None:
    """What a process does first."""


def overlapping(_: int) -> int:
    """How many of these run in this process at once; it should be one at most."""
    UNDER_WAY.append(threading.get_ident())
    time.sleep(0.05)
    seen = len(UNDER_WAY)
    UNDER_WAY.pop()
    return seen


UNDER_WAY: list[int] = []


def test_a_cluster_renders_the_same_as_one_machine(
    fetched: list[str], tmp_path: Path, start_cluster: StartCluster
) -> None:
    """Workers in other folders read the same store and write the same figures."""
    succeed(begin(tmp_path, "--workers", "2", "--out", "here"))
    process = begin(tmp_path, scheduler=start_cluster(2).address)
    printed = succeed(process)
    assert len(finished(tmp_path)) == MORE
    assert str(finished(tmp_path)[0].absolute()) in printed.splitlines()
    for path in finished(tmp_path, "json"):
        on_cluster, alone = (
            json.loads(file.read_text("utf-8"))
            for file in (path, tmp_path / "here" / path.relative_to(tmp_path / "reports"))
        )
        assert on_cluster == alone


def test_only_its_owner_can_read_what_cluster_workers_write(
    fetched: list[str], tmp_path: Path, start_cluster: StartCluster
) -> None:
    """Whatever the umask of the shell that started the workers."""
    umask = os.umask(0o000)
    cluster = start_cluster(1)
    os.umask(umask)
    succeed(begin(tmp_path, scheduler=cluster.address))
    paths = list((tmp_path / "reports").rglob("*"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o700, 0o600}
    assert len(paths) > MORE


def test_the_memory_of_workers_does_not_grow_with_the_customers(
    fetched: list[str], tmp_path: Path, start_cluster: StartCluster
) -> None:
    """Dask's profiler would keep what it has seen of each report, for an hour."""
    cluster = start_cluster(1)
    succeed(begin(tmp_path, scheduler=cluster.address))
    with distributed.Client(cluster.address, set_as_default=False) as client:
        assert client.run(profiling) == {
            worker: [] for worker in client.scheduler_info()["workers"]
        }


def profiling(dask_worker: distributed.Worker) -> list[str]:
    """Which of a worker's profilers are at work."""
    callbacks = dask_worker.periodic_callbacks.items()
    return [name for name, callback in callbacks if "profile" in name and callback.is_running()]


def test_killing_a_worker_of_a_cluster_loses_nothing(
    fetched: list[str], tmp_path: Path, start_cluster: StartCluster
) -> None:
    """Its nanny starts another, the task is done elsewhere, and nothing is doubled."""
    cluster = start_cluster(1)
    nanny = cluster.add_worker()
    process = begin(tmp_path, scheduler=cluster.address)
    await_first(tmp_path, process)
    max(psutil.Process(nanny.pid).children(), key=lambda process: process.memory_info().rss).kill()
    printed = succeed(process)
    assert len(finished(tmp_path)) == MORE
    reports = [line for line in printed.splitlines() if line.endswith(".json")]
    assert len(reports) == len(set(reports)) == MORE


def test_a_customer_whose_report_kills_cluster_workers(
    fetched: list[str],
    tmp_path: Path,
    start_cluster: StartCluster,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only this one fails, and is named; the others are complete."""
    monkeypatch.setenv("DEADLY", fetched[5])
    cluster = start_cluster(0)
    for _ in range(2):
        cluster.add_worker("--nthreads", "1", "--preload", "tests.run.workers.deadly")
    process = begin(tmp_path, scheduler=cluster.address)
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 1, errors
    failed = [line for line in errors.splitlines() if line.startswith("Failed")]
    assert len(failed) == 1
    assert f"{fetched[5]}: The process that made the report was killed" in failed[0]
    assert len(finished(tmp_path)) == MORE - 1


def test_a_scheduler_that_disappears_in_mid_run(
    fetched: list[str], tmp_path: Path, start_cluster: StartCluster
) -> None:
    """A clear error; what was done is whole, and the same command finishes on another."""
    cluster = start_cluster(2)
    process = begin(tmp_path, "--quiet", scheduler=cluster.address)
    await_first(tmp_path, process)
    cluster.scheduler.kill()
    _, errors = process.communicate(timeout=40)
    assert process.returncode == 1
    assert f"The scheduler {cluster.address} " in errors
    assert "run the same command again" in errors
    assert "Traceback" not in errors
    assert 3 <= len(finished(tmp_path)) < MORE
    succeed(begin(tmp_path, scheduler=start_cluster(2).address))
    assert len(finished(tmp_path)) == MORE
    assert drafts(tmp_path) == []


def test_an_interrupted_run_on_a_cluster(
    fetched: list[str], tmp_path: Path, start_cluster: StartCluster
) -> None:
    """Ctrl-C ends the command, not the cluster, which does not continue with the rest."""
    cluster = start_cluster(2)
    process = begin(tmp_path, "--quiet", scheduler=cluster.address)
    await_first(tmp_path, process)
    os.killpg(process.pid, 2)
    _, errors = process.communicate(timeout=40)
    assert process.returncode == 130
    assert errors.count("\n") == 1
    time.sleep(3)
    assert 3 <= len(finished(tmp_path)) < MORE
    assert drafts(tmp_path) == []
    succeed(begin(tmp_path, scheduler=cluster.address))
    assert len(finished(tmp_path)) == MORE


def test_an_unreachable_scheduler(fetched: list[str], tmp_path: Path) -> None:
    """The run ends with a message, and nothing is done: it does not keep trying."""
    process = begin(tmp_path, scheduler="tcp://127.0.0.1:9")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.startswith("Error: The scheduler tcp://127.0.0.1:9 cannot be reached")
    assert "Traceback" not in errors
    assert finished(tmp_path) == []


def test_workers_of_another_version_are_refused(
    tmp_path: Path, start_cluster: StartCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would make other reports than this process says it makes."""
    cluster_of_ours = start_cluster(0)
    facts = tmp_path / "dask" / "msp_backup_reporter-9.9.9.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: msp-backup-reporter\nVersion: 9.9.9\n"
    )
    cluster_of_ours.add_worker()  # its working folder comes first on its path
    crew = crew_of(1, cluster_of_ours.address, First(nothing, ()))
    with pytest.raises(cluster.ClusterError, match=r"worker tcp://.* has version 9\.9\.9"):
        list(run_tasks(overlapping, [(0, (0,))], crew))


def test_a_cluster_without_workers(
    start_cluster: StartCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may take a while to arrive; then the error says that none came."""
    monkeypatch.setattr(cluster, "_PATIENCE_S", 2.0)
    monkeypatch.setattr("reporter.run.workers.tasks._LOOK_S", 1.0)
    crew = crew_of(1, start_cluster(0).address, First(nothing, ()))
    with pytest.raises(cluster.ClusterError, match="has had no workers for 2 s") as error:
        list(run_tasks(overlapping, [(0, (0,))], crew))
    assert "dask worker tcp://" in error.value.hint


def test_threads_of_a_worker_take_turns(
    start_cluster: StartCluster, caplog: pytest.LogCaptureFixture
) -> None:
    """Layout is not made for threads: one task at a time in a process, and a warning."""
    cluster = start_cluster(0)
    cluster.add_worker("--nthreads", "3")
    crew = crew_of(1, cluster.address, First(nothing, ()))
    results = dict(run_tasks(overlapping, ((n, (n,)) for n in range(9)), crew))
    assert set(results.values()) == {1}
    assert "start workers with --nthreads 1" in caplog.text


def test_a_store_that_workers_elsewhere_cannot_open(
    run: Run, start_emulator: StartEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An SQLite file and a scheduler on another machine do not go together."""
    configure(start_emulator(), tmp_path)
    assert run("fetch", "--quiet").exit_code == 0
    monkeypatch.setenv("REPORTER_EXECUTION__SCHEDULER", "tcp://10.0.0.5:8786")
    result = run("render", *RENDER)
    assert result.exit_code == 2
    assert "cannot open the store on this machine" in result.stderr
    assert "PostgreSQL" in result.stderr


def test_an_installation_without_the_cluster_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.delitem(sys.modules, "reporter.run.workers.cluster")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SettingsError) as error:
        crew_of(2, "tcp://127.0.0.1:8786", First(nothing, ()))
    assert error.value.hint == f"Run: {shlex.quote(sys.executable)} -m pip install distributed"
