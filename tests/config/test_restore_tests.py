"""Restore tests on record: read strictly, judged, and shown in every format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from python_calamine import load_workbook

from reporter.analysis.restatement import changes_between, figures_in
from reporter.config.restore_tests import check_entries, restore_tests_of
from reporter.config.sections import EvidenceSettings
from reporter.config.settings import Settings, load_settings
from reporter.errors import SettingsError
from reporter.model import (
    DEPTHS,
    Customer,
    KnownRoot,
    Look,
    Report,
    RestoreResult,
    RestoreStanding,
    RestoreTest,
)
from reporter.render.controls import controls_of
from reporter.render.json_ import report_dict
from reporter.render.page import MOST_RESTORE_TESTS
from reporter.render.pdf import write_pdf
from reporter.render.text import Words
from reporter.render.workbook import write_workbook
from reporter.run.assignment import Rendering
from reporter.run.rendering import render_customers, render_stored
from reporter.store import Store
from tests.builders import (
    CUSTOMER,
    NOW,
    daily_snapshots,
    make_answers,
    make_job,
    make_protected,
    make_report,
)
from tests.conftest import Run
from tests.store.test_store import snapshot_of

HEADER = "customer,date,scope,result,deviation,correction,by"
LAST = date(2026, 10, 31)
PASSED, PARTLY, FAILED = RestoreResult
EVERY_DAY = daily_snapshots(datetime(2026, 10, 1, 5, tzinfo=UTC), 32)
DAYS = [make_job(f"2026-10-{day:02}T01:00:00Z") for day in range(1, 32)]


def write(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "restore-tests.csv"
    path.write_text("\n".join([header, *lines]), "utf-8")
    return path


def restored(on: date, result: RestoreResult = PASSED, scope: str = "One mailbox") -> RestoreTest:
    return RestoreTest(on, scope, result)


def report_of(tests: Sequence[RestoreTest] | None, **options: Any) -> Report:
    return make_report(DAYS, observed=EVERY_DAY, restore_tests=tests, **options)


def text_of(report: Report, folder: Path, look: Look | None = None) -> str:
    write_pdf(report, look or Look(), folder / "report.pdf")
    pages = PdfReader(folder / "report.pdf").pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_a_customer_has_the_tests_under_its_id_and_its_name(tmp_path: Path) -> None:
    """Whichever a line names, in any order of columns, up to the period's end and not beyond."""
    path = write(
        tmp_path,
        f'2026-10-01,{CUSTOMER.id},"Exchange, one mailbox",passed,,',
        "",
        "2026-10-02, contoso LTD ,Teams,Failed,Empty,Repeated",
        "2026-11-01,Contoso Ltd,SharePoint,passed,,",
        "2026-10-03,Fabrikam,OneDrive,partly,,",
        header="date,customer,scope,result,deviation,correction",
    )
    assert restore_tests_of(path, CUSTOMER, LAST) == (
        RestoreTest(date(2026, 10, 1), "Exchange, one mailbox", PASSED),
        RestoreTest(date(2026, 10, 2), "Teams", FAILED, "Empty", "Repeated"),
    )


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["Contoso Ltd,01.10.2026,x,passed,,,"], "line 2 has the invalid date '01.10.2026'"),
        (["", "Contoso Ltd,2026-10-01,x,ok,,,"], "line 3 has the unknown result 'ok'"),
        (["Contoso Ltd,2026-10-01,,passed,,,"], "line 2 has no scope"),
        ([",2026-10-01,x,passed,,,"], "line 2 has no customer"),
        (["Contoso Ltd,2026-10-01,a, b,passed,,,"], "line 2 has 8 values for 7 columns"),
        (['Contoso Ltd,2026-10-01,"x,passed,,,'], "line 2 is not valid CSV"),
    ],
)
def test_a_line_that_cannot_be_understood_is_an_error(
    tmp_path: Path, lines: list[str], message: str
) -> None:
    """It names file and line: no test is guessed at, and none is dropped."""
    path = write(tmp_path, *lines)
    with pytest.raises(SettingsError, match=message) as error:
        restore_tests_of(path, CUSTOMER, LAST)
    assert str(path) in str(error.value)
    assert error.value.hint


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("customer;date;scope;result", "unknown column 'customer;date;scope;result'"),
        ("customer,date,scope,result,deviation", "lacks the column 'correction'"),
        (HEADER + ",ticket", "column 'ticket'"),
        (HEADER + ",By", "column 'by' twice"),
        ("", "lacks the column 'customer'"),
    ],
)
def test_only_known_columns_are_allowed(tmp_path: Path, header: str, message: str) -> None:
    """A misspelt or missing column is an error, and the hint names them all."""
    with pytest.raises(SettingsError, match=message) as error:
        restore_tests_of(write(tmp_path, header=header), CUSTOMER, LAST)
    assert "deviation, correction, by (optional)" in error.value.hint


