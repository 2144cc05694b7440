"""What signatures say: whose they are, when they were made, and whether the signed content is
unchanged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.keys.internal import translate_pyca_cryptography_cert_to_asn1
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import (
    NonexistentAttributeError,
    extract_certificate_info,
    extract_signer_info,
    find_unique_cms_attribute,
)
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko.sign.validation.generic_cms import (
    async_validate_detached_cms,
    extract_self_reported_ts,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError

from reporter.errors import EvidenceError, UsageError
from reporter.evidence.timestamp import MALFORMED

_ANY_USE = KeyUsageConstraints(key_usage=set())


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature says."""

    certificate: x509.Certificate
    issuers: tuple[x509.Certificate, ...]
    time: datetime
    """By the signer's own clock."""
    stamped_at: datetime | None = None
    """By an authority's clock."""


def read_signature(signature: bytes, content: bytes) -> Signed:
    """Who signed a content.

    Raises:
        EvidenceError: it is no signature, or of another content.
    """
    try:
        signed = cms.ContentInfo.load(signature, strict=True)["content"]
        certificates = extract_certificate_info(signed)
        claimed = extract_self_reported_ts(extract_signer_info(signed))
        context = ValidationContext(trust_roots=[certificates.signer_cert], moment=claimed)
        status = asyncio.run(
            async_validate_detached_cms(content, signed, context, key_usage_settings=_ANY_USE)
        )
    except MALFORMED as error:
        raise EvidenceError("It is not a readable signature.") from error
    if claimed is None:
        raise EvidenceError("The signature does not say when it was made.")
    if not (status.intact and status.valid and status.trusted):
        raise EvidenceError("The signature belongs to something else, or was changed.")
    return Signed(
        _plain(certificates.signer_cert), tuple(map(_plain, certificates.other_certs)), claimed
    )


def read_pdf_signature(path: Path) -> Signed:
    """Who signed a PDF as a whole, with nothing added since.

    Raises:
        EvidenceError: nobody, or something was changed or added.
    """
    try:
        with path.open("rb") as file:
            signatures = PdfFileReader(file).embedded_signatures
            if len(signatures) != 1:
                raise EvidenceError(f"It has {len(signatures)} signatures.")
            signature = signatures[0]
            claimed = signature.self_reported_timestamp
            context = ValidationContext(trust_roots=[signature.signer_cert], moment=claimed)
            status = validate_pdf_signature(
                signature,
                context,
                _stamp_context(signature.signer_info),
                key_usage_settings=_ANY_USE,
            )
    except (OSError, PdfError, *MALFORMED) as error:
        raise EvidenceError("Its signature cannot be read.") from error
    if not status.bottom_line or status.coverage != SignatureCoverageLevel.ENTIRE_FILE:
        raise EvidenceError("It was changed after it was signed.")
    if claimed is None:
        raise EvidenceError("The signature does not say when it was made.")
    stamped = status.timestamp_validity
    return Signed(
        _plain(signature.signer_cert),
        tuple(map(_plain, signature.other_embedded_certs)),
        claimed,
        stamped.timestamp if stamped else None,
    )


def _stamp_context(signer_info: Any) -> ValidationContext | None:
    """The context to check the time stamp in a signature with; None without one."""
    try:
        stamp = find_unique_cms_attribute(
            signer_info["unsigned_attrs"], "signature_time_stamp_token"
        )
    except NonexistentAttributeError:
        return None
    signed = stamp["content"]
    certificate = extract_certificate_info(signed).signer_cert
    stamped_at = signed["encap_content_info"]["content"].parsed["gen_time"].native
    return ValidationContext(trust_roots=[certificate], moment=stamped_at)


def _plain(certificate: asn1_x509.Certificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate.dump())


def load_trusted(path: Path) -> tuple[x509.Certificate, ...]:
    """The certificates in a PEM file that somebody trusts.

    Raises:
        UsageError: there are none.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"There is no certificate in {path}.", hint="Give a PEM file with --trust."
        ) from error


def is_trusted(
    certificate: x509.Certificate,
    issuers: Sequence[x509.Certificate],
    trusted: Sequence[x509.Certificate],
    at: datetime,
) -> bool:
    """Whether a certificate is one of those trusted, or was issued by one, and was valid then."""
    context = ValidationContext(
        trust_roots=[translate_pyca_cryptography_cert_to_asn1(root) for root in trusted],
        other_certs=[translate_pyca_cryptography_cert_to_asn1(issuer) for issuer in issuers],
        moment=at,
    )
    judged = translate_pyca_cryptography_cert_to_asn1(certificate)
    try:
        asyncio.run(CertificateValidator(judged, None, context).async_validate_usage(set()))
    except (PathError, ValidationError):
        return False
    return True


def same(certificate: x509.Certificate, pem: bytes) -> bool:
    """Whether a PEM file begins with this certificate."""
    return pem.startswith(certificate.public_bytes(Encoding.PEM))
