"""A letter as the bytes that are sent: the same letter, recipients and time give the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import PurePath
from typing import Final

from reporter.delivery.recipients import Address
from reporter.render.formats import FORMATS
from reporter.render.letter import Letter
from reporter.showing import one_line

# Bodies in ASCII: no server on the way has to support more.
_POLICY: Final = SMTP.clone(cte_type="7bit")
_OTHER_TYPES: Final = {"zip": "application/zip"}
"""Of files that are no reports."""
_ANY_TYPE: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    """As the recipient sees it, in any script."""
    content: bytes = field(repr=False)


def message_id_of(domain: str, *parts: str) -> str:
    """The id of exactly the message with these parts: `<hash@domain>`."""
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return f"<{digest[:32]}@{domain}>"


def message_of(
    letter: Letter,
    *,
    sender: Address,
    reply_to: Sequence[Address],
    to: Sequence[Address],
    cc: Sequence[Address],
    bcc: Sequence[Address] = (),
    message_id: str,
    sent_on: datetime,
    attachments: Sequence[Attachment],
) -> bytes:
    """The message, with the ends of line that SMTP wants.

    `bcc` shows in it: only for services that take it out themselves.
    """
    message = EmailMessage(_POLICY)
    message["From"] = _headers([sender])
    for name, addresses in (("Reply-To", reply_to), ("To", to), ("Cc", cc), ("Bcc", bcc)):
        if addresses:
            message[name] = _headers(addresses)
    message["Subject"] = one_line(letter.subject)
    message["Date"] = sent_on
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    if letter.logo:
        (_, page) = message.iter_parts()
        page.add_related(
            letter.logo,
            "image",
            "png",
            cid="<logo>",
            disposition="inline",
            filename="logo.png",
        )
    for attachment in attachments:
        _attach(message, attachment)
    _set_boundaries(message, message_id)
    return message.as_bytes()


def _headers(addresses: Sequence[Address]) -> list[HeaderAddress]:
    """Addresses for a header; a name is a brand's or a person's, and may hold anything."""
    return [
        HeaderAddress(one_line(address.name), addr_spec=address.address) for address in addresses
    ]


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    name = one_line(attachment.name)
    suffix = PurePath(name).suffix.lower()[1:]
    known = suffix in FORMATS.names()
    kind = FORMATS.get(suffix).media_type if known else _OTHER_TYPES.get(suffix, _ANY_TYPE)
    message.add_attachment(attachment.content, *kind.split("/"), filename=name)


def _set_boundaries(message: EmailMessage, message_id: str) -> None:
    """Boundaries that follow from the message; no line of base64 or quoted-printable has `=_`."""
    for number, part in enumerate(message.walk()):
        if part is not message:
            del part["MIME-Version"]  # the library gives each part one
        if part.is_multipart():
            digest = hashlib.sha256(f"{number} {message_id}".encode()).hexdigest()
            part.set_boundary(f"=_{digest[:40]}")
