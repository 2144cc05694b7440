"""Rows as sources give them, in our words, and which of several rows of one job counts.

A row is a dict of the `FIELDS` as text (None where absent), services and modules already by the
names that count, and of what its source says they mean: `outcome` (of a job with this status),
`listed_as` and `queued` (of a placeholder with it; `model.Listed`), `is_backup`, `has_objects`
(whether it backed up any, as far as the source says). Also
`date_orders` and `fetched_at`, and `from_tenant` where the row is from the history of a customer's
own tenant. This is what the store keeps, and what the typed frame is made from.

`date_orders` says how the slashed dates of the row's times are to be read, which only the whole
reply tells: a `values.DateOrder` for each of `TIMES`, such as "day day month"; None where the reply
has no slashed date.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from reporter.errors import ReplyError
from reporter.jobs import values
from reporter.jobs.values import DateOrder
from reporter.model import Outcome
from reporter.showing import excerpt

FIELDS: Final = (
    "service",
    "module",
    "status",
    "job_id",
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
"""What a source tells of a job, as text."""

COUNTS: Final = tuple(field for field in FIELDS if field.startswith("objects_"))
"""Those that count objects."""
TIMES: Final = ("started", "ended", "modified")
"""The fields that hold times."""

ABSENT: Final = "N/A"
"""The service's own sign for "nothing there"."""

LONGEST_ID: Final = 500
"""The most bytes, in UTF-8, of anything that serves as a key. The service's ids have some forty,
and PostgreSQL finds nothing by more than 2,704 bytes, in which four of them have to fit.
"""

Row = dict[str, Any]


def date_orders_of(rows: Sequence[Row]) -> str | None:
    """What the times of a reply prove about the order of their slashed dates, as stored with each
    row.

    A field that proves nothing by itself is read like the others where these prove one order.
    """
    columns = [[text for row in rows if (text := present(row[field]))] for field in TIMES]
    of_all = values.order_of(chain(*columns))
    if of_all is None:
        return None
    otherwise = DateOrder.ASSUMED if of_all is DateOrder.MIXED else of_all
    orders = [values.order_of(column) or DateOrder.ASSUMED for column in columns]
    return " ".join(otherwise if order is DateOrder.ASSUMED else order for order in orders)


def newest(rows: Iterable[Row]) -> list[Row]:
    """One row of each job (service, module, job id): the one with the newest modification, with
    what is known of the job from all its rows.

    `rows` must come in the order they were fetched; `counting` says which of two counts. Of all its
    rows `first_seen_at` is the first fetch that showed the job, `first_started_at`,
    `last_started_at` and `first_modified_at` the earliest and latest start and the earliest
    modification any row gave it. Placeholders stand for no job and are left out.
    """
    kept: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        identity = identity_of(row)
        if not identity[2]:
            continue
        later = row | alone(row)
        before = kept.get(identity)
        kept[identity] = counting(before, later) if before else later
    return list(kept.values())


def counting(before: Row, later: Row) -> Row:
    """Of two rows of one job the one that counts, with what is known of the job from both.

    That is the one with the newest modification; a row without a readable one counts as modified
    when it was fetched. On a tie `later` counts, the one fetched last, unless it only repeats how
    the job ended: looking again at what is over changes nothing.
    """
    if before.get("from_tenant") or later.get("from_tenant"):
        return _counting_told(before, later)
    counts = later if _modified_at(later) >= _modified_at(before) else before
    same = all(before[name] == later[name] for name in (*FIELDS, "date_orders"))
    if counts is later and same and _is_over(before):
        return before
    extremes = {
        name: choose(filter(None, (later[name], before[name])), default=None)
        for name, choose in KEPT_OF_ALL.items()
    }
    return counts | extremes


