"""The one schema of jobs: the typed DataFrame, made column by column from rows of text.

Whatever cannot be read becomes missing and is noted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import pandas as pd

from reporter.jobs import rows, values
from reporter.jobs.rows import COUNTS, FIELDS, KEPT_OF_ALL, TIMES, Row
from reporter.jobs.values import DateOrder
from reporter.model import Outcome, Policy, QualityKind

_TIME = "datetime64[us, UTC]"

_COLUMN_OF: Final = {
    "size": "bytes",
    "started": "started_at",
    "ended": "ended_at",
    "modified": "modified_at",
}
"""The columns of fields that are called otherwise once they are read."""
_DTYPES: Final = {
    **dict.fromkeys((*COUNTS, "size"), "Int64"),
    **dict.fromkeys(TIMES, _TIME),
    "duration": "timedelta64[us]",
}
"""Of the fields that are no text."""

FIELD_OF_COLUMN: Final = {_COLUMN_OF.get(field, field): field for field in FIELDS}
"""The field that each column is read from; the others are what is known about the row."""

JOB_COLUMNS: Final = {
    **{column: _DTYPES.get(field, "str") for column, field in FIELD_OF_COLUMN.items()},
    "fetched_at": _TIME,
    "first_seen_at": _TIME,
    "last_seen_at": _TIME,
    "first_started_at": _TIME,
    "last_started_at": _TIME,
    "first_modified_at": _TIME,
    "dated_at": _TIME,
    "dated_by": "str",
    "point_at": _TIME,
    "outcome": "str",
    "is_backup": "bool",
    "has_objects": "bool",
    "from_tenant": "bool",
}
"""Column and dtype of the typed frame of jobs: the fields, then what is known about the row.

`dated_at` is the moment a job belongs to (`dated_by`: `start`, else `end`, else `modification`, the
earliest known), `point_at` the one it is ordered by: its end, else its start, else `dated_at`. Both
are missing where a job cannot be dated. `name` is empty where the service gives none.
`from_tenant` says whether the row is from the history of the customer's own tenant.
"""

NOTE_COLUMNS: Final = ("row", "kind", "field", "value")

_TIMES: Final = ("started_at", "ended_at", "modified_at")
_USUAL_ISO = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:\d{2})"


@dataclass(frozen=True)
class Jobs:
    """Typed rows, and what could not be read in them.

    `notes` has the columns `NOTE_COLUMNS`; `row` is an index label of `rows`. `names` is what the
    source calls each field, as far as that is another name.
    """

    rows: pd.DataFrame
    notes: pd.DataFrame
    names: Mapping[str, str]

    def where(self, keep: pd.Series) -> Jobs:
        """Only the rows for which `keep` (boolean, same index) holds, and their notes."""
        kept = self.rows[keep]
        return replace(self, rows=kept, notes=self.notes[self.notes["row"].isin(kept.index)])


def raw_frame(rows: Sequence[Row] | pd.DataFrame) -> pd.DataFrame:
    """Jobs as `rows.newest` gives them as a frame: a column for each field, what its source says of
    it, and the moments.
    """
    moments = ["fetched_at", *KEPT_OF_ALL]
    columns = [*FIELDS, "date_orders", "outcome", "is_backup", "has_objects", "from_tenant"]
    raw = pd.DataFrame(rows, columns=[*columns, *moments], dtype=object)
    # Most sources have no such history, and their rows do not say so.
    raw["from_tenant"] = raw["from_tenant"].eq(True)
    return raw.astype(dict.fromkeys(moments, _TIME))


def read_jobs(raw: pd.DataFrame, policy: Policy, names: Mapping[str, str]) -> Jobs:
    """The typed rows of raw ones, under the policy's units; `names` is what their source calls each
    field.
    """
    present = {field: _present(raw[field]) for field in FIELDS}
    typed = pd.DataFrame(index=raw.index)
    for column, field in FIELD_OF_COLUMN.items():
        if column in _TIMES:
            typed[column] = _times(present[field], _orders(raw, field))
        else:
            typed[column] = _parser(column, policy)(present[field])
    # A row is never dropped: one that names no service or module is shown under the
    # sign for "nothing there".
    for column in ("service", "module"):
        typed[column] = typed[column].fillna(rows.ABSENT)
    typed["name"] = typed["name"].fillna("")
    typed[["fetched_at", *KEPT_OF_ALL]] = raw[["fetched_at", *KEPT_OF_ALL]]
    typed["dated_at"], typed["dated_by"] = _dated(typed)
    ends = typed["ended_at"].fillna(typed["started_at"])
    typed["point_at"] = ends.fillna(typed["dated_at"])
    typed["outcome"] = _mapped(raw["outcome"], str).astype("str")
    for name in ("is_backup", "has_objects", "from_tenant"):
        typed[name] = raw[name].astype(bool)
    typed = typed.astype(JOB_COLUMNS)[list(JOB_COLUMNS)]
    return Jobs(typed, _notes(raw, present, typed), names)


def read_names(raw: pd.Series) -> pd.Series:
    """Services or modules; one that is not named goes by the sign for "nothing there"."""
    return _present(raw).fillna(rows.ABSENT).astype("str")


def read_sizes(raw: pd.Series, units: Literal["binary", "decimal"]) -> pd.Series:
    """Bytes of sizes; missing where they cannot be read."""
    return _mapped(_present(raw), lambda text: values.read_size(text, units), "Int64")


def _present(column: pd.Series) -> pd.Series:
    """What is there; missing where the service shows that nothing is."""
    return _mapped(column, rows.present)


def _mapped(column: pd.Series, function: Callable[[str], Any], dtype: Any = object) -> pd.Series:
    """`function` of each text, called once for each distinct one; missing stays missing."""
    codes, distinct = pd.factorize(column)
    results = pd.Series([function(text) for text in distinct], dtype=dtype)
    mapped: pd.Series = results.reindex(codes).set_axis(column.index)
    return mapped


def _parser(column: str, policy: Policy) -> Callable[[pd.Series], pd.Series]:
    if column in COUNTS:
        return lambda text: _mapped(text, values.read_count, "Int64")
    if column == "bytes":
        return lambda text: _mapped(text, lambda t: values.read_size(t, policy.units), "Int64")
    if column == "duration":
        return lambda text: _mapped(text, values.read_duration, "timedelta64[us]")
    return lambda text: text.astype("str")


def _times(text: pd.Series, orders: pd.Series) -> pd.Series:
    """Instants: the usual ISO form for the whole column at once, all others one by one.

    Times differ from row to row, so reading distinct texts alone would gain nothing here.
    """
    usual = text.astype("str").str.fullmatch(_USUAL_ISO).fillna(False).astype(bool)
    usual &= orders != DateOrder.UNREADABLE
    times = pd.to_datetime(text.where(usual), format="ISO8601", utc=True, errors="coerce")
    times = times.dt.as_unit("us")
    times = times.where((times >= values.EARLIEST) & (times < values.LATEST))
    others = text[~usual].dropna()
    if len(others):
        read = map(values.read_time, others, orders[others.index])
        other_times = pd.Series(list(read), index=others.index, dtype=_TIME)
        times = times.where(usual, other_times.reindex(text.index))
    return times


def _orders(raw: pd.DataFrame, field: str) -> pd.Series:
    """How the slashed dates of a field are to be read, row by row."""
    orders = _mapped(raw["date_orders"], lambda orders: rows.date_order(orders, field))
    return orders.fillna(DateOrder.ASSUMED)


def _dated(typed: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The moment each job belongs to, and which time gives it."""
    ways = {"start": "started_at", "end": "ended_at", "modification": "first_modified_at"}
    at = pd.Series(pd.NaT, index=typed.index, dtype=_TIME)
    by = pd.Series(None, index=typed.index, dtype="str")
    for way, column in ways.items():
        by = by.where(at.notna() | typed[column].isna(), way)
        at = at.fillna(typed[column])
    return at, by


