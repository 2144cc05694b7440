"""Sending messages through a mail server: one connection for many, every answer understood.

Python's own client does the whole exchange in one call, which hides the one moment that matters:
the dot at the end of a message, after which the server may have it (RFC 5321, 4.1.1.4 and 6.1).
"""

from __future__ import annotations

import base64
import re
import smtplib
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from reporter.delivery.refusal import MAY_NOT_SEND, hint_of_sender
from reporter.delivery.replies import FAULTS, Connection, NoReply, SecureConnection
from reporter.delivery.result import ChannelError, Result
from reporter.errors import ReporterError, SettingsError
from reporter.foreign import storable
from reporter.model import DeliveryState
from reporter.showing import keep_secret
from reporter.trust import UNTRUSTED, USUAL_TRUST, Trust, in_force

TIMEOUT_S: Final = 60
"""To connect, to send, and for the next byte of an answer."""
FINAL_TIMEOUT_S: Final = 600
"""For all of the answer to the whole message (RFC 5321, 4.5.3.2.6): a server may be looking into
it.
"""
_TOO_LARGE: Final = 552
"""The only objections a server can have to a message, and not to its sender, before it sees it."""
_SHUTTING_DOWN: Final = 421
_LONGEST_TEXT: Final = 2_000
"""How many characters of a server's words are kept."""
_SIZE: Final = re.compile("[0-9]{1,20}")
"""Of a message, as a server says it (RFC 1870, 3)."""

