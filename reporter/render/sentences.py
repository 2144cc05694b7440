"""Why a module is not healthy, and how a report counts, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from reporter.model import Outcome, Policy, Reason, ReasonKind
from reporter.render.text import Words, counted, marked, shortened

_ENGLISH: Final = Words()

REASON_HEADINGS: Final = {
    ReasonKind.NO_RECOVERY_POINT: marked("No recovery point in the period"),
    ReasonKind.FAILURES_IN_A_ROW: marked("Failing until the end of the period"),
    ReasonKind.REFUSED: marked("Could not run"),
    ReasonKind.SUCCESS_TARGET_MISSED: marked("Success rate below target"),
    ReasonKind.OBJECT_TARGET_MISSED: marked("Objects not backed up"),
    ReasonKind.GAP_TARGET_MISSED: marked("Too long without a recovery point"),
    ReasonKind.ENDS_IN_FAILURE: marked("Last job failed"),
    ReasonKind.ENDS_REFUSED: marked("Could not run at the last look"),
    ReasonKind.OBJECTS_FAILING: marked("Objects keep failing"),
    ReasonKind.SWITCHED_OFF: marked("Switched off in the period"),
    ReasonKind.GONE: marked("No longer listed"),
    ReasonKind.EXPIRED: marked("Subscription expired"),
    ReasonKind.OVER_SEATS: marked("More licences in use than seats bought"),
    ReasonKind.OVER_CAPACITY: marked("More protected than capacity bought"),
    ReasonKind.NEVER_RUN: marked("Never run"),
    ReasonKind.NO_DATA: marked("No completed job in the period"),
    ReasonKind.IDLE: marked("Nothing to back up"),
    ReasonKind.OFF: marked("Switched off"),
}


_OBJECTS: Final = {
    "Mailbox": counted("{number} mailbox", "{number} mailboxes"),
    "Site Collection": counted("{number} site", "{number} sites"),
    "User": counted("{number} user", "{number} users"),
}
_ANY_OBJECT: Final = counted("{number} object", "{number} objects")


def module_name(service: str, module: str) -> str:
    """A module on its own: with its service, since two services can share a module's name."""
    return f"{service} / {module}"


def module_label(service: str, module: str) -> str:
    """A module beside its service; the service where it has no modules."""
    return service if module == "None" else module


def scope_name(service: str, module: str, name: str | None) -> str:
    """A scope on its own: its module's name, and its own where it has one."""
    return with_scope(module_name(service, module), name)


def scope_label(service: str, module: str, name: str | None) -> str:
    """A scope beside its service: its module, and its name where it has one."""
    return with_scope(module_label(service, module), name)


def with_scope(module: str, name: str | None) -> str:
    """A module's name, with that of one of its scopes where the scope has one."""
    return module if name is None else f"{module} / {shortened(name)}"


def reason_text(reason: Reason, words: Words = _ENGLISH) -> str:
    """Why a scope, a module or the customer is not healthy, as a sentence."""
    if not reason.service and not reason.subject:
        return words.say("No module is known of this customer")
    return words.say(
        "{module}: {finding}",
        module=words.name(
            scope_name(reason.service, reason.module, reason.name)
            if reason.service
            else shortened(reason.subject)
        ),
        finding=_finding(reason, words),
    )


def _finding(reason: Reason, words: Words) -> str:
    value, target = reason.value or 0.0, reason.target or 0.0
    match reason.kind:
        case ReasonKind.NO_RECOVERY_POINT:
            return words.say("nothing left a recovery point in the period")
        case ReasonKind.FAILURES_IN_A_ROW:
            return words.count(
                "{number} failure in a row at the end of the period",
                "{number} failures in a row at the end of the period",
                int(value),
            )
        case ReasonKind.REFUSED:
            return words.say("it could not run, and has no recovery point in the period")
        case ReasonKind.SUCCESS_TARGET_MISSED:
            return words.say(
                "success rate {rate}, target {target}",
                rate=words.below(value, target),
                target=words.target(target),
            )
        case ReasonKind.OBJECT_TARGET_MISSED:
            return words.say(
                "only {rate} of the objects were backed up, target {target}",
                rate=words.below(value, target),
                target=words.target(target),
            )
        case ReasonKind.GAP_TARGET_MISSED:
            return words.say(
                "{gap} without a recovery point, at most {allowed} allowed",
                gap=words.longer(value, target),
                allowed=words.duration(target),
            )
        case ReasonKind.ENDS_IN_FAILURE:
            return words.count("the last job failed", "the last {number} jobs failed", int(value))
        case ReasonKind.ENDS_REFUSED:
            return words.say("it could not run at the last look")
        case ReasonKind.EXPIRED:
            return words.say("expired on {day}", day=words.whole_day(reason.since))
        case ReasonKind.OVER_SEATS:
            return words.say(
                "{used} licences in use, {bought} seats bought",
                used=words.number(int(value)),
                bought=words.number(int(target)),
            )
        case ReasonKind.OVER_CAPACITY:
            return words.say(
                "{used} protected, {bought} bought",
                used=words.size(value),
                bought=words.size(target),
            )
        case ReasonKind.OBJECTS_FAILING:
            return persistent_text(reason.subject, int(value), reason.since, words)
        case ReasonKind.SWITCHED_OFF | ReasonKind.OFF | ReasonKind.GONE:
            return since_text(reason.kind, reason.since, words)
        case ReasonKind.NEVER_RUN:
            return words.say("never run")
        case ReasonKind.NO_DATA:
            return words.say("no completed job in the period")
        case ReasonKind.IDLE:
            return words.say("nothing to back up")


