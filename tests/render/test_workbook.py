"""The workbook read back: what a reader finds in it, and that no outside text can harm it."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from reporter.model import Brand, Customer, Gap, LeaveOut, Look, MonthFigures, Policy, Report
from reporter.period import parse_period
from reporter.render.workbook import jobs as jobs_sheet
from tests.builders import (
    NOW,
    daily_snapshots,
    make_answers,
    make_busy_month,
    make_job,
    make_protected,
    make_report,
    make_row,
)
from tests.render.workbook_cases import (
    BERLIN,
    book_of,
    busy_report,
    recalculated,
    sheet_of,
    written,
)

SHEETS = [
    "Summary",
    "Modules",
    "Scopes",
    "Days",
    "Daily",
    "Trend",
    "Gaps",
    "Protection",
    "Jobs",
    "Exceptions",
    "Data quality",
    "Checks",
    "About",
]
DAILY = [NOW, *daily_snapshots(datetime(2026, 9, 1, 6, tzinfo=UTC), 61)]
STARTS = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "#REF!", "_x000D_", "a\x00\ufffe\ud800"]


@pytest.fixture(scope="module")
def busy() -> Report:
    return busy_report()


@pytest.fixture(scope="module")
def busy_path(busy: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(busy, tmp_path_factory.mktemp("busy"))


def records(path: Path, title: str) -> list[dict[str, Any]]:
    """The rows below the header of a sheet that begins with its table, as far as it reaches."""
    sheet = sheet_of(path, title)
    table = next(table for table in sheet.tables.values() if table.ref.startswith("A1:"))
    header, *rows = ([cell.value for cell in row] for row in sheet[table.ref])
    return [dict(zip(header, row, strict=True)) for row in rows]


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """Each text of the workbook with its sheet, as another program reads it."""
    book = CalamineWorkbook.from_path(path)
    for title in book.sheet_names:
        for row in book.get_sheet_by_name(title).to_python():
            yield from ((title, value) for value in row if isinstance(value, str))


def test_sheets(busy_path: Path) -> None:
    """A workbook has all its sheets in their order."""
    assert book_of(busy_path).sheetnames == SHEETS


def test_modules_are_the_figures(busy: Report, busy_path: Path) -> None:
    """Each module has a row with counts, the exact rate, sizes and times."""
    rows = records(busy_path, "Modules")
    assert [row["Module"] for row in rows] == [module.module for module in busy.modules]
    for row, module in zip(rows, busy.modules, strict=True):
        figures = module.figures
        assert row["Jobs"] == figures.jobs
        assert row["Success rate"] == figures.success_rate
        assert row["Volume (bytes)"] == figures.bytes
        last = figures.last_success_at
        assert row[f"Last success ({BERLIN})"] == (last and last.replace(tzinfo=None))
        assert (
            row["Success target"]
            == {True: "met", False: "missed", None: None}[figures.success_target_met]
        )


def test_an_undefined_rate_is_empty(busy_path: Path) -> None:
    """A module that never ran has no rate and no duration: its cells are empty, never zero."""
    never = next(row for row in records(busy_path, "Modules") if row["Module"] == "Power BI")
    assert never["State"] == "Never run"
    assert never["Jobs"] == 0
    assert never["Success rate"] is None
    assert never["Mean duration"] is None


@pytest.mark.parametrize(
    ("good", "number_format"), [(2000, "0.0%"), (1999, "99.9%"), (1, "0.1%"), (1000, "0.0%")]
)
def test_rates_never_claim(good: int, number_format: str, tmp_path: Path) -> None:
    """The format of a rate never rounds to all or to none where it is neither."""
    report = make_report([make_job()])
    rate = 1 / 4000 if good == 1 else good / 2000
    module = replace(report.modules[0], figures=replace(report.totals, success_rate=rate))
    sheet = sheet_of(written(replace(report, modules=(module,)), tmp_path), "Modules")
    column = [cell.value for cell in sheet[1]].index("Success rate")
    assert number_format in sheet[2][column].number_format


def test_jobs_are_typed(tmp_path: Path) -> None:
    """A job's times are date-times of the zone in the header, its counts and size are numbers."""
    path = written(make_report([make_job("2026-10-24T23:30:00Z")], timezone=BERLIN), tmp_path)
    (row,) = records(path, "Jobs")
    assert row[f"Started ({BERLIN})"] == datetime(2026, 10, 25, 1, 30)  # noqa: DTZ001  as Excel has it
    assert row["Duration"] == timedelta(minutes=20)
    assert row["Objects total"] == 100
    assert row["Size (bytes)"] == 1024**3
    assert row["Counted as"] == "backup"
    sheet = sheet_of(path, "Jobs")
    formats = {cell.value: sheet[2][n].number_format for n, cell in enumerate(sheet[1])}
    assert formats["Duration"] == "[h]:mm:ss"
    assert formats["Size (bytes)"] == "#,##0"


