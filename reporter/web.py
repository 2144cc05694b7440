"""One request over HTTP and its answer, as all channels send them: to whom the program trusts, by
the proxy of the environment, and within limits of size and time.
"""

from __future__ import annotations

import io
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import quote, urlsplit

import requests
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from reporter import __version__
from reporter.errors import SettingsError
from reporter.trust import Trust, in_force

TIMEOUT_S: Final = (10, 60)
"""Seconds to connect, and between two bytes of an answer."""
CONNECTING_S: Final = 60.0
"""Seconds to make a connection, with a proxy's tunnel and TLS."""
LONGEST_ANSWER_S: Final = 180.0
"""Seconds from the last byte of a request to the last of its answer."""
_BLOCK: Final = 1 << 16
_SIGNS: Final = "/?#[]:@"
"""The characters around the host of an address: none of them stands unescaped in a password."""
_SECONDS: Final = re.compile(r"[0-9]{1,9}")
"""The digits of `Retry-After`: with more of them it is longer than any lifetime."""
_JUST_NOW_S: Final = 1.0
"""Dates in HTTP are of whole seconds."""
FAULTS: Final = (requests.RequestException, urllib3.exceptions.HTTPError)
"""What is raised where there is no answer, or no whole one."""


class OverLimit(Exception):
    """An answer is larger, or takes longer, than any has reason to."""


class NoConnection(OverLimit):
    """Making a connection takes longer than it has reason to."""


class Deadline:
    """Cuts the connection of a request that takes too long, however steadily bytes drip in: a
    time-out counts from each byte anew. Making the connection has a time of its own; that of the
    answer begins when the request has left.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._passed: OverLimit | None = None
        self._socket: Any = None
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Deadline:
        _of_thread.deadline = self
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._end()
        _of_thread.deadline = None
        if isinstance(error, FAULTS):
            self.insist()  # else it is what came of the cut

    def insist(self) -> None:
        """Insist that there is time left.

        Raises:
            OverLimit: there is none.
        """
        if self._passed:
            raise self._passed

    @contextmanager
    def connecting(self) -> Iterator[None]:
        """The time left to make a connection, with a proxy's tunnel and TLS.

        Raises:
            NoConnection: it is over.
        """
        seconds = CONNECTING_S
        self._begin(seconds, NoConnection(f"there was no connection after {seconds:g} seconds"))
        try:
            yield
        finally:
            if (connection := self._socket) is not None:
                connection.close()
            self._end()
        self.insist()

    def hold(self, connection: socket.socket) -> None:
        """Take hold of the connection being made. TLS takes its socket from it: a second one on the
        same connection stays.
        """
        self._socket = connection.dup()
        if self._passed:
            self._cut(self._passed)

    def watch(self, connection: Any) -> None:
        """Start the time limit of the answer, after which its connection is cut."""
        self._socket = connection
        over = OverLimit(f"its answer was not complete after {self._seconds:g} seconds")
        self._begin(self._seconds, over)

    def _begin(self, seconds: float, over: OverLimit) -> None:
        self._timer = threading.Timer(seconds, self._cut, (over,))
        self._timer.daemon = True
        self._timer.start()

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._socket = None

    def _cut(self, over: OverLimit) -> None:
        self._passed = over
        if (connection := self._socket) is not None:
            with suppress(OSError, ValueError):
                connection.shutdown(socket.SHUT_RDWR)


class _OfThread(threading.local):
    """The deadline of the request that a thread is sending."""

    deadline: Deadline | None = None


_of_thread: Final = _OfThread()


class _Watched:
    """A connection that shows its socket to the deadline of its request: nothing else ends the
    waiting for a tunnel, a greeting or a head that drips in.
    """

    sock: Any

    def connect(self) -> None:
        deadline = _of_thread.deadline
        with deadline.connecting() if deadline else nullcontext():
            super().connect()  # type: ignore[misc]  # of the connection it is mixed into

    def _new_conn(self) -> Any:
        connection = super()._new_conn()  # type: ignore[misc]
        if _of_thread.deadline is not None:
            _of_thread.deadline.hold(connection)
        return connection

    def getresponse(self) -> Any:
        if _of_thread.deadline is not None:
            _of_thread.deadline.watch(self.sock)
        return super().getresponse()  # type: ignore[misc]


class _Connection(_Watched, HTTPConnection):
    pass


class _SecureConnection(_Watched, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS: Final = {"http": _Pool, "https": _SecurePool}


class _Adapter(requests.adapters.HTTPAdapter):
    """Trusts exactly those whom its context trusts."""

    def __init__(self, context: Callable[[], ssl.SSLContext], connections: int) -> None:
        self._context = context
        super().__init__(pool_maxsize=connections)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        if proxy.lower().startswith("https:"):
            options["proxy_ssl_context"] = self._context()
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        host, options = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] == "https":
            options["ssl_context"] = self._context()
        return host, options

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Does nothing: it would make the context load certifi's authorities beside its own."""


