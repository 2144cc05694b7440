"""Signatures and time stamps: as openssl and others read them, and what happens without."""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bagit
import pytest
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from rfc3161_client import VerifierBuilder, decode_timestamp_response

from reporter.evidence.timestamp import read_stamp
from tests.certificates import Key
from tests.evidence.authorities import Root, serve, write_pem, write_pfx
from tests.evidence.conftest import Evidence
from tests.validators.__main__ import CannotRun, vera

SIGNED = "tagmanifest-sha256.txt"
OPENSSL_CMS = ("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-out", "/dev/null")


def openssl(*arguments: object, folder: Path) -> bool:
    run = subprocess.run([str(argument) for argument in arguments], cwd=folder, capture_output=True)
    return run.returncode == 0


def is_signed(folder: Path, name: str, trusted: Path) -> bool:
    """What openssl says of the signature beside a file."""
    files = ("-in", f"{name}.p7s", "-content", name)
    more = ("-CAfile", trusted, "-purpose", "any", "-partial_chain")
    return openssl(*OPENSSL_CMS, *files, *more, folder=folder)


def is_stamped(folder: Path, name: str, trusted: Path) -> bool:
    """What openssl says of the time stamp of a file."""
    files = ("-in", f"{name}.tsr", "-data", name)
    return openssl("openssl", "ts", "-verify", *files, "-CAfile", trusted, folder=folder)


def key_of(kind: str) -> Key:
    return (
        rsa.generate_private_key(65537, 2048)
        if kind == "RSA"
        else ec.generate_private_key(ec.SECP256R1())
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["RSA", "EC"])
@pytest.mark.parametrize("form", ["PKCS #12", "PEM"])
def test_an_archive_is_signed_as_openssl_reads_it(
    evidence: Evidence, root: Root, kind: str, form: str
) -> None:
    """Bag and record, by either kind of key in either kind of file; trusted by their root, and by
    no other.
    """
    folder, key = evidence.folder, key_of(kind)
    certificate = root.issue("Contoso", key)
    if form == "PEM":
        write_pem(folder / "signing.pem", certificate, key=key)
        evidence.configure('certificate = "signing.pem"')
    else:
        write_pfx(folder / "signing.pfx", key, certificate, root.certificate)
        evidence.configure('certificate = "signing.pfx"', 'certificate_password = "secret"')
    trusted = write_pem(folder / "root.pem", root.certificate)
    other = write_pem(folder / "other.pem", Root.make().certificate)
    bag = evidence.archive()
    assert is_signed(bag, SIGNED, trusted)
    assert is_signed(bag.parent / "chain", "0001-2026-10-v1.json", trusted)
    assert not is_signed(bag, SIGNED, other)
    assert bagit.Bag(str(bag)).validate()
    assert evidence.verdict(bag, "--trust", trusted)["signature"] == "ok"
    assert evidence.verdict(bag, "--trust", bag / "certificates.pem")["signature"] == "ok"
    assert "not by a certificate you trust" in evidence.verdict(bag, "--trust", other)["failed"]
    run = subprocess.run(["sh", "verify.sh"], cwd=bag, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert "absent  time stamp: none" in run.stdout


def test_an_archive_is_stamped_as_others_read_it(
    evidence: Evidence, signing: Sequence[str], authority: str, root: Root
) -> None:
    """By openssl and by another client; over the signature, so that it dates both."""
    evidence.configure(*signing, f'timestamp_url = "{authority}"')
    bag = evidence.archive()
    trusted = evidence.folder / "root.pem"
    assert is_stamped(bag, f"{SIGNED}.p7s", trusted)
    assert is_stamped(bag.parent / "chain", "0001-2026-10-v1.json.p7s", trusted)
    reply = (bag / f"{SIGNED}.p7s.tsr").read_bytes()
    signature = (bag / f"{SIGNED}.p7s").read_bytes()
    verifier = VerifierBuilder().add_root_certificate(root.certificate).build()
    assert verifier.verify_message(decode_timestamp_response(reply), signature)
    assert abs(read_stamp(reply, signature).time - datetime.now(UTC)) < timedelta(minutes=1)
    assert bagit.Bag(str(bag)).validate()
    verdict = json.loads(evidence.verify(bag, "--json").stdout)
    assert [(entry["signed"], entry["stamped"]) for entry in verdict["verdicts"]] == [
        (True, True)
    ] * 2
    for arguments in ([], [trusted]):
        run = ["sh", "verify.sh", *map(str, arguments)]
        assert subprocess.run(run, cwd=bag, capture_output=True).returncode == 0


def test_an_unsigned_archive_can_be_stamped(evidence: Evidence, authority: str, root: Root) -> None:
    """The tag manifest itself is stamped then, and every check says so."""
    evidence.configure(f'timestamp_url = "{authority}"')
    bag = evidence.archive()
    assert is_stamped(bag, SIGNED, write_pem(evidence.folder / "root.pem", root.certificate))
    verdict = evidence.verdict(bag.parent)
    assert (verdict["signature"], verdict["time stamp"]) == ("absent", "ok")
    assert subprocess.run(["sh", "verify.sh"], cwd=bag, capture_output=True).returncode == 0


@pytest.mark.parametrize("stamped", [False, True])
def test_the_pdf_is_signed_inside(
    evidence: Evidence, signing: Sequence[str], authority: str, root: Root, stamped: bool
) -> None:
    """PAdES, all of it, trusted by the root; what was rendered is its beginning, and its hash is
    kept.
    """
    evidence.configure(*signing, *([f'timestamp_url = "{authority}"'] if stamped else []))
    bag = evidence.archive()
    (rendered,) = evidence.folder.glob("reports/2026-10/*/*.pdf")
    path = bag / "data" / "report.pdf"
    assert path.read_bytes().startswith(rendered.read_bytes())
    provenance = json.loads((bag / "data/provenance.json").read_bytes())
    assert provenance["pdf_unsigned_sha256"] == hashlib.sha256(rendered.read_bytes()).hexdigest()
    assert provenance["pdf_signature"] == ("PAdES B-T" if stamped else "PAdES B-B")
    own_root = asn1_x509.Certificate.load(root.certificate.public_bytes(Encoding.DER))
    trusted = ValidationContext(trust_roots=[own_root])
    with path.open("rb") as file:
        (signature,) = PdfFileReader(file).embedded_signatures
        status = validate_pdf_signature(signature, trusted)
    assert status.bottom_line
    assert status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    assert (status.timestamp_validity is not None) == stamped


@pytest.mark.slow
def test_a_signed_pdf_is_archival_and_accessible(
    evidence: Evidence, signing: Sequence[str], authority: str
) -> None:
    """VeraPDF's verdict on PDF/A-3a and PDF/UA-1 is the same after signing."""
    evidence.configure(*signing, f'timestamp_url = "{authority}"')
    path = evidence.archive() / "data" / "report.pdf"
    try:
        assert vera([path], "3a,ua1") == {path: ""}
    except CannotRun as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (['certificate_password = "wrong"'], "cannot be opened"),
        ([], "cannot be opened"),
    ],
)
@pytest.mark.usefixtures("signing")
def test_a_wrong_password_is_reported(
    evidence: Evidence, lines: Sequence[str], message: str
) -> None:
    """Nothing is written; it is a usage error, not a customer's."""
    evidence.configure('certificate = "signing.pfx"', *lines)
    result = evidence.run("archive", "--period", "2026-10")
    assert (result.exit_code, message in result.stderr) == (2, True)
    assert "certificate_password" in result.stderr
    assert not (evidence.folder / "archive").exists()


