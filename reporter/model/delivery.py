"""How far a delivery has come."""

from __future__ import annotations

from enum import StrEnum


class DeliveryState(StrEnum):
    """How far one delivery of one version of a report to one recipient has come."""

    QUEUED = "queued"
    """Waits for a person's yes."""
    APPROVED = "approved"
    """Goes with the next sending."""
    SENDING = "sending"
    """On its way now; or cut short there, which the next sending finds."""
    SENT = "sent"
    """The other side has said that it has it."""
    REFUSED = "refused"
    """The other side does not take it, and never will."""
    FAILED = "failed"
    """Not delivered; tried again later."""
    UNCERTAIN = "uncertain"
    """The other side may have it: nobody said. A person settles it."""
    WITHDRAWN = "withdrawn"
    """Not to be delivered: a newer version has replaced it, or it has lost its recipient."""
    DROPPED = "dropped"
    """Not to be delivered: a person has said so."""
