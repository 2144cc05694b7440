"""Recovery points, gaps, failures in a row, targets, and the state they amount to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reporter.model import (
    LeaveOut,
    LeftOut,
    Listed,
    ModuleFigures,
    Policy,
    ReasonKind,
    Report,
    Silence,
    State,
    Target,
)
from tests.builders import NOW, make_job, make_report, make_report_of_looks, make_row

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


Looks = list[tuple[datetime, list[dict[str, object]]]]


def report_of_looks(looks: Looks, period: str = "2026-10") -> Report:
    """The report of what each look showed."""
    return make_report_of_looks(looks, period=period)


def module_of_looks(looks: Looks, period: str) -> ModuleFigures:
    """The only module of it."""
    (module,) = report_of_looks(looks, period).modules
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


def test_days_are_counted_in_the_reports_zone() -> None:
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


def test_a_warning_leaves_a_recovery_point_but_is_not_a_success() -> None:
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


def test_the_longest_gap_starts_with_the_first_job_where_nothing_is_known_before() -> None:
    """Nothing is said about a scope for the time before anything was known of it."""
    rows = [make_job(at(11, 0), "Failed"), make_job(at(14, 0), minutes=0)]
    rows += daily(days=range(14, 32))
    assert module_of(rows).figures.longest_gap_s == 3 * DAY


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


def test_a_failure_is_not_a_recovery_point() -> None:
    """Failed, cancelled and running jobs do not end a gap."""
    rows = [make_job(at(1), minutes=0)]
    rows += [make_job(at(day), status) for day, status in ((8, "Failed"), (9, "Running"))]
    rows += daily(days=range(15, 32))
    assert module_of(rows).figures.longest_gap_s == 14 * DAY + 20 * 60


def test_the_extra_hour_in_october_counts_in_the_gap() -> None:
    """October in Berlin has 745 hours, and a module that failed at its start a gap of as many."""
    rows = [make_job("2026-09-30T22:00:00Z", "Failed")]
    report = make_report(rows, timezone="Europe/Berlin")
    assert report.totals.longest_gap_s == 745 * 3600


def test_a_scope_that_never_ran_has_no_gap() -> None:
    """Nothing is known of it, and nothing is said."""
    figures = module_of([make_row()]).figures
    assert (figures.longest_gap_s, figures.longest_gap_at_most_s) == (None, None)


EVENINGS = [datetime(2026, 10, day, 19, tzinfo=UTC) for day in (1, 2, 3, 8, 9)]


def nights(*days: int, status: str = "Finished") -> list[dict[str, object]]:
    """A job at one o'clock of each of these days, as a service shows them that lists all."""
    return [make_job(at(day), status) for day in days]


def test_a_gap_nobody_watched_is_at_most_a_gap() -> None:
    """Between the 3rd and the 8th nobody looked at a service that lists the newest job alone."""
    seen = [[job] for job in nights(1, 2, 3, 8, 9)]
    module = module_of_looks(
        list(zip(EVENINGS, seen, strict=True)), period="2026-10-01..2026-10-09"
    )
    assert module.figures.longest_gap_s == DAY
    assert module.figures.longest_gap_at_most_s == 5 * DAY
    assert module.figures.gap_target_met is None


def test_a_watched_gap_is_certain() -> None:
    """Somebody looked each evening, and the service still showed the job of the 3rd."""
    looks = [datetime(2026, 10, day, 19, tzinfo=UTC) for day in range(1, 10)]
    jobs = [*nights(1, 2, 3), *nights(3, 3, 3, 3), *nights(8, 9)]
    seen = [[job] for job in jobs]
    module = module_of_looks(list(zip(looks, seen, strict=True)), period="2026-10-01..2026-10-09")
    assert module.figures.longest_gap_s == 5 * DAY
    assert module.figures.gap_target_met is False


