"""What `run` has to do now, by the schedule and by what the store knows to be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reporter.run.assignment import Rendering, period_of, provider_settings
from reporter.run.schedule import fetch_due_at, months_due
from reporter.store import Store
from reporter.store.known import is_known
from reporter.store.runs import last_fetch_began, month_done, newest_month_done
from reporter.store.versions import is_any_closed


@dataclass(frozen=True, slots=True)
class NextFetch:
    """Whether the service is to be asked now."""

    due: bool
    due_at: datetime
    last_began: datetime | None
    """When the last fetch over all customers that came to its end began; None where none did."""


@dataclass(frozen=True, slots=True)
class MonthsDue:
    """The months whose reports are to be made."""

    labels: Sequence[str]
    """The oldest first; never none."""
    newest_done: str | None
    """The label of the newest month whose reports were done; None where none is known to be."""


def next_fetch(rendering: Rendering, store: Store) -> NextFetch:
    """When the service is to be asked, seen from the time of a rendering.

    Raises:
        StoreError: the database refuses.
    """
    began_at = last_fetch_began(store)
    due_at = fetch_due_at(rendering.settings.schedule, began_at, rendering.now)
    return NextFetch(due_at <= rendering.now, due_at, began_at)


def months_to_do(rendering: Rendering, store: Store) -> MonthsDue:
    """The months that are due at the time of a rendering and, by the store, not done. To be asked
    after a fetch: it may wait long for another run, which does months meanwhile.

    Raises:
        StoreError: the database refuses.
    """
    done, zone = newest_month_done(store), provider_settings(rendering).timezone
    return MonthsDue(months_due(rendering.settings.schedule, zone, rendering.now, done), done)


def tick_off(rendering: Rendering, store: Store, began_at: datetime, now: datetime) -> None:
    """Keep that all that is done for the month of a rendering has been done for all customers, if
    any of its reports is final.

    Where nothing was known of anybody yet there is nothing to be done, and the month is done: else,
    as long as no month was, none that is missed later would be caught up with.

    Raises:
        StoreError: the database refuses.
    """
    assert rendering.period is not None
    if is_any_closed(store, rendering.period) or _knows_nobody(rendering, store):
        month_done(store, rendering.period, began_at, now)


def _knows_nobody(rendering: Rendering, store: Store) -> bool:
    """Whether the period had ended before anything was known of any customer."""
    return all(
        is_known(store, customer, period_of(rendering, customer)) is False
        for customer in store.customers()
    )