def open_session(trust: Trust, connections: int = 1) -> requests.Session:
    """A session whose requests go by `send`."""
    contexts: list[ssl.SSLContext] = []

    def context() -> ssl.SSLContext:
        if not contexts:
            contexts.append(trust.context())
        return contexts[0]

    session = requests.Session()
    session.headers["User-Agent"] = f"backup-reporter/{__version__}"
    adapter = _Adapter(context, connections)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


@contextmanager
def send(
    session: requests.Session, request: requests.PreparedRequest
) -> Iterator[requests.Response]:
    """Send a request; its answer with the body yet to be read.

    Past the session, which would follow a redirect, or read it to its end: a redirect could carry
    a token to another host.

    Raises:
        requests.RequestException: there is no answer.
        SettingsError: the authorities that are named cannot be used, or the proxy cannot.
    """
    assert request.url is not None
    adapter = session.get_adapter(request.url)
    proxies = requests.utils.get_environ_proxies(request.url, no_proxy=None)
    _refuse_odd_proxy(requests.utils.select_proxy(request.url, proxies))
    with adapter.send(request, stream=True, timeout=TIMEOUT_S, proxies=proxies) as response:
        yield response


def _refuse_odd_proxy(proxy: str | None) -> None:
    """Insist that the proxy of the environment, if it names one, has an address.

    Raises:
        SettingsError: it has none. The message quotes nothing of it: anything in it may then be a
            password.
    """
    if not proxy:
        return
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        good = bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    # Behind one of these signs in a password stands its rest, and before it what looks like a host.
    if not good or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise SettingsError(
            "The proxy set in the environment is not a valid address.",
            hint="Write HTTPS_PROXY and HTTP_PROXY as http://user:password@host:port; in the "
            f"password, write {' '.join(_SIGNS)} "
            f"as {' '.join(quote(sign, safe='') for sign in _SIGNS)}.",
        )


def read_body(
    response: requests.Response,
    most: int,
    deadline: Deadline,
    stopped: Callable[[], bool] = lambda: False,
) -> bytes:
    """The body of an answer, decompressed as it comes; what there is of it once `stopped`.

    Raises:
        OverLimit: it has more bytes than `most`, or its time is over.
        urllib3.exceptions.HTTPError: the connection broke.
    """
    body = io.BytesIO()
    while not stopped() and (block := response.raw.read1(_BLOCK, decode_content=True)):
        body.write(block)
        if body.tell() > most:
            raise OverLimit(f"its answer has more than {most / (1 << 20):,.0f} MiB")
    deadline.insist()
    return body.getvalue()


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """After how many seconds the other side wants to be asked again; None where it does not say, or
    not usably.
    """
    text = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        date = parsedate_to_datetime(text)
        wait_s = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - time.time()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(wait_s, 0.0) if wait_s > -_JUST_NOW_S else None


def in_words(error: BaseException, url: str) -> str:
    """Why there is no connection, and by which proxy it was tried. The address itself is left out:
    it can be a secret.
    """
    # The outer ones only wrap it; what is within one of these tells of our own reading.
    while not isinstance(error, HTTPException) and (inner := error.__cause__ or error.__context__):
        error = inner
    return f"{type(error).__name__}: {error}{by_proxy(url)}"


def distrust(error: BaseException, url: str) -> str:
    """What is wrong with a host's certificate, as a sentence; empty if nothing is."""
    fault = _certificate_fault(error)
    if fault is None:
        return ""
    reason, host = fault.verify_message.rstrip("."), urlsplit(url).hostname
    why = f"The certificate of {host} is not trusted: {reason}{by_proxy(url)}."
    return f"{why} {in_force()}".rstrip()


def by_proxy(url: str) -> str:
    """By which proxy of the environment a request goes, without the password it may hold."""
    proxies = requests.utils.get_environ_proxies(url, no_proxy=None)
    proxy = requests.utils.select_proxy(url, proxies)
    if not proxy:
        return ""
    place = proxy.rpartition("@")[2].rpartition("://")[2].rstrip("/")
    return f" (through the proxy {place})"


def _certificate_fault(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """The fault of a certificate in a chain of errors; urllib3 hands it on as an argument too."""
    left = [error]
    while left:
        cause = left.pop()
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause
        if isinstance(cause, BaseException):
            left += [cause.__cause__, cause.__context__, *cause.args]
    return None
