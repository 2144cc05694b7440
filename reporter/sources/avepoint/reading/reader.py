"""The reader of this source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from reporter.jobs.rows import Row
from reporter.model import LISTED_BY_TIME, TENANT_KINDS, Answer, JobDetails, Reply, Told
from reporter.sources.avepoint.reading.answers import read_answer
from reporter.sources.avepoint.reading.details import details_of, insist_on_pages, read_details
from reporter.sources.avepoint.reading.replies import (
    ReplyPage,
    products_of,
    read_overview,
    read_page,
    rows_of,
    split_snapshots,
)
from reporter.sources.avepoint.reading.rows import FIELD_NAMES
from reporter.sources.avepoint.reading.tenant import counts_of, customer_of, rows_in, whole_lists
from reporter.sources.avepoint.reading.texts import cut_from, row_texts
from reporter.sources.interface import Announced, CutFrom

_READERS: Final[Mapping[str, Callable[[Reply], ReplyPage]]] = {
    "protection": read_overview,
    "details": read_details,
}
"""What reads a page of a kind, where that is not a list as of jobs."""


class AvePointReader:
    """Reads replies of either generation of the API."""

    @property
    def field_names(self) -> Mapping[str, str]:
        return FIELD_NAMES

    @property
    def lists_history(self) -> bool:
        return False

    def rules(self, replies: Sequence[Reply]) -> bytes | None:
        return None

    def rows(self, replies: Sequence[Reply], rules: bytes | None = None) -> list[list[Row]]:
        return [
            rows_of(reply) if customer_of(reply.url) is None else rows_in(reply)
            for reply in replies
        ]

    def counts(self, replies: Sequence[Reply], kind: str) -> list[int]:
        if kind in TENANT_KINDS:
            return counts_of(replies, kind)
        if kind == "subscription":
            return [len(products_of([reply])) for reply in replies]
        read = _READERS.get(kind, read_page)
        return [len(read(reply).rows) for reply in replies]

    def snapshots(self, replies: Sequence[Reply], kind: str = "jobs") -> list[tuple[Reply, ...]]:
        if kind == "details":
            insist_on_pages(replies)
            return [tuple(replies)]
        if kind in LISTED_BY_TIME:
            whole_lists(replies)
            return [tuple(replies)]
        return split_snapshots(replies, read_overview if kind == "protection" else read_page)

    def announced(self, replies: Sequence[Reply]) -> Announced:
        last = [read_page(reply) for reply in replies][-1]
        return Announced(last.total, last.next_link is not None)

    def answer(self, answer: Answer, customer_id: str, units: Literal["binary", "decimal"]) -> Told:
        return read_answer(answer, customer_id, units)

    def details(self, replies: Sequence[Reply]) -> JobDetails:
        return details_of(replies)

    def is_about(self, reply: Reply, subject: str) -> bool:
        if (about := customer_of(reply.url)) is not None:
            return about == subject
        return subject in map(unquote, urlsplit(reply.url).path.split("/"))

    def texts(self, replies: Sequence[Reply]) -> list[list[str]]:
        return [row_texts(reply) for reply in replies]

    def cut_from(self, url: str) -> CutFrom | None:
        return cut_from(url)
