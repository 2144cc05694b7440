"""One request and its answer over a network that fails: time-outs, retries, `Retry-After`."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import requests
import tenacity
import urllib3

from reporter.errors import FetchError, NotReached
from reporter.showing import excerpt
from reporter.trust import UNTRUSTED, USUAL_TRUST, Trust
from reporter.web import (
    LONGEST_ANSWER_S,
    Deadline,
    NoConnection,
    OverLimit,
    by_proxy,
    distrust,
    in_words,
    open_session,
    read_body,
    retry_after_s,
    send,
)

logger = logging.getLogger(__name__)

ATTEMPTS: Final = 6
LARGEST_ANSWER: Final = 64 << 20
"""The most bytes of a body, decompressed."""
LONGEST_WAIT_S: Final = 300.0
"""A `Retry-After` beyond this ends the request: the next run is the better retry."""
_FIRST_WAIT_S: Final = 0.5

_NETWORK: Final = (
    "Check the network, a proxy that HTTPS_PROXY names, and the service's status; then run the "
    "same command again."
)
"""What to do where the service is not reached."""
_CONNECTION_FAULTS = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    urllib3.exceptions.HTTPError,
)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back of a request, whole."""

    request: requests.PreparedRequest = field(repr=False)
    url: str
    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Transient(Exception):
    """Something that may be over at the next attempt; `wait_s` is what the service asked for."""

    def __init__(self, message: str, wait_s: float | None = None, *, reached: bool = True) -> None:
        super().__init__(message)
        self.wait_s = wait_s
        self.reached = reached
        """Whether the service has answered at all."""


class Stopped(BaseException):
    """A thread is to give up what it does: no more an error than Ctrl-C is."""


class Exchange:
    """Sends requests and reads their whole answers, trying again what may pass. Once stopped, it no
    longer sends, waits or reads.
    """

    def __init__(
        self,
        *,
        connections: int = 8,
        trust: Trust = USUAL_TRUST,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._connections = connections
        self._trust = trust
        self._stopped = threading.Event()
        self._sleep = sleep or self._pause
        self._local = threading.local()

    def _pause(self, seconds: float) -> None:
        self._stopped.wait(seconds)

    def stop(self) -> None:
        """Have every thread that waits for an answer give it up."""
        self._stopped.set()

    def send(
        self,
        request: requests.Request,
        *,
        check: Callable[[HttpAnswer], None] = lambda answer: None,
        largest: int = LARGEST_ANSWER,
    ) -> HttpAnswer:
        """The answer to a request, of any status that will not change by asking again.

        `check` may raise `Transient` to have the request sent again.

        Raises:
            NotReached: there is no connection to the service, or none that can be trusted.
            FetchError: no usable answer after several attempts, or one beyond the limits.
            SettingsError: the authorities that are named cannot be used.
            Stopped: it was.
        """
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=_wait_s,
            sleep=self._sleep,
            retry=tenacity.retry_if_exception_type(Transient),
            before_sleep=_tell,
            reraise=True,
        )
        try:
            return retrying(self._attempt, request, check, largest)
        except Transient as error:
            raise _given_up(request, error) from error

    def _attempt(
        self, request: requests.Request, check: Callable[[HttpAnswer], None], largest: int
    ) -> HttpAnswer:
        if self._stopped.is_set():
            raise Stopped
        session = self._session()
        try:
            prepared = session.prepare_request(request)
            with Deadline(LONGEST_ANSWER_S) as deadline, send(session, prepared) as response:
                body = read_body(response, largest, deadline, self._stopped.is_set)
        except NoConnection as error:
            raise NotReached(
                f"{_named(request)} was given up: {error}{by_proxy(request.url)}.", hint=_NETWORK
            ) from error
        except OverLimit as error:
            raise FetchError(
                f"{_named(request)} was given up: {error}.",
                hint="No part of it is kept. Tell the service's support.",
            ) from error
        except _CONNECTION_FAULTS as error:
            if why := distrust(error, request.url):
                raise NotReached(why, hint=UNTRUSTED) from error
            raise Transient(in_words(error, request.url), reached=False) from error
        except requests.exceptions.InvalidHeader as error:
            # Those of the request are ours, and are valid.
            raise Transient(f"the reply is not valid HTTP: {excerpt(str(error))}") from error
        except requests.RequestException as error:
            raise FetchError(
                f"{_named(request)} cannot be sent: {excerpt(str(error))}.",
                hint="Check api_url and token_url in [api].",
            ) from error
        if self._stopped.is_set():
            raise Stopped
        answer = HttpAnswer(
            prepared,
            str(response.url),
            response.status_code,
            excerpt(response.reason or ""),
            response.headers,
            body,
        )
        if answer.status == requests.codes.too_many_requests or answer.status >= 500:
            raise Transient(f"{answer.status} {answer.reason}", _wait_asked_for(answer))
        check(answer)
        return answer

    def _session(self) -> requests.Session:
        """A session for each thread: `requests` does not promise to share one."""
        if not hasattr(self._local, "session"):
            self._local.session = open_session(self._trust, self._connections)
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


def _tell(state: tenacity.RetryCallState) -> None:
    assert state.outcome is not None
    assert state.next_action is not None
    logger.info("Trying again in %.1f s: %s", state.next_action.sleep, state.outcome.exception())


def _wait_asked_for(answer: HttpAnswer) -> float | None:
    """Seconds the service asks us to wait; None where it does not say, or not readably.

    Raises:
        FetchError: it asks for longer than a run should wait.
    """
    wait_s = retry_after_s(answer.headers)
    if wait_s is not None and wait_s > LONGEST_WAIT_S:
        raise FetchError(
            f"{excerpt(answer.url)} asks for a wait of {wait_s:.0f} s ({answer.status}).",
            hint="Run the same command again after that time.",
        )
    return wait_s


def _given_up(request: requests.Request, error: Transient) -> FetchError:
    message = f"{_named(request)} failed {ATTEMPTS} times: {error}."
    if error.reached:
        return FetchError(
            message, hint="Check the service's status, then run the same command again."
        )
    return NotReached(message, hint=_NETWORK)


def _named(request: requests.Request) -> str:
    return f"{request.method} {excerpt(str(request.url))}"
