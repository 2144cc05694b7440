"""A connection is made in time or given up, whoever sends a drip of bytes: a proxy, or the host."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from reporter.delivery.post import post_once
from reporter.delivery.result import ChannelError
from reporter.errors import FetchError, NotReached
from reporter.sources.avepoint.http import Exchange
from reporter.trust import USUAL_TRUST
from tests.delivery.receivers import Handler, Receiver, Replies

CONNECTED = b"HTTP/1.1 200 OK\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nX-Padding: "
RECORD = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"
"""The beginning of TLS: a greeting of 16 kB."""


@contextmanager
def dripping(first: bytes) -> Iterator[str]:
    """A server that says something, begins with TLS where that is a tunnel, and then sends a byte
    each tenth of a second; its address.
    """

    class Drip(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(4096)
            self.request.sendall(first)
            if first == CONNECTED:
                self.request.recv(4096)
                self.request.sendall(RECORD)
            try:
                for _ in range(600):
                    self.request.sendall(b"x")
                    time.sleep(0.1)
            except OSError:
                return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Drip) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize("first", [HEAD, CONNECTED], ids=["tunnel", "TLS in the tunnel"])
def test_a_dripping_proxy_is_given_up(first: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, and it is named: it would drip at each attempt."""
    monkeypatch.setattr("reporter.web.CONNECTING_S", 0.5)
    with dripping(first) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
        began = time.monotonic()
        with pytest.raises(NotReached) as caught:
            Exchange().send(requests.Request("GET", "https://graph.example/x"))
        assert time.monotonic() - began < 10
    assert str(caught.value) == (
        "GET https://graph.example/x was given up: there was no connection after 0.5 seconds "
        f"(through the proxy {proxy})."
    )
    assert "HTTPS_PROXY" in caught.value.hint


def test_a_host_whose_greeting_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS has no time limit of its own."""
    monkeypatch.setattr("reporter.web.CONNECTING_S", 0.5)
    with dripping(RECORD) as host, pytest.raises(NotReached, match="no connection after"):
        Exchange().send(requests.Request("GET", f"https://{host}/x"))


def test_an_established_connection_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer may take longer than connecting did, also on a reused connection."""
    monkeypatch.setattr("reporter.web.CONNECTING_S", 0.3)

    def late(handler: Handler) -> None:
        handler.read_body()
        time.sleep(0.6)
        Replies(200, b"{}")(handler)

    exchange = Exchange()
    with Receiver(late) as receiver:
        for _ in range(2):
            request = requests.Request("POST", receiver.url)
            assert exchange.send(request).body == b"{}"


# urllib3 leaves the connection of such a reply to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("length", [b"5, 6", b"5\r\nContent-Length: 6"])
def test_a_reply_that_is_not_valid_http(length: bytes) -> None:
    """The reply is at fault: the addresses in the configuration are fine."""

    def answer(handler: Handler) -> None:
        handler.read_body()
        handler.close_connection = True
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: " + length + b"\r\n\r\n{}")

    with Receiver(answer) as receiver, pytest.raises(FetchError) as caught:
        Exchange(sleep=lambda _: None).send(requests.Request("POST", receiver.url))
    assert "failed 6 times: the reply is not valid HTTP: Content-Length" in str(caught.value)
    assert "api_url" not in caught.value.hint


def test_a_message_that_was_never_sent_was_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message stays approved where there was no connection to send it over."""
    monkeypatch.setattr("reporter.web.CONNECTING_S", 0.5)
    with (
        dripping(RECORD) as host,
        pytest.raises(ChannelError, match=r"There is no connection to 127\.0\.0\.1"),
    ):
        post_once(f"https://{host}/x", b"report", {}, pytest.fail, trust=USUAL_TRUST)
