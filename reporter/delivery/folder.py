"""Copies of reports in a folder or an object store."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import fsspec
from fsspec.implementations.local import LocalFileSystem

from reporter.delivery.result import Result
from reporter.errors import SettingsError
from reporter.extras import how_to_add
from reporter.files import write_whole
from reporter.model import DeliveryState
from reporter.showing import one_line, without_passwords

logger = logging.getLogger(__name__)

_PACKAGES: Final = {"s3": "s3fs", "s3a": "s3fs", "abfs": "adlfs", "abfss": "adlfs", "az": "adlfs"}
"""What a protocol takes."""


def copy_files(url: str, place: str, files: Sequence[Path]) -> Result:
    """Copy files to `<url>/<place>/<name>` and read back what was written.

    A local file appears whole or not at all, and so does an object of a store. Copying again is
    always safe: whatever goes wrong is FAILED, never uncertain; and not refused for good either,
    since a missing right, bucket or room is nothing about this report, and is mended.

    Raises:
        SettingsError: nobody knows what the URL means, or what it takes is not installed.
    """
    system, root = _opened(url)
    folder = f"{root.rstrip('/')}/{place}"
    where, under_way = without_passwords(system.unstrip_protocol(folder)), ""
    try:
        for path in files:
            under_way = path.name
            _copy(system, path, f"{folder}/{path.name}")
    # Each object store's library raises errors of its own.
    except Exception as error:
        logger.debug("Copying failed", exc_info=True)
        why = without_passwords(one_line(f"{type(error).__name__}: {error}"))
        return Result(DeliveryState.FAILED, f"{under_way} cannot be copied to {where}: {why}")
    return Result(DeliveryState.SENT, f"copied to {where}")


def _opened(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it."""
    protocol = url.partition("://")[0]
    try:
        system, root = fsspec.url_to_fs(url)
    except ImportError as error:
        raise SettingsError(
            f"What {protocol}:// takes is not installed: {error}.",
            hint=how_to_add(_PACKAGES[protocol])
            if protocol in _PACKAGES
            else "Install it into the same environment, or take another [delivery] folder.",
        ) from error
    except ValueError as error:
        raise SettingsError(
            f"The folder of [delivery] cannot be used: {error}.",
            hint="Write a path, s3://bucket/prefix or abfs://container/prefix.",
        ) from error
    return system, root


def _copy(system: Any, path: Path, target: str) -> None:
    content = path.read_bytes()
    if isinstance(system, LocalFileSystem):
        write_whole(Path(target), lambda draft: draft.write_bytes(content))
        written = Path(target).read_bytes()
    else:
        system.pipe_file(target, content)
        written = system.cat_file(target)
    if written != content:
        raise OSError(f"what was written to {target} reads otherwise")
