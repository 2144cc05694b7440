"""How a module and a customer stand, and why."""

from __future__ import annotations

from collections.abc import Iterable

from reporter.model import Figures, Policy, Reason, ReasonKind, State

CRITICAL_FAILURES = 3
"""Failures in a row at the end of the period that make a module critical."""

_STATE_OF_REASON = {
    ReasonKind.NO_RECOVERY_POINT: State.CRITICAL,
    ReasonKind.FAILURES_IN_A_ROW: State.CRITICAL,
    ReasonKind.SUCCESS_TARGET_MISSED: State.ATTENTION,
    ReasonKind.GAP_TARGET_MISSED: State.ATTENTION,
    ReasonKind.ENDS_IN_FAILURE: State.ATTENTION,
    ReasonKind.NEVER_RUN: State.NEVER_RUN,
    ReasonKind.NO_DATA: State.NO_DATA,
}


def reasons_of(
    service: str, module: str, figures: Figures, policy: Policy, *, known: bool, covered: bool
) -> list[Reason]:
    """Why the module is not healthy; none where it is.

    `known`: a job of it is known, of any period. `covered`: it has a recovery point in the period.
    """

    def reason(kind: ReasonKind, value: float | None = None, target: float | None = None) -> Reason:
        return Reason(kind, service, module, value, target)

    if not known:
        return [reason(ReasonKind.NEVER_RUN)]
    if not figures.completed:
        return [reason(ReasonKind.NO_DATA)]
    found = []
    failures = figures.consecutive_failures
    if not covered:
        found.append(reason(ReasonKind.NO_RECOVERY_POINT, figures.longest_gap_s))
    if failures >= CRITICAL_FAILURES:
        found.append(reason(ReasonKind.FAILURES_IN_A_ROW, failures, CRITICAL_FAILURES))
    if figures.success_target_met is False:
        target = policy.success_target(service, module)
        found.append(reason(ReasonKind.SUCCESS_TARGET_MISSED, figures.success_rate, target))
    if figures.gap_target_met is False:
        allowed = policy.gap_target(service, module).total_seconds()
        found.append(reason(ReasonKind.GAP_TARGET_MISSED, figures.longest_gap_s, allowed))
    if 1 <= failures < CRITICAL_FAILURES:
        found.append(reason(ReasonKind.ENDS_IN_FAILURE, failures))
    return found


def state_of(reasons: Iterable[Reason]) -> State:
    """The state the reasons amount to: the worst of theirs, healthy without any."""
    return worst(_STATE_OF_REASON[reason.kind] for reason in reasons) or State.HEALTHY


def worst(states: Iterable[State]) -> State | None:
    """The worst of several states, in the order of `State`."""
    order = list(State)
    return min(states, key=order.index, default=None)
