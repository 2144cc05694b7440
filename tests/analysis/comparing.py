"""The product's reports of raw customers, and where they are not the oracle's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from math import isclose
from pathlib import Path
from typing import Any

from reporter.config.sections import ReportSettings
from reporter.config.settings import Settings
from reporter.errors import ReporterError
from reporter.model import Assignment, LeaveOut, Look, Policy, Reply, Report, Snapshot, Target
from reporter.period import parse_period
from reporter.render.json_ import report_dict
from reporter.run.assignment import Rendering
from reporter.run.rendering import render_saved
from reporter.run.reporting import report_of
from reporter.store import Store
from tests.analysis.oracle import report
from tests.analysis.raw_months import RawCustomer
from tests.builders import CUSTOMER, make_answers, make_protected

LATE = datetime(2027, 6, 1, tzinfo=UTC)
"""When the reports are made."""
BEYOND_THE_FIGURES = ("ambiguous",)
"""Kinds of data quality that no definition of a figure names."""
SAID_ONCE = (("no recovery point", "gap target missed"), ("failures in a row", "ends in failure"))
"""Reasons that include others."""
Json = dict[str, Any]


def policy_of(policy: Mapping[str, Any]) -> Policy:
    """The product's policy with the oracle's rules."""
    return Policy(
        warning=policy["warning"],
        cancelled=policy["cancelled"],
        units=policy["units"],
        target_success_rate=policy["target_success_rate"],
        target_object_success_rate=policy["target_object_success_rate"],
        max_gap=timedelta(seconds=policy["max_gap_s"]),
        watch_every=timedelta(seconds=policy["watch_every_s"]),
        targets=tuple(
            Target(
                target["service"],
                target.get("module"),
                target.get("name"),
                target.get("success_rate"),
                target.get("object_success_rate"),
                timedelta(seconds=target["max_gap_s"]) if "max_gap_s" in target else None,
            )
            for target in policy["targets"]
        ),
        left_out=tuple(
            LeaveOut(rule["service"], rule.get("module"), rule.get("name"), rule["reason"])
            for rule in policy["left_out"]
        ),
    )


def replies_of(customer: RawCustomer) -> list[Reply]:
    """The replies as they come over the wire."""
    return [
        Reply("https://graph.example/jobs", at, "", json.dumps({"value": rows}).encode())
        for at, rows in customer.replies
    ]


def from_store(customer: RawCustomer, folder: Path) -> Report | None:
    """The report through a store; None where there is none."""
    answers_at = {
        at: make_answers(
            [
                make_protected(
                    serviceType=row["service"],
                    serviceModule=row["module"],
                    dataSizeStoredInAvePoint=size_of(row["stored_gb"]),
                )
                for row in rows
            ],
            at=at,
        )[:1]
        for at, rows in customer.overviews
    }
    with closing(Store.open(f"sqlite:///{folder / 'store.sqlite'}")) as store:
        for reply in replies_of(customer):
            answers = answers_at.pop(reply.fetched_at, ())
            store.record(Snapshot(CUSTOMER, (reply,), answers))
        period = parse_period(customer.label, customer.zone, LATE)
        try:
            policy = policy_of(customer.policy)
            return report_of(store, Assignment(CUSTOMER, period, policy, Look(), None))
        except ReporterError:
            return None


def size_of(stored_gb: int | None) -> str:
    """A size of the overview."""
    return "N/A" if stored_gb is None else f"{stored_gb} GB"


def from_saved(customer: RawCustomer, folder: Path) -> Json | None:
    """The JSON of `render --input`; None where there is no report."""
    policy = policy_of(customer.policy)
    settings = Settings(
        report=ReportSettings.model_validate({
            "warning": policy.warning,
            "cancelled": policy.cancelled,
            "units": policy.units,
            "target_success_rate": policy.target_success_rate,
            "target_object_success_rate": policy.target_object_success_rate,
            "max_gap": policy.max_gap,
            "watch_every": policy.watch_every,
            "targets": [as_setting(target) for target in customer.policy["targets"]],
            "left_out": customer.policy["left_out"],
        })
    )  # fmt: skip
    rendering = Rendering(settings, LATE, folder, ("json",), customer.label, customer.zone)
    try:
        (path,) = render_saved(rendering, CUSTOMER, replies_of(customer), "customer").files
    except ReporterError:
        return None
    report: Json = json.loads(path.read_bytes())
    return report


def as_setting(target: Mapping[str, Any]) -> dict[str, Any]:
    """A target as the settings have it, its gap a length of time."""
    gap = {"max_gap": timedelta(seconds=target["max_gap_s"])} if "max_gap_s" in target else {}
    return {key: value for key, value in target.items() if key != "max_gap_s"} | gap


def expected_of(customer: RawCustomer, *, with_answers: bool) -> dict[str, Any] | None:
    """The oracle's figures."""
    base = 1000 if customer.policy["units"] == "decimal" else 1024
    overviews = [
        (at, [
            {
                "service": row["service"],
                "module": row["module"],
                "stored_bytes": None if row["stored_gb"] is None else row["stored_gb"] * base**3,
            }
            for row in rows
        ])
        for at, rows in customer.overviews
    ]  # fmt: skip
    return report(
        customer.named,
        customer.start,
        customer.end,
        customer.zone,
        customer.policy,
        {"overview": overviews} if with_answers else None,
        kind="days" if ".." in customer.label else None,
    )


