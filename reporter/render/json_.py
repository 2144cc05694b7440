"""The report as JSON: the machine-readable twin, with the keys of docs/figures.md."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from reporter import __version__
from reporter.model import (
    CHOICES,
    Absence,
    Look,
    Objects,
    Report,
    RestoreJobs,
    RestoreTests,
    ScopeFigures,
)
from reporter.period import Period
from reporter.render.interface import Format
from reporter.render.sentences import reason_text
from reporter.render.text import Words

SCHEMA: Final = 2
"""Raised when a key is added, removed or changes its meaning: each archive is checked against the
keys of its schema. It is also the version of the definitions in docs/figures.md.
"""


def write_json(report: Report, look: Look, path: Path) -> None:
    """The report as a JSON file. `look` changes nothing in it."""
    path.write_bytes(json_bytes(report))


def json_bytes(report: Report) -> bytes:
    """The JSON file."""
    text = json.dumps(report_dict(report), ensure_ascii=False, indent=1, allow_nan=False)
    # A lone surrogate, which UTF-8 cannot encode, becomes its JSON escape.
    return f"{text}\n".encode("utf-8", "backslashreplace")


def report_dict(report: Report) -> dict[str, Any]:
    """The report as plain dicts, lists, strings, numbers, booleans and None."""
    return {
        "schema": SCHEMA,
        "generator": {"name": "backup-reporter", "version": __version__},
        "customer": {"id": report.customer.id, "name": report.customer.name},
        "period": _period(report.period),
        "policy": {
            **{name: getattr(report.policy, name) for name in CHOICES},
            "units": report.policy.units,
            "target_success_rate": report.policy.target_success_rate,
            "target_object_success_rate": report.policy.target_object_success_rate,
            "max_gap_s": report.policy.max_gap.total_seconds(),
            "watch_every_s": report.policy.watch_every.total_seconds(),
            "targets": [
                {
                    "service": target.service,
                    "module": target.module,
                    "name": target.name,
                    "success_rate": target.success_rate,
                    "object_success_rate": target.object_success_rate,
                    "max_gap_s": None if target.max_gap is None else target.max_gap.total_seconds(),
                    **({"times_a_day": target.times_a_day} if target.times_a_day else {}),
                }
                for target in report.policy.targets
            ],
        },
        "state": report.state.value,
        "reasons": [
            reason_text(reason, Words("en", report.policy.units)) for reason in report.reasons
        ],
        "totals": _plain(report.totals),
        "services": [
            {"service": service.service} | _plain(service.figures) for service in report.services
        ],
        "modules": [
            {
                "service": module.service,
                "module": module.module,
                "state": module.state.value,
                "scopes": [_scope(scope) for scope in module.scopes],
            }
            | _plain(module.figures)
            for module in report.modules
        ],
        "daily": _plain(report.daily),
        "previous": None
        if report.previous is None
        else {
            "period": _period(report.previous.period),
            "state": report.previous.state.value,
            "totals": _plain(report.previous.totals),
            "watch": _plain(report.previous.watch),
            "comparable": report.comparable,
        },
        "coverage": _plain(report.coverage),
        "exceptions": _plain(report.exceptions),
        "left_out": _plain(report.left_out),
        "objects": _objects(report.objects),
        "users": None
        if report.users.as_of is None
        else {"as_of": _plain(report.users.as_of), "unprotected": _plain(report.users.modules)},
        "restores": _restores(report.restores),
        "other_jobs": _plain(report.other_jobs),
        "quality": _plain(report.quality),
        "sources": _plain(report.sources),
        "gaps": [_plain(gap) | {"length_s": gap.length_s} for gap in report.gaps],
        "running": _plain(report.running),
        "history": [
            {
                "month": month.period.label,
                "jobs": month.jobs,
                "completed": month.completed,
                "success_rate": month.success_rate,
                "bytes": month.bytes,
                "observed_days": month.observed_days,
                "days": month.days,
            }
            for month in report.history
        ],
        "protection": {
            "as_of": _plain(report.protection.as_of),
            "absence": _absence(report.protection.absence),
            "totals": _plain(report.protection.totals),
            "modules": [
                {"service": module.service, "module": module.module} | _plain(module.figures)
                for module in report.protection.modules
            ],
        },
        "subscription": {
            "as_of": _plain(report.subscription.as_of),
            "absence": _absence(report.subscription.absence),
            "products": _plain(report.subscription.products),
            "other_products": report.subscription.other_products,
        },
        "restore_tests": _restore_tests(report.restore_tests),
        **({"tenant": tenant} if (tenant := _tenant(report)) else {}),
        "reference_at": report.reference_at.isoformat(),
        "final": report.final,
        "first_look": _plain(report.first_look),
        "as_of": report.as_of.isoformat(),
        **({"last_looks": _plain(report.last_looks)} if report.last_looks else {}),
        "version": report.version,
        "restates": None
        if report.restatement is None
        else {
            "version": report.restatement.number,
            "made_at": report.restatement.made_at.isoformat(),
            "redefined": report.restatement.redefined,
            "late": report.restatement.late,
            "changes": _plain(report.restatement.changes),
        },
    }


def _scope(scope: ScopeFigures) -> dict[str, Any]:
    return {
        "name": scope.name,
        "state": scope.state.value,
        "listed": scope.listed.value,
        "listed_since": _plain(scope.listed_since),
        **_plain(scope.figures),
    }


def _absence(absence: Absence | None) -> dict[str, str] | None:
    if absence is None:
        return None
    return {"kind": absence.kind.value, "said": absence.said}


def _objects(objects: Objects) -> dict[str, Any] | None:
    """Null where no details were read: what failed is not known then."""
    if not objects.read and not objects.failing:
        return None
    return {
        "details": {"jobs": objects.jobs, "read": objects.read},
        "failing": _plain(objects.failing),
        "causes": _plain(objects.causes),
    }


def _restore_tests(restoring: RestoreTests | None) -> dict[str, Any] | None:
    if restoring is None:
        return None
    return {
        "standing": restoring.standing.value,
        "last_on": _plain(restoring.last and restoring.last.date),
        "last_result": restoring.last and restoring.last.result.value,
        "last_passed_on": _plain(restoring.last_passed_on),
        "in_twelve_months": len(restoring.tests),
        "tests": _plain(restoring.tests),
    }


def _restores(restores: RestoreJobs | None) -> list[dict[str, Any]] | None:
    if restores is None or restores.absence:
        return None
    return [
        {
            "kind": job.kind.value,
            "module": job.module,
            "state": job.state,
            "started_at": _plain(job.started_at),
            "ended_at": _plain(job.ended_at),
            "objects_total": job.objects_total,
            "objects_successful": job.objects_successful,
            "objects_failed": job.objects_failed,
        }
        for job in restores.jobs
    ]


def _tenant(report: Report) -> dict[str, Any]:
    """What else the customer's own tenant tells; empty where it was not asked."""
    history, restores, settings = report.tenant_history, report.restores, report.settings
    tenant: dict[str, Any] = {}
    if history:
        tenant["history"] = {
            "as_of": _plain(history.as_of),
            "absence": _absence(history.absence),
            "jobs": history.jobs,
            "missing": list(history.missing),
            "unseen_scopes": history.unseen_scopes,
        }
    if restores:
        tenant["restores"] = {
            "as_of": _plain(restores.as_of),
            "absence": _absence(restores.absence),
            "untold": [
                {"start": start.isoformat(), "end": end.isoformat()}
                for start, end in restores.untold
            ],
            "missing": list(restores.missing),
        }
    if settings:
        tenant["frequency"] = {
            "as_of": _plain(settings.frequency_as_of),
            "absence": _absence(settings.frequency_absence),
            "modules": _plain(settings.frequencies),
        }
        tenant["retention"] = {
            "as_of": _plain(settings.retention_as_of),
            "absence": _absence(settings.retention_absence),
            "policy": _plain(settings.retention),
        }
    return tenant


def _period(period: Period) -> dict[str, str]:
    return {
        "label": period.label,
        "start": period.start.isoformat(),
        "end": period.end.isoformat(),
        "timezone": period.timezone,
    }


def _plain(value: Any) -> Any:
    """Values of the model as dicts, times and days as ISO 8601, tuples as lists."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


class Json:
    """The report as JSON, in which the customer has an id."""

    media_type: Final = "application/json"

    def prepare(self) -> None:
        """It needs nothing of the system."""

    def write(self, report: Report, look: Look, path: Path) -> None:
        write_json(report, look, path)

    def customer_in(self, path: Path) -> str:
        return str(json.loads(path.read_text("utf-8"))["customer"]["id"])


JSON: Final[Format] = Json()
