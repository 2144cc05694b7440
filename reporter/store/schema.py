"""The version of a store's schema: new stores are made, old ones brought up, newer ones refused."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from reporter.errors import StoreError
from reporter.store.address import shown

_KEY: Final = 0x736368656D61
""""schema" in ASCII: the key of PostgreSQL's lock for migrations."""


def bring_up_to_date(engine: sa.Engine) -> None:
    """Migrate the store to the schema of this program.

    Raises:
        StoreError: it was written by a newer program.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    with engine.connect().execution_options(only_reads=True) as connection:
        if _revision(connection) == scripts.get_current_head():
            return
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # SQLite's writers wait for one another anyway
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_KEY)))
        current = _revision(connection)
        if current == scripts.get_current_head():
            return  # somebody else was faster
        try:
            scripts.get_revision(current or "base")
        except CommandError as error:
            raise StoreError(
                f"The store {shown(engine.url)} has the schema {current!r}, "
                "which this program does not know.",
                hint="A newer version of the program wrote it: upgrade this one.",
            ) from error
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
