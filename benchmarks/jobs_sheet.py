"""The Jobs sheet of the workbook against what other writers take for the same sheet.

Of ours, `add_jobs` is timed, and saving a workbook that has this sheet alone: from the report's
DataFrame, with sorting, cells, links, table, styles and compression, to the closed file. The others
are handed rows of plain values, made beforehand, and write them with the same formats of dates and
numbers; the floor makes a string of each row and compresses it, and no workbook at all.
"""

from __future__ import annotations

import pickle
import re
import statistics
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from benchmarks.ratios import finish, in_turn, ratio
from reporter.jobs.frame import JOB_COLUMNS
from reporter.model import Look, Report
from reporter.render.workbook.book import Book
from reporter.render.workbook.jobs import add_jobs
from tests.builders import make_busy_month, make_report

ROWS = 100_000
SLOW_ROWS = 10_000
"""For the slow writers; compared by rows per second."""
MANY_ROWS = 400_000
ZONE = "Europe/Berlin"
COUNT, MOMENT, SPAN = "#,##0", "yyyy\\-mm\\-dd\\ hh:mm:ss", "[h]:mm:ss"
FORMATS = ["General"] * 5 + [COUNT] * 6 + [MOMENT, MOMENT, SPAN, MOMENT] + ["General"] * 2

Row = Sequence[Any]
Writer = Callable[[Any, Path], object]
OURS, CONSTANT = "ours", "XlsxWriter, constant memory"


def report_of(rows: int) -> Report:
    """A report of so many jobs of a busy month, each with an id and times of its own."""
    report = make_report(make_busy_month(), timezone=ZONE)
    chance = np.random.default_rng(4)
    jobs = report.jobs.iloc[chance.integers(0, len(report.jobs), rows)].reset_index(drop=True)
    second = pd.to_timedelta(chance.choice(31 * 86_400, rows, replace=False), unit="s")
    started = pd.Series(pd.Timestamp("2026-10-01", tz=ZONE) + second).dt.tz_convert("UTC")
    jobs["duration"] = pd.to_timedelta(chance.integers(30, 6000, rows), unit="s")
    jobs["started_at"] = started
    jobs["ended_at"] = started + jobs["duration"]
    jobs["modified_at"] = jobs["ended_at"] + pd.Timedelta(seconds=5)
    ids = chance.choice(10**9, rows, replace=False)
    jobs["job_id"] = [f"FB{start:%Y%m%d}{n:09}" for start, n in zip(started, ids, strict=True)]
    jobs["bytes"] = chance.lognormal(22, 2, rows).astype("int64")
    jobs["objects_total"] = chance.integers(200, 3000, rows)
    jobs["objects_successful"] = jobs["objects_total"] - jobs["objects_failed"].fillna(0)
    return replace(report, jobs=jobs.astype(JOB_COLUMNS))


def rows_of(report: Report) -> list[Row]:
    """The same jobs as rows of what Excel has: texts, numbers, local times, lengths of time."""
    jobs = report.jobs[list(JOB_COLUMNS)[:15]].assign(outcome=report.jobs["outcome"], as_="backup")
    columns = [_plain(jobs[name]) for name in jobs]
    return list(zip(*columns, strict=True))


def _plain(column: pd.Series) -> list[Any]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        local = column.dt.tz_convert(ZONE).dt.tz_localize(None)
        return [None if moment is pd.NaT else moment.to_pydatetime() for moment in local]
    if column.dtype.kind == "m":
        return [None if duration is pd.NaT else duration.to_pytimedelta() for duration in column]
    return list(column.astype(object).where(column.notna(), None))


def ours(report: Report, path: Path) -> None:
    with Book(report, Look(), path) as book:
        add_jobs(book)
        book.save()


def xlsxwriter_constant(rows: Sequence[Row], path: Path) -> None:
    xlsxwriter_normal(rows, path, constant_memory=True)


def xlsxwriter_normal(rows: Sequence[Row], path: Path, *, constant_memory: bool = False) -> None:
    """With the method for each kind of value, which is faster than `write`."""
    book = xlsxwriter.Workbook(path, {"constant_memory": constant_memory})
    sheet = book.add_worksheet()
    known = {text: book.add_format({"num_format": text}) for text in dict.fromkeys(FORMATS)}
    methods = {
        "General": sheet.write_string,
        COUNT: sheet.write_number,
        MOMENT: sheet.write_datetime,
        SPAN: sheet.write_datetime,
    }
    columns = [(n, methods[text], known[text]) for n, text in enumerate(FORMATS)]
    for number, row in enumerate(rows):
        for (column, write, style), value in zip(columns, row, strict=True):
            if value is None:
                sheet.write_blank(number, column, None, style)
            else:
                write(number, column, value, style)
    book.close()


def openpyxl_write_only(rows: Sequence[Row], path: Path) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        cells = []
        for value, text in zip(row, FORMATS, strict=True):
            cell = WriteOnlyCell(sheet, value)
            cell.number_format = text
            cells.append(cell)
        sheet.append(cells)
    book.save(path)


