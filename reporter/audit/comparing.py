"""A bag's workbook and PDF, held against those that follow from its replies.

The tools that made them make the same bytes again. With other tools only the texts and values in
them can be compared, and a finding claims no more than was compared.
"""

from __future__ import annotations

import math
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from string import ascii_uppercase
from typing import IO, Final

import openpyxl
import pypdfium2
from openpyxl.xml.functions import fromstring, iterparse

from reporter import __version__
from reporter.evidence.bag import LARGEST_FILE, content_of, shown
from reporter.evidence.contents import Provenance
from reporter.finding import Finding
from reporter.model import Look, Report
from reporter.render.csv_ import jobs_csv
from reporter.render.text import Words

_MOST_NAMED: Final = 3
_LAST_DIGIT: Final = 1e-14
_LONGEST: Final = 80
_ROW: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}row"
_CELL: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}c"
_WAYS: Final = ("[Content_Types].xml", "_rels/.rels", "xl/_rels/workbook.xml.rels")
_LAST_ROW: Final = 1 << 20
"""The last column: no sheet has one after it."""
OTHER_VERSION: Final = "it was made with a different version of the program or its libraries"

_PRODUCT: Final = f"backup-reporter {__version__}"
"""How this version names itself in its files."""

Cells = dict[tuple[str, str], object]
"""The content of a workbook's cells, by sheet and place."""


def workbook_finding(path: Path, made: Path, provenance: Provenance, same_tools: bool) -> Finding:
    """Whether a workbook is the one that follows from the replies, `made`."""
    what = "workbook"
    if content_of(path, LARGEST_FILE) == made.read_bytes():
        return Finding(what, True, "recomputing gives the same workbook, byte for byte")
    if fault := _ambiguity(path):
        return Finding(what, False, fault)
    differing = list(dict.fromkeys(_differing_cells(path, made, provenance)))
    if differing:
        return Finding(what, False, f"not what follows from the replies: {first_of(differing)}")
    if same_tools:
        return Finding(what, False, "its cells are the same, but something else in it differs")
    if _ways(path) != _ways(made):
        detail = "not compared: it leads to its sheets in other ways, which programs may or may "
        return Finding(what, None, f"{detail}not follow; {OTHER_VERSION}")
    detail = "not fully compared: every cell holds the same; pictures, charts, formats, notes and "
    detail += "hidden content were not compared, because"
    return Finding(what, None, f"{detail} {OTHER_VERSION}")


def _ambiguity(path: Path) -> str:
    """Why a program may read other cells than those compared; empty if none may."""
    with zipfile.ZipFile(path) as parts:
        names = parts.namelist()
        if twice := [name for name, count in Counter(map(str.lower, names)).items() if count > 1]:
            return f"it has the part {shown(twice[0])} twice"
        for name in names:
            with parts.open(name) as part:
                row = _odd_row(part)
            if row is not None:
                return f"{shown(name)} has row {shown(row)[:_LONGEST]} or its cells out of order"
    return ""


def _ways(path: Path) -> list[list[list[tuple[str, str]]]]:
    """The parts by which programs find the sheets of a workbook."""
    with zipfile.ZipFile(path) as parts:
        return [
            sorted(sorted(entry.attrib.items()) for entry in fromstring(parts.read(name)))
            for name in _WAYS
        ]


def _odd_row(part: IO[bytes]) -> str | None:
    """The number of the first row of a sheet that is not in order, or whose cells are not: what is
    there twice or too late, one program shows and another skips.
    """
    last = 0
    try:
        for _, row in iterparse(part):
            if row.tag != _ROW:
                continue
            number = str(row.get("r", ""))
            places = [str(cell.get("r", "")) for cell in row if cell.tag == _CELL]
            in_order = sorted({(len(place), place) for place in places})
            if [place for _, place in in_order] != places or not _is_next(number, last):
                return number
            if any(place.lstrip(ascii_uppercase) != number for place in places):
                return number
            last = int(number)
            row.clear()
    except SyntaxError:
        return None  # no XML, such as a picture
    return None


def _is_next(row: str, last: int) -> bool:
    return row.isdecimal() and len(row) <= len(str(_LAST_ROW)) and last < int(row) <= _LAST_ROW


def _differing_cells(path: Path, made: Path, provenance: Provenance) -> Iterator[str]:
    """The cells that differ. A formula must have the same result as well, unless it has none yet:
    programs compute it when they open the file.
    """
    archived, follows = _cells(path), _as_made_by(provenance, _cells(made))
    for place in dict.fromkeys((*archived, *follows)):
        if not _same(archived.get(place), follows.get(place)):
            yield _difference(place, archived.get(place), follows.get(place))
    archived = _cells(path, results=True)
    follows = _as_made_by(provenance, _cells(made, results=True))
    for place, value in archived.items():
        if not _same(value, follows.get(place)):
            yield _difference(place, value, follows.get(place))


