"""What the commands about the outbox have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reporter.cli.options import Console
from reporter.cli.render import rendering_of, tell_choice

if TYPE_CHECKING:
    from reporter.dispatch.queueing import Notice
    from reporter.run.assignment import Rendering


def delivery_of(
    console: Console, out: Path | None, formats: tuple[str, ...] | None, period: str | None
) -> Rendering:
    """What is asked of a delivery.

    Raises:
        SettingsError: nothing says where reports are to go.
        UsageError: there is no such period.
    """
    from reporter.dispatch.channels.registry import insist_on_a_channel

    settings = console.settings()
    rendering = rendering_of(settings, out, formats or settings.mail.formats, period, None, None)
    insist_on_a_channel(rendering)
    return rendering


def tell(console: Console, notice: Notice, failed: str) -> bool:
    """Say why something of a customer does not go; whether that is a failure, which is called
    `failed`.
    """
    from reporter.dispatch.queueing import Fault, Preliminary

    if isinstance(notice, Fault):
        console.warn(f"{failed}: {notice.error}", notice.error.hint)
        return True
    if isinstance(notice, Preliminary):
        report = notice.report
        console.say(
            f"Preliminary, so not queued for anyone: {report.customer.name}, "
            f"{report.period.label}. `reporter send --preliminary` queues it."
        )
    else:
        tell_choice(console, notice.period, notice.choice)
    return False
