"""Which figures of two versions of one report differ, and from what to what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from reporter.model import Change, FigureValue

Figures = Mapping[str, Any]

_NO_FIGURES: Final = ("schema", "generator", "customer", "sources", "as_of", "version", "restates")
"""Keys of a report's JSON that may differ where the figures are the same."""
_NO_RESTORE_TESTS: Final = ("restore_tests", None)
"""As good as the key left out, which it is in reports of earlier versions of the program."""
_OF_COVERAGE: Final = ("modules_seen", "modules_covered", "snapshot_days")
_OF_POLICY: Final = {
    "warning": "warning_policy",
    "cancelled": "cancelled_policy",
    "units": "units",
    "target_success_rate": "target_success_rate",
    "max_gap_s": "max_gap_s",
}
"""Keys of the policy, and what they are called here: two of them are outcomes as well."""


def figures_in(report: Figures) -> dict[str, Any]:
    """What of a report's JSON is figures: without whose change there is no other version."""
    return {
        key: _undated(value)
        for key, value in report.items()
        if key not in _NO_FIGURES and (key, value) != _NO_RESTORE_TESTS
    }


def _undated(value: Any) -> Any:
    """A part of the JSON without when it was looked at."""
    if not isinstance(value, Mapping):
        return value
    return {key: inner for key, inner in value.items() if key != "as_of"}


def changes_between(before: Figures, now: Figures) -> tuple[Change, ...]:
    """The figures that differ, those of the customer first, then module by module.

    Both are reports as JSON, with the keys of docs/figures.md.
    """
    differing = [
        Change(key, *place, was.get(key), own.get(key))
        for place, was, own in _pairs(before, now)
        for key in dict.fromkeys((*own, *was))
        if was.get(key) != own.get(key)
    ]
    return tuple(differing)


def _pairs(before: Figures, now: Figures) -> Iterator[tuple[tuple[str, str], Figures, Figures]]:
    """What is compared: service and module, the figures then, and now."""
    yield ("", ""), _of_customer(before), _of_customer(now)
    was, own = _of_modules(before), _of_modules(now)
    for place in sorted(was.keys() | own.keys()):
        yield place, was.get(place, {}), own.get(place, {})


def _of_customer(report: Figures) -> dict[str, FigureValue]:
    exceptions = report["exceptions"]
    counted = {
        "exceptions": len(exceptions),
        "open_exceptions": sum(own["cured_by"] is None for own in exceptions),
        "quality_notes": sum(note["count"] for note in report["quality"]),
    }
    coverage = {key: report["coverage"][key] for key in _OF_COVERAGE}
    policy = {own: report["policy"][key] for key, own in _OF_POLICY.items()}
    return {
        "state": report["state"],
        **report["totals"],
        **coverage,
        **counted,
        **policy,
        **_beside(report),
    }


def _beside(report: Figures) -> dict[str, FigureValue]:
    """What is known beside the jobs."""
    protected, subscription = report["protection"]["totals"], report["subscription"]
    products = None if subscription["absence"] else len(subscription["products"])
    tests = report.get("restore_tests") or {}
    return {
        "objects_found": protected["scanned"],
        "objects_protected": protected["protected"],
        "products": products,
        "restore_standing": tests.get("standing"),
        "restore_tests": tests.get("in_twelve_months"),
        "restore_last_passed_on": tests.get("last_passed_on"),
    }


def _of_modules(report: Figures) -> dict[tuple[str, str], dict[str, FigureValue]]:
    return {
        (own["service"], own["module"]): {
            key: value for key, value in own.items() if key not in ("service", "module")
        }
        for own in report["modules"]
    }
