"""The workbook as a whole: its sheets, its properties, and the file made of them."""

from __future__ import annotations

import shutil
from datetime import UTC
from pathlib import Path
from typing import IO, Any, Final, Self, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from reporter.model import Look, Report
from reporter.render.sentences import policy_texts
from reporter.render.text import Words
from reporter.render.workbook.cells import clean
from reporter.render.workbook.sheet import Layout, Sheet
from reporter.render.workbook.styles import Style, Styles, header_style

_FIRST_ZIP_DAY: Final = (1980, 1, 1, 0, 0, 0)


class Book:
    """A workbook under way. Leaving the context frees what it holds on disk."""

    def __init__(self, report: Report, look: Look) -> None:
        self.report = report
        self.look = look
        self.header: Style = header_style(look.brand.color)
        self.tab_color = look.brand.color.lstrip("#").upper()
        self.words = Words(look.locale, report.policy.units)
        self.policy = policy_texts(report.policy, self.words)
        self._workbook = Workbook(write_only=True)
        self._styles = Styles()
        self._sheets: list[Sheet] = []
        self._describe()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for sheet in self._sheets:
            sheet.discard()

    def sheet(self, title: str, layout: Layout) -> Sheet:
        """A new sheet behind the others."""
        made = cast(Worksheet, self._workbook.create_sheet(title))
        sheet = Sheet(made, self._styles, layout, self.report, self.look)
        self._sheets.append(sheet)  # from now on its file is freed, whatever happens
        sheet.begin()
        return sheet

    def save(self, path: Path) -> None:
        """Finish the sheets and write the file."""
        for sheet in self._sheets:
            sheet.finish()
        with _Archive(path, "w", ZIP_DEFLATED) as archive:
            # Not `Workbook.save`: it would put the clock's time into the properties.
            ExcelWriter(self._workbook, archive).write_data()

    def _describe(self) -> None:
        report, properties = self.report, self._workbook.properties
        properties.title = clean(f"{report.customer.name}: backup report {report.period.label}")
        properties.subject = clean(f"Backup report of {report.customer.name}")
        properties.creator = clean(self.look.brand.name) or None
        properties.language = self.look.locale.replace("_", "-")
        as_of = report.as_of.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        properties.created = properties.modified = as_of


class _Archive(ZipFile):
    """A ZIP file that knows no clock and no owner, and takes sheets from open files."""

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        """Add a sheet; `filename` is its temporary file, open."""
        rows: IO[bytes] = filename
        rows.seek(0)
        with self.open(_entry(arcname), "w", force_zip64=True) as entry:
            shutil.copyfileobj(rows, entry, 1 << 20)

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        """Add a part."""
        super().writestr(_entry(zinfo_or_arcname), data)


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, _FIRST_ZIP_DAY)
    entry.compress_type = ZIP_DEFLATED
    entry.create_system = 3  # Unix, wherever it is written
    entry.external_attr = 0o644 << 16
    return entry