def test_all_jobs_are_there(busy: Report, busy_path: Path) -> None:
    """The Jobs sheet has every job of the report, those that count and those that do not."""
    rows = records(busy_path, "Jobs")
    order = busy.jobs.sort_values(["service", "module", "name"], kind="stable")
    assert [row["Job ID"] for row in rows] == list(order["job_id"])
    kinds = {row["Job ID"]: row["Counted as"] for row in rows}
    assert kinds["SC1"] == kinds["RT1"] == "not a backup"


def test_undated_job(tmp_path: Path) -> None:
    """A job that nothing dates is in the Jobs sheet, marked as undated, its times empty; one with
    an end alone counts, and says by what it is dated.
    """
    nothing: dict[str, Any] = {"startTime": "yesterday", "endTime": "N/A", "lastModifyTime": "N/A"}
    rows = [
        make_job(),
        make_job(jobId="U1", backupSize="much", **nothing),
        make_job("2026-10-06T01:00:00Z", jobId="E1", startTime="N/A"),
        make_job("2026-10-07T01:00:00Z", jobId="M1", startTime="N/A", endTime="N/A"),
    ]
    report = make_report(rows)
    by_id = {row["Job ID"]: row for row in records(written(report, tmp_path), "Jobs")}
    assert report.totals.jobs == 3
    assert by_id["U1"]["Counted as"] == "undated"
    assert by_id["U1"]["Started (UTC)"] is None
    assert by_id["U1"]["Dated (UTC)"] is None
    assert by_id["U1"]["Dated by"] is None
    assert by_id["U1"]["Size (bytes)"] is None
    assert (by_id["E1"]["Counted as"], by_id["E1"]["Dated by"]) == ("backup", "end")
    assert by_id["E1"]["Dated (UTC)"] == datetime(2026, 10, 6, 1, 20)  # noqa: DTZ001  as Excel has it
    assert (by_id["M1"]["Counted as"], by_id["M1"]["Dated by"]) == ("backup", "modification")
    assert list(by_id)[-1] == "U1"


SCOPED = [
    *(make_job(f"2026-10-{n:02}T01:00:00Z", name="Tenant A", jobId=f"A{n}") for n in range(1, 32)),
    *(
        make_job(f"2026-10-{n:02}T02:00:00Z", "Failed", name="Tenant B", jobId=f"B{n}")
        for n in range(1, 32)
    ),
    make_row(jobModule="Teams Chat", status="Disabled", lastModifyTime="2026-10-09T05:00:00Z"),
    make_row(jobModule="Project Online", status="Finished"),
]


def test_scopes(tmp_path: Path) -> None:
    """Each scope has its own row, worst first, as the service lists it."""
    path = written(make_report(SCOPED, observed=DAILY), tmp_path)
    rows = {(row["Module"], row["Scope"]): row for row in records(path, "Scopes")}
    assert list(rows) == [
        ("Exchange Online", "Tenant B"),
        ("Exchange Online", "Tenant A"),
        ("Project Online", None),
        ("Teams Chat", None),
    ]
    bad, good = rows["Exchange Online", "Tenant B"], rows["Exchange Online", "Tenant A"]
    assert (bad["State"], bad["Failed"], bad["Success rate"]) == ("Critical", 31, 0)
    assert (good["State"], good["Jobs"]) == ("Healthy", 31)
    assert rows["Project Online", None]["Listed as"] == "nothing to back up"
    off = rows["Teams Chat", None]
    assert (off["Listed as"], off["Since (UTC)"]) == (
        "switched off",
        datetime(2026, 10, 9, 5),  # noqa: DTZ001  as Excel has it
    )
    (exchange, *_) = records(path, "Modules")
    assert (exchange["State"], exchange["Success rate"]) == ("Critical", 0.5)


