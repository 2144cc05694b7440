"""The times in signatures, time stamps and certificates must not contradict each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from reporter.evidence.seals import Signed
from reporter.evidence.signing import Signer
from reporter.evidence.verify import Seals, SealsRead, time_fault
from tests.evidence.authorities import Root
from tests.evidence.forging import signed_at, stamped_at

NOW = datetime.now(UTC).replace(microsecond=0)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
CENTURY = 36_500 * DAY


@dataclass(frozen=True)
class Sealing:
    """A file that is signed and stamped at any time."""

    folder: Path
    root: Root
    tsa_key: rsa.RSAPrivateKey
    tsa: x509.Certificate

    def read(
        self,
        signed: datetime | None,
        stamped: datetime | None,
        *,
        begins: timedelta = -CENTURY / 2,
        ends: timedelta = CENTURY,
        trusting: bool = False,
    ) -> SealsRead:
        """The result of reading a signature and a time stamp by a certificate with these dates."""
        path, sealed = self.folder / "sealed.txt", b"sealed"
        path.write_bytes(sealed)
        if signed:
            key = ec.generate_private_key(ec.SECP256R1())
            signer = Signer(key, self.root.issue("Contoso", key, begins=begins, ends=ends))
            sealed = signed_at(signer, sealed, signed)
            path = path.with_name(f"{path.name}.p7s")
            path.write_bytes(sealed)
        if stamped:
            stamp = stamped_at(self.tsa_key, self.tsa, sealed, stamped)
            path.with_name(f"{path.name}.tsr").write_bytes(stamp)
        trusted = (self.root.certificate,) if trusting else ()
        return Seals(self.folder, "sealed.txt", bool(signed), bool(stamped)).read(trusted, NOW)


@pytest.fixture
def sealing(tmp_path: Path, root: Root) -> Sealing:
    key = rsa.generate_private_key(65537, 2048)
    usage = ExtendedKeyUsageOID.TIME_STAMPING
    tsa = root.issue("Authority", key, begins=-CENTURY / 2, ends=CENTURY, usage=usage)
    return Sealing(tmp_path, root, key, tsa)


@pytest.mark.parametrize(
    ("signed", "stamped"),
    [
        (-DAY, None),
        (-DAY, timedelta(0)),
        (timedelta(0), -20 * HOUR),
        (20 * HOUR, 20 * HOUR),
        (None, -DAY),
    ],
)
def test_consistent_times_are_accepted(
    sealing: Sealing, signed: timedelta | None, stamped: timedelta | None
) -> None:
    """Clocks may be a day apart, and a stamp may come later."""
    read = sealing.read(
        None if signed is None else NOW + signed, None if stamped is None else NOW + stamped
    )
    assert read.signature.good is (None if signed is None else True), read.signature.detail
    assert read.stamp.good is (None if stamped is None else True), read.stamp.detail
    assert read.signed_at == NOW + (stamped if signed is None else signed)  # type: ignore[operator]


def test_an_expired_certificate_cannot_be_backdated(sealing: Sealing) -> None:
    """The signer's own clock says that it was still valid, and the authority's that it was not."""
    begins, ends, signed = -27 * DAY, -22 * DAY, NOW - 25 * DAY
    read = sealing.read(signed, NOW, begins=begins, ends=ends)
    assert read.signature.good is False
    assert "the certificate was not valid when the signature was stamped" in read.signature.detail
    assert sealing.read(signed, signed + DAY, begins=begins, ends=ends).signature.good
    assert sealing.read(signed, None, begins=begins, ends=ends).signature.good


def test_trust_is_judged_at_the_time_of_the_stamp(sealing: Sealing) -> None:
    """The root was valid then."""
    assert sealing.read(NOW - MINUTE, NOW, trusting=True).signature.good


def test_a_stamp_cannot_predate_the_signature(sealing: Sealing) -> None:
    """Nobody can stamp what does not exist yet."""
    read = sealing.read(NOW, datetime(2001, 1, 1, tzinfo=UTC))
    assert read.signature.good is False
    assert "it was stamped at 2001-01-01 00:00:00 UTC, before it was made" in read.signature.detail


def test_nothing_is_signed_or_stamped_in_the_future(sealing: Sealing) -> None:
    """With a stamp or without, and also without a signature."""
    later = datetime(2049, 1, 1, tzinfo=UTC)
    read = sealing.read(later, None)
    assert read.signature.good is False
    detail = read.signature.detail
    assert "it was made at 2049-01-01 00:00:00 UTC, which was still in the future" in detail
    assert "in the future" in sealing.read(NOW, later).stamp.detail
    assert sealing.read(None, later).stamp.good is False


@pytest.mark.parametrize(
    ("signed", "stamped", "message"),
    [
        (timedelta(0), None, ""),
        (30 * HOUR, None, "which was still in the future"),
        (timedelta(0), -30 * HOUR, "before it was made"),
        (timedelta(0), 30 * HOUR, "which was still in the future"),
        (-4 * DAY, timedelta(0), "the certificate was not valid when the signature was made"),
    ],
)
def test_the_signature_in_a_pdf_follows_the_same_rules(
    root: Root, signed: timedelta, stamped: timedelta | None, message: str
) -> None:
    """It is made before the bag's, and by a certificate that is valid."""
    certificate = root.issue("Contoso", ec.generate_private_key(ec.SECP256R1()), begins=-3 * DAY)
    moment = None if stamped is None else NOW + stamped
    fault = time_fault(Signed(certificate, (), NOW + signed, moment), NOW)
    assert message in fault
    assert bool(message) == bool(fault)
