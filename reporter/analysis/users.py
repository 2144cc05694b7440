"""Which users are not protected, and how each of them stood before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from reporter.analysis.naming import named, without_people
from reporter.analysis.protection import answered_at
from reporter.model import (
    Before,
    ListedUser,
    ModuleUsers,
    Names,
    Told,
    UnprotectedUser,
    Unread,
    Users,
)
from reporter.period import Period


@dataclass(frozen=True, slots=True)
class _List:
    """One earlier list: when it was read, and who is protected in which module by it."""

    at: datetime
    protected: Mapping[str, Mapping[str, bool]]


def users_of(told: Told, before: Sequence[Told], period: Period, names: Names) -> Users:
    """The users without protection by the list of a period; `before` are lists from before it, the
    newest first.
    """
    as_of = answered_at(told.answer, period)
    if as_of is None:
        return Users(None, told.answer.absence, (), ())
    earlier = [
        _List(at, {user.key: user.protected for user in listed.users if user.key})
        for listed in before
        if (at := answered_at(listed.answer, period)) is not None and at < as_of
    ]
    # Where the list of the period is itself from before it, there is nothing to compare it with.
    compared = before[0].users if before and answered_at(before[0].answer, period) != as_of else ()
    unprotected = [
        _unprotected(user, module, earlier, as_of, names)
        for user, module in sorted(_lacking(told.users), key=_in_order)
    ]
    unclear = sum(not user.protected for user in told.users)
    return Users(as_of, None, tuple(_counts(told.users, compared)), tuple(unprotected), unclear)


def unread_users(told: Told) -> Unread:
    """The values in a list of users that cannot be used, without what may name a person."""
    unread: Unread = Counter()
    for (kind, field, value), count in told.unread.items():
        unread[kind, field, without_people(value)] += count
    return unread


def _counts(users: Sequence[ListedUser], compared: Sequence[ListedUser]) -> Iterator[ModuleUsers]:
    now, then = _by_module(users), _by_module(compared)
    for module, statuses in sorted(now.items()):
        before = then.get(module)
        yield ModuleUsers(
            module,
            len(statuses),
            statuses.count(False),
            None if before is None else before.count(False),
        )


def _by_module(users: Sequence[ListedUser]) -> dict[str, list[bool]]:
    """Whether each user of a module is protected."""
    modules: dict[str, list[bool]] = {}
    for user in users:
        for module, is_protected in user.protected.items():
            modules.setdefault(module, []).append(is_protected)
    return modules


def _lacking(users: Sequence[ListedUser]) -> Iterator[tuple[ListedUser, str]]:
    """Each user with each module without protection."""
    for user in users:
        for module, is_protected in user.protected.items():
            if not is_protected:
                yield user, module


def _in_order(lacking: tuple[ListedUser, str]) -> tuple[str, ...]:
    user, module = lacking
    name = user.name or user.address or ""
    return module, name.casefold(), name, user.address or "", user.key


def _unprotected(
    user: ListedUser, module: str, earlier: Sequence[_List], as_of: datetime, names: Names
) -> UnprotectedUser:
    before, at = _stood(user.key, module, earlier, as_of) if user.key else (None, None)
    return UnprotectedUser(module, named(user.name, names), named(user.address, names), before, at)


def _stood(
    key: str, module: str, earlier: Sequence[_List], as_of: datetime
) -> tuple[Before, datetime]:
    """How a user stood by the newest earlier list by which they were not without protection."""
    oldest = as_of
    for listed in earlier:
        is_protected = listed.protected.get(key, {}).get(module)
        if is_protected is not False:
            return Before.PROTECTED if is_protected else Before.NOT_LISTED, listed.at
        oldest = listed.at
    return Before.UNPROTECTED, oldest
