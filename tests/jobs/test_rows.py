"""Rows of replies as text, and which of several rows of one job counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.errors import ReplyError
from reporter.jobs.rows import FIELDS, TIMES, identity_of, moment, newest
from reporter.model import Listed, Outcome
from reporter.sources.avepoint.reading.rows import FIELD_NAMES, text_rows
from tests.builders import NOW, make_job, make_row


def names_kept(*rows: tuple[int, dict[str, object]]) -> list[object]:
    """The names of the rows that count, of rows fetched on days of November."""
    texts = []
    for day, row in rows:
        texts += text_rows([row], datetime(2026, 11, day, tzinfo=UTC))
    return [row["name"] for row in newest(texts)]


def version(
    name: str, modified: str | None = "2026-10-05T02:00:00Z", **fields: object
) -> dict[str, object]:
    """A row of one and the same job, distinguished by its name."""
    return make_job(name=name, lastModifyTime=modified, jobId="FB1") | fields


@pytest.mark.parametrize("row", [None, "Finished", 7, [], ["FB1"], True])
def test_a_row_that_is_not_an_object_is_an_error(row: object) -> None:
    """A reply with something else in its list is not understood, and says which row it is."""
    with pytest.raises(ReplyError, match="Row 2 of 3"):
        text_rows([make_row(), row, make_row()], NOW)


def test_a_huge_row_that_is_not_an_object_is_shown_in_part() -> None:
    """The message stays readable."""
    with pytest.raises(ReplyError) as raised:
        text_rows(["x" * 10_000], NOW)
    assert len(str(raised.value)) < 200


def test_both_generations_give_the_same_rows() -> None:
    """Numbers become the names generation 1 gives."""
    names = make_job(jobType="Microsoft 365", jobModule="OneDrive", status="Failed to start")
    codes = make_job() | {"jobType": 7, "jobModule": 305, "status": 7}
    assert text_rows([names], NOW) == text_rows([codes], NOW)


def test_a_row_has_all_fields_and_when_it_was_fetched() -> None:
    """What the service leaves out is there as nothing."""
    meaning = {
        "outcome": Outcome.UNKNOWN,
        "listed_as": Listed.WAITING,
        "queued": False,
        "is_backup": True,
        "has_objects": False,
    }
    assert text_rows([{}], NOW) == [
        dict.fromkeys(FIELDS) | meaning | {"date_orders": None, "fetched_at": NOW}
    ]


def test_the_newest_modification_counts() -> None:
    """A row fetched later but modified earlier is an older state of the job."""
    old, new = version("old", "2026-10-05T01:00:00Z"), version("new", "2026-10-05T02:00:00Z")
    assert names_kept((1, new), (2, old)) == ["new"]
    assert names_kept((1, old), (2, new)) == ["new"]


def test_times_are_compared_as_instants() -> None:
    """Two services print one instant differently; the order of the texts does not matter."""
    noon, eleven = "2026-10-05T13:30:00+02:00", "10/5/2026 11:00:00 AM"
    assert names_kept((1, version("noon", noon)), (2, version("eleven", eleven))) == ["noon"]


def test_on_a_tie_the_last_fetched_counts() -> None:
    """Of two rows modified at the same time the service's latest word is taken."""
    assert names_kept((1, version("first")), (2, version("second"))) == ["second"]


@pytest.mark.parametrize("missing", ["N/A", "", None, "soon"])
def test_without_a_time_a_row_counts_as_modified_when_it_was_fetched(missing: str | None) -> None:
    """Where a row does not say when it was modified, that is when it was seen."""
    timed, untimed = version("timed"), version("untimed", missing)
    assert names_kept((1, timed), (2, untimed)) == ["untimed"]
    assert names_kept((1, untimed), (2, timed)) == ["untimed"]
    later = version("later", "2026-11-01T00:00:01Z")
    assert names_kept((1, untimed), (2, later)) == ["later"]


@pytest.mark.parametrize(
    "other", [{"jobType": "Salesforce"}, {"jobModule": "OneDrive"}, {"jobId": "FB2"}]
)
def test_another_service_module_or_id_is_another_job(other: dict[str, object]) -> None:
    """A job is known by all three together."""
    assert names_kept((1, version("one")), (2, version("other") | other)) == ["one", "other"]


def test_one_job_of_both_generations_is_one_job() -> None:
    """A job fetched as names and, later, as numbers is the same job."""
    codes = version("codes", jobType=7, jobModule=303)
    assert names_kept((1, version("names")), (2, codes)) == ["codes"]


