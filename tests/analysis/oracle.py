"""Every figure of a report once more, slowly: plain loops over the raw rows, no pandas.

Written from the definitions alone and importing nothing of the product, so that a mistake in the
product is not repeated here. Times are aware datetimes, dates are ISO texts, all else as in JSON.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

Row = Mapping[str, object]
Figures = dict[str, object]
Target = tuple[float | None, float | None]

SERVICES = {
    0: "Microsoft 365 Scan",
    7: "Microsoft 365",
    10: "Google Workspace Scan",
    11: "Google Workspace",
    12: "IaaS + PaaS",
    15: "Salesforce",
    16: "Dynamics 365",
}
STATUSES = {
    0: "None",
    1: "Running",
    2: "Finished",
    3: "Failed",
    4: "Finished with exception",
    5: "Skipped",
    6: "Pending",
    7: "Failed to start",
    8: "Canceled",
    9: "Rejected",
    10: "Stopped",
    11: "Not scanned",
    12: "Disabled",
    13: "Not started",
    14: "Waiting for configuration",
}
MODULES = {
    0: "None",
    8: "Archiver",
    10: "Retention",
    302: "SharePoint Online",
    303: "Exchange Online",
    304: "Microsoft 365 Groups",
    305: "OneDrive",
    306: "Project Online",
    307: "Exchange Online Public Folder",
    308: "Microsoft Teams",
    309: "Teams Chat",
    310: "Power BI",
    311: "Power Automate",
    312: "Power Apps",
    355: "Cloud Backup for Azure",
    356: "Azure Virtual Machine",
    357: "Disk",
    358: "Microsoft Entra ID",
    359: "Storage",
    360: "Admin Portal Settings",
    361: "Amazon EC2",
    362: "Native Azure SQL Backup Monitoring",
    363: "Dev Ops",
    364: "Microsoft Entra ID B2C",
    365: "Azure SQL Backup",
    366: "Google Virtual Machine Instance",
    367: "Azure VMware Solution",
    368: "Microsoft SQL Server in Azure VM",
    369: "Google Cloud Storage",
    370: "Cosmos DB",
    371: "Azure PostgreSQL",
    401: "Dynamics 365",
    402: "Viva Engage",
    501: "Gmail",
    502: "Calendar",
    503: "Contacts",
    504: "Drive",
    505: "Shared Drives",
    506: "Google Classroom",
    507: "Chat",
    508: "Google Directory",
    550: "Dynamics CRM Backup",
    551: "Dynamics Unified Operations Backup",
}
OUTCOMES = {
    "success": ["Finished", "Successful", "Completed"],
    "warning": ["Finished with exception", "Partially finished", "Exception"],
    "failed": ["Failed", "Failed to start", "Rejected"],
    "cancelled": ["Canceled", "Stopped"],
    "running": ["Running", "In progress", "Pending", "Waiting", "Not finished"],
    "not_run": [
        "Skipped", "Not scanned", "Disabled", "Not started", "Waiting for configuration", "None",
    ],
    "unknown": [],
}  # fmt: skip
COUNTS = ["totalCount", "successfulCount", "failedCount", "skippedCount", "warningCount"]
TIMES = ["startTime", "endTime", "lastModifyTime"]
POWERS = {"bytes": 0, "kb": 1, "mb": 2, "gb": 3, "tb": 4, "pb": 5}
OTHER_SERVICES = {"Microsoft 365 Scan", "Google Workspace Scan"}
OTHER_MODULES = {"Archiver", "Retention"}
WORST_STATE_FIRST = ["critical", "attention", "never run", "no data", "healthy"]


@dataclass(frozen=True)
class Rules:
    """The policy; `targets` by (service, module) or (service, None): success rate and seconds."""

    warning: str = "warning"
    cancelled: str = "failed"
    units: str = "binary"
    success_target: float = 0.95
    max_gap_s: float = 86400.0
    targets: Mapping[tuple[str, str | None], Target] = field(default_factory=dict)

    def success_target_of(self, service: str | None, module: str | None = None) -> float:
        """The success rate asked of a module, a service, or (without either) the customer."""
        return self._of(service, module, 0, self.success_target)

    def max_gap_of(self, service: str, module: str) -> float:
        """The longest gap allowed to a module, in seconds; 0 switches the target off."""
        return self._of(service, module, 1, self.max_gap_s)

    def _of(self, service: str | None, module: str | None, which: int, default: float) -> float:
        if service is None:
            return default
        for key in ((service, module), (service, None)):
            found = self.targets.get(key, (None, None))[which]
            if found is not None:
                return found
        return default


@dataclass
class Job:
    """One row, read: a job, or a placeholder where `job_id` is None."""

    service: str
    module: str
    job_id: str | None
    name: str | None
    status: str | None
    outcome: str
    counts: dict[str, int | None]
    size: Fraction | None
    start: datetime | None
    end: datetime | None
    duration: float | None
    modified: datetime | None
    fetched: datetime
    notes: list[tuple[str, str, str]]

    @property
    def is_other(self) -> bool:
        """Whether this is a scan, an archiver's or a retention job, so no backup."""
        return self.service in OTHER_SERVICES or self.module in OTHER_MODULES

    @property
    def until(self) -> datetime:
        """Its end, else its start."""
        found = self.end or self.start
        assert found is not None
        return found


