"""The Jobs sheet: every job of the period, column by column at the speed of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporter.model import Outcome
from reporter.render.text import Words, marked
from reporter.render.workbook.book import Book
from reporter.render.workbook.rows import scope_rows
from reporter.render.workbook.sheet import LAST_ROW, Layout, Sheet
from reporter.render.workbook.styles import (
    CENTERED,
    COUNT,
    LINK,
    MOMENT,
    SPAN,
    TEXT,
    Align,
    Style,
    outcome_style,
)
from reporter.render.workbook.tables import fitting, widths_of, write_empty, write_header
from reporter.render.workbook.titles import JOBS, SCOPES

SERVICE_LETTER, MODULE_LETTER, SCOPE_LETTER = "A", "B", "E"
SUCCESSFUL_LETTER, BYTES_LETTER = "H", "K"
OUTCOME_LETTER, COUNTED_LETTER = "R", "S"
"""The columns that the checks read."""
_MODULE: Final = ord(MODULE_LETTER) - ord("A")
ROWS_AT_ONCE: Final = 5_000
_SAMPLE: Final = 2_000
"""Jobs looked at to find how wide a column of text must be."""
_US_PER_DAY: Final = 86_400_000_000
_UNIX_EPOCH: Final = 25_569
"""1970-01-01 as Excel counts days."""
_SCOPE: Final = ["service", "module", "name"]
_DATED_BY: Final = {
    "start": marked("start"),
    "end": marked("end"),
    "modification": marked("modification"),
}


@dataclass(frozen=True, slots=True)
class JobColumn:
    """One column of the sheet; `cells` makes its cells of some jobs, all at once."""

    header: str
    width: float
    align: Align
    cells: Callable[[Sheet, pd.DataFrame], list[str]]


@dataclass(frozen=True, slots=True)
class _LinkBack:
    """The link from the first job of a scope back to the scope's figures."""

    module: str
    place: str


def add_jobs(book: Book) -> None:
    """All jobs of the period and the undated ones, over as many sheets as Excel needs."""
    write_jobs(book, JOBS, "Jobs", job_columns(book), _links_back(book))


def write_jobs(
    book: Book,
    title: str,
    name: str,
    columns: Sequence[JobColumn],
    links: Mapping[tuple[int, int], _LinkBack],
) -> None:
    """The jobs as tables called `name`, one on each sheet; `links` are those of first jobs."""
    jobs = book.report.jobs
    layout = Layout(widths_of(columns), book.tab_color, "A2", 1)
    if jobs.empty:
        write_empty(book.sheet(title, layout), book.words.say("No jobs in this period."))
    order = order_of(jobs)
    for number, first in enumerate(range(0, len(jobs), LAST_ROW - 1), 1):
        sheet = book.sheet(title, layout, number)
        write_header(book, sheet, [(column.header, column.align) for column in columns])
        for part in _parts(jobs, order[first : first + LAST_ROW - 1]):
            cells = [column.cells(sheet, part) for column in columns]
            _link_back(sheet, number, cells[_MODULE], links)
            sheet.add_rows(len(part), cells)
        headers = [column.header for column in columns]
        sheet.table(name if number == 1 else f"{name}_{number}", headers, 1)


def order_of(jobs: pd.DataFrame) -> npt.NDArray[np.intp]:
    """The jobs' order in print, as positions: by service, module, scope, and then as they are."""
    keys = [pd.factorize(jobs[name], sort=True)[0] for name in reversed(_SCOPE)]
    return np.lexsort(keys)


