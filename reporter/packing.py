"""Auditor's packs: what is tested of a report, made of its archived bag and of nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pandas as pd

from reporter import __version__
from reporter.errors import EvidenceError, OutputError
from reporter.evidence.archive import whole_folder
from reporter.evidence.bag import SIGNED, digests
from reporter.evidence.chain import PACKS, read_chain, records
from reporter.evidence.contents import (
    REPORTS,
    ArchivedFetch,
    ArchivedReply,
    Configuration,
    Provenance,
    configuration_of,
    fetches_of,
    provenance_of,
    reply_path,
)
from reporter.evidence.history import verify_membership
from reporter.evidence.verify import verify_bag
from reporter.files import slug
from reporter.finding import Finding
from reporter.jobs.raw import row_texts
from reporter.jobs.replies import Page, read_page
from reporter.jobs.rows import Row, identity_of, moment, newest, text_rows
from reporter.model import QualityKind, Reply, Report
from reporter.pipeline import CustomerOutcome, outcome_of
from reporter.recomputing import fetches_in, other_schema, recomputed, report_in
from reporter.render.json_ import SCHEMA
from reporter.render.pack import (
    KEY,
    NUMBER,
    Check,
    Looked,
    Pack,
    Sampled,
    jobs_of,
    write_pack,
    write_population,
    write_readme,
    write_sample,
)
from reporter.render.workbook.jobs import counted, order_of
from reporter.store.received import Fetch

_IDENTITY: Final = ["service", "module", "job_id"]
_PLACE: Final = "place"
"""Where a row stands: its reply, and which row of it."""
_MOST_NAMED: Final = 5

Identity = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Drawing:
    """How a sample is drawn."""

    seed: str
    """Any text, of the auditor's choice."""
    size: int

    def key(self, job: Identity) -> str:
        """What the jobs are sorted by; the first ones are the sample."""
        return sha256("|".join((self.seed, *job)).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def name(self) -> str:
        """The part of a folder's name that tells drawings apart."""
        plain = slug(self.seed)
        if plain == self.seed:
            return f"{self.size}-{plain}"
        mark = sha256(self.seed.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        return "-".join(filter(None, (str(self.size), plain, mark)))


def pack_customers(
    archived: Iterable[CustomerOutcome], drawing: Drawing, now: datetime
) -> Iterator[CustomerOutcome]:
    """Make a pack of each bag that was archived; outcomes as they come."""
    for outcome in archived:
        if outcome.error:
            yield outcome
            continue
        yield outcome_of(outcome.customer, partial(_packed, outcome, drawing, now))


def _packed(archived: CustomerOutcome, drawing: Drawing, now: datetime) -> CustomerOutcome:
    (bag,) = archived.files
    target = bag.parent / PACKS / f"{bag.name}-{drawing.name}"
    unchanged = target.is_dir()
    if not unchanged:
        _write(bag, target, drawing, now)
    return replace(archived, files=(target,), unchanged=unchanged)


def _write(bag: Path, target: Path, drawing: Drawing, now: datetime) -> None:
    """Make a pack's folder, whole or not at all."""
    configuration = configuration_of(bag)
    pack = pack_of(bag, configuration, drawing, now)
    try:
        with whole_folder(target) as draft:
            names = ("auditors-pack.xlsx", "population.csv", "sample.json")
            files = [draft / name for name in names]
            write_pack(pack, configuration.look, files[0])
            write_population(pack, files[1])
            write_sample(pack, files[2])
            write_readme(pack, draft / "README.txt", files)
    except OSError as error:
        raise OutputError(
            f"{target} cannot be written: {error.strerror or error}.",
            hint="Check the folder of the archive, and that there is room on the disk.",
        ) from error


def pack_of(bag: Path, configuration: Configuration, drawing: Drawing, now: datetime) -> Pack:
    """What a pack of a bag says.

    Raises:
        EvidenceError: the bag is not what was archived.
    """
    verdict = verify_bag(bag, now=now)
    if not verdict.whole:
        raise EvidenceError(
            f"The bag {bag} is not what was archived: {verdict.findings[-1].said}.",
            hint="No pack is made of it. `reporter verify` says more.",
        )
    if schema := other_schema(bag / REPORTS["json"]):
        raise EvidenceError(
            f"The figures in {bag} are of schema {schema}, and this program knows {SCHEMA}.",
            hint="Make the pack with the version of the program that made the bag.",
        )
    provenance = provenance_of(bag)
    report = report_in(bag, configuration, provenance)
    report = replace(report, jobs=_numbered(report.jobs, drawing))
    reading = _Reading.of(bag, report)
    findings = [*verdict.findings, _history(bag), *recomputed(bag, now, verdict.signed_at)]
    checks = [Check(f"Archive: {finding.what}", finding.good, finding.said) for finding in findings]
    return Pack(
        report,
        drawing.seed,
        drawing.size,
        bag.name,
        _facts(bag, report, provenance, configuration, reading),
        (*checks, *_checks(report, reading)),
        _reconciled(report, reading),
        tuple(reading.looks),
        tuple(_sample(bag, report, reading, drawing)),
    )


def _numbered(jobs: pd.DataFrame, drawing: Drawing) -> pd.DataFrame:
    """The population in the order of print, with numbers and keys."""
    ordered = jobs.iloc[order_of(jobs)].copy()
    ordered[NUMBER] = range(1, len(ordered) + 1)
    ordered[KEY] = pd.array([drawing.key(own) for own in _identities(ordered)], dtype="str")
    return ordered


def _identities(jobs: pd.DataFrame) -> list[Identity]:
    return list(jobs[_IDENTITY].itertuples(index=False, name=None))


@dataclass
class _Reading:
    """What the replies in a bag say of the jobs, read without the store and the analysis."""

    looks: list[Looked] = field(default_factory=list)
    """Those since the period began, and those before it that the report rests on."""
    jobs: dict[Identity, Row] = field(default_factory=dict)
    """The row of each job that counts."""
    rows: int = 0
    without_job: int = 0
    attempts: Counter[str] = field(default_factory=Counter)
    addresses: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, bag: Path, report: Report) -> _Reading:
        reading = cls()
        rests_on = {source.sha256 for source in report.sources}
        for listed, fetch in zip(fetches_of(bag), fetches_in(bag), strict=True):
            look = reading._take(listed, fetch, report)
            used = any(reply.sha256 in rests_on for reply in listed.replies)
            if used or fetch.taken_at >= report.period.start:
                reading.looks.append(look)
        return reading

    def _take(self, listed: ArchivedFetch, fetch: Fetch, report: Report) -> Looked:
        """What came of one attempt."""
        self.attempts[f"{fetch.kind}, {'failed' if fetch.error else 'read'}"] += 1
        pages = []
        if fetch.error is not None:
            check = Check(fetch.kind, None, f"failed: {fetch.error}")
        elif fetch.kind != "jobs":
            check = Check(fetch.kind, None, "read; no jobs")
        else:
            pages = [read_page(reply) for reply in fetch.replies]
            check = _read_whole(pages)
            self._take_rows(listed.replies, fetch.replies, pages)
        self.addresses |= {_address(reply.url) for reply in fetch.replies}
        return Looked(
            taken_at=fetch.taken_at.astimezone(report.period.zone),
            kind=fetch.kind,
            address=fetch.replies[0].url if fetch.replies else "",
            request_ids=", ".join(reply.request_id for reply in fetch.replies),
            replies=len(fetch.replies),
            rows=sum(len(page.rows) for page in pages) if pages else None,
            own_count=pages[-1].total if pages else None,
            check=check,
        )

    def _take_rows(
        self, listed: Sequence[ArchivedReply], replies: Sequence[Reply], pages: Sequence[Page]
    ) -> None:
        rows = [
            row | {_PLACE: (own, number)}
            for own, reply, page in zip(listed, replies, pages, strict=True)
            for number, row in enumerate(text_rows(page.rows, reply.fetched_at), 1)
        ]
        self.rows += len(rows)
        self.without_job += sum(not identity_of(row)[2] for row in rows)
        for row in newest(rows):
            identity = identity_of(row)
            if identity[2]:
                before = self.jobs.get(identity)
                (self.jobs[identity],) = newest([before, row] if before else [row])


def _read_whole(pages: Sequence[Page]) -> Check:
    """Whether a list was read to its end, by its own count where it has one."""
    rows, count = sum(len(page.rows) for page in pages), pages[-1].total
    if count is not None:
        said = f"{rows} rows, and the service counts {count}"
        return Check("jobs", rows == count, said)
    ended = pages[-1].next_link is None
    said = "no further page" if ended else "a further page was named and not read"
    return Check("jobs", ended, f"{rows} rows, {said}; the service gives no count")


def _address(url: str) -> str:
    """An address without its parameters."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}" if parts.netloc else url


def _history(bag: Path) -> Finding:
    """Whether the chain has a record of the bag; in words that stay when the chain grows."""
    chain = read_chain(bag.parent)
    found = verify_membership(bag, chain)
    if not found.good:
        return found
    number = next(own.number for own in records(chain) if own.bag == bag.name)
    said = f"record {number} of the chain is of this bag; SHA-256 {chain[number - 1].sha256}"
    return replace(found, said=said)


def _facts(
    bag: Path,
    report: Report,
    provenance: Provenance,
    configuration: Configuration,
    reading: _Reading,
) -> tuple[tuple[str, str], ...]:
    period, tools = report.period, provenance.tools
    generations = {"3" if "/external/v3/" in own else "1" for own in reading.addresses}
    corrects = f", which corrects version {own.number}" if (own := provenance.restates) else ""
    end = "had ended" if provenance.closed else "had not ended yet"
    attempts = "; ".join(f"{kind}: {number}" for kind, number in sorted(reading.attempts.items()))
    return (
        ("Customer", f"{report.customer.name} ({report.customer.id})"),
        ("Period", f"{period.label}: from {_time(period.start)}, to before {_time(period.end)}"),
        ("Time zone", period.timezone),
        ("Source system", f"AvePoint Graph API, generation {' and '.join(sorted(generations))}"),
        ("Addresses", "\n".join(sorted(reading.addresses))),
        ("Attempts in the bag", attempts),
        ("Last complete read", _time(report.as_of)),
        ("Report made at", f"{_time(provenance.made_at)}, when the period {end}"),
        ("Report made by", configuration.look.brand.name or "not named in the configuration"),
        ("Version of the report", f"{provenance.version}{corrects}"),
        (
            "Made with",
            f"backup-reporter {tools.program} (SHA-256 of its files {tools.program_sha256}), "
            f"Python {tools.python}, {tools.system}",
        ),
        ("SHA-256 of the figures", provenance.figures_sha256),
        ("Bag", f"{bag.name}; SHA-256 of its {SIGNED}: {digests(bag / SIGNED)['sha256']}"),
        ("Pack made with", f"backup-reporter {__version__}"),
    )


def _time(time: datetime) -> str:
    return time.isoformat(timespec="seconds")


def _checks(report: Report, reading: _Reading) -> Iterator[Check]:
    """The tests of completeness and accuracy beyond those of the bag."""
    read = [own for own in reading.looks if own.rows is not None]
    counting = [own for own in read if own.own_count is not None]
    agree = sum(own.rows == own.own_count for own in counting)
    said = f"{len(counting)} of {len(read)} complete reads come with a count; {agree} agree with it"
    yield Check(
        "Rows against the service's count", agree == len(counting) if counting else None, said
    )
    ended = sum(bool(own.check.holds) for own in read)
    yield Check("Lists read to their end", ended == len(read), f"{ended} of {len(read)}")
    yield _population_check(report, reading)
    figures, jobs = report.totals.jobs, int(counted(report.jobs).sum())
    said = f"the report counts {figures} backup jobs, and {jobs} of the population are"
    yield Check("Figures against the population", figures == jobs, said)
    coverage = report.coverage
    said = f"{coverage.snapshot_days} of {coverage.days} days were observed"
    yield Check("No gaps in time", coverage.complete, said)
    undated = int(report.jobs["started_at"].isna().sum())
    said = f"{undated} jobs have no readable start; they are in the population and in no figure"
    yield Check("Every job is dated", not undated, said)
    unread = [own for own in report.quality if own.kind is QualityKind.UNREADABLE]
    said = f"{sum(own.count for own in unread)} values cannot be read; they are listed below"
    yield Check("Every value can be read", not unread, said)


def _population_check(report: Report, reading: _Reading) -> Check:
    """Whether the population has each job that a reply dates in the period or not at all."""
    due = {job for job, row in reading.jobs.items() if _when(row, report) in ("in", "undated")}
    there = set(_identities(report.jobs))
    said = f"{len(due)} jobs in the replies are of the period or undated, and {len(there)} are here"
    if apart := sorted(due ^ there):
        said += f"; not in both: {', '.join(job[2] for job in apart[:_MOST_NAMED])}"
    return Check("Population against the replies", not apart, said)


def _when(row: Row, report: Report) -> str:
    started = moment(row, "startTime")
    if started is None:
        return "undated"
    if started < report.period.start:
        return "before"
    return "in" if started < report.period.end else "after"


def _reconciled(report: Report, reading: _Reading) -> tuple[tuple[str, int], ...]:
    when = Counter(_when(row, report) for row in reading.jobs.values())
    known = len(reading.jobs)
    jobs, figures = report.jobs, counted(report.jobs)
    others = int((jobs["started_at"].notna() & ~figures).sum())
    return (
        ("Rows of jobs in all replies of the bag", reading.rows),
        ("less: rows of modules that never ran, without a job id", -reading.without_job),
        ("less: further rows of the same jobs", known + reading.without_job - reading.rows),
        ("Jobs known", known),
        ("less: started before the period", -when["before"]),
        ("less: started after the period", -when["after"]),
        ("Population", len(jobs)),
        ("less: undated", -int(jobs["started_at"].isna().sum())),
        ("less: scans, Archiver and Retention jobs, which are no backups", -others),
        ("Backup jobs in the figures", int(figures.sum())),
    )


def _sample(bag: Path, report: Report, reading: _Reading, drawing: Drawing) -> Iterator[Sampled]:
    """The jobs with the smallest keys, each with the row behind it."""
    chosen = report.jobs.sort_values([KEY, NUMBER]).head(drawing.size)
    listed = jobs_of(chosen, report.period.timezone)
    for number, (identity, (place, key, job)) in enumerate(
        zip(_identities(chosen), listed, strict=True), 1
    ):
        row = reading.jobs.get(identity)
        if row is None or row["fetched_at"] != job["fetched_at"]:
            raise EvidenceError(f"The job {identity[2]} does not follow from the replies of {bag}.")
        reply, at = row[_PLACE]
        body = (bag / reply_path(reply.sha256)).read_bytes()
        whole = Reply(reply.url, reply.fetched_at, reply.request_id, body)
        yield Sampled(
            number,
            place,
            key,
            job,
            reply.url,
            reply.fetched_at.astimezone(report.period.zone),
            reply.request_id,
            reply.sha256,
            at,
            row_texts(whole)[at - 1],
        )
