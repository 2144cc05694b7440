"""The kind `table` of an entry of `[[sources]]`."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from reporter.jobs.rows import FIELDS
from reporter.model import Outcome
from reporter.period import zone_name
from reporter.sources.interface import JobSource, Reader, SourceName
from reporter.sources.table.mapping import Column, DurationUnit, Mapping, SizeUnit
from reporter.sources.table.reader import TableReader
from reporter.sources.table.source import TableSource, matching

_FIELDS: Final = ("customer", *FIELDS)
_NEEDED: Final = ("customer", "service", "module", "status")


def _column(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


def _known_fields(columns: dict[str, Any]) -> dict[str, Any]:
    for field in columns:
        if field not in _FIELDS:
            known = ", ".join(_FIELDS)
            raise ValueError(f"{field!r} is not a field of a job. Known fields: {known}")
    if missing := [field for field in _NEEDED if field not in columns]:
        raise ValueError(f"the field `{missing[0]}` is missing")
    return columns


def _path(path: str) -> str:
    below = str(Path(path).relative_to(Path(path).anchor))
    try:
        # Nothing lies in what is no folder: the glob is read, and no folder is searched.
        next(matching(below, Path(os.devnull)), None)
    except (ValueError, IndexError) as error:
        raise ValueError(f"{path!r} is not a path or glob; write exports/*.csv") from error
    return path


def _times(form: str) -> str:
    if form in ("iso", "unix", "unix ms"):
        return form
    try:
        # A recent date: not every system can read what it writes for years before 1900.
        datetime.strptime(datetime(2026, 12, 31).strftime(form), form)  # noqa: DTZ001,DTZ007
    except ValueError as error:
        raise ValueError(f"{form!r} is not a time format: {error}") from error
    if "%" not in form:
        raise ValueError(f"{form!r} is not a time format; write iso, unix, unix ms or a pattern")
    return form


def _encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError:
        raise ValueError(f"{name!r} is not an encoding; write utf-8, utf-16, cp1252, …") from None
    return name


def _delimiter(text: str) -> str:
    if len(text) != 1 or text in '"\r\n':
        raise ValueError(r'the delimiter must be one character; write ",", ";" or "\t"')
    return text


class ColumnSettings(BaseModel):
    """Where a field of a job comes from: a column, part of a column, or a text for all jobs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str = ""
    match: str = ""
    value: str = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> ColumnSettings:
        if bool(self.column) == bool(self.value):
            raise ValueError("the field needs either the name of a column or a `value`")
        if self.match:
            try:
                groups = re.compile(self.match).groups
            except re.error as error:
                raise ValueError(f"`match` is not a regular expression: {error}") from error
            if groups < 1 or self.value:
                raise ValueError("`match` needs a column and a group in parentheses")
        return self


class TableSettings(BaseModel):
    """An entry of `[[sources]]` of the kind `table`: files with jobs, and how to read them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["table"]
    name: SourceName
    path: Annotated[str, AfterValidator(_path)]
    form: Literal["csv", "json"] = "csv"
    columns: Annotated[
        dict[str, Annotated[ColumnSettings, BeforeValidator(_column)]],
        AfterValidator(_known_fields),
    ]
    statuses: Annotated[dict[str, Outcome], Field(min_length=1)]
    rows: str = ""
    delimiter: Annotated[str, AfterValidator(_delimiter)] = ","
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8"
    timezone: Annotated[str, AfterValidator(zone_name)] = "UTC"
    times: Annotated[str, AfterValidator(_times)] = "iso"
    decimal: Literal[".", ","] = "."
    duration_unit: DurationUnit = "s"
    size_unit: SizeUnit | None = None
    only: dict[str, tuple[str, ...]] = {}

    @model_validator(mode="before")
    @classmethod
    def _form_by_suffix(cls, data: Any) -> Any:
        json = str(data.get("path", "")).lower().endswith(".json")
        return {"form": "json" if json else "csv"} | data

    @property
    def mapping(self) -> Mapping:
        """How to read the files."""
        fields = self.model_dump(exclude={"kind", "name", "path", "columns"})
        columns = {name: Column(**column.model_dump()) for name, column in self.columns.items()}
        return Mapping(columns=columns, **fields)


class TableKind:
    """Jobs from CSV or JSON files of any product."""

    settings: type[BaseModel] = TableSettings
    reader: Reader = TableReader()

    def open(self, settings: Any, folder: Path, clock: Callable[[], datetime]) -> JobSource:
        return TableSource(settings.name, settings.path, settings.mapping, folder, clock)


TABLE: Final = TableKind()
