"""Details of jobs over real HTTP: of those that failed, at once, and never at the jobs' expense."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from reporter.jobs.rows import LONGEST_ID
from reporter.model import (
    NOTHING_ASKED,
    Absence,
    Answer,
    Assignment,
    DetailsAsked,
    Lack,
    Look,
    Outcome,
    Policy,
)
from reporter.period import parse_period
from reporter.run.fetching import fetch_snapshots
from reporter.run.reporting import report_of
from reporter.sources.avepoint.emulator import Emulator, Profile
from reporter.sources.avepoint.emulator.cast import Plan, SubscriptionTerms, Temper, profile
from reporter.sources.avepoint.reading.details import details_of
from reporter.sources.avepoint.reading.replies import rows_of
from reporter.store import Store
from tests.conftest import CLOCK, StartEmulator
from tests.sources.avepoint.test_fetch import source_of

M365 = "Microsoft 365"
TERMS = SubscriptionTerms()


def customer(terms: SubscriptionTerms = TERMS) -> Profile:
    """One module fails, one does not; a service without details fails as well."""
    made = profile(
        "Contoso Ltd",
        "Germany",
        Plan(M365, "Exchange Online", 4, 4.0, Temper.BROKEN),
        Plan(M365, "OneDrive", 4, 4.0, Temper.CALM),
        Plan("Google Workspace", "Gmail", 4, 4.0, Temper.BROKEN),
    )
    return replace(made, terms=terms)


def details_from(
    emulator: Emulator, asked: DetailsAsked = NOTHING_ASKED, version: str = "auto"
) -> tuple[list[str], list[Answer]]:
    """The ids of jobs of Exchange Online that the snapshot shows, and the answers about details."""
    source, (listed,), _ = source_of(emulator, version)
    snapshot = source.snapshot(listed, None, (), asked)
    rows = [row for reply in snapshot.replies for row in rows_of(reply)]
    job_ids = [row["job_id"] for row in rows if row["module"] == "Exchange Online"]
    return job_ids, list(snapshot.answers)


def test_the_details_of_failed_jobs_are_asked_for(start_emulator: StartEmulator) -> None:
    """One request for each such job of Microsoft 365, and none for any other."""
    emulator = start_emulator(customers=[customer()])
    job_ids, answers = details_from(emulator)
    assert [answer.job_id for answer in answers] == job_ids
    (answer,) = answers
    assert (answer.kind, answer.absence, len(answer.replies)) == ("details", None, 1)
    requests = [request for request in emulator.requests if "report-details" in request]
    assert sum(emulator.requests[request] for request in requests) == 1
    outcomes = {each.outcome for each in details_of(answer.replies).objects}
    assert outcomes <= {Outcome.FAILED}


def test_what_is_settled_is_not_asked_for(start_emulator: StartEmulator) -> None:
    """What failed before is, also where the job is no longer listed."""
    emulator = start_emulator(customers=[customer()])
    job_ids, _ = details_from(emulator)
    _, answers = details_from(emulator, DetailsAsked(frozenset(job_ids), ("IB20261001",)))
    assert [(answer.job_id, answer.absence) for answer in answers] == [
        ("IB20261001", Absence(Lack.NOT_THERE))
    ]


def test_where_objects_keep_failing_a_good_job_is_asked_about(
    start_emulator: StartEmulator,
) -> None:
    """Its details tell which of them recovered."""
    failing = frozenset({(M365, "OneDrive")})
    job_ids, answers = details_from(
        start_emulator(customers=[customer()]), DetailsAsked(failing=failing)
    )
    assert len(answers) == 2
    (good,) = (answer for answer in answers if answer.job_id not in job_ids)
    assert {each.outcome for each in details_of(good.replies).objects} == {Outcome.SUCCESS}


def test_generation_1_has_no_details(start_emulator: StartEmulator) -> None:
    """Nothing is asked for."""
    assert details_from(start_emulator(customers=[customer()]), version="v1")[1] == []


@pytest.mark.parametrize(
    ("terms", "absence"),
    [
        (
            SubscriptionTerms(refused=frozenset({"details"})),
            Absence(Lack.NOT_PERMITTED, "elements.jobs.read.all"),
        ),
        (SubscriptionTerms(unknown=frozenset({"details"})), Absence(Lack.NOT_THERE)),
    ],
)
def test_refused_or_unknown_they_cost_nothing_else(
    start_emulator: StartEmulator, terms: SubscriptionTerms, absence: Absence
) -> None:
    """The jobs are read, and why their details are not there is kept."""
    job_ids, (answer,) = details_from(start_emulator(customers=[customer(terms)]))
    assert (answer.job_id, answer.absence) == (job_ids[0], absence)


def test_fifty_thousand_objects(start_emulator: StartEmulator) -> None:
    """Page by page, by a token that holds every odd character."""
    _, (answer,) = details_from(start_emulator("many-objects", customers=[customer()]))
    assert len(answer.replies) == 50
    details = details_of(answer.replies)
    assert (len(details.objects), details.whole) == (50_000, True)
    tokens = [parse_qs(urlsplit(reply.url).query).get("skipToken") for reply in answer.replies]
    assert tokens[:2] == [None, ["1000|%!+=&#?/ é\"'\\"]]
    assert all(len(reply.url) < 4 * LONGEST_ID for reply in answer.replies)


def test_a_list_without_end_is_cut(
    start_emulator: StartEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read is kept, and known to be not all."""
    monkeypatch.setattr("reporter.sources.avepoint.reading.details.MOST_PAGES", 3)
    _, (answer,) = details_from(start_emulator("many-objects", customers=[customer()]))
    details = details_of(answer.replies)
    assert (len(details.objects), details.whole) == (3_000, False)


def test_pages_that_repeat_are_given_up(start_emulator: StartEmulator) -> None:
    """What came is kept as what nobody could use."""
    emulator = start_emulator("many-objects", "loop-token", customers=[customer()])
    _, (answer,) = details_from(emulator)
    assert answer.absence is not None
    assert (answer.absence.kind, "in a loop" in answer.absence.said) == (Lack.FAILED, True)
    assert answer.unusable


@pytest.mark.parametrize("fault", ["long-comment", "text-count"])
def test_odd_details_reach_the_report(start_emulator: StartEmulator, fault: str) -> None:
    """Comments of 10 kB in any script with markup, and a count that is text."""
    emulator = start_emulator(fault, customers=[customer()])
    source, customers, _ = source_of(emulator)
    with closing(Store.open("sqlite://")) as store:
        for outcome in fetch_snapshots(source, customers, store, lambda: CLOCK):
            assert outcome.error is None
        period = parse_period(f"{CLOCK:%Y-%m}", "UTC", CLOCK)
        report = report_of(store, Assignment(customers[0], period, Policy(), Look(), None))
    assert report.objects.read == report.objects.jobs - 1  # the other one is of Google
    assert all(len(cause.cause) <= 200 for cause in report.objects.causes)


def test_a_second_fetch_asks_for_nothing_again(start_emulator: StartEmulator) -> None:
    """Each job once."""
    emulator = start_emulator(customers=[customer()])
    source, customers, _ = source_of(emulator)
    with closing(Store.open("sqlite://")) as store:
        for _ in range(3):
            assert all(
                outcome.error is None
                for outcome in fetch_snapshots(source, customers, store, lambda: CLOCK)
            )
    requests = [number for name, number in emulator.requests.items() if "report-details" in name]
    assert requests == [1]
