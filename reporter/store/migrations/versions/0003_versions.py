"""Kinds of fetches, versions of reports, and what makes reading one customer's month cheap."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("fetches", sa.Column("kind", sa.String, nullable=False, server_default="jobs"))
    op.execute("UPDATE fetches SET kind = 'customers' WHERE customer_id IS NULL")
    op.drop_index("fetches_by_customer", "fetches")
    op.create_index("fetches_by_customer", "fetches", ["customer_id", "kind", "taken_at"])
    op.add_column(
        "customers", sa.Column("revision", sa.Integer, nullable=False, server_default="0")
    )
    op.create_table(
        "modules",
        sa.Column("customer_id", sa.String, primary_key=True),
        sa.Column("service", sa.String, primary_key=True),
        sa.Column("module", sa.String, primary_key=True),
    )
    op.execute(
        "INSERT INTO modules (customer_id, service, module) "
        "SELECT DISTINCT customer_id, service, module FROM jobs"
    )
    op.drop_index("jobs_by_start", "jobs")
    op.create_index("jobs_by_start", "jobs", ["customer_id", "started_at", "point_at"])
    op.create_index("jobs_by_point", "jobs", ["customer_id", "point_at", "started_at"])
    op.create_index(
        "jobs_by_outcome", "jobs", ["customer_id", "service", "module", "outcome", "point_at"]
    )
    op.create_table(
        "tallies",
        sa.Column("customer_id", sa.String, primary_key=True),
        sa.Column("zone", sa.String, primary_key=True),
        sa.Column("starts_at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("ends_at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("outcomes", sa.String, nullable=False),
        sa.Column("bytes_binary", sa.String, nullable=False),
        sa.Column("bytes_decimal", sa.String, nullable=False),
    )
    op.create_table(
        "versions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("customer_id", sa.String, nullable=False),
        sa.Column("period", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("as_of", sa.BigInteger, nullable=False),
        sa.Column("program", sa.String, nullable=False),
        sa.Column("closed", sa.Boolean, nullable=False),
        sa.Column("basis", sa.String(64), nullable=False),
        sa.Column("checked", sa.String(64), nullable=False),
        sa.Column("look", sa.String(64), nullable=False),
        sa.Column("restates", sa.Integer),
        sa.Column("figures_sha256", sa.String(64), nullable=False),
        sa.Column("figures", sa.LargeBinary, nullable=False),
        sa.Column("standing", sa.String, nullable=False),
        sa.UniqueConstraint("customer_id", "period", "number"),
    )
    op.create_table(
        "version_files",
        sa.Column("version_id", sa.Integer, sa.ForeignKey("versions.id"), primary_key=True),
        sa.Column("path", sa.String, primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
