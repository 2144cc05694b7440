"""From the text of a table to rows in our terms, by the table's mapping."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, abc
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from reporter.jobs.rows import FIELDS, TIMES, Row, present, text_of
from reporter.jobs.values import EARLIEST, LATEST, DateOrder, read_count
from reporter.model import Listed, Outcome, Reply
from reporter.sources.table.mapping import Column, Mapping
from reporter.sources.table.records import Record, member, table_in

Values = abc.Mapping[str, Any]
"""The values of a record by column."""


def table_rows(reply: Reply, mapping: Mapping, seen_at: datetime | None = None) -> list[Row]:
    """The rows of one file. `seen_at` is when the newest file of its snapshot was written.

    Raises:
        ReplyError: the file is not a table of that form, or lacks a column.
    """
    at, known = seen_at or reply.fetched_at, Counter[str]()
    rows = []
    for record in table_in(reply, mapping).records:
        row = _row(record.values, at, mapping)
        if not row["job_id"]:
            # Rows with the same identity are different jobs, told apart by their order.
            same = _identity(row)
            known[same] += 1
            row["job_id"] = _hash(f"{same} {known[same]}")
        rows.append(row)
    return rows


def customer_of(record: Record, mapping: Mapping) -> str:
    """The name of the customer whose job a record is; empty if the record names none."""
    return (_text(record.values, mapping.columns["customer"]) or "").strip()


def _row(record: Values, seen_at: datetime, mapping: Mapping) -> Row:
    texts = {name: _text(record, column) for name, column in mapping.columns.items()}
    row: Row = {name: texts.get(name) for name in FIELDS}
    outcome = outcome_of(row["status"] or "", mapping)
    if outcome is Outcome.RUNNING:
        row["ended"] = row["duration"] = None  # some products write a meaningless time
    read = {name: _time(row[name], mapping) for name in TIMES if row[name]}
    started, ended = read.get("started"), read.get("ended")
    if started and ended and ended < started and row["ended"]:
        # When clocks go back, an hour comes twice: the end is in the second one.
        read["ended"] = _time(row["ended"], mapping, fold=1)
    row |= {name: f"{at:%Y-%m-%dT%H:%M:%S.%fZ}" for name, at in read.items() if at}
    # A time that the mapping cannot read must not be read in another way later.
    orders = (
        DateOrder.ASSUMED if read.get(name, EARLIEST) else DateOrder.UNREADABLE for name in TIMES
    )
    row["size"] = _size(row["size"], mapping)
    row["duration"] = _duration(row["duration"], mapping)
    is_backup = all(
        text_of(member(record, name)) in values for name, values in mapping.only.items()
    )
    return row | {
        "outcome": outcome,
        "listed_as": Listed.JOB,
        "queued": False,
        "is_backup": is_backup,
        # A job of a product that counts no objects may still have backed up some.
        "has_objects": read_count(present(row["objects_successful"]) or "") != 0,
        "date_orders": " ".join(orders) if None in read.values() else None,
        "fetched_at": seen_at,
    }


def _text(record: Values, column: Column) -> str | None:
    if column.value:
        return column.value
    text = text_of(member(record, column.column))
    if text is None or not column.match:
        return text
    match = re.search(column.match, text)
    return match[1] if match else None


def _time(text: str, mapping: Mapping, fold: int = 0) -> datetime | None:
    """The instant of a time, in UTC; None if the mapping cannot read it. A time in an hour that
    comes twice is in the first of the two or, with `fold`, in the second.
    """
    try:
        if mapping.times in ("unix", "unix ms"):
            at = datetime.fromtimestamp(float(text) / (1000 if "ms" in mapping.times else 1), UTC)
        elif mapping.times == "iso":
            at = datetime.fromisoformat(text.strip())
        else:
            at = datetime.strptime(text.strip(), mapping.times)  # noqa: DTZ007  the next line
        at = (
            at.astimezone(UTC)
            if at.tzinfo
            else at.replace(tzinfo=ZoneInfo(mapping.timezone), fold=fold)
        )
    except (ValueError, OverflowError, OSError):
        return None
    at = at.astimezone(UTC)
    return at if EARLIEST <= at < LATEST else None


def _size(text: str | None, mapping: Mapping) -> str | None:
    """A size with its unit, in the common form of sizes."""
    number, unit = _number_in(text, mapping)
    if number is None or not (unit or mapping.size_unit):
        return text
    return f"{number} {unit or mapping.size_unit}"


def _duration(text: str | None, mapping: Mapping) -> str | None:
    """A duration; a plain number as hours, minutes and seconds."""
    number, unit = _number_in(text, mapping)
    if number is None or unit:
        return text
    whole = round(Decimal(number) * _SECONDS[mapping.duration_unit])
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


_SECONDS: Final[dict[str, Decimal]] = {
    "ms": Decimal("0.001"),
    "s": Decimal(1),
    "min": Decimal(60),
    "h": Decimal(3600),
}


def _number_in(text: str | None, mapping: Mapping) -> tuple[str | None, str]:
    """The number at the start of a text, with a decimal point and no thousands separators, and the
    letters after it; None if the text has another form.
    """
    match = _NUMBER[mapping.decimal].fullmatch((text or "").strip())
    if match is None:
        return None, ""
    return re.sub(r"[\s.,](?=\d{3})", "", match[1]) + match[2].replace(",", "."), match[3]


_NUMBER: Final = {
    decimal: re.compile(
        rf"(\d{{1,3}}(?:[\s{thousands}]\d{{3}})+|\d+)((?:\{decimal}\d+)?)\s*([A-Za-z]*)"
    )
    for decimal, thousands in ((".", ","), (",", "."))
}


def _identity(row: Row) -> str:
    """The identity of a job without an id: its scope and its start. Without a start, all fields
    together identify it.
    """
    fields = ("service", "module", "name", "started") if row["started"] else FIELDS
    return repr([row[name] for name in fields])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def outcome_of(status: str, mapping: Mapping) -> Outcome:
    """The outcome of a job with this status; `UNKNOWN` if no pattern fits it."""
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
