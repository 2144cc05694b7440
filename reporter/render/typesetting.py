"""Access to WeasyPrint, and to the Pango below it, which the system may lack.

Nothing else imports the modules that lay out pages. They are loaded when the first PDF is made:
most commands make none.
"""

from __future__ import annotations

import functools
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Final

import pypdfium2

from reporter.errors import SettingsError
from reporter.model import Look, Report
from reporter.render.interface import Format

DEBIAN_PACKAGES: Final = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
HOMEBREW_PACKAGES: Final = "pango"


class NoTypesetting(SettingsError):
    """The system lacks the libraries that lay out pages."""


@functools.cache
def typesetter() -> ModuleType:
    """The module `pdf`.

    Raises:
        NoTypesetting: the system lacks Pango.
    """
    try:
        with redirect_stdout(StringIO()):  # where WeasyPrint explains itself at length
            from reporter.render import pdf
    except OSError as error:
        raise NoTypesetting(
            f"PDFs cannot be made here, because WeasyPrint cannot find Pango "
            f"({str(error).partition(': ')[0]}).",
            hint=f"Install it: `apt-get install {DEBIAN_PACKAGES}` on Debian and Ubuntu, "
            f"`brew install {HOMEBREW_PACKAGES}` on macOS.",
        ) from error
    return pdf


class Pdf:
    """The report as a PDF file, whose information says whose it is. Reading it takes no Pango."""

    media_type: Final = "application/pdf"

    def prepare(self) -> None:
        typesetter()

    def write(self, report: Report, look: Look, path: Path) -> None:
        typesetter().write_pdf(report, look, path)

    def customer_in(self, path: Path) -> str:
        with path.open("rb") as file, pypdfium2.PdfDocument(file) as document:
            return str(document.get_metadata_value("CustomerID"))


PDF: Final[Format] = Pdf()


def engines() -> dict[str, str]:
    """The versions of the system's libraries that pages are laid out with.

    Raises:
        NoTypesetting: there are none.
    """
    typesetter()
    from reporter.render import weasyprint_patches

    return weasyprint_patches.engines()