# --- reading values -----------------------------------------------------------------------------


def text_of(value: object) -> str | None:
    """The text of a value, or None where it is missing."""
    if value is None:
        return None
    text = str(value).strip()
    return None if text in ("", "N/A") else text


def count_of(text: str) -> int:
    """A count, `1234` or `1,234`."""
    if not re.fullmatch(r"[0-9]+|[0-9]{1,3}(,[0-9]{3})+", text):
        raise ValueError(text)
    return int(text.replace(",", ""))


def size_of(text: str, base: int) -> Fraction:
    """A size in bytes; a number alone has no unit and says nothing."""
    found = re.fullmatch(
        r"([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(\.[0-9]+)? ?(bytes|KB|MB|GB|TB|PB)", text, re.I
    )
    if not found:
        raise ValueError(text)
    whole, part, unit = found.groups()
    scale: int = base ** POWERS[unit.lower()]
    return Fraction(whole.replace(",", "") + (part or "")) * scale


def duration_of(text: str) -> float:
    """Seconds of `17m39s`, `00:04:01`, `1.16:00:44` or decimal hours `0.011`."""
    units = re.fullmatch(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    clock = re.fullmatch(r"(?:(\d+)\.)?(\d{1,2}):([0-5]\d):([0-5]\d)", text)
    if found := units or clock:
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    elif re.fullmatch(r"\d+\.\d+", text):
        return float(Fraction(text) * 3600)
    else:
        raise ValueError(text)
    return float(days * 86400 + hours * 3600 + minutes * 60 + seconds)


def time_of(text: str) -> datetime:
    """A moment, from ISO 8601 or the American style; without a zone it is UTC."""
    if found := re.fullmatch(
        r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?", text
    ):
        *parts, fraction, zone = found.groups()
        moment = datetime(*map(int, parts), tzinfo=UTC)  # type: ignore[misc, arg-type]
        moment += timedelta(microseconds=int((fraction or "0").ljust(6, "0")[:6]))
        if zone and zone != "Z":
            offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
            moment += offset if zone[0] == "-" else -offset
    elif found := re.fullmatch(
        r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d\d):(\d\d) (AM|PM)", text, re.I
    ):
        month, day, year, hour, minute, second = map(int, found.groups()[:6])
        if not 1 <= hour <= 12:
            raise ValueError(text)
        hour = hour % 12 + (12 if found[7].upper() == "PM" else 0)
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    else:
        raise ValueError(text)
    if not datetime(1970, 1, 2, tzinfo=UTC) <= moment < datetime(2200, 1, 1, tzinfo=UTC):
        raise ValueError(text)
    return moment


def outcome_of(status: str | None) -> str:
    """The outcome of a status, whatever its case, spacing and side of the Atlantic."""
    plain = plain_of(status or "")
    for outcome, names in OUTCOMES.items():
        if plain in [plain_of(name) for name in names]:
            return outcome
    return "unknown"


def plain_of(status: str) -> str:
    """A status without case, spacing and British doubling."""
    return "".join(status.split()).lower().replace("cancelled", "canceled")


