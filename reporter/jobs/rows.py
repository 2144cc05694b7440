"""Rows of replies as text, and which of several rows of one job counts.

A row is a dict of the 15 fields of the API as text (None where absent), codes already as names, and
`fetched_at`. This is what the store keeps, and what the typed frame is made from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from reporter.errors import ReplyError
from reporter.jobs import catalog, values
from reporter.showing import excerpt

FIELDS: Final = (
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
"""The fields of a job in the API, in its order."""

ABSENT: Final = "N/A"
"""The service's own sign for "nothing there"."""

LONGEST_ID: Final = 500
"""Bytes, in UTF-8, of whatever things are told apart by. The service's ids have some forty, and
PostgreSQL finds nothing by more than 2,704 bytes, in which four of them have to fit.
"""

Row = dict[str, Any]


def text_rows(rows: Sequence[object], fetched_at: datetime) -> list[Row]:
    """The rows of a reply as text.

    Raises:
        ReplyError: a row is not an object.
    """
    texts = []
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise ReplyError(
                f"Row {number} of {len(rows)} is not an object but {_shown(row)}.",
                hint="The reply is kept as it is; ask the service's support with its request id.",
            )
        text: Row = {field: text_of(row.get(field)) for field in FIELDS}
        for field in catalog.CODED_FIELDS:
            if text[field] is not None:
                text[field] = catalog.name_of_code(field, text[field].strip())
        text["fetched_at"] = fetched_at
        texts.append(text)
    return texts


def newest(rows: Iterable[Row]) -> list[Row]:
    """One row of each job (service, module, job id): the one with the newest modification, with
    what is known of the job from all its rows.

    `rows` must come in the order they were fetched: on a tie the one fetched last counts, and a row
    without a readable modification counts as modified when it was fetched. `first_seen_at` is the
    first fetch that showed the job, `first_started_at` and `first_modified_at` the earliest start
    and modification any row gave it. Placeholders tell of no job and are left out.
    """
    kept: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        identity = identity_of(row)
        if not identity[2]:
            continue
        own = row | first_of(row)
        if before := kept.get(identity):
            counts = own if _modified_at(own) >= _modified_at(before) else before
            own = counts | {name: _earliest(own[name], before[name]) for name in FIRSTS}
        kept[identity] = own
    return list(kept.values())


FIRSTS: Final = ("first_seen_at", "first_started_at", "first_modified_at")
"""What is kept of a job from all its rows, beside the row that counts."""


def first_of(row: Row) -> Row:
    """What a row alone tells of its job's beginnings."""
    return {
        "first_seen_at": row["fetched_at"],
        "first_started_at": moment(row["startTime"]),
        "first_modified_at": moment(row["lastModifyTime"]),
    }


def _modified_at(row: Row) -> datetime:
    modified_at: datetime = moment(row["lastModifyTime"]) or row["fetched_at"]
    return modified_at


def _earliest(*moments: datetime | None) -> datetime | None:
    return min(filter(None, moments), default=None)


def is_too_long(text: str) -> bool:
    """Whether nothing can be told apart by a text, as not every database finds it again."""
    return 4 * len(text) > LONGEST_ID and len(text.encode()) > LONGEST_ID


def refuse_long(rows: Iterable[Row]) -> None:
    """Insist that every row can be found by its identity.

    Raises:
        ReplyError: an id, a service or a module is too long for that.
    """
    for row in rows:
        for what, text in zip(("service", "module", "job id"), identity_of(row), strict=True):
            if is_too_long(text):
                raise ReplyError(
                    f"The {what} of a job is longer than {LONGEST_ID} bytes: it has "
                    f"{len(text):,} characters and begins with {excerpt(text, 60)!r}.",
                    hint="The reply is kept as it is; ask the service's support with its "
                    "request id.",
                )


def identity_of(row: Row) -> tuple[str, str, str]:
    """Service, module and job id; the id is empty for a placeholder."""
    service, module = present(row["jobType"]), present(row["jobModule"])
    return service or ABSENT, module or ABSENT, present(row["jobId"]) or ""


def present(text: str | None) -> str | None:
    """A text without outer spaces; None where nothing is there ("N/A" or empty)."""
    text = text.strip() if text else ""
    return None if not text or text.upper() == ABSENT else text


def moment(text: str | None) -> datetime | None:
    """The instant in a field; None where it is missing or cannot be read."""
    there = present(text)
    return _read_time(there) if there else None


_read_time = lru_cache(maxsize=4096)(values.read_time)


def text_of(value: object) -> str | None:
    """A value of a reply as text: numbers and all else as JSON writes them; None where absent."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}…"