def test_a_running_job_that_is_gone_hides_time_however_short() -> None:
    """At 8 it ran, at 12 another one is listed: what became of it nobody saw."""
    runs = make_job(at(5, 7), "Running", endTime="N/A", jobDuration="N/A")
    looks = [
        (datetime(2026, 10, 5, 4, tzinfo=UTC), [make_job(at(5, 1))]),
        (datetime(2026, 10, 5, 8, tzinfo=UTC), [runs]),
        (datetime(2026, 10, 5, 12, tzinfo=UTC), [make_job(at(5, 11), "Failed")]),
        (datetime(2026, 10, 6, 0, tzinfo=UTC), [make_job(at(5, 23), "Failed")]),
    ]
    figures = module_of_looks(looks, period="2026-10-05..2026-10-05").figures
    assert figures.longest_gap_s == 20 * 60  # from its first start on something is known of it
    assert figures.longest_gap_at_most_s == 24 * 3600 - 80 * 60


def test_what_is_queued_shows_nothing() -> None:
    """A placeholder of a queued run hides the last job; it is no look."""
    queued = make_row(status="Pending", lastModifyTime=at(6, 6))
    looks = [
        (datetime(2026, 10, 5, 4, tzinfo=UTC), [make_job(at(5, 1))]),
        *((datetime(2026, 10, 5, hour, tzinfo=UTC), [queued]) for hour in (8, 12, 16, 20)),
        (datetime(2026, 10, 6, 0, tzinfo=UTC), [make_job(at(5, 23))]),
    ]
    figures = module_of_looks(looks, period="2026-10-05..2026-10-05").figures
    assert (figures.longest_gap_s, figures.longest_gap_at_most_s) == (40 * 60, 22 * 3600)


@pytest.mark.parametrize("goes_on", [make_row(status="Pending"), None])
def test_a_job_that_ran_at_the_last_look_may_have_ended_since(
    goes_on: dict[str, object] | None,
) -> None:
    """At 8 it ran, at 12 the next is queued, or the scope is gone: no gap up to 12 is certain."""
    runs = make_job(at(6, 7), "Running", endTime="N/A", jobDuration="N/A")
    looks = [
        (datetime(2026, 10, 5, 3, tzinfo=UTC), [make_job(at(5, 1))]),
        *((datetime(2026, 10, 5, hour, tzinfo=UTC), [make_job(at(5, 1))]) for hour in (9, 15, 21)),
        (datetime(2026, 10, 6, 3, tzinfo=UTC), [make_job(at(5, 1))]),
        (datetime(2026, 10, 6, 8, tzinfo=UTC), [runs]),
        (datetime(2026, 10, 6, 12, tzinfo=UTC), [goes_on] if goes_on else []),
    ]
    (scope,) = module_of_looks(looks, period="2026-10-05..2026-10-06").scopes
    figures = scope.figures
    assert figures.longest_gap_s == 20 * 60
    assert figures.longest_gap_at_most_s == 35 * 3600 - 20 * 60
    assert figures.gap_target_met is None


def test_a_queue_at_every_look_hides_what_runs() -> None:
    """Asked at exactly the hour it is queued: nobody can say that nothing ran."""
    queued = make_row(status="Pending", lastModifyTime=at(5))
    looks = [datetime(2026, 10, day, 1, tzinfo=UTC) for day in range(4, 8)]
    report = report_of_looks([(look, [queued]) for look in looks], "2026-10-05..2026-10-06")
    assert report.coverage.missing_days == ()
    assert [day.silence for day in report.silent] == [Silence.NOT_OBSERVED] * 2
    looks[-1] += timedelta(hours=4)
    rows = [*([queued] for _ in looks[:-1]), [make_job(at(7))]]
    report = report_of_looks(list(zip(looks, rows, strict=True)), "2026-10-05..2026-10-06")
    assert [day.silence for day in report.silent] == [Silence.NOT_OBSERVED] * 2


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


def test_failures_of_another_period_do_not_count_in_the_row() -> None:
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
    assert totals.longest_gap_s == 28 * DAY + (22 * 60 + 40) * 60


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
    rows = [make_job(at(28, month=9)), *(make_job(at(day)) for day in (5, 12, 19, 26))]
    target = Target("Microsoft 365", "Exchange Online", max_gap=timedelta(days=7))
    assert module_of(rows, Policy(targets=(target,))).figures.gap_target_met is True


def test_a_group_meets_the_gap_target_when_every_scope_does() -> None:
    """One that misses it is enough to miss it, one that cannot be judged is enough not to meet it,
    and one that is switched off does not count.
    """
    rows = [make_job(at(30, month=9)), *daily()]
    late = make_job(at(30, month=9), jobModule="OneDrive")
    assert make_report(rows).totals.gap_target_met is True
    assert make_report([*rows, make_row(jobModule="Power BI")]).totals.gap_target_met is None
    assert make_report([*rows, late]).totals.gap_target_met is False
    off = make_row(jobModule="Power BI", status="Disabled", lastModifyTime=at(1, month=5))
    assert make_report([*rows, off]).totals.gap_target_met is True


