"""The workbooks the tests of this folder read."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import cast

import openpyxl
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from reporter.model import Brand, Look, Report
from reporter.render.workbook import write_workbook
from tests.builders import (
    daily_snapshots,
    make_answers,
    make_busy_month,
    make_product,
    make_protected,
    make_report,
)

BERLIN = "Europe/Berlin"
LOOK = Look(Brand(name="Northwind Managed", contact="desk@northwind.example", color="#ffe14d"))


@cache
def busy_report() -> Report:
    """A month with everything in it."""
    snapshots = daily_snapshots(datetime(2026, 9, 1, 6, tzinfo=UTC), 60)
    return make_report(
        make_busy_month(),
        timezone=BERLIN,
        observed=snapshots,
        answers=make_answers(PROTECTED, PRODUCTS, at=snapshots[-1]),
    )


PROTECTED = [
    make_protected(),
    make_protected(serviceModule="OneDrive", totalScannedObjects=2000, totalProtectedObjects=1999),
    make_protected(serviceModule="Power BI", totalScannedObjects="N/A", totalProtectedObjects=7),
    make_protected(
        serviceModule="Teams Chat",
        totalScannedObjects="12,000",
        totalProtectedObjects="12,000",
        dataSizeStoredInAvePoint="N/A",
        dataSizeStoredInBYOS="1.5 TB",
    ),
    make_protected(serviceModule="Viva Engage", totalScannedObjects=10, totalProtectedObjects=11),
]
PRODUCTS = [
    make_product(expirationDate="2026-12-10", microsoftLicenseAssigned="263"),
    make_product(
        service="Cloud Backup for Salesforce", expirationDate="open-ended", purchasedUserSeats="N/A"
    ),
    make_product(
        service="Cloud Backup for IaaS + PaaS",
        subscriptionModel="Capacity",
        purchasedUserSeats="N/A",
        purchasedUnits="12",
        microsoftLicenseAssigned="N/A",
        protectedCapacity="6 TB",
        expirationDate="2026-10-20",
    ),
]


def written(report: Report, folder: Path, look: Look = LOOK) -> Path:
    """The report's workbook in that folder."""
    path = folder / "report.xlsx"
    write_workbook(report, look, path)
    return path


def recalculated(path: Path, folder: Path) -> Path:
    """The workbook as LibreOffice saves it, every formula computed anew."""
    (path_of_copy,) = all_recalculated([path], folder)
    return path_of_copy


def all_recalculated(paths: Sequence[Path], folder: Path) -> list[Path]:
    """Workbooks of different names as LibreOffice saves them; it is started once."""
    folder.mkdir(exist_ok=True)
    subprocess.run(
        [
            str(shutil.which("soffice")),
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            *("--headless", "--convert-to", "xlsx", "--outdir", str(folder)),
            *map(str, paths),
        ],
        capture_output=True,
        check=True,
        timeout=120,
    )
    return [folder / path.name for path in paths]


def book_of(path: Path) -> Workbook:
    """A workbook read back, to be looked at."""
    return _book_of(path.read_bytes())


@lru_cache(maxsize=2)
def _book_of(content: bytes) -> Workbook:
    return openpyxl.load_workbook(BytesIO(content))


def sheet_of(path: Path, title: str) -> Worksheet:
    """One sheet of a workbook, read back, to be looked at."""
    return cast(Worksheet, book_of(path)[title])
