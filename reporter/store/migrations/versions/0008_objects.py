"""Details of jobs, and the objects in them that failed."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("fetches", sa.Column("job_id", sa.String, nullable=False, server_default=""))
    of_details = sa.text("kind = 'details'")
    op.create_index(
        "fetches_of_details",
        "fetches",
        ["taken_at"],
        sqlite_where=of_details,
        postgresql_where=of_details,
    )
    op.create_table(
        "details",
        sa.Column("fetch_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("module_id", sa.Integer, sa.ForeignKey("modules.id"), nullable=False),
        sa.Column("job_id", sa.String, nullable=False),
        sa.Column("objects", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("whole", sa.Boolean, nullable=False),
    )
    op.create_index("details_by_job", "details", ["module_id", "job_id"])
    op.create_table(
        "objects",
        sa.Column("fetch_id", sa.Integer, sa.ForeignKey("details.fetch_id"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("cause", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("unread", sa.String, nullable=False),
    )
