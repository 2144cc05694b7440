"""`reporter run`: the whole process, again and again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from reporter.sources.avepoint import http
from reporter.sources.avepoint.emulator import Emulator, Lists, ordinary_customers
from reporter.store import Store
from reporter.store.lock import held
from tests.conftest import Run, StartEmulator, configure

ALWAYS = ("[schedule]", "fetch_every = 0")
"""Each start fetches, however soon."""

NOW = partial(datetime.now, UTC)


@pytest.fixture
def emulator(start_emulator: StartEmulator, tmp_path: Path) -> Emulator:
    emulator = start_emulator(now=NOW, customers=ordinary_customers(3, 60, 1), lists=Lists.ALL)
    configure(emulator, tmp_path, *ALWAYS)
    return emulator


def stamps(folder: Path) -> dict[str, int]:
    """When each customer's file was written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("reports/*/*/*")}


@pytest.mark.usefixtures("emulator")
def test_a_run_fetches_and_renders(run: Run, tmp_path: Path) -> None:
    """Reports of last month, and the portfolio over them."""
    result = run("run", "--format", "json")
    assert result.exit_code == 0, result.output
    written = [Path(line) for line in result.stdout.splitlines()]
    assert len([path for path in written if path.suffix == ".json"]) == 3
    assert written[-1].name == "index.html"
    assert all((tmp_path / path).is_file() for path in written)


@pytest.mark.usefixtures("emulator")
def test_a_second_run_renders_only_what_changed(run: Run, tmp_path: Path) -> None:
    """It fetches again, names the same files, and leaves them as they are."""
    first = run("run", "--format", "json")
    before = stamps(tmp_path)
    second = run("run", "--format", "json")
    assert second.exit_code == 0, second.output
    assert sorted(second.stdout.splitlines()) == sorted(first.stdout.splitlines())
    assert second.stderr.count("Fetched") == second.stderr.count("Unchanged") == 3
    assert stamps(tmp_path) == before
    path = next(tmp_path.glob("reports/*/*/*.json"))
    report = json.loads(path.read_bytes())
    path.unlink()
    third = run("run", "--format", "json")
    assert (third.stderr.count("Unchanged"), third.stderr.count("Rendered")) == (2, 1)
    assert json.loads(path.read_bytes())["totals"] == report["totals"]


def test_a_customer_that_cannot_be_fetched_does_not_affect_the_others(
    run: Run, start_emulator: StartEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are fetched and rendered; this one is rendered from what the store has;
    status 1.
    """
    monkeypatch.setattr(http, "_FIRST_WAIT_S", 0.0)
    cast = ordinary_customers(3, 60, 1)
    configure(start_emulator(now=NOW, customers=cast, lists=Lists.ALL), tmp_path, *ALWAYS)
    assert run("run", "--format", "json").exit_code == 0
    broken = [replace(cast[0], readable=False), *cast[1:]]
    configure(start_emulator(now=NOW, customers=broken, lists=Lists.ALL), tmp_path, *ALWAYS)
    result = run("run", "--format", "json")
    assert result.exit_code == 1
    assert f"Failed: {cast[0].name}" in result.stderr
    assert len([line for line in result.stdout.splitlines() if line.endswith(".json")]) == 3


@pytest.mark.usefixtures("emulator")
def test_a_store_held_by_another_run_is_left_alone(run: Run, tmp_path: Path) -> None:
    """Refused with what to do, and the same command afterwards does it all."""
    store = Store.open(f"sqlite:///{tmp_path / 'reporter.db'}")
    with held(store.engine):
        result = run("run", "--format", "json")
    assert result.exit_code == 1
    assert "held by another run" in result.stderr
    assert "--wait" in result.stderr
    assert not (tmp_path / "reports").exists()
    assert run("run", "--format", "json").exit_code == 0


@pytest.mark.usefixtures("emulator")
def test_a_wrong_period_causes_no_request(run: Run, emulator: Emulator) -> None:
    """What is wrong with the call is reported before anything is fetched."""
    assert run("run", "--period", "2026-13").exit_code == 2
    assert emulator.requests.total() == 0


@pytest.mark.slow
def test_a_run_archives_where_an_archive_is_configured(
    run: Run, emulator: Emulator, tmp_path: Path
) -> None:
    """Once for each version, after rendering; otherwise not at all."""
    assert run("run").exit_code == 0
    assert not (tmp_path / "archive").exists()
    configure(emulator, tmp_path, "[evidence]", 'folder = "kept"')
    for _ in range(2):
        result = run("run")
        assert result.exit_code == 0, result.output
    assert len(list(tmp_path.glob("kept/*/2*-v1/bagit.txt"))) == 3
    assert len(list(tmp_path.glob("kept/*/chain/*.json"))) == 3
    assert run("verify", next(tmp_path.glob("kept/*/chain")).parent).exit_code == 0
