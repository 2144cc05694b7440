"""Jobs and sightings in the program's own words, with what their source says they mean; and which
source customers and lists of them come from.

What is derived from replies is dropped, and derived anew when the store is opened.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

# Written out, because a migration must not change when the program does.
_FIELDS = (
    "service",
    "module",
    "status",
    "name",
    "objects_total",
    "objects_failed",
    "objects_successful",
    "objects_skipped",
    "objects_warning",
    "size",
    "started",
    "ended",
    "duration",
    "modified",
)


def upgrade() -> None:
    for table in ("customers", "fetches"):
        source = sa.Column("source", sa.String, nullable=False, server_default="avepoint")
        op.add_column(table, source)
    for table in ("tallies", "sightings", "jobs"):
        op.drop_table(table)
    op.create_table(
        "sightings",
        sa.Column("scope_id", sa.Integer, sa.ForeignKey("scopes.id"), primary_key=True),
        sa.Column("fetch_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("listed", sa.Boolean, nullable=False),
        sa.Column("job_id", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("listed_as", sa.String, nullable=False),
        sa.Column("queued", sa.Boolean, nullable=False),
        sa.Column("modified_at", sa.BigInteger),
        sa.Column("oldest_at", sa.BigInteger),
        sa.Column("at_work", sa.String, nullable=False),
        sa.Column("lost", sa.Boolean, nullable=False),
        sa.Column("unreadable", sa.String, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "jobs",
        sa.Column("module_id", sa.Integer, sa.ForeignKey("modules.id"), primary_key=True),
        sa.Column("job_id", sa.String, primary_key=True),
        sa.Column("scope_id", sa.Integer, sa.ForeignKey("scopes.id"), nullable=False),
        *(sa.Column(field, sa.String) for field in _FIELDS),
        sa.Column("date_orders", sa.String),
        sa.Column("fetched_at", sa.BigInteger, nullable=False),
        sa.Column("fetch_id", sa.Integer, sa.ForeignKey("fetches.id"), nullable=False),
        sa.Column("dated_at", sa.BigInteger),
        sa.Column("point_at", sa.BigInteger),
        sa.Column("first_seen_at", sa.BigInteger, nullable=False),
        sa.Column("last_seen_at", sa.BigInteger, nullable=False),
        sa.Column("first_started_at", sa.BigInteger),
        sa.Column("last_started_at", sa.BigInteger),
        sa.Column("first_modified_at", sa.BigInteger),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("is_backup", sa.Boolean, nullable=False),
        sa.Column("has_objects", sa.Boolean, nullable=False),
    )
    op.create_index("jobs_by_date", "jobs", ["scope_id", "dated_at", "point_at"])
    op.create_index("jobs_by_outcome", "jobs", ["scope_id", "outcome", "point_at", "dated_at"])
    op.create_index("jobs_by_fetch", "jobs", ["fetch_id"])
    moved = sa.text("first_started_at != last_started_at")
    op.create_index("jobs_moved", "jobs", ["scope_id"], sqlite_where=moved, postgresql_where=moved)
    op.create_table(
        "tallies",
        sa.Column("customer_id", sa.String, primary_key=True),
        sa.Column("zone", sa.String, primary_key=True),
        sa.Column("starts_at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("ends_at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("outcomes", sa.String, nullable=False),
        sa.Column("bytes", sa.String, nullable=False),
    )
