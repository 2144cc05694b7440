"""Bags: folders in which every byte is accounted for (BagIt 1.0, RFC 8493), written and judged.

What is written is sorted, ends in line feeds and depends on nothing but the files, so a bag has one
form: a manifest that says the same in another way counts as a fault.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from reporter.errors import EvidenceError
from reporter.files import write_whole

ALGORITHMS: Final = ("sha256", "sha512")
MANIFESTS: Final = tuple(f"manifest-{algorithm}.txt" for algorithm in ALGORITHMS)
TAG_MANIFESTS: Final = tuple(f"tagmanifest-{algorithm}.txt" for algorithm in ALGORITHMS)
SIGNED: Final = TAG_MANIFESTS[0]
"""Everything else depends on this file: it is what is signed, and what the chain names."""
INFO: Final = "bag-info.txt"
OXUM: Final = "Payload-Oxum"
SUMS: Final = "signatures-sha256.txt"
"""The hashes of what stands beside the tag manifest, which signs it and so cannot be in it."""
SIGNATURE: Final = ".p7s"
STAMP: Final = ".tsr"
BESIDE: Final = (SIGNED + SIGNATURE, SIGNED + SIGNATURE + STAMP, SIGNED + STAMP)
DECLARATION: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

LARGEST_FILE: Final = 1 << 30
"""No report and no reply comes near this size."""
LARGEST_TAG_FILE: Final = 1 << 26
_MOST_FILES: Final = 1_000_000
_DEEPEST: Final = 16
"""How deep folders may be nested."""
_LINE: Final = {
    "sha256": re.compile(r"([0-9a-f]{64})  (.+)"),
    "sha512": re.compile(r"([0-9a-f]{128})  (.+)"),
}
_ESCAPED: Final = {"%": "%25", "\n": "%0A", "\r": "%0D"}
_MOST_NAMED: Final = 5

Digests = Mapping[str, str]
"""The hashes of one file, by algorithm."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A bag as found on disk: the files in its folder, and the text of those that list others."""

    sizes: Mapping[str, int]
    """Of each file, by its path in the bag."""
    odd: tuple[str, ...]
    """What is neither file nor folder: links, pipes, devices."""
    texts: Mapping[str, bytes]

    @property
    def payload(self) -> list[str]:
        return [path for path in self.sizes if path.startswith("data/")]

    @property
    def tags(self) -> list[str]:
        """The files that the tag manifests list."""
        apart = {*TAG_MANIFESTS, *BESIDE, SUMS}
        return [path for path in self.sizes if not path.startswith("data/") and path not in apart]

    @property
    def beside(self) -> list[str]:
        """The signatures and time stamps that exist."""
        return [path for path in BESIDE if path in self.sizes]

    @property
    def info(self) -> dict[str, str]:
        """What the bag says of itself."""
        text = self.texts.get(INFO, b"").decode(errors="replace")
        return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)


def write_bag(folder: Path, info: Mapping[str, str]) -> None:
    """Make a bag of a folder that has its payload in `data/`, and further tag files beside it.

    Raises:
        OSError: a file cannot be read or written.
        EvidenceError: a file is larger than a bag may hold.
    """
    (folder / "bagit.txt").write_bytes(DECLARATION)
    listing = look_into(folder)
    payload = listing.payload
    for path in payload:
        if listing.sizes[path] > LARGEST_FILE:
            raise EvidenceError(f"{folder / path} is too large to be archived.")
    oxum = f"{sum(listing.sizes[path] for path in payload)}.{len(payload)}"
    lines = {**info, OXUM: oxum}
    text = "".join(f"{label}: {one_line(value)}\n" for label, value in lines.items())
    (folder / INFO).write_bytes(text.encode())
    _write_manifests(folder, MANIFESTS, payload)
    _write_manifests(folder, TAG_MANIFESTS, look_into(folder).tags)


def _write_manifests(folder: Path, names: Sequence[str], paths: Iterable[str]) -> None:
    hashes = hashes_of(folder, paths)
    for algorithm, name in zip(ALGORITHMS, names, strict=True):
        listed = {path: by_algorithm[algorithm] for path, by_algorithm in hashes.items()}
        (folder / name).write_bytes(manifest_of(listed))


def write_sums(folder: Path, names: Iterable[str], anew: Collection[str] = ()) -> None:
    """Write the hashes of signatures and time stamps, if there are any.

    Hashes written before stay, except of files made `anew`: what has changed since must not be
    approved.

    Raises:
        OutputError: it cannot be written.
        OSError: a file cannot be read.
    """
    path = folder / SUMS
    former = read_manifest(path.read_bytes(), "sha256")[0] if path.exists() else {}
    kept = {name: former[name] for name in former if name not in anew}
    sums = {name: kept.get(name) or digests(folder / name)["sha256"] for name in names}
    content = manifest_of(sums)
    if sums and not (path.exists() and path.read_bytes() == content):
        write_whole(path, lambda draft: draft.write_bytes(content))


