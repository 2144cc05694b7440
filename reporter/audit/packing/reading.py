"""What the replies in a bag say, read again without the store and the analysis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from reporter.audit.recomputing import fetch_in
from reporter.evidence.contents import ArchivedFetch, fetches_of, reply_path
from reporter.jobs.known import follows
from reporter.jobs.rows import Row, alone, counting, identity_of, moment
from reporter.jobs.sightings import ScopeKey, scope_of
from reporter.jobs.snapshots import cut
from reporter.model import Answer, Reply, Report, RestoreJob, RestoreKind
from reporter.render.pack import Check, FetchAttempt, SourceRow
from reporter.sources.interface import Announced, CutFrom
from reporter.sources.registry import reader_of, reader_of_address, rows_by
from reporter.store.deriving import EDGE
from reporter.store.received import Fetch

_PLACE: Final = "place"
"""Where a row stands: the replies of its fetch, which of them it is in, and which row of that."""

BEFORE, IN, AFTER = "before", "in", "after"
UNDATED, ELSEWHERE = "undated", "undated elsewhere"
"""Where a job lies relative to a period; undated jobs are in it if it was the first to show them.
"""

JobKey = tuple[str, str, str]
"""Service, module and id of a job."""


RestoreKey = tuple[RestoreKind, str, str | datetime | None]
"""Kind, module, and id of a restore; where it has none, its start."""


@dataclass(frozen=True, slots=True)
class JobListing:
    """A complete list of jobs."""

    taken_at: datetime
    rows: dict[ScopeKey, Row] = field(default_factory=dict)
    """For each scope of a backup the row that lists it: of several, one with a job id, else the
    last.
    """

    def take(self, row: Row) -> None:
        """List the scope of a row by that row."""
        scope = scope_of(row)
        there = self.rows.get(scope)
        if row["is_backup"] and not (there and has_job(there) and not has_job(row)):
            self.rows[scope] = row


def has_job(row: Row) -> bool:
    """Whether a row tells of a job, and is no placeholder."""
    return bool(identity_of(row)[2])


@dataclass(frozen=True)
class _ToldTime:
    """The time that the history of a module is about, and the jobs that were not known before."""

    module: tuple[str, str]
    start: datetime
    stop: datetime
    alone: frozenset[JobKey]

    def holds(self, job: JobKey, row: Row) -> bool:
        """Whether a job of the module began in that time."""
        at = moment(row, "started")
        return job[:2] == self.module and at is not None and self.start <= at < self.stop


@dataclass
class BagReading:
    """What the replies in a bag say of the jobs, read without the store and the analysis."""

    report: Report
    looks: list[FetchAttempt] = field(default_factory=list)
    """Those since the period began, and those before it that the report rests on."""
    listings: list[JobListing] = field(default_factory=list)
    """In the order they were taken."""
    jobs: dict[JobKey, Row] = field(default_factory=dict)
    """The row of each job that counts."""
    too_late: dict[str | None, datetime] = field(default_factory=dict)
    """From when on the tenant's history says nothing of the period any more, by customer's id: the
    look that follows the last one that counts."""
    told: list[_ToldTime] = field(default_factory=list)
    """The times that histories are about."""
    shown: set[JobKey] = field(default_factory=set)
    """The jobs that snapshots list."""
    restores: dict[tuple[RestoreKey, int], RestoreJob] = field(default_factory=dict)
    """The restores and exports, as the last answer lists each; those of one answer that share a key
    are numbered.
    """
    rows: int = 0
    placeholders: int = 0
    attempts: Counter[str] = field(default_factory=Counter)
    addresses: set[str] = field(default_factory=set)
    excerpts: int = 0

    @classmethod
    def of(cls, bag: Path, report: Report) -> BagReading:
        """What the replies in the bag of a report say."""
        reading = cls(report)
        rests_on = {source.sha256 for source in report.sources}
        all_listed = fetches_of(bag)
        last = {
            listed.customer_id: listed
            for listed in all_listed
            if listed.kind == "jobs" and listed.error is None
        }
        rules = {
            customer_id: reader_of(replies).rules(replies)
            for customer_id, listed in last.items()
            for replies in [fetch_in(bag, listed).replies]
        }
        for customer_id in last:
            looks = sorted(
                listed.taken_at
                for listed in all_listed
                if (listed.kind, listed.customer_id, listed.error) == ("jobs", customer_id, None)
            )
            counted = cut(looks, report.period, report.policy.watch_every).counted
            if counted < len(looks):
                reading.too_late[customer_id] = looks[counted]
        for listed in all_listed:
            fetch = fetch_in(bag, listed)
            look = reading._take(listed, fetch, rules.get(fetch.customer_id))
            used = any(reply.sha256 in rests_on for reply in listed.replies)
            if used or fetch.taken_at >= report.period.start:
                reading.looks.append(look)
        return reading

    @property
    def due(self) -> dict[JobKey, Row]:
        """The jobs that a report has to list: those the replies date in the period, and those they
        do not date and show first in it.
        """
        of_report = (IN, UNDATED)
        return {job: row for job, row in self.jobs.items() if self.when(row) in of_report}

    @property
    def due_restores(self) -> list[RestoreJob]:
        """The restores and exports that a report has to list: those that began in the period, or
        ended in it if they do not say when they began.
        """
        start, end = self.report.period.start, self.report.period.end
        return [job for job in self.restores.values() if (at := job.dated_at) and start <= at < end]

    def when(self, row: Row) -> str:
        """Where the job of a row that counts is, seen from the period."""
        period, (at, _) = self.report.period, dated(row)
        if at is not None:
            return BEFORE if at < period.start else IN if at < period.end else AFTER
        first, reference = row["first_seen_at"], self.report.reference_at
        if not self.report.coverage.snapshots and follows(period, reference):
            return UNDATED if first == reference else ELSEWHERE
        return UNDATED if period.start <= first < period.end else ELSEWHERE

    def _take(self, listed: ArchivedFetch, fetch: Fetch, rules: bytes | None) -> FetchAttempt:
        """What came of one attempt."""
        self.attempts[f"{fetch.kind}, {'failed' if fetch.error else 'read'}"] += 1
        rows: list[Row] = []
        announced = None
        reader = reader_of(fetch.replies)
        cuts = [cut for reply in fetch.replies if (cut := reader.cut_from(reply.url))]
        if fetch.error is not None:
            check = Check(fetch.kind, None, f"failed: {fetch.error}")
        elif fetch.kind == "history":
            check = Check(fetch.kind, None, f"read; {self._take_history(listed, fetch)} jobs")
        elif fetch.kind == "restores":
            detail = f"read; {self._take_restores(fetch)} restores and exports"
            check = Check(fetch.kind, None, detail)
        elif fetch.kind != "jobs":
            check = Check(fetch.kind, None, _read_of(cuts))
        else:
            rows = [
                row | {_PLACE: (listed.replies, place, number)}
                for place, of_reply in enumerate(rows_by(fetch.replies, rules))
                for number, row in enumerate(of_reply, 1)
            ]
            announced = reader.announced(fetch.replies)
            check = _read_whole(len(rows), announced)
            self._take_rows(fetch.taken_at, rows)
        job_id = quote(fetch.job_id, safe="")
        addresses = {_address(reply.url) for reply in fetch.replies}
        self.addresses |= {
            url.replace(f"/{job_id}/", "/…/") if job_id else url for url in addresses
        }
        self.excerpts += len(cuts)
        first = cuts[0].url if cuts else fetch.replies[0].url if fetch.replies else ""
        return FetchAttempt(
            taken_at=fetch.taken_at.astimezone(self.report.period.zone),
            kind=fetch.kind,
            address=first,
            request_ids=", ".join(reply.request_id for reply in fetch.replies),
            replies=len(fetch.replies),
            rows=len(rows) if announced else None,
            own_count=announced.rows if announced else None,
            check=check,
        )

    def _take_history(self, listed: ArchivedFetch, fetch: Fetch) -> int:
        """Take the jobs in an answer of the customer's own tenant, but for modules of which it
        lacks a job that is known to have begun in its time; none before one shows that the ids are
        the same, and those of the period only until it is closed. How many were taken.
        """
        by_module: dict[tuple[str, str], list[Row]] = {}
        reader = reader_of(fetch.replies)
        for place, of_reply in enumerate(reader.rows(fetch.replies)):
            for number, row in enumerate(of_reply, 1):
                of_module = by_module.setdefault(identity_of(row)[:2], [])
                of_module.append(row | {_PLACE: (listed.replies, place, number)})
        histories = reader.answer(Answer("history", None, fetch.replies), "", "binary").histories
        listed_jobs = {identity_of(row) for rows in by_module.values() for row in rows}
        same_ids = any(time.alone for time in self.told) or not listed_jobs.isdisjoint(self.jobs)
        if listed_jobs and not same_ids:
            return 0
        too_late = self.too_late.get(fetch.customer_id)
        taken = 0
        for history in histories:
            if history.flawed:
                continue
            (start, stop), rows = history.window, by_module.get((history.service, history.module))
            rows = rows or []
            time = _ToldTime(
                (history.service, history.module),
                start + EDGE,
                stop - EDGE,
                frozenset(set(map(identity_of, rows)) - self.jobs.keys()),
            )
            began = {job for job, row in self.jobs.items() if time.holds(job, row)}
            if began <= set(map(identity_of, rows)):
                if too_late is not None and fetch.taken_at >= too_late:
                    rows = [row for row in rows if self._is_known_or_later(row)]
                self._take_jobs(rows)
                self.told.append(time)
                taken += len(rows)
        self.rows += taken
        return taken

    def _is_known_or_later(self, row: Row) -> bool:
        """Whether a job is known already, or is of after the period."""
        at = moment(row, "started")
        return identity_of(row) in self.jobs or (at is not None and at >= self.report.period.end)

    def _take_back(self, new: Iterable[JobKey]) -> None:
        """Take back the times in which jobs began that no history lists, and the jobs in them that
        only a history lists.
        """
        wrong = [time for time in self.told if any(time.holds(job, self.jobs[job]) for job in new)]
        self.told = [time for time in self.told if time not in wrong]
        for job in {job for time in wrong for job in time.alone & self.jobs.keys()} - self.shown:
            if not any(time.holds(job, self.jobs[job]) for time in self.told):
                del self.jobs[job]

    def _take_restores(self, fetch: Fetch) -> int:
        """Take the restores and exports in an answer of the customer's own tenant; how many."""
        answer = Answer("restores", None, fetch.replies)
        told = reader_of(fetch.replies).answer(answer, "", "binary")
        met: Counter[RestoreKey] = Counter()
        for job in told.restores:
            key = job.kind, job.module, job.job_id or job.started_at
            met[key] += 1
            self.restores[key, met[key]] = job
        return len(told.restores)

    def _take_jobs(self, rows: Sequence[Row]) -> None:
        for row in rows:
            identity = identity_of(row)
            one, before = row | alone(row), self.jobs.get(identity)
            self.jobs[identity] = counting(before, one) if before else one

    def _take_rows(self, taken_at: datetime, rows: Sequence[Row]) -> None:
        listing = JobListing(taken_at)
        for row in rows:
            listing.take(row)
        jobs = [row for row in rows if identity_of(row)[2]]
        self.placeholders += len(rows) - len(jobs)
        shown = set(map(identity_of, jobs))
        new = shown - self.jobs.keys()
        self._take_jobs(jobs)
        self.shown |= shown
        self._take_back(new)
        self.rows += len(rows)
        self.listings.append(listing)


