"""Whether bags and chains are what they were: structure, hashes, signatures, stamps, history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from reporter.errors import EvidenceError
from reporter.evidence.bag import (
    LARGEST_TAG_FILE,
    SIGNATURE,
    SIGNED,
    STAMP,
    SUMS,
    Listing,
    digests,
    hash_faults,
    hashes_of,
    look_into,
    read_manifest,
    shown,
    structure_faults,
)
from reporter.evidence.chain import (
    FOLDER,
    NO_BAGS,
    AnyRecord,
    Chain,
    Record,
    chain_faults,
    known_at,
    read_chain,
    records,
    removals,
    root_of,
)
from reporter.evidence.contents import (
    CERTIFICATES,
    NONE,
    REPORTS,
    SIGNATURE_LABEL,
    STAMP_LABEL,
    configuration_of,
    provenance_of,
)
from reporter.evidence.seals import Signed, is_trusted, read_pdf_signature, read_signature, same
from reporter.evidence.signing import named
from reporter.evidence.timestamp import read_stamp
from reporter.finding import Finding

Trusted = Sequence[x509.Certificate]
_LARGEST_SEAL: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of a bag, or of the chain of a customer's bags."""

    path: Path
    findings: tuple[Finding, ...] = ()
    whole: bool = False
    """Whether its files are as they were: only then is it worth computing anything from them."""
    signed: bool = False
    stamped: bool = False

    @property
    def valid(self) -> bool:
        """Whether all holds that can be checked."""
        return bool(self.findings) and all(own.good is not False for own in self.findings)

    def and_also(self, *findings: Finding) -> Verdict:
        return replace(self, findings=(*self.findings, *findings))

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "path": str(self.path),
            "valid": self.valid,
            "signed": self.signed,
            "stamped": self.stamped,
            "findings": [
                {"what": own.what, "outcome": own.word.lower(), "said": own.said}
                for own in self.findings
            ],
        }


def verify_bag(bag: Path, trusted: Trusted = ()) -> Verdict:
    """What is to be found of a bag by itself, with nothing computed anew."""
    verdict = Verdict(bag)
    try:
        listing = look_into(bag)
        if faults := structure_faults(listing):
            return verdict.and_also(Finding("structure", False, "; ".join(faults)))
        count = len(listing.sizes)
        structure = Finding("structure", True, f"{count} files, all that belong here, no other")
        listed = (*listing.payload, *listing.tags, *listing.beside)
        faults = hash_faults(listing, hashes_of(bag, listed))
    except OSError as error:
        said = f"it cannot be read: {error.strerror or error}"
        return verdict.and_also(Finding("structure", False, said))
    if faults:
        return verdict.and_also(structure, Finding("files", False, "; ".join(faults)))
    files = Finding("files", True, "each is as it was archived (SHA-256 and SHA-512)")
    seals = _Seals(bag, SIGNED, _says(listing, SIGNATURE_LABEL), _says(listing, STAMP_LABEL))
    signature, stamp = seals.findings(trusted)
    pdf = _pdf_finding(bag, seals.asked_to_sign)
    return replace(
        verdict.and_also(structure, files, signature, stamp, pdf),
        whole=True,
        signed=bool(signature.good),
        stamped=bool(stamp.good),
    )


def _says(listing: Listing, label: str) -> bool:
    """Whether a bag says that it has something. One that says nothing must have it."""
    return not listing.info.get(label, "").startswith(NONE)


