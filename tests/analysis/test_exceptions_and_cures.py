"""The register of exceptions: what is in it, what cured each, and in which order."""

from __future__ import annotations

import pytest

from reporter.model import JobException
from tests.builders import make_job, make_report


def exceptions_of(*rows: dict[str, object]) -> list[JobException]:
    """The exceptions of October."""
    return list(make_report(rows).exceptions)


def job(
    day: int, status: str = "Finished", *, minutes: int = 20, **fields: object
) -> dict[str, object]:
    """A job at one o'clock of a day of October, `FB05` on the fifth."""
    return (
        make_job(f"2026-10-{day:02}T01:00:00Z", status, minutes=minutes, jobId=f"FB{day:02}")
        | fields
    )


def test_every_failed_warning_cancelled_and_unknown_job_is_an_exception() -> None:
    """Running and skipped jobs are no exceptions, nor are successes."""
    statuses = ["Finished", "Failed", "Exception", "Canceled", "Throttled", "Running", "Skipped"]
    exceptions = exceptions_of(*(job(day, status) for day, status in enumerate(statuses, 1)))
    assert {exception.job_id for exception in exceptions} == {"FB02", "FB03", "FB04", "FB05"}


def test_the_next_success_cures_a_failure() -> None:
    """A failure is cured by the first success that ended after it, a day later here."""
    (exception,) = exceptions_of(job(5, "Failed"), job(7), job(6))
    assert (exception.cured_by, exception.cured_after_s, exception.open) == ("FB06", 86400.0, False)


@pytest.mark.parametrize(
    ("status", "cured_by"), [("Failed", "FB06"), ("Throttled", "FB06"), ("Exception", "FB07")]
)
def test_a_warning_cures_all_but_warnings(status: str, cured_by: str) -> None:
    """After a failure a job with exceptions is a cure; after one with exceptions it is not."""
    exceptions = exceptions_of(job(5, status), job(6, "Exception"), job(7))
    assert {exception.job_id: exception.cured_by for exception in exceptions}["FB05"] == cured_by


def test_a_cure_must_be_of_the_same_module() -> None:
    """A success elsewhere cures nothing."""
    (exception,) = exceptions_of(job(5, "Failed"), job(6, jobModule="OneDrive"))
    assert exception.open


def test_a_cure_ends_later_even_if_it_began_before() -> None:
    """A long job that began before the failure and ended after it is its cure."""
    (exception,) = exceptions_of(job(5, "Failed", jobId="FBX"), job(5, minutes=120))
    assert (exception.cured_by, exception.cured_after_s) == ("FB05", 6000.0)


def test_a_success_that_ended_before_is_not_a_cure() -> None:
    """What succeeded earlier does not make a later failure good."""
    (exception,) = exceptions_of(job(4), job(5, "Failed"))
    assert (exception.cured_by, exception.cured_after_s) == (None, None)


def test_a_cure_may_come_after_the_period() -> None:
    """A failure on the last day is cured by the first success of November."""
    later = make_job("2026-11-01T01:00:00Z", jobId="FBNOV")
    (exception,) = exceptions_of(job(31, "Failed"), later)
    assert exception.cured_by == "FBNOV"


def test_an_exception_of_another_period_is_not_listed() -> None:
    """September's failures are in September's report."""
    assert exceptions_of(make_job("2026-09-30T01:00:00Z", "Failed")) == []


def test_of_cures_that_end_together_the_lowest_id_counts() -> None:
    """Two successes ending in the same second: the register names one, always the same."""
    (exception,) = exceptions_of(job(5, "Failed"), job(6, jobId="FBB"), job(6, jobId="FBA"))
    assert exception.cured_by == "FBA"


def test_without_an_end_the_start_is_taken() -> None:
    """A failure whose end is unknown is cured from its start on."""
    (exception,) = exceptions_of(job(5, "Failed", endTime="N/A"), job(6))
    assert exception.cured_after_s == 86400.0 + 20 * 60


def test_open_exceptions_come_first() -> None:
    """Open ones come at the top, then the newest."""
    exceptions = exceptions_of(
        job(2, "Failed"),
        job(3),
        job(9, "Failed"),
        job(10),
        job(4, "Failed", jobModule="OneDrive"),
    )
    assert [exception.job_id for exception in exceptions] == ["FB04", "FB09", "FB02"]


def test_a_name_the_service_does_not_give_is_missing() -> None:
    """`N/A` is not a name."""
    (exception,) = exceptions_of(job(5, "Failed", name="N/A"))
    assert (exception.name, exception.status) == (None, "Failed")
