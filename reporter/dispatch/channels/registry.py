"""The channels there are."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Final, Protocol

from reporter.delivery.interface import Channel
from reporter.dispatch.channels.folder import FolderChannel
from reporter.dispatch.channels.mail.channel import MailChannel
from reporter.dispatch.channels.webhook import WebhookChannel
from reporter.errors import SettingsError
from reporter.run.assignment import Rendering

MAIL: Final = "mail"


class Ours(Channel, Protocol):
    """A channel of this package."""

    @classmethod
    def configured(cls, rendering: Rendering) -> Channel | None:
        """The channel as the configuration sets it up; None where it does not."""


OURS: Final[Mapping[str, type[Ours]]] = {
    "folder": FolderChannel,
    "webhook": WebhookChannel,
    MAIL: MailChannel,
}
"""By name, in the order in which they are used."""


def channels_of(rendering: Rendering) -> Mapping[str, Channel]:
    """The channels that the configuration sets up, by name."""
    ours = {name: kind.configured(rendering) for name, kind in OURS.items()}
    return {name: channel for name, channel in ours.items() if channel is not None}


def insist_on_a_channel(rendering: Rendering) -> None:
    """Insist that reports go anywhere.

    Raises:
        SettingsError: nothing says where.
    """
    if not channels_of(rendering):
        raise SettingsError(
            "No destination for reports is configured.",
            hint="Set `host` and `from` in [mail], or `folder` or `webhook` in [delivery].",
        )


def repeatable(channels: Mapping[str, Channel]) -> Set[str]:
    """The names of channels by which a delivery that was cut short is repeated; also of ours that
    are no longer configured.
    """
    ours = {name for name, kind in OURS.items() if kind.repeatable}
    return ours | {name for name, channel in channels.items() if channel.repeatable}
