"""All that we change in openpyxl, or use of it that it keeps to itself.

Read in openpyxl 3.1 (openpyxl <3.2): a newer one is to be read before the bound is raised.
tests/render/test_openpyxl_patches.py fails where one of these has stopped working.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final, cast
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.packaging.extended import ExtendedProperties
from openpyxl.styles import Font
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter
from openpyxl.xml.constants import ARC_APP, ARC_CORE
from openpyxl.xml.functions import tostring

from reporter.render.workbook.cells import clean

# openpyxl writes a font's parts in an order the standard does not allow (ECMA-376-1, 18.8.22).
# With the right one, Microsoft's own validator passes the workbook.
# No issue of openpyxl's known; what a validator says of a file of its:
# https://github.com/iOfficeAI/OfficeCLI/issues/295
Font.__elements__ = (
    "b", "i", "strike", "condense", "extend", "outline", "shadow", "u", "vertAlign", "sz",
    "color", "name", "family", "charset", "scheme",
)  # fmt: skip

_DRAWING: Final = re.compile(r"xl/drawings/drawing(\d+)\.xml")
_LEVEL: Final = 1
"""Of zlib's nine. Its own choice, the sixth, makes files a quarter smaller in thrice the time."""


class SheetStream(WorksheetWriter):
    """A sheet that openpyxl writes all of but its rows, straight into its part of the file.

    openpyxl makes an object and an element of each cell, and writes a sheet to a temporary file
    before it is packed. How many times as fast rows are that go into the part as text is in
    benchmarks/README.md; and nothing is left behind on the disk. No issue known.
    """

    def __init__(self, made: Worksheet, part: IO[bytes]) -> None:
        super().__init__(made, part)
        self._made: Any = made
        self._part = part

    def begin(self) -> None:
        """Write what precedes the rows, which go into the part beside openpyxl's stream."""
        self.write_top()
        # So what is in the stream must be out.
        cast(Any, self.xf.send(True)).flush()
        self.xf.send(None)
        self._part.write(b"<sheetData>")
        self._made._writer = self  # what a write-only sheet closes, and a workbook saves

    def link(self, cell: str, place: str) -> None:
        """Lead from a cell to a place in the workbook: a cell that is not an object has no link."""
        self._made._hyperlinks.append(Hyperlink(ref=cell, location=place))

    def finish(self) -> None:
        """Write what follows the rows."""
        self._part.write(b"</sheetData>")
        self._made.close()
        self._part.close()

    def discard(self) -> None:
        """Let go of the part, whatever state it is in."""
        with contextlib.suppress(Exception):  # half-written XML has no proper end, and needs none
            self.xf.close()
        with contextlib.suppress(OSError):
            self._part.close()

    def write_rows(self) -> None:
        """The rows are in the part already."""

    def cleanup(self) -> None:
        """There is no temporary file."""


class Archive(ZipFile):
    """The file that a workbook is saved in: it knows no clock and no owner, takes sheets while
    they are written, and says of each chart what it shows.

    openpyxl puts the clock's time into the properties and, as zipfile does, into each entry: the
    same report would not be the same file. A chart of its has no field for a text that stands for
    it, which those need who do not see it. No issues known.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w", ZIP_DEFLATED, compresslevel=_LEVEL)
        self.drawings: list[Sequence[str]] = []
        """What the charts of each drawing show."""

    def write_properties(self, workbook: Workbook) -> None:
        """They come first: some programs look at no more to know a workbook."""
        application = ExtendedProperties()
        application.Application = "Microsoft Excel"
        self.writestr(ARC_APP, tostring(application.to_tree()))
        self.writestr(ARC_CORE, tostring(workbook.properties.to_tree()))

    def begin_sheet(self, number: int) -> IO[bytes]:
        """The part of a sheet, to be closed before the next part begins."""
        return self.open(f"xl/worksheets/sheet{number}.xml", "w", force_zip64=True)

    def write_book(self, workbook: Workbook) -> None:
        """Write all that is not a sheet."""
        # Not `Workbook.save`: it would put the clock's time into the properties.
        ExcelWriter(workbook, self).write_data()

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        """The sheet of that name is there already."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        """Add a part, unless it is there: openpyxl has the properties written once more."""
        if zinfo_or_arcname not in self.namelist():
            with self.open(zinfo_or_arcname, "w") as part:
                part.write(self._completed(zinfo_or_arcname, data))

    def close(self) -> None:
        """Write the directory and close."""
        for entry in self.infolist():
            entry.create_system = 3  # Unix, wherever it is written
            entry.external_attr = 0o644 << 16
        super().close()

    def _completed(self, name: str, data: str | bytes) -> bytes:
        """A part with what openpyxl has no field for."""
        made = data.encode() if isinstance(data, str) else data
        drawing = _DRAWING.fullmatch(name)
        return _described(made, self.drawings[int(drawing[1]) - 1]) if drawing else made


def _described(drawing: bytes, descriptions: Sequence[str]) -> bytes:
    """The drawing with a text for each chart."""
    for number, description in enumerate(descriptions, 1):
        name = f'name="Chart {number}"'
        drawing = drawing.replace(
            name.encode(), f"{name} descr={quoteattr(clean(description))}".encode()
        )
    return drawing