@dataclass(frozen=True, slots=True)
class _Seals:
    """The signature and the time stamp beside a file."""

    folder: Path
    name: str
    asked_to_sign: bool
    asked_to_stamp: bool

    def findings(self, trusted: Trusted) -> tuple[Finding, Finding]:
        return self._signature(trusted), self._stamp()

    def _signature(self, trusted: Trusted) -> Finding:
        what, path = "signature", self.folder / (self.name + SIGNATURE)
        if not self.asked_to_sign:
            if path.exists():
                return Finding(what, False, "there is one, though none was made")
            if trusted:
                return Finding(what, False, "there is none, though one is asked for (--trust)")
            return Finding(what, None, "not signed: no certificate was configured")
        if not path.exists():
            return Finding(what, False, "it is missing, though one was made")
        try:
            signed = read_signature(_content(path), (self.folder / self.name).read_bytes())
        except EvidenceError as error:
            return Finding(what, False, str(error))
        if fault := self._certificate_fault(signed, trusted):
            return Finding(what, False, fault)
        said = f"of {_at(signed.time)} by {named(signed.certificate)}"
        return Finding(what, True, said + ("" if trusted else "; compare this fingerprint"))

    def _certificate_fault(self, signed: Signed, trusted: Trusted) -> str:
        own = signed.certificate
        pem = self.folder / CERTIFICATES
        if pem.exists() and not same(own, pem.read_bytes()):
            return f"it is by another certificate than the bag's own: {named(own)}"
        if not own.not_valid_before_utc <= signed.time <= own.not_valid_after_utc:
            return f"the certificate was not valid when it was made, {_at(signed.time)}"
        if trusted and not is_trusted(own, signed.issuers, trusted, signed.time):
            return f"it is not by a certificate you trust (--trust) but by {named(own)}"
        return ""

    def _stamp(self) -> Finding:
        what = "time stamp"
        name = self.name + (SIGNATURE if self.asked_to_sign else "")
        path = self.folder / (name + STAMP)
        if not self.asked_to_stamp:
            if path.exists():
                return Finding(what, False, "there is one, though none was asked for")
            return Finding(what, None, "none: no authority was configured")
        if not path.exists():
            said = (
                "it is missing: the authority did not answer, and `reporter archive` adds it when "
                "it does; or somebody took it away"
            )
            return Finding(what, False, said)
        try:
            stamp = read_stamp(_content(path), _content(self.folder / name))
        except EvidenceError as error:
            return Finding(what, False, str(error))
        return Finding(what, True, f"of {_at(stamp.time)} by {named(stamp.authority)}")


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LARGEST_SEAL)