def differences_of_store(customer: RawCustomer, folder: Path) -> list[str]:
    """Where the report through a store is not the oracle's."""
    expected, report = expected_of(customer, with_answers=True), from_store(customer, folder)
    if expected is None or report is None:
        return both_none(expected, report)
    silent = {(day.service, day.module, day.date): day.silence.value for day in report.silent}
    silence = {
        (*module, day): word
        for module, days in expected["silence"].items()
        for day, word in days.items()
    }
    return [
        *json_differences(expected, report_dict(report)),
        *by_key("silence", silence, silent),
        *reason_differences(expected, report),
    ]


def differences_of_saved(customer: RawCustomer, folder: Path) -> list[str]:
    """Where the JSON of `render --input` is not the oracle's."""
    return differences_of_json(customer, from_saved(customer, folder))


def differences_of_json(customer: RawCustomer, report: Json | None) -> list[str]:
    """Where the JSON `from_saved` is not the oracle's."""
    expected = expected_of(customer, with_answers=False)
    if expected is None and not any(is_job(row) for _, rows in customer.replies for row in rows):
        return []  # saved replies without a job are rendered for whatever period they are given for
    if expected is None or report is None:
        return both_none(expected, report)
    return list(json_differences(expected, report))


def is_job(row: Mapping[str, Any]) -> bool:
    """Whether a raw row tells of a job."""
    return (row.get("jobId") or "N/A").strip() not in ("", "N/A")


def both_none(expected: object, report: object) -> list[str]:
    """No difference where neither gives a report."""
    if expected is None and report is None:
        return []
    return [f"by the definitions there is {'no' if expected is None else 'a'} report"]


def reason_differences(expected: Mapping[str, Any], report: Report) -> Iterator[str]:
    """Reasons by kind, service, module and scope; kinds that only name a state do not count."""
    states = {"never run", "no data", "idle", "off"}
    defined = {
        (reason[-1], reason[0], reason[1], reason[2] or None) for reason in expected["reasons"]
    }
    reported = {
        (reason.kind.value, reason.service, reason.module, reason.name)
        for reason in report.reasons
        if reason.kind.value not in states
    }
    # A scope without any recovery point is only said to have none, not to miss its target as well;
    # one that fails several times in a row is not also said to end in a failure.
    for worse, milder in SAID_ONCE:
        defined -= {(milder, *reason[1:]) for reason in reported if reason[0] == worse}
    for reason in sorted(defined - reported, key=str):
        yield f"reasons: {reason} is missing"
    for reason in sorted(reported - defined, key=str):
        yield f"reasons: {reason} is none by the definitions"


