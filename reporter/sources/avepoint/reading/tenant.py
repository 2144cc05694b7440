"""What a customer's own tenant says: the jobs of a stretch of time, and how backups are set.

{"statusCode", "message", "errors": […], "data": …, "requestId", "metadata": {"totalCount"}}

A row of a job names neither its kind nor its module: only the question that it answers does, which
is read from the address. Counts and totals have two spellings each (`totalCount`, `totalNumber`).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote, urldefrag, urlsplit

from reporter.errors import ReplyError
from reporter.jobs.rows import (
    ABSENT,
    FIELDS,
    Row,
    identifies,
    moment,
    text_of,
    unknown_code,
)
from reporter.jobs.values import read_count, read_time
from reporter.model import (
    ModuleFrequency,
    ModuleHistory,
    ModuleRetention,
    QualityKind,
    Reply,
    RestoreJob,
    RestoreKind,
    RetentionPolicy,
    Stretch,
    Unread,
)
from reporter.showing import excerpt
from reporter.sources.avepoint.reading.replies import ReplyPage, envelope_of
from reporter.sources.avepoint.reading.rows import with_meaning
from reporter.sources.avepoint.reading.values import ReplyObject
from reporter.sources.avepoint.reading.vocabularies import (
    OBJECT_TYPES,
    SERVICE_TYPES,
    TENANT_SERVICE,
    module_of_type,
    outcome_of,
)

BACKUP: Final = 1
RESTORE: Final = 2
EXPORT: Final = 3
JOB_TYPES: Final[Mapping[str, tuple[int, ...]]] = {
    "history": (BACKUP,),
    "restores": (RESTORE, EXPORT),
}
"""The kinds of jobs, by the number they are asked for with, that an answer is about."""
_RESTORES: Final = {RESTORE: RestoreKind.RESTORE, EXPORT: RestoreKind.EXPORT}
_OF_CUSTOMER: Final = "customer="
"""How the fragment begins that is added to an address: only the app registration decides whose
tenant it is about, and no address shows which one asked.
"""


@dataclass(frozen=True, slots=True)
class Question:
    """What a list of jobs is asked for."""

    job_type: int
    object_type: int
    window: Stretch

    @property
    def params(self) -> dict[str, int | str]:
        """The parameters of the call."""
        start, finish = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in self.window)
        return {
            "jobType": self.job_type,
            "objectType": self.object_type,
            "startTime": start,
            "finishTime": finish,
        }

    @property
    def module(self) -> str:
        """The canonical name of its module."""
        return module_of_type(OBJECT_TYPES, str(self.object_type))


def questions(kind: str, window: Stretch) -> list[Question]:
    """All questions that have to be asked for an answer about a stretch of time."""
    return [
        Question(job_type, object_type, window)
        for job_type in JOB_TYPES[kind]
        for object_type in OBJECT_TYPES
    ]


def question_of(reply: Reply) -> Question:
    """What a reply answers.

    Raises:
        ReplyError: its address does not say.
    """
    asked = parse_qs(urlsplit(reply.url).query)
    job_type, object_type = (
        read_count(asked.get(name, [""])[0]) for name in ("jobType", "objectType")
    )
    start, finish = (read_time(asked.get(name, [""])[0]) for name in ("startTime", "finishTime"))
    if job_type is None or object_type is None or start is None or finish is None:
        raise ReplyError(f"The address {excerpt(reply.url)} does not say which jobs it lists.")
    return Question(job_type, object_type, (start, finish))


def about_customer(reply: Reply, customer_id: str) -> Reply:
    """The reply, whose address now says about whom it is."""
    return replace(reply, url=f"{reply.url}#{_OF_CUSTOMER}{quote(customer_id, safe='')}")


def customer_of(url: str) -> str | None:
    """The customer whose tenant a reply with this address is about; None of other replies."""
    fragment = urldefrag(url).fragment
    if not fragment.startswith(_OF_CUSTOMER):
        return None
    return unquote(fragment.removeprefix(_OF_CUSTOMER))


def read_jobs_page(reply: Reply) -> ReplyPage:
    """The rows of a page of jobs.

    Raises:
        ReplyError: it is none, or says that something went wrong.
    """
    envelope = _envelope_of(reply)
    rows, metadata = envelope.get("data"), envelope.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise _other_shape(reply, "list of jobs")
    totals = (metadata.get(name) for name in ("totalCount", "totalNumber"))
    given = next((total for total in totals if total is not None), None)
    total = given if isinstance(given, int) else read_count(str(given or ""))
    if rows is None and total == 0:
        rows = []
    if not isinstance(rows, list):
        raise _other_shape(reply, "list of jobs")
    link = metadata.get("nextLink")
    return ReplyPage(rows, next_link=link if isinstance(link, str) and link else None, total=total)


@dataclass(frozen=True, slots=True)
class JobList:
    """All rows that answer one question."""

    question: Question
    rows: tuple[Mapping[str, Any], ...]
    fetched_at: datetime
    """When its last page was received."""


def whole_lists(replies: Iterable[Reply]) -> list[JobList]:
    """The lists that the pages of one or several answers form.

    Raises:
        ReplyError: a list is not complete: it has fewer or more rows than it says, does not say how
            many it has, or has a job twice, as when a page is sent again in place of the next one.
    """
    pages: defaultdict[Question, list[ReplyPage]] = defaultdict(list)
    fetched_at: dict[Question, datetime] = {}
    for reply in replies:
        question = question_of(reply)
        pages[question].append(read_jobs_page(reply))
        fetched_at[question] = reply.fetched_at
    return [
        _whole_list(question, of_list, fetched_at[question]) for question, of_list in pages.items()
    ]


def _whole_list(question: Question, pages: Sequence[ReplyPage], fetched_at: datetime) -> JobList:
    rows = [row for page in pages for row in page.rows]
    totals = {page.total for page in pages}
    empty = not rows and totals == {None} and all(page.next_link is None for page in pages)
    ids = [job_id for row in rows if isinstance(row, dict) and (job_id := row.get("id"))]
    flaw = ""
    if totals != {len(rows)} and not empty:
        counts = ", ".join(str(total) for total in sorted(totals, key=str))
        flaw = f"it has {len(rows)} rows, and gives their number as {counts}"
    elif not all(isinstance(row, dict) for row in rows):
        flaw = "a row is not an object"
    elif len(set(map(str, ids))) < len(ids):
        flaw = "it has a job twice"
    if flaw:
        raise ReplyError(
            f"The list of jobs of {question.module} (type {question.job_type}) is not complete: "
            f"{flaw}.",
            hint="Nothing of this answer is used. Run the same command again later.",
        )
    return JobList(question, tuple(rows), fetched_at)


def windows_of(lists: Iterable[JobList]) -> tuple[Stretch, ...]:
    """The stretches of time that lists are about, in order."""
    return tuple(sorted({listed.question.window for listed in lists}))


def missing_in(lists: Sequence[JobList], kind: str) -> tuple[str, ...]:
    """The modules of which a list of some stretch of time is not there. An answer is complete
    without those that the tenant does not know; whatever else fails makes it none.
    """
    there = {listed.question for listed in lists}
    asked = (question for window in windows_of(lists) for question in questions(kind, window))
    return tuple(dict.fromkeys(question.module for question in asked if question not in there))


def histories_of(lists: Iterable[JobList]) -> tuple[ModuleHistory, ...]:
    """The jobs of each module in lists of backups."""
    histories = []
    for listed in lists:
        question = listed.question
        rows = [_row(question, fields, listed.fetched_at) for fields in listed.rows]
        flawed = tuple(row for row in rows if not (identifies(row) and moment(row, "started")))
        histories.append(
            ModuleHistory(TENANT_SERVICE, question.module, question.window, tuple(rows), flawed)
        )
    return tuple(histories)


def rows_in(reply: Reply) -> list[Row]:
    """The jobs on one page, as rows in our words.

    Raises:
        ReplyError: it is no page of jobs.
    """
    question = question_of(reply)
    rows = read_jobs_page(reply).rows
    return [_row(question, fields, reply.fetched_at) for fields in rows if isinstance(fields, dict)]


def _row(question: Question, fields: Mapping[str, Any], fetched_at: datetime) -> Row:
    """A job as a row in our words. A tenant gives no size and no time of modification."""
    details = fields.get("backupDetails")
    counts = details if isinstance(details, dict) else {}
    row: Row = dict.fromkeys(FIELDS) | {
        "service": TENANT_SERVICE,
        "module": question.module,
        "status": text_of(fields.get("state")),
        "job_id": text_of(fields.get("id")),
        "started": text_of(fields.get("startTime")),
        "ended": text_of(fields.get("finishTime")),
        "duration": text_of(fields.get("duration")),
        "date_orders": None,
        "from_tenant": True,
    }
    for part in ("total", "failed", "successful", "skipped"):
        spellings = (text_of(counts.get(f"{part}{name}")) for name in ("Count", "Number"))
        row[f"objects_{part}"] = next(filter(None, spellings), None)
    return with_meaning(row, fetched_at)


def restores_of(lists: Iterable[JobList]) -> tuple[RestoreJob, ...]:
    """The restores and exports in lists, the later of which correct the earlier ones. One without
    an id is known again by its start, and by its place among those of one list with the same.
    """
    jobs: dict[tuple[int, int, str, int], RestoreJob] = {}
    for listed in lists:
        question = listed.question
        met: Counter[str] = Counter()
        for row in listed.rows:
            job = _restore(question, row)
            start = str(job.started_at or json.dumps(row, sort_keys=True))
            identity = job.job_id or start
            met[identity] += 1
            jobs[question.job_type, question.object_type, identity, met[identity]] = job
    return tuple(jobs.values())


def _restore(question: Question, row: Mapping[str, Any]) -> RestoreJob:
    unread: Unread = Counter()
    job = ReplyObject(row, "binary", unread)
    details = row.get("backupDetails")
    counts = ReplyObject(details if isinstance(details, dict) else {}, "binary", unread)
    state = job.text("state")
    return RestoreJob(
        kind=_RESTORES[question.job_type],
        module=question.module,
        job_id=job.text("id"),
        state=state,
        outcome=outcome_of(state),
        started_at=job.time("startTime"),
        ended_at=job.time("finishTime"),
        objects_total=_count(counts, "total"),
        objects_successful=_count(counts, "successful"),
        objects_failed=_count(counts, "failed"),
        unreadable=tuple((field, text) for _, field, text in unread.elements()),
    )


def _count(counts: ReplyObject, part: str) -> int | None:
    """One of a job's counts, in either spelling."""
    name = f"{part}Count"
    return counts.count(name if counts.text(name) is not None else f"{part}Number")


