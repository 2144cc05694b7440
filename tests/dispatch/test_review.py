"""What a report's approver is told about it."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from reporter.dispatch.review import review
from reporter.render.json_ import report_dict
from tests.builders import NOW, make_answers, make_job, make_product, make_report, make_row

OCTOBER = [make_job(f"2026-10-{day:02}T01:00:00Z", backupSize="10 GB") for day in range(1, 32)]
SEPTEMBER = [make_job(f"2026-09-{day:02}T01:00:00Z", backupSize="10 GB") for day in range(1, 31)]
AUGUST = datetime(2026, 8, 31, 5, tzinfo=UTC)


def looks(first: datetime = AUGUST, hours: int = 6) -> list[datetime]:
    """One every few hours, until after the period."""
    return [
        first + timedelta(hours=n) for n in range(0, int((NOW - first) / timedelta(hours=1)), hours)
    ]


@cache
def ordinary() -> dict[str, Any]:
    return as_kept(make_report([*SEPTEMBER, *OCTOBER], observed=looks()))


def as_kept(report: Any) -> dict[str, Any]:
    """The JSON of a report, as it is read again."""
    read: dict[str, Any] = json.loads(json.dumps(report_dict(report)))
    return read


def figures(**changed: Any) -> dict[str, Any]:
    """A report without anything odd about it, with some figures changed."""
    report = deepcopy(ordinary())
    for key, value in changed.items():
        part, _, name = key.partition("__")
        report[part] = report[part] | {name: value} if name else value
    return report


def test_figures_are_compared_with_the_month_before() -> None:
    """Each figure with its target or its former value; numbers of jobs depend on how often the
    service was asked.
    """
    seen = dict(review(figures()).figures)
    assert seen["state"] == "Healthy (before: Healthy)"
    rate = seen["success rate"].replace("\N{NO-BREAK SPACE}", " ")
    assert rate == "100.0 %, target 95 % (before: 100.0 %)"
    assert seen["jobs"] == "31, 0 failed"
    assert seen["modules covered"] == "1 of 1"
    assert seen["watched"].startswith("124 looks")
    assert "restates" not in seen
    assert "left out" not in seen


def test_nothing_odd_about_an_ordinary_month() -> None:
    """And nothing is reported as odd."""
    assert review(figures()).odd == ()


QUALITY = [
    {"kind": "unreadable", "count": 3},
    {"kind": "contradiction", "count": 1},
    {"kind": "end not seen", "count": 9},
    {"kind": "dated by modification", "count": 9},
]
RUNNING = {
    "service": "Microsoft 365",
    "module": "Exchange Online",
    "name": "Tenant B",
    "started_at": "2026-10-08T20:00:00+00:00",
    "seen_at": "2026-11-01T08:00:00+00:00",
}


@pytest.mark.parametrize(
    ("changed", "remark"),
    [
        ({"totals__success_rate": 0.949}, "the success rate fell: −5.1 points"),
        ({"totals__bytes": 2 * 30 * 10 * 1024**3}, "the volume grew by a factor of 2.0"),
        ({"totals__completed": 0}, "no backup was completed"),
        (
            {"coverage__missing_days": ["2026-10-03", "2026-10-04"]},
            "not observed on 2 of 31 days: Oct 3",
        ),
        ({"quality": QUALITY}, "4 data-quality notes: unreadable, contradiction"),
        ({"quality": [{"kind": "undated", "count": 31}]}, "31 jobs cannot be dated"),
        ({"final": False}, "preliminary: "),
        ({"coverage__watched_share": 0.5}, "sparse: asked 124 times"),
        (
            {"running": [RUNNING]},
            "running since Oct 8: Microsoft 365 / Exchange Online / Tenant B",
        ),
        (
            {"first_look": "2026-11-01T08:00:00+00:00"},
            "first looked at after the period, on Nov 1",
        ),
    ],
)
def test_what_is_odd(changed: dict[str, Any], remark: str) -> None:
    """Each on its own, with the figure that shows it."""
    (odd,) = review(figures(**changed)).odd
    assert odd.startswith(remark)


@pytest.mark.parametrize(
    "changed",
    [
        {"totals__success_rate": 0.95},
        {"totals__success_rate": None},
        {"totals__bytes": 2 * 30 * 10 * 1024**3 - 1},
        {"totals__bytes": None, "totals__sized_jobs": 0},
        {"previous": None, "totals__success_rate": 0.1, "totals__bytes": 10**15},
        {"previous__comparable": False, "totals__success_rate": 0.1, "totals__bytes": 10**15},
        {"quality": [{"kind": "end not seen", "count": 9}]},
    ],
)
def test_what_is_not_odd(changed: dict[str, Any]) -> None:
    """A fall of just five points, no rate, a volume not quite doubled or not given, a first month,
    a month before that nobody watched, jobs whose end was not seen.
    """
    assert review(figures(**changed)).odd == ()


def test_days_before_the_first_look_are_not_odd() -> None:
    """Nobody could look then; from the first look on, a day without one is odd."""
    first = datetime(2026, 10, 12, 5, tzinfo=UTC)
    report = as_kept(make_report(OCTOBER, observed=looks(first)))
    assert len(report["coverage"]["missing_days"]) == 11
    assert review(report).odd == ()
    away = [look for look in looks(first) if look.day != 20 or look.month != 10]
    (odd,) = review(as_kept(make_report(OCTOBER, observed=away))).odd
    assert odd == "not observed on 1 of 31 days: Oct 20"


def test_what_is_switched_off_or_expired_needs_a_person() -> None:
    """A module switched off within the month; a subscription whose last day is past."""
    off = make_row(jobModule="Teams Chat", status="Disabled", lastModifyTime="2026-10-08T13:12:10Z")
    products = make_answers([], [make_product(expirationDate="2026-10-20")], at=looks()[-4])
    report = make_report([*SEPTEMBER, *OCTOBER, off], observed=looks(), answers=products)
    assert review(as_kept(report)).odd == (
        "switched off since Oct 8: Microsoft 365 / Teams Chat",
        "expired: Backup 365",
    )
    former = off | {"lastModifyTime": "2026-03-08T13:12:10Z"}
    assert review(as_kept(make_report([*SEPTEMBER, *OCTOBER, former], observed=looks()))).odd == ()
