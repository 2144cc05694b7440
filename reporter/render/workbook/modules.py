"""The Modules sheet: every figure of every module, of every service, and what is no backup."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Final, TypeVar

from openpyxl.utils import get_column_letter

from reporter.model import Figures, ModuleFigures, OtherJobs, Report, ServiceFigures, State
from reporter.render.sentences import REASON_HEADINGS
from reporter.render.text import Words
from reporter.render.workbook.book import Book
from reporter.render.workbook.cells import quoted
from reporter.render.workbook.figures import Figure, figures_in, met_word
from reporter.render.workbook.jobs import MODULE_LETTER, first_jobs
from reporter.render.workbook.sheet import Layout, Sheet
from reporter.render.workbook.styles import COUNT, HEADING, LINK, STATE_COLORS, WRAPPED, state_style
from reporter.render.workbook.tables import (
    Column,
    fitting,
    widths_of,
    write_empty,
    write_note,
    write_table,
)
from reporter.render.workbook.titles import JOBS, MODULES

T = TypeVar("T")

REASON_WIDTH: Final = 38
_NAMING_COLUMNS: Final = 3
"""Before the figures."""


def add_modules(book: Book) -> None:
    """The modules in one table; below it the services and the jobs that are no backups."""
    report, say = book.report, book.words.say
    columns = _module_columns(report, book.words)
    layout = Layout(
        widths=widths_of(columns),
        tab_color=book.tab_color,
        freeze="D2",
        header_row=1,
        header_columns="A:C",
        pages_wide=3,
    )
    sheet = book.sheet(MODULES, layout)
    if not write_table(book, sheet, "Modules", columns, report.modules):
        write_empty(sheet, say("The service lists no module of this customer."))
    _link_jobs(book, sheet)
    _highlight_missed(book, sheet)
    if report.services:
        _heading(sheet, say("Services"))
        write_table(book, sheet, "Services", _service_columns(report, book.words), report.services)
    if report.other_jobs:
        _heading(sheet, say("Other jobs: no backups, in no figure"))
        write_table(book, sheet, "OtherJobs", _other_columns(book.words), report.other_jobs)
    sheet.row()
    write_note(sheet, say("How the rates count: {policy}", policy=" ".join(book.policy)))


def figure_letter(report: Report, words: Words, key: str) -> str:
    """The column of a figure, in the modules' table and in that of the services."""
    keys = [own.key for own in figures_in(report.period.timezone, report.policy, words)]
    return get_column_letter(_NAMING_COLUMNS + keys.index(key) + 1)


def _link_jobs(book: Book, sheet: Sheet) -> None:
    """Lead from each module to the first of its jobs."""
    firsts = first_jobs(book.report.jobs)
    for row, own in enumerate(book.report.modules, book.firsts.get("Modules", 0)):
        if found := firsts.get((own.service, own.module)):
            number, first = found
            sheet.link(f"B{row}", book.place(JOBS, f"{MODULE_LETTER}{first}", number))


def _highlight_missed(book: Book, sheet: Sheet) -> None:
    """Colour the success rates below their targets, also after a change by hand."""
    if first := book.firsts.get("Modules"):
        rate = figure_letter(book.report, book.words, "success_rate")
        met = figure_letter(book.report, book.words, "success_target_met")
        cells = f"{rate}{first}:{rate}{first + len(book.report.modules) - 1}"
        missed = quoted(met_word(False, book.words) or "")
        sheet.highlight(cells, f"${met}{first}={missed}", STATE_COLORS[State.CRITICAL])


def _heading(sheet: Sheet, text: str) -> None:
    sheet.row()
    sheet.row([sheet.cell(text, HEADING)], height=20)


def _module_columns(report: Report, words: Words) -> list[Column[ModuleFigures]]:
    reasons: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for reason in report.reasons:
        reasons[reason.service, reason.module].append(words.say(REASON_HEADINGS[reason.kind]))
    with_jobs = set(first_jobs(report.jobs))
    services = [own.service for own in report.modules]
    modules = [own.module for own in report.modules]
    say = words.say
    return [
        Column(say("Service"), fitting(services, 16, 28), lambda own: own.service, WRAPPED),
        Column(
            say("Module"),
            fitting(modules, 14, 34),
            lambda own: own.module,
            lambda own: LINK if (own.service, own.module) in with_jobs else WRAPPED,
        ),
        Column(
            say("State"),
            12,
            lambda own: words.state(own.state),
            lambda own: state_style(own.state),
        ),
        *_figure_columns(report, words, lambda own: own.figures),
        Column(
            say("Reasons"),
            REASON_WIDTH,
            lambda own: "; ".join(reasons[own.service, own.module]),
            WRAPPED,
        ),
    ]


def _service_columns(report: Report, words: Words) -> list[Column[ServiceFigures]]:
    """Laid out like the modules', so that the same figures stand below one another."""

    def modules(own: ServiceFigures) -> int:
        return sum(module.service == own.service for module in report.modules)

    def healthy(own: ServiceFigures) -> int:
        states = [module.state for module in report.modules if module.service == own.service]
        return states.count(State.HEALTHY)

    return [
        Column(words.say("Service"), 0, lambda own: own.service, WRAPPED),
        Column(words.say("Modules"), 0, modules, COUNT),
        Column(words.say("Healthy"), 0, healthy, COUNT),
        *_figure_columns(report, words, lambda own: own.figures),
    ]


def _figure_columns(
    report: Report, words: Words, figures_of: Callable[[T], Figures]
) -> list[Column[T]]:
    def column(figure: Figure) -> Column[T]:
        return Column(
            figure.name,
            figure.width,
            lambda own: figure.of(figures_of(own)),
            lambda own: figure.style(figures_of(own)),
        )

    return [column(own) for own in figures_in(report.period.timezone, report.policy, words)]


def _other_columns(words: Words) -> list[Column[OtherJobs]]:
    return [
        Column(words.say("Service"), 0, lambda own: own.service, WRAPPED),
        Column(words.say("Module"), 0, lambda own: own.module, WRAPPED),
        Column(words.say("Jobs"), 0, lambda own: own.jobs, COUNT),
    ]
