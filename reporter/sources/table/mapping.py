"""How a table of jobs is read: which column holds what, and what its values mean.

A mapping travels with the files it reads: it is the first reply of each snapshot, so that whatever
is kept or archived can be read again without the configuration it came from.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal

from pydantic import TypeAdapter

from reporter.model import Outcome

SizeUnit = Literal["B", "KB", "MB", "GB", "TB", "PB"]
DurationUnit = Literal["ms", "s", "min", "h"]
TimeForm = str
"""`iso`, `unix` (seconds since 1970), `unix ms`, or a pattern as of `datetime.strptime`."""


@dataclass(frozen=True, slots=True)
class Column:
    """Where a field of a row comes from: a column, a part of one, or the same for all rows."""

    column: str = ""
    """Its name; in JSON the name of a member, or several with points between them."""
    match: str = ""
    """A regular expression; the field is its first group. Without a match there is nothing."""
    value: str = ""
    """What the field is in every row, in place of a column."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """How the tables of one source are read."""

    form: Literal["csv", "json"]
    columns: dict[str, Column]
    """The fields of `jobs.rows.FIELDS` that the table has, and `customer`."""
    statuses: dict[str, Outcome]
    """The outcome of each status; `*` in it stands for any text. The first that fits counts."""
    rows: str = ""
    """In JSON the member that holds the list of rows, or several with points between them."""
    delimiter: str = ","
    encoding: str = "utf-8"
    timezone: str = "UTC"
    """Of times that name no zone."""
    times: TimeForm = "iso"
    decimal: Literal[".", ","] = "."
    """What stands before the fraction of a size or a duration; the other may part thousands."""
    duration_unit: DurationUnit = "s"
    """Of durations that are plain numbers."""
    size_unit: SizeUnit | None = None
    """Of sizes that are plain numbers; None where each has its unit with it."""
    only: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The values of columns by which a row is a backup; rows with others are other jobs."""

    def columns_named(self) -> set[str]:
        """The names of all columns that fields come from."""
        return {column.column for column in self.columns.values() if column.column}

    def for_customer(self, name: str) -> Mapping:
        """The same for rows that are known to be one customer's. A pattern that finds customers in
        a column may name others, and is not kept with this one's rows.
        """
        return replace(self, columns=self.columns | {"customer": Column(value=name)})


MAPPING: Final = TypeAdapter(Mapping)
