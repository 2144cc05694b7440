"""What a channel is: a way in which reports are sent.

Ours are in `dispatch/channels/`. Other packages add theirs through entry points: docs/extending.md.
The name of a channel is the name under which it is registered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from reporter.delivery.result import Result
from reporter.model import Customer
from reporter.period import Period
from reporter.trust import Trust

Claiming = Callable[[Sequence[str]], None]
"""Called with recipients just before the byte is sent after which they may have the report. From
then on the outbox records, on disk, that their deliveries are on their way; the record stays if the
program is killed.
"""


class Report(Protocol):
    """One version of a customer's report, as it was rendered."""

    @property
    def customer(self) -> Customer:
        """The customer, under the name that the configuration gives."""

    @property
    def period(self) -> Period:
        """The period of the report, in the customer's time zone."""

    @property
    def name(self) -> str:
        """The name of the customer's folder, which no other customer has."""

    @property
    def figures(self) -> Mapping[str, Any]:
        """The content of the report's JSON (docs/figures.md)."""

    @property
    def files(self) -> Mapping[str, Path]:
        """Its files, by format. To send a file, use its `content`."""

    def content(self, suffix: str, /) -> bytes:
        """The file of a format.

        Raises:
            ReporterError: the file is missing, has changed since it was rendered, or is another
                customer's.
        """


@dataclass(frozen=True, slots=True)
class Parcel:
    """A report that is to be sent to recipients of one channel now."""

    report: Report
    recipients: Sequence[str]
    """The addresses of those who do not have the report yet, as the channel gave them when it was
    queued; at least one.
    """
    message_id: str
    """The same for all recipients of this version and for each try, so that the other side can
    recognize a repetition.
    """
    at: datetime
    """When the report is sent."""


@runtime_checkable
class Channel(Protocol):
    """A way in which reports are sent, as the configuration sets it up.

    It is made for one command, used in one thread, and connects to nothing before it has to. It
    has no access to the outbox, and does not record what it has delivered.
    """

    title: str
    """What `reporter check` calls it."""
    repeatable: bool
    """Whether a repeated delivery does no harm. If so, a delivery that was cut short is repeated;
    otherwise it is uncertain, and waits for a person.
    """
    on_failure: str
    """What to do if a delivery has failed, as far as the channel itself knows; may be empty."""
    on_refusals: str
    """What to do if two reports in a row are refused in the same words, which means that the cause
    is not in the reports; may be empty.
    """

    def recipients(self, customer: Customer) -> Mapping[str, str]:
        """The recipients of a customer's reports: addresses, each with its role (for instance
        "cc"), or "" if the channel has no roles. Addresses are shown to people, and must not be
        secret. Empty if the customer has no recipients by this channel.

        Raises:
            ReporterError: the configuration of this customer is wrong; its report is not queued for
                anyone.
        """

    def deliver(self, parcel: Parcel, committing: Claiming) -> Mapping[str, Result]:
        """Deliver a report, once; returns the result for each of the recipients. SENT means that
        the other side has confirmed that it has the report; REFUSED that it will never accept it;
        FAILED that it does not have the report, and the delivery is tried again; UNCERTAIN that it
        may have it.

        Call `committing` before the other side may have the report. If it raises, send nothing.

        Raises:
            ChannelError: the channel cannot be used now, for any customer; nobody has this report.
            ReporterError: this report cannot be delivered, and nobody has it. After `committing`,
                this or any other error leaves the delivery uncertain; if the channel is
                `repeatable`, failed.
        """

    def reach(self) -> str:
        """Try the channel without delivering anything; returns what was found, or an empty text if
        only a delivery could tell.

        Raises:
            ReporterError: the channel cannot be used.
        """

    def close(self) -> None:
        """Close everything that was opened; called once, at the end."""


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """The settings for a channel of another package. The entry point is called with them; it
    returns a `Channel`, or raises `SettingsError` if the table is wrong.
    """

    table: Mapping[str, Any] = field(repr=False)
    """`[delivery.channels.NAME]`, unchanged; values from the environment are texts."""
    folder: Path
    """The folder that relative paths of the configuration are relative to."""
    trust: Trust
    """Which certificates to trust, on every channel."""
