"""A provider's folder left by version 0.1.0, as a newer program finds it."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from reporter.model import Answer, Customer, Reply, Snapshot
from reporter.store import Store
from reporter.store.outbox import deliveries_of
from reporter.store.versions import Version, versions_of
from tests.builders import make_answers, make_job, make_product, make_protected, make_row
from tests.conftest import Clock, Run, set_clock
from tests.delivery.mail_server import Accounts, mail_server
from tests.world import move_reports

OF_0_1_0 = Path(__file__).parent / "of_0.1.0.tar.xz"
LAST = datetime(2026, 11, 1, 6, tzinfo=UTC)
"""When version 0.1.0 last asked."""
NAMES = ("Mailed Ltd", "Approved Ltd", "Queued Ltd", "Dropped Ltd", "Unsent Ltd")
CUSTOMERS = {
    name: Customer(f"{number}0000000-0000-0000-0000-000000000000", name)
    for number, name in enumerate(NAMES, 1)
}


@dataclass
class Upgraded:
    """That folder, and the commands of this program in it."""

    folder: Path
    run: Run
    clock: Clock
    accounts: Accounts

    def reporter(self, *words: str, status: int = 0) -> Result:
        result = self.run(*words)
        assert result.exit_code == status, result.output
        return result

    def render(self, *words: str, status: int = 0) -> Result:
        """The reports of October, as JSON."""
        options = ("--period", "2026-10", "--format", "json", "--workers", "1")
        return self.reporter("render", *options, *words, status=status)

    def snapshot_at(self, at: datetime, name: str, *late: dict[str, Any]) -> None:
        """Record a further snapshot of a customer: its jobs are unchanged except for `late` ones
        and last night's.
        """
        customer = CUSTOMERS[name]
        night = f"{at:%Y-%m-%d}T01:00:00Z"
        failing: dict[str, Any] = {"status": "Failed", "successfulCount": "0", "failedCount": "100"}
        rows: Sequence[dict[str, Any]] = [
            make_job(night, backupSize="0 GB", name="N/A"),
            make_job(night, jobModule="OneDrive", name="N/A", **failing),
            make_job(night, jobModule="SharePoint Online", backupSize="0 GB", name="N/A"),
            make_row(jobModule="Power BI", status="Disabled"),
            *late,
        ]
        url = f"https://graph.example/partner/customers/{customer.id}/jobs?page=1"
        reply = Reply(url, at, f"req-{at:%m%d%H}", json.dumps({"value": rows}).encode())
        with closing(self.store()) as store:
            store.record_customers(list(CUSTOMERS.values()), (reply,))
            store.record(Snapshot(customer, (reply,), _answers(customer, at)))

    def asked_all(self, at: datetime) -> None:
        for name in NAMES:
            self.snapshot_at(at, name)

    def store(self) -> Store:
        return Store.open(f"sqlite:///{self.folder / 'reporter.db'}")

    def outbox(self) -> dict[str, list[tuple[int, str]]]:
        """By customer: the versions to be sent, and their state."""
        rows: dict[str, list[tuple[int, str]]] = {name: [] for name in NAMES}
        with closing(self.store()) as store:
            for row in deliveries_of(store):
                rows[row.customer.name].append((row.version, row.state.value))
        return rows

    def versions(self, name: str) -> tuple[Version, ...]:
        with closing(self.store()) as store:
            return versions_of(store, CUSTOMERS[name], "2026-10")

    def numbers(self) -> dict[str, list[int]]:
        """By customer: the existing versions."""
        return {name: [version.number for version in self.versions(name)] for name in NAMES}

    def report(self, name: str) -> dict[str, Any]:
        """The JSON of a customer's newest report."""
        slug = name.lower().replace(" ", "-")
        path = self.folder / "reports" / "2026-10" / slug / f"{slug}-backup-report-2026-10.json"
        content: dict[str, Any] = json.loads(path.read_bytes())
        return content


def _answers(customer: Customer, at: datetime) -> tuple[Answer, ...]:
    """The other answers, under the customer's own addresses."""
    answers = make_answers([make_protected()], [make_product()], at=at)
    url = f"https://graph.example/partner/customers/{customer.id}"
    return tuple(
        replace(
            answer,
            replies=tuple(replace(each, url=f"{url}/{answer.kind}") for each in answer.replies),
        )
        for answer in answers
    )


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder, with its store opened by this program; made once."""
    folder = tmp_path_factory.mktemp("of-0.1.0")
    with tarfile.open(OF_0_1_0) as tar:
        tar.extractall(folder, filter="data")
    Store.open(f"sqlite:///{folder / 'reporter.db'}").close()
    return folder


@pytest.fixture
def upgraded(
    run: Run, opened: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Upgraded]:
    """A day after version 0.1.0 had worked in it."""
    shutil.copytree(opened, tmp_path, dirs_exist_ok=True)
    move_reports(tmp_path / "reporter.db", Path((tmp_path / "was-here").read_text("utf-8")))
    accounts = Accounts()
    with mail_server(accounts) as port:
        path = tmp_path / "reporter.toml"
        lines = path.read_text("utf-8").splitlines()
        lines = [f"port = {port}" if line.startswith("port") else line for line in lines]
        path.write_text("\n".join(lines), "utf-8")
        path.chmod(0o600)
        clock = set_clock(monkeypatch, LAST + timedelta(days=1))
        yield Upgraded(tmp_path, run, clock, accounts)
