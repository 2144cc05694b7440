"""`reporter send` through a Postfix like a provider's, and what then arrives in the mailboxes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reporter.store import Store
from reporter.store.outbox import deliveries_of
from tests.conftest import Run
from tests.delivery.conftest import Configure
from tests.delivery.postfix import Postfix, missing, postfix
from tests.delivery.test_send import FILES, attached, rows, states

MAILBOXES = [f"it{number}@customer{number}.example" for number in range(3)]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=missing()),
]


def server_of(server: Postfix, host: str = "localhost", security: str = "starttls") -> Any:
    """The lines of `[mail]` for it."""
    return (f'host = "{host}"', f"port = {server.port}", f'security = "{security}"')


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Has a server's certificate trusted, the way a provider with a private authority would."""
    return lambda server: monkeypatch.setenv("SSL_CERT_FILE", str(server.trusted))


@pytest.mark.parametrize("formats", [FILES])
def test_each_mailbox_holds_its_customers_report(
    run: Run, office: Configure, trust: Any, tmp_path: Path
) -> None:
    """Once, over TLS, with the files as they were rendered and the outbox's message id."""
    with postfix(MAILBOXES) as server:
        trust(server)
        office(server=server_of(server))
        run("approve", "--yes")
        for _ in range(2):
            result = run("send")
            assert result.exit_code == 0, result.output
        mails = server.mails(3)
        log = server.log()
    listed = {row["recipient"]: row for row in rows(run)}
    assert set(mails) == set(listed) == set(MAILBOXES)
    for address, (mail, *others) in mails.items():
        assert others == []
        row = listed[address]
        assert row["reason"].startswith("250 2.0.0 Ok: queued as ")
        assert mail["Message-ID"] == row["message_id"]
        assert mail["Delivered-To"] == mail["To"] == address
        assert mail["Return-Path"] == "<reports@provider.example>"
        assert "with ESMTPS" in mail["Received"]
        assert mail.defects == []
        (folder,) = (
            path.parent
            for path in tmp_path.glob("reports/2026-10/*/*.pdf")
            if path.name == next(mail.iter_attachments()).get_filename()
        )
        written = {f".{kind}": next(folder.glob(f"*.{kind}")).read_bytes() for kind in FILES}
        assert attached(mail) == written
        body = mail.get_body(("plain",))
        assert body is not None
        assert row["name"] in mail["Subject"]
        assert row["name"] in body.get_content()
    # One connection carried all three, and the second run did not even open one.
    assert log.count(": connect from ") == 1


def test_what_postfix_refuses_for_good_and_for_now(
    run: Run, office: Configure, trust: Any, store: Store
) -> None:
    """Each one separately, in Postfix's words, even two of one message; the others get theirs."""
    customer = json.loads(run("customers", "--json").stdout)
    replies = {
        "gone@customer0.example": "550 5.1.6 has moved",
        "later@customer0.example": "450 4.2.2 mailbox is full",
    }
    recipients = {0: [MAILBOXES[0], *replies, "nobody@customer0.example"], 1: [MAILBOXES[1]]}
    with postfix(MAILBOXES, replies=replies) as server:
        trust(server)
        lines = [
            f'[[customers]]\nid = "{customer[number]["id"]}"\nrecipients = {named}'
            for number, named in recipients.items()
        ]
        lines.append(f'[[customers]]\nid = "{customer[2]["id"]}"\nsend = false')
        office(*lines, in_mail=('approval = "none"',), server=server_of(server))
        result = run("send")
        assert result.exit_code == 1
        mails = server.mails(2)
        assert run("send").exit_code == 1
        assert server.log().count(": reject: ") == 3  # the second run tried nobody again
    assert states(run) == {
        MAILBOXES[0]: "sent",
        MAILBOXES[1]: "sent",
        "gone@customer0.example": "refused",
        "later@customer0.example": "failed",
        "nobody@customer0.example": "refused",
    }
    assert {box: len(received) for box, received in mails.items()} == dict.fromkeys(
        MAILBOXES[:2], 1
    )
    reasons = {delivery.recipient: delivery.reason for delivery in deliveries_of(store)}
    assert reasons["gone@customer0.example"].startswith("550 5.1.6 ")
    assert reasons["later@customer0.example"].startswith("450 4.2.2 ")
    assert "User unknown" in reasons["nobody@customer0.example"]
    assert "has moved" in result.stderr
    assert "next try from" in result.stderr
    (retried,) = (delivery for delivery in deliveries_of(store) if delivery.retry_at)
    assert retried.recipient == "later@customer0.example"


