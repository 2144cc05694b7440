"""The store fails in the middle of sending: what it cannot record is not sent, or not
sent again.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import Run
from tests.delivery.conftest import Configure
from tests.delivery.mail_server import Accounts, counted, mail_server
from tests.delivery.test_send import rows
from tests.store.conftest import postgresql, start_postgresql

__all__ = ["postgresql", "start_postgresql"]

ROOT = Path(__file__).parents[2]
STEPS = ("before the message is whole", "before the server has said that it took it")


@dataclass
class Watchful(Accounts):
    """Does something at a step of the second message."""

    step: str = ""
    then: Callable[[], object] = bool

    async def handle_RCPT(self, *arguments: Any) -> str:
        if len(self.arrived) == 1:
            self._do(STEPS[0])
        return await super().handle_RCPT(*arguments)

    async def handle_DATA(self, *arguments: Any) -> str:
        reply = await super().handle_DATA(*arguments)
        if len(self.arrived) == 2:
            self._do(STEPS[1])
        return reply

    def _do(self, step: str) -> None:
        if step == self.step:
            self.step = ""
            self.then()


@pytest.fixture
def accounts() -> Iterator[Watchful]:
    accounts = Watchful()
    with mail_server(accounts) as port:
        accounts.port = port
        yield accounts


def nothing_is_lost_or_doubled(run: Run, accounts: Watchful, step: str) -> None:
    """The same command sends what has not gone; a person settles what may have."""
    result = run("send")
    if step == STEPS[0]:
        assert result.exit_code == 0, result.output
    else:
        assert result.exit_code == 1
        assert "cut short before the other side had answered" in result.stderr
        assert Counter(row["state"] for row in rows(run)) == {"sent": 2, "uncertain": 1}
        (uncertain,) = rows(run, "--state", "uncertain")
        assert run("outbox", "resolve", uncertain["id"], "--sent").exit_code == 0
        assert run("send").exit_code == 0
    assert {row["state"] for row in rows(run)} == {"sent"}
    listed = {(row["message_id"], row["recipient"]): 1 for row in rows(run)}
    assert counted(accounts) == listed
    assert len(listed) == 3


@pytest.mark.parametrize("step", STEPS)
def test_a_full_disk_while_sending(
    run: Run, accounts: Watchful, office: Configure, tmp_path: Path, step: str
) -> None:
    """From one write to the next the process can no longer extend any file."""
    office(in_mail=('approval = "none"',))
    accounts.step = step
    # Coverage would write its data, and complain: no file of the process can grow any more.
    unmeasured = {name: text for name, text in os.environ.items() if "COVERAGE" not in name}
    environment = unmeasured | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "reporter", "send"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        accounts.then = lambda: resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, 0))
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1, errors
    assert "Error: The store " in errors
    assert "run the same command again" in errors
    assert "Traceback" not in errors
    assert accounts.step == ""
    assert len(accounts.arrived) == 1 + STEPS.index(step)
    nothing_is_lost_or_doubled(run, accounts, step)


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_a_database_that_disconnects(
    run: Run,
    accounts: Watchful,
    office: Configure,
    postgresql: Callable[[], str],
    step: str,
) -> None:
    """PostgreSQL ends every connection, including the one that holds the outbox."""
    url = postgresql()
    customers = [customer["id"] for customer in json.loads(run("customers", "--json").stdout)]
    lines = [
        f'[[customers]]\nid = "{customer}"\nrecipients = "it@fine.example"'
        for customer in customers
    ]
    office("[store]", f'url = "{url}"', *lines, in_mail=('approval = "none"',))
    for command in (("fetch",), ("render", "--format", "json")):
        assert run(*command, "--quiet").exit_code == 0

    def end_all() -> None:
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    accounts.step, accounts.then = step, end_all
    result = run("send")
    assert result.exit_code == 1
    assert "The database cannot be reached." in result.stderr
    assert accounts.step == ""
    assert len(accounts.arrived) == 1 + STEPS.index(step)
    nothing_is_lost_or_doubled(run, accounts, step)
