"""How each customer of a portfolio stands, and what all of them come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from reporter.model import (
    Changes,
    Customer,
    Policy,
    Portfolio,
    Report,
    Standing,
    State,
    Totals,
    Watched,
    rate,
)
from reporter.period import Period

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
