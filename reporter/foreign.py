"""What others have written: JSON of any depth, and text that no database and no file takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

MOST_LEVELS: Final = 32
"""How deep JSON may be nested; the service's own is four levels deep."""
MOST_VALUES: Final = 3_000_000
"""How many values JSON may have: read, they take twenty times the memory they take as text. Those
of 64 MiB of jobs are fewer.
"""
_BESIDE_VALUES: Final = (b",", b"[", b"{")
"""One of these precedes each value of a list, and each member of an object."""
_REPLACEMENT: Final = "\ufffd"
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
"""NUL, which PostgreSQL refuses, and halves of a pair of surrogates, which are no character."""
_MAY_BE_UNSTORABLE: Final = re.compile(r"\\u(?:0000|[dD][89a-fA-F])|[\ud800-\udfff]")
"""How such a character is written in a JSON text; half of a whole pair looks the same."""


_DECODER: Final = json.JSONDecoder()
_SPACE: Final = re.compile(r"[ \t\n\r]*")


class NotJson(ValueError):
    """It is no JSON, or none that this program works with."""


class BeyondLimits(NotJson):
    """It is more than any reply has reason to be."""


class TooDeep(BeyondLimits):
    """It is nested deeper than any reply has reason to be."""


class TooManyValues(BeyondLimits):
    """It has more values than any reply has reason to have."""


def read_json(content: bytes) -> Any:
    """The value of a JSON text, every text in it made `storable`.

    Raises:
        NotJson: it is none.
        BeyondLimits: it is nested deeper than `MOST_LEVELS`, or has more values than `MOST_VALUES`.
    """
    value, _ = _read(content)
    return value


def loses_text(content: bytes) -> bool:
    """Whether `read_json` has to replace characters of a JSON text.

    Raises:
        NotJson: it is none.
    """
    _, replaced = _read(content)
    return replaced


def storable(text: str) -> str:
    """A text that every database keeps and every file takes: what is no character, and NUL, is
    replaced by U+FFFD.
    """
    return _UNSTORABLE.sub(_REPLACEMENT, text)


def _read(content: bytes) -> tuple[Any, bool]:
    """The value of a JSON text, and whether characters of it had to be replaced."""
    # Before it is read, which is what takes the memory; signs within texts are counted, too.
    if sum(map(content.count, _BESIDE_VALUES)) > MOST_VALUES:
        raise TooManyValues(f"it has more than {MOST_VALUES:,} values")
    # The causes are left out: they hold the whole text, and that of a token's reply is secret.
    try:
        text = content.decode(json.detect_encoding(content), "surrogatepass")
        value = json.loads(text.removeprefix("\ufeff"))
    except RecursionError:
        raise TooDeep(_TOO_DEEP) from None
    except ValueError as error:
        raise NotJson(str(error)) from None
    if _is_too_deep(value):
        raise TooDeep(_TOO_DEEP)
    if not _MAY_BE_UNSTORABLE.search(text):
        return value, False
    mended = _mended(value)
    return mended, bool(mended != value)


_TOO_DEEP: Final = f"it is nested deeper than {MOST_LEVELS} levels"


def _is_too_deep(value: Any) -> bool:
    """Level by level, as recursion would meet Python's limit."""
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True


def _mended(value: Any) -> Any:
    """A value with every text in it, the names of members too, made storable."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_mended(inner) for inner in value]
    if isinstance(value, dict):
        return {storable(name): _mended(inner) for name, inner in value.items()}
    return value


def json_members(text: str, at: int = 0) -> Iterator[tuple[Any, int]]:
    """The name of each member of the object at a place of a JSON text, and where its value is."""
    at = _next(text, _next(text, at) + 1)
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        start = _next(text, _next(text, at) + 1)
        yield name, start
        _, at = _DECODER.raw_decode(text, start)
        at = _behind_comma(text, at)


def json_items(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Where each item of the array at a place of a JSON text starts and ends."""
    at = _next(text, at + 1)
    while text[at] != "]":
        _, end = _DECODER.raw_decode(text, at)
        yield at, end
        at = _behind_comma(text, end)


def _behind_comma(text: str, at: int) -> int:
    """Where the next member or item begins, or the end is."""
    at = _next(text, at)
    return _next(text, at + 1) if text[at] == "," else at


def _next(text: str, at: int) -> int:
    """The next place that is not white space."""
    space = _SPACE.match(text, at)
    assert space
    return space.end()
