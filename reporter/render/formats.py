"""The formats there are: ours, and those that other packages bring through entry points."""

from __future__ import annotations

import re
from typing import Final

from reporter.extensions import Extensions
from reporter.render.interface import Format


def _fault(suffix: str, kind: Format) -> str:
    if not re.fullmatch("[a-z0-9]+", suffix):
        return "a suffix is made of lower-case letters and digits"
    if not re.fullmatch(r"[\w.+-]+/[\w.+-]+", str(kind.media_type)):
        return f"its media_type {kind.media_type!r} is none, such as text/plain"
    return ""


FORMATS: Final = Extensions[Format](
    "format",
    "msp_backup_reporter.formats",
    {
        "pdf": "reporter.render.typesetting:PDF",
        "xlsx": "reporter.render.workbook:WORKBOOK",
        "html": "reporter.render.html:HTML",
        "json": "reporter.render.json_:JSON",
    },
    Format,
    _fault,
    "Install it on every machine that renders or sends reports.",
)
"""By the suffix of their files."""
