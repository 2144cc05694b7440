"""The workbook as a file: its bytes, its print, its failures, and what other programs say."""

from __future__ import annotations

import contextlib
import os
import pickle
import resource
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from reporter.errors import OutputError
from reporter.files import write_whole
from reporter.jobs.frame import JOB_COLUMNS
from reporter.model import Look, Outcome, Report
from reporter.render.text import Words
from reporter.render.workbook import write_workbook
from reporter.render.workbook.jobs import ROWS_AT_ONCE
from tests.builders import make_job, make_report
from tests.render.workbook_cases import LOOK, busy_report, recalculated, sheet_of, written


@pytest.fixture(scope="module")
def busy() -> Report:
    return busy_report()


@pytest.fixture(scope="module")
def busy_path(busy: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(busy, tmp_path_factory.mktemp("busy"))


def test_print_set_up(busy_path: Path) -> None:
    """Sheets print landscape, with repeated headers, customer, period and pages; the widest so
    that they can be read: several pages wide, with the names on each.
    """
    for sheet in openpyxl.load_workbook(busy_path).worksheets:
        assert sheet.page_setup.orientation == "landscape"
        wide, names = {
            "Modules": (3, "$A:$C"),
            "Scopes": (3, "$A:$C"),
            "Protection": (2, "$A:$B"),
        }.get(sheet.title, (1, None))
        assert sheet.page_setup.fitToWidth == wide
        assert sheet.print_title_cols == names
        assert sheet.page_setup.paperSize == 9
        header, footer = sheet.oddHeader, sheet.oddFooter
        assert header
        assert footer
        assert header.left.text == "Contoso Ltd"
        assert header.right.text == "Backup report 2026-10"
        assert footer.right.text == f"{sheet.title}, page &P of &N"
        if sheet.title not in ("Summary", "Trend", "Protection", "Checks", "About"):
            assert sheet.print_title_rows == "$1:$1"
            assert str(sheet.freeze_panes).endswith("2")


def test_letter_paper(tmp_path: Path) -> None:
    """The look says which paper."""
    path = written(make_report([make_job()]), tmp_path, Look(page_size="Letter"))
    assert sheet_of(path, "Jobs").page_setup.paperSize == 1


def test_properties(busy: Report, busy_path: Path) -> None:
    """Title, brand, language and date of the report are the document's; no clock's time."""
    properties = openpyxl.load_workbook(busy_path).properties
    assert properties.title == "Contoso Ltd: backup report 2026-10"
    assert properties.creator == "Northwind Managed"
    assert properties.language == "en"
    as_of = busy.as_of.astimezone(UTC).replace(tzinfo=None)
    assert properties.created == properties.modified == as_of


def test_same_bytes(busy: Report, busy_path: Path, tmp_path: Path) -> None:
    """The same report gives the same bytes."""
    assert written(busy, tmp_path).read_bytes() == busy_path.read_bytes()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_full_disk(busy: Report) -> None:
    """A full disk is an OSError for the caller."""
    with pytest.raises(OSError, match="No space"):
        write_workbook(busy, LOOK, Path("/dev/full"))


@contextlib.contextmanager
def room_for(size: int) -> Iterator[None]:
    """The system refuses to make any file larger than that."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("part", [0, 0.1, 0.5, 0.9, 0.999])
def test_a_disk_that_fills_up(part: float, busy: Report, busy_path: Path, tmp_path: Path) -> None:
    """Wherever in the workbook the disk fills up, it is one clear error, and nothing is left
    behind.
    """
    path = tmp_path / "report.xlsx"
    with (
        room_for(int(busy_path.stat().st_size * part)),
        pytest.raises(OutputError, match="File too large"),
    ):
        write_whole(path, lambda draft: write_workbook(busy, LOOK, draft))
    assert list(tmp_path.iterdir()) == []


def test_no_temporary_file_is_left_behind(
    busy: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither success nor failure leaves a temporary file."""
    temporary = tmp_path / "temporary"
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))  # there is no such folder
    written(busy, tmp_path)
    with pytest.raises(FileNotFoundError):
        write_workbook(busy, LOOK, tmp_path / "nowhere" / "report.xlsx")


def test_the_file_type_is_recognised_from_its_first_parts(busy_path: Path) -> None:
    """Programs that look only at the first parts see properties, and then a part of Excel's."""
    with zipfile.ZipFile(busy_path) as parts:
        assert [name.partition("/")[0] for name in parts.namelist()[:3]] == [
            *("docProps", "docProps"),
            "xl",
        ]
        assert {entry.date_time for entry in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.create_system for entry in parts.infolist()} == {3}
        assert len(set(parts.namelist())) == len(parts.namelist())


