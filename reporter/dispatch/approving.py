"""Releasing reports for delivery, and taking that back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reporter.dispatch.queueing import Errand, Notice, rows_of
from reporter.dispatch.reports import Rendered
from reporter.dispatch.review import Review, review
from reporter.errors import UsageError
from reporter.model import DeliveryState
from reporter.run.assignment import Rendering
from reporter.run.choosing import customers_wanted
from reporter.run.fetching import Clock
from reporter.store import Store
from reporter.store.outbox import RELEASED, Delivery, approve, deliveries_of
from reporter.store.outbox import take_back as put_back

_GONE = (DeliveryState.SENT, DeliveryState.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A report that waits for approval."""

    report: Rendered
    rows: tuple[Delivery, ...]
    """The deliveries that wait."""
    review: Review


def waiting(errand: Errand) -> Iterator[Waiting | Notice]:
    """The reports that wait for approval; each is looked up when the one before it is done.

    Raises:
        StoreError: the database refuses.
        UsageError: the configuration as a whole is wrong.
    """
    for report in errand.reports([DeliveryState.QUEUED]):
        if not isinstance(report, Rendered):
            yield report
        elif rows := rows_of(report, DeliveryState.QUEUED):
            yield Waiting(report, rows, review(report.figures))


def release(errand: Errand, report: Waiting, by: str) -> int:
    """Release the deliveries of a report that were shown; returns how many still waited.

    Raises:
        StoreError: the database refuses.
    """
    return approve(errand.store, [row.id for row in report.rows], by, errand.clock())


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A delivery that was to be taken back."""

    delivery: Delivery
    """As it is now, under the customer's configured name."""
    in_time: bool
    """Whether it waits again; otherwise it is on its way or has been sent."""


def take_back(
    rendering: Rendering,
    store: Store,
    clock: Clock,
    by: str,
    wanted: Sequence[str] = (),
    *,
    leftovers: bool = False,
) -> tuple[TakenBack, ...]:
    """Make deliveries that are released but not sent wait for approval again; with `leftovers`,
    those of other periods as well.

    Raises:
        StoreError: the database refuses.
        UsageError: no approval is required, or there is no such customer.
    """
    settings = rendering.settings
    if settings.mail.approval == "none":
        raise UsageError(
            'With approval = "none" in [mail], it would be approved again at once.',
            hint="To keep a delivery from being sent at all, run `reporter outbox resolve NUMBER "
            "--drop`; `reporter outbox --state approved` lists the numbers.",
        )
    customers = customers_wanted(settings, store, wanted)

    def rows() -> list[Delivery]:
        listed = deliveries_of(store, period=None if leftovers else rendering.period)
        return [
            replace(row, customer=customers[row.customer.id])
            for row in listed
            if row.customer.id in customers
        ]

    released: dict[str, set[int]] = {}
    for row in rows():
        if row.state in RELEASED and not row.given_up:
            released.setdefault(row.customer.id, set()).add(row.id)
    taken_back = set[int]()
    for ids in released.values():
        taken_back |= put_back(store, ids, by, clock())
    return tuple(
        TakenBack(row, row.id in taken_back)
        for row in _of_newest_versions(rows())
        if row.id in taken_back
        or row.id in released.get(row.customer.id, ())
        or row.state is DeliveryState.SENDING
        or (row.state in _GONE and row.period == rendering.period)
    )


def _of_newest_versions(rows: Sequence[Delivery]) -> list[Delivery]:
    """The deliveries of each report's newest version: to take back a correction does not concern
    what was sent of an earlier version.
    """
    newest: dict[tuple[str, str], int] = {}
    for row in rows:
        report = (row.customer.id, row.period)
        newest[report] = max(row.version, newest.get(report, 0))
    return [row for row in rows if row.version == newest[row.customer.id, row.period]]
