"""A server that refuses the sender: sending stops, nobody counts as refused, all are sent later."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reporter.sources.avepoint.emulator import Lists, ordinary_customers
from tests.conftest import Clock, Run, StartEmulator, configure, set_clock
from tests.delivery.mail_server import Accounts, counted
from tests.delivery.receivers import Receiver, Replies
from tests.delivery.test_send import rows
from tests.world import Worlds

NOW = datetime(2026, 11, 3, 6, tzinfo=UTC)
CAST = ordinary_customers(6, 20, 1)
NOT_AS_THIS = (
    "554 5.2.252 SendAsDenied; login@provider.example not allowed to send as "
    "reports@provider.example; STOREDRV.Submission.Exception:SendAsDeniedException"
)
WHAT_FOR = "554 5.3.99 {0} does not please us, id {0}{0}"
"""In unknown words, with the name of each message."""

Configure = Callable[..., None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return set_clock(monkeypatch, NOW)


@pytest.fixture
def deliver(
    run: Run,
    worlds: Worlds,
    start_emulator: StartEmulator,
    accounts: Accounts,
    tmp_path: Path,
    clock: Clock,
) -> Configure:
    """Six customers whose reports are rendered, each with a recipient of its own."""
    emulator = start_emulator(now=lambda: NOW, customers=CAST, lists=Lists.ALL)

    def rendered(folder: Path) -> None:
        write(folder=folder)
        assert run("fetch", "--quiet").exit_code == 0
        assert run("render", "--quiet", "--format", "json").exit_code == 0

    def write(*delivery: str, mail: bool = True, folder: Path = tmp_path) -> None:
        lines = ["[mail]", 'approval = "none"', 'formats = ["json"]']
        if mail:
            lines += ['host = "127.0.0.1"', f"port = {accounts.port}", 'security = "none"']
            lines += ['from = "reports@provider.example"']
        for number, customer in enumerate(CAST):
            lines += ["[[customers]]", f'id = "{customer.id}"']
            lines += [f'name = "Customer {number}"', f'recipients = "it@customer{number}.example"']
        configure(emulator, folder, *lines, "[delivery]", *delivery)

    worlds.begin("six-customers", tmp_path, rendered)
    write()
    return write


def states(run: Run) -> Counter[str]:
    return Counter(row["state"] for row in rows(run))


def arrived_once(run: Run, accounts: Accounts) -> None:
    """Every delivery is sent, and every recipient has the message of it once."""
    listed = {(row["message_id"], row["recipient"]): 1 for row in rows(run)}
    assert states(run) == {"sent": 6}
    assert counted(accounts) == listed


def test_a_known_refusal_of_the_sender_stops_at_once(
    run: Run, accounts: Accounts, deliver: Configure
) -> None:
    """After one message, without blame on any recipient: all six are sent once permission is
    granted.
    """
    accounts.data_replies = [NOT_AS_THIS] * 6
    for tried in (1, 2):
        result = run("send")
        assert result.exit_code == 1
        assert len(accounts.data_replies) == 6 - tried
        assert states(run) == {"approved": 6}
        assert result.stderr.count("refuses to send for reports@provider.example: 554 5.2.252") == 6
        assert result.stderr.count("`from` in [mail], that the account may send as that") == 1
        assert "Refused: " not in result.stderr
    accounts.data_replies = []
    assert run("send").exit_code == 0
    arrived_once(run, accounts)


def test_an_unknown_refusal_of_two_in_the_same_words_stops(
    run: Run, accounts: Accounts, deliver: Configure, clock: Clock
) -> None:
    """Neither is refused permanently: both are tried again, and the four after them wait."""
    accounts.data_replies = [WHAT_FOR.format(f"A{number}") for number in range(6)]
    result = run("send")
    assert result.exit_code == 1
    assert len(accounts.data_replies) == 4
    assert states(run) == {"failed": 2, "approved": 4}
    assert re.search(r"The reports of Customer \d and Customer \d were refused one", result.stderr)
    assert "`from` in [mail]" in result.stderr
    failed = rows(run, "--state", "failed")
    assert [row["reason"] for row in failed] == [WHAT_FOR.format(f"A{number}") for number in (0, 1)]
    assert {(row["tries"], row["retry_at"]) for row in failed} == {(1, "2026-11-03T06:05:00+00:00")}
    was = [change["state"] for change in failed[0]["changes"]]
    assert was == ["approved", "sending", "refused", "failed"]
    accounts.data_replies = []
    assert run("send").exit_code == 1  # two are not due yet
    assert len(accounts.arrived) == 4
    clock.now = datetime(2026, 11, 3, 6, 6, tzinfo=UTC)
    assert run("send").exit_code == 0
    arrived_once(run, accounts)


def test_refusals_that_are_not_alike_or_not_in_a_row_stop_nothing(
    run: Run, accounts: Accounts, deliver: Configure
) -> None:
    """Each concerns its own message, permanently; everybody else gets theirs."""
    spam, virus = "554 5.7.1 looks like spam", "554 5.7.1 looks like a virus"
    accounts.data_replies = [spam, virus, spam, "", spam]
    result = run("send")
    assert result.exit_code == 1
    assert result.stderr.count("Refused: ") == 4
    assert states(run) == {"refused": 4, "sent": 2}


def test_recipients_that_are_refused_alike_stop_nothing(
    run: Run, accounts: Accounts, deliver: Configure
) -> None:
    """Two missing addresses in a row say nothing about the sender."""
    gone = [f"it@customer{number}.example" for number in range(6)]
    accounts.recipient_replies = dict.fromkeys(gone[:5], "550 5.1.1 User unknown")
    assert run("send").exit_code == 1
    assert states(run) == {"refused": 5, "sent": 1}


def test_what_somebody_has_settled_meanwhile_is_not_tried_again(
    run: Run, accounts: Accounts, deliver: Configure, tmp_path: Path
) -> None:
    """The first refusal is dropped by a person before the second one comes."""
    customers = json.loads(run("customers", "--json").stdout)
    accounts.data_replies = [WHAT_FOR.format(f"A{number}") for number in range(6)]

    async def drop_the_first(*arguments: Any) -> str:
        if len(accounts.data_replies) == 5:
            (first,) = rows(run, "--state", "refused")
            assert run("outbox", "resolve", first["id"], "--drop").exit_code == 0
        return await Accounts.handle_RCPT(accounts, *arguments)

    accounts.handle_RCPT = drop_the_first  # type: ignore[assignment, method-assign]
    assert run("send").exit_code == 1
    assert len(customers) == 6
    assert states(run) == {"dropped": 1, "failed": 1, "approved": 4}


def test_a_web_address_that_refuses_every_report_stops_as_well(
    run: Run, deliver: Configure, clock: Clock
) -> None:
    """An expired chat address is not the fault of six customers."""
    with Receiver(Replies(404, b"no_team")) as receiver:
        deliver(f'webhook = "{receiver.url}/hook/T0K3N"', mail=False)
        result = run("send")
        assert result.exit_code == 1
        assert len(receiver.received) == 2
        assert states(run) == {"failed": 2, "approved": 4}
        assert "Check `webhook` in [delivery]" in result.stderr
        assert "T0K3N" not in result.output
        receiver.answers = [Replies(200)]
        clock.now = datetime(2026, 11, 3, 6, 6, tzinfo=UTC)
        assert run("send").exit_code == 0
        assert states(run) == {"sent": 6}
        assert len(receiver.received) == 8
