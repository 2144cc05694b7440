"""The sources there are, and who reads a reply: its address says which source it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from typing import Final
from urllib.parse import urlsplit

from reporter.errors import SettingsError
from reporter.model import Reply
from reporter.sources.avepoint.reading.reader import AvePointReader
from reporter.sources.interface import Reader, SourceKind
from reporter.sources.table.kind import TableKind

SERVICE: Final = "avepoint"
"""The name of the source that [api] configures."""
ENTRY_POINTS: Final = "msp_backup_reporter.sources"
"""The group of entry points by which another package adds a kind of source."""

_SERVICE_READER: Final[Reader] = AvePointReader()
_KINDS: Final[Mapping[str, SourceKind]] = {"table": TableKind()}


@cache
def kinds() -> Mapping[str, SourceKind]:
    """The kinds that an entry of [[sources]] may have, by name: ours, and those of other packages.

    Raises:
        SettingsError: one of another package cannot be loaded, or takes a name that is taken.
    """
    found = dict(_KINDS)
    for entry in entry_points(group=ENTRY_POINTS):
        package = entry.dist.name if entry.dist else entry.module
        if entry.name in found:
            raise SettingsError(
                f"The package {package} adds the kind of source {entry.name!r}, which there is "
                "already.",
                hint="Uninstall it, or use a version that gives the kind another name.",
            )
        try:
            kind: SourceKind = entry.load()()
        except Exception as error:
            raise SettingsError(
                f"The kind of source {entry.name!r} of the package {package} cannot be loaded: "
                f"{type(error).__name__}: {error}.",
                hint="Update or uninstall that package.",
            ) from error
        found[entry.name] = kind
    return found


def reader_of(replies: Sequence[Reply]) -> Reader:
    """Who reads the replies of one fetch."""
    return reader_of_address(replies[0].url) if replies else _SERVICE_READER


def reader_of_address(url: str) -> Reader:
    """Who reads the reply with this address; a saved reply may have the path of its file."""
    scheme = urlsplit(url).scheme
    if scheme in ("", "http", "https"):
        return _SERVICE_READER
    readers = (kind.reader for kind in kinds().values() if kind.scheme == scheme)
    return next(readers, _SERVICE_READER)
