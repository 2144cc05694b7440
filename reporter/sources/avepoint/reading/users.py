"""The list of users, read: who is protected in which module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from reporter.jobs import rows
from reporter.model import ListedUser, QualityKind, Unread
from reporter.sources.avepoint.reading.vocabularies import name_among

TWO_ANSWERS: Final = "one user both protected and not"
NO_LIST: Final = "not a list of modules"
_TRUTHS: Final = {"true": True, "false": False, "1": True, "0": False}
_MODULES: Final = {0: "Mailbox", 2: "OneDrive"}
"""What a user can be protected in, by numbers that this list alone has."""


def users_in(listed: Iterable[Mapping[str, Any]], unread: Unread) -> tuple[ListedUser, ...]:
    """The users in the rows about all tenants of a customer. What cannot be read is missing, and is
    counted in `unread`. A user listed twice counts once, as not protected if either row says so.
    """
    users: dict[str | int, ListedUser] = {}
    for number, row in enumerate(listed):
        user = _user(row, unread)
        place = user.key or number
        twin = users.get(place)
        users[place] = _together(twin, user, unread) if twin else user
    return tuple(users.values())


def _user(row: Mapping[str, Any], unread: Unread) -> ListedUser:
    address, name = _text(row, "email"), _text(row, "displayName")
    protected: dict[str, bool] = {}
    for module, is_protected in _statuses(row, unread):
        protected[module] = _merged(protected.get(module), is_protected, unread)
    return ListedUser(_text(row, "id") or address or name or "", name, address, protected)


def _statuses(row: Mapping[str, Any], unread: Unread) -> Iterator[tuple[str, bool]]:
    """The modules of a user, each with whether the user is protected in it."""
    listed = row.get("moduleStatus")
    if not isinstance(listed, list) or not all(isinstance(status, dict) for status in listed):
        if _text(row, "moduleStatus"):  # whose content may name the person
            unread[QualityKind.UNREADABLE, "moduleStatus", NO_LIST] += 1
        return
    for status in listed:
        # The vendor's table of fields and its sample differ in the first letter.
        module = name_among(_MODULES, _text(status, "module", "Module") or rows.ABSENT)
        if (code := rows.unknown_code(module)) is not None:
            unread[QualityKind.UNKNOWN_CODE, "module", code] += 1
        is_protected = status.get("isProtected", status.get("IsProtected"))
        if not isinstance(is_protected, bool):
            is_protected = _truth(rows.present(rows.text_of(is_protected)), unread)
        if is_protected is not None:
            yield module, is_protected


def _truth(text: str | None, unread: Unread) -> bool | None:
    """What a text says that stands in place of true or false; None where nothing is there."""
    if text is None:
        return None
    truth = _TRUTHS.get(text.casefold())
    if truth is None:
        unread[QualityKind.UNREADABLE, "isProtected", text] += 1
    return truth


def _together(one: ListedUser, other: ListedUser, unread: Unread) -> ListedUser:
    protected = dict(one.protected)
    for module, is_protected in other.protected.items():
        protected[module] = _merged(protected.get(module), is_protected, unread)
    return ListedUser(one.key, one.name or other.name, one.address or other.address, protected)


def _merged(before: bool | None, now: bool, unread: Unread) -> bool:
    if before is None or before is now:
        return now
    unread[QualityKind.CONTRADICTION, "isProtected", TWO_ANSWERS] += 1
    return False


def _text(fields: Mapping[str, Any], *names: str) -> str | None:
    """The text in the first of some fields that is there; None where nothing is."""
    for name in names:
        if (text := rows.present(rows.text_of(fields.get(name)))) is not None:
            return text
    return None
