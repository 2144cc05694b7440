"""Every figure of a report is the figure an independent, slow computation finds.

Seeds make the customers; a seed that fails says in which figures. `python -m pytest -m slow` tries
many more.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.analysis.comparing import differences_of_saved, differences_of_store
from tests.analysis.raw_months import RawCustomer, random_customer, random_handful

Differences = Callable[[RawCustomer, Path], list[str]]
MOST_SHOWN = 25


CHAOS = ("quality[end not seen", "previous.")
"""What a handful may differ in: where rows of one job contradict what others said of it in a period
that was closed by then, the one row that is kept of it cannot tell both.
"""


def agree(
    differences: Differences, customer: RawCustomer, folder: Path, but: tuple[str, ...] = ()
) -> None:
    """Fail with the figures that differ, those of a scope before those of the groups that contain
    it.
    """
    differing = [
        difference for difference in differences(customer, folder) if not difference.startswith(but)
    ]
    differing.sort(key=lambda text: (".scopes" not in text, text))
    first = differing[:MOST_SHOWN]
    more = [f"and {len(differing) - MOST_SHOWN} more"] if len(differing) > MOST_SHOWN else []
    about = f"{customer.label} in {customer.zone}, {len(customer.replies)} replies"
    assert not differing, "\n".join([about, *first, *more])


@pytest.mark.parametrize("seed", range(5))
def test_a_customer_agrees_in_every_figure(seed: int, tmp_path: Path) -> None:
    """Likely stories, kept in a store look by look."""
    agree(differences_of_store, random_customer(seed), tmp_path)


@pytest.mark.parametrize("seed", range(12, 15))
def test_saved_replies_agree_in_every_figure(seed: int, tmp_path: Path) -> None:
    """The same without a store."""
    agree(differences_of_saved, random_customer(seed), tmp_path)


@pytest.mark.parametrize("seed", range(12))
def test_a_handful_of_rows_agrees_in_every_figure(seed: int, tmp_path: Path) -> None:
    """Ties, borders, twins and unreadable values in any combination."""
    differences = differences_of_saved if seed % 2 else differences_of_store
    agree(differences, random_handful(seed), tmp_path, CHAOS)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5, 65))
def test_many_customers_agree_in_every_figure(seed: int, tmp_path: Path) -> None:
    """More of both, through a store."""
    agree(differences_of_store, random_customer(seed), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12, 132))
def test_many_handfuls_agree_in_every_figure(seed: int, tmp_path: Path) -> None:
    """More chaos, without one."""
    agree(differences_of_saved, random_handful(seed), tmp_path, CHAOS)