def test_what_cannot_be_judged(tmp_path: Path) -> None:
    """A gap has two figures, and a target that nobody can judge says so, in the sheets of scopes
    and of modules and in the summary; a possible gap is distinguished from a certain one.
    """
    report = make_report([make_job()])
    figures = replace(
        report.totals, longest_gap_s=3600.0, longest_gap_at_most_s=1e5, gap_target_met=None
    )
    (module,) = report.modules
    (scope,) = module.scopes
    module = replace(module, figures=figures, scopes=(replace(scope, figures=figures),))
    start = datetime(2026, 10, 2, tzinfo=UTC)
    gaps = [
        Gap("Microsoft 365", "Exchange Online", None, start, start + length, 93_600.0, certain)
        for length, certain in ((timedelta(days=2), True), (timedelta(days=3), False))
    ]
    path = written(replace(report, modules=(module,), gaps=tuple(gaps)), tmp_path)
    for title in ("Modules", "Scopes"):
        (row,) = records(path, title)
        assert row["Recovery-point target"] == "cannot be judged"
        assert row["Longest gap, at least"] == timedelta(hours=1)
        assert row["Longest gap, at most"] == timedelta(seconds=1e5)
    assert [row["Certainty"] for row in records(path, "Gaps")] == ["certain", "possible"]
    texts_of_summary = {text for title, text in texts(path) if title == "Summary"}
    assert {"cannot be judged for 1 scope", "INCOMPLETE", "SPARSE"} <= texts_of_summary


def test_volume_that_is_not_given(tmp_path: Path) -> None:
    """A module whose jobs processed objects and say 0 has no volume: its cells are empty, with
    words beside them. Sizes that cannot be read leave a volume of some jobs.
    """
    rows = [
        make_job(backupSize="0 GB", jobModule="OneDrive"),
        make_job(jobModule="Exchange Online"),
        make_job("2026-10-06T01:00:00Z", jobModule="Exchange Online", backupSize="much"),
    ]
    path = written(make_report(rows, observed=DAILY), tmp_path)
    by_module = {row["Module"]: row for row in records(path, "Modules")}
    none, some = by_module["OneDrive"], by_module["Exchange Online"]
    assert none["Volume (GB)"] is none["Volume (bytes)"] is None
    assert (none["Volume is given"], none["Jobs with a size"]) == ("not given", 0)
    assert (some["Volume (GB)"], some["Volume is given"]) == (1, "of 1 of 2 jobs")
    daily = [row for row in records(path, "Daily") if row["Jobs"]]
    assert [row["Volume (GB)"] for row in daily] == [1, None, 0]
    texts_of_summary = {text for title, text in texts(path) if title == "Summary"}
    assert "The service gives sizes for 1 of 2 modules with jobs." in texts_of_summary


def test_stored_volume_replaces_a_missing_volume(tmp_path: Path) -> None:
    """Where no job has a size, the chart of the Summary is of what is stored."""
    answers = make_answers([make_protected(dataSizeStoredInAvePoint="512 GB")], at=NOW)
    rows = [make_job(backupSize="0 GB")]
    path = written(make_report(rows, observed=DAILY, answers=answers), tmp_path)
    (module,) = records(path, "Modules")
    assert (module["Volume (GB)"], module["Stored (GB)"]) == (None, 512)
    with zipfile.ZipFile(path) as parts:
        assert "what is stored of each module" in parts.read("xl/drawings/drawing1.xml").decode()