def manifest_of(listed: Mapping[str, str]) -> bytes:
    """The text of a manifest: a line for each file, by name."""
    lines = (f"{digest}  {_escaped(path)}\n" for path, digest in sorted(listed.items()))
    return "".join(lines).encode()


def one_line(text: str) -> str:
    """A text that cannot begin another line."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def opened(path: Path) -> BinaryIO:
    """A file of a bag or a chain, to be read. A pipe in its place would never end, and a link leads
    out of the bag.

    Raises:
        OSError: it cannot be read.
        EvidenceError: it is no file.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if path.is_symlink():
        raise EvidenceError(f"{shown(path.name)} is a link.")
    file = os.fdopen(os.open(path, flags | getattr(os, "O_NOFOLLOW", 0)), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise EvidenceError(f"{shown(path.name)} is not a file.")
    return file


def content_of(path: Path, most: int) -> bytes:
    """The content of a file of a bag or a chain that has at most `most` bytes.

    Raises:
        OSError: it cannot be read.
        EvidenceError: it is no file, or larger.
    """
    with opened(path) as file:
        if os.fstat(file.fileno()).st_size > most:
            raise EvidenceError(f"{shown(path.name)} has more than {most:,} bytes.")
        return file.read()


def digests(path: Path) -> Digests:
    """The hashes of a file, by algorithm.

    Raises:
        OSError: it cannot be read.
        EvidenceError: it is no file.
    """
    hashing = {algorithm: hashlib.new(algorithm) for algorithm in ALGORITHMS}
    with opened(path) as file:
        while block := file.read(1 << 20):
            for digest in hashing.values():
                digest.update(block)
    return {algorithm: digest.hexdigest() for algorithm, digest in hashing.items()}


def hashes_of(folder: Path, paths: Iterable[str]) -> dict[str, Digests]:
    """The hashes of files of a bag, by path.

    Raises:
        OSError: one cannot be read.
    """
    return {path: digests(folder / path) for path in paths}


def look_into(folder: Path) -> Listing:
    """What is in a bag's folder. Follows no link, and reads nothing but what lists other files.

    Raises:
        OSError: it cannot be read.
        EvidenceError: more is in it than any bag holds.
    """
    sizes: dict[str, int] = {}
    odd: list[str] = []
    for path, mode, size in sorted(_walk(folder)):
        if stat.S_ISREG(mode):
            sizes[path] = size
        else:
            odd.append(path)
    listing = ("bagit.txt", INFO, *MANIFESTS, *TAG_MANIFESTS, SUMS)
    texts = {
        name: content_of(folder / name, LARGEST_TAG_FILE)
        for name in listing
        if sizes.get(name, LARGEST_TAG_FILE + 1) <= LARGEST_TAG_FILE
    }
    return Listing(sizes, tuple(odd), texts)


def size_of(folder: Path) -> int:
    """The bytes of all files in a folder.

    Raises:
        OSError: it cannot be read.
        EvidenceError: more is in it than any bag holds.
    """
    return sum(size for _, _, size in _walk(folder))


def _walk(folder: Path) -> Iterator[tuple[str, int, int]]:
    """The path, mode and size of everything in a folder that is not itself a folder.

    Raises:
        OSError: it cannot be read.
        EvidenceError: more is in it than any bag holds.
    """
    waiting, count = [""], 0
    while waiting:
        above = waiting.pop()
        if above.count("/") > _DEEPEST:
            raise EvidenceError(f"Its folders are nested more than {_DEEPEST} levels deep.")
        with os.scandir(folder / above) as entries:
            for entry in entries:
                count += 1
                if count > _MOST_FILES:
                    raise EvidenceError(f"It has more than {_MOST_FILES:,} files.")
                path, status = above + entry.name, entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    waiting.append(path + "/")
                else:
                    yield path, status.st_mode, status.st_size


def is_bag(folder: Path) -> bool:
    """Whether a folder has any of the files that make one a bag, whole or not."""
    files = ("bagit.txt", INFO, *MANIFESTS, *TAG_MANIFESTS)
    return any(os.path.lexists(folder / name) for name in files)


def structure_faults(listing: Listing) -> list[str]:
    """All that is wrong with a bag before anything is hashed."""
    faults = [f"neither a file nor a folder: {_named(listing.odd)}"] if listing.odd else []
    if listing.texts.get("bagit.txt") != DECLARATION:
        faults.append("bagit.txt does not declare a bag of BagIt version 1.0")
    large = [
        f"{path} ({size:,} bytes)"
        for path, size in listing.sizes.items()
        if size > (LARGEST_FILE if path.startswith("data/") else LARGEST_TAG_FILE)
    ]
    if large:
        faults.append(f"larger than a bag may hold: {_named(large)}")
    faults += _info_faults(listing)
    payload = listing.payload
    oxum = f"{sum(listing.sizes[path] for path in payload)}.{len(payload)}"
    if (stated := listing.info.get(OXUM, "nothing")) != oxum:
        faults.append(f"{INFO} states a payload of {one_line(stated)} (bytes.files), not {oxum}")
    for names, paths in ((MANIFESTS, payload), (TAG_MANIFESTS, listing.tags)):
        for algorithm, name in zip(ALGORITHMS, names, strict=True):
            faults += _manifest_faults(listing, name, algorithm, paths)
    if listing.beside or SUMS in listing.sizes:
        faults += _manifest_faults(listing, SUMS, "sha256", listing.beside)
    return faults


def _info_faults(listing: Listing) -> Iterator[str]:
    """Lines of `bag-info.txt` that programs and people might read in two ways."""
    try:
        lines = listing.texts.get(INFO, b"").decode().splitlines()
    except UnicodeDecodeError:
        yield f"{INFO} is not text"
        return
    if len(listing.info) != len(lines):
        yield f"{INFO} has a label twice, or a line without a label"


def _manifest_faults(
    listing: Listing, name: str, algorithm: str, paths: Iterable[str]
) -> list[str]:
    """What is wrong with a manifest that is to list the files `paths`."""
    content = listing.texts.get(name)
    if content is None:
        return [f"{name} is missing or too large"]
    listed, faults = read_manifest(content, algorithm)
    faults = [f"{name}: {fault}" for fault in faults]
    if not faults and manifest_of(listed) != content:
        faults.append(f"{name} is not in order")
    there = set(paths)
    missing, extra = sorted(listed.keys() - there), sorted(there - listed.keys())
    if missing:
        faults.append(f"missing, though {name} lists it: {_named(missing)}")
    if extra:
        faults.append(f"present, though {name} does not list it: {_named(extra)}")
    return faults


def read_manifest(content: bytes, algorithm: str) -> tuple[dict[str, str], list[str]]:
    """The hash of each file a manifest lists, and what is wrong with its lines."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return {}, ["is not text"]
    if text and not text.endswith("\n"):
        return {}, ["is cut short"]
    listed, faults = {}, []
    for number, line in enumerate(text.split("\n")[:-1], 1):
        match = _LINE[algorithm].fullmatch(line)
        path = _unescaped(match[2]) if match else ""
        if match is None:
            faults.append(f"line {number} is not a hash and a path")
        elif not _within(path):
            faults.append(f"line {number} leads out of the bag: {shown(path)}")
        else:
            listed[path] = match[1]
    return listed, faults[:_MOST_NAMED]


def _within(path: str) -> bool:
    """Whether a path stays in the bag."""
    parts = path.split("/")
    return not ({"", ".", ".."} & set(parts) or "\\" in path or ":" in parts[0])


def hash_faults(listing: Listing, hashes: Mapping[str, Digests]) -> list[str]:
    """The files that are not what the manifests say. `hashes` has all that are listed."""
    lists = [
        *zip(MANIFESTS, ALGORITHMS, strict=True),
        *zip(TAG_MANIFESTS, ALGORITHMS, strict=True),
        (SUMS, "sha256"),
    ]
    changed = {
        path
        for name, algorithm in lists
        for path, digest in read_manifest(listing.texts.get(name, b""), algorithm)[0].items()
        if hashes[path][algorithm] != digest
    }
    return [f"changed since it was archived: {_named(sorted(changed))}"] if changed else []


def shown(path: str) -> str:
    """A path from a bag for people: nothing in it can control their terminal."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "replace").decode()
        for letter in path
    )


def _named(paths: Sequence[str]) -> str:
    named = ", ".join(shown(path) for path in paths[:_MOST_NAMED])
    more = len(paths) - _MOST_NAMED
    return f"{named} and {more} more" if more > 0 else named


def _escaped(path: str) -> str:
    return "".join(_ESCAPED.get(letter, letter) for letter in path)


def _unescaped(path: str) -> str:
    return re.sub("%(25|0A|0D)", lambda match: chr(int(match[1], 16)), path)
