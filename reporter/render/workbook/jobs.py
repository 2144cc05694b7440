"""The Jobs sheet: every job of the period, column by column at the speed of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import pandas as pd

from reporter.model import Outcome
from reporter.render.text import OUTCOME_WORDS
from reporter.render.workbook.book import Book
from reporter.render.workbook.sheet import LAST_ROW, Layout, Sheet
from reporter.render.workbook.styles import (
    COUNT,
    MOMENT,
    SPAN,
    TEXT,
    Align,
    Style,
    outcome_style,
)
from reporter.render.workbook.tables import fitting, write_header, write_note

ROWS_AT_ONCE: Final = 5_000
_SAMPLE: Final = 2_000
"""Jobs looked at to find how wide a column of text must be."""
_US_PER_DAY: Final = 86_400_000_000
_UNIX_EPOCH: Final = 25_569
"""1970-01-01 as Excel counts days."""


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of the sheet; `cells` makes its cells of some jobs, all at once."""

    header: str
    width: float
    align: Align
    cells: Callable[[Sheet, pd.DataFrame], list[str]]


def add_jobs(book: Book) -> None:
    """All jobs of the period and the undated ones, over as many sheets as Excel needs."""
    jobs = book.report.jobs
    columns = _columns(jobs, book.report.period.timezone)
    layout = Layout([column.width for column in columns], book.tab_color, "A2", 1)
    if jobs.empty:
        write_note(book.sheet("Jobs", layout), "No jobs in this period.")
    per_sheet = LAST_ROW - 1
    for number, first in enumerate(range(0, len(jobs), per_sheet), 1):
        sheet = book.sheet("Jobs" if number == 1 else f"Jobs {number}", layout)
        write_header(book, sheet, [(column.header, column.align) for column in columns])
        for part in _parts(jobs.iloc[first : first + per_sheet]):
            for cells in zip(*(column.cells(sheet, part) for column in columns), strict=True):
                sheet.row(cells)
        headers = [column.header for column in columns]
        sheet.table("Jobs" if number == 1 else f"Jobs_{number}", headers, 1)


def _parts(jobs: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for first in range(0, len(jobs), ROWS_AT_ONCE):
        yield jobs.iloc[first : first + ROWS_AT_ONCE]


def _columns(jobs: pd.DataFrame, timezone: str) -> list[_Column]:
    """The 15 fields of the API, in its order, and what we make of them."""

    def text(header: str, name: str, most: float) -> _Column:
        width = fitting(jobs[name].head(_SAMPLE).dropna(), 12, most)
        return _Column(header, width, "left", lambda sheet, part: _texts(sheet, part[name]))

    def count(header: str, name: str, width: float = 11.5) -> _Column:
        return _Column(header, width, "right", lambda sheet, part: _counts(sheet, part[name]))

    def moment(header: str, name: str) -> _Column:
        return _Column(
            f"{header} ({timezone})",
            20,
            "right",
            lambda sheet, part: _moments(sheet, part[name], timezone),
        )

    return [
        text("Service", "service", 24),
        text("Module", "module", 30),
        text("Status", "status", 24),
        text("Job ID", "job_id", 40),
        text("Name", "name", 44),
        count("Objects total", "objects_total"),
        count("Objects failed", "objects_failed"),
        count("Objects successful", "objects_successful"),
        count("Objects skipped", "objects_skipped"),
        count("Objects with warning", "objects_warning"),
        count("Size (bytes)", "bytes", 19),
        moment("Started", "started_at"),
        moment("Ended", "ended_at"),
        _Column("Duration", 12, "right", lambda sheet, part: _spans(sheet, part["duration"])),
        moment("Modified", "modified_at"),
        _Column("Outcome", 12, "center", lambda sheet, part: _outcomes(sheet, part["outcome"])),
        _Column("Counted as", 14, "left", lambda sheet, part: _texts(sheet, _counted_as(part))),
    ]


def _counted_as(jobs: pd.DataFrame) -> pd.Series:
    """Whether a job is in the figures, and why not."""
    counted = pd.Series("backup", index=jobs.index)
    counted = counted.mask(jobs["started_at"].isna(), "undated")
    return counted.mask(~jobs["is_backup"], "not a backup")


def _texts(sheet: Sheet, column: pd.Series) -> list[str]:
    """Cells of texts, made once for each distinct one."""
    codes, distinct = pd.factorize(column)
    made = sheet.texts(distinct, TEXT)
    made.append(sheet.cell(None, TEXT))  # what code -1, missing, points to
    return [made[code] for code in codes]


def _outcomes(sheet: Sheet, column: pd.Series) -> list[str]:
    made = {
        outcome.value: sheet.cell(OUTCOME_WORDS[outcome], outcome_style(outcome))
        for outcome in Outcome
    }
    return [made[outcome] for outcome in column]


def _counts(sheet: Sheet, column: pd.Series) -> list[str]:
    return _numbers(sheet, column, COUNT)


def _moments(sheet: Sheet, column: pd.Series, timezone: str) -> list[str]:
    """Cells of instants as local times; Excel knows no zones."""
    local = column.dt.tz_convert(timezone).dt.tz_localize(None)
    days = local.astype("datetime64[us]").astype("int64") / _US_PER_DAY + _UNIX_EPOCH
    return _numbers(sheet, days.where(column.notna()), MOMENT)


def _spans(sheet: Sheet, column: pd.Series) -> list[str]:
    return _numbers(sheet, column.dt.total_seconds() / 86_400, SPAN)


def _numbers(sheet: Sheet, column: pd.Series, style: Style) -> list[str]:
    """Cells of numbers, which differ in the number alone."""
    before, after = sheet.cell(0, style).split("0</v>")
    empty = sheet.cell(None, style)
    values = column.astype(object).where(column.notna(), None).tolist()
    return [empty if value is None else f"{before}{value!r}</v>{after}" for value in values]
