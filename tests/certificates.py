"""Certificates for tests, as an app registration has them among others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def unsigned(
    name: str, key: Key, begins: timedelta, ends: timedelta, issuer: str | None = None
) -> x509.CertificateBuilder:
    """A certificate to be signed, self-issued unless an issuer is named; `begins` and `ends` are
    counted from now.
    """

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer or name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
    )


def make_certificate(
    folder: Path, begins: timedelta = timedelta(days=-1), ends: timedelta = timedelta(days=365)
) -> tuple[x509.Certificate, tuple[tuple[Path, str | None], tuple[Path, str | None]]]:
    """A self-signed certificate, and its files as PKCS #12 and PEM with their passwords.

    It is valid from `begins` to `ends`, both counted from now.
    """
    key = rsa.generate_private_key(65537, 2048)
    certificate = unsigned("reporter test", key, begins, ends).sign(key, hashes.SHA256())
    pfx, pem = folder / "app.pfx", folder / "app.pem"
    pfx.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"app", key, certificate, None, BestAvailableEncryption(b"secret")
        )
    )
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    pfx.chmod(0o600)
    pem.chmod(0o600)
    return certificate, ((pfx, "secret"), (pem, None))
