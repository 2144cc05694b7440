"""Signed calls to the API: a `Reply` as received, or an error that says what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from reporter.errors import FetchError, NotThere, PermissionDenied
from reporter.fetch.auth import TokenAuth
from reporter.fetch.http import Exchange, Transient
from reporter.model import Reply

_REQUEST_ID: Final = "request-id"


class Client:
    """Calls under one API root, for one set of permissions."""

    def __init__(
        self, exchange: Exchange, auth: TokenAuth, api_url: str, clock: Callable[[], datetime]
    ) -> None:
        self._exchange = exchange
        self.auth = auth
        self.api_url = api_url
        self._clock = clock

    def call(
        self,
        method: str,
        url: str,
        *,
        permission: str,
        subject: str,
        params: dict[str, int] | None = None,
        body: dict[str, Any] | None = None,
    ) -> Reply:
        """The reply to a call; its body is JSON.

        `subject` is what is asked for, in words; `permission` what the app registration needs.

        Raises:
            PermissionDenied: 401 (also with a new token) or 403.
            NotThere: 404.
            FetchError: the service cannot be reached, or answers anything but 200.
        """
        if _host(url) != _host(self.api_url):
            raise FetchError(
                f"The service points to another host for {subject}: {url}.",
                hint="The token is not sent there. Tell the service's support.",
            )
        request = requests.Request(method, url, params=params, json=body, auth=self.auth)
        response = self._exchange.send(request, check=self._checker())
        if response.status_code != requests.codes.ok:
            raise _refused(response, permission, subject)
        return Reply(
            url=response.url,
            fetched_at=self._clock(),
            request_id=response.headers.get(_REQUEST_ID, ""),
            body=response.content,
        )

    def _checker(self) -> Callable[[requests.Response], None]:
        """One new token after a 401, and another attempt after a body that is no JSON."""
        renewed = False

        def check(response: requests.Response) -> None:
            nonlocal renewed
            if response.status_code == requests.codes.unauthorized and not renewed:
                renewed = True
                self.auth.reject(response.request)
                raise Transient("401 Unauthorized", wait_s=0)
            if response.status_code == requests.codes.ok:
                try:
                    json.loads(response.content)
                except ValueError as error:
                    raise Transient(
                        f"the answer is not JSON ({error}); it begins with "
                        f"{response.content[:60]!r}, {_named(response)}"
                    ) from error

        return check


def _refused(response: requests.Response, permission: str, subject: str) -> FetchError:
    status = f"{response.status_code} {response.reason}, {_named(response)}"
    if response.status_code in (requests.codes.unauthorized, requests.codes.forbidden):
        return PermissionDenied(
            f"The app may not read {subject} ({status}).",
            hint=f"Give the app registration the permission {permission}, and check that its "
            "scope (all customers, some, or groups) includes this one.",
        )
    if response.status_code == requests.codes.not_found:
        return NotThere(
            f"The service does not know {subject} ({status}).",
            hint="Check the customer id, and api_url in [api].",
        )
    return FetchError(
        f"The service refused to give {subject} ({status}): {response.text[:200]!r}.",
        hint="Ask the service's support with the request id.",
    )


def _named(response: requests.Response) -> str:
    return f"request id {response.headers.get(_REQUEST_ID, 'not given')}"


def _host(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
