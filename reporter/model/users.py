"""Who of the customer's users is protected, and how people are named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from reporter.model.jobs import Absence

Names = Literal["full", "masked", "none"]
"""How people's names and addresses stand in documents."""

USUAL_NAMES: Final[Names] = "masked"
"""How, unless the provider chooses otherwise."""


@dataclass(frozen=True, slots=True)
class ListedUser:
    """A user as the service lists them."""

    key: str
    """What tells the user from others, in this list and in later ones; empty where nothing does."""
    name: str | None
    """As displayed; None where the service gives none."""
    address: str | None
    """None where the service gives none."""
    protected: Mapping[str, bool]
    """Whether the user is protected, by module; without modules for which it cannot be read."""


class Before(StrEnum):
    """What earlier lists say of a user without protection."""

    PROTECTED = "protected"
    """Was protected until then."""
    NOT_LISTED = "not listed"
    """Was not listed with the module: has joined since, or was given it."""
    UNPROTECTED = "unprotected"
    """Was without protection in each of them, back to the oldest."""


@dataclass(frozen=True, slots=True)
class UnprotectedUser:
    """A user without protection in one module."""

    module: str
    """As the service names it, such as `Mailbox`."""
    name: str | None
    """As displayed, in the form that `names` of the report allows; None where it allows none, or
    the service gives none."""
    address: str | None
    """The same of the address."""
    before: Before | None
    """How the user stood before; None where nothing tells one list's user from another's."""
    before_at: datetime | None
    """When the list was read that says so; the oldest of them for `unprotected`."""


@dataclass(frozen=True, slots=True)
class ModuleUsers:
    """The users of one module, counted."""

    module: str
    """As the service names it, such as `Mailbox`."""
    users: int
    """Those of whom the service says whether they are protected."""
    unprotected: int
    """Those of them that are not."""
    unprotected_before: int | None
    """How many were not by the last list before the period; None without one that has the module.
    """


@dataclass(frozen=True, slots=True)
class Users:
    """Which users are not protected."""

    as_of: datetime | None
    """When the service said so; None where it did not."""
    absence: Absence | None
    """Why nothing is known; None where something is."""
    modules: tuple[ModuleUsers, ...]
    """By module; empty where the service lists no user."""
    unprotected: tuple[UnprotectedUser, ...]
    """By module and name; a user may be in several modules."""
    unclear: int = 0
    """Users listed of whom the service does not say whether they are protected in any module."""