def persistent_text(kind: str, number: int, since: date | None, words: Words) -> str:
    """That so many objects of a type keep failing."""
    return words.say(
        "{objects} failed on at least three days each, the first on {day}; none is known to have "
        "been backed up since, within the period",
        day=words.whole_day(since),
        objects=object_count(kind, number, words),
    )


def recovered_text(kind: str, number: int, since: date | None, words: Words) -> str:
    """That so many objects of a type failed on several days, and are backed up again."""
    return words.say(
        "{objects} failed on at least three days each, the first on {day}, and succeeded again "
        "within the period",
        day=words.whole_day(since),
        objects=object_count(kind, number, words),
    )


def object_count(kind: str, number: int, words: Words) -> str:
    """So many objects of a type; the type is empty where they are of several."""
    return words.count(*_OBJECTS.get(kind, _ANY_OBJECT), number)


def since_text(kind: ReasonKind, since: date | None, words: Words) -> str:
    """That something is switched off, or not listed any more, and since when."""
    gone = kind is ReasonKind.GONE
    if since is None:
        return words.say("no longer listed") if gone else words.say("switched off")
    day = words.whole_day(since)
    if gone:
        return words.say("no longer listed since {day}", day=day)
    return words.say("switched off since {day}", day=day)


CHOICE_LABELS: Final = {
    "warning": marked("How warnings count"),
    "cancelled": marked("How cancelled jobs count"),
}
"""What each of the `CHOICES` of a policy is about."""
COMPLETED: Final = marked(
    "Jobs that succeeded, finished with a warning, failed or were cancelled (the cancelled only"
    " where they count)."
)
"""Which jobs are completed, under whatever policy."""


def success_rule(policy: Policy, words: Words) -> str:
    """Which jobs are in the success rate."""
    if Outcome.CANCELLED in policy.completing:
        return words.say(
            "Success rate: jobs finished without exception, of all completed jobs (successful,"
            " with warnings, failed, cancelled)."
        )
    return words.say(
        "Success rate: jobs finished without exception, of all completed jobs (successful, with"
        " warnings, failed)."
    )


def recovery_rule(policy: Policy, words: Words) -> str:
    """Which jobs leave a recovery point."""
    if Outcome.WARNING in policy.recovering:
        return words.say(
            "A recovery point is the end of a job that succeeded or finished with exceptions."
        )
    return words.say("A recovery point is the end of a job that succeeded.")


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
    rates = {
        "rate": words.target(policy.target_success_rate),
        "objects": words.target(policy.target_object_success_rate),
    }
    target = (
        words.say(
            "Targets: {rate} of the jobs successful, {objects} of the objects, at most {gap}"
            " without a recovery point.",
            **rates,
            gap=words.duration(policy.max_gap.total_seconds()),
        )
        if policy.max_gap
        else words.say(
            "Targets: {rate} of the jobs successful, {objects} of the objects, none for the time"
            " without a recovery point.",
            **rates,
        )
    )
    names = [
        words.name(" / ".join(shortened(part) for part in place if part))
        for place in (
            (special.service, special.module, special.name)
            for special in policy.targets
            if special.times_a_day is None
        )
    ]
    return [
        words.say(warning),
        words.say(cancelled),
        target,
        *(
            [words.say("Targets of their own: {names}.", names=words.listed(names))]
            if names
            else []
        ),
        *_frequency_texts(policy, words),
        words.say("1 GB is {base} bytes.", base="1024³" if policy.units == "binary" else "1000³"),
    ]


def _frequency_texts(policy: Policy, words: Words) -> Iterator[str]:
    """The recovery-point targets that follow from how often backups are set to run."""
    modules: dict[tuple[int, timedelta], list[str]] = {}
    for target in policy.targets:
        if target.times_a_day and target.max_gap:
            modules.setdefault((target.times_a_day, target.max_gap), []).append(target.module or "")
    for (times, gap), names in sorted(modules.items()):
        yield words.count(
            "Backups set to run {number} time a day; the target is therefore at most {gap} "
            "without a recovery point: {names}.",
            "Backups set to run {number} times a day; the target is therefore at most {gap} "
            "without a recovery point: {names}.",
            times,
            gap=words.duration(gap.total_seconds()),
            names=words.listed([words.name(shortened(name)) for name in names]),
        )


def certainty_text(policy: Policy, words: Words) -> str:
    """On what condition gaps are certain."""
    return words.say(
        "At least: what is certain, as long as nothing runs unseen within {length} of a look. At"
        " most: what it can be where jobs may not have been seen.",
        length=words.duration(policy.watch_every.total_seconds()),
    )


def marking_text(policy: Policy, words: Words) -> str:
    """What the marks on page one mean."""
    return words.say(
        "Incomplete: nobody looked on one or more days. Sparse: less than nine tenths of the time"
        " lies between looks no more than {length} apart. Preliminary: not yet looked at {length}"
        " or more after the period's end, which makes it final.",
        length=words.duration(policy.watch_every.total_seconds()),
    )
