"""The users of a tenant, and in what each of them is protected."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from reporter.sources.avepoint.emulator.cast import Profile, Temper
from reporter.sources.avepoint.emulator.rows import Row

_MODULES: Final = {"Exchange Online": 0, "OneDrive": 2}
"""The modules that protect users, by the numbers they have in the list of users."""
_FIRST: Final = ("Anna", "Björn", "Chiara", "Dilek", "Emre", "Françoise", "Grace", "花子", "Idris")
_LAST: Final = ("Keller", "Lindqvist", "Moreau", "Nakamura", "O'Brien", "Petrov", "Ruiz", "山田")
_FEWEST: Final = 24
_MOST: Final = 140
"""More than stand on one page of the list."""
_FIRST_TO_JOIN: Final = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
_JOINS_EVERY: Final = timedelta(days=9)
_PROTECTED_AFTER: Final = timedelta(days=3)
"""How long it takes until a scan finds who has joined."""


@dataclass(frozen=True, slots=True)
class _User:
    number: int
    joined_at: datetime | None
    """None where that was long ago."""
    name: str
    lacking: frozenset[str]
    """The modules in which the user is never protected."""


def user_rows(seed: int, profile: Profile, tenant_id: str, now: datetime) -> list[Row]:
    """The users of a tenant now, in the order they joined. All are protected where all is calm,
    save those who have just joined.
    """
    plans = [
        plan
        for plan in profile.plans
        if plan.service == "Microsoft 365" and plan.module in _MODULES and plan.there_at(now)
    ]
    if not plans:
        return []
    calm = all(plan.temper is Temper.CALM for plan in plans)
    asleep = {plan.module for plan in plans if not plan.scheduled}
    rows = []
    for user in _users(f"{seed}:users:{tenant_id}", now):
        found = user.joined_at is None or user.joined_at + _PROTECTED_AFTER <= now
        statuses = [
            {
                "module": _MODULES[plan.module],
                "isProtected": found
                and plan.module not in asleep
                and (calm or plan.module not in user.lacking),
            }
            for plan in plans
        ]
        person = user.name.lower().replace(" ", ".")
        address = f"{person}{user.number}@{tenant_id[:8]}.example"
        rows.append(
            {
                "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, address)),
                "email": address,
                "displayName": user.name,
                "moduleStatus": statuses,
            }
        )
    return rows


def _users(seed: str, now: datetime) -> list[_User]:
    """Those who were there from the beginning, then one more every few days."""
    count = random.Random(seed).randrange(_FEWEST, _MOST)
    joined = max((now - _FIRST_TO_JOIN) // _JOINS_EVERY + 1, 0)
    users = [_user(seed, number, None) for number in range(count)]
    return users + [
        _user(seed, count + number, _FIRST_TO_JOIN + number * _JOINS_EVERY)
        for number in range(joined)
    ]


def _user(seed: str, number: int, joined_at: datetime | None) -> _User:
    chance = random.Random(f"{seed}:{number}")
    name = f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"
    lacking = {"Exchange Online": 0.03, "OneDrive": 0.08}
    return _User(
        number,
        joined_at,
        name,
        frozenset(module for module, share in lacking.items() if chance.random() < share),
    )
