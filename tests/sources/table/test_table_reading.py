"""Tables of two products, in the shape their makers document, with made-up jobs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from reporter.errors import ReplyError
from reporter.jobs.frame import raw_frame, read_jobs
from reporter.jobs.rows import Row, moment, newest
from reporter.model import Outcome, Policy, Reply
from reporter.sources.table.mapping import MAPPING, Column, Mapping
from reporter.sources.table.reading import outcome_of, table_rows
from reporter.sources.table.records import table_in

AT = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)

VEEAM = MAPPING.validate_python(
    {
        "form": "csv",
        "delimiter": ";",
        "timezone": "Europe/Berlin",
        "times": "%d.%m.%Y %H:%M:%S",
        "size_unit": "B",
        "columns": {
            "customer": {"column": "JobName", "match": r"^([^-]+?) - "},
            "service": {"value": "Veeam Backup & Replication"},
            "module": {"column": "JobType"},
            "name": {"column": "JobName"},
            "job_id": {"column": "Id"},
            "status": {"column": "Result"},
            "started": {"column": "CreationTime"},
            "ended": {"column": "EndTime"},
            "size": {"column": "TransferedSize"},
        },
        "statuses": {
            "Success": "success", "Warning": "warning", "Failed": "failed", "None": "running",
        },
    }
)  # fmt: skip
VEEAM_CSV = """\
"Id";"JobName";"JobType";"CreationTime";"EndTime";"Result";"TransferedSize"
"6b1f";"Contoso - Servers";"Backup";"05.10.2026 22:00:04";"05.10.2026 23:10:11";"Success";"1048576"
"6b20";"Contoso - Servers";"Backup";"06.10.2026 22:00:02";"06.10.2026 22:01:00";"Failed";"0"
"6b21";"Fabrikam - Files";"Backup";"31.02.2026 22:00:02";"06.10.2026 22:01:00";"Odd";"n/a"
"""

PROXMOX = MAPPING.validate_python(
    {
        "form": "json",
        "rows": "data",
        "times": "unix",
        "only": {"worker_type": ["backup"]},
        "columns": {
            "service": {"value": "Proxmox Backup Server"},
            "module": {"column": "worker_id", "match": "^([^:]*):"},
            "name": {"column": "worker_id", "match": ":(.*)$"},
            "job_id": {"column": "upid"},
            "status": {"column": "status"},
            "started": {"column": "starttime"},
            "ended": {"column": "endtime"},
        },
        "statuses": {"OK": "success", "WARNINGS: *": "warning", "": "running", "*": "failed"},
    }
)
TASKS: list[dict[str, Any]] = [
    {
        "upid": "UPID:pbs:0001:backup:store\\x3avm-101:backup@pbs:", "node": "pbs", "pid": 41394,
        "pstart": 25898, "starttime": 1_791_237_600, "endtime": 1_791_238_500,
        "worker_type": "backup", "worker_id": "store:vm/101", "user": "backup@pbs", "status": "OK",
    },
    {
        "upid": "UPID:pbs:0002:backup:store\\x3avm-102:backup@pbs:", "node": "pbs", "pid": 41395,
        "pstart": 25899, "starttime": 1_791_237_700, "endtime": 1_791_237_760,
        "worker_type": "backup", "worker_id": "store:vm/102", "user": "backup@pbs",
        "status": "backup failed: connection error: timed out",
    },
    {
        "upid": "UPID:pbs:0003:backup:store\\x3act-103:backup@pbs:", "node": "pbs", "pid": 41396,
        "pstart": 25900, "starttime": 1_791_237_800, "worker_type": "backup",
        "worker_id": "store:ct/103", "user": "backup@pbs",
    },
    {
        "upid": "UPID:pbs:0004:garbage_collection:store:root@pam:", "node": "pbs", "pid": 41397,
        "pstart": 25901, "starttime": 1_791_237_900, "endtime": 1_791_237_999,
        "worker_type": "garbage_collection", "worker_id": "store", "user": "root@pam",
        "status": "OK",
    },
]  # fmt: skip


def read(body: str | bytes, mapping: Mapping, name: str = "table:x/jobs.csv") -> list[Row]:
    return table_rows(
        Reply(name, AT, "", body if isinstance(body, bytes) else body.encode()), mapping
    )


def test_a_list_of_sessions_as_csv() -> None:
    """Times are by the clocks of their zone, sizes in bytes, the customer is a part of a name."""
    first, second, third = read(VEEAM_CSV, VEEAM)
    assert (first["service"], first["module"]) == ("Veeam Backup & Replication", "Backup")
    assert (first["name"], first["job_id"]) == ("Contoso - Servers", "6b1f")
    assert moment(first, "started") == datetime(2026, 10, 5, 20, 0, 4, tzinfo=UTC)
    assert (first["size"], first["outcome"]) == ("1048576 B", Outcome.SUCCESS)
    assert second["outcome"] is Outcome.FAILED
    assert third["outcome"] is Outcome.UNKNOWN


def test_what_the_mapping_cannot_read_is_missing_and_noted() -> None:
    """As everywhere else: the row stays, and the note has the raw text."""
    jobs = read_jobs(raw_frame(newest(read(VEEAM_CSV, VEEAM))), Policy(), {})
    assert list(jobs.rows["bytes"].isna()) == [False, False, True]
    assert list(jobs.rows["started_at"].isna()) == [False, False, True]
    notes = {(note.kind, note.field): note.value for note in jobs.notes.itertuples()}
    assert notes == {
        ("unreadable", "started"): "31.02.2026 22:00:02",
        ("unknown status", "status"): "Odd",
    }


def test_a_list_of_tasks_as_json() -> None:
    """Other tasks than backups are other jobs; whatever status is no other is a failure here."""
    rows = read(json.dumps({"data": TASKS, "total": 4}), PROXMOX, "table:pbs/tasks.json")
    assert [(row["module"], row["name"]) for row in rows[:3]] == [
        ("store", "vm/101"), ("store", "vm/102"), ("store", "ct/103"),
    ]  # fmt: skip
    assert [row["outcome"].value for row in rows] == ["success", "failed", "running", "success"]
    assert [row["is_backup"] for row in rows] == [True, True, True, False]
    assert moment(rows[0], "started") == datetime(2026, 10, 5, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("ok", "success"), (" OK ", "success"), ("WARNINGS: 3", "warning"), ("okay", "failed")],
)
def test_a_status_is_matched_as_a_whole(status: str, outcome: str) -> None:
    """Without regard to case and outer spaces."""
    assert outcome_of(status, PROXMOX).value == outcome


def test_a_job_without_an_id_goes_by_its_scope_and_start() -> None:
    """However far it has come, and whatever else an export adds; two at once are two."""
    mapping = Mapping(
        "csv",
        {"service": Column(value="Tapes"), "started": Column("start"), "status": Column("state")},
        {},
    )

    def ids(text: str) -> list[str]:
        return [row["job_id"] for row in read(text, mapping)]

    runs, other = "2026-10-01T01:00:00Z", "2026-10-02T01:00:00Z"
    (first,) = ids(f"start,state\n{runs},runs\n")
    assert ids(f"start,state,note\n{runs},done,x\n") == [first]
    assert ids(f"start,state\n{other},runs\n") != [first]
    assert len(set(ids(f"start,state\n{runs},runs\n{runs},runs\n"))) == 2


def test_an_hour_that_comes_twice() -> None:
    """A job that ends by the clock before it began has ended in the second of the two hours."""
    row = '"1";"C - x";"Backup";"25.10.2026 02:50:00";"25.10.2026 02:10:00";"Success";"1"\n'
    (job,) = read(VEEAM_CSV.splitlines(keepends=True)[0] + row, VEEAM)
    started, ended = moment(job, "started"), moment(job, "ended")
    assert started == datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
    assert ended == datetime(2026, 10, 25, 1, 10, tzinfo=UTC)


def test_a_running_job_has_no_end() -> None:
    """Some products write one all the same, of the year 1900."""
    row = '"1";"C - x";"Backup";"25.10.2026 02:50:00";"01.01.1900 00:00:00";"None";"1"\n'
    (job,) = read(VEEAM_CSV.splitlines(keepends=True)[0] + row, VEEAM)
    assert (job["outcome"], job["ended"], job["date_orders"]) == (Outcome.RUNNING, None, None)


@pytest.mark.parametrize(
    ("decimal", "unit", "text", "size"),
    [
        (".", "B", "52428800", "52428800 B"),
        (".", "B", "52,428,800", "52428800 B"),
        (".", None, "1.5 GB", "1.5 GB"),
        (",", "GB", "1,5", "1.5 GB"),
        (",", None, "1.234,5 MB", "1234.5 MB"),
        (",", "B", "52 428 800", "52428800 B"),
        (".", "GB", "1,5", "1,5"),
        (".", None, "7", "7"),
        (".", "B", "much", "much"),
    ],
)
def test_sizes_as_people_write_them(
    decimal: Literal[".", ","], unit: Literal["B", "GB"] | None, text: str, size: str
) -> None:
    """In the one form that all sizes are read in; what cannot be meant stays as it is."""
    mapping = Mapping(
        "csv", {"size": Column("size")}, {}, delimiter=";", decimal=decimal, size_unit=unit
    )
    (row,) = read(f"size\n{text}\n", mapping)
    assert row["size"] == size


@pytest.mark.parametrize(
    ("unit", "text", "duration"),
    [
        ("s", "4207.123", "1:10:07"),
        ("ms", "61000", "0:01:01"),
        ("min", "90", "1:30:00"),
        ("s", "01:02:03", "01:02:03"),
        ("s", "2 h", "2 h"),
    ],
)
def test_durations_as_numbers(unit: Literal["s", "ms", "min"], text: str, duration: str) -> None:
    """Of the unit that the mapping names."""
    mapping = Mapping("csv", {"duration": Column("took")}, {}, duration_unit=unit)
    (row,) = read(f"took\n{text}\n", mapping)
    assert row["duration"] == duration


@pytest.mark.parametrize(
    "before", ["sep=;\r\n", "#TYPE Selected.Veeam.Backup\r\n", "\ufeff", "\r\n"]
)
def test_what_stands_before_the_names_is_passed_over(before: str) -> None:
    """As Excel and PowerShell write it; it stays in an excerpt."""
    assert len(read(before + VEEAM_CSV, VEEAM)) == 3
    table = table_in(Reply("table:x", AT, "", (before + VEEAM_CSV).encode()), VEEAM)
    assert table.cut(table.records).decode() == before + VEEAM_CSV


@pytest.mark.parametrize(
    ("body", "mapping", "words"),
    [
        ("a,b\n1,2\n", VEEAM, "has no column"),
        (b"\xff\xfe", VEEAM, "is not valid utf-8"),
        (VEEAM_CSV.replace('"Id"', '"Result"', 1), VEEAM, "has no column 'Id'"),
        (VEEAM_CSV.replace('"JobType"', '"Result"', 1), VEEAM, "has no column 'JobType'"),
        (
            '{"data": [{"upid": "1", "starttime": 1}]}',
            PROXMOX,
            "has no member 'worker_id' in any row",
        ),
        (VEEAM_CSV + '"6b22";"x"\n', VEEAM, "too many or too few values in row 4"),
        ("{", PROXMOX, "is not valid JSON"),
        ('{"data": {"a": 1}}', PROXMOX, "has no list of objects under 'data'"),
        ('{"data": [1]}', PROXMOX, "has no list of objects under 'data'"),
    ],
)
def test_a_file_of_another_shape_is_refused(
    body: str | bytes, mapping: Mapping, words: str
) -> None:
    """A column that is renamed must not make every job vanish, or lose its status."""
    with pytest.raises(ReplyError, match=words):
        read(body, mapping)
