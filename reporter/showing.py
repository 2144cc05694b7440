"""How texts from outside are shown to people: on one line, without commands or passwords.

Customers may have any name, servers may answer anything, even what they were sent, and libraries
quote the addresses they were given.
"""

from __future__ import annotations

import functools
import html
import json
import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Final
from urllib.parse import quote, quote_plus, unquote

HIDDEN: Final = "***"
_LOOKED_AT: Final = 10_000
"""How many characters of a text are shown: servers send megabytes."""
_SHORTEST_SECRET: Final = 8
"""The least characters of a secret that is recognised by itself: a shorter one is part of many
words.
"""
_TELLING: Final = 16
"""The least characters by which the beginning of a secret is recognised in a text."""
_OUR_NAME: Final = "reporter"
"""Never treated as a secret, even if somebody makes it a password: most of our messages contain it.
"""
NOT_IN_A_LINE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufffe\uffff]+"
)
"""Characters that end a line, control a terminal, reverse a text's direction or cannot be written.
"""

# An address in a text ends where a quotation mark or a blank begins.
_ADDRESS: Final = re.compile(r"(?P<scheme>\b[A-Za-z][\w+.-]{0,30}://)(?P<rest>[^\s'\"`<>]+)")
_WITHOUT_USER: Final = re.compile(r"(?:\[[^\]@]*\]?|[^:@\[\]]*)(?::\d*)?")
_PARAMETER: Final = re.compile(r"(?P<key>[?&;](?P<name>[^=?&;#\s'\"]+)=)(?P<value>[^&;#\s'\"]+)")
_SECRET_NAME: Final = re.compile(r"pass|pwd|secret|token|key|sig|auth|cred|code", re.IGNORECASE)
_PLAIN_NAME: Final = "$"
"""The prefix of OData's own parameters; they say where in a list one is."""
_WORD: Final = re.compile(r"(?P<key>\b\w*(?:password|passwd|pwd)=)[^\s&;'\"]+", re.IGNORECASE)
_BEARER: Final = re.compile(
    r"(?P<key>\bBearer(?:\s|[+:]|%20)+)(?!token\b)[^\s'\"<>,;()]{15,}[^\s'\"<>,;().]",
    re.IGNORECASE,
)
_SIGNED: Final = re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]+)*")
"""A token that is signed JSON, even one this program was not given."""
_HEXADECIMAL: Final = re.compile("%[0-9A-F]{2}")

_known_secrets: set[str] = set()
"""The secrets in use, each in the forms in which others may write it."""


def keep_secret(text: str) -> None:
    """Hide a secret from now on in everything that is shown: the other side may repeat it, whole or
    cut short. A secret of less than eight characters is not hidden.
    """
    if len(text) >= _SHORTEST_SECRET and text.casefold() != _OUR_NAME:
        _known_secrets.update(_forms_of(text))


def _forms_of(secret: str) -> Iterator[str]:
    """A secret as it is, and as addresses, JSON, HTML and Python write it."""
    yield secret
    for encoded in (quote(secret, safe=""), quote_plus(secret)):
        yield encoded
        yield _HEXADECIMAL.sub(lambda sign: sign[0].lower(), encoded)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]
    yield html.escape(secret)


def one_line(text: str) -> str:
    """A text without the characters that must not stand in a line."""
    return " ".join(NOT_IN_A_LINE.sub(" ", text).split())


def harmless(text: object) -> str:
    """A text as it may be shown: on one line, and without the passwords and secrets in it."""
    return NOT_IN_A_LINE.sub(" ", without_passwords(str(text)))


def excerpt(text: str, most: int = 200) -> str:
    """The beginning of a text, as it may be shown."""
    line = harmless(text[:_LOOKED_AT])
    return line if len(line) <= most else f"{line[:most]}…"


def beginning(content: bytes, most: int = 200) -> str:
    """The beginning of bytes that others sent, as it may be shown."""
    return excerpt(content[:_LOOKED_AT].decode("utf-8", "replace"), most)


def without_passwords(text: str) -> str:
    """A text without the known secrets, and without what looks like a token; the addresses in it
    show neither the password of a user nor a secret parameter.

    Where it cannot be told what of an address is the password, more is hidden rather than less.
    """
    text = _SIGNED.sub(HIDDEN, _without_known_secrets(text))
    return _without_those_of_addresses(_BEARER.sub(lambda word: word["key"] + HIDDEN, text))


def _without_those_of_addresses(text: str) -> str:
    """A text whose addresses show neither the password of a user nor a secret parameter."""
    text = _ADDRESS.sub(lambda address: address["scheme"] + _shown(**address.groupdict()), text)
    return _WORD.sub(lambda word: word["key"] + HIDDEN, _PARAMETER.sub(_parameter, text))


def _without_known_secrets(text: str) -> str:
    """A text without the known secrets, even if only a beginning of one is there."""
    secrets = sorted(_known_secrets, key=len, reverse=True)
    for secret in secrets:
        text = _places_of(secret).sub(HIDDEN, text)
    for start in {secret[:_TELLING] for secret in secrets if len(secret) >= _TELLING}:
        at = text.find(start)
        while at >= 0:
            end = at + max(_in_common(secret, text[at : at + len(secret)]) for secret in secrets)
            text = text[:at] + HIDDEN + text[end:]
            at = text.find(start, at + len(HIDDEN))
    return text


@functools.cache
def _places_of(secret: str) -> re.Pattern[str]:
    """Where a secret stands. A secret of letters alone may be part of an ordinary word, as
    `postgres` is: there it does not count.
    """
    places = re.escape(secret)
    if secret.isalpha() and len(secret) < _TELLING:
        places = rf"(?<![^\W\d_]){places}(?![^\W\d_])"
    return re.compile(places)


def _in_common(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginnings."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def has_password(address: str) -> bool:
    """Whether an address holds something that may not be shown, by its form alone."""
    return _without_those_of_addresses(address) != address


def _shown(scheme: str, rest: str) -> str:
    """What follows the scheme of an address, with the password of its user hidden."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if _WITHOUT_USER.fullmatch(authority):
        return rest
    # A password may hold whatever ends an authority, or be all there is of it.
    user = rest.partition(":")[0]
    before, at, host = rest.rpartition("@")
    if not at:
        return f"{user}:{HIDDEN}{rest[len(authority) :]}"
    if ":" in before:
        return f"{user}:{HIDDEN}@{host}"
    # On the web a token may stand where others have their name.
    return f"{HIDDEN}@{host}" if scheme.lower().startswith("http") else rest


def _parameter(match: re.Match[str]) -> str:
    name = unquote(match["name"])
    secret = not name.startswith(_PLAIN_NAME) and _SECRET_NAME.search(name)
    return match["key"] + (HIDDEN if secret else match["value"])
