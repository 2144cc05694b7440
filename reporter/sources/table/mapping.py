"""How a table of jobs is read: which column holds which field, and what its values mean.

A mapping is kept with the files that it reads, as the first reply of each snapshot, so that
everything in a store or an archive can be read again without the configuration.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal

from pydantic import TypeAdapter

from reporter.model import Outcome

SizeUnit = Literal["B", "KB", "MB", "GB", "TB", "PB"]
DurationUnit = Literal["ms", "s", "min", "h"]
TimeForm = str
"""`iso`, `unix` (seconds since 1970), `unix ms`, or a pattern of `datetime.strptime`."""


@dataclass(frozen=True, slots=True)
class Column:
    """Where a field of a row comes from: a column, part of a column, or a text for all rows."""

    column: str = ""
    """The column's name; in JSON the name of a member, or nested names with dots between them."""
    match: str = ""
    """A regular expression; the field is its first group. If it does not match, the field is
    missing.
    """
    value: str = ""
    """The text of the field in every row, instead of a column."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """How the tables of one source are read."""

    form: Literal["csv", "json"]
    columns: dict[str, Column]
    """The fields of `jobs.rows.FIELDS` that the table has, and `customer`."""
    statuses: dict[str, Outcome]
    """The outcome of each status; `*` stands for any text. The first pattern that fits applies."""
    rows: str = ""
    """In JSON the member that holds the list of rows, or nested names with dots between them."""
    delimiter: str = ","
    encoding: str = "utf-8"
    timezone: str = "UTC"
    """The time zone of times that name none."""
    times: TimeForm = "iso"
    decimal: Literal[".", ","] = "."
    """The decimal separator of sizes and durations; the other one may separate thousands."""
    duration_unit: DurationUnit = "s"
    """The unit of durations that are plain numbers."""
    size_unit: SizeUnit | None = None
    """The unit of sizes that are plain numbers; None if each size has its own unit."""
    only: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The values that make a row a backup, by column; rows with other values are other jobs."""

    def columns_named(self) -> set[str]:
        """The names of all columns that fields come from."""
        return {column.column for column in self.columns.values() if column.column}

    def for_customer(self, name: str) -> Mapping:
        """The mapping for rows that all belong to one customer. A pattern for the customer's name
        may contain names of other customers, so it is not kept with this customer's rows.
        """
        return replace(self, columns=self.columns | {"customer": Column(value=name)})


MAPPING: Final = TypeAdapter(Mapping)