def _at(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def _pdf_finding(bag: Path, asked_to_sign: bool) -> Finding:
    """Whether the PDF is the one that was rendered, with nothing but a signature after it."""
    what, path = "PDF", bag / REPORTS["pdf"]
    try:
        provenance = provenance_of(bag)
        with path.open("rb") as file:
            rendered = file.read(provenance.pdf_unsigned_bytes)
            more = bool(file.read(1))
        if sha256(rendered).hexdigest() != provenance.pdf_unsigned_sha256:
            return Finding(what, False, "it is another one than was rendered")
        if not asked_to_sign:
            good = not more and provenance.pdf_signature == NONE
            said = "as it was rendered; not signed" if good else "something was added to it"
            return Finding(what, good, said)
        signed = read_pdf_signature(path)
    except (OSError, EvidenceError) as error:
        return Finding(what, False, str(error))
    if not same(signed.certificate, (bag / CERTIFICATES).read_bytes()):
        return Finding(what, False, "it is signed by another certificate than the bag")
    own = signed.certificate
    if not own.not_valid_before_utc <= signed.time <= own.not_valid_after_utc:
        return Finding(what, False, "the certificate was not valid when it was signed")
    level = provenance.pdf_signature
    if (level == "PAdES B-T") != (signed.stamped_at is not None):
        return Finding(what, False, f"its signature is not {level}, as the bag says")
    stamped = f", stamped {_at(signed.stamped_at)}" if signed.stamped_at else ""
    return Finding(what, True, f"as it was rendered, and signed inside ({level}{stamped})")


def verify_chain(home: Path, trusted: Trusted = (), known_root: str | None = None) -> Verdict:
    """What is to be found of the history of a customer's bags: all records, and that each bag is
    there and named by one.
    """
    verdict = Verdict(home / FOLDER)
    try:
        chain = read_chain(home)
        if not chain:
            return verdict.and_also(Finding("chain", False, "there is no record in it"))
        faults = [*chain_faults(chain), *_folder_faults(home, chain), *_bag_faults(home, chain)]
    except EvidenceError as error:
        return verdict.and_also(Finding("chain", False, str(error)))
    except OSError as error:
        return verdict.and_also(Finding("chain", False, f"it cannot be read: {error}"))
    if faults:
        return verdict.and_also(Finding("chain", False, "; ".join(faults)))
    last, gone = records(chain)[-1], len(removals(chain))
    said = f"{_numbered(len(chain), 'record')} through {last.period}, version {last.version}"
    said += f"; removed by retention: {_numbered(gone, 'bag')}" if gone else ""
    verdict = verdict.and_also(Finding("chain", True, f"{said}; root {root_of(chain)}"))
    seals = [_seals_of(home, link.record).findings(trusted) for link in chain]
    signatures, stamps = ([pair[n] for pair in seals] for n in (0, 1))
    verdict = replace(
        verdict.and_also(_together(signatures, chain), _together(stamps, chain)),
        whole=True,
        signed=all(own.good for own in signatures),
        stamped=all(own.good for own in stamps),
    )
    return verdict.and_also(*_root_finding(chain, known_root))


def _numbered(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _seals_of(home: Path, record: AnyRecord) -> _Seals:
    return _Seals(home / FOLDER, record.name, record.signed, record.to_be_stamped)


def _together(findings: Sequence[Finding], chain: Chain) -> Finding:
    """One finding for those of all records: the first that fails, else how many lack it, else by
    whom they are.
    """
    for own, link in zip(findings, chain, strict=True):
        if own.good is False:
            return replace(own, said=f"of {link.record.name}: {own.said}")
    if lacking := [own for own in findings if own.good is None]:
        said = f"of {len(lacking)} of {len(findings)} records, {lacking[0].said}"
        return replace(lacking[0], said=said)
    whose = dict.fromkeys(own.said.partition(" by ")[2] for own in findings)
    said = f"of all records, by {' and '.join(whose)}"
    return replace(findings[0], said=said)


def _root_finding(chain: Chain, known_root: str | None) -> Iterator[Finding]:
    if known_root is None:
        return
    count = known_at(chain, known_root)
    if count is None:
        said = "the history is not the one you noted this root of"
        yield Finding("known root", False, said)
        return
    through = chain[count - 1].record
    said = f"as you noted it of {_numbered(count, 'record')}, through {through.period}"
    yield Finding("known root", True, said)


def _folder_faults(home: Path, chain: Chain) -> Iterator[str]:
    """What is in the folder of a chain that does not belong there, or was changed."""
    folder = home / FOLDER
    belongs = {SUMS}
    for link in chain:
        seals = link.record.name + SIGNATURE if link.record.signed else link.record.name
        belongs |= {link.record.name, seals, seals + STAMP}
    for path in sorted(folder.iterdir()):
        if path.name not in belongs or path.is_symlink():
            yield f"{shown(path.name)} does not belong into the chain"
    there = {own.name for own in folder.iterdir() if own.suffix in (SIGNATURE, STAMP)}
    content = _content(folder / SUMS) if (folder / SUMS).exists() else b""
    listed, faults = read_manifest(content, "sha256")
    yield from faults
    for name in sorted(there ^ listed.keys()):
        yield f"{shown(name)} is missing in the chain, or in its {SUMS}"
    for name in sorted(there & listed.keys()):
        if _hash(folder / name) != listed[name]:
            yield f"{shown(name)} was changed since it was archived"


def _bag_faults(home: Path, chain: Chain) -> Iterator[str]:
    """Bags that are missing, others than were recorded, not recorded, or still there though their
    removal was. A chain that was handed over without any bag says nothing of them.
    """
    folders = [own for own in home.iterdir() if own.is_dir() and not own.name.startswith(".")]
    yield from (f"{shown(own.name)} is a link" for own in folders if own.is_symlink())
    bags = {own.name for own in folders} - NO_BAGS
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
            yield f"the bag {record.bag} is another one than was archived"
    for name in sorted(bags - {record.bag for record in records(chain)}):
        yield f"the bag {shown(name)} was never archived: it has no record"


def _tag_manifest(bag: Path) -> str | None:
    """Its hash; None where there is none that anybody could have written."""
    try:
        return _hash(bag / SIGNED)
    except OSError:
        return None


def _hash(path: Path) -> str | None:
    """The hash of a file that lists or seals others; None of one too large for that."""
    return digests(path)["sha256"] if path.stat().st_size <= LARGEST_TAG_FILE else None


def verify_membership(bag: Path, chain: Chain) -> Finding:
    """Whether a chain has a record of a whole bag, which says of it what the bag does."""
    tag_manifest = _tag_manifest(bag)
    found = [own for own in records(chain) if own.tagmanifest_sha256 == tag_manifest]
    if not found:
        return Finding("history", False, "the chain has no record of this bag")
    try:
        if _differs(found[0], bag):
            return Finding("history", False, "its record says something else than the bag")
    except EvidenceError as error:
        return Finding("history", False, str(error))
    said = f"record {found[0].number} of {len(chain)} in the chain is of this bag"
    return Finding("history", True, said)


def _differs(record: Record, bag: Path) -> bool:
    """Whether a record says of a bag anything else than the bag itself."""
    configuration, provenance = configuration_of(bag), provenance_of(bag)
    info = look_into(bag).info
    said = (record.customer_id, record.customer, record.period, record.last_day, record.version)
    own = configuration.customer
    period = configuration.period
    return (
        said != (own.id, own.name, period.label, period.last, provenance.version)
        or datetime.fromisoformat(record.as_of) != provenance.as_of
        or record.bag != f"{period.label}-v{provenance.version}"
        or record.signed == info.get(SIGNATURE_LABEL, "").startswith(NONE)
        or record.to_be_stamped == info.get(STAMP_LABEL, "").startswith(NONE)
    )
