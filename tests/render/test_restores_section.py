"""Restores and exports, and how backups are set: figures, print, workbook, JSON and controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from python_calamine import load_workbook

from reporter.config.sections import LANGUAGES
from reporter.model import (
    Absence,
    Answer,
    Lack,
    Look,
    Outcome,
    Policy,
    QualityKind,
    Report,
    Target,
)
from reporter.render.controls import controls_of
from reporter.render.html import report_html
from reporter.render.json_ import report_dict
from reporter.render.pdf import write_pdf
from reporter.render.text import Words
from reporter.render.workbook.titles import RESTORES, title_of
from tests.builders import (
    NOW,
    daily_snapshots,
    make_job,
    make_listed_by_time,
    make_refusals,
    make_report,
    make_setting,
    make_tenant_job,
)
from tests.render.test_languages import PageTexts
from tests.render.workbook_cases import written

SECTION = Look(sections=("restores",))
FAILED = make_tenant_job(
    id="EX20261020140000",
    state="Failed",
    startTime="2026-10-20T14:00:00Z",
    finishTime="2026-10-20T14:01:00Z",
    backupDetails={"totalNumber": 3, "failedNumber": 3, "successfulNumber": 0},
)
RESTORES_OF_OCTOBER = make_listed_by_time(
    "restores",
    {
        (2, 1): [make_tenant_job(), make_tenant_job(id="OLD", startTime="2026-09-30T23:00:00Z")],
        (3, 3): [FAILED],
    },
)
FREQUENCY = make_setting(
    "frequency", [{"serviceType": 0, "frequency": 4}, {"serviceType": 2, "frequency": "1"}]
)
RETENTION = make_setting(
    "retention",
    {
        "enableDailyRetentionPolicy": False,
        "enableCustomizedRetentionPolicy": True,
        "retentionPeriod": "1 years",
        "servicePolicies": [
            {
                "serviceType": 0,
                "retentionPeriod": "Unlimited",
                "unassignedObjectRetentionPeriod": "6 months",
            }
        ],
    },
)
FULL = (RESTORES_OF_OCTOBER, FREQUENCY, RETENTION)


def report_of(answers: Sequence[Answer] = FULL, **options: Any) -> Report:
    return make_report([make_job()], answers=answers, **options)


def refused(lack: Lack, reason: str = "") -> tuple[Answer, ...]:
    refusal, *_ = make_refusals(lack, reason)
    return tuple(replace(refusal, kind=kind) for kind in ("restores", "frequency", "retention"))


def text_of(report: Report, folder: Path) -> str:
    """The words of its PDF, as a reader copies them."""
    path = folder / "report.pdf"
    write_pdf(report, SECTION, path)
    text = " ".join(page.extract_text() for page in PdfReader(path).pages)
    return " ".join(text.replace("\xa0", " ").split())


def words_of(report: Report, look: Look = SECTION) -> str:
    """The words of the page that is printed."""
    return " ".join(" ".join(PageTexts(report_html(report, look, logo_url=None)).texts).split())


def test_the_section_shows_what_was_restored_and_what_is_set(tmp_path: Path) -> None:
    text = text_of(report_of(), tmp_path)
    for part in (
        "1 of 2 restores and exports failed",
        "Oct 20, 14:00 Export OneDrive × Failed 0 / 3",
        "Oct 5, 10:00 Restore Exchange Online ✓ Finished 12 / 12",
        "As of Nov 2, 2026, 06:00, as the customer's own tenant lists them.",
        "not that everything can be.",
        "Exchange Online Unlimited 6 months 4",
        "OneDrive — — 1",
        "Kept in general, in the service's words: 1 years.",
    ):
        assert part in text.replace("’", "'"), part
    assert "OLD" not in text


def test_frequency_and_retention_have_each_their_own_date() -> None:
    """The one is of another answer than the other."""
    early = NOW - timedelta(days=2)
    frequency = make_setting("frequency", [{"serviceType": 0, "frequency": 4}], at=early)
    text = words_of(report_of((RETENTION, frequency)))
    assert "As of Nov 2, 2026, 06:00, as it is set" in text
    assert "Backups a day as of Oct 31, 2026, 06:00." in text
    assert "Backups a day as of" not in words_of(report_of((RETENTION, FREQUENCY)))


def test_the_json_has_them_to_the_letter() -> None:
    figures = report_dict(report_of())
    assert figures["restores"] == [
        {
            "kind": "Export",
            "module": "OneDrive",
            "state": "Failed",
            "started_at": "2026-10-20T14:00:00+00:00",
            "ended_at": "2026-10-20T14:01:00+00:00",
            "objects_total": 3,
            "objects_successful": 0,
            "objects_failed": 3,
        },
        {
            "kind": "Restore",
            "module": "Exchange Online",
            "state": "Finished",
            "started_at": "2026-10-05T10:00:00+00:00",
            "ended_at": "2026-10-05T10:06:00+00:00",
            "objects_total": 12,
            "objects_successful": 12,
            "objects_failed": 0,
        },
    ]
    tenant = figures["tenant"]
    assert tenant["restores"] == {
        "as_of": NOW.isoformat(),
        "absence": None,
        "untold": [],
        "missing": [],
    }
    assert tenant["frequency"]["modules"][0] == {"module": "Exchange Online", "times_a_day": 4}
    assert tenant["retention"]["policy"]["kept"] == "1 years"
    hashes = {source["sha256"] for source in figures["sources"]}
    assert (
        len([source for source in figures["sources"] if "cloudbackupjobs" in source["url"]]) == 24
    )
    assert len(hashes) >= 5


def test_without_a_tenant_nothing_is_said_of_it() -> None:
    """Neither in print, nor in the JSON, where no key is added."""
    report = report_of(())
    figures = report_dict(report)
    assert (report.restores, report.settings, figures["restores"]) == (None, None, None)
    assert "tenant" not in figures
    assert "estores" not in words_of(report)


def test_the_workbook_has_a_sheet_of_its_own(tmp_path: Path) -> None:
    book = load_workbook(written(report_of(), tmp_path, Look()))
    rows = book.get_sheet_by_name("Restores and exports").to_python()
    cells = [cell for row in rows for cell in row]
    for cell in ("Export", "RS20261005100000", "Failed", 12, "Backups a day", "Unlimited"):
        assert cell in cells
    without = load_workbook(written(report_of(()), tmp_path, Look()))
    assert "Restores and exports" not in without.sheet_names


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_section_and_the_sheet_in_every_language(language: str, tmp_path: Path) -> None:
    look = Look(locale=language, sections=("restores",))
    assert "Unlimited" in words_of(report_of(), look)
    for lack in (Lack.NOT_PERMITTED, Lack.NOT_THERE, Lack.FAILED):
        assert words_of(report_of(refused(lack, "x.read")), look)
    book = load_workbook(written(report_of(), tmp_path, look))
    assert title_of(Words(language), RESTORES) in book.sheet_names


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("fr", "En échec : 1 sur 2 restaurations et exportations"),
        ("es", "Con error: 1 de 2 restauraciones y exportaciones"),
    ],
)
def test_one_failure_of_several_agrees_in_number(language: str, title: str) -> None:
    """The number of failures decides, which no plural form knows: the words do without a verb."""
    words = words_of(report_of(), Look(locale=language, sections=("restores",)))
    assert title in words.replace("\xa0", " ")


@pytest.mark.parametrize(
    ("lack", "said"),
    [
        (Lack.NOT_PERMITTED, "lacks the permission x.read."),
        (Lack.NOT_THERE, "does not tell of it."),
        (Lack.FAILED, "could not be read in the customer's own tenant."),
    ],
)
def test_what_is_not_known_is_said_once(lack: Lack, said: str) -> None:
    """All three fail for one reason, and the report is otherwise whole."""
    report = report_of(refused(lack, "x.read"))
    text = words_of(report)
    things = "restores and exports, backup frequency, and retention policy"
    assert text.count("Not known: ") == 1
    assert f"Not known: {things}." in text
    assert said in text
    assert report_dict(report)["restores"] is None
    assert report_dict(report)["tenant"]["restores"]["absence"]["kind"] == lack.value
    assert report.totals.jobs == 1


def test_none_restored_is_not_the_same_as_not_known() -> None:
    report = report_of((make_listed_by_time("restores"),))
    assert report_dict(report)["restores"] == []
    assert "No restore or export is known" in words_of(report)


def test_time_that_no_answer_is_about_is_named() -> None:
    """The tenant was configured in mid-month, and could not be read on its last days."""
    since, until = datetime(2026, 10, 10, tzinfo=UTC), datetime(2026, 10, 20, 6, tzinfo=UTC)
    answer = make_listed_by_time("restores", since=since, at=until)
    final = daily_snapshots(datetime(2026, 10, 1, 8, tzinfo=UTC), 32)
    report = report_of((answer,), observed=final)
    assert report.restores is not None
    assert report.restores.untold == (
        (datetime(2026, 10, 1, tzinfo=UTC), since),
        (until, datetime(2026, 11, 1, tzinfo=UTC)),
    )
    text = words_of(report)
    assert "Nothing is known of restores and exports from Oct 1, 2026, 00:00 to" in text
    running = report_of((answer,), observed=final[:20])
    assert running.restores is not None
    assert running.restores.untold == ((datetime(2026, 10, 1, tzinfo=UTC), since),)


def test_modules_that_the_tenant_does_not_know_are_named_once() -> None:
    """Of both kinds together, and nothing else is lost."""
    answers = [
        replace(answer, replies=answer.replies[:11] + answer.replies[12:])
        for answer in (make_listed_by_time("history"), make_listed_by_time("restores"))
    ]
    report = report_of(answers, observed=daily_snapshots(datetime(2026, 10, 1, 8, tzinfo=UTC), 32))
    tenant = report_dict(report)["tenant"]
    assert tenant["history"]["missing"] == tenant["restores"]["missing"] == ["Power Apps"]
    assert tenant["restores"]["untold"] == []
    text = words_of(report)
    assert text.count("Not known of Power Apps: history of jobs and restores and exports.") == 1


def test_answers_that_overlap_count_a_job_once() -> None:
    began = make_tenant_job(state="In progress", finishTime=None)
    first = make_listed_by_time(
        "restores", {(2, 1): [began]}, at=datetime(2026, 10, 5, 10, 3, tzinfo=UTC)
    )
    second = make_listed_by_time("restores", {(2, 1): [make_tenant_job()]})
    both = replace(second, replies=(*first.replies, *second.replies))
    restores = report_of((both,)).restores
    assert restores is not None
    assert [(job.state, job.outcome) for job in restores.jobs] == [("Finished", Outcome.SUCCESS)]


def test_what_cannot_be_used_is_a_quality_note() -> None:
    odd = [
        make_tenant_job(id="A", startTime="soon", finishTime="2026-10-07T10:00:00Z"),
        make_tenant_job(id="B", startTime=None, finishTime=None, state="Sleeping"),
        make_tenant_job(id="C", startTime="2026-09-07T10:00:00Z", state="Dreaming"),
    ]
    report = report_of((make_listed_by_time("restores", {(2, 1): odd}),))
    notes = {(note.kind, note.field): note.values for note in report.quality}
    assert notes[QualityKind.UNREADABLE, "startTime"] == ("soon",)
    assert notes[QualityKind.DATED_BY_END, "startTime"] == ("A",)
    assert notes[QualityKind.UNDATED, "startTime"] == ("B",)
    assert notes[QualityKind.UNKNOWN_STATUS, "state"] == ("Sleeping",)
    assert report.restores is not None
    assert [job.job_id for job in report.restores.jobs] == ["A"]


def test_the_controls_say_what_is_proven_now_and_what_is_not() -> None:
    """A restore of the month, and retention as it is set."""
    words = Words()
    iso, *_ = controls_of(report_of(), words)
    assert "restores of the period" in iso.shown
    assert "retention as it is set" in iso.shown
    assert "that everything can be restored" in iso.lacking
    assert "that copies are kept as long as is set" in iso.lacking
    assert "that a restore works" not in iso.lacking
    failed = make_listed_by_time("restores", {(3, 3): [FAILED]})
    iso, *_ = controls_of(report_of((failed,)), words)
    assert "restores of the period" not in iso.shown
    assert "that a restore works" in iso.lacking
    assert "retention" in iso.lacking
    page = words_of(report_of(), Look(sections=("controls",)))
    assert "not that everything can be restored" in page
    assert "not that everything can be restored" not in words_of(
        report_of(()), Look(sections=("controls",))
    )


@pytest.mark.parametrize(
    ("job_type", "counts"),
    [
        (3, {"totalNumber": 5, "failedNumber": 0, "successfulNumber": 5}),
        (2, {"totalNumber": 5, "failedNumber": 5, "successfulNumber": 0}),
        (2, {"totalNumber": 0, "failedNumber": 0, "successfulNumber": 0}),
        (2, None),
    ],
)
def test_what_restored_nothing_is_no_evidence(job_type: int, counts: dict[str, int] | None) -> None:
    """An export, and restores that succeeded without an object."""
    answer = make_listed_by_time(
        "restores", {(job_type, 1): [make_tenant_job(backupDetails=counts)]}
    )
    iso, *_ = controls_of(report_of((answer,)), Words())
    assert "that a restore works" in iso.lacking
    page = words_of(report_of((answer,)), Look(sections=("controls",)))
    assert "What was restored in the period" not in page


def test_a_restore_that_contradicts_itself_is_noted() -> None:
    counts = {"totalNumber": 5, "failedNumber": 5, "successfulNumber": 0}
    odd = [
        make_tenant_job(id="A", backupDetails=counts),
        make_tenant_job(id="B", state="Failed", backupDetails=counts | {"failedNumber": 0}),
    ]
    report = report_of((make_listed_by_time("restores", {(2, 1): odd}),))
    notes = {
        note.field: set(note.values)
        for note in report.quality
        if note.kind is QualityKind.CONTRADICTION
    }
    assert notes == {
        "failedCount": {"success although objects failed", "failed although no object failed"},
    }


def test_a_policy_that_says_nothing_is_no_evidence() -> None:
    """It is told of as one that the tenant does not tell."""
    report = report_of((make_setting("retention", {"enableDailyRetentionPolicy": False}),))
    iso, *_ = controls_of(report, Words())
    assert "retention as it is set" not in iso.shown
    assert "Kept in general" not in words_of(report)
    assert "Not known: retention policy. The customer's own tenant does" in words_of(report)
    of_module = {"servicePolicies": [{"serviceType": 0, "retentionPeriod": "1 years"}]}
    report = report_of((make_setting("retention", of_module),))
    iso, *_ = controls_of(report, Words())
    assert "retention as it is set" in iso.shown


def test_many_restores_are_cut_in_print_and_whole_in_the_workbook(tmp_path: Path) -> None:
    start = datetime(2026, 10, 1, 9, tzinfo=UTC)
    many = [
        make_tenant_job(id=f"RS{number}", startTime=f"{start + timedelta(days=number):%FT%TZ}")
        for number in range(15)
    ]
    report = report_of((make_listed_by_time("restores", {(2, 2): many}),))
    assert "3 more are in the workbook." in words_of(report)
    sheet = load_workbook(written(report, tmp_path, Look())).get_sheet_by_name(RESTORES)
    assert sum("Restore" in row for row in sheet.to_python()) == 15


def test_an_absence_before_is_not_shown_as_a_setting() -> None:
    """Frequency is not permitted, retention is known: each says its own."""
    absent = Answer("frequency", NOW, absence=Absence(Lack.NOT_PERMITTED, "x.read"))
    text = words_of(report_of((absent, RETENTION)))
    assert "Not known: backup frequency." in text
    assert "Unlimited" in text


def gap_target(report: Report, module: str) -> float:
    return report.policy.gap_target("Microsoft 365", module).total_seconds() / 3600


def test_the_frequency_becomes_the_target_where_none_is_set() -> None:
    """Four times a day with two hours' leeway; a module without a frequency keeps the usual one."""
    report = report_of()
    assert gap_target(report, "Exchange Online") == 8
    assert gap_target(report, "OneDrive") == 26
    assert gap_target(report, "Microsoft Teams") == 26
    (target, _) = report_dict(report)["policy"]["targets"]
    assert (target["module"], target["times_a_day"]) == ("Exchange Online", 4)
    text = words_of(report, Look(sections=("method",)))
    said = (
        "Backups set to run 4 times a day; the target is therefore at most 8 h without a recovery "
        "point: Exchange Online."
    )
    assert said in text
    assert "Backups set to run 1 time a day; the target is therefore at most 26 h" in text
    assert "Targets of their own" not in text


