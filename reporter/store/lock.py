"""One run at a time: a process holds the store while it writes a run into it, and the outbox while
it sends.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, Literal

import sqlalchemy as sa
from filelock import FileLock, Timeout

from reporter.errors import StoreError
from reporter.store.address import LOCKS, real_file, shown

Part = Literal["store", "outbox"]

_KEYS: Final[dict[Part, int]] = {"store": 0x7265706F72746572, "outbox": 0x6F7574626F78}
"""Keys of PostgreSQL's advisory locks, which each database has for itself: the words "reporter" and
"outbox" in ASCII.
"""
_PAUSE: Final = 0.5
"""Seconds between two tries."""


@contextmanager
def held(engine: sa.Engine, wait: float = 0.0, part: Part = "store") -> Iterator[None]:
    """Hold a store, or only its outbox.

    The hold ends with the block, and with the process however that ends. SQLite is held by a file
    beside it, PostgreSQL by an advisory lock of one connection.

    Raises:
        StoreError: somebody else holds it, and still does after `wait` seconds.
    """
    hold = _held_postgresql if engine.dialect.name == "postgresql" else _held_sqlite
    with hold(engine, wait, part):
        yield


@contextmanager
def _held_sqlite(engine: sa.Engine, wait: float, part: Part) -> Iterator[None]:
    file = real_file(engine.url)
    if file is None:
        yield  # nobody else can see it
        return
    lock = FileLock(f"{file}{LOCKS[part]}", timeout=wait, poll_interval=_PAUSE)
    try:
        lock.acquire()
    except Timeout as error:
        raise _taken(engine, part) from error
    except OSError as error:
        raise StoreError(
            f"The lock {lock.lock_file} cannot be written: {error.strerror}.",
            hint="The store's folder must be writable ([store] url).",
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _held_postgresql(engine: sa.Engine, wait: float, part: Part) -> Iterator[None]:
    until = time.monotonic() + wait
    # Outside any transaction, so that a long run keeps no old rows alive.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_KEYS[part]))):
            if time.monotonic() >= until:
                raise _taken(engine, part)
            time.sleep(_PAUSE)
        try:
            yield
        finally:
            # A database that went away has let go of it already.
            with suppress(sa.exc.DBAPIError):
                connection.execute(sa.select(sa.func.pg_advisory_unlock(_KEYS[part])))


def _taken(engine: sa.Engine, part: Part) -> StoreError:
    return StoreError(
        f"The {part} {shown(engine.url)} is held by another run.",
        hint="Wait until it has ended, or give --wait SECONDS. Nothing was done.",
    )
