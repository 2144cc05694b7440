"""The details of a job (`report-details`): a row for each object it went through.

Rows have been documented since August 2026. Nobody has shown a reply of the real service yet, so
that numbers are also read as text, and unknown ones are kept and listed under data quality.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs, urlsplit

from reporter.errors import ReplyError
from reporter.jobs.rows import name_of_unknown, present, text_of
from reporter.jobs.values import DateOrder, read_count, read_time
from reporter.model import JobDetails, JobObject, Outcome, Reply
from reporter.showing import excerpt
from reporter.sources.avepoint.reading.replies import ReplyPage, envelope_of

SERVICE: Final = "Microsoft 365"
"""The only service whose jobs have details."""

TYPES: Final = {
    1: "Mailbox",
    2: "Site Collection",
    17: "User",
    20: "Canvas",
    21: "Workspace",
    23: "Flow",
    24: "Agent",
    25: "Viva Engage Metadata",
    26: "Office 365 Group Metadata",
    27: "Teams Metadata",
}
_OUTCOMES: Final = {
    "success": Outcome.SUCCESS,
    "failed": Outcome.FAILED,
    "skipped": Outcome.NOT_RUN,
    "filtered": Outcome.NOT_RUN,
    "warning": Outcome.WARNING,
}
_STATUSES: Final = dict(enumerate(_OUTCOMES))
"""The status that each number stands for."""

_CODE: Final = re.compile(r"-?\d{1,18}")

MOST_PAGES: Final = 100
MOST_BYTES: Final = 64 << 20
"""The most replies about the objects of one job, and the most bytes of them: a longer list is kept
without its end.
"""

T = TypeVar("T")


def read_details(reply: Reply) -> ReplyPage:
    """The rows in a reply about a job's objects. `next_link` is the token of the next page.

    Raises:
        ReplyError: the body is not JSON, or JSON of another shape.
    """
    envelope = envelope_of(reply)
    rows = envelope.get("data") if isinstance(envelope, dict) else None
    metadata = (envelope.get("metadata") or {}) if isinstance(envelope, dict) else None
    if not isinstance(rows, list) or not isinstance(metadata, dict):
        raise _no_list(reply)
    if not all(isinstance(row, dict) for row in rows):
        raise _no_list(reply)
    token, total = metadata.get("skipToken"), text_of(metadata.get("totalCount"))
    if token is not None and not isinstance(token, str):
        raise _no_list(reply)
    return ReplyPage(rows, next_link=token or None, total=read_count(total or ""))


def is_at_limit(replies: Sequence[Reply]) -> bool:
    """Whether no further page is asked for, whatever the last one says."""
    return len(replies) >= MOST_PAGES or sum(len(reply.body) for reply in replies) >= MOST_BYTES


def insist_on_pages(replies: Sequence[Reply]) -> None:
    """Insist that the pages of a job's details follow one another, up to the last or to the limit.

    Raises:
        ReplyError: a page is missing.
    """
    token: str | None = None
    for place, reply in enumerate(replies):
        asked = parse_qs(urlsplit(reply.url).query).get("skipToken", [None])[0]
        if asked != token or (place and token is None):
            raise _incomplete(reply)
        token = read_details(reply).next_link
    if token is not None and not is_at_limit(replies):
        raise _incomplete(replies[-1])


def details_of(replies: Sequence[Reply]) -> JobDetails:
    """The objects of one job.

    Raises:
        ReplyError: a reply is not a list of objects.
    """
    pages = [read_details(reply) for reply in replies]
    rows = [row for page in pages for row in page.rows]
    last = pages[-1]
    whole = last.next_link is None and (last.total is None or len(rows) >= last.total)
    return JobDetails(SERVICE, tuple(map(_object, rows)), whole)


def _object(row: dict[str, Any]) -> JobObject:
    unread: list[tuple[str, str]] = []

    def read(field: str, read_text: Callable[[str], T | None]) -> T | None:
        text = present(text_of(row.get(field)))
        value = None if text is None else read_text(text)
        if text is not None and value is None:
            unread.append((field, text))
        return value

    kind = present(text_of(row.get("type")))
    return JobObject(
        type=read("type", _type) or (name_of_unknown(kind) if kind else ""),
        title=present(text_of(row.get("title"))) or "",
        outcome=read("status", _outcome) or Outcome.UNKNOWN,
        finished_at=read("finishTime", _moment),
        comment=present(text_of(row.get("comment"))) or "",
        code=present(text_of(row.get("errorCode"))) or "",
        unread=tuple(unread),
    )


def _type(text: str) -> str | None:
    """The name of a type; a text that is no number is a name already."""
    return TYPES.get(int(text)) if _CODE.fullmatch(text) else text


def _outcome(text: str) -> Outcome | None:
    name = _STATUSES.get(int(text), "") if _CODE.fullmatch(text) else text
    return _OUTCOMES.get(name.casefold())


def _moment(text: str) -> datetime | None:
    return read_time(text, DateOrder.ASSUMED)


def _incomplete(reply: Reply) -> ReplyError:
    return ReplyError(
        f"The details of {excerpt(reply.url)} are not complete: a page beside it is missing.",
        hint="All pages of the details of a job must be there, in their order.",
    )


def _no_list(reply: Reply) -> ReplyError:
    return ReplyError(
        f"The reply of {excerpt(reply.url)} is JSON, but not a list of objects of a job.",
        hint='Expected {"data": […], "metadata": {"skipToken", "totalCount"}}.',
    )
