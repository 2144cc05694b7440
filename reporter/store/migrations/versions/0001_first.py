"""The first schema: customers, fetches, replies, jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# As the API names them; written out, because a migration must not change when the program does.
_FIELDS = (
    "jobType",
    "jobModule",
    "status",
    "jobId",
    "name",
    "totalCount",
    "failedCount",
    "successfulCount",
    "skippedCount",
    "warningCount",
    "backupSize",
    "startTime",
    "endTime",
    "jobDuration",
    "lastModifyTime",
)


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("listed_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "fetches",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("customer_id", sa.String),
        sa.Column("taken_at", sa.BigInteger, nullable=False),
        sa.Column("error", sa.String),
    )
    op.create_index("fetches_by_customer", "fetches", ["customer_id", "taken_at"])
    op.create_table(
        "replies",
        sa.Column("fetch_id", sa.Integer, sa.ForeignKey("fetches.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("fetched_at", sa.BigInteger, nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("request_id", sa.String, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "jobs",
        sa.Column("customer_id", sa.String, primary_key=True),
        sa.Column("service", sa.String, primary_key=True),
        sa.Column("module", sa.String, primary_key=True),
        sa.Column("job_id", sa.String, primary_key=True),
        *(sa.Column(field, sa.String) for field in _FIELDS),
        sa.Column("fetched_at", sa.BigInteger, nullable=False),
        sa.Column("fetch_id", sa.Integer, sa.ForeignKey("fetches.id"), nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("point_at", sa.BigInteger),
        sa.Column("modified_at", sa.BigInteger),
        sa.Column("outcome", sa.String),
    )
    op.create_index("jobs_by_start", "jobs", ["customer_id", "started_at"])
