"""What is asked for, and what it means for one customer and period: read once for each report."""

from __future__ import annotations

import functools
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from reporter.config.commentary import comment_on
from reporter.config.restore_tests import check_entries, restore_tests_of
from reporter.config.sections import ReportSettings
from reporter.config.settings import Settings
from reporter.evidence.archive import Archive
from reporter.evidence.chain import root_before
from reporter.model import Assignment, Customer, KnownRoot, Look, RestoreTest
from reporter.period import Period, parse_period
from reporter.store import Store
from reporter.store.history import is_there


@dataclass(frozen=True, slots=True)
class Rendering:
    """What is asked of a rendering: the configuration, and what the command line says beyond it."""

    settings: Settings
    now: datetime
    out: Path
    formats: tuple[str, ...]
    period: str | None = None
    timezone: str | None = None
    locale: str | None = None
    again: bool = False
    """Whether reports are rendered again that hold."""
    only_final: bool = False
    """Whether nothing is made of periods that are not final yet."""


def assignment_of(rendering: Rendering, customer: Customer, name: str) -> Assignment:
    """What the configuration and the command line give for a customer's report; `name` is that of
    the customer's folder.

    Raises:
        ReporterError: a part of it cannot be read.
    """
    settings = report_settings(rendering, customer)
    period = parse_period(rendering.period, settings.timezone, rendering.now)
    return Assignment(
        customer,
        period,
        settings.policy(),
        look_of(rendering, customer, period, name),
        restore_tests(rendering, customer, period),
        settings.names,
    )


def period_of(rendering: Rendering, customer: Customer) -> Period:
    """The period asked for, in the customer's time zone.

    Raises:
        UsageError: there is no such period.
    """
    settings = report_settings(rendering, customer)
    return parse_period(rendering.period, settings.timezone, rendering.now)


def report_settings(rendering: Rendering, customer: Customer) -> ReportSettings:
    """`[report]` for a customer; what the command line gave wins."""
    return rendering.settings.report_for(
        customer.id, timezone=rendering.timezone, locale=rendering.locale
    )


def provider_settings(rendering: Rendering) -> ReportSettings:
    """`[report]` for what is about all customers; what the command line gave wins."""
    return rendering.settings.report_for("", timezone=rendering.timezone, locale=rendering.locale)


def look_of(rendering: Rendering, customer: Customer, period: Period, name: str) -> Look:
    """How a report is shown, with the account manager's comment on it.

    Raises:
        ReporterError: the comment cannot be used, or there is no such folder of templates.
    """
    settings = rendering.settings
    comment = comment_on(settings.folder, period.label, customer, name)
    look = settings.look_for(customer.id, timezone=rendering.timezone, locale=rendering.locale)
    root = _known_root(settings.folder / settings.evidence.folder, customer, period, name)
    return replace(look, comment=comment, known_root=root)


def _known_root(folder: Path, customer: Customer, period: Period, name: str) -> KnownRoot | None:
    """What the archive of a customer came to before a period; None where there is none.

    Raises:
        EvidenceError: its chain cannot be read.
    """
    if not folder.is_dir():
        return None
    return root_before(folder, archive_in(folder).home_of(customer, name).name, period.label)


@functools.lru_cache(maxsize=8)
def archive_in(folder: Path) -> Archive:
    """Read once for a process: which folder is whose does not change."""
    return Archive(folder)


def restore_tests(
    rendering: Rendering, customer: Customer, period: Period
) -> tuple[RestoreTest, ...] | None:
    """What is on record of a customer up to the period's end; None where no file is configured.

    Raises:
        SettingsError: the file cannot be read, or a line of it cannot be understood.
    """
    path = rendering.settings.restore_tests
    return restore_tests_of(path, customer, period.last) if path else None


def check_restore_tests(settings: Settings, now: datetime) -> int:
    """Insist on every line of the restore tests, before any report is made without one of them;
    how many there are.

    Raises:
        SettingsError: a line cannot be understood, or is about a customer nobody knows.
    """
    if settings.restore_tests is None:
        return 0
    known = customers_in_store(settings)
    # Somewhere it is tomorrow already.
    return check_entries(settings.restore_tests, known, (now + timedelta(days=1)).date())


def customers_in_store(settings: Settings) -> list[Customer]:
    """All customers in the store, as the configuration calls them; none where there is no store
    yet.
    """
    if not is_there(settings.store_url):
        return []
    with closing(Store.open(settings.store_url)) as store:
        return all_customers(settings, store)


def all_customers(settings: Settings, store: Store) -> list[Customer]:
    """All customers of a store, as the configuration calls them; those it joins are one.

    Raises:
        StoreError: the database refuses.
    """
    customers = store.customers()
    known = {customer.id for customer in customers}
    joined = {
        joined
        for customer in settings.customers
        if customer.id in known
        for joined in customer.joins
    }
    return [named(settings, customer) for customer in customers if customer.id not in joined]


def named(settings: Settings, customer: Customer) -> Customer:
    """The customer under the name the configuration gives it, if it gives one, and joined with
    those that it says are the same.
    """
    configured = settings.customer(customer.id)
    return replace(customer, name=configured.name or customer.name, joined=configured.joins)


def files_of(rendering: Rendering, period: Period, name: str) -> dict[str, Path]:
    """The file of each format asked for: `DIR/<period>/<name>/…`."""
    folder = rendering.out / period.label / name
    return {
        suffix: folder / f"{name}-backup-report-{period.label}.{suffix}"
        for suffix in rendering.formats
    }