def test_what_is_left_out_and_what_runs(tmp_path: Path) -> None:
    """Scopes the provider leaves out are listed with reason and jobs, and their jobs are marked; a
    job that is still running is listed with its duration so far.
    """
    policy = Policy(left_out=(LeaveOut("Microsoft 365", "Exchange Online", "Tenant B", "=a test"),))
    rows = [*SCOPED, make_job("2026-10-08T01:00:00Z", "Running", jobModule="OneDrive", jobId="R1")]
    path = written(make_report(rows, policy=policy, observed=DAILY), tmp_path)
    jobs = records(path, "Jobs")
    assert sum(row["Counted as"] == "left out" for row in jobs) == 31
    sheet = sheet_of(path, "Scopes")
    _, cells = sheet[sheet.tables["LeftOut"].ref]
    assert [cell.value for cell in cells] == [
        "Microsoft 365", "Exchange Online", "Tenant B", 31, "=a test",
    ]  # fmt: skip
    _, running = sheet[sheet.tables["Running"].ref]
    assert running[3].value == "R1"
    assert running[6].value is not None
    assert results(path) == {"agrees"}


def test_days_without_a_job_say_why(tmp_path: Path) -> None:
    """A day without a job is "no run" where it was observed and "not observed" where it was not."""
    observed = [datetime(2026, 10, 6, 12, tzinfo=UTC), datetime(2026, 11, 2, 6, tzinfo=UTC)]
    path = written(make_report([make_job()], observed=observed), tmp_path)
    days = records(path, "Days")
    assert len(days) == 31
    by_day = {day["Date"].date(): day for day in days}
    assert by_day[date(2026, 10, 5)]["Jobs"] == 1
    assert by_day[date(2026, 10, 6)]["Day without jobs"] == "no run"
    assert by_day[date(2026, 10, 7)]["Day without jobs"] == "not observed"


def test_daily_and_exceptions(busy: Report, busy_path: Path) -> None:
    """Days of modules and exceptions with their cures are those of the report."""
    daily = records(busy_path, "Daily")
    assert sum(row["Jobs"] for row in daily) == busy.totals.jobs
    exceptions = records(busy_path, "Exceptions")
    assert [row["Cured by job"] for row in exceptions] == [
        exception.cured_by for exception in busy.exceptions
    ]
    assert exceptions[0]["Standing"] == "open"
    assert isinstance(exceptions[-1]["Cured after"], timedelta | datetime)


def test_about_names_its_sources(busy: Report, busy_path: Path) -> None:
    """The About sheet has policy, definitions, the hash of each reply, and where it comes from."""
    about = [text for title, text in texts(busy_path) if title == "About"]
    assert "How these figures are computed" in about
    assert busy.sources[0].sha256 in about
    assert sum("backup-reporter" in text for _, text in texts(busy_path)) == 1


def test_tables_are_sound(busy_path: Path) -> None:
    """Tables have their own names, records, and headers equal to their cells."""
    book = book_of(busy_path)
    names = [name for sheet in book.worksheets for name in sheet.tables]
    assert len({name.lower() for name in names}) == len(names) >= 8
    for sheet in book.worksheets:
        for table in sheet.tables.values():
            header, *rows = sheet[table.ref]
            assert rows
            assert [cell.value for cell in header] == table.column_names
            assert len({str(cell.value).lower() for cell in header}) == len(header)
            assert table.autoFilter.ref == table.ref
    with zipfile.ZipFile(busy_path) as parts:
        for number in range(1, len(SHEETS) + 1):
            tree = ElementTree.fromstring(  # noqa: S314  our own file
                parts.read(f"xl/worksheets/sheet{number}.xml")
            )
            cells = [cell.get("r") for cell in tree.iter() if cell.tag.endswith("}c")]
            assert len(cells) == len(set(cells))


def test_charts(busy_path: Path) -> None:
    """The Summary has three charts that refer to cells, with titles and visible axes."""
    charts = sheet_of(busy_path, "Summary")._charts  # type: ignore[attr-defined]
    assert len(charts) == 3
    for chart in charts:
        assert chart.title is not None
        assert not chart.x_axis.delete
        assert not chart.y_axis.delete
        assert all("!" in series.val.numRef.f for series in chart.series)


