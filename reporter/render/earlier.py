"""Reports of earlier definitions, as those who write about them expect them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Figures = Mapping[str, Any]

_WATCHED: Final = {"snapshots": 1, "observed_days": 1, "days": 1, "watched_share": 1.0}


def with_present_keys(report: Figures) -> Figures:
    """The JSON of a report with every key of the present schema, whose own `schema` it keeps.

    A report of version 1 knew nothing of scopes, of what is stored, or of how closely anybody
    looked: it is given what makes nothing be said of them. Its figures stay as they were printed.
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
        "services": [_figures(own) for own in report["services"]],
        "modules": [{"scopes": [], **_figures(own)} for own in report["modules"]],
        "gaps": [{"name": None, "certain": True, **own} for own in report["gaps"]],
        "quality": [_note(own) for own in report["quality"]],
        "subscription": {"other_products": 0, **report["subscription"]},
        "coverage": _coverage(report["coverage"]),
        "previous": previous and _previous(previous),
        "restates": restates and _restates(restates),
    }


def _figures(figures: Figures) -> dict[str, Any]:
    """Figures of which there was one gap, and each job had a size or none."""
    return {
        "sized_jobs": figures["jobs"],
        "stored_bytes": None,
        "stored_change_bytes": None,
        "longest_gap_at_most_s": figures["longest_gap_s"],
        "object_target_met": None,
        **figures,
    }


def _coverage(coverage: Figures) -> dict[str, Any]:
    """The coverage of modules that were one scope each."""
    return {
        "modules_idle": 0,
        "modules_off": 0,
        "scopes_seen": coverage["modules_seen"],
        "scopes_covered": coverage["modules_covered"],
        "snapshots": coverage["snapshot_days"],
        "watched_share": 1.0,
        **coverage,
    }


def _note(note: Figures) -> dict[str, Any]:
    """A note on one value, where there now is one on all values of a kind and field."""
    value = note["value"]
    return {"values": [] if value is None else [value], **note}


def _previous(previous: Figures) -> dict[str, Any]:
    return {
        "watch": _WATCHED,
        "comparable": True,
        **previous,
        "totals": _figures(previous["totals"]),
    }


def _restates(restates: Figures) -> dict[str, Any]:
    changes = [{"name": None, **own} for own in restates["changes"]]
    return {"redefined": False, "late": False, **restates, "changes": changes}