@pytest.mark.parametrize(
    ("begins", "ends", "message"),
    [(-20, -1, "expired on"), (1, 20, "is valid from")],
)
def test_a_certificate_that_is_not_valid_now_signs_nothing(
    evidence: Evidence, root: Root, begins: int, ends: int, message: str
) -> None:
    """Expired, or not valid yet: reported before anything is written."""
    key = key_of("EC")
    certificate = root.issue(
        "Contoso", key, begins=timedelta(days=begins), ends=timedelta(days=ends)
    )
    write_pfx(evidence.folder / "signing.pfx", key, certificate)
    evidence.configure('certificate = "signing.pfx"', 'certificate_password = "secret"')
    result = evidence.run("archive", "--period", "2026-10")
    assert (result.exit_code, message in result.stderr) == (2, True)
    assert not (evidence.folder / "archive").exists()


def test_check_says_whether_archives_are_signed(evidence: Evidence, signing: Sequence[str]) -> None:
    """By whom and until when; or that they are not, or why they cannot be."""
    for lines, line in (
        (signing, "ok      evidence: archives are signed by CN=Contoso Managed Services"),
        ((), "absent  evidence: archives are not signed"),
        (signing[:1], "FAILED  evidence: The certificate"),
    ):
        evidence.configure(*lines)
        assert line in evidence.run("check").stdout


def test_other_keys_and_files_are_refused(evidence: Evidence, root: Root) -> None:
    """A curve few can check, a certificate of another key, no certificate at all, and one that
    others may read.
    """
    path = evidence.folder / "signing.pem"
    evidence.configure('certificate = "signing.pem"')
    curve, key, other = ec.generate_private_key(ec.SECP384R1()), key_of("EC"), key_of("EC")
    for write, message in (
        (lambda: write_pem(path, root.issue("C", curve), key=curve), "RSA nor EC P-256"),
        (lambda: write_pem(path, root.issue("C", other), key=key), "belongs to its key"),
        (lambda: write_pem(path, key=key), "cannot be opened"),
        (lambda: write_pem(path, root.issue("C", key), key=key).chmod(0o644), "chmod 600"),
        (path.unlink, "cannot be read"),
    ):
        write()
        result = evidence.run("archive", "--period", "2026-10")
        assert (result.exit_code, message in result.stderr) == (2, True), result.stderr
    assert not (evidence.folder / "archive").exists()


