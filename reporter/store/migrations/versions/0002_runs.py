"""Runs, and bodies of replies kept once."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("host", sa.String, nullable=False),
        sa.Column("process", sa.Integer, nullable=False),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
    )
    op.add_column("fetches", sa.Column("run_id", sa.Integer))
    op.create_index("fetches_by_run", "fetches", ["run_id"])
    op.create_index("jobs_by_fetch", "jobs", ["fetch_id"])
    _keep_bodies_once()


def _keep_bodies_once() -> None:
    op.create_table(
        "bodies",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("replies_by_body", "replies", ["sha256"])
    op.execute(
        "INSERT INTO bodies (sha256, body) SELECT r.sha256, r.body FROM replies r WHERE NOT EXISTS "
        "(SELECT 1 FROM replies e WHERE e.sha256 = r.sha256 AND "
        "(e.fetch_id < r.fetch_id OR (e.fetch_id = r.fetch_id AND e.position < r.position)))"
    )
    op.drop_column("replies", "body")
