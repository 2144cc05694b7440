"""Signing with the provider's certificate: CMS beside a file, and PAdES in a PDF."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from pyhanko.keys.internal import (
    translate_pyca_cryptography_cert_to_asn1,
    translate_pyca_cryptography_key_to_asn1,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from reporter.certificates import load_certificates
from reporter.errors import EvidenceError, SettingsError
from reporter.evidence.timestamp import Authority, NoStamp

_OPTIONS: Final = (
    pkcs7.PKCS7Options.DetachedSignature,
    pkcs7.PKCS7Options.Binary,
    pkcs7.PKCS7Options.NoCapabilities,
)


@dataclass(frozen=True, slots=True)
class Signer:
    """The provider's certificate with its key."""

    key: RSAPrivateKey | EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate
    issuers: tuple[x509.Certificate, ...] = ()
    """The certificates from this one up to its root, as far as the file has them."""

    @classmethod
    def load(cls, path: Path, password: str | None, now: datetime) -> Signer:
        """The certificate and key in a `.pfx`/`.p12` or PEM file.

        Raises:
            SettingsError: no such file, a wrong password, another kind of key, or the certificate
                is not valid now.
        """
        key, certificate, further = load_certificates(path, password, "evidence")
        certificates = [*filter(None, [certificate]), *further]
        return cls._of(path, key, certificates, now)

    @classmethod
    def _of(
        cls, path: Path, key: object, certificates: list[x509.Certificate], now: datetime
    ) -> Signer:
        usable = isinstance(key, RSAPrivateKey) or (
            isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1)
        )
        if not usable:
            raise SettingsError(
                f"The certificate {path} has a key that is neither RSA nor EC P-256.",
                hint="Use a certificate with one of these keys: every auditor can check them.",
            )
        assert isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey)
        matching = [each for each in certificates if each.public_key() == key.public_key()]
        if not matching:
            raise SettingsError(
                f"{path} holds no certificate that belongs to its key.",
                hint="Export it again with its private key.",
            )
        signer = cls(key, matching[0], tuple(each for each in certificates if each != matching[0]))
        begins, ends = matching[0].not_valid_before_utc, matching[0].not_valid_after_utc
        if not begins <= now <= ends:
            fault = (
                f"expired on {ends:%Y-%m-%d}" if now > ends else f"is valid from {begins:%Y-%m-%d}"
            )
            raise SettingsError(
                f"The certificate {path} {fault}: nothing can be signed with it now.",
                hint="Set a valid one as `certificate` in [evidence]. Nothing was archived.",
            )
        return signer

    @property
    def name(self) -> str:
        """Whose certificate it is, and its fingerprint."""
        return named(self.certificate)

    @property
    def pem(self) -> bytes:
        """The certificate and those up to its root."""
        chain = (self.certificate, *self.issuers)
        return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)

    def sign(self, content: bytes) -> bytes:
        """A detached CMS signature of a content, as `openssl cms -verify` reads it."""
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
        builder = builder.add_signer(self.certificate, self.key, hashes.SHA256())
        for issuer in self.issuers:
            builder = builder.add_certificate(issuer)
        return builder.sign(Encoding.DER, _OPTIONS)

    def sign_pdf(self, source: Path, target: Path, authority: Authority | None) -> str:
        """Write the PDF with a signature at its end; returns the PAdES level.

        That is B-T with a time stamp of the authority, and B-B where none can be had.

        Raises:
            OSError: a file cannot be read or written.
            EvidenceError: it is no PDF that can be signed.
        """
        if authority is not None:
            try:
                self._write_signed(source, target, authority)
            except NoStamp:
                pass  # the caller hears of it when the bag is to be stamped
            else:
                return "PAdES B-T"
        self._write_signed(source, target, None)
        return "PAdES B-B"

    def _write_signed(self, source: Path, target: Path, authority: Authority | None) -> None:
        store = SimpleCertificateStore()
        store.register_multiple(map(translate_pyca_cryptography_cert_to_asn1, self.issuers))
        signer = SimpleSigner(
            translate_pyca_cryptography_cert_to_asn1(self.certificate),
            translate_pyca_cryptography_key_to_asn1(self.key),
            store,
        )
        metadata = PdfSignatureMetadata(
            field_name="Signature",
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
        )
        with source.open("rb") as unsigned, target.open("w+b") as signed:
            try:
                writer = IncrementalPdfFileWriter(unsigned)
                PdfSigner(metadata, signer, timestamper=authority).sign_pdf(writer, output=signed)
            except ValueError as error:
                raise EvidenceError(f"{source} cannot be signed: {error}.") from error


def named(certificate: x509.Certificate) -> str:
    """Whose certificate it is, and its fingerprint."""
    print_ = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
    return f"{certificate.subject.rfc4514_string() or 'no name'}, SHA-256 fingerprint {print_}"
