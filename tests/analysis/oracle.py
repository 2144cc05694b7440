"""Every figure of a report once more, slowly: written from docs/figures.md, not from the code.

Nothing here is shared with the product: values are read by readers of its own, jobs are plain
objects, and each definition is one function. `report` is what tests call.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache, partial
from itertools import pairwise
from statistics import mean, median
from typing import Any
from zoneinfo import ZoneInfo

RawRow = Mapping[str, str | None]
Figures = dict[str, Any]
ScopeKey = tuple[str, str, str]
"""Service, module, name; the name is empty where the module is one scope without a name."""
Span = tuple[datetime, datetime]

COUNTS = ("totalCount", "successfulCount", "failedCount", "skippedCount", "warningCount")
TIMES = ("startTime", "endTime", "lastModifyTime")
OUTCOMES = ("success", "warning", "failed", "cancelled", "running", "not_run", "unknown")
WORST_FIRST = ("failed", "cancelled", "unknown", "warning", "running", "not_run", "success")
STATES = ("critical", "attention", "healthy", "never run", "no data", "idle", "off")
QUIET = ("idle", "off", "gone")
OTHER_SERVICES = ("Microsoft 365 Scan", "Google Workspace Scan", "DOR")
OTHER_MODULES = ("Archiver", "Retention")

OUTCOME_OF_STATUS = {
    "success": ("Finished", "Successful", "Completed"),
    "warning": ("Finished with exception", "Partially finished", "Exception"),
    "failed": ("Failed", "Failed to start", "Rejected"),
    "cancelled": ("Canceled", "Stopped"),
    "running": ("Running", "In progress", "Pending", "Waiting", "Not finished"),
    "not_run": (
        "Skipped", "Not scanned", "Disabled", "Not started", "Waiting for configuration", "None",
    ),
}  # fmt: skip
LISTED_OF_STATUS = {
    "waiting": (
        "Not finished", "Not started", "Not scanned", "Waiting for configuration", "Running",
        "In progress", "Pending", "Waiting", "None",
    ),
    "idle": ("Finished", "Successful", "Completed", "Skipped"),
    "off": ("Disabled",),
    "refused": (
        "Failed", "Failed to start", "Rejected", "Canceled", "Stopped",
        "Finished with exception", "Partially finished", "Exception",
    ),
}  # fmt: skip
QUEUED = ("Pending", "Waiting", "Running", "In progress")


# Single values.


def present(text: str | None) -> str | None:
    """`N/A` and an empty text say that nothing is there."""
    text = (text or "").strip()
    return None if text in ("", "N/A") else text


def folded(status: str) -> str:
    """A status without case and spacing, in American spelling."""
    return "".join(status.split()).casefold().replace("cancelled", "canceled")


def among(status: str | None, statuses: Iterable[str]) -> bool:
    """Whether a status is one of some, however it is written."""
    return status is not None and folded(status) in {folded(word) for word in statuses}


def outcome_of(status: str | None) -> str:
    """The outcome a job's status gives; `unknown` where it is in no list."""
    for outcome, statuses in OUTCOME_OF_STATUS.items():
        if among(status, statuses):
            return outcome
    return "unknown"


def listed_of(status: str | None) -> str:
    """How a placeholder's status says its scope is listed; `waiting` where it is in no list."""
    for listed, statuses in LISTED_OF_STATUS.items():
        if among(status, statuses):
            return listed
    return "waiting"


def read_count(text: str) -> int | None:
    """A whole number, with or without comma thousands."""
    if re.fullmatch(r"\d+|\d{1,3}(,\d{3})+", text):
        return int(text.replace(",", ""))
    return None


def read_size(text: str, units: str) -> int | None:
    """Bytes of a number with a unit; a GB is 1024³ or, in decimal units, 1000³ bytes."""
    match = re.fullmatch(r"(\d+|\d{1,3}(?:,\d{3})+)(\.\d+)?\s*([a-z]+)", text.lower())
    powers = {"byte": 0, "bytes": 0, "b": 0, "kb": 1, "mb": 2, "gb": 3, "tb": 4, "pb": 5}
    if not match or match[3] not in powers:
        return None
    number = Fraction(match[1].replace(",", "") + (match[2] or ""))
    base = 1000 if units == "decimal" else 1024
    return round(number * int(base ** powers[match[3]]))


def read_duration(text: str) -> float | None:
    """Seconds of `1h2m3s`, `00:04:01`, `1.16:00:44` (days first), or decimal hours."""
    spelled = re.fullmatch(
        r"(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?",
        "".join(text.split()).lower(),
    )
    clock = re.fullmatch(r"(?:(\d+)\.)?(\d+):([0-5]\d):([0-5]\d(?:\.\d+)?)", text)
    if match := spelled or clock:
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return float(text) * 3600 if re.fullmatch(r"\d+\.\d+", text) else None


SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}),? (\d{1,2}):(\d{2})(?::(\d{2}))? ?([AaPp])[Mm]")
ISO = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)? ?(Z|[+-]\d\d:\d\d)?")


FIRST_DATE, LAST_DATE = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def day_first(column: Iterable[str | None]) -> bool | None:
    """Whether a reply's column of slashed dates has its days first; None where it proves both."""
    matches = [SLASHED.fullmatch(text) for text in map(present, column) if text]
    days = any(int(match[1]) > 12 for match in matches if match)
    months = any(int(match[2]) > 12 for match in matches if match)
    return None if days and months else days


def read_time(text: str, days_first: bool | None = False) -> datetime | None:
    """An instant: ISO 8601, else slashed in the order its column proves; UTC unless it says so."""
    try:
        if match := ISO.fullmatch(text):
            day, clock, fraction, offset = match.groups()
            moment = datetime.fromisoformat(f"{day}T{clock}{(fraction or '')[:7]}{offset or 'Z'}")
        elif match := SLASHED.fullmatch(text):
            first, second, year, hour, minute = (int(match[n]) for n in range(1, 6))
            if days_first is None:
                days_first = first > 12
            month, day_of_month = (second, first) if days_first else (first, second)
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if match[7].lower() == "p" else 0)
            moment = datetime(year, month, day_of_month, hour, minute, int(match[6] or 0), 0, UTC)
        else:
            return None
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    # The first or last day of all time is how programs write that there is no date.
    return moment if FIRST_DATE <= moment < LAST_DATE else None


# Rows and snapshots.


