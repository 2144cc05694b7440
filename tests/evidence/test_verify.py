"""`reporter verify`: no byte of a bag can change undetected, and every figure must follow from the
replies, whoever seals it again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from reporter import __version__
from reporter.audit.comparing import workbook_finding
from reporter.errors import EvidenceError
from reporter.evidence.bag import (
    Digests,
    Listing,
    hash_faults,
    hashes_of,
    look_into,
    structure_faults,
    write_sums,
)
from reporter.evidence.contents import provenance_of
from reporter.evidence.seals import read_pdf_signature
from reporter.evidence.signing import Signer
from reporter.evidence.verify import verify_bag
from tests.evidence.authorities import Root
from tests.evidence.conftest import Evidence
from tests.evidence.forging import (
    SIGNED,
    change_replies,
    of_another_version,
    paint,
    seal,
    with_rendered_pdf,
)

SHARDS = 8


def flips(content: bytes, step: int, first: int) -> Iterator[bytes]:
    """A content with one bit of a byte flipped, for each byte in turn; another bit each time."""
    for place in range(first, len(content), step):
        changed = bytearray(content)
        changed[place] ^= 1 << (place % 8)
        yield bytes(changed)


def unseen(bag: Path, step: int, first: int) -> list[str]:
    """The files of a bag in which a flipped bit is not found."""
    listing = look_into(bag)
    hashes = hashes_of(bag, listing.sizes)
    assert not structure_faults(listing)
    assert not hash_faults(listing, hashes)
    return [
        path
        for path in listing.sizes
        for content in flips((bag / path).read_bytes(), step, first)
        if not is_found(listing, hashes, path, content)
    ]


def is_found(listing: Listing, hashes: Mapping[str, Digests], path: str, content: bytes) -> bool:
    """Whether a file with another content is noticed."""
    digests = {name: hashlib.new(name, content).hexdigest() for name in ("sha256", "sha512")}
    if path in listing.texts:
        listing = replace(listing, texts={**listing.texts, path: content})
    return bool(structure_faults(listing) or hash_faults(listing, {**hashes, path: digests}))


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_byte_of_a_bag_can_change_undetected(home: Path, shard: int) -> None:
    """One bit of every byte of every file, one at a time: each is found."""
    assert unseen(home / "2026-10-v1", SHARDS, shard) == []


def test_a_flipped_bit_on_the_disk_is_found(home: Path) -> None:
    """As `verify` reads it, for some bytes of each file."""
    bag = home / "2026-10-v1"
    for path in [path for path in bag.rglob("*") if path.is_file()]:
        content = path.read_bytes()
        for changed in flips(content, max(1, len(content) // 3), 1):
            path.write_bytes(changed)
            assert not verify_bag(bag).valid, path
        path.write_bytes(content)
    assert verify_bag(bag).valid


@pytest.mark.slow
def test_every_record_of_the_chain_is_accounted_for(checked: Evidence, home: Path) -> None:
    """A flipped bit in a record, a signature or a time stamp of the chain is found as well."""
    for path in sorted((home / "chain").iterdir()):
        content = path.read_bytes()
        for changed in flips(content, max(1, len(content) // 2), 1):
            path.write_bytes(changed)
            result = checked.run("verify", home / "2026-10-v1")
            assert result.exit_code == 1, path
        path.write_bytes(content)


Tamper = Callable[[Path], object]


def test_a_page_painted_over_is_not_the_page_that_was_signed(home: Path) -> None:
    """What is added behind the signature is found, though every signed byte is still there."""
    path = home / "2026-10-v1" / "data" / "report.pdf"
    read_pdf_signature(path)
    paint(path)
    with pytest.raises(EvidenceError, match="changed after it was signed"):
        read_pdf_signature(path)


def change_json(bag: Path) -> None:
    """A success more."""
    path = bag / "data" / "report.json"
    report = json.loads(path.read_bytes())
    report["totals"]["success"] += 1
    path.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")


def change_workbook(bag: Path) -> None:
    """One number of a sheet."""
    path = bag / "data" / "report.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book["Modules"]
    cell = next(cell for row in sheet.iter_rows() for cell in row if cell.value == 10)
    cell.value = 11
    book.save(path)


def change_reply(bag: Path) -> None:
    """A failure that the service reported becomes a success."""
    change_replies(bag, lambda content: content.replace(b'"Failed"', b'"Finished"'))


def change_target(bag: Path) -> None:
    """A target that is easier to meet."""
    path = bag / "data" / "configuration.json"
    path.write_bytes(path.read_bytes().replace(b'_rate": 0.95', b'_rate": 0.5'))


def break_replies(bag: Path) -> None:
    path = bag / "data" / "replies.json"
    path.write_bytes(path.read_bytes()[:-30])


def lose_reply(bag: Path) -> None:
    next((bag / "data" / "replies").iterdir()).unlink()


SEALED_ANEW: dict[str, tuple[Tamper, str]] = {
    "JSON": (change_json, "figures: not what follows from the replies: totals.success is"),
    "workbook": (change_workbook, "workbook: not what follows from the replies: Modules"),
    "PDF": (lambda bag: with_rendered_pdf(bag, paint), "PDF's text: "),
    "reply": (change_reply, "figures: not what follows from the replies"),
    "target": (change_target, "figures: not what follows from the replies"),
    "index": (break_replies, "recomputed: not possible"),
    "lost reply": (lose_reply, "recomputed: not possible"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", SEALED_ANEW)
def test_a_bag_that_is_sealed_anew_does_not_follow_from_its_replies(
    evidence: Evidence, bag: Path, case: str
) -> None:
    """Changing a figure and making all hashes fit is detected by recomputing it, and by the chain,
    which has another bag.
    """
    tamper, message = SEALED_ANEW[case]
    alone = evidence.folder / "alone"
    shutil.copytree(bag, alone)
    tamper(alone)
    seal(alone)
    verdict = evidence.verdict(alone)
    assert message in verdict["failed"]
    assert (verdict["structure"], verdict["files"]) == ("ok", "ok")
    chained = evidence.verdict(alone, "--chain", bag.parent)
    assert "the chain has no record of this bag" in chained["failed"]


def test_a_bag_that_is_sealed_anew_is_not_signed(checked: Evidence, home: Path) -> None:
    """Without the key the signature is missing or by somebody else, and the PDF's own signature
    does not match it.
    """
    bag = home / "2026-10-v1"
    before = (bag / f"{SIGNED}.p7s").read_bytes()
    change_json(bag)
    seal(bag)
    assert "signature: it is missing, though one was made" in checked.verdict(bag)["failed"]
    (bag / f"{SIGNED}.p7s").write_bytes(before)
    write_sums(bag, [f"{SIGNED}.p7s"])
    assert "signature: The signature belongs to something else" in checked.verdict(bag)["failed"]
    key = ec.generate_private_key(ec.SECP256R1())
    forger = Root.make().issue("Contoso Managed Services", key)
    seal(bag, Signer(key, forger))
    failures = checked.verdict(bag, "--trust", "root.pem")["failed"]
    assert "signature: it is not by a certificate you trust" in failures
    assert "PDF: it is signed by a different certificate than the bag" in failures


def test_an_unsigned_bag_does_not_pass_where_a_signature_is_required(
    evidence: Evidence, bag: Path, home: Path
) -> None:
    """A bag stripped of its signature does not pass."""
    failures = evidence.verdict(bag, "--trust", evidence.folder / "root.pem")["failed"]
    assert "signature: there is none, though --trust requires one" in failures


@pytest.mark.parametrize(
    "tamper",
    [
        lambda bag: (bag / "data" / "extra.txt").write_text("x"),
        lambda bag: (bag / "NOTES.txt").write_text("x"),
        lambda bag: (bag / "data" / "link").symlink_to("/etc/passwd"),
        lambda bag: (bag / "data" / "report.json").unlink(),
        lambda bag: (bag / "data" / "report.json").write_text("{}"),
        lambda bag: (bag / f"{SIGNED}.p7s").unlink(),
        lambda bag: (bag / f"{SIGNED}.p7s").write_bytes(b"x"),
        lambda bag: (bag / f"{SIGNED}.p7s.tsr").unlink(),
        lambda bag: (bag / f"{SIGNED}.p7s.tsr").write_bytes(b"x"),
        lambda bag: (bag / SIGNED).write_bytes((bag / SIGNED).read_bytes()[:-70]),
        lambda bag: (bag / "manifest-sha512.txt").write_text(""),
        lambda bag: paint(bag / "data" / "report.pdf"),
    ],
)
def test_the_script_in_the_bag_detects_it_too(home: Path, tamper: Tamper) -> None:
    """With sha256sum, find, sort and openssl alone."""
    bag = home / "2026-10-v1"
    whole = subprocess.run(["sh", "verify.sh"], cwd=bag, capture_output=True, text=True)
    assert whole.returncode == 0, whole.stdout
    tamper(bag)
    run = subprocess.run(["sh", "verify.sh"], cwd=bag, capture_output=True, text=True)
    assert run.returncode == 1, run.stdout
    assert "FAILED" in run.stdout
    assert "NOT VALID." in run.stdout
    assert not verify_bag(bag).valid


def test_the_verdict_is_for_people_and_for_machines(checked: Evidence, home: Path) -> None:
    """A line for each check and one for all; the same as JSON; exit status 0 and 1."""
    result = checked.verify(home, "--trust", "root.pem")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "VALID: all checks hold."
    assert result.stdout.count("  ok      ") == len(result.stdout.splitlines()) - 4
    (home / "2026-09-v1" / "data" / "report.json").write_bytes(b"{}")
    result = checked.verify(home)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (1, "NOT VALID.")
    assert "FAILED  structure: bag-info.txt states a payload of" in result.stdout
    answer = json.loads(checked.verify(home, "--json").stdout)
    assert answer["valid"] is False
    assert [entry["valid"] for entry in answer["verdicts"]] == [False, True, True]


def test_what_is_not_a_bag_is_not_valid(checked: Evidence, home: Path) -> None:
    """An empty folder, all customers' folders, the chain, a file, a folder that is not there, a bag
    that cannot be read.
    """
    empty = checked.folder / "empty"
    empty.mkdir()
    for folder in (empty, home.parent, home / "chain"):
        result = checked.verify(folder)
        assert result.exit_code == 2
        assert "is not a bag" in result.stderr
    assert checked.verify(checked.folder / "root.pem").exit_code == 2
    assert checked.verify(checked.folder / "nowhere").exit_code == 2
    assert checked.verify(home, "--trust", home / "2026-10-v1" / "bagit.txt").exit_code == 2
    shutil.rmtree(home / "chain")
    (home / "chain").mkdir()
    assert "it has no records" in checked.verdict(home)["failed"]


def test_another_version_of_the_program_compares_what_can_be_compared(
    evidence: Evidence,
    bag: Path,
) -> None:
    """Where it was made with other libraries, cells and words are compared instead of bytes. What
    is not compared, such as pictures and looks, is not called the same.
    """
    of_another_version(bag)
    book = openpyxl.load_workbook(bag / "data" / "report.xlsx")
    book.save(bag / "data" / "report.xlsx")  # the same cells in other bytes
    seal(bag)
    alone = evidence.folder / "alone"
    bag.rename(alone)
    verdict = evidence.verdict(alone)
    assert verdict["failed"] == ""
    assert (verdict["figures"], verdict["workbook"]) == ("ok", "absent")
    printed = evidence.verify(alone).stdout
    assert "absent  workbook: not fully compared: every cell holds the same" in printed
    assert printed.splitlines()[-1] == (
        "VALID: all checks hold; without signature, time stamp, history, workbook."
    )


def test_another_version_names_itself_in_its_workbook(bag: Path, tmp_path: Path) -> None:
    """That cell differs from the one this version fills, as it should."""
    provenance = provenance_of(bag)
    path = tmp_path / "report.xlsx"
    book = openpyxl.load_workbook(bag / "data" / "report.xlsx")
    name, other_name = f"backup-reporter {__version__}", "backup-reporter 0.0.9"
    (cell,) = (cell for cell in book["About"]["A"] if name in str(cell.value))
    cell.value = str(cell.value).replace(name, other_name)
    book.save(path)
    of_other = replace(provenance, tools=replace(provenance.tools, program="0.0.9"))
    workbook = bag / "data" / "report.xlsx"
    assert workbook_finding(path, workbook, of_other, same_tools=False).good is None
    finding = workbook_finding(path, workbook, provenance, same_tools=False)
    assert finding.good is False
    assert other_name in finding.detail


@pytest.mark.slow
def test_another_environment_gives_the_same_result(evidence: Evidence) -> None:
    """In another process, time zone, locale and order of hashes, byte for byte."""
    evidence.configure(look='locale = "de"\n[brand]\nname = "Contoso Managed Services"')
    evidence.render()
    bag = evidence.archive()
    run = subprocess.run(
        [sys.executable, "-m", "reporter", "verify", bag],
        cwd=evidence.folder,
        env={"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("byte for byte") == 2
