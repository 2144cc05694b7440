"""What the demo plays: a provider, its customers, and a month of looks at the service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from reporter.config.commentary import FOLDER
from reporter.config.sections import (
    BrandSettings,
    CustomerSettings,
    EvidenceSettings,
    ReportSettings,
    StoreSettings,
)
from reporter.config.settings import Settings
from reporter.errors import ReporterError
from reporter.files import slug
from reporter.model import Customer
from reporter.run.fetching import FETCHES_AT_ONCE, fetch_customers, fetch_snapshots
from reporter.sources.avepoint.auth import ClientSecret
from reporter.sources.avepoint.emulator import demo_cast, emulator_apart
from reporter.sources.avepoint.http import Exchange
from reporter.sources.avepoint.source import Access
from reporter.store import Store

PERIOD: Final = "2026-10"
_BEFORE: Final = datetime(2026, 9, 1, tzinfo=UTC)
_FIRST: Final = datetime(2026, 10, 1, tzinfo=UTC)
NOW: Final = datetime(2026, 11, 1, 12, tzinfo=UTC)
"""The clock of the demo stands here, so that its reports are the same every day. The last look is
taken then: it makes October final, in New York too.
"""
_EVERY_BEFORE: Final = timedelta(hours=5)
"""September is only what October is compared with. Every six hours would be in step with what is
backed up four times a day, and find some of it at work at each look.
"""
_EVERY: Final = timedelta(hours=4)
_WATCHED_BEFORE: Final = ("Contoso Ltd", "Brauerei Jäger & Söhne GmbH")
"""Who was a customer of the provider in September; of the others October is the first month."""
_MISSED: Final = {
    "株式会社青空テクノロジー": (
        datetime(2026, 10, 17, 15, tzinfo=UTC),
        datetime(2026, 10, 20, 15, tzinfo=UTC),
    )
}
"""When nobody looked at a customer, three days in Tokyo: its report is marked incomplete."""
_SEED: Final = 2026
_COMMENT: Final = """\
---
author: Jonas Weber
date: 2026-11-01
---
Die Fehler bei **Microsoft Teams** seit dem 27. Oktober und bei **gastronomie.example** kommen von
fehlenden Berechtigungen; Ihr Administrator ist darum gebeten. **Sudhaus** heißt jetzt **Sudhaus und
Keller** und wird weiter gesichert.
"""
"""What the account manager says of one customer's month."""
_RESTORE_TESTS: Final = """\
customer,date,scope,result,deviation,correction,by
Contoso Ltd,2025-06-12,Exchange Online: one mailbox,passed,,,J. Weber
Brauerei Jäger & Söhne GmbH,2026-04-21,SharePoint Online: Website Vertrieb,passed,,,J. Weber
Brauerei Jäger & Söhne GmbH,2026-10-14,"Exchange Online: ein Postfach, 12 GB",partly,\
Zwei Kalenderordner kamen leer zurück,Mit dem Stand vom Vortag wiederholt: vollständig,J. Weber
Woodgrove Capital Partners,2026-10-20,"Salesforce: Sandbox, one account",passed,,,M. Ortiz
Woodgrove Capital Partners,2026-10-27,"Dynamics CRM Backup: Sales, one entity",passed,\
Two lookups had to be set anew,Added to the runbook,M. Ortiz
"""
"""What was restored to try it; of one customer long ago, of others never."""


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


def looks() -> list[datetime]:
    """When the demo asks the service: all of September, which October is compared with, and every
    four hours of October, until it is final.
    """
    before = _times(_BEFORE, _FIRST, _EVERY_BEFORE)
    return [*before, *_times(_FIRST, NOW, _EVERY), NOW]


def _times(start: datetime, stop: datetime, every: timedelta) -> list[datetime]:
    return [start + number * every for number in range((stop - start) // every)]


def fetch_month(
    store: Store, times: Iterable[datetime], *, port: int = 0
) -> dict[str, ReporterError]:
    """Take a snapshot of every customer at each of the times, over HTTP; the errors of the
    customers that could not be read at the last of them, by id.

    `port` is the emulator's; 0 takes a free one.
    """
    errors: dict[str, ReporterError] = {}
    with emulator_apart(demo_cast(), seed=_SEED, now=_BEFORE, port=port) as (service, clock):
        access = Access(
            service.api_url,
            service.token_url,
            service.client_id,
            ClientSecret(service.client_secret),
        )
        exchange = Exchange(connections=FETCHES_AT_ONCE)
        for moment in times:
            clock.set(moment)
            source, listed = fetch_customers(access, store, clock, exchange)
            due = [customer for customer in listed.customers if not _missed(customer, moment)]
            outcomes = list(fetch_snapshots(source, due, store, clock))
            errors = {
                outcome.customer.id: outcome.error
                for outcome in outcomes
                if outcome.error is not None
            }
    return errors


def _missed(customer: Customer, moment: datetime) -> bool:
    """Whether nobody looks at a customer then."""
    if moment < _FIRST and customer.name not in _WATCHED_BEFORE:
        return True
    start, stop = _MISSED.get(customer.name, (NOW, NOW))
    return start <= moment < stop
