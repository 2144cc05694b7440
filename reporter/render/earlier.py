"""Reports of earlier definitions, in the shape the code that writes about them expects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

JsonFigures = Mapping[str, Any]

_WATCHED: Final = {"snapshots": 1, "observed_days": 1, "days": 1, "watched_share": 1.0}


def with_present_keys(report: JsonFigures) -> JsonFigures:
    """The JSON of a report with every key of the present schema, whose own `schema` it keeps.

    A report of version 1 knew nothing of scopes, stored volume, or how closely the period was
    watched: it gets values that print nothing about them. Its figures stay as they were printed.
    """
    if report["schema"] != 1:
        return report
    previous, restates, policy = report["previous"], report["restates"], report["policy"]
    return {
        "left_out": [],
        "running": [],
        "objects": None,
        "users": None,
        "restores": None,
        "final": True,
        "reference_at": report["as_of"],
        "first_look": None,
        **report,
        "policy": {"target_object_success_rate": None, "watch_every_s": None, **policy},
        "totals": _figures(report["totals"]),
        "services": [_figures(service) for service in report["services"]],
        "modules": [{"scopes": [], **_figures(module)} for module in report["modules"]],
        "gaps": [{"name": None, "certain": True, **gap} for gap in report["gaps"]],
        "quality": [_note(note) for note in report["quality"]],
        "subscription": {"other_products": 0, **report["subscription"]},
        "coverage": _coverage(report["coverage"]),
        "previous": previous and _previous(previous),
        "restates": restates and _restates(restates),
    }


def _figures(figures: JsonFigures) -> dict[str, Any]:
    """Figures that had one gap, and where every job counted as one with a size."""
    return {
        "sized_jobs": figures["jobs"],
        "stored_bytes": None,
        "stored_change_bytes": None,
        "longest_gap_at_most_s": figures["longest_gap_s"],
        "object_target_met": None,
        **figures,
    }


def _coverage(coverage: JsonFigures) -> dict[str, Any]:
    """Coverage in which each module was one scope."""
    return {
        "modules_idle": 0,
        "modules_off": 0,
        "scopes_seen": coverage["modules_seen"],
        "scopes_covered": coverage["modules_covered"],
        "snapshots": coverage["snapshot_days"],
        "watched_share": 1.0,
        **coverage,
    }


def _note(note: JsonFigures) -> dict[str, Any]:
    """A note on one value; today a note covers all values of a kind and field."""
    value = note["value"]
    return {"values": [] if value is None else [value], **note}


def _previous(previous: JsonFigures) -> dict[str, Any]:
    return {
        "watch": _WATCHED,
        "comparable": True,
        **previous,
        "totals": _figures(previous["totals"]),
    }


def _restates(restates: JsonFigures) -> dict[str, Any]:
    changes = [{"name": None, **change} for change in restates["changes"]]
    return {"redefined": False, "late": False, **restates, "changes": changes}
