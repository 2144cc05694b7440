"""The rows of a reply letter by letter, as the service wrote them; and excerpts, which are the rows
of one customer, cut out of a page about all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from reporter.errors import ReplyError
from reporter.foreign import json_items, json_members, storable
from reporter.model import Reply
from reporter.sources.avepoint.reading.replies import read_page
from reporter.sources.interface import CutFrom

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
    lists = {name: at for name, at in json_members(text) if text[at] == "["}
    for name in ("value", "data"):
        if name in lists and len(places := list(json_items(text, lists[name]))) == number:
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
