"""The Modules sheet: every figure of every module, of every service, and what is no backup."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from reporter.model import Figures, ModuleFigures, OtherJobs, Report, ServiceFigures
from reporter.render.text import reason_text
from reporter.render.workbook.book import Book
from reporter.render.workbook.figures import figures_in
from reporter.render.workbook.sheet import Layout
from reporter.render.workbook.styles import COUNT, HEADING, WRAPPED, state_style
from reporter.render.workbook.tables import Column, fitting, write_note, write_table

T = TypeVar("T")

REASON_WIDTH = 60


def add_modules(book: Book) -> None:
    """The modules in one table; below it the services and the jobs that are no backups."""
    report = book.report
    columns = _module_columns(report)
    sheet = book.sheet(
        "Modules",
        Layout(
            widths=[column.width for column in columns],
            tab_color=book.tab_color,
            freeze="D2",
            header_row=1,
            footer=book.rate_note,
        ),
    )
    book.module_rows = write_table(book, sheet, "Modules", columns, report.modules)
    if book.module_rows is None:
        write_note(sheet, "The service lists no module of this customer.")
    if report.services:
        _heading(book, sheet, "Services")
        write_table(book, sheet, "Services", _service_columns(report), report.services)
    if report.other_jobs:
        _heading(book, sheet, "Other jobs: no backups, in no figure")
        write_table(book, sheet, "OtherJobs", _OTHER_COLUMNS, report.other_jobs)


def column_of(report: Report, header: str) -> int:
    """The number of a column of the modules' table."""
    return [column.header for column in _module_columns(report)].index(header) + 1


def _heading(book: Book, sheet, text: str) -> None:
    sheet.row()
    sheet.row([sheet.cell(text, HEADING)], height=20)


def _module_columns(report: Report) -> list[Column[ModuleFigures]]:
    reasons = _reasons(report)
    return [
        Column("Service", _service_width(report), lambda own: own.service),
        Column("Module", fitting((m.module for m in report.modules), 14, 34), lambda m: m.module),
        Column("State", 12, lambda m: m.state.value, lambda m: state_style(m.state)),
        *_figure_columns(report, lambda own: own.figures),
        Column(
            "Reasons", REASON_WIDTH, lambda m: reasons.get((m.service, m.module)), WRAPPED
        ),
    ]


def _service_columns(report: Report) -> list[Column[ServiceFigures]]:
    """Like the modules', so that figures stand below one another."""
    return [
        Column("Service", 0, lambda own: own.service),
        Column("Modules", 0, lambda own: _modules_of(report, own.service), COUNT),
        Column("State", 0, lambda own: None),
        *_figure_columns(report, lambda own: own.figures),
    ]