@pytest.mark.parametrize("start", STARTS)
def test_text_is_never_a_formula(start: str, tmp_path: Path) -> None:
    """Whatever a name begins with, it is text in every sheet, and no cell is a formula."""
    rows = [
        make_job(status="Failed", name=start, jobModule=start, jobType=start, jobId=start),
        make_job("2026-10-06T01:00:00Z", "=odd", name=start, backupSize="=1 GB"),
    ]
    report = make_report(rows, customer=Customer("=id", start))
    look = Look(Brand(name=start, contact=start, footer="&P &[Page] " + start))
    path = written(report, tmp_path, look)
    with zipfile.ZipFile(path) as parts:
        for name in parts.namelist():
            if name.startswith("xl/worksheets/sheet"):
                xml = parts.read(name)
                assert b't="e"' not in xml
                if name != f"xl/worksheets/sheet{SHEETS.index('Checks') + 1}.xml":
                    assert b"<f>" not in xml
    book = book_of(path)
    checks = book["Checks"]
    formulas = [str(cell.value) for row in checks.rows for cell in row if cell.data_type == "f"]
    assert formulas
    assert not [formula for formula in formulas if "SUM(A1)" in formula or "1+" in formula]
    printable = start.replace("\r", "\n").replace("a\x00\ufffe\ud800", "a\ufffd\ufffd\ufffd")
    titles = [title for title, text in texts(path) if text.strip() == printable.strip()]
    assert {"Summary", "Modules", "Jobs", "Exceptions", "About"} <= set(titles)


def results(path: Path) -> set[Any]:
    """The results of the Checks sheet, as stored for its formulas in the file."""
    sheet = openpyxl.load_workbook(path, data_only=True)["Checks"]
    return {row[7].value for row in sheet.iter_rows(min_row=7)}


NEEDS_LIBREOFFICE = pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice is not installed"
)


@pytest.mark.slow
@NEEDS_LIBREOFFICE
@pytest.mark.parametrize(
    "policy",
    [Policy(), Policy(warning="success", cancelled="excluded"), Policy(warning="failed")],
    ids=["default", "lenient", "strict"],
)
def test_checks_agree(policy: Policy, tmp_path: Path) -> None:
    """Recalculated from the Jobs sheet, every figure agrees, and was written as computed."""
    snapshots = daily_snapshots(datetime(2026, 9, 1, 6, tzinfo=UTC), 60)
    rows = make_busy_month()
    rows += [
        make_job(startTime="yesterday", jobId="U1"),
        make_job(jobModule=">5", jobId="X1"),
        make_job(jobModule="a*", jobId="X2", status="Failed"),
        make_job(jobModule="ab", jobId="X3", jobType="=1+1"),
        make_job(jobModule="Power Apps", jobId="X4", backupSize="0 GB"),
        *(
            make_job(jobModule="Scopes", jobId=f"S{n}", name=name)
            for n, name in enumerate(
                ["Plain", "Other", "case", "Case", "in  ner", "in ner", "May 2026", "True", "N/A",
                 ">5", "a*", "=1+1", "long" * 2_500, "long" * 2_499, "\tx", "7", "007"]
            )
        ),
    ]  # fmt: skip
    left_out = LeaveOut("Microsoft 365", "Scopes", "Other", "a test")
    policy = replace(policy, left_out=(left_out,))
    report = make_report(rows, timezone=BERLIN, policy=policy, observed=snapshots)
    path = written(report, tmp_path)
    copy = recalculated(path, tmp_path / "anew")
    before, after = (openpyxl.load_workbook(source, data_only=True) for source in (path, copy))
    scopes = sum(len(module.scopes) for module in report.modules if len(module.scopes) > 1)
    assert scopes > 15
    number = 13 + 2 * len(report.services) + 4 * len(report.modules) + 3 * scopes
    assert before["Checks"].max_row == after["Checks"].max_row == 6 + number
    assert after["Checks"]["A2"].value == f"All {number} checks agree with the jobs."
    assert results(path) == results(copy) == {"agrees"}
    for cells, computed in zip(before["Checks"].rows, after["Checks"].rows, strict=True):
        for cell, again in zip(cells, computed, strict=True):
            if isinstance(again.value, float):
                assert cell.value == pytest.approx(again.value, rel=1e-12)
            else:
                assert (cell.value or None) == (again.value or None)


