"""The report as an Excel workbook, written straight through so that any number of jobs fits.

openpyxl makes the workbook: its parts, styles, tables and charts. The rows themselves go as XML
into the file, compressed once, while each sheet is written (`cells`, `sheet`): that is ten times
as fast as a cell object for each value, and leaves no way for a text to become a formula.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from zipfile import ZipFile

from lxml import etree

from reporter.model import Look, Report
from reporter.render.interface import Format
from reporter.render.workbook.about import add_about
from reporter.render.workbook.book import Book
from reporter.render.workbook.checks import add_checks
from reporter.render.workbook.days import add_daily, add_days
from reporter.render.workbook.findings import add_exceptions, add_quality
from reporter.render.workbook.jobs import add_jobs
from reporter.render.workbook.modules import add_modules
from reporter.render.workbook.objects import add_causes, add_objects
from reporter.render.workbook.protection import add_protection
from reporter.render.workbook.restoring import add_restore_tests
from reporter.render.workbook.scopes import add_scopes
from reporter.render.workbook.summary import add_summary
from reporter.render.workbook.tenant import add_restores
from reporter.render.workbook.trend import add_gaps, add_trend
from reporter.render.workbook.users import add_users
from reporter.render.workbook.versions import add_versions

__all__ = ["WORKBOOK", "write_workbook"]

_IDENTIFIER: Final = "{http://purl.org/dc/elements/1.1/}identifier"
_LARGEST_PROPERTIES: Final = 1_000_000

_SHEETS: Final = (
    add_summary,
    add_modules,
    add_scopes,
    add_days,
    add_daily,
    add_trend,
    add_gaps,
    add_protection,
    add_users,
    add_restore_tests,
    add_restores,
    add_jobs,
    add_exceptions,
    add_objects,
    add_causes,
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


class Workbook:
    """The report as an Excel workbook, whose properties say whose it is."""

    media_type: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def prepare(self) -> None:
        """It needs nothing of the system."""

    def write(self, report: Report, look: Look, path: Path) -> None:
        write_workbook(report, look, path)

    def customer_in(self, path: Path) -> str:
        with ZipFile(path) as archive, archive.open("docProps/core.xml") as part:
            content = part.read(_LARGEST_PROPERTIES)
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        return etree.fromstring(content, parser).findtext(_IDENTIFIER) or ""


WORKBOOK: Final[Format] = Workbook()
