"""Sending mail through Microsoft Graph, where SMTP log-in is switched off."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final
from urllib.parse import quote

from reporter.delivery.post import Answer, post_once
from reporter.delivery.result import ChannelError, Committing, Result
from reporter.errors import FetchError
from reporter.fetch.auth import TokenAuth
from reporter.foreign import read_json
from reporter.trust import USUAL_TRUST, Trust

SCOPE: Final = "https://graph.microsoft.com/.default"
LARGEST: Final = 3_000_000
_NOT_US: Final = {
    401: "Check oauth_client_id and its secret in [mail].",
    403: "Give the app registration the application permission Mail.Send, with an administrator's "
    "consent, and let its access policy include the sender's mailbox.",
    404: "Check the sender's address: it must be that of a mailbox.",
}
"""Statuses that tell of the log-in or the sender: every message would be answered with them."""


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
        """The largest message, in bytes: a request has 4 MB at most, a third of which is base64."""
        return LARGEST

    def reach(self) -> str:
        """Ask for a token; that the mailbox may be used, only a message shows.

        Raises:
            ChannelError: none is given.
        """
        self._token()
        return "Microsoft Graph, a token is given"

    def send(
        self, message: bytes, recipients: Sequence[str], committing: Callable[[Sequence[str]], None]
    ) -> dict[str, Result]:
        """Send a message, once; what came of it for each recipient, whom its headers have to name.

        Nothing about a message tells Graph that it has it already. `committing` is called again
        where the token had to be renewed: Graph had not taken it.

        Raises:
            ChannelError: Graph is not reached, or does not let us send as the sender.
        """
        commit = partial(committing, recipients)
        answer = self._post(message, commit)
        if answer.status == 401:
            self._auth.reject(answer.request)
            answer = self._post(message, commit)
        result = answer.result(_reason(answer))
        if hint := _NOT_US.get(answer.status or 0):
            raise ChannelError(f"Microsoft Graph does not let us send: {result.reason}.", hint=hint)
        return dict.fromkeys(recipients, result)

    def close(self) -> None:
        """Nothing stays open between two messages."""

    def _post(self, message: bytes, committing: Committing) -> Answer:
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
                f"There is no token for Microsoft Graph: {error}",
                hint="Check oauth_token_url, oauth_client_id and its secret in [mail].",
            ) from error


def _reason(answer: Answer) -> str:
    """Graph's own words for an error; empty where it has none."""
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        error = read_json(answer.body.encode())["error"]
        return f"{answer.said}: {error['code']}: {' '.join(error['message'].split())}".rstrip(".")
    return ""
