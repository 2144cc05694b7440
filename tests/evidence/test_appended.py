"""What follows the rendered bytes of a PDF must be what signing writes, byte for byte."""

from __future__ import annotations

import json
import shutil
import subprocess
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from weasyprint import HTML

from reporter.evidence.appended import fault_of_addition
from reporter.evidence.seals import read_pdf_signature
from reporter.evidence.signing import Signer
from tests.evidence.authorities import Root, write_pfx
from tests.evidence.conftest import Evidence
from tests.evidence.forging import change_part, seal
from tests.evidence.updates import Entry, Update

OLD = Path(__file__).parent / "signed_by_0.1.0"
FORGED = b"EVERY BACKUP SUCCEEDED"
OTHER_TEXT = "changes the metadata of the document"
OTHER_TABLE = "has a cross-reference table that does not match its objects"


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    path, root = tmp_path_factory.mktemp("signer") / "signing.pfx", Root.make()
    key = ec.generate_private_key(ec.SECP256R1())
    write_pfx(path, key, root.issue("Contoso", key), root.certificate)
    return Signer.load(path, "secret", datetime.now(UTC))


def sign(folder: Path, signer: Signer, title: str = "Backup report") -> Update:
    """What signing appends to a small document."""
    rendered, signed = folder / "rendered.pdf", folder / "signed.pdf"
    page = (
        f"<html lang=en><title>{title}</title>"
        "<meta name=dcterms.modified content=2026-11-01T06:00:00Z><p>92.0 % of backups succeeded"
    )
    HTML(string=page).write_pdf(rendered, pdf_variant="pdf/a-3a")
    signer.sign_pdf(rendered, signed, None)
    size = rendered.stat().st_size
    assert fault_of_addition(signed.read_bytes(), size) is None
    return Update(signed.read_bytes(), size)


@pytest.fixture
def update(tmp_path: Path, signer: Signer) -> Update:
    return sign(tmp_path, signer)


def fault_of(update: Update, signer: Signer, folder: Path) -> str | None:
    """The finding on an update whose signature is good in any case."""
    path = folder / "update.pdf"
    path.write_bytes(update.signed_by(signer))
    fault = fault_of_addition(path.read_bytes(), len(update.rendered))
    assert fault or read_pdf_signature(path)
    return fault


def test_an_update_laid_out_again_is_what_signing_writes(
    update: Update, signer: Signer, tmp_path: Path
) -> None:
    """So that the tests detect only what they change."""
    assert fault_of(update, signer, tmp_path) is None


@pytest.mark.parametrize("name", ["rsa", "ec-stamped"])
def test_signatures_of_version_0_1_0_are_recognised(name: str) -> None:
    """With either kind of key, with and without a time stamp: bags are checked years later."""
    content = (OLD / f"{name}.pdf").read_bytes()
    rendered = content.index(b"%%EOF\n") + len(b"%%EOF\n")
    assert fault_of_addition(content, rendered) is None


def hide_a_page(update: Update) -> None:
    """Put another page into the metadata, in a comment, and have a program that looks for objects
    itself look for them: an entry of an unknown type looks like damage to it.
    """
    page = update.reader.find_page_for_modification(0)[0].get_object()
    text = b"BT /F1 24 Tf 40 700 Td (%s) Tj ET" % FORGED
    font = b"<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    place = page.raw_get("/Contents").idnum
    hidden = (
        b"%d 0 obj\n<< /Type /Pages /Kids [ %d 0 R ] /Count 1 >>\nendobj\n"
        b"%d 0 obj\n<< /Type /Page /Parent %d 0 R /MediaBox [ 0 0 595 842 ] /Contents %d 0 R"
        b" /Resources %s >>\nendobj\n"
        b"%d 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n"
        b"trailer\n<< /Size 1000 /Root %d 0 R >>\n"
        % (
            *(update.pages, update.page, update.page, update.pages, place, font),
            *(place, len(text), text, update.catalog),
        )
    )
    update.say(update.xmp + b"\n<!--\nendstream\nendobj\n" + hidden + b"-->\n", pack=None)
    add_odd_entry(update)


def add_odd_entry(update: Update) -> None:
    update.table.change = lambda entries: [*entries, (entries[-1][0] + 8, 3, 0, 0)]


def test_no_other_page_is_hidden_for_programs_that_search_for_it(
    update: Update, signer: Signer, tmp_path: Path
) -> None:
    """Poppler shows that page although the signature is good, so it must not pass."""
    hide_a_page(update)
    assert fault_of(update, signer, tmp_path) == OTHER_TEXT
    if shutil.which("pdftotext") is None:
        pytest.skip("without Poppler nobody knows whether this test is about anything")
    run = ["pdftotext", str(tmp_path / "update.pdf"), "-"]
    text = subprocess.run(run, capture_output=True, check=True).stdout
    assert FORGED in text
    assert b"92.0 %" not in text


