"""What is in an auditor's pack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from reporter.jobs.frame import JOB_COLUMNS
from reporter.model import Customer, Listed, Report

NUMBER: Final = "number"
KEY: Final = "key"
"""Columns that the jobs of a pack's report have beside those of `jobs.frame`."""
FIELDS: Final = tuple(name for name in JOB_COLUMNS if name not in ("is_backup", "has_objects"))
"""The fields of a job in a pack, in their order."""


@dataclass(frozen=True, slots=True)
class Check:
    """One test of completeness or accuracy, and what came of it."""

    what: str
    holds: bool | None
    """None where it cannot be tested."""
    detail: str


@dataclass(frozen=True, slots=True)
class FetchAttempt:
    """One attempt to fetch something about the customer."""

    taken_at: datetime
    kind: str
    address: str
    """Of the first reply."""
    request_ids: str
    replies: int
    rows: int | None
    """Rows of jobs; None where the attempt is about something else, or failed."""
    own_count: int | None
    """How many rows the service says there are; None where it does not say."""
    check: Check


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of a reply, exactly as it was received."""

    url: str
    fetched_at: datetime
    request_id: str
    reply_sha256: str
    row: int
    """Which of the reply's rows, from 1."""
    raw: str
    """The row, letter by letter."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """A job of the sample, and the row of a reply behind it."""

    number: int
    """In the sample, from 1."""
    place: int
    """Its number in the population."""
    key: str
    job: Mapping[str, Any]
    """Its `FIELDS` and `counted_as`; times in the report's zone, None where missing."""
    behind: SourceRow


@dataclass(frozen=True, slots=True)
class ScopeShown:
    """A scope of the report, and the row of a reply that says how the scope is listed."""

    service: str
    module: str
    name: str | None
    """None where the module is one scope without a name."""
    listed: Listed | None = None
    """None where the scope is left out."""
    listed_since: datetime | None = None
    jobs: int = 0
    """Its jobs of the period."""
    left_out: str = ""
    """The provider's reason for leaving it out of the figures; empty where it is in them."""
    behind: SourceRow | None = None
    """The row in the reference snapshot, or for a scope that is gone in the last snapshot that
    listed it. None where no snapshot up to then lists the scope: only its jobs are known.
    """

    @property
    def key(self) -> tuple[str, str, str]:
        """Service, module and name, which tell scopes apart."""
        return self.service, self.module, self.name or ""


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything the files of a pack contain."""

    report: Report
    """As computed from the bag; its jobs, the population, have `NUMBER` and `KEY` as well."""
    seed: str
    asked: int
    """How many jobs the auditor asked for."""
    bag: str
    """The name of its folder."""
    facts: tuple[tuple[str, str], ...]
    """What the report rests on and how it was made: labels and texts."""
    checks: tuple[Check, ...]
    reconciliation: tuple[tuple[str, int], ...]
    """From the rows of all replies to the population, and to the jobs in the figures."""
    looks: tuple[FetchAttempt, ...]
    scopes: tuple[ScopeShown, ...]
    """The scopes in the figures, in their order, then the ones that are left out."""
    sample: tuple[Sampled, ...]

    @property
    def customer(self) -> Customer:
        return self.report.customer

    @property
    def method(self) -> tuple[str, ...]:
        """How the sample was drawn, for whoever draws it again."""
        return (
            f"The auditor named the seed {self.seed!r} and a sample of {self.asked} jobs. The "
            f"population has {len(self.report.jobs)} jobs: all that are dated in the period, by "
            "their start, else their end, else the earliest modification known of them; and those "
            "without any of the three that were first shown in it. What is no backup, and what the "
            "provider leaves out of the figures, is in it and marked as such.",
            "The key of a job is the SHA-256, in hexadecimal, of the text seed|service|module|job "
            "id (UTF-8, with the three bars). The sample is the jobs with the smallest keys: sort "
            "the population by key as text and take the first.",
            "To draw it again, sort population.csv or the sheet Population by the column key. To "
            "compute a key, hash its text with sha256sum, without a line end.",
        )
