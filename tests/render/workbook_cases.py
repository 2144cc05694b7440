"""The workbooks the tests of this folder read."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import cast

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from reporter.model import Brand, Look, Report
from reporter.render.workbook import write_workbook
from tests.builders import daily_snapshots, make_busy_month, make_report

BERLIN = "Europe/Berlin"
LOOK = Look(Brand(name="Northwind Managed", contact="desk@northwind.example", color="#ffe14d"))


@cache
def busy_report() -> Report:
    """A month with everything in it."""
    snapshots = daily_snapshots(datetime(2026, 9, 1, 6, tzinfo=UTC), 60)
    return make_report(make_busy_month(), timezone=BERLIN, observed=snapshots)


def written(report: Report, folder: Path, look: Look = LOOK) -> Path:
    """The report's workbook in that folder."""
    path = folder / "report.xlsx"
    write_workbook(report, look, path)
    return path


def recalculated(path: Path, folder: Path) -> Path:
    """The workbook as LibreOffice saves it, every formula computed anew."""
    folder.mkdir(exist_ok=True)
    subprocess.run(
        [
            str(shutil.which("soffice")),
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            *("--headless", "--convert-to", "xlsx", "--outdir", str(folder), str(path)),
        ],
        capture_output=True,
        check=True,
        timeout=120,
    )
    return folder / path.name


def sheet_of(path: Path, title: str) -> Worksheet:
    """One sheet of a workbook, read back."""
    return cast(Worksheet, openpyxl.load_workbook(path)[title])
