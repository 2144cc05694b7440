"""The history in a customer's own tenant fills unseen time: docs/figures.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from reporter.analysis.restatement import figures_in
from reporter.config.settings import Settings
from reporter.errors import ReporterError
from reporter.model import (
    TENANT_KINDS,
    Absence,
    Answer,
    Assignment,
    Kind,
    Lack,
    Look,
    Outcome,
    Policy,
    QualityKind,
    Report,
    Silence,
    Watched,
)
from reporter.period import parse_period
from reporter.render.html import report_html
from reporter.render.json_ import report_dict
from reporter.run.fetching import missed_of
from reporter.run.reporting import report_of
from reporter.store import Store, tables
from reporter.store.asked import settled_to
from reporter.store.upkeep import prunable, prune, rebuild_jobs
from tests.builders import (
    CUSTOMER,
    NOW,
    make_job,
    make_listed_by_time,
    make_row,
    make_setting,
    make_tenant_job,
)
from tests.store.test_store import snapshot_of

DAYS = parse_period("2026-10-05..2026-10-07", "UTC", NOW)
BEGIN = datetime(2026, 10, 5, tzinfo=UTC)
EVERY = timedelta(hours=6)
STARTS = [BEGIN - EVERY + number * EVERY for number in range(14)]
"""The starts of the jobs of a module that runs four times a day."""
LOOKS = [BEGIN + timedelta(days=number, hours=8) for number in range(-1, 4)]
"""Once a day: of each four jobs three are superseded unseen."""
EXCHANGE = (1, 1)


def partner_row(started: datetime, **fields: Any) -> dict[str, Any]:
    return make_job(f"{started:%FT%TZ}", **fields)


def told_row(started: datetime, **fields: Any) -> dict[str, Any]:
    """The same job as the tenant lists it."""
    end = started + timedelta(minutes=20)
    return make_tenant_job(
        id=f"FB{started:%Y%m%d%H%M%S}",
        startTime=f"{started:%FT%T}.1234567Z",
        finishTime=f"{end:%FT%TZ}",
        backupDetails={"totalNumber": 100, "failedNumber": 0, "successfulNumber": 100},
        **fields,
    )


def queued() -> dict[str, Any]:
    """What the list shows while a run is queued: no job."""
    return make_row(status="Pending")


def other_ids(starts: Iterable[datetime]) -> list[dict[str, Any]]:
    return [told_row(at) | {"id": f"OTHER{at:%d%H}"} for at in starts]


def history(
    rows: Sequence[object], at: datetime = LOOKS[-1], since: datetime | None = None
) -> Answer:
    return make_listed_by_time("history", {EXCHANGE: rows}, at=at, since=since)


def record(
    store: Store,
    answers: Iterable[tuple[datetime, Answer]] = (),
    shown: Iterable[tuple[datetime, Sequence[object]]] = (),
) -> None:
    """The looks, each of which shows the newest job by then, or other rows if given; with the
    answers beside them.
    """
    beside, rows_shown = dict(answers), dict(shown)
    for look in LOOKS:
        newest = max((at for at in STARTS if at <= look), default=None)
        rows = rows_shown.get(look, [partner_row(newest)] if newest else [make_row()])
        snapshot = snapshot_of(rows, look)
        if look in beside:
            snapshot = replace(snapshot, answers=(beside[look],))
        store.record(snapshot)


def report(store: Store, **policy: Any) -> Report:
    assignment = Assignment(CUSTOMER, DAYS, Policy(**policy), Look(), None)
    return report_of(store, assignment)


def all_told() -> Answer:
    return history([told_row(at) for at in STARTS])


def test_without_a_history_much_is_unseen(store: Store) -> None:
    """What the tests below are compared with."""
    record(store)
    totals = report(store).totals
    assert totals.jobs == 3
    assert totals.longest_gap_at_most_s == 24 * 3600
    assert totals.longest_gap_s == 20 * 60  # of the first job
    assert report(store).tenant_history is None


def test_jobs_between_two_looks_are_known_now(store: Store) -> None:
    """Each counts like one seen; nothing is unseen any more, and the source of each is named."""
    record(store, [(LOOKS[-1], all_told())])
    made = report(store)
    assert made.totals.jobs == made.totals.success == 12
    assert made.totals.longest_gap_s == made.totals.longest_gap_at_most_s == 6 * 3600
    assert made.tenant_history is not None
    assert made.tenant_history.jobs == 9
    from_tenant = made.jobs.set_index("job_id")["from_tenant"]
    assert from_tenant.sum() == 9
    assert report(store, max_gap=timedelta(hours=8)).totals.gap_target_met is True


def test_rare_looks_are_not_sparse_where_all_is_told(store: Store) -> None:
    """Print does not say both that all is known and that jobs may be missing."""
    record(store, [(LOOKS[-1], all_told())])
    made = report(store)
    assert made.tenant_history is not None
    assert made.tenant_history.unseen_scopes == 0
    assert made.coverage.watched_share < 0.9
    assert not Watched.of(made).sparse
    page = report_html(made, Look(sections=("summary", "method")), logo_url=None)
    assert "SPARSE" not in page
    assert "none is known to be missing" in page
    assert "may not have been seen. Rates" not in page
    assert "History: the jobs of Microsoft 365 that began" in page


def test_rare_looks_are_sparse_where_a_part_is_not_told(store: Store) -> None:
    record(store, [(LOOKS[-1], history([told_row(at) for at in STARTS[-6:]], since=STARTS[-6]))])
    made = report(store)
    assert made.tenant_history is not None
    assert made.tenant_history.unseen_scopes == 1
    assert Watched.of(made).sparse
    assert "SPARSE" in report_html(made, Look(), logo_url=None)


@pytest.mark.parametrize("kind", ["history", "restores"])
@pytest.mark.parametrize(
    ("state", "days", "expected"),
    [("In progress", 5, 5), ("In progress", 30, 14), ("Finished", 5, 0)],
)
def test_what_still_ran_is_not_settled(
    store: Store, kind: Kind, state: str, days: int, expected: int
) -> None:
    """It is asked for from its start on, for two weeks."""
    began = LOOKS[-1] - timedelta(days=days)
    row = told_row(began) | {"state": state, "startTime": f"{began:%FT%TZ}"}
    pair = EXCHANGE if kind == "history" else (2, 1)
    answer = make_listed_by_time(
        kind, {pair: [row, told_row(began) | {"id": "ended"}]}, at=LOOKS[-1]
    )
    record(store, [(LOOKS[-1], answer)])
    assert settled_to(store, CUSTOMER.id) == {kind: LOOKS[-1] - timedelta(days=expected)}
    assert settled_to(store, "another") == {}


def test_a_module_that_is_told_of_is_not_said_to_be_missed(store: Store) -> None:
    """While the tenant goes on telling."""
    settings, now = Settings(), LOOKS[-1]
    rows = [told_row(at) for at in STARTS if at < LOOKS[3]]
    record(store, [(LOOKS[3], history(rows, at=LOOKS[3]))])
    assert list(missed_of(settings, store, [CUSTOMER], now)) == []
    later = now + timedelta(days=2)
    store.record(snapshot_of([partner_row(STARTS[-1])], later))
    ((_, losses),) = missed_of(settings, store, [CUSTOMER], later)
    assert "Exchange Online" in losses.words


def test_a_job_in_both_counts_once_by_the_row_of_the_partners_list(store: Store) -> None:
    """In whichever order the two come, and whatever the tenant says of it."""
    early = history([told_row(at, state="Failed") for at in STARTS[:6]], at=LOOKS[1])
    record(store, [(LOOKS[1], early), (LOOKS[-1], all_told())])
    made = report(store)
    assert made.totals.jobs == 12
    shown = made.jobs[~made.jobs["from_tenant"]]
    assert len(shown) == 3
    assert set(shown["outcome"]) == {Outcome.SUCCESS.value}
    assert not [note for note in made.quality if note.kind is QualityKind.START_MOVED]


def test_a_job_seen_running_ends_as_the_history_says(store: Store) -> None:
    """Its end was superseded between two looks."""
    running = partner_row(
        STARTS[2], status="Running", endTime="N/A", jobDuration="N/A", lastModifyTime="N/A"
    )
    shown = [(LOOKS[1], [running])]
    record(store, shown=shown)
    (note,) = (note for note in report(store).quality if note.kind is QualityKind.END_NOT_SEEN)
    assert note.count == 1
    at = LOOKS[-1] - timedelta(hours=2)
    told = history([told_row(start) for start in STARTS], at=at)
    store.record(replace(snapshot_of([partner_row(STARTS[13])], at), answers=(told,)))
    made = report(store)
    assert made.totals.running == 0
    assert made.totals.success == 12
    assert QualityKind.END_NOT_SEEN not in [note.kind for note in made.quality]
    assert made.totals.longest_gap_s == made.totals.longest_gap_at_most_s


@pytest.mark.parametrize(
    "rows",
    [
        [told_row(at) for at in STARTS if at != STARTS[6]],
        other_ids(STARTS),
        [told_row(at) | ({"startTime": None} if at == STARTS[2] else {}) for at in STARTS],
    ],
    ids=["a job that was seen is missing", "other ids", "a job without a start"],
)
def test_a_history_that_cannot_be_complete_fills_nothing(store: Store, rows: list[object]) -> None:
    assert STARTS[6] <= LOOKS[2] < STARTS[7]  # that look shows it
    record(store, [(LOOKS[-1], history(rows))])
    made = report(store)
    assert made.totals.jobs == 3
    assert made.totals.longest_gap_at_most_s == 24 * 3600
    assert made.tenant_history is not None
    assert made.tenant_history.jobs == 0


def notes_of(made: Report) -> list[tuple[str, str, tuple[str, ...], int]]:
    return [(note.kind.value, note.field, note.values, note.count) for note in made.quality]


def test_a_job_without_an_id_is_named_once_however_often_it_is_listed(store: Store) -> None:
    """With the field that is wrong; one of another period is not."""
    first = [told_row(at) | ({"id": None} if at == STARTS[1] else {}) for at in STARTS[:3]]
    rows = [told_row(at) | ({"id": None} if at in STARTS[:2] else {}) for at in STARTS]
    record(store, [(LOOKS[1], history(first, at=LOOKS[1])), (LOOKS[-1], history(rows))])
    assert notes_of(report(store)) == [("unreadable", "id", ("N/A",), 1)]


def test_a_history_that_does_not_match_is_named_once_for_each_module(store: Store) -> None:
    answers = [
        (look, make_listed_by_time("history", {EXCHANGE: other_ids(STARTS[:6])}, at=look))
        for look in LOOKS[1:3]
    ]
    record(store, answers)
    assert notes_of(report(store)) == [
        ("contradiction", "id", ("history does not match the list of jobs",), 1)
    ]


def test_a_first_history_counts_once_it_lists_a_known_job(store: Store) -> None:
    """The list shows none of its time, so that nothing contradicts its ids yet; an hour later it
    shows the job that would count twice.
    """
    look = LOOKS[1]
    answer = history(other_ids(at for at in STARTS if at <= look), at=look)
    store.record(replace(snapshot_of([queued()], look), answers=(answer,)))
    assert rows_of(store, tables.jobs) == rows_of(store, tables.told_times) == []
    store.record(snapshot_of([partner_row(STARTS[2])], look + timedelta(hours=1)))
    assert report(store).totals.jobs == 1


def test_told_time_is_taken_back_where_a_look_shows_a_job_that_it_lacks(store: Store) -> None:
    """With the jobs that only that history lists; what was told of earlier time stays."""
    first = history([told_row(at) for at in STARTS if at <= LOOKS[1]], at=LOOKS[1])
    store.record(replace(snapshot_of([partner_row(STARTS[2])], LOOKS[1]), answers=(first,)))
    same = [told_row(at) for at in STARTS if at <= LOOKS[1]]
    others = other_ids(at for at in STARTS if LOOKS[1] < at <= LOOKS[2])
    since = LOOKS[1] - timedelta(days=2)
    second = history([*same, *others], at=LOOKS[2], since=since)
    store.record(replace(snapshot_of([queued()], LOOKS[2]), answers=(second,)))
    assert report(store).totals.jobs == 2 + len(others)
    store.record(snapshot_of([partner_row(STARTS[6])], LOOKS[2] + timedelta(hours=1)))
    made = report(store)
    assert sorted(made.jobs["job_id"]) == [f"FB{STARTS[n]:%Y%m%d%H%M%S}" for n in (1, 2, 6)]
    assert made.totals.longest_gap_s == 6 * 3600
    assert made.totals.longest_gap_at_most_s == 24 * 3600
    jobs, told = rows_of(store, tables.jobs), rows_of(store, tables.told_times)
    rebuild_jobs(store, CUSTOMER)
    assert len(rows_of(store, tables.jobs)) == len(jobs)
    assert len(rows_of(store, tables.told_times)) == len(told)


def test_a_history_that_failed_half_way_fills_nothing(store: Store) -> None:
    """What came of it is kept, and nothing rests on it."""
    came = all_told().replies[:6]
    failed = Answer("history", LOOKS[-1], absence=Absence(Lack.FAILED, "503: x"), unusable=came)
    record(store, [(LOOKS[-1], failed)])
    made = report(store)
    assert made.totals.jobs == 3
    assert made.totals.longest_gap_at_most_s == 24 * 3600
    assert made.tenant_history is not None
    assert made.tenant_history.absence == Absence(Lack.FAILED, "503: x")


def test_a_module_that_is_told_of_under_two_ids_is_refused(store: Store) -> None:
    """No snapshot lists it under either: each job would count twice all the same."""
    google = replace(CUSTOMER, id="google")
    both = replace(CUSTOMER, joined=(google.id,))
    exchange = [told_row(at) for at in STARTS]
    for customer, module, pair in (
        (CUSTOMER, "OneDrive", (1, 3)),
        (google, "SharePoint Online", (1, 2)),
    ):
        row = partner_row(STARTS[2], jobModule=module)
        told = {EXCHANGE: exchange, pair: [told_row(STARTS[2])]}
        answer = make_listed_by_time("history", told, at=LOOKS[-1])
        snapshot = replace(snapshot_of([row], LOOKS[-1]), customer=customer)
        store.record(replace(snapshot, answers=(answer,)))
    with pytest.raises(ReporterError, match="list the module Exchange Online of Microsoft 365"):
        report_of(store, Assignment(both, DAYS, Policy(), Look(), None))


def test_time_outside_of_a_history_stays_unseen(store: Store) -> None:
    """The tenant was asked for the last day alone."""
    since = BEGIN + timedelta(days=2)
    rows = [told_row(at) for at in STARTS if at >= since]
    record(store, [(LOOKS[-1], history(rows, since=since))])
    totals = report(store).totals
    assert totals.jobs == 2 + 4
    assert totals.longest_gap_at_most_s is not None
    assert totals.longest_gap_at_most_s > 12 * 3600
    assert totals.longest_gap_s == 6 * 3600


def test_other_modules_are_as_they_were(store: Store) -> None:
    """A history of Exchange Online says nothing of another module; its own list is empty."""
    other = {"jobModule": "Azure Virtual Machine", "jobType": "IaaS + PaaS", "name": "Production"}
    shown = [(look, [partner_row(look - timedelta(hours=2), **other)]) for look in LOOKS]
    record(store, [(LOOKS[-1], history([]))], shown)
    made = report(store)
    assert made.totals.jobs == 3
    assert [module.module for module in made.modules] == ["Azure Virtual Machine"]
    assert made.totals.longest_gap_at_most_s == 24 * 3600
    assert made.totals.longest_gap_s == 0


def test_a_module_that_only_the_tenant_lists_is_in_the_report(store: Store) -> None:
    """Its jobs are dated in the period."""
    answer = make_listed_by_time(
        "history",
        {EXCHANGE: [told_row(at) for at in STARTS], (1, 3): [told_row(STARTS[4])]},
        at=LOOKS[-1],
    )
    record(store, [(LOOKS[-1], answer)])
    (exchange, onedrive) = report(store).modules
    assert (exchange.module, exchange.figures.jobs) == ("Exchange Online", 12)
    assert (onedrive.module, onedrive.figures.jobs) == ("OneDrive", 1)


def test_of_a_module_that_only_the_tenant_lists_time_is_unseen_once_it_stops(
    store: Store,
) -> None:
    """No look lists Exchange Online, and the tenant tells of the first morning alone."""
    onedrive = {"jobModule": "OneDrive"}
    shown = [(look, [partner_row(look - timedelta(hours=2), **onedrive)]) for look in LOOKS]
    begun = [told_row(at) for at in STARTS if at <= LOOKS[1]]
    same = [told_row(look - timedelta(hours=2)) for look in LOOKS[:2]]
    answer = make_listed_by_time("history", {EXCHANGE: begun, (1, 3): same}, at=LOOKS[1])
    record(store, [(LOOKS[1], answer)], shown)
    made = report(store, max_gap=timedelta(hours=8))
    exchange = next(each for each in made.modules if each.module == "Exchange Online")
    assert exchange.figures.jobs == 2
    assert exchange.figures.longest_gap_s == 6 * 3600
    assert exchange.figures.longest_gap_at_most_s == 66 * 3600 - 20 * 60
    assert exchange.figures.gap_target_met is None
    silent = {day.date.day: day.silence for day in made.silent if day.module == exchange.module}
    assert silent == {6: Silence.NOT_OBSERVED, 7: Silence.NOT_OBSERVED}


def rows_of(store: Store, table: sa.Table) -> list[Any]:
    with store.reading() as connection:
        return sorted(map(str, connection.execute(sa.select(table))))


def test_all_of_it_is_derived_again_from_the_replies(store: Store) -> None:
    early = history([told_row(at) for at in STARTS[:6]], at=LOOKS[1])
    record(store, [(LOOKS[1], early), (LOOKS[-1], all_told())])
    jobs, told = rows_of(store, tables.jobs), rows_of(store, tables.told_times)
    assert told
    assert rebuild_jobs(store, CUSTOMER) == len(jobs)
    assert sorted(report(store).jobs["job_id"]) == [
        f"FB{at:%Y%m%d%H%M%S}" for at in STARTS if DAYS.start <= at < DAYS.end
    ]
    assert len(rows_of(store, tables.told_times)) == len(told)


def test_what_is_pruned_takes_its_jobs_and_its_time(store: Store) -> None:
    record(store, [(LOOKS[1], history([told_row(at) for at in STARTS[:6]], at=LOOKS[1]))])
    assert rows_of(store, tables.told_times)
    prune(store, LOOKS[2])
    assert rows_of(store, tables.told_times) == []
    kept = rows_of(store, tables.jobs)
    assert len(kept) == 3


def test_a_kept_history_still_gives_what_a_pruned_answer_gave_first(store: Store) -> None:
    """An unchanged job keeps the answer that first listed it; a later one lists it as well, and
    its time counts as told.
    """
    early = history([told_row(at) for at in STARTS[:6]], at=LOOKS[1])
    record(store, [(LOOKS[1], early), (LOOKS[-1], all_told())])
    before, kept = report(store).totals, len(rows_of(store, tables.jobs))
    assert prunable(store, LOOKS[2]).jobs == 0
    assert prune(store, LOOKS[2]).jobs == 0
    assert len(rows_of(store, tables.jobs)) == kept
    made = report(store).totals
    assert (made.jobs, made.longest_gap_s, made.longest_gap_at_most_s) == (12, 21_600, 21_600)
    assert (made.jobs, made.longest_gap_s) == (before.jobs, before.longest_gap_s)
    jobs, told = rows_of(store, tables.jobs), rows_of(store, tables.told_times)
    rebuild_jobs(store, CUSTOMER)
    assert len(rows_of(store, tables.jobs)) == len(jobs)
    assert len(rows_of(store, tables.told_times)) == len(told)


FINAL = LOOKS[-1]
LATE = FINAL + timedelta(days=40)


def look_late(store: Store, *answers: Answer) -> None:
    """A look long after the period is final, with what the tenant answered beside it."""
    store.record(replace(snapshot_of([partner_row(STARTS[13])], LATE), answers=answers))


def figures(store: Store) -> dict[str, Any]:
    return figures_in(report_dict(report(store)))


def test_a_tenant_that_is_added_later_changes_no_closed_period(store: Store) -> None:
    """Neither its jobs, nor the trend, nor restores and settings, nor that it cannot be asked."""
    record(store)
    before = figures(store)
    failed = (Answer(kind, LATE, absence=Absence(Lack.FAILED, "503: x")) for kind in TENANT_KINDS)
    look_late(store, *failed)
    assert figures(store) == before
    told = history([told_row(at) for at in STARTS], at=LATE, since=LATE - timedelta(days=62))
    restores = make_listed_by_time("restores", {(2, 1): [make_tenant_job()]}, at=LATE)
    frequency = make_setting("frequency", [{"serviceType": 0, "frequency": 4}], at=LATE)
    retention = make_setting("retention", {"retentionPeriod": "1 years"}, at=LATE)
    look_late(store, told, restores, frequency, retention)
    made = report(store)
    assert figures_in(report_dict(made)) == before
    assert (made.restores, made.settings, made.tenant_history) == (None, None, None)
    assert not [source for source in made.sources if source.fetched_at == LATE]


def test_the_period_that_runs_then_counts_what_the_tenant_tells(store: Store) -> None:
    """Also of the month before, which no look had made final, and with it the last recovery point
    before the period.
    """
    record(store)
    told = history([told_row(at) for at in STARTS], at=LATE, since=LATE - timedelta(days=62))
    look_late(store, told)
    november = parse_period("2026-11", "UTC", NOW)
    made = report_of(store, Assignment(CUSTOMER, november, Policy(), Look(), None))
    assert made.tenant_history is not None
    assert made.gaps[0].start == STARTS[-1] + timedelta(minutes=20)
    *_, october, _ = made.history
    assert october.jobs == len(STARTS)


def test_an_answer_after_the_final_look_is_too_late(store: Store) -> None:
    """The tenant failed at that look, and answered four hours later."""
    failed = Answer("restores", FINAL, absence=Absence(Lack.FAILED, "503: x"))
    since = FINAL - timedelta(days=2)
    early = make_listed_by_time("restores", at=LOOKS[1])
    record(store, [(LOOKS[1], early), (FINAL, failed)])
    before = figures(store)
    assert report(store).restores is not None
    at = FINAL + timedelta(hours=4)
    late = make_listed_by_time("restores", {(2, 1): [make_tenant_job()]}, at=at, since=since)
    store.record(replace(snapshot_of([partner_row(STARTS[13])], at), answers=(late,)))
    assert figures(store) == before


@pytest.mark.parametrize("kind", ["frequency", "retention"])
def test_settings_learnt_after_the_final_look_are_not_of_the_period(
    store: Store, kind: Kind
) -> None:
    """A frequency that is learnt later is no target of months that were closed before."""
    record(store)
    data = [{"serviceType": 0, "frequency": 4}] if kind == "frequency" else {}
    look_late(store, make_setting(kind, data, at=LATE))
    assert report(store).settings is None
    assert not report(store).policy.targets


def test_between_looks_further_apart_than_its_jobs_a_job_may_run_unseen(store: Store) -> None:
    """Set to run four times a day: of looks 6 h 50 apart one finds two new jobs, and shows one."""
    every = timedelta(hours=6, minutes=50)
    looks = [BEGIN - timedelta(hours=4) + number * every for number in range(13)]
    for look in looks:
        newest = max((at for at in STARTS if at <= look), default=STARTS[0])
        frequency = make_setting("frequency", [{"serviceType": 0, "frequency": 4}], at=look)
        answers = (frequency,) if look == looks[1] else ()
        store.record(replace(snapshot_of([partner_row(newest)], look), answers=answers))
    totals = report(store).totals
    assert totals.jobs == 11
    assert totals.longest_gap_s == 6 * 3600
    assert totals.longest_gap_at_most_s == 12 * 3600
    assert totals.gap_target_met is None