def first_jobs(jobs: pd.DataFrame) -> dict[tuple[str, str, str], tuple[int, int]]:
    """The sheet and the row of each scope's first job."""
    counts = jobs.groupby(_SCOPE, as_index=False).size()
    before = counts["size"].cumsum() - counts["size"]
    scopes = zip(*(counts[name] for name in _SCOPE), strict=True)
    return {
        scope: (first // (LAST_ROW - 1) + 1, first % (LAST_ROW - 1) + 2)
        for scope, first in zip(scopes, before, strict=True)
    }


def job_ranges(book: Book, letter: str) -> list[str]:
    """The cells of one column of all jobs, sheet by sheet; one empty cell where there is none."""
    per_sheet, jobs = LAST_ROW - 1, max(len(book.report.jobs), 1)
    return [
        book.place(JOBS, f"${letter}$2:${letter}${min(jobs - first, per_sheet) + 1}", number)
        for number, first in enumerate(range(0, jobs, per_sheet), 1)
    ]


def _links_back(book: Book) -> dict[tuple[int, int], _LinkBack]:
    """From the first job of each scope (its sheet and row) to the scope."""
    firsts = first_jobs(book.report.jobs)
    return {
        firsts[scope]: _LinkBack(scope[1], book.place(SCOPES, f"B{row}"))
        for scope, row in scope_rows(book.report).items()
        if scope in firsts
    }


def _link_back(
    sheet: Sheet, number: int, modules: list[str], links: Mapping[tuple[int, int], _LinkBack]
) -> None:
    """Have first jobs lead to their scopes; `modules` are the cells of the rows to come."""
    for (of_sheet, row), back in links.items():
        place = row - sheet.rows - 1
        if of_sheet == number and 0 <= place < len(modules):
            modules[place] = sheet.cell(back.module, replace(LINK, wrap=False))
            sheet.link(f"{MODULE_LETTER}{row}", back.place)


def _parts(jobs: pd.DataFrame, order: npt.NDArray[np.intp]) -> Iterator[pd.DataFrame]:
    for first in range(0, len(order), ROWS_AT_ONCE):
        yield jobs.iloc[order[first : first + ROWS_AT_ONCE]]


def job_columns(book: Book) -> list[JobColumn]:
    """The fields of a job, and what we make of them."""
    jobs, words, timezone = book.report.jobs, book.words, book.report.period.timezone
    say = words.say

    def text(header: str, name: str, most: float) -> JobColumn:
        width = fitting(jobs[name].head(_SAMPLE).dropna(), 12, most)
        return JobColumn(header, width, "left", lambda sheet, part: text_cells(sheet, part[name]))

    def count(header: str, name: str, width: float = 11.5) -> JobColumn:
        return JobColumn(header, width, "right", lambda sheet, part: count_cells(sheet, part[name]))

    def moment(header: str, name: str) -> JobColumn:
        return JobColumn(
            header,
            20,
            "right",
            lambda sheet, part: _moments(sheet, part[name], timezone),
        )

    return [
        text(say("Service"), "service", 24),
        text(say("Module"), "module", 30),
        text(say("Status"), "status", 24),
        text(say("Job ID"), "job_id", 40),
        text(say("Scope"), "name", 44),
        count(say("Objects total"), "objects_total"),
        count(say("Objects failed"), "objects_failed"),
        count(say("Objects successful"), "objects_successful"),
        count(say("Objects skipped"), "objects_skipped"),
        count(say("Objects with warning"), "objects_warning"),
        count(say("Size (bytes)"), "bytes", 19),
        moment(say("Started ({timezone})", timezone=timezone), "started_at"),
        moment(say("Ended ({timezone})", timezone=timezone), "ended_at"),
        JobColumn(
            say("Duration"), 12, "right", lambda sheet, part: _spans(sheet, part["duration"])
        ),
        moment(say("Modified ({timezone})", timezone=timezone), "modified_at"),
        moment(say("Dated ({timezone})", timezone=timezone), "dated_at"),
        JobColumn(
            say("Dated by"),
            14,
            "center",
            lambda sheet, part: text_cells(sheet, dated_by(part, words), CENTERED),
        ),
        JobColumn(
            say("Outcome"),
            12,
            "center",
            lambda sheet, part: _outcomes(sheet, part["outcome"], words),
        ),
        JobColumn(
            say("Counted as"),
            14,
            "left",
            lambda sheet, part: text_cells(sheet, counted_as(part, words)),
        ),
        *([_origin_column(words)] if book.report.tenant_history else []),
    ]


def _origin_column(words: Words) -> JobColumn:
    return JobColumn(
        words.say("Known from"),
        24,
        "left",
        lambda sheet, part: text_cells(sheet, _known_from(part, words)),
    )


def _known_from(jobs: pd.DataFrame, words: Words) -> pd.Series:
    """Where the row of each job that counts is from."""
    known = pd.Series(words.say("list of jobs"), index=jobs.index)
    return known.mask(jobs["from_tenant"], words.say("customer's own tenant"))


def counted(jobs: pd.DataFrame) -> pd.Series:
    """Which jobs are in the figures."""
    dated: pd.Series = jobs["dated_at"].notna()
    return dated & jobs["is_backup"] & ~jobs["left_out"]


def counted_word(words: Words) -> str:
    """What the sheet calls those."""
    return words.say("backup")


def counted_as(jobs: pd.DataFrame, words: Words) -> pd.Series:
    """Whether a job is in the figures, and why not."""
    reasons = pd.Series(counted_word(words), index=jobs.index)
    reasons = reasons.mask(jobs["dated_at"].isna(), words.say("undated"))
    reasons = reasons.mask(jobs["left_out"], words.say("left out"))
    return reasons.mask(~jobs["is_backup"], words.say("not a backup"))


def dated_by(jobs: pd.DataFrame, words: Words) -> pd.Series:
    """What gives the time that a job is dated by, in words; missing where nothing does."""
    return jobs["dated_by"].map({way: words.say(text) for way, text in _DATED_BY.items()})


def text_cells(sheet: Sheet, column: pd.Series, style: Style = TEXT) -> list[str]:
    """Cells of a column of texts."""
    return _cells(column, lambda texts: sheet.texts(texts, style), sheet.cell(None, style))


def _outcomes(sheet: Sheet, column: pd.Series, words: Words) -> list[str]:
    def make(outcomes: list[str]) -> list[str]:
        return [
            sheet.cell(words.outcome(outcome), outcome_style(outcome))
            for outcome in map(Outcome, outcomes)
        ]

    return _cells(column, make, sheet.cell(None, TEXT))


def count_cells(sheet: Sheet, column: pd.Series) -> list[str]:
    """Cells of a column of whole numbers."""
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

    def make(numbers: list[float]) -> list[str]:
        return [f"{before}{number!r}</v>{after}" for number in numbers]

    return _cells(column, make, sheet.cell(None, style))


def _cells(column: pd.Series, make: Callable[[list[Any]], list[str]], empty: str) -> list[str]:
    """Cells of a column, made once for each distinct value; `empty` where one is missing."""
    codes, distinct = pd.factorize(column)
    made = make(distinct.tolist())
    made.append(empty)  # what code -1, missing, points to
    return [made[code] for code in codes.tolist()]
