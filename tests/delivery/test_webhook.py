"""Summaries for a web address whose receiver fails in every way."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from reporter import web
from reporter.delivery import post
from reporter.delivery.result import Result
from reporter.delivery.webhook import post_summary, summary_of
from reporter.model import DeliveryState
from tests.certificates import make_certificate
from tests.delivery.receivers import Answering, Commitment, Handler, Receiver, Replies

SUMMARY = {"text": "Contoso Müller, 2026-10: critical", "failed": 3}
SECRET_PATH = "/services/T0K3N?key=T0K3N"


def posted(
    receiver: Receiver, committing: Commitment, summary: Mapping[str, Any] = SUMMARY
) -> Result:
    """Posted once; the address, which is a secret, is never revealed."""
    result = post_summary(
        receiver.url + SECRET_PATH,
        summary,
        message_id="<1.report@example>",
        secret="hunter2",
        committing=committing,
    )
    assert "T0K3N" not in result.reason
    return result


def test_a_summary_arrives_once_and_proves_who_sent_it() -> None:
    """JSON in UTF-8, with the delivery's key and a signature over the exact bytes."""
    committing = Commitment()
    with Receiver(Replies(200, b"ok")) as receiver:
        result = posted(receiver, committing)
    assert (result, committing.times) == (Result(DeliveryState.SENT, "200 OK"), 1)
    (request,) = receiver.received
    assert request.path == SECRET_PATH
    assert json.loads(request.body) == SUMMARY
    assert "Müller".encode() in request.body
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Idempotency-Key"] == "<1.report@example>"
    signature = hmac.new(b"hunter2", request.body, hashlib.sha256).hexdigest()
    assert request.headers["X-Reporter-Signature"] == f"sha256={signature}"


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks..example",
        "https://.example",
        "https://*.example",
        "https://ho st",
        "https://",
        f"https://{'h' * 64}.example",
    ],
)
def test_an_invalid_address_fails_alone(url: str) -> None:
    """However it got past the configuration: nothing is sent, and it is not shown."""
    committing = Commitment()
    result = post_summary(
        url + SECRET_PATH, SUMMARY, message_id="1", secret=None, committing=committing
    )
    assert result.state is DeliveryState.FAILED
    assert result.reason.startswith("The address to post to is not a web address. ")
    assert "T0K3N" not in result.reason
    assert committing.times == 0


def test_without_a_secret_nothing_is_signed() -> None:
    """There is no header that could be mistaken for a proof."""
    with Receiver(Replies(202)) as receiver:
        post_summary(receiver.url, SUMMARY, message_id="1", secret=None, committing=lambda: None)
    assert "X-Reporter-Signature" not in receiver.received[0].headers


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, DeliveryState.SENT),
        (201, DeliveryState.SENT),
        (204, DeliveryState.SENT),
        (301, DeliveryState.REFUSED),
        (307, DeliveryState.REFUSED),
        (400, DeliveryState.REFUSED),
        (401, DeliveryState.REFUSED),
        (404, DeliveryState.REFUSED),
        (410, DeliveryState.REFUSED),
        (413, DeliveryState.REFUSED),
        (408, DeliveryState.FAILED),
        (425, DeliveryState.FAILED),
        (429, DeliveryState.FAILED),
        (503, DeliveryState.FAILED),
        (500, DeliveryState.UNCERTAIN),
        (502, DeliveryState.UNCERTAIN),
        (504, DeliveryState.UNCERTAIN),
    ],
)
def test_what_a_status_means(status: int, state: DeliveryState) -> None:
    """Accepted, refused, later, or uncertain; one request each, and no redirect is followed."""
    body = b"" if status == 204 else b"because\n of this"
    with (
        Receiver(Replies(200)) as elsewhere,
        Receiver(Replies(status, body, {"Location": elsewhere.url})) as receiver,
    ):
        result = posted(receiver, Commitment())
    assert result.state is state
    assert result.reason.startswith(str(status))
    assert result.reason.endswith("because of this") == (state is not DeliveryState.SENT)
    assert (len(receiver.received), elsewhere.received) == (1, [])