@pytest.mark.parametrize(
    "policy",
    [
        Policy(gap_is_set=True),
        Policy(targets=(Target("Microsoft 365", max_gap=timedelta(hours=26)),)),
        Policy(targets=(Target("Microsoft 365", "Exchange Online", max_gap=timedelta(hours=26)),)),
    ],
)
def test_a_target_of_the_provider_takes_precedence(policy: Policy) -> None:
    assert gap_target(report_of(policy=policy), "Exchange Online") == 26


def test_a_target_of_another_kind_does_not() -> None:
    only_rate = Policy(targets=(Target("Microsoft 365", "Exchange Online", success_rate=0.9),))
    report = report_of(policy=only_rate)
    assert gap_target(report, "Exchange Online") == 8
    assert report.policy.success_target("Microsoft 365", "Exchange Online") == 0.9


def test_a_gap_is_judged_by_the_frequency() -> None:
    """A daily job is no four a day, and the tile names no target that is not the scope's."""
    daily = [make_job(f"2026-10-{day:02}T01:00:00Z") for day in range(1, 32)]
    looks = [datetime(2026, 9, 30, tzinfo=UTC) + timedelta(hours=4 * n) for n in range(200)]
    assert make_report(daily, observed=looks).totals.gap_target_met is True
    report = make_report(daily, observed=looks, answers=FULL)
    assert report.totals.gap_target_met is False
    summary = words_of(report, Look(sections=("summary",)))
    assert "the longest of any scope; target" not in summary
    assert "the longest of any scope" in summary
