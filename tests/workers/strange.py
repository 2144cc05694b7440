"""Calls of which nobody knows what they do: for a process with limits."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path


def answer(text: str) -> bytes:
    return text.encode()


def loop() -> bytes:
    while True:
        pass


def sleep() -> bytes:
    time.sleep(3600)
    return b""


def eat(count: int) -> bytes:
    return str(len(bytearray(count))).encode()


def die() -> bytes:
    os.abort()


def fail() -> bytes:
    raise ValueError("what nobody thought of")


def shout(count: int) -> bytes:
    return b"x" * count


def write(count: int) -> bytes:
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(bytes(count))
    return file.name.encode()


def is_there(path: str) -> bytes:
    return str(Path(path).exists()).encode()
