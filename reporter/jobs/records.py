"""What the service says beside jobs: one object, value by value, and what could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, Literal, TypeVar

from reporter.jobs import catalog, rows, values
from reporter.model import QualityKind

T = TypeVar("T")

Unread = Counter[tuple[QualityKind, str, str]]
"""How often each raw value of a field could not be used, by kind."""

_CODES: Final = {"serviceType": "jobType", "serviceModule": "jobModule"}
"""The fields that may come as numbers, and the field of a job with the same numbers."""


class Record:
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

    def name(self, field: str) -> str:
        """A service or a module by its name, whether it comes as a name or as a number."""
        named = catalog.name_of_code(_CODES[field], self.text(field) or rows.ABSENT)
        if (code := catalog.unknown_code(named)) is not None:
            self._unread[QualityKind.UNKNOWN_CODE, field, code] += 1
        return named

    def count(self, field: str) -> int | None:
        """A whole number."""
        return self._read(field, values.read_count)

    def size(self, field: str) -> int | None:
        """Bytes of a size."""
        return self._read(field, lambda text: values.read_size(text, self._units))

    def day(self, field: str) -> date | None:
        """A day."""
        return self._read(field, values.read_day)

    def _read(self, field: str, read: Callable[[str], T | None]) -> T | None:
        text = self.text(field)
        if text is None:
            return None
        value = read(text)
        if value is None:
            self._unread[QualityKind.UNREADABLE, field, text] += 1
        return value
