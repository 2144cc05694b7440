"""The typed frame: one schema, every row kept, everything unreadable noted."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.jobs.frame import FIELD_OF_COLUMN, JOB_COLUMNS, Jobs, raw_frame, read_jobs
from reporter.jobs.rows import FIELDS, moment
from reporter.jobs.values import read_time
from reporter.model import Policy
from reporter.sources.avepoint.reading.rows import FIELD_NAMES, text_rows
from tests.builders import NOW, make_job, make_row


def typed(*rows: object) -> Jobs:
    """The rows as they come, none left out."""
    return read_jobs(raw_frame(text_rows(rows, NOW)), Policy(), FIELD_NAMES)


@pytest.mark.parametrize("rows", [[], [make_row()], [make_job(), make_row(), {}]])
def test_the_schema_never_varies(rows: list[object]) -> None:
    """Columns and types do not depend on what is in them, nor on whether anything is."""
    frame = typed(*rows).rows
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == JOB_COLUMNS


def test_every_field_has_its_column() -> None:
    """The first fifteen columns are the fields of a row, and the API has a name for each."""
    assert tuple(FIELD_OF_COLUMN.values()) == FIELDS == tuple(FIELD_NAMES)


def test_a_job_is_read_column_by_column() -> None:
    """What the service prints as text becomes numbers, instants and durations."""
    (job,) = typed(make_job(failedCount="3", backupSize="2 KB", name=" Daily ")).rows.to_dict(
        "records"
    )
    assert (job["service"], job["module"]) == ("Microsoft 365", "Exchange Online")
    assert (job["objects_failed"], job["bytes"], job["name"]) == (3, 2048, "Daily")
    assert job["started_at"] == pd.Timestamp("2026-10-05T01:00:00Z")
    assert job["duration"] == pd.Timedelta(minutes=20)
    assert (job["outcome"], job["is_backup"]) == ("success", True)


@pytest.mark.parametrize("value", ["N/A", "", " ", None])
def test_absent_values_are_missing_and_not_noted(value: object) -> None:
    """The service's mark for "nothing there" is neither a zero nor a fault."""
    fields = [field for field in FIELDS if field not in ("service", "module", "job_id", "status")]
    jobs = typed(make_job() | dict.fromkeys((FIELD_NAMES[field] for field in fields), value))
    columns = [column for column, field in FIELD_OF_COLUMN.items() if field in fields]
    assert jobs.rows[columns].drop(columns="name").isna().all(axis=None)
    assert list(jobs.rows["name"]) == [""]
    assert jobs.notes.empty


@pytest.mark.parametrize("row", [{}, {"jobId": "FB1"}, {"unheard of": 1}])
def test_fields_that_are_absent_are_missing(row: dict[str, object]) -> None:
    """A row with fields left out, or with new ones, is a row."""
    assert len(typed(row).rows) == 1


@pytest.mark.parametrize(
    ("field", "column", "value"),
    [
        ("totalCount", "objects_total", "-1"),
        ("warningCount", "objects_warning", "1.5"),
        ("backupSize", "bytes", "12"),
        ("startTime", "started_at", "2026-10-05"),
        ("endTime", "ended_at", "0001-01-01T00:00:00Z"),
        ("lastModifyTime", "modified_at", "2026-02-30T01:00:00Z"),
        ("jobDuration", "duration", "39"),
    ],
)
def test_what_cannot_be_read_is_missing_and_noted(field: str, column: str, value: str) -> None:
    """The row stays, the value is missing, and the note has the raw text under our name of the
    field; what the source calls it is noted as well.
    """
    jobs = typed(make_job(), make_job() | {field: value})
    assert list(jobs.rows[column].isna()) == [False, True]
    assert jobs.notes.to_dict("records") == [
        {"row": 1, "kind": "unreadable", "field": FIELD_OF_COLUMN[column], "value": value}
    ]
    assert jobs.names[FIELD_OF_COLUMN[column]] == field


def test_a_slashed_date_is_read_as_the_store_reads_it() -> None:
    """By what its reply proves; where nothing does, a note says that the month was taken first."""
    proven = typed(
        make_job(startTime="1/10/2026 10:00:06 PM"), make_job(startTime="13/10/2026 22:00:06")
    )
    assert list(proven.rows["started_at"].dt.strftime("%m-%d %H")) == ["10-01 22", "10-13 22"]
    assert proven.notes.empty
    assumed = typed(make_job(startTime="1/10/2026 10:00:06 PM"), make_job())
    assert list(assumed.rows["started_at"].dt.strftime("%m-%d")) == ["01-10", "10-05"]
    assert assumed.notes.to_dict("records") == [
        {"row": 0, "kind": "ambiguous", "field": "started", "value": "1/10/2026 10:00:06 PM"}
    ]


