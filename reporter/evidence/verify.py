"""Whether a bag is what it was: structure, hashes, signature, time stamp, and the PDF's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from reporter.errors import EvidenceError
from reporter.evidence.appended import fault_of_addition
from reporter.evidence.bag import (
    LARGEST_FILE,
    LARGEST_TAG_FILE,
    SIGNATURE,
    SIGNED,
    STAMP,
    Listing,
    content_of,
    hash_faults,
    hashes_of,
    look_into,
    shown,
    structure_faults,
)
from reporter.evidence.contents import (
    CERTIFICATES,
    NONE,
    REPORTS,
    SIGNATURE_LABEL,
    STAMP_LABEL,
    Provenance,
    provenance_of,
)
from reporter.evidence.seals import Signed, is_trusted, read_pdf_signature, read_signature, same
from reporter.evidence.signing import named
from reporter.evidence.timestamp import read_stamp
from reporter.finding import Finding

Trusted = Sequence[x509.Certificate]
LARGEST_SEAL: Final = 1 << 20
CLOCKS_APART: Final = timedelta(days=1)
"""How far apart the clocks of those who fetch, archive and verify may be."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The findings on a bag, or on the chain of a customer's bags."""

    path: Path
    findings: tuple[Finding, ...] = ()
    whole: bool = False
    """Whether its files are unchanged: only then is it worth computing anything from them."""
    signed: bool = False
    signed_at: datetime | None = None
    """When, by the signer's own clock; of a bag that is only stamped, by the authority's."""
    trusted: bool = False
    """Whether the signature is by a certificate that the verifier has chosen to trust."""
    stamped: bool = False

    @property
    def valid(self) -> bool:
        """Whether all holds that can be compared, and all of it could be tried."""
        return bool(self.findings) and all(
            finding.good is not False and finding.checked for finding in self.findings
        )

    @property
    def checked(self) -> bool:
        """Whether everything could be tried, or something failed, whatever the rest may be."""
        failed = any(finding.good is False and finding.checked for finding in self.findings)
        return failed or all(finding.checked for finding in self.findings)

    def and_also(self, *findings: Finding) -> Verdict:
        return replace(self, findings=(*self.findings, *findings))

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "path": str(self.path),
            "valid": self.valid,
            "checked": self.checked,
            "signed": self.signed,
            "stamped": self.stamped,
            "findings": [
                {"what": finding.what, "outcome": finding.word.lower(), "said": finding.detail}
                for finding in self.findings
            ],
        }


def verify_bag(bag: Path, trusted: Trusted = (), now: datetime | None = None) -> Verdict:
    """The verdict on a bag by itself, with nothing computed anew; by the clock of this machine
    where no time is given.
    """
    verdict, now = Verdict(bag), now or datetime.now(UTC)
    try:
        listing = look_into(bag)
        if faults := structure_faults(listing):
            return verdict.and_also(Finding("structure", False, "; ".join(faults)))
        count = len(listing.sizes)
        structure = Finding("structure", True, f"{count} files, none missing and none added")
        listed = (*listing.payload, *listing.tags, *listing.beside)
        faults = hash_faults(listing, hashes_of(bag, listed))
    except EvidenceError as error:
        return verdict.and_also(Finding("structure", False, str(error)))
    except OSError as error:
        return verdict.and_also(unreadable("structure", error))
    if faults:
        return verdict.and_also(structure, Finding("files", False, "; ".join(faults)))
    files = Finding("files", True, "none has changed since it was archived (SHA-256 and SHA-512)")
    asked_to_sign, asked_to_stamp = _says(listing, SIGNATURE_LABEL), _says(listing, STAMP_LABEL)
    seals = Seals(bag, SIGNED, asked_to_sign, asked_to_stamp).read(trusted, now)
    # The PDF is signed first: of the bag's signature, or of now, it is to be none later.
    pdf = _pdf_finding(bag, asked_to_sign, min(now, seals.signed_at or now))
    return replace(
        verdict.and_also(structure, files, seals.signature, seals.stamp, pdf),
        whole=True,
        signed=bool(seals.signature.good),
        signed_at=seals.signed_at,
        trusted=bool(seals.signature.good and trusted),
        stamped=bool(seals.stamp.good),
    )


