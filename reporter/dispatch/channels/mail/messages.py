"""Makes the message with a customer's report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from reporter.config.sections import MailSettings
from reporter.delivery.interface import Parcel, Report
from reporter.delivery.message import Attachment, message_of
from reporter.delivery.recipients import read_addresses
from reporter.dispatch.channels.mail.mailboxes import Mailboxes, mailboxes_of, sender_of
from reporter.errors import ReporterError
from reporter.render.letter import letter_of
from reporter.run.assignment import Rendering, look_of


def message_of_parcel(rendering: Rendering, parcel: Parcel, limit: int | None = None) -> bytes:
    """The message with a parcel's report.

    However late and however often it is sent, its id stays the same and only the date changes.
    Many servers refuse an old date, and mailboxes sort by it.

    Raises:
        ReporterError: the message cannot be made.
    """
    boxes = mailboxes_of(rendering.settings, parcel.report.customer)
    if by_headers := rendering.settings.mail.transport == "graph":
        # Everybody who is named in the message gets it, so it must name nobody who has it already.
        boxes = {
            role: [address for address in named if address.address in parcel.recipients]
            for role, named in boxes.items()
        }
    return compose(
        rendering,
        parcel.report,
        boxes,
        message_id=parcel.message_id,
        dated=parcel.at,
        limit=limit,
        name_hidden=by_headers,
    )


def compose(
    rendering: Rendering,
    report: Report,
    boxes: Mailboxes,
    *,
    message_id: str,
    dated: datetime,
    limit: int | None,
    name_hidden: bool = False,
    redirected_from: Sequence[str] = (),
) -> bytes:
    """The message with a report in the formats that `rendering` asks for.

    If it would be larger than `limit` or than [mail] allows, files other than the PDF or all files
    are left out, and the message says so. With `name_hidden` it names the bcc recipients, for
    services that read them there and remove them.

    Raises:
        ReporterError: a file cannot be sent, or even the smallest message is too large.
    """
    settings, customer = rendering.settings, report.customer
    mail = settings.mail
    limit = min((size for size in (limit, mail.max_size) if size), default=None)
    contents = {suffix: report.content(suffix) for suffix in rendering.formats}
    names = {suffix: report.files[suffix].name for suffix in contents}
    look = look_of(rendering, customer, report.period, report.name)
    link = _filled(mail.link, report)
    for kept in _ever_smaller(rendering.formats, mail):
        left_out = [name for suffix, name in names.items() if suffix not in kept]
        letter = letter_of(
            report.figures,
            look,
            attached=[names[suffix] for suffix in kept],
            left_out=left_out,
            link=link if left_out else "",
            redirected_from=redirected_from,
            root=look.known_root.root if look.known_root else "",
        )
        message = message_of(
            letter,
            sender=sender_of(settings),
            reply_to=read_addresses(mail.reply_to),
            to=boxes["to"],
            cc=boxes["cc"],
            bcc=boxes["bcc"] if name_hidden else (),
            message_id=message_id,
            sent_on=dated.astimezone(report.period.zone),
            attachments=[Attachment(names[suffix], contents[suffix]) for suffix in kept],
        )
        if limit is None or len(message) <= limit:
            return message
    raise ReporterError(
        f"The message for {customer.name} is larger than the {limit:,} bytes allowed.",
        hint="Set `link` in [mail], so that it can say where the files are, or send fewer formats.",
    )


def _ever_smaller(formats: Sequence[str], mail: MailSettings) -> list[Sequence[str]]:
    """The formats to attach, from all of them to the fewest allowed.

    A message without files is of use only if it can say where they are.
    """
    smaller: list[Sequence[str]] = [formats]
    if mail.oversize == "pdf" and "pdf" in formats and len(formats) > 1:
        smaller.append(("pdf",))
    return [*smaller, ()] if mail.link else smaller


def _filled(link: str, report: Report) -> str:
    """A link with the report's values in place of its placeholders."""
    places = {
        "{period}": report.period.label,
        "{customer}": report.name,
        "{id}": report.customer.id,
    }
    for place, value in places.items():
        link = link.replace(place, quote(value))
    return link