def backwards(entries: list[Entry]) -> list[Entry]:
    return [entries[-2], *entries]


def twice(entries: list[Entry]) -> list[Entry]:
    """The field, where the form is; and then where it is."""
    form, field = entries[-4], entries[-3]
    return [*entries[:-3], (field[0], *form[1:]), *entries[-3:]]


def freed(entries: list[Entry]) -> list[Entry]:
    return [entries[0], (3, 0, 0, 1), *entries[1:]]


TABLES: dict[str, Callable[[Update], object]] = {
    "an entry of type 3": add_odd_entry,
    "numbers that run backwards": lambda update: setattr(update.table, "change", backwards),
    "an object twice": lambda update: setattr(update.table, "change", twice),
    "an object freed": lambda update: setattr(update.table, "change", freed),
    "no first entry": lambda update: setattr(update.table, "change", lambda entries: entries[1:]),
    "places in 9 bytes": lambda update: setattr(update.table, "widths", (1, 9, 2)),
    "places in 20 bytes": lambda update: setattr(update.table, "widths", (1, 20, 2)),
    "places in 4 bytes": lambda update: setattr(update.table, "widths", (1, 4, 2)),
    "generations in 9 bytes": lambda update: setattr(update.table, "widths", (1, 8, 9)),
    "more than 2^31 objects": lambda update: setattr(update.table, "size", 2**31 + 5),
    "10^12 objects": lambda update: setattr(update.table, "size", 10**12),
    "fewer objects than there are": lambda update: setattr(update.table, "size", 6),
    "something behind it": lambda update: setattr(
        update.table, "pack", lambda rows: zlib.compress(rows) + b"\n7 0 obj\n"
    ),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_table_is_that_of_its_objects(
    update: Update, signer: Signer, tmp_path: Path, case: str
) -> None:
    """Any other table is read in different ways, or not at all by some programs."""
    TABLES[case](update)
    assert fault_of(update, signer, tmp_path) == OTHER_TABLE


def put_before(mark: bytes, text: bytes) -> Callable[[Update], None]:
    """Add a statement to the metadata."""

    def change(update: Update) -> None:
        xmp = update.xmp
        assert mark in xmp
        update.say(xmp.replace(mark, text + mark, 1))

    return change


def replaced(role: str, old: bytes, new: bytes) -> Callable[[Update], None]:
    return lambda update: update.replace(getattr(update, role), old, new)


def put_behind_the_signature(update: Update) -> None:
    update.before_end = b"\n" + b" " * 700 + b"\n"


TEXTS: dict[str, Callable[[Update], object]] = {
    "a producer": replaced("information", b"pyHanko 0", b"Audited by pyHanko 0"),
    "a producer behind the first": replaced("information", b"\\0560)", b"\\0560 approved)"),
    "a title": replaced("information", b"(Backup report)", b"(All succeeded)"),
    "a keyword": replaced("information", b"\n>>", b"\n/Keywords (All succeeded)\n>>"),
    "no time": replaced("information", b"/ModDate (D\\0722", b"/ModDate (X\\0722"),
    "a comment in the information": replaced("information", b"<<\n", b"<<\n% approved\n"),
    "a title in the metadata": put_before(b"Backup report", b"Approved: "),
    "a comment in the metadata": put_before(b"<rdf:RDF", b"<!-- approved -->"),
    "an instruction in the metadata": put_before(b"<rdf:RDF", b"<?approved?>"),
    "a text in the metadata": put_before(b"</rdf:RDF>", b"approved"),
    "a description in the metadata": put_before(
        b"</rdf:RDF>", b'<rdf:Description xmlns:x="x:" x:approved="yes"/>'
    ),
    "something around the metadata": put_before(b"<rdf:RDF", b"<approved/>"),
    "a producer in the metadata": put_before(b'pyHanko 0.38', b"Audited by "),
    "a toolkit in the metadata": put_before(b"pyHanko", b"Audited by "),
    "metadata that are not packed": lambda update: update.say(update.xmp, pack=None),
    "something behind the metadata": lambda update: update.say(
        update.xmp, lambda xmp: zlib.compress(xmp) + b"\n7 0 obj\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TEXTS)
def test_a_signature_adds_no_statement_about_the_document(
    update: Update, signer: Signer, tmp_path: Path, case: str
) -> None:
    """Programs show a document's metadata, and readers take it for the provider's word."""
    TEXTS[case](update)
    assert fault_of(update, signer, tmp_path) == OTHER_TEXT


DRAWN: dict[str, Callable[[Update], object]] = {
    "a note": replaced("field", b"/Subtype /Widget", b"/Subtype /Text"),
    "a name": replaced("field", b"/T (Signature)", b"/T (All succeeded)"),
    "a place": replaced("field", b"/Rect [ 0 0 0 0 ]", b"/Rect [ 0 0 600 800 ]"),
    "other flags": replaced("field", b"/F 132", b"/F 4"),
    "a comment": replaced("field", b"<<\n", b"<<\n% all succeeded\n"),
    "a name in other letters": replaced("field", b"/Widget", b"/Widge#74"),
}


@pytest.mark.parametrize("case", DRAWN)
def test_the_field_of_a_signature_shows_nothing(
    update: Update, signer: Signer, tmp_path: Path, case: str
) -> None:
    """Some programs draw a symbol for a note even if it has no size."""
    DRAWN[case](update)
    assert fault_of(update, signer, tmp_path) == "shows something"


SIGNATURES: dict[str, Callable[[Update], object]] = {
    "a reason": replaced("signature", b"/Type /Sig\n", b"/Type /Sig\n/Reason (All succeeded)\n"),
    "another permission": replaced("signature", b"/P 1\n", b"/P 3\n"),
    "a handler": replaced("signature", b"/Adobe.PPKLite", b"/Other"),
    "a comment": replaced("signature", b"/Type /Sig\n", b"/Type /Sig\n% all succeeded\n"),
}


@pytest.mark.parametrize("case", SIGNATURES)
def test_a_signature_contains_nothing_else(
    update: Update, signer: Signer, tmp_path: Path, case: str
) -> None:
    SIGNATURES[case](update)
    assert fault_of(update, signer, tmp_path) == "contains more than a signature"


def test_nothing_follows_the_signature_in_its_space(
    update: Update, signer: Signer, tmp_path: Path
) -> None:
    """The space reserved for it is larger than the signature, and is not signed."""
    content = update.signed_by(signer)
    room = content.rindex(b"00>\n/ByteRange")
    changed = content[:room] + b"41" + content[room + 2 :]
    fault = fault_of_addition(changed, len(update.rendered))
    assert fault == "contains more than a signature"


DOCUMENT: dict[str, tuple[Callable[[Update], object], str]] = {
    "an action": (
        replaced("catalog", b"/AcroForm", b"/OpenAction << /S /Print >>\n/AcroForm"),
        "changes the document as a whole",
    ),
    "an extension": (
        replaced("catalog", b"/ExtensionLevel 1\n", b"/ExtensionLevel 2\n"),
        "changes the document as a whole",
    ),
    "a form to be drawn": (
        replaced("form", b"/SigFlags 3", b"/SigFlags 3\n/NeedAppearances true"),
        "changes the document as a whole",
    ),
    "another size": (
        replaced("page", b"/MediaBox [ 0 0 5", b"/MediaBox [ 0 0 4"),
        "changes a page",
    ),
    "room before the end": (put_behind_the_signature, "has bytes that belong to no object"),
}


@pytest.mark.parametrize("case", DOCUMENT)
def test_a_signature_changes_nothing_else(
    update: Update, signer: Signer, tmp_path: Path, case: str
) -> None:
    change, fault = DOCUMENT[case]
    change(update)
    assert fault_of(update, signer, tmp_path) == fault


def test_what_is_packed_cannot_be_read_without_unpacking(signer: Signer, tmp_path: Path) -> None:
    """A title may contain what programs search for, but not where they would find it."""
    update = sign(tmp_path, signer, title="7 0 obj")
    assert fault_of(update, signer, tmp_path) is None
    xmp = update.xmp
    update.say(xmp, lambda data: zlib.compress(data, 1))
    assert fault_of(update, signer, tmp_path) is None
    update.say(xmp, lambda data: zlib.compress(data, 0))
    assert fault_of(update, signer, tmp_path) == OTHER_TEXT


@pytest.mark.parametrize(
    "change",
    [hide_a_page, TABLES["numbers that run backwards"], TEXTS["a producer"]],
    ids=["a hidden page", "a table that runs backwards", "a producer"],
)
def test_a_bag_with_such_a_pdf_is_not_valid(
    evidence: Evidence, signing: tuple[str, ...], change: Callable[[Update], object]
) -> None:
    """Even though it is signed by the provider, and everything else in the bag is as it
    should be.
    """
    evidence.configure(*signing)
    signer = Signer.load(evidence.folder / "signing.pfx", "secret", datetime.now(UTC))
    bag = evidence.archive()
    path = bag / "data" / "report.pdf"
    provenance = json.loads((bag / "data" / "provenance.json").read_bytes())
    update = Update(path.read_bytes(), provenance["pdf_unsigned_bytes"])
    change(update)
    path.write_bytes(update.signed_by(signer))
    change_part(bag, "provenance", pdf_signature="PAdES B-B")
    seal(bag, signer)
    alone = evidence.folder / "alone"
    bag.rename(alone)
    failed = evidence.verdict(alone, "--trust", "root.pem")["failed"]
    assert failed.startswith("PDF: what was added to it after rendering "), failed