def unreadable(what: str, error: OSError) -> Finding:
    """The finding that something could not be tried because the system does not allow it."""
    reason = f"could not be checked: {error.strerror or type(error).__name__}"
    place = f" ({shown(str(error.filename))})" if error.filename else ""
    return Finding(what, None, reason + place, checked=False)


def _says(listing: Listing, label: str) -> bool:
    """Whether a bag says that it has something. A bag that says nothing must have it."""
    return not listing.info.get(label, "").startswith(NONE)


@dataclass(frozen=True, slots=True)
class SealsRead:
    """The result of reading a signature and a time stamp."""

    signature: Finding
    stamp: Finding
    signed_at: datetime | None
    """By the signer's own clock, or the authority's where there is to be no signature; None where
    the existing one does not hold.
    """


@dataclass(frozen=True, slots=True)
class Seals:
    """The signature and the time stamp beside a file."""

    folder: Path
    name: str
    asked_to_sign: bool
    asked_to_stamp: bool

    def read(self, trusted: Trusted, now: datetime) -> SealsRead:
        """The findings on them at a time."""
        stamped_at, stamp = self._stamp(now)
        signed, signature = self._signature(trusted, stamped_at, now)
        if not self.asked_to_sign:
            return SealsRead(signature, stamp, stamped_at)
        return SealsRead(signature, stamp, signed.time if signed else None)

    def _signature(
        self, trusted: Trusted, stamped_at: datetime | None, now: datetime
    ) -> tuple[Signed | None, Finding]:
        what, path = "signature", self.folder / (self.name + SIGNATURE)
        if not self.asked_to_sign:
            if path.exists():
                return None, Finding(what, False, "there is one, though none was made")
            if trusted:
                return None, Finding(what, False, "there is none, though --trust requires one")
            return None, Finding(what, None, "not signed: no certificate was configured")
        if not path.exists():
            return None, Finding(what, False, "it is missing, though one was made")
        try:
            content = content_of(self.folder / self.name, LARGEST_TAG_FILE)
            signed = read_signature(content_of(path, LARGEST_SEAL), content)
            signed = replace(signed, stamped_at=stamped_at)
            if fault := time_fault(signed, now) or self._certificate_fault(signed, trusted):
                return None, Finding(what, False, fault)
        except EvidenceError as error:
            return None, Finding(what, False, str(error))
        except OSError as error:
            return None, unreadable(what, error)
        detail = f"made at {at(signed.time)} by {named(signed.certificate)}"
        return signed, Finding(
            what, True, detail + ("" if trusted else "; compare this fingerprint")
        )

    def _certificate_fault(self, signed: Signed, trusted: Trusted) -> str:
        certificate, pem = signed.certificate, self.folder / CERTIFICATES
        if pem.exists() and not same(certificate, content_of(pem, LARGEST_SEAL)):
            return f"it is by a certificate other than the bag's own: {named(certificate)}"
        moment = signed.stamped_at or signed.time
        if trusted and not is_trusted(certificate, signed.issuers, trusted, moment):
            return f"it is not by a certificate you trust (--trust) but by {named(certificate)}"
        return ""

    def _stamp(self, now: datetime) -> tuple[datetime | None, Finding]:
        what = "time stamp"
        name = self.name + (SIGNATURE if self.asked_to_sign else "")
        path = self.folder / (name + STAMP)
        if not self.asked_to_stamp:
            if path.exists():
                return None, Finding(what, False, "there is one, though none was requested")
            return None, Finding(what, None, "none: no authority was configured")
        if not path.exists():
            detail = (
                "it is missing: either the authority did not answer, and `reporter archive` adds "
                "it once it does, or somebody removed it"
            )
            return None, Finding(what, False, detail)
        try:
            stamped = content_of(self.folder / name, LARGEST_TAG_FILE)
            stamp = read_stamp(content_of(path, LARGEST_SEAL), stamped)
        except EvidenceError as error:
            return None, Finding(what, False, str(error))
        except OSError as error:
            return None, unreadable(what, error)
        detail = f"made at {at(stamp.time)} by {named(stamp.authority)}"
        if stamp.time > now + CLOCKS_APART:
            dated = f"it is dated {at(stamp.time)}, which is in the future"
            return None, Finding(what, False, f"{dated} (by {named(stamp.authority)})")
        return stamp.time, Finding(what, True, detail)


