"""Recovery points, gaps, failures in a row, targets, and the state they amount to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reporter.model import ModuleFigures, Policy, ReasonKind, State, Target
from tests.builders import NOW, make_job, make_report, make_row

DAY = 86400.0
NO_GAP_TARGET = Policy(max_gap=timedelta(0))


def at(day: int, hour: int = 1, month: int = 10) -> str:
    """An hour of a day of 2026."""
    return f"2026-{month:02}-{day:02}T{hour:02}:00:00Z"


def daily(status: str = "Finished", *, days: range = range(1, 32)) -> list[dict[str, object]]:
    """A job at one o'clock of each of these days of October."""
    return [make_job(at(day), status) for day in days]


def module_of(
    rows: list[dict[str, object]],
    policy: Policy | None = None,
    observed: tuple[datetime, ...] = (NOW,),
) -> ModuleFigures:
    """The only module of the report of October."""
    (module,) = make_report(rows, policy=policy, observed=observed).modules
    return module


def test_a_job_belongs_to_the_period_it_started_in() -> None:
    """A job that runs over midnight at the end of September is September's."""
    rows = [
        make_job("2026-09-30T23:59:59Z", minutes=5),
        make_job("2026-10-01T00:00:00Z"),
        make_job("2026-10-31T23:59:59Z"),
        make_job("2026-11-01T00:00:00Z"),
    ]
    assert module_of(rows).figures.jobs == 2


def test_the_days_are_those_of_the_reports_zone() -> None:
    """A job at 23:30 UTC is the next day's in Berlin."""
    rows = [make_job("2026-10-05T23:30:00Z")]
    (day,) = make_report(rows, timezone="Europe/Berlin").daily
    assert day.date.isoformat() == "2026-10-06"


def test_a_recovery_point_is_the_end_of_a_job() -> None:
    """What can be restored is the state at the job's end, or its start where no end is known."""
    ended = module_of([make_job(at(5), minutes=90)])
    endless = module_of([make_job(at(5), endTime="N/A")])
    assert ended.figures.last_recovery_point_at == datetime(2026, 10, 5, 2, 30, tzinfo=UTC)
    assert endless.figures.last_recovery_point_at == datetime(2026, 10, 5, 1, tzinfo=UTC)


def test_a_warning_leaves_a_recovery_point_but_is_no_success() -> None:
    """After a job with exceptions there is something to restore, but the last success is older."""
    rows = [make_job(at(5)), make_job(at(6), "Exception")]
    figures = module_of(rows).figures
    assert figures.last_success_at == datetime(2026, 10, 5, 1, 20, tzinfo=UTC)
    assert figures.last_recovery_point_at == datetime(2026, 10, 6, 1, 20, tzinfo=UTC)


def test_warnings_counted_as_failures_leave_no_recovery_point() -> None:
    """With `warning = "failed"` a job with exceptions is nothing to rely on."""
    module = module_of([make_job(at(5), "Exception")], Policy(warning="failed"))
    assert module.figures.last_recovery_point_at is None
    assert module.state is State.CRITICAL


def test_the_last_success_may_lie_before_the_period() -> None:
    """The last success is looked up in the history where the period has none."""
    rows = [make_job(at(20, month=9)), make_job(at(5), "Failed")]
    expected = datetime(2026, 9, 20, 1, 20, tzinfo=UTC)
    assert module_of(rows).figures.last_success_at == expected


def test_the_last_success_does_not_lie_after_the_period() -> None:
    """What succeeded in November says nothing in October's report."""
    rows = [make_job(at(5), "Failed"), make_job(at(1, month=11))]
    assert module_of(rows).figures.last_success_at is None


def test_the_longest_gap_starts_at_the_last_recovery_point_before_the_period() -> None:
    """A gap that began in September counts in full in October."""
    rows = [make_job(at(28, month=9), minutes=0), *daily(days=range(3, 32))]
    assert module_of(rows).figures.longest_gap_s == 5 * DAY + 20 * 60


def test_the_longest_gap_starts_with_the_period_where_nothing_is_known_before() -> None:
    """Without history the series begins at the period's start."""
    rows = [make_job(at(11, 0), minutes=0), *daily(days=range(11, 32))]
    assert module_of(rows).figures.longest_gap_s == 10 * DAY


