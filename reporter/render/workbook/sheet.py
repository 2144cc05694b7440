"""One sheet, written from its top to its end straight into its part of the file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import IO, Final

from openpyxl.chart import BarChart
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.filters import AutoFilter
from openpyxl.worksheet.header_footer import HeaderFooter, HeaderFooterItem
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.table import Table, TableColumn, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from reporter.model import Look, Report
from reporter.render.text import Words
from reporter.render.workbook.cells import (
    Value,
    cell_xml,
    clean,
    cut,
    formula_xml,
    looks_like_formula,
)
from reporter.render.workbook.openpyxl_patches import SheetStream
from reporter.render.workbook.styles import PLAIN, Style, Styles

LAST_ROW: Final = 1_048_576
"""Excel's limit."""

_PAPER: Final = {"A4": 9, "Letter": 1}
_HEADER_TEXT: Final = 60
"""Characters of a customer's or brand's name in print; a page header takes 255 in all."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What must be known of a sheet before its first row."""

    widths: Sequence[float]
    tab_color: str
    freeze: str | None = None
    """The first cell that scrolls."""
    header_row: int | None = None
    """The row printed at the top of each page."""
    header_columns: str | None = None
    """The columns printed at the left of each page, such as "A:C"."""
    pages_wide: int = 1
    """Printed as many pages wide, and as tall as it gets."""
    one_page: bool = False
    """Printed on one page, however small."""


class Sheet:
    """A sheet under way: rows are written at once and cannot be changed."""

    def __init__(
        self,
        made: Worksheet,
        part: IO[bytes],
        styles: Styles,
        layout: Layout,
        report: Report,
        look: Look,
        words: Words,
    ) -> None:
        self.rows = 0
        """Rows written so far."""
        self.descriptions: list[str] = []
        """What its charts show."""
        self.widths = tuple(layout.widths)
        self._made = made
        self._part = part
        self._styles = styles
        _arrange(made, layout)
        _set_print(made, layout, report, look, words)
        self._stream = SheetStream(made, part)

    def begin(self) -> None:
        """Write what precedes the rows."""
        self._stream.begin()

    @property
    def title(self) -> str:
        return self._made.title

    def cell(self, value: Value, style: Style = PLAIN) -> str:
        """A cell for `row`. Text that begins like a formula is marked as text for good."""
        if isinstance(value, str) and looks_like_formula(value):
            style = replace(style, quoted=True)
        return cell_xml(value, self._styles.number(style, self._made))

    def formula(self, formula: str, value: str | float, style: Style = PLAIN) -> str:
        """A cell for `row` that computes; `value` is what comes of it."""
        return formula_xml(formula, value, self._styles.number(style, self._made))

    def texts(self, texts: Iterable[str], style: Style) -> list[str]:
        """Cells of many texts at once."""
        plain = self._styles.number(style, self._made)
        quoted = self._styles.number(replace(style, quoted=True), self._made)
        return [cell_xml(text, quoted if looks_like_formula(text) else plain) for text in texts]

    def row(self, cells: Iterable[str] = (), *, height: float | None = None) -> int:
        """Write one row of cells, from the first column on; its number."""
        self.add_rows(1, [[cell] for cell in cells], height=height)
        return self.rows

    def add_rows(
        self, number: int, columns: Sequence[Sequence[str]], *, height: float | None = None
    ) -> None:
        """Write so many rows, given as columns of cells: no step of it is taken row by row."""
        assert all(len(cells) == number for cells in columns)
        numbers = [str(n) for n in range(self.rows + 1, self.rows + number + 1)]
        tall = f' ht="{height}" customHeight="1"' if height else ""
        pieces: list[Iterable[str]] = [repeat('<row r="'), numbers, repeat(f'"{tall}>')]
        for place, cells in enumerate(columns, 1):
            pieces += [repeat(f'<c r="{get_column_letter(place)}'), numbers, cells]
        rows = map("".join, zip(*pieces, repeat("</row>"), strict=False))
        self._part.write("".join(rows).encode())
        self.rows += number

    def merge(self, first: str, last: str) -> None:
        """Merge columns of the row just written."""
        self._made.merged_cells.add(f"{first}{self.rows}:{last}{self.rows}")

    def link(self, cell: str, target: str) -> None:
        """Lead from a cell to a place in the workbook."""
        self._stream.link(cell, target)

    def highlight(self, cells: str, condition: str, color: str) -> None:
        """Colour the text of those cells for which the formula holds."""
        font = Font(b=True, color=f"FF{color}")
        self._made.conditional_formatting.add(
            cells,
            FormulaRule(formula=[condition], font=font),  # type: ignore[no-untyped-call]
        )

    def table(self, name: str, headers: Sequence[str], first_row: int) -> None:
        """Make the rows from `first_row` (the header) to the last one an Excel table."""
        ref = f"A{first_row}:{get_column_letter(len(headers))}{self.rows}"
        columns = [TableColumn(id=n, name=header) for n, header in enumerate(headers, 1)]
        table = Table(
            displayName=name,
            ref=ref,
            tableColumns=columns,
            autoFilter=AutoFilter(ref=ref),
            tableStyleInfo=TableStyleInfo("TableStyleLight1", showRowStripes=False),
        )
        # Not `add_table`: it warns that the columns are missing, which they are not.
        self._made.tables.add(table)

    def chart(self, chart: BarChart, anchor: str, description: str) -> None:
        """Put a chart with its upper left corner on a cell, and say what it shows."""
        self.descriptions.append(description)
        self._made.add_chart(chart, anchor)

    def finish(self) -> None:
        """Write what follows the rows."""
        self._stream.finish()

    def discard(self) -> None:
        """Let go of the part, whatever state it is in."""
        self._stream.discard()


def _arrange(made: Worksheet, layout: Layout) -> None:
    made.sheet_properties.tabColor = f"FF{layout.tab_color}"
    made.sheet_view.showGridLines = False
    made.freeze_panes = layout.freeze
    for number, width in enumerate(layout.widths, 1):
        made.column_dimensions[get_column_letter(number)].width = width


def _set_print(made: Worksheet, layout: Layout, report: Report, look: Look, words: Words) -> None:
    made.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    made.page_setup.orientation = "landscape"
    made.page_setup.paperSize = _PAPER[look.page_size]
    made.page_setup.fitToWidth = layout.pages_wide
    made.page_setup.fitToHeight = int(layout.one_page)
    made.page_margins = PageMargins(0.5, 0.5, 0.75, 0.75, 0.3, 0.3)
    if layout.header_row:
        made.print_title_rows = f"{layout.header_row}:{layout.header_row}"
    made.print_title_cols = layout.header_columns
    header, footer = HeaderFooterItem(), HeaderFooterItem()
    made.HeaderFooter = HeaderFooter(oddHeader=header, oddFooter=footer)
    header.left.text = _page_text(report.customer.name)
    header.right.text = _page_text(words.say("Backup report {period}", period=report.period.label))
    footer.left.text = _page_text(look.brand.footer or look.brand.name)
    footer.right.text = words.say(
        "{sheet}, page {page} of {pages}",
        sheet=_page_text(made.title),
        page="&P",
        pages="&N",
    )


def _page_text(text: str) -> str | None:
    """Text for a page header or footer, where an ampersand begins a command unless doubled."""
    return cut(clean(text), _HEADER_TEXT).replace("\n", " ").replace("&", "&&") or None
