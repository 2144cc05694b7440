"""The version of a store's schema: new stores are made, old ones brought up, newer ones refused."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from reporter.errors import StoreError


def bring_up_to_date(engine: sa.Engine) -> None:
    """Migrate the store to the schema of this program.

    Raises:
        StoreError: it was written by a newer program.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    with engine.begin() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current == scripts.get_current_head():
            return
        try:
            scripts.get_revision(current or "base")
        except CommandError as error:
            raise StoreError(
                f"The store {engine.url.render_as_string()} has the schema {current!r}, "
                "which this program does not know.",
                hint="It was written by a newer version: upgrade this one.",
            ) from error
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
