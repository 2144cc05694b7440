"""From a rendered report to its recipients: what is queued, and how it goes.

One customer's fault costs no other; nothing goes that is not, to the byte, what was approved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote

from reporter.credentials import NoSecret, find_secret
from reporter.delivery.folder import copy_files
from reporter.delivery.graph import GraphTransport
from reporter.delivery.identity import customer_in
from reporter.delivery.message import Attachment, message_id_of, message_of
from reporter.delivery.recipients import Address, read_addresses, refuse_foreign
from reporter.delivery.result import ChannelError, Result
from reporter.delivery.smtp import Login, Server, SmtpTransport
from reporter.delivery.webhook import post_summary, summary_of
from reporter.errors import ReporterError, SettingsError
from reporter.fetch.auth import ClientSecret, TokenAuth
from reporter.fetch.http import Exchange
from reporter.files import write_whole
from reporter.model import Customer, DeliveryState
from reporter.period import Period, parse_period
from reporter.pipeline import WRITERS, Clock, Rendering, files_of, look_of
from reporter.render.letter import letter_of
from reporter.settings import Settings
from reporter.store import Store
from reporter.store.outbox import (
    OPEN,
    Delivery,
    Move,
    Recipient,
    claim,
    cut_short,
    deliveries_of,
    move,
    queue,
)
from reporter.store.versions import Version, figures_of, versions_of

GIVEN_UP: Final = timedelta(days=5)
"""How long after its release a delivery is tried (RFC 5321, 4.5.4.1: four to five days)."""
FIRST_PAUSE: Final = timedelta(minutes=5)
LONGEST_PAUSE: Final = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A customer's newest rendered report, its files and its figures."""

    customer: Customer
    name: str
    """Of the customer's folder."""
    version: Version
    figures: Mapping[str, Any]
    files: Mapping[str, Path]
    """Those that are there to be delivered, by format."""


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What came of one customer's deliveries now."""

    customer: Customer
    deliveries: tuple[Delivery, ...] = ()
    """Those that were tried, as they are now."""
    error: ReporterError | None = None
    """Why some or all could not even be tried."""


class Transport(Protocol):
    """A way for messages to go."""

    def size_limit(self) -> int | None:
        """The largest message, in bytes; None where nothing is known of a limit."""

    def send(
        self, message: bytes, recipients: Sequence[str], committing: Callable[[Collection[str]], None]
    ) -> Mapping[str, Result]:
        """Send a message; what came of it for each recipient."""

    def close(self) -> None:
        """Let go of what was opened."""


def rendered(rendering: Rendering, store: Store, customer: Customer, name: str) -> Rendered:
    """The newest version of a customer's report, with its files where they were written to.

    Raises:
        ReporterError: there is none, or it was written elsewhere.
    """
    period = _period(rendering, customer)
    versions = versions_of(store, customer, period.label)
    if not versions:
        raise ReporterError(
            f"No report of {customer.name} for {period.label} has been rendered.",
            hint="Run `reporter render` first.",
        )
    version = versions[-1]
    wanted = files_of(replace(rendering, formats=tuple(WRITERS)), period, name)
    files = {
        suffix: path for suffix, path in wanted.items() if str(path.absolute()) in version.files
    }
    if not files:
        raise ReporterError(
            f"Version {version.number} of the report of {customer.name} for {period.label} is not "
            f"in {rendering.out}.",
            hint="Name the folder it was rendered to with --out, or run `reporter render`.",
        )
    figures = figures_of(store, customer, period.label, version.number)
    return Rendered(customer, name, version, figures, files)


def queue_report(rendering: Rendering, store: Store, report: Rendered) -> None:
    """Have the outbox hold a row for each recipient of a customer's newest report.

    Raises:
        ReporterError: a recipient cannot be read, or there is none.
    """
    settings = rendering.settings
    released = "no approval is asked for" if settings.mail.approval == "none" else ""
    queue(
        store,
        report.customer,
        report.figures["period"]["label"],
        report.version,
        recipients_of(settings, report.customer),
        _message_id(settings, report),
        rendering.now,
        released=released,
    )