NONSENSE = {
    "an error": (500, b""),
    "nothing": (200, b""),
    "a page": (200, b"<html>Welcome</html>"),
    "a refusal": (200, bytes.fromhex("30053003020102")),
    "more than anybody reads": (200, b"0" * (3 << 20)),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", NONSENSE)
def test_an_authority_that_answers_nonsense_leaves_no_stamp(
    evidence: Evidence, signing: Sequence[str], case: str
) -> None:
    """The archive is made and signed without one; that is reported, and `verify` does not
    pass it.
    """
    queries = []

    def answer(query: bytes) -> tuple[int, bytes]:
        queries.append(query)
        return NONSENSE[case]

    with serve(answer) as url:
        evidence.configure(*signing, f'timestamp_url = "{url}"')
        result = evidence.run("archive", "--period", "2026-10")
    assert result.exit_code == 0, result.output
    assert "Without a time stamp: The time-stamp authority http://127.0.0.1" in result.stderr
    assert len(queries) == 1
    bag = evidence.folder / result.stdout.splitlines()[-1]
    assert not list(bag.rglob("*.tsr"))
    verdict = evidence.verdict(bag)
    assert (verdict["signature"], verdict["PDF"]) == ("ok", "ok")
    assert "time stamp: it is missing" in verdict["failed"]
    assert subprocess.run(["sh", "verify.sh"], cwd=bag, capture_output=True).returncode == 1


def test_a_stamp_of_something_else_does_not_count(
    evidence: Evidence, signing: Sequence[str], authority: str
) -> None:
    """An authority that replays an old reply is detected."""
    import requests

    from reporter.evidence.timestamp import Authority

    replies: list[bytes] = []

    def record(query: bytes) -> tuple[int, bytes]:
        if not replies:
            replies.append(requests.post(authority, query, timeout=5).content)
        return 200, replies[0]

    with serve(record) as url:
        Authority(url).stamp(b"something else")
        evidence.configure(*signing, f'timestamp_url = "{url}"')
        result = evidence.run("archive", "--period", "2026-10")
    assert "sent no valid time stamp" in result.stderr
    assert not list((evidence.folder / "archive").rglob("*.tsr"))


@pytest.mark.slow
def test_what_an_authority_left_without_a_stamp_is_stamped_later(
    evidence: Evidence, signing: Sequence[str], authority: str
) -> None:
    """By any later run over the customer, with no other byte changed; then everything verifies."""
    began = time.monotonic()
    evidence.configure(*signing, 'timestamp_url = "http://127.0.0.1:9/tsa"')
    result = evidence.run("archive", "--period", "2026-10")
    assert time.monotonic() - began < 20
    assert "cannot be reached" in result.stderr
    bag = evidence.folder / result.stdout.splitlines()[-1]
    before = {path: path.read_bytes() for path in bag.parent.rglob("*") if path.is_file()}
    evidence.configure(*signing, f'timestamp_url = "{authority}"')
    evidence.archive()
    after = {path: path.read_bytes() for path in bag.parent.rglob("*") if path.is_file()}
    assert {path.suffix for path in after.keys() - before.keys()} == {".tsr"}
    changed = {path.name for path in before if after[path] != before[path]}
    assert changed == {"signatures-sha256.txt"}
    assert evidence.verdict(bag.parent)["failed"] == ""
    assert is_stamped(bag, f"{SIGNED}.p7s", evidence.folder / "root.pem")


@pytest.mark.slow
def test_signatures_hold_when_the_certificate_has_expired(evidence: Evidence, root: Root) -> None:
    """What counts is whether it was valid then, for the program and for the script."""
    key = key_of("EC")
    soon = timedelta(seconds=8)
    write_pfx(evidence.folder / "signing.pfx", key, root.issue("Contoso", key, ends=soon))
    began = time.monotonic()
    evidence.configure('certificate = "signing.pfx"', 'certificate_password = "secret"')
    bag = evidence.archive()
    trusted = write_pem(evidence.folder / "root.pem", root.certificate)
    time.sleep(max(0.0, 9 - (time.monotonic() - began)))
    assert evidence.run("archive", "--period", "2026-10").exit_code == 2
    assert evidence.verdict(bag, "--trust", trusted)["failed"] == ""
    assert subprocess.run(["sh", "verify.sh"], cwd=bag, capture_output=True).returncode == 0
