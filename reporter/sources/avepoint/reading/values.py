"""What the service says beside jobs: one object, value by value, and what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final, Literal, TypeVar

from reporter.jobs import rows, values
from reporter.model import QualityKind, Unread
from reporter.sources.avepoint.reading import vocabularies

T = TypeVar("T")

_CODES: Final = {"serviceType": "service", "serviceModule": "module"}
"""The fields that may come as numbers, and the field of a job with the same numbers."""


class ReplyObject:
    """One object of a reply. What cannot be read is missing, and is counted in `unread`."""

    def __init__(
        self, fields: Mapping[str, Any], units: Literal["binary", "decimal"], unread: Unread
    ) -> None:
        self._fields = fields
        self._units = units
        self._unread = unread

    def text(self, field: str) -> str | None:
        """A text as it is; None where nothing is there."""
        return rows.present(rows.text_of(self._fields.get(field)))

    def module(self) -> tuple[str, str]:
        """The canonical names of its service and module, however the reply gives them."""
        service, module = self._name("serviceType"), self._name("serviceModule")
        return vocabularies.service_name(service), vocabularies.module_name(module, service)

    def count(self, field: str) -> int | None:
        """A whole number."""
        return self._read(field, values.read_count)

    def size(self, field: str) -> int | None:
        """Bytes of a size."""
        return self._read(field, lambda text: values.read_size(text, self._units))

    def capacity(self, field: str) -> tuple[int | None, int | None]:
        """Bytes used and bytes bought."""
        read = self._read(field, lambda text: values.read_capacity(text, self._units))
        return read or (None, None)

    def time(self, field: str) -> datetime | None:
        """A point in time."""
        return self._read(field, values.read_time)

    def day(self, field: str) -> date | None:
        """A day; of one that could be either, month first, that is counted too."""
        day = self._read(field, values.read_day)
        if day is not None and values.is_ambiguous(text := self.text(field) or ""):
            self._unread[QualityKind.AMBIGUOUS, field, text] += 1
        return day

    def _name(self, field: str) -> str:
        named = vocabularies.name_of_code(_CODES[field], self.text(field) or rows.ABSENT)
        if (code := rows.unknown_code(named)) is not None:
            self._unread[QualityKind.UNKNOWN_CODE, field, code] += 1
        return named

    def _read(self, field: str, read: Callable[[str], T | None]) -> T | None:
        text = self.text(field)
        if text is None:
            return None
        value = read(text)
        if value is None:
            self._unread[QualityKind.UNREADABLE, field, text] += 1
        return value
