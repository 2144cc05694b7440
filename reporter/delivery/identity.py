"""Whose report a file is, read back from the file itself before it is sent."""

from __future__ import annotations

from pathlib import Path

from reporter.errors import ReporterError
from reporter.render.formats import FORMATS


def customer_in(path: Path) -> str:
    """The id of the customer whose report a file is.

    Raises:
        ReporterError: the file is gone, is of no format or of one that cannot be used, or does not
            say.
    """
    suffix = path.suffix.lower()[1:]
    if suffix not in FORMATS.names():
        raise _unknown(path, f"its format is none of {', '.join(FORMATS.names())}")
    kind = FORMATS.get(suffix)
    try:
        customer_id = kind.customer_in(path)
    except Exception as error:
        raise _unknown(path, str(error) or type(error).__name__) from error
    if not customer_id:
        raise _unknown(path, "it does not say")
    return customer_id


def _unknown(path: Path, why: str) -> ReporterError:
    return ReporterError(
        f"The customer of the report {path.name} cannot be read: {why}.",
        hint="No part of it was sent. Render the report again.",
    )
