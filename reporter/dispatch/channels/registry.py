"""The channels: ours, and those that other packages add (docs/extending.md)."""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import Final, Protocol

from reporter.config.settings import Settings, secrets_of_channel
from reporter.delivery.interface import Channel, ChannelSettings
from reporter.dispatch.channels.folder import FolderChannel
from reporter.dispatch.channels.mail.channel import MailChannel
from reporter.dispatch.channels.webhook import WebhookChannel
from reporter.errors import ReporterError, SettingsError, UsageError
from reporter.run.assignment import Rendering
from reporter.run.outcome import attempted
from reporter.showing import keep_secret

GROUP: Final = "msp_backup_reporter.channels"
"""The group of entry points under which other packages register theirs."""
MAIL: Final = "mail"


class Ours(Channel, Protocol):
    """A channel of this package."""

    @classmethod
    def configured(cls, rendering: Rendering) -> Channel | None:
        """The channel as the configuration sets it up; None if it is not configured."""


OURS: Final[Mapping[str, type[Ours]]] = {
    "folder": FolderChannel,
    "webhook": WebhookChannel,
    MAIL: MailChannel,
}
"""Our channels by name, in the order in which they are used."""


def channels_of(rendering: Rendering) -> Mapping[str, Channel]:
    """The channels that the configuration sets up, by name.

    Raises:
        SettingsError: a channel of another package is not installed, cannot be used, or has a name
            that is already taken.
    """
    ours = {name: kind.configured(rendering) for name, kind in OURS.items()}
    added = _added()
    return {name: channel for name, channel in ours.items() if channel is not None} | {
        name: _opened(name, added, rendering.settings)
        for name in rendering.settings.delivery.channels.by_name
    }


def insist_on_a_channel(rendering: Rendering) -> None:
    """Insist that at least one channel is configured.

    Raises:
        SettingsError: no channel is configured.
    """
    if not channels_of(rendering):
        raise SettingsError(
            "No destination for reports is configured.",
            hint="Set `host` and `from` in [mail], or `folder` or `webhook` in [delivery].",
        )


def repeatable(channels: Mapping[str, Channel]) -> Set[str]:
    """The names of channels that repeat a delivery that was cut short, including ours that are no
    longer configured.
    """
    ours = {name for name, kind in OURS.items() if kind.repeatable}
    return ours | {name for name, channel in channels.items() if channel.repeatable}


def _added() -> Mapping[str, EntryPoint]:
    """The channels that other packages register, by name.

    Raises:
        SettingsError: two channels have the same name.
    """
    added: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUP):
        if entry.name in OURS or entry.name in added:
            package, other = _package_of(entry), "backup-reporter itself"
            mend = f"Uninstall {package}, or have its author rename the channel."
            if entry.name in added:
                other = f"the package {_package_of(added[entry.name])}"
                mend = "Uninstall one of the two packages."
            raise SettingsError(
                f"The package {package} adds a delivery channel {entry.name!r}; {other} already "
                "has one of that name.",
                hint=mend,
            )
        added[entry.name] = entry
    return added


def _opened(name: str, added: Mapping[str, EntryPoint], settings: Settings) -> Channel:
    """A channel of another package, with its own table of the configuration."""
    table = settings.delivery.channels.by_name[name]
    remove = f"remove [delivery.channels.{name}]"
    if name not in added:
        known = f"Channels that are installed: {', '.join(added)}." if added else ""
        raise SettingsError(
            f"No installed package adds the delivery channel {name!r}.",
            hint=f"Install its package into the environment of this program, or {remove}. {known}",
        )
    for secret in secrets_of_channel(table).values():
        keep_secret(secret)
    package = _package_of(added[name])
    given = ChannelSettings(table, settings.folder, settings.trust)
    made = attempted(partial(_made, added[name], given))
    if isinstance(made, ReporterError):
        raise SettingsError(
            f"The delivery channel {name!r} of the package {package} cannot be used: {made}",
            hint=made.hint
            if isinstance(made, UsageError)
            else f"Update or reinstall {package}, or {remove}.",
        )
    return made


def _made(entry: EntryPoint, given: ChannelSettings) -> Channel:
    made = entry.load()(given)
    if not isinstance(made, Channel):
        raise ReporterError(f"{entry.value} makes a {type(made).__name__}, which is not a channel.")
    return made


def _package_of(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value
