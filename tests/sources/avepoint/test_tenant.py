"""A customer's own tenant over real HTTP: what it tells, and that no failure costs more."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reporter.errors import ReplyError, SettingsError
from reporter.model import (
    TENANT_KINDS,
    Absence,
    Answer,
    Kind,
    Lack,
    ModuleFrequency,
    ModuleRetention,
    Outcome,
    Reply,
    RestoreKind,
    RetentionPolicy,
    Told,
)
from reporter.sources.avepoint import tenant
from reporter.sources.avepoint.auth import ClientSecret
from reporter.sources.avepoint.emulator import Emulator, Profile, demo_cast
from reporter.sources.avepoint.emulator.cast import Plan, SubscriptionTerms, profile
from reporter.sources.avepoint.emulator.tenant import tenant_jobs
from reporter.sources.avepoint.http import Exchange
from reporter.sources.avepoint.reading.answers import read_answer
from reporter.sources.avepoint.reading.reader import AvePointReader
from reporter.sources.avepoint.reading.tenant import whole_lists, windows_of
from reporter.sources.avepoint.reading.vocabularies import OBJECT_TYPES
from reporter.sources.avepoint.source import Access, open_source
from reporter.sources.avepoint.tenant import (
    FIRST_WINDOW,
    JOB_INFO,
    OVERLAP,
    SETTINGS,
    WithTenants,
    open_tenant,
)
from tests.conftest import CLOCK, StartEmulator
from tests.sources.avepoint.test_beside import FaultsOf

CONTOSO = demo_cast()[0]
LIST = "/backup/m365/cloudbackupjobs"
OTHERS: tuple[Kind, ...] = ("protection", "subscription", "users")


def access_to(emulator: Emulator, customer_id: str) -> Access:
    office = emulator.tenant(customer_id)
    secret = ClientSecret(office.client_secret)
    return Access(emulator.api_url, emulator.token_url, office.client_id, secret)


def answers_of(
    emulator: Emulator,
    answered: dict[Kind, datetime] | None = None,
    change: Callable[[Access], Access] = lambda access: access,
) -> dict[Kind, Answer]:
    """The answers about one customer, whose jobs must be there in any case."""
    exchange = Exchange(sleep=lambda _: None)
    provider = Access(
        emulator.api_url,
        emulator.token_url,
        emulator.client_id,
        ClientSecret(emulator.client_secret),
    )
    source, listed = open_source(provider, emulator.now, exchange)
    (customer,) = listed.customers
    access = change(access_to(emulator, customer.id))
    asked = open_tenant(access, exchange, emulator.now, answered or {})
    snapshot = WithTenants(source, {customer.id: asked}).snapshot(customer)
    assert snapshot.replies
    answers = {answer.kind: answer for answer in snapshot.answers}
    assert all(answers[kind].absence is None for kind in OTHERS)
    return answers


def read(answer: Answer) -> Told:
    return read_answer(answer, CONTOSO.id, "binary")


def reply_of(data: object, query: str = "", **envelope: Any) -> Reply:
    path = LIST if query else "/backup/m365/settings"
    body = {"statusCode": 200, "errors": [], "data": data, **envelope}
    url = f"https://graph-us.example{path}?{query}#customer={CONTOSO.id}"
    return Reply(url, CLOCK, "", json.dumps(body).encode())


def jobs_reply(*rows: object, job_type: int = 2, object_type: int = 1, **metadata: Any) -> Reply:
    query = (
        f"jobType={job_type}&objectType={object_type}"
        "&startTime=2026-10-01T00:00:00Z&finishTime=2026-11-01T00:00:00Z&pageIndex=0"
    )
    return reply_of(list(rows), query, metadata=metadata or {"totalCount": len(rows)})


@pytest.fixture
def emulator(start_emulator: StartEmulator) -> Emulator:
    return start_emulator(customers=[CONTOSO])


def test_each_pair_of_type_and_module_is_asked_for_once(emulator: Emulator) -> None:
    """One type for the history, two for restores and exports, and each setting."""
    answers = answers_of(emulator)
    assert set(answers) == {*OTHERS, *TENANT_KINDS}
    assert all(answer.absence is None for answer in answers.values())
    assert len(answers["restores"].replies) == 2 * len(OBJECT_TYPES)
    assert emulator.requests["backup m365 settings backup frequency"] == 1
    assert emulator.requests["backup m365 settings retention-policy"] == 1
    asked = emulator.requests["backup m365 cloudbackupjobs"]
    assert asked == len(answers["history"].replies) + 2 * len(OBJECT_TYPES)


def test_the_history_is_what_really_ran(emulator: Emulator) -> None:
    """Every job of two months, page by page, seen or not."""
    lists = whole_lists(answers_of(emulator)["history"].replies)
    (window,) = windows_of(lists)
    assert window == (CLOCK - FIRST_WINDOW, CLOCK)
    listed = {(of.question.module, row["id"]) for of in lists for row in of.rows}
    really = {
        (run.plan.module, run.job_id)
        for run in emulator.truth(CONTOSO.id, *window).runs
        if run.plan.service == "Microsoft 365"
    }
    assert listed == really
    assert len(listed) > 1_000


def test_restores_and_exports_are_read_with_both_spellings(emulator: Emulator) -> None:
    told = read(answers_of(emulator)["restores"])
    expected = {
        (kind, module, job.job_id, job.state, job.started_at, job.total, job.failed)
        for job_type, kind in ((2, RestoreKind.RESTORE), (3, RestoreKind.EXPORT))
        for module in OBJECT_TYPES.values()
        for job in tenant_jobs(1, CONTOSO, module, job_type, CLOCK - FIRST_WINDOW, CLOCK)
    }
    assert expected == {
        (
            job.kind,
            job.module,
            job.job_id,
            job.state,
            job.started_at,
            job.objects_total,
            job.objects_failed,
        )
        for job in told.restores
    }
    assert {job.outcome for job in told.restores} == {Outcome.SUCCESS, Outcome.FAILED}
    assert not any(job.unreadable for job in told.restores)
    assert sum(source.rows for source in told.sources) == len(expected) > 10


def test_settings_are_read(emulator: Emulator) -> None:
    answers = answers_of(emulator)
    frequencies = read(answers["frequency"]).frequencies
    assert ModuleFrequency("Exchange Online", 4) in frequencies
    assert "Power BI" not in [each.module for each in frequencies]  # switched off
    assert read(answers["retention"]).retention == RetentionPolicy(
        kept="1 years",
        daily=False,
        customized=True,
        modules=(
            ModuleRetention("Exchange Online", "Unlimited", "6 months"),
            ModuleRetention("SharePoint Online", "3 years", "6 months"),
        ),
    )


def test_a_later_answer_goes_on_where_the_last_one_ended(emulator: Emulator) -> None:
    """With an overlap, in which a job that ran then is seen to its end."""
    last = CLOCK - timedelta(days=1)
    answers = answers_of(emulator, {"history": last})
    lists = whole_lists(answers["history"].replies)
    assert windows_of(lists) == ((last - OVERLAP, CLOCK),)
    restores = whole_lists(answers["restores"].replies)
    assert windows_of(restores) == ((CLOCK - FIRST_WINDOW, CLOCK),)


def test_every_reply_names_the_customer_it_is_about(emulator: Emulator) -> None:
    """Its address is the same for every customer of a data centre."""
    reader = AvePointReader()
    for kind in TENANT_KINDS:
        for reply in answers_of(emulator)[kind].replies:
            assert reader.is_about(reply, CONTOSO.id)
            assert not reader.is_about(reply, "another")
            assert f"customer={CONTOSO.id}" not in reply.url.partition("#")[0]


@pytest.mark.parametrize(("withheld", "kept"), [(JOB_INFO, SETTINGS), (SETTINGS, JOB_INFO)])
def test_a_permission_that_lacks_costs_only_what_it_is_for(
    start_emulator: StartEmulator, withheld: str, kept: str
) -> None:
    answers = answers_of(start_emulator(customers=[CONTOSO], withheld=[withheld]))
    by_permission: dict[str, tuple[Kind, ...]] = {
        JOB_INFO: ("history", "restores"),
        SETTINGS: ("frequency", "retention"),
    }
    for kind in by_permission[withheld]:
        assert answers[kind].absence == Absence(Lack.NOT_PERMITTED, withheld)
    assert all(answers[kind].absence is None for kind in by_permission[kept])


@pytest.mark.parametrize(
    ("terms", "kinds", "absence"),
    [
        ({"refused": "jobs"}, ("history", "restores"), Absence(Lack.NOT_PERMITTED, JOB_INFO)),
        ({"unknown": "jobs"}, ("history", "restores"), Absence(Lack.NOT_THERE)),
        ({"refused": "frequency"}, ("frequency",), Absence(Lack.NOT_PERMITTED, SETTINGS)),
        ({"unknown": "retention"}, ("retention",), Absence(Lack.NOT_THERE)),
    ],
)
def test_a_call_that_is_not_there_costs_only_itself(
    start_emulator: StartEmulator,
    terms: dict[str, str],
    kinds: tuple[Kind, ...],
    absence: Absence,
) -> None:
    """403 and 404."""
    refused = {how: frozenset({f"tenant {what}"}) for how, what in terms.items()}
    customer = replace(CONTOSO, terms=SubscriptionTerms(**refused))  # type: ignore[arg-type]
    answers = answers_of(start_emulator(customers=[customer]))
    for kind in TENANT_KINDS:
        assert answers[kind].absence == (absence if kind in kinds else None)


def test_a_module_that_is_not_there_costs_only_itself(start_emulator: StartEmulator) -> None:
    """404 for one module: all others are told of, and it is named."""
    terms = SubscriptionTerms(unknown=frozenset({"tenant jobs 12", "tenant jobs 3"}))
    answers = answers_of(start_emulator(customers=[replace(CONTOSO, terms=terms)]))
    kinds: tuple[Kind, ...] = ("history", "restores")
    for kind in kinds:
        told = read(answers[kind])
        assert answers[kind].absence is None
        assert told.missing == ("OneDrive", "Power Apps")
        assert told.windows == ((CLOCK - FIRST_WINDOW, CLOCK),)
    assert "Exchange Online" in {job.module for job in read(answers["restores"]).restores}


def test_a_wrong_secret_is_logged_and_costs_nothing_else(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer, which becomes a part of the report, does not say what failed."""

    def wrong(access: Access) -> Access:
        return replace(access, credential=ClientSecret("a-wrong-secret"))

    for kind in TENANT_KINDS:
        assert answers_of(emulator, change=wrong)[kind].absence == Absence(Lack.FAILED)
    assert f"The tenant of {CONTOSO.name} could not be read" in caplog.text
    assert "invalid_client" in caplog.text
    assert "a-wrong-secret" not in caplog.text