# What answers mean by their first digit (RFC 5321, 4.2.1).
States = Mapping[int, DeliveryState]
_OF_A_COMMAND: Final[States] = {
    2: DeliveryState.FAILED,  # an acceptance nobody asked for: nothing was sent
    3: DeliveryState.FAILED,
    4: DeliveryState.FAILED,
    5: DeliveryState.REFUSED,
}
"""The meaning of an answer that keeps a message from being sent."""
_OF_A_MESSAGE: Final[States] = {
    2: DeliveryState.SENT,
    3: DeliveryState.UNCERTAIN,  # neither acceptance nor refusal
    4: DeliveryState.FAILED,
    5: DeliveryState.REFUSED,
}
"""What the answer to a whole message means."""

Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class Login:
    """The log-in at a mail server."""

    username: str
    secret: Callable[[], str] = field(repr=False)
    """The password, or a token that is good now."""
    by_token: bool = False
    """Whether to log in with OAuth 2 (XOAUTH2)."""


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server, and how to connect to it."""

    host: str
    port: int
    security: Security
    login: Login | None = None
    trust: Trust = USUAL_TRUST

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class SmtpTransport:
    """A connection that is kept from message to message, and made again if it broke."""

    def __init__(
        self,
        server: Server,
        sender: str,
        *,
        per_minute: int | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._server = server
        self._sender = sender
        self._pause_s = 60 / per_minute if per_minute else 0.0
        self._sleep = sleep
        self._next_at = 0.0
        self._smtp: Connection | None = None

    def size_limit(self) -> int | None:
        """The largest message the server takes, in bytes; None where it does not say, or not
        readably.

        Raises:
            ChannelError: the server cannot be used.
        """
        size = self._connected().esmtp_features.get("size", "").strip()
        return int(size) or None if _SIZE.fullmatch(size) else None

    def reach(self) -> str:
        """Connect and log in; what was seen.

        Raises:
            ChannelError: the server cannot be used.
        """
        limit = self.size_limit()
        login = self._server.login
        logged_in = f"log-in as {login.username} accepted" if login else "without a log-in"
        most = f", messages of {limit:,} bytes at most" if limit else ""
        return f"{self._server} reached, {logged_in}{most}"

    def send(
        self,
        message: bytes,
        recipients: Sequence[str],
        committing: Callable[[Sequence[str]], None],
    ) -> dict[str, Result]:
        """Send a message; what came of it for each recipient.

        `committing` is called with those the server takes it for, once it has everything but the
        dot that ends the message.

        Raises:
            ChannelError: the server cannot be used, or does not send for us; nobody has anything.
        """
        smtp = self._connected()
        self._wait_for_turn()
        results: dict[str, Result] = {}
        try:
            accepted = self._all_but_the_dot(smtp, message, recipients, results)
            if not accepted:
                return results
            committing(accepted)
        except BaseException:
            self._drop()  # not with a farewell, which would become part of the message
            raise
        return results | dict.fromkeys(accepted, self._end(smtp))

    def close(self) -> None:
        """Say goodbye to the server, and close the connection."""
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except FAULTS:
                self._smtp.close()
            self._smtp = None

    def _all_but_the_dot(
        self,
        smtp: Connection,
        message: bytes,
        recipients: Sequence[str],
        results: dict[str, Result],
    ) -> list[str]:
        """Send a message without the dot that ends it; returns for whom the server takes it."""
        try:
            if accepted := self._begin(smtp, message, recipients, results):
                smtp.send(_stuffed(message))
        except FAULTS as error:
            # Without its dot a message is none (RFC 5321, 4.1.1.4).
            self._drop()
            failed = Result(DeliveryState.FAILED, _broken("the connection broke", error))
            for recipient in recipients:
                results.setdefault(recipient, failed)
            return []
        return accepted

    def _begin(
        self,
        smtp: Connection,
        message: bytes,
        recipients: Sequence[str],
        results: dict[str, Result],
    ) -> list[str]:
        """Send everything up to the message itself; returns for whom the server takes it."""
        options = [f"size={len(message)}"] if smtp.has_extn("size") else []
        code, words = smtp.mail(self._sender, options)
        if code // 100 == 5 and code != _TOO_LARGE:
            raise self._does_not_send(f"{code} {_text(words)}", MAY_NOT_SEND)
        if code != 250:
            results |= dict.fromkeys(recipients, self._judged(code, words, _OF_A_COMMAND))
            return []
        accepted = []
        for recipient in recipients:
            code, words = smtp.rcpt(recipient)
            if code in (250, 251):
                accepted.append(recipient)
            else:
                results[recipient] = self._result(code, words, _OF_A_COMMAND)
        if accepted:
            code, words = smtp.docmd("DATA")
            if code == 354:
                return accepted
            results |= dict.fromkeys(accepted, self._judged(code, words, _OF_A_COMMAND))
        else:  # where it takes one of them, it has nothing against the sender
            for result in results.values():
                self._raise_if_sender(result)
        return []

    def _end(self, smtp: Connection) -> Result:
        """Send the dot; returns the answer to it."""
        try:
            assert smtp.sock is not None
            smtp.sock.settimeout(FINAL_TIMEOUT_S)
            smtp.send(b".\r\n")
            code, words = smtp.reply_within(FINAL_TIMEOUT_S, FINAL_TIMEOUT_S)
        except FAULTS as error:
            self._drop()
            why = _broken("the connection broke before the server had answered", error)
            return Result(DeliveryState.UNCERTAIN, why)
        return self._judged(code, words, _OF_A_MESSAGE)

    def _judged(self, code: int, text: bytes, states: States) -> Result:
        """What an answer means for all recipients of a message.

        Raises:
            ChannelError: it refuses the sender.
        """
        result = self._result(code, text, states)
        self._raise_if_sender(result)
        return result

    def _raise_if_sender(self, result: Result) -> None:
        """Treat a refusal of the sender as an error of the channel, not as a message's result.

        Raises:
            ChannelError: it is one.
        """
        refused = result.state in (DeliveryState.FAILED, DeliveryState.REFUSED)
        if refused and (hint := hint_of_sender(result.reason)):
            raise self._does_not_send(result.reason, hint)

    def _does_not_send(self, answer: str, hint: str) -> ChannelError:
        return ChannelError(
            f"{self._server} refuses to send for {self._sender}: {answer}.",
            hint=f"{hint} No recipient counts as refused. The same command continues from here.",
        )

    def _result(self, code: int, text: bytes, states: States) -> Result:
        """What an answer means."""
        if code == _SHUTTING_DOWN:
            self._drop()
        state, answer = states[code // 100], f"{code} {_text(text)}"
        if code // 100 in (4, 5) or state is DeliveryState.SENT:
            return Result(state, answer)
        self._drop()  # such a server may believe the exchange to be anywhere
        return Result(state, f"the server's answer makes no sense here: {answer}")

    def _wait_for_turn(self) -> None:
        now = time.monotonic()
        if self._next_at > now:
            self._sleep(self._next_at - now)
        self._next_at = max(now, self._next_at) + self._pause_s

    def _connected(self) -> Connection:
        """The connection with nothing begun on it, made anew if the server has closed it.

        Raises:
            ChannelError: the server cannot be used.
        """
        if self._smtp is not None:
            try:
                code, _ = self._smtp.rset()
                if code == 250:
                    return self._smtp
            except FAULTS:
                pass
            self._drop()
        self._smtp = self._connect()
        return self._smtp

    def _connect(self) -> Connection:
        server = self._server
        try:
            context = None if server.security == "none" else server.trust.context()
        except SettingsError as error:
            raise ChannelError(str(error), hint=error.hint) from error
        try:
            if server.security == "tls":
                smtp: Connection = SecureConnection(
                    server.host, server.port, timeout=TIMEOUT_S, context=context
                )
            else:
                smtp = Connection(server.host, server.port, timeout=TIMEOUT_S)
        except FAULTS as error:
            raise _unusable(server, error) from error
        try:
            smtp.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                # Without a context of ours Python would take any certificate.
                smtp.starttls(context=context)
                smtp.ehlo()
            if server.login is not None:
                _log_in(smtp, server.login)
        except FAULTS as error:
            smtp.close()
            raise _unusable(server, error) from error
        except ReporterError:  # no token to be had
            smtp.close()
            raise
        return smtp

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None


def _log_in(smtp: smtplib.SMTP, login: Login) -> None:
    username, secret = login.username, login.secret()
    plain, by_token = f"\0{username}\0{secret}", f"user={username}\1auth=Bearer {secret}\1\1"
    for sent in (secret, plain, by_token):
        keep_secret(_in_base64(sent))  # a server may quote what it was sent
    if login.by_token:
        # A server that refuses says why in a challenge, and wants an empty line before it goes on.
        smtp.auth("XOAUTH2", lambda challenge=None: "" if challenge else by_token)
    elif f"{username}{secret}".isascii():
        smtp.login(username, secret)
    else:  # which Python's own log-in cannot send
        code, answer = smtp.docmd("AUTH PLAIN", _in_base64(plain))
        if code != 235:
            raise smtplib.SMTPAuthenticationError(code, answer)


def _in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _unusable(server: Server, error: Exception) -> ChannelError:
    """Why a server cannot be used, and what to do."""
    match error:
        case smtplib.SMTPAuthenticationError():
            hint = (
                "Check username and password in [mail], or the OAuth keys there, and that the "
                "account may log in over SMTP."
            )
        case smtplib.SMTPNotSupportedError():
            hint = "Check port and security in [mail]: the server does not offer it."
        case ssl.SSLCertVerificationError():
            hint = " ".join(
                filter(None, ("The server's certificate is not trusted.", in_force(), UNTRUSTED))
            )
        case _:
            hint = (
                "Check host, port and security in [mail] (587 is starttls, 465 is tls), "
                "and the network."
            )
    return ChannelError(
        f"The mail server {server} cannot be used: {_words(error)}.",
        hint=f"{hint} Nothing was sent through it. The same command continues from here.",
    )


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message.rstrip(".") or str(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, ValueError):
        return f"what was to be sent, or was answered, cannot be read: {_text(str(error))}"
    return str(error).rstrip(".") or type(error).__name__


def _broken(how: str, error: Exception) -> str:
    """Why there was no answer; a text that is no reply speaks for itself."""
    return _words(error) if isinstance(error, NoReply) else f"{how}: {_words(error)}"


def _text(words: bytes | str) -> str:
    """A server's words on one line, and no more than are kept."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(storable(text).split())[:_LONGEST_TEXT]


def _stuffed(message: bytes) -> bytes:
    """A message that ends its last line, and has no line of one dot (RFC 5321, 4.5.2)."""
    ended = message if message.endswith(b"\r\n") else message + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", ended)
