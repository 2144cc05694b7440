"""The records of a file, each with its text, so that those of one customer can be cut out of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reporter.errors import ReplyError
from reporter.foreign import NotJson, json_items, json_members, read_json, storable
from reporter.model import Reply
from reporter.showing import excerpt
from reporter.sources.table import mapping as mappings


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file."""

    values: Mapping[str, Any]
    """By column; in JSON the members of an object."""
    text: str
    """Character by character as it stands in the file."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file, taken apart."""

    before: str
    """What stands before the first record: the line with the columns' names, or brackets."""
    records: tuple[Record, ...]
    between: str
    """What stands between two records in an excerpt."""
    after: str
    """What closes the brackets."""
    encoding: str

    def cut(self, records: Iterable[Record]) -> bytes:
        """Some of its records as a file of their own."""
        texts = self.between.join(record.text for record in records)
        return f"{self.before}{texts}{self.after}".encode(self.encoding)


def table_in(reply: Reply, mapping: mappings.Mapping) -> Table:
    """The table in a file.

    Raises:
        ReplyError: it is no table of that form, or lacks a column.
    """
    return (_json_table if mapping.form == "json" else _csv_table)(reply, mapping)


def _csv_table(reply: Reply, mapping: mappings.Mapping) -> Table:
    try:
        text = reply.body.decode(mapping.encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise _refused(reply, f"is no text in {mapping.encoding}") from error
    before, names, records = "", None, []
    try:
        for values, line in _csv_records(text, mapping.delimiter):
            if names is None:
                before = line
                if values:
                    names = _names(reply, values, mapping)
            elif len(values) == len(names):
                records.append(Record(dict(zip(names, values, strict=True)), line))
            elif values:  # an empty line is no record
                number = len(records) + 1
                raise _refused(reply, f"has another number of values in row {number} than columns")
    except csv.Error as error:
        raise _refused(reply, f"is no CSV: {error}") from error
    if names is None:
        raise _refused(reply, "has no line with the names of its columns")
    return Table(before, tuple(records), "", "", mapping.encoding)


def _csv_records(text: str, delimiter: str) -> Iterator[tuple[list[str], str]]:
    """The values of each record, and the lines it stands in."""
    lines = list(io.StringIO(text, newline=""))
    reader, read = csv.reader(lines, delimiter=delimiter), 0
    for values in reader:
        line = "".join(lines[read : reader.line_num])
        read = reader.line_num
        yield [storable(value) for value in values], line


def _names(reply: Reply, values: list[str], mapping: mappings.Mapping) -> list[str]:
    names = [values[0].removeprefix("\ufeff").strip('"'), *values[1:]]
    wanted = {column.column for column in mapping.columns.values() if column.column}
    if missing := sorted((wanted | set(mapping.only)) - set(names)):
        raise _refused(reply, f"has no column {missing[0]!r}", f"Its columns are: {names}.")
    return names


def _json_table(reply: Reply, mapping: mappings.Mapping) -> Table:
    path = mapping.rows.split(".") if mapping.rows else []
    try:
        rows: Any = read_json(reply.body)
    except NotJson as error:
        raise _refused(reply, f"is no JSON: {error}") from error
    for name in path:
        rows = rows.get(name) if isinstance(rows, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        where = f"under {mapping.rows!r}" if path else "at its top"
        raise _refused(reply, f"has no list of objects {where}")
    text = reply.body.decode(json.detect_encoding(reply.body), "surrogatepass").lstrip("\ufeff")
    at = next(place for place, letter in enumerate(text) if letter in "[{")
    for name in path:
        at = dict(json_members(text, at))[name]
    texts = (text[start:end] for start, end in json_items(text, at))
    records = tuple(Record(row, item) for row, item in zip(rows, texts, strict=True))
    opened = "".join(f"{{{json.dumps(name)}:" for name in path)
    return Table(f"{opened}[", records, ",", f"]{'}' * len(path)}", "utf-8")


def _refused(reply: Reply, what: str, hint: str = "") -> ReplyError:
    return ReplyError(
        f"The table {excerpt(reply.url)} {what}.",
        hint=hint or "Check the entry of this source under [[sources]], and the file.",
    )
