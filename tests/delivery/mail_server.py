"""Real mail servers on loopback: one with accounts, told what to refuse, and one that breaks."""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.certificates import unsigned

Replies = dict[str, str]


@dataclass
class Arrived:
    """A message the server has taken."""

    sender: str
    recipients: list[str]
    content: bytes


@dataclass
class Accounts:
    """What a server has seen, and what it is to answer; the handler of the server."""

    arrived: list[Arrived] = field(default_factory=list)
    recipient_replies: Replies = field(default_factory=dict)
    """The reply to a recipient instead of acceptance."""
    sender_reply: str = ""
    data_command_reply: str = ""
    """The reply to the command that announces the message."""
    data_replies: list[str] = field(default_factory=list)
    """The replies to the next messages instead of acceptance, one each."""
    slow_s: float = 0.0
    """The longest time each step takes."""
    cut_at: list[str] = field(default_factory=list)
    """At which step each connection ended."""
    sessions: int = 0
    port: int = 0

    async def _take_time(self) -> None:
        if self.slow_s:
            await asyncio.sleep(random.uniform(0, self.slow_s))

    async def handle_EHLO(
        self, server: Any, session: Session, envelope: Envelope, hostname: str, replies: list[str]
    ) -> list[str]:
        await self._take_time()
        session.host_name = hostname  # as the server's own default does
        server.step = "EHLO"
        self.sessions += 1
        return replies

    async def handle_MAIL(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._take_time()
        server.step = "MAIL"
        if self.sender_reply:
            return self.sender_reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._take_time()
        server.step = "RCPT"
        if address in self.recipient_replies:
            return self.recipient_replies[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        if self.data_replies and (reply := self.data_replies.pop(0)):
            return reply
        assert isinstance(envelope.content, bytes)
        self.arrived.append(
            Arrived(envelope.mail_from or "", list(envelope.rcpt_tos), envelope.content)
        )
        server.step = "taken"
        # The server has it, but has not said so yet: a sender killed now cannot know.
        await self._take_time()
        server.step = "answered"
        return "250 2.0.0 taken"


class _Smtp(SMTP):
    """Notes at which step a connection ended."""

    step = "connected"

    def connection_lost(self, error: Exception | None) -> None:
        handler: Accounts = self.event_handler
        handler.cut_at.append(self.step)
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:
        self.step = "DATA"
        handler: Accounts = self.event_handler
        if handler.data_command_reply:
            await self.push(handler.data_command_reply)
        else:
            await super().smtp_DATA(arg)

    async def smtp_QUIT(self, arg: str) -> None:
        self.step = "QUIT"
        await super().smtp_QUIT(arg)

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:
        import base64

        credentials = base64.b64decode(args[1]).decode()
        if "auth=Bearer good" in credentials:
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Smtp(self.handler, **self.SMTP_kwargs)


def check_password(
    server: Any, session: Session, envelope: Envelope, mechanism: str, data: Any
) -> AuthResult:
    good = isinstance(data, LoginPassword) and data.password == b"pass word"
    return AuthResult(success=good, handled=good)


@contextmanager
def mail_server(
    accounts: Accounts,
    *,
    tls: ssl.SSLContext | None = None,
    implicit: bool = False,
    login: bool = False,
    **options: Any,
) -> Iterator[int]:
    """Serve until the block ends; the port."""
    if tls is not None and not implicit:
        options |= {"tls_context": tls, "require_starttls": True}
    if login:
        options |= {"authenticator": check_password, "auth_required": True}
        options |= {"auth_require_tls": not implicit}
    controller = _Controller(
        accounts,
        hostname="127.0.0.1",
        port=free_port(),
        ssl_context=tls if implicit else None,
        **options,
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@contextmanager
def scripted_server(play: Callable[[socket.socket, Any], None]) -> Iterator[int]:
    """A server that plays a script with each connection, one after another; the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection, connection.makefile("rb") as lines:
                connection.settimeout(5)
                play(connection, lines)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        ended.set()
        thread.join()
        listener.close()


def answers(*replies: str, until: str = "") -> Callable[[socket.socket, Any], None]:
    """A script: a greeting, then one reply for each line; then the connection ends.

    `until` names the command, `dot` for the end of a message, after which nothing is said any more.
    """

    def play(connection: socket.socket, lines: Any) -> None:
        connection.sendall(b"220 ready\r\n")
        remaining = list(replies)
        in_data = False
        for line in lines:
            if in_data and line != b".\r\n":
                continue
            word = "dot" if in_data else line.split()[0].decode().lower()
            in_data = word == "data"
            if word == until or not remaining:
                return
            connection.sendall(remaining.pop(0).encode() + b"\r\n")

    return play


def without_end(
    replies: Sequence[str], block: bytes, pause_s: float = 0.0
) -> Callable[[socket.socket, Any], None]:
    """A script: the greeting and the given replies, then an endless answer."""

    def play(connection: socket.socket, lines: Any) -> None:
        with suppress(OSError, StopIteration):
            for reply in replies:
                connection.sendall(f"{reply}\r\n".encode())
                line = next(lines)
                while reply.startswith("354") and line != b".\r\n":
                    line = next(lines)
            while True:
                connection.sendall(block)
                time.sleep(pause_s)

    return play


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def tls_files(
    folder: Path, begins: timedelta = timedelta(days=-1), ends: timedelta = timedelta(days=1)
) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS with a certificate for this machine; the file that a client must trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        unsigned("localhost", key, begins, ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted, private = folder / "mail.crt", folder / "mail.key"
    trusted.write_bytes(certificate.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, private)
    return context, trusted


def counted(accounts: Accounts, header: str = "Message-ID") -> Mapping[tuple[str, str], int]:
    """How many times each message has reached each recipient."""
    import email
    import email.policy
    from collections import Counter

    return Counter(
        (email.message_from_bytes(message.content, policy=email.policy.default)[header], recipient)
        for message in accounts.arrived
        for recipient in message.recipients
    )
