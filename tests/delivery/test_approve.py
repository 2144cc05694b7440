"""`reporter approve`: silence is not approval, and approval can be taken back until the mail is
sent.
"""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from reporter.store import Store
from reporter.store.outbox import claim, deliveries_of
from tests.conftest import Run
from tests.delivery.conftest import Configure
from tests.delivery.mail_server import Accounts
from tests.delivery.test_send import rows, states

ROOT = Path(__file__).parents[2]
END_OF_INPUT, INTERRUPT = b"\x04", b"\x03"
"""What Ctrl-D and Ctrl-C are to a terminal."""

pytestmark = pytest.mark.usefixtures("office")


def asked_on_a_terminal(folder: Path, answers: list[bytes], *options: str) -> tuple[int, str]:
    """`reporter approve` on a terminal that answers each question; its exit status and output."""
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "reporter", "approve", *options]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        preexec_fn=_take_the_terminal,
    )
    os.close(terminal)
    output, given_count = "", 0
    until = time.monotonic() + 120
    try:
        while time.monotonic() < until:
            if select.select([controller], [], [], 5)[0]:
                try:
                    output += os.read(controller, 4096).decode()
                except OSError:  # Linux says so where the other end is closed
                    break
            elif given_count and answers[given_count - 1] == INTERRUPT:
                os.write(controller, INTERRUPT)  # Python misses one that comes just before it reads
            if given_count < min(len(answers), output.count("Approve?")):
                os.write(controller, answers[given_count])
                given_count += 1
        return process.wait(60), output
    finally:
        process.kill()
        os.close(controller)


def _take_the_terminal() -> None:
    import fcntl
    import signal
    import termios

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # which tests in the background ignore
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_without_a_terminal_nothing_is_approved(run: Run) -> None:
    """`ssh host reporter approve`, cron, a wrapper: nobody has said yes."""
    for options in ((), ("--unless-odd",), ("--period", "2026-10")):
        result = run("approve", *options)
        assert result.exit_code == 2
        assert "There is no terminal to ask on" in result.stderr
        assert "--yes" in result.stderr
        assert "approved, " not in result.stdout
    assert "approved" not in states(run).values()
    assert run("approve", "--yes").exit_code == 0
    assert set(states(run).values()) == {"approved"}


@pytest.mark.parametrize("closed", [False, True])
def test_with_standard_input_empty_or_closed_nothing_is_approved(
    closed: bool, run: Run, tmp_path: Path
) -> None:
    """As when services and containers start a command."""
    command = f"{sys.executable} -m reporter approve <{'&-' if closed else '/dev/null'}"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "There is no terminal to ask on" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminal_asks_about_each_and_end_of_input_means_no(run: Run, tmp_path: Path) -> None:
    """Yes to the first, Ctrl-D at the second, an empty line at the third."""
    status, output = asked_on_a_terminal(tmp_path, [b"y\n", END_OF_INPUT, b"\n"])
    assert status == 0, output
    assert output.count("Approve?") == 3
    assert output.count("approved, 1 delivery") == 1
    assert [row["state"] for row in rows(run)] == ["approved", "queued", "queued"]


def test_an_interrupt_at_the_question_stops_it(run: Run, tmp_path: Path) -> None:
    """Ctrl-C is not an answer: what was approved before stays, and no further question is asked."""
    status, output = asked_on_a_terminal(tmp_path, [b"y\n", INTERRUPT])
    assert status == 130, output
    assert output.count("Approve?") == 2
    assert "Interrupted." in output
    assert [row["state"] for row in rows(run)][:2] == ["approved", "queued"]


def test_what_was_approved_is_taken_back(run: Run, accounts: Accounts) -> None:
    """For one customer or for all, each named with who did it; nothing is sent without new
    approval.
    """
    run("approve", "--yes")
    first = rows(run)[0]
    result = run("approve", "--take-back", "--customer", first["customer"])
    assert result.exit_code == 0, result.output
    (line,) = result.stdout.splitlines()
    assert line.startswith("taken back by ")
    assert line.endswith(f"  2026-10  {first['name']}  {first['recipient']}")
    assert [row["state"] for row in rows(run)] == ["queued", "approved", "approved"]
    assert rows(run)[0]["reason"].startswith("taken back by ")
    result = run("approve", "--take-back")
    assert len(result.stdout.splitlines()) == 2
    assert run("send").exit_code == 0
    assert accounts.arrived == []
    assert set(states(run).values()) == {"queued"}
    result = run("approve", "--take-back")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Nothing was taken back." in result.stderr
    run("approve", "--yes")
    assert run("send").exit_code == 0
    assert len(accounts.arrived) == 3


def test_what_failed_and_would_be_tried_again_is_taken_back(run: Run, accounts: Accounts) -> None:
    """It is released just like what was never tried."""
    run("approve", "--yes")
    accounts.recipient_replies = {"it0@customer0.example": "451 4.7.1 later"}
    run("send")
    result = run("approve", "--take-back")
    assert "it0@customer0.example" in result.stdout
    row = {delivery["recipient"]: delivery for delivery in rows(run)}["it0@customer0.example"]
    assert (row["state"], row["retry_at"], row["tries"]) == ("queued", None, 1)


