"""The sender killed at any instant: nobody gets a report twice, nobody is left out."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reporter.files import file_hash, folder_names
from reporter.model import Customer, DeliveryState
from reporter.render.json_ import report_dict
from reporter.store import Store
from reporter.store.outbox import deliveries_of
from reporter.store.versions import Version, keep_version
from tests.builders import make_job, make_report
from tests.delivery.mail_server import Accounts, counted
from tests.store.test_store import snapshot_of

KILLS = 200
CUSTOMERS = [Customer(f"c{number}", f"Customer {number}") for number in range(6)]
PERIODS = [f"{year}-{month:02}" for year in range(2000, 2026) for month in range(1, 13)]
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass
class Sender:
    """Runs `reporter send` in children that can be killed."""

    process: subprocess.Popen[str]

    def begin(self, period: str) -> int:
        """Send a period in the process itself; the exit status."""
        self._tell(period)
        return int(self._hear())

    def _tell(self, period: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(["send", "--period", period]) + "\n")
        self.process.stdin.flush()

    def _hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def send(self, period: str, kill_after_s: float | None = None) -> int:
        """Send a period; the exit status: below zero if killed by that signal."""
        self._tell(period)
        child = int(self._hear())
        if kill_after_s is not None:
            time.sleep(kill_after_s)
            # It may have ended by itself; its number is not reused before its end is reported.
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        return int(self._hear())


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Sender]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.delivery.sender"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Sender(process)
        process.kill()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{tmp_path / 'reporter.db'}")
    replies = snapshot_of([], NOW).replies
    store.record_customers(CUSTOMERS, replies)
    yield store
    store.close()


def configure(folder: Path, port: int) -> None:
    """Two recipients for each customer, without approval."""
    lines = [
        "[mail]",
        'host = "127.0.0.1"',
        f"port = {port}",
        'security = "none"',
        'from = "reports@provider.example"',
        'approval = "none"',
        'formats = ["json"]',
    ]
    for customer in CUSTOMERS:
        lines += ["[[customers]]", f'id = "{customer.id}"']
        lines += [f'recipients = "it@{customer.id}.example"', f'cc = "boss@{customer.id}.example"']
    (folder / "reporter.toml").write_text("\n".join(lines), "utf-8")


def keep_reports(
    store: Store, folder: Path, figures: dict[str, Any], period: str, *, closed: bool = True
) -> None:
    """A report of each customer, as if it had been rendered."""
    for customer in CUSTOMERS:
        name = folder_names(CUSTOMERS)[customer.id]
        path = folder / "reports" / period / name / f"{name}-backup-report-{period}.json"
        path.parent.mkdir(parents=True)
        report = figures | {"customer": {"id": customer.id, "name": customer.name}}
        path.write_text(json.dumps(report), "utf-8")
        version = Version(
            number=1,
            made_at=NOW,
            as_of=NOW,
            program="1",
            program_sha256="p",
            closed=closed,
            basis="b",
            checked="b",
            look="l",
            configuration="c",
            restates=None,
            figures_sha256=f"{customer.id} {period}",
            redefined_sha256=None,
            redefined_by=None,
            standing="{}",
            files={str(path): file_hash(path)},
        )
        keep_version(store, customer, period, version, report)


@pytest.mark.slow
def test_killed_two_hundred_times(
    accounts: Accounts, sender: Sender, store: Store, tmp_path: Path
) -> None:
    """What is sent has arrived once; what is uncertain once or not at all; nothing else is left.

    The kills fall into every step of the exchange, from before there is a connection to after the
    server has taken a message.
    """
    accounts.slow_s = 0.012
    configure(tmp_path, accounts.port)
    figures = report_dict(make_report([make_job()]))
    periods = iter(PERIODS)
    keep_reports(store, tmp_path, figures, "2026-10")
    assert sender.begin("2026-10") == 0
    used, kills = ["2026-10", next(periods)], 0
    keep_reports(store, tmp_path, figures, used[-1])
    began = time.perf_counter()
    assert sender.send(used[-1]) == 0
    whole_s = time.perf_counter() - began
    while kills < KILLS:
        used.append(next(periods))
        keep_reports(store, tmp_path, figures, used[-1])
        while (ended := sender.send(used[-1], random.uniform(0, whole_s))) < 0:
            kills += 1
        assert ended in (0, 1)  # some may be uncertain
    for period in used:
        assert sender.send(period) in (0, 1)
    arrived = counted(accounts)
    rows = deliveries_of(store)
    assert len(rows) == 2 * len(CUSTOMERS) * len(used)
    times = Counter((row.state, arrived[row.message_id, row.recipient]) for row in rows)
    uncertain = sum(count for (state, _), count in times.items() if state == "uncertain")
    assert times.keys() <= {
        (DeliveryState.SENT, 1),
        (DeliveryState.UNCERTAIN, 0),
        (DeliveryState.UNCERTAIN, 1),
    }, times
    assert uncertain <= 2 * kills
    assert arrived.keys() == {
        (row.message_id, row.recipient)
        for row in rows
        if (row.state, arrived[row.message_id, row.recipient]) != (DeliveryState.UNCERTAIN, 0)
    }
    steps = {"EHLO", "MAIL", "RCPT", "DATA", "taken"}
    assert steps <= set(accounts.cut_at), Counter(accounts.cut_at)
