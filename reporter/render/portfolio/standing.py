"""How each customer stands, and what all of them amount to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from reporter.model import Customer, Policy, Product, Reason, Report, State
from reporter.period import Period
from reporter.render.watched import Watched

_ORDER: Final = tuple(State)
_BETTER_AND_BETTER: Final = (
    State.CRITICAL,
    State.ATTENTION,
    State.NEVER_RUN,
    State.NO_DATA,
    State.HEALTHY,
)
"""States between which a customer becomes better or worse. With nothing to back up or all switched
off it is neither.
"""
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
    """Of the completed jobs, as the customer's policy counts."""
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
    """Days of the period, as far as it has gone, on which nobody looked; None in what was stored
    before this was told.
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
    """Scopes of which nobody can say whether they met their recovery-point target."""
    open_exceptions: int = 0
    last_success_at: datetime | None = None
    as_of: datetime | None = None
    subscribed: bool = False
    """Whether anything is known of its subscription."""
    ending: tuple[Product, ...] = ()
    """The products that have expired or will within 60 days, the soonest first."""
    links: tuple[tuple[str, str], ...] = ()
    """What the customer's files are called, and where they are, seen from the portfolio."""

    @property
    def known(self) -> bool:
        """Whether the period says anything of the customer's backups."""
        return self.state is not None and (self.state is not State.NO_DATA or self.completed > 0)

    @property
    def needs_action(self) -> bool:
        return self.known and self.state not in AT_REST

    @property
    def complete(self) -> bool:
        """Whether every day of the period was observed, as far as it has gone."""
        if self.missed_days is None:
            return self.snapshot_days == self.days
        return not self.missed_days

    @property
    def target_met(self) -> bool | None:
        if self.success_rate is None or self.target is None:
            return None
        return self.success_rate >= self.target


def standing_of(report: Report, links: Mapping[str, str]) -> Standing:
    """What the portfolio shows of a report; `links` lead from the portfolio to its files."""
    totals, previous, coverage = report.totals, report.previous, report.coverage
    watched = Watched.of(report)
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
        stored_bytes=totals.stored_bytes,
        stored_change_bytes=totals.stored_change_bytes,
        modules_seen=coverage.modules_seen,
        modules_covered=coverage.modules_covered,
        snapshot_days=coverage.snapshot_days,
        days=coverage.days,
        missed_days=len(watched.missed_days),
        sparse=watched.sparse,
        final=report.final,
        looked_before=report.first_look is None,
        comparable=report.comparable,
        scopes_seen=coverage.scopes_seen,
        not_judged=report.not_judged,
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
    bytes: int | None
    """Of the customers for whom the service gives sizes; None where that is nobody."""
    sized: int
    """How many customers with jobs those are."""
    with_jobs: int
    stored_bytes: int | None
    """Of the customers of whom the service says what is stored; None where that is nobody."""
    told_stored: int
    """How many customers those are."""
    not_judged: int
    """Scopes of which nobody can say whether they met their recovery-point target."""

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
    """In another state now that is neither better nor worse: with nothing to back up, or all
    switched off, in one of the two periods.
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
    """The provider's, by which sizes are shown."""
    standings: tuple[Standing, ...]
    """The customers of whom something is known, worst first."""
    unknown: tuple[Standing, ...]
    """Those of whom nothing is: no verdict, and not healthy."""
    totals: Totals
    changes: Changes | None = field(repr=False)
    """None where nothing is known of the period before."""
    too_young: int = 0
    """Customers who are not among these: the period had ended before anything was known of them."""

    @property
    def ending(self) -> list[tuple[Standing, Product]]:
        """All customers' products that have expired or will within 60 days, the soonest first."""
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
    period: Period,
    standings: Iterable[Standing],
    policy: Policy | None = None,
    too_young: int = 0,
) -> Portfolio:
    """The portfolio of the customers' standings, in whatever order they come.

    `too_young` is how many further customers nothing was known of before the period had ended.
    """
    everybody = sorted(standings, key=_by_need)
    known = tuple(own for own in everybody if own.known)
    unknown = tuple(own for own in everybody if not own.known)
    return Portfolio(
        period,
        policy or Policy(),
        known,
        unknown,
        _totals(known, unknown),
        _changes(everybody),
        too_young,
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
        bytes=_volume(everybody),
        sized=sum(own.jobs > 0 and own.bytes is not None for own in everybody),
        with_jobs=sum(own.jobs > 0 for own in everybody),
        stored_bytes=_sum(own.stored_bytes for own in everybody),
        told_stored=sum(own.stored_bytes is not None for own in everybody),
        not_judged=sum(own.not_judged for own in everybody),
    )


def _volume(everybody: Iterable[Standing]) -> int | None:
    """Sum of the sizes; None where somebody gives none, and the others come to 0."""
    sizes = [own.bytes for own in everybody]
    given = sum(size or 0 for size in sizes)
    return None if not given and None in sizes else given


def _sum(sizes: Iterable[int | None]) -> int | None:
    """Sum of those that are known; None where none is."""
    known = [size for size in sizes if size is not None]
    return sum(known) if known else None


def _changes(everybody: list[Standing]) -> Changes | None:
    if all(own.previous_state is None for own in everybody):
        return None
    steps = {id(own): _step(own) for own in everybody}

    def those(
        *, known: bool, before: bool, fits: Callable[[Standing], bool] = lambda _: True
    ) -> tuple[Standing, ...]:
        return tuple(
            own
            for own in everybody
            if own.known is known and _known_before(own) is before and fits(own)
        )

    return Changes(
        worse=those(known=True, before=True, fits=lambda own: (steps[id(own)] or 0) < 0),
        better=those(known=True, before=True, fits=lambda own: (steps[id(own)] or 0) > 0),
        other=those(known=True, before=True, fits=lambda own: steps[id(own)] is None),
        new=those(
            known=True, before=False, fits=lambda own: bool(own.jobs) or not own.looked_before
        ),
        lost=those(known=False, before=True),
    )


def _known_before(standing: Standing) -> bool:
    if standing.previous_state is State.NO_DATA:
        return standing.previous_rate is not None
    return standing.previous_state is not None


def _step(standing: Standing) -> int | None:
    """How many states better than in the period before, below zero where worse; None where it is in
    another state that is neither.
    """
    now, before = standing.state, standing.previous_state
    if now is None or before is None or now is before:
        return 0
    if now not in _BETTER_AND_BETTER or before not in _BETTER_AND_BETTER:
        return None
    return _BETTER_AND_BETTER.index(now) - _BETTER_AND_BETTER.index(before)
