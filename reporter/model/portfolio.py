"""How each customer stands, and what all of them come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from reporter.model.figures import Reason, State
from reporter.model.jobs import Customer
from reporter.model.policy import Policy
from reporter.model.protection import Product
from reporter.period import Period

AT_REST: Final = frozenset({State.HEALTHY, State.IDLE, State.OFF})
"""States that ask for no action."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the portfolio shows of one customer. Small: it travels between processes."""

    customer: Customer
    state: State | None = None
    """None where no report could be made: `error` says why."""
    error: str | None = None
    reason: Reason | None = None
    """The most pressing one."""
    previous_state: State | None = None
    success_rate: float | None = None
    previous_rate: float | None = None
    target: float | None = None
    jobs: int = 0
    completed: int = 0
    succeeded: int = 0
    """How many of the completed jobs succeeded, as the customer's policy counts."""
    failed: int = 0
    bytes: int | None = 0
    """None where the service gives no sizes."""
    previous_bytes: int | None = None
    stored_bytes: int | None = None
    stored_change_bytes: int | None = None
    modules_seen: int = 0
    modules_covered: int = 0
    snapshot_days: int = 0
    days: int = 0
    missed_days: int | None = None
    """Days of the period so far on which nobody looked; None in a standing stored before this was
    recorded.
    """
    sparse: bool = False
    """Whether so much of the period went unwatched that jobs may not have been seen."""
    final: bool = True
    """Whether the period has been looked at after its end."""
    looked_before: bool = False
    """Whether somebody looked at the customer before the period."""
    comparable: bool = False
    """Whether this period and the one before were watched closely enough to compare."""
    scopes_seen: int = 0
    not_judged: int = 0
    """Scopes whose recovery-point target cannot be judged."""
    open_exceptions: int = 0
    last_success_at: datetime | None = None
    as_of: datetime | None = None
    subscribed: bool = False
    """Whether anything is known of its subscription."""
    ending: tuple[Product, ...] = ()
    """The products that have expired or will within 60 days, the soonest first."""
    links: tuple[tuple[str, str], ...] = ()
    """The names of the customer's files, and their paths relative to the portfolio."""

    @property
    def known(self) -> bool:
        """Whether the period says anything of the customer's backups."""
        return self.state is not None and (self.state is not State.NO_DATA or self.completed > 0)

    @property
    def needs_action(self) -> bool:
        return self.known and self.state not in AT_REST

    @property
    def complete(self) -> bool:
        """Whether every day of the period so far was observed."""
        if self.missed_days is None:
            return self.snapshot_days == self.days
        return not self.missed_days

    @property
    def target_met(self) -> bool | None:
        if self.success_rate is None or self.target is None:
            return None
        return self.success_rate >= self.target


@dataclass(frozen=True, slots=True)
class Totals:
    """What all customers amount to."""

    customers: int
    by_state: Mapping[State, int]
    """Customers with data, by state."""
    unknown: int
    jobs: int
    completed: int
    success_rate: float | None
    """Of all completed jobs of all customers; None where there are none."""
    bytes: int | None
    """Of the customers for whom the service gives sizes; None where there are none."""
    sized: int
    """How many customers with jobs those are."""
    with_jobs: int
    stored_bytes: int | None
    """Of the customers for whom the service says what is stored; None where there are none."""
    told_stored: int
    """How many customers those are."""
    not_judged: int
    """Scopes whose recovery-point target cannot be judged."""

    @property
    def known(self) -> int:
        return self.customers - self.unknown

    @property
    def need_action(self) -> int:
        return self.known - sum(self.by_state[state] for state in AT_REST)


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of customers since the period before."""

    worse: tuple[Standing, ...]
    better: tuple[Standing, ...]
    other: tuple[Standing, ...]
    """In another state that is neither better nor worse: in one of the two periods there was
    nothing to back up, or everything was switched off.
    """
    new: tuple[Standing, ...]
    """Known now, and not in the period before."""
    lost: tuple[Standing, ...]
    """Known in the period before, and not now."""


@dataclass(frozen=True, slots=True)
class Portfolio:
    """All customers of a provider in one period."""

    period: Period
    policy: Policy
    """The provider's policy, which sets the units of sizes."""
    standings: tuple[Standing, ...]
    """The customers with data, worst first."""
    unknown: tuple[Standing, ...]
    """The customers without data: they have no verdict, and do not count as healthy."""
    totals: Totals
    changes: Changes | None = field(repr=False)
    """None where nothing is known of the period before."""
    too_young: int = 0
    """How many customers are left out: nothing was known of them before the period ended."""

    @property
    def ending(self) -> list[tuple[Standing, Product]]:
        """All customers' products that have expired or will within 60 days, the soonest first."""
        everybody = (*self.standings, *self.unknown)
        endings = [(standing, product) for standing in everybody for product in standing.ending]
        return sorted(endings, key=lambda ending: (ending[1].expires_on, ending[0].customer.name))

    @property
    def unsubscribed(self) -> int:
        """Customers of whose subscription nothing is known."""
        return sum(not standing.subscribed for standing in (*self.standings, *self.unknown))

    @property
    def as_of(self) -> datetime | None:
        """The last fetch any of the reports rests on."""
        everybody = (*self.standings, *self.unknown)
        return max((standing.as_of for standing in everybody if standing.as_of), default=None)
