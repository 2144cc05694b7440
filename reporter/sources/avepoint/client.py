"""Signed calls to the API: a `Reply` as received, or an error that says what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from reporter.errors import FetchError, NotThere, PermissionDenied
from reporter.foreign import BeyondLimits, NotJson, loses_text, storable
from reporter.model import Reply
from reporter.showing import beginning, excerpt
from reporter.sources.avepoint.auth import TokenAuth
from reporter.sources.avepoint.http import Exchange, HttpAnswer, Transient

logger = logging.getLogger(__name__)

_REQUEST_ID: Final = "request-id"
_LONGEST_ID: Final = 200


class Client:
    """Calls under one API root, for one set of permissions."""

    def __init__(
        self,
        exchange: Exchange,
        auth: TokenAuth,
        api_url: str,
        clock: Callable[[], datetime],
        *,
        quotes: bool = True,
    ) -> None:
        """Errors quote the beginning of what came, except without `quotes`: where it names people,
        whose names would get into reports and logs.
        """
        self._exchange = exchange
        self.auth = auth
        self.api_url = api_url
        self._clock = clock
        self._quotes = quotes

    def without_quotations(self) -> Client:
        """The same client for replies that name people."""
        return Client(self._exchange, self.auth, self.api_url, self._clock, quotes=False)

    def stop(self) -> None:
        """Give up what is under way, and ask for nothing more."""
        self._exchange.stop()

    def call(
        self,
        method: str,
        url: str,
        *,
        permission: str,
        subject: str,
        received: list[Reply],
        params: Mapping[str, int | str] | None = None,
        body: dict[str, Any] | None = None,
    ) -> Reply:
        """The reply to a call; its body is JSON.

        `subject` is what is asked for, in words; `permission` what the app registration needs. The
        reply is added to `received`, also where it cannot be used.

        Raises:
            PermissionDenied: 401 (also with a new token) or 403.
            NotThere: 404.
            NotReached: there is no connection to the service.
            FetchError: the service answers anything but 200, or nothing that can be used.
        """
        if _host(url) != _host(self.api_url):
            raise FetchError(
                f"The service points to another host for {subject}: {excerpt(url)}.",
                hint="The token was not sent there. Tell the service's support.",
            )
        request = requests.Request(method, url, params=params, json=body, auth=self.auth)
        check = self._checker(subject, received)
        answer = self._exchange.send(request, check=check)
        if answer.status != requests.codes.ok:
            raise _refused(answer, permission, subject, quotes=self._quotes)
        return received[-1]

    def _checker(self, subject: str, received: list[Reply]) -> Callable[[HttpAnswer], None]:
        """One new token after a 401, and another attempt after a body that is no JSON."""
        renewed = False
        before = len(received)

        def check(answer: HttpAnswer) -> None:
            nonlocal renewed
            if answer.status == requests.codes.unauthorized and not renewed:
                renewed = True
                self.auth.reject(answer.request)
                raise Transient("401 Unauthorized", wait_s=0)
            if answer.status == requests.codes.ok:
                # Of several attempts the last one counts.
                received[before:] = [
                    Reply(storable(answer.url), self._clock(), _request_id(answer), answer.body)
                ]
                _insist_on_json(answer, subject, quotes=self._quotes)

        return check


def _insist_on_json(answer: HttpAnswer, subject: str, *, quotes: bool) -> None:
    """Accept only JSON as a body, and log if not every character of it can be kept."""
    try:
        replaced = loses_text(answer.body)
    except BeyondLimits as error:
        raise FetchError(
            f"The reply about {subject} cannot be used: {error} ({_named(answer)}).",
            hint="Tell the service's support.",
        ) from error
    except NotJson as error:
        begins = f"; it begins with {beginning(answer.body, 60)!r}" if quotes else ""
        raise Transient(f"the answer is not JSON ({error}){begins}, {_named(answer)}") from error
    if replaced:
        logger.warning(
            "The reply about %s contains NUL or broken characters, read as U+FFFD; it is stored "
            "unchanged (%s)",
            subject,
            _named(answer),
        )


def _refused(answer: HttpAnswer, permission: str, subject: str, *, quotes: bool) -> FetchError:
    status = f"{answer.status} {answer.reason}, {_named(answer)}"
    if answer.status in (requests.codes.unauthorized, requests.codes.forbidden):
        return PermissionDenied(
            f"The app is not permitted to read {subject} ({status}).",
            hint=f"Give the app registration the permission {permission}, and check that its "
            "scope (all customers, some, or groups) includes this one.",
        )
    if answer.status == requests.codes.not_found:
        return NotThere(
            f"The service does not know {subject} ({status}).",
            hint="Check the customer id, and api_url in [api].",
        )
    text = f": {beginning(answer.body)!r}" if quotes else ""
    return FetchError(
        f"The service refused to give {subject} ({status}){text}.",
        hint="Ask the service's support with the request id.",
    )


def _request_id(answer: HttpAnswer) -> str:
    return excerpt(answer.headers.get(_REQUEST_ID, ""), _LONGEST_ID)


def _named(answer: HttpAnswer) -> str:
    return f"request id {_request_id(answer) or 'not given'}"


def _host(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