def test_rows_are_read_by_the_proof_of_their_own_reply() -> None:
    """The same text is two days where two replies prove different orders."""
    text, proofs = "1/10/2026 1:00:00", ("13/10/2026 1:00:00", "10/13/2026 1:00:00")
    replies = [text_rows([{"endTime": text}, {"endTime": proof}], NOW) for proof in proofs]
    jobs = read_jobs(raw_frame([row for rows in replies for row in rows]), Policy(), FIELD_NAMES)
    days = [str(moment.date()) for moment in jobs.rows["ended_at"]]
    assert days == ["2026-10-01", "2026-10-13", "2026-01-10", "2026-10-13"]
    read = [moment(row, "ended") for rows in replies for row in rows]
    assert list(jobs.rows["ended_at"]) == read


def test_what_a_mixed_column_leaves_open_is_unreadable() -> None:
    """It is missing and noted, and not ambiguous besides."""
    texts = ["13/10/2026 1:00:00", "10/13/2026 1:00:00", "1/10/2026 1:00:00"]
    jobs = typed(*({"startTime": text} for text in texts))
    assert jobs.rows["started_at"].isna().tolist() == [False, False, True]
    (note,) = jobs.notes[jobs.notes["field"] == "started"].to_dict("records")
    assert (note["row"], note["kind"], note["value"]) == (2, "unreadable", texts[2])


def test_values_that_are_not_texts_are_read_as_json() -> None:
    """A count that comes as a number is the same count."""
    (job,) = typed(make_job(totalCount=1024, jobId=7)).rows.to_dict("records")
    assert (job["objects_total"], job["job_id"]) == (1024, "7")


def test_a_row_that_names_no_module_is_kept() -> None:
    """Nothing is dropped: such a row is listed under the service's own `N/A`."""
    (row,) = typed(make_job(jobType=None, jobModule="")).rows.to_dict("records")
    assert (row["service"], row["module"]) == ("N/A", "N/A")


def test_notes_follow_their_rows() -> None:
    """Taking some of the rows takes their notes and no others."""
    jobs = typed(
        make_job(backupSize="a"), make_job(backupSize="b", name="out"), make_job(backupSize="c")
    )
    selected = jobs.where(jobs.rows["bytes"].isna() & (jobs.rows["name"] != "out"))
    assert (len(selected.rows), list(selected.notes["value"])) == (2, ["a", "c"])


def test_no_rows_have_no_notes() -> None:
    """Without rows there are no notes, but the columns are there."""
    jobs = typed()
    assert list(jobs.notes.columns) == ["row", "kind", "field", "value"]
    assert jobs.notes.empty


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
)
TIME_LIKE = st.from_regex(
    r"\A(19|20|21|22|99|00)\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-6]\d:[0-6]\d(\.\d{1,8})?(Z|[+-][0-2]\d:[0-6]\d)?\Z"
)
MOMENTS = st.datetimes(
    timezones=st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))
).map(datetime.isoformat)


@settings(max_examples=25)
@given(st.lists(st.dictionaries(st.sampled_from(tuple(FIELD_NAMES.values())), SCALARS), max_size=6))
def test_no_row_is_ever_dropped(rows: list[dict[str, object]]) -> None:
    """Whatever a row contains, it is read, and whatever cannot be read is missing and noted."""
    jobs = typed(*rows)
    assert len(jobs.rows) == len(rows)
    for note in jobs.notes.to_dict("records"):
        assert note["row"] in jobs.rows.index
        assert note["field"] in FIELDS


@settings(max_examples=25)
@given(st.lists(TIME_LIKE | MOMENTS | st.text(max_size=12), min_size=1, max_size=30))
def test_a_column_of_times_is_read_as_each_time_alone(texts: list[str]) -> None:
    """The fast way through a whole column gives what reading text by text gives."""
    frame = typed(*({"startTime": text} for text in texts)).rows
    times = [None if pd.isna(at) else at for at in frame["started_at"]]
    assert times == [read_time(text.strip()) for text in texts]
