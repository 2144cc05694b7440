"""Which reports are to be sent, and the rows in the outbox that stand for their recipients."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from reporter.config.settings import Settings
from reporter.delivery.interface import Channel
from reporter.delivery.message import message_id_of
from reporter.dispatch.channels.mail.mailboxes import sender_of
from reporter.dispatch.channels.registry import channels_of
from reporter.dispatch.reports import Rendered, rendered
from reporter.errors import ReporterError, UsageError
from reporter.model import Customer, DeliveryState
from reporter.run.assignment import Rendering
from reporter.run.choosing import Choice, reportable
from reporter.run.fetching import Clock
from reporter.run.outcome import attempted
from reporter.store import Store
from reporter.store.outbox import Delivery, Recipient, deliveries_of, queue, withdraw_replaced
from reporter.store.versions import versions_of

_NO_MAIL: Final = "reports.invalid"
"""The domain in the ids of deliveries if no mail, and so no sender, is configured."""


@dataclass(frozen=True, slots=True)
class WithoutReport:
    """Customers who have no report of a period."""

    period: str
    choice: Choice


@dataclass(frozen=True, slots=True)
class Preliminary:
    """A report that is queued for nobody because its period is not final."""

    report: Rendered


@dataclass(frozen=True, slots=True)
class Fault:
    """What could not be done for a customer."""

    customer: Customer
    error: ReporterError


Notice = WithoutReport | Preliminary | Fault
"""What to tell the user about customers whose reports are not sent."""


class Errand:
    """The part of the outbox that a command deals with, report by report.

    It is the period asked for; with `leftovers`, also open deliveries of other periods, so that
    nobody is left out because a month has passed. With `preliminary`, reports are queued even if
    their period is not final yet.
    """

    def __init__(
        self,
        rendering: Rendering,
        store: Store,
        clock: Clock,
        wanted: Sequence[str] = (),
        *,
        leftovers: bool = False,
        preliminary: bool = False,
    ) -> None:
        self.rendering = rendering
        self.store = store
        self.clock = clock
        self.channels = channels_of(rendering)
        self.seen: dict[str, dict[str, str]] = {}
        """The names of the customers looked at by their ids, by the label of the period."""
        self._wanted = wanted
        self._leftovers = leftovers
        self._preliminary = preliminary

    def reports(self, states: Collection[DeliveryState]) -> Iterator[Rendered | Notice]:
        """The newest reports, each with its rows in the outbox. Reports of periods other than the
        one asked for are included if they have a row in one of these states.

        Raises:
            UsageError: the configuration as a whole is wrong, or there is no such customer.
            StoreError: the database refuses.
        """
        asked_for = self.rendering.period
        assert asked_for is not None
        still_open = self._open(states) if self._leftovers else {}
        yield from self._reports_of(asked_for)
        for label, ids in still_open.items():
            if label != asked_for:
                yield from self._reports_of(label, ids)

    def unqueued(self) -> Iterator[Rendered | Notice]:
        """The newest reports of the period asked for; the outbox is not changed."""
        assert self.rendering.period is not None
        yield from self._reports_of(self.rendering.period, queued=False)

    def rows_seen(self, label: str) -> list[Delivery]:
        """The deliveries of a period to the customers looked at, under their names.

        Raises:
            StoreError: the database refuses.
        """
        names = self.seen[label]
        return [
            replace(row, customer=replace(row.customer, name=names[row.customer.id]))
            for row in deliveries_of(self.store, period=label)
            if row.customer.id in names
        ]

    def _open(self, states: Collection[DeliveryState]) -> dict[str, set[str]]:
        """The customers with something open, by the label of the period."""
        customers: dict[str, set[str]] = {}
        for row in deliveries_of(self.store, states=states):
            if not row.given_up:
                customers.setdefault(row.period, set()).add(row.customer.id)
        return customers

    def _reports_of(
        self, label: str, ids: Collection[str] | None = None, *, queued: bool = True
    ) -> Iterator[Rendered | Notice]:
        """The reports of a period, of all customers wanted or of some."""
        rendering = replace(self.rendering, period=label)
        settings = rendering.settings
        choice = reportable(rendering, self.store, self._wanted)
        yield WithoutReport(label, choice)
        for customer, name in choice.names.items():
            if ids is not None and customer.id not in ids:
                continue
            if not settings.customer(customer.id).send and not self._wanted:
                continue
            if rendering.only_final and not versions_of(self.store, customer, label):
                continue  # the rendering has reported it
            self.seen.setdefault(label, {})[customer.id] = customer.name
            try:
                report = rendered(rendering, self.store, customer, name)
                if queued and not self._queue(report) and not rows_of(report):
                    yield Preliminary(report)
            except ReporterError as error:
                if error.exit_code == UsageError.exit_code:
                    raise  # the configuration as a whole is wrong
                yield Fault(customer, error)
            else:
                yield report

    def _queue(self, report: Rendered) -> bool:
        """Give each recipient of a customer's newest report a row in the outbox; returns whether
        the report is to be queued. A preliminary report is queued only on request: otherwise
        open deliveries of its earlier versions are withdrawn.

        Raises:
            ReporterError: a recipient cannot be read, or there is none.
        """
        settings, label, now = self.rendering.settings, report.period.label, self.clock()
        if not (report.version.closed or self._preliminary):
            withdraw_replaced(report.store, report.customer, label, report.version, now)
            return False
        queue(
            report.store,
            report.customer,
            label,
            report.version,
            recipients_of(self.channels, settings, report.customer),
            message_id(settings, report),
            now,
            released="no approval is required" if settings.mail.approval == "none" else "",
        )
        return True


def recipients_of(
    channels: Mapping[str, Channel], settings: Settings, customer: Customer
) -> tuple[Recipient, ...]:
    """The recipients of a customer's reports, by every configured channel.

    Raises:
        ReporterError: a recipient cannot be read, is of a foreign domain, or there is none.
    """
    if not settings.customer(customer.id).send:
        return ()
    recipients: list[Recipient] = []
    for name, channel in channels.items():
        addresses = attempted(partial(channel.recipients, customer))
        if isinstance(addresses, ReporterError):
            raise addresses
        recipients += [Recipient(name, address, role) for address, role in addresses.items()]
    return tuple(recipients)


def message_id(settings: Settings, report: Rendered, *more: str) -> str:
    """The id of a message: always the same for the same version of a report.

    Raises:
        SettingsError: mail is configured without a sender.
    """
    domain = sender_of(settings).domain if settings.mail.configured else _NO_MAIL
    version = report.version
    parts = (report.period.label, str(version.number), version.figures_sha256)
    return message_id_of(domain, report.customer.id, *parts, *more)


def rows_of(report: Rendered, *states: DeliveryState) -> tuple[Delivery, ...]:
    """The rows of the outbox that belong to exactly this version of a report; with `states`, only
    rows in one of these states.

    Raises:
        StoreError: the database refuses.
    """
    label = report.period.label
    rows = deliveries_of(report.store, customer=report.customer, period=label, states=states)
    return tuple(row for row in rows if row.version == report.version.number)
