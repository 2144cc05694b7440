"""Of which time the history of a customer's own tenant lists every job of a module."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "told_times",
        sa.Column("module_id", sa.Integer, sa.ForeignKey("modules.id"), primary_key=True),
        sa.Column("fetch_id", sa.Integer, sa.ForeignKey("fetches.id"), primary_key=True),
        sa.Column("starts_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
    )
    op.create_index("told_times_by_fetch", "told_times", ["fetch_id"])
