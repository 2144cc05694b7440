"""`reporter run` started by a clock: what it does and what it leaves out, at which hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from reporter.cli.render import render_stored_reports
from reporter.sources.avepoint.emulator import Emulator, Lists, ordinary_customers
from tests.conftest import Clock, StartAt, StartEmulator, configure, set_clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return set_clock(monkeypatch, datetime(2026, 10, 31, 12, tzinfo=UTC))


@pytest.fixture
def emulator(start_emulator: StartEmulator, clock: Clock) -> Emulator:
    return start_emulator(customers=ordinary_customers(2, 40, 4), now=clock, lists=Lists.ALL)


def done(result: Result) -> list[str]:
    """The periods whose portfolios a run named, in its order."""
    assert result.exit_code == 0, result.output
    return [Path(line).parent.name for line in result.stdout.splitlines() if "index.html" in line]


def test_every_hour_over_the_end_of_a_month(
    emulator: Emulator, start: StartAt, tmp_path: Path
) -> None:
    """The new month is rendered at its hour of the provider's clock, and afterwards only
    checked.
    """
    configure(
        emulator,
        tmp_path,
        '[report]\ntimezone = "Europe/Berlin"\n[schedule]\ntime = "06:30"\nfetch_every = 0',
    )
    assert done(start("2026-10-31T22:17")) == ["2026-09"]
    assert done(start("2026-11-01T05:17")) == ["2026-09"]
    first = start("2026-11-01T06:17")
    assert done(first) == ["2026-10"]
    assert (first.stderr.count("Rendered"), first.stderr.count("Unchanged")) == (2, 0)
    # Nothing can change any more except what is fetched for November.
    second = start("2026-11-01T07:17")
    assert done(second) == ["2026-10"]
    assert second.stderr.count("Fetched") == 2
    assert (second.stderr.count("Rendered"), second.stderr.count("Unchanged")) == (0, 2)


def test_a_month_of_downtime(emulator: Emulator, start: StartAt, tmp_path: Path) -> None:
    """What was missed comes first, is reported, and is not done again."""
    configure(emulator, tmp_path, "[schedule]\nday = 31")
    assert done(start("2026-10-05T06:00")) == ["2026-08"]
    late = start("2027-01-02T06:00")
    assert done(late) == ["2026-09", "2026-10", "2026-11"]
    assert "Catching up: the last month done is 2026-08; doing 2026-09, 2026-10 first." in (
        late.stderr
    )
    # Only then: a fetch may wait for another run, which completes months meanwhile.
    assert late.stderr.index("Fetched") < late.stderr.index("Catching up")
    assert done(start("2027-01-02T07:00")) == ["2026-11"]
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == [
        "2026-08", "2026-09", "2026-10", "2026-11"]  # fmt: skip


def test_killed_while_it_catches_up(
    emulator: Emulator, start: StartAt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A month that was begun is not mistaken for a completed one."""
    configure(emulator, tmp_path)
    assert done(start("2026-09-02T06:00")) == ["2026-08"]

    def killed_in_october(console: object, rendering: object, *rest: object) -> int:
        status = render_stored_reports(console, rendering, *rest)  # type: ignore[arg-type]
        if rendering.period == "2026-10":  # type: ignore[attr-defined]
            raise KeyboardInterrupt
        return status

    with monkeypatch.context() as patch:
        patch.setattr("reporter.cli.run.render_stored_reports", killed_in_october)
        assert start("2026-12-02T06:00").exit_code == 130
    assert done(start("2026-12-02T07:00")) == ["2026-10", "2026-11"]
    assert done(start("2026-12-02T08:00")) == ["2026-11"]


def test_one_customer_is_not_all_of_a_month(
    emulator: Emulator, start: StartAt, tmp_path: Path
) -> None:
    """After a run for one customer, or of a period by name, the month is still to be done."""
    configure(emulator, tmp_path)
    assert done(start("2026-10-02T06:00")) == ["2026-09"]
    customer = next(iter(emulator.customers.values()))
    assert start("2026-11-02T06:00", "--customer", customer.id).exit_code == 0
    assert done(start("2026-11-02T07:00", "--period", "2026-10")) == ["2026-10"]
    assert done(start("2026-12-02T07:00")) == ["2026-10", "2026-11"]


def test_fetching_less_often_than_it_is_started(
    emulator: Emulator, start: StartAt, tmp_path: Path
) -> None:
    """Skipped while the last fetch is recent, which is reported; a named period always fetches."""
    configure(emulator, tmp_path, '[schedule]\nfetch_every = "4h"')

    def fetched(result: Result) -> bool:
        assert done(result) == ["2026-10"]
        return result.stderr.count("Fetched") == 2

    assert fetched(start("2026-11-02T06:00"))
    young = start("2026-11-02T09:29")
    assert not fetched(young)
    assert (
        "Not fetched: the last fetch began at 2026-11-02 06:00 UTC, "
        "the next is due at 2026-11-02 09:30 UTC."
    ) in young.stderr
    assert fetched(start("2026-11-02T09:59", "--period", "2026-10"))
    assert not fetched(start("2026-11-02T13:00"))
    assert fetched(start("2026-11-02T13:30"))


def test_an_interrupted_fetch_does_not_count(
    emulator: Emulator, start: StartAt, tmp_path: Path, start_emulator: StartEmulator, clock: Clock
) -> None:
    """The next start resumes it, however soon."""
    schedule = '[schedule]\nfetch_every = "4h"'
    dead = start_emulator(customers=ordinary_customers(2, 40, 4), now=clock, generations=())
    configure(dead, tmp_path, schedule)
    assert start("2026-11-02T06:00").exit_code == 1
    configure(emulator, tmp_path, schedule)
    soon = start("2026-11-02T06:01")
    assert done(soon) == ["2026-10"]
    assert soon.stderr.count("Fetched") == 2
    assert clock.now + timedelta(hours=3) < datetime(2026, 11, 2, 10, 1, tzinfo=UTC)
