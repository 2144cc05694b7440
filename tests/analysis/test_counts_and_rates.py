"""Outcomes, counts, rates and volume: what is counted, and what a rate is a rate of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.model import Figures, Policy, Target
from reporter.sources.avepoint.reading.vocabularies import outcome_of
from tests.builders import make_job, make_report, make_row

OUTCOMES = ("success", "warning", "failed", "cancelled", "running", "not_run", "unknown")
STATUS_OF = {
    "success": "Finished",
    "warning": "Exception",
    "failed": "Failed",
    "cancelled": "Canceled",
    "running": "Running",
    "not_run": "Skipped",
    "unknown": "Throttled",
}


def jobs_of(*statuses: str, minutes: int = 20, **fields: object) -> list[dict[str, object]]:
    """A job every six hours from the first of October, with these statuses."""
    first = datetime(2026, 10, 1, 1, tzinfo=UTC)
    return [
        make_job((first + timedelta(hours=6 * n)).isoformat(), status, minutes=minutes)
        | {"jobId": f"FB{n}"}
        | fields
        for n, status in enumerate(statuses)
    ]


def totals_of(rows: list[dict[str, object]], policy: Policy | None = None) -> Figures:
    """The customer's figures."""
    return make_report(rows, policy=policy).totals


@pytest.mark.parametrize(
    ("outcome", "statuses"),
    {
        "success": ["Finished", "successful", "COMPLETED"],
        "warning": ["Finished with exception", "FinishedWithException", "Partially  finished"],
        "failed": ["Failed", "failed TO start", "Rejected"],
        "cancelled": ["Canceled", "Cancelled", "STOPPED"],
        "running": ["Running", "In progress", "Pending", "Waiting", "Not finished", "NotFinished"],
        "not_run": ["Skipped", "Not scanned", "Disabled", "Not started", "None"],
        "unknown": ["Throttled", "Finish", "N/A"],
    }.items(),
)
def test_a_status_is_read_in_any_spelling(outcome: str, statuses: list[str]) -> None:
    """Case, spacing and British spelling change no outcome; what is in no list is unknown."""
    assert {outcome_of(status) for status in statuses} == {outcome}


def test_completed_jobs_are_those_that_ended() -> None:
    """Running, not-run and unknown jobs are counted as jobs, but not as completed ones."""
    totals = totals_of(jobs_of(*STATUS_OF.values()))
    assert (totals.jobs, totals.completed) == (7, 4)
    assert [getattr(totals, outcome) for outcome in OUTCOMES] == [1] * 7


def test_the_success_rate_is_success_over_completed() -> None:
    """Of two completed jobs one finished: the success rate is a half, whatever else is running."""
    totals = totals_of(jobs_of("Finished", "Failed", "Running", "Skipped", "Throttled"))
    assert totals.success_rate == 0.5


def test_a_warning_lowers_the_strict_rate_and_not_the_lenient_one() -> None:
    """A job finished with exceptions is no success, but something was backed up."""
    totals = totals_of(jobs_of("Finished", "Finished with exception"))
    assert (totals.success_rate, totals.lenient_success_rate) == (0.5, 1.0)


def test_the_policy_can_count_warnings_as_success() -> None:
    """With `warning = "success"` a warning is in the numerator and still counted as a warning."""
    totals = totals_of(jobs_of("Finished", "Exception"), Policy(warning="success"))
    assert (totals.success_rate, totals.success, totals.warning) == (1.0, 1, 1)


def test_counting_warnings_as_failures_gives_the_same_rate() -> None:
    """With `warning = "failed"` both rates are those of the default."""
    rows = jobs_of("Finished", "Exception", "Failed")
    stern, usual = totals_of(rows, Policy(warning="failed")), totals_of(rows)
    assert stern.success_rate == usual.success_rate
    assert stern.lenient_success_rate == usual.lenient_success_rate