def read(row: Row, fetched: datetime, base: int) -> Job:
    """One row as a job, with what could not be read noted."""
    notes: list[tuple[str, str, str]] = []

    def value(name: str, reader: object) -> object:
        text = text_of(row.get(name))
        if text is None:
            return None
        try:
            return reader(text)  # type: ignore[operator]
        except (ValueError, OverflowError):
            notes.append(("unreadable", name, str(row[name])))
            return None

    def named(name: str, names: Mapping[int, str]) -> str | None:
        code = row.get(name)
        if isinstance(code, int):
            if code not in names:
                notes.append(("unknown code", name, str(code)))
            return names.get(code, f"Unknown ({code})")
        return text_of(code)

    status = named("status", STATUSES)
    service = named("jobType", SERVICES)
    module = named("jobModule", MODULES)
    job_id = text_of(row.get("jobId"))
    outcome = outcome_of(status)
    if outcome == "unknown" and job_id and not isinstance(row.get("status"), int):
        raw_status = row.get("status")
        notes.append(("unknown status", "status", str(raw_status or "").strip()))
    times = {name: value(name, time_of) for name in TIMES}
    return Job(
        service=service or "",
        module=module or "",
        job_id=job_id,
        name=text_of(row.get("name")),
        status=status,
        outcome=outcome,
        counts={name: value(name, count_of) for name in COUNTS},  # type: ignore[misc]
        size=value("backupSize", lambda text: size_of(text, base)),  # type: ignore[arg-type]
        start=times["startTime"],  # type: ignore[arg-type]
        end=times["endTime"],  # type: ignore[arg-type]
        duration=value("jobDuration", duration_of),  # type: ignore[arg-type]
        modified=times["lastModifyTime"],  # type: ignore[arg-type]
        fetched=fetched,
        notes=notes,
    )


def latest(rows: Iterable[Job]) -> list[Job]:
    """One row per identity: the newest modified; on a tie or without a time the last fetched."""
    kept: dict[tuple[str, str, str | None], Job] = {}
    for job in sorted(rows, key=lambda job: job.fetched):
        key = (job.service, job.module, job.job_id)
        before = kept.get(key)
        older = (
            before is not None
            and before.modified is not None
            and job.modified is not None
            and job.modified < before.modified
        )
        if not older:
            kept[key] = job
    return list(kept.values())


# --- cutting periods ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """The days of a period in a zone: `first` and the day after the last."""

    label: str
    first: date
    until: date
    timezone: str

    def midnight(self, day: date) -> datetime:
        """The moment a day begins in the zone."""
        zone = ZoneInfo(self.timezone)
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)

    @property
    def start(self) -> datetime:
        """The first moment of it."""
        return self.midnight(self.first)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return self.midnight(self.until)

    def days(self) -> list[date]:
        """Its days."""
        return [self.first + timedelta(n) for n in range((self.until - self.first).days)]

    def local_day(self, moment: datetime) -> date:
        """The day a moment falls on in the zone."""
        return moment.astimezone(ZoneInfo(self.timezone)).date()

    def has(self, moment: datetime | None) -> bool:
        """Whether a moment lies in it."""
        return moment is not None and self.start <= moment < self.end


def cut(label: str, timezone: str) -> Span:
    """The period of a label."""
    if found := re.fullmatch(r"(\d{4})-(\d\d)", label):
        year, month = int(found[1]), int(found[2])
        return Span(label, date(year, month, 1), _month_after(year, month), timezone)
    if found := re.fullmatch(r"(\d{4})-Q([1-4])", label):
        year, month = int(found[1]), int(found[2]) * 3 - 2
        return Span(label, date(year, month, 1), _month_after(year, month + 2), timezone)
    if re.fullmatch(r"\d{4}", label):
        return Span(label, date(int(label), 1, 1), date(int(label) + 1, 1, 1), timezone)
    first, last = map(date.fromisoformat, label.split(".."))
    return Span(label, first, last + timedelta(1), timezone)


def _month_after(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)


def cut_previous(span: Span) -> Span:
    """The period of the same kind just before."""
    label, first = span.label, span.first
    before = first - timedelta(1)
    if ".." in label:
        length = span.until - first
        earlier = f"{first - length}..{before}"
    elif "Q" in label:
        earlier = f"{before.year}-Q{(before.month + 2) // 3}"
    elif "-" in label:
        earlier = f"{before:%Y-%m}"
    else:
        earlier = str(before.year)
    return cut(earlier, span.timezone)


# --- figures ------------------------------------------------------------------------------------


