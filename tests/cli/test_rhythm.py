"""`fetch`, `run` and `check` say where the service is asked too rarely, and which customers are
unknown.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reporter.sources.avepoint.emulator import ordinary_customers
from tests.conftest import Clock, Run, StartEmulator, configure, set_clock

NOW = datetime.now(UTC).replace(microsecond=0)
"""`check` uses the machine's clock."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return set_clock(monkeypatch, NOW)


def test_fetching_only_once_a_day_is_reported(
    clock: Clock, run: Run, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """`fetch` in one line for all customers, `check` in one for each; nothing fails for it."""
    emulator = start_emulator(customers=ordinary_customers(2, 60, 1), now=clock)
    configure(emulator, tmp_path)
    for days in range(4, -1, -1):
        clock.now = NOW - timedelta(days=days)
        fetched = run("fetch")
        assert fetched.exit_code == 0, fetched.output
        warnings = [line for line in fetched.stderr.splitlines() if "Fetched too rarely" in line]
        # Of fewer than four looks no rhythm is known.
        assert len(warnings) == (1 if days < 2 else 0)
    assert "Fetched too rarely: 2 of 2 customers. " in warnings[0]
    assert "you fetch every 24 h" in warnings[0]
    assert "less often than watch_every (7 h): gap targets cannot be judged" in warnings[0]
    assert run("fetch", "--quiet").stderr == ""
    checked = run("check")
    assert checked.exit_code == 0, checked.output
    lines = [line for line in checked.stdout.splitlines() if "rhythm" in line]
    assert len(lines) == 2
    for profile, line in zip(emulator.customers.values(), sorted(lines), strict=True):
        assert line.startswith(f"absent  rhythm of {profile.name}: ")
        assert "you fetch every 24 h" in line
    assert "Start `reporter run` every hour" in checked.stdout


def test_fetching_often_enough_is_confirmed_once(
    clock: Clock, run: Run, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """And a plan that would be too slow is reported before anything is missed."""
    emulator = start_emulator(customers=ordinary_customers(2, 12, 1), now=clock)
    configure(emulator, tmp_path)
    for hours in range(24, -1, -4):
        clock.now = NOW - timedelta(hours=hours)
        fetched = run("fetch")
        assert fetched.exit_code == 0, fetched.output
        assert "Fetched too rarely" not in fetched.stderr
        if hours == 24:
            assert "absent  rhythm: not known yet: it takes a few fetches" in run("check").stdout
    checked = run("check").stdout
    assert "ok      rhythm: nothing is known to be missed between two fetches" in checked
    configure(emulator, tmp_path, "[schedule]", 'fetch_every = "12h"')
    lines = [line for line in run("check").stdout.splitlines() if "rhythm of" in line]
    assert len(lines) == 2
    assert all("fetch_every is 12 h, less often than watch_every (7 h)" in line for line in lines)


def test_an_unknown_customer_is_named(
    clock: Clock, run: Run, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """With a wrong id in the configuration its settings do not reach the customer that is meant."""
    emulator = start_emulator(customers=ordinary_customers(1, 12, 1), now=clock)
    (known,) = emulator.customers
    entries = [
        line for customer in (known, "mistyped") for line in ("[[customers]]", f'id = "{customer}"')
    ]
    configure(emulator, tmp_path, *entries)
    assert "mistyped" not in run("check").stdout
    assert run("fetch").exit_code == 0
    checked = run("check")
    assert checked.exit_code == 0, checked.output
    assert "absent  customer mistyped: " in checked.stdout
    assert checked.stdout.count("absent  customer ") == 1