@dataclass
class Row:
    """A row of a reply, its values read."""

    service: str
    module: str
    name: str
    status: str | None
    job_id: str | None
    counts: dict[str, int | None]
    size: int | None
    start: datetime | None
    end: datetime | None
    modified: datetime | None
    reported_duration: float | None
    taken_at: datetime
    place: tuple[int, int]
    """Number of the snapshot, and of the row in it."""
    unreadable: list[str]
    """Fields with a value that cannot be read."""

    @property
    def scope(self) -> ScopeKey:
        """The thing that is backed up on a schedule of its own."""
        return self.service, self.module, self.name

    @property
    def identity(self) -> tuple[str, str, str] | None:
        """What tells a job from others; None of a placeholder."""
        return (self.service, self.module, self.job_id) if self.job_id else None

    @property
    def outcome(self) -> str:
        """What the row says became of its job."""
        return outcome_of(self.status)

    @property
    def is_backup(self) -> bool:
        """Scans, archiving and retention are not backups."""
        return self.service not in OTHER_SERVICES and self.module not in OTHER_MODULES


@dataclass
class Snapshot:
    """One complete reply at its time of receipt."""

    at: datetime
    rows: list[Row]
    by_scope: dict[ScopeKey, list[Row]] = field(default_factory=dict)
    jobs: set[tuple[str, str, str]] = field(default_factory=set)
    """Identities of the jobs it lists."""

    def __post_init__(self) -> None:
        for row in self.rows:
            self.by_scope.setdefault(row.scope, []).append(row)
            if row.identity:
                self.jobs.add(row.identity)

    def of(self, scope: ScopeKey) -> list[Row]:
        """The rows of a scope."""
        return self.by_scope.get(scope, [])

    def row_of(self, scope: ScopeKey) -> Row | None:
        """The row a scope is listed by: of several, one with a job id, else the last."""
        rows = self.of(scope)
        with_id = [row for row in rows if row.job_id]
        best = with_id or rows
        return best[-1] if best else None

    def lists(self, identity: tuple[str, str, str]) -> bool:
        """Whether a job is in the reply, under any name."""
        return identity in self.jobs


def read_snapshots(raw: Sequence[tuple[datetime, Sequence[RawRow]]], units: str) -> list[Snapshot]:
    """Replies in the order of their receipt, each column of dates read as it proves itself."""
    snapshots = []
    for number, (at, rows) in enumerate(sorted(raw, key=lambda look: look[0])):
        orders = {name: day_first(row.get(name) for row in rows) for name in TIMES}
        read = [read_row(row, at, (number, n), orders, units) for n, row in enumerate(rows)]
        snapshots.append(Snapshot(at, read))
    return snapshots


def read_row(
    raw: RawRow, at: datetime, place: tuple[int, int], orders: Mapping[str, bool | None], units: str
) -> Row:
    """The values of a row; what cannot be read is missing, and its field noted."""
    unreadable = []

    def value(name: str, read: Callable[[str], Any]) -> Any:
        text = present(raw.get(name))
        if text is None:
            return None
        reading = read(text)
        if reading is None:
            unreadable.append(name)
        return reading

    times = {name: value(name, partial(read_time, days_first=orders[name])) for name in TIMES}
    return Row(
        service=present(raw.get("jobType")) or "N/A",
        module=present(raw.get("jobModule")) or "N/A",
        name=present(raw.get("name")) or "",
        status=present(raw.get("status")),
        job_id=present(raw.get("jobId")),
        counts={name: value(name, read_count) for name in COUNTS},
        size=value("backupSize", lambda text: read_size(text, units)),
        start=times["startTime"],
        end=times["endTime"],
        modified=times["lastModifyTime"],
        reported_duration=value("jobDuration", read_duration),
        taken_at=at,
        place=place,
        unreadable=unreadable,
    )


# Jobs.


@dataclass
class Job:
    """A job, by the row of it that counts and by all others."""

    rows: list[Row]
    row: Row = field(init=False)

    def __post_init__(self) -> None:
        self.row = newest_of(self.rows)

    @property
    def identity(self) -> tuple[str, str, str]:
        """Service, module, job id."""
        assert self.row.identity
        return self.row.identity

    @property
    def scope(self) -> ScopeKey:
        """That of its newest row."""
        return self.row.scope

    @property
    def outcome(self) -> str:
        """By its newest row."""
        return self.row.outcome

    @property
    def earliest_modified(self) -> datetime | None:
        """The earliest modification any reply gave of it."""
        return min((row.modified for row in self.rows if row.modified), default=None)

    @property
    def dated_at(self) -> datetime | None:
        """When it started; else when it ended; else its earliest modification known."""
        return self.row.start or self.row.end or self.earliest_modified

    @property
    def dated_by(self) -> str | None:
        """Which of the three dates it."""
        if self.row.start:
            return "start"
        return "end" if self.row.end else "modification" if self.earliest_modified else None

    @property
    def point_at(self) -> datetime | None:
        """Its end; else its start; else what dates it. Orders failures, cures, recovery points."""
        return self.row.end or self.row.start or self.earliest_modified

    @property
    def duration(self) -> float | None:
        """As reported where readable, else from start to end, in seconds."""
        if self.row.reported_duration is not None:
            return self.row.reported_duration
        if self.row.start and self.row.end:
            return (self.row.end - self.row.start).total_seconds()
        return None


def newest_of(rows: Sequence[Row]) -> Row:
    """The row last modified (without a time: as of its fetch); then last fetched; then last."""
    return max(rows, key=lambda row: (row.modified or row.taken_at, row.place))


def jobs_of(snapshots: Iterable[Snapshot]) -> dict[tuple[str, str, str], Job]:
    """One job of all rows with one identity."""
    rows_by_identity: dict[tuple[str, str, str], list[Row]] = {}
    for snapshot in snapshots:
        for row in snapshot.rows:
            if row.identity:
                rows_by_identity.setdefault(row.identity, []).append(row)
    return {identity: Job(rows) for identity, rows in rows_by_identity.items()}


# Policy.


def is_completed(outcome: str, policy: Mapping[str, Any]) -> bool:
    """Success, warning, failed and, unless the policy leaves them out, cancelled."""
    if outcome == "cancelled":
        return bool(policy["cancelled"] != "excluded")
    return outcome in ("success", "warning", "failed")


def is_recovery(outcome: str, policy: Mapping[str, Any]) -> bool:
    """Success or warning; success alone where the policy counts warnings as failed."""
    return outcome == "success" or (outcome == "warning" and policy["warning"] != "failed")


def is_failure(outcome: str, policy: Mapping[str, Any]) -> bool:
    """Failed, a warning that counts as failed, or a cancelled job that is not left out."""
    if outcome == "cancelled":
        return bool(policy["cancelled"] != "excluded")
    return outcome == "failed" or (outcome == "warning" and policy["warning"] == "failed")