class Oracle:
    """The figures of one customer and one period."""

    def __init__(self, backups: Sequence[Job], span: Span, rules: Rules, last_fetch: datetime):
        self.span = span
        self.rules = rules
        self.last_fetch = last_fetch
        self.seen: dict[tuple[str, str], list[Job]] = defaultdict(list)
        for job in backups:
            known = self.seen[job.service, job.module]
            if job.job_id is not None:
                known.append(job)
        self.modules = {key: self.module_figures(*key) for key in sorted(self.seen)}

    def dated(self, key: tuple[str, str]) -> list[Job]:
        """The jobs of a module with a start, of any period, oldest first."""
        return sorted(
            (job for job in self.seen[key] if job.start),
            key=lambda job: (job.start, job.until, job.job_id),
        )

    def jobs(self, keys: Iterable[tuple[str, str]]) -> list[Job]:
        """The period's jobs of modules."""
        return [job for key in keys for job in self.dated(key) if self.span.has(job.start)]

    def completes(self, job: Job) -> bool:
        """Whether the job counts in the rates."""
        done = ["success", "warning", "failed"]
        return job.outcome in done or (
            job.outcome == "cancelled" and self.rules.cancelled != "excluded"
        )

    def sums(self, jobs: Sequence[Job]) -> Figures:
        """The figures that are sums, and the rates made of them."""
        by_outcome = {name: sum(job.outcome == name for job in jobs) for name in OUTCOMES}
        completed = [job for job in jobs if self.completes(job)]
        n = len(completed)
        success = by_outcome["success"]
        lenient = success + by_outcome["warning"]
        strict = lenient if self.rules.warning == "success" else success
        objects = {
            f"objects_{name[:-5]}": sum(job.counts[name] or 0 for job in completed)
            for name in COUNTS
        }
        good = whole = 0
        durations = []
        for job in completed:
            total, skipped = job.counts["totalCount"], job.counts["skippedCount"]
            successful = job.counts["successfulCount"]
            if total is not None and skipped is not None and successful is not None:
                good += successful
                whole += total - skipped
            if job.duration is not None:
                durations.append(job.duration)
            elif job.start and job.end:
                durations.append((job.end - job.start) / timedelta(seconds=1))
        return {
            "jobs": len(jobs),
            **by_outcome,
            "completed": n,
            "success_rate": strict / n if n else None,
            "lenient_success_rate": lenient / n if n else None,
            **objects,
            "object_success_rate": good / whole if whole else None,
            "bytes": float(sum((job.size or Fraction(0) for job in jobs), Fraction(0))),
            "duration_mean_s": statistics.fmean(durations) if durations else None,
            "duration_median_s": statistics.median(durations) if durations else None,
        }

    def recovery_points(self, key: tuple[str, str]) -> list[datetime]:
        """When the module had something to go back to, in order, in and out of the period."""
        outcomes = ["success"] if self.rules.warning == "failed" else ["success", "warning"]
        return sorted(job.until for job in self.dated(key) if job.outcome in outcomes)

    def longest_gap(self, key: tuple[str, str]) -> float | None:
        """The longest time between neighbours in the series of the module."""
        if self.last_fetch < self.span.start:
            return None
        points = self.recovery_points(key)
        before = [point for point in points if point < self.span.start]
        series = [before[-1] if before else self.span.start]
        series += [point for point in points if self.span.has(point)]
        series.append(min(self.span.end, self.last_fetch))
        return max((later - earlier) / timedelta(seconds=1) for earlier, later in pairwise(series))

    def consecutive_failures(self, key: tuple[str, str]) -> int:
        """How many failures in a row the period ends with."""
        failures = ["failed"] if self.rules.cancelled == "excluded" else ["failed", "cancelled"]
        found = 0
        for job in reversed(self.jobs([key])):
            if job.outcome in ("success", "warning"):
                break
            found += job.outcome in failures
        return found

    def module_figures(self, service: str, module: str) -> Figures:
        """F of a module."""
        key = (service, module)
        figures = self.sums(self.jobs([key]))
        points = [at for at in self.recovery_points(key) if at <= self.span.end]
        successes = [
            job.until
            for job in self.dated(key)
            if job.outcome == "success" and job.until <= self.span.end
        ]
        gap, allowed = self.longest_gap(key), self.rules.max_gap_of(service, module)
        rate = figures["success_rate"]
        figures |= {
            "last_success_at": max(successes, default=None),
            "last_recovery_point_at": max(points, default=None),
            "longest_gap_s": gap,
            "consecutive_failures": self.consecutive_failures(key),
            "success_target_met": _reached(rate, self.rules.success_target_of(service, module)),
            "gap_target_met": (
                gap <= allowed if figures["completed"] and allowed and gap is not None else None
            ),
        }
        return figures

    def group_figures(self, service: str | None = None) -> Figures:
        """F of a service, or of the customer: sums of the modules, and the worst of them."""
        keys = [key for key in self.modules if service in (None, key[0])]
        figures = self.sums(self.jobs(keys))
        mine = [self.modules[key] for key in keys]
        within = [
            gap <= allowed  # type: ignore[operator]
            for key in keys
            if (gap := self.modules[key]["longest_gap_s"]) is not None
            and (allowed := self.rules.max_gap_of(*key))
        ]
        judged = figures["completed"] and within
        figures |= {
            "last_success_at": _worst(min, mine, "last_success_at"),
            "last_recovery_point_at": _worst(min, mine, "last_recovery_point_at"),
            "longest_gap_s": _worst(max, mine, "longest_gap_s"),
            "consecutive_failures": _worst(max, mine, "consecutive_failures") or 0,
            "success_target_met": _reached(
                figures["success_rate"], self.rules.success_target_of(service)
            ),
            "gap_target_met": all(within) if judged else None,
        }
        return figures

    def state(self, key: tuple[str, str]) -> str:
        """How a module stands."""
        figures = self.modules[key]
        if not self.seen[key]:
            return "never run"
        if not figures["completed"]:
            return "no data"
        failures = figures["consecutive_failures"]
        assert isinstance(failures, int)
        if failures >= 3 or not self.is_covered(key):
            return "critical"
        missed = False in (figures["success_target_met"], figures["gap_target_met"])
        return "attention" if missed or failures else "healthy"

    def is_covered(self, key: tuple[str, str]) -> bool:
        """Whether the module has a recovery point in the period."""
        return any(self.span.has(point) for point in self.recovery_points(key))

    def daily(self) -> list[Figures]:
        """The days with jobs, by module."""
        found = []
        for service, module in self.modules:
            by_day = defaultdict(list)
            for job in self.jobs([(service, module)]):
                assert job.start is not None
                by_day[self.span.local_day(job.start)].append(job)
            for day, jobs in sorted(by_day.items()):
                sums = self.sums(jobs)
                kept = {name: sums[name] for name in ("jobs", *OUTCOMES, "bytes")}
                found.append(
                    {"date": day.isoformat(), "service": service, "module": module, **kept}
                )
        return found

    def exceptions(self) -> list[Figures]:
        """The period's failed, warning, cancelled and unknown jobs, each with its cure."""
        found: list[Figures] = []
        for key in self.modules:
            for job in self.jobs([key]):
                if job.outcome not in ("failed", "warning", "cancelled", "unknown"):
                    continue
                cure = self.cure(key, job)
                found.append(
                    {
                        "service": job.service,
                        "module": job.module,
                        "job_id": job.job_id,
                        "name": job.name,
                        "status": job.status,
                        "outcome": job.outcome,
                        "started_at": job.start,
                        "cured_by": cure.job_id if cure else None,
                        "cured_after_s": (
                            (cure.until - job.until) / timedelta(seconds=1) if cure else None
                        ),
                    }
                )
        return found

    def cure(self, key: tuple[str, str], ill: Job) -> Job | None:
        """The first later-ending job of the module that went well."""
        good = ["success"] if ill.outcome == "warning" else ["success", "warning"]
        later = [job for job in self.dated(key) if job.outcome in good and job.until > ill.until]
        return min(later, key=lambda job: (job.until, job.job_id), default=None)