@NEEDS_LIBREOFFICE
def test_checks_differ(busy: Report, busy_path: Path, tmp_path: Path) -> None:
    """A changed job shows up in its outcome, its module, the rates, and the verdict."""
    book = openpyxl.load_workbook(busy_path)
    header = [cell.value for cell in book["Jobs"][1]]
    outcome = header.index("Outcome") + 1
    row = next(n for n in range(2, 99) if book["Jobs"].cell(n, outcome).value == "Success")
    book["Jobs"].cell(row, outcome).value = "Failed"
    changed = tmp_path / "changed.xlsx"
    book.save(changed)
    copy = openpyxl.load_workbook(recalculated(changed, tmp_path / "anew"), data_only=True)
    differing = {cells[0].value for cells in copy["Checks"].rows if cells[7].value == "differs"}
    assert differing == {"Success", "Failed", "Success rate", "Lenient success rate"}
    assert str(copy["Checks"]["A2"].value).startswith("Checks that differ: 7 of ")


def test_a_wrong_figure_is_written_as_differing(tmp_path: Path) -> None:
    """A program that does not recalculate shows what the formulas would give."""
    report = make_report([make_job()])
    path = written(replace(report, totals=replace(report.totals, jobs=2)), tmp_path)
    assert results(path) == {"agrees", "differs"}


def test_names(busy: Report, busy_path: Path) -> None:
    """Headline figures and the columns of the jobs have names that lead to them."""
    book = book_of(busy_path)

    def named(name: str) -> Any:
        (title, ref), *_ = book.defined_names[name].destinations
        return book[title][ref]

    assert named("jobs_total").value == busy.totals.jobs
    assert named("success_rate").value == busy.totals.success_rate
    assert named("volume_bytes").value == busy.totals.bytes
    assert named("state").value == "Critical"
    assert named("period_start").value == datetime(2026, 10, 1)  # noqa: DTZ001  as Excel has it
    assert len(named("jobs_outcome")) == len(busy.jobs)
    assert book.calculation.fullCalcOnLoad


def test_links(busy: Report, busy_path: Path) -> None:
    """A module links to its first scope, a scope back to it and to the first of its jobs, and that
    job to the scope.
    """
    book: Any = book_of(busy_path)
    modules, scopes, jobs = book["Modules"], book["Scopes"], book["Jobs"]
    of_jobs = [cell.value for cell in scopes[1]].index("Jobs") + 1
    row = 2
    for at, module in enumerate(busy.modules, 2):
        assert modules.cell(at, 2).hyperlink.location == f"'Scopes'!C{row}"
        for scope in module.scopes:
            assert scopes.cell(row, 3).value == scope.name
            assert scopes.cell(row, 2).hyperlink.location == f"'Modules'!B{at}"
            link = scopes.cell(row, of_jobs).hyperlink
            assert (link is not None) == bool(scope.figures.jobs)
            if link is not None:
                target = jobs[str(link.location).rpartition("!")[2]]
                assert (target.value, jobs.cell(target.row, 5).value) == (module.module, scope.name)
                before = jobs.cell(target.row - 1, 2).value, jobs.cell(target.row - 1, 5).value
                assert before != (module.module, scope.name)
                assert target.hyperlink.location == f"'Scopes'!B{row}"
            row += 1


def test_missed_rates_are_highlighted(busy_path: Path) -> None:
    """Rates below target and checks that differ are coloured by a rule, not by hand."""
    book = book_of(busy_path)
    rules = {
        title: [rule.formula for area in book[title].conditional_formatting for rule in area.rules]
        for title in ("Modules", "Scopes", "Checks")
    }
    assert rules["Checks"] == [['$H7="differs"']]
    for title in ("Modules", "Scopes"):
        assert len(rules[title]) == 2
        assert all("missed" in formula for (formula,) in rules[title])


