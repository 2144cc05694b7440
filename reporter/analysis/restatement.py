"""Which figures of two versions of one report differ, and from what to what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from reporter.model import CHOICES, Change, FigureValue

FiguresJson = Mapping[str, Any]
"""Figures of a report's JSON."""

Place = tuple[str, str, str | None]
"""Service, module and scope; the customer's are empty, and the name of a module as a whole None."""

_NO_FIGURES: Final = (
    "schema",
    "generator",
    "customer",
    "sources",
    "reference_at",
    "final",
    "as_of",
    "version",
    "restates",
)
"""Keys of a report's JSON that may differ where the figures are the same."""
_NOT_FIGURES: Final = ("as_of", "seen_at", "title")
"""Keys of its parts that may differ: when somebody looked, and how objects are named."""
_OF_TENANT: Final = ("tenant", "absence", "said")
"""Where the JSON has the words of what failed in the customer's own tenant: they may differ, and
why nothing is known (its kind) may not. Elsewhere they count, as in versions made before."""
_NO_RESTORE_TESTS: Final = ("restore_tests", None)
"""Means the same as no such key, as in reports of earlier versions of the program."""
_OF_COVERAGE: Final = (
    "modules_seen",
    "modules_covered",
    "modules_idle",
    "modules_off",
    "scopes_seen",
    "scopes_covered",
    "snapshots",
    "snapshot_days",
    "watched_share",
)
_OF_POLICY: Final = {
    **{name: f"{name}_policy" for name in CHOICES},
    "units": "units",
    "target_success_rate": "target_success_rate",
    "target_object_success_rate": "target_object_success_rate",
    "max_gap_s": "max_gap_s",
    "watch_every_s": "watch_every_s",
}
"""Keys of the policy, and what they are called here: some of them are outcomes as well."""


_OF_RESTORES: Final = {
    "objects_restored": "objects_successful",
    "objects_not_restored": "objects_failed",
}
"""What the sums over restores and exports are called here, and what they are of."""


def figures_in(report: FiguresJson) -> dict[str, Any]:
    """The figures in a report's JSON: there is a new version only where one of them changes."""
    return {
        key: _undated(_without_words(value) if key == _OF_TENANT[0] else value)
        for key, value in report.items()
        if key not in _NO_FIGURES and (key, value) != _NO_RESTORE_TESTS
    }


def _undated(value: Any) -> Any:
    """A part of the JSON without the times of looks."""
    if isinstance(value, Mapping):
        return {key: _undated(inner) for key, inner in value.items() if key not in _NOT_FIGURES}
    if isinstance(value, list):
        return [_undated(inner) for inner in value]
    return value


def _without_words(tenant: Mapping[str, Any]) -> dict[str, Any]:
    """What the JSON says of the customer's own tenant without the words of what failed."""
    _, absence, words = _OF_TENANT
    return {
        kind: {
            key: {name: each for name, each in value.items() if name != words}
            if key == absence and value
            else value
            for key, value in of_kind.items()
        }
        for kind, of_kind in tenant.items()
    }


def changes_between(before: FiguresJson, now: FiguresJson) -> tuple[Change, ...]:
    """The figures that differ, those of the customer first, then module by module, each followed by
    its scopes.

    Both are reports as JSON, with the keys of docs/figures.md. Where they are of different schemas,
    only what both have can be compared.
    """
    pairs = _pairs_in_both if before["schema"] != now["schema"] else _pairs
    differing = [
        Change(key, *place, was.get(key), current.get(key))
        for place, was, current in pairs(_by_place(before), _by_place(now))
        for key in dict.fromkeys((*current, *was))
        if was.get(key) != current.get(key)
    ]
    return tuple(differing)


Pairs = Iterator[tuple[Place, FiguresJson, FiguresJson]]
"""What is compared: the place, the figures then, and now."""


def _pairs(before: Mapping[Place, FiguresJson], now: Mapping[Place, FiguresJson]) -> Pairs:
    for place in sorted(before.keys() | now.keys(), key=_in_order):
        yield place, before.get(place, {}), now.get(place, {})


