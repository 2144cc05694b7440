"""Which figures of two versions of a report are said to differ."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

from reporter.analysis.restatement import changes_between, figures_in
from reporter.model import Absence, Answer, Lack
from reporter.render.json_ import report_dict
from reporter.render.restated import restated
from reporter.render.text import Words
from tests.builders import (
    NOW,
    make_job,
    make_listed_by_time,
    make_report,
    make_setting,
    make_tenant_job,
)

NIGHT = "2026-10-05T01:00:00Z"


def named(name: str, status: str = "Finished", **fields: Any) -> dict[str, Any]:
    return make_job(NIGHT, status, jobType="IaaS + PaaS", name=name, jobId=f"J{name}", **fields)


def json_of(*rows: dict[str, Any], **options: Any) -> dict[str, Any]:
    return report_dict(make_report(rows, **options))


def of_first_schema(report: dict[str, Any]) -> dict[str, Any]:
    """A report as version 1 had it, as far as it matters here."""
    old = deepcopy(report)
    old["schema"] = 1
    for figures in (old["totals"], *old["services"], *old["modules"]):
        figures.pop("scopes", None)
        for key in ("sized_jobs", "stored_bytes", "longest_gap_at_most_s", "object_target_met"):
            del figures[key]
    for key in ("watched_share", "snapshots", "scopes_seen", "modules_idle"):
        del old["coverage"][key]
    for key in ("watch_every_s", "target_object_success_rate"):
        del old["policy"][key]
    del old["left_out"]
    return old


def test_a_scope_is_named() -> None:
    """A change of a scope is listed with its name, after the changes of its module."""
    before, now = json_of(named("A"), named("B")), json_of(named("A"), named("B", "Failed"))
    failed = [change for change in changes_between(before, now) if change.figure == "failed"]
    assert [(change.module, change.name, change.before, change.now) for change in failed] == [
        ("", None, 0, 1),
        ("Exchange Online", None, 0, 1),
        ("Exchange Online", "B", 0, 1),
    ]


def test_a_single_scope_module_lists_each_change_once() -> None:
    """No change is listed twice; how the scope is listed is shown with the module."""
    before = json_of(make_job(NIGHT))
    now = json_of(make_job(NIGHT, "Failed"))
    changes = changes_between(before, now)
    assert {change.name for change in changes} == {None}
    assert len({(change.module, change.figure) for change in changes}) == len(changes)
    now = deepcopy(before)
    now["modules"][0]["scopes"][0]["listed"] = "gone"
    assert [
        (change.module, change.figure, change.now) for change in changes_between(before, now)
    ] == [("Exchange Online", "listed", "gone")]


def test_under_different_definitions_only_shared_figures_are_compared() -> None:
    """A figure that only one of them has is not said to have appeared or disappeared."""
    now = json_of(make_job(NIGHT, "Failed"), named("A"))
    old = of_first_schema(json_of(make_job(NIGHT)))
    changes = changes_between(old, now)
    assert {change.service for change in changes} == {"", "Microsoft 365"}
    assert {"failed", "success_rate"} <= {change.figure for change in changes}
    lacking = {"watched_share", "stored_bytes", "object_target_met", "watch_every_s", "listed"}
    assert not lacking & {change.figure for change in changes}
    assert changes_between(of_first_schema(now), now) == ()


def test_looking_again_changes_no_figure() -> None:
    """Neither looking once more nor becoming final is a change."""
    rows = [make_job(NIGHT, "Running")]
    looks = [NOW - timedelta(days=15), NOW]
    once, twice = (
        json_of(*rows, observed=observed)
        for observed in (looks, [*looks, NOW + timedelta(hours=8)])
    )
    assert once["as_of"] != twice["as_of"]
    assert figures_in(once) == figures_in(twice)
    twice["final"] = False
    assert figures_in(once) == figures_in(twice)


def test_what_the_tenant_says_otherwise_is_named() -> None:
    """Restores, retention, and the target that follows from the frequency."""
    row = make_job(NIGHT)
    failed = {"totalCount": 3, "failedCount": 3, "successfulCount": 0}
    jobs = [make_tenant_job(), make_tenant_job(id="RS2", state="Failed", backupDetails=failed)]
    settings = [
        (
            make_setting("frequency", [{"serviceType": 0, "frequency": times}]),
            make_setting("retention", {"retentionPeriod": kept}),
        )
        for times, kept in ((2, "1 years"), (4, "3 years"))
    ]
    restores = [make_listed_by_time("restores", {(2, 1): jobs[:number]}) for number in (1, 2)]
    before, now = (json_of(row, answers=(restores[number], *settings[number])) for number in (0, 1))
    changes = [
        (change.module, change.figure, change.before, change.now)
        for change in changes_between(before, now)
    ]
    hour = 3600
    assert changes == [
        ("", "restores", 1, 2),
        ("", "objects_not_restored", 0, 3),
        ("", "retention_kept", "1 years", "3 years"),
        ("Exchange Online", "max_gap_s", 14 * hour, 8 * hour),
    ]
    shown = restated(changes_between(before, now), Words("en"))
    assert [(each.figure, each.before, each.now) for each in shown][:3] == [
        ("Restores and exports", "1", "2"),
        ("Objects that could not be restored or exported", "0", "3"),
        ("Kept in general", "1 years", "3 years"),
    ]


def test_the_words_of_what_failed_in_the_tenant_are_no_figure() -> None:
    """Why nothing is known is one."""

    def figures(lack: Lack, words: str) -> dict[str, Any]:
        answer = Answer("restores", NOW, absence=Absence(lack, words))
        return figures_in(json_of(make_job(NIGHT), answers=(answer,)))

    assert figures(Lack.FAILED, "503: x") == figures(Lack.FAILED, "500: y")
    assert figures(Lack.FAILED, "503: x") != figures(Lack.NOT_PERMITTED, "a.read")
