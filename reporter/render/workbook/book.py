"""The workbook as a whole: its sheets, its properties, and the file made of them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import IO, Any, Final, Self, cast
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter
from openpyxl.xml.constants import ARC_APP

from reporter.model import Look, Report
from reporter.render.sentences import policy_texts
from reporter.render.text import Words
from reporter.render.workbook.cells import clean
from reporter.render.workbook.sheet import Layout, Sheet
from reporter.render.workbook.styles import Style, Styles, header_style
from reporter.render.workbook.titles import place, title_of

_APPLICATION: Final = re.compile(b"<Application>.*?</Application>")
_DRAWING: Final = re.compile(r"xl/drawings/drawing(\d+)\.xml")
_LEVEL: Final = 1
"""Of compression: above it most of a large workbook's time goes into making it a little smaller."""
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
        self.firsts: dict[str, int] = {}
        """The row of each table's first record, by the table's name."""
        self.totals: dict[str, str] = {}
        """Where each figure of the customer stands."""
        self._workbook = Workbook(write_only=True)
        self._styles = Styles()
        self._sheets: list[Sheet] = []
        self._describe()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for sheet in self._sheets:
            sheet.discard()

    def sheet(self, title: str, layout: Layout, number: int = 1) -> Sheet:
        """A new sheet behind the others; `title` is one of `titles`."""
        name = title_of(self.words, title, number)
        made = cast(Worksheet, self._workbook.create_sheet(name))
        sheet = Sheet(made, self._styles, layout, self.report, self.look, self.words)
        self._sheets.append(sheet)  # from now on its file is freed, whatever happens
        sheet.begin()
        return sheet

    def place(self, title: str, ref: str, number: int = 1) -> str:
        """Cells of a sheet, which need not be there yet."""
        return place(title_of(self.words, title, number), ref)

    def define(self, name: str, cells: str) -> None:
        """Give cells a name of their own."""
        self._workbook.defined_names[name] = DefinedName(name, attr_text=cells)

    def save(self, path: Path) -> None:
        """Finish the sheets and write the file."""
        for sheet in self._sheets:
            sheet.finish()
        drawings = [sheet.descriptions for sheet in self._sheets if sheet.descriptions]
        with _Archive(path, drawings) as archive:
            # Not `Workbook.save`: it would put the clock's time into the properties.
            ExcelWriter(self._workbook, archive).write_data()

    def _describe(self) -> None:
        report, properties = self.report, self._workbook.properties
        say, period = self.words.say, report.period.label
        customer = self.words.name(report.customer.name)
        title = say("{customer}: backup report {period}", customer=customer, period=period)
        properties.title = clean(title)
        properties.subject = clean(say("Backup report of {customer}", customer=customer))
        properties.creator = clean(self.look.brand.name) or None
        properties.language = self.look.locale.replace("_", "-")
        as_of = report.as_of.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        properties.created = properties.modified = as_of


class _Archive(ZipFile):
    """A ZIP file that knows no clock and no owner, and takes sheets from open files."""

    def __init__(self, path: Path, drawings: Sequence[Sequence[str]]) -> None:
        super().__init__(path, "w", ZIP_DEFLATED)
        self._drawings = drawings
        """What the charts of each drawing show."""

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        """Add a sheet; `filename` is its temporary file, open."""
        rows: IO[bytes] = filename
        rows.seek(0)
        with self.open(_entry(arcname), "w", force_zip64=True) as entry:
            shutil.copyfileobj(rows, entry, 1 << 20)

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        """Add a part."""
        super().writestr(_entry(zinfo_or_arcname), self._completed(zinfo_or_arcname, data))

    def _completed(self, name: str, data: Any) -> Any:
        """A part with what openpyxl has no field for, and without its name."""
        if name == ARC_APP:
            return _APPLICATION.sub(b"<Application>Microsoft Excel</Application>", _bytes(data))
        if found := _DRAWING.fullmatch(name):
            return _described(_bytes(data), self._drawings[int(found[1]) - 1])
        return data


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


def _described(drawing: bytes, descriptions: Sequence[str]) -> bytes:
    """The drawing with a text for each chart, for those who do not see it."""
    for number, description in enumerate(descriptions, 1):
        name = f'name="Chart {number}"'
        drawing = drawing.replace(
            name.encode(), f"{name} descr={quoteattr(clean(description))}".encode()
        )
    return drawing


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, _FIRST_ZIP_DAY)
    entry.compress_type = ZIP_DEFLATED
    entry._compresslevel = _LEVEL  # type: ignore[attr-defined]  # public from Python 3.13 on
    entry.create_system = 3  # Unix, wherever it is written
    entry.external_attr = 0o644 << 16
    return entry