def frequencies_of(replies: Iterable[Reply], unread: Unread) -> tuple[ModuleFrequency, ...]:
    """How often each module is set to be backed up.

    Raises:
        ReplyError: a reply does not say.
    """
    frequencies = []
    for reply in replies:
        rows = _envelope_of(reply).get("data")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise _other_shape(reply, "list of frequencies")
        for row in rows:
            record = ReplyObject(row, "binary", unread)
            times = record.count("frequency")
            frequencies.append(ModuleFrequency(_module(record, unread), times))
    return tuple(frequencies)


def retention_of(replies: Iterable[Reply], unread: Unread) -> RetentionPolicy | None:
    """The retention policy as it is set; None without replies.

    Raises:
        ReplyError: a reply is no policy.
    """
    policy = None
    for reply in replies:
        data = _envelope_of(reply).get("data")
        if isinstance(data, list) and len(data) == 1:
            (data,) = data
        if not isinstance(data, dict):
            raise _other_shape(reply, "retention policy")
        policies = data.get("servicePolicies") or []
        if not isinstance(policies, list) or not all(isinstance(each, dict) for each in policies):
            raise _other_shape(reply, "retention policy")
        records = [ReplyObject(each, "binary", unread) for each in policies]
        policy = RetentionPolicy(
            kept=ReplyObject(data, "binary", unread).text("retentionPeriod"),
            daily=_flag(data, "enableDailyRetentionPolicy", unread),
            customized=_flag(data, "enableCustomizedRetentionPolicy", unread),
            modules=tuple(_retention(record, unread) for record in records),
        )
    return policy


