"""What is committed is on the disk, so that a power cut never makes a delivery open again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from reporter.model import DeliveryState
from reporter.store import Store
from reporter.store.outbox import approve, claim, deliveries_of
from tests.store.test_outbox import ANNA, NOW, ids, known_customer, make_version, queue_for

__all__ = ["known_customer"]

ASK = {
    "sqlite": "PRAGMA synchronous",
    "postgresql": "SELECT current_setting('synchronous_commit')",
}


def settings_at_the_commit(store: Store, work: Callable[[], object]) -> list[Any]:
    """How each transaction of some work waits for the disk, read just before it is committed."""
    values: list[Any] = []

    def ask(connection: sa.Connection) -> None:
        values.append(connection.exec_driver_sql(ASK[store.engine.dialect.name]).scalar())

    sa.event.listen(store.engine, "commit", ask)
    work()
    sa.event.remove(store.engine, "commit", ask)
    return values


@pytest.fixture
def store(url: str, open_store: Callable[[str], Store], request: pytest.FixtureRequest) -> Store:
    """A store on PostgreSQL that by default does not wait for the disk, or as `setting` says."""
    if url.startswith("postgresql"):
        setting = getattr(request, "param", "off")
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            name = connection.info.dbname
            connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = '{setting}'")
    return open_store(url)


def test_a_claim_waits_for_the_disk(store: Store) -> None:
    """The connection that claims does, and any other that writes: claims may use any of them."""
    queue_for(store, make_version(store, 1), ANNA)
    (row,) = deliveries_of(store)
    waits = {"sqlite": 2, "postgresql": "on"}[store.engine.dialect.name]  # 2 is FULL
    assert settings_at_the_commit(store, lambda: approve(store, [row.id], "eve", NOW)) == [waits]
    assert settings_at_the_commit(store, lambda: claim(store, ids([row]), NOW)) == [waits]
    assert deliveries_of(store)[0].state is DeliveryState.SENDING


@pytest.mark.parametrize("store", ["remote_apply", "local"], indirect=True)
@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
def test_a_server_that_already_waits_is_left_alone(store: Store) -> None:
    """Whether for more than the disk or for the disk alone: its administrator has chosen."""
    with store.reading() as connection:
        chosen = connection.exec_driver_sql(ASK["postgresql"]).scalar()
    version = make_version(store, 1)
    assert settings_at_the_commit(store, lambda: queue_for(store, version, ANNA)) == [chosen]
    assert chosen in ("remote_apply", "local")
