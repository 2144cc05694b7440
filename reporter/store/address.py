"""Where a store is, from its URL alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

import sqlalchemy as sa

from reporter.showing import HIDDEN, has_password, keep_secret, without_passwords

KNOWN: Final = ("sqlite", "postgresql")
"""The databases that can hold a store."""
LOCKS: Final = {"store": ".lock", "outbox": ".outbox.lock"}
"""The suffixes of the files beside an SQLite store that hold it, or only its outbox."""
EXAMPLES: Final = "write sqlite:///reporter.db or postgresql+psycopg://user@host/name"


def parsed(url: str) -> sa.URL:
    """A store's URL, taken apart. From then on nobody is shown what is secret in it.

    Raises:
        ValueError: it is none. The message quotes nothing of the URL, in which anything may then be
            a password.
    """
    scheme, given, rest = url.partition("://")
    if not given:
        raise ValueError(f"is not a database address; {EXAMPLES}")
    if scheme.partition("+")[0] not in KNOWN:
        raise ValueError(f"names an unsupported database; {EXAMPLES}")
    # Up to the first it would be the password, and part of that the host.
    if not rest.startswith("/") and rest.partition("?")[0].count("@") > 1:
        raise ValueError("has more than one @; in a user's name or password, write it as %40")
    try:
        address = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise ValueError(
            "cannot be read as a database address: a port number must follow the host's colon, and "
            "in a user's password, / ? # : and @ must be written as "
            f"{', '.join(quote(sign, safe='') for sign in '/?#:@')}"
        ) from None
    if address.get_backend_name() == "sqlite" and (address.database or "").startswith("file:"):
        raise ValueError("is an SQLite file: address; write its path: sqlite:///reporter.db")
    if address.password:
        keep_secret(rest.rpartition("@")[0].partition(":")[2])  # as it is written there
    for secret in _secrets(address):
        keep_secret(secret)
    return address


def shown(url: str | sa.URL) -> str:
    """A store's URL as people may see it."""
    address = sa.make_url(url)
    if address.get_backend_name() == "sqlite":
        return f"{address.drivername}:///{address.database or ''}"
    # Rendered, a password has blanks, and who looks for passwords sees the end of an address there.
    return without_passwords(address.render_as_string(hide_password=True))


def without_secrets_of(address: sa.URL, text: str) -> str:
    """A text about a store without what its URL keeps secret, as a driver might quote it."""
    for secret in sorted(_secrets(address), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def _secrets(address: sa.URL) -> Iterator[str]:
    """The secret parts of a URL, as they are and as they are written in it."""
    values = [str(address.password)] if address.password else []
    for name, value in address.normalized_query.items():
        if has_password(f"any://host?{quote(name)}=value"):
            values += value
    for value in filter(None, values):
        yield value
        yield quote(value, safe="")


def is_file(url: str) -> bool:
    """Whether the store is a file, which other machines do not have."""
    return parsed(url).get_backend_name() == "sqlite"


def real_file(url: str | sa.URL) -> Path | None:
    """The file that a store is, whatever links lead to it: SQLite puts its log beside that one, and
    whoever holds it holds it for all names. None where it is no file.
    """
    address = sa.make_url(url)
    if address.get_backend_name() != "sqlite" or address.database in (None, "", ":memory:"):
        return None
    return Path(os.path.realpath(str(address.database)))


def files_of(url: str | sa.URL) -> list[Path]:
    """All files that belong to a store, whether they are there or not; none of a server's."""
    file = real_file(url)
    if file is None:
        return []
    return [Path(f"{file}{suffix}") for suffix in ("", "-wal", "-shm", *LOCKS.values())]


def relative_file(url: str) -> Path | None:
    """The path of a store that is a file, where it counts from a folder; else None."""
    database = parsed(url).database if is_file(url) else None
    if not database or database == ":memory:" or Path(database).is_absolute():
        return None
    return Path(database)


def whole_url(url: str, folder: Path) -> str:
    """The URL with the whole path of the file, which counts from a folder."""
    path = relative_file(url)
    if path is None:
        return url
    whole = parsed(url).set(database=str((folder / path).absolute()))
    return whole.render_as_string(hide_password=False)
