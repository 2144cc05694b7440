"""How each customer stands, and what all of them amount to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from reporter.model import Customer, Policy, Product, Reason, Report, State, rate
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
"""States between which a customer becomes better or worse. A customer with nothing to back up, or
with everything switched off, is neither.
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


def standing_of(report: Report, links: Mapping[str, str]) -> Standing:
    """What the portfolio shows of a report; `links` lead from the portfolio to its files."""
    totals, previous, coverage = report.totals, report.previous, report.coverage
    watched = Watched.of(report)
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
        succeeded=report.policy.successful(totals.outcomes),
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
        open_exceptions=sum(exception.open for exception in report.exceptions),
        last_success_at=totals.last_success_at,
        as_of=report.as_of,
        subscribed=report.subscription.absence is None,
        ending=tuple(product for product in report.subscription.products if product.ending),
        links=tuple(links.items()),
    )


def without_data(customer: Customer, why: str) -> Standing:
    """The standing of a customer whose report could not be made."""
    return Standing(customer, error=why)


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


def portfolio_of(
    period: Period,
    standings: Iterable[Standing],
    policy: Policy | None = None,
    too_young: int = 0,
) -> Portfolio:
    """The portfolio of the customers' standings, in whatever order they come.

    `too_young` counts further customers of whom nothing was known before the period ended.
    """
    everybody = sorted(standings, key=_by_need)
    known = tuple(standing for standing in everybody if standing.known)
    unknown = tuple(standing for standing in everybody if not standing.known)
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
    success_rate = 2.0 if standing.success_rate is None else standing.success_rate
    return rank, success_rate, standing.customer.name.casefold(), standing.customer.id


def _totals(known: tuple[Standing, ...], unknown: tuple[Standing, ...]) -> Totals:
    everybody = known + unknown
    counts = Counter(standing.state for standing in known)
    completed = sum(standing.completed for standing in everybody)
    succeeded = sum(standing.succeeded for standing in everybody)
    return Totals(
        customers=len(everybody),
        by_state={state: counts[state] for state in State},
        unknown=len(unknown),
        jobs=sum(standing.jobs for standing in everybody),
        completed=completed,
        success_rate=rate(succeeded, completed),
        bytes=_volume(everybody),
        sized=sum(standing.jobs > 0 and standing.bytes is not None for standing in everybody),
        with_jobs=sum(standing.jobs > 0 for standing in everybody),
        stored_bytes=_sum(standing.stored_bytes for standing in everybody),
        told_stored=sum(standing.stored_bytes is not None for standing in everybody),
        not_judged=sum(standing.not_judged for standing in everybody),
    )


def _volume(everybody: Iterable[Standing]) -> int | None:
    """The sum of the sizes; None where one is missing and the others add up to 0."""
    sizes = [standing.bytes for standing in everybody]
    given = sum(size or 0 for size in sizes)
    return None if not given and None in sizes else given


def _sum(sizes: Iterable[int | None]) -> int | None:
    """The sum of the known sizes; None where none is known."""
    known = [size for size in sizes if size is not None]
    return sum(known) if known else None


def _changes(everybody: list[Standing]) -> Changes | None:
    if all(standing.previous_state is None for standing in everybody):
        return None
    steps = {id(standing): _step(standing) for standing in everybody}

    def those(
        *, known: bool, before: bool, fits: Callable[[Standing], bool] = lambda _: True
    ) -> tuple[Standing, ...]:
        return tuple(
            standing
            for standing in everybody
            if standing.known is known and _known_before(standing) is before and fits(standing)
        )

    return Changes(
        worse=those(known=True, before=True, fits=lambda standing: (steps[id(standing)] or 0) < 0),
        better=those(known=True, before=True, fits=lambda standing: (steps[id(standing)] or 0) > 0),
        other=those(known=True, before=True, fits=lambda standing: steps[id(standing)] is None),
        new=those(
            known=True,
            before=False,
            fits=lambda standing: bool(standing.jobs) or not standing.looked_before,
        ),
        lost=those(known=False, before=True),
    )


def _known_before(standing: Standing) -> bool:
    if standing.previous_state is State.NO_DATA:
        return standing.previous_rate is not None
    return standing.previous_state is not None


def _step(standing: Standing) -> int | None:
    """How many states better than in the period before, negative where worse; None where the new
    state is neither better nor worse.
    """
    now, before = standing.state, standing.previous_state
    if now is None or before is None or now is before:
        return 0
    if now not in _BETTER_AND_BETTER or before not in _BETTER_AND_BETTER:
        return None
    return _BETTER_AND_BETTER.index(now) - _BETTER_AND_BETTER.index(before)
