"""The reader of tables. The first reply of each fetch is the mapping for the other replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from pydantic import ValidationError

from reporter.errors import ReplyError
from reporter.jobs.rows import Row
from reporter.model import Answer, JobDetails, Reply, Told
from reporter.showing import excerpt
from reporter.sources.interface import Announced, CutFrom
from reporter.sources.table import mapping as mappings
from reporter.sources.table.addresses import customer_id_in, file_cut_from
from reporter.sources.table.reading import table_rows
from reporter.sources.table.records import table_in


class TableReader:
    """Reads files by the mapping that was kept with them."""

    field_names: Mapping[str, str] = {}
    """Empty: a provider knows the fields by their names in the mapping, which are ours."""
    lists_history = True

    def rules(self, replies: Sequence[Reply]) -> bytes | None:
        return replies[0].body

    def rows(self, replies: Sequence[Reply], rules: bytes | None = None) -> list[list[Row]]:
        first, seen_at = replies[0], replies[0].fetched_at
        mapping = _mapping_in([first if rules is None else replace(first, body=rules)])
        return [[], *(table_rows(reply, mapping, seen_at) for reply in replies[1:])]

    def counts(self, replies: Sequence[Reply], kind: str) -> list[int]:
        mapping = _mapping_in(replies)
        return [0, *(len(table_in(reply, mapping).records) for reply in replies[1:])]

    def snapshots(self, replies: Sequence[Reply], kind: str = "jobs") -> list[tuple[Reply, ...]]:
        self.counts(replies, kind)
        return [tuple(replies)]

    def announced(self, replies: Sequence[Reply]) -> Announced:
        return Announced(None, goes_on=False)

    def answer(self, answer: Answer, customer_id: str, units: Literal["binary", "decimal"]) -> Told:
        return Told(answer)

    def details(self, replies: Sequence[Reply]) -> JobDetails:
        return JobDetails("", (), whole=False)

    def is_about(self, reply: Reply, subject: str) -> bool:
        return customer_id_in(reply.url) == subject

    def texts(self, replies: Sequence[Reply]) -> list[list[str]]:
        mapping = _mapping_in(replies)
        tables = (table_in(reply, mapping) for reply in replies[1:])
        return [[], *([record.text.rstrip("\r\n") for record in table.records] for table in tables)]

    def cut_from(self, url: str) -> CutFrom | None:
        return file_cut_from(url)


def _mapping_in(replies: Sequence[Reply]) -> mappings.Mapping:
    """The mapping of a fetch.

    Raises:
        ReplyError: the first reply is not a mapping.
    """
    try:
        return mappings.MAPPING.validate_json(replies[0].body)
    except ValidationError as error:
        raise ReplyError(
            f"The reply {excerpt(replies[0].url)} is not a mapping of a table.",
            hint="Another version of the program wrote it, or somebody has changed it.",
        ) from error
