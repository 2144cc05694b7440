"""The product's reports of raw customers, and where they are not the oracle's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from math import isclose
from pathlib import Path
from typing import Any

from reporter.config.settings import ReportSettings, Settings
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
"""Reasons that hold others."""
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
                one["service"],
                one.get("module"),
                one.get("name"),
                one.get("success_rate"),
                one.get("object_success_rate"),
                timedelta(seconds=one["max_gap_s"]) if "max_gap_s" in one else None,
            )
            for one in policy["targets"]
        ),
        left_out=tuple(
            LeaveOut(one["service"], one.get("module"), one.get("name"), one["reason"])
            for one in policy["left_out"]
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
    told = {
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
            answers = told.pop(reply.fetched_at, ())
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
            "targets": [as_setting(own) for own in customer.policy["targets"]],
            "left_out": customer.policy["left_out"],
        })
    )  # fmt: skip
    rendering = Rendering(settings, LATE, folder, ("json",), customer.label, customer.zone)
    try:
        (path,) = render_saved(rendering, CUSTOMER, replies_of(customer), "customer").files
    except ReporterError:
        return None
    made: Json = json.loads(path.read_bytes())
    return made


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
    expected, made = expected_of(customer, with_answers=True), from_store(customer, folder)
    if expected is None or made is None:
        return both_none(expected, made)
    silent = {(one.service, one.module, one.date): one.silence.value for one in made.silent}
    silence = {
        (*module, day): word
        for module, days in expected["silence"].items()
        for day, word in days.items()
    }
    return [
        *json_differences(expected, report_dict(made)),
        *by_key("silence", silence, silent),
        *reason_differences(expected, made),
    ]


def differences_of_saved(customer: RawCustomer, folder: Path) -> list[str]:
    """Where the JSON of `render --input` is not the oracle's."""
    return differences_of_json(customer, from_saved(customer, folder))


def differences_of_json(customer: RawCustomer, made: Json | None) -> list[str]:
    """Where the JSON `from_saved` is not the oracle's."""
    expected = expected_of(customer, with_answers=False)
    if expected is None and not any(is_job(row) for _, rows in customer.replies for row in rows):
        return []  # saved replies without a job are rendered for whatever period they are given for
    if expected is None or made is None:
        return both_none(expected, made)
    return list(json_differences(expected, made))


def is_job(row: Mapping[str, Any]) -> bool:
    """Whether a raw row tells of a job."""
    return (row.get("jobId") or "N/A").strip() not in ("", "N/A")


def both_none(expected: object, made: object) -> list[str]:
    """No difference where there is no report by either."""
    if expected is None and made is None:
        return []
    return [f"by the definitions there is {'no' if expected is None else 'a'} report"]


def reason_differences(expected: Mapping[str, Any], made: Report) -> Iterator[str]:
    """Reasons by kind, service, module and scope; kinds that only name a state are none."""
    states = {"never run", "no data", "idle", "off"}
    mine = {(one[-1], one[0], one[1], one[2] or None) for one in expected["reasons"]}
    theirs = {
        (one.kind.value, one.service, one.module, one.name)
        for one in made.reasons
        if one.kind.value not in states
    }
    # What has no recovery point at all is said to have none, and not to miss its target as well;
    # what fails several times in a row is not said to end in a failure.
    for worse, milder in SAID_ONCE:
        mine -= {(milder, *one[1:]) for one in theirs if one[0] == worse}
    for reason in sorted(mine - theirs, key=str):
        yield f"reasons: {reason} is missing"
    for reason in sorted(theirs - mine, key=str):
        yield f"reasons: {reason} is none by the definitions"


def json_differences(expected: Mapping[str, Any], made: Json) -> Iterator[str]:
    """Figure by figure, each with where it stands."""
    for key in ("state", "final"):
        yield from value_difference(key, expected[key], made[key])
    yield from figures_difference("totals", expected["totals"], made["totals"])
    yield from figures_difference("coverage", expected["coverage"], made["coverage"])
    for key, names in (
        ("services", ("service",)),
        ("modules", ("service", "module")),
        ("daily", ("date", "service", "module")),
        ("exceptions", ("service", "module", "job_id")),
        ("left_out", ("service", "module", "name")),
        ("other_jobs", ("service", "module")),
        ("quality", ("kind", "field")),
    ):
        mine, theirs = (keyed(one[key], names) for one in (expected, made))
        yield from by_key(key, mine, theirs)
    previous = made["previous"]
    if previous is None or expected["previous"] is None:
        yield from value_difference("previous", expected["previous"] is None, previous is None)
    else:
        yield from figures_difference("previous", expected["previous"], previous["totals"])
        yield from value_difference("comparable", expected["comparable"], previous["comparable"])


def keyed(entries: Any, names: tuple[str, ...]) -> dict[tuple[str, ...], Any]:
    """The entries of a list by what tells them apart."""
    found = {
        tuple(str(entry[name]) for name in names): entry
        for entry in entries
        if entry.get("kind") not in BEYOND_THE_FIGURES
    }
    assert names[0] == "kind" or len(found) == len(entries), f"two entries of one {names}"
    return found


def by_key(where: str, mine: Mapping[Any, Any], theirs: Mapping[Any, Any]) -> Iterator[str]:
    """What one has and the other has not, and what differs in both."""
    for key in sorted({*mine, *theirs}, key=str):
        place = f"{where}[{', '.join(map(str, key))}]"
        if key not in theirs:
            yield f"{place}: missing, {mine[key]!r} by the definitions"
        elif key not in mine:
            yield f"{place}: not by the definitions, {theirs[key]!r} in the report"
        elif isinstance(mine[key], Mapping):
            yield from figures_difference(place, mine[key], theirs[key])
        else:
            yield from value_difference(place, mine[key], theirs[key])


def figures_difference(
    where: str, mine: Mapping[str, Any], theirs: Mapping[str, Any]
) -> Iterator[str]:
    """Each figure the oracle has; scopes one by one."""
    for key, value in mine.items():
        if key == "scopes":
            scopes = (keyed(one, ("name",)) for one in (value, theirs[key]))
            yield from by_key(f"{where}.scopes", *scopes)
        elif key == "cured_by":
            if theirs[key] not in (value or [None]):
                yield f"{where}.{key}: {value!r} by the definitions, {theirs[key]!r} in the report"
        elif key in theirs:
            yield from value_difference(f"{where}.{key}", value, theirs[key])
        elif key != "worst":  # which the JSON does not hold
            yield f"{where}.{key}: no such key"


def value_difference(where: str, mine: Any, theirs: Any) -> Iterator[str]:
    """One figure: times as instants, means nearly, all else exactly."""
    if isinstance(mine, datetime) and isinstance(theirs, str):
        same = mine == datetime.fromisoformat(theirs)
    elif isinstance(mine, date) and isinstance(theirs, str):
        same = mine.isoformat() == theirs
    elif isinstance(mine, list):
        same = [str(one) for one in mine] == [str(one) for one in theirs or ()]
    elif isinstance(mine, float) and isinstance(theirs, float):
        same = isclose(mine, theirs, rel_tol=1e-9, abs_tol=1e-6)
    else:
        same = mine == theirs and (mine is None) == (theirs is None)
    if not same:
        yield f"{where}: {mine!r} by the definitions, {theirs!r} in the report"