def _reached(rate: object, target: float) -> bool | None:
    return None if rate is None else float(rate) >= target  # type: ignore[arg-type]


def _worst(choose: object, modules: Sequence[Figures], name: str) -> object:
    found = [figures[name] for figures in modules if figures[name] is not None]
    return choose(found) if found else None  # type: ignore[operator]


# --- the report ---------------------------------------------------------------------------------


def oracle_report(
    rows: Iterable[tuple[datetime, Row]],
    *,
    observed: Sequence[datetime],
    label: str,
    timezone: str,
    rules: Rules,
) -> dict[str, object]:
    """The report's JSON, but for names, reasons and sources.

    `rows` are raw rows with the time each was fetched, in the order they came.
    """
    span = cut(label, timezone)
    base = 1000 if rules.units == "decimal" else 1024
    jobs = latest(read(row, fetched, base) for fetched, row in rows)
    backups = [job for job in jobs if not job.is_other]
    last_fetch = max(observed)
    this = Oracle(backups, span, rules, last_fetch)
    earlier_span = cut_previous(span)
    earlier = Oracle(backups, earlier_span, rules, last_fetch).group_figures()
    states = {key: this.state(key) for key in this.modules}
    days_seen = {span.local_day(moment) for moment in observed}
    missing = [day.isoformat() for day in span.days() if day not in days_seen]
    others = Counter(
        (job.service, job.module)
        for job in jobs
        if job.is_other and job.job_id is not None and span.has(job.start)
    )
    return {
        "schema": 1,
        "period": {"label": label, "start": span.start, "end": span.end, "timezone": timezone},
        "policy": {
            "warning": rules.warning,
            "cancelled": rules.cancelled,
            "units": rules.units,
            "target_success_rate": rules.success_target,
            "max_gap_s": rules.max_gap_s,
        },
        "state": next((s for s in WORST_STATE_FIRST if s in states.values()), "no data"),
        "totals": this.group_figures(),
        "services": [
            {"service": name, **this.group_figures(name)}
            for name in sorted({service for service, _ in this.modules})
        ],
        "modules": [
            {"service": key[0], "module": key[1], "state": states[key], **figures}
            for key, figures in this.modules.items()
        ],
        "daily": this.daily(),
        "previous": {"period": earlier_span.label, "totals": earlier} if earlier["jobs"] else None,
        "coverage": {
            "modules_seen": len(this.modules),
            "modules_covered": sum(map(this.is_covered, this.modules)),
            "snapshot_days": len(span.days()) - len(missing),
            "days": len(span.days()),
            "missing_days": missing,
        },
        "exceptions": this.exceptions(),
        "other_jobs": [
            {"service": service, "module": module, "jobs": n}
            for (service, module), n in sorted(others.items())
        ],
        "quality": [
            {"kind": kind, "field": name, "value": value, "count": n}
            for (kind, name, value), n in sorted(quality(jobs, span).items())
        ],
    }