def _counting_told(before: Row, later: Row) -> Row:
    """The same, where at least one of the two is from the history of a customer's own tenant.

    The row of a snapshot counts, unless it shows the job running and the history how it ended. The
    two are of different calls, whose times may differ by parts of a second: of what is known from
    both only the first look is taken.
    """
    by_tenant = [bool(row.get("from_tenant")) for row in (before, later)]
    if all(by_tenant):
        same = all(before[name] == later[name] for name in FIELDS)
        counts = before if same and before["outcome"] != Outcome.RUNNING else later
    else:
        shown, told = (later, before) if by_tenant[0] else (before, later)
        ended = shown["outcome"] == Outcome.RUNNING and told["outcome"] != Outcome.RUNNING
        counts = told if ended else shown
    return counts | {"first_seen_at": min(before["first_seen_at"], later["first_seen_at"])}


def _is_over(row: Row) -> bool:
    """Whether a job has ended, and the row says when, before it was fetched."""
    if row["outcome"] == Outcome.RUNNING:
        return False
    modified_at, ended_at = moment(row, "modified"), moment(row, "ended")
    if modified_at is None:
        return False
    return max(modified_at, ended_at or modified_at) <= row["fetched_at"]  # type: ignore[no-any-return]


KEPT_OF_ALL: Final = {
    "first_seen_at": min,
    "last_seen_at": max,
    "first_started_at": min,
    "last_started_at": max,
    "first_modified_at": min,
}
"""What is kept from all rows of a job beside the row that counts, and which of two values is kept.

A finished job counts as last seen when something new was reported of it.
"""


def alone(row: Row) -> Row:
    """What is kept of a job from all its rows where this is the only one."""
    started_at = moment(row, "started")
    return {
        "first_seen_at": row["fetched_at"],
        "last_seen_at": row["fetched_at"],
        "first_started_at": started_at,
        "last_started_at": started_at,
        "first_modified_at": moment(row, "modified"),
    }


def _modified_at(row: Row) -> datetime:
    modified_at: datetime = moment(row, "modified") or row["fetched_at"]
    return modified_at


def is_too_long(text: str) -> bool:
    """Whether a text is too long for a key: not every database finds it again."""
    return 4 * len(text) > LONGEST_ID and len(text.encode()) > LONGEST_ID


def identifies(row: Row) -> bool:
    """Whether a row has the id of a job that can serve as a key."""
    job_id = present(row["job_id"])
    return job_id is not None and not is_too_long(job_id)


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
                    hint="The reply is kept as it is. Of the service, ask its support with the "
                    "request id; of a table, check which column the mapping takes it from.",
                )


def identity_of(row: Row) -> tuple[str, str, str]:
    """Service, module and job id; the id is empty for a placeholder."""
    service, module = present(row["service"]), present(row["module"])
    return service or ABSENT, module or ABSENT, present(row["job_id"]) or ""


def present(text: str | None) -> str | None:
    """A text without outer spaces; None where nothing is there ("N/A" or empty)."""
    text = text.strip() if text else ""
    return None if not text or text.upper() == ABSENT else text


def moment(row: Row, field: str) -> datetime | None:
    """The instant in one of the `TIMES` of a row; None where it is missing or cannot be read."""
    there = present(row[field])
    return _read_time(there, date_order(row.get("date_orders"), field)) if there else None


def date_order(date_orders: str | None, field: str) -> DateOrder:
    """How slashed dates of one of the `TIMES` are to be read, by what a row says of all of them."""
    if not date_orders:
        return DateOrder.ASSUMED
    return DateOrder(date_orders.split(" ")[TIMES.index(field)])


_read_time = lru_cache(maxsize=4096)(values.read_time)


def name_of_unknown(code: str) -> str:
    """What stands for a number that is in no list of its source."""
    return f"Unknown ({code})"


def unknown_code(name: str) -> str | None:
    """The number in a name that `name_of_unknown` made up."""
    match = _UNKNOWN.fullmatch(name)
    return match[1] if match else None


_UNKNOWN: Final = re.compile(r"Unknown \((-?\d+)\)")


def text_of(value: object) -> str | None:
    """A value of a reply as text: whatever is no text as JSON writes it; None where absent."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