_MEASURE = """
import pickle, re, sys
from dataclasses import replace
from pathlib import Path
from reporter.model import Look
from reporter.render.workbook.book import Book
from reporter.render.workbook.jobs import add_jobs
saved, path = map(Path, sys.argv[1:])
with saved.open("rb") as file:
    report = pickle.load(file)
# Not ru_maxrss, which starts with the value of the parent process.
peak = lambda: int(re.findall("VmHWM:[^0-9]*([0-9]+)", Path("/proc/self/status").read_text())[0])
def write(rows):
    with Book(replace(report, jobs=report.jobs[:rows]), Look(), path) as book:
        add_jobs(book)
        book.save()
write(20_000)
before = peak()
write(len(report.jobs))
print((peak() - before) // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_memory(busy: Report, tmp_path: Path) -> None:
    """The Jobs sheet of 200,000 jobs takes hardly more memory than that of 20,000: the order of
    the jobs is held, some bytes each, and none of their cells.
    """
    saved = tmp_path / "report.pickle"
    saved.write_bytes(pickle.dumps(replace(busy, jobs=many_jobs(busy, 200_000))))
    run = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(saved), str(tmp_path / "report.xlsx")],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(run.stdout) <= 30


def many_jobs(report: Report, number: int) -> pd.DataFrame:
    """So many jobs, each with an id and times of its own, with gaps and texts of every kind."""
    times = number // len(report.jobs) + 1
    jobs = pd.concat([report.jobs] * times, ignore_index=True)[:number]
    jobs["job_id"] += jobs.index.astype("str")
    for place, name in enumerate(("started_at", "ended_at", "modified_at")):
        jobs[name] += pd.to_timedelta(jobs.index % 997 * 1000 + place, unit="us")
        jobs[name] = jobs[name].where(jobs.index % (101 + place) > 0)
    jobs["objects_total"] = jobs["objects_total"].where(jobs.index % 7 > 0)
    jobs["bytes"] += jobs.index
    jobs["dated_at"] = jobs["dated_at"].where(jobs.index % 103 > 0)
    jobs["dated_by"] = jobs["dated_by"].where(jobs["dated_at"].notna())
    jobs["left_out"] = jobs.index % 107 == 0
    odd = jobs.index % 211 == 0
    jobs["name"] = jobs["name"].mask(odd, "=1+1 & <b> \U0001f600 " + jobs["job_id"])
    return jobs


def expected_cells(report: Report, jobs: pd.DataFrame) -> list[list[object]]:
    """What the cells of the Jobs sheet have to say, row by row, by plain loops."""
    zone, words = report.period.timezone, Words(LOOK.locale, report.policy.units)

    def value(name: str, content: Any) -> object:
        if pd.isna(content) or content == "":
            return None
        if name.endswith("_at"):
            return content.tz_convert(zone).tz_localize(None).to_pydatetime()
        return content.to_pytimedelta() if name == "duration" else content

    rows = []
    names = list(JOB_COLUMNS)[:15]
    for job in jobs.sort_values(["service", "module", "name"], kind="stable").to_dict("records"):
        counted = "undated" if pd.isna(job["dated_at"]) else "backup"
        counted = "left out" if job["left_out"] else counted
        counted = counted if job["is_backup"] else "not a backup"
        dated = [value("dated_at", job["dated_at"]), value("dated_by", job["dated_by"])]
        outcome = words.outcome(Outcome(job["outcome"]))
        rows.append([*(value(name, job[name]) for name in names), *dated, outcome, counted])
    return rows


def same(read: object, meant: object) -> bool:
    """Equal; times and lengths of time to the millisecond, which is what the readers give."""
    if meant is None:
        return read in (None, "")
    if isinstance(meant, timedelta):
        if isinstance(read, datetime):  # how calamine and openpyxl show lengths of a day and more
            read -= datetime(1899, 12, 30)  # noqa: DTZ001  as Excel has it
        if isinstance(read, time):
            read = datetime.combine(date.min, read) - datetime.combine(date.min, time())
        return isinstance(read, timedelta) and abs(read - meant) <= timedelta(milliseconds=1)
    if isinstance(meant, datetime):
        return isinstance(read, datetime) and abs(read - meant) <= timedelta(milliseconds=1)
    return read == meant


def by_openpyxl(path: Path) -> Iterator[Sequence[object]]:
    yield from sheet_of(path, "Jobs").iter_rows(values_only=True)


def by_calamine(path: Path) -> Iterator[Sequence[object]]:
    yield from CalamineWorkbook.from_path(path).get_sheet_by_name("Jobs").to_python()


def by_libreoffice(path: Path) -> Iterator[Sequence[object]]:
    yield from by_calamine(recalculated(path, path.parent / "anew"))


@pytest.fixture(scope="module")
def many(busy: Report, tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    """A workbook with enough jobs for several chunks."""
    report = replace(busy, jobs=many_jobs(busy, 2 * ROWS_AT_ONCE + 2_345))
    return report, written(report, tmp_path_factory.mktemp("many"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "read",
    [
        by_openpyxl,
        by_calamine,
        pytest.param(
            by_libreoffice,
            marks=pytest.mark.skipif(shutil.which("soffice") is None, reason="no LibreOffice"),
        ),
    ],
)
def test_every_cell(
    read: Callable[[Path], Iterator[Sequence[object]]], many: tuple[Report, Path]
) -> None:
    """Every cell of many jobs is read back by other programs as what the report has."""
    report, path = many
    header, *rows = read(path)
    assert len(header) == 19
    meant = expected_cells(report, report.jobs)
    assert len(rows) == len(meant)
    for number, (cells, row) in enumerate(zip(rows, meant, strict=True), 2):
        wrong = [pair for pair in zip(cells, row, strict=True) if not same(*pair)]
        assert not wrong, number


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice(busy_path: Path, tmp_path: Path) -> None:
    """LibreOffice opens the workbook and prints it without a column too narrow for its values."""
    subprocess.run(
        [
            str(shutil.which("soffice")),
            f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
            *("--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(busy_path)),
        ],
        capture_output=True,
        check=True,
        timeout=120,
    )
    pages = [page.extract_text() for page in PdfReader(tmp_path / "report.pdf").pages]
    assert "Contoso Ltd" in pages[0]
    assert "Jobs by outcome and day" in pages[0]
    assert not any("###" in page for page in pages)
