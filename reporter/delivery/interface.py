"""What a channel is: a way in which reports are sent.

Ours are in `dispatch/channels/`. Other packages add theirs through entry points: docs/extending.md.
A channel is known by the name it is registered under.
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
"""Called with recipients just before the byte after which they may have the report. From then on
their deliveries are on their way, in the outbox and on the disk; whoever is killed there leaves
them so.
"""


class Report(Protocol):
    """One version of a customer's report, as it was rendered."""

    @property
    def customer(self) -> Customer:
        """Whose it is, under the name the configuration gives."""

    @property
    def period(self) -> Period:
        """What it is about, in the customer's time zone."""

    @property
    def name(self) -> str:
        """Of the customer's folder: no other customer has it."""

    @property
    def figures(self) -> Mapping[str, Any]:
        """As the JSON of the report has them (docs/figures.md)."""

    @property
    def files(self) -> Mapping[str, Path]:
        """Its files, by format; whoever sends one takes its `content`."""

    def content(self, suffix: str, /) -> bytes:
        """The file of a format.

        Raises:
            ReporterError: it is not there, is not what was rendered, or is another customer's.
        """


@dataclass(frozen=True, slots=True)
class Parcel:
    """A report that is to go to recipients of one channel now."""

    report: Report
    recipients: Sequence[str]
    """The addresses of those who are still to have it, as the channel gave them when it was queued;
    at least one.
    """
    message_id: str
    """The same for all recipients of this version, and each time it is tried, so that the other
    side can tell a repetition.
    """
    at: datetime
    """When it goes."""


@runtime_checkable
class Channel(Protocol):
    """A way in which reports are sent, as the configuration sets it up.

    It is made for one command, used in one thread, and connects to nothing before it has to. It
    knows nothing of the outbox, and keeps no account of what it has delivered.
    """

    title: str
    """What `reporter check` calls it."""
    repeatable: bool
    """Whether delivering again does no harm. Then a delivery that was cut short is repeated;
    otherwise it is uncertain, and waits for a person.
    """
    on_failure: str
    """What to do where a delivery has failed, as far as the channel alone tells; may be empty."""
    on_refusals: str
    """What to do where two reports in a row are refused in the same words, so that the fault is not
    in them; may be empty.
    """

    def recipients(self, customer: Customer) -> Mapping[str, str]:
        """Who is to have a customer's reports: addresses, each with its role, such as "cc", or ""
        where the channel has no roles. An address is shown to people, and so is no secret. Nobody
        where the customer has none by this channel.

        Raises:
            ReporterError: the configuration of this customer is wrong; its report is not queued for
                anyone.
        """

    def deliver(self, parcel: Parcel, committing: Claiming) -> Mapping[str, Result]:
        """Deliver a report, once; what came of it for each of the recipients. SENT means that the
        other side has said that it has it, REFUSED that it never will take it, FAILED that it does
        not have it and is tried again; UNCERTAIN that it may have it.

        `committing` is called before the other side may have it. If it raises, nothing may go.

        Raises:
            ChannelError: the channel cannot be used now, for any customer; nobody has this report.
            ReporterError: this report cannot be delivered, and nobody has it. After `committing`
                such an error, or one of any other kind, leaves the delivery uncertain; or failed,
                where the channel is `repeatable`.
        """

    def reach(self) -> str:
        """Try the channel without delivering anything; what was seen, or nothing where only a
        delivery would tell.

        Raises:
            ReporterError: it cannot be used.
        """

    def close(self) -> None:
        """Let go of what was opened; called once, at the end."""


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """What a channel of another package is made with. The entry point is called with it, returns a
    `Channel`, and raises `SettingsError` where the table is wrong.
    """

    table: Mapping[str, Any] = field(repr=False)
    """`[delivery.channels.NAME]`, as it is written; values from the environment are texts."""
    folder: Path
    """Where relative paths of the configuration start."""
    trust: Trust
    """Which certificates to trust, on every channel."""
