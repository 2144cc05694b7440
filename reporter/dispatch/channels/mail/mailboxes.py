"""The recipients and the sender of messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from reporter.config.settings import Settings
from reporter.delivery.recipients import Address, RecipientError, read_addresses, refuse_foreign
from reporter.errors import ReporterError, SettingsError
from reporter.model import Customer

Role = Literal["to", "cc", "bcc"]
Mailboxes = Mapping[Role, Sequence[Address]]
"""The recipients of a message by role; no address is in it twice."""


def mailboxes_of(settings: Settings, customer: Customer) -> Mailboxes:
    """The recipients of a customer's messages; an address that is named twice keeps its first role.

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
