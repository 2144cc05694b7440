"""A certification authority and a time-stamp authority, real ones, that live as long as a test."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.certificates import Key, unsigned

TSA_CONFIGURATION = """\
[ tsa ]
default_tsa = tsa1
[ tsa1 ]
dir = {folder}
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True)
class Root:
    """Issues certificates."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, name: str = "Test root") -> Root:
        key = ec.generate_private_key(ec.SECP256R1())
        return cls(key, _certificate(name, key, name, key, ca=True))

    def issue(
        self,
        name: str,
        key: Key,
        *,
        begins: timedelta = timedelta(days=-1),
        ends: timedelta = timedelta(days=365),
        usage: x509.ObjectIdentifier | None = None,
    ) -> x509.Certificate:
        """A certificate; `begins` and `ends` are counted from now."""
        issuer = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        return _certificate(name, key, str(issuer), self.key, begins, ends, usage)


def _certificate(
    name: str,
    key: Key,
    issuer: str,
    issuer_key: Key,
    begins: timedelta = timedelta(days=-2),
    ends: timedelta = timedelta(days=3650),
    usage: x509.ObjectIdentifier | None = None,
    *,
    ca: bool = False,
) -> x509.Certificate:
    builder = (
        unsigned(name, key, begins, ends, issuer)
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=not ca,
                content_commitment=not ca,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=ca,
                crl_sign=ca,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def write_pfx(
    path: Path,
    key: Key,
    certificate: x509.Certificate,
    *issuers: x509.Certificate,
    password: str = "secret",
) -> Path:
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"evidence", key, certificate, issuers, BestAvailableEncryption(password.encode())
        )
    )
    path.chmod(0o600)
    return path


def write_pem(path: Path, *certificates: x509.Certificate, key: Key | None = None) -> Path:
    content = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)
    if key is not None:
        content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + content
    path.write_bytes(content)
    path.chmod(0o600)
    return path


Answer = Callable[[bytes], tuple[int, bytes]]
"""A server's answer to a request's body: a status and a body."""


@contextmanager
def serve(answer: Answer) -> Iterator[str]:
    """A server on loopback; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsa"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def stamping(folder: Path, root: Root) -> Answer:
    """What a time-stamp authority answers: openssl's."""
    folder.mkdir(exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = root.issue("Test TSA", key, usage=ExtendedKeyUsageOID.TIME_STAMPING)
    write_pem(folder / "tsa.pem", certificate)
    write_pem(folder / "tsa.key", key=key)
    (folder / "tsa.cnf").write_text(TSA_CONFIGURATION.format(folder=folder), "utf-8")
    lock = threading.Lock()

    def answer(query: bytes) -> tuple[int, bytes]:
        with lock:
            (folder / "query.tsq").write_bytes(query)
            run = subprocess.run(
                ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq"],
                cwd=folder,
                capture_output=True,
                check=True,
            )
            return 200, run.stdout

    return answer