def json_differences(expected: Mapping[str, Any], report: Json) -> Iterator[str]:
    """Figure by figure, each with its place."""
    for key in ("state", "final"):
        yield from value_difference(key, expected[key], report[key])
    yield from figures_difference("totals", expected["totals"], report["totals"])
    yield from figures_difference("coverage", expected["coverage"], report["coverage"])
    for key, names in (
        ("services", ("service",)),
        ("modules", ("service", "module")),
        ("daily", ("date", "service", "module")),
        ("exceptions", ("service", "module", "job_id")),
        ("left_out", ("service", "module", "name")),
        ("other_jobs", ("service", "module")),
        ("quality", ("kind", "field")),
    ):
        defined, reported = (keyed(entries_of[key], names) for entries_of in (expected, report))
        yield from by_key(key, defined, reported)
    previous = report["previous"]
    if previous is None or expected["previous"] is None:
        yield from value_difference("previous", expected["previous"] is None, previous is None)
    else:
        yield from figures_difference("previous", expected["previous"], previous["totals"])
        yield from value_difference("comparable", expected["comparable"], previous["comparable"])


def keyed(entries: Any, names: tuple[str, ...]) -> dict[tuple[str, ...], Any]:
    """The entries of a list by what tells them apart."""
    by_names = {
        tuple(str(entry[name]) for name in names): entry
        for entry in entries
        if entry.get("kind") not in BEYOND_THE_FIGURES
    }
    assert names[0] == "kind" or len(by_names) == len(entries), f"two entries of one {names}"
    return by_names


def by_key(where: str, defined: Mapping[Any, Any], reported: Mapping[Any, Any]) -> Iterator[str]:
    """What only one of them has, and what differs between them."""
    for key in sorted({*defined, *reported}, key=str):
        place = f"{where}[{', '.join(map(str, key))}]"
        if key not in reported:
            yield f"{place}: missing, {defined[key]!r} by the definitions"
        elif key not in defined:
            yield f"{place}: not by the definitions, {reported[key]!r} in the report"
        elif isinstance(defined[key], Mapping):
            yield from figures_difference(place, defined[key], reported[key])
        else:
            yield from value_difference(place, defined[key], reported[key])


def figures_difference(
    where: str, defined: Mapping[str, Any], reported: Mapping[str, Any]
) -> Iterator[str]:
    """Each figure the oracle has; scopes one by one."""
    for key, value in defined.items():
        if key == "scopes":
            scopes = (keyed(entries, ("name",)) for entries in (value, reported[key]))
            yield from by_key(f"{where}.scopes", *scopes)
        elif key == "cured_by":
            if reported[key] not in (value or [None]):
                yield (
                    f"{where}.{key}: {value!r} by the definitions, {reported[key]!r} in the report"
                )
        elif key in reported:
            yield from value_difference(f"{where}.{key}", value, reported[key])
        elif key != "worst":  # which the JSON does not hold
            yield f"{where}.{key}: no such key"


def value_difference(where: str, defined: Any, reported: Any) -> Iterator[str]:
    """One figure: times as instants, means approximately, everything else exactly."""
    if isinstance(defined, datetime) and isinstance(reported, str):
        same = defined == datetime.fromisoformat(reported)
    elif isinstance(defined, date) and isinstance(reported, str):
        same = defined.isoformat() == reported
    elif isinstance(defined, list):
        same = [str(value) for value in defined] == [str(value) for value in reported or ()]
    elif isinstance(defined, float) and isinstance(reported, float):
        same = isclose(defined, reported, rel_tol=1e-9, abs_tol=1e-6)
    else:
        same = defined == reported and (defined is None) == (reported is None)
    if not same:
        yield f"{where}: {defined!r} by the definitions, {reported!r} in the report"
