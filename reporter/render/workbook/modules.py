"""The Modules sheet: every figure of every module, of every service, and what is no backup."""

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
    """The column of a figure: in the modules' table and in that of the services, or in one that has
    so many columns before the figures.
    """
    keys = [own.key for own in figures_in(report.period.timezone, report.policy, words)]
    return get_column_letter(naming + keys.index(key) + 1)


def _link_scopes(book: Book, sheet: Sheet) -> None:
    """Lead from each module to the first of its scopes."""
    rows = scope_rows(book.report)
    for row, own in enumerate(book.report.modules, book.firsts.get("Modules", 0)):
        first = rows[own.service, own.module, own.scopes[0].name or ""]
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
    services = [own.service for own in report.modules]
    modules = [own.module for own in report.modules]
    say = words.say

    return [
        Column(say("Service"), fitting(services, 16, 28), lambda own: own.service, WRAPPED),
        Column(say("Module"), fitting(modules, 14, 34), lambda own: own.module, LINK),
        Column(
            say("State"),
            12,
            lambda own: words.state(own.state),
            lambda own: state_style(own.state),
        ),
        *figure_columns(
            report,
            words,
            lambda own: own.figures,
            lambda own: bool(not_judged([own], report.policy)),
        ),
        Column(
            say("Reasons"),
            REASON_WIDTH,
            lambda own: said_of(reasons[own.service, own.module], words),
            WRAPPED,
        ),
    ]


def said_of(reasons: Iterable[Reason], words: Words) -> str:
    """What is the matter, once each."""
    return "; ".join(dict.fromkeys(words.say(REASON_HEADINGS[own.kind]) for own in reasons))


def _service_columns(report: Report, words: Words) -> list[Column[ServiceFigures]]:
    """Laid out like the modules', so that the same figures stand below one another."""

    def modules(own: ServiceFigures) -> list[ModuleFigures]:
        return [module for module in report.modules if module.service == own.service]

    def healthy(own: ServiceFigures) -> int:
        return sum(module.state is State.HEALTHY for module in modules(own))

    return [
        Column(words.say("Service"), 0, lambda own: own.service, WRAPPED),
        Column(words.say("Modules"), 0, lambda own: len(modules(own)), COUNT),
        Column(words.say("Healthy"), 0, healthy, COUNT),
        *figure_columns(
            report,
            words,
            lambda own: own.figures,
            lambda own: bool(not_judged(modules(own), report.policy)),
        ),
    ]


def figure_columns(
    report: Report,
    words: Words,
    figures_of: Callable[[T], Figures],
    unjudged: Callable[[T], bool],
) -> list[Column[T]]:
    """A column for each figure; an empty recovery-point target says where it cannot be judged."""

    def value(figure: Figure, own: T) -> Value:
        shown = figure.of(figures_of(own))
        if figure.key == "gap_target_met" and shown is None and unjudged(own):
            return words.say("cannot be judged")
        return shown

    def column(figure: Figure) -> Column[T]:
        return Column(
            figure.name,
            figure.width,
            lambda own: value(figure, own),
            lambda own: figure.style(figures_of(own)),
        )

    return [column(own) for own in figures_in(report.period.timezone, report.policy, words)]


def _other_columns(words: Words) -> list[Column[OtherJobs]]:
    return [
        Column(words.say("Service"), 0, lambda own: own.service, WRAPPED),
        Column(words.say("Module"), 0, lambda own: own.module, WRAPPED),
        Column(words.say("Jobs"), 0, lambda own: own.jobs, COUNT),
    ]
