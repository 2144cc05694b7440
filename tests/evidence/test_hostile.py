"""Bags made to harm or to deceive whoever checks them."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import time
import warnings
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject

from reporter.audit import verifying
from reporter.evidence.appended import fault_of_addition
from reporter.evidence.bag import digests, write_sums
from reporter.evidence.chain import Record, read_chain, records, removal_of
from reporter.evidence.signing import Signer
from reporter.render.json_ import SCHEMA
from reporter.run.workers.confined import Limits
from tests.evidence.conftest import OCTOBER_OVER, Evidence, keep, month
from tests.evidence.forging import (
    APPENDED,
    append,
    change_part,
    change_replies,
    forge_pdf,
    of_another_version,
    paint,
    seal,
    unsign,
    with_rendered_pdf,
)
from tests.run.workers import strange


@pytest.fixture
def signer(evidence: Evidence, signing: Sequence[str]) -> Signer:
    """The provider's own key: whom an auditor checks is the provider."""
    evidence.configure(*signing)
    return Signer.load(evidence.folder / "signing.pfx", "secret", datetime.now(UTC))


def own_template(bag: Path, text: str) -> None:
    """Put a template of the provider's own into a bag."""
    path = bag / "data" / "templates" / "sections" / "summary.html"
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    configuration = json.loads((bag / "data" / "configuration.json").read_bytes())
    look = configuration["look"] | {"templates": "data/templates"}
    change_part(bag, "configuration", look=look)


def test_a_strangers_template_is_not_run(evidence: Evidence, signer: Signer) -> None:
    """Neither of an unsigned bag, nor of one signed by somebody else; it would run forever."""
    bag = evidence.archive()
    endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    own_template(bag, endless)
    seal(bag, signer)
    alone = evidence.folder / "alone"
    bag.rename(alone)
    verdict = evidence.verdict(alone)
    assert (verdict["failed"], verdict["PDF's text"]) == ("", "absent")
    assert "by the provider's own templates" in evidence.verify(alone).stdout
    seal(alone)
    (alone / "certificates.pem").unlink()
    seal(alone)
    untrusted = evidence.verdict(alone, "--trust", "root.pem", "--run-templates")
    assert "signature: it is missing" in untrusted["failed"]
    assert untrusted["PDF's text"] == "absent"


