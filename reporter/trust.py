"""Whom the program believes to be the host it speaks to, on every channel.

The authorities that may vouch for a host are those the environment names, in place of the system's;
else the system's, and certifi's where the system has none. Beside either of them stand those of
`ca_file` in [api].
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reporter.errors import SettingsError

UNTRUSTED: Final = (
    "If a proxy or your own authority signs it, set ca_file in [api] or REQUESTS_CA_BUNDLE."
)
"""What to do where a host's certificate is not trusted."""
_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that name a file or a folder. The first that is set counts."""
_HASHED: Final = re.compile(r"[0-9a-f]{8}\.\d+")
"""What OpenSSL looks for in a folder of certificates."""


@dataclass(frozen=True, slots=True)
class _Authorities:
    """A file, folders, or both, and the variables that name them."""

    variables: str
    file: Path | None = None
    folders: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Trust:
    """The authorities that may vouch for a host."""

    ca_file: Path | None = None
    """Further ones, in PEM."""

    def context(self) -> ssl.SSLContext:
        """What connections over TLS are made with. Libraries change it: each needs its own.

        Raises:
            SettingsError: a file or folder that is named cannot be used.
        """
        named = _named_by_environment()
        if named:
            with _usable(named.variables, *filter(None, (named.file, *named.folders))):
                context = ssl.create_default_context(
                    cafile=named.file, capath=os.pathsep.join(map(str, named.folders)) or None
                )
        else:
            context = ssl.create_default_context()
            if not _has_authorities(context):
                context.load_verify_locations(cafile=_certifi())
        if self.ca_file:
            with _usable("ca_file in [api]", self.ca_file):
                context.load_verify_locations(cafile=self.ca_file)
        return context

    def bundle(self) -> bytes | None:
        """The authorities in PEM, for libraries that take nothing but a file; None where neither
        the environment nor the configuration names any, and a library is to take its own.

        Raises:
            SettingsError: a file or folder that is named cannot be used.
        """
        named = _named_by_environment()
        if named is None and self.ca_file is None:
            return None
        self.context()  # which says what is wrong with them
        files = [named.file] if named and named.file else []
        for folder in named.folders if named else ():
            files += sorted(path for path in folder.iterdir() if _HASHED.fullmatch(path.name))
        if named is None:
            files.append(Path(_certifi()))
        if self.ca_file:
            files.append(self.ca_file)
        return b"\n".join(path.read_bytes() for path in files)


USUAL_TRUST: Final = Trust()
"""Without authorities of one's own."""


def _named_by_environment() -> _Authorities | None:
    """What the environment names in place of the system's authorities."""
    for variable in _BUNDLES:
        if name := os.environ.get(variable):
            path = Path(name)
            if path.is_dir():
                return _Authorities(variable, folders=(path,))
            return _Authorities(variable, path)
    variables = {name: os.environ.get(name, "") for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")}
    file, folders = variables.values()
    if not file and not folders:
        return None
    named = [Path(name) for name in folders.split(os.pathsep) if name]
    # Of several folders OpenSSL passes over those that are not there.
    there = [path for path in named if path.is_dir()] or named[:1]
    return _Authorities(
        " and ".join(name for name, value in variables.items() if value),
        Path(file) if file else None,
        tuple(there),
    )


def _has_authorities(context: ssl.SSLContext) -> bool:
    """Whether a context with the system's authorities has any. Those in a folder are loaded only
    when one is asked for.
    """
    if context.cert_store_stats()["x509_ca"]:
        return True
    folder = ssl.get_default_verify_paths().capath
    try:
        return bool(folder) and any(_HASHED.fullmatch(path.name) for path in Path(folder).iterdir())
    except OSError:
        return False


def _certifi() -> str:
    import certifi  # a few megabytes, for systems without authorities of their own

    return certifi.where()


@contextmanager
def _usable(what: str, *paths: Path) -> Iterator[None]:
    """Say of files and folders that cannot be used what names them, and what is wrong."""
    try:
        for path in paths:
            path.stat()
        yield
    except OSError as error:
        # What OpenSSL cannot read is an error of this kind, too.
        none = isinstance(error, ssl.SSLError)
        why = "no certificate in PEM is in it" if none else error.strerror
        raise SettingsError(
            f"The authorities that {what} names cannot be used: "
            f"{' and '.join(map(str, paths))}: {why}.",
            hint="Name a file of certificates in PEM that this user may read.",
        ) from error
