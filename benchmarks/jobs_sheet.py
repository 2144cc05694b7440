"""Writing the Jobs sheet of 100,000 jobs, beside other writers: `python -m benchmarks.jobs_sheet`.

Everybody writes the same 16 columns with the same number and date formats, from values that are
ready: ours from the report's frame, as in life; the others from lists of Python values.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import openpyxl
import pandas as pd
import xlsxwriter
from openpyxl.cell import WriteOnlyCell
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from benchmarks.ratios import Seconds, finish, in_turn, ratio, table
from reporter.jobs.frame import JOB_COLUMNS
from reporter.model import Look, Report
from reporter.render.workbook.book import Book
from reporter.render.workbook.jobs import add_jobs
from tests.builders import make_job, make_report

COUNT, MOMENT, SPAN, RATE = "#,##0", "yyyy-mm-dd hh:mm:ss", "[h]:mm:ss", "0.0%"
EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001  Excel knows no zones
DAY: Final = timedelta(days=1)
FIRST: Final = datetime(2026, 10, 1, tzinfo=UTC)
CONSTANT: Final = "XlsxWriter, constant memory"
OURS: Final = "ours"


def frame(rows: int) -> pd.DataFrame:
    """So many jobs of October, in the columns a report has them in."""
    numbers = pd.Series(range(rows))
    starts = pd.Timestamp(FIRST) + pd.to_timedelta(numbers * (31 * 86_400) // rows, unit="s")
    modules = ("Exchange Online", "SharePoint Online", "OneDrive", "Microsoft Teams", "Teams Chat")
    jobs = pd.DataFrame(
        {
            "service": "Microsoft 365",
            "module": [modules[n % 5] for n in range(rows)],
            "status": ["Failed" if n % 50 == 0 else "Finished" for n in range(rows)],
            "job_id": [f"FB20261001{n:09}" for n in range(rows)],
            "name": [f"Daily backup {n % 400}" for n in range(rows)],
            "objects_total": numbers % 5_000 + 10,
            "objects_failed": numbers % 7,
            "objects_successful": numbers % 5_000 + 3,
            "objects_skipped": 0,
            "objects_warning": numbers % 3,
            "bytes": (numbers * 7_919_317) % 10**12,
            "started_at": starts,
            "ended_at": starts + pd.to_timedelta(numbers % 3_000, unit="s"),
            "duration": pd.to_timedelta(numbers % 3_000, unit="s"),
            "modified_at": starts + pd.to_timedelta(numbers % 4_000, unit="s"),
            "fetched_at": pd.Timestamp(FIRST) + timedelta(days=32),
            "outcome": ["failed" if n % 50 == 0 else "success" for n in range(rows)],
            "is_job": True,
            "is_backup": True,
        }
    )
    return jobs.astype(JOB_COLUMNS)


def report(rows: int) -> Report:
    return replace(make_report([make_job()]), jobs=frame(rows))


def values(rows: int) -> list[tuple[Any, ...]]:
    """The same jobs as plain values, times as Excel's local times."""
    jobs = frame(rows).drop(columns=["fetched_at", "is_job", "is_backup"])
    for name in ("started_at", "ended_at", "modified_at"):
        jobs[name] = jobs[name].dt.tz_localize(None)
    columns = [
        [own.to_pydatetime() for own in jobs[name]]
        if name in ("started_at", "ended_at", "modified_at")
        else [own.to_pytimedelta() for own in jobs[name]]
        if name == "duration"
        else jobs[name].tolist()
        for name in jobs
    ]
    return list(zip(*columns, strict=True))


FORMATS: Final = [None] * 5 + [COUNT] * 6 + [MOMENT, MOMENT, SPAN, MOMENT, None]
"""The number format of each of the 16 columns."""


def ours(made: Report, path: Path) -> None:
    """The real writer, of the sheet Jobs alone."""
    with Book(made, Look()) as book:
        add_jobs(book)
        book.save(path)


def with_xlsxwriter(rows: list[tuple[Any, ...]], path: Path, *, constant_memory: bool) -> None:
    book = xlsxwriter.Workbook(path, {"constant_memory": constant_memory})
    sheet = book.add_worksheet("Jobs")
    styles = [book.add_format({"num_format": own}) if own else None for own in FORMATS]
    for number, row in enumerate(rows):
        for column in range(5):
            sheet.write_string(number, column, row[column])
        for column in range(5, 11):
            sheet.write_number(number, column, row[column], styles[column])
        for column in range(11, 15):
            sheet.write_datetime(number, column, row[column], styles[column])
        sheet.write_string(number, 15, row[15])
    book.close()


def with_openpyxl(rows: list[tuple[Any, ...]], path: Path) -> None:
    """In its write-only mode; a format wants a cell object."""
    book = openpyxl.Workbook(write_only=True)
    sheet: WriteOnlyWorksheet = book.create_sheet("Jobs")
    for row in rows:
        cells = []
        for value, form in zip(row, FORMATS, strict=True):
            cell = WriteOnlyCell(sheet, value)
            if form:
                cell.number_format = form
            cells.append(cell)
        sheet.append(cells)
    book.save(path)