def test_a_delivery_sent_or_on_its_way_is_not_taken_back(
    run: Run, accounts: Accounts, store: Store
) -> None:
    """The deliveries are named, and the exit status is 1; the rest is still taken back."""
    run("approve", "--yes")
    first, second, third = deliveries_of(store)
    claim(store, [first.id], first.changed_at)
    run("send", "--customer", second.customer.id)  # finds that the first was cut short
    claim(store, [third.id], third.changed_at)
    result = run("approve", "--take-back")
    assert result.exit_code == 1
    assert result.stdout == ""
    for row, words in (
        (first, "is uncertain: it may have arrived"),
        (second, "has been sent"),
        (third, "is on its way"),
    ):
        delivery = (
            f"{row.customer.name}, 2026-10: delivery {row.id} (mail, {row.recipient}) {words}."
        )
        assert f"Not taken back: {delivery}\n" in result.stderr
    assert sorted(row.state for row in deliveries_of(store)) == ["sending", "sent", "uncertain"]


def test_a_correction_is_taken_back_though_the_former_version_was_sent(
    run: Run, accounts: Accounts, store: Store
) -> None:
    """Nobody asks about the version that was sent: everything requested is done."""
    run("approve", "--yes")
    assert run("send").exit_code == 0
    first = deliveries_of(store)[0]
    name = first.customer.name
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPORTER_REPORT__TARGET_SUCCESS_RATE", "0.5")
        corrected = run("render", "--quiet", "--customer", name, "--format", "json")
        assert corrected.exit_code == 0, corrected.output
        assert run("approve", "--yes", "--customer", name).exit_code == 0
        result = run("approve", "--take-back", "--customer", name)
    assert (result.exit_code, result.stderr) == (0, "")
    assert len(result.stdout.splitlines()) == 1
    assert [(row.version, row.state) for row in deliveries_of(store, customer=first.customer)] == [
        (1, "sent"),
        (2, "queued"),
    ]


def test_what_is_taken_back_while_it_is_being_refused_stays_so(
    run: Run, accounts: Accounts, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its outcome would have it tried again, without the approval it needs again."""
    run("approve", "--yes")
    first = deliveries_of(store)[0]
    accounts.recipient_replies = {first.recipient: "451 4.7.1 later"}
    original = accounts.handle_RCPT

    async def take_back_and_answer(*arguments: Any) -> str:
        run("approve", "--take-back", "--customer", first.customer.id)
        return await original(*arguments)

    monkeypatch.setattr(accounts, "handle_RCPT", take_back_and_answer)
    run("send", "--customer", first.customer.id)
    (row, *_) = deliveries_of(store)
    assert (row.id, row.state, row.retry_at) == (first.id, "queued", None)
    assert row.reason.startswith("taken back by ")
    assert accounts.arrived == []


def test_other_periods_are_taken_back_unless_one_is_named(run: Run, store: Store) -> None:
    """Taking back works like approving."""
    assert run("render", "--quiet", "--format", "json", "--period", "2026-09").exit_code == 0
    for period in ("2026-09", "2026-10"):
        run("approve", "--yes", "--period", period)
    assert run("approve", "--take-back", "--period", "2026-10").stdout.count("  2026-10  ") == 3
    assert {row.state for row in deliveries_of(store, period="2026-09")} == {"approved"}
    assert run("approve", "--take-back").stdout.count("  2026-09  ") == 3
    assert {row.state for row in deliveries_of(store)} == {"queued"}


def test_taking_back_where_nobody_is_asked(run: Run, office: Configure, store: Store) -> None:
    """It would be approved again at once: the remaining way is to drop it, and that lasts."""
    run("approve", "--yes")
    office(in_mail=('approval = "none"',))
    result = run("approve", "--take-back")
    assert result.exit_code == 2
    assert "reporter outbox resolve NUMBER --drop" in result.stderr
    assert {row.state for row in deliveries_of(store)} == {"approved"}


@pytest.mark.parametrize("option", ["--yes", "--unless-odd"])
def test_taking_back_releases_nothing(run: Run, option: str) -> None:
    """Options that say what to release cannot be combined with it."""
    result = run("approve", "--take-back", option)
    assert result.exit_code == 2
    assert "--take-back cannot be combined with --yes or --unless-odd" in result.stderr


@pytest.mark.parametrize("state", ["queued", "approved"])
def test_an_unsent_delivery_can_be_dropped(
    state: str, run: Run, accounts: Accounts, store: Store, office: Configure
) -> None:
    """By its number, like an uncertain, refused or failed one; for good, in any look."""
    run("approve", "--yes")
    first, *others = deliveries_of(store)
    if state == "queued":
        run("approve", "--take-back")
    result = run("outbox", "resolve", first.id, "--drop")
    assert result.exit_code == 0, result.output
    assert result.stdout == f"dropped  {first.customer.name}  {first.recipient}\n"
    office(in_mail=('approval = "none"',))
    assert run("render", "--quiet", "--locale", "de", "--format", "json").exit_code == 0
    assert run("send").exit_code == 0
    assert sorted(message.recipients for message in accounts.arrived) == [
        [row.recipient] for row in others
    ]


@pytest.mark.parametrize("option", ["--sent", "--again"])
def test_an_unsent_delivery_can_be_settled_in_no_other_way(
    option: str, run: Run, store: Store
) -> None:
    """Only `approve` releases it."""
    run("send")
    first = deliveries_of(store)[0]
    result = run("outbox", "resolve", first.id, option)
    assert result.exit_code == 2
    delivery = f"Delivery {first.id} (mail, {first.recipient})"
    assert (
        f"{delivery} is waiting for approval. This settles only deliveries that are uncertain, "
        "refused or failed." in result.stderr
    )
    run("approve", "--yes")
    claim(store, [first.id], first.changed_at)
    result = run("outbox", "resolve", first.id, "--drop")
    assert (
        f"{delivery} is on its way. This settles only deliveries that are queued, approved, "
        in result.stderr
    )
    result = run("outbox", "resolve", 4711, option)
    assert result.exit_code == 2
    assert "There is no delivery 4711." in result.stderr
