"""Texts from outside that try to control a terminal or forge lines of a log, over real HTTP."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from reporter.cli.options import Console
from reporter.showing import keep_secret
from reporter.sources.avepoint.emulator import Emulator, ordinary_customers
from reporter.sources.avepoint.emulator.handler import Handler, Problem
from tests.conftest import StartEmulator, configure

EVIL = (
    "Evil\x1b[2J\x1b]0;pwned\x07\x9b31m\u2066\u200f\u202egro\u2069\u2028"
    "\r\nERROR reporter: all backups deleted"
)
IN_A_HEADER = EVIL.replace("\r\n", " ").encode().decode("latin-1")
"""As it can be sent where a line end would cut it off."""
NOT_FOR_A_TERMINAL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)

Reporter = Callable[..., str]


@pytest.fixture
def reporter(tmp_path: Path) -> Reporter:
    """Runs `reporter` as a process of its own; all it says, on either output."""

    def call(*arguments: str) -> str:
        called = subprocess.run(
            [sys.executable, "-m", "reporter", *arguments],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        )
        return called.stdout.decode()

    return call


def harmless(output: str) -> str:
    """Insist that nothing in it is a control sequence, and no line is forged."""
    assert not NOT_FOR_A_TERMINAL.search(output), repr(output)
    assert not [line for line in output.split("\n") if line.startswith("ERROR")]
    return output


@pytest.fixture
def hostile(
    start_emulator: StartEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Emulator:
    """A service of which every text is hostile: names, reason phrases and request ids."""
    first, second, third = ordinary_customers(3, 30, 1)
    emulator = start_emulator(
        customers=[
            replace(first, name=f"{EVIL} 1"),
            replace(second, name=f"{EVIL} 2", readable=False),
            third,
        ]
    )
    respond, send_header, answer = Handler.send_response, Handler.send_header, Handler._answer

    def evil_reason(handler: Handler, status: int, message: str | None = None) -> None:
        respond(handler, status, IN_A_HEADER if status >= 400 else message)

    def evil_header(handler: Handler, name: str, text: str) -> None:
        send_header(handler, name, IN_A_HEADER if name == "request-id" else text)

    def no_protection(handler: Handler, path: str, *more: Any) -> Any:
        if path.endswith("overview"):
            raise Problem(HTTPStatus.BAD_REQUEST, EVIL)
        return answer(handler, path, *more)

    monkeypatch.setattr(Handler, "send_response", evil_reason)
    monkeypatch.setattr(Handler, "send_header", evil_header)
    monkeypatch.setattr(Handler, "_answer", no_protection)
    configure(emulator, tmp_path)
    return emulator


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("more", [(), ("-v",), ("-vv",)])
def test_a_fetch_prints_nothing_hostile(reporter: Reporter, more: tuple[str, ...]) -> None:
    """Warnings, which are shown without -v, steps, and everything."""
    output = harmless(reporter("fetch", *more))
    assert "WARNING reporter.sources.avepoint.beside: " in output
    assert "400 Evil [2J ]0;pwned" in output
    assert "request id Evil [2J ]0;pwned" in output
    (failed,) = [line for line in output.split("\n") if line.startswith("Failed: Evil")]
    assert "all backups deleted 2: " in failed


@pytest.mark.usefixtures("hostile")
def test_a_traceback_shows_nothing_hostile(
    reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps its own lines; what happened and what to do are reported as without -vv."""

    def nobody(*_: Any) -> Any:
        raise Problem(HTTPStatus.BAD_REQUEST, EVIL)

    monkeypatch.setattr(Handler, "_answer", nobody)
    output = harmless(reporter("fetch", "-vv"))
    lines = output.split("\n")
    assert "  Traceback (most recent call last):" in lines
    assert any(re.match(r'    File ".*client\.py", line \d+', line) for line in lines)
    assert any(line.startswith("Error: ") and "400 Evil [2J" in line for line in lines)


def test_whatever_else_a_process_says_is_harmless(tmp_path: Path) -> None:
    """Warnings, libraries' logs, and exceptions that nobody catches, in any thread."""
    code = f"""
import logging, sys, threading, warnings
from reporter.cli import main
evil = {EVIL!r}
sys.argv = ["reporter", "--version"]
try:
    main()
except SystemExit:
    pass
class Unraisable:
    def __del__(self):
        raise ValueError("in passing " + evil)
warnings.warn("warned " + evil)
logging.getLogger("some.library").warning("logged %s", evil)
logging.getLogger("some.library").warning("at postgresql://rep:SECRET@h/db")
Unraisable()
def fail():
    raise ValueError("in a thread " + evil)
thread = threading.Thread(target=fail)
thread.start()
thread.join()
raise ValueError("at last " + evil)
"""
    called = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=False
    )
    output = harmless(called.stderr.decode())
    assert called.returncode == 1
    for where in ("warned", "logged", "in passing", "in a thread", "at last"):
        (line,) = [
            line for line in output.split("\n") if f"{where} Evil" in line and "raise" not in line
        ]
        assert line.startswith(("WARNING ", "  ValueError: "))
    assert "WARNING some.library: at postgresql://rep:***@h/db" in output


def test_json_without_secrets_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    """A server's words may hold what looks like a token, between signs that JSON escapes."""
    keep_secret("Zq7kXw91")
    reason = '401: Bearer "0123456789abcdefgh", realm="x"; https://u:p@h/'
    Console().data({"Zq7kXw91": [reason, "Zq7kXw91", 1]})
    printed = json.loads(capsys.readouterr().out)
    assert printed["Zq7kXw91"][1:] == ["***", 1]
    assert "u:p" not in printed["Zq7kXw91"][0]
