"""Mail through a double of Microsoft Graph: sent, refused, later, or unknown."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from reporter.delivery.graph import LARGEST, SCOPE, GraphTransport
from reporter.delivery.result import ChannelError, Committing, Result
from reporter.model import DeliveryState
from reporter.sources.avepoint.auth import ClientSecret, TokenAuth
from reporter.sources.avepoint.http import Exchange
from tests.delivery.receivers import Answering, Commitment, Handler, Receiver, Replies

RECIPIENT = "it@customer.example"
SENDER = "reports+backup@contoso.example"


class TokenDesk:
    """Issues tokens, each a new one."""

    def __init__(self) -> None:
        self.given = 0

    def __call__(self, handler: Handler) -> None:
        handler.read_body()
        self.given += 1
        token = {"access_token": f"token-{self.given}", "expires_in": 3600}
        handler.answer(200, json.dumps(token).encode())


@pytest.fixture
def tokens() -> Iterator[Receiver]:
    with Receiver(TokenDesk()) as desk:
        yield desk


def transport(graph: Receiver, tokens: Receiver) -> GraphTransport:
    exchange = Exchange(sleep=lambda _: None)
    auth = TokenAuth(exchange, f"{tokens.url}/token", "app", ClientSecret("s"), (SCOPE,))
    return GraphTransport(f"{graph.url}/v1.0", SENDER, auth)


def send(sending: GraphTransport, content: bytes, committing: Committing) -> Result:
    """The outcome of a message to one recipient."""
    ((recipient, result),) = sending.send(content, [RECIPIENT], lambda _: committing()).items()
    assert recipient == RECIPIENT
    return result


def message(size: int = 0) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Bcc"] = SENDER, "it@customer.example", "am@contoso.example"
    mail["Subject"] = "Backup report – Müller"
    mail.set_content("Good morning\n" + "x" * size)
    return mail.as_bytes()


def error(status: int, code: str, text: str = "No,\nreally.", **headers: str) -> Replies:
    return Replies(status, json.dumps({"error": {"code": code, "message": text}}).encode(), headers)


def test_a_message_is_sent_as_it_is(tokens: Receiver) -> None:
    """The exact bytes, in base64, in the sender's name and with a token for Graph."""
    committing = Commitment()
    with Receiver(Replies(202)) as graph:
        result = send(transport(graph, tokens), message(), committing)
    assert (result, committing.times) == (Result(DeliveryState.SENT, "202 Accepted"), 1)
    (request,) = graph.received
    assert request.path == "/v1.0/users/reports%2Bbackup@contoso.example/sendMail"
    assert request.headers["Content-Type"] == "text/plain"
    assert request.headers["Authorization"] == "Bearer token-1"
    assert base64.b64decode(request.body, validate=True) == message()
    assert b"Bcc: am@contoso.example" in message()
    assert b"scope=https%3A%2F%2Fgraph.microsoft.com%2F.default" in tokens.received[0].body


def test_one_token_for_many_messages(tokens: Receiver) -> None:
    """It is requested once and used for its lifetime."""
    with Receiver(Replies(202)) as graph:
        sending = transport(graph, tokens)
        for _ in range(3):
            assert send(sending, message(), lambda: None).state is DeliveryState.SENT
    assert (len(graph.received), len(tokens.received)) == (3, 1)


def test_an_expired_token(tokens: Receiver) -> None:
    """It is renewed and the message sent; Graph had not accepted it."""
    committing = Commitment()
    with Receiver(error(401, "InvalidAuthenticationToken"), Replies(202)) as graph:
        result = send(transport(graph, tokens), message(), committing)
    assert result.state is DeliveryState.SENT
    used = [request.headers["Authorization"] for request in graph.received]
    assert used == ["Bearer token-1", "Bearer token-2"]
    assert committing.times == 2


@pytest.mark.parametrize(
    ("status", "code", "requests"),
    [
        (401, "InvalidAuthenticationToken", 2),
        (403, "ErrorAccessDenied", 1),
        (404, "ErrorInvalidUser", 1),
        (403, "ErrorSendAsDenied", 1),
        (403, "ErrorQuotaExceeded", 1),
        (400, "ErrorMessageSubmissionBlocked", 1),
        (429, "ErrorSubmissionQuotaExceeded", 1),
        (507, "ErrorQuotaExceeded", 1),
    ],
)
def test_a_refusal_that_concerns_every_message(
    status: int, code: str, requests: int, tokens: Receiver
) -> None:
    """A log-in or a sender that Graph does not accept is not the fault of a customer."""
    with Receiver(error(status, code)) as graph, pytest.raises(ChannelError, match=code) as caught:
        send(transport(graph, tokens), message(), lambda: None)
    assert caught.value.hint
    assert len(graph.received) == requests