def test_when_to_try_again() -> None:
    """In seconds or as a date; an unreadable value is ignored."""
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    waits = []
    for header in ("7", later, "soon", None):
        headers = {"Retry_After": header} if header else {}
        with Receiver(Replies(429, headers=headers)) as receiver:
            waits.append(posted(receiver, Commitment()).wait_s)
    assert waits[0] == 7
    assert waits[1] == pytest.approx(90, abs=10)
    assert waits[2:] == [None, None]


def closes(handler: Handler) -> None:
    handler.read_body()
    handler.close_connection = True


def resets(handler: Handler) -> None:
    handler.read_body()
    handler.break_off()


def talks_nonsense(handler: Handler) -> None:
    handler.read_body()
    handler.wfile.write(b"\x00\xff nonsense\r\n\r\n")
    handler.close_connection = True


def is_cut_short(handler: Handler) -> None:
    handler.read_body()
    handler.wfile.write(b"HTTP/1.1 2")
    handler.close_connection = True


def says_nothing(handler: Handler) -> None:
    handler.read_body()
    time.sleep(3)


@pytest.mark.parametrize("answer", [closes, resets, talks_nonsense, is_cut_short, says_nothing])
def test_taken_and_not_answered(answer: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver may have it, and only a person can find out."""
    monkeypatch.setattr(web, "TIMEOUT_S", (1, 0.5))
    committing = Commitment()
    with Receiver(answer) as receiver:
        result = posted(receiver, committing)
    assert result.state is DeliveryState.UNCERTAIN
    assert result.reason.startswith("the connection to 127.0.0.1 broke before an answer came: ")
    assert (len(receiver.received), committing.times) == (1, 1)


def test_broken_before_the_last_byte_was_sent() -> None:
    """Half a request does not count: it is tried again later, and never treated as delivered."""
    committing = Commitment()
    large = {"text": "x" * 30_000_000}
    with Receiver(Handler.break_off) as receiver:
        result = posted(receiver, committing, large)
    assert (result.state, committing.times) == (DeliveryState.FAILED, 0)
    assert receiver.received == []


def test_an_error_before_the_last_byte_was_sent() -> None:
    """A server that did not wait for all of it cannot have it."""
    committing = Commitment()

    def hurries(handler: Handler) -> None:
        handler.answer(500, b"busy")
        handler.wfile.flush()
        handler.connection.shutdown(1)
        time.sleep(0.5)
        handler.break_off()

    with Receiver(hurries) as receiver:
        result = posted(receiver, committing, {"text": "x" * 30_000_000})
    assert (result.state, committing.times) == (DeliveryState.FAILED, 0)


def test_delivery_is_announced_once_connected_and_before_the_request_ends() -> None:
    """The announced request has begun to arrive, and cannot be accepted yet."""
    seen: list[int] = []
    got = bytearray()

    def counts(handler: Handler) -> None:
        remaining = int(handler.headers["Content-Length"])
        while remaining:
            block = handler.rfile.read1(remaining)
            got.extend(block)
            remaining -= len(block)
        handler.answer(200)

    def committing() -> None:
        time.sleep(0.5)
        seen.append(len(got))

    summary = {"text": "x" * 100_000}
    with Receiver(counts) as receiver:
        result = post_summary(
            receiver.url, summary, message_id="1", secret=None, committing=committing
        )
    assert result.state is DeliveryState.SENT
    assert len(seen) == 1
    assert 0 < seen[0] < len(got) == len(json.dumps(summary))


def test_without_the_announcement_nothing_is_sent() -> None:
    """Where the outbox cannot be written, the receiver gets no complete request."""

    def committing() -> None:
        raise RuntimeError("the disk is full")

    with Receiver(Replies(200)) as receiver, pytest.raises(RuntimeError):
        post_summary(receiver.url, SUMMARY, message_id="1", secret=None, committing=committing)
    assert receiver.received == [] or receiver.received[0].body == b""


def test_no_connection(tmp_path: Path) -> None:
    """Nobody listens, or the certificate is nobody's: failed for now, and nothing was sent."""
    committing = Commitment()
    with Receiver(Replies(200)) as receiver:
        pass
    gone = posted(receiver, committing)
    assert gone.state is DeliveryState.FAILED
    assert "There is no connection to 127.0.0.1: ConnectionRefusedError" in gone.reason
    _, (_, (pem, _)) = make_certificate(tmp_path)
    with Receiver(Replies(200), certificate=str(pem)) as receiver:
        strange = posted(receiver, committing)
    assert strange.state is DeliveryState.FAILED
    assert "certificate of 127.0.0.1 is not trusted: self-signed" in strange.reason
    assert "set ca_file in [api]" in strange.reason
    assert (receiver.received, committing.times) == ([], 0)


def test_an_endless_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the beginning of a refusal is read, however much comes, or however slowly."""
    monkeypatch.setattr(post, "LONGEST_BODY_S", 1)

    def floods(handler: Handler) -> None:
        handler.read_body()
        handler.wfile.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        for _ in range(1000):
            handler.wfile.write(b"x" * 10_000)

    def drips(handler: Handler) -> None:
        handler.read_body()
        handler.wfile.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        for _ in range(20):
            handler.wfile.write(b"x")
            time.sleep(0.3)

    for answer in (floods, drips):
        began = time.monotonic()
        with Receiver(answer) as receiver:
            result = posted(receiver, Commitment())
            assert time.monotonic() - began < 3
        assert result.state is DeliveryState.REFUSED
        assert result.reason.startswith("400 Bad Request: xx")
        assert len(result.reason) < 5_000


def figures(**changes: Any) -> dict[str, Any]:
    """Those of a report's JSON that a summary shows."""
    return {
        "customer": {"id": "42", "name": "Contoso\n<!channel> & Söhne"},
        "period": {"label": "2026-10"},
        "policy": {"units": "binary", "target_success_rate": 0.95},
        "state": "attention",
        "version": 2,
        "totals": {
            "success_rate": 0.99951,
            "jobs": 1234,
            "failed": 1,
            "bytes": 5 * 1024**4,
            "longest_gap_s": 93_600.0,
        },
        "coverage": {"modules_seen": 5, "modules_covered": 4, "missing_days": []},
        "restates": None,
    } | changes


def test_what_a_summary_says() -> None:
    """The figures as they are in the JSON, and a line for people that notifies nobody."""
    summary = summary_of(figures(), [Path("a/contoso.pdf"), Path("a/contoso.xlsx")], "<1@x>")
    assert summary == {
        "text": "Contoso ‹!channel› & Söhne, 2026-10: attention; success rate 99.9 % "
        "(target 95 %); 1 of 1,234 jobs failed; 5.00 TB backed up; longest gap 26 h; "
        "4 of 5 modules covered",
        "customer": {"id": "42", "name": "Contoso\n<!channel> & Söhne"},
        "period": "2026-10",
        "version": 2,
        "state": "attention",
        "success_rate": 0.99951,
        "target_success_rate": 0.95,
        "jobs": 1234,
        "failed": 1,
        "bytes": 5 * 1024**4,
        "longest_gap_s": 93_600.0,
        "modules_seen": 5,
        "modules_covered": 4,
        "missing_days": [],
        "restates": None,
        "files": ["contoso.pdf", "contoso.xlsx"],
        "message_id": "<1@x>",
    }


def test_a_summary_of_what_is_missing_and_corrected() -> None:
    """Undefined stays undefined; missing days and corrections are included."""
    nothing = {"success_rate": None, "jobs": 0, "failed": 0, "bytes": None, "longest_gap_s": None}
    known = {"version": 1, "made_at": "2026-11-01T07:00:00+01:00", "redefined": True, "late": True}
    restates = known | {"changes": [{}] * 99}
    coverage = {"modules_seen": 5, "modules_covered": 0, "missing_days": ["2026-10-04"]}
    summary = summary_of(
        figures(state="no data", totals=nothing, restates=restates, coverage=coverage), [], "1"
    )
    assert "success rate — (target 95 %); 0 of 0 jobs failed; — backed up" in summary["text"]
    assert summary["text"].endswith(
        "INCOMPLETE, 1 day not observed; version 2 corrects version 1, by new definitions"
    )
    assert (summary["success_rate"], summary["missing_days"]) == (None, ["2026-10-04"])
    assert summary["restates"] == known