def test_placeholders_are_not_jobs() -> None:
    """They say how scopes are listed, which is kept elsewhere."""
    assert names_kept((1, make_row(name="before")), (2, version("job")), (3, make_row())) == ["job"]


def test_an_order_of_dates_that_was_proven_replaces_an_assumed_one() -> None:
    """Even where the row says nothing else that is new."""
    job = version("one", startTime="1/10/2026 22:00:06")
    proof = make_row(jobModule="OneDrive", lastModifyTime="13/8/2026 22:00:06")
    replies = [text_rows([job], NOW), text_rows([job, proof], NOW + timedelta(days=1))]
    (row,) = newest(row for rows in replies for row in rows)
    assert row["date_orders"] == "day day day"
    assert row["fetched_at"] == NOW + timedelta(days=1)


@given(
    st.lists(
        st.tuples(st.sampled_from(["FB1", "FB2", "N/A"]), st.none() | st.integers(0, 5)),
        max_size=12,
    )
)
def test_one_row_of_each_job_is_kept(ids_and_hours: list[tuple[str, int | None]]) -> None:
    """However often a job was seen, it counts once, and none is lost."""
    rows = [
        make_job(
            jobId=job_id,
            lastModifyTime=None if hour is None else (NOW - timedelta(hours=hour)).isoformat(),
        )
        for job_id, hour in ids_and_hours
    ]
    texts = newest(text_rows(rows, NOW))
    assert sorted(row["job_id"] for row in texts) == sorted(
        {job_id for job_id, _ in ids_and_hours} - {"N/A"}
    )


def test_a_module_keeps_its_identity_when_the_generation_changes() -> None:
    """A job seen as generation 1 spells its module is the job that generation 3 numbers."""
    for old, new in (
        (("Microsoft 365", "OneDrive for Business"), (7, 305)),
        (("Azure", "Virtual Machine"), (12, 356)),
        (("azure", "ACTIVE DIRECTORY"), (12, 358)),
        (("Microsoft 365", "Yammer"), (7, 402)),
    ):
        pair = [make_job(jobType=service, jobModule=module) for service, module in (old, new)]
        first, second = text_rows(pair, NOW)
        assert identity_of(first) == identity_of(second)


WRITTEN = [FIELD_NAMES[field] for field in TIMES]
"""What the service calls the times of a row."""


def times_of(*rows: dict[str, str]) -> list[list[str | None]]:
    """The days of the times of each row of one reply."""
    moments = [[moment(row, field) for field in TIMES] for row in text_rows(rows, NOW)]
    return [[f"{at:%m-%d}" if at else None for at in times] for times in moments]


def test_slashed_dates_are_read_by_what_their_column_proves() -> None:
    """One value that can only have the day first decides for the whole field; without one, nothing
    is decided.
    """
    first = dict.fromkeys(WRITTEN, "1/10/2026 10:00:06 PM")
    assert times_of(first, first | {"startTime": "13/10/2026 22:00:06"}) == [
        ["10-01", "10-01", "10-01"], ["10-13", "10-01", "10-01"],
    ]  # fmt: skip
    assert times_of(first, first | {"startTime": "10/13/2026 22:00:06"}) == [
        ["01-10", "01-10", "01-10"], ["10-13", "01-10", "01-10"],
    ]  # fmt: skip
    assert times_of(first) == [["01-10", "01-10", "01-10"]]


def test_each_field_follows_its_own_proof() -> None:
    """One field may be printed by another service than the others are."""
    proofs = {
        "startTime": "13/10/2026 22:00:06",
        "endTime": "10/13/2026 22:00:06",
        "lastModifyTime": "N/A",
    }
    rows = text_rows([dict.fromkeys(WRITTEN, "1/10/2026 22:00:06"), proofs], NOW)
    assert {row["date_orders"] for row in rows} == {"day month assumed"}
    assert [moment(rows[0], field).month for field in TIMES] == [10, 1, 1]  # type: ignore[union-attr]


def test_a_column_that_proves_both_leaves_the_others_unreadable() -> None:
    """Either reading would be a guess."""
    texts = ["13/10/2026 1:00:00", "10/13/2026 1:00:00", "1/10/2026 1:00:00"]
    rows = text_rows([{"startTime": text} for text in texts], NOW)
    assert [moment(row, "started") is None for row in rows] == [False, False, True]


def test_replies_are_read_each_by_itself() -> None:
    """What one reply proves says nothing of another."""
    (proven,) = text_rows([{"startTime": " 13/10/2026 1:00:00 "}], NOW)
    (alone,) = text_rows([{"startTime": "1/10/2026 1:00:00"}], NOW)
    assert proven["date_orders"] == "day day day"
    assert alone["date_orders"] == "assumed assumed assumed"
