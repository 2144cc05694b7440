"""What is said of a report to whoever approves it."""

from __future__ import annotations

from typing import Any

import pytest

from reporter.render.json_ import report_dict
from reporter.review import review
from tests.builders import make_job, make_report

OCTOBER = [make_job(f"2026-10-{day:02}T01:00:00Z", backupSize="10 GB") for day in range(1, 32)]
SEPTEMBER = [make_job(f"2026-09-{day:02}T01:00:00Z", backupSize="10 GB") for day in range(1, 31)]


def figures(**changed: Any) -> dict[str, Any]:
    """A report without anything odd about it, with some figures changed."""
    report = report_dict(make_report([*SEPTEMBER, *OCTOBER]))
    report["coverage"]["missing_days"] = []
    for key, value in changed.items():
        part, _, name = key.partition("__")
        report[part] = report[part] | {name: value} if name else value
    return report


def test_how_it_stands_against_the_month_before() -> None:
    """Each figure with its target or what it was."""
    seen = dict(review(figures()).figures)
    assert seen["state"].endswith("(before: Healthy)")
    rate = seen["success rate"].replace("\N{NO-BREAK SPACE}", " ")
    assert rate == "100.0 %, target 95 % (before: 100.0 %)"
    assert seen["jobs"] == "31, 0 failed (before: 30)"
    assert seen["modules covered"] == "1 of 1"
    assert "restates" not in seen


def test_nothing_odd_about_an_ordinary_month() -> None:
    """And then nothing is said to be."""
    assert review(figures()).odd == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"totals__success_rate": 0.949}, "the success rate fell: −5.1 points"),
        ({"totals__bytes": 2 * 30 * 10 * 1024**3}, "the volume grew 2.0 times"),
        ({"totals__completed": 0}, "no backup was completed"),
        (
            {"coverage__missing_days": ["2026-10-03", "2026-10-04"]},
            "not observed on 2 of 31 days: Oct 3",
        ),
        (
            {"quality": [{"kind": "unreadable", "count": 3}, {"kind": "undated", "count": 1}]},
            "4 data-quality notes: unreadable, undated",
        ),
    ],
)
def test_what_is_odd(changed: dict[str, Any], said: str) -> None:
    """Each on its own, with the figure that tells."""
    (odd,) = review(figures(**changed)).odd
    assert odd.startswith(said)


@pytest.mark.parametrize(
    "changed",
    [
        {"totals__success_rate": 0.95},
        {"totals__success_rate": None},
        {"totals__bytes": 2 * 30 * 10 * 1024**3 - 1},
        {"previous": None, "totals__success_rate": 0.1, "totals__bytes": 10**15},
    ],
)
def test_what_is_not_odd(changed: dict[str, Any]) -> None:
    """A fall of just five points, no rate, a volume not quite doubled, a first month."""
    assert review(figures(**changed)).odd == ()
