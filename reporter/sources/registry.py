"""The sources, and the reader of each reply: a reply's address names the source it came from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from reporter.errors import ReplyError
from reporter.extensions import Extensions
from reporter.jobs.rows import Row
from reporter.model import Reply
from reporter.sources.avepoint.reading import vocabularies
from reporter.sources.avepoint.reading.reader import AvePointReader
from reporter.sources.interface import Reader, SourceKind

SERVICE: Final = "avepoint"
"""The name of the source that [api] configures."""
_OF_SERVICE: Final = ("https", "http", "")
"""The schemes of addresses of the service and of saved files, for which no kind is looked up."""
_SERVICE_READER: Final[Reader] = AvePointReader()
REVISION: Final = vocabularies.REVISION
"""Is increased with each change of how our readers read a reply."""


def _fault(name: str, kind: SourceKind) -> str:
    if not re.fullmatch("[a-z][a-z0-9]+", name) or name in (*_OF_SERVICE, "file"):
        return "its name must be lower-case letters and digits, and not http, https or file"
    return ""


KINDS: Final = Extensions[SourceKind](
    "kind of source",
    "msp_backup_reporter.sources",
    {"table": "reporter.sources.table.kind:TABLE"},
    SourceKind,
    _fault,
    "Install it on every machine that fetches, renders or verifies.",
)
"""The kinds of an entry of [[sources]]. The addresses of all replies of a kind begin with its name
and a colon.
"""


def reader_of(replies: Sequence[Reply]) -> Reader:
    """The reader of the replies of one fetch.

    Raises:
        SettingsError: the package of the source is not installed, or cannot be used.
    """
    return reader_of_address(replies[0].url) if replies else _SERVICE_READER


def reader_of_address(url: str) -> Reader:
    """The reader of the reply with this address, which may be the path of a saved reply.

    Raises:
        SettingsError: as above.
    """
    kind = urlsplit(url).scheme
    if kind in _OF_SERVICE or kind not in KINDS.names():
        return _SERVICE_READER
    return KINDS.get(kind).reader


def rows_by(replies: Sequence[Reply], rules: bytes | None) -> list[list[Row]]:
    """The rows of each reply of a snapshot: by later rules if it can be read by them, else by its
    own.

    Raises:
        ReplyError: a reply is not a list of jobs.
    """
    reader = reader_of(replies)
    if rules is None or rules == reader.rules(replies):
        return reader.rows(replies)
    try:
        return reader.rows(replies, rules)
    except ReplyError:
        return reader.rows(replies)  # the file has another shape: its own rules fit it