def _read_of(cuts: Sequence[CutFrom]) -> str:
    """What there is to say of replies that are about no jobs."""
    if not cuts:
        return "read; no jobs"
    hashes = ", ".join(cut.sha256 for cut in cuts)
    return f"read, and kept as an excerpt; cut from the reply with the SHA-256 {hashes}"


def _address(url: str) -> str:
    """The address of a call without its parameters."""
    cut = reader_of_address(url).cut_from(url)
    parts = urlsplit(cut.url if cut else url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}" if parts.netloc else url


def _read_whole(rows: int, announced: Announced) -> Check:
    """Whether a list was read to its end, by its own count where it has one."""
    if announced.rows is not None:
        detail = f"{rows} rows, and the service counts {announced.rows}"
        return Check("jobs", rows == announced.rows, detail)
    ended = not announced.goes_on
    end = "no further page" if ended else "a further page was named but not read"
    return Check("jobs", ended, f"{rows} rows, {end}; the service gives no count")


def dated(row: Row) -> tuple[datetime | None, str | None]:
    """When a job is dated, and by what."""
    given = (
        (moment(row, "started"), "start"),
        (moment(row, "ended"), "end"),
        (row["first_modified_at"], "modification"),
    )
    return next(((at, by) for at, by in given if at is not None), (None, None))


@dataclass(frozen=True)
class Finder:
    """Finds rows again in the replies of a bag, letter by letter."""

    bag: Path
    zone: ZoneInfo
    _texts: dict[tuple[str, ...], list[list[str]]] = field(default_factory=dict)
    """Of the fetches that were read, by the SHA-256 of their replies."""

    def find(self, row: Row) -> SourceRow:
        """A row as it stands in its reply; times in the zone."""
        replies, place, number = row[_PLACE]
        fetch, reply = tuple(each.sha256 for each in replies), replies[place]
        if fetch not in self._texts:
            whole = [
                Reply(
                    each.url,
                    each.fetched_at,
                    each.request_id,
                    (self.bag / reply_path(each.sha256)).read_bytes(),
                )
                for each in replies
            ]
            self._texts[fetch] = reader_of(whole).texts(whole)
        return SourceRow(
            reply.url,
            reply.fetched_at.astimezone(self.zone),
            reply.request_id,
            reply.sha256,
            number,
            self._texts[fetch][place][number - 1],
        )
