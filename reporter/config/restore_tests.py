"""The restore tests a provider keeps on record: one CSV file beside the configuration."""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from reporter.errors import SettingsError
from reporter.model import Customer, RestoreResult, RestoreTest

COLUMNS: Final = ("customer", "date", "scope", "result", "deviation", "correction")
OPTIONAL: Final = ("by",)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the file."""

    line: int
    customer: str
    """A customer's id, or its name as reports have it."""
    test: RestoreTest

    def is_of(self, customer: Customer) -> bool:
        same_name = self.customer.casefold() == customer.name.strip().casefold()
        return self.customer == customer.id or same_name


def restore_tests_of(path: Path, customer: Customer, last: date) -> tuple[RestoreTest, ...]:
    """The tests of a customer up to a day, in the order of the file.

    Raises:
        SettingsError: the file cannot be read, or a line of it cannot be understood.
    """
    entries = [entry for entry in entries_of(path) if entry.is_of(customer)]
    return tuple(entry.test for entry in entries if entry.test.date <= last)


def check_entries(path: Path, customers: Iterable[Customer], today: date) -> int:
    """Insist that every line is about one customer and a day that has been; how many there are.

    Raises:
        SettingsError: one is not, or cannot be understood.
    """
    known, entries = list(customers), entries_of(path)
    for entry in entries:
        named = [customer for customer in known if entry.is_of(customer)]
        if not named:
            raise _wrong(
                path,
                entry.line,
                f"names the unknown customer {entry.customer!r}",
                "`reporter customers` lists them",
            )
        if len(named) > 1:
            ids = " or ".join(customer.id for customer in named)
            raise _wrong(
                path,
                entry.line,
                f"names {entry.customer!r}, which several customers match",
                f"Write the id: {ids}",
            )
        if entry.test.date > today:
            raise _wrong(
                path,
                entry.line,
                f"has the date {entry.test.date}, which is in the future",
                "Correct the date",
            )
    return len(entries)


def entries_of(path: Path) -> tuple[Entry, ...]:
    """Every line of the file.

    Raises:
        SettingsError: the file cannot be read, or a line of it cannot be understood.
    """
    try:
        return _read(path, path.read_text("utf-8-sig"))
    except OSError as error:
        raise SettingsError(
            f"The restore tests {path} cannot be read: {error.strerror}.",
            hint="Check `restore_tests` in [evidence]; relative paths start at the folder of the "
            "configuration file.",
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"The restore tests {path} cannot be read: {error}.", hint="Save the file as UTF-8."
        ) from error


@functools.lru_cache(maxsize=2)
def _read(path: Path, text: str) -> tuple[Entry, ...]:
    """The lines of a file's text: read once, though every customer's report asks for its own."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(path, header)
        entries = []
        for fields in reader:
            values = [field.strip() for field in fields]
            if any(values):
                entries.append(_entry(path, reader.line_num, header, values))
    except csv.Error as error:
        raise _wrong(
            path, reader.line_num, f"is not valid CSV: {error}", "Fix its quotes"
        ) from error
    return tuple(entries)


def _check_header(path: Path, header: list[str]) -> None:
    wanted = ", ".join([*COLUMNS, *(f"{name} (optional)" for name in OPTIONAL)])
    hint = f"Name the columns in the first line, separated by commas: {wanted}"
    for name in header:
        if name not in (*COLUMNS, *OPTIONAL):
            raise _wrong(path, 1, f"has the unknown column {name!r}", hint)
        if header.count(name) > 1:
            raise _wrong(path, 1, f"has the column {name!r} twice", hint)
    if missing := [name for name in COLUMNS if name not in header]:
        raise _wrong(path, 1, f"lacks the column {missing[0]!r}", hint)


def _entry(path: Path, line: int, header: list[str], values: list[str]) -> Entry:
    if len(values) != len(header):
        raise _wrong(
            path,
            line,
            f"has {len(values)} values for {len(header)} columns",
            "Put text that contains commas in double quotes",
        )
    fields = dict(zip(header, values, strict=True))
    for name in ("customer", "scope"):
        if not fields[name]:
            raise _wrong(path, line, f"has no {name}", "Say whose test it was and what it was of")
    return Entry(
        line,
        fields["customer"],
        RestoreTest(
            _date(path, line, fields["date"]),
            fields["scope"],
            _result(path, line, fields["result"]),
            fields["deviation"],
            fields["correction"],
            fields.get("by", ""),
        ),
    )


def _date(path: Path, line: int, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _wrong(
            path, line, f"has the invalid date {text!r}", "Write it as YYYY-MM-DD"
        ) from None


def _result(path: Path, line: int, text: str) -> RestoreResult:
    try:
        return RestoreResult(text.lower())
    except ValueError:
        known = ", ".join(RestoreResult)
        raise _wrong(
            path, line, f"has the unknown result {text!r}", f"Use one of: {known}"
        ) from None


def _wrong(path: Path, line: int, what: str, hint: str) -> SettingsError:
    return SettingsError(
        f"The restore tests {path} cannot be used: line {line} {what}.", hint=f"{hint}."
    )
