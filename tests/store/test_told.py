"""The history in a customer's own tenant fills unseen time: docs/figures.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from reporter.config.settings import Settings
from reporter.errors import ReporterError
from reporter.model import (
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
    Watched,
)
from reporter.period import parse_period
from reporter.render.html import report_html
from reporter.run.fetching import missed_of
from reporter.run.reporting import report_of
from reporter.store import Store, tables
from reporter.store.asked import settled_to
from reporter.store.upkeep import prune, rebuild_jobs
from tests.builders import CUSTOMER, NOW, make_job, make_listed_by_time, make_row, make_tenant_job
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
    store.record(replace(snapshot_of([partner_row(STARTS[13])], LOOKS[-1]), answers=(all_told(),)))
    made = report(store)
    assert made.totals.running == 0
    assert made.totals.success == 12
    assert QualityKind.END_NOT_SEEN not in [note.kind for note in made.quality]
    assert made.totals.longest_gap_s == made.totals.longest_gap_at_most_s


@pytest.mark.parametrize(
    "rows",
    [
        [told_row(at) for at in STARTS if at != STARTS[6]],
        [told_row(at) | {"id": f"OTHER{at:%d%H}"} for at in STARTS],
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
    for customer, module in ((CUSTOMER, "OneDrive"), (google, "Gmail")):
        row = partner_row(STARTS[2], jobModule=module, jobId=f"FB-{module}")
        snapshot = replace(snapshot_of([row], LOOKS[-1]), customer=customer)
        store.record(replace(snapshot, answers=(all_told(),)))
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
