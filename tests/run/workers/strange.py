"""Calls that may do anything: for a process with limits."""

from __future__ import annotations

import logging
import os
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from reporter.evidence.verify import Verdict
from reporter.finding import Finding

BEGUN: Final = b"begun"


def answer(*texts: str) -> Iterator[bytes]:
    for text in texts:
        yield text.encode()


def loop() -> Iterator[bytes]:
    yield BEGUN
    while True:
        pass


def sleep() -> Iterator[bytes]:
    yield BEGUN
    time.sleep(3600)


def eat(count: int) -> Iterator[bytes]:
    yield BEGUN
    yield str(len(bytearray(count))).encode()


def die() -> Iterator[bytes]:
    yield BEGUN
    os.abort()


def fail() -> Iterator[bytes]:
    yield BEGUN
    raise ValueError("what nobody thought of")


def shout(count: int) -> Iterator[bytes]:
    yield BEGUN
    yield b"x" * count


def write(count: int) -> Iterator[bytes]:
    yield BEGUN
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(bytes(count))
    yield file.name.encode()


def find_a_fault_and_die() -> Iterator[bytes]:
    """Like the check of a bag whose next file is too much."""
    finding = Finding("figures", False, "others follow")
    yield TypeAdapter(Verdict).dump_json(Verdict(Path(), (finding,)))
    os.abort()


def print_everywhere(text: str) -> Iterator[bytes]:
    """To both streams, as Python does and as a C library would."""
    warnings.warn(text, stacklevel=1)
    logging.getLogger("some.library").warning(text)
    for stream in (1, 2):
        os.write(stream, text.encode())
    yield BEGUN
