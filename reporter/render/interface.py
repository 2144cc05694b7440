"""What a format is: how a report becomes a file, and how that file says whose report it is.

A format is registered in `render.formats` under the suffix of its files, so that formats are listed
without loading any. Other packages bring theirs through entry points
(docs/extending.md).
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from reporter.model import Look, Report


class Format(Protocol):
    """A kind of file that reports are written as. It is loaded in each process that renders or
    sends, and keeps nothing from one report to the next.
    """

    @property
    def media_type(self) -> str:
        """How a message declares such a file: `type/subtype`, without parameters."""

    def prepare(self) -> None:
        """Load what `write` takes from the system. It is called once, before the first report is
        made, so that one message says what is missing and not one for each customer.

        Raises:
            SettingsError: the system lacks it; the hint says how to install it.
        """

    def write(self, report: Report, look: Look, path: Path) -> None:
        """Write a report to a file. The same report and look give the same bytes, wherever they
        are written: files are compared by their hashes.

        `path` is a draft, which gets its name when it is whole: of its name only the suffix counts.
        The file has to hold `report.customer.id` where `customer_in` finds it. A format computes no
        figure: `report` has them all, in the units of docs/figures.md (sizes in bytes, rates from 0
        to 1), and `look` says what is shown of them and how.

        Raises:
            OSError: the file cannot be written.
            ReporterError: this report cannot be written; the hint says what to do. No other
                customer is affected.
        """

    def customer_in(self, path: Path) -> str:
        """The id of the customer whose report a file is, exactly as `write` was given it; empty
        where the file does not say. It is read from the content alone: a name says nothing. Nothing
        is sent unless it is the id of the customer who is to get the file.

        Raises:
            Exception: the file cannot be read. Whatever it is, nothing of the report is sent.
        """
