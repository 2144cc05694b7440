"""One request and its answer over a network that fails: time-outs, retries, `Retry-After`."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Final

import requests
import tenacity
import urllib3

from reporter import __version__
from reporter.errors import FetchError

logger = logging.getLogger(__name__)

TIMEOUT_S: Final = (10, 60)
"""To connect, and between two bytes of an answer."""
ATTEMPTS: Final = 6
LONGEST_WAIT_S: Final = 300.0
"""A `Retry-After` beyond this ends the request: the next run is the better retry."""
_FIRST_WAIT_S: Final = 0.5

_CONNECTION_FAULTS = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


class Transient(Exception):
    """Something that may be over at the next attempt; `wait_s` is what the service asked for."""

    def __init__(self, message: str, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class Exchange:
    """Sends requests and reads their whole answers, trying again what may pass."""

    def __init__(
        self, *, connections: int = 8, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._connections = connections
        self._sleep = sleep
        self._local = threading.local()

    def send(
        self,
        request: requests.Request,
        *,
        check: Callable[[requests.Response], None] = lambda response: None,
    ) -> requests.Response:
        """The answer to a request, of any status that will not change by asking again.

        `check` may raise `Transient` to have the request sent again.

        Raises:
            FetchError: no usable answer after several attempts.
        """
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=_wait_s,
            sleep=self._sleep,
            retry=tenacity.retry_if_exception_type(Transient),
            before_sleep=tenacity.before_sleep_log(logger, logging.INFO),
            reraise=True,
        )
        try:
            return retrying(self._attempt, request, check)
        except Transient as error:
            raise FetchError(
                f"{request.method} {request.url} failed {ATTEMPTS} times: {error}.",
                hint="Check the network and the service's status, then run the same command again.",
            ) from error

    def _attempt(
        self, request: requests.Request, check: Callable[[requests.Response], None]
    ) -> requests.Response:
        session = self._session()
        try:
            # A redirect is not followed: it could carry the token to another host.
            response = session.send(
                session.prepare_request(request), timeout=TIMEOUT_S, allow_redirects=False
            )
        except _CONNECTION_FAULTS as error:
            raise Transient(_words(error)) from error
        except requests.RequestException as error:
            raise FetchError(
                f"{request.method} {request.url} cannot be sent: {error}.",
                hint="Check api_url and token_url in [api].",
            ) from error
        if response.status_code == requests.codes.too_many_requests or response.status_code >= 500:
            raise Transient(f"{response.status_code} {response.reason}", _retry_after(response))
        check(response)
        return response

    def _session(self) -> requests.Session:
        """A session for each thread: `requests` does not promise to share one."""
        if not hasattr(self._local, "session"):
            session = requests.Session()
            session.headers["User-Agent"] = f"backup-reporter/{__version__}"
            adapter = requests.adapters.HTTPAdapter(pool_maxsize=self._connections)
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            self._local.session = session
        session_of_thread: requests.Session = self._local.session
        return session_of_thread


def _wait_s(state: tenacity.RetryCallState) -> float:
    """What the service asked for, else twice as long each time, with jitter so that many clients
    do not come back at once.
    """
    assert state.outcome is not None
    error = state.outcome.exception()
    backoff = _FIRST_WAIT_S * 2 ** (state.attempt_number - 1)
    jittered = backoff * random.uniform(0.5, 1.5)  # noqa: S311  no secret hangs on it
    asked = error.wait_s if isinstance(error, Transient) else None
    return jittered if asked is None else asked + random.uniform(0, 0.1)  # noqa: S311


def _retry_after(response: requests.Response) -> float | None:
    """Seconds the service asks us to wait; None where it does not say, or not readably.

    Raises:
        FetchError: it asks for longer than a run should wait.
    """
    header = response.headers.get("Retry-After")
    if header is None:
        return None
    try:
        wait_s = urllib3.Retry().parse_retry_after(header)
    except urllib3.exceptions.InvalidHeader:
        return None
    if wait_s > LONGEST_WAIT_S:
        raise FetchError(
            f"{response.url} asks to wait {wait_s:.0f} s ({response.status_code}).",
            hint="Run the same command again after that time.",
        )
    return wait_s


def _words(error: Exception) -> str:
    """The innermost cause: the outer ones only wrap it."""
    cause: BaseException = error
    while (inner := cause.__cause__ or cause.__context__) is not None:
        cause = inner
    return f"{type(cause).__name__}: {cause}"
