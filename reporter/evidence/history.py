"""Whether the history of a customer's bags is what it was: records, their seals, and the bags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from reporter.errors import EvidenceError
from reporter.evidence.bag import (
    LARGEST_TAG_FILE,
    SIGNATURE,
    SIGNED,
    STAMP,
    SUMS,
    content_of,
    digests,
    look_into,
    read_manifest,
    shown,
)
from reporter.evidence.chain import (
    FOLDER,
    NO_BAGS,
    AnyRecord,
    Chain,
    Record,
    Removal,
    chain_faults,
    known_at,
    read_chain,
    records,
    removals,
    root_of,
)
from reporter.evidence.contents import (
    NONE,
    SIGNATURE_LABEL,
    STAMP_LABEL,
    configuration_of,
    provenance_of,
)
from reporter.evidence.verify import (
    CLOCKS_APART,
    Seals,
    SealsRead,
    Trusted,
    Verdict,
    at,
    unreadable,
)
from reporter.finding import Finding


def verify_chain(
    home: Path, now: datetime, trusted: Trusted = (), known_root: str | None = None
) -> Verdict:
    """The verdict, at a time, on the history of a customer's bags: all records, and that each bag
    is there and named by one.
    """
    verdict = Verdict(home / FOLDER)
    try:
        chain = read_chain(home)
        if not chain:
            return verdict.and_also(Finding("chain", False, "it has no records"))
        seals = [_seals_of(home, link.record).read(trusted, now) for link in chain]
        faults = [
            *chain_faults(chain),
            *_folder_faults(home, chain),
            *_bag_faults(home, chain),
            *_unsigned_faults(chain),
            *_time_faults(chain, seals, now),
        ]
    except EvidenceError as error:
        return verdict.and_also(Finding("chain", False, str(error)))
    except OSError as error:
        return verdict.and_also(unreadable("chain", error))
    if faults:
        return verdict.and_also(Finding("chain", False, "; ".join(faults)))
    last, gone = records(chain)[-1], len(removals(chain))
    extent = f"{_numbered(len(chain), 'record')} through {last.period}, version {last.version}"
    extent += f"; removed by retention: {_numbered(gone, 'bag')}" if gone else ""
    verdict = verdict.and_also(Finding("chain", True, f"{extent}; root {root_of(chain)}"))
    signatures, stamps = [read.signature for read in seals], [read.stamp for read in seals]
    verdict = replace(
        verdict.and_also(_together(signatures, chain), _together(stamps, chain)),
        whole=True,
        signed=all(finding.good for finding in signatures),
        stamped=all(finding.good for finding in stamps),
    )
    return verdict.and_also(*_root_finding(chain, known_root))


def _numbered(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _seals_of(home: Path, record: AnyRecord) -> Seals:
    return Seals(home / FOLDER, record.name, record.signed, record.to_be_stamped)


def _unsigned_faults(chain: Chain) -> Iterator[str]:
    """Unsigned records after signed ones: somebody without the key could write them in place of the
    real ones.
    """
    signed = False
    for link in chain:
        if signed and not link.record.signed:
            yield f"{link.record.name} is not signed, though a record before it is"
        signed = signed or link.record.signed


def _time_faults(chain: Chain, seals: Sequence[SealsRead], now: datetime) -> Iterator[str]:
    """Removals dated in the future, or later than their signature."""
    for link, read in zip(chain, seals, strict=True):
        record = link.record
        if not isinstance(record, Removal):
            continue
        moments = ((now, "which is in the future"), (read.signed_at, "after its signature"))
        for moment, when in moments:
            if moment is not None and record.removed_at > moment + CLOCKS_APART:
                yield f"{record.name} is dated {at(record.removed_at)}, {when}"


def _together(findings: Sequence[Finding], chain: Chain) -> Finding:
    """One finding that sums up those of all records: the first that fails, else how many have none,
    else whose they are.
    """
    for finding, link in zip(findings, chain, strict=True):
        if finding.good is False or not finding.checked:
            return replace(finding, detail=f"{link.record.name}: {finding.detail}")
    if lacking := [finding for finding in findings if finding.good is None]:
        detail = f"for {len(lacking)} of {len(findings)} records, {lacking[0].detail}"
        return replace(lacking[0], detail=detail)
    whose = dict.fromkeys(finding.detail.partition(" by ")[2] for finding in findings)
    detail = f"for all records, by {' and '.join(whose)}"
    return replace(findings[0], detail=detail)


def _root_finding(chain: Chain, known_root: str | None) -> Iterator[Finding]:
    if known_root is None:
        return
    count = known_at(chain, known_root)
    if count is None:
        detail = "the root you noted does not belong to this history"
        yield Finding("known root", False, detail)
        return
    through = chain[count - 1].record
    detail = f"the root you noted, over {_numbered(count, 'record')} through {through.period}"
    yield Finding("known root", True, detail)


def _folder_faults(home: Path, chain: Chain) -> Iterator[str]:
    """Files in the folder of a chain that do not belong there, or were changed."""
    folder = home / FOLDER
    belongs = {SUMS}
    for link in chain:
        seals = link.record.name + SIGNATURE if link.record.signed else link.record.name
        belongs |= {link.record.name, seals, seals + STAMP}
    for path in sorted(folder.iterdir()):
        if path.name not in belongs or path.is_symlink():
            yield f"{shown(path.name)} does not belong in the chain"
    there = {path.name for path in folder.iterdir() if path.suffix in (SIGNATURE, STAMP)}
    content = content_of(folder / SUMS, LARGEST_TAG_FILE) if (folder / SUMS).exists() else b""
    listed, faults = read_manifest(content, "sha256")
    yield from faults
    for name in sorted(there ^ listed.keys()):
        yield f"{shown(name)} is missing from the chain, or from its {SUMS}"
    for name in sorted(there & listed.keys()):
        if _hash(folder / name) != listed[name]:
            yield f"{shown(name)} was changed since it was archived"


def _bag_faults(home: Path, chain: Chain) -> Iterator[str]:
    """Bags that are missing, differ from their record, are not recorded, or are still there though
    their removal was recorded. A chain that was handed over without any bag says nothing about
    them.
    """
    folders = [path for path in home.iterdir() if path.is_dir() and not path.name.startswith(".")]
    yield from (f"{shown(path.name)} is a link" for path in folders if path.is_symlink())
    bags = {path.name for path in folders} - NO_BAGS
    if not bags:
        return
    removed = removals(chain)
    for record in records(chain):
        if record.bag in removed:
            if record.bag in bags:
                yield f"the bag {record.bag} is still there, though its removal was recorded"
        elif record.bag not in bags:
            yield f"the bag {record.bag} is missing"
        elif _tag_manifest(home / record.bag) != record.tagmanifest_sha256:
            yield f"the bag {record.bag} is not the one that was archived"
    for name in sorted(bags - {record.bag for record in records(chain)}):
        yield f"the bag {shown(name)} was never archived: it has no record"


def _tag_manifest(bag: Path) -> str | None:
    """The hash of a bag's tag manifest; None where there is none of a plausible size."""
    try:
        return _hash(bag / SIGNED)
    except (OSError, EvidenceError):
        return None