def test_what_was_not_known_before_the_period_cannot_be_judged() -> None:
    """A first look in the middle of the month says nothing of what was before it."""
    module = module_of(daily(days=range(11, 32)))
    assert (module.figures.gap_target_met, module.state) == (None, State.HEALTHY)


@pytest.mark.parametrize(
    ("first_shown", "met"),
    [
        ([make_job(at(30, month=9), "Failed")], None),
        ([make_row(status="Pending")], None),
        ([make_row(status="Not started")], True),
        ([], True),
        ([make_job(at(30, month=9))], True),
    ],
)
def test_an_unknown_time_reaching_into_the_period_cannot_be_judged(
    first_shown: list[dict[str, object]], met: bool | None
) -> None:
    """The first look, an hour before the period, shows a failure, or hides the last job: for how
    long there had been no recovery point nobody knows.
    """
    first = datetime(2026, 9, 30, 23, tzinfo=UTC)
    looks = [first + timedelta(hours=6) * number for number in range(127)]
    jobs = [make_job(at(look.day)) if look.hour > 1 else None for look in looks]
    seen = [(look, [job]) for look, job in zip(looks, jobs, strict=True) if job is not None]
    module = module_of_looks([(first, first_shown), *seen[1:]], period="2026-10")
    assert (module.figures.longest_gap_at_most_s or 0) <= 26 * 3600
    assert module.figures.gap_target_met is met


STATES = {
    State.NEVER_RUN: [make_row()],
    State.NO_DATA: [make_job(at(31, 1), "Running", endTime="N/A", jobDuration="N/A")],
    State.IDLE: [make_row(status="Finished", lastModifyTime=at(31))],
    State.OFF: [make_row(status="Disabled", lastModifyTime=at(1, month=5))],
    State.CRITICAL: [make_job(at(5), "Failed")],
    State.ATTENTION: [*daily(), make_job(at(31, 5), "Failed")],
    State.HEALTHY: [make_job(at(30, month=9)), *daily()],
}


@pytest.mark.parametrize("state", STATES)
def test_the_state_of_a_module(state: State) -> None:
    """Each for its own reason."""
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


def test_a_job_still_running_gives_no_data() -> None:
    """A module whose jobs have not completed in the period is neither good nor bad."""
    module = module_of([make_job(at(31), "Running")])
    assert (module.state, module.figures.success_target_met) == (State.NO_DATA, None)


def test_a_job_that_runs_for_weeks_leaves_no_recovery_point() -> None:
    """Where nothing else ran, that is certain, and longer than the target allows."""
    assert module_of([make_job(at(8), "Running", endTime="N/A")]).state is State.CRITICAL


LISTED = [
    ("Finished", Listed.IDLE, State.IDLE),
    ("Skipped", Listed.IDLE, State.IDLE),
    ("Disabled", Listed.OFF, State.OFF),
    ("Not Finished", Listed.WAITING, State.NEVER_RUN),
    ("Pending", Listed.WAITING, State.NEVER_RUN),
    ("Throttled", Listed.WAITING, State.NEVER_RUN),
    ("N/A", Listed.WAITING, State.NEVER_RUN),
    ("Failed", Listed.REFUSED, State.CRITICAL),
    ("Canceled", Listed.REFUSED, State.CRITICAL),
    ("Partially finished", Listed.REFUSED, State.CRITICAL),
]


@pytest.mark.parametrize(("status", "listed", "state"), LISTED)
def test_a_placeholder_gives_the_state_of_its_scope(
    status: str, listed: Listed, state: State
) -> None:
    """Its status says so, not any job."""
    (scope,) = module_of([make_row(status=status)]).scopes
    assert (scope.listed, scope.state, scope.name) == (listed, state, None)


def test_a_scope_switched_off_within_the_period_asks_for_attention() -> None:
    """Long ago it is a fact; within the month somebody should be told."""
    rows = [make_row(status="Disabled", lastModifyTime=at(9))]
    (scope,) = module_of(rows).scopes
    assert (scope.state, scope.listed_since) == (
        State.ATTENTION,
        datetime(2026, 10, 9, 1, tzinfo=UTC),
    )


