"""The workbook as a whole: its sheets, its properties, and the file made of them."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Self, cast

from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.worksheet import Worksheet

from reporter.model import Look, Report
from reporter.render.sentences import policy_texts
from reporter.render.text import Words
from reporter.render.workbook.cells import clean
from reporter.render.workbook.openpyxl_patches import Archive
from reporter.render.workbook.sheet import Layout, Sheet
from reporter.render.workbook.styles import Style, Styles, header_style
from reporter.render.workbook.titles import place, title_of


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
        self._archive = Archive(path)

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
            self._archive.write_properties(self._workbook)
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
        self._archive.drawings += [
            sheet.descriptions for sheet in self._sheets if sheet.descriptions
        ]
        self._archive.write_book(self._workbook)

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