def recipients_of(settings: Settings, customer: Customer) -> tuple[Recipient, ...]:
    """Who is to have a customer's reports, by every channel that is configured.

    Raises:
        ReporterError: a recipient cannot be read, is of a foreign domain, or there is none.
    """
    own = settings.customer(customer.id)
    if not own.send:
        return ()
    delivery = settings.delivery
    found = [Recipient("folder", delivery.folder)] if delivery.folder else []
    found += [Recipient("webhook", delivery.webhook)] if delivery.webhook else []
    if settings.mail.configured:
        found += _mailed_to(settings, customer)
    if not found:
        raise SettingsError(
            "Nothing says where reports are to go.",
            hint="Set `host` in [mail], or `folder` or `webhook` in [delivery].",
        )
    return tuple(found)


def _mailed_to(settings: Settings, customer: Customer) -> list[Recipient]:
    own = settings.customer(customer.id)
    try:
        by_role = {
            "to": read_addresses(own.recipients),
            "cc": read_addresses(own.cc),
            "bcc": read_addresses(own.bcc),
        }
        refuse_foreign([each for found in by_role.values() for each in found], own.allowed_domains)
    except ReporterError as error:
        raise ReporterError(f"{customer.name}: {error}", hint=error.hint) from error
    if not by_role["to"]:
        raise ReporterError(
            f"{customer.name} has no recipients.",
            hint=f'Set `recipients` in [[customers]] with id = "{customer.id}", '
            "or send = false if nobody is to have its reports.",
        )
    addresses: dict[str, Recipient] = {}
    for role, found in by_role.items():
        for each in found:
            # Whoever is named twice has the report once, in the first role.
            addresses.setdefault(
                each.address, Recipient("mail", each.address, role)  # type: ignore[arg-type]
            )
    return list(addresses.values())


def send_reports(
    rendering: Rendering, store: Store, reports: Sequence[Rendered], clock: Clock
) -> Iterator[Dispatched]:
    """Deliver what is approved and due of customers' reports; outcomes as they come.

    Hold the outbox meanwhile (`store.lock.held`).
    """
    cut_short(store, clock())
    broken: ReporterError | None = None
    with closing(_Mail(rendering.settings)) as mail:
        for report in reports:
            due = _due(store, report, clock())
            error = None
            for channel in dict.fromkeys(own.channel for own in due):
                parcel = [own for own in due if own.channel == channel]
                if channel == "mail" and broken is not None:
                    error = broken
                    continue
                try:
                    _deliver(rendering, store, report, parcel, mail, clock)
                except ChannelError as unusable:
                    # It would not be usable for the next customer either.
                    error = broken = unusable
                except ReporterError as fault:
                    error = fault
                    again = Move(DeliveryState.FAILED, str(fault), retry_at=clock())
                    moves = dict.fromkeys((own.id for own in parcel), again)
                    move(store, moves, clock(), out_of=OPEN)
            tried = {own.id for own in due}
            now = _rows(store, report)
            yield Dispatched(
                report.customer, tuple(own for own in now if own.id in tried), error
            )


def _rows(store: Store, report: Rendered) -> tuple[Delivery, ...]:
    """The rows of the outbox that are of this very version."""
    found = deliveries_of(
        store, customer=report.customer, period=report.figures["period"]["label"]
    )
    return tuple(own for own in found if own.version == report.version.number)


def _due(store: Store, report: Rendered, now: datetime) -> list[Delivery]:
    """What of a report is to go now."""
    return [
        own
        for own in _rows(store, report)
        if own.state is DeliveryState.APPROVED
        or (own.state is DeliveryState.FAILED and own.retry_at and own.retry_at <= now)
    ]


def _deliver(
    rendering: Rendering,
    store: Store,
    report: Rendered,
    parcel: Sequence[Delivery],
    mail: _Mail,
    clock: Clock,
) -> None:
    """Deliver a customer's report over one channel, and note what came of it.

    Raises:
        ReporterError: it could not be tried.
    """
    ids = {own.recipient: own.id for own in parcel}

    def committing(recipients: Collection[str] = tuple(ids)) -> None:
        claim(store, [ids[own] for own in recipients], clock())

    match parcel[0].channel:
        case "mail":
            results = mail.send(rendering, report, parcel, committing)
        case "folder":
            results = _copy(rendering, report, parcel, committing)
        case "webhook":
            results = _post(rendering, report, parcel, committing)
    now = clock()
    moves = {own.id: _move(own, results[own.recipient], now) for own in parcel}
    move(store, moves, now, out_of=(*OPEN, DeliveryState.SENDING))


