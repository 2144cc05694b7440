"""A bag compared with itself: the analysis is run again on its raw replies, and every figure of the
JSON, every cell of the workbook and the text of the PDF are compared with the result.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from reporter.analysis.restatement import changes_between
from reporter.audit.archiving import tools
from reporter.audit.comparing import (
    OTHER_VERSION,
    attachments_finding,
    first_of,
    pdf_finding,
    workbook_finding,
)
from reporter.audit.description import Expected, guide_finding, info_finding, provenance_finding
from reporter.errors import EvidenceError, ReplyError
from reporter.evidence.bag import LARGEST_FILE, content_of, shown
from reporter.evidence.contents import (
    REPORTS,
    RESTATED,
    TEMPLATES,
    ArchivedFetch,
    Configuration,
    Provenance,
    configuration_of,
    fetches_of,
    json_in,
    provenance_of,
    reply_path,
)
from reporter.evidence.verify import CLOCKS_APART, at, unreadable
from reporter.finding import Finding
from reporter.model import LISTED_BY_TIME, Look, Reply, Report, Restatement
from reporter.period import Period
from reporter.render.json_ import SCHEMA, json_bytes, report_dict
from reporter.render.typesetting import PDF, NoTypesetting
from reporter.render.workbook import write_workbook
from reporter.run.ledger import figures_hash
from reporter.run.reporting import report_again
from reporter.sources.registry import reader_of, reader_of_address
from reporter.store.received import Fetch, last_looks_of, until

logger = logging.getLogger(__name__)

_LONGEST: Final = 500
_NOT_THERE: Final = object()
_COUNTED: Final = ("jobs", "protection", "users", "details", *LISTED_BY_TIME)
"""The kinds of fetches whose lists tell how long they are, or whether they continue, and how each
is read.
"""
_OTHER_HASH: Final = "provenance.json has the hash of other figures"
_TEMPLATES_NOT_RUN: Final = Finding(
    "PDF's text",
    None,
    "not compared: it is made by the provider's own templates. They are run only if you ask for "
    "it (--run-templates) and trust whoever signed them (--trust)",
)


def recomputed(
    bag: Path, now: datetime, signed_at: datetime | None = None, *, run_templates: bool = False
) -> Iterator[Finding]:
    """The findings of computing a whole bag's report again at a time; `signed_at` is when the bag
    was signed. The provider's own templates in it are run only where that is asked for.

    Raises:
        MemoryError: there is not enough.
    """
    try:
        configuration, provenance = configuration_of(bag), provenance_of(bag)
        yield _replies_finding(bag, configuration, provenance, now, signed_at)
        same_tools = _has_same_tools(provenance)
        other_version = None if same_tools else OTHER_VERSION
        latest = signed_at or now
        yield info_finding(bag, configuration, provenance, latest)
        yield guide_finding(bag, configuration, provenance, other_version)
        if not same_tools and (schema := other_schema(bag / REPORTS["json"])):
            yield from _of_other_schema(bag, configuration, provenance, schema)
            return
        report = report_in(bag, configuration, provenance)
        expected = Expected(report.as_of, report.final)
        yield provenance_finding(bag, configuration, provenance, expected)
        look = _look(bag, configuration)
        refused = look.templates is not None and not run_templates
        yield _figures_finding(bag / REPORTS["json"], report, provenance, same_tools)
        yield attachments_finding(bag / REPORTS["pdf"], bag / REPORTS["json"], report)
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "report.xlsx"
            write_workbook(report, look, made)
            yield workbook_finding(bag / REPORTS["xlsx"], made, provenance, same_tools)
            if refused:
                yield _TEMPLATES_NOT_RUN
                return
            made = Path(folder) / "report.pdf"
            try:
                PDF.write(report, look, made)
            except NoTypesetting as error:
                yield Finding("PDF's text", None, f"could not be checked: {error}", checked=False)
            else:
                path = bag / REPORTS["pdf"]
                yield pdf_finding(path, made, provenance, same_tools, report, look)
    except OSError as error:
        yield _not_read(bag, error)
    except MemoryError:
        raise
    except Exception as error:
        # A bag may hold anything: whatever goes wrong is a verdict on it.
        logger.debug("A bag cannot be computed again", exc_info=True)
        detail = shown(f"{type(error).__name__}: {error}")[:_LONGEST]
        yield Finding("recomputed", False, f"not possible: {detail}")


def _not_read(bag: Path, error: OSError) -> Finding:
    """The finding that something could not be read: a fault of the bag if the file is missing
    there.
    """
    path = Path(str(error.filename))
    if isinstance(error, FileNotFoundError) and path.is_relative_to(bag):
        lacking = shown(str(path.relative_to(bag)))
        return Finding("recomputed", False, f"not possible: {lacking} is missing")
    return unreadable("recomputed", error)


def _has_same_tools(provenance: Provenance) -> bool:
    """Whether a report was made with exactly the tools that are here."""
    try:
        return provenance.tools == tools()
    except NoTypesetting:
        return False


def _replies_finding(
    bag: Path,
    configuration: Configuration,
    provenance: Provenance,
    now: datetime,
    signed_at: datetime | None,
) -> Finding:
    """Whether the replies are of the customer, whole by their own count, and of times that had come
    when the bag was signed, and have come now.
    """
    what, customer = "replies", configuration.customer
    latest = min(now, signed_at or now) + CLOCKS_APART
    count = 0
    for fetch in fetches_in(bag):
        times = [fetch.taken_at, *(reply.fetched_at for reply in fetch.replies)]
        if max(times) > latest:
            detail = f"one is dated {at(max(times))}, which was still in the future"
            return Finding(what, False, detail)
        for reply in fetch.replies:
            customer_id = fetch.customer_id or customer.id
            is_about = partial(reader_of_address(reply.url).is_about, reply)
            if fetch.job_id and not is_about(fetch.job_id):
                detail = f"the details of {fetch.job_id} were requested otherwise: {reply.url}"
                return Finding(what, False, shown(detail)[:_LONGEST])
            if customer_id not in customer.ids or not is_about(customer_id):
                detail = f"one was requested for someone other than {customer.id}: {reply.url}"
                return Finding(what, False, shown(detail)[:_LONGEST])
        if fetch.error is None and fetch.kind in _COUNTED:
            try:
                reader_of(fetch.replies).snapshots(fetch.replies, fetch.kind)
            except ReplyError as error:
                return Finding(what, False, str(error))
        count += len(fetch.replies)
    if provenance.made_at > latest:
        detail = f"the report was made at {at(provenance.made_at)}, which was still in the future"
        return Finding(what, False, detail)
    detail = f"{count}, all about this customer, each list complete by its own count"
    return Finding(what, True, detail)


def report_in(bag: Path, configuration: Configuration, provenance: Provenance) -> Report:
    """The report as it follows from the replies in the bag."""
    report = report_again(fetches_in(bag), configuration)
    if report is None:
        raise EvidenceError("The replies say nothing about the period.")
    restatement = None
    if restates := provenance.restates:
        before = json_in(bag / RESTATED)
        customer = configuration.customer
        fetches = until(fetches_in(bag), customer, last_looks_of(before, customer))
        then = report_again(fetches, configuration)
        restatement = Restatement(
            restates.number,
            restates.made_at.astimezone(configuration.period.zone),
            changes_between(before, report_dict(report)),
            redefined=before["schema"] != SCHEMA,
            late=then is not None and _hash(then) != _hash(report),
        )
    return replace(report, version=provenance.version, restatement=restatement)


def _hash(report: Report) -> str:
    return figures_hash(report_dict(report))


def fetches_in(bag: Path) -> Iterator[Fetch]:
    """The fetches in a bag with the bodies of their replies, one at a time.

    Raises:
        EvidenceError: they cannot be read.
    """
    return (fetch_in(bag, listed) for listed in fetches_of(bag))


def fetch_in(bag: Path, listed: ArchivedFetch) -> Fetch:
    """A fetch that a bag lists, with the bodies of its replies.

    Raises:
        EvidenceError: they cannot be read.
    """
    replies = tuple(
        Reply(reply.url, reply.fetched_at, reply.request_id, _body(bag, reply.sha256))
        for reply in listed.replies
    )
    return Fetch(
        listed.kind, listed.taken_at, listed.error, replies, listed.customer_id, listed.job_id
    )


def _body(bag: Path, sha256: str) -> bytes:
    body = content_of(bag / reply_path(sha256), LARGEST_FILE)
    if hashlib.sha256(body).hexdigest() != sha256:
        raise EvidenceError(f"The reply {shown(sha256)} does not have the hash in its name.")
    return body


def _look(bag: Path, configuration: Configuration) -> Look:
    look = configuration.look
    if look.templates is None:
        return look
    if look.templates != Path(TEMPLATES):
        raise EvidenceError("The configuration names templates outside the bag.")
    return replace(look, templates=bag / TEMPLATES)


def other_schema(path: Path) -> int | None:
    """The schema of a bag's JSON, if it is one that there may be and this program does not have."""
    try:
        archived = json_in(path)
    except EvidenceError:
        return None  # which the figures tell
    schema = archived.get("schema") if isinstance(archived, dict) else None
    return schema if type(schema) is int and schema >= 1 and schema != SCHEMA else None


