"""Certificates with their private keys, as files hold them."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from reporter.errors import SettingsError


def load_certificates(
    path: Path, password: str | None, section: str
) -> tuple[object, x509.Certificate | None, list[x509.Certificate]]:
    """The key in a `.pfx`/`.p12` or PEM file, the certificate that the file has for it (of PEM the
    first one), and further certificates. `section` is that of the configuration.

    Raises:
        SettingsError: no such file, or a wrong password.
    """
    secret = password.encode() if password else None
    try:
        content = path.read_bytes()
        if path.suffix.lower() in (".pfx", ".p12"):
            return pkcs12.load_key_and_certificates(content, secret)
        key = load_pem_private_key(content, secret)
        certificate, *further = x509.load_pem_x509_certificates(content)
        return key, certificate, further
    except OSError as error:
        raise SettingsError(
            f"The certificate {path} cannot be read: {error.strerror}.",
            hint=f"Check `certificate` in [{section}].",
        ) from error
    except (ValueError, TypeError) as error:
        raise SettingsError(
            f"The certificate {path} cannot be opened.",
            hint=f"Check `certificate_password` in [{section}]; the file must be PKCS #12 or PEM "
            "with its private key.",
        ) from error
