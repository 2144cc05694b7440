"""Certificates for tests, as an app registration has them among others."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
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


def usage(*purposes: str) -> x509.KeyUsage:
    """What a key is for, by the names of X.509; everything else is excluded."""
    every = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in purposes for name in every})


def make_certificate(
    folder: Path,
    begins: timedelta = timedelta(days=-1),
    ends: timedelta = timedelta(days=365),
    purposes: tuple[str, ...] = ("digital_signature",),
) -> tuple[x509.Certificate, tuple[tuple[Path, str | None], tuple[Path, str | None]]]:
    """A self-signed certificate, and its files as PKCS #12 and PEM with their passwords.

    It is valid from `begins` to `ends`, both counted from now. Without `purposes` it states none.
    """
    key = rsa.generate_private_key(65537, 2048)
    builder = unsigned("reporter test", key, begins, ends)
    if purposes:
        builder = builder.add_extension(usage(*purposes), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
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


@dataclass(frozen=True)
class TlsAuthority:
    """An authority of one's own, as a company's or that of a proxy which looks into TLS."""

    pem: Path
    """Its certificate."""
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    server: Path
    """A certificate it has issued for servers of this machine and for graph.example; its key."""

    @classmethod
    def make(cls, folder: Path, name: str = "Test authority") -> TlsAuthority:
        folder.mkdir(parents=True, exist_ok=True)
        key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        day, year = timedelta(days=-1), timedelta(days=365)
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
        certificate = (
            unsigned(name, key, day, year)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage("key_cert_sign", "crl_sign"), critical=True)
            .add_extension(identifier, critical=False)
            .sign(key, hashes.SHA256())
        )
        hosts = x509.SubjectAlternativeName(
            [
                x509.DNSName("localhost"),
                x509.DNSName("graph.example"),
                x509.IPAddress(ip_address("127.0.0.1")),
            ]
        )
        issued = (
            unsigned("localhost", leaf_key, day, year, issuer=name)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage("digital_signature"), critical=True)
            .add_extension(hosts, critical=False)
            .add_extension(issuer, critical=False)
            .sign(key, hashes.SHA256())
        )
        pem, server = folder / "authority.pem", folder / "server.pem"
        pem.write_bytes(certificate.public_bytes(Encoding.PEM))
        server.write_bytes(
            leaf_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + issued.public_bytes(Encoding.PEM)
        )
        return cls(pem, certificate, key, server)

    def serving(self) -> ssl.SSLContext:
        """What a server of this machine speaks TLS with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server)
        return context
