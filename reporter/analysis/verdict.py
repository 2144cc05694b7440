"""How a scope, a module and a customer stand, and why: docs/figures.md, "Targets", "State"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from reporter.model import (
    Figures,
    Listed,
    Policy,
    Product,
    Reason,
    ReasonKind,
    State,
)
from reporter.period import Period, midnight

CRITICAL_FAILURES = 3
"""Failures in a row at the end of the period that make a scope critical."""

_STATE_OF_REASON = {
    ReasonKind.NO_RECOVERY_POINT: State.CRITICAL,
    ReasonKind.FAILURES_IN_A_ROW: State.CRITICAL,
    ReasonKind.REFUSED: State.CRITICAL,
    ReasonKind.NEVER_RUN: State.NEVER_RUN,
    ReasonKind.NO_DATA: State.NO_DATA,
    ReasonKind.IDLE: State.IDLE,
    ReasonKind.OFF: State.OFF,
}
"""The state each reason leads to; all other reasons lead to attention."""


@dataclass(frozen=True, slots=True)
class Stance:
    """What is known of a scope beside its figures."""

    service: str
    module: str
    name: str | None
    listed: Listed
    listed_since: datetime | None
    switched_off: bool
    """Whether it was switched off within the period."""
    in_sight: bool
    """Whether recovery points are expected of it."""
    known: bool
    """Whether a job of it is known, of any time up to the period's end."""
    covered: bool
    """Whether it has a recovery point in the period."""


def scope_reasons(stance: Stance, figures: Figures, policy: Policy) -> list[Reason]:
    """Why the scope is not healthy; none where it is."""

    def reason(
        kind: ReasonKind,
        value: float | None = None,
        target: float | None = None,
        since: datetime | None = None,
    ) -> Reason:
        return Reason(kind, stance.service, stance.module, stance.name, value, target, since)

    failures, refused = figures.consecutive_failures, stance.listed is Listed.REFUSED
    gap_missed = figures.gap_target_met is False and stance.in_sight
    reasons = []
    if not stance.covered and (figures.completed or gap_missed):
        reasons.append(reason(ReasonKind.NO_RECOVERY_POINT, figures.longest_gap_s))
    elif gap_missed:
        place = (stance.service, stance.module, stance.name)
        allowed = policy.gap_target(*place).total_seconds()
        reasons.append(reason(ReasonKind.GAP_TARGET_MISSED, figures.longest_gap_s, allowed))
    if failures >= CRITICAL_FAILURES:
        reasons.append(reason(ReasonKind.FAILURES_IN_A_ROW, failures, CRITICAL_FAILURES))
    elif failures:
        reasons.append(reason(ReasonKind.ENDS_IN_FAILURE, failures))
    if refused:
        reasons.append(reason(ReasonKind.ENDS_REFUSED if stance.covered else ReasonKind.REFUSED))
    if stance.switched_off:
        reasons.append(reason(ReasonKind.SWITCHED_OFF, since=stance.listed_since))
    if stance.listed is Listed.GONE:
        reasons.append(reason(ReasonKind.GONE, since=stance.listed_since))
    if reasons or figures.completed:
        return reasons
    return [reason(_without_jobs(stance, figures), since=stance.listed_since)]


def _without_jobs(stance: Stance, figures: Figures) -> ReasonKind:
    """Why nothing can be said about a scope without a completed job."""
    if stance.listed is Listed.WAITING and not stance.known:
        return ReasonKind.NEVER_RUN
    if stance.listed is Listed.IDLE and not figures.jobs:
        return ReasonKind.IDLE
    if stance.listed is Listed.OFF and not figures.jobs:
        return ReasonKind.OFF
    return ReasonKind.NO_DATA


def module_reasons(service: str, module: str, figures: Figures, policy: Policy) -> list[Reason]:
    """Which targets the module misses as a whole."""
    place = service, module
    reasons = []
    if figures.success_target_met is False:
        target = policy.success_target(*place)
        rate = figures.success_rate
        reasons.append(Reason(ReasonKind.SUCCESS_TARGET_MISSED, *place, value=rate, target=target))
    if figures.object_target_met is False:
        target = policy.object_target(*place)
        rate = figures.object_success_rate
        reasons.append(Reason(ReasonKind.OBJECT_TARGET_MISSED, *place, value=rate, target=target))
    return reasons


def product_reasons(products: Iterable[Product], period: Period) -> list[Reason]:
    """Which subscriptions have expired, or are exceeded."""
    reasons = []
    for product in products:
        subject = product.name or product.service
        if product.expired and product.expires_on:
            since = midnight(product.expires_on, period.zone)
            reasons.append(Reason(ReasonKind.EXPIRED, "", "", since=since, subject=subject))
        if product.over_seats:
            reasons.append(
                Reason(
                    ReasonKind.OVER_SEATS, "", "", None, product.licences_assigned, product.seats,
                    subject=subject,
                )
            )  # fmt: skip
        if product.over_capacity:
            reasons.append(
                Reason(
                    ReasonKind.OVER_CAPACITY, "", "", None, product.protected_bytes,
                    product.capacity_bytes, subject=subject,
                )
            )  # fmt: skip
    return reasons


def state_of(reasons: Iterable[Reason]) -> State:
    """The state the reasons amount to: the most pressing one, or healthy without reasons."""
    states = (_STATE_OF_REASON.get(reason.kind, State.ATTENTION) for reason in reasons)
    return first(states) or State.HEALTHY


def first(states: Iterable[State]) -> State | None:
    """Which of several states counts, in the order of `State`."""
    order = list(State)
    return min(states, key=order.index, default=None)


def in_order(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """The reasons, most pressing first."""
    pressing = list(ReasonKind)
    return tuple(
        sorted(
            reasons,
            key=lambda reason: (
                pressing.index(reason.kind),
                reason.service,
                reason.module,
                reason.name or "",
            ),
        )
    )