def test_a_file_that_is_not_there_or_no_text_is_an_error(tmp_path: Path) -> None:
    """A wrong path does not make a report say that no test is on record."""
    with pytest.raises(SettingsError, match="No such file"):
        restore_tests_of(tmp_path / "gone.csv", CUSTOMER, LAST)
    path = write(tmp_path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="cannot be read"):
        restore_tests_of(path, CUSTOMER, LAST)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Contosso,2026-10-01,x,passed,,,", "line 3 names the unknown customer 'Contosso'"),
        ("Twin,2026-10-01,x,passed,,,", "line 3 names 'Twin', which several customers match"),
        ("Contoso Ltd,2062-10-01,x,passed,,,", "line 3 has the date 2062-10-01"),
    ],
)
def test_every_line_needs_a_known_customer_and_a_past_day(
    tmp_path: Path, line: str, message: str
) -> None:
    """A mistake that would leave a test out of every report is an error."""
    path = write(tmp_path, f"{CUSTOMER.id},2026-10-01,x,passed,,,", line)
    customers = [CUSTOMER, Customer("a", "Twin"), Customer("b", "twin")]
    with pytest.raises(SettingsError, match=message):
        check_entries(path, customers, NOW.date())


@pytest.mark.parametrize(
    ("tests", "standing", "passed_on", "count"),
    [
        ([], RestoreStanding.MISSING, None, 0),
        ([restored(date(2026, 11, 1))], RestoreStanding.MISSING, None, 0),
        ([restored(LAST)], RestoreStanding.GOOD, LAST, 1),
        ([restored(date(2025, 10, 31))], RestoreStanding.GOOD, date(2025, 10, 31), 1),
        ([restored(date(2025, 10, 30))], RestoreStanding.OLD, date(2025, 10, 30), 0),
        ([restored(LAST, PARTLY)], RestoreStanding.OLD, None, 1),
        ([restored(LAST), restored(LAST, FAILED)], RestoreStanding.FAILED, LAST, 2),
        ([restored(LAST, FAILED), restored(LAST)], RestoreStanding.GOOD, LAST, 2),
    ],
)
def test_the_standing_of_restore_tests(
    tests: list[RestoreTest], standing: RestoreStanding, passed_on: date | None, count: int
) -> None:
    """The last one must not have failed, and one must have passed within 365 days."""
    section = report_of(tests).restore_tests
    assert section is not None
    assert (section.standing, section.last_passed_on, len(section.tests)) == (
        standing,
        passed_on,
        count,
    )


def test_in_a_running_period_age_is_counted_to_the_last_fetch() -> None:
    """A report of the whole year made in November does not call a test of last November old."""
    section = report_of([restored(date(2025, 11, 20))], period="2026").restore_tests
    assert section is not None
    assert section.standing is RestoreStanding.GOOD


def test_the_json_has_them_or_null() -> None:
    """Null is no file configured, which is not the same as no test on record."""
    assert report_dict(report_of(None))["restore_tests"] is None
    tests = [restored(date(2026, 3, 1)), RestoreTest(LAST, "db-03", FAILED, "Late", "Moved", "Ada")]
    assert report_dict(report_of(tests))["restore_tests"] == {
        "standing": "failed",
        "last_on": "2026-10-31",
        "last_result": "failed",
        "last_passed_on": "2026-03-01",
        "in_twelve_months": 2,
        "tests": [
            {
                "date": "2026-10-31",
                "scope": "db-03",
                "result": "failed",
                "deviation": "Late",
                "correction": "Moved",
                "by": "Ada",
            },
            {
                "date": "2026-03-01",
                "scope": "One mailbox",
                "result": "passed",
                "deviation": "",
                "correction": "",
                "by": "",
            },
        ],
    }