def openpyxl_normal(rows: Sequence[Row], path: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for number, row in enumerate(rows, 1):
        for column, (value, text) in enumerate(zip(row, FORMATS, strict=True), 1):
            sheet.cell(number, column, value).number_format = text
    book.save(path)


def pandas_to_excel(rows: Sequence[Row], path: Path) -> None:
    """As pandas formats dates; it has no formats of numbers."""
    pd.DataFrame(rows).to_excel(path, engine="openpyxl", index=False)


def floor(rows: Sequence[Row], path: Path, level: int) -> None:
    packed = zlib.compressobj(level)
    with path.open("wb") as file:
        for first in range(0, len(rows), 1000):
            lines = "".join(_lines(rows[first : first + 1000], first + 1))
            file.write(packed.compress(lines.encode()))
        file.write(packed.flush())


def _lines(rows: Sequence[Row], first: int) -> Iterator[str]:
    for n, (a, b, c, d, e, f, g, h, i, j, k, m, o, p, q, r, s) in enumerate(rows, first):
        yield (
            f'<row r="{n}"><c r="A{n}" s="1" t="inlineStr"><is><t>{a}</t></is></c>'
            f'<c r="B{n}" s="1" t="inlineStr"><is><t>{b}</t></is></c>'
            f'<c r="C{n}" s="1" t="inlineStr"><is><t>{c}</t></is></c>'
            f'<c r="D{n}" s="1" t="inlineStr"><is><t>{d}</t></is></c>'
            f'<c r="E{n}" s="1" t="inlineStr"><is><t>{e}</t></is></c>'
            f'<c r="F{n}" s="2"><v>{f}</v></c><c r="G{n}" s="2"><v>{g}</v></c>'
            f'<c r="H{n}" s="2"><v>{h}</v></c><c r="I{n}" s="2"><v>{i}</v></c>'
            f'<c r="J{n}" s="2"><v>{j}</v></c><c r="K{n}" s="2"><v>{k}</v></c>'
            f'<c r="L{n}" s="3"><v>{m}</v></c><c r="M{n}" s="3"><v>{o}</v></c>'
            f'<c r="N{n}" s="4"><v>{p}</v></c><c r="O{n}" s="3"><v>{q}</v></c>'
            f'<c r="P{n}" s="1" t="inlineStr"><is><t>{r}</t></is></c>'
            f'<c r="Q{n}" s="1" t="inlineStr"><is><t>{s}</t></is></c></row>'
        )


def as_numbers(rows: Sequence[Row]) -> list[Row]:
    """The rows with times as Excel's numbers, which the floor is spared from computing."""
    return [tuple(map(_number, row)) for row in rows]


def _number(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value - datetime(1899, 12, 30)) / timedelta(days=1)  # noqa: DTZ001  as Excel has it
    return value / timedelta(days=1) if isinstance(value, timedelta) else value


FAST: dict[str, Writer] = {
    OURS: ours,
    CONSTANT: xlsxwriter_constant,
    "floor, zlib 1": lambda rows, path: floor(rows, path, 1),
    "floor, zlib 6": lambda rows, path: floor(rows, path, 6),
}
SLOW: dict[str, Writer] = {
    "XlsxWriter": xlsxwriter_normal,
    "openpyxl, write-only": openpyxl_write_only,
    "openpyxl": openpyxl_normal,
    "pandas.to_excel": pandas_to_excel,
}
WRITERS = FAST | SLOW


def data_for(name: str, report: Report, rows: int) -> Any:
    if name == OURS:
        return replace(report, jobs=report.jobs[:rows])
    plain = rows_of(replace(report, jobs=report.jobs[:rows]))
    return as_numbers(plain) if name.startswith("floor") else plain


def megabytes_added(name: str, rows: int, report: Report, folder: Path) -> int:
    """The peak memory a separate process adds when it writes so many rows."""
    saved = folder / "data.pickle"
    saved.write_bytes(pickle.dumps([data_for(name, report, count) for count in (100, rows)]))
    code = "import sys; from benchmarks.jobs_sheet import measure; measure(*sys.argv[1:])"
    run = subprocess.run(
        [sys.executable, "-c", code, name, str(saved)], capture_output=True, text=True, check=True
    )
    return int(run.stdout)


def measure(name: str, saved: str) -> None:
    """What the process of `megabytes_added` does; a few rows first, for one-time costs."""
    path, write = Path(saved).with_suffix(".xlsx"), WRITERS[name]
    with Path(saved).open("rb") as file:
        few, many = pickle.load(file)  # noqa: S301  written a moment ago
    write(few, path)
    before = peak_megabytes()
    write(many, path)
    print(peak_megabytes() - before)


def peak_megabytes() -> int:
    """Of this process alone: `ru_maxrss` begins with what the process had that started it."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) // 1024


def main() -> None:
    report = report_of(MANY_ROWS)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)

        def run_of(name: str, rows: int) -> Callable[[], object]:
            data, path = data_for(name, report, rows), folder / f"{len(name)}.xlsx"
            return lambda: WRITERS[name](data, path)

        seconds = in_turn({name: run_of(name, ROWS) for name in FAST})
        slow = in_turn({name: run_of(name, SLOW_ROWS) for name in SLOW})
        for name, samples in slow.items():
            seconds[name] = [second * (ROWS / SLOW_ROWS) for second in samples]
        added = {name: megabytes_added(name, ROWS, report, folder) for name in WRITERS}
        many = megabytes_added(OURS, MANY_ROWS, report, folder)
    times = {name: ratio(seconds, name, OURS) for name in seconds}
    print(f"{'':28}   rows/s   ours is   MB added")
    for name, samples in seconds.items():
        speed = ROWS / statistics.median(samples)
        print(f"{name:28} {speed:8,.0f} {times[name]:7.2f} x {added[name]:10}")
    print(f"{f'ours, {MANY_ROWS:,} rows':28} {many:29}")
    finish(
        "jobs_sheet",
        {
            "times_xlsxwriter_constant_memory": round(times[CONSTANT], 2),
            "times": {name: round(factor, 2) for name, factor in times.items()},
            "megabytes_added": added | {f"{OURS}, {MANY_ROWS} rows": many},
        },
    )


if __name__ == "__main__":
    main()
