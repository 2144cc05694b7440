"""Customers with names that would be headers, commands to a terminal or another customer's line."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.conftest import Run
from tests.delivery.conftest import Configure, office_in
from tests.delivery.mail_server import Accounts
from tests.delivery.receivers import Receiver, Replies
from tests.delivery.test_send import FILES, messages, rows
from tests.world import Worlds

EVIL = (
    "Evil\r\nBcc: eve@evil.example\r\n\r\nBody"
    "\x1b[2J\x1b]0;owned\x07\x9b31m\u202egro\u2066\u200f\u2028<!channel>"
)
"""A header, a body, terminal control sequences, reversed text, a mention of a whole chat."""
SHOWN = "Evil Bcc: eve@evil.example Body"
NOT_FOR_A_TERMINAL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


@pytest.fixture
def evil(
    run: Run, worlds: Worlds, office: Configure, formats: tuple[str, ...], tmp_path: Path
) -> dict[str, Any]:
    """The first customer goes by that name, and its report is rendered."""
    customers: list[dict[str, Any]] = json.loads(run("customers", "--json").stdout)
    lines = [
        f'[[customers]]\nid = "{customer["id"]}"\nrecipients = "it{number}@fine.example"'
        for number, customer in enumerate(customers)
    ]
    lines[0] += f"\nname = {json.dumps(EVIL)}"
    office(*lines)

    def rendered(folder: Path) -> None:
        worlds.copy(office_in(formats), folder)
        shutil.copy(tmp_path / "reporter.toml", folder)
        assert run("render", "--quiet", "--format", ",".join(formats)).exit_code == 0

    worlds.begin(f"evil-{office_in(formats)}", tmp_path, rendered)
    office(*lines)
    return customers[0] | {"lines": lines}


def harmless(result: Result) -> Result:
    """Nothing in it controls a terminal, and no line begins as the name tries to make one begin."""
    for output in (result.stdout, result.stderr):
        assert not NOT_FOR_A_TERMINAL.search(output), repr(output)
        assert not any(line.startswith(("Bcc", "Body")) for line in output.splitlines())
    return result


@pytest.mark.parametrize("formats", [FILES])
def test_a_name_cannot_add_a_header_or_a_recipient(
    run: Run, accounts: Accounts, evil: dict[str, Any]
) -> None:
    """It appears in subject and body on one line; the message goes to the right recipient and looks
    like every other.
    """
    run("approve", "--yes")
    result = harmless(run("send"))
    assert result.exit_code == 0, result.output
    assert sorted(message.recipients for message in accounts.arrived) == [
        [f"it{number}@fine.example"] for number in range(3)
    ]
    mails = {mail["To"]: mail for mail in messages(accounts)}
    mail = mails["it0@fine.example"]
    assert mail.keys() == mails["it1@fine.example"].keys()
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith(SHOWN)
    assert not NOT_FOR_A_TERMINAL.search(mail["Subject"])
    body = mail.get_body(("plain",))
    assert body is not None
    assert SHOWN in body.get_content()
    assert not NOT_FOR_A_TERMINAL.search(body.get_content().replace("\r\n", "\n"))
    names = [part.get_filename() or "" for part in mail.iter_attachments()]
    assert all(re.fullmatch(r"evil-bcc-[\w-]+\.(pdf|xlsx)", name) for name in names), names


def test_every_command_says_it_on_one_line(
    run: Run, accounts: Accounts, office: Configure, evil: dict[str, Any], tmp_path: Path
) -> None:
    """Lists, questions, refusals and errors; the JSON has the name unchanged, in plain letters."""
    output = harmless(run("approve", "--yes", "--customer", evil["id"])).stdout
    assert any(
        line.startswith(SHOWN) and "2026-10, version" in line for line in output.splitlines()
    )
    accounts.recipient_replies = {"it0@fine.example": "550 5.1.1 no\x1b[31m such \x9b user"}
    assert "550 5.1.1 no" in harmless(run("send")).stderr
    for words in (["outbox"], ["customers"], ["render", "--format", "json"], ["fetch"]):
        harmless(run(*words))
    listed = harmless(run("outbox")).stdout.splitlines()
    assert len(listed) == 3
    assert len([line for line in listed if SHOWN in line]) == 1
    for name in ("outbox", "customers"):
        listing = json.loads(harmless(run(name, "--json")).stdout)
        assert [entry["name"] for entry in listing].count(EVIL) == 1
    (refused,) = rows(run, "--state", "refused")
    assert SHOWN in harmless(run("outbox", "resolve", refused["id"], "--again")).stdout
    for path in tmp_path.glob("reports/2026-10/evil*/*.json"):
        path.unlink()
    assert "cannot be read" in harmless(run("send")).stderr
    office(*(line.replace("it0@fine.example", "") for line in evil["lines"]))
    result = harmless(run("send"))
    assert any(
        line.startswith(f"Not queued: {SHOWN}") and line.endswith("has no recipients.")
        for line in result.stderr.splitlines()
    )


def test_a_chat_is_not_called_by_a_name(run: Run, office: Configure, evil: dict[str, Any]) -> None:
    """One line of text; the customer's name is data of its own, unchanged."""
    with Receiver(Replies(200)) as receiver:
        office(*evil["lines"], "[delivery]", f'webhook = "{receiver.url}"')
        run("approve", "--yes", "--customer", evil["id"])
        result = harmless(run("send", "--customer", evil["id"]))
        assert result.exit_code == 0, result.output
        (posted,) = receiver.received
    summary = json.loads(posted.body)
    assert summary["customer"]["name"] == EVIL
    assert "<!channel>" not in summary["text"]
    assert not NOT_FOR_A_TERMINAL.search(summary["text"])


def test_a_name_in_a_letter_to_oneself(run: Run, accounts: Accounts, evil: dict[str, Any]) -> None:
    """And in the files of a dry run: messages are made in one way only."""
    assert harmless(run("send", "--to", "me@provider.example")).exit_code == 0
    assert {tuple(message.recipients) for message in accounts.arrived} == {("me@provider.example",)}
    assert all(mail["Bcc"] is None for mail in messages(accounts))
    written = harmless(run("send", "--dry-run")).stdout.splitlines()
    assert len(written) == 3
    assert not any(b"\nBcc:" in Path(path).read_bytes() for path in written)
