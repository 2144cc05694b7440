"""What a process logs, and what is wrong with it, on standard error: the journal and cron's mail
bring it to people as a terminal does, so no text from outside may forge a line of it.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Final

from reporter.showing import harmless

logger = logging.getLogger("reporter")
_WARNINGS: Final = "py.warnings"
"""Where Python logs the warnings of its module `warnings`."""


class LineFormatter(logging.Formatter):
    """A line for each record. A traceback keeps its lines, but none begins like a record's."""

    def format(self, record: logging.LogRecord) -> str:
        lines = [harmless(f"{record.levelname} {record.name}: {record.getMessage()}")]
        if record.exc_info and record.exc_info[1]:
            lines += traceback_lines(record.exc_info[1])
        return "\n".join(lines)


class _StandardError(logging.Handler):
    """Writes to what is standard error when something is logged."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except (OSError, TypeError, ValueError, KeyError):
            self.handleError(record)


def traceback_lines(error: BaseException) -> Iterator[str]:
    """A traceback, line by line."""
    for line in "".join(traceback.format_exception(error)).split("\n"):
        if line.strip():
            yield f"  {harmless(line)}"


def start_logging(level: int = logging.WARNING) -> None:
    """Show what the program logs from a level on, and the warnings of whatever it uses."""
    logger.setLevel(level)
    if logger.handlers:
        return
    handler = _StandardError()
    handler.setFormatter(LineFormatter())
    logger.addHandler(handler)
    logging.getLogger(_WARNINGS).addHandler(handler)
    # For libraries that have no handler of their own.
    logging.lastResort = _StandardError(logging.WARNING)
    logging.lastResort.setFormatter(LineFormatter())


def log_what_nobody_catches(level: int = logging.WARNING) -> None:
    """Have warnings and exceptions logged that would go to standard error as they are: of a whole
    process, from its beginning.
    """
    start_logging(level)
    logging.captureWarnings(True)
    sys.excepthook = _log_exception
    threading.excepthook = lambda caught: _log_exception(
        caught.exc_type, caught.exc_value, caught.exc_traceback
    )
    sys.unraisablehook = lambda caught: _log_exception(
        caught.exc_type, caught.exc_value, caught.exc_traceback
    )


def _log_exception(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    logger.critical("Unexpected %s", kind.__name__, exc_info=error)