def test_a_scope_no_longer_listed_is_gone() -> None:
    """It was there on the 5th, and is not in the last look of the month."""
    looks = [
        (datetime(2026, 10, 5, 4, tzinfo=UTC), [make_job(at(5)), make_row(jobModule="Power BI")]),
        (datetime(2026, 10, 31, 23, tzinfo=UTC), [make_row(jobModule="Power BI")]),
        (datetime(2026, 11, 1, 8, tzinfo=UTC), [make_row(jobModule="Power BI")]),
    ]
    gone, present = (module.scopes[0] for module in report_of_looks(looks).modules)
    assert (gone.listed, gone.state) == (Listed.GONE, State.ATTENTION)
    assert gone.listed_since == datetime(2026, 10, 5, 4, tzinfo=UTC)
    assert present.listed is Listed.WAITING


def test_the_scopes_of_a_module_are_judged_separately() -> None:
    """One of two tenants fails each night; what the other backs up cures nothing of it."""
    rows = [row | {"name": "Tenant A"} for row in daily()]
    rows += [
        row | {"name": "Tenant B", "jobId": f"B{number}"}
        for number, row in enumerate(daily("Failed"))
    ]
    report = make_report(rows)
    (module,) = report.modules
    assert [(scope.name, scope.state) for scope in module.scopes] == [
        ("Tenant B", State.CRITICAL),
        ("Tenant A", State.HEALTHY),
    ]
    assert module.state is State.CRITICAL
    assert module.figures.success_rate == 0.5
    assert all(exception.open for exception in report.exceptions)


def test_a_nameless_placeholder_beside_named_scopes_is_not_a_scope() -> None:
    """A module is configured: its one row without a name gives way to scopes by name."""
    rows = [make_row(), *(row | {"name": "Tenant A"} for row in daily())]
    (module,) = make_report(rows).modules
    assert [scope.name for scope in module.scopes] == ["Tenant A"]


def test_a_finished_job_that_lost_most_objects_misses_the_object_target() -> None:
    """A green rate hides it: 31 jobs finished, and each lost 21 of 22 mailboxes."""
    counts = {"totalCount": "22", "successfulCount": "1", "failedCount": "21"}
    rows = [row | counts for row in [make_job(at(30, month=9)), *daily()]]
    report = make_report(rows)
    assert (report.state, report.totals.object_target_met) == (State.ATTENTION, False)
    assert [reason.kind for reason in report.reasons] == [ReasonKind.OBJECT_TARGET_MISSED]


def test_what_is_left_out_enters_no_figure_and_stays_in_sight() -> None:
    """The provider says why; the report repeats it, with the number of jobs concerned."""
    rows = [*daily(), *(make_job(at(day), "Failed", jobModule="OneDrive") for day in (1, 2))]
    rule = LeaveOut("Microsoft 365", "OneDrive", None, "A test tenant")
    report = make_report(rows, policy=Policy(left_out=(rule,)))
    assert [module.module for module in report.modules] == ["Exchange Online"]
    assert report.totals.failed == 0
    assert report.left_out == (LeftOut("Microsoft 365", "OneDrive", None, "A test tenant", 2),)
    assert report.jobs["left_out"].sum() == 2


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["critical", "attention", "never run"], "critical"),
        (["healthy", "attention", "never run"], "attention"),
        (["healthy", "no data", "never run", "off"], "healthy"),
        (["never run", "no data", "idle"], "never run"),
        (["no data", "idle", "off"], "no data"),
        (["idle", "off"], "idle"),
        (["off"], "off"),
    ],
)
def test_a_customer_has_the_state_of_its_worst_module(states: list[str], expected: str) -> None:
    """The order is critical, attention, healthy, never run, no data, idle, off."""
    rows = [
        row | {"jobModule": f"Module {state}"} for state in states for row in STATES[State(state)]
    ]
    assert make_report(rows).state == expected


def test_only_a_healthy_customer_has_no_reasons() -> None:
    """Whatever is not healthy says why."""
    for state, rows in STATES.items():
        assert bool(make_report(rows).reasons) == (state is not State.HEALTHY)
