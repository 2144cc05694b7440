"""The Scopes sheet: every figure of every scope, what runs, and what is left out of the figures."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Final

from reporter.model import (
    LeftOut,
    Listed,
    ModuleFigures,
    Reason,
    RunningJob,
    ScopeFigures,
    not_judged,
)
from reporter.render.text import Words, marked
from reporter.render.workbook.book import Book
from reporter.render.workbook.figures import span
from reporter.render.workbook.jobs import MODULE_LETTER, first_jobs
from reporter.render.workbook.modules import (
    REASON_WIDTH,
    figure_columns,
    figure_letter,
    headings_of,
    highlight_missed,
)
from reporter.render.workbook.rows import scope_rows, scopes_in
from reporter.render.workbook.sheet import Sheet
from reporter.render.workbook.styles import (
    COUNT,
    LINK,
    MOMENT,
    SPAN,
    WRAPPED,
    state_style,
)
from reporter.render.workbook.tables import (
    Column,
    begin_figures,
    fitting,
    write_heading,
    write_note,
    write_table,
)
from reporter.render.workbook.titles import JOBS, MODULES, SCOPES

NAMING_COLUMNS: Final = 6
"""Before the figures."""
LISTED_AS: Final = {
    Listed.JOB: marked("with a job"),
    Listed.WAITING: marked("waiting to run"),
    Listed.IDLE: marked("nothing to back up"),
    Listed.OFF: marked("switched off"),
    Listed.REFUSED: marked("could not run"),
    Listed.GONE: marked("no longer listed"),
}
"""How a scope is listed, in words."""


@dataclass(frozen=True, slots=True)
class _ScopeRow:
    """A scope of a module."""

    module: ModuleFigures
    scope: ScopeFigures

    @property
    def key(self) -> tuple[str, str, str]:
        return self.module.service, self.module.module, self.scope.name or ""

    @property
    def alone(self) -> ModuleFigures:
        """The module as if it had no other scope."""
        return replace(self.module, scopes=(self.scope,))


def add_scopes(book: Book) -> None:
    """The scopes in one table; below it the jobs that still run, and what is left out."""
    report, say = book.report, book.words.say
    rows = [_ScopeRow(module, scope) for module, scope in scopes_in(report)]
    columns = _scope_columns(book)
    sheet = begin_figures(book, SCOPES, "Scopes", columns, rows)
    _link(book, sheet)
    highlight_missed(book, sheet, "Scopes", NAMING_COLUMNS, len(rows))
    if report.running:
        write_heading(sheet, say("Jobs that were running at the last look"))
        write_table(book, sheet, "Running", _running_columns(book), report.running)
    if report.left_out:
        write_heading(sheet, say("Left out of the figures by the provider"))
        write_table(book, sheet, "LeftOut", _left_out_columns(book.words), report.left_out)
    sheet.row()
    moment = book.words.moment(report.reference_at)
    write_note(
        sheet, say("How each scope is listed is read off the look of {moment}.", moment=moment)
    )


def _link(book: Book, sheet: Sheet) -> None:
    """Lead from each scope to its module, and from its number of jobs to the first of them."""
    report, firsts = book.report, first_jobs(book.report.jobs)
    jobs = figure_letter(report, book.words, "jobs", NAMING_COLUMNS)
    modules = {
        (module.service, module.module): row
        for row, module in enumerate(report.modules, book.firsts.get("Modules", 0))
    }
    for scope, row in scope_rows(report).items():
        sheet.link(f"B{row}", book.place(MODULES, f"B{modules[scope[:2]]}"))
        if first_job := firsts.get(scope):
            number, first = first_job
            sheet.link(f"{jobs}{row}", book.place(JOBS, f"{MODULE_LETTER}{first}", number))


def _scope_columns(book: Book) -> list[Column[_ScopeRow]]:
    report, words = book.report, book.words
    say, zone = words.say, report.period.timezone
    with_jobs = set(first_jobs(report.jobs))
    reasons: defaultdict[tuple[str, str, str], list[Reason]] = defaultdict(list)
    for reason in report.reasons:
        reasons[reason.service, reason.module, reason.name or ""].append(reason)
    services = [module.service for module in report.modules]
    modules = [module.module for module in report.modules]
    names = [scope.name for _, scope in scopes_in(report)]
    figures: list[Column[_ScopeRow]] = figure_columns(
        report,
        words,
        lambda row: row.scope.figures,
        lambda row: bool(not_judged([row.alone], report.policy)),
    )
    linked = replace(COUNT, underlined=True)
    return [
        Column(say("Service"), fitting(services, 16, 28), lambda row: row.key[0], WRAPPED),
        Column(say("Module"), fitting(modules, 14, 34), lambda row: row.key[1], LINK),
        Column(say("Scope"), fitting(names, 14, 40), lambda row: row.scope.name, WRAPPED),
        Column(
            say("State"),
            19,
            lambda row: words.state(row.scope.state),
            lambda row: state_style(row.scope.state),
        ),
        Column(say("Listed as"), 20, lambda row: say(LISTED_AS[row.scope.listed])),
        Column(
            say("Since ({timezone})", timezone=zone), 20, lambda row: row.scope.listed_since, MOMENT
        ),
        replace(figures[0], style=lambda row: linked if row.key in with_jobs else COUNT),
        *figures[1:],
        Column(
            say("Reasons"), REASON_WIDTH, lambda row: headings_of(reasons[row.key], words), WRAPPED
        ),
    ]


def _running_columns(book: Book) -> list[Column[RunningJob]]:
    say, zone = book.words.say, book.report.period.timezone
    return [
        Column(say("Service"), 0, lambda job: job.service, WRAPPED),
        Column(say("Module"), 0, lambda job: job.module, WRAPPED),
        Column(say("Scope"), 0, lambda job: job.name, WRAPPED),
        Column(say("Job ID"), 0, lambda job: job.job_id, WRAPPED),
        Column(say("Started ({timezone})", timezone=zone), 0, lambda job: job.started_at, MOMENT),
        Column(say("Last look ({timezone})", timezone=zone), 0, lambda job: job.seen_at, MOMENT),
        Column(say("Running for"), 0, lambda job: span(job.length_s), SPAN),
    ]


def _left_out_columns(words: Words) -> list[Column[LeftOut]]:
    return [
        Column(words.say("Service"), 0, lambda scope: scope.service, WRAPPED),
        Column(words.say("Module"), 0, lambda scope: scope.module, WRAPPED),
        Column(words.say("Scope"), 0, lambda scope: scope.name, WRAPPED),
        Column(words.say("Jobs"), 0, lambda scope: scope.jobs, COUNT),
        Column(words.say("Reason"), 0, lambda scope: scope.reason, WRAPPED),
    ]