def test_charts_have_texts(busy: Report, busy_path: Path) -> None:
    """Each chart says what it shows, with its main figure, to those who do not see it."""
    with zipfile.ZipFile(busy_path) as parts:
        drawing = parts.read("xl/drawings/drawing1.xml").decode()
        application = parts.read("docProps/app.xml").decode()
        core = parts.read("docProps/core.xml").decode()
    descriptions = re.findall(r'descr="([^"]+)"', drawing)
    assert len(descriptions) == 3
    assert f"{busy.totals.jobs} jobs in the period" in descriptions[0]
    assert "92.6" in descriptions[1]
    for product in ("openpyxl", "backup-reporter", "AvePoint"):
        assert product.lower() not in (application + core).lower()


def test_gaps_and_trend(busy: Report, tmp_path: Path) -> None:
    """Gaps are the report's; a month nobody knows anything of says so, without figures."""
    september, october = parse_period("2026-09", BERLIN, NOW), parse_period("2026-10", BERLIN, NOW)
    history = (
        MonthFigures(september, 0, 0, None, 0, 0, 30),
        MonthFigures(october, 5, 4, 0.75, 1024**3, 31, 31),
    )
    path = written(replace(busy, history=history), tmp_path)
    gaps = records(path, "Gaps")
    assert [row["Module"] for row in gaps] == [gap.module for gap in busy.gaps]
    assert gaps[0][f"From ({BERLIN})"] is not None
    unknown, known = records(path, "Trend")
    assert (unknown["Jobs"], unknown["Remark"]) == (None, "no data")
    assert (known["Jobs"], known["Success rate"], known["Observed days"]) == (5, 0.75, 31)
    assert known["Remark"] is None


def test_empty_report(tmp_path: Path) -> None:
    """A customer without any row gets a workbook that says so, without an empty table."""
    path = written(make_report([]), tmp_path)
    every_text = {text for _, text in texts(path)}
    assert "No jobs in this period." in every_text
    assert "No exceptions in this period." in every_text
    assert "The service lists no module of this customer." in every_text
    assert list(sheet_of(path, "Jobs").tables) == []


def test_never_run_rows(tmp_path: Path) -> None:
    """Modules that never ran are listed, and the workbook is whole without a job."""
    path = written(make_report([make_row(), make_row(jobModule="OneDrive")]), tmp_path)
    assert [row["State"] for row in records(path, "Modules")] == ["Never run", "Never run"]


def test_fifty_japanese_modules(tmp_path: Path) -> None:
    """Fifty modules with Japanese names are all listed, and the charts grow with them."""
    rows = [
        make_job(jobModule=f"バックアップ {n:02}", jobId=f"J{n}", jobType="サービス")
        for n in range(50)
    ]
    path = written(make_report(rows, customer=Customer("1", "株式会社サンプル")), tmp_path)
    assert len(records(path, "Modules")) == 50
    assert ("Summary", "株式会社サンプル") in set(texts(path))


def test_more_rows_than_a_sheet_holds(
    busy: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jobs beyond Excel's last row continue on further sheets."""
    monkeypatch.setattr(jobs_sheet, "LAST_ROW", 251)
    path = written(busy, tmp_path)
    titles = [title for title in book_of(path).sheetnames if "Jobs" in title]
    assert titles == ["Jobs", "Jobs 2", "Jobs 3"]
    ids = [row["Job ID"] for title in titles for row in records(path, title)]
    order = busy.jobs.sort_values(["service", "module", "name"], kind="stable")
    assert ids == list(order["job_id"])
    assert results(path) == {"agrees"}
    linked = [row for title in titles for row in sheet_of(path, title).rows if row[1].hyperlink]
    scopes = [scope for module in busy.modules for scope in module.scopes]
    assert len(linked) == sum(scope.figures.jobs > 0 for scope in scopes)
