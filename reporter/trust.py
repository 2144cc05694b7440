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
    "If a proxy or your own certificate authority signed it, set ca_file in [api] or "
    "REQUESTS_CA_BUNDLE."
)
"""What to do where a host's certificate is not trusted."""
_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that name a file or a folder. The first that is set counts."""
_OF_OPENSSL: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Variables of OpenSSL: a file, and folders. Both count."""
_HASHED: Final = re.compile(r"[0-9a-f]{8}\.\d+")
"""What OpenSSL looks for in a folder of certificates."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A file or folder, and what names it."""

    by: str
    path: Path

    def __str__(self) -> str:
        return f"{self.by} ({self.path.absolute()})"


@dataclass(frozen=True, slots=True)
class _Authorities:
    """A file, folders, or both, that stand in place of the system's authorities."""

    file: _Named | None = None
    folders: tuple[_Named, ...] = ()

    def context(self) -> ssl.SSLContext:
        """The TLS context that trusts these authorities and no others.

        Raises:
            SettingsError: one of them cannot be used.
        """
        for folder in self.folders:
            with _usable(folder):
                folder.path.stat()
        folders = os.pathsep.join(str(folder.path) for folder in self.folders) or None
        if self.file is None:
            return ssl.create_default_context(capath=folders)
        with _usable(self.file):
            return ssl.create_default_context(cafile=self.file.path, capath=folders)


@dataclass(frozen=True, slots=True)
class Trust:
    """The authorities that may vouch for a host."""

    ca_file: Path | None = None
    """Further ones, in PEM."""

    def context(self) -> ssl.SSLContext:
        """The context for connections over TLS. Libraries change it: each needs its own.

        Raises:
            SettingsError: a file or folder that is named cannot be used.
        """
        named = _named_by_environment()
        if named:
            context = named.context()
        else:
            context = ssl.create_default_context()
            if not _has_authorities(context):
                context.load_verify_locations(cafile=_certifi())
        if self.ca_file:
            with _usable(_Named("ca_file in [api]", self.ca_file)):
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
        files = [named.file.path] if named and named.file else []
        for folder in named.folders if named else ():
            hashed = (path for path in folder.path.iterdir() if _HASHED.fullmatch(path.name))
            files += sorted(hashed)
        if named is None:
            files.append(Path(_certifi()))
        if self.ca_file:
            files.append(self.ca_file)
        return b"\n".join(path.read_bytes() for path in files)


USUAL_TRUST: Final = Trust()
"""The trust without configured authorities."""


def _named_by_environment() -> _Authorities | None:
    """What the environment names in place of the system's authorities."""
    for variable in _BUNDLES:
        if name := os.environ.get(variable):
            named = _Named(variable, Path(name))
            if _is_folder(named.path):
                return _Authorities(folders=(named,))
            return _Authorities(named)
    file, folders = (os.environ.get(variable, "") for variable in _OF_OPENSSL)
    if not file and not folders:
        return None
    of_file, of_folders = _OF_OPENSSL
    listed = [_Named(of_folders, Path(name)) for name in folders.split(os.pathsep) if name]
    # Of several folders OpenSSL skips those that do not exist.
    there = [folder for folder in listed if _is_folder(folder.path)] or listed[:1]
    return _Authorities(_Named(of_file, Path(file)) if file else None, tuple(there))


def _is_folder(path: Path) -> bool:
    """Whether a folder exists. `Path.is_dir` raises below a folder that we may not enter."""
    try:
        return path.is_dir()
    except OSError:
        return False


def in_force() -> str:
    """Which authorities of the environment are believed, and in place of which: for whoever is not
    trusted, though another variable names its authority. Empty where the environment names none.
    """
    named = _named_by_environment()
    if named is None:
        return ""
    winning = [*([named.file] if named.file else []), *named.folders]
    names = {each.by for each in winning}
    passed_over = [
        name for name in (*_BUNDLES, *_OF_OPENSSL) if os.environ.get(name) and name not in names
    ]
    verb = "replaces" if len(winning) == 1 else "replace"
    losing = " and ".join([*passed_over, "the system's authorities"])
    return f"{' and '.join(map(str, winning))} {verb} {losing}."


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
def _usable(named: _Named) -> Iterator[None]:
    """Raise an error that says what names an unusable file or folder, and what is wrong with it."""
    try:
        yield
    except OSError as error:
        # What OpenSSL cannot read is an error of this kind, too.
        none = isinstance(error, ssl.SSLError)
        why = "it contains no PEM certificate" if none else error.strerror
        raise SettingsError(
            f"The certificate authorities that {named.by} names cannot be used: "
            f"{named.path.absolute()}: {why}.",
            hint="Name a file of PEM certificates that this user may read.",
        ) from error
