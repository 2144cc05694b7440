"""What a command has to look at in the outbox."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reporter.cli.options import Console, open_store, utc_now
from reporter.cli.render import rendering_of, stored_customers
from reporter.errors import ReporterError, SettingsError, UsageError
from reporter.model import DeliveryState

if TYPE_CHECKING:
    from reporter.dispatch.reports import Rendered
    from reporter.run.assignment import Rendering
    from reporter.store.outbox import Delivery

_STATES: Final = {
    DeliveryState.QUEUED: "is waiting for approval",
    DeliveryState.APPROVED: "is approved and has not been sent yet",
    DeliveryState.SENDING: "is on its way",
    DeliveryState.SENT: "has been sent",
    DeliveryState.REFUSED: "was refused",
    DeliveryState.FAILED: "has failed",
    DeliveryState.UNCERTAIN: "is uncertain: it may have arrived",
    DeliveryState.WITHDRAWN: "was withdrawn",
    DeliveryState.DROPPED: "was dropped",
}


class Errand:
    """What one command has to look at in the outbox, report by report.

    That is the period asked for. With `leftovers` it is what is still open of other periods as
    well: nobody is left out because a month has passed. With `preliminary` reports are queued
    whose period is not final yet.
    """

    def __init__(
        self,
        console: Console,
        rendering: Rendering,
        wanted: tuple[str, ...],
        leftovers: bool,
        *,
        preliminary: bool = False,
    ) -> None:
        self.console = console
        self.rendering = rendering
        self.store = open_store(rendering.settings)
        self.failed = False
        """Whether something of a customer could not be done."""
        self.seen: dict[str, dict[str, str]] = {}
        """The names of the customers looked at by their ids, by the label of the period."""
        self._wanted = wanted
        self._leftovers = leftovers
        self._preliminary = preliminary

    def reports(self, states: Collection[DeliveryState]) -> Iterator[Rendered]:
        """The newest reports, each with its rows in the outbox; of other periods than the one asked
        for, those with a row in one of these states.
        """
        asked_for = self.rendering.period
        assert asked_for is not None
        still_open = self._open(states) if self._leftovers else {}
        yield from self._reports_of(asked_for)
        for label, ids in still_open.items():
            if label != asked_for:
                yield from self._reports_of(label, ids)

    def unqueued(self) -> Iterator[Rendered]:
        """The newest reports of the period asked for; the outbox is left as it is."""
        assert self.rendering.period is not None
        yield from self._reports_of(self.rendering.period, queued=False)

    def fail(self, text: str, hint: str) -> None:
        """Say what could not be done of a customer, and remember that something could not."""
        self.console.warn(text, hint)
        self.failed = True

    def _open(self, states: Collection[DeliveryState]) -> dict[str, set[str]]:
        """The customers with something open, by the label of the period."""
        from reporter.store.outbox import deliveries_of

        customers: dict[str, set[str]] = {}
        for row in deliveries_of(self.store, states=states):
            if not row.given_up:
                customers.setdefault(row.period, set()).add(row.customer.id)
        return customers

    def _reports_of(
        self, label: str, ids: Collection[str] | None = None, *, queued: bool = True
    ) -> Iterator[Rendered]:
        """The reports of a period, of all customers wanted or of some."""
        from reporter.dispatch.reports import rendered
        from reporter.store.versions import versions_of

        rendering = replace(self.rendering, period=label)
        settings = rendering.settings
        for customer, name in stored_customers(self.console, rendering, self._wanted).items():
            if ids is not None and customer.id not in ids:
                continue
            if not settings.customer(customer.id).send and not self._wanted:
                continue
            if rendering.only_final and not versions_of(self.store, customer, label):
                continue  # which the rendering has said
            self.seen.setdefault(label, {})[customer.id] = customer.name
            try:
                report = rendered(rendering, self.store, customer, name)
                if queued:
                    self._queue(report)
            except ReporterError as error:
                if error.exit_code == UsageError.exit_code:
                    raise  # the configuration as a whole is wrong
                self.fail(f"Not {'queued' if queued else 'sent'}: {error}", error.hint)
            else:
                yield report

    def _queue(self, report: Rendered) -> None:
        """Queue a report for its recipients, or say why it is not to go yet."""
        from reporter.dispatch.recipients import queue_report
        from reporter.dispatch.sending import rows_of

        now, preliminary = utc_now(), self._preliminary
        is_queued = queue_report(self.rendering.settings, report, now, preliminary=preliminary)
        if not is_queued and not rows_of(report):
            self.console.say(
                f"Preliminary, so not queued for anyone: {report.customer.name}, "
                f"{report.period.label}. `reporter send --preliminary` queues it."
            )


def delivery_of(
    console: Console, out: Path | None, formats: tuple[str, ...] | None, period: str | None
) -> Rendering:
    """What is asked of a delivery.

    Raises:
        SettingsError: nothing says where reports are to go.
        UsageError: there is no such period.
    """
    settings = console.settings()
    if not settings.delivers:
        raise SettingsError(
            "No destination for reports is configured.",
            hint="Set `host` and `from` in [mail], or `folder` or `webhook` in [delivery].",
        )
    return rendering_of(settings, out, formats or settings.mail.formats, period, None, None)


def in_words(delivery: Delivery) -> str:
    """Which delivery it is, and the state it is in."""
    return (
        f"delivery {delivery.id} ({delivery.channel}, {delivery.recipient}) "
        f"{_STATES[delivery.state]}"
    )


def rows_in(report: Rendered, *states: DeliveryState) -> list[Delivery]:
    """The rows of a report in the outbox that are in one of these states."""
    from reporter.dispatch.sending import rows_of

    return [row for row in rows_of(report) if row.state in states]
