"""What `run` has to do now, by the schedule and by what the store knows to be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reporter.run.assignment import Rendering, period_of
from reporter.run.schedule import fetch_due_at, months_due
from reporter.store import Store
from reporter.store.known import is_known
from reporter.store.runs import last_fetch_began, month_done, newest_month_done
from reporter.store.versions import is_any_closed


@dataclass(frozen=True, slots=True)
class Agenda:
    """What is due."""

    fetch: bool
    """Whether the service is to be asked."""
    fetch_due_at: datetime
    last_fetch_began: datetime | None
    """Of those over all customers that came to their end; None where none did."""
    months: Sequence[str]
    """The labels of the months whose reports are to be made, the oldest first; never none."""
    newest_done: str | None
    """The label of the newest month whose reports were done; None where none is known to be."""


def agenda_of(rendering: Rendering, store: Store) -> Agenda:
    """What is due at the time of a rendering.

    Raises:
        StoreError: the database refuses.
    """
    schedule, now = rendering.settings.schedule, rendering.now
    began_at, newest_done = last_fetch_began(store), newest_month_done(store)
    due_at = fetch_due_at(schedule, began_at, now)
    zone = rendering.settings.report_for("", timezone=rendering.timezone).timezone
    months = months_due(schedule, zone, now, newest_done)
    return Agenda(due_at <= now, due_at, began_at, months, newest_done)


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
