"""Volume: what jobs backed up, as far as the service gives sizes, and what is stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from reporter.analysis.window import MODULE, modules_in
from reporter.model import ProtectedModule


def with_sizes(jobs: pd.DataFrame) -> pd.DataFrame:
    """The jobs with `withheld`: whether their module gives no sizes.

    A module gives none whose jobs processed objects and all say 0 or nothing.
    """
    sums = (
        jobs[[*MODULE, "objects_successful", "bytes"]]
        .fillna(0)
        .astype({"objects_successful": "float64", "bytes": "float64"})
    )
    by_module = sums.groupby(MODULE)[["objects_successful", "bytes"]].sum()
    withheld = by_module.index[(by_module["objects_successful"] > 0) & (by_module["bytes"] == 0)]
    return jobs.assign(withheld=modules_in(jobs).isin(withheld))


def volume(jobs: pd.DataFrame, keys: list[pd.Series]) -> pd.DataFrame:
    """`bytes` and `sized_jobs` of each group of jobs that have `withheld`.

    `bytes` is missing where a module of the group gives no sizes, and the others come to 0. Whole
    numbers of any length: 64 bits hold one size, but not the sum of a few absurd ones.
    """
    given = ~jobs["withheld"]
    sizes = jobs["bytes"].astype(object).where(jobs["bytes"].notna() & given, 0)
    groups = pd.DataFrame(
        {
            "bytes": sizes.groupby(keys).sum(),
            "sized_jobs": (jobs["bytes"].notna() & given).groupby(keys).sum(),
            "withheld": jobs["withheld"].groupby(keys).any(),
        }
    )
    none = groups["withheld"] & (groups["bytes"] == 0)
    groups["sized_jobs"] = groups["sized_jobs"].mask(none, 0)
    groups["bytes"] = groups["bytes"].astype(object).mask(none, None)
    return groups[["bytes", "sized_jobs"]]


@dataclass(frozen=True)
class Stored:
    """What is stored of each module, at the period's end and at its start, in bytes.

    Indexed by service and module; `before` is None where no reply tells.
    """

    now: pd.Series
    before: pd.Series | None

    def of(self, modules: pd.MultiIndex) -> tuple[int | None, int | None]:
        """What is stored of these modules together, and by how much that changed; None where no
        reply says.
        """
        now = _sum(self.now, modules)
        before = _sum(self.before, modules) if self.before is not None else None
        return now, now - before if now is not None and before is not None else None


def stored_by(modules: Iterable[ProtectedModule]) -> pd.Series:
    """What is stored of each module with AvePoint and in the customer's own storage together."""
    stored: dict[tuple[str, str], int] = {}
    for own in modules:
        sizes = (own.figures.bytes_avepoint, own.figures.bytes_own)
        given = [size for size in sizes if size is not None]
        if given:
            key = (own.service, own.module)
            stored[key] = stored.get(key, 0) + sum(given)
    index = pd.MultiIndex.from_tuples(list(stored), names=MODULE)
    return pd.Series(list(stored.values()), index=index, dtype=object)


def _sum(stored: pd.Series, modules: pd.MultiIndex) -> int | None:
    own = stored[stored.index.isin(modules)]
    return int(sum(own)) if len(own) else None
