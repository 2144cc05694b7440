"""Typical mistakes of newcomers to delivery, and the messages they get."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.delivery.conftest import Configure
from tests.delivery.mail_server import Accounts
from tests.delivery.test_send import states


@pytest.mark.parametrize("command", [("send",), ("approve",), ("send", "--dry-run")])
def test_nowhere_to_deliver_is_reported_first(run: Run, command: tuple[str, ...]) -> None:
    """Before anything else is required, such as reports: nothing is configured at all."""
    result = run(*command)
    assert result.exit_code == 2
    assert "No destination for reports is configured." in result.stderr
    assert "[mail]" in result.stderr


def test_senseless_options_are_refused(run: Run, tmp_path: Path) -> None:
    """Options that cannot be combined, or are not a period or an address, with what to write
    instead.
    """
    (tmp_path / "reporter.toml").write_text('[delivery]\nfolder = "share"\n', "utf-8")
    for command, message in (
        (("send", "--to", "me@provider.example"), "Set `host` and `from` in [mail]"),
        (("send", "--to", "a@b.example, c@d.example"), "Write --to me@provider.example"),
        (("send", "--to", "me"), "separate several with commas"),
        (("send", "--to", "me@provider.example", "--dry-run"), "messages to files"),
        (("send", "--period", "last"), "Write 2026-10"),
        (("outbox", "--period", "2026-13"), "Write 2026-10"),
        (("outbox", "resolve", "7", "--sent"), "Run `reporter fetch` first"),
        (("outbox", "resolve", "7"), "Give one of --sent, --again, --drop."),
        (("approve", "--yes"), "Run `reporter fetch` first"),
    ):
        result = run(*command)
        assert result.exit_code == 2, command
        assert message in result.stderr, command


@pytest.mark.usefixtures("office")
def test_the_outbox_of_a_month(run: Run) -> None:
    """Its deliveries and no others."""
    run("approve", "--yes", "--period", "2026-10")
    assert len(json.loads(run("outbox", "--json", "--period", "2026-10").stdout)) == 3
    assert json.loads(run("outbox", "--json", "--period", "2026-09").stdout) == []


def test_a_server_fault_is_reported_for_each_and_its_remedy_once(
    run: Run, accounts: Accounts, office: Configure
) -> None:
    """Three customers, one wrong log-in: three lines, one hint; all stay approved."""
    office(in_mail=('approval = "none"', 'username = "u"', 'password = "wrong"'))
    result = run("send")
    assert result.exit_code == 1
    assert result.stderr.count("Not sent: ") == 3
    assert result.stderr.count("Nothing was sent through it") == 1
    assert set(states(run).values()) == {"approved"}
    assert accounts.arrived == []
