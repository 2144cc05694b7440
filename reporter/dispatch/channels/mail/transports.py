"""The transports of messages, made from the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from reporter.config.credentials import find_secret
from reporter.config.settings import Settings
from reporter.delivery.graph import SCOPE, GraphTransport
from reporter.delivery.interface import Claiming
from reporter.delivery.result import Result
from reporter.delivery.smtp import Login, Server, SmtpTransport
from reporter.dispatch.channels.mail.mailboxes import sender_of
from reporter.errors import SettingsError
from reporter.sources.avepoint.auth import ClientSecret, TokenAuth
from reporter.sources.avepoint.http import Exchange

_SMTP_SCOPE: Final = "https://outlook.office365.com/.default"


class Transport(Protocol):
    """A way to send messages."""

    def size_limit(self) -> int | None:
        """The largest message, in bytes; None if no limit is known."""

    def send(
        self, message: bytes, recipients: Sequence[str], committing: Claiming
    ) -> Mapping[str, Result]:
        """Send a message; returns the result for each recipient.

        Raises:
            ChannelError: no message can be sent now.
        """

    def reach(self) -> str:
        """Try the transport without sending a message; returns what was found.

        Raises:
            ChannelError: no message can be sent now.
        """

    def close(self) -> None:
        """Close everything that was opened."""


def transport_of(settings: Settings) -> Transport:
    """The transport that [mail] configures; nothing is opened yet.

    Raises:
        SettingsError: a setting that the transport needs is missing.
    """
    mail = settings.mail
    sender = sender_of(settings).address
    if mail.transport == "graph":
        tokens = _tokens(settings, SCOPE)
        return GraphTransport(mail.graph_url, sender, tokens, settings.trust)
    server = Server(mail.host, mail.port, mail.security, _login(settings), settings.trust)
    return SmtpTransport(server, sender, per_minute=mail.per_minute)


def _login(settings: Settings) -> Login | None:
    mail = settings.mail
    if not mail.username:
        return None
    if mail.oauth_token_url:
        return Login(mail.username, _tokens(settings, _SMTP_SCOPE).token, by_token=True)
    password = find_secret(settings, "mail.password").value
    return Login(mail.username, lambda: password)


def _tokens(settings: Settings, scope: str) -> TokenAuth:
    """Tokens of the app registration that [mail] names."""
    mail = settings.mail
    for key in ("oauth_token_url", "oauth_client_id"):
        if not getattr(mail, key):
            raise SettingsError(
                f"{key} is not set in [mail].", hint="See docs/delivery.md for what it is."
            )
    secret = find_secret(settings, "mail.oauth_client_secret")
    credential = ClientSecret(secret.value, secret.origin)
    scopes = (mail.oauth_scope or scope,)
    exchange = Exchange(trust=settings.trust)
    return TokenAuth(exchange, mail.oauth_token_url, mail.oauth_client_id, credential, scopes)
