"""Messages with reports, to the recipients of each customer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from reporter.delivery.interface import Claiming, Parcel, Report
from reporter.delivery.recipients import Address
from reporter.delivery.refusal import MAY_NOT_SEND
from reporter.delivery.result import ChannelError, Result
from reporter.dispatch.channels.mail.mailboxes import mailboxes_of
from reporter.dispatch.channels.mail.messages import compose, message_of_parcel
from reporter.dispatch.channels.mail.transports import Transport, transport_of
from reporter.errors import SettingsError
from reporter.files import write_whole
from reporter.model import Customer
from reporter.run.assignment import Rendering


class MailChannel:
    """`[mail]`. Its transport is opened when the first message is sent."""

    title = "mail"
    repeatable = False
    on_failure = ""
    on_refusals = MAY_NOT_SEND

    def __init__(self, rendering: Rendering) -> None:
        self._rendering = rendering
        self._opened: Transport | None = None

    @classmethod
    def configured(cls, rendering: Rendering) -> MailChannel | None:
        return cls(rendering) if rendering.settings.mail.configured else None

    def recipients(self, customer: Customer) -> Mapping[str, str]:
        boxes = mailboxes_of(self._rendering.settings, customer)
        return {mailbox.address: role for role in boxes for mailbox in boxes[role]}

    def deliver(self, parcel: Parcel, committing: Claiming) -> Mapping[str, Result]:
        transport = self._transport()
        message = message_of_parcel(self._rendering, parcel, transport.size_limit())
        return transport.send(message, parcel.recipients, committing)

    def write(self, parcel: Parcel) -> Path:
        """Write a message as `.eml` beside the report's files, as it would be sent now.

        Raises:
            ReporterError: the message cannot be made or cannot be written.
        """
        message = message_of_parcel(self._rendering, parcel)
        path = next(iter(parcel.report.files.values())).with_suffix(".eml")
        write_whole(path, lambda draft: draft.write_bytes(message))
        return path

    def send_to(self, address: Address, report: Report, message_id: str, at: datetime) -> Result:
        """Send the message with a report to somebody who is to look at it, and not to its
        recipients, which the message names.

        Raises:
            ChannelError: no message can be sent now.
            ReporterError: the message cannot be made.
        """
        boxes = mailboxes_of(self._rendering.settings, report.customer)
        message = compose(
            self._rendering,
            report,
            {"to": [address], "cc": [], "bcc": []},
            message_id=message_id,
            dated=at,
            limit=self._transport().size_limit(),
            redirected_from=[box.address for named in boxes.values() for box in named],
        )
        return self._transport().send(message, [address.address], _no_account)[address.address]

    def reach(self) -> str:
        return self._transport().reach()

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def _transport(self) -> Transport:
        """The transport of messages.

        Raises:
            ChannelError: the configuration of the transport is not complete.
        """
        if self._opened is None:
            try:
                self._opened = transport_of(self._rendering.settings)
            except SettingsError as error:  # it concerns all customers
                raise ChannelError(str(error), hint=error.hint) from error
        return self._opened


def _no_account(_: object) -> None:
    """Does nothing: the outbox does not record a message that is only to be looked at."""
