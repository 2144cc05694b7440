"""One POST, sent once: what came of it, and whether the other side may have it all the same."""

from __future__ import annotations

import io
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import requests
import urllib3

from reporter.delivery.result import ChannelError, Committing, Result
from reporter.errors import SettingsError
from reporter.foreign import storable
from reporter.model import DeliveryState
from reporter.trust import UNTRUSTED, Trust
from reporter.web import (
    FAULTS,
    LONGEST_ANSWER_S,
    Deadline,
    NoConnection,
    OverLimit,
    by_proxy,
    distrust,
    in_words,
    open_session,
    retry_after_s,
    send,
)

_SAME: Final = "Then run the same command again: it finishes the work."
LONGEST_BODY_S: Final = 60
"""Seconds for which the body of an answer is read."""
_MOST_READ: Final = 4_000
"""Bytes that are read of an answer: it is shown to people."""
_NO_ADDRESS: Final = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    urllib3.exceptions.LocationValueError,
)
"""What is raised for an invalid address, before anything is sent."""
_LATER: Final = (408, 425, 429, 503)
"""Statuses that mean "not now"."""


@dataclass(frozen=True, slots=True)
class PostAnswer:
    """What came back for a request."""

    request: requests.PreparedRequest
    status: int | None
    """None where the connection broke before anything was answered."""
    status_text: str
    """The status in words, or how the connection broke."""
    body: str
    """The beginning of the answer's body, where the other side did not take the request."""
    wait_s: float | None
    """After how many seconds it wants to be asked again."""
    whole: bool
    """Whether the last byte of the request may have left: then the other side may have it."""

    def result(self, reason: str = "") -> Result:
        """What came of the delivery; `reason` replaces the answer's own words."""
        reason = reason or " ".join(f"{self.status_text}: {self.body}".split()).rstrip(": ")
        return Result(self._state(), reason, self.wait_s)

    def _state(self) -> DeliveryState:
        status = self.status or 0
        if 200 <= status < 300:
            return DeliveryState.SENT
        if status in _LATER:
            return DeliveryState.FAILED
        # A redirect is not followed, so whoever answers with one has not taken anything.
        if 300 <= status < 500:
            return DeliveryState.REFUSED
        return DeliveryState.UNCERTAIN if self.whole else DeliveryState.FAILED


class _Body(io.BytesIO):
    """The body of a request, read by the block as it is sent; says so before the last one goes."""

    def __init__(self, content: bytes, committing: Committing) -> None:
        super().__init__(content)
        self._committing = committing
        self.begun = False
        self.whole = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.begun = True
        block = super().read(size)
        if not self.whole and self.tell() == self.getbuffer().nbytes:
            self._committing()
            self.whole = True
        return block


def post_once(
    url: str,
    content: bytes,
    headers: dict[str, str],
    committing: Committing,
    *,
    auth: requests.auth.AuthBase | None = None,
    trust: Trust,
) -> PostAnswer:
    """Send a request once, over a connection of its own: on one that was used before, nobody could
    tell a server that has just closed it from one that took the request.

    Raises:
        ChannelError: there was no connection, or whom to trust is not known: nothing was sent.
    """
    body = _Body(content, committing)
    host = urlsplit(url).hostname
    with open_session(trust) as session:
        try:
            request = session.prepare_request(
                requests.Request("POST", url, headers=headers, data=body, auth=auth)
            )
            with Deadline(LONGEST_ANSWER_S), send(session, request) as response:
                return PostAnswer(
                    request,
                    response.status_code,
                    storable(f"{response.status_code} {response.reason}".strip()),
                    "" if response.status_code < 300 else _beginning(response),
                    retry_after_s(response.headers),
                    body.whole,
                )
        except SettingsError as error:
            raise ChannelError(str(error), hint=error.hint) from error
        except _NO_ADDRESS:
            # Its words, which quote the address, stay out of every traceback.
            raise ChannelError(
                "The address to post to is not a web address.",
                hint="Check `webhook` in [delivery] or `graph_url` in [mail], and the proxy set in "
                "the environment.",
            ) from None
        except FAULTS as error:
            if not body.begun:
                raise _no_connection(error, url) from error
            why = f"the connection to {host} broke before an answer came: {in_words(error, url)}"
            return PostAnswer(request, None, why, "", None, body.whole)
        except NoConnection as error:  # before the error it is a kind of: nothing has been tried
            raise _not_reached(url, f"{error}{by_proxy(url)}") from error
        except OverLimit as error:
            why = f"the connection to {host} was given up: {error}"
            return PostAnswer(request, None, why, "", None, body.whole)


def _no_connection(error: Exception, url: str) -> ChannelError:
    if why := distrust(error, url):
        return ChannelError(why, hint=f"{UNTRUSTED} {_SAME}")
    return _not_reached(url, in_words(error, url))


def _not_reached(url: str, why: str) -> ChannelError:
    return ChannelError(
        f"There is no connection to {urlsplit(url).hostname}: {why}.",
        hint=f"Check the address and the network. {_SAME}",
    )


def _beginning(response: requests.Response) -> str:
    """As much of an answer's body as comes in time."""
    until, body = time.monotonic() + LONGEST_BODY_S, b""
    with suppress(urllib3.exceptions.HTTPError, OSError):
        while len(body) < _MOST_READ and time.monotonic() < until:
            block = response.raw.read1(_MOST_READ - len(body), decode_content=True)
            if not block:
                break
            body += block
    return storable(body.decode("utf-8", "replace"))
