"""The workbook as a file: its bytes, its print, its failures, and what other programs say."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from reporter.model import Look, Report
from reporter.render.workbook import write_workbook
from tests.builders import make_job, make_report
from tests.render.workbook_cases import LOOK, busy_report, sheet_of, written


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
        wide, names = {"Modules": (3, "$A:$C"), "Protection": (2, "$A:$B")}.get(
            sheet.title, (1, None)
        )
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


class _FullFile:
    """A temporary file on a disk with room for so many bytes."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.closed = False

    def write(self, data: bytes) -> int:
        self.room -= len(data)
        if self.room < 0:
            raise OSError(28, "No space left on device")
        return len(data)

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("room", [0, 3_000, 20_000])
def test_full_temporary_disk(
    room: int, busy: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the temporary files find no room it is an OSError, and all of them are closed."""
    made: list[_FullFile] = []

    def full() -> _FullFile:
        made.append(_FullFile(room))
        return made[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(OSError, match="No space"):
        write_workbook(busy, LOOK, tmp_path / "report.xlsx")
    assert all(file.closed for file in made)


def test_nothing_left_behind(busy: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither success nor failure leaves a temporary file."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    written(busy, tmp_path)
    with pytest.raises(FileNotFoundError):
        write_workbook(busy, LOOK, tmp_path / "nowhere" / "report.xlsx")
    assert list(temporary.iterdir()) == []


_MEASURE = """
import pickle, resource, sys
from dataclasses import replace
from pathlib import Path
from reporter.model import Look
from reporter.render.workbook import write_workbook
saved, path = map(Path, sys.argv[1:])
with saved.open("rb") as file:
    report = pickle.load(file)
write_workbook(replace(report, jobs=report.jobs[:100]), Look(), path)
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
write_workbook(report, Look(), path)
print((peak() - before) // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux alone")
def test_memory(busy: Report, tmp_path: Path) -> None:
    """Writing 200,000 jobs takes at most 100 MB beyond what the process held before."""
    times = 200_000 // len(busy.jobs) + 1
    jobs = pd.concat([busy.jobs] * times, ignore_index=True)[:200_000]
    jobs["job_id"] += jobs.index.astype("str")
    saved = tmp_path / "report.pickle"
    saved.write_bytes(pickle.dumps(replace(busy, jobs=jobs)))
    run = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(saved), str(tmp_path / "report.xlsx")],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(run.stdout) <= 100


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


def _cells(path: Path) -> list[list[object]]:
    """The sheet Jobs as calamine reads it; times to the second, as they are shown."""
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name("Jobs").to_python()
    return [[_as_shown(value) for value in row] for row in rows]


def _as_shown(value: object) -> object:
    if isinstance(value, datetime):
        return (value + timedelta(microseconds=500_000)).replace(microsecond=0)
    if isinstance(value, timedelta):
        return timedelta(seconds=round(value.total_seconds()))
    return "" if value is None else value


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_every_reader_sees_the_same_jobs(busy: Report, busy_path: Path, tmp_path: Path) -> None:
    """calamine, openpyxl and LibreOffice agree on every cell, and with the report."""
    seen = _cells(busy_path)
    sheet = openpyxl.load_workbook(busy_path, read_only=True)["Jobs"]
    by_openpyxl = [[_as_shown(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    assert by_openpyxl == seen
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
    command += ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "out")]
    subprocess.run([*command, str(busy_path)], check=True, capture_output=True, timeout=180)
    assert _cells(tmp_path / "out" / busy_path.name) == seen
    header, *rows = seen
    jobs = dict(zip(busy.jobs["job_id"], busy.jobs["bytes"], strict=True))
    assert len(rows) == len(jobs)
    ids, sizes = header.index("Job ID"), header.index("Size (bytes)")
    for row in rows:
        size = jobs[str(row[ids])]
        assert row[sizes] == ("" if pd.isna(size) else size)
