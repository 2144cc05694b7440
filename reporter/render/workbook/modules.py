"""The Modules sheet: every figure of every module and service, and the jobs that are no backups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from openpyxl.utils import get_column_letter

from reporter.model import (
    Figures,
    ModuleFigures,
    OtherJobs,
    Reason,
    Report,
    ServiceFigures,
    State,
    not_judged,
)
from reporter.render.sentences import REASON_HEADINGS
from reporter.render.text import Words
from reporter.render.workbook.book import Book
from reporter.render.workbook.cells import Value, quoted
from reporter.render.workbook.figures import Figure, figures_in, met_word
from reporter.render.workbook.rows import scope_rows
from reporter.render.workbook.sheet import Sheet
from reporter.render.workbook.styles import COUNT, LINK, STATE_COLORS, WRAPPED, state_style
from reporter.render.workbook.tables import (
    Column,
    begin_figures,
    fitting,
    write_heading,
    write_note,
    write_table,
)
from reporter.render.workbook.titles import MODULES, SCOPES

T = TypeVar("T")

REASON_WIDTH: Final = 38
_NAMING_COLUMNS: Final = 3
"""Before the figures."""


def add_modules(book: Book) -> None:
    """The modules in one table; below it the services and the jobs that are no backups."""
    report, say = book.report, book.words.say
    columns = _module_columns(report, book.words)
    sheet = begin_figures(book, MODULES, "Modules", columns, report.modules)
    _link_scopes(book, sheet)
    highlight_missed(book, sheet, "Modules", _NAMING_COLUMNS, len(report.modules))
    if report.services:
        write_heading(sheet, say("Services"))
        write_table(book, sheet, "Services", _service_columns(report, book.words), report.services)
    if report.other_jobs:
        write_heading(sheet, say("Other jobs: no backups, in no figure"))
        write_table(book, sheet, "OtherJobs", _other_columns(book.words), report.other_jobs)
    sheet.row()
    write_note(sheet, say("How the rates count: {policy}", policy=" ".join(book.policy)))


def figure_letter(report: Report, words: Words, key: str, naming: int = _NAMING_COLUMNS) -> str:
    """The letter of a figure's column where `naming` columns stand before the figures, as in the
    tables of modules and services.
    """
    keys = [figure.key for figure in figures_in(report.period.timezone, report.policy, words)]
    return get_column_letter(naming + keys.index(key) + 1)


def _link_scopes(book: Book, sheet: Sheet) -> None:
    """Lead from each module to the first of its scopes."""
    rows = scope_rows(book.report)
    for row, module in enumerate(book.report.modules, book.firsts.get("Modules", 0)):
        first = rows[module.service, module.module, module.scopes[0].name or ""]
        sheet.link(f"B{row}", book.place(SCOPES, f"C{first}"))


def highlight_missed(book: Book, sheet: Sheet, table: str, naming: int, records: int) -> None:
    """Colour the rates below their targets, also after a change by hand."""
    if not (first := book.firsts.get(table)):
        return
    missed = quoted(met_word(False, book.words) or "")
    for rated, judged in (
        ("success_rate", "success_target_met"),
        ("object_success_rate", "object_target_met"),
    ):
        rate = figure_letter(book.report, book.words, rated, naming)
        met = figure_letter(book.report, book.words, judged, naming)
        cells = f"{rate}{first}:{rate}{first + records - 1}"
        sheet.highlight(cells, f"${met}{first}={missed}", STATE_COLORS[State.CRITICAL])


def _module_columns(report: Report, words: Words) -> list[Column[ModuleFigures]]:
    reasons: defaultdict[tuple[str, str], list[Reason]] = defaultdict(list)
    for reason in report.reasons:
        reasons[reason.service, reason.module].append(reason)
    services = [module.service for module in report.modules]
    modules = [module.module for module in report.modules]
    say = words.say

    return [
        Column(say("Service"), fitting(services, 16, 28), lambda module: module.service, WRAPPED),
        Column(say("Module"), fitting(modules, 14, 34), lambda module: module.module, LINK),
        Column(
            say("State"),
            12,
            lambda module: words.state(module.state),
            lambda module: state_style(module.state),
        ),
        *figure_columns(
            report,
            words,
            lambda module: module.figures,
            lambda module: bool(not_judged([module], report.policy)),
        ),
        Column(
            say("Reasons"),
            REASON_WIDTH,
            lambda module: headings_of(reasons[module.service, module.module], words),
            WRAPPED,
        ),
    ]


def headings_of(reasons: Iterable[Reason], words: Words) -> str:
    """The headings of the reasons, once each."""
    return "; ".join(dict.fromkeys(words.say(REASON_HEADINGS[reason.kind]) for reason in reasons))


def _service_columns(report: Report, words: Words) -> list[Column[ServiceFigures]]:
    """Laid out like the modules', so that the same figures stand below one another."""

    def modules(service: ServiceFigures) -> list[ModuleFigures]:
        return [module for module in report.modules if module.service == service.service]

    def healthy(service: ServiceFigures) -> int:
        return sum(module.state is State.HEALTHY for module in modules(service))

    return [
        Column(words.say("Service"), 0, lambda service: service.service, WRAPPED),
        Column(words.say("Modules"), 0, lambda service: len(modules(service)), COUNT),
        Column(words.say("Healthy"), 0, healthy, COUNT),
        *figure_columns(
            report,
            words,
            lambda service: service.figures,
            lambda service: bool(not_judged(modules(service), report.policy)),
        ),
    ]


def figure_columns(
    report: Report,
    words: Words,
    figures_of: Callable[[T], Figures],
    unjudged: Callable[[T], bool],
) -> list[Column[T]]:
    """A column for each figure; an empty recovery-point target says where it cannot be judged."""

    def value(figure: Figure, record: T) -> Value:
        shown = figure.of(figures_of(record))
        if figure.key == "gap_target_met" and shown is None and unjudged(record):
            return words.say("cannot be judged")
        return shown

    def column(figure: Figure) -> Column[T]:
        return Column(
            figure.name,
            figure.width,
            lambda record: value(figure, record),
            lambda record: figure.style(figures_of(record)),
        )

    return [column(figure) for figure in figures_in(report.period.timezone, report.policy, words)]


def _other_columns(words: Words) -> list[Column[OtherJobs]]:
    return [
        Column(words.say("Service"), 0, lambda jobs: jobs.service, WRAPPED),
        Column(words.say("Module"), 0, lambda jobs: jobs.module, WRAPPED),
        Column(words.say("Jobs"), 0, lambda jobs: jobs.jobs, COUNT),
    ]
