"""Makes a provider's folder as version 0.1.0 leaves it after rendering, archiving and mailing.

It has to be run with that version, which is commit 96a950d, in a checkout of its own:

    git worktree add ../of-0.1.0 96a950d
    cd ../of-0.1.0 && make setup
    PYTHONPATH=. .venv/bin/python …/tests/upgrade/make_0_1_0.py …/tests/upgrade/of_0.1.0.tar.xz

Everything in it is made up. The service was asked once a day, as that version's starter
configuration had it, last at 06:00 on the first of November.
"""

from __future__ import annotations

import json
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reporter import __version__
from reporter.cli.main import cli
from reporter.cli.options import Console
from reporter.model import Answer, Customer, Reply, Snapshot
from reporter.store import Store
from tests.builders import make_answers, make_job, make_product, make_protected, make_row
from tests.conftest import set_clock
from tests.delivery.mail_server import Accounts, mail_server

FIRST = datetime(2026, 9, 28, 6, tzinfo=UTC)
LAST = datetime(2026, 11, 1, 6, tzinfo=UTC)
CUSTOMERS = [
    Customer(f"{number}0000000-0000-0000-0000-000000000000", name)
    for number, name in enumerate(
        ("Mailed Ltd", "Approved Ltd", "Queued Ltd", "Dropped Ltd", "Unsent Ltd"), 1
    )
]
MAILED, APPROVED, QUEUED, DROPPED, UNSENT = CUSTOMERS


def configuration(port: int) -> str:
    """A mail server on this machine, and an address for each customer but one."""
    lines = [
        "[report]",
        'depth = "page"',
        "[mail]",
        'host = "127.0.0.1"',
        f"port = {port}",
        'security = "none"',
        'from = "Provider Reports <reports@provider.example>"',
        'formats = ["json"]',
    ]
    for customer in CUSTOMERS:
        address = f"it@{customer.name.split()[0].lower()}.example"
        goes = "send = false" if customer is UNSENT else f'recipients = "{address}"'
        lines += ["[[customers]]", f'id = "{customer.id}"', goes]
    return "\n".join(lines)


def answers(customer: Customer, at: datetime) -> tuple[Answer, ...]:
    """The other answers, under the customer's own addresses."""
    plain = make_answers([make_protected()], [make_product()], at=at)
    url = f"https://graph.example/partner/customers/{customer.id}"
    return tuple(
        replace(
            answer,
            replies=tuple(replace(each, url=f"{url}/{answer.kind}") for each in answer.replies),
        )
        for answer in plain
    )


def snapshots(customer: Customer) -> Iterator[Snapshot]:
    """Once a day, of a module that runs each night, one that fails and one that is switched off."""
    for day in range((LAST - FIRST).days + 1):
        at = FIRST + timedelta(days=day)
        night = f"{at:%Y-%m-%d}T01:00:00Z"
        failing: dict[str, Any] = {"status": "Failed", "successfulCount": "0", "failedCount": "100"}
        rows = [
            make_job(night, backupSize="0 GB", name="N/A"),
            make_job(night, jobModule="OneDrive", name="N/A", **failing),
            make_job(night, jobModule="SharePoint Online", backupSize="0 GB", name="N/A"),
            make_row(jobModule="Power BI", status="Disabled"),
        ]
        body = json.dumps({"value": rows}).encode()
        url = f"https://graph.example/partner/customers/{customer.id}/jobs?page=1"
        reply = Reply(url, at, f"req-{at:%m%d}", body)
        yield Snapshot(customer, (reply,), answers(customer, at))


def reporter(*words: str, status: int = 0) -> str:
    """What a command of version 0.1.0 prints."""
    result = CliRunner().invoke(cli, list(words), obj=Console())
    if result.exit_code != status:
        sys.exit(f"{' '.join(words)}: {result.output}")
    return result.stdout


def main(target: Path) -> None:
    if __version__ != "0.1.0":
        sys.exit(f"This is version {__version__}, and it takes 0.1.0.")
    accounts = Accounts(recipient_replies={"it@dropped.example": "550 5.1.1 nobody here"})
    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as patch,
        mail_server(accounts) as port,
    ):
        patch.chdir(folder)
        set_clock(patch, LAST + timedelta(minutes=10))
        Path("reporter.toml").write_text(configuration(port), "utf-8")
        Path("reporter.toml").chmod(0o600)
        with closing(Store.open("sqlite:///reporter.db")) as store:
            for customer in CUSTOMERS:
                for snapshot in snapshots(customer):
                    store.record_customers([customer], snapshot.replies)
                    store.record(snapshot)
        of_october = ("--period", "2026-10")
        both = ("--customer", MAILED.id, "--customer", APPROVED.id)
        reporter("render", *of_october, "--format", "json")
        reporter("render", *of_october, *both)
        reporter("archive", *of_october, *both)
        for customer in (MAILED, DROPPED, APPROVED):
            reporter("approve", *of_october, "--yes", "--customer", customer.id)
        reporter("send", *of_october, "--customer", MAILED.id)
        # That version lets a person drop only what was refused.
        reporter("send", *of_october, "--customer", DROPPED.id, status=1)
        reporter("send", *of_october, "--customer", QUEUED.id)
        (row,) = json.loads(reporter("outbox", "--customer", DROPPED.id, "--json"))
        reporter("outbox", "resolve", str(row["id"]), "--drop")
        assert len(accounts.arrived) == 1
        Path("was-here").write_text(folder, "utf-8")
        with tarfile.open(target, "w:xz") as tar:
            tar.add(folder, ".")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
