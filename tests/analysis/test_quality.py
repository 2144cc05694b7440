"""Data quality: nothing is dropped, nothing repaired, and everything odd is listed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest

from reporter.analysis.quality import quality_of
from reporter.analysis.window import SourceData, window_of
from reporter.jobs.frame import raw_frame, read_jobs
from reporter.jobs.rows import newest
from reporter.jobs.sightings import frame_of, sightings_in
from reporter.model import Observations, Policy, QualityNote
from reporter.period import parse_period
from reporter.sources.avepoint.reading.rows import FIELD_NAMES, text_rows
from tests.builders import NOW, make_job, make_report, make_row


def notes_of(*rows: dict[str, object]) -> set[tuple[str, str, tuple[str, ...], int]]:
    """Kind, field, values and count of each note of October's report."""
    return {
        (note.kind.value, note.field, note.values, note.count) for note in make_report(rows).quality
    }


def words_of(*rows: dict[str, object]) -> set[str]:
    """The contradictions listed."""
    return {
        word for kind, _, values, _ in notes_of(*rows) if kind == "contradiction" for word in values
    }


def test_good_rows_have_no_notes() -> None:
    """A job whose values can be read and add up is listed nowhere."""
    assert notes_of(make_job(), make_row(jobModule="OneDrive")) == set()


@pytest.mark.parametrize("value", ["N/A", "", None, "  "])
def test_missing_values_are_not_a_quality_problem(value: object) -> None:
    """`N/A` and an empty text say that nothing is there, which is readable."""
    fields = ("totalCount", "backupSize", "endTime", "jobDuration", "lastModifyTime", "name")
    assert notes_of(make_job() | dict.fromkeys(fields, value)) == set()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("totalCount", "-5"),
        ("backupSize", "12"),
        ("endTime", "2026-10-05"),
        ("jobDuration", "39"),
        ("lastModifyTime", "0001-01-01T00:00:00Z"),
    ],
)
def test_an_unreadable_value_is_listed_with_its_field(field: str, value: str) -> None:
    """The note names field and raw value, and how often it occurs; the job still counts."""
    rows = [make_job(f"2026-10-0{day}T01:00:00Z") | {field: value} for day in (5, 6)]
    assert notes_of(*rows) == {("unreadable", field, (value,), 2)}
    assert make_report(rows).totals.success == 2


def test_an_unreadable_size_is_not_zero() -> None:
    """A job with an unreadable size is left out of the sum, not silently counted as empty."""
    rows = [make_job(), make_job("2026-10-06T01:00:00Z", backupSize="1,23 GB")]
    report = make_report(rows)
    assert (report.totals.bytes, len(report.quality)) == (1024**3, 1)


UNDATED = {"startTime": "soon", "endTime": "N/A", "lastModifyTime": "N/A"}


@pytest.mark.parametrize(("value", "listed"), [("soon", "soon"), ("N/A", "N/A")])
def test_a_job_without_any_time_is_undated(value: str, listed: str) -> None:
    """It cannot be dated, enters no figure, and is listed."""
    report = make_report([make_job() | UNDATED | {"startTime": value}])
    assert report.totals.jobs == 0
    notes = [(note.kind.value, note.values, note.count) for note in report.quality]
    assert ("undated", (listed,), 1) in notes


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"startTime": "N/A"}, "dated by end"),
        ({"startTime": "N/A", "endTime": "N/A"}, "dated by modification"),
    ],
)
def test_a_job_without_a_start_is_dated_by_what_there_is(
    fields: dict[str, object], kind: str
) -> None:
    """A job that failed to start has no start; it counts where its end or modification lies."""
    row = make_job("2026-10-05T01:00:00Z", status="Failed to start") | fields
    assert make_report([row]).totals.failed == 1
    assert make_report([row], period="2026-09").totals.failed == 0
    assert (kind, "startTime", ("N/A",), 1) in notes_of(row)


def test_an_undated_job_belongs_to_the_period_that_first_showed_it() -> None:
    """It is listed once, not in every report from then on."""
    row = make_job() | UNDATED
    looks = [datetime(2026, 10, day, 12, tzinfo=UTC) for day in (1, 31)]
    looks += [datetime(2026, 11, day, 12, tzinfo=UTC) for day in (1, 2)]

    def undated(period: str, seen: list[datetime]) -> int:
        report = make_report([row], period=period, observed=seen)
        return sum(note.count for note in report.quality if note.kind.value == "undated")

    assert [undated(period, looks[-1:]) for period in ("2026-10", "2026-11")] == [1, 1]
    assert [undated(period, looks[:1]) for period in ("2026-09", "2026-10")] == [1, 1]
    assert undated("2026-10", looks) == 0  # the builder fetches all rows at the last look


