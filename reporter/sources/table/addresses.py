"""The addresses under which tables are kept as replies: `table:SOURCE/PATH?customer=NAME`. The
address of an excerpt ends in `#sha256=` and the hash of the file that it was cut from.
"""

from __future__ import annotations

import os
from typing import Final
from urllib.parse import parse_qs, quote, unquote_to_bytes, urlsplit

from reporter.sources.interface import CutFrom

SCHEME: Final = "table"
_OF_FILE: Final = "sha256="
_MAPPING: Final = "mapping"


def address_of(source: str, path: str, customer: str | None = None, sha256: str = "") -> str:
    """The address of a file, or of a customer's part of it."""
    query = "" if customer is None else f"?customer={quote(customer, safe='')}"
    fragment = f"#{_OF_FILE}{sha256}" if sha256 else ""
    return f"{SCHEME}:{source}/{quote(os.fsencode(path))}{query}{fragment}"


def mapping_address(source: str, customer: str | None = None) -> str:
    """The address of the mapping for the tables of a source."""
    return address_of(source, _MAPPING, customer)


def customer_id_of(source: str, customer: str) -> str:
    """The id of the customer that a table calls by this name."""
    return f"{source}:{customer}"


def customer_id_in(url: str) -> str | None:
    """The id of the customer that an address is about; None if it is about all customers."""
    parts = urlsplit(url)
    named = parse_qs(parts.query, keep_blank_values=True).get("customer")
    return customer_id_of(parts.path.partition("/")[0], named[0]) if named else None


def file_cut_from(url: str) -> CutFrom | None:
    """The file that the reply with this address was cut from; None if the reply is whole."""
    parts = urlsplit(url)
    if not parts.fragment.startswith(_OF_FILE):
        return None
    source, _, path = parts.path.partition("/")
    return CutFrom(
        address_of(source, os.fsdecode(unquote_to_bytes(path))),
        parts.fragment.removeprefix(_OF_FILE),
    )
