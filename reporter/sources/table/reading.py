"""From a table's text to rows in our words, by its mapping."""

from __future__ import annotations

import hashlib
import re
from collections import abc
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from reporter.jobs.rows import FIELDS, TIMES, Row, present, text_of
from reporter.jobs.values import EARLIEST, LATEST, DateOrder, read_count
from reporter.model import Listed, Outcome, Reply
from reporter.sources.table.mapping import Column, Mapping
from reporter.sources.table.records import Record, table_in

Values = abc.Mapping[str, Any]
"""The values of a record by column."""

_PLAIN: Final = re.compile(r"\d+(?:\.\d+)?")
"""A size without its unit."""


def table_rows(reply: Reply, mapping: Mapping) -> list[Row]:
    """The rows of one file.

    Raises:
        ReplyError: it is no table of that form, or lacks a column.
    """
    records = table_in(reply, mapping).records
    return [_row(record.values, reply.fetched_at, mapping) for record in records]


def customer_of(record: Record, mapping: Mapping) -> str:
    """Whose job a record is; empty where it does not say."""
    return (_text(record.values, mapping.columns["customer"]) or "").strip()


def _row(record: Values, fetched_at: datetime, mapping: Mapping) -> Row:
    texts = {name: _text(record, column) for name, column in mapping.columns.items()}
    row: Row = {name: texts.get(name) for name in FIELDS}
    read = {name: _time(row[name], mapping) for name in TIMES if row[name]}
    row |= {name: f"{at:%Y-%m-%dT%H:%M:%S.%fZ}" for name, at in read.items() if at}
    # What the mapping cannot read must not be read otherwise further on.
    orders = (
        DateOrder.ASSUMED if read.get(name, EARLIEST) else DateOrder.UNREADABLE for name in TIMES
    )
    row["size"] = _size(row["size"], mapping)
    row["job_id"] = row["job_id"] or _id_of(record)
    is_backup = all(
        text_of(_member(record, name)) in values for name, values in mapping.only.items()
    )
    return row | {
        "outcome": outcome_of(row["status"] or "", mapping),
        "listed_as": Listed.JOB,
        "queued": False,
        "is_backup": is_backup,
        # A product that counts no objects may well have backed up some.
        "has_objects": read_count(present(row["objects_successful"]) or "") != 0,
        "date_orders": " ".join(orders) if None in read.values() else None,
        "fetched_at": fetched_at,
    }


def _text(record: Values, column: Column) -> str | None:
    if column.value:
        return column.value
    text = text_of(_member(record, column.column))
    if text is None or not column.match:
        return text
    match = re.search(column.match, text)
    return match[1] if match else None


def _member(record: Values, path: str) -> Any:
    if path in record:
        return record[path]
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _time(text: str, mapping: Mapping) -> datetime | None:
    """The instant of a time; None where the mapping cannot read it."""
    try:
        if mapping.times in ("unix", "unix ms"):
            at = datetime.fromtimestamp(float(text) / (1000 if "ms" in mapping.times else 1), UTC)
        elif mapping.times == "iso":
            at = datetime.fromisoformat(text.strip())
        else:
            at = datetime.strptime(text.strip(), mapping.times)  # noqa: DTZ007  the next line
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=ZoneInfo(mapping.timezone))
    except (ValueError, OverflowError, OSError):
        return None
    at = at.astimezone(UTC)
    return at if EARLIEST <= at < LATEST else None


def _size(text: str | None, mapping: Mapping) -> str | None:
    """A size with its unit."""
    if text and mapping.size_unit and _PLAIN.fullmatch(text.strip()):
        return f"{text.strip()} {mapping.size_unit}"
    return text


def _id_of(record: Values) -> str:
    """What a job goes by that has no id: the same row is the same job."""
    text = repr(sorted((name, text_of(value)) for name, value in record.items()))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def outcome_of(status: str, mapping: Mapping) -> Outcome:
    """The outcome of a job with this status; `UNKNOWN` where no pattern fits it."""
    return next(
        (
            outcome
            for pattern, outcome in mapping.statuses.items()
            if _pattern(pattern).fullmatch(status.strip().casefold())
        ),
        Outcome.UNKNOWN,
    )


@cache
def _pattern(text: str) -> re.Pattern[str]:
    parts = (re.escape(part) for part in text.strip().casefold().split("*"))
    return re.compile(".*".join(parts), re.DOTALL)
