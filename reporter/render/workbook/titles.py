"""The names of the sheets, which other sheets refer to."""

from __future__ import annotations

import re
from typing import Final

from openpyxl.utils import quote_sheetname

from reporter.render.text import Words, marked
from reporter.render.workbook.cells import cut

SUMMARY: Final = marked("Summary")
MODULES: Final = marked("Modules")
SCOPES: Final = marked("Scopes")
DAYS: Final = marked("Days")
DAILY: Final = marked("Daily")
TREND: Final = marked("Trend")
GAPS: Final = marked("Gaps")
PROTECTION: Final = marked("Protection")
USERS: Final = marked("Users")
RESTORE_TESTS: Final = marked("Restore tests")
RESTORES: Final = marked("Restores and exports")
JOBS: Final = marked("Jobs")
EXCEPTIONS: Final = marked("Exceptions")
OBJECTS: Final = marked("Objects")
CAUSES: Final = marked("Causes")
QUALITY: Final = marked("Data quality")
VERSIONS: Final = marked("Versions")
CHECKS: Final = marked("Checks")
ABOUT: Final = marked("About")

_LONGEST: Final = 28
"""Of the 31 characters Excel allows; the rest is for the number of a further sheet."""
_FORBIDDEN: Final = re.compile(r"[\[\]:*?/\\']")


def title_of(words: Words, title: str, number: int = 1) -> str:
    """A sheet's name in the report's language, as Excel allows it."""
    name = cut(_FORBIDDEN.sub(" ", words.say(title)), _LONGEST)
    return name if number == 1 else f"{name} {number}"


def place(title: str, ref: str) -> str:
    """Cells of a sheet, as formulas, charts and links name them."""
    return f"{quote_sheetname(title)}!{ref}"
