"""Sending mail through Microsoft Graph, where SMTP log-in is switched off."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final
from urllib.parse import quote

from reporter.delivery.post import PostAnswer, post_once
from reporter.delivery.refusal import HAS_SENT_TOO_MUCH
from reporter.delivery.result import ChannelError, Committing, Result
from reporter.errors import FetchError
from reporter.foreign import read_json
from reporter.model import DeliveryState
from reporter.sources.avepoint.auth import TokenAuth
from reporter.trust import USUAL_TRUST, Trust

SCOPE: Final = "https://graph.microsoft.com/.default"
LARGEST: Final = 2_200_000
"""Of a message, in bytes. From about 2,240 kB on Graph answers 200 without taking the message, as
reported in microsoft-graph-docs, issue 13979, though a request may have 4 MB.
"""
_TAKEN: Final = 202
_NOT_US: Final = {
    401: "Check oauth_client_id and its secret in [mail].",
    403: "Give the app registration the application permission Mail.Send, with an administrator's "
    "consent; make sure that its access policy includes the sender's mailbox; and check `from` in "
    "[mail]: the account must have the right to send as that address.",
    404: "Check the sender's address: it must be that of a mailbox.",
}
"""Statuses about the log-in or the sender: every message would get them."""
_NOT_THIS_SENDER: Final = {
    "ErrorSendAsDenied": _NOT_US[403],
    "ErrorMessageSubmissionBlocked": "Microsoft has blocked the mailbox from sending: log in to "
    "the mailbox, where Microsoft says what to do.",
    "ErrorAccountSuspend": "Microsoft has suspended the account: log in to it.",
    "ErrorQuotaExceeded": "The sender's mailbox is full: free some space in it.",
    "ErrorSubmissionQuotaExceeded": HAS_SENT_TOO_MUCH,
    "ErrorExceededMessageLimit": HAS_SENT_TOO_MUCH,
}
"""Exchange's codes of the same kind (Exchange Web Services, ResponseCode), whatever the status."""


class GraphTransport:
    """Sends whole messages in the name of a mailbox.

    Graph takes the recipients from the headers To, Cc and Bcc of the message, and takes Bcc out:
    unlike for SMTP, the caller must set that one.
    """

    def __init__(
        self, url: str, sender_address: str, auth: TokenAuth, trust: Trust = USUAL_TRUST
    ) -> None:
        self._url = f"{url}/users/{quote(sender_address, safe='@')}/sendMail"
        self._auth = auth
        self._trust = trust

    def size_limit(self) -> int:
        """The largest message, in bytes."""
        return LARGEST

    def reach(self) -> str:
        """Ask for a token; only a message shows whether the mailbox may be used.

        Raises:
            ChannelError: none is given.
        """
        self._token()
        return "Microsoft Graph grants a token"

    def send(
        self, message: bytes, recipients: Sequence[str], committing: Callable[[Sequence[str]], None]
    ) -> dict[str, Result]:
        """Send a message, once; what came of it for each recipient, whom its headers have to name.

        Graph cannot tell from a message that it already has it. `committing` is called again if the
        token had to be renewed: then Graph had not taken the message.

        Raises:
            ChannelError: Graph is not reached, or does not let us send as the sender.
        """
        commit = partial(committing, recipients)
        answer = self._post(message, commit)
        if answer.status == 401:
            self._auth.reject(answer.request)
            answer = self._post(message, commit)
        result = _result(answer)
        hint = _NOT_THIS_SENDER.get(_error_of(answer)[0]) or _NOT_US.get(answer.status or 0)
        if hint:
            raise ChannelError(
                f"Microsoft Graph refuses to send: {result.reason}.",
                hint=f"{hint} No recipient counts as refused. The same command continues from "
                "here.",
            )
        return dict.fromkeys(recipients, result)

    def close(self) -> None:
        """Nothing to close: no connection stays open between two messages."""

    def _post(self, message: bytes, committing: Committing) -> PostAnswer:
        headers = {"Content-Type": "text/plain"}
        self._token()  # kept, and asked for here so that what is wrong with it is told apart
        content = base64.b64encode(message)
        return post_once(
            self._url, content, headers, committing, auth=self._auth, trust=self._trust
        )

    def _token(self) -> None:
        try:
            self._auth.token()
        except FetchError as error:
            raise ChannelError(
                f"No token for Microsoft Graph can be obtained: {error}",
                hint="Check oauth_token_url, oauth_client_id and its secret in [mail].",
            ) from error


def _result(answer: PostAnswer) -> Result:
    """What Graph's answer means: only 202 says that it has taken the message."""
    status = answer.status or 0
    if 200 <= status < 300 and status != _TAKEN:
        return Result(
            DeliveryState.UNCERTAIN,
            f"{answer.status_text} instead of 202 Accepted: whether it was accepted is unknown",
        )
    code, message = _error_of(answer)
    return answer.result(f"{answer.status_text}: {code}: {message}".rstrip(".") if code else "")


def _error_of(answer: PostAnswer) -> tuple[str, str]:
    """Graph's code and message for an error; empty where it gives none."""
    with suppress(ValueError, TypeError, KeyError):
        error = read_json(answer.body.encode())["error"]
        return str(error["code"]), " ".join(str(error["message"]).split())
    return "", ""
