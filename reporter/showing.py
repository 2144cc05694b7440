"""What people are shown of texts from outside: one line, no orders to a terminal, no password.

Customers are called what they are called, servers say what they like, and libraries quote the
addresses they were given.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

HIDDEN: Final = "***"
_LOOKED_AT: Final = 10_000
"""Characters of a text of which the beginning is shown: servers send megabytes."""
NOT_IN_A_LINE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufffe\uffff]+"
)
"""What ends a line, commands a terminal, turns a text round or cannot be written."""

# An address in a text ends where a quotation mark or a blank begins.
_ADDRESS: Final = re.compile(r"(?P<scheme>\b[A-Za-z][\w+.-]*://)(?P<rest>[^\s'\"`<>]+)")
_WITHOUT_USER: Final = re.compile(r"(?:\[[^\]@]*\]?|[^:@\[\]]*)(?::\d*)?")
_PARAMETER: Final = re.compile(r"(?P<key>[?&;](?P<name>[^=&;#\s'\"]+)=)(?P<value>[^&;#\s'\"]+)")
_SECRET_NAME: Final = re.compile(r"pass|pwd|secret|token|key|sig|auth|cred|code", re.IGNORECASE)
_PLAIN_NAME: Final = "$"
"""What the names of OData's own parameters begin with; they say where in a list one is."""
_WORD: Final = re.compile(r"(?P<key>\b\w*(?:password|passwd|pwd)=)[^\s&;'\"]+", re.IGNORECASE)


def one_line(text: str) -> str:
    """A text without what must not stand in a line."""
    return " ".join(NOT_IN_A_LINE.sub(" ", text).split())


def harmless(text: object) -> str:
    """A text as it may be shown: on one line, and without the passwords of addresses in it."""
    return NOT_IN_A_LINE.sub(" ", without_passwords(str(text)))


def excerpt(text: str, most: int = 200) -> str:
    """The beginning of a text, as it may be shown."""
    line = harmless(text[:_LOOKED_AT])
    return line if len(line) <= most else f"{line[:most]}…"


def without_passwords(text: str) -> str:
    """A text in which the addresses show neither the password of a user nor a secret parameter.

    Where it cannot be told what of an address is the password, more is hidden rather than less.
    """
    text = _ADDRESS.sub(lambda address: address["scheme"] + _shown(**address.groupdict()), text)
    return _WORD.sub(lambda word: word["key"] + HIDDEN, _PARAMETER.sub(_parameter, text))


def has_password(address: str) -> bool:
    """Whether an address holds something that may not be shown."""
    return without_passwords(address) != address


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
