"""The report as an Excel workbook, written straight through so that any number of jobs fits.

openpyxl makes the workbook: its parts, styles, tables and charts. The rows themselves go as XML
into the file, compressed once, while each sheet is written (`cells`, `sheet`): that is ten times
as fast as a cell object for each value, and leaves no way for a text to become a formula.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from reporter.model import Look, Report
from reporter.render.workbook.about import add_about
from reporter.render.workbook.book import Book
from reporter.render.workbook.checks import add_checks
from reporter.render.workbook.days import add_daily, add_days
from reporter.render.workbook.findings import add_exceptions, add_quality
from reporter.render.workbook.jobs import add_jobs
from reporter.render.workbook.modules import add_modules
from reporter.render.workbook.protection import add_protection
from reporter.render.workbook.restoring import add_restore_tests
from reporter.render.workbook.scopes import add_scopes
from reporter.render.workbook.summary import add_summary
from reporter.render.workbook.trend import add_gaps, add_trend
from reporter.render.workbook.versions import add_versions

__all__ = ["write_workbook"]

_SHEETS: Final = (
    add_summary,
    add_modules,
    add_scopes,
    add_days,
    add_daily,
    add_trend,
    add_gaps,
    add_protection,
    add_restore_tests,
    add_jobs,
    add_exceptions,
    add_quality,
    add_versions,
    add_checks,
    add_about,
)


def write_workbook(report: Report, look: Look, path: Path) -> None:
    """The report as an Excel workbook. The same report and look give the same bytes.

    Raises:
        OSError: `path` cannot be written; what is left there is not a workbook.
    """
    with Book(report, look, path) as book:
        for add in _SHEETS:
            add(book)
        book.save()
