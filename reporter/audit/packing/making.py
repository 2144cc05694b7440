"""Making packs: one of each bag, in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

import pandas as pd

from reporter import __version__
from reporter.audit.packing.checks import checks_of, identities, reconciled, scopes_in
from reporter.audit.packing.reading import BagReading, Finder, JobKey
from reporter.audit.recomputing import other_schema, recomputed, report_in
from reporter.errors import EvidenceError, OutputError
from reporter.evidence.archive import whole_folder
from reporter.evidence.bag import SIGNED, digests
from reporter.evidence.chain import PACKS, read_chain, records
from reporter.evidence.contents import (
    REPORTS,
    Configuration,
    Provenance,
    configuration_of,
    provenance_of,
)
from reporter.evidence.history import verify_membership
from reporter.evidence.verify import verify_bag
from reporter.files import slug
from reporter.finding import Finding
from reporter.jobs.rows import Row
from reporter.jobs.sightings import ScopeKey
from reporter.render.json_ import SCHEMA
from reporter.render.pack import (
    KEY,
    NUMBER,
    Check,
    Pack,
    Sampled,
    ScopeShown,
    jobs_of,
    write_pack,
    write_population,
    write_readme,
    write_sample,
)
from reporter.render.workbook.jobs import order_of
from reporter.run.outcome import CustomerOutcome, outcome_of


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a sample is drawn."""

    seed: str
    """Any text, of the auditor's choice."""
    size: int

    def key(self, job: JobKey) -> str:
        """What the jobs are sorted by; the first ones are the sample."""
        return sha256("|".join((self.seed, *job)).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def name(self) -> str:
        """The part of a folder's name that tells samples apart."""
        plain = slug(self.seed)
        if plain == self.seed:
            return f"{self.size}-{plain}"
        mark = sha256(self.seed.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        return "-".join(filter(None, (str(self.size), plain, mark)))


def pack_customers(
    archived: Iterable[CustomerOutcome], sampling: Sampling, now: datetime
) -> Iterator[CustomerOutcome]:
    """Make a pack of each bag that was archived; outcomes as they come."""
    for outcome in archived:
        if outcome.error:
            yield outcome
            continue
        yield outcome_of(outcome.customer, partial(_packed, outcome, sampling, now))


def _packed(archived: CustomerOutcome, sampling: Sampling, now: datetime) -> CustomerOutcome:
    (bag,) = archived.files
    target = bag.parent / PACKS / f"{bag.name}-{sampling.name}"
    unchanged = target.is_dir()
    if not unchanged:
        _write(bag, target, sampling, now)
    return replace(archived, files=(target,), unchanged=unchanged)


def _write(bag: Path, target: Path, sampling: Sampling, now: datetime) -> None:
    """Make a pack's folder, whole or not at all."""
    configuration = configuration_of(bag)
    pack = pack_of(bag, configuration, sampling, now)
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
            hint="Check the folder of the archive, and that the disk has free space.",
        ) from error


def pack_of(bag: Path, configuration: Configuration, sampling: Sampling, now: datetime) -> Pack:
    """What a pack of a bag says.

    Raises:
        EvidenceError: the bag is not what was archived.
    """
    verdict = verify_bag(bag, now=now)
    if not verdict.whole:
        raise EvidenceError(
            f"The bag {bag} is not what was archived: {verdict.findings[-1].detail}.",
            hint="No pack is made of it. Run `reporter verify` for details.",
        )
    if schema := other_schema(bag / REPORTS["json"]):
        raise EvidenceError(
            f"The figures in {bag} have schema {schema}, but this program knows {SCHEMA}.",
            hint="Make the pack with the version of the program that made the bag.",
        )
    provenance = provenance_of(bag)
    report = report_in(bag, configuration, provenance)
    report = replace(report, jobs=_numbered(report.jobs, sampling))
    reading = BagReading.of(bag, report)
    findings = [*verdict.findings, _history(bag), *recomputed(bag, now, verdict.signed_at)]
    checks = [
        Check(f"Archive: {finding.what}", finding.good, finding.detail) for finding in findings
    ]
    return Pack(
        report,
        sampling.seed,
        sampling.size,
        bag.name,
        _facts(bag, provenance, configuration, reading),
        (*checks, *checks_of(reading)),
        reconciled(reading),
        tuple(reading.looks),
        tuple(_scopes(bag, reading)),
        tuple(_sample(bag, reading, sampling)),
    )


def _numbered(jobs: pd.DataFrame, sampling: Sampling) -> pd.DataFrame:
    """The population in the order of print, with numbers and keys."""
    ordered = jobs.iloc[order_of(jobs)].copy()
    ordered[NUMBER] = range(1, len(ordered) + 1)
    ordered[KEY] = pd.array(
        [sampling.key(identity) for identity in identities(ordered)], dtype="str"
    )
    return ordered


def _history(bag: Path) -> Finding:
    """Whether the chain has a record of the bag; in words that stay when the chain grows."""
    chain = read_chain(bag.parent)
    finding = verify_membership(bag, chain)
    if not finding.good:
        return finding
    number = next(record.number for record in records(chain) if record.bag == bag.name)
    detail = f"record {number} of the chain belongs to this bag; SHA-256 {chain[number - 1].sha256}"
    return replace(finding, detail=detail)


def _facts(
    bag: Path,
    provenance: Provenance,
    configuration: Configuration,
    reading: BagReading,
) -> tuple[tuple[str, str], ...]:
    report = reading.report
    period, tools = report.period, provenance.tools
    generations = {"3" if "/external/v3/" in address else "1" for address in reading.addresses}
    restated = provenance.restates
    corrects = f", which corrects version {restated.number}" if restated else ""
    standing = "final" if provenance.closed else "PRELIMINARY"
    attempts = "; ".join(f"{kind}: {number}" for kind, number in sorted(reading.attempts.items()))
    return (
        ("Customer", f"{report.customer.name} ({report.customer.id})"),
        (
            "Period",
            f"{period.label}: from {_time(period.start)} up to, not including, {_time(period.end)}",
        ),
        ("Time zone", period.timezone),
        ("Source system", f"AvePoint Graph API, generation {' and '.join(sorted(generations))}"),
        ("Addresses", "\n".join(sorted(reading.addresses))),
        ("Attempts in the bag", attempts),
        ("Excerpts", _of_excerpts(reading)),
        ("Last complete read", _time(report.as_of)),
        ("Scopes stand as of", _time(report.reference_at)),
        ("Report made at", f"{_time(provenance.made_at)}, {standing}"),
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


def _of_excerpts(reading: BagReading) -> str:
    if not reading.excerpts:
        return "none: all replies are kept as received"
    return (
        f"{reading.excerpts} of the replies about subscriptions: of a reply about all customers, a "
        "bag holds only this customer's rows, cut out character by character. The address of each "
        "gives the SHA-256 of the whole reply, which the provider keeps."
    )


def _time(time: datetime) -> str:
    return time.isoformat(timespec="seconds")


def _scopes(bag: Path, reading: BagReading) -> Iterator[ScopeShown]:
    """Each scope with the last row that lists it, as of the reference snapshot."""
    report = reading.report
    last: dict[ScopeKey, Row] = {}
    for listing in reading.listings:
        if listing.taken_at <= report.reference_at:
            last |= listing.rows
    finder = Finder(bag, report.period.zone)
    for scope in scopes_in(report):
        row = last.get(scope.key)
        yield replace(scope, behind=finder.find(row) if row else None)


def _sample(bag: Path, reading: BagReading, sampling: Sampling) -> Iterator[Sampled]:
    """The jobs with the smallest keys, each with the row behind it."""
    report = reading.report
    chosen = report.jobs.sort_values([KEY, NUMBER]).head(sampling.size)
    listed = jobs_of(chosen, report.period.timezone)
    finder = Finder(bag, report.period.zone)
    for number, (identity, (place, key, job)) in enumerate(
        zip(identities(chosen), listed, strict=True), 1
    ):
        row = reading.jobs.get(identity)
        if row is None or row["fetched_at"] != job["fetched_at"]:
            raise EvidenceError(f"The job {identity[2]} does not follow from the replies of {bag}.")
        yield Sampled(number, place, key, job, finder.find(row))
