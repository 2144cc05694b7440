"""The workbook as a whole: its sheets, its properties, and the file made of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import IO, Any, Final, Self, cast
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.packaging.extended import ExtendedProperties
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter
from openpyxl.xml.constants import ARC_APP, ARC_CORE
from openpyxl.xml.functions import tostring

from reporter.model import Look, Report
from reporter.render.sentences import policy_texts
from reporter.render.text import Words
from reporter.render.workbook.cells import clean
from reporter.render.workbook.sheet import Layout, Sheet
from reporter.render.workbook.styles import Style, Styles, header_style
from reporter.render.workbook.titles import place, title_of

_DRAWING: Final = re.compile(r"xl/drawings/drawing(\d+)\.xml")
_LEVEL: Final = 1
"""Of zlib's nine. Its own choice, the sixth, makes files a quarter smaller in thrice the time."""


class Book:
    """A workbook under way: each sheet is written once, and done when the next one begins.

    Leaving the context closes the file, which is whole once it is saved.
    """

    def __init__(self, report: Report, look: Look, path: Path) -> None:
        self.report = report
        self.look = look
        self.header: Style = header_style(look.brand.color)
        self.tab_color = look.brand.color.lstrip("#").upper()
        self.words = Words.about(report.period, look.locale, report.policy.units)
        self.policy = policy_texts(report.policy, self.words)
        self.firsts: dict[str, int] = {}
        """The row of each table's first record, by the table's name."""
        self.totals: dict[str, str] = {}
        """Where each figure of the customer stands."""
        self._workbook = Workbook(write_only=True)
        self._styles = Styles()
        self._sheets: list[Sheet] = []
        self._describe()
        self._archive = _Archive(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for sheet in self._sheets[-1:]:
            sheet.discard()
        self._archive.close()

    def sheet(self, title: str, layout: Layout, number: int = 1) -> Sheet:
        """A new sheet behind the others; `title` is one of `titles`."""
        if self._sheets:
            self._sheets[-1].finish()
        else:
            self._write_properties()
        name = title_of(self.words, title, number)
        made = cast(Worksheet, self._workbook.create_sheet(name))
        part = self._archive.begin_sheet(len(self._sheets) + 1)
        sheet = Sheet(made, part, self._styles, layout, self.report, self.look, self.words)
        self._sheets.append(sheet)  # from now on its part is let go of, whatever happens
        sheet.begin()
        return sheet

    def place(self, title: str, ref: str, number: int = 1) -> str:
        """Cells of a sheet, which need not be there yet."""
        return place(title_of(self.words, title, number), ref)

    def define(self, name: str, cells: str) -> None:
        """Give cells a name of their own."""
        self._workbook.defined_names[name] = DefinedName(name, attr_text=cells)

    def save(self) -> None:
        """Finish the last sheet, and write all that is not a sheet."""
        self._sheets[-1].finish()
        self._archive.drawings += [own.descriptions for own in self._sheets if own.descriptions]
        # Not `Workbook.save`: it would put the clock's time into the properties.
        ExcelWriter(self._workbook, self._archive).write_data()

    def _write_properties(self) -> None:
        """They come first: some programs look at no more to know a workbook."""
        application = ExtendedProperties()
        application.Application = "Microsoft Excel"
        self._archive.writestr(ARC_APP, tostring(application.to_tree()))
        self._archive.writestr(ARC_CORE, tostring(self._workbook.properties.to_tree()))

    def _describe(self) -> None:
        report, properties = self.report, self._workbook.properties
        say, period = self.words.say, report.period.label
        customer = self.words.name(report.customer.name)
        title = say("{customer}: backup report {period}", customer=customer, period=period)
        properties.title = clean(title)
        properties.subject = clean(say("Backup report of {customer}", customer=customer))
        properties.creator = clean(self.look.brand.name) or None
        properties.identifier = clean(report.customer.id)
        properties.language = self.look.locale.replace("_", "-")
        as_of = report.as_of.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        properties.created = properties.modified = as_of


class _Archive(ZipFile):
    """A ZIP file that knows no clock and no owner, and takes sheets while they are written."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w", ZIP_DEFLATED, compresslevel=_LEVEL)
        self.drawings: list[Sequence[str]] = []
        """What the charts of each drawing show."""

    def begin_sheet(self, number: int) -> IO[bytes]:
        """The part of a sheet, to be closed before the next part begins."""
        return self.open(f"xl/worksheets/sheet{number}.xml", "w", force_zip64=True)

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        """The sheet of that name is there already."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        """Add a part, unless it is there: openpyxl has the properties written once more."""
        if zinfo_or_arcname not in self.namelist():
            with self.open(zinfo_or_arcname, "w") as part:
                part.write(self._completed(zinfo_or_arcname, data))

    def close(self) -> None:
        """Write the directory and close."""
        for entry in self.infolist():
            entry.create_system = 3  # Unix, wherever it is written
            entry.external_attr = 0o644 << 16
        super().close()

    def _completed(self, name: str, data: str | bytes) -> bytes:
        """A part with what openpyxl has no field for."""
        made = data.encode() if isinstance(data, str) else data
        found = _DRAWING.fullmatch(name)
        return _described(made, self.drawings[int(found[1]) - 1]) if found else made


def _described(drawing: bytes, descriptions: Sequence[str]) -> bytes:
    """The drawing with a text for each chart, for those who do not see it."""
    for number, description in enumerate(descriptions, 1):
        name = f'name="Chart {number}"'
        drawing = drawing.replace(
            name.encode(), f"{name} descr={quoteattr(clean(description))}".encode()
        )
    return drawing