def _expected_by_first_schema(bag: Path, period: Period) -> Expected:
    """What a bag of the first schema should say; that schema closed a period with the first
    snapshot after its end.
    """
    as_of = max(
        reply.fetched_at
        for fetch in fetches_of(bag)
        if fetch.kind == "jobs" and fetch.error is None
        for reply in fetch.replies
    )
    return Expected(as_of, as_of >= period.end)


def _of_other_schema(
    bag: Path, configuration: Configuration, provenance: Provenance, schema: int
) -> Iterator[Finding]:
    """What can be said of a report whose figures follow other definitions than this program's: all
    findings that need no computing. They prove it neither valid nor forged.
    """
    if schema == 1:
        expected = _expected_by_first_schema(bag, configuration.period)
        yield provenance_finding(bag, configuration, provenance, expected)
    path = bag / REPORTS["json"]
    if figures_hash(json_in(path)) != provenance.figures_sha256:
        yield Finding("figures", False, _OTHER_HASH)
    detail = (
        f"could not be checked: the JSON has schema {schema}, but this program knows {SCHEMA}. "
    )
    detail += "Verify it with the version that made it"
    yield Finding("figures", None, detail, checked=False)
    yield attachments_finding(bag / REPORTS["pdf"], path, None)


def _figures_finding(
    path: Path, report: Report, provenance: Provenance, same_tools: bool
) -> Finding:
    what = "figures"
    try:
        archived = json_in(path)
    except EvidenceError as error:
        return Finding(what, False, str(error))
    if not isinstance(archived, dict):
        return Finding(what, False, "the JSON is not that of a report")
    follows = json.loads(json.dumps(report_dict(report)))
    # Another version may have made it, and then calls itself by another number.
    follows["generator"]["version"] = provenance.tools.program
    differing = list(_differing(archived, follows, ""))
    if differing:
        return Finding(what, False, f"not what follows from the replies: {first_of(differing)}")
    if same_tools and content_of(path, LARGEST_FILE) != json_bytes(report):
        detail = "they are the same, but the JSON is not the same byte for byte"
        return Finding(what, False, detail)
    if figures_hash(archived) != provenance.figures_sha256:
        return Finding(what, False, _OTHER_HASH)
    return Finding(what, True, "all those in the JSON follow from the raw replies")


def _differing(archived: Any, follows: Any, place: str) -> Iterator[str]:
    """Where two JSON values differ. A missing key is not the same as a key without a value."""
    if isinstance(archived, dict) and isinstance(follows, dict):
        for key in dict.fromkeys((*archived, *follows)):
            values = archived.get(key, _NOT_THERE), follows.get(key, _NOT_THERE)
            yield from _differing(*values, f"{place}.{key}".lstrip("."))
    elif isinstance(archived, list) and isinstance(follows, list) and len(archived) == len(follows):
        for number, (one, other) in enumerate(zip(archived, follows, strict=True)):
            yield from _differing(one, other, f"{place}[{number}]")
    elif archived != follows or type(archived) is not type(follows):
        yield f"{shown(place)} is {_brief(archived)} but should be {_brief(follows)}"


def _brief(value: Any) -> str:
    if value is _NOT_THERE:
        return "not there"
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 60 else f"{text[:60]}…"