def test_the_policy_can_leave_cancelled_jobs_out() -> None:
    """With `cancelled = "excluded"` a cancelled job is listed but lowers no rate."""
    rows = jobs_of("Finished", "Canceled", totalCount="10")
    counted, left_out = totals_of(rows), totals_of(rows, Policy(cancelled="excluded"))
    assert (counted.completed, counted.success_rate, counted.objects_total) == (2, 0.5, 20)
    assert (left_out.completed, left_out.success_rate, left_out.objects_total) == (1, 1.0, 10)
    assert left_out.cancelled == 1


@pytest.mark.parametrize("rows", [[], [make_row()], jobs_of("Running", "Skipped")])
def test_without_a_completed_job_there_is_no_rate(rows: list[dict[str, object]]) -> None:
    """A module with no completed job has no success rate: neither 0 % nor 100 %."""
    totals = totals_of(rows)
    assert totals.success_rate is None
    assert totals.lenient_success_rate is None
    assert totals.object_success_rate is None
    assert totals.success_target_met is None


def test_a_placeholder_is_a_module_without_jobs() -> None:
    """A module that never ran is in the report with zero jobs."""
    (module,) = make_report([make_row(jobModule="Power BI")]).modules
    assert (module.module, module.figures.jobs, module.figures.bytes) == ("Power BI", 0, 0)


def test_the_rate_of_a_group_is_computed_from_its_sums() -> None:
    """One job of one and one of three: the service's rate is 2 of 4, not the mean of the rates."""
    rows = jobs_of("Finished") + jobs_of("Finished", "Failed", "Failed", jobModule="OneDrive")
    assert [service.figures.success_rate for service in make_report(rows).services] == [0.5]


def test_object_counts_are_summed_over_completed_jobs() -> None:
    """What a running job has done so far is not counted, nor is a count that is missing."""
    rows = jobs_of("Finished", "Running", totalCount="10", failedCount="1")
    rows += jobs_of("Finished", jobModule="OneDrive", totalCount="5", failedCount="N/A")
    totals = totals_of(rows)
    assert (totals.objects_total, totals.objects_failed) == (15, 1)


def test_the_object_success_rate_leaves_skipped_objects_out() -> None:
    """90 of 100 objects were backed up and 10 skipped: all that were to be backed up were."""
    rows = jobs_of("Finished", totalCount="100", successfulCount="90", skippedCount="10")
    assert totals_of(rows).object_success_rate == 1.0


def test_the_object_success_rate_needs_all_three_counts() -> None:
    """A job whose skipped objects are unknown does not count in the object success rate."""
    rows = jobs_of("Finished", totalCount="100", successfulCount="90")
    rows += jobs_of(
        "Finished", jobModule="OneDrive", totalCount="100", successfulCount="1", skippedCount="N/A"
    )
    assert totals_of(rows).object_success_rate == 0.9


def test_nothing_but_skipped_objects_gives_no_object_rate() -> None:
    """Where every object was skipped there is nothing to divide by."""
    rows = jobs_of("Finished", totalCount="7", successfulCount="0", skippedCount="7")
    assert totals_of(rows).object_success_rate is None


def test_the_volume_covers_all_jobs() -> None:
    """What failed and running jobs have stored is volume, too."""
    rows = jobs_of("Finished", "Failed", "Running", backupSize="1.5 GB")
    assert totals_of(rows).bytes == 3 * 1.5 * 1024**3


def test_decimal_units_make_a_gigabyte_smaller() -> None:
    """With `units = "decimal"` 1 GB is 1000³ bytes."""
    rows = jobs_of("Finished", backupSize="2 GB")
    assert totals_of(rows, Policy(units="decimal")).bytes == 2 * 1000**3


def test_the_volume_of_absurd_sizes_is_never_negative() -> None:
    """However much the service claims to hold, the sum does not wrap round."""
    assert (
        totals_of(jobs_of("Finished", "Finished", backupSize="8,191 PB")).bytes
        == 2 * 8191 * 1024**5
    )


def test_the_sum_of_absurd_counts_is_never_negative() -> None:
    """However many objects the service claims, sums and rates do not wrap round."""
    totals = totals_of(jobs_of("Finished", "Finished", totalCount=str(2**63 - 1)))
    assert totals.objects_total >= 0
    assert 0 <= (totals.object_success_rate or 0) <= 1