def test_an_undated_job_counts_as_a_known_job() -> None:
    """A module with nothing but an undated job has run, but has no data in the period."""
    (module,) = make_report([make_job() | UNDATED]).modules
    assert module.state.value == "no data"


def test_a_start_that_moves_is_noted() -> None:
    """One id for every run: the job counts where its newest row says, and a note says so."""
    old, new = (make_job(f"2026-10-{day:02}T01:00:00Z", jobId="RUN") for day in (5, 6))
    assert notes_of(old, new) == {
        ("start moved", "startTime", ("2026-10-05T01:00:00Z → 2026-10-06T01:00:00Z",), 1)
    }
    assert make_report([old, new]).totals.jobs == 1


def test_an_unseen_end_is_noted() -> None:
    """A job that was seen running, and that a later look lists no more, stays running."""
    runs = make_job("2026-10-05T01:00:00Z", "Running", endTime="N/A", jobDuration="N/A")
    looks = [datetime(2026, 10, 5, hour, tzinfo=UTC) for hour in (2, 6)]
    later = make_job("2026-10-05T05:00:00Z")
    seen = [text_rows(rows, at) for rows, at in zip(([runs], [later]), looks, strict=True)]
    jobs = read_jobs(raw_frame(newest(chain(*seen))), Policy(), FIELD_NAMES)
    sightings = frame_of(list(zip(looks, sightings_in(seen), strict=True)))
    told = SourceData("1", jobs, sightings, Observations(tuple(looks), ()))
    window = window_of([told], parse_period("2026-10", "UTC", NOW), Policy(), {})
    (view,) = window.views
    (note,) = quality_of([(jobs, view, view)], Counter())
    assert (note.kind.value, note.field, note.count) == ("end not seen", "endTime", 1)
    assert list(window.jobs["outcome"]) == ["running", "success"]


def test_notes_belong_to_their_period() -> None:
    """What could not be read of a September job is September's note."""
    assert notes_of(make_job("2026-09-05T01:00:00Z", backupSize="much")) == set()


def test_an_unreadable_value_of_a_placeholder_is_listed() -> None:
    """A module that never ran can have an unreadable size, too."""
    assert notes_of(make_row(backupSize="n/a GB")) == {("unreadable", "backupSize", ("n/a GB",), 1)}


def test_a_placeholder_with_a_start_keeps_its_notes() -> None:
    """A row without a job id is a placeholder whatever its start says, and its notes are listed."""
    row = make_row(startTime="2026-10-05T01:00:00Z", backupSize="n/a GB")
    assert notes_of(row) == {("unreadable", "backupSize", ("n/a GB",), 1)}


def test_an_unreadable_value_of_another_job_is_listed() -> None:
    """Scans are not backups, but what cannot be read in them is still listed."""
    row = make_job(jobType="Microsoft 365 Scan", backupSize="much")
    assert notes_of(row) == {("unreadable", "backupSize", ("much",), 1)}


def test_a_superseded_row_leaves_no_note() -> None:
    """Of two rows of one job only the newer one is judged."""
    old = make_job(backupSize="much", lastModifyTime="2026-10-05T01:10:00Z")
    assert notes_of(make_job(), old) == set()


@pytest.mark.parametrize(("status", "listed"), [("Throttled", "Throttled"), ("N/A", "N/A")])
def test_an_unknown_status_is_listed(status: str, listed: str) -> None:
    """A status in no list, or none at all, is an unknown outcome and a note."""
    assert notes_of(make_job(status=status)) == {("unknown status", "status", (listed,), 1)}


def test_a_placeholders_unknown_status_is_listed() -> None:
    """A placeholder has no outcome, but what its status says of the scope is not known."""
    row = make_row(status="Throttled")
    assert notes_of(row) == {("unknown status", "status", ("Throttled",), 1)}
    assert notes_of(make_row(status="N/A")) == set()
    (module,) = make_report([row]).modules
    assert module.state.value == "never run"


