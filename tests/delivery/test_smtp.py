"""Sending through real mail servers: log-ins, certificates, refusals, and lines that break."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult

from reporter.delivery import replies, smtp
from reporter.delivery.result import ChannelError
from reporter.delivery.smtp import Login, Server, SmtpTransport
from tests.delivery.mail_server import (
    Accounts,
    answers,
    free_port,
    mail_server,
    scripted_server,
    tls_files,
    without_end,
)

SENDER = "reports@provider.example"
MESSAGE = b"Subject: Report\r\n\r\nHello\r\n.a line with a dot\r\n.\r\nthe end\r\n"


@pytest.fixture
def accounts() -> Accounts:
    return Accounts()


@pytest.fixture
def committed() -> list[list[str]]:
    return []


def send(
    transport: SmtpTransport, *recipients: str, committed: list[list[str]] | None = None
) -> dict[str, tuple[str, str]]:
    """The state and reason of each recipient of a message."""

    def committing(accepted: Collection[str]) -> None:
        if committed is not None:
            committed.append(list(accepted))

    results = transport.send(MESSAGE, recipients or ("anna@contoso.example",), committing)
    return {recipient: (result.state.value, result.reason) for recipient, result in results.items()}


def plain(port: int, **options: Any) -> SmtpTransport:
    return SmtpTransport(Server("127.0.0.1", port, "none"), SENDER, **options)


def test_a_message_arrives_as_it_is(accounts: Accounts, committed: list[list[str]]) -> None:
    """To the byte, lines of one dot among it, to everybody named beside it."""
    with mail_server(accounts) as port, closing(plain(port)) as transport:
        results = send(
            transport, "anna@contoso.example", "ben@contoso.example", committed=committed
        )
    assert set(results.values()) == {("sent", "250 2.0.0 taken")}
    (message,) = accounts.arrived
    assert (message.sender, message.content) == (SENDER, MESSAGE)
    assert message.recipients == ["anna@contoso.example", "ben@contoso.example"]
    assert committed == [["anna@contoso.example", "ben@contoso.example"]]


def test_one_connection_serves_many_messages(accounts: Accounts) -> None:
    """And is reopened where the server has closed it meanwhile."""
    with mail_server(accounts, timeout=0.3) as port, closing(plain(port)) as transport:
        for _ in range(5):
            send(transport)
        assert accounts.sessions == 1
        time.sleep(0.6)
        assert send(transport)["anna@contoso.example"][0] == "sent"
    assert accounts.sessions == 2
    assert len(accounts.arrived) == 6


# The server does not see that TLS was there from the first byte.
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_log_in_over_tls(
    security: str, accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a password that is sent only to a server whose certificate is trusted."""
    context, trusted = tls_files(tmp_path)
    implicit = security == "tls"
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with mail_server(accounts, tls=context, implicit=implicit, login=True) as port:
        server = Server("localhost", port, security, Login("us er", lambda: "pass word"))  # type: ignore[arg-type]
        with closing(SmtpTransport(server, SENDER)) as transport:
            assert send(transport)["anna@contoso.example"][0] == "sent"
        wrong = Server("localhost", port, security, Login("us er", lambda: "wrong"))  # type: ignore[arg-type]
        with (
            closing(SmtpTransport(wrong, SENDER)) as transport,
            pytest.raises(ChannelError, match="535") as caught,
        ):
            send(transport)
    assert "Check username and password" in caught.value.hint
    assert len(accounts.arrived) == 1


