"""Bags by themselves: what is written, and what a strict check finds in them."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import bagit
import pytest

from reporter.evidence.bag import (
    SUMS,
    hash_faults,
    hashes_of,
    look_into,
    read_manifest,
    structure_faults,
    write_bag,
    write_sums,
)

INFO = {"Source-Organization": "Contoso\nPayload-Oxum: 0.0", "Bagging-Date": "2026-11-01"}


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    folder = tmp_path / "bag"
    (folder / "data" / "deep").mkdir(parents=True)
    (folder / "data" / "a.json").write_bytes(b'{"a": 1}')
    (folder / "data" / "deep" / "größe.txt").write_bytes(b"b")
    (folder / "README.txt").write_text("Read me.\n", "utf-8")
    write_bag(folder, INFO)
    return folder


def faults_of(bag: Path) -> str:
    """All faults, of structure and of hashes."""
    listing = look_into(bag)
    faults = structure_faults(listing)
    if not faults:
        listed = (*listing.payload, *listing.tags, *listing.beside)
        faults = hash_faults(listing, hashes_of(bag, listed))
    return "; ".join(faults)


def test_others_find_a_bag_valid(bag: Path) -> None:
    """The Library of Congress's own checker does, and so do sha256sum and sha512sum."""
    assert faults_of(bag) == ""
    assert bagit.Bag(str(bag)).validate()
    for tool in ("sha256", "sha512"):
        lists = (f"manifest-{tool}.txt", f"tagmanifest-{tool}.txt")
        subprocess.run([f"{tool}sum", "--check", "--strict", *lists], cwd=bag, check=True)


def test_a_bag_is_the_same_bytes_again(bag: Path, tmp_path: Path) -> None:
    """It depends only on its files, neither on the order they were written in nor on time."""
    again = tmp_path / "again"
    (again / "data" / "deep").mkdir(parents=True)
    for name in ("README.txt", "data/deep/größe.txt", "data/a.json"):
        (again / name).write_bytes((bag / name).read_bytes())
    write_bag(again, INFO)
    for path in bag.glob("*.txt"):
        assert path.read_bytes() == (again / path.name).read_bytes()


def test_what_a_bag_says_about_itself_cannot_begin_a_line(bag: Path) -> None:
    """A name with a line feed does not become a statement of its own."""
    assert look_into(bag).info["Payload-Oxum"] == "9.2"