def _pairs_in_both(before: Mapping[Place, FiguresJson], now: Mapping[Place, FiguresJson]) -> Pairs:
    for place, was, current in _pairs(before, now):
        keys = was.keys() & current.keys()
        yield (
            place,
            {key: value for key, value in was.items() if key in keys},
            {key: value for key, value in current.items() if key in keys},
        )


def _in_order(place: Place) -> tuple[str, str, str]:
    service, module, name = place
    return service, module, name or ""


def _by_place(report: FiguresJson) -> dict[Place, FiguresJson]:
    """The figures of the customer, of each module, and of each scope that has a name."""
    return {("", "", None): _of_customer(report), **dict(_of_modules(report))}


def _of_customer(report: FiguresJson) -> dict[str, FigureValue]:
    exceptions = report["exceptions"]
    counted = {
        "exceptions": len(exceptions),
        "open_exceptions": sum(exception["cured_by"] is None for exception in exceptions),
        "quality_notes": sum(note["count"] for note in report["quality"]),
    }
    coverage = {key: value for key, value in report["coverage"].items() if key in _OF_COVERAGE}
    policy = {
        _OF_POLICY[key]: value for key, value in report["policy"].items() if key in _OF_POLICY
    }
    left_out = {"scopes_left_out": len(report["left_out"])} if "left_out" in report else {}
    return {
        "state": report["state"],
        **report["totals"],
        **coverage,
        **counted,
        **left_out,
        **policy,
        **_beside(report),
    }


def _beside(report: FiguresJson) -> dict[str, FigureValue]:
    """What is known beside the jobs."""
    protected, subscription = report["protection"]["totals"], report["subscription"]
    products = None if subscription["absence"] else len(subscription["products"])
    tests = report.get("restore_tests") or {}
    return {
        "objects_found": protected["scanned"],
        "objects_protected": protected["protected"],
        **_of_users(report),
        **_of_tenant(report),
        "products": products,
        "restore_standing": tests.get("standing"),
        "restore_tests": tests.get("in_twelve_months"),
        "restore_last_passed_on": tests.get("last_passed_on"),
    }


def _of_users(report: FiguresJson) -> dict[str, FigureValue]:
    """Users without protection; nothing where the report says nothing of users."""
    if not (users := report.get("users")):
        return {}
    return {"users_unprotected": sum(module["unprotected"] for module in users["unprotected"])}


def _of_tenant(report: FiguresJson) -> dict[str, FigureValue]:
    """What the customer's own tenant tells; nothing of what it does not."""
    told: dict[str, FigureValue] = {}
    if (restores := report.get("restores")) is not None:
        told["restores"] = len(restores)
        for figure, part in _OF_RESTORES.items():
            told[figure] = sum(job[part] or 0 for job in restores)
    if policy := report.get("tenant", {}).get("retention", {}).get("policy"):
        told["retention_kept"] = policy["kept"]
    return told


def _gap_targets(report: FiguresJson) -> dict[tuple[str, str | None], float]:
    """The recovery-point targets of single modules, such as follow from how often their backups are
    set to run.
    """
    return {
        (target["service"], target["module"]): target["max_gap_s"]
        for target in reversed(report["policy"].get("targets") or ())
        if target["name"] is None and target["max_gap_s"] is not None
    }


def _of_modules(report: FiguresJson) -> Iterator[tuple[Place, FiguresJson]]:
    gap_targets = _gap_targets(report)
    for of_module in report["modules"]:
        service, module = of_module["service"], of_module["module"]
        figures = _without(of_module, "service", "module", "scopes")
        if (service, module) in gap_targets:
            figures["max_gap_s"] = gap_targets[service, module]
        for scope in of_module.get("scopes", ()):
            if scope["name"] is None:  # its figures are the module's
                figures |= {key: scope[key] for key in ("listed", "listed_since")}
            else:
                yield (service, module, scope["name"]), _without(scope, "name")
        yield (service, module, None), figures


def _without(figures: FiguresJson, *keys: str) -> dict[str, FigureValue]:
    return {key: value for key, value in figures.items() if key not in keys}
