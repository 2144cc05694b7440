"""The emulator as a server on loopback."""

from __future__ import annotations

import hashlib
import logging
import socket
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import ThreadingHTTPServer
from typing import Any, Final

from cryptography import x509

from reporter.sources.avepoint.emulator.cast import Profile
from reporter.sources.avepoint.emulator.faults import Faults
from reporter.sources.avepoint.emulator.handler import Handler
from reporter.sources.avepoint.emulator.rows import Lists, Row, job_rows
from reporter.sources.avepoint.emulator.runs import Truth, truth
from reporter.sources.avepoint.emulator.tokens import (
    PERMISSIONS_TENANT,
    PERMISSIONS_V1,
    PERMISSIONS_V3,
    TokenOffice,
)

logger = logging.getLogger(__name__)

_GRANTED: Final = {"v1": PERMISSIONS_V1, "v3": PERMISSIONS_V3}


class Clock:
    """A clock that stands where it is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Emulator:
    """What is served, as a pure function of the arguments; use it as a context manager.

    Args:
        customers: who is there.
        seed: of the synthetic data and of the faults.
        now: the emulator's clock, aware times; what is served follows it from look to look.
        lists: which jobs the service lists.
        listed: how far back the service lists jobs where it lists all.
        faults: what goes wrong how often.
        latency: seconds every reply takes at least.
        port: 0 takes a free one.
        generations: of which generations of the API the app registration has the permissions.
        withheld: permissions of these that it does not have, and of those in customers' tenants.
        certificate: of the app registration, beside its secret.
        token_lifetime: seconds a token lives.
        page_size: rows of a page in generation 1.
    """

    def __init__(
        self,
        customers: Iterable[Profile],
        *,
        seed: int = 1,
        now: Callable[[], datetime],
        lists: Lists = Lists.NEWEST,
        listed: timedelta = timedelta(days=62),
        faults: Faults | None = None,
        latency: float = 0.0,
        port: int = 0,
        generations: Sequence[str] = ("v1", "v3"),
        withheld: Collection[str] = (),
        certificate: x509.Certificate | None = None,
        token_lifetime: float = 3600.0,
        page_size: int = 1000,
    ) -> None:
        self.customers = {profile.id: profile for profile in customers}
        self.seed = seed
        self.now = now
        self.lists = lists
        self.listed = listed
        self.faults = faults or Faults()
        self.latency = latency
        self.page_size = page_size
        self.requests: Counter[str] = Counter()
        """Requests by the first words of what was asked for."""
        self.busiest = 0
        """The most requests that were under way at once."""
        name = hashlib.sha256(f"emulator:{seed}".encode()).hexdigest()
        granted = frozenset().union(*(_GRANTED[generation] for generation in generations))
        granted -= frozenset(withheld)
        self.tokens = TokenOffice(
            f"{name[:8]}-app", name[8:40], granted, token_lifetime, certificate
        )
        self._in_tenants = PERMISSIONS_TENANT - frozenset(withheld)
        self._tenants: dict[str, TokenOffice] = {}
        self._token_lifetime = token_lifetime
        self._lock = threading.Lock()
        self._busy = 0
        self._rows: tuple[Any, list[Row]] | None = None
        self._server = _EmulatorServer(("127.0.0.1", port), _handler_of(self))
        self._thread: threading.Thread | None = None

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def token_url(self) -> str:
        return f"{self.api_url}/connect/token"

    @property
    def client_id(self) -> str:
        return self.tokens.client_id

    @property
    def client_secret(self) -> str:
        return self.tokens.client_secret

    def tenant(self, customer_id: str) -> TokenOffice:
        """The app registration that a customer has made in its own tenant."""
        with self._lock:
            if customer_id not in self._tenants:
                secret = hashlib.sha256(f"tenant:{self.seed}:{customer_id}".encode()).hexdigest()
                self._tenants[customer_id] = TokenOffice(
                    f"tenant-{customer_id}",
                    secret[:32],
                    self._in_tenants,
                    self._token_lifetime,
                    None,
                )
            return self._tenants[customer_id]

    def office_of(self, client_id: str) -> TokenOffice:
        """Where an app registration gets its tokens; of an unknown one, where the provider's does,
        which refuses it.
        """
        prefix, _, customer_id = client_id.partition("-")
        if prefix == "tenant" and customer_id in self.customers:
            return self.tenant(customer_id)
        return self.tokens

    def tenant_of(self, token: str) -> str | None:
        """The customer in whose tenant a token was issued; None of the provider's tokens."""
        with self._lock:
            tenants = list(self._tenants.items())
        return next((id_ for id_, office in tenants if office.scopes_of(token) is not None), None)

    def __enter__(self) -> Emulator:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        assert self._thread is not None
        self._thread.join()

    def serve_until_interrupted(self) -> None:
        """Wait, serving, until the process is interrupted."""
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            logger.info("Interrupted")

    def jobs(self, profile: Profile, generation: int) -> list[Row]:
        """The rows listed of a customer now; the pages of one reading come in a row, so the last
        listing is kept.
        """
        now = self.now()
        key = (profile, now, self.lists, self.listed, generation)
        with self._lock:
            if self._rows is not None and self._rows[0] == key:
                return self._rows[1]
        rows = job_rows(self.seed, profile, now, generation, self.lists, self.listed)
        with self._lock:
            self._rows = (key, rows)
        return rows

    def present(self) -> list[Profile]:
        """Who is a customer now."""
        now = self.now()
        return [profile for profile in self.customers.values() if profile.there_at(now)]

    def truth(self, customer_id: str, start: datetime, stop: datetime) -> Truth:
        """What really happened to a customer's scopes in `[start, stop)`, for tests; the service
        tells it nobody.
        """
        return truth(self.seed, self.customers[customer_id], start, stop)

    @contextmanager
    def counted(self, what: str) -> Any:
        """Count a request while it is under way."""
        with self._lock:
            self.requests[what] += 1
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1


class _EmulatorServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no fault of ours."""
        logger.debug("Connection with %s ended", client_address, exc_info=True)


def _handler_of(emulator: Emulator) -> type[Handler]:
    class BoundHandler(Handler):
        def setup(self) -> None:
            # Small replies would otherwise wait 40 ms for a packet that never comes.
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.emulator = emulator
            super().setup()

    return BoundHandler