def time_fault(signed: Signed, latest: datetime) -> str:
    """Why a signature cannot be of its times, or its certificate was not valid at them; nothing
    where all is well. The signer's own clock can be backdated by anyone: so the authority's counts
    as well.
    """
    begins, ends = signed.certificate.not_valid_before_utc, signed.certificate.not_valid_after_utc
    # A certificate may be minutes old, and the authority's clock behind.
    for moment, what, early in (
        (signed.time, "made", timedelta(0)),
        (signed.stamped_at, "stamped", CLOCKS_APART),
    ):
        if moment is None:
            continue
        if moment > latest + CLOCKS_APART:
            return f"it was {what} at {at(moment)}, which was still in the future"
        if not begins - early <= moment <= ends:
            return f"the certificate was not valid when the signature was {what}, at {at(moment)}"
    if signed.stamped_at and signed.stamped_at < signed.time - CLOCKS_APART:
        stamped, made = at(signed.stamped_at), at(signed.time)
        return f"it was stamped at {stamped}, before it was made at {made}"
    return ""


def at(time: datetime) -> str:
    """A time as it stands in a finding."""
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def _pdf_finding(bag: Path, asked_to_sign: bool, latest: datetime) -> Finding:
    """Whether the PDF is the one that was rendered, with nothing but a signature after it, which
    was made at `latest` or before.
    """
    what, path = "PDF", bag / REPORTS["pdf"]
    try:
        provenance = provenance_of(bag)
        content = content_of(path, LARGEST_FILE)
        rendered = provenance.pdf_unsigned_bytes
        if not 0 < rendered <= len(content):
            return Finding(what, False, "it is shorter than the PDF that was rendered")
        if sha256(content[:rendered]).hexdigest() != provenance.pdf_unsigned_sha256:
            return Finding(what, False, "it is not the PDF that was rendered")
        if not asked_to_sign:
            good = rendered == len(content) and provenance.pdf_signature == NONE
            detail = "as it was rendered; not signed" if good else "something was added to it"
            return Finding(what, good, detail)
        if fault := fault_of_addition(content, rendered):
            return Finding(what, False, f"what was added to it after rendering {fault}")
        signed = read_pdf_signature(path)
        pem = content_of(bag / CERTIFICATES, LARGEST_SEAL)
    except EvidenceError as error:
        return Finding(what, False, str(error))
    except OSError as error:
        return unreadable(what, error)
    if not same(signed.certificate, pem):
        return Finding(what, False, "it is signed by a different certificate than the bag")
    return _pdf_signature_finding(signed, provenance, latest)


def _pdf_signature_finding(signed: Signed, provenance: Provenance, latest: datetime) -> Finding:
    what, level = "PDF", provenance.pdf_signature
    if fault := time_fault(signed, latest):
        return Finding(what, False, f"its signature: {fault}")
    if (level == "PAdES B-T") != (signed.stamped_at is not None):
        return Finding(what, False, f"its signature is not {level}, though the bag says so")
    stamped = f", stamped {at(signed.stamped_at)}" if signed.stamped_at else ""
    return Finding(
        what, True, f"as it was rendered, with only a signature added ({level}{stamped})"
    )
