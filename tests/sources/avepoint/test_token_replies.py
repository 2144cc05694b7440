"""What a token endpoint may answer: a token, or an error of one sentence, never with a
token in it.
"""

from __future__ import annotations

import json
import logging
import traceback
from pathlib import Path

import pytest

from reporter.errors import FetchError
from reporter.foreign import MOST_LEVELS
from reporter.sources.avepoint.auth import ClientSecret, TokenAuth, TokenRefused
from reporter.sources.avepoint.http import Exchange
from tests.conftest import Run, StartEmulator, configure
from tests.delivery.receivers import Receiver, Replies

TOKEN = "A-TOKEN-0123456789"


def auth_at(receiver: Receiver) -> TokenAuth:
    exchange = Exchange(sleep=lambda _: None)
    return TokenAuth(exchange, f"{receiver.url}/token", "app", ClientSecret("s"), ("a.read",))


def answered(status: int, body: object) -> Replies:
    """A reply with a body, which is JSON unless it is bytes."""
    return Replies(status, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    "body",
    [
        [TOKEN],
        f"{TOKEN} in a text",
        None,
        7,
        {},
        {"access_token": None},
        {"access_token": [TOKEN]},
        {"access_token": ""},
        {"access_token": f"{TOKEN}\r\nX-More: 1"},
        {"access_token": f"{TOKEN}\0"},
        {"access_token": f"{TOKEN} {TOKEN}"},
        {"access_token": f"{TOKEN}ж"},
        {"access_token": TOKEN * 10_000},
        {"token": TOKEN},
        f'{{"access_token": "{TOKEN}", '.encode(),
        f"<html>{TOKEN}".encode(),
        f'["{TOKEN}", '.encode() + b"[" * 100_000,
        [[TOKEN]] * 2 + [json.loads("[" * 40 + "]" * 40)],
        b"",
        b"\xff\xfe\xfd" + TOKEN.encode(),
        b'{"access_token": "' + TOKEN.encode() + b"x" * (2 << 20) + b'"}',
        b'{"access_token": "' + TOKEN.encode() + b'", "expires_in": ' + b"9" * 5_000 + b"}",
    ],
)
def test_an_invalid_token_is_one_sentence(
    body: object, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any token in it: neither in the message, nor in the causes, nor in the log."""
    monkeypatch.setattr(logging.getLogger("reporter"), "propagate", True)
    with (
        Receiver(answered(200, body)) as receiver,
        caplog.at_level(logging.DEBUG),
        pytest.raises(FetchError) as caught,
    ):
        auth_at(receiver).token()
    output = (
        "".join(traceback.format_exception(caught.value)) + caught.value.explain() + caplog.text
    )
    assert TOKEN not in output
    assert "/token" in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    "body",
    [
        {"error": [TOKEN]},
        {"error": {"code": TOKEN}, "error_description": [TOKEN]},
        {"error_description": {"access_token": TOKEN}},
        {"access_token": TOKEN},
        [TOKEN],
        f"{TOKEN}",
        None,
        b"[" * 100_000,
    ],
)
def test_a_refusal_of_any_shape_is_one_sentence(body: object) -> None:
    """Values that are not words are left out."""
    with Receiver(answered(400, body)) as receiver, pytest.raises(TokenRefused) as caught:
        auth_at(receiver).token()
    assert str(caught.value) == f"{receiver.url}/token refused a token: 400 without a reason."
    assert caught.value.code == ""


def test_a_refusals_words_are_cut_and_cleaned() -> None:
    """They go to terminals and into the store."""
    body = {"error": "invalid_scope", "error_description": "no\n\x1b[2J\ud83d" + "x" * 9_000}
    with Receiver(answered(400, body)) as receiver, pytest.raises(TokenRefused) as caught:
        auth_at(receiver).token()
    assert "400 invalid_scope no [2J\ufffdxxx" in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("expires_in", "requests"),
    [
        ("3600", 1),
        (3600.5, 1),
        ("soon", 1),
        (None, 1),
        ([], 1),
        ({}, 1),
        (-5, 1),
        (float("nan"), 1),
        (float("inf"), 1),
        (10**400, 1),
        (10**30, 1),
        (0, 2),
        ("0", 2),
    ],
)
def test_a_token_with_an_unreadable_lifetime_is_used(expires_in: object, requests: int) -> None:
    """For an hour, as usual; one with no lifetime is requested each time."""
    reply = answered(200, {"access_token": TOKEN, "expires_in": expires_in})
    with Receiver(reply) as receiver:
        auth = auth_at(receiver)
        assert (auth.token(), auth.token()) == (TOKEN, TOKEN)
        assert len(receiver.received) == requests


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("token-list", "answered 200 without a token"),
        ("token-line", "returned a token that cannot go into a request header"),
        ("token-script", "returned a token that cannot go into a request header"),
        ("token-reason", "refused a token: 400 without a reason"),
        ("token-life", ""),
    ],
)
@pytest.mark.parametrize("verbose", ["", "-vv"])
def test_an_odd_token_endpoint_ends_a_run_in_a_sentence(
    fault: str, message: str, verbose: str, run: Run, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """Even with -vv, which shows causes: they contain no token."""
    emulator = start_emulator(f"{fault}=1")
    configure(emulator, tmp_path)
    result = run("fetch", *filter(None, [verbose]))
    output = result.output
    assert ("Traceback" in output) == bool(verbose and message)
    assert message in output
    assert result.exit_code == (1 if message else 0)
    tokens = [*emulator.tokens._grants, "A-TOKEN", "жетон"]
    assert len(tokens) > 2
    assert not [token for token in tokens if token in output]


def test_a_reply_may_be_as_deep_as_the_limit() -> None:
    """Reaching the limit is not a fault."""
    inner = json.loads("[" * (MOST_LEVELS - 1) + "]" * (MOST_LEVELS - 1))
    with Receiver(answered(200, {"access_token": TOKEN, "more": inner})) as receiver:
        assert auth_at(receiver).token() == TOKEN
