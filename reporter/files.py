"""Names safe on every file system, files that appear whole or not at all, and files nobody else may
read.
"""

from __future__ import annotations

import contextlib
import errno
import getpass
import hashlib
import logging
import os
import re
import secrets
import shlex
import socket
import stat
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from slugify import slugify

from reporter.errors import OutputError, SettingsError
from reporter.model import Customer

logger = logging.getLogger(__name__)

OWNERS_ALONE: Final = 0o077
"""The umask that leaves others nothing."""
_LETTERS: Final = (("r", 4), ("w", 2), ("x", 1))
_LONGEST_SLUG_BYTES: Final = 80
_RESERVED: Final = re.compile(r"con|prn|aux|nul|(com|lpt)\d|index|portfolio")
"""Device names on Windows, and our own files beside the customers' folders."""


def slug(name: str) -> str:
    """A name in lower case without anything a file system could stumble over.

    Letters of every script stay: a transliteration of a Japanese name would be a wrong one.
    Empty where no letter or digit is left.
    """
    text = slugify(unicodedata.normalize("NFC", name), allow_unicode=True)
    cut = text.encode()[:_LONGEST_SLUG_BYTES].decode(errors="ignore")
    return cut.rstrip("-")


def folder_names(customers: Iterable[Customer]) -> dict[str, str]:
    """A folder name for each customer id: the slug of the name, with as much of the id as needed
    where two would be equal, or where the slug alone cannot be used.
    """
    slugs = {customer.id: slug(customer.name) for customer in customers}
    shared = Counter(slugs.values())
    plain = {name for name, uses in shared.items() if uses == 1 and _usable(name)}
    names = {}
    for customer_id, name in slugs.items():
        if name in plain:
            names[customer_id] = name
            continue
        marks, digits = slug(customer_id), customer_id.encode().hex()
        marked = (
            "-".join(filter(None, (name, mark)))
            for mark in (marks[:8].rstrip("-"), marks, digits)
            if mark
        )
        taken = plain | set(names.values())
        names[customer_id] = next(candidate for candidate in marked if candidate not in taken)
    return names


def _usable(name: str) -> bool:
    return bool(name) and not _RESERVED.fullmatch(name)


def write_whole(path: Path, write: Callable[[Path], object]) -> str:
    """Have `write` make a file beside `path`, then put it in its place; returns its SHA-256.

    Raises:
        OutputError: it cannot be written; nothing of it is left, and a former file stays.
    """
    mark = f".{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    draft = path.with_name(mark + path.suffix)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        write(draft)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        sha256 = file_hash(draft)
        draft.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror or error}.", hint=_hint(error)
        ) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
    return sha256


def why_not_writable(folder: Path) -> str:
    """Why nothing can be written in a folder, which may have to be made first; empty where it can.
    The attempt leaves nothing behind.
    """
    folder = folder.absolute()
    # `Path.exists` raises below a folder that we may not enter.
    there = next(path for path in (folder, *folder.parents) if os.path.exists(path))  # noqa: PTH110
    try:
        with tempfile.TemporaryFile(dir=there):
            return ""
    except OSError as error:
        return f"nothing can be written in {there}: {error.strerror}"


def file_hash(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sweep(folder: Path) -> None:
    """Remove the drafts of killed processes of this machine."""
    draft = re.compile(rf"\.{re.escape(socket.gethostname())}-(\d+)-[0-9a-f]{{8}}(\.\w+)?")
    for path in folder.glob(".*"):
        if (match := draft.fullmatch(path.name)) and not _runs(int(match[1])):
            path.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # of another user
    return True


def _hint(error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "The disk is full: make room and run the same command again."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return "Choose a folder you may write to with --out."
        case _:
            return "Check the folder given with --out."


def must_be_readable() -> str:
    """What to do where an existing file cannot be read: who has to be able to read it."""
    try:
        import pwd  # which is not there on Windows

        user = pwd.getpwuid(os.geteuid()).pw_name
    except (ImportError, KeyError):
        user = getpass.getuser() if os.name == "nt" else str(os.geteuid())
    return f"Name a file that the user {user}, who runs this program, may read."


def refuse_shared(path: Path, what: str) -> None:
    """Insist that nobody but its owner may use a file that holds a secret.

    Raises:
        SettingsError: its group or others may, or there is no such file.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise SettingsError(
            f"{what} {path} cannot be read: {error.strerror}.",
            hint="Relative paths start at the folder of the configuration file."
            if isinstance(error, FileNotFoundError)
            else must_be_readable(),
        ) from error
    # Elsewhere the mode says nothing of who may read a file.
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError(
            f"{what} {path} can be read by others (mode {mode:04o}).", hint=f"Run: chmod 600 {path}"
        )


def current_umask() -> int:
    """Which rights this process takes from what it makes."""
    umask = os.umask(OWNERS_ALONE)  # asking for it sets it
    os.umask(umask)
    return umask


def set_umask(umask: int | None) -> None:
    """Set which rights this process takes from the files it makes from now on; by default all
    rights of others, whatever the shell says.
    """
    os.umask(current_umask() | OWNERS_ALONE if umask is None else umask)


def open_to_others(path: Path, umask: int) -> int:
    """The rights of others to an existing file that a umask would have taken; 0 where there are
    none, where there is no file, and where modes mean nothing.
    """
    if os.name != "posix":
        return 0
    try:
        return path.stat().st_mode & umask & OWNERS_ALONE
    except OSError:
        return 0


def close_to_others(path: Path) -> None:
    """Take from a file of ours the rights of others, except those that the umask leaves them.

    A file of somebody else stays as it is, and one that cannot be changed.
    """
    rights = open_to_others(path, current_umask())
    with contextlib.suppress(OSError):
        if rights and path.stat().st_uid == os.geteuid():
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~rights)
            logger.info("%s could be used by others (%04o): access removed", path, rights)


def closing_command(umask: int, *paths: Path) -> str:
    """The command that takes from files, and all in folders, what a umask would have taken."""
    group, others = (
        "".join(letter for letter, right in _LETTERS if rights & right)
        for rights in (umask >> 3, umask)
    )
    changes = [f"{who}-{letters}" for who, letters in (("g", group), ("o", others)) if letters]
    mode = f"go-{group}" if group == others else ",".join(changes)
    return shlex.join(["chmod", "-R", mode, *map(str, paths)])