def test_there_is_one_line_for_each_kind_and_field() -> None:
    """Thirty values nobody can read are one line, with the three most frequent of them."""
    sizes = ["12,7 GB"] * 3 + ["a lot"] * 2 + ["much", "more"]
    rows = [
        make_job(f"2026-10-{day:02}T01:00:00Z", backupSize=size)
        for day, size in enumerate(sizes, 1)
    ]
    assert notes_of(*rows) == {("unreadable", "backupSize", ("12,7 GB", "a lot", "more"), 7)}


@pytest.mark.parametrize("field", ["jobType", "jobModule", "status"])
@pytest.mark.parametrize("code", [77, -1, 12345678901])
def test_a_code_outside_the_lists_is_kept_and_listed(field: str, code: int) -> None:
    """A number the vendor has not documented is shown as `Unknown (N)`, and noted just once."""
    report = make_report([make_job() | {field: code}])
    assert [(n.kind.value, n.field, n.count) for n in report.quality] == [
        ("unknown code", field, 1)
    ]
    column = {"jobType": "service", "jobModule": "module", "status": "status"}[field]
    assert list(report.jobs[column]) == [f"Unknown ({code})"]


def test_counts_that_do_not_add_up_are_listed() -> None:
    """100 objects, of which 90 were successful and 5 failed: 5 are unaccounted for."""
    row = make_job(status="Failed", totalCount="100", successfulCount="90", failedCount="5")
    assert {(kind, field) for kind, field, *_ in notes_of(row)} == {
        ("inconsistent counts", "totalCount")
    }
    assert make_report([row]).totals.objects_total == 100


def test_counts_with_one_missing_cannot_be_inconsistent() -> None:
    """Without all five counts nobody can tell whether they add up."""
    assert notes_of(make_job(totalCount="100", successfulCount="9", skippedCount="N/A")) == set()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": "Failed"}, "failed although no object failed"),
        (
            {"failedCount": "1", "successfulCount": "99"},
            "success although objects failed",
        ),
        (
            {"successfulCount": "0", "totalCount": "100"},
            "success although no object was successful",
        ),
        ({"endTime": "2026-10-05T00:59:59Z"}, "end before start"),
        ({"endTime": "2026-11-02T06:00:01Z"}, "end after the fetch"),
        ({"lastModifyTime": "2026-11-02T06:00:01Z"}, "modified after the fetch"),
    ],
)
def test_a_contradiction_is_listed(fields: dict[str, object], words: str) -> None:
    """The service contradicts itself: a note says so, and the job counts as printed."""
    row = make_job() | fields
    assert words_of(row) == {words}
    assert make_report([row]).totals.completed == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"totalCount": "0", "successfulCount": "0"},
        {"totalCount": "135", "successfulCount": "0", "skippedCount": "135"},
        {"status": "Failed", "totalCount": "0", "successfulCount": "0"},
    ],
)
def test_a_job_without_objects_is_not_a_contradiction(fields: dict[str, object]) -> None:
    """An empty Project Online succeeds over no object, and a job of DevOps failed over none."""
    assert notes_of(make_job() | fields) == set()


def test_one_job_id_with_two_modules_is_listed() -> None:
    """A job cannot belong to two modules."""
    rows = make_job(jobId="FB1"), make_job(jobId="FB1", jobModule="OneDrive")
    assert words_of(*rows) == {"one job id with two modules"}


def test_only_backups_can_contradict_themselves() -> None:
    """Scans and retention jobs enter no figure, so their counts contradict nothing."""
    assert notes_of(make_job(jobModule="Retention", status="Failed")) == set()


def test_a_contradiction_is_never_repaired() -> None:
    """An end before the start makes a negative duration where none is reported."""
    row = make_job(endTime="2026-10-05T00:59:59Z", jobDuration="N/A")
    assert make_report([row]).totals.duration_mean_s == -1


def test_a_note_names_the_first_jobs_it_is_in() -> None:
    """Just enough examples for the reader to look them up."""
    rows = [
        make_job((NOW - timedelta(days=5, hours=n)).isoformat(), jobDuration="soon", jobId=f"FB{n}")
        for n in range(9)
    ]
    (note,) = make_report(rows).quality
    assert isinstance(note, QualityNote)
    assert (note.count, note.jobs) == (9, ("FB0", "FB1", "FB2", "FB3", "FB4"))
