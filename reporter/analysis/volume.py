"""Volume: what jobs backed up, as far as the service gives sizes, and what is stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from reporter.model import ProtectedModule

ModuleKey = tuple[str, ...]
"""Service and module."""


def withheld(modules: pd.Series, jobs: pd.DataFrame) -> pd.Series:
    """Which of the jobs are of a module that gives no sizes; `modules` is the module of each job.

    A module gives no sizes if its jobs processed objects and all of them report 0 or nothing.
    """
    size = jobs["bytes"].astype("float64").groupby(modules).sum()
    gives_none = jobs["has_objects"].groupby(modules).any() & (size == 0)
    return modules.isin(gives_none.index[gives_none])


def volume_parts(jobs: pd.DataFrame) -> pd.DataFrame:
    """What of each job is summed over a group to have its `volume_of`; `jobs` have `withheld`.

    Whole numbers of any length: 64 bits hold one size, but not the sum of a few absurd ones.
    """
    given = jobs["bytes"].notna() & ~jobs["withheld"]
    return pd.DataFrame(
        {
            "bytes": jobs["bytes"].astype(object).where(given, 0),
            "sized_jobs": given.astype("int64"),
            "withheld": jobs["withheld"].astype("int64"),
        }
    )


def volume_of(sums: pd.DataFrame) -> pd.DataFrame:
    """`bytes` and `sized_jobs` of each group, of the sums of its `volume_parts`.

    `bytes` is missing where a module of the group gives no sizes, and the others come to 0.
    """
    none = (sums["withheld"] > 0) & (sums["bytes"] == 0)
    return pd.DataFrame(
        {
            "bytes": sums["bytes"].astype(object).mask(none, None),
            "sized_jobs": sums["sized_jobs"].mask(none, 0),
        }
    )


@dataclass(frozen=True)
class Stored:
    """What is stored of each module, in bytes; `before`, at the period's start, is None where no
    reply tells.
    """

    now: Mapping[ModuleKey, int] = field(default_factory=dict)
    before: Mapping[ModuleKey, int] | None = None

    def of(self, modules: Collection[ModuleKey]) -> tuple[int | None, int | None]:
        """What is stored of these modules together, and by how much that changed; None where no
        reply says.
        """
        now = _sum(self.now, modules)
        before = None if self.before is None else _sum(self.before, modules)
        return now, now - before if now is not None and before is not None else None


def stored_by(modules: Iterable[ProtectedModule]) -> dict[ModuleKey, int]:
    """What is stored of each module with AvePoint and in the customer's own storage together."""
    stored: dict[ModuleKey, int] = {}
    for line in modules:
        sizes = (line.figures.bytes_avepoint, line.figures.bytes_own)
        if any(size is not None for size in sizes):
            key = line.service, line.module
            stored[key] = stored.get(key, 0) + sum(size or 0 for size in sizes)
    return stored


def _sum(stored: Mapping[ModuleKey, int], modules: Collection[ModuleKey]) -> int | None:
    given = [stored[module] for module in modules if module in stored]
    return sum(given) if given else None
