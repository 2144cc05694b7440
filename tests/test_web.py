"""One request and its answer: what `Retry-After` asks for, and answers that never end."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from reporter.delivery.webhook import post_summary
from reporter.evidence.timestamp import Authority, NoStamp
from reporter.model import DeliveryState
from reporter.web import retry_after_s
from tests.delivery.receivers import Handler, Receiver, Replies

ABSURD = [
    "",
    "soon",
    "-5",
    "1.5",
    "1e3",
    "٣",
    "Fri, 31 Dec 99999 23:59:59 GMT",
    "Fri, 31 Dec 9999999999999999999999 23:59:59 GMT",
    "Fri, 99 Dec 2026 99:99:99 GMT",
    "9" * 10,
    "9" * 400,
    "9" * 60_000,
    "Sat, 01 Jan 2000 00:00:00 GMT",
    "Fri, 31 Dec 0000 23:59:59 GMT",
    "\x00",
    "Mon, , , ,",
]


@pytest.mark.parametrize("header", ABSURD, ids=range(len(ABSURD)))
def test_an_absurd_retry_after_is_ignored(header: str) -> None:
    """It neither crashes nor causes a wait."""
    assert retry_after_s({"Retry-After": header}) is None


def test_what_retry_after_says_is_read() -> None:
    """In seconds, and as a date of whole seconds, which may just have passed."""
    assert retry_after_s({}) is None
    assert retry_after_s({"Retry-After": " 120 "}) == 120
    assert retry_after_s({"Retry-After": "0"}) == 0
    now = datetime.now(UTC)
    later = format_datetime(now + timedelta(seconds=90), usegmt=True)
    assert 85 < (retry_after_s({"Retry-After": later}) or 0) <= 90
    assert retry_after_s({"Retry-After": later.replace("GMT", "-0000")}) is not None
    assert retry_after_s({"Retry-After": format_datetime(now, usegmt=True)}) == 0


@pytest.mark.parametrize("header", ["Fri, 31 Dec 99999 23:59:59 GMT", "9" * 5_000, "-1"])
def test_a_web_address_may_answer_anything(header: str) -> None:
    """A note that is not accepted now is tried again later, whatever its receiver asks for."""
    with Receiver(Replies(429, b"busy", {"Retry_After": header})) as receiver:
        result = post_summary(
            receiver.url, {}, message_id="1", secret=None, committing=lambda: None
        )
    assert (result.state, result.wait_s) == (DeliveryState.FAILED, None)


def test_any_answer_of_a_web_address_can_be_stored() -> None:
    """NUL in its words would leave the note "sending" in PostgreSQL."""

    def answer(handler: Handler) -> None:
        handler.read_body()
        handler.wfile.write(b"HTTP/1.1 400 N\0o\r\nContent-Length: 5\r\n\r\nno\0pe")

    with Receiver(answer) as receiver:
        result = post_summary(
            receiver.url, {}, message_id="1", secret=None, committing=lambda: None
        )
    assert result.reason == "400 N\ufffdo: no\ufffdpe"


def drips(head: bytes) -> object:
    """Sends a byte each tenth of a second."""

    def answer(handler: Handler) -> None:
        handler.read_body()
        for number in range(len(head)):
            handler.wfile.write(head[number : number + 1])
            time.sleep(0.1)

    return answer


HEAD = b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 200


def test_a_dripping_web_address_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows whether it has the note: a time-out between two bytes would never occur."""
    monkeypatch.setattr("reporter.delivery.post.LONGEST_ANSWER_S", 0.5)
    with Receiver(drips(HEAD)) as receiver:  # type: ignore[arg-type]
        began = time.monotonic()
        result = post_summary(
            receiver.url, {}, message_id="1", secret=None, committing=lambda: None
        )
        assert time.monotonic() - began < 5
    assert result.state is DeliveryState.UNCERTAIN
    assert "given up: its answer was not complete after 0.5 seconds" in result.reason


@pytest.mark.parametrize("body", [HEAD, b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" * 9])
def test_a_dripping_time_stamp_authority_is_given_up(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive is made without a stamp; the next run asks again."""
    monkeypatch.setattr("reporter.evidence.timestamp.LONGEST_ANSWER_S", 0.5)
    with Receiver(drips(body)) as receiver:  # type: ignore[arg-type]
        began = time.monotonic()
        with pytest.raises(NoStamp) as caught:
            Authority(receiver.url).stamp(b"content")
        assert time.monotonic() - began < 5
    assert "given up: its answer was not complete after 0.5 seconds" in caught.value.hint
