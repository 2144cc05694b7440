"""The Modules sheet: every figure of every module, of every service, and what is no backup."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Final, TypeVar

from reporter.model import Figures, ModuleFigures, OtherJobs, Report, ServiceFigures, State
from reporter.render.sentences import REASON_HEADINGS
from reporter.render.text import STATE_WORDS
from reporter.render.workbook.book import Book
from reporter.render.workbook.figures import Figure, figures_in
from reporter.render.workbook.sheet import Layout, Sheet
from reporter.render.workbook.styles import COUNT, HEADING, WRAPPED, state_style
from reporter.render.workbook.tables import Column, fitting, write_note, write_table

T = TypeVar("T")

REASON_WIDTH: Final = 38


def add_modules(book: Book) -> None:
    """The modules in one table; below it the services and the jobs that are no backups."""
    report = book.report
    columns = _module_columns(report)
    layout = Layout(
        widths=[column.width for column in columns],
        tab_color=book.tab_color,
        freeze="D2",
        header_row=1,
    )
    sheet = book.sheet("Modules", layout)
    if not write_table(book, sheet, "Modules", columns, report.modules):
        write_note(sheet, "The service lists no module of this customer.")
    if report.services:
        _heading(sheet, "Services")
        write_table(book, sheet, "Services", _service_columns(report), report.services)
    if report.other_jobs:
        _heading(sheet, "Other jobs: no backups, in no figure")
        write_table(book, sheet, "OtherJobs", _OTHER_COLUMNS, report.other_jobs)
    sheet.row()
    write_note(sheet, f"How the rates count: {' '.join(book.policy)}")


def module_column(report: Report, header: str) -> int:
    """The number of a column of the modules' table."""
    return [column.header for column in _module_columns(report)].index(header) + 1


def _heading(sheet: Sheet, text: str) -> None:
    sheet.row()
    sheet.row([sheet.cell(text, HEADING)], height=20)


def _module_columns(report: Report) -> list[Column[ModuleFigures]]:
    reasons: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for reason in report.reasons:
        reasons[reason.service, reason.module].append(REASON_HEADINGS[reason.kind])
    services = [own.service for own in report.modules]
    modules = [own.module for own in report.modules]
    return [
        Column("Service", fitting(services, 16, 28), lambda own: own.service, WRAPPED),
        Column("Module", fitting(modules, 14, 34), lambda own: own.module, WRAPPED),
        Column("State", 12, lambda own: STATE_WORDS[own.state], lambda own: state_style(own.state)),
        *_figure_columns(report, lambda own: own.figures),
        Column(
            "Reasons",
            REASON_WIDTH,
            lambda own: "; ".join(reasons[own.service, own.module]),
            WRAPPED,
        ),
    ]


def _service_columns(report: Report) -> list[Column[ServiceFigures]]:
    """Laid out like the modules', so that the same figures stand below one another."""

    def modules(own: ServiceFigures) -> int:
        return sum(module.service == own.service for module in report.modules)

    def healthy(own: ServiceFigures) -> int:
        states = [module.state for module in report.modules if module.service == own.service]
        return states.count(State.HEALTHY)

    return [
        Column("Service", 0, lambda own: own.service, WRAPPED),
        Column("Modules", 0, modules, COUNT),
        Column("Healthy", 0, healthy, COUNT),
        *_figure_columns(report, lambda own: own.figures),
    ]


def _figure_columns(report: Report, figures_of: Callable[[T], Figures]) -> list[Column[T]]:
    def column(figure: Figure) -> Column[T]:
        return Column(
            figure.name,
            figure.width,
            lambda own: figure.of(figures_of(own)),
            lambda own: figure.style(figures_of(own)),
        )

    return [column(figure) for figure in figures_in(report.period.timezone, report.policy)]


_OTHER_COLUMNS: Final[list[Column[OtherJobs]]] = [
    Column("Service", 0, lambda own: own.service, WRAPPED),
    Column("Module", 0, lambda own: own.module, WRAPPED),
    Column("Jobs", 0, lambda own: own.jobs, COUNT),
]