def _as_made_by(provenance: Provenance, cells: Cells) -> Cells:
    """Cells as the version that made a bag would fill them: one of them names that version."""
    return {
        place: value.replace(_PRODUCT, _product(provenance)) if isinstance(value, str) else value
        for place, value in cells.items()
    }


def _product(provenance: Provenance) -> str:
    return f"backup-reporter {provenance.tools.program}"


def _difference(place: tuple[str, str], archived: object, follows: object) -> str:
    return f"{' '.join(place)} is {archived!r} but should be {follows!r}"


def _same(one: object, other: object) -> bool:
    """Whether two cells are the same; libraries write the last digit of a float as they like."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_LAST_DIGIT)
    return one == other


def _cells(path: Path, *, results: bool = False) -> Cells:
    """The cells that hold something: of formulas the formula, or its result as it was kept."""
    book = openpyxl.load_workbook(path, read_only=True, data_only=results)
    cells: Cells = {}
    try:
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # which the file claims: a cell may be outside of them
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.value is not None:
                        cells[sheet.title, cell.coordinate] = cell.value
    finally:
        book.close()
    return cells


def attachments_finding(path: Path, figures: Path, report: Report | None) -> Finding:
    """Whether the files in a PDF are the JSON in the bag, `figures`, and the jobs that follow from
    the replies; the JSON alone where no report can be made of these.
    """
    what = "files in the PDF"
    expected = {
        "figures.json": content_of(figures, LARGEST_FILE),
        "jobs.csv": b"".join(jobs_csv(report.jobs)) if report else None,
    }
    try:
        attached = list(_attached(path))
    except pypdfium2.PdfiumError as error:
        return Finding(what, False, f"they cannot be read: {shown(str(error))}")
    if sorted(name for name, _ in attached) != sorted(expected):
        named = first_of([shown(name) for name, _ in attached], ", ")
        detail = f"it should list figures.json and jobs.csv, but lists {named or 'nothing'}"
        return Finding(what, False, detail)
    for name, content in attached:
        if expected[name] not in (content, None):
            return Finding(what, False, f"{name} is not the one that belongs to the report")
    if report is None:
        return Finding(what, None, "figures.json is the JSON of the bag; jobs.csv was not compared")
    detail = "figures.json is the JSON of the bag; jobs.csv follows from the replies"
    return Finding(what, True, detail)


def _attached(path: Path) -> Iterator[tuple[str, bytes]]:
    """The files that a PDF lists, by name."""
    with closing(pypdfium2.PdfDocument(path)) as document:
        for number in range(document.count_attachments()):
            attachment = document.get_attachment(number)
            yield attachment.get_name(), bytes(attachment.get_data())


def pdf_finding(
    path: Path,
    made: Path,
    provenance: Provenance,
    same_tools: bool,
    report: Report,
    look: Look,
) -> Finding:
    """Whether a PDF is the one that follows from the replies, `made`."""
    what = "PDF's text"
    rendered = content_of(path, LARGEST_FILE)[: provenance.pdf_unsigned_bytes]
    if rendered == made.read_bytes():
        return Finding(what, True, "recomputing gives the same PDF, byte for byte")
    archived, follows = _text(path), _text(made)
    follows = follows.replace(_closed_up(_PRODUCT), _closed_up(_product(provenance)))
    if archived == follows:
        if same_tools:
            return Finding(what, False, "its text is the same, but something else in it differs")
        detail = "not fully compared: its text has the same letters in the same order; how its "
        detail += "pages look, and which of the text is visible, were not compared, because"
        return Finding(what, None, f"{detail} {OTHER_VERSION}")
    if same_tools:
        return Finding(what, False, "its text is not what follows from the replies")
    missing = [text for text in _printed(report, look) if text in follows and text not in archived]
    if missing:
        return Finding(what, False, f"it does not show {first_of(missing, ', ')}")
    detail = "not compared: each rate and volume is somewhere in its text; whether it is visible, "
    detail += "and what else the pages say about it, were not compared, because"
    return Finding(what, None, f"{detail} {OTHER_VERSION}")


def _text(path: Path) -> str:
    """All letters of a PDF, without the spaces between them."""
    with closing(pypdfium2.PdfDocument(path)) as document:
        texts = []
        for page in document:
            text_page = page.get_textpage()
            texts.append(text_page.get_text_bounded())
            text_page.close()
            page.close()
    return _closed_up("".join(texts))


def _closed_up(text: str) -> str:
    """A text without its spaces, which programs that read PDFs see in other places."""
    return "".join(text.split())


def _printed(report: Report, look: Look) -> list[str]:
    """Rates and volumes as the report prints them, without spaces."""
    words = Words(look.locale, report.policy.units)
    groups = [report.totals, *(module.figures for module in report.modules)]
    texts = [
        text
        for figures in groups
        for text in (words.percent(figures.success_rate), words.size(figures.bytes))
    ]
    return [_closed_up(text) for text in texts]


def first_of(texts: Sequence[str], between: str = "; ") -> str:
    """The first of some texts, and how many more there are."""
    more = len(texts) - _MOST_NAMED
    return between.join(texts[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