def quality(jobs: Sequence[Job], span: Span) -> Counter[tuple[str, str, str]]:
    """What is wrong with the data, and how often."""
    notes: Counter[tuple[str, str, str]] = Counter()
    modules_of_id: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for job in jobs:
        if job.job_id is not None and job.start is not None and not span.has(job.start):
            continue
        notes.update(job.notes)
        if job.job_id is None:
            continue
        if job.start is None:
            notes["undated", "startTime", undated_value(job)] += 1
        elif not job.is_other:
            notes.update(inconsistencies(job))
            modules_of_id[job.job_id].append((job.service, job.module))
    for where in modules_of_id.values():
        if len(where) > 1:
            notes["contradiction", "jobId", "one job id with two modules"] += len(where)
    return notes


def undated_value(job: Job) -> str:
    """What stands where the start should be."""
    return next(
        (value for kind, name, value in job.notes if (kind, name) == ("unreadable", "startTime")),
        "N/A",
    )


def inconsistencies(job: Job) -> Iterable[tuple[str, str, str]]:
    """What a job says against itself."""
    total, *parts = (job.counts[name] for name in COUNTS)
    if total is not None and None not in parts and sum(map(int, parts)) != total:  # type: ignore[arg-type]
        yield "inconsistent counts", "totalCount", "parts do not add up to the total"
    failed = job.counts["failedCount"]
    if job.outcome == "failed" and failed == 0:
        yield "contradiction", "failedCount", "failed although no object failed"
    if job.outcome == "success" and failed:
        yield "contradiction", "failedCount", "success although objects failed"
    if job.outcome == "success" and total == 0:
        yield "contradiction", "totalCount", "success although no object was processed"
    if job.start and job.end and job.end < job.start:
        yield "contradiction", "endTime", "end before start"
    if job.end and job.end > job.fetched:
        yield "contradiction", "endTime", "end after the fetch"
    if job.modified and job.modified > job.fetched:
        yield "contradiction", "lastModifyTime", "modified after the fetch"
