"""A cell as XML: text stays text, whatever it says, and nothing in it can break the workbook."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias
from xml.sax.saxutils import escape

Value: TypeAlias = str | int | float | date | datetime | timedelta | None

LONGEST_TEXT: Final = 32_767
"""Of a cell, in UTF-16 code units: what Excel counts."""

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ORDINARY: Final = re.compile(r"[^\x00-\x1f&<>_\ud800-\udfff\ufffe\uffff]{1,9999}")
"""A text that needs no escape in XML, which holds for most: one match shows it."""
_ESCAPE_LOOKALIKE: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_FORMULA_STARTS: Final = tuple("=+-@\t\r\n'")
_EPOCH: Final = date(1899, 12, 30)
_DAY: Final = timedelta(days=1)


def clean(text: str) -> str:
    """The text with each character XML forbids replaced by U+FFFD, and line ends as Excel's."""
    return _FORBIDDEN.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def cut(text: str, units: int) -> str:
    """The text cut to `units` UTF-16 code units, with an ellipsis for what is left out."""
    if len(text) <= units // 2:
        return text
    coded = text.encode("utf-16-le")
    if len(coded) <= 2 * units:
        return text
    return coded[: 2 * (units - 1)].decode("utf-16-le", "ignore") + "…"


def cell_text(text: str) -> str:
    """The text as it stands in a sheet's XML, but for XML's own escapes.

    `_x000D_` and the like would be read as an escape of Excel's, so their first underscore is
    written as one. The limit counts what a reader sees.
    """
    return _ESCAPE_LOOKALIKE.sub("_x005F_", cut(clean(text), LONGEST_TEXT))


def looks_like_formula(text: str) -> bool:
    """Whether a program may take the text for a formula once it is typed in again or exported."""
    return text.startswith(_FORMULA_STARTS)


def serial(moment: date | datetime) -> float:
    """Excel's number of a day, or of a local time."""
    if isinstance(moment, datetime):
        local = moment.replace(tzinfo=None)
        return (local - datetime.combine(_EPOCH, datetime.min.time())) / _DAY
    return (moment - _EPOCH).days


def cell_xml(value: Value, style: int) -> str:
    """A cell without its beginning up to column and row, which `Sheet.row` puts in front."""
    match value:
        case None | "":
            return f'" s="{style}"/>'
        case str():
            return _text_xml(value, style)
        case timedelta():
            number: float = value / _DAY
        case date():
            number = serial(value)
        case _:
            number = value
    return f'" s="{style}"><v>{number!r}</v></c>'


def formula_xml(formula: str, value: str | float, style: int) -> str:
    """The same of a formula, with the value it has: not every reader computes."""
    kind = ' t="str"' if isinstance(value, str) else ""
    shown = escape(cell_text(value)) if isinstance(value, str) else repr(value)
    return f'" s="{style}"{kind}><f>{escape(formula)}</f><v>{shown}</v></c>'


def quoted(text: str) -> str:
    """A text within a formula."""
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _text_xml(value: str, style: int) -> str:
    text = value if _ORDINARY.fullmatch(value) else escape(cell_text(value))
    space = ' xml:space="preserve"' if text != text.strip() else ""
    return f'" s="{style}" t="inlineStr"><is><t{space}>{text}</t></is></c>'
