"""The rows of a reply letter by letter, as the service wrote them; and excerpts, which are the rows
of one customer, cut out of a page about all of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

from reporter.errors import ReplyError
from reporter.foreign import storable
from reporter.model import Reply
from reporter.sources.avepoint.reading.replies import read_page
from reporter.sources.interface import CutFrom

_DECODER: Final = json.JSONDecoder()
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_OF_PAGE: Final = "sha256="
"""How the fragment of an excerpt's address begins, which names the page it was cut from."""


def row_texts(reply: Reply) -> list[str]:
    """The JSON of each row of a reply, cut out of its body.

    Raises:
        ReplyError: the reply is no list of rows.
    """
    number = len(read_page(reply).rows)
    body = reply.body.decode(json.detect_encoding(reply.body), "surrogatepass")
    text = storable(body.lstrip("\ufeff"))
    # Of two members of one name the later one counts, as for every reader of JSON.
    lists = {name: at for name, at in _members(text) if text[at] == "["}
    for name in ("value", "data"):
        if name in lists and len(places := list(_items(text, lists[name]))) == number:
            return [text[start:end] for start, end in places]
    raise ReplyError(f"The rows of the reply of {reply.url} cannot be found again in its text.")


def excerpt_of(page: Reply, sha256: str, customer_id: str, rows: Iterable[str]) -> Reply:
    """The rows of one customer as a reply of their own, whose address names the call, the customer
    and the page they were cut from.
    """
    parts = urlsplit(page.url)
    path, fragment = f"{parts.path}/{quote(customer_id, safe='')}", f"{_OF_PAGE}{sha256}"
    url = urlunsplit(parts._replace(path=path, fragment=fragment))
    return replace(page, url=url, body=f'{{"data":[{",".join(rows)}]}}'.encode())


def cut_from(url: str) -> CutFrom | None:
    """The page that the reply with this address was cut from; None where it is no excerpt."""
    parts = urlsplit(url)
    if not parts.fragment.startswith(_OF_PAGE):
        return None
    call, _, _ = parts.path.rpartition("/")
    sha256 = parts.fragment.removeprefix(_OF_PAGE)
    return CutFrom(urlunsplit(parts._replace(path=call, fragment="")), sha256)


def _members(text: str) -> Iterator[tuple[Any, int]]:
    """The name of each member of an object, and where its value begins."""
    at = _next(text, _next(text, 0) + 1)
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        start = _next(text, _next(text, at) + 1)
        yield name, start
        _, at = _DECODER.raw_decode(text, start)
        at = _behind_comma(text, at)


def _items(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Where each item of an array starts and ends."""
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
