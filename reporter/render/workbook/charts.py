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

from reporter.model import Outcome, Report
from reporter.period import PeriodKind
from reporter.render.charts import STACKED
from reporter.render.text import OUTCOME_WORDS
from reporter.render.workbook.days import FIRST_OUTCOME_COLUMN
from reporter.render.workbook.figures import gigabytes
from reporter.render.workbook.modules import module_column
from reporter.render.workbook.styles import INK, MUTED, OUTCOME_COLORS, RULE, STATE_COLORS

WIDTH_CM: Final = 19
_FEW_BARS: Final = 4
_MANY_GB: Final = 10
_RATES: Final = "Success rate by module, in the colour of its state"


def charts_of(report: Report, brand_color: str) -> list[BarChart]:
    """The charts of a report with modules; none of one without."""
    if not report.modules:
        return []
    largest = max(gigabytes(own.figures.bytes, report.policy) for own in report.modules)
    digits = "#,##0" if largest >= _MANY_GB else "0.00"
    volume = _module_chart(report, "Volume by module", "GB", "Volume (GB)", digits)
    volume.series[0].graphicalProperties = _fill(brand_color)
    rates = _module_chart(report, _RATES, "Success rate", "Success rate", "0%")
    rates.y_axis.scaling.min, rates.y_axis.scaling.max = 0, 1
    rates.series[0].dPt = [
        DataPoint(idx=n, invertIfNegative=False, spPr=_fill(STATE_COLORS[own.state]))
        for n, own in enumerate(report.modules)
    ]
    return [_daily_chart(report), rates, volume]


def _daily_chart(report: Report) -> BarChart:
    """Jobs by outcome and day; what went wrong stands on the line."""
    chart = _chart("Jobs by outcome and day", "Jobs", "#,##0")
    chart.type, chart.grouping, chart.overlap = "col", "stacked", 100
    month = report.period.kind is PeriodKind.MONTH
    chart.gapWidth = 40 if month else 10
    chart.height = 8.5
    last = len(report.period.days) + 1
    _title_axis(chart.x_axis, f"Day ({report.period.timezone})")
    chart.x_axis.number_format = "d" if month else "d mmm"
    for outcome in STACKED:
        letter = get_column_letter(FIRST_OUTCOME_COLUMN + list(Outcome).index(outcome))
        series = _series("Days", letter, 2, last)
        series.tx = SeriesLabel(v=OUTCOME_WORDS[outcome])
        series.cat = AxDataSource(numRef=NumRef(f=f"'Days'!$A$2:$A${last}"))
        series.graphicalProperties = _fill(OUTCOME_COLORS[outcome])
        chart.append(series)
    chart.legend = Legend(legendPos="b")
    return chart


def _module_chart(
    report: Report, title: str, axis: str, header: str, number_format: str
) -> BarChart:
    """One bar for each module, in the order of the sheet Modules."""
    chart = _chart(title, axis, number_format)
    chart.type = "bar"
    chart.gapWidth = 45 if len(report.modules) > _FEW_BARS else 200
    chart.legend = None
    chart.height = max(7.0, 2.8 + 0.52 * len(report.modules))
    _title_axis(chart.x_axis, "Module")
    chart.x_axis.scaling.orientation = "maxMin"
    # With the first module on top the value axis would be there, too.
    chart.y_axis.crosses = "max"
    last = len(report.modules) + 1
    letter = get_column_letter(module_column(report, header))
    series = _series("Modules", letter, 2, last)
    series.tx = SeriesLabel(strRef=StrRef(f=f"'Modules'!${letter}$1"))
    series.cat = AxDataSource(strRef=StrRef(f=f"'Modules'!$B$2:$B${last}"))
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


def _series(sheet: str, letter: str, first: int, last: int) -> Series:
    values = NumRef(f=f"'{sheet}'!${letter}${first}:${letter}${last}")
    return Series(val=NumDataSource(numRef=values), invertIfNegative=False)


def _fill(color: str) -> GraphicalProperties:
    return GraphicalProperties(solidFill=color, ln=LineProperties(noFill=True))


def _line(color: str) -> GraphicalProperties:
    return GraphicalProperties(ln=LineProperties(solidFill=color, w=9525))
