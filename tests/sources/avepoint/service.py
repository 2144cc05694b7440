"""A service whose replies a test writes itself, over real HTTP."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from reporter.model import Customer
from reporter.sources.avepoint.auth import ClientSecret
from reporter.sources.avepoint.http import Exchange
from reporter.sources.avepoint.source import Access, open_source
from reporter.sources.interface import JobSource

BATCH = "/partner/external/v3/general/customers/services/batch"
GENERAL = "/partner/external/v3/general/customers"
Page = Callable[[int, int], Any]
"""What is answered about a page: its number, from 1, and its size. A status where it is a number,
the very bytes where it is such, JSON else.
"""


def paged(rows: list[Any]) -> Page:
    """A list as generation 3 gives it."""

    def page(number: int, size: int) -> Any:
        part = rows[(number - 1) * size : number * size]
        metadata = {"pageIndex": number, "pageSize": size, "totalCount": len(rows)}
        return {"data": part, "metadata": metadata}

    return page


class Service(ThreadingHTTPServer):
    """Gives the configured answers, and 404 to everything else. Use it as a context manager."""

    daemon_threads = True

    def __init__(
        self,
        customers: Collection[str],
        answers: Mapping[str, Page],
        withheld: Collection[str] = (),
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        listed = paged(
            [{"id": customer, "organization": f"Customer {customer}"} for customer in customers]
        )
        jobs = {
            f"{GENERAL}/{customer}/avpt-products/jobs/batch": paged([]) for customer in customers
        }
        self.answers = {f"{GENERAL}/batch": listed, **jobs, **answers}
        self.withheld = withheld
        self.asked: Counter[str] = Counter()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def access(self) -> Access:
        return Access(self.url, f"{self.url}/token", "app", ClientSecret("s"), "v3")

    def open(
        self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> tuple[JobSource, tuple[Customer, ...]]:
        source, listed = open_source(self.access(), clock, Exchange(sleep=lambda _: None))
        return source, listed.customers

    def __enter__(self) -> Service:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def _answer(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        self.server.asked[parts.path] += 1
        if parts.path == "/token":
            self._token(dict(parse_qsl(content.decode()))["scope"])
            return
        page = self.server.answers.get(parts.path)
        query = {name: int(texts[0]) for name, texts in parse_qs(parts.query).items()}
        answer = page(query.get("pageIndex", 1), query.get("pageSize", 50)) if page else 404
        if isinstance(answer, int):
            self._send(answer, b"{}")
        else:
            self._send(200, answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def _token(self, scope: str) -> None:
        if set(scope.split()) & set(self.server.withheld):
            self._send(400, b'{"error": "invalid_scope"}')
        else:
            self._send(200, b'{"access_token": "token-of-a-test", "expires_in": 3600}')

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("request-id", "request-7")
        self.end_headers()
        self.wfile.write(body)
