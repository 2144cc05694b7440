"""What is kept of a fetch: replies as they were received, or why there are none."""

from __future__ import annotations

import zlib

import sqlalchemy as sa

from reporter.model import Absence, Lack, Reply
from reporter.store import tables


def replies_of(connection: sa.Connection, fetch_id: int) -> tuple[Reply, ...]:
    """The replies of a complete fetch, as they were received."""
    replies, bodies = tables.replies.c, tables.bodies.c
    rows = connection.execute(
        sa.select(replies.url, replies.fetched_at, replies.request_id, bodies.body)
        .join(tables.bodies, bodies.sha256 == replies.sha256)
        .where(replies.fetch_id == fetch_id)
        .order_by(replies.position)
    )
    return tuple(
        Reply(row.url, row.fetched_at, row.request_id, zlib.decompress(row.body)) for row in rows
    )


def absence_of(error: str) -> Absence:
    """Why nothing is known, from what is kept of it."""
    lack, _, detail = error.partition(": ")
    return Absence(Lack(lack), detail)
