"""How cells look: few styles, named once, and the brand's colour made readable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.worksheet import Worksheet

from reporter.model import Outcome, State
from reporter.render.charts import FILL
from reporter.render.color import text_on

INK: Final = "1F2933"
MUTED: Final = "5F6B7A"
RULE: Final = "D5DAE1"

STATE_COLORS: Final = {
    State.CRITICAL: FILL[Outcome.FAILED].lstrip("#").upper(),
    State.ATTENTION: FILL[Outcome.WARNING].lstrip("#").upper(),
    State.NEVER_RUN: FILL[Outcome.CANCELLED].lstrip("#").upper(),
    State.NO_DATA: "8A96A3",
    State.HEALTHY: "3B8F73",
    State.IDLE: "C4CBD3",
    State.OFF: "C4CBD3",
}
OUTCOME_COLORS: Final = {outcome: fill.lstrip("#").upper() for outcome, fill in FILL.items()}


Align: TypeAlias = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Style:
    """One look of a cell."""

    number_format: str = "General"
    bold: bool = False
    size: int = 10
    color: str = INK
    fill: str | None = None
    align: Align = "left"
    wrap: bool = False
    ruled: bool = True
    """A hairline below."""
    indent: int = 0
    underlined: bool = False
    """Leads to another place."""
    quoted: bool = False
    """Stays text when it is typed in again, whatever it begins with."""


TEXT: Final = Style()
WRAPPED: Final = Style(wrap=True)
LINK: Final = Style(wrap=True, underlined=True)
CENTERED: Final = Style(align="center")
COUNT: Final = Style("#,##0", align="right")
RATE: Final = Style("0.0%", align="right")
# Never 100 % where a job did not succeed, never 0 % where one did: docs/figures.md.
RATE_BELOW_ALL: Final = Style('[>=1]0.0%;[>=0.9995]"99.9%";0.0%', align="right")
RATE_ABOVE_NONE: Final = Style('[<=0]0.0%;[<0.0005]"0.1%";0.0%', align="right")
SIZE: Final = Style("#,##0.00", align="right")
SPAN: Final = Style("[h]:mm:ss", align="right")
MOMENT: Final = Style("yyyy\\-mm\\-dd\\ hh:mm:ss", align="right")
DAY: Final = Style("yyyy\\-mm\\-dd")
POINTS: Final = Style('+0.0" pp";-0.0" pp";0.0" pp"', align="right")
CHANGE: Final = Style("+0.0%;-0.0%;0.0%", align="right")
PLAIN: Final = Style(ruled=False)
TITLE: Final = Style(bold=True, size=18, ruled=False)
HEADING: Final = Style(bold=True, size=12, ruled=False)
NOTE: Final = Style(color=MUTED, ruled=False)
BADGE: Final = Style(align="center", ruled=False)


def state_style(state: State) -> Style:
    """The cell that names a state."""
    return badge(STATE_COLORS[state], bold=True)


def outcome_style(outcome: Outcome) -> Style:
    """The cell that names an outcome: in its colour, unless all went well."""
    if outcome is Outcome.SUCCESS:
        return CENTERED
    return badge(OUTCOME_COLORS[outcome])


def badge(fill: str, *, bold: bool = False) -> Style:
    """A word on a colour, in ink that can be read on it."""
    return replace(BADGE, fill=fill, color=ink_on(fill), bold=bold)


def header_style(brand_color: str) -> Style:
    """The header of a table in the brand's colour."""
    fill = brand_color.lstrip("#").upper()
    return Style(bold=True, color=ink_on(fill), fill=fill, wrap=True)


def rate_style(rate: float | None) -> Style:
    """The format of a rate, so that rounding never claims all or none."""
    if rate is not None and 0.9995 <= rate < 1:
        return RATE_BELOW_ALL
    if rate is not None and 0 < rate < 0.0005:
        return RATE_ABOVE_NONE
    return RATE


def ink_on(fill: str) -> str:
    """White or black, whichever contrasts more with `fill` (`RRGGBB`)."""
    return text_on(f"#{fill}")[1:].upper()


class Styles:
    """The numbers styles have in one workbook."""

    def __init__(self) -> None:
        self._numbers: dict[Style, int] = {}

    def number(self, style: Style, sheet: Worksheet) -> int:
        """The style's number; the workbook of `sheet` learns it the first time."""
        if style not in self._numbers:
            self._numbers[style] = _register(style, sheet)
        return self._numbers[style]


def _register(style: Style, sheet: Worksheet) -> int:
    cell = WriteOnlyCell(sheet)
    cell.number_format = style.number_format
    cell.font = Font(
        "Calibri",
        sz=style.size,
        b=style.bold or None,
        u="single" if style.underlined else None,
        color=f"FF{style.color}",
    )
    cell.alignment = Alignment(
        horizontal=style.align,
        vertical="top",
        wrap_text=style.wrap or None,
        indent=style.indent,
    )
    if style.fill:
        cell.fill = PatternFill("solid", fgColor=f"FF{style.fill}")
    if style.ruled:
        cell.border = Border(bottom=Side("thin", color=f"FF{RULE}"))
    if style.quoted:
        cell.quotePrefix = True
    return int(cell.style_id)
