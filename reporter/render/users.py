"""Users without protection in words: the messages of their part, or why it is empty."""

from __future__ import annotations

from typing import Final

from reporter.model import Before, Lack, ModuleUsers, Names, UnprotectedUser, Users
from reporter.render.text import Words, marked

_NO_USERS: Final = {
    Lack.NOT_PERMITTED: marked(
        "The app registration may not read which users are protected: it lacks the permission "
        "{said}, or leaves this customer out."
    ),
    Lack.NOT_THERE: marked("The service does not know which users of this customer are protected."),
    Lack.FAILED: marked("Which users are protected could not be read. {said}"),
    Lack.NEVER_FETCHED: marked(
        "The list of users was not fetched for this period; only generation 3 of the API has it."
    ),
    Lack.SAVED_REPLIES: marked("The saved replies about jobs say nothing of users."),
}
_BEFORE: Final = {
    Before.PROTECTED: marked("still protected on {day}"),
    Before.NOT_LISTED: marked("not listed on {day}"),
    Before.UNPROTECTED: marked("unprotected in every list since {day}"),
}
NAMING: Final[dict[Names, str]] = {
    "full": marked("People's names and addresses are given in full."),
    "masked": marked("The workbook lists them, with names and addresses masked."),
    "none": marked("This report does not name them."),
}
"""How people are named, in a sentence."""


def no_users(users: Users, words: Words) -> str | None:
    """Why there are no users to show; None where there are."""
    if absence := users.absence:
        return words.say(_NO_USERS[absence.kind], said=absence.said)
    if not users.modules and users.unclear:
        return words.count(
            "The service lists {number} user, and does not say whether the user is protected.",
            "The service lists {number} users, and does not say which of them are protected.",
            users.unclear,
        )
    if not users.modules:
        return words.say("The service lists no user of this customer.")
    return None


def users_title(users: Users, words: Words) -> str:
    """The message: how many users are not protected where most are not, or that all are."""
    if not users.modules:
        return words.say("Users without protection")
    worst = max(users.modules, key=lambda module: module.unprotected)
    if not worst.unprotected and users.unclear:
        return words.count(
            "No user is known to be unprotected; for {number}, the service does not say",
            "No user is known to be unprotected; for {number}, the service does not say",
            users.unclear,
        )
    if not worst.unprotected:
        return words.say("Every user listed is protected")
    return words.count(
        "{module}: {unprotected} of {number} user without protection",
        "{module}: {unprotected} of {number} users without protection",
        worst.users,
        module=worst.module,
        unprotected=words.number(worst.unprotected),
    )


def users_line(users: Users, words: Words) -> list[str]:
    """The line of page one: users without protection by module, and the change."""
    if not users.modules:
        return []
    parts = [
        words.say(
            "{module} {unprotected} of {users} ({change})",
            module=words.name(module.module),
            unprotected=words.number(module.unprotected),
            users=words.number(module.users),
            change=change_of(module, words),
        )
        for module in users.modules
    ]
    return [words.say("Users without protection: {modules}.", modules=words.say(", ").join(parts))]


def change_of(module: ModuleUsers, words: Words) -> str:
    """How many more or fewer users are without protection than before."""
    before = module.unprotected_before
    if before is None:
        return words.say("no earlier list")
    difference = module.unprotected - before
    if difference > 0:
        return words.count("{number} more than before", "{number} more than before", difference)
    if difference < 0:
        return words.count("{number} fewer than before", "{number} fewer than before", -difference)
    return words.say("unchanged")


def stood_before(user: UnprotectedUser, words: Words) -> str | None:
    """How a user stood before; None where nobody can tell."""
    if user.before is None or user.before_at is None:
        return None
    return words.say(_BEFORE[user.before], day=words.whole_day(user.before_at))
