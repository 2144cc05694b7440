"""Why a module is not healthy, and how a report counts, in words."""

from __future__ import annotations

from typing import Final

from reporter.model import Policy, Reason, ReasonKind
from reporter.render.text import Words, marked

_ENGLISH: Final = Words()

REASON_HEADINGS: Final = {
    ReasonKind.NO_RECOVERY_POINT: marked("No recovery point in the period"),
    ReasonKind.FAILURES_IN_A_ROW: marked("Failing until the end of the period"),
    ReasonKind.SUCCESS_TARGET_MISSED: marked("Success rate below target"),
    ReasonKind.GAP_TARGET_MISSED: marked("Too long without a recovery point"),
    ReasonKind.ENDS_IN_FAILURE: marked("Last job failed"),
    ReasonKind.NEVER_RUN: marked("Never run"),
    ReasonKind.NO_DATA: marked("No completed job in the period"),
}


def module_name(service: str, module: str) -> str:
    """A module by itself: with its service, since two services can have one of the same name."""
    return f"{service} / {module}"


def module_label(service: str, module: str) -> str:
    """A module where its service is told otherwise; the service where it has no module."""
    return service if module == "None" else module


def reason_text(reason: Reason, words: Words = _ENGLISH) -> str:
    """Why a module is not healthy, as a sentence."""
    if not reason.module:
        return words.say("No module is known of this customer")
    return words.say(
        "{module}: {finding}",
        module=module_name(reason.service, reason.module),
        finding=_finding(reason, words),
    )


def _finding(reason: Reason, words: Words) -> str:
    value, target = reason.value or 0.0, reason.target or 0.0
    match reason.kind:
        case ReasonKind.NO_RECOVERY_POINT:
            return words.say("jobs ran, but none left a recovery point in the period")
        case ReasonKind.FAILURES_IN_A_ROW:
            return words.count(
                "{number} failure in a row at the end of the period",
                "{number} failures in a row at the end of the period",
                int(value),
            )
        case ReasonKind.SUCCESS_TARGET_MISSED:
            return words.say(
                "success rate {rate}, target {target}",
                rate=words.percent(value),
                target=words.target(target),
            )
        case ReasonKind.GAP_TARGET_MISSED:
            return words.say(
                "{gap} without a recovery point, at most {allowed} allowed",
                gap=words.duration(value),
                allowed=words.duration(target),
            )
        case ReasonKind.ENDS_IN_FAILURE:
            return words.count("the last job failed", "the last {number} jobs failed", int(value))
        case ReasonKind.NEVER_RUN:
            return words.say("never run")
        case ReasonKind.NO_DATA:
            return words.say("no completed job in the period")


def policy_texts(policy: Policy, words: Words) -> list[str]:
    """How this report counts and judges, a sentence each."""
    warning = {
        "warning": marked("Jobs finished with exceptions count as completed, not as successful."),
        "success": marked("Jobs finished with exceptions count as successful."),
        "failed": marked(
            "Jobs finished with exceptions count as failures and leave no recovery point."
        ),
    }[policy.warning]
    cancelled = {
        "failed": marked("Cancelled jobs count as completed without success."),
        "excluded": marked("Cancelled jobs are left out of every rate."),
    }[policy.cancelled]
    rate = words.target(policy.target_success_rate)
    target = (
        words.say(
            "Targets: a success rate of {rate}, at most {gap} without a recovery point.",
            rate=rate,
            gap=words.duration(policy.max_gap.total_seconds()),
        )
        if policy.max_gap
        else words.say(
            "Targets: a success rate of {rate}, none for the time without a recovery point.",
            rate=rate,
        )
    )
    own = [" / ".join(filter(None, (own.service, own.module))) for own in policy.targets]
    return [
        words.say(warning),
        words.say(cancelled),
        target,
        *([words.say("Targets of their own: {names}.", names=words.listed(own))] if own else []),
        words.say("1 GB is {base} bytes.", base="1024³" if policy.units == "binary" else "1000³"),
    ]
