"""Excel's own charts, drawn from the cells of the sheets Days and Modules."""

from __future__ import annotations

from typing import Final

from openpyxl.chart import BarChart
from openpyxl.chart.axis import ChartLines, NumericAxis, TextAxis
from openpyxl.chart.data_source import AxDataSource, NumDataSource, NumRef, StrRef
from openpyxl.chart.legend import Legend
from openpyxl.chart.marker import DataPoint
from openpyxl.chart.series import Series, SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import (
    CharacterProperties,
    Paragraph,
    ParagraphProperties,
    RegularTextRun,
    RichTextProperties,
)
from openpyxl.utils import get_column_letter

from reporter.model import Outcome, State
from reporter.period import PeriodKind
from reporter.render.charts import STACKED
from reporter.render.sentences import module_name
from reporter.render.workbook.book import Book
from reporter.render.workbook.days import FIRST_OUTCOME_COLUMN
from reporter.render.workbook.figures import gigabytes
from reporter.render.workbook.modules import figure_letter
from reporter.render.workbook.styles import INK, MUTED, OUTCOME_COLORS, RULE, STATE_COLORS
from reporter.render.workbook.titles import DAYS, MODULES

WIDTH_CM: Final = 19
_FEW_BARS: Final = 4
_MANY_GB: Final = 10


def charts_of(book: Book) -> list[tuple[BarChart, str]]:
    """The charts of a report, and what each shows; none without modules."""
    if not book.report.modules:
        return []
    charts = [(_daily_chart(book), _daily_text(book)), (_rate_chart(book), _rate_text(book))]
    if (totals := book.report.totals).bytes is not None:
        charts.append((_volume_chart(book), _volume_text(book)))
    elif totals.stored_bytes is not None:
        charts.append((_stored_chart(book), _stored_text(book)))
    return charts


def _volume_chart(book: Book) -> BarChart:
    sizes = [module.figures.bytes for module in book.report.modules]
    return _size_chart(book, book.words.say("Volume by module"), "gigabytes", sizes)


def _stored_chart(book: Book) -> BarChart:
    """Instead of the volume, where the jobs give none."""
    sizes = [module.figures.stored_bytes for module in book.report.modules]
    return _size_chart(book, book.words.say("Stored by module"), "stored_gigabytes", sizes)


def _size_chart(book: Book, title: str, key: str, sizes: list[int | None]) -> BarChart:
    largest = max(gigabytes(size, book.report.policy) or 0.0 for size in sizes)
    digits = "#,##0" if largest >= _MANY_GB else "0.00"
    chart = _module_chart(book, title, book.words.say("GB"), key, digits)
    chart.series[0].graphicalProperties = _fill(book.tab_color)
    return chart


def _rate_chart(book: Book) -> BarChart:
    say = book.words.say
    title = say("Success rate by module, in the colour of its state")
    rates = _module_chart(book, title, say("Success rate"), "success_rate", "0%")
    rates.y_axis.scaling.min, rates.y_axis.scaling.max = 0, 1
    rates.series[0].dPt = [
        DataPoint(idx=n, invertIfNegative=False, spPr=_fill(STATE_COLORS[module.state]))
        for n, module in enumerate(book.report.modules)
    ]
    return rates


def _daily_chart(book: Book) -> BarChart:
    """Jobs by outcome and day; what went wrong stands on the line."""
    report, words = book.report, book.words
    chart = _chart(words.say("Jobs by outcome and day"), words.say("Jobs"), "#,##0")
    chart.type, chart.grouping, chart.overlap = "col", "stacked", 100
    month = report.period.kind is PeriodKind.MONTH
    chart.gapWidth = 40 if month else 10
    chart.height = 8.5
    last = len(report.period.days) + 1
    _title_axis(chart.x_axis, words.say("Day ({timezone})", timezone=report.period.timezone))
    chart.x_axis.number_format = "d" if month else "d mmm"
    for outcome in STACKED:
        letter = get_column_letter(FIRST_OUTCOME_COLUMN + list(Outcome).index(outcome))
        series = _series(book.place(DAYS, f"${letter}$2:${letter}${last}"))
        series.tx = SeriesLabel(v=words.outcome(outcome))
        series.cat = AxDataSource(numRef=NumRef(f=book.place(DAYS, f"$A$2:$A${last}")))
        series.graphicalProperties = _fill(OUTCOME_COLORS[outcome])
        chart.append(series)
    chart.legend = Legend(legendPos="b")
    return chart


def _daily_text(book: Book) -> str:
    totals, words = book.report.totals, book.words
    return words.say(
        "Stacked columns: jobs of each day by outcome. {jobs} jobs in the period, of which "
        "{success} succeeded, {warning} finished with a warning and {failed} failed.",
        jobs=words.number(totals.jobs),
        success=words.number(totals.success),
        warning=words.number(totals.warning),
        failed=words.number(totals.failed),
    )


