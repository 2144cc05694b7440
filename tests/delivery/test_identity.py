"""Whose report a file is: written by every renderer, read back before it is sent."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from pypdf import PdfReader

from reporter.analysis.portfolio import portfolio_of, standing_of
from reporter.delivery.identity import customer_in
from reporter.errors import ReporterError
from reporter.model import Customer, Look, Report
from reporter.render.formats import FORMATS
from reporter.render.portfolio import write_portfolio_pdf
from tests.builders import make_job, make_report

REPORT = make_report([make_job()])
IDS = [
    "00427fbc-8832-46cf-a1d2-582f46e638",
    "株式会社-青空",
    "שלום) (\\ <b>&amp;\"'",
    "\N{GRINNING FACE}e\u0301",
    "=1+1",
]


def of_customer(customer_id: str) -> Report:
    return replace(REPORT, customer=Customer(customer_id, "Contoso Ltd"))


@pytest.mark.parametrize("suffix", FORMATS.names())
@pytest.mark.parametrize("customer_id", IDS, ids=range(len(IDS)))
def test_every_file_says_whose_it_is(suffix: str, customer_id: str, tmp_path: Path) -> None:
    """The id is read back unchanged, in any script and with any character in it."""
    path = tmp_path / f"report.{suffix}"
    FORMATS.get(suffix).write(of_customer(customer_id), Look(), path)
    assert customer_in(path) == customer_id


def test_other_programs_read_the_same(tmp_path: Path) -> None:
    """The id is where any program finds it: PDF information, workbook properties."""
    report = of_customer("株式会社-青空")
    FORMATS.get("pdf").write(report, Look(), tmp_path / "r.pdf")
    FORMATS.get("xlsx").write(report, Look(), tmp_path / "r.xlsx")
    information = PdfReader(tmp_path / "r.pdf").metadata
    assert information is not None
    assert str(information["/CustomerID"]) == report.customer.id
    assert "/Keywords" not in information
    book = openpyxl.load_workbook(tmp_path / "r.xlsx", read_only=True)
    assert book.properties.identifier == report.customer.id
    book.close()


def test_own_templates_do_not_take_the_id_from_the_pdf(tmp_path: Path) -> None:
    """A provider's page may say what it likes: the PDF still says whose report it is."""
    (tmp_path / "report.html").write_text(
        '<html lang="en"><title>x</title><meta name="CustomerID" content="evil"><p>x</p></html>'
    )
    look = Look(templates=tmp_path)
    FORMATS.get("pdf").write(REPORT, look, tmp_path / "r.pdf")
    assert customer_in(tmp_path / "r.pdf") == REPORT.customer.id
    FORMATS.get("html").write(REPORT, look, tmp_path / "r.html")
    with pytest.raises(ReporterError, match=r"r\.html .* it does not say"):
        customer_in(tmp_path / "r.html")


def test_a_portfolio_belongs_to_no_customer(tmp_path: Path) -> None:
    """A file about all customers belongs to none of them, and so cannot be sent to one."""
    path = tmp_path / "portfolio.pdf"
    portfolio = portfolio_of(REPORT.period, [standing_of(REPORT, {})])
    write_portfolio_pdf(portfolio, Look(), path)
    with pytest.raises(ReporterError, match="it does not say"):
        customer_in(path)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """Gone, empty, cut short, of another kind or of nobody: an error that names the file."""
    for suffix in FORMATS.names():
        whole = tmp_path / f"whole.{suffix}"
        FORMATS.get(suffix).write(REPORT, Look(), whole)
        for name, content in {
            "empty": b"",
            "cut": whole.read_bytes()[: min(300, whole.stat().st_size // 2)],
            "noise": b"\xff\xfe\x00" * 200,
        }.items():
            path = tmp_path / f"{name}.{suffix}"
            path.write_bytes(content)
            with pytest.raises(ReporterError, match=rf"{name}\.{suffix}") as caught:
                customer_in(path)
            assert caught.value.hint
        with pytest.raises(ReporterError, match=rf"gone\.{suffix}"):
            customer_in(tmp_path / f"gone.{suffix}")
    (tmp_path / "nobody.json").write_text('{"customer": null}')
    (tmp_path / "notes.txt").write_text("x")
    for name in ("nobody.json", "notes.txt"):
        with pytest.raises(ReporterError, match=name):
            customer_in(tmp_path / name)


def test_a_workbook_cannot_make_the_reader_open_files(tmp_path: Path) -> None:
    """Entities in a workbook's properties are not followed: the properties then say nothing."""
    secret = tmp_path / "secret"
    secret.write_text("stolen")
    path = tmp_path / "evil.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "docProps/core.xml",
            f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
            '<x xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier>&e;</dc:identifier></x>',
        )
    with pytest.raises(ReporterError, match=r"evil\.xlsx"):
        customer_in(path)


@pytest.mark.slow
def test_the_pdf_with_an_id_is_the_same_every_time(tmp_path: Path) -> None:
    """With an id the PDF is still reproducible, in another process too."""
    program = (
        "import sys; from pathlib import Path; from reporter.model import Look;"
        "from tests.delivery.test_identity import REPORT;"
        "from reporter.render.pdf import write_pdf; write_pdf(REPORT, Look(), Path(sys.argv[1]))"
    )
    for name in ("one.pdf", "two.pdf"):
        subprocess.run([sys.executable, "-c", program, tmp_path / name], check=True)
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