def test_a_password_in_any_script(
    accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Characters that Python's own log-in cannot send; a wrong password is reported as wrong."""
    secret = "Schlüssel 鍵"

    def check(*arguments: Any) -> AuthResult:
        good = arguments[-1].password == secret.encode()
        return AuthResult(success=good, handled=good)

    context, trusted = tls_files(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with mail_server(accounts, tls=context, authenticator=check, auth_required=True) as port:
        server = Server("localhost", port, "starttls", Login("jürgen", lambda: secret))
        with closing(SmtpTransport(server, SENDER)) as transport:
            assert send(transport)["anna@contoso.example"][0] == "sent"
        wrong = Server("localhost", port, "starttls", Login("jürgen", lambda: "Schlüssel"))
        with (
            closing(SmtpTransport(wrong, SENDER)) as transport,
            pytest.raises(ChannelError, match="535") as caught,
        ):
            send(transport)
    assert "Check username and password" in caught.value.hint


def test_log_in_with_a_token(
    accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """XOAUTH2, with a token requested at each log-in; a bad one is reported as bad."""
    context, trusted = tls_files(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with mail_server(accounts, tls=context, login=True) as port:
        tokens = iter(["good", "stale"])
        login = Login("reports@provider.example", lambda: next(tokens), by_token=True)
        server = Server("localhost", port, "starttls", login)
        with closing(SmtpTransport(server, SENDER)) as transport:
            assert send(transport)["anna@contoso.example"][0] == "sent"
        with (
            closing(SmtpTransport(server, SENDER)) as transport,
            pytest.raises(ChannelError, match="535"),
        ):
            send(transport)


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("fault", ["not trusted", "expired", "of another host"])
def test_a_wrong_certificate_ends_the_connection(
    fault: str,
    security: str,
    accounts: Accounts,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is sent to a server that cannot prove its identity."""
    begins = timedelta(days=-3)
    ends = timedelta(days=-1) if fault == "expired" else timedelta(days=1)
    context, trusted = tls_files(tmp_path, begins, ends)
    if fault != "not trusted":
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    host = "127.0.0.1" if fault == "of another host" else "localhost"
    with mail_server(accounts, tls=context, implicit=security == "tls") as port:
        server = Server(host, port, security)  # type: ignore[arg-type]
        with (
            closing(SmtpTransport(server, SENDER)) as transport,
            pytest.raises(ChannelError) as caught,
        ):
            send(transport)
    expected = {
        "expired": "certificate has expired",
        "not trusted": "self-signed",
        "of another host": "IP address mismatch",
    }
    assert expected[fault] in str(caught.value)
    assert "set ca_file in [api] or REQUESTS_CA_BUNDLE" in caught.value.hint
    assert accounts.arrived == []


def test_a_port_that_does_not_match_its_security(
    accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """STARTTLS where TLS begins at once, TLS where it does not, and no mail server at all: each is
    reported with the keys to check, and none waits forever.
    """
    monkeypatch.setattr(smtp, "TIMEOUT_S", 1)
    context, _ = tls_files(tmp_path)

    def hint_of(port: int, security: Any) -> str:
        with (
            closing(SmtpTransport(Server("localhost", port, security), SENDER)) as transport,
            pytest.raises(ChannelError, match="cannot be used: ") as caught,
        ):
            send(transport)
        return caught.value.hint

    with mail_server(accounts, tls=context, implicit=True) as port:
        assert "587 is starttls, 465 is tls" in hint_of(port, "starttls")
    with mail_server(accounts) as port:
        assert "587 is starttls, 465 is tls" in hint_of(port, "tls")

    def is_a_web_server(connection: Any, lines: Any) -> None:
        lines.readline()
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with scripted_server(is_a_web_server) as port:
        for security in ("starttls", "tls"):
            assert "port" in hint_of(port, security)


def test_a_server_without_tls_is_sent_nothing(accounts: Accounts) -> None:
    """Where STARTTLS is asked for and not offered, neither password nor message is sent."""
    with mail_server(accounts) as port:
        server = Server("127.0.0.1", port, "starttls", Login("u", lambda: "p"))
        with (
            closing(SmtpTransport(server, SENDER)) as transport,
            pytest.raises(ChannelError, match="STARTTLS") as caught,
        ):
            send(transport)
    assert "does not offer" in caught.value.hint


def test_no_server_listens(committed: list[list[str]]) -> None:
    """Reported as such, with what to check."""
    transport = plain(free_port())
    with pytest.raises(ChannelError, match="Connection refused") as caught:
        send(transport, committed=committed)
    assert "host, port" in caught.value.hint
    assert committed == []


@pytest.mark.parametrize(
    "reply",
    [
        "530 5.7.0 Authentication required",
        "550 5.7.1 you are not allowed to send as reports@provider.example",
        "553 5.1.8 sender address rejected: domain not found",
    ],
)
def test_a_server_that_will_not_relay_refuses_no_customer(reply: str, accounts: Accounts) -> None:
    """It concerns our log-in or our address: it applies to every message until it is fixed."""
    accounts.sender_reply = reply
    with (
        mail_server(accounts) as port,
        closing(plain(port)) as transport,
        pytest.raises(ChannelError, match=f"refuses to send for {SENDER}: {reply[:3]}") as caught,
    ):
        send(transport)
    assert "security, username, password and `from`" in caught.value.hint


NOT_AS_THIS = (
    "554 5.2.252 SendAsDenied; a@b.example not allowed to send as reports@provider.example"
)
TOO_MUCH = "450 4.2.1 Peak SMTP relay limit exceeded for customer"


@pytest.mark.parametrize("step", ["sender", "recipient", "data", "message"])
@pytest.mark.parametrize(
    ("reply", "hint"), [(NOT_AS_THIS, "may send as that address"), (TOO_MUCH, "wait")]
)
def test_refusing_the_sender_does_not_refuse_a_message(
    step: str, reply: str, hint: str, accounts: Accounts
) -> None:
    """At whatever step it comes, permanent or temporary: nobody is refused, and sending stops."""
    if step == "sender":
        accounts.sender_reply = reply
    if step == "recipient":
        accounts.recipient_replies = dict.fromkeys(("anna@c.example", "ben@c.example"), reply)
    if step == "data":
        accounts.data_command_reply = reply
    if step == "message":
        accounts.data_replies = [reply]
    with (
        mail_server(accounts) as port,
        closing(plain(port)) as transport,
        pytest.raises(ChannelError, match=f"refuses to send for {SENDER}: {reply[:9]}") as caught,
    ):
        send(transport, "anna@c.example", "ben@c.example")
    assert hint in caught.value.hint
    assert "The same command continues from here" in caught.value.hint
    assert accounts.arrived == []


def test_where_one_recipient_is_taken_the_sender_is_not_refused(accounts: Accounts) -> None:
    """A list that accepts mail from members only says so about the sender, not about
    anybody else.
    """
    accounts.recipient_replies = {"list@c.example": "554 5.7.1 Sender address rejected: no member"}
    with mail_server(accounts) as port, closing(plain(port)) as transport:
        results = send(transport, "list@c.example", "anna@c.example")
    assert results["list@c.example"][0] == "refused"
    assert results["anna@c.example"][0] == "sent"


def test_each_recipient_has_its_own_outcome(accounts: Accounts, committed: list[list[str]]) -> None:
    """Who is refused permanently, who temporarily, and who received it."""
    accounts.recipient_replies = {
        "gone@contoso.example": "550 5.1.1 no such user",
        "grey@contoso.example": "451 4.7.1 come back later",
    }
    names = ("anna@contoso.example", "gone@contoso.example", "grey@contoso.example")
    with mail_server(accounts) as port, closing(plain(port)) as transport:
        results = send(transport, *names, committed=committed)
        assert results == {
            names[0]: ("sent", "250 2.0.0 taken"),
            names[1]: ("refused", "550 5.1.1 no such user"),
            names[2]: ("failed", "451 4.7.1 come back later"),
        }
        assert send(transport, *names[1:], committed=committed) == {
            name: results[name] for name in names[1:]
        }
    assert [message.recipients for message in accounts.arrived] == [[names[0]]]
    assert committed == [[names[0]]]


@pytest.mark.parametrize(
    ("step", "reply", "state"),
    [
        ("sender", "552 5.3.4 larger than we take", "refused"),
        ("sender", "452 4.3.1 no room", "failed"),
        ("data", "554 5.7.1 looks like spam", "refused"),
        ("data", "452 4.3.1 no room", "failed"),
    ],
)
def test_a_refused_message(step: str, reply: str, state: str, accounts: Accounts) -> None:
    """Before it is sent or after: 5xx is permanent, 4xx temporary; the next message is sent."""
    if step == "sender":
        accounts.sender_reply = reply
    else:
        accounts.data_replies = [reply]
    with mail_server(accounts) as port, closing(plain(port)) as transport:
        assert send(transport) == {"anna@contoso.example": (state, reply)}
        accounts.sender_reply = ""
        assert send(transport)["anna@contoso.example"][0] == "sent"
    assert len(accounts.arrived) == 1


def test_the_size_a_server_takes(accounts: Accounts) -> None:
    """It is known before anything is sent."""
    with (
        mail_server(accounts, data_size_limit=12_345) as port,
        closing(plain(port)) as transport,
    ):
        assert transport.size_limit() == 12_345
    with scripted_server(answers("250 hello", "250 ok")) as port, closing(plain(port)) as transport:
        assert transport.size_limit() is None


@pytest.mark.parametrize(
    ("until", "state"),
    [("mail", "failed"), ("rcpt", "failed"), ("data", "failed"), ("dot", "uncertain")],
)
def test_a_broken_connection(until: str, state: str, committed: list[list[str]]) -> None:
    """Before the dot that ends a message nothing was sent; after it the outcome is uncertain."""
    steps = ("250 hello", "250 ok", "250 ok", "354 go on", "250 taken")
    with (
        scripted_server(answers(*steps, until=until)) as port,
        closing(plain(port)) as transport,
    ):
        ((outcome, reason),) = send(transport, committed=committed).values()
    assert outcome == state
    assert "broke" in reason
    assert bool(committed) == (state == "uncertain")


def test_an_answer_that_never_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that has the message and says nothing for as long as it may is uncertain, too."""
    monkeypatch.setattr(smtp, "FINAL_TIMEOUT_S", 0.3)

    def play(connection: Any, lines: Iterator[bytes]) -> None:
        connection.sendall(b"220 ready\r\n")
        for reply in (b"250 hello", b"250 ok", b"250 ok", b"354 go on"):
            next(lines)
            connection.sendall(reply + b"\r\n")
        while next(lines) != b".\r\n":
            pass
        time.sleep(0.6)

    with scripted_server(play) as port, closing(plain(port)) as transport:
        assert send(transport)["anna@contoso.example"][0] == "uncertain"


def test_a_server_that_closes_for_now(accounts: Accounts) -> None:
    """421 is temporary, and the next message uses a new connection."""
    accounts.recipient_replies = {"anna@contoso.example": "421 4.3.2 shutting down"}
    with mail_server(accounts) as port, closing(plain(port)) as transport:
        assert send(transport)["anna@contoso.example"][0] == "failed"
        accounts.recipient_replies = {}
        assert send(transport)["anna@contoso.example"][0] == "sent"
    assert accounts.sessions == 2


def test_a_failed_account_leaves_no_message(accounts: Accounts) -> None:
    """Where the outbox cannot be written, the message is cut off before it is complete."""

    def committing(_: Collection[str]) -> None:
        raise RuntimeError("no room on the disk")

    with mail_server(accounts) as port, closing(plain(port)) as transport:
        with pytest.raises(RuntimeError, match="no room"):
            transport.send(MESSAGE, ["anna@contoso.example"], committing)
        assert send(transport)["anna@contoso.example"][0] == "sent"
    assert len(accounts.arrived) == 1


def test_no_more_messages_a_minute_than_allowed(accounts: Accounts) -> None:
    """The pauses are between messages; the first is sent at once."""
    slept: list[float] = []
    with (
        mail_server(accounts) as port,
        closing(plain(port, per_minute=30, sleep=slept.append)) as transport,
    ):
        for _ in range(3):
            send(transport)
    assert len(slept) == 2
    assert sum(slept) == pytest.approx(2 + 4, abs=0.5)


HELLO, YES, GO_ON = "250 hello", "250 ok", "354 go on"


@pytest.mark.parametrize(
    "steps",
    [
        (HELLO, "251 odd"),
        (HELLO, "354 go on"),
        (HELLO, YES, "252 cannot verify"),
        (HELLO, YES, "220 ready"),
        (HELLO, YES, YES, "250 what"),
        (HELLO, YES, YES, "221 bye"),
        (HELLO, YES, YES, "334 go on"),
    ],
)
def test_nothing_is_sent_before_the_answer_to_the_dot(
    steps: tuple[str, ...], committed: list[list[str]]
) -> None:
    """Accepting anything but the whole message does not count: it is sent again later."""
    with scripted_server(answers(*steps)) as port, closing(plain(port)) as transport:
        ((state, reason),) = send(transport, committed=committed).values()
    assert state == "failed"
    assert reason == f"the server's answer makes no sense here: {steps[-1]}"
    assert committed == []


@pytest.mark.parametrize(
    ("reply", "state", "reason"),
    [
        ("250 taken", "sent", "250 taken"),
        ("251 taken", "sent", "251 taken"),
        ("450 later", "failed", "450 later"),
        ("550 no", "refused", "550 no"),
        ("354 again", "uncertain", "the server's answer makes no sense here: 354 again"),
        ("354 SendAsDenied", "uncertain", "makes no sense here: 354 SendAsDenied"),
        ("hello", "uncertain", "the server's answer is not an SMTP reply: hello"),
        ("SendAsDenied", "uncertain", "the server's answer is not an SMTP reply: SendAsDenied"),
        ("600 again", "uncertain", "the server's answer is not an SMTP reply: 600 again"),
        ("199 again", "uncertain", "the server's answer is not an SMTP reply: 199 again"),
        ("2500 taken", "uncertain", "the server's answer is not an SMTP reply: 2500 taken"),
        ("25 taken", "uncertain", "the server's answer is not an SMTP reply: 25 taken"),
        ("ä\x1b[31m\0", "uncertain", "the server's answer is not an SMTP reply: ä [31m"),
        ("", "uncertain", "the server's answer is not an SMTP reply: an empty line"),
        ("250-taken\r\nhello", "uncertain", "the server's answer is not an SMTP reply: hello"),
    ],
)
def test_what_the_answer_to_the_dot_means(
    reply: str, state: str, reason: str, committed: list[list[str]]
) -> None:
    """What is neither yes nor no leaves it open: to send again could be to send twice. The reason
    says so, and quotes the beginning.
    """
    steps = (HELLO, YES, YES, GO_ON, reply)
    with scripted_server(answers(*steps)) as port, closing(plain(port)) as transport:
        (answer,) = send(transport, committed=committed).values()
    assert answer[0] == state
    assert answer[1].endswith(reason)
    assert len(committed) == 1


@pytest.mark.parametrize("step", [1, 2, 3])
def test_invalid_replies_before_the_dot(step: int) -> None:
    """Reported as such; the message is sent again later."""
    steps = (HELLO, YES, YES, GO_ON)[:step]
    with (
        scripted_server(answers(*steps, "xyz ä")) as port,
        closing(plain(port)) as transport,
    ):
        result = send(transport)["anna@contoso.example"]
    assert result == ("failed", "the server's answer is not an SMTP reply: xyz ä")


@pytest.mark.parametrize("size", ["²", "9" * 5_000, "-5", "1_000", "many", "0", ""])
def test_an_unreadable_size_is_no_limit(size: str) -> None:
    """Characters that only look like digits, and more digits than any number has."""

    def play(connection: Any, lines: Iterator[bytes]) -> None:
        connection.sendall(b"220 ready\r\n")
        next(lines)
        connection.sendall(f"250-hello\r\n250 SIZE {size}\r\n".encode("latin-1"))
        next(lines, None)

    with scripted_server(play) as port, closing(plain(port)) as transport:
        assert transport.size_limit() is None


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"])
def test_an_unreadable_challenge(mechanism: str) -> None:
    """It is an error of the channel, in one sentence, and uses up nobody's attempt."""
    hello = f"250-hello\r\n250 AUTH {mechanism}"
    by_token = mechanism == "XOAUTH2"
    login = Login("us er", lambda: "secret", by_token=by_token)
    with (
        scripted_server(answers(hello, "334 a")) as port,
        closing(SmtpTransport(Server("127.0.0.1", port, "none", login), SENDER)) as transport,
        pytest.raises(ChannelError, match="or was answered, cannot be read: ") as caught,
    ):
        send(transport)
    assert str(caught.value).startswith(f"The mail server 127.0.0.1:{port} cannot be used: ")
    assert "\n" not in str(caught.value)


ENDLESS = {
    "greeting": (),
    "ehlo": ("220 ready",),
    "mail": ("220 ready", HELLO),
    "dot": ("220 ready", HELLO, YES, YES, GO_ON),
}
"""What is said before an endless answer begins."""


@pytest.mark.parametrize("block", [b"250-more\r\n" * 1_000, b"2" * 10_000])
@pytest.mark.parametrize("step", ENDLESS)
def test_an_endless_answer_is_given_up(step: str, block: bytes) -> None:
    """By its size, in many lines or in one, so that it fills no memory: treated as a broken
    connection.
    """
    with scripted_server(without_end(ENDLESS[step], block)) as port:
        state, reason = outcome_of(port)
    assert state == {"mail": "failed", "dot": "uncertain"}.get(step, "unusable")
    assert "the server's answer has more than 64 KiB" in reason


@pytest.mark.parametrize("step", ENDLESS)
def test_a_dripping_answer_is_given_up(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its total time, however steadily it comes: treated as a broken connection."""
    monkeypatch.setattr(replies, "LONGEST_REPLY_S", 0.5)
    monkeypatch.setattr(smtp, "FINAL_TIMEOUT_S", 0.5)
    with scripted_server(without_end(ENDLESS[step], b"2", pause_s=0.02)) as port:
        began = time.monotonic()
        state, reason = outcome_of(port)
        took_s = time.monotonic() - began
    assert state == {"mail": "failed", "dot": "uncertain"}.get(step, "unusable")
    assert "complete answer did not arrive in time" in reason
    assert 0.4 < took_s < 5


def outcome_of(port: int) -> tuple[str, str]:
    """The state of a message and the reason of it; `unusable` where the server is."""
    transport = plain(port)
    try:
        (result,) = send(transport).values()
    except ChannelError as error:
        return "unusable", str(error)
    return result