def _retention(record: ReplyObject, unread: Unread) -> ModuleRetention:
    return ModuleRetention(
        _module(record, unread),
        record.text("retentionPeriod"),
        record.text("unassignedObjectRetentionPeriod"),
    )


def _flag(data: Mapping[str, Any], field: str, unread: Unread) -> bool | None:
    value = data.get(field)
    if value is None or isinstance(value, bool):
        return value
    unread[QualityKind.UNREADABLE, field, str(value)] += 1
    return None


def _module(record: ReplyObject, unread: Unread) -> str:
    written = record.text("serviceType")
    module = module_of_type(SERVICE_TYPES, written or ABSENT)
    if (code := unknown_code(module)) is not None:
        unread[QualityKind.UNKNOWN_CODE, "serviceType", code] += 1
    return module


def counts_of(replies: Iterable[Reply], kind: str) -> list[int]:
    """How many rows each reply has.

    Raises:
        ReplyError: a reply is not about that.
    """
    unread: Unread = Counter()
    if kind == "frequency":
        return [len(frequencies_of([reply], unread)) for reply in replies]
    if kind == "retention":
        return [int(retention_of([reply], unread) is not None) for reply in replies]
    return [len(read_jobs_page(reply).rows) for reply in replies]


def _envelope_of(reply: Reply) -> dict[str, Any]:
    """The JSON of a reply.

    Raises:
        ReplyError: it is no object, or says that something went wrong: with such a reply, an empty
            list does not mean that there is nothing.
    """
    envelope = envelope_of(reply)
    if not isinstance(envelope, dict):
        raise _other_shape(reply, "answer of a tenant")
    status, errors = envelope.get("statusCode"), envelope.get("errors")
    if errors or status not in (None, 200, "200"):
        reason = excerpt(str(envelope.get("message") or errors or "no reason given"))
        raise ReplyError(
            f"The reply of {excerpt(reply.url)} says that something went wrong: {status} {reason}.",
            hint="Ask the service's support.",
        )
    return envelope


def _other_shape(reply: Reply, what: str) -> ReplyError:
    return ReplyError(f"The reply of {excerpt(reply.url)} is JSON, but no {what}.")