def test_a_target_exactly_reached_is_met() -> None:
    """19 of 20 jobs meet a target of 95 %."""
    assert totals_of(jobs_of(*["Finished"] * 19, "Failed")).success_target_met is True


def test_the_narrowest_target_applies() -> None:
    """A module's own target takes precedence over its service's, and that over the customer's."""
    targets = (
        Target("Microsoft 365", success_rate=0.9),
        Target("Microsoft 365", "OneDrive", success_rate=0.5),
    )
    policy = Policy(target_success_rate=0.4, targets=targets)
    rows = jobs_of("Finished", "Failed") + jobs_of("Finished", "Failed", jobModule="OneDrive")
    report = make_report(rows, policy=policy)
    met = {module.module: module.figures.success_target_met for module in report.modules}
    assert met == {"Exchange Online": False, "OneDrive": True}
    assert report.services[0].figures.success_target_met is False
    assert report.totals.success_target_met is True


def test_a_reported_duration_takes_precedence_over_the_clock() -> None:
    """The service's own duration counts where it can be read, else end minus start."""
    rows = jobs_of("Finished", jobDuration="00:10:00")
    rows += jobs_of("Finished", jobModule="OneDrive", jobDuration="soon", minutes=30)
    totals = totals_of(rows)
    assert (totals.duration_mean_s, totals.duration_median_s) == (1200.0, 1200.0)


def test_durations_cover_completed_jobs_only() -> None:
    """A running job's duration is not over and in no mean."""
    totals = totals_of(jobs_of("Running", jobDuration="5h"))
    assert (totals.duration_mean_s, totals.duration_median_s) == (None, None)


def test_jobs_that_are_not_backups_are_counted_separately() -> None:
    """Scans, archiver and retention jobs enter no figure and are counted as other jobs."""
    rows = jobs_of("Failed", jobType="Microsoft 365 Scan")
    rows += jobs_of("Failed", "Finished", jobModule="Retention")
    report = make_report(rows)
    assert report.totals.jobs == 0
    assert report.modules == ()
    assert [(module.service, module.module, module.jobs) for module in report.other_jobs] == [
        ("Microsoft 365", "Retention", 2),
        ("Microsoft 365 Scan", "Exchange Online", 1),
    ]


@settings(max_examples=8)
@given(
    st.lists(st.sampled_from(list(STATUS_OF.values())), max_size=12),
    st.lists(st.sampled_from(list(STATUS_OF.values())), max_size=12),
    st.builds(
        Policy,
        st.sampled_from(["warning", "success", "failed"]),
        st.sampled_from(["failed", "excluded"]),
    ),
)
def test_counts_add_up_and_rates_keep_their_bounds(
    exchange: list[str], salesforce: list[str], policy: Policy
) -> None:
    """Outcomes add up to jobs, parts to the whole, and 0 <= strict rate <= lenient rate <= 1."""
    rows = jobs_of(*exchange) + jobs_of(*salesforce, jobType="Salesforce", jobModule="Salesforce")
    report = make_report(rows, policy=policy)
    parts = [service.figures for service in report.services] + [
        module.figures for module in report.modules
    ]
    for figures in [report.totals, *parts]:
        assert figures.jobs == sum(getattr(figures, outcome) for outcome in OUTCOMES)
        assert (figures.success_rate is None) == (figures.completed == 0)
        if figures.success_rate is not None and figures.lenient_success_rate is not None:
            assert 0 <= figures.success_rate <= figures.lenient_success_rate <= 1
    for name in ("jobs", "completed", "bytes", "objects_total", *OUTCOMES):
        whole = getattr(report.totals, name)
        assert whole == sum(getattr(service.figures, name) for service in report.services)
        assert whole == sum(getattr(module.figures, name) for module in report.modules)
    assert len(report.exceptions) == sum(
        getattr(report.totals, outcome) for outcome in ("failed", "warning", "cancelled", "unknown")
    )
