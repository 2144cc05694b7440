"""What came of trying to deliver something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reporter.errors import ReporterError
from reporter.model import DeliveryState

Committing = Callable[[], None]
"""Called by a channel just before the byte after which the other side may have what is delivered:
if no answer comes after it, the delivery is `uncertain`; whatever fails before it was never
delivered.
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What the other side said."""

    state: DeliveryState
    """SENT, REFUSED for good, FAILED for now (it is tried again), or UNCERTAIN."""
    reason: str
    """The other side's words, or what went wrong."""
    wait_s: float | None = None
    """After how many seconds it wants to be asked again; None where it does not say."""


class ChannelError(ReporterError):
    """A channel cannot be used at all now: not reached; certificate, log-in or sender refused.

    Nothing was delivered; the same command finishes the work once it is mended.
    """
