"""How jobs are counted and judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from reporter.model.jobs import Outcome


def rate(part: int, whole: int) -> float | None:
    """A share of something; None of nothing: never 0, never 1."""
    return part / whole if whole > 0 else None


@dataclass(frozen=True, slots=True)
class Target:
    """A target of one service, of one module of it, or of one scope; None falls back to the wider
    one.
    """

    service: str
    """Of which service."""
    module: str | None = None
    """Of which module; None for all of the service."""
    name: str | None = None
    """Of which scope of the module; None for all of them."""
    success_rate: float | None = None
    """From 0 to 1; None where the general one applies."""
    object_success_rate: float | None = None
    """From 0 to 1; None where the general one applies."""
    max_gap: timedelta | None = None
    """None where the general one applies."""
    times_a_day: int | None = None
    """How often a day the backups are set to run, if `max_gap` follows from it; None of a target
    that the provider has set."""


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """What the provider leaves out of the figures, and why."""

    service: str
    """Of which service."""
    module: str | None
    """Which module; None for all of the service."""
    name: str | None
    """Which scope of the module; None for all of them."""
    reason: str
    """In the provider's words."""


Place = tuple[str | None, str | None, str | None]
"""Service, module and name of a scope; None for all of them."""


def _widths(service: str | None, module: str | None, name: str | None) -> tuple[Place, ...]:
    """A place and those that hold it, the narrowest first, each once."""
    widths = ((service, module, name), (service, module, None), (service, None, None))
    return tuple(dict.fromkeys(widths))


CHOICES: Final = ("warning", "cancelled")
"""The fields of a policy that say as what jobs of an outcome count."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How jobs are counted and judged."""

    warning: Literal["warning", "success", "failed"] = "warning"
    """As what a job with exceptions counts."""
    cancelled: Literal["failed", "excluded"] = "failed"
    """Whether a cancelled job counts as failed, or not at all."""
    units: Literal["binary", "decimal"] = "binary"
    """What a GB is: 1024³ bytes or 1000³."""
    target_success_rate: float = 0.95
    """From 0 to 1."""
    target_object_success_rate: float = 0.95
    """From 0 to 1."""
    max_gap: timedelta = timedelta(hours=26)
    """Zero switches the recovery-point target off. Daily, with two hours' leeway."""
    gap_is_set: bool = False
    """Whether the provider has set `max_gap`. If not, it gives way to how often a module's backups
    are set to run."""
    watch_every: timedelta = timedelta(hours=7)
    """No job is taken to run unseen between looks that are no further apart."""
    targets: tuple[Target, ...] = ()
    """Targets of single services, modules and scopes; the narrowest applies."""
    left_out: tuple[LeaveOut, ...] = ()
    """What enters no figure."""

    @property
    def completing(self) -> tuple[Outcome, ...]:
        """The outcomes of jobs that came to an end that counts."""
        cancelled = () if self.cancelled == "excluded" else (Outcome.CANCELLED,)
        return (Outcome.SUCCESS, Outcome.WARNING, Outcome.FAILED, *cancelled)

    @property
    def succeeding(self) -> tuple[Outcome, ...]:
        """The outcomes of jobs that count as successful."""
        warning = (Outcome.WARNING,) if self.warning == "success" else ()
        return (Outcome.SUCCESS, *warning)

    @property
    def recovering(self) -> tuple[Outcome, ...]:
        """The outcomes of jobs that leave a recovery point."""
        warning = () if self.warning == "failed" else (Outcome.WARNING,)
        return (Outcome.SUCCESS, *warning)

    @property
    def failing(self) -> tuple[Outcome, ...]:
        """The outcomes of jobs that count as failures in a row."""
        return tuple(outcome for outcome in self.completing if outcome not in self.recovering)

    def completed(self, jobs: Mapping[Outcome, int]) -> int:
        """How many of some jobs, by outcome, came to an end that counts."""
        return sum(jobs[outcome] for outcome in self.completing)

    def successful(self, jobs: Mapping[Outcome, int]) -> int:
        """How many of some jobs, by outcome, count as successful."""
        return sum(jobs[outcome] for outcome in self.succeeding)

    def success_rate(self, jobs: Mapping[Outcome, int]) -> float | None:
        """Successful of completed jobs, from 0 to 1; None where none was completed."""
        return rate(self.successful(jobs), self.completed(jobs))

    def left_out_by(self, service: str, module: str, name: str | None) -> LeaveOut | None:
        """The narrowest rule by which a scope is left out; None where there is none."""
        rules = {(rule.service, rule.module, rule.name): rule for rule in reversed(self.left_out)}
        widths = _widths(service, module, name)
        return next((rules[width] for width in widths if width in rules), None)

    def success_target(
        self, service: str | None = None, module: str | None = None, name: str | None = None
    ) -> float:
        """The success rate asked of a scope, a module, a service, or (no arguments) the
        customer.
        """
        for target in self._applying(service, module, name):
            if target.success_rate is not None:
                return target.success_rate
        return self.target_success_rate

    def object_target(
        self, service: str | None = None, module: str | None = None, name: str | None = None
    ) -> float:
        """The object success rate asked of a scope, a module, a service, or the customer."""
        for target in self._applying(service, module, name):
            if target.object_success_rate is not None:
                return target.object_success_rate
        return self.target_object_success_rate

    def gap_target(
        self, service: str | None = None, module: str | None = None, name: str | None = None
    ) -> timedelta:
        """The longest gap allowed to a scope, a module, a service, or the customer."""
        for target in self._applying(service, module, name):
            if target.max_gap is not None:
                return target.max_gap
        return self.max_gap

    def is_gap_set(self, service: str, module: str) -> bool:
        """Whether the provider has set the longest gap allowed to a module."""
        applying = self._applying(service, module, None)
        return self.gap_is_set or any(target.max_gap is not None for target in applying)

    def _applying(self, service: str | None, module: str | None, name: str | None) -> list[Target]:
        """The targets that apply, the narrowest first."""
        return [
            target
            for place in _widths(service, module, name)
            for target in self.targets
            if (target.service, target.module, target.name) == place
        ]