@pytest.mark.parametrize(
    ("tests", "sentence"),
    [
        (None, "No restore test is on record"),
        ([], "No restore test is on record"),
        ([restored(LAST)], "✓ A restore test passed on Oct 31, 2026"),
        ([restored(LAST, FAILED)], "× The last restore test, on Oct 31, 2026, failed"),
        (
            [restored(date(2025, 1, 2))],
            "! No restore test has passed in twelve months; the last did on Jan 2, 2025",
        ),
    ],
)
def test_the_pdf_states_their_standing(
    tests: list[RestoreTest] | None, sentence: str, tmp_path: Path
) -> None:
    """In a sentence; with what job data cannot prove, whatever is on record."""
    text = text_of(report_of(tests), tmp_path)
    assert sentence in text
    assert "It does not prove that a restore works, how long copies are kept (retention)" in text
    step = "Show that the data can be restored:"
    assert (step in text) == (tests is not None and "✓" not in sentence)


def test_the_newest_are_printed_and_all_are_in_the_workbook(tmp_path: Path) -> None:
    """Twelve on paper; scope, deviation and correction are text, even where they look like
    formulas.
    """
    tests = [
        RestoreTest(date(2026, 9, day), f"=server {day}", PASSED, "<b>late</b>")
        for day in range(1, MOST_RESTORE_TESTS + 3)
    ]
    report = report_of(tests)
    text = text_of(report, tmp_path)
    assert "<b>late</b>" in text
    assert "=server 14" in text
    assert "=server 2 " not in text
    assert "2 more are in the workbook." in text
    write_workbook(report, Look(), tmp_path / "report.xlsx")
    book = load_workbook(tmp_path / "report.xlsx")
    rows = book.get_sheet_by_name("Restore tests").to_python()
    assert rows[0][0] == "A restore test passed on Sep 14, 2026"
    assert [row[1] for row in rows[2:16]] == [f"=server {day}" for day in range(14, 0, -1)]
    summary = book.get_sheet_by_name("Summary").to_python()
    assert ["Restore tests", "A restore test passed on Sep 14, 2026"] in [
        row[:2] for row in summary
    ]


def test_the_workbook_has_the_sheet_where_a_file_is_configured(tmp_path: Path) -> None:
    """Also with none on record; without a file there is no sheet."""
    for tests, has_sheet in ((None, False), ([], True)):
        write_workbook(report_of(tests), Look(), tmp_path / "report.xlsx")
        assert ("Restore tests" in load_workbook(tmp_path / "report.xlsx").sheet_names) == has_sheet


def test_the_mapping_claims_only_what_the_report_has() -> None:
    """Restore tests and protected objects are evidence where they are known, and otherwise listed
    as lacking.
    """
    words = Words()

    def iso(report: Report) -> tuple[str, str]:
        (control,) = (
            control for control in controls_of(report, words) if control.name.endswith("A.8.13")
        )
        return control.shown, control.lacking

    text, lacking = iso(report_of(None))
    assert "restore tests" in lacking
    assert "objects found and protected" in lacking
    assert "restore tests" not in text
    assert "outcomes and success rate" in text
    known = report_of([restored(LAST)], answers=make_answers([make_protected()]))
    text, lacking = iso(known)
    assert "restore tests" in text
    assert "objects found and protected" in text
    assert "that a restore works" in lacking


def test_every_framework_is_on_the_last_page(tmp_path: Path) -> None:
    """What auditors ask closes every report except the director's page."""
    report = report_of(None)
    write_pdf(report, Look(), tmp_path / "report.pdf")
    last = " ".join(PdfReader(tmp_path / "report.pdf").pages[-1].extract_text().split())
    for name in (
        "ISO/IEC 27001:2022 A.8.13", "SOC 2 A1.2", "SOC 2 A1.3", "SOC 2 CC7.5",
        "NIS2 Art. 21(2)(c)", "HIPAA 164.308(a)(7) (ii)(A)", "CIS Control 11", "Cyber-insurance",
    ):  # fmt: skip
        assert name in last, name
    assert [DEPTHS[depth][-1] for depth in DEPTHS] == ["summary", "controls", "controls"]


def test_the_archives_root_is_printed_to_be_noted(tmp_path: Path) -> None:
    """With the number of its records; nothing is printed where there is no archive."""
    root = "ab" * 32
    look = Look(known_root=KnownRoot(3, root, "2026-09"))
    text = text_of(report_of(None), tmp_path, look)
    assert "3 records, the last of 2026-09." in text
    assert root in text.replace(" ", "")
    assert "The archive before this period" not in text_of(report_of(None), tmp_path)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    write(tmp_path, "Contoso Ltd,2026-10-01,One mailbox,passed,,,")
    path = tmp_path / "reporter.toml"
    path.write_text(
        f'[store]\nurl = "sqlite:///{tmp_path / "r.db"}"\n'
        '[evidence]\nrestore_tests = "restore-tests.csv"\n',
        "utf-8",
    )
    return load_settings(path)


