"""The product's report and the oracle's, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from math import isclose
from typing import Any

from reporter.analysis import analyse
from reporter.jobs.frame import raw_frame, read_jobs
from reporter.jobs.rows import newest, text_rows
from reporter.model import Observations, Policy, Report, Target
from reporter.period import parse_period
from tests.analysis.oracle import Row, Rules, oracle_report
from tests.builders import CUSTOMER

LATE = datetime.fromisoformat("2030-01-01T00:00:00Z")
BY = ("kind", "date", "service", "module", "job_id", "field", "value")
"""What tells the entries of a list apart."""


def policy_of(rules: Rules) -> Policy:
    """The product's policy with the oracle's rules."""
    targets = [
        Target(service, module, rate, None if gap is None else timedelta(seconds=gap))
        for (service, module), (rate, gap) in rules.targets.items()
    ]
    return Policy(
        warning=rules.warning,  # type: ignore[arg-type]
        cancelled=rules.cancelled,  # type: ignore[arg-type]
        units=rules.units,  # type: ignore[arg-type]
        target_success_rate=rules.success_target,
        max_gap=timedelta(seconds=rules.max_gap_s),
        targets=tuple(targets),
    )


def product_report(
    rows: Sequence[tuple[datetime, Row]],
    observed: Sequence[datetime],
    label: str,
    timezone: str,
    rules: Rules,
) -> Report:
    """The report of rows fetched at several times, through the real stages."""
    by_reply: dict[datetime, list[object]] = {}
    for fetched_at, row in rows:
        by_reply.setdefault(fetched_at, []).append(row)
    texts = [row for at, reply in by_reply.items() for row in text_rows(reply, at)]
    policy = policy_of(rules)
    jobs = read_jobs(raw_frame(newest(texts)), policy)
    return analyse(
        CUSTOMER,
        jobs,
        parse_period(label, timezone, LATE),
        policy,
        Observations(tuple(observed), ()),
    )


def as_dict(report: Report) -> dict[str, Any]:
    """The report in the structure of its JSON, times still times."""
    period, policy, previous = report.period, report.policy, report.previous
    return {
        "schema": 1,
        "period": {
            "label": period.label,
            "start": period.start,
            "end": period.end,
            "timezone": period.timezone,
        },
        "policy": {
            "warning": policy.warning,
            "cancelled": policy.cancelled,
            "units": policy.units,
            "target_success_rate": policy.target_success_rate,
            "max_gap_s": policy.max_gap.total_seconds(),
        },
        "state": report.state.value,
        "totals": asdict(report.totals),
        "services": [{"service": own.service, **asdict(own.figures)} for own in report.services],
        "modules": [
            {
                "service": own.service,
                "module": own.module,
                "state": own.state.value,
                **asdict(own.figures),
            }
            for own in report.modules
        ],
        "daily": [asdict(day) for day in report.daily],
        "previous": previous
        and {"period": previous.period.label, "totals": asdict(previous.totals)},
        "coverage": asdict(report.coverage),
        "exceptions": [asdict(own) for own in report.exceptions],
        "other_jobs": [asdict(own) for own in report.other_jobs],
        "quality": [asdict(note) for note in report.quality],
    }


def differences(
    rows: Sequence[tuple[datetime, Row]],
    observed: Sequence[datetime],
    label: str = "2026-10",
    timezone: str = "UTC",
    rules: Rules | None = None,
) -> list[str]:
    """Where the product's figures are not the oracle's."""
    rules = rules or Rules()
    asked = oracle_report(rows, observed=observed, label=label, timezone=timezone, rules=rules)
    got = as_dict(product_report(rows, observed, label, timezone, rules))
    return list(_differences("", asked, got))


def _differences(where: str, asked: Any, got: Any) -> list[str]:
    if isinstance(asked, Mapping) and isinstance(got, Mapping):
        return [
            found
            for key, value in asked.items()
            for found in _differences(f"{where}.{key}", value, got.get(key, "no such key"))
        ]
    if isinstance(asked, list) and isinstance(got, list | tuple):
        mine, theirs = _keyed(asked), _keyed(got)
        extra = [f"{where}{key}: not asked for" for key in theirs.keys() - mine.keys()]
        return extra + [
            found
            for key, value in mine.items()
            for found in _differences(f"{where}{key}", value, theirs.get(key, "missing"))
        ]
    if _same(where, asked, got):
        return []
    return [f"{where}: {asked!r} by the definitions, {got!r} in the report"]


def _keyed(entries: Sequence[Any]) -> dict[Any, Any]:
    """The entries of a list by what tells them apart; the length first, for doubled ones."""
    keyed: dict[Any, Any] = {" entries": len(entries)}
    for entry in entries:
        if isinstance(entry, Mapping):
            keyed[tuple(str(entry[name]) for name in BY if name in entry)] = entry
        else:
            keyed[str(entry)] = str(entry)
    return keyed


def _same(where: str, asked: object, got: object) -> bool:
    if isinstance(asked, datetime) and isinstance(got, datetime):
        # As instants: an hour that comes twice equals nothing in another zone.
        return asked.astimezone(UTC) == got.astimezone(UTC)
    if isinstance(asked, bool) or asked is None:
        return asked == got and type(asked) is type(got)
    if isinstance(got, date) and not isinstance(got, datetime):
        return asked == got.isoformat()
    if isinstance(asked, float) and isinstance(got, int | float):
        # Sizes become whole bytes and durations whole microseconds, job by job.
        loose = 10_000.0 if where.endswith(".bytes") else 0.0
        exact = where.endswith(("_rate", ".longest_gap_s", ".cured_after_s"))
        return asked == got if exact else isclose(asked, got, rel_tol=1e-9, abs_tol=loose or 1e-6)
    return asked == got
