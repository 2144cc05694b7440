"""How each customer stands, and what all of them amount to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from reporter.model import Customer, Policy, Product, Reason, Report, State
from reporter.period import Period

_ORDER: Final = tuple(State)


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
    """Of the completed jobs, as the customer's policy counts."""
    failed: int = 0
    bytes: int = 0
    previous_bytes: int | None = None
    modules_seen: int = 0
    modules_covered: int = 0
    snapshot_days: int = 0
    days: int = 0
    open_exceptions: int = 0
    last_success_at: datetime | None = None
    as_of: datetime | None = None
    subscribed: bool = False
    """Whether anything is known of its subscription."""
    ending: tuple[Product, ...] = ()
    """The products that have expired or do within 60 days, the soonest first."""
    links: tuple[tuple[str, str], ...] = ()
    """What the customer's files are called, and where they are, seen from the portfolio."""

    @property
    def known(self) -> bool:
        """Whether the period says anything of the customer's backups."""
        return self.state is not None and (self.state is not State.NO_DATA or self.completed > 0)

    @property
    def needs_action(self) -> bool:
        return self.known and self.state is not State.HEALTHY

    @property
    def target_met(self) -> bool | None:
        if self.success_rate is None or self.target is None:
            return None
        return self.success_rate >= self.target


def standing_of(report: Report, links: Mapping[str, str]) -> Standing:
    """What the portfolio shows of a report; `links` lead from the portfolio to its files."""
    totals, previous, coverage = report.totals, report.previous, report.coverage
    counted = totals.warning if report.policy.warning == "success" else 0
    return Standing(
        customer=report.customer,
        state=report.state,
        reason=report.reasons[0] if report.reasons else None,
        previous_state=previous.state if previous else None,
        success_rate=totals.success_rate,
        previous_rate=previous.totals.success_rate if previous else None,
        target=report.policy.success_target(),
        jobs=totals.jobs,
        completed=totals.completed,
        succeeded=totals.success + counted,
        failed=totals.failed,
        bytes=totals.bytes,
        previous_bytes=previous.totals.bytes if previous else None,
        modules_seen=coverage.modules_seen,
        modules_covered=coverage.modules_covered,
        snapshot_days=coverage.snapshot_days,
        days=coverage.days,
        open_exceptions=sum(own.open for own in report.exceptions),
        last_success_at=totals.last_success_at,
        as_of=report.as_of,
        subscribed=report.subscription.absence is None,
        ending=tuple(own for own in report.subscription.products if own.ending),
        links=tuple(links.items()),
    )


def without_data(customer: Customer, why: str) -> Standing:
    """The standing of a customer of whom no report could be made."""
    return Standing(customer, error=why)


@dataclass(frozen=True, slots=True)
class Totals:
    """What all customers amount to."""

    customers: int
    by_state: Mapping[State, int]
    """Customers of whom something is known, by state."""
    unknown: int
    jobs: int
    completed: int
    success_rate: float | None
    """Of all completed jobs of all customers; None where there are none."""
    bytes: int

    @property
    def known(self) -> int:
        return self.customers - self.unknown

    @property
    def need_action(self) -> int:
        return self.known - self.by_state[State.HEALTHY]


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of customers since the period before."""

    worse: tuple[Standing, ...]
    better: tuple[Standing, ...]
    new: tuple[Standing, ...]
    """Known now, and not in the period before."""
    lost: tuple[Standing, ...]
    """Known in the period before, and not now."""


@dataclass(frozen=True, slots=True)
class Portfolio:
    """All customers of a provider in one period."""

    period: Period
    policy: Policy
    """The provider's, by which sizes are shown."""
    standings: tuple[Standing, ...]
    """The customers of whom something is known, worst first."""
    unknown: tuple[Standing, ...]
    """Those of whom nothing is: no verdict, and not healthy."""
    totals: Totals
    changes: Changes | None = field(repr=False)
    """None where nothing is known of the period before."""

    @property
    def ending(self) -> list[tuple[Standing, Product]]:
        """All customers' products that have expired or do within 60 days, the soonest first."""
        everybody = (*self.standings, *self.unknown)
        found = [(own, product) for own in everybody for product in own.ending]
        return sorted(found, key=lambda own: (own[1].expires_on, own[0].customer.name))

    @property
    def unsubscribed(self) -> int:
        """Customers of whose subscription nothing is known."""
        return sum(not own.subscribed for own in (*self.standings, *self.unknown))

    @property
    def as_of(self) -> datetime | None:
        """The last fetch any of the reports rests on."""
        everybody = (*self.standings, *self.unknown)
        return max((own.as_of for own in everybody if own.as_of), default=None)


def portfolio_of(
    period: Period, standings: Iterable[Standing], policy: Policy | None = None
) -> Portfolio:
    """The portfolio of the customers' standings, in whatever order they come."""
    everybody = sorted(standings, key=_by_need)
    known = tuple(own for own in everybody if own.known)
    unknown = tuple(own for own in everybody if not own.known)
    return Portfolio(
        period, policy or Policy(), known, unknown, _totals(known, unknown), _changes(everybody)
    )


def _by_need(standing: Standing) -> tuple[int, float, str, str]:
    """Worst state first, then the lowest rate; the name makes the order the same every time."""
    rank = len(_ORDER) if standing.state is None else _ORDER.index(standing.state)
    rate = 2.0 if standing.success_rate is None else standing.success_rate
    return rank, rate, standing.customer.name.casefold(), standing.customer.id


def _totals(known: tuple[Standing, ...], unknown: tuple[Standing, ...]) -> Totals:
    everybody = known + unknown
    counts = Counter(own.state for own in known)
    completed = sum(own.completed for own in everybody)
    succeeded = sum(own.succeeded for own in everybody)
    return Totals(
        customers=len(everybody),
        by_state={state: counts[state] for state in State},
        unknown=len(unknown),
        jobs=sum(own.jobs for own in everybody),
        completed=completed,
        success_rate=succeeded / completed if completed else None,
        bytes=sum(own.bytes for own in everybody),
    )


def _changes(everybody: list[Standing]) -> Changes | None:
    if all(own.previous_state is None for own in everybody):
        return None
    steps = {id(own): _step(own) for own in everybody}

    def those(*, known: bool, before: bool, direction: int = 0) -> tuple[Standing, ...]:
        return tuple(
            own
            for own in everybody
            if own.known is known
            and _known_before(own) is before
            and (not direction or steps[id(own)] * direction > 0)
        )

    return Changes(
        worse=those(known=True, before=True, direction=-1),
        better=those(known=True, before=True, direction=1),
        new=those(known=True, before=False),
        lost=those(known=False, before=True),
    )


def _known_before(standing: Standing) -> bool:
    if standing.previous_state is State.NO_DATA:
        return standing.previous_rate is not None
    return standing.previous_state is not None


def _step(standing: Standing) -> int:
    """How many states better than in the period before; below zero where worse."""
    if standing.state is None or standing.previous_state is None:
        return 0
    return _ORDER.index(standing.state) - _ORDER.index(standing.previous_state)