@pytest.fixture
def filled_store(settings: Settings) -> Store:
    store = Store.open(settings.store_url)
    snapshot = snapshot_of(DAYS, datetime(2026, 11, 1, 8, tzinfo=UTC))
    store.record_customers([CUSTOMER], snapshot.replies)
    store.record(snapshot)
    return store


def test_a_changed_file_makes_a_new_version(
    settings: Settings, filled_store: Store, tmp_path: Path
) -> None:
    """It corrects the former version, and says so; a test after the period changes nothing."""
    rendering = Rendering(settings, NOW, tmp_path / "out", ("json",), "2026-10")

    def rendered() -> tuple[bool, dict[str, Any]]:
        outcome = render_stored(rendering, filled_store, CUSTOMER, "contoso")
        assert outcome.error is None, outcome.error
        return outcome.unchanged, json.loads(outcome.files[0].read_bytes())

    assert rendered()[1]["restore_tests"]["standing"] == "good"
    first = "Contoso Ltd,2026-10-01,One mailbox,passed,,,"
    write(tmp_path, first, "Contoso Ltd,2026-11-02,One site,failed,,,")
    assert rendered()[0]
    write(tmp_path, first, "Contoso Ltd,2026-10-20,One site,failed,,,")
    unchanged, report = rendered()
    assert not unchanged
    assert (report["version"], report["restates"]["version"]) == (2, 1)
    assert {
        change["figure"]: (change["before"], change["now"])
        for change in report["restates"]["changes"]
    } == {
        "restore_standing": ("good", "failed"),
        "restore_tests": (1, 2),
    }
    filled_store.close()


def test_a_wrong_file_stops_a_run_before_its_first_report(
    settings: Settings, filled_store: Store, tmp_path: Path
) -> None:
    """An unknown customer is an error of the whole run, not of each report."""
    write(tmp_path, "Contosso,2026-10-01,One mailbox,passed,,,")
    rendering = Rendering(settings, NOW, tmp_path / "out", ("json",), "2026-10")
    with pytest.raises(SettingsError, match="Contosso"):
        list(render_customers(rendering, {CUSTOMER: "contoso"}, workers=1))
    assert not (tmp_path / "out").exists()
    filled_store.close()


def test_saved_replies_are_given_restore_tests_too(
    settings: Settings, run: Run, tmp_path: Path
) -> None:
    """`reporter render --input` finds the file beside the configuration as well."""
    (tmp_path / "reply.json").write_text(json.dumps({"value": DAYS}), "utf-8")
    result = run(
        "render", "--input", "reply.json", "--customer-name", "Contoso Ltd", "--period", "2026-10",
        "--fetched-at", "2026-11-01T06:00:00Z", "--format", "json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    (path,) = tmp_path.rglob("contoso-ltd*.json")
    assert json.loads(path.read_bytes())["restore_tests"]["in_twelve_months"] == 1


def test_check_says_how_many_there_are(settings: Settings, filled_store: Store, run: Run) -> None:
    """It also says what is wrong with the file, before a report needs it."""
    assert "1 in restore-tests.csv" in run("check").output
    filled_store.close()


def test_the_section_can_be_left_out(tmp_path: Path) -> None:
    """Like any other."""
    text = text_of(report_of([]), tmp_path, Look(sections=("summary",)))
    assert "What auditors ask" not in text
    assert "Show that the data can be restored: No restore test is on record" in text


def test_reports_of_earlier_programs_have_the_same_figures() -> None:
    """No file configured is no change against a report that knew nothing of restore tests."""
    now = report_dict(report_of(None))
    before = {key: value for key, value in now.items() if key != "restore_tests"}
    assert figures_in(before) == figures_in(now)
    assert changes_between(before, now) == ()
    assert figures_in(before) != figures_in(report_dict(report_of([])))


def test_workers_get_the_path_of_the_file_and_no_secret(tmp_path: Path) -> None:
    """What travels to the worker of one customer has the path."""
    path = tmp_path / "reporter.toml"
    path.write_text('[evidence]\nrestore_tests = "t.csv"\ncertificate = "c.pfx"\n', "utf-8")
    settings = load_settings(path).for_reports_of("1")
    assert settings.evidence == EvidenceSettings(restore_tests=Path("t.csv"))
    assert settings.restore_tests == tmp_path / "t.csv"