def test_the_longest_gap_ends_with_the_period() -> None:
    """A module silent since the 20th has a gap to the end of October, not to the day of report."""
    rows = daily(days=range(1, 21))
    expected = datetime(2026, 11, 1, tzinfo=UTC) - datetime(2026, 10, 20, 1, 20, tzinfo=UTC)
    assert module_of(rows).figures.longest_gap_s == expected.total_seconds()


def test_the_longest_gap_ends_with_the_last_fetch() -> None:
    """In the middle of a month nobody knows of gaps after the last look."""
    rows = daily(days=range(1, 11))
    module = module_of(rows, observed=(datetime(2026, 10, 10, 6, tzinfo=UTC),))
    assert module.figures.longest_gap_s == DAY


def test_a_period_begun_after_the_last_fetch_has_no_gap() -> None:
    """Where nobody has looked since the period began, its gaps are undefined, not missed."""
    rows = [make_job(at(20, month=9))]
    module = module_of(rows, observed=(datetime(2026, 9, 28, tzinfo=UTC),))
    assert (module.figures.longest_gap_s, module.figures.gap_target_met) == (None, None)


def test_a_failure_is_no_recovery_point() -> None:
    """Failed, cancelled and running jobs do not end a gap."""
    rows = [make_job(at(1), minutes=0)]
    rows += [make_job(at(day), status) for day, status in ((8, "Failed"), (9, "Running"))]
    rows += daily(days=range(15, 32))
    assert module_of(rows).figures.longest_gap_s == 14 * DAY + 20 * 60


def test_an_hour_won_in_october_is_an_hour_of_the_gap() -> None:
    """October in Berlin has 745 hours, and a module without a backup a gap of as many."""
    report = make_report([make_row()], timezone="Europe/Berlin")
    assert report.totals.longest_gap_s == 745 * 3600


def test_failures_in_a_row_are_counted_back_from_the_newest() -> None:
    """Two failures after the last success are two in a row, whatever failed before it."""
    rows = [make_job(at(1), "Failed"), make_job(at(2)), *daily("Failed", days=range(3, 5))]
    assert module_of(rows).figures.consecutive_failures == 2


@pytest.mark.parametrize("status", ["Running", "Skipped", "Throttled"])
def test_what_is_neither_success_nor_failure_is_passed_over(status: str) -> None:
    """A running, skipped or unknown job does not break a row of failures."""
    rows = [make_job(at(1)), make_job(at(2), "Failed"), make_job(at(3), status)]
    assert module_of([*rows, make_job(at(4), "Failed")]).figures.consecutive_failures == 2


def test_a_warning_ends_a_row_of_failures() -> None:
    """After a job with exceptions the row begins anew."""
    rows = [make_job(at(1), "Failed"), make_job(at(2), "Exception"), make_job(at(3), "Failed")]
    assert module_of(rows).figures.consecutive_failures == 1


@pytest.mark.parametrize(("policy", "expected"), [("failed", 2), ("excluded", 1)])
def test_cancelled_jobs_are_failures_unless_excluded(policy: str, expected: int) -> None:
    """A cancelled job is part of the row, or is passed over where cancelled jobs are left out."""
    rows = [make_job(at(1)), make_job(at(2), "Failed"), make_job(at(3), "Canceled")]
    module = module_of(rows, Policy(cancelled=policy))  # type: ignore[arg-type]
    assert module.figures.consecutive_failures == expected


def test_failures_of_another_period_are_not_in_the_row() -> None:
    """A row of failures is counted within the period."""
    rows = [make_job(at(30, month=9), "Failed"), make_job(at(1), "Failed")]
    assert module_of(rows).figures.consecutive_failures == 1


def test_a_group_has_the_worst_of_its_modules() -> None:
    """A service shows its oldest success, longest gap and most failures, not their means."""
    rows = [*daily(), make_job(at(3), jobModule="OneDrive"), make_row(jobModule="Power BI")]
    rows += [make_job(at(day), "Failed", jobModule="OneDrive") for day in (4, 5)]
    totals = make_report(rows).totals
    assert totals.last_success_at == datetime(2026, 10, 3, 1, 20, tzinfo=UTC)
    assert totals.consecutive_failures == 2
    assert totals.longest_gap_s == 31 * DAY