def _rate_text(book: Book) -> str:
    words, modules = book.words, book.report.modules
    return words.say(
        "Bars: the success rate of each of {modules} modules, in the colour of its state. "
        "Together {rate}; {healthy} modules are healthy.",
        modules=words.number(len(modules)),
        rate=words.percent(book.report.totals.success_rate),
        healthy=words.number(sum(module.state is State.HEALTHY for module in modules)),
    )


def _volume_text(book: Book) -> str:
    words = book.words
    largest = max(book.report.modules, key=lambda module: module.figures.bytes or 0)
    return words.say(
        "Bars: the volume backed up of each module. Together {volume}; most of it {module}, "
        "{most}.",
        volume=words.size(book.report.totals.bytes),
        module=module_name(largest.service, largest.module),
        most=words.size(largest.figures.bytes),
    )


def _stored_text(book: Book) -> str:
    words = book.words
    largest = max(book.report.modules, key=lambda module: module.figures.stored_bytes or 0)
    return words.say(
        "Bars: what is stored of each module. Together {volume}; most of it {module}, {most}.",
        volume=words.size(book.report.totals.stored_bytes),
        module=module_name(largest.service, largest.module),
        most=words.size(largest.figures.stored_bytes),
    )


def _module_chart(book: Book, title: str, axis: str, key: str, number_format: str) -> BarChart:
    """One bar for each module, in the order of the sheet Modules."""
    report = book.report
    chart = _chart(title, axis, number_format)
    chart.type = "bar"
    chart.gapWidth = 45 if len(report.modules) > _FEW_BARS else 200
    chart.legend = None
    chart.height = max(7.0, 2.8 + 0.52 * len(report.modules))
    _title_axis(chart.x_axis, book.words.say("Module"))
    chart.x_axis.scaling.orientation = "maxMin"
    # With the first module on top, the value axis would be at the top, too.
    chart.y_axis.crosses = "max"
    last = len(report.modules) + 1
    letter = figure_letter(report, book.words, key)
    series = _series(book.place(MODULES, f"${letter}$2:${letter}${last}"))
    series.tx = SeriesLabel(strRef=StrRef(f=book.place(MODULES, f"${letter}$1")))
    series.cat = AxDataSource(strRef=StrRef(f=book.place(MODULES, f"$B$2:$B${last}")))
    chart.append(series)
    return chart


def _chart(title: str, axis: str, number_format: str) -> BarChart:
    chart: BarChart = BarChart()
    chart.width = WIDTH_CM
    chart.title = _title(title, 1200, bold=True)
    chart.roundedCorners = False
    # A filter on a sheet must not change what the Summary says.
    chart.visible_cells_only = False
    _title_axis(chart.y_axis, axis)
    chart.y_axis.number_format = number_format
    chart.y_axis.majorGridlines = ChartLines(spPr=_line(RULE))
    chart.graphical_properties = GraphicalProperties(ln=LineProperties(solidFill=RULE))
    return chart


def _title_axis(axis: TextAxis | NumericAxis, text: str) -> None:
    # openpyxl leaves an axis out unless told not to.
    axis.delete = False
    axis.title = _title(text, 900, bold=False)
    axis.txPr = RichText(bodyPr=RichTextProperties(), p=[_paragraph(900, MUTED, bold=False)])
    axis.graphicalProperties = _line(RULE)


def _title(text: str, size: int, *, bold: bool) -> Title:
    run = RegularTextRun(rPr=_characters(size, INK, bold=bold), t=text)
    rich = RichText(p=[Paragraph(pPr=_paragraph(size, INK, bold=bold).pPr, r=[run])])
    return Title(tx=Text(rich=rich), overlay=False)


def _paragraph(size: int, color: str, *, bold: bool) -> Paragraph:
    properties = ParagraphProperties(defRPr=_characters(size, color, bold=bold))
    return Paragraph(pPr=properties, endParaRPr=CharacterProperties())


def _characters(size: int, color: str, *, bold: bool) -> CharacterProperties:
    return CharacterProperties(sz=size, b=bold, solidFill=color)


def _series(cells: str) -> Series:
    return Series(val=NumDataSource(numRef=NumRef(f=cells)), invertIfNegative=False)


def _fill(color: str) -> GraphicalProperties:
    return GraphicalProperties(solidFill=color, ln=LineProperties(noFill=True))


def _line(color: str) -> GraphicalProperties:
    return GraphicalProperties(ln=LineProperties(solidFill=color, w=9525))