@pytest.mark.parametrize(
    ("parameters", "message", "hint"),
    [
        (
            {
                "smtpd_sender_restrictions": "check_sender_access "
                "inline:{ { reports@provider.example = 553 5.7.1 not owned by you } }"
            },
            "553 5.7.1 <reports@provider.example>: Sender address rejected: not owned by you",
            "may send as that address",
        ),
        (
            {"virtual_mailbox_domains": "other.example"},
            "554 5.7.1 <it0@customer0.example>: Relay access denied",
            "takes mail from this machine",
        ),
        (
            {"smtpd_helo_required": "yes", "smtpd_helo_restrictions": "reject"},
            "Helo command rejected: Access denied",
            "takes mail from this machine",
        ),
    ],
)
def test_a_postfix_that_will_not_relay_refuses_nobody(
    run: Run, office: Configure, trust: Any, parameters: dict[str, Any], message: str, hint: str
) -> None:
    """It says so only once there is a recipient, about whom it says nothing: all three stay
    approved, and are sent once it is fixed.
    """
    with postfix(MAILBOXES, **parameters) as server:
        trust(server)
        office(in_mail=('approval = "none"',), server=server_of(server))
        result = run("send")
        assert result.exit_code == 1
        assert message in result.stderr
        assert hint in result.stderr
        assert server.log().count(": reject: ") == 1  # the others were not even tried
        assert set(states(run).values()) == {"approved"}
    with postfix(MAILBOXES) as server:
        trust(server)
        office(in_mail=('approval = "none"',), server=server_of(server))
        assert run("send").exit_code == 0
        assert {len(received) for received in server.mails(3).values()} == {1}


def test_a_postfix_that_limits_the_rate(run: Run, office: Configure, trust: Any) -> None:
    """One message a minute: the first is delivered, the others wait, and no attempt is wasted."""
    limits: dict[str, Any] = {
        "smtpd_client_message_rate_limit": 1,
        "smtpd_client_event_limit_exceptions": "",
    }
    with postfix(MAILBOXES, **limits) as server:
        trust(server)
        office(in_mail=('approval = "none"',), server=server_of(server))
        result = run("send")
        assert result.exit_code == 1
        assert "450 4.7.1 Error: too much mail from 127.0.0.1" in result.stderr
        assert "has sent as much as it may for now" in result.stderr
        assert sorted(states(run).values()) == ["approved", "approved", "sent"]
        assert len(server.mails(1)) == 1


@pytest.mark.parametrize("formats", [FILES])
@pytest.mark.parametrize(
    ("room", "lines", "kinds"),
    [
        ("a PDF", (), [".pdf"]),
        ("nothing", ('link = "https://files.example/{period}"',), []),
    ],
)
def test_a_message_larger_than_postfix_takes(
    run: Run,
    office: Configure,
    trust: Any,
    tmp_path: Path,
    room: str,
    lines: tuple[str, ...],
    kinds: list[str],
) -> None:
    """The limit it announces is respected before anything is sent: nothing is refused."""
    run("send", "--dry-run")
    whole = min(path.stat().st_size for path in tmp_path.glob("reports/*/*/*.eml"))
    pdf = min(path.stat().st_size for path in tmp_path.glob("reports/*/*/*.pdf"))
    most = {"a PDF": whole - 1, "nothing": pdf}[room]
    with postfix(MAILBOXES, message_size_limit=most) as server:
        trust(server)
        office(in_mail=('approval = "none"', *lines), server=server_of(server))
        result = run("send")
        assert result.exit_code == 0, result.output
        mails = server.mails(3)
        assert ": reject: " not in server.log()
    for (mail,) in mails.values():
        assert list(attached(mail)) == kinds
        body = mail.get_body(("plain",))
        assert body is not None
        assert ".xlsx" in body.get_content()
        assert ("https://files.example/2026-10" in body.get_content()) == (kinds == [])


def test_nothing_is_sent_over_an_unsafe_connection(run: Run, office: Configure, trust: Any) -> None:
    """A certificate nobody vouches for, another host's, or no encryption where Postfix insists on
    it: said with what to do, and afterwards the same command sends everything.
    """
    with postfix(MAILBOXES) as server:
        wrongs = [
            (server_of(server), "ca_file in [api]"),
            (server_of(server, security="tls"), "587 is starttls, 465 is tls"),
            (server_of(server, "127.0.0.1", "none"), "security"),
        ]
        for lines, message in wrongs:
            office(in_mail=('approval = "none"',), server=lines)
            result = run("send")
            assert result.exit_code == 1, lines
            assert message in result.stderr
            assert set(states(run).values()) == {"approved"}
        trust(server)
        office(server=server_of(server, "127.0.0.1"))
        assert "not valid for '127.0.0.1'" in run("send").stderr
        office(server=server_of(server))
        assert run("send").exit_code == 0
        assert {len(received) for received in server.mails(3).values()} == {1}