def test_daily_backups_meet_the_gap_target_of_a_day() -> None:
    """A gap exactly as long as allowed is within the target."""
    rows = [make_job(at(30, month=9)), *daily()]
    assert module_of(rows).figures.gap_target_met is True


def test_a_missed_day_misses_the_gap_target() -> None:
    """Two days between backups are more than the 24 hours allowed."""
    rows = [make_job(at(30, month=9)), *daily(days=range(1, 10)), *daily(days=range(11, 32))]
    module = module_of(rows)
    assert (module.figures.gap_target_met, module.state) == (False, State.ATTENTION)


def test_zero_switches_the_gap_target_off() -> None:
    """Without a recovery-point target it is neither met nor missed."""
    module = module_of([make_job(at(5))], NO_GAP_TARGET)
    assert (module.figures.gap_target_met, module.state) == (None, State.HEALTHY)


def test_a_module_can_have_a_gap_target_of_its_own() -> None:
    """A weekly backup is fine where a week is allowed."""
    rows = [make_job(at(day)) for day in (1, 8, 15, 22, 29)]
    own = Target("Microsoft 365", "Exchange Online", max_gap=timedelta(days=7))
    assert module_of(rows, Policy(targets=(own,))).figures.gap_target_met is True


def test_a_group_meets_the_gap_target_where_every_module_does() -> None:
    """One module that never ran is enough for the customer to miss the target."""
    rows = [make_job(at(30, month=9)), *daily()]
    assert make_report(rows).totals.gap_target_met is True
    assert make_report([*rows, make_row(jobModule="Power BI")]).totals.gap_target_met is False


STATES = {
    State.NEVER_RUN: [make_row()],
    State.NO_DATA: [make_job(at(20, month=9))],
    State.CRITICAL: [make_job(at(5), "Failed")],
    State.ATTENTION: [*daily(), make_job(at(31, 5), "Failed")],
    State.HEALTHY: [make_job(at(30, month=9)), *daily()],
}


@pytest.mark.parametrize("state", STATES)
def test_the_state_of_a_module(state: State) -> None:
    """Never run, no data, critical, attention and healthy, each for its own reason."""
    assert module_of(STATES[state]).state is state


def test_three_failures_in_a_row_are_critical() -> None:
    """However good the month was, three failures at its end are."""
    rows = [*daily(), *(make_job(at(31, hour), "Failed") for hour in (3, 4, 5))]
    report = make_report(rows, policy=Policy(target_success_rate=0.5))
    assert report.state is State.CRITICAL
    assert ReasonKind.FAILURES_IN_A_ROW in [reason.kind for reason in report.reasons]


def test_one_failure_at_the_end_asks_for_attention() -> None:
    """A period that ends in a failure is not healthy, even within its targets."""
    rows = [make_job(at(30, month=9)), *daily(), make_job(at(31, 5), "Failed")]
    report = make_report(rows)
    assert report.state is State.ATTENTION
    assert [reason.kind for reason in report.reasons] == [ReasonKind.ENDS_IN_FAILURE]


def test_a_job_still_running_is_no_data() -> None:
    """A module whose jobs have not completed in the period is neither good nor bad."""
    module = module_of([make_job(at(5), "Running")])
    assert (module.state, module.figures.success_target_met) == (State.NO_DATA, None)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["critical", "attention", "never run"], "critical"),
        (["healthy", "attention", "never run"], "attention"),
        (["healthy", "no data", "never run"], "never run"),
        (["healthy", "no data"], "no data"),
        (["healthy"], "healthy"),
    ],
)
def test_a_customer_is_as_its_worst_module(states: list[str], expected: str) -> None:
    """The order is critical, attention, never run, no data, healthy."""
    rows = [
        row | {"jobModule": f"Module {state}"} for state in states for row in STATES[State(state)]
    ]
    assert make_report(rows).state == expected


def test_a_healthy_customer_has_no_reasons_and_another_has() -> None:
    """Whatever is not healthy says why."""
    for state, rows in STATES.items():
        assert bool(make_report(rows).reasons) == (state is not State.HEALTHY)