def target(name: str, policy: Mapping[str, Any], *where: str) -> float:
    """The target set nearest to a scope, module or service, else the customer's."""
    general = {
        "success_rate": policy["target_success_rate"],
        "object_success_rate": policy["target_object_success_rate"],
        "max_gap_s": policy["max_gap_s"],
    }
    for depth in range(len(where), 0, -1):
        for entry in policy["targets"]:
            place = [entry.get(key) for key in ("service", "module", "name")]
            place = [part for part in place if part is not None]
            if place == list(where[:depth]) and entry.get(name) is not None:
                return float(entry[name])
    return float(general[name])


def left_out_reason(scope: ScopeKey, policy: Mapping[str, Any]) -> str | None:
    """Why the provider leaves a scope out; None where it does not."""
    for rule in policy["left_out"]:
        wanted = (rule.get("service"), rule.get("module"), rule.get("name"))
        if all(want is None or want == has for want, has in zip(wanted, scope, strict=True)):
            return str(rule["reason"])
    return None


# Periods.


def first_instant(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def days_of(start: datetime, end: datetime, zone: ZoneInfo) -> list[date]:
    """Every local day of a period."""
    days, day = [], start.astimezone(zone).date()
    while first_instant(day, zone) < end:
        days.append(day)
        day += timedelta(days=1)
    return days


def start_before(start: datetime, end: datetime, zone: ZoneInfo, kind: str | None) -> datetime:
    """Where the period of the same kind just before begins."""
    days = days_of(start, end, zone)
    first, stop = days[0], days[-1] + timedelta(days=1)
    months = (stop.year - first.year) * 12 + stop.month - first.month
    whole = first.day == 1 and stop.day == 1 and months in (1, 3, 12)
    if kind == "days" or (kind is None and not whole):
        return first_instant(first - timedelta(days=len(days)), zone)
    index = first.year * 12 + first.month - 1 - months
    return first_instant(date(index // 12, index % 12 + 1, 1), zone)


# One report.


@dataclass(eq=False)
class Known:
    """What was known for the report of one period, and what follows from that at once."""

    snapshots: list[Snapshot]
    start: datetime
    end: datetime
    zone: ZoneInfo
    policy: Mapping[str, Any]

    def __post_init__(self) -> None:
        self.watch = timedelta(seconds=self.policy["watch_every_s"])
        self.counted = counted(self)
        self.inside = [look for look in self.snapshots if self.start <= look.at < self.end]
        self.before = [look for look in self.snapshots if look.at < self.start]
        after = [look for look in self.snapshots if look.at >= self.end]
        self.reference = self.inside[-1] if self.inside else after[0] if after else self.before[-1]
        self.final = any(look.at >= self.end + self.watch for look in self.snapshots)
        self.stop = min(self.end, self.snapshots[-1].at)
        self.all_jobs = jobs_of(self.snapshots)
        self.jobs = known_jobs(self)
        self.scopes = scopes_in(self)

    def in_period(self, scope: ScopeKey | None = None) -> list[Job]:
        """The jobs dated in the period, of all scopes or of one."""
        return [
            job
            for job in self.jobs
            if job.dated_at and job.dated_at >= self.start and scope in (None, job.scope)
        ]


def counted(known: Known) -> list[Snapshot]:
    """Snapshots count up to the first one `watch_every` or more after the period's end."""
    snapshots = []
    for snapshot in known.snapshots:
        snapshots.append(snapshot)
        if snapshot.at >= known.end + known.watch:
            break
    return snapshots


def known_jobs(known: Known) -> list[Job]:
    """Backups dated before the period's end, without those left out.

    Snapshots that do not count any more add only what they say of jobs dated in the period.
    """
    by_then = jobs_of(known.counted)
    jobs = []
    for identity, job in known.all_jobs.items():
        if job.dated_at is None or job.dated_at >= known.end:
            continue
        if job.dated_at < known.start:
            if identity not in by_then:
                continue
            earlier = by_then[identity]
            if earlier.dated_at and earlier.dated_at < known.start:
                job = earlier
        if job.row.is_backup and left_out_reason(job.scope, known.policy) is None:
            jobs.append(job)
    return jobs


@lru_cache(maxsize=2)
def named_modules(known: Known) -> set[tuple[str, str]]:
    """Modules of which a snapshot of the period, or the reference, lists a named scope."""
    return {
        (row.service, row.module)
        for snapshot in [*known.inside, known.reference]
        for row in snapshot.rows
        if row.name and row.is_backup
    }


def scopes_listed(snapshot: Snapshot, known: Known) -> set[ScopeKey]:
    """The scopes a snapshot shows to be there.

    A placeholder without a name makes none in a module whose scopes have names.
    """
    named = named_modules(known)
    return {
        row.scope
        for row in snapshot.rows
        if row.is_backup
        and (row.job_id or row.name or (row.service, row.module) not in named)
        and left_out_reason(row.scope, known.policy) is None
    }


def scopes_in(known: Known) -> list[ScopeKey]:
    """Scopes listed in the period, just before it or in the reference, or with a job dated in it.

    One that stood off or idle just before the period and is in no later snapshot is not.
    """
    scopes = {job.scope for job in known.in_period()}
    for snapshot in [*known.inside, known.reference]:
        if snapshot not in known.before:
            scopes |= scopes_listed(snapshot, known)
    if known.before:
        last = known.before[-1]
        later = [look for look in [*known.inside, known.reference] if look is not last]
        for scope in scopes_listed(last, known):
            row = last.row_of(scope)
            assert row
            quiet = not row.job_id and listed_of(row.status) in ("off", "idle")
            if not quiet or any(look.row_of(scope) for look in later):
                scopes.add(scope)
    return sorted(scopes)


@lru_cache(maxsize=500)
def listed(scope: ScopeKey, known: Known) -> str:
    """How a scope is listed in the reference snapshot."""
    row = known.reference.row_of(scope)
    if row:
        return "job" if row.job_id else listed_of(row.status)
    return "gone" if earlier_listing(scope, known) else "job"


def earlier_listing(scope: ScopeKey, known: Known) -> list[Snapshot]:
    """Snapshots before the reference, of the period or the last one before it, with the scope."""
    looked = [look for look in [*known.before[-1:], *known.inside] if look is not known.reference]
    return [look for look in looked if look.row_of(scope)]


@lru_cache(maxsize=500)
def listed_since(scope: ScopeKey, known: Known) -> datetime | None:
    """Off: the earliest modification given while off, else the first snapshot that shows it off.

    Gone: the last snapshot that lists it. Otherwise nothing.
    """
    state = listed(scope, known)
    if state == "gone":
        return earlier_listing(scope, known)[-1].at
    if state != "off":
        return None
    until = [look for look in known.counted if look.at <= known.reference.at]
    rows: list[Row] = []
    for snapshot in reversed(until):
        row = snapshot.row_of(scope)
        if row is None:
            continue
        if row.job_id or listed_of(row.status) != "off":
            break
        rows.insert(0, row)
    return min((row.modified for row in rows if row.modified), default=rows[0].taken_at)


# Time nobody saw, and gaps.


def looks(scope: ScopeKey, known: Known) -> list[Snapshot]:
    """Snapshots that show something of a scope: a job, or a placeholder that is not queued."""
    snapshots = []
    for snapshot in known.counted:
        row = snapshot.row_of(scope)
        if row and (row.job_id or not among(row.status, QUEUED)):
            snapshots.append(snapshot)
    return snapshots


def started(row: Row) -> datetime | None:
    """When a job listed in a snapshot started, as far as that snapshot tells."""
    return row.start or row.end or row.modified


def begun(row: Row, known: Known) -> datetime | None:
    """When a job listed in a snapshot started; one without a start or an end is as old as the
    first modification that any snapshot so far tells of it.
    """
    if row.start or row.end:
        return started(row)
    modified = [
        other.modified
        for snapshot in known.snapshots
        for other in snapshot.of(row.scope)
        if other.identity == row.identity and other.place <= row.place and other.modified
    ]
    return min(modified, default=None)


@lru_cache(maxsize=500)
def unseen(scope: ScopeKey, known: Known) -> list[Span]:
    """Time in which a job may have run that no look could show."""
    spans: list[Span] = []
    series = looks(scope, known)
    for earlier, later in pairwise(series):
        shown_from = shown_by(later, scope, known)
        if shown_from - earlier.at > known.watch:
            spans.append((earlier.at, shown_from))
        elif lost_running(scope, earlier, later, known):
            spans.append((earlier.at, shown_from if shown_from > earlier.at else later.at))
    first = next((look for look in known.counted if look.of(scope)), None)
    if first and first not in series:
        # Queued when it was first shown: what was before is hidden.
        spans.append((first.at, shown_by(series[0], scope, known) if series else known.stop))
    if series:
        last = series[-1]
        if known.stop - last.at > known.watch or newest_running(scope, last):
            spans.append((last.at, known.stop))
    return spans


def shown_by(look: Snapshot, scope: ScopeKey, known: Known) -> datetime:
    """From when on a look shows what ran: the start of the oldest job it lists, else its time."""
    starts = [begun(row, known) for row in look.of(scope) if row.job_id]
    return min((start for start in starts if start), default=look.at)


def lost_running(scope: ScopeKey, earlier: Snapshot, later: Snapshot, known: Known) -> bool:
    """Whether a look lists the scope's newest job as running and the next lists it no more."""
    newest = newest_running(scope, earlier)
    return bool(newest and newest.identity and not later.lists(newest.identity))


def newest_running(scope: ScopeKey, look: Snapshot) -> Row | None:
    """The newest job of a scope that a look lists, where that runs."""
    rows = [row for row in look.of(scope) if row.job_id]
    never = datetime.min.replace(tzinfo=UTC)
    newest = max(rows, key=lambda row: (started(row) or never, row.place), default=None)
    return newest if newest and newest.outcome == "running" else None


def overlap(span: Span, other: Span) -> bool:
    """Whether two stretches of time share more than a moment."""
    return max(span[0], other[0]) < min(span[1], other[1])


@lru_cache(maxsize=500)
def recovery_points(scope: ScopeKey, known: Known) -> list[datetime]:
    """When something of a scope was backed up, in order, whichever period the job is dated in."""
    return sorted(
        job.point_at
        for job in known.jobs
        if job.scope == scope and job.point_at and is_recovery(job.outcome, known.policy)
    )


def gap_series(scope: ScopeKey, known: Known) -> list[datetime]:
    """The last recovery point before the period, else the first job's start; those in it; E."""
    dated = [job.dated_at for job in known.jobs if job.scope == scope and job.dated_at]
    if not dated or known.stop <= known.start:
        return []
    points = recovery_points(scope, known)
    before = [point for point in points if point < known.start]
    inside = [point for point in points if known.start <= point <= known.stop]
    first = before[-1] if before else min(dated)
    return [first, *inside, known.stop] if inside or first <= known.stop else []


@lru_cache(maxsize=500)
def gaps(scope: ScopeKey, known: Known) -> tuple[float | None, float | None]:
    """The longest time without a recovery point that is certain, and the longest possible."""
    series = gap_series(scope, known)
    if not series:
        return None, None
    hidden = unseen(scope, known)
    spans = list(pairwise(series))
    certain = [span for span in spans if not any(overlap(span, other) for other in hidden)]
    return max((length(span) for span in certain), default=0.0), max(map(length, spans))


def length(span: Span) -> float:
    """Seconds."""
    return max((span[1] - span[0]).total_seconds(), 0.0)


def failures_in_a_row(scope: ScopeKey, known: Known) -> int:
    """The period's failures, newest first, until the first recovery point."""
    points = recovery_points(scope, known)
    return sum(
        is_failure(job.outcome, known.policy) and (not points or job.point_at >= points[-1])
        for job in known.in_period(scope)
        if job.point_at
    )


def last_of(scope: ScopeKey, known: Known, counts: Callable[[str], bool]) -> datetime | None:
    """The latest end of jobs with some outcome, not later than the period's end."""
    points = [
        job.point_at
        for job in known.jobs
        if job.scope == scope and job.point_at and counts(job.outcome)
    ]
    return max((point for point in points if point <= known.end), default=None)


def has_recovery_point(scope: ScopeKey, known: Known) -> bool:
    """Whether one lies in the period, or a job dated in it is one."""
    inside = any(known.start <= point < known.end for point in recovery_points(scope, known))
    return inside or any(is_recovery(job.outcome, known.policy) for job in known.in_period(scope))


def gap_target_met(scope: ScopeKey, known: Known) -> bool | None:
    """Missed where the certain gap is too long; met where the longest possible is not.

    Met needs the whole period, and that nothing unknown reaches into it: a recovery point before
    it, or a look before it at which the scope had no job, and none was hidden. Else it cannot be
    judged.
    """
    allowed = target("max_gap_s", known.policy, *scope)
    certain, at_most = gaps(scope, known)
    if not allowed or certain is None or at_most is None:
        return None
    if certain > allowed:
        return False
    whole = known.stop == known.end
    return True if at_most <= allowed and whole and begins_known(scope, known) else None


def begins_known(scope: ScopeKey, known: Known) -> bool:
    """Whether nothing unknown of a scope reaches into the period."""
    if any(point < known.start for point in recovery_points(scope, known)):
        return True
    dated = [job.dated_at for job in known.jobs if job.scope == scope and job.dated_at]
    first = known.snapshots[0]
    hidden = bool(first.of(scope)) and first not in looks(scope, known)
    return bool(known.before) and bool(dated) and min(dated) > first.at and not hidden


# Counts, rates, volume.


def counts_and_rates(jobs: Sequence[Job], policy: Mapping[str, Any]) -> Figures:
    """Jobs by outcome, the rates of them, and of their objects, from sums alone."""
    by_outcome = Counter(job.outcome for job in jobs)
    done = [job for job in jobs if is_completed(job.outcome, policy)]
    lenient = by_outcome["success"] + by_outcome["warning"]
    good = lenient if policy["warning"] == "success" else by_outcome["success"]
    sums = {
        name: sum(job.row.counts[f"{name}Count"] or 0 for job in done)
        for name in ("total", "successful", "failed", "skipped", "warning")
    }
    durations = [job.duration for job in done if job.duration is not None]
    return {
        "jobs": len(jobs),
        **{outcome: by_outcome[outcome] for outcome in OUTCOMES},
        "completed": len(done),
        "success_rate": good / len(done) if done else None,
        "lenient_success_rate": lenient / len(done) if done else None,
        **{f"objects_{name}": amount for name, amount in sums.items()},
        "object_success_rate": object_rate(done),
        "duration_mean_s": mean(durations) if durations else None,
        "duration_median_s": median(durations) if durations else None,
    }


def object_rate(completed: Sequence[Job]) -> float | None:
    """Successful objects of those not skipped, over jobs that have all three counts."""
    good = tried = 0
    for job in completed:
        counts = job.row.counts
        successful, total, skipped = (
            counts[name] for name in ("successfulCount", "totalCount", "skippedCount")
        )
        if successful is not None and total is not None and skipped is not None:
            good += successful
            tried += total - skipped
    return good / tried if tried > 0 else None


def gives_no_sizes(jobs: Sequence[Job]) -> bool:
    """A module whose jobs processed objects, and all of which say 0 bytes or nothing."""
    processed = sum(job.row.counts["successfulCount"] or 0 for job in jobs)
    return processed > 0 and not any(job.row.size for job in jobs)


def volume(modules: Sequence[Sequence[Job]]) -> tuple[int | None, int]:
    """Bytes and sized jobs of modules: null where one gives none and the others come to 0."""
    giving = [job for jobs in modules if not gives_no_sizes(jobs) for job in jobs]
    total = sum(job.row.size or 0 for job in giving)
    if total == 0 and any(gives_no_sizes(jobs) for jobs in modules):
        return None, 0
    return total, sum(job.row.size is not None for job in giving)


def overviews(answers: Mapping[str, Any], known: Known) -> tuple[Any, Any]:
    """The overview that says what is stored at the end, and the one that does before the start."""
    ordered = sorted(answers.get("overview", ()), key=lambda overview: overview[0])
    by_end = [overview for overview in ordered if overview[0] < known.end]
    by_start = [overview for overview in ordered if overview[0] < known.start]
    return (by_end[-1] if by_end else ordered[0] if ordered else None), by_start[
        -1
    ] if by_start else None


def stored(modules: Iterable[tuple[str, str]], overview: Any) -> int | None:
    """What is stored of modules by an overview; null where it says of none."""
    modules = set(modules)
    volumes = [
        row["stored_bytes"]
        for row in (overview[1] if overview else ())
        if (row["service"], row["module"]) in modules and row["stored_bytes"] is not None
    ]
    return sum(volumes) if volumes else None


def stored_figures(
    modules: Sequence[tuple[str, str]], answers: Mapping[str, Any], known: Known
) -> Figures:
    """What is stored, and by how much that is more than before the period began."""
    at_end, at_start = overviews(answers, known)
    now, then = stored(modules, at_end), stored(modules, at_start)
    change = None if now is None or then is None or at_end is at_start else now - then
    return {"stored_bytes": now, "stored_change_bytes": change}


# Figures of a scope, and of groups of scopes.


def scope_figures(scope: ScopeKey, known: Known) -> Figures:
    """All figures of one scope. Its volume follows its module: null where that gives no sizes."""
    jobs = known.in_period(scope)
    module_jobs = [job for job in known.in_period() if job.scope[:2] == scope[:2]]
    silent = gives_no_sizes(module_jobs)
    certain, at_most = gaps(scope, known)
    return {
        **counts_and_rates(jobs, known.policy),
        "bytes": None if silent else sum(job.row.size or 0 for job in jobs),
        "sized_jobs": 0 if silent else sum(job.row.size is not None for job in jobs),
        "stored_bytes": None,
        "stored_change_bytes": None,
        "last_success_at": last_of(scope, known, lambda outcome: outcome == "success"),
        "last_recovery_point_at": last_of(
            scope, known, lambda outcome: is_recovery(outcome, known.policy)
        ),
        "longest_gap_s": certain,
        "longest_gap_at_most_s": at_most,
        "consecutive_failures": failures_in_a_row(scope, known),
        **rate_targets(jobs, known, scope),
        "gap_target_met": gap_target_met(scope, known),
    }


def rate_targets(jobs: Sequence[Job], known: Known, where: Sequence[str]) -> Figures:
    """Whether the rates reach the targets set nearest; null without a rate."""
    figures = counts_and_rates(jobs, known.policy)
    met = {}
    for key, rate in (("success", "success_rate"), ("object", "object_success_rate")):
        value = figures[rate]
        wanted = target(rate, known.policy, *where)
        met[f"{key}_target_met"] = None if value is None else value >= wanted
    return met


def group_figures(
    scopes: Sequence[ScopeKey], where: Sequence[str], answers: Mapping[str, Any], known: Known
) -> Figures:
    """Figures of a module, a service or the customer.

    Sums over all its jobs; of time, the worst of its scopes that are not idle, off or gone.
    """
    modules = sorted({scope[:2] for scope in scopes})
    by_module = [
        [job for job in known.in_period() if job.scope[:2] == module] for module in modules
    ]
    jobs = [job for group in by_module for job in group]
    total, sized = volume(by_module)
    alive = [scope for scope in scopes if listed(scope, known) not in QUIET]
    figures = [scope_figures(scope, known) for scope in alive]

    def worst(key: str, which: Callable[[list[Any]], Any]) -> Any:
        values = [group[key] for group in figures if group[key] is not None]
        return which(values) if values else None

    return {
        **counts_and_rates(jobs, known.policy),
        "bytes": total,
        "sized_jobs": sized,
        **stored_figures(modules, answers, known),
        "last_success_at": worst("last_success_at", min),
        "last_recovery_point_at": worst("last_recovery_point_at", min),
        "longest_gap_s": worst("longest_gap_s", max),
        "longest_gap_at_most_s": worst("longest_gap_at_most_s", max),
        "consecutive_failures": worst("consecutive_failures", max) or 0,
        **rate_targets(jobs, known, where),
        "gap_target_met": group_gap_target(
            [
                figures_of_scope["gap_target_met"]
                for scope, figures_of_scope in zip(alive, figures, strict=True)
                if target("max_gap_s", known.policy, *scope)
            ]
        ),
    }


def group_gap_target(met: Sequence[bool | None]) -> bool | None:
    """Missed if one is missed, met if all are, else it cannot be judged."""
    if False in met:
        return False
    return True if met and all(met) else None


# States, and what gives them.


def scope_reasons(scope: ScopeKey, known: Known) -> list[tuple[str, str]]:
    """State and kind of each reason a scope gives."""
    reasons = []
    stands = listed(scope, known)
    jobs = known.in_period(scope)
    none = not has_recovery_point(scope, known)
    missed = stands not in QUIET and gap_target_met(scope, known) is False
    failures = failures_in_a_row(scope, known)
    if none and any(is_completed(job.outcome, known.policy) for job in jobs):
        reasons.append(("critical", "no recovery point"))
    if none and missed:
        reasons.append(("critical", "no recovery point"))
    if failures >= 3:
        reasons.append(("critical", "failures in a row"))
    if none and stands == "refused":
        reasons.append(("critical", "refused"))
    if missed:
        reasons.append(("attention", "gap target missed"))
    if failures >= 1:
        reasons.append(("attention", "ends in failure"))
    if stands == "refused" and not none:
        reasons.append(("attention", "ends refused"))
    if switched_off_within(scope, known):
        reasons.append(("attention", "switched off"))
    if stands == "gone":
        reasons.append(("attention", "gone"))
    return reasons


def switched_off_within(scope: ScopeKey, known: Known) -> bool:
    """Off since a time in the period, or a snapshot of the period lists it otherwise."""
    if listed(scope, known) != "off":
        return False
    since = listed_since(scope, known)
    assert since
    rows = [row for snapshot in known.inside if (row := snapshot.row_of(scope))]
    otherwise = any(row.job_id or listed_of(row.status) != "off" for row in rows)
    return known.start <= since < known.end or otherwise


def scope_state(scope: ScopeKey, known: Known) -> str:
    """The worst its reasons say; else healthy, never run, idle, off, or no data."""
    reasons = [state for state, _ in scope_reasons(scope, known)]
    if reasons:
        return min(reasons, key=STATES.index)
    jobs = known.in_period(scope)
    if any(is_completed(job.outcome, known.policy) for job in jobs):
        return "healthy"
    stands = listed(scope, known)
    if stands == "waiting" and not any(job.scope == scope for job in known.jobs):
        return "never run"
    if stands in ("idle", "off") and not jobs:
        return stands
    return "no data"


def module_reasons(figures: Figures) -> list[tuple[str, str]]:
    """A module's own: its success target, its object target."""
    kinds = (("success_target_met", "success target missed"),
             ("object_target_met", "object target missed"))  # fmt: skip
    return [("attention", kind) for key, kind in kinds if figures[key] is False]


def subscription_reasons(answers: Mapping[str, Any], known: Known) -> list[tuple[str, str]]:
    """A backup product that expired by the period's end, or of which more is used than bought."""
    lists = [products for products in answers.get("subscriptions", ()) if products[0] < known.end]
    if not lists:
        return []
    at, products = max(lists, key=lambda products: products[0])
    last_fetch = max(known.snapshots[-1].at, at)
    by = min(known.end, last_fetch).astimezone(known.zone).date()
    reasons = []
    for product in products:
        if not product["is_backup"]:
            continue
        if product["expires_on"] and product["expires_on"] < by:
            reasons.append(("attention", "expired"))
        if (product["seats_used"] or 0) > (product["seats"] or float("inf")):
            reasons.append(("attention", "over seats"))
        if (product["capacity_used"] or 0) > (product["capacity"] or float("inf")):
            reasons.append(("attention", "over capacity"))
    return reasons


def worst_state(states: Iterable[str]) -> str:
    """The first in the order critical, attention, healthy, never run, no data, idle, off."""
    return min(states, key=STATES.index, default="no data")


# What was seen.


def coverage(known: Known) -> Figures:
    """How many modules and scopes have a recovery point, and how much of the period was seen."""
    alive = [scope for scope in known.scopes if listed(scope, known) not in QUIET]
    covered = [scope for scope in alive if has_recovery_point(scope, known)]
    modules = {scope[:2] for scope in known.scopes}
    seen = {scope[:2] for scope in alive}
    idle = {
        module
        for module in modules
        if all(listed(scope, known) == "idle" for scope in known.scopes if scope[:2] == module)
    }
    days = days_of(known.start, known.end, known.zone)
    observed = observed_days(known)
    return {
        "modules_seen": len(seen),
        "modules_covered": len(seen - {scope[:2] for scope in alive if scope not in covered}),
        "modules_idle": len(idle),
        "modules_off": len(modules - seen - idle),
        "scopes_seen": len(alive),
        "scopes_covered": len(covered),
        "snapshots": len(known.inside),
        "snapshot_days": len(observed),
        "days": len(days),
        "missing_days": [day for day in days if day not in observed],
        "watched_share": watched_share(known),
    }


def observed_days(known: Known) -> set[date]:
    """Local days of the period on which a snapshot was taken."""
    return {look.at.astimezone(known.zone).date() for look in known.inside}


def watched_share(known: Known) -> float:
    """The share of the period between neighbouring snapshots no further apart than allowed."""
    watched = timedelta()
    for earlier, later in pairwise(known.snapshots):
        if later.at - earlier.at <= known.watch:
            begin, stop = max(earlier.at, known.start), min(later.at, known.end)
            watched += max(stop - begin, timedelta())
    return watched / (known.end - known.start)


def well_observed(known: Known) -> bool:
    """Observed on nine of ten days, and watched for nine tenths of the time."""
    seen = coverage(known)
    return bool(10 * seen["snapshot_days"] >= 9 * seen["days"] and seen["watched_share"] >= 0.9)


def daily(known: Known) -> list[Figures]:
    """The jobs of each day and module, by outcome; volume where the module gives sizes."""
    figures = []
    for module in sorted({scope[:2] for scope in known.scopes}):
        jobs = [job for job in known.in_period() if job.scope[:2] == module]
        for day in days_of(known.start, known.end, known.zone):
            todays = [job for job in jobs if local_day(job, known) == day]
            if not todays:
                continue
            by_outcome = Counter(job.outcome for job in todays)
            sizes = [job.row.size or 0 for job in todays]
            figures.append({
                "date": day,
                "service": module[0],
                "module": module[1],
                "jobs": len(todays),
                **{outcome: by_outcome[outcome] for outcome in OUTCOMES},
                "bytes": None if gives_no_sizes(jobs) else sum(sizes),
                "worst": next(outcome for outcome in WORST_FIRST if by_outcome[outcome]),
            })  # fmt: skip
    return figures


def local_day(job: Job, known: Known) -> date | None:
    """The day in the report's zone that a job is dated on."""
    return job.dated_at.astimezone(known.zone).date() if job.dated_at else None


def silence(known: Known) -> dict[tuple[str, str], dict[date, str]]:
    """What each day without a job says of each module.

    `no run` if the day was observed, is over, and nothing could run unseen; `to come` where the
    last snapshot is before its end; else `not observed`.
    """
    silences: dict[tuple[str, str], dict[date, str]] = {}
    for module in sorted({scope[:2] for scope in known.scopes}):
        busy = {local_day(job, known) for job in known.in_period() if job.scope[:2] == module}
        hidden = [
            span
            for scope in known.scopes
            if scope[:2] == module
            for span in [*unseen(scope, known), *before_known(scope, known)]
        ]
        silences[module] = {
            day: silent_day(day, hidden, known)
            for day in days_of(known.start, known.end, known.zone)
            if day not in busy
        }
    return silences


def before_known(scope: ScopeKey, known: Known) -> list[Span]:
    """The time before the first look at a scope, from the snapshot before, where that is long."""
    series = looks(scope, known)
    place = known.counted.index(series[0]) if series else 0
    if place == 0:
        return []
    before, shown_from = known.counted[place - 1].at, shown_by(series[0], scope, known)
    return [(before, shown_from)] if shown_from - before > known.watch else []


def silent_day(day: date, hidden: Sequence[Span], known: Known) -> str:
    """The word for one day without a job."""
    begin = first_instant(day, known.zone)
    stop = first_instant(day + timedelta(days=1), known.zone)
    if stop > known.stop:
        return "to come"
    if day not in observed_days(known) or any(overlap((begin, stop), span) for span in hidden):
        return "not observed"
    return "no run"


def exceptions(known: Known) -> list[Figures]:
    """Every failed, cancelled, unknown job and every warning, with what cured it."""
    entries = []
    for job in known.in_period():
        if job.outcome not in ("failed", "warning", "cancelled", "unknown"):
            continue
        cures, after = cure_of(job, known)
        entries.append({
            "service": job.row.service,
            "module": job.row.module,
            "name": job.row.name or None,
            "job_id": job.row.job_id,
            "outcome": job.outcome,
            "started_at": job.row.start,
            "cured_by": cures,
            "cured_after_s": after,
        })  # fmt: skip
    return entries


def cure_of(job: Job, known: Known) -> tuple[list[str], float | None]:
    """The first later-ending success of the scope, or warning where that is better; all of a tie.

    Jobs after the period count as well.
    """
    good = ("success",) if job.outcome == "warning" else ("success", "warning")
    later = [
        other
        for other in known.all_jobs.values()
        if other.scope == job.scope
        and other.outcome in good
        and other.point_at
        and job.point_at
        and other.point_at > job.point_at
    ]
    if not later or not job.point_at:
        return [], None
    first = min(other.point_at for other in later if other.point_at)
    ids = [other.row.job_id or "" for other in later if other.point_at == first]
    return sorted(ids), (first - job.point_at).total_seconds()


def left_out(known: Known) -> list[Figures]:
    """The scopes the provider leaves out, each with the reason and its jobs of the period."""
    counts: dict[ScopeKey, int] = {}
    for snapshot in [*known.before[-1:], *known.inside, known.reference]:
        for row in snapshot.rows:
            if row.is_backup and left_out_reason(row.scope, known.policy) is not None:
                counts.setdefault(row.scope, 0)
    for job in known.all_jobs.values():
        if not job.row.is_backup or left_out_reason(job.scope, known.policy) is None:
            continue
        if job.dated_at and known.start <= job.dated_at < known.end:
            counts[job.scope] = counts.get(job.scope, 0) + 1
    return [
        {
            "service": scope[0],
            "module": scope[1],
            "name": scope[2] or None,
            "reason": left_out_reason(scope, known.policy),
            "jobs": jobs,
        }
        for scope, jobs in sorted(counts.items())
    ]


def other_jobs(known: Known) -> list[Figures]:
    """Jobs of the period that are no backups, by service and module."""
    counts = Counter(
        job.scope[:2]
        for job in known.all_jobs.values()
        if not job.row.is_backup and job.dated_at and known.start <= job.dated_at < known.end
    )
    return [
        {"service": service, "module": module, "jobs": jobs}
        for (service, module), jobs in sorted(counts.items())
    ]


# Data quality.


def quality(known: Known) -> list[Figures]:
    """One line for each kind and field, with how often."""
    notes: Counter[tuple[str, str]] = Counter()
    dated = dated_in(known)
    undated = [job for job in known.all_jobs.values() if undated_here(job, known)]
    notes["undated", "startTime"] += len(undated)
    speaking = {row.scope: row for row in known.reference.rows if not row.job_id}
    with_job = {row.scope for row in known.reference.rows if row.job_id}
    placeholders = [row for scope, row in speaking.items() if scope not in with_job]
    for row in [*(job.row for job in [*dated, *undated]), *placeholders]:
        for name in row.unreadable:
            notes["unreadable", name] += 1
        for name, text in (
            ("jobType", row.service),
            ("jobModule", row.module),
            ("status", row.status or ""),
        ):
            notes["unknown code", name] += is_code(text)
        content = row.job_id or row.status  # a placeholder may say nothing
        unknown = bool(content) and not is_known(row.status) and not is_code(row.status or "")
        notes["unknown status", "status"] += unknown
    for job in [*dated, *undated]:
        if job.dated_by in ("end", "modification"):
            notes[f"dated by {job.dated_by}", "startTime"] += 1
        if job.row.is_backup:
            notes["inconsistent counts", "totalCount"] += inconsistent(job)
            for name in contradictions(job, known):
                notes["contradiction", name] += 1
    for job in known.in_period():
        notes["end not seen", "endTime"] += end_not_seen(job, known)
    for job in known.all_jobs.values():
        notes["start moved", "startTime"] += start_moved(job, known)
    return [
        {"kind": kind, "field": name, "count": count}
        for (kind, name), count in sorted(notes.items())
        if count
    ]


def dated_in(known: Known) -> list[Job]:
    """Jobs dated in the period, also those left out and those that are no backups."""
    return [
        job
        for job in known.all_jobs.values()
        if job.dated_at and known.start <= job.dated_at < known.end
    ]


def is_code(text: str) -> bool:
    """Whether a name is given by a number that no list knows."""
    return bool(re.fullmatch(r"Unknown \(-?\d+\)", text))


def is_known(status: str | None) -> bool:
    """Whether a status is in a list."""
    return any(among(status, statuses) for statuses in OUTCOME_OF_STATUS.values())


def undated_here(job: Job, known: Known) -> bool:
    """Whether a job nobody can date was first shown by a snapshot of this period.

    Where the period has none of its own: by its reference snapshot, within as long again.
    """
    if job.dated_at:
        return False
    first = min(job.rows, key=lambda row: row.place).taken_at
    if known.inside:
        return known.start <= first < known.end
    within = known.end <= first < known.end + (known.end - known.start)
    return first == known.reference.at and within


def inconsistent(job: Job) -> bool:
    """Whether the parts of a job do not add up to its total, all five being there."""
    counts = job.row.counts
    parts = [counts[name] for name in COUNTS[1:]]
    if counts["totalCount"] is None or None in parts:
        return False
    return sum(part or 0 for part in parts) != counts["totalCount"]


def contradictions(job: Job, known: Known) -> list[str]:
    """The fields in which a job contradicts itself, one for each contradiction."""
    row, counts = job.row, job.row.counts
    processed = bool(counts["totalCount"])
    fields = []
    if job.outcome == "failed" and processed and counts["failedCount"] == 0:
        fields.append("failedCount")
    if job.outcome == "success" and counts["failedCount"]:
        fields.append("failedCount")
    if (
        job.outcome == "success"
        and processed
        and all(counts[name] == 0 for name in ("successfulCount", "skippedCount", "warningCount"))
    ):
        fields.append("totalCount")
    if row.start and row.end and row.end < row.start:
        fields.append("endTime")
    if row.end and row.end > row.taken_at:
        fields.append("endTime")
    if row.modified and row.modified > row.taken_at:
        fields.append("lastModifyTime")
    twins = [
        other
        for other in dated_in(known)
        if other.row.job_id == row.job_id and other.scope[1] != job.scope[1]
    ]
    if twins:
        fields.append("jobId")
    return fields


def end_not_seen(job: Job, known: Known) -> bool:
    """Last seen running, and a later look at its scope lists it no more."""
    listing = [look.at for look in known.counted if look.lists(job.identity)]
    if job.outcome != "running" or not listing:
        return False
    return any(
        look.at > listing[-1] and not look.lists(job.identity) for look in looks(job.scope, known)
    )


def start_moved(job: Job, known: Known) -> bool:
    """Whether its rows do not agree on its start, and the period lies between two of them."""
    starts = [row.start for row in job.rows if row.start]
    return len(set(starts)) > 1 and min(starts) < known.end and max(starts) >= known.start


# The whole.


def nothing_known_yet(known: Known) -> bool:
    """Whether the period ended before the first snapshot and the earliest job in it.

    Jobs that nobody can date and that are listed in this period are something known.
    """
    first = known.snapshots[0]
    jobs = [known.all_jobs[row.identity].dated_at for row in first.rows if row.identity]
    since = min([first.at, *(moment for moment in jobs if moment)])
    undated = any(undated_here(job, known) for job in known.all_jobs.values())
    return known.end <= since and not undated


def report(
    snapshots: Sequence[tuple[datetime, Sequence[RawRow]]],
    period_start: datetime,
    period_end: datetime,
    zone: str,
    policy: Mapping[str, Any],
    answers: Mapping[str, Any] | None = None,
    *,
    kind: str | None = None,
) -> Figures | None:
    """The figures of a customer's period; None where nothing was known of the customer by then.

    `snapshots` are replies with their times of receipt, codes already as names. `answers` may hold
    `overview` (times and rows with `service`, `module`, `stored_bytes`) and `subscriptions` (times
    and products). `kind` is `days` for days that happen to be a month.
    """
    answers = answers or {}
    read = read_snapshots(snapshots, policy["units"])
    if not read:
        return None
    local = ZoneInfo(zone)
    known = Known(read, period_start, period_end, local, policy)
    if nothing_known_yet(known):
        return None
    before = Known(
        read, start_before(period_start, period_end, local, kind), period_start, local, policy
    )
    has_before = bool(before.in_period())
    modules = [module_report(module, answers, known) for module in modules_of(known)]
    general = subscription_reasons(answers, known)
    states = [module["state"] for module in modules]
    reasons = [
        (module["service"], module["module"], *reason)
        for module in modules
        for reason in module.pop("reasons")
    ]
    return {
        "state": worst_state([*states, *(state for state, _ in general if states)]),
        "reasons": sorted(reasons) + [("", "", "", *reason) for reason in general],
        "totals": group_figures(known.scopes, (), answers, known),
        "services": [
            {"service": service}
            | group_figures(
                [scope for scope in known.scopes if scope[0] == service], (service,), answers, known
            )
            for service in sorted({scope[0] for scope in known.scopes})
        ],
        "modules": modules,
        "daily": daily(known),
        "silence": silence(known),
        "previous": group_figures(before.scopes, (), answers, before) if has_before else None,
        "comparable": has_before and well_observed(known) and well_observed(before),
        "coverage": coverage(known),
        "exceptions": exceptions(known),
        "left_out": left_out(known),
        "other_jobs": other_jobs(known),
        "quality": quality(known),
        "final": known.final,
    }


def modules_of(known: Known) -> list[tuple[str, str]]:
    """The modules of the report: those with a scope in it."""
    return sorted({scope[:2] for scope in known.scopes})


def module_report(module: tuple[str, str], answers: Mapping[str, Any], known: Known) -> Figures:
    """A module: its figures, its scopes', and what gives it its state."""
    scopes = [scope for scope in known.scopes if scope[:2] == module]
    figures = group_figures(scopes, module, answers, known)
    general = module_reasons(figures)
    states = [scope_state(scope, known) for scope in scopes]
    reasons = [("", *reason) for reason in general]
    reasons += [(scope[2], *reason) for scope in scopes for reason in scope_reasons(scope, known)]
    return {
        "service": module[0],
        "module": module[1],
        "state": worst_state([*states, *(state for state, _ in general)]),
        "reasons": reasons,
        **figures,
        "scopes": [
            {
                "name": scope[2] or None,
                "state": state,
                "listed": listed(scope, known),
                "listed_since": listed_since(scope, known),
                **scope_figures(scope, known),
            }
            for scope, state in zip(scopes, states, strict=True)
        ],
    }
