"""Copies of reports in a folder or an object store."""

from __future__ import annotations

import atexit
import functools
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import fsspec
from fsspec.implementations.local import LocalFileSystem

from reporter.delivery.result import Result
from reporter.errors import OutputError, SettingsError
from reporter.extras import how_to_add
from reporter.files import why_not_writable, write_whole
from reporter.foreign import storable
from reporter.model import DeliveryState
from reporter.showing import one_line, without_passwords
from reporter.trust import USUAL_TRUST, Trust

logger = logging.getLogger(__name__)

_S3: Final = ("s3", "s3a")
_PACKAGES: Final = {"s3": "s3fs", "s3a": "s3fs", "abfs": "adlfs", "abfss": "adlfs", "az": "adlfs"}
"""What a protocol takes."""


def copy_files(url: str, place: str, files: Sequence[Path], trust: Trust = USUAL_TRUST) -> Result:
    """Copy files to `<url>/<place>/<name>` and read back what was written.

    A local file appears whole or not at all, and so does an object of a store. Copying again is
    always safe: whatever goes wrong is FAILED, never uncertain; and not refused for good either,
    since a missing right, bucket or room is nothing about this report, and is mended.

    Raises:
        SettingsError: nobody knows what the URL means, what it takes is not installed, or the
            authorities that are named cannot be used.
    """
    system, root = _opened(url, trust)
    folder = f"{root.rstrip('/')}/{place}"
    where, under_way = without_passwords(system.unstrip_protocol(folder)), ""
    try:
        for path in files:
            under_way = path.name
            _copy(system, path, f"{folder}/{path.name}")
    # Each object store's library raises errors of its own.
    except Exception as error:
        logger.debug("Copying failed", exc_info=True)
        return Result(
            DeliveryState.FAILED, f"{under_way} cannot be copied to {where}: {_why(error)}"
        )
    return Result(DeliveryState.SENT, f"copied to {where}")


def check_folder(url: str, trust: Trust = USUAL_TRUST) -> str:
    """Insist that copies can be written to a folder of this machine, or that what an object store
    takes is installed, which is not asked; what was found.

    Raises:
        SettingsError: it cannot be used.
    """
    system, root = _opened(url, trust)
    where = without_passwords(system.unstrip_protocol(root))
    if not isinstance(system, LocalFileSystem):
        return f"{where}; write access was not tested"
    if why := why_not_writable(Path(root)):
        raise SettingsError(
            f"Copies cannot be written to {where}: {why}.",
            hint="Give this user the right to write there, or change `folder` in [delivery].",
        )
    return where


def _why(error: Exception) -> str:
    """What was wrong with a copy, in the words of the system or library that failed."""
    cause = (error.__cause__ if isinstance(error, OutputError) else None) or error
    words, kind = str(cause), type(cause).__name__
    if isinstance(cause, OSError) and cause.strerror:
        words = cause.strerror  # a whole message has the path once more
    elif " " not in words:  # only a name: the kind of the error says more
        words = f"{kind}: {words}" if words else kind
    return without_passwords(one_line(storable(words))).rstrip(".")


def _opened(url: str, trust: Trust) -> tuple[Any, str]:
    """The file system of a URL, and the path in it."""
    protocol = url.partition("://")[0]
    options: dict[str, Any] = {}
    # Other protocols have no option for authorities.
    if protocol in _S3 and (bundle := trust.bundle()):
        options["client_kwargs"] = {"verify": _file_of(bundle)}
    try:
        system, root = fsspec.url_to_fs(url, **options)
    except ImportError as error:
        raise SettingsError(
            f"The package that {protocol}:// needs is not installed: {error}.",
            hint=how_to_add(_PACKAGES[protocol])
            if protocol in _PACKAGES
            else "Install it into the same environment, or set another `folder` in [delivery].",
        ) from error
    except ValueError as error:
        raise SettingsError(
            f"`folder` in [delivery] cannot be used: {error}.",
            hint="Write a path, s3://bucket/prefix or abfs://container/prefix.",
        ) from error
    return system, root


@functools.cache
def _file_of(bundle: bytes) -> str:
    """A file with authorities that lasts as long as the process: S3's library reads them only from
    a file, each time it connects.
    """
    with tempfile.NamedTemporaryFile(suffix=".pem", delete=False) as file:
        file.write(bundle)
    atexit.register(Path(file.name).unlink, missing_ok=True)
    return file.name


def _copy(system: Any, path: Path, target: str) -> None:
    content = path.read_bytes()
    if isinstance(system, LocalFileSystem):
        write_whole(Path(target), lambda draft: draft.write_bytes(content))
        written = Path(target).read_bytes()
    else:
        system.pipe_file(target, content)
        written = system.cat_file(target)
    if written != content:
        raise OSError(f"what was written to {target} reads back differently")