def _hash(path: Path) -> str | None:
    """The hash of a file that lists or seals others; None if it is too large for that."""
    return digests(path)["sha256"] if path.stat().st_size <= LARGEST_TAG_FILE else None


def verify_membership(bag: Path, chain: Chain) -> Finding:
    """Whether a chain has a record of a whole bag, which says of it what the bag does."""
    tag_manifest = _tag_manifest(bag)
    of_bag = [record for record in records(chain) if record.tagmanifest_sha256 == tag_manifest]
    if not of_bag:
        return Finding("history", False, "the chain has no record of this bag")
    try:
        if _differs(of_bag[0], bag):
            return Finding("history", False, "its record does not agree with the bag")
    except EvidenceError as error:
        return Finding("history", False, str(error))
    detail = f"record {of_bag[0].number} of {len(chain)} in the chain belongs to this bag"
    return Finding("history", True, detail)


def _differs(record: Record, bag: Path) -> bool:
    """Whether a record says of a bag anything else than the bag itself."""
    configuration, provenance = configuration_of(bag), provenance_of(bag)
    info = look_into(bag).info
    customer, period = configuration.customer, configuration.period
    return (
        (record.customer_id, record.customer) != (customer.id, customer.name)
        or (record.period, record.last_day) != (period.label, period.last)
        or record.version != provenance.version
        or not _is_moment(record.as_of, provenance.as_of)
        or record.bag != f"{period.label}-v{provenance.version}"
        or record.signed == info.get(SIGNATURE_LABEL, "").startswith(NONE)
        or record.to_be_stamped == info.get(STAMP_LABEL, "").startswith(NONE)
    )


def _is_moment(text: str, moment: datetime) -> bool:
    """Whether a text, which may be anything, is that moment."""
    try:
        return datetime.fromisoformat(text) == moment
    except ValueError:
        return False