@pytest.mark.slow
@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{{ ('x' * 4000000000) | length }}",
    ],
    ids=["endless", "greedy"],
)
def test_a_trusted_template_has_limits_all_the_same(
    evidence: Evidence, signer: Signer, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Limits of time and memory: the result is unknown, with exit status 2."""
    monkeypatch.setattr(verifying, "_SECONDS", 8)
    bag = evidence.archive()
    own_template(bag, template)
    seal(bag, signer)
    alone = evidence.folder / "alone"
    bag.rename(alone)
    result = evidence.verify(alone, "--trust", "root.pem", "--run-templates")
    assert result.exit_code == 2, result.output
    assert "unknown the rest: could not be checked: It took more than " in result.stdout
    assert result.stdout.splitlines()[-1].startswith("NOT CHECKED")


@pytest.mark.parametrize("case", APPENDED)
def test_changes_between_rendering_and_signing_are_detected(
    evidence: Evidence, signer: Signer, case: str
) -> None:
    """The signature covers it and is the provider's, but it is not the PDF that follows from the
    replies.
    """
    bag = evidence.archive()
    forge_pdf(bag, signer, lambda path: append(path, APPENDED[case]))
    alone = evidence.folder / "alone"
    bag.rename(alone)
    failed = evidence.verdict(alone, "--trust", "root.pem")["failed"]
    assert failed.startswith("PDF: what was added to it after rendering "), failed


@pytest.mark.parametrize("case", APPENDED)
def test_no_addition_passes_for_a_signature(evidence: Evidence, signer: Signer, case: str) -> None:
    """Neither in place of the signature nor besides it; nor any byte between the objects."""
    signed, rendered = evidence.folder / "signed.pdf", evidence.folder / "rendered.pdf"
    shutil.copy(next((evidence.folder / "reports").rglob("*.pdf")), rendered)
    size = rendered.stat().st_size
    signer.sign_pdf(rendered, signed, None)
    content = signed.read_bytes()
    assert fault_of_addition(content, size) is None
    append(rendered, APPENDED[case])
    assert fault_of_addition(rendered.read_bytes(), size) is not None
    assert fault_of_addition(content + b"\n% more\n%%EOF\n", size) is not None
    hidden = content[:size] + b"% hidden\n" + content[size:]
    assert fault_of_addition(hidden, size) is not None


def test_a_visible_signature_shows_something(evidence: Evidence, signer: Signer) -> None:
    """The field of a signature can be drawn over a page, and say anything."""

    def show(writer: IncrementalPdfFileWriter) -> None:
        append_signature_field(writer, SigFieldSpec("Signature", box=(0, 0, 600, 800)))

    bag = evidence.archive()
    forge_pdf(bag, signer, lambda path: append(path, show))
    assert evidence.verdict(bag, "--trust", "root.pem")["failed"]


def change_json(bag: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = bag / "data" / "report.json"
    content = json.loads(path.read_bytes())
    change(content)
    path.write_text(json.dumps(content), "utf-8")


def no_keys(bag: Path) -> None:
    change_json(bag, dict.clear)
    change_json(bag, lambda report: report.update(schema=SCHEMA))


def nothing(bag: Path) -> None:
    change_json(bag, dict.clear)


def three_keys(bag: Path) -> None:
    keys = {"schema", "customer", "period"}
    change_json(bag, lambda report: [report.pop(key) for key in report.keys() - keys])


def one_key_less(bag: Path) -> None:
    change_json(bag, lambda report: report["totals"].pop("failed"))


def one_key_more(bag: Path) -> None:
    change_json(bag, lambda report: report.update(restored=None))


@pytest.mark.parametrize("change", [no_keys, nothing, three_keys, one_key_less, one_key_more])
def test_a_bag_of_another_version_does_not_choose_what_is_compared(
    evidence: Evidence, bag: Path, change: Callable[[Path], object]
) -> None:
    """A JSON of the known schema has every key and no other, whoever made it; and another PDF is
    not the same.
    """
    of_another_version(bag)
    change(bag)
    with_rendered_pdf(bag, paint)
    seal(bag)
    alone = evidence.folder / "alone"
    bag.rename(alone)
    verdict = evidence.verdict(alone)
    assert (verdict["figures"], verdict["PDF's text"]) == ("failed", "absent")
    assert "figures: not what follows from the replies: " in verdict["failed"]


def test_a_json_of_another_schema_is_not_checked(evidence: Evidence, bag: Path) -> None:
    """What nobody here knows how to read is neither valid nor invalid: exit status 2, and the
    output says so. If it claims to be made by the same tools, it is not what they make.
    """
    change_json(bag, lambda report: report.update(schema=SCHEMA + 1))
    figures = (bag / "data" / "report.json").read_bytes()
    with_rendered_pdf(bag, replace_attached("figures.json", figures))
    seal(bag)
    alone = evidence.folder / "alone"
    bag.rename(alone)
    assert (
        f"figures: not what follows from the replies: schema is {SCHEMA + 1}"
        in evidence.verdict(alone)["failed"]
    )
    of_another_version(alone)
    seal(alone)
    result = evidence.verify(alone)
    assert result.exit_code == 2, result.output
    assert f"unknown figures: could not be checked: the JSON has schema {SCHEMA + 1}" in (
        result.stdout
    )
    assert result.stdout.splitlines()[-1].startswith("NOT CHECKED")


def add_key(part: str, before: bytes, more: bytes) -> Callable[[Path], None]:
    """Put a key into a JSON of a bag that has it, before the one that most readers take."""

    def change(bag: Path) -> None:
        path = bag / "data" / f"{part}.json"
        content = path.read_bytes()
        assert before in content
        path.write_bytes(content.replace(before, more + before, 1))

    return change


def respaced(bag: Path) -> None:
    change_json(bag, lambda _: None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            add_key("report", b'"totals": {', b'"totals": {"failed": 0}, '),
            "figures: report.json has the key totals twice",
        ),
        (add_key("provenance", b'"version"', b'"version": 7, '), "has the key version twice"),
        (add_key("configuration", b'"policy"', b'"policy": {}, '), "has the key policy twice"),
        (add_key("replies", b'"kind"', b'"kind": "jobs", '), "has the key kind twice"),
        (respaced, "figures: they are the same, but the JSON is not the same byte for byte"),
    ],
)
def test_a_json_is_unambiguous(
    evidence: Evidence, bag: Path, change: Callable[[Path], object], message: str
) -> None:
    """Programs disagree on how to read a key that occurs twice; and the same tools make the same
    bytes.
    """
    change(bag)
    seal(bag)
    alone = evidence.folder / "alone"
    bag.rename(alone)
    assert message in evidence.verdict(alone)["failed"]


def of_provenance(**values: object) -> Callable[[Path], None]:
    return lambda bag: change_part(bag, "provenance", **values)


def of_info(before: str, now: str) -> Callable[[Path], None]:
    def change(bag: Path) -> None:
        path = bag / "bag-info.txt"
        text = path.read_text("utf-8")
        assert before in text
        path.write_text(text.replace(before, now), "utf-8")

    return change


def another(name: str) -> Callable[[Path], None]:
    def change(bag: Path) -> None:
        (bag / name).write_text("all is well\n", "utf-8")

    return change


@pytest.mark.slow
@pytest.mark.parametrize(
    ("contradict", "message"),
    [
        (of_provenance(figures_sha256="0" * 64), "figures: provenance.json has the hash of other"),
        (
            of_provenance(made_at="2001-01-01T00:00:00Z"),
            "provenance: it says that the report was made at 2001-01-01 00:00:00 UTC, before",
        ),
        (of_provenance(closed=False), "provenance: it says that the period was not over"),
        (of_provenance(as_of="1999-01-01T00:00:00Z"), "provenance: the last fetch was at"),
        (of_info("report of Contoso", "report of Fabrikam"), "bag-info.txt: External-Description"),
        (of_info("/2026-10/", "/2031-12/"), "bag-info.txt: External-Identifier"),
        (of_info("Date: 20", "Date: 19"), "bag-info.txt: Bagging-Date is 19"),
        (of_info("Date: 20", "Date: the "), "bag-info.txt: Bagging-Date is "),
        (of_info("backup-reporter", "another"), "bag-info.txt: Bag-Software-Agent"),
        (of_info("Bag-Soft", "Restore-Tests: all\nBag-Soft"), 'it has the label "Restore'),
    ],
)
def test_what_a_bag_says_about_itself_is_checked(
    evidence: Evidence, bag: Path, contradict: Callable[[Path], object], message: str
) -> None:
    """When and from what it was made, and whose it is; whatever version it claims to be
    made with.
    """
    contradict(bag)
    of_another_version(bag)
    seal(bag)
    alone = evidence.folder / "alone"
    bag.rename(alone)
    assert message in evidence.verdict(alone)["failed"]


@pytest.mark.parametrize("line", ["External-Description: twice", "no label"])
def test_a_duplicate_label_is_a_fault_of_the_bag(evidence: Evidence, bag: Path, line: str) -> None:
    """People read the first, programs the last."""
    seal(bag)
    path = bag / "bag-info.txt"
    path.write_text(f"{line}\n{path.read_text('utf-8')}", "utf-8")
    assert "bag-info.txt has a label twice" in evidence.verdict(bag)["failed"]


@pytest.mark.parametrize("name", ["README.txt", "verify.sh"])
def test_the_guide_in_a_bag_is_the_programs(evidence: Evidence, bag: Path, name: str) -> None:
    """People run the script. For another version it is not compared, and the output says so."""
    another(name)(bag)
    seal(bag)
    alone = evidence.folder / "alone"
    bag.rename(alone)
    failed = evidence.verdict(alone)["failed"]
    assert failed == f"README and script: {name} is not what this program writes"
    of_another_version(alone)
    seal(alone)
    assert evidence.verdict(alone)["README and script"] == "absent"
    assert f"README and script: not compared: {name}, because" in evidence.verify(alone).stdout


def change_sheet(change: Callable[[str], str], sheet: str = "sheet1") -> Callable[[Path], None]:
    """Change the XML of a sheet in the workbook of a bag."""

    def of(bag: Path) -> None:
        path = bag / "data" / "report.xlsx"
        with zipfile.ZipFile(path) as old:
            parts = {name: old.read(name) for name in old.namelist()}
        name = f"xl/worksheets/{sheet}.xml"
        changed = change(parts[name].decode()).encode()
        assert changed != parts[name]
        parts[name] = changed
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            for name, content in parts.items():
                new.writestr(name, content)

    return of


def cell(place: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>100 %</t></is></c>'


def beyond_the_dimension(xml: str) -> str:
    xml = xml.replace("<sheetData>", '<dimension ref="A1:D200"/><sheetData>')
    return xml.replace("</sheetData>", f'<row r="300">{cell("A300")}</row></sheetData>')


def a_cell_twice(xml: str) -> str:
    return re.sub(r'(<row r="5".*?)(<c r="B5")', rf"\1{cell('B5')}\2", xml, count=1)


def a_row_too_late(xml: str) -> str:
    return xml.replace("</sheetData>", f'<row r="2">{cell("E2")}</row></sheetData>')


def a_cell_too_late(xml: str) -> str:
    return re.sub(r'(<row r="5"[^>]*>)', rf"\1{cell('ZZ5')}", xml, count=1)


def other_results(xml: str) -> str:
    return re.sub(r"(</f><v>)[^<]*(</v>)", r"\g<1>0\2", xml)


def checks_sheet(bag: Path) -> str:
    with zipfile.ZipFile(bag / "data" / "report.xlsx") as book:
        names = [name for name in book.namelist() if b"</f><v>" in book.read(name)]
    return Path(names[0]).stem


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (beyond_the_dimension, "A300 is '100 %' but should be None"),
        (a_cell_twice, "row 5 or its cells out of order"),
        (a_row_too_late, "row 2 or its cells out of order"),
        (a_cell_too_late, "row 5 or its cells out of order"),
        (other_results, "Checks "),
    ],
)
def test_no_cell_of_a_workbook_escapes_the_comparison(
    evidence: Evidence, bag: Path, change: Callable[[str], str], message: str
) -> None:
    """Other programs show what is outside the dimensions a sheet claims, or what occurs twice, and
    the stored results of formulas.
    """
    change_sheet(change, checks_sheet(bag) if change is other_results else "sheet1")(bag)
    of_another_version(bag)
    seal(bag)
    alone = evidence.folder / "alone"
    bag.rename(alone)
    failed = evidence.verdict(alone)["failed"]
    assert failed.startswith("workbook: ")
    assert message in failed


def test_no_part_of_a_workbook_may_occur_twice(evidence: Evidence, bag: Path) -> None:
    """One program reads the first, another the last."""
    of_another_version(bag)
    with zipfile.ZipFile(bag / "data" / "report.xlsx", "a") as book, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book.writestr("xl/workbook.xml", book.read("xl/workbook.xml"))
    seal(bag)
    alone = evidence.folder / "alone"
    bag.rename(alone)
    assert evidence.verdict(alone)["failed"] == "workbook: it has the part xl/workbook.xml twice"


def replace_attached(name: str, content: bytes | None) -> Callable[[Path], None]:
    """Replace a file inside a PDF by another content, or take it away."""

    def change(path: Path) -> None:
        writer = PdfWriter(clone_from=path)
        attached = {name: contents[0] for name, contents in writer.attachments.items()}
        names = writer.root_object["/Names"]
        assert isinstance(names, DictionaryObject)
        del names["/EmbeddedFiles"]
        attached[name] = content or b""
        for attachment, data in attached.items():
            if attachment != name or content is not None:
                writer.add_attachment(attachment, data)
        writer.write(path)

    return change


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("figures.json", b'{"totals": {"failed": 99999}}', "figures.json is not the one"),
        ("jobs.csv", b"forged", "jobs.csv is not the one"),
        ("jobs.csv", None, "it should list figures.json and jobs.csv, but lists figures.json"),
        ("more.txt", b"x", "it should list figures.json and jobs.csv, but lists "),
    ],
)
def test_the_files_in_the_pdf_are_compared(
    evidence: Evidence, bag: Path, name: str, content: bytes | None, message: str
) -> None:
    """Whatever version made it: they are the JSON of the bag, and the jobs of the replies."""
    with_rendered_pdf(bag, replace_attached(name, content))
    of_another_version(bag)
    seal(bag)
    alone = evidence.folder / "alone"
    bag.rename(alone)
    assert evidence.verdict(alone)["files in the PDF"] == "failed"
    assert f"files in the PDF: {message}" in evidence.verify(alone).stdout


def test_a_pdf_whose_rates_cannot_be_seen_is_not_called_compared(
    evidence: Evidence, bag: Path
) -> None:
    """Searching for a text does not tell whether it is visible: the output says so explicitly."""

    def rewrite(path: Path) -> None:
        writer = PdfWriter(clone_from=path)
        page = writer.pages[0]
        content = page.get_contents()
        assert content is not None
        content.set_data(b"1 1 1 rg 1 1 1 RG " + content.get_data())
        page[NameObject("/Contents")] = writer._add_object(content)
        writer.write(path)

    with_rendered_pdf(bag, rewrite)
    of_another_version(bag)
    seal(bag)
    alone = evidence.folder / "alone"
    bag.rename(alone)
    assert evidence.verdict(alone)["PDF's text"] == "absent"
    lines = [line for line in evidence.verify(alone).stdout.splitlines() if "PDF's text:" in line]
    assert "which of the text is visible, were not compared" in lines[0]


def another_customers_replies(bag: Path) -> None:
    path = bag / "data" / "replies.json"
    path.write_bytes(path.read_bytes().replace(b"/customers/00427fbc", b"/customers/b0000000"))


def fewer_rows(bag: Path) -> None:
    """The replies become those of generation 3, which count their rows, with one cut out."""

    def cut(content: bytes) -> bytes:
        rows = json.loads(content).get("value")
        if rows is None:
            return content  # a subscription, which is no list
        return json.dumps({"data": rows[1:], "metadata": {"totalCount": len(rows)}}).encode()

    change_replies(bag, cut)


def a_page_missing(bag: Path) -> None:
    def go_on(content: bytes) -> bytes:
        return json.dumps({**json.loads(content), "@odata.nextLink": "next"}).encode()

    change_replies(bag, go_on)


def fetched_in(year: int) -> Callable[[Path], None]:
    def change(bag: Path) -> None:
        path = bag / "data" / "replies.json"
        fetches = json.loads(path.read_bytes())
        fetches[0]["taken_at"] = f"{year}-11-01T06:00:00Z"
        path.write_text(json.dumps(fetches), "utf-8")

    return change


@pytest.mark.parametrize(
    ("contradict", "message"),
    [
        (another_customers_replies, "replies: one was requested for someone other than"),
        (fewer_rows, "replies: The saved reply"),
        (a_page_missing, "replies: The saved reply"),
        (
            fetched_in(9999),
            "replies: one is dated 9999-11-01 06:00:00 UTC, which was still in the future",
        ),
    ],
)
def test_what_contradicts_itself_is_not_valid(
    evidence: Evidence, bag: Path, contradict: Callable[[Path], object], message: str
) -> None:
    """Replies of somebody else, fewer than they themselves count, or from the future."""
    contradict(bag)
    seal(bag)
    alone = evidence.folder / "alone"
    bag.rename(alone)
    assert message in evidence.verdict(alone)["failed"]


def a_pipe(name: str) -> Callable[[Path], None]:
    def put(home: Path) -> None:
        path = home / name
        path.unlink(missing_ok=True)
        os.mkfifo(path)

    return put


def deep_folders(home: Path) -> None:
    folder = home / "2026-10-v1" / "data"
    for _ in range(400):
        folder = folder / "deeper"
    folder.mkdir(parents=True)


def changed_record(**values: object) -> Callable[[Path], None]:
    def change(home: Path) -> None:
        path = next((home / "chain").glob("0002-*.json"))
        record = json.loads(path.read_bytes()) | values
        path.write_text(json.dumps(record, indent=1) + "\n", "utf-8")

    return change


def changed_provenance(**values: object) -> Callable[[Path], None]:
    def change(home: Path) -> None:
        bag = home / "2026-10-v1"
        change_part(bag, "provenance", **values)
        seal(bag)

    return change


def a_path_for_a_hash(home: Path) -> None:
    bag = home / "2026-10-v1"
    path = bag / "data" / "replies.json"
    fetches = json.loads(path.read_bytes())
    fetches[0]["replies"][0]["sha256"] = "../../../../root"
    path.write_text(json.dumps(fetches), "utf-8")
    seal(bag)


@pytest.mark.slow
@pytest.mark.parametrize(
    "spoil",
    [
        a_pipe("chain/signatures-sha256.txt"),
        a_pipe("chain/0001-2026-09-v1.json.p7s"),
        a_pipe("chain/0001-2026-09-v1.json"),
        a_pipe("2026-10-v1/tagmanifest-sha256.txt"),
        a_pipe("2026-10-v1/data/report.pdf"),
        a_pipe("2026-10-v1/certificates.pem"),
        deep_folders,
        changed_record(as_of="yesterday"),
        changed_record(last_day="9999-12-31"),
        changed_provenance(pdf_unsigned_bytes=-5),
        changed_provenance(pdf_unsigned_bytes=2**70),
        changed_provenance(pdf_unsigned_bytes=10**18),
        changed_provenance(as_of="yesterday"),
        a_path_for_a_hash,
    ],
)
def test_no_bag_hangs_or_breaks_whoever_checks_it(
    checked: Evidence, home: Path, spoil: Callable[[Path], object]
) -> None:
    """Pipes, endless folders, invalid numbers and texts: detected and reported, in good time."""
    spoil(home)
    began = time.monotonic()
    result = checked.verify(home)
    assert result.exit_code == 1, result.output
    assert result.stdout.splitlines()[-1] == "NOT VALID."
    assert time.monotonic() - began < 120


def bomb_of_rows(bag: Path) -> None:
    """A workbook of 60 million rows in few bytes."""
    path = bag / "data" / "report.xlsx"
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    sheet = next(name for name in parts if name.endswith("sheet1.xml"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            if name != sheet:
                new.writestr(name, content)
        with new.open(sheet, "w") as part:
            part.write(
                b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
                b"<sheetData>"
            )
            rows = b"<row><c><v>1</v></c></row>" * 100_000
            for _ in range(600):
                part.write(rows)
            part.write(b"</sheetData></worksheet>")


def endless_period(bag: Path) -> None:
    configuration = json.loads((bag / "data" / "configuration.json").read_bytes())
    period = configuration["period"] | {"kind": "days", "first": "0002-01-01", "stop": "9998-01-01"}
    change_part(bag, "configuration", period=period)


def bomb_of_uses(bag: Path) -> None:
    """A logo that draws itself a billion times."""
    levels = "".join(
        f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 12)
    )
    draw_logo(bag, f'<rect id="a0" width="1" height="1"/>{levels}<use href="#a11"/>')


def draw_logo(bag: Path, drawing: str) -> None:
    """Have a bag's look bring a logo."""
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{drawing}</svg>'
    configuration = json.loads((bag / "data" / "configuration.json").read_bytes())
    logo = {
        "content": base64.urlsafe_b64encode(svg.encode()).decode(),
        "media_type": "image/svg+xml",
    }
    configuration["look"]["brand"]["logo"] = logo
    change_part(bag, "configuration", look=configuration["look"])


@pytest.mark.parametrize(
    "address", ["asset:fonts/../report.css", "asset:fonts/%2e%2e/report.css", "asset:/etc/passwd"]
)
def test_a_logo_opens_no_file(evidence: Evidence, bag: Path, address: str) -> None:
    """Neither within the program's folder nor outside: a file that is opened may never end."""
    draw_logo(bag, f'<image href="{address}" width="9" height="9"/>')
    seal(bag)
    alone = evidence.folder / "alone"
    bag.rename(alone)
    assert f"tries to load {address}" in evidence.verdict(alone)["failed"]


def test_what_was_found_before_the_end_counts(tmp_path: Path) -> None:
    """A forged bag that then kills its checker is not merely "not checked"."""
    verdict = verifying._judged(tmp_path, strange.find_a_fault_and_die)
    assert [finding.word for finding in verdict.findings] == ["FAILED", "unknown"]
    assert verdict.findings[1].what == "the rest"
    assert verdict.checked
    assert not verdict.valid


def test_links_are_named_with_a_few_and_their_number(evidence: Evidence, bag: Path) -> None:
    """However many there are, the verdict stays readable."""
    for number in range(2_000):
        (bag / f"link-{number:04}").symlink_to("/")
    result = evidence.verify(bag)
    assert result.exit_code == 1
    assert "neither a file nor a folder: link-0000, link-0001, " in result.stdout
    assert "and 1995 more" in result.stdout
    assert len(result.stdout) < 2_000


@pytest.mark.slow
@pytest.mark.parametrize("bomb", [bomb_of_rows, endless_period, bomb_of_uses])
def test_a_bomb_affects_only_its_own_verdict(
    evidence: Evidence, bag: Path, bomb: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would take hours or all memory is given up, and not called valid."""
    monkeypatch.setattr(verifying, "_SECONDS", 10)
    monkeypatch.setattr(verifying, "_MOST_SECONDS", 20)
    bomb(bag)
    seal(bag)
    alone = evidence.folder / "alone"
    bag.rename(alone)
    result = evidence.verify(alone)
    assert result.exit_code in (1, 2), result.output
    assert "VALID: all" not in result.stdout


@pytest.mark.slow
def test_a_full_disk_is_not_a_fault_of_the_bag(
    checked: Evidence, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be checked is neither valid nor invalid: it has a word of its own."""

    def tight(path: Path) -> Limits:
        return Limits(60, 3 << 30, largest_file=2_000)

    monkeypatch.setattr(verifying, "_limits", tight)
    result = checked.verify(home / "2026-10-v1")
    assert result.exit_code == 2, result.output
    assert "unknown recomputed: could not be checked: File too large" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("NOT CHECKED")
    answer = json.loads(checked.verify(home / "2026-10-v1", "--json").stdout)
    assert (answer["valid"], answer["checked"]) == (False, False)


def test_an_unsigned_bag_without_a_record_gets_none_behind_signed_ones(
    evidence: Evidence, signer: Signer
) -> None:
    """Placed there by somebody without the key, it would spoil the history for good."""
    chain = evidence.archive().parent / "chain"
    keep(evidence.folder, month("2026-11"), OCTOBER_OVER + timedelta(days=30))
    evidence.render("2026-11")
    bag = evidence.archive("2026-11")
    for path in chain.glob("0002-*"):
        path.unlink()
    sums = chain / "signatures-sha256.txt"
    lines = sums.read_text("utf-8").splitlines(keepends=True)
    sums.write_text("".join(line for line in lines if "0002-" not in line), "utf-8")
    unsign(bag)
    evidence.configure()
    refused = evidence.run("archive", "--period", "2026-11")
    assert refused.exit_code == 1
    assert "are signed, but this one would not be" in refused.stderr
    assert len(list(chain.glob("*.json"))) == 1


def test_a_workbook_whose_sheets_can_be_found_elsewhere_is_not_called_the_same(
    evidence: Evidence,
    bag: Path,
) -> None:
    """Excel goes by its relationships, and other programs by the types of its parts."""
    of_another_version(bag)
    path = bag / "data" / "report.xlsx"
    with zipfile.ZipFile(path) as former:
        parts = {name: former.read(name) for name in former.namelist()}
    parts["_rels/.rels"] = parts["_rels/.rels"].replace(b"xl/workbook.xml", b"xl/other.xml")
    parts["xl/other.xml"] = parts["xl/workbook.xml"]
    with zipfile.ZipFile(path, "w") as new:
        for name, content in parts.items():
            new.writestr(name, content)
    seal(bag)
    alone = evidence.folder / "alone"
    bag.rename(alone)
    printed = evidence.verify(alone).stdout
    assert "absent  workbook: not compared: it leads to its sheets in other ways" in printed


def test_a_version_cannot_carry_a_sentence(evidence: Evidence, bag: Path) -> None:
    """It appears in all output, and what appears there is taken for the program's word."""
    tools = json.loads((bag / "data" / "provenance.json").read_bytes())["tools"]
    change_part(bag, "provenance", tools=tools | {"program": "0.1.0. EVERY BACKUP SUCCEEDED"})
    seal(bag)
    alone = evidence.folder / "alone"
    bag.rename(alone)
    assert "provenance.json in the bag cannot be read" in evidence.verdict(alone)["failed"]


def test_unsigned_bags_do_not_follow_signed_ones(evidence: Evidence, signer: Signer) -> None:
    """Somebody without the key could put them there in place of others: `verify` says so, and
    `archive` makes none.
    """
    evidence.archive()
    keep(evidence.folder, month("2026-11"), OCTOBER_OVER + timedelta(days=2))
    evidence.render("2026-11")
    evidence.configure()
    refused = evidence.run("archive", "--period", "2026-11")
    assert refused.exit_code == 1
    assert "are signed, but this one would not be" in refused.stderr
    home = evidence.folder / "archive" / "contoso-ltd"
    assert [path.name for path in home.iterdir() if path.name.startswith("2026")] == ["2026-10-v1"]


def test_a_signed_chain_whose_end_is_unsigned_is_not_valid(checked: Evidence, home: Path) -> None:
    """The last bag and its record, made anew without the key."""
    bag, chain = home / "2026-10-v1", home / "chain"
    unsign(bag)
    first, last = read_chain(home)
    record = last.record
    assert isinstance(record, Record)
    forged = replace(
        record,
        signed=False,
        to_be_stamped=False,
        tagmanifest_sha256=digests(bag / "tagmanifest-sha256.txt")["sha256"],
    )
    for path in chain.glob("0002-*"):
        path.unlink()
    (chain / "signatures-sha256.txt").unlink()
    (chain / forged.name).write_bytes(forged.dump())
    write_sums(chain, sorted(path.name for path in chain.glob("0001-*.json.*")))
    assert first.record.signed
    failed = checked.verdict(home)["failed"]
    assert failed == "chain: 0002-2026-10-v1.json is not signed, though a record before it is"


@pytest.mark.parametrize(
    ("months", "days", "message"),
    [
        (84, 3000, "which is in the future"),
        (-900, 0, "is not a record"),
        (10**9, 0, "is not a record"),
    ],
)
def test_a_removal_that_no_retention_allows_is_found(
    checked: Evidence, home: Path, months: int, days: int, message: str
) -> None:
    """One dated in the future, or by an invalid number of months."""
    chain = read_chain(home)
    removal = removal_of(
        records(chain)[0],
        chain,
        signed=False,
        to_be_stamped=False,
        retention_months=months,
        removed_at=datetime.now(UTC).replace(microsecond=0) + timedelta(days=days),
    )
    (home / "chain" / removal.name).write_bytes(removal.dump())
    shutil.rmtree(home / "2026-09-v1")
    assert message in checked.verdict(home)["failed"]
