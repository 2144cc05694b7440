"""What others have written: JSON of any kind, and text that cannot be stored."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.foreign import (
    MOST_LEVELS,
    NotJson,
    TooDeep,
    TooManyValues,
    loses_text,
    read_json,
    storable,
)


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
@pytest.mark.parametrize("times", [MOST_LEVELS + 1, 900, 5_000, 1_000_000])
def test_json_that_is_too_deep_is_reported(opening: str, times: int) -> None:
    """However deep, whole or not, and in a thread as well: no limit of Python's is met."""
    closing = "".join({"[": "]", "{": "}"}[letter] for letter in opening[::-1] if letter in "[{")
    text = (opening * times + "1" + closing * times).encode()
    with ThreadPoolExecutor(1) as threads:
        assert isinstance(threads.submit(read_json, text).exception(), TooDeep)
    with pytest.raises(TooDeep, match="deeper than 32 levels"):
        read_json(text)


def test_json_at_the_depth_limit_is_read() -> None:
    """With the right value."""
    text = "[" * MOST_LEVELS + "]" * MOST_LEVELS
    assert read_json(text.encode()) == json.loads(text)
    with pytest.raises(TooDeep):
        read_json(f"[{text}]".encode())


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"{", b'{"a" 1}', b"9" * 5_000, b"nothing", b"\x00\x00", b'"\x00"', b"[1] [2]"],
)
def test_invalid_json_is_reported(content: bytes) -> None:
    """In one kind of error, whatever is wrong, and without the content."""
    with pytest.raises(NotJson) as caught:
        read_json(content)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("text", "value", "loses"),
    [
        (r'"Mailbox of J\ud83d"', "Mailbox of J\ufffd", True),
        (r'"\ude00 alone"', "\ufffd alone", True),
        (r'"\ude00\ud83d"', "\ufffd\ufffd", True),
        (r'"a\u0000b"', "a\ufffdb", True),
        (r'{"a\u0000": ["\ud800"]}', {"a\ufffd": ["\ufffd"]}, True),
        (r'"\ud83d\ude00"', "😀", False),
        (r'"\\u0000 and \\ud83d"', r"\u0000 and \ud83d", False),
        ('"😀"', "😀", False),
        (r'{"a": [1, null, true, 1.5, "ü"]}', {"a": [1, None, True, 1.5, "ü"]}, False),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_text_in_json_becomes_storable(text: str, value: Any, loses: bool, encoding: str) -> None:
    """What is no character is replaced; whole emojis are not touched."""
    content = text.encode(encoding)
    assert read_json(content) == value
    assert loses_text(content) is loses


def test_half_characters_that_are_bytes_are_replaced_too() -> None:
    """As some encoders write them, though UTF-8 has none."""
    content = '"J\ud83d"'.encode("utf-8", "surrogatepass")
    assert read_json(content) == "J\ufffd"
    assert loses_text(content)


@given(st.text(st.characters(exclude_categories=())))
def test_every_text_becomes_storable(text: str) -> None:
    """Encoded, without NUL, as long as it was, and itself where it could be kept."""
    stored = storable(text)
    stored.encode()
    assert "\0" not in stored
    assert len(stored) == len(text)
    assert storable(stored) == stored
    assert read_json(json.dumps(text).encode()) == storable(json.loads(json.dumps(text)))


@pytest.mark.parametrize("value", ["{}", "[]", "1", '""', '{"a":1}', "[[]]"])
def test_json_of_too_many_values_is_not_read(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the values are: the memory they would take is not even allocated."""
    monkeypatch.setattr("reporter.foreign.MOST_VALUES", 10_000)
    assert len(read_json(f"[{','.join([value] * 3_000)}]".encode())) == 3_000
    monkeypatch.setattr("json.loads", lambda _: pytest.fail("it was read"))
    with pytest.raises(TooManyValues, match="more than 10,000 values"):
        read_json(f"[{','.join([value] * 10_001)}]".encode())