@pytest.mark.parametrize(
    ("answer", "state", "reason", "wait_s"),
    [
        (
            error(429, "ApplicationThrottled", Retry_After="30"),
            DeliveryState.FAILED,
            "429 Too Many Requests: ApplicationThrottled: No, really",
            30,
        ),
        (
            error(503, "ServiceUnavailable"),
            DeliveryState.FAILED,
            "503 Service Unavailable: ServiceUnavailable: No, really",
            None,
        ),
        (
            error(413, "RequestTooLarge"),
            DeliveryState.REFUSED,
            "413 Request Entity Too Large: RequestTooLarge: No, really",
            None,
        ),
        (
            error(400, "ErrorMimeContentInvalidBase64String"),
            DeliveryState.REFUSED,
            "400 Bad Request: ErrorMimeContentInvalidBase64String: No, really",
            None,
        ),
        (
            Replies(400, b"<html>\n<p>Not us</html>"),
            DeliveryState.REFUSED,
            "400 Bad Request: <html> <p>Not us</html>",
            None,
        ),
        (
            Replies(400, b'["error"]'),
            DeliveryState.REFUSED,
            '400 Bad Request: ["error"]',
            None,
        ),
        (
            error(500, "InternalServerError"),
            DeliveryState.UNCERTAIN,
            "500 Internal Server Error: InternalServerError: No, really",
            None,
        ),
        (Replies(502), DeliveryState.UNCERTAIN, "502 Bad Gateway", None),
    ],
)
def test_answers_of_graph(
    answer: Answering, state: DeliveryState, reason: str, wait_s: float | None, tokens: Receiver
) -> None:
    """Its own code and words; only one request, because nothing would tell Graph that it already
    has the message.
    """
    with Receiver(answer) as graph:
        result = send(transport(graph, tokens), message(), lambda: None)
    assert result == Result(state, reason, wait_s)
    assert len(graph.received) == 1


@pytest.mark.parametrize("status", [200, 201, 204])
def test_only_202_means_that_graph_took_the_message(status: int, tokens: Receiver) -> None:
    """Graph has answered 200 and then not sent the message: a person has to find out."""
    with Receiver(Replies(status)) as graph:
        result = send(transport(graph, tokens), message(), lambda: None)
    assert result.state is DeliveryState.UNCERTAIN
    assert result.reason.startswith(f"{status} ")
    assert "instead of 202 Accepted: whether it was accepted is unknown" in result.reason
    assert len(graph.received) == 1


def test_a_broken_connection(tokens: Receiver) -> None:
    """After the whole message the outcome is uncertain; before its last byte nothing was sent."""

    def takes_and_breaks(handler: Handler) -> None:
        handler.read_body()
        handler.break_off()

    committing = Commitment()
    with Receiver(takes_and_breaks) as graph:
        result = send(transport(graph, tokens), message(), committing)
    assert (result.state, committing.times) == (DeliveryState.UNCERTAIN, 1)
    with Receiver(Handler.break_off) as graph:
        result = send(transport(graph, tokens), message(20_000_000), committing)
    assert (result.state, committing.times) == (DeliveryState.FAILED, 1)


def test_graph_is_unreachable(tokens: Receiver) -> None:
    """Nothing was sent, and no other message could be."""
    committing = Commitment()
    with Receiver(Replies(202)) as graph:
        pass
    with pytest.raises(ChannelError, match=r"no connection to 127\.0\.0\.1"):
        send(transport(graph, tokens), message(), committing)
    assert committing.times == 0


def test_a_refused_token(tokens: Receiver) -> None:
    """Reported with what the token endpoint says; Graph is not even contacted."""
    committing = Commitment()
    refusal = Replies(400, b'{"error": "invalid_client", "error_description": "expired"}')
    with Receiver(refusal) as refusing, Receiver(Replies(202)) as graph:
        sending = transport(graph, refusing)
        with pytest.raises(ChannelError, match="invalid_client expired"):
            send(sending, message(), committing)
    assert (graph.received, committing.times) == ([], 0)


def test_the_largest_message_is_smaller_than_what_graph_drops() -> None:
    """About 2,240 kB, as was reported; and it fits into a request, a quarter of which is base64."""
    assert LARGEST < 2_240_000
    assert len(base64.b64encode(bytes(LARGEST))) <= 4_000_000
