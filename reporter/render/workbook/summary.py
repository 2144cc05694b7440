"""The Summary sheet: how the customer stands and why, the key figures, three charts."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from reporter.model import Figures, State
from reporter.render.sentences import reason_text
from reporter.render.text import STATE_WORDS
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
from reporter.render.workbook.tables import LINE_HEIGHT, lines_of

_WIDTHS: Final = (40, 22, 22, 14, 3)
_TEXT_WIDTH: Final = 104
"""Characters in the columns A to D together."""
_CHART_COLUMN: Final = "F"
_CM_PER_ROW: Final = 0.529
"""Of the 15 points Excel gives a row."""
_REASONS: Final = 12
_ONE_PAGE: Final = 20
"""Modules whose charts still fit on one page, if all is made smaller."""


def add_summary(book: Book) -> None:
    """The one sheet to read where only one is read."""
    charts = charts_of(book.report, book.tab_color)
    sheet = book.sheet(
        "Summary", Layout(_WIDTHS, book.tab_color, one_page=len(book.report.modules) <= _ONE_PAGE)
    )
    _masthead(book, sheet)
    top = sheet.rows + 1
    _standing(book, sheet)
    _key_figures(book, sheet)
    for chart in charts:
        sheet.chart(chart, f"{_CHART_COLUMN}{top}")
        top += math.ceil(chart.height / _CM_PER_ROW) + 1


def _masthead(book: Book, sheet: Sheet) -> None:
    report, words = book.report, book.words
    brand = book.look.brand
    period = report.period
    sheet.row([sheet.cell(report.customer.name, TITLE)], height=28)
    sheet.row([sheet.cell(f"Backup report, {words.period(period)}", HEADING)], height=20)
    span = f"{period.first.isoformat()} to {period.last.isoformat()}, {period.timezone}"
    _line(sheet, f"{span}; as of {words.moment(report.as_of)}", NOTE)
    if maker := ", ".join(filter(None, (brand.name, brand.contact))):
        _line(sheet, f"Prepared by {maker}", NOTE)
    sheet.row()


def _standing(book: Book, sheet: Sheet) -> None:
    """State, completeness and coverage, and the reasons in words."""
    report, words = book.report, book.words
    state = replace(state_style(report.state), size=12)
    cells = [sheet.cell("State", HEADING), sheet.cell(STATE_WORDS[report.state], state)]
    sheet.row(cells, height=20)
    coverage = report.coverage
    days = f"observed on {coverage.snapshot_days} of {coverage.days} days"
    if coverage.complete:
        sheet.row([sheet.cell("Observation"), sheet.cell(f"complete: {days}")])
    else:
        mark = badge(STATE_COLORS[State.ATTENTION], bold=True)
        cells = [
            sheet.cell("Observation"),
            sheet.cell("INCOMPLETE", mark),
            sheet.cell(days, replace(PLAIN, indent=1)),
        ]
        sheet.row(cells)
    covered = f"{coverage.modules_covered} of {coverage.modules_seen} modules have a recovery point"
    sheet.row([sheet.cell("Coverage"), sheet.cell(covered)])
    sheet.row()
    if report.reasons:
        sheet.row([sheet.cell("What needs attention", HEADING)], height=20)
        for reason in report.reasons[:_REASONS]:
            _line(sheet, reason_text(reason, words))
        if (more := len(report.reasons) - _REASONS) > 0:
            _line(sheet, f"and {more} more: see the sheet Modules", NOTE)
        sheet.row()


def _key_figures(book: Book, sheet: Sheet) -> None:
    """All figures of the customer, beside those of the period before."""
    report = book.report
    previous = report.previous
    labels = [report.period.label]
    if previous:
        labels += [previous.period.label, "Change"]
    right = replace(book.header, align="right")
    cells = [sheet.cell("Key figures", book.header), *(sheet.cell(own, right) for own in labels)]
    sheet.row(cells, height=18)
    for figure in figures_in(report.period.timezone, report.policy):
        cells = [sheet.cell(figure.name, TEXT), _value(sheet, figure, report.totals)]
        if previous:
            change, style = _change(figure, report.totals, previous.totals)
            cells += [_value(sheet, figure, previous.totals), sheet.cell(change, style)]
        sheet.row(cells)
    sheet.row()
    _line(sheet, f"How the rates count: {' '.join(book.policy)}", NOTE)


def _value(sheet: Sheet, figure: Figure, figures: Figures) -> str:
    return sheet.cell(figure.of(figures), replace(figure.style(figures), align="right"))


def _change(figure: Figure, now: Figures, before: Figures) -> tuple[Value, Style]:
    """The trend of the success rate (in points) and of the volume; of nothing else."""
    if figure.name == "Success rate":
        if now.success_rate is None or before.success_rate is None:
            return None, POINTS
        return (now.success_rate - before.success_rate) * 100, POINTS
    if figure.name == "Volume (bytes)" and before.bytes:
        return now.bytes / before.bytes - 1, CHANGE
    return None, TEXT


def _line(sheet: Sheet, text: str, style: Style = PLAIN) -> None:
    """A line of text over the columns A to D, as high as it needs to be."""
    wrapped = replace(style, wrap=True)
    sheet.row([sheet.cell(text, wrapped)], height=LINE_HEIGHT * lines_of(text, _TEXT_WIDTH))
    sheet.merge("A", "D")