def with_openpyxl_in_memory(rows: list[tuple[Any, ...]], path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Jobs")
    for row in rows:
        sheet.append(row)
        for column, form in enumerate(FORMATS, 1):
            if form:
                sheet.cell(sheet.max_row, column).number_format = form
    book.save(path)


def with_pandas(jobs: pd.DataFrame, path: Path) -> None:
    jobs.to_excel(path, index=False, engine="openpyxl")


def floor(rows: list[tuple[Any, ...]], path: Path, level: int) -> None:
    """The least a sheet can be: one string a row, and zlib."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as sheet,
    ):
        for first in range(0, len(rows), 5_000):
            part = rows[first : first + 5_000]
            sheet.write("".join([_floor_row(row) for row in part]).encode())


def _floor_row(row: tuple[Any, ...]) -> str:
    a, b, c, d, e, f, g, h, i, j, k, started, ended, took, modified, outcome = row
    began, over, changed = ((own - EPOCH) / DAY for own in (started, ended, modified))
    return (
        f'<row><c t="inlineStr"><is><t>{a}</t></is></c><c t="inlineStr"><is><t>{b}</t></is></c>'
        f'<c t="inlineStr"><is><t>{c}</t></is></c><c t="inlineStr"><is><t>{escape(d)}</t></is></c>'
        f'<c t="inlineStr"><is><t>{escape(e)}</t></is></c><c s="1"><v>{f}</v></c>'
        f'<c s="1"><v>{g}</v></c><c s="1"><v>{h}</v></c><c s="1"><v>{i}</v></c>'
        f'<c s="1"><v>{j}</v></c><c s="1"><v>{k}</v></c><c s="2"><v>{began}</v></c>'
        f'<c s="2"><v>{over}</v></c><c s="3"><v>{took / DAY}</v></c><c s="2"><v>{changed}</v></c>'
        f'<c t="inlineStr"><is><t>{outcome}</t></is></c></row>'
    )


def candidates(rows: int, folder: Path) -> dict[str, Callable[[], object]]:
    made, plain = report(rows), values(rows)
    jobs = made.jobs.drop(columns=["fetched_at", "is_job", "is_backup"])
    for name in ("started_at", "ended_at", "modified_at"):
        jobs[name] = jobs[name].dt.tz_localize(None)
    path = folder / "jobs.xlsx"
    return {
        OURS: lambda: ours(made, path),
        CONSTANT: lambda: with_xlsxwriter(plain, path, constant_memory=True),
        "XlsxWriter": lambda: with_xlsxwriter(plain, path, constant_memory=False),
        "openpyxl, write-only": lambda: with_openpyxl(plain, path),
        "openpyxl": lambda: with_openpyxl_in_memory(plain, path),
        "pandas.to_excel": lambda: with_pandas(jobs, path),
        "floor, zlib 1": lambda: floor(plain, path, 1),
        "floor, zlib 6": lambda: floor(plain, path, 6),
    }


def memory_added(rows: int) -> float:
    """MB that writing so many jobs adds, at its peak, to a process that has them already."""
    script = (
        "import tempfile, threading, time; from pathlib import Path\n"
        "from benchmarks.jobs_sheet import ours, report, resident\n"
        f"made = report({rows}); path = Path(tempfile.mkdtemp()) / 'jobs.xlsx'\n"
        "ours(report(1), path)\n"
        "before = peak = resident(); done = threading.Event()\n"
        "def watch():\n"
        "    global peak\n"
        "    while not done.wait(0.005): peak = max(peak, resident())\n"
        "watcher = threading.Thread(target=watch); watcher.start()\n"
        "ours(made, path); done.set(); watcher.join(); path.unlink()\n"
        "print(peak - before)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return round(float(done.stdout), 1)


def resident() -> float:
    """MB of memory this process has now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return float(pages * resource.getpagesize() / 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", help="names of candidates; default: all")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        every = candidates(given.rows, Path(folder))
        chosen = {name: own for name, own in every.items() if not given.only or name in given.only}
        seconds: Seconds = in_turn(chosen, given.rounds)
        chosen[OURS]()
        size = (Path(folder) / "jobs.xlsx").stat().st_size
    for line in table(seconds, CONSTANT):
        print(line)
    for name, own in seconds.items():
        print(f"{name}: {given.rows / sorted(own)[len(own) // 2]:,.0f} rows/s")
    added = {rows: memory_added(rows) for rows in (given.rows, 4 * given.rows)}
    print(f"ours: {size / 1e6:.1f} MB; memory added: {added} MB")
    ratios = {name: 1 / ratio(seconds, name, CONSTANT) for name in seconds}
    finish(
        "jobs_sheet",
        {
            "times_xlsxwriter_constant_memory": ratios[OURS],
            "speed_against_xlsxwriter_constant_memory": ratios,
            "memory_added_mb": added,
        },
    )


if __name__ == "__main__":
    main()
