"""Who is to have a customer's reports, and the rows in the outbox that stand for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, get_args
from urllib.parse import urlsplit

from reporter.config.settings import Settings
from reporter.delivery.message import message_id_of
from reporter.delivery.recipients import Address, RecipientError, read_addresses, refuse_foreign
from reporter.dispatch.reports import Rendered
from reporter.errors import ReporterError, SettingsError
from reporter.model import Customer
from reporter.store.outbox import Recipient, queue, withdraw_replaced

Role = Literal["to", "cc", "bcc"]
Mailboxes = Mapping[Role, Sequence[Address]]
"""To whom a message goes; nobody is named twice."""

_NO_MAIL: Final = "reports.invalid"
"""A domain for the ids of deliveries where there is no mail, and so no sender."""


def queue_report(
    settings: Settings, report: Rendered, now: datetime, *, preliminary: bool = False
) -> bool:
    """Have the outbox hold a row for each recipient of a customer's newest report; returns whether
    the report is to be queued. A preliminary report is queued only on request: otherwise open
    deliveries of its earlier versions are withdrawn.

    Raises:
        ReporterError: a recipient cannot be read, or there is none.
    """
    if not (report.version.closed or preliminary):
        withdraw_replaced(report.store, report.customer, report.period.label, report.version, now)
        return False
    queue(
        report.store,
        report.customer,
        report.period.label,
        report.version,
        recipients_of(settings, report.customer),
        message_id(settings, report),
        now,
        released="no approval is required" if settings.mail.approval == "none" else "",
    )
    return True


def recipients_of(settings: Settings, customer: Customer) -> tuple[Recipient, ...]:
    """Who is to have a customer's reports, by every channel that is configured.

    Raises:
        ReporterError: a recipient cannot be read, is of a foreign domain, or there is none.
    """
    if not settings.customer(customer.id).send:
        return ()
    delivery = settings.delivery
    recipients = [Recipient("folder", delivery.folder)] if delivery.folder else []
    recipients += [Recipient("webhook", _host(delivery.webhook))] if delivery.webhook else []
    if settings.mail.configured:
        boxes = mailboxes_of(settings, customer)
        recipients += [
            Recipient("mail", mailbox.address, role) for role in boxes for mailbox in boxes[role]
        ]
    return tuple(recipients)


def _host(url: str) -> str:
    """The part of a web address that is not secret: whoever knows the whole address of a chat's
    webhook can write there.
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def mailboxes_of(settings: Settings, customer: Customer) -> Mailboxes:
    """To whom a customer's messages go; an address that is named twice keeps its first role.

    Raises:
        ReporterError: an address cannot be read, is of a foreign domain, or there is none.
    """
    configured = settings.customer(customer.id)
    by_role = (configured.recipients, configured.cc, configured.bcc)
    boxes: dict[Role, Sequence[Address]] = {}
    seen: set[str] = set()
    try:
        for role, addresses in zip(get_args(Role), by_role, strict=True):
            boxes[role] = [box for box in read_addresses(addresses) if box.address not in seen]
            seen |= {box.address for box in boxes[role]}
        mailboxes = [mailbox for of_role in boxes.values() for mailbox in of_role]
        refuse_foreign(mailboxes, configured.allowed_domains)
    except RecipientError as error:
        raise ReporterError(f"{customer.name}: {error}", hint=error.hint) from error
    if not boxes["to"]:
        raise ReporterError(
            f"{customer.name} has no recipients.",
            hint=f'Set `recipients` in [[customers]] with id = "{customer.id}"; '
            "or send = false if nobody is to get its reports.",
        )
    return boxes


def sender_of(settings: Settings) -> Address:
    """The sender of messages.

    Raises:
        SettingsError: `from` in [mail] is missing, or not one address.
    """
    try:
        (sender,) = read_addresses(settings.mail.sender)
    except ValueError as error:
        raise SettingsError(
            "`from` in [mail] must be one address.",
            hint='Write it as from = "Contoso Reports <reports@contoso.example>".',
        ) from error
    return sender


def message_id(settings: Settings, report: Rendered, *more: str) -> str:
    """The id of a message: the same for the same version of a report, whoever asks and however
    often.

    Raises:
        SettingsError: mail is configured without a sender.
    """
    domain = sender_of(settings).domain if settings.mail.configured else _NO_MAIL
    version = report.version
    parts = (report.period.label, str(version.number), version.figures_sha256)
    return message_id_of(domain, report.customer.id, *parts, *more)
