"""Which program and configuration a version is of, and what later programs make of its data."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for name in ("program_sha256", "configuration", "redefined_sha256", "redefined_by"):
        op.add_column("versions", sa.Column(name, sa.String(64)))
