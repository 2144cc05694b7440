"""The records of a file, each with its text, so that one customer's records can be cut out."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reporter.errors import ReplyError
from reporter.foreign import NotJson, json_items, json_members, read_json, storable
from reporter.model import Reply
from reporter.showing import excerpt
from reporter.sources.table import mapping as mappings


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file."""

    values: Mapping[str, Any]
    """The values by column; in JSON the members of an object."""
    text: str
    """The text exactly as it is in the file."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file, taken apart."""

    before: str
    """The text before the first record: the line with the columns' names, or brackets."""
    records: tuple[Record, ...]
    between: str
    """The text between two records in an excerpt."""
    after: str
    """The closing brackets."""
    encoding: str

    def cut(self, records: Iterable[Record]) -> bytes:
        """A file with only these records of the table."""
        texts = self.between.join(record.text for record in records)
        # JSON may contain half characters (lone surrogates), which are kept unchanged.
        errors = "surrogatepass" if self.between else "strict"
        return f"{self.before}{texts}{self.after}".encode(self.encoding, errors)


def table_in(reply: Reply, mapping: mappings.Mapping) -> Table:
    """The table in a file.

    Raises:
        ReplyError: the file is not a table of that form, or lacks a column.
    """
    return (_json_table if mapping.form == "json" else _csv_table)(reply, mapping)


def _csv_table(reply: Reply, mapping: mappings.Mapping) -> Table:
    try:
        text = reply.body.decode(mapping.encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise _refused(reply, f"is not valid {mapping.encoding}") from error
    before, names, records = "", None, []
    try:
        for values, lines in _csv_records(text, mapping.delimiter):
            if names is None:
                before += lines
                if values and not _ABOUT_FILE.match(lines):
                    names = values
                    _insist_on_columns(reply, names, mapping)
            elif len(values) == len(names):
                records.append(Record(dict(zip(names, values, strict=True)), lines))
            elif values:  # an empty line is not a record
                number = len(records) + 1
                raise _refused(reply, f"has too many or too few values in row {number}")
    except csv.Error as error:
        raise _refused(reply, f"is not valid CSV after row {len(records)}: {error}") from error
    if names is None and text.strip():
        raise _refused(reply, "has no line with the names of its columns")
    return Table(before, tuple(records), "", "", mapping.encoding)


_ABOUT_FILE: Final = re.compile(r"\ufeff?(?:sep=.\s*$|#TYPE )")
"""The lines that Excel and PowerShell may write before the line with the columns' names."""


def _csv_records(text: str, delimiter: str) -> Iterator[tuple[list[str], str]]:
    """The values of each record, and its lines in the file."""
    lines = list(io.StringIO(text, newline=""))
    # If it were not strict, a quote that is never closed would swallow other customers' records.
    reader = csv.reader(_without_mark(lines), delimiter=delimiter, strict=True)
    read = 0
    for values in reader:
        yield [storable(value) for value in values], "".join(lines[read : reader.line_num])
        read = reader.line_num


def _without_mark(lines: Iterable[str]) -> Iterator[str]:
    """The lines without the byte order mark, after which the parser would not recognize a quote."""
    return (line.removeprefix("\ufeff") for line in lines)


def _insist_on_columns(reply: Reply, names: Sequence[str], mapping: mappings.Mapping) -> None:
    wanted = sorted({*mapping.columns_named(), *mapping.only})
    if missing := [name for name in wanted if name not in names]:
        listed = f"Its columns are: {', '.join(names)}."
        raise _refused(reply, f"has no column {missing[0]!r}", listed)
    if twice := [name for name in wanted if names.count(name) > 1]:
        raise _refused(reply, f"has the column {twice[0]!r} twice", "Rename one in the export.")


def _json_table(reply: Reply, mapping: mappings.Mapping) -> Table:
    path = mapping.rows.split(".") if mapping.rows else []
    try:
        rows: Any = read_json(reply.body)
    except NotJson as error:
        raise _refused(reply, f"is not valid JSON: {error}") from error
    for name in path:
        rows = rows.get(name) if isinstance(rows, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        where = f"under {mapping.rows!r}" if path else "at its top level"
        raise _refused(reply, f"has no list of objects {where}")
    text = reply.body.decode(json.detect_encoding(reply.body), "surrogatepass").lstrip("\ufeff")
    at = next(place for place, letter in enumerate(text) if letter in "[{")
    for name in path:
        at = dict(json_members(text, at))[name]
    # Single rows may lack a member, but these must be in at least one row.
    lasting = (mapping.columns[field].column for field in _LASTING if field in mapping.columns)
    for column in filter(None, (*lasting, *mapping.only)):
        if rows and all(member(row, column) is None for row in rows):
            members = ", ".join(dict.fromkeys(name for row in rows for name in row))
            hint = f"Its members are: {members}."
            raise _refused(reply, f"has no member {column!r} in any row", hint)
    texts = (text[start:end] for start, end in json_items(text, at))
    records = tuple(Record(row, item) for row, item in zip(rows, texts, strict=True))
    opened = "".join(f"{{{json.dumps(name)}:" for name in path)
    return Table(f"{opened}[", records, ",", f"]{'}' * len(path)}", "utf-8")


_LASTING: Final = ("customer", "service", "module", "name", "job_id", "started")
"""The fields that jobs have whatever their outcome is."""


def member(values: Mapping[str, Any], path: str) -> Any:
    """A value of a record: of a column or, in JSON, of a member that may be nested."""
    if path in values:
        return values[path]
    value: Any = values
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _refused(reply: Reply, what: str, hint: str = "") -> ReplyError:
    return ReplyError(
        f"The table {excerpt(reply.url)} {what}.",
        hint=hint or "Check the entry of this source under [[sources]], and the file.",
    )
