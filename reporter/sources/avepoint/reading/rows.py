"""From a row of a reply to a row in our words: what each field is called, and what it means."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from reporter.errors import ReplyError
from reporter.jobs.rows import Row, date_orders_of, present, text_of
from reporter.jobs.values import read_count
from reporter.sources.avepoint.reading import vocabularies

FIELD_NAMES: Final = {
    "service": "jobType",
    "module": "jobModule",
    "status": "status",
    "job_id": "jobId",
    "name": "name",
    "objects_total": "totalCount",
    "objects_failed": "failedCount",
    "objects_successful": "successfulCount",
    "objects_skipped": "skippedCount",
    "objects_warning": "warningCount",
    "size": "backupSize",
    "started": "startTime",
    "ended": "endTime",
    "duration": "jobDuration",
    "modified": "lastModifyTime",
}
"""The service's name of each field of a row."""


def text_rows(rows: Sequence[object], fetched_at: datetime) -> list[Row]:
    """The rows of a reply in our words.

    Raises:
        ReplyError: a row is not an object.
    """
    read = []
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise ReplyError(
                f"Row {number} of {len(rows)} is not an object but {_shown(row)}.",
                hint="The reply is kept as it is; ask the service's support with its request id.",
            )
        read.append(_row(row, fetched_at))
    date_orders = date_orders_of(read)
    for row in read:
        row["date_orders"] = date_orders
    return read


def _row(fields: Mapping[str, object], fetched_at: datetime) -> Row:
    row: Row = {name: text_of(fields.get(field)) for name, field in FIELD_NAMES.items()}
    for name in vocabularies.CODED:
        if row[name] is not None:
            row[name] = vocabularies.name_of_code(name, row[name].strip())
    service, module = row["service"], row["module"]
    if module is not None:
        row["module"] = module = vocabularies.module_name(module, service or "")
    if service is not None:
        row["service"] = service = vocabularies.service_name(service)
    return with_meaning(row, fetched_at)


def with_meaning(row: Row, fetched_at: datetime) -> Row:
    """A row with what its fields mean."""
    service, module, status = row["service"], row["module"], present(row["status"])
    return row | {
        "outcome": vocabularies.outcome_of(status),
        "listed_as": vocabularies.listed_of(status),
        "queued": vocabularies.is_queued(status),
        "is_backup": vocabularies.is_backup(present(service) or "", present(module) or ""),
        "has_objects": bool(read_count(present(row["objects_successful"]) or "")),
        "fetched_at": fetched_at,
    }


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}…"