@pytest.mark.parametrize("fault", ["repeat", "short"])
def test_pages_that_repeat_or_lack_a_row_are_no_answer(
    start_emulator: StartEmulator, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Such a history is not complete, and nothing of it counts; what came is kept."""
    emulator = start_emulator(customers=[CONTOSO])
    emulator.faults = FaultsOf("jobType=1&objectType=3&", fault)
    answers = answers_of(emulator)
    history = answers["history"]
    assert history.absence == Absence(Lack.FAILED)
    assert "not complete" in caplog.text or "incomplete" in caplog.text
    assert history.unusable
    assert answers["restores"].absence is None


def test_a_tenant_that_is_not_reached_is_asked_once(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Each further question would wait as long again, and with it the provider's jobs."""

    def nowhere(access: Access) -> Access:
        return replace(access, api_url="http://127.0.0.1:9", token_url="http://127.0.0.1:9/token")

    answers = answers_of(emulator, change=nowhere)
    assert all(answers[kind].absence == Absence(Lack.FAILED) for kind in TENANT_KINDS)
    assert caplog.text.count("could not be read") == 1


def test_the_lists_of_a_tenant_have_a_time_in_common(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of a history that is not whole counts; settings are two short questions."""
    monkeypatch.setattr(tenant, "LONGEST_TENANT_S", 0.0)
    answers = answers_of(emulator)
    for kind in TENANT_KINDS:
        lists = kind in ("history", "restores")
        assert answers[kind].absence == (Absence(Lack.FAILED) if lists else None)
    assert answers["history"].unusable


def test_a_configuration_that_is_wrong_costs_only_the_tenant(emulator: Emulator) -> None:
    exchange = Exchange(sleep=lambda _: None)
    provider = Access(
        emulator.api_url,
        emulator.token_url,
        emulator.client_id,
        ClientSecret(emulator.client_secret),
    )
    source, listed = open_source(provider, emulator.now, exchange)
    (customer,) = listed.customers
    error = SettingsError("client_id is not set")
    asked: tuple[Kind, ...] = ("protection", "history")
    snapshot = WithTenants(source, {customer.id: error}).snapshot(customer, kinds=asked)
    protection, history = snapshot.answers
    assert protection.absence is None
    assert history.absence == Absence(Lack.FAILED)


def test_other_customers_have_no_such_answers(start_emulator: StartEmulator) -> None:
    emulator = start_emulator(customers=[CONTOSO])
    provider = Access(
        emulator.api_url,
        emulator.token_url,
        emulator.client_id,
        ClientSecret(emulator.client_secret),
    )
    source, listed = open_source(provider, emulator.now, Exchange(sleep=lambda _: None))
    (customer,) = listed.customers
    snapshot = WithTenants(source, {"another": ()}).snapshot(customer)
    assert {answer.kind for answer in snapshot.answers} == set(OTHERS)


def test_a_job_that_runs_has_no_end_yet(start_emulator: StartEmulator) -> None:
    customer: Profile = profile("Long Ltd", "France", Plan("Microsoft 365", "OneDrive", 4, 40.0))
    emulator = start_emulator(customers=[customer])
    (run, *_) = emulator.truth(customer.id, CLOCK - timedelta(days=1), CLOCK).runs
    emulator.now = lambda: run.started_at + timedelta(seconds=30)
    lists = whole_lists(answers_of(emulator)["history"].replies)
    rows = {row["id"]: row for of in lists for row in of.rows}
    assert rows[run.job_id]["state"] == "In progress"
    assert rows[run.job_id]["finishTime"] is None


RESTORE = {
    "id": "RS1",
    "state": "Finished",
    "startTime": "2026-10-05T10:00:00Z",
    "finishTime": "2026-10-05T10:06:00.1234567Z",
    "duration": "0.101",
    "backupDetails": {"totalCount": 12, "failedCount": 0, "successfulCount": "12"},
}


def restores_in(*replies: Reply) -> Told:
    return read(Answer("restores", CLOCK, replies))


def test_a_later_answer_corrects_an_earlier_one() -> None:
    running = RESTORE | {"state": "In progress", "finishTime": None}
    (job,) = restores_in(
        jobs_reply(running),
        replace(
            jobs_reply(RESTORE),
            url=jobs_reply().url.replace("finishTime=2026-11-01", "finishTime=2026-11-02"),
        ),
    ).restores
    assert (job.state, job.outcome) == ("Finished", Outcome.SUCCESS)
    assert job.ended_at == datetime(2026, 10, 5, 10, 6, 0, 123456, UTC)
    assert (job.objects_total, job.objects_successful, job.objects_failed) == (12, 12, 0)


def test_jobs_without_an_id_are_known_again_by_their_start() -> None:
    """Two of one list are two all the same."""
    nameless = RESTORE | {"id": None}
    running = nameless | {"state": "In progress", "finishTime": None}
    later = jobs_reply(nameless, nameless)
    later = replace(later, url=later.url.replace("finishTime=2026-11-01", "finishTime=2026-11-02"))
    jobs = restores_in(jobs_reply(running), later).restores
    assert [job.state for job in jobs] == ["Finished", "Finished"]


def test_what_cannot_be_read_is_missing_and_named() -> None:
    odd = RESTORE | {"state": "Sleeping", "startTime": "soon", "backupDetails": None}
    (job,) = restores_in(jobs_reply(odd, object_type=99)).restores
    assert (job.module, job.outcome) == ("Unknown (99)", Outcome.UNKNOWN)
    assert (job.started_at, job.objects_total) == (None, None)
    assert job.unreadable == (("startTime", "soon"),)


@pytest.mark.parametrize(
    ("rows", "metadata"),
    [
        ([RESTORE], {"totalCount": 2}),
        ([RESTORE], {"pageSize": 10}),
        ([RESTORE, RESTORE], {"totalNumber": 2}),
        ([RESTORE, "no object"], {"totalNumber": 2}),
        ([], {"totalCount": 1}),
        ([], {"nextLink": "https://graph-us.example/next"}),
    ],
)
def test_a_list_that_is_not_complete_is_none(rows: list[object], metadata: dict[str, Any]) -> None:
    with pytest.raises(ReplyError, match="not complete"):
        restores_in(jobs_reply(*rows, **metadata))


def test_an_empty_list_without_a_count_is_complete() -> None:
    assert restores_in(reply_of([], jobs_reply().url.split("?")[1].split("#")[0])).restores == ()


@pytest.mark.parametrize("name", ["totalCount", "totalNumber"])
def test_nothing_in_place_of_an_empty_list_is_one(name: str) -> None:
    """If the count agrees."""
    query = jobs_reply().url.split("?")[1].split("#")[0]
    assert restores_in(reply_of(None, query, metadata={name: 0})).restores == ()
    for metadata in ({name: 1}, {}, None):
        with pytest.raises(ReplyError, match="no list of jobs"):
            restores_in(reply_of(None, query, metadata=metadata))


@pytest.mark.parametrize(
    "envelope", [{"statusCode": 403, "message": "no"}, {"errors": [{"code": "x"}]}]
)
def test_an_envelope_that_reports_an_error_is_no_empty_list(envelope: dict[str, Any]) -> None:
    query = jobs_reply().url.split("?")[1].split("#")[0]
    with pytest.raises(ReplyError, match="something went wrong"):
        restores_in(reply_of([], query, **envelope))


def test_settings_of_other_shapes() -> None:
    """Words in place of numbers, numbers in no list, and values that cannot be read."""
    rows = [
        {"serviceType": "OneDrive for Business", "frequency": "4"},
        {"serviceType": 99, "frequency": "often"},
    ]
    told = read(Answer("frequency", CLOCK, (reply_of(rows),)))
    assert told.frequencies == (
        ModuleFrequency("OneDrive", 4),
        ModuleFrequency("Unknown (99)", None),
    )
    assert {key[1:] for key in told.unread} == {("frequency", "often"), ("serviceType", "99")}
    policy = [{"retentionPeriod": "N/A", "enableDailyRetentionPolicy": "yes"}]
    told = read(Answer("retention", CLOCK, (reply_of(policy),)))
    assert told.retention == RetentionPolicy(None, None, None, ())
    assert {key[1:] for key in told.unread} == {("enableDailyRetentionPolicy", "yes")}
    with pytest.raises(ReplyError, match="no retention policy"):
        read(Answer("retention", CLOCK, (reply_of([]),)))
