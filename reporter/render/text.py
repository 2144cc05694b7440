"""Figures and facts in words: everything a person reads passes through here or a template."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final, Literal

from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_decimal

from reporter.model import Outcome, Policy, QualityKind, Reason, ReasonKind, State
from reporter.period import Period, PeriodKind

UNDEFINED: Final = "—"
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
_UNITS: Final = ("bytes", "KB", "MB", "GB", "TB", "PB")

STATE_WORDS: Final = {
    State.CRITICAL: "Critical",
    State.ATTENTION: "Attention",
    State.NEVER_RUN: "Never run",
    State.NO_DATA: "No data",
    State.HEALTHY: "Healthy",
}
STATE_SIGNS: Final = {
    State.CRITICAL: "×",
    State.ATTENTION: "!",
    State.NEVER_RUN: "–",
    State.NO_DATA: "?",
    State.HEALTHY: "✓",
}
OUTCOME_WORDS: Final = {
    Outcome.SUCCESS: "Success",
    Outcome.WARNING: "Warning",
    Outcome.FAILED: "Failed",
    Outcome.CANCELLED: "Cancelled",
    Outcome.RUNNING: "Running",
    Outcome.NOT_RUN: "Not run",
    Outcome.UNKNOWN: "Unknown",
}
QUALITY_WORDS: Final = {
    QualityKind.UNREADABLE: "Unreadable value",
    QualityKind.UNDATED: "Job without a start time",
    QualityKind.UNKNOWN_STATUS: "Unknown status",
    QualityKind.UNKNOWN_CODE: "Unknown code",
    QualityKind.INCONSISTENT_COUNTS: "Inconsistent counts",
    QualityKind.CONTRADICTION: "Contradiction",
}


@dataclass(frozen=True, slots=True)
class Words:
    """Numbers, sizes, times for people, in one locale."""

    locale: str = "en"
    units: Literal["binary", "decimal"] = "binary"

    def number(self, value: int | None) -> str:
        return UNDEFINED if value is None else format_decimal(value, locale=self.locale)

    def percent(self, rate: float | None) -> str:
        """One decimal; 100.0 only where nothing is missing, 0.0 only where nothing is there."""
        if rate is None:
            return UNDEFINED
        shown = round(rate * 100, 1)
        if rate < 1 and shown >= 100:
            shown = 99.9
        if rate > 0 and shown <= 0:
            shown = 0.1
        return format_decimal(shown, "#,##0.0", locale=self.locale) + _NO_BREAK + "%"

    def target(self, rate: float) -> str:
        """A target as it was set: 95 %, 99.5 %."""
        return format_decimal(rate * 100, "#,##0.##", locale=self.locale) + _NO_BREAK + "%"

    def points(self, change: float) -> str:
        """A change of a rate: +1.2 points."""
        return f"{self._signed(change * 100)} points"

    def change(self, before: float, after: float) -> str | None:
        """How much more or less, in percent; None where there was nothing before."""
        if not before:
            return None
        return f"{self._signed((after / before - 1) * 100)}{_NO_BREAK}%"

    def size(self, size: float | None) -> str:
        """Three significant digits and the unit."""
        if size is None:
            return UNDEFINED
        base = 1000.0 if self.units == "decimal" else 1024.0
        power = 0
        while power < len(_UNITS) - 1 and size >= (999.5 if power else base):
            size /= base
            power += 1
        digits = "#,##0" if size >= 99.95 or not power else "0.0" if size >= 9.995 else "0.00"
        return format_decimal(size, digits, locale=self.locale) + _NO_BREAK + _UNITS[power]

    def duration(self, seconds: float | None) -> str:
        """The two largest units: 5 d 4 h, 36 h 10 min, 17 min 39 s; days from three on."""
        if seconds is None:
            return UNDEFINED
        sign, rest = ("−" if seconds < 0 else ""), abs(round(seconds))
        parts = []
        for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
            count, rest = divmod(rest, length) if unit != "d" or rest >= 3 * length else (0, rest)
            parts.append((count, unit))
        first = next((n for n, (count, _) in enumerate(parts) if count), len(parts) - 1)
        shown = [part for part in parts[first : first + 2] if part[0] or part is parts[first]]
        return sign + " ".join(f"{self.number(count)}{_NO_BREAK}{u}" for count, u in shown)

    def moment(self, moment: datetime | None) -> str:
        """A day and a time of the clock, in the zone the moment carries."""
        if moment is None:
            return UNDEFINED
        day = format_skeleton("yMMMd", moment, moment.tzinfo, locale=self.locale)
        return f"{day}, {format_datetime(moment, 'HH:mm', moment.tzinfo, self.locale)}"

    def short_moment(self, moment: datetime | None) -> str:
        """The same without the year, for narrow columns."""
        if moment is None:
            return UNDEFINED
        day = format_skeleton("MMMd", moment, moment.tzinfo, locale=self.locale)
        return f"{day}, {format_datetime(moment, 'HH:mm', moment.tzinfo, self.locale)}"

    def day(self, day: date) -> str:
        return format_date(day, "long", locale=self.locale)

    def short_day(self, day: date) -> str:
        return format_skeleton("MMMd", day, locale=self.locale)

    def days(self, days: Iterable[date]) -> str:
        """Days with runs of neighbours as ranges: Oct 3–5, Oct 17."""
        runs = []
        for _, group in groupby(enumerate(sorted(days)), lambda own: own[1].toordinal() - own[0]):
            run = [day for _, day in group]
            first, last = self.short_day(run[0]), self.short_day(run[-1])
            runs.append(first if len(run) == 1 else f"{first}{_NO_BREAK}–{_NO_BREAK}{last}")
        return ", ".join(runs)

    def period(self, period: Period) -> str:
        """A period in words: October 2026, Q4 2026, 2026, October 5, 2026 – October 11, 2026."""
        match period.kind:
            case PeriodKind.MONTH:
                return format_date(period.first, "MMMM y", locale=self.locale)
            case PeriodKind.QUARTER:
                return format_date(period.first, "QQQ y", locale=self.locale)
            case PeriodKind.YEAR:
                return format_date(period.first, "y", locale=self.locale)
            case PeriodKind.DAYS:
                return f"{self.day(period.first)} – {self.day(period.last)}"

    def _signed(self, change: float) -> str:
        shown = round(change, 1)
        text = format_decimal(abs(shown), "#,##0.0", locale=self.locale)
        return ("±" if shown == 0 else "+" if shown > 0 else "−") + text


_ENGLISH: Final = Words()


def listed(names: Sequence[str], most: int = 6) -> str:
    """Names in a row, the last with "and"; beyond `most` only how many more."""
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def module_name(service: str, module: str) -> str:
    """A module by itself: with its service, since two services can have one of the same name."""
    return f"{service} / {module}"


def reason_text(reason: Reason, words: Words = _ENGLISH) -> str:
    """Why a module is not healthy, as a sentence."""
    if not reason.module:
        return "No module is known of this customer"
    return f"{module_name(reason.service, reason.module)}: {_finding(reason, words)}"


def _finding(reason: Reason, words: Words) -> str:
    value, target = reason.value or 0.0, reason.target or 0.0
    match reason.kind:
        case ReasonKind.NO_RECOVERY_POINT:
            return "jobs ran, but none left a recovery point in the period"
        case ReasonKind.FAILURES_IN_A_ROW:
            return f"{words.number(int(value))} failures in a row at the end of the period"
        case ReasonKind.SUCCESS_TARGET_MISSED:
            return f"success rate {words.percent(value)}, target {words.target(target)}"
        case ReasonKind.GAP_TARGET_MISSED:
            return (
                f"{words.duration(value)} without a recovery point, "
                f"at most {words.duration(target)} allowed"
            )
        case ReasonKind.ENDS_IN_FAILURE:
            count = int(value)
            return f"the last {words.number(count) + ' jobs' if count > 1 else 'job'} failed"
        case ReasonKind.NEVER_RUN:
            return "never run"
        case ReasonKind.NO_DATA:
            return "no completed job in the period"


REASON_HEADINGS: Final = {
    ReasonKind.NO_RECOVERY_POINT: "No recovery point in the period",
    ReasonKind.FAILURES_IN_A_ROW: "Failing until the end of the period",
    ReasonKind.SUCCESS_TARGET_MISSED: "Success rate below target",
    ReasonKind.GAP_TARGET_MISSED: "Too long without a recovery point",
    ReasonKind.ENDS_IN_FAILURE: "Last job failed",
    ReasonKind.NEVER_RUN: "Never run",
    ReasonKind.NO_DATA: "No completed job in the period",
}


def reason_detail(reason: Reason, words: Words) -> str:
    """What tells a module apart under its heading: its name, and the figure."""
    name = reason.module if reason.module != "None" else reason.service
    match reason.kind:
        case ReasonKind.FAILURES_IN_A_ROW | ReasonKind.ENDS_IN_FAILURE:
            return f"{name} ({words.number(int(reason.value or 0))} in a row)"
        case ReasonKind.SUCCESS_TARGET_MISSED:
            return f"{name} ({words.percent(reason.value)})"
        case ReasonKind.GAP_TARGET_MISSED:
            return f"{name} ({words.duration(reason.value)})"
        case _:
            return name or "no module is known of this customer"


def policy_texts(policy: Policy, words: Words) -> list[str]:
    """How this report counts and judges, a sentence each."""
    warning = {
        "warning": "Jobs finished with exceptions count as completed, not as successful.",
        "success": "Jobs finished with exceptions count as successful.",
        "failed": "Jobs finished with exceptions count as failures and leave no recovery point.",
    }[policy.warning]
    cancelled = {
        "failed": "Cancelled jobs count as completed without success.",
        "excluded": "Cancelled jobs are left out of every rate.",
    }[policy.cancelled]
    base = "1024³" if policy.units == "binary" else "1000³"
    gap = (
        f"at most {words.duration(policy.max_gap.total_seconds())} without a recovery point"
        if policy.max_gap
        else "no target for the time without a recovery point"
    )
    texts = [
        warning,
        cancelled,
        f"Targets: a success rate of {words.target(policy.target_success_rate)}, {gap}.",
        f"1 GB is {base} bytes.",
    ]
    if policy.targets:
        own = listed([" / ".join(filter(None, (t.service, t.module))) for t in policy.targets])
        texts.insert(3, f"Targets of their own: {own}.")
    return texts
