"""The Summary sheet: how the customer stands and why, the key figures, three charts."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from reporter.model import Figures, State, Watched
from reporter.render.restated import why
from reporter.render.restoring import restoring_title
from reporter.render.sentences import reason_text
from reporter.render.watched import marks, not_compared, rarely_asked
from reporter.render.workbook.book import Book
from reporter.render.workbook.cells import Value
from reporter.render.workbook.charts import charts_of
from reporter.render.workbook.figures import Figure, figures_in
from reporter.render.workbook.sheet import Layout, Sheet
from reporter.render.workbook.styles import (
    CHANGE,
    HEADING,
    NOTE,
    PLAIN,
    POINTS,
    STATE_COLORS,
    TEXT,
    TITLE,
    Style,
    badge,
    state_style,
)
from reporter.render.workbook.tables import LINE_HEIGHT, TALLEST, lines_of
from reporter.render.workbook.titles import MODULES, SUMMARY, VERSIONS, title_of

_WIDTHS: Final = (40, 22, 22, 14, 3)
_TEXT_WIDTH: Final = 104
"""Characters in the columns A to D together."""
_CHART_COLUMN: Final = "F"
_CM_PER_ROW: Final = 0.529
"""Of the 15 points Excel gives a row."""
_REASONS: Final = 12
_NAMES: Final = {
    "jobs_total": "jobs",
    "jobs_completed": "completed",
    "jobs_failed": "failed",
    "success_rate": "success_rate",
    "lenient_success_rate": "lenient_success_rate",
    "object_success_rate": "object_success_rate",
    "volume_bytes": "bytes",
    "stored_bytes": "stored_bytes",
    "longest_gap": "longest_gap_s",
    "longest_gap_at_most": "longest_gap_at_most_s",
    "last_recovery_point": "last_recovery_point_at",
}
"""Names of key figures, for other workbooks and macros to refer to."""
_ONE_PAGE: Final = 20
"""Modules whose charts still fit on one page, if all is made smaller."""


def add_summary(book: Book) -> None:
    """The sheet for readers who read only one."""
    charts = charts_of(book)
    sheet = book.sheet(
        SUMMARY, Layout(_WIDTHS, book.tab_color, one_page=len(book.report.modules) <= _ONE_PAGE)
    )
    _masthead(book, sheet)
    top = sheet.rows + 1
    _standing(book, sheet)
    _key_figures(book, sheet)
    for chart, description in charts:
        sheet.chart(chart, f"{_CHART_COLUMN}{top}", description)
        top += math.ceil(chart.height / _CM_PER_ROW) + 1


def _masthead(book: Book, sheet: Sheet) -> None:
    report, words = book.report, book.words
    brand, period = book.look.brand, report.period
    sheet.row([sheet.cell(report.customer.name, TITLE)], height=28)
    title = words.say("Backup report, {period}", period=words.period(period))
    sheet.row([sheet.cell(title, HEADING)], height=20)
    span = words.say(
        "{first} to {last}, {timezone}; as of {moment}",
        first=period.first.isoformat(),
        last=period.last.isoformat(),
        timezone=period.timezone,
        moment=words.moment(report.as_of),
    )
    _line(sheet, span, NOTE)
    if maker := ", ".join(filter(None, (brand.name, brand.contact))):
        _line(sheet, words.say("Prepared by {maker}", maker=words.name(maker)), NOTE)
    sheet.row()


def _standing(book: Book, sheet: Sheet) -> None:
    """State, completeness and coverage, and the reasons in words."""
    report, words = book.report, book.words
    state = replace(state_style(report.state), size=12)
    cells = [sheet.cell(words.say("State"), HEADING), sheet.cell(words.state(report.state), state)]
    book.define("state", book.place(SUMMARY, f"$B${sheet.row(cells, height=20)}"))
    _observation(book, sheet)
    _correction(book, sheet)
    coverage = report.coverage
    covered = words.count(
        "{covered} of {number} module has a recovery point",
        "{covered} of {number} modules have a recovery point",
        coverage.modules_seen,
        covered=words.number(coverage.modules_covered),
    )
    sheet.row([sheet.cell(words.say("Coverage")), sheet.cell(_joined(covered, _unseen(book)))])
    if report.restore_tests:
        tests = restoring_title(report.restore_tests, words)
        sheet.row([sheet.cell(words.say("Restore tests")), sheet.cell(tests)])
    sheet.row()
    if report.reasons:
        sheet.row([sheet.cell(words.say("What needs attention"), HEADING)], height=20)
        for reason in report.reasons[:_REASONS]:
            _line(sheet, reason_text(reason, words))
        if (more := len(report.reasons) - _REASONS) > 0:
            rest = words.count(
                "and {number} more: see the sheet {sheet}",
                "and {number} more: see the sheet {sheet}",
                more,
                sheet=title_of(words, MODULES),
            )
            _line(sheet, rest, NOTE)
        sheet.row()


def _unseen(book: Book) -> str | None:
    """The modules of which no recovery point is expected."""
    coverage, words = book.report.coverage, book.words
    idle = words.count(
        "{number} has nothing to back up", "{number} have nothing to back up", coverage.modules_idle
    )
    off = words.count(
        "{number} is switched off or not listed any more",
        "{number} are switched off or not listed any more",
        coverage.modules_off,
    )
    return _joined(idle if coverage.modules_idle else None, off if coverage.modules_off else None)


def _joined(*texts: str | None) -> str:
    return "; ".join(text for text in texts if text)


def _observation(book: Book, sheet: Sheet) -> None:
    """How closely the period was watched, and what cannot be judged as a result."""
    words, report = book.words, book.report
    watched = Watched.of(report)
    label = sheet.cell(words.say("Observation"))
    if report.coverage.complete:
        days = words.count(
            "complete: observed on {observed} of {number} day",
            "complete: observed on {observed} of {number} days",
            report.coverage.days,
            observed=words.number(report.coverage.snapshot_days),
        )
        sheet.row([label, sheet.cell(days)])
        label = sheet.cell(None)
    style = badge(STATE_COLORS[State.ATTENTION], bold=True)
    for mark in marks(watched, words):
        sheet.row([label, sheet.cell(mark.label, style)])
        _line(sheet, mark.text, NOTE)
        label = sheet.cell(None)
    if not watched.sparse and report.coverage.watched_share < 1:
        _line(sheet, rarely_asked(watched, words), NOTE)
    if report.not_judged:
        text = words.count(
            "cannot be judged for {number} scope",
            "cannot be judged for {number} scopes",
            report.not_judged,
        )
        sheet.row([sheet.cell(words.say("Recovery-point target")), sheet.cell(text)])


def _correction(book: Book, sheet: Sheet) -> None:
    """Which version of the report this is, where it corrects an earlier one."""
    report, words = book.report, book.words
    if report.restatement is None:
        return
    corrects = words.say(
        "version {number}, corrects version {former} of {moment}: see the sheet {sheet}",
        number=report.version,
        former=report.restatement.number,
        moment=words.moment(report.restatement.made_at),
        sheet=title_of(words, VERSIONS),
    )
    reason = why(report.restatement, words)
    text = f"{corrects}. {reason}" if reason else corrects
    mark = badge(STATE_COLORS[State.ATTENTION], bold=True)
    cells = [sheet.cell(words.say("Version")), sheet.cell(words.say("RESTATED"), mark)]
    sheet.row([*cells, sheet.cell(text, replace(PLAIN, indent=1))])


def _key_figures(book: Book, sheet: Sheet) -> None:
    """All figures of the customer, beside those of the period before."""
    report, words = book.report, book.words
    previous, comparable = report.previous, report.comparable
    labels = [report.period.label]
    labels += [previous.period.label] if previous else []
    labels += [words.say("Change")] if comparable else []
    right = replace(book.header, align="right")
    cells = [sheet.cell(words.say("Key figures"), book.header)]
    header = sheet.row([*cells, *(sheet.cell(label, right) for label in labels)], height=18)
    for figure in figures_in(report.period.timezone, report.policy, words):
        cells = [sheet.cell(figure.name, TEXT), _value(sheet, figure, report.totals)]
        if previous:
            cells.append(_value(sheet, figure, previous.totals))
        if previous and comparable:
            change, style = _change(figure, report.totals, previous.totals)
            cells.append(sheet.cell(change, style))
        book.totals[figure.key] = book.place(SUMMARY, f"$B${sheet.row(cells)}")
    for name, key in _NAMES.items():
        book.define(name, book.totals[key])
    book.define("period", book.place(SUMMARY, f"$B${header}"))
    sheet.row()
    if previous and not comparable:
        note = not_compared(report.coverage.watch, previous, report.period, words)
        _line(sheet, note, NOTE)
    if text := _sized(book):
        _line(sheet, text, NOTE)
    counting = words.say("How the rates count: {policy}", policy=" ".join(book.policy))
    _line(sheet, counting, NOTE)


def _sized(book: Book) -> str | None:
    """How many modules give sizes; None where all those with jobs do."""
    with_jobs = [module.figures for module in book.report.modules if module.figures.jobs]
    given = sum(figures.bytes is not None for figures in with_jobs)
    if given == len(with_jobs):
        return None
    return book.words.count(
        "The service gives sizes for {given} of {number} module with jobs.",
        "The service gives sizes for {given} of {number} modules with jobs.",
        len(with_jobs),
        given=book.words.number(given),
    )


def _value(sheet: Sheet, figure: Figure, figures: Figures) -> str:
    return sheet.cell(figure.of(figures), replace(figure.style(figures), align="right"))


def _change(figure: Figure, now: Figures, before: Figures) -> tuple[Value, Style]:
    """The trend of the success rate (in points) and of both volumes; of nothing else."""
    if figure.key == "success_rate":
        if now.success_rate is None or before.success_rate is None:
            return None, POINTS
        return (now.success_rate - before.success_rate) * 100, POINTS
    if figure.key in ("bytes", "stored_bytes"):
        size, former = getattr(now, figure.key), getattr(before, figure.key)
        return (size / former - 1 if former and size is not None else None), CHANGE
    return None, TEXT


def _line(sheet: Sheet, text: str, style: Style = PLAIN) -> None:
    """A line of text over the columns A to D, as high as it needs to be."""
    wrapped, lines = replace(style, wrap=True), min(lines_of(text, _TEXT_WIDTH), TALLEST)
    sheet.row([sheet.cell(text, wrapped)], height=LINE_HEIGHT * lines)
    sheet.merge("A", "D")