def _move(delivery: Delivery, result: Result, now: datetime) -> Move:
    """What a result makes of a delivery, and when it is tried again."""
    retry_at, reason = None, result.reason
    if result.state is DeliveryState.FAILED:
        retry_at = now + pause(delivery.tries, result.wait_s)
        if retry_at - delivery.released_at > GIVEN_UP:
            retry_at, reason = None, f"{reason}; given up after {delivery.tries + 1} tries"
    return Move(result.state, reason, retry_at, tried=True)


def pause(tries: int, wait_s: float | None) -> timedelta:
    """How long to wait after so many tries before: twice as long each time, and no less than the
    other side asks for.
    """
    backoff = min(FIRST_PAUSE * 2 ** min(tries, 10), LONGEST_PAUSE)
    return max(backoff, timedelta(seconds=wait_s or 0))


def _content(report: Rendered, suffix: str) -> bytes:
    """A file of the report, if it is what was rendered, and this customer's.

    Raises:
        ReporterError: it is not there, has another content, or is another customer's.
    """
    path = report.files.get(suffix)
    if path is None:
        raise ReporterError(
            f"The report of {report.customer.name} was not rendered as {suffix}.",
            hint=f"Run `reporter render` with {suffix} in --format, or change `formats` in [mail].",
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ReporterError(
            f"{path} cannot be read: {error.strerror}.",
            hint="Run `reporter render`, which writes it again.",
        ) from error
    if hashlib.sha256(content).hexdigest() != report.version.files[str(path.absolute())]:
        raise ReporterError(
            f"{path} is not what was rendered: somebody has changed it.",
            hint="Run `reporter render`, which writes it again.",
        )
    if (found := customer_in(path)) != report.customer.id:
        raise ReporterError(
            f"{path} is a report of customer {found}, and not of {report.customer.name}.",
            hint="Nothing of it was sent. Run `reporter render`, and report this.",
        )
    return content


class _Mail:
    """Messages, and the connection they go over once the first of them does."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._transport: Transport | None = None

    @property
    def transport(self) -> Transport:
        if self._transport is None:
            self._transport = transport_of(self._settings)
        return self._transport

    def send(
        self,
        rendering: Rendering,
        report: Rendered,
        parcel: Sequence[Delivery],
        committing: Callable[[Collection[str]], None],
    ) -> Mapping[str, Result]:
        """Send one customer's message to those of its recipients who are due."""
        limit = self.transport.size_limit()
        message = _message_of_rows(rendering, report, parcel, limit)
        return self.transport.send(message, [own.recipient for own in parcel], committing)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def send_to(
    rendering: Rendering, reports: Sequence[Rendered], address: Address, clock: Clock
) -> Iterator[Dispatched]:
    """Send the messages of customers' reports to somebody who is to look at them, and not to their
    recipients. The outbox knows nothing of it.
    """
    settings = rendering.settings
    recipients = [Recipient("mail", address.address, "to")]
    with closing(_Mail(settings)) as mail:
        for report in reports:
            error = None
            try:
                named = [own.address for own in _mailed_to(settings, report.customer)]
                message = compose(
                    rendering,
                    report,
                    recipients,
                    message_id=_message_id(settings, report, address.address, clock().isoformat()),
                    dated=clock(),
                    limit=mail.transport.size_limit(),
                    redirected_from=named,
                )
                (result,) = mail.transport.send(message, [address.address], _nothing).values()
                if result.state is not DeliveryState.SENT:
                    error = ReporterError(f"{address} did not get it: {result.reason}.")
            except ChannelError:
                raise  # nor would the next one go
            except ReporterError as fault:
                error = fault
            yield Dispatched(report.customer, error=error)


def _nothing(_: Collection[str]) -> None:
    """Nobody keeps account of a message to oneself."""


def write_message(rendering: Rendering, store: Store, report: Rendered) -> Path | None:
    """Write the message of a customer's report as `.eml` beside its files, to the byte as it would
    go; None where nothing is open. The date is that of its release, and until then of its queueing.

    Raises:
        ReporterError: there can be no such message, or it cannot be written.
    """
    open_rows = [
        own for own in _rows(store, report) if own.channel == "mail" and own.state in OPEN
    ]
    if not open_rows:
        return None
    message = _message_of_rows(rendering, report, open_rows, None)
    label = report.figures["period"]["label"]
    path = rendering.out / label / report.name / f"{report.name}-backup-report-{label}.eml"
    write_whole(path, lambda draft: draft.write_bytes(message))
    return path


def _message_of_rows(
    rendering: Rendering, report: Rendered, rows: Sequence[Delivery], limit: int | None
) -> bytes:
    """The message that rows of the outbox stand for."""
    recipients: Sequence[Recipient] = _mailed_to(rendering.settings, report.customer)
    by_headers = rendering.settings.mail.transport == "graph"
    if by_headers:
        # Whoever is named in the message gets it: none of those who have it already.
        due = {own.recipient for own in rows}
        recipients = [own for own in recipients if own.address in due]
    return compose(
        rendering,
        report,
        recipients,
        message_id=rows[0].message_id,
        dated=rows[0].released_at,
        limit=limit,
        hidden=by_headers,
    )


def compose(
    rendering: Rendering,
    report: Rendered,
    recipients: Sequence[Recipient],
    *,
    message_id: str,
    dated: datetime,
    limit: int | None,
    hidden: bool = False,
    redirected_from: Sequence[str] = (),
) -> bytes:
    """The message with a customer's report in the formats asked for, to the byte.

    Where it would be larger than `limit`, the workbook is left out or all files are, as `oversize`
    in [mail] says, and it says so. With `hidden`, bcc recipients are named in it: for services that
    read them there and take them out.

    Raises:
        ReporterError: a file cannot be sent, or even the smallest message is too large.
    """
    settings = rendering.settings
    mail, customer = settings.mail, report.customer
    limit = min((own for own in (limit, mail.max_size) if own), default=None)
    contents = {suffix: _content(report, suffix) for suffix in rendering.formats}
    names = {suffix: report.files[suffix].name for suffix in contents}
    period = _period(rendering, customer)
    look = look_of(rendering, customer, period, report.name)
    link = _filled(mail.link, report)
    to, cc, bcc = (
        [Address("", own.address) for own in recipients if own.role == role]
        for role in ("to", "cc", "bcc")
    )
    for kept in _ever_smaller(rendering.formats, mail.oversize, bool(link)):
        left_out = [name for suffix, name in names.items() if suffix not in kept]
        letter = letter_of(
            report.figures,
            look,
            attached=[names[suffix] for suffix in kept],
            left_out=left_out,
            link=link if left_out else "",
            redirected_from=redirected_from,
        )
        message = message_of(
            letter,
            sender=sender_of(settings),
            reply_to=read_addresses(mail.reply_to),
            to=to,
            cc=cc,
            bcc=bcc if hidden else (),
            message_id=message_id,
            sent_on=dated.astimezone(period.zone),
            attachments=[Attachment(names[suffix], contents[suffix]) for suffix in kept],
        )
        if limit is None or len(message) <= limit:
            return message
    raise ReporterError(
        f"The message for {customer.name} is larger than the {limit:,} bytes allowed.",
        hint="Set `link` in [mail], so that it can say where the files are, or send fewer formats.",
    )


def _ever_smaller(formats: Sequence[str], oversize: str, linked: bool) -> list[Sequence[str]]:
    """Which files to attach, from all to as few as there may be.

    A message without any is of use only where it can say where they are.
    """
    smaller: list[Sequence[str]] = [formats]
    if oversize == "pdf" and "pdf" in formats and len(formats) > 1:
        smaller.append(("pdf",))
    return [*smaller, ()] if linked else smaller


def sender_of(settings: Settings) -> Address:
    """Who messages are from.

    Raises:
        SettingsError: `from` in [mail] is missing, or no address.
    """
    found = read_addresses(settings.mail.sender)
    if len(found) != 1:
        raise SettingsError(
            "`from` in [mail] is not one address.",
            hint='Write it as from = "Contoso Reports <reports@contoso.example>".',
        )
    return found[0]


def transport_of(settings: Settings) -> Transport:
    """The way that [mail] says messages go.

    Raises:
        SettingsError: something for it is missing.
    """
    mail = settings.mail
    sender = sender_of(settings).address
    if mail.transport == "graph":
        return GraphTransport(mail.graph_url, sender, _tokens(settings, _GRAPH_SCOPE))
    server = Server(mail.host, mail.port, mail.security, _login(settings))
    return SmtpTransport(server, sender, per_minute=mail.per_minute)


_GRAPH_SCOPE: Final = "https://graph.microsoft.com/.default"
_SMTP_SCOPE: Final = "https://outlook.office365.com/.default"


def _login(settings: Settings) -> Login | None:
    mail = settings.mail
    if not mail.username:
        return None
    if mail.oauth_token_url:
        return Login(mail.username, _tokens(settings, _SMTP_SCOPE).token, by_token=True)
    password = find_secret(settings, "mail.password").value
    return Login(mail.username, lambda: password)


def _tokens(settings: Settings, scope: str) -> TokenAuth:
    """Tokens for [mail], of the app registration named there."""
    mail = settings.mail
    for key in ("oauth_token_url", "oauth_client_id"):
        if not getattr(mail, key):
            raise SettingsError(
                f"{key} is not set in [mail].", hint="docs/operations.md, Mail, says what it is."
            )
    secret = find_secret(settings, "mail.oauth_client_secret")
    return TokenAuth(
        Exchange(),
        mail.oauth_token_url,
        mail.oauth_client_id,
        ClientSecret(secret.value, secret.origin),
        (mail.oauth_scope or scope,),
    )


def _copy(
    rendering: Rendering,
    report: Rendered,
    parcel: Sequence[Delivery],
    committing: Callable[[Collection[str]], None],
) -> Mapping[str, Result]:
    """Copy the report's files to a folder."""
    (delivery,) = parcel
    for suffix in report.files:
        _content(report, suffix)
    committing([delivery.recipient])
    place = f"{delivery.period}/{report.name}"
    return {
        delivery.recipient: copy_files(delivery.recipient, place, list(report.files.values()))
    }


def _post(
    rendering: Rendering,
    report: Rendered,
    parcel: Sequence[Delivery],
    committing: Callable[[Collection[str]], None],
) -> Mapping[str, Result]:
    """Post a summary of the report."""
    (delivery,) = parcel
    try:
        secret = find_secret(rendering.settings, "delivery.webhook_secret").value
    except NoSecret:
        secret = None  # not every receiver asks for a signature
    summary = summary_of(report.figures, list(report.files.values()), delivery.message_id)
    result = post_summary(
        delivery.recipient,
        summary,
        message_id=delivery.message_id,
        secret=secret,
        committing=lambda: committing([delivery.recipient]),
    )
    return {delivery.recipient: result}


def _message_id(settings: Settings, report: Rendered, *more: str) -> str:
    """The same for the same version, whoever asks and however often."""
    try:
        domain = sender_of(settings).address.rpartition("@")[2]
    except ReporterError:
        if settings.mail.configured:
            raise
        domain = "reports.invalid"  # a name for deliveries that are no mail
    version = report.version
    label = report.figures["period"]["label"]
    parts = (report.customer.id, label, str(version.number), version.figures_sha256)
    return message_id_of(domain, *parts, *more)


def _filled(link: str, report: Rendered) -> str:
    """A link to where a customer's files are."""
    label = report.figures["period"]["label"]
    places = {"{period}": label, "{customer}": report.name, "{id}": report.customer.id}
    for place, value in places.items():
        link = link.replace(place, quote(value))
    return link


def _period(rendering: Rendering, customer: Customer) -> Period:
    own = rendering.settings.report_for(customer.id, timezone=rendering.timezone)
    return parse_period(rendering.period, own.timezone, rendering.now)