def test_names_that_would_break_a_manifest_are_escaped(tmp_path: Path) -> None:
    """As RFC 8493 requires: line feed, carriage return and percent sign."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "100%\nsure").write_bytes(b"")
    write_bag(tmp_path, {})
    manifest = (tmp_path / "manifest-sha256.txt").read_bytes()
    assert manifest.endswith(b"  data/100%25%0Asure\n")
    assert read_manifest(manifest, "sha256")[0].keys() == {"data/100%\nsure"}
    assert faults_of(tmp_path) == ""


Tamper = Callable[[Path], object]


def rewrite(name: str, change: Callable[[bytes], bytes]) -> Tamper:
    def tamper(bag: Path) -> None:
        (bag / name).write_bytes(change((bag / name).read_bytes()))

    return tamper


def add(name: str) -> Tamper:
    return lambda bag: (bag / name).write_bytes(b"x")


LINE = b"0" * 64 + b"  "
TAMPERED: dict[str, tuple[Tamper, str]] = {
    "a file changed": (rewrite("data/a.json", lambda _: b'{"a": 2}'), "changed since"),
    "a file grown": (rewrite("data/a.json", lambda content: content + b" "), "not 10.2"),
    "a file missing": (lambda bag: (bag / "data/a.json").unlink(), "missing, though"),
    "a file added": (add("data/b.json"), "does not list it: data/b.json"),
    "a tag file added": (add("NOTES.txt"), "does not list it: NOTES.txt"),
    "a tag file missing": (lambda bag: (bag / "README.txt").unlink(), "missing, though"),
    "no tag manifest": (
        lambda bag: (bag / "tagmanifest-sha256.txt").unlink(),
        "tagmanifest-sha256.txt is missing",
    ),
    "no manifest": (lambda bag: (bag / "manifest-sha512.txt").unlink(), "is missing"),
    "a manifest cut short": (
        rewrite("manifest-sha256.txt", lambda content: content[:-20]),
        "cut short",
    ),
    "a manifest cut by a line": (
        rewrite("manifest-sha256.txt", lambda content: content[: content.index(b"\n") + 1]),
        "does not list it",
    ),
    "a manifest in another order": (
        rewrite("manifest-sha256.txt", lambda content: b"".join(content.splitlines(True)[::-1])),
        "not in order",
    ),
    "a manifest that says it twice": (
        rewrite("manifest-sha256.txt", lambda content: content + content),
        "not in order",
    ),
    "a manifest that leads out": (
        rewrite("manifest-sha256.txt", lambda content: content + LINE + b"../../etc/passwd\n"),
        "leads out of the bag: ../../etc/passwd",
    ),
    "an absolute path": (
        rewrite("manifest-sha256.txt", lambda content: content + LINE + b"/etc/passwd\n"),
        "leads out of the bag: /etc/passwd",
    ),
    "an escaped way out": (
        rewrite("manifest-sha256.txt", lambda content: content + LINE + b"data/..%2F\n"),
        "missing, though",
    ),
    "a manifest that is no text": (
        rewrite("manifest-sha256.txt", lambda content: content + b"\xff\n"),
        "is not text",
    ),
    "capital digits": (rewrite("manifest-sha256.txt", bytes.upper), "not a hash and a path"),
    "another version": (
        rewrite("bagit.txt", lambda content: content.replace(b"1.0", b"0.97")),
        "version 1.0",
    ),
    "another size said": (
        rewrite("bag-info.txt", lambda content: content.replace(b"9.2", b"9.3")),
        "states a payload of 9.3",
    ),
    "a link inside": (
        lambda bag: (bag / "data" / "link").symlink_to("a.json"),
        "neither a file nor a folder: data/link",
    ),
    "a link out of it": (
        lambda bag: (bag / "data" / "link").symlink_to("/etc/passwd"),
        "neither a file nor a folder: data/link",
    ),
    "a folder that is a link": (
        lambda bag: (bag / "more").symlink_to("/etc"),
        "neither a file nor a folder: more",
    ),
    "a pipe": (
        lambda bag: os.mkfifo(bag / "data" / "pipe"),
        "neither a file nor a folder: data/pipe",
    ),
    "a name that steers terminals": (
        add("data/\x1b[2J.json"),
        r"data/\x1b[2J.json",
    ),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_what_does_not_belong_is_detected(bag: Path, case: str) -> None:
    """Each is named, and neither followed nor read where it leads elsewhere."""
    tamper, message = TAMPERED[case]
    tamper(bag)
    assert message in faults_of(bag)


def test_a_huge_sparse_file_is_found_at_once(bag: Path) -> None:
    """Its size is enough: nothing is hashed."""
    with (bag / "data" / "a.json").open("r+b") as file:
        file.truncate(10 * 1024**3)
    began = time.monotonic()
    faults = faults_of(bag)
    assert time.monotonic() - began < 1
    assert "larger than a bag may hold: data/a.json (10,737,418,240 bytes)" in faults


def test_a_huge_sparse_manifest_is_not_read(bag: Path) -> None:
    """Nor is a tag file that nobody could have written."""
    with (bag / "manifest-sha256.txt").open("r+b") as file:
        file.truncate(10 * 1024**3)
    began = time.monotonic()
    assert "manifest-sha256.txt is missing or too large" in faults_of(bag)
    assert time.monotonic() - began < 1


def test_files_beside_the_tag_manifest_are_accounted_for(bag: Path) -> None:
    """Signatures have a list of their own: a changed, added or removed one is found, and hashes
    taken before are not taken again.
    """
    signature = bag / "tagmanifest-sha256.txt.p7s"
    signature.write_bytes(b"signature")
    assert f"{SUMS} is missing" in faults_of(bag)
    write_sums(bag, [signature.name])
    assert faults_of(bag) == ""
    assert bagit.Bag(str(bag)).validate()
    signature.write_bytes(b"another")
    write_sums(bag, [signature.name])
    assert "changed since it was archived: tagmanifest-sha256.txt.p7s" in faults_of(bag)
    signature.unlink()
    assert "missing, though" in faults_of(bag)
