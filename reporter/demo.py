"""What the demo plays: a provider, its customers, and a month of daily snapshots."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from reporter.commentary import FOLDER
from reporter.emulator import Emulator, demo_cast
from reporter.errors import ReporterError
from reporter.fetch.auth import ClientSecret
from reporter.fetch.source import Access
from reporter.files import slug
from reporter.pipeline import fetch_customers, fetch_snapshots
from reporter.settings import (
    BrandSettings,
    CustomerSettings,
    EvidenceSettings,
    ReportSettings,
    Settings,
    StoreSettings,
)
from reporter.store import Store

PERIOD: Final = "2026-10"
NOW: Final = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)
"""The clock of the demo stands here, so that its reports are the same every day."""
_FIRST: Final = datetime(2026, 10, 1, 6, 0, tzinfo=UTC)
_LISTED_FIRST: Final = timedelta(days=31)
"""The first look finds September still listed, which the report is compared with."""
_LISTED: Final = timedelta(hours=26)
"""How far back the service lists jobs later: October has to be built from many snapshots."""
_MISSED: Final = {
    "株式会社青空テクノロジー": {datetime(2026, 10, day, 6, tzinfo=UTC) for day in (18, 19, 20)}
}
"""Days on which nobody looked at a customer: its report is marked incomplete."""
_SEED: Final = 2026


_COMMENT: Final = """\
---
author: Jonas Weber
date: 2026-11-01
---
Die Fehler bei **Microsoft Teams** seit dem 27. Oktober kommen von einer entzogenen Berechtigung;
Ihr Administrator ist darum gebeten. **Teams Chat** warnt wegen zweier Postfächer Ausgeschiedener.
"""
"""What the account manager says of one customer's month."""
_RESTORE_TESTS: Final = """\
customer,date,scope,result,deviation,correction,by
Contoso Ltd,2025-06-12,Exchange Online: one mailbox,passed,,,J. Weber
Brauerei Jäger & Söhne GmbH,2026-04-21,SharePoint Online: Website Vertrieb,passed,,,J. Weber
Brauerei Jäger & Söhne GmbH,2026-10-14,"Exchange Online: ein Postfach, 12 GB",partly,\
Zwei Kalenderordner kamen leer zurück,Mit dem Stand vom Vortag wiederholt: vollständig,J. Weber
Woodgrove Capital Partners,2026-03-05,"OneDrive: one user, whole",passed,,,M. Ortiz
Woodgrove Capital Partners,2026-09-17,SharePoint Online: site Deal Room,passed,\
Permissions of two folders had to be set anew,Added to the runbook,M. Ortiz
"""
"""What was restored to try it; of one customer long ago, of another never."""


def settings(out: Path) -> Settings:
    """The configuration of the demo's provider, with its store under `out`."""
    customers = {profile.name: profile.id for profile in demo_cast()}
    configured = Settings(
        store=StoreSettings(url="sqlite:///demo.db"),
        report=ReportSettings(timezone="Europe/Berlin"),
        brand=BrandSettings(
            name="Northlight Managed Services",
            logo=Path(__file__).parent / "demo-logo.svg",
            color="#0b5c6b",
            contact="reports@northlight.example",
            footer="Confidential",
        ),
        evidence=EvidenceSettings(restore_tests=Path("restore-tests.csv")),
        customers=(
            CustomerSettings.model_validate(
                {"id": customers["Brauerei Jäger & Söhne GmbH"], "locale": "de"}
            ),
            CustomerSettings.model_validate(
                {
                    "id": customers["株式会社青空テクノロジー"],
                    "timezone": "Asia/Tokyo",
                    "locale": "ja",
                }
            ),
            CustomerSettings.model_validate(
                {
                    "id": customers["Woodgrove Capital Partners"],
                    "timezone": "America/New_York",
                    "locale": "en_US",
                    "page_size": "Letter",
                    "depth": "full",
                    # Sold through a partner, and in the partner's name.
                    "brand": {
                        "name": "Meridian IT Partners",
                        "logo": None,
                        "color": "#f2a900",
                        "contact": "service@meridian.example",
                        "footer": "Prepared for the board",
                    },
                }
            ),
        ),
    )
    configured._folder = out
    return configured


def write_notes(out: Path) -> None:
    """Put the account manager's comment and the restore tests where they are looked for."""
    folder = out / FOLDER / PERIOD
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{slug('Brauerei Jäger & Söhne GmbH')}.md").write_text(_COMMENT, "utf-8")
    (out / "restore-tests.csv").write_text(_RESTORE_TESTS, "utf-8")


def days() -> list[datetime]:
    """When the demo looks at the service: every morning of October."""
    return [_FIRST + timedelta(days=n) for n in range((NOW - _FIRST).days + 1)]


def fetch_month(
    store: Store, days: Iterable[datetime], *, port: int = 0
) -> dict[str, ReporterError]:
    """Take a snapshot of every customer on each of the days, over HTTP; the errors of the
    customers that could not be read on the last of them, by id.

    `port` is the emulator's; 0 takes a free one.
    """
    now = _FIRST

    def clock() -> datetime:
        return now

    errors: dict[str, ReporterError] = {}
    with Emulator(demo_cast(), seed=_SEED, now=clock, listed=_LISTED_FIRST, port=port) as emulator:
        access = Access(
            emulator.api_url,
            emulator.token_url,
            emulator.client_id,
            ClientSecret(emulator.client_secret),
        )
        for now in days:
            source, listed = fetch_customers(access, store, clock)
            due = [own for own in listed.customers if now not in _MISSED.get(own.name, ())]
            outcomes = list(fetch_snapshots(source, due, store, clock))
            errors = {own.customer.id: own.error for own in outcomes if own.error is not None}
            emulator.listed = _LISTED
    return errors