def _notes(
    raw: pd.DataFrame, present: Mapping[str, pd.Series], typed: pd.DataFrame
) -> pd.DataFrame:
    """What could not be read, row by row, in the columns `NOTE_COLUMNS`."""
    notable: list[tuple[QualityKind, str, pd.Series]] = []
    for column, field in FIELD_OF_COLUMN.items():
        unreadable = present[field].notna() & typed[column].isna()
        notable.append((QualityKind.UNREADABLE, field, raw[field][unreadable]))
    for column in _TIMES:
        field = FIELD_OF_COLUMN[column]
        assumed = raw["date_orders"].notna() & (_orders(raw, field) == DateOrder.ASSUMED)
        slashed = present[field][assumed & typed[column].notna()]
        either = _mapped(slashed, values.is_ambiguous).fillna(False).astype(bool)
        notable.append((QualityKind.AMBIGUOUS, field, slashed[either]))
    for field in ("service", "module", "status"):
        codes = _mapped(present[field], rows.unknown_code)
        notable.append((QualityKind.UNKNOWN_CODE, field, codes[codes.notna()]))
    coded = _mapped(present["status"], rows.unknown_code).notna()
    unknown = (typed["outcome"] == Outcome.UNKNOWN.value) & ~coded
    notable.append((QualityKind.UNKNOWN_STATUS, "status", raw["status"][unknown].fillna("")))
    notes = [
        (row, kind.value, field, value)
        for kind, field, unread in notable
        for row, value in zip(unread.index, unread.astype("str"), strict=True)
    ]
    kinds = dict.fromkeys(NOTE_COLUMNS, "str") | {"row": raw.index.dtype}
    return pd.DataFrame(notes, columns=NOTE_COLUMNS).astype(kinds)
