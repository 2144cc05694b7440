"""The PDF, read back by another library: what it says, and that it is complete."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject

from reporter.errors import ReporterError
from reporter.model import Brand, Comment, Customer, Logo, Look, Report, Texts
from reporter.render.glyphs import printable
from reporter.render.html import report_html, write_html
from reporter.render.pdf import _forget_fonts, write_pdf
from reporter.sources.avepoint.reading.vocabularies import MODULE_NAMES
from tests.builders import (
    NOW,
    daily_snapshots,
    make_busy_month,
    make_job,
    make_report,
    make_row,
)
from tests.render.test_languages import PageTexts

LOOK = Look(
    Brand("Northlight", color="#ffd400", contact="help@northlight.example", footer="Secret")
)
EVERY_DAY = [NOW, *daily_snapshots(datetime(2026, 9, 1, 5, tzinfo=UTC), 61)]
CLOSELY = [EVERY_DAY[1] + timedelta(hours=6 * n) for n in range(61 * 4)] + [NOW]


def pdf_of(report: Report, folder: Path, look: Look = LOOK) -> PdfReader:
    path = folder / "report.pdf"
    write_pdf(report, look, path)
    return PdfReader(path)


def words_of(report: Report, look: Look = LOOK) -> str:
    """The words of the page that is printed."""
    return " ".join(" ".join(PageTexts(report_html(report, look, logo_url=None)).texts).split())


def text_of(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


@pytest.fixture(scope="module")
def busy_report() -> Report:
    return make_report(make_busy_month(), timezone="Europe/Berlin", observed=CLOSELY)


@pytest.fixture(scope="module")
def busy_path(busy_report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("busy") / "report.pdf"
    write_pdf(busy_report, LOOK, path)
    return path


@pytest.fixture(scope="module")
def busy(busy_path: Path) -> PdfReader:
    return PdfReader(busy_path)


def test_page_one_gives_the_answer(busy: PdfReader) -> None:
    """State, rate against target, volume, trend and what needs attention are on page one."""
    first = " ".join(busy.pages[0].extract_text().split())
    for words in (
        "Contoso Ltd", "October 2026", "Critical", "512 of 553 backups succeeded", "92.6",
        "target 95", "24.5", "against September 2026", "Find out why these fail again and again",
        "Teams Chat (8 in a row)", "Last recovery point", "Modules covered",
    ):  # fmt: skip
        assert words in first.replace("\xa0", " "), words


def test_the_document_says_what_it_is(busy: PdfReader, busy_report: Report) -> None:
    """Title, author, language, dates of the data and not of the clock."""
    assert busy.metadata is not None
    assert busy.metadata.title == "Backup report: Contoso Ltd, October 2026"
    assert busy.metadata.author == "Northlight"
    assert busy.metadata.creation_date == busy_report.as_of.astimezone(UTC)
    assert str(busy.root_object["/Lang"]) == "en"
    assert "/StructTreeRoot" in busy.root_object


def test_bookmarks_lead_through_the_report(busy: PdfReader) -> None:
    """Each section has its bookmark."""
    titles = [str(entry.title) for entry in busy.outline if not isinstance(entry, list)]
    for title in ("Contoso Ltd", "What to do next", "Services", "Data quality", "Data sources"):
        assert title in titles


def test_pages_are_numbered_and_headed(busy: PdfReader) -> None:
    """Every page has its number, the footer and, from the second on, customer and period."""
    pages = len(busy.pages)
    assert 4 <= pages <= 7
    for number, page in enumerate(busy.pages, 1):
        text = page.extract_text()
        assert f"{number} / {pages}" in text
        assert "Secret" in text
        assert number == 1 or "Contoso Ltd" in text


def test_the_product_is_named_under_data_sources_only(busy: PdfReader) -> None:
    """A white-label report names our product once, under data sources."""
    assert text_of(busy).lower().count("backup-reporter") == 1
    assert busy.metadata is not None
    assert "reporter" not in str(dict(busy.metadata)).lower()


def test_each_depth_shows_its_part(busy_report: Report, busy: PdfReader, tmp_path: Path) -> None:
    """One page for the director; the full annex has each exception and the job that cured it."""
    assert LOOK.depth == "standard"
    standard = busy
    page, full = (
        pdf_of(busy_report, tmp_path, replace(LOOK, depth=depth)) for depth in ("page", "full")
    )
    assert len(page.pages) == 1
    assert "they do not prove that the data can be restored" in text_of(page)
    register = "".join(page.extract_text() for page in full.pages).replace("\n", "")
    for exception in busy_report.exceptions:
        assert exception.job_id in register
        assert exception.cured_by is None or exception.cured_by in register
    assert busy_report.exceptions[0].job_id not in text_of(standard)
    assert len(full.pages) > len(standard.pages)


def test_sections_are_those_asked_for_in_their_order(busy_report: Report) -> None:
    """Sections can be left out and put into another order."""
    look = replace(LOOK, sections=("sources", "summary"))
    text = words_of(busy_report, look)
    assert text.index("Data sources") < text.index("What to do next")
    assert "Data quality" not in text


def test_the_providers_own_texts_and_a_comment(tmp_path: Path) -> None:
    """Cover, introduction, closing and comment are in the report; markup in them is text."""
    texts = Texts("Dear *reader*", "## Before\n\nAs agreed.", "Yours, <b>us</b>")
    comment = Comment("We moved two mailboxes.", "Ada Lovelace", date(2026, 11, 3))
    look = replace(LOOK, texts=texts, comment=comment)
    reader = pdf_of(make_report([make_job()]), tmp_path, look)
    text = text_of(reader)
    assert "Dear reader" in reader.pages[0].extract_text()
    assert "<b>us</b>" in text
    assert "As agreed." in text
    assert "Comment by Ada Lovelace, November 3, 2026 We moved two mailboxes." in text


def test_charts_have_alternative_texts(busy: PdfReader) -> None:
    """Each picture carries a text that says what it shows."""
    descriptions: list[str] = []

    def walk(node: object) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, ArrayObject):
            for kid in node:
                walk(kid)
        elif isinstance(node, DictionaryObject):
            if node.get("/S") == "/Figure":
                descriptions.append(str(node["/Alt"]))
            if "/K" in node:
                walk(node["/K"])

    walk(busy.root_object["/StructTreeRoot"])
    assert len(descriptions) >= 5
    assert all(descriptions)
    assert any("Teams Chat: volume by day" in words for words in descriptions)


def test_a_module_that_never_ran_has_no_rate(tmp_path: Path) -> None:
    """The seed's two rows: never run, a dash for every rate, no percentage except the target."""
    report = make_report([make_row(jobModule="SharePoint Online"), make_row()])
    text = text_of(pdf_of(report, tmp_path))
    assert "No backup has ever run" in text
    assert "INCOMPLETE" in text
    assert "0.0 %" not in text.replace("\xa0", " ")
    assert "100.0 %" not in text.replace("\xa0", " ")


def test_a_customer_without_any_data(tmp_path: Path) -> None:
    """No module at all still makes a report that says so."""
    assert "Nothing is known of this customer" in text_of(pdf_of(make_report([]), tmp_path))


def test_a_healthy_month_says_so(tmp_path: Path) -> None:
    """All backups succeeded and somebody looked every six hours: no mark, 100.0 %."""
    rows = [
        make_job(f"2026-10-{day:02}T{hour:02}:00:00Z") for day in range(1, 32) for hour in (1, 13)
    ]
    text = text_of(pdf_of(make_report(rows, observed=CLOSELY), tmp_path)).replace("\xa0", " ")
    assert "All 62 backups succeeded, and every module met its targets" in text
    assert "100.0 %" in text
    assert "INCOMPLETE" not in text
    assert "Nothing: every module met its targets" in text


def test_names_are_text_and_not_markup(tmp_path: Path) -> None:
    """Markup, quotes and ampersands in names are shown as they are."""
    customer = Customer("<id>", '<b>Ängström & "Co"</b> ' + "very long name " * 6)
    report = make_report(
        [make_job(name="<script>alert(1)</script>", status="Failed")], customer=customer
    )
    text = text_of(pdf_of(report, tmp_path, replace(LOOK, depth="full")))
    assert '<b>Ängström & "Co"</b>' in text
    assert "<script>alert(1)</script>" in text


@pytest.mark.parametrize(
    "name", ["株式会社青空テクノロジー", "Ελληνικά & Русский", "مؤسسة", "💥 Boom"]
)
def test_names_of_every_script_make_a_report(tmp_path: Path, name: str) -> None:
    """A name in another script, or one no font has, does not stop a report."""
    report = make_report([make_job()], customer=Customer("1", name))
    assert len(pdf_of(report, tmp_path).pages) >= 1


def test_what_no_font_has_is_replaced_visibly() -> None:
    """Private-use and control characters, which PDF/A forbids, show as a question mark in a box."""
    assert printable("Ä 株 Ω \ue000\x07\U0010fffe\u2028") == "Ä 株 Ω \ufffd\ufffd\ufffd\ufffd"


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """A process that made a report leaves no temporary file."""
    program = (
        "import sys; from pathlib import Path; from tests.builders import *;"
        "from reporter.model import Look; from reporter.render.pdf import _forget_fonts, write_pdf;"
        "write_pdf(make_report([make_job()]), Look(), Path(sys.argv[1]) / 'report.pdf')"
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env=os.environ | {"TMPDIR": str(scratch)},
        check=True,
    )
    assert (tmp_path / "report.pdf").exists()
    assert list(scratch.iterdir()) == []


def test_all_modules_the_vendor_has() -> None:
    """Fifty modules in one report: each is in the table."""
    rows = [
        make_job(f"2026-10-{day:02}T01:00:00Z", jobModule=module)
        for day in (5, 6)
        for module in MODULE_NAMES.values()
        if module not in ("Archiver", "Retention")
    ]
    text = words_of(make_report(rows))
    assert "Dynamics Unified Operations Backup" in text
    assert "Azure PostgreSQL" in text


@pytest.mark.parametrize("period", ["2026-Q3", "2026", "2026-10-05..2026-10-07"])
def test_periods_of_every_length(tmp_path: Path, period: str) -> None:
    """A quarter, a year and three days have their own time axis."""
    report = make_report(make_busy_month(), period=period, timezone="America/New_York")
    assert len(pdf_of(report, tmp_path, Look(page_size="Letter")).pages) >= 2


def test_letter_is_letter(tmp_path: Path) -> None:
    """The page is as large as asked for."""
    box = pdf_of(make_report([make_job()]), tmp_path, Look(page_size="Letter")).pages[0].mediabox
    assert (round(box.width), round(box.height)) == (612, 792)


def test_the_same_report_gives_the_same_bytes_quietly(
    busy_report: Report, busy_path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of the clock or of chance is in the file, and WeasyPrint has nothing to complain
    about: no unknown rule, no missing language or text.
    """
    with caplog.at_level(logging.WARNING, "weasyprint"):
        write_pdf(busy_report, LOOK, tmp_path / "again.pdf")
    assert (tmp_path / "again.pdf").read_bytes() == busy_path.read_bytes()
    assert [record.message for record in caplog.records if record.name == "weasyprint"] == []


def test_the_time_of_day_is_not_in_the_file(
    busy_report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that read its fonts an hour later makes the same bytes."""
    for name, hours in (("now.pdf", 0), ("later.pdf", 1)):
        moment = time.time() + 3600 * hours
        monkeypatch.setattr(time, "time", lambda moment=moment: moment)
        _forget_fonts()
        write_pdf(busy_report, Look(), tmp_path / name)
    assert (tmp_path / "now.pdf").read_bytes() == (tmp_path / "later.pdf").read_bytes()


def test_a_logo_of_any_shape_is_set(tmp_path: Path) -> None:
    """A wide SVG logo is part of the page, with the brand's name as its text."""
    logo = Logo(
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 30">'
        b'<path d="M0 0h900v30H0z"/></svg>',
        "image/svg+xml",
    )
    path = tmp_path / "report.pdf"
    write_pdf(make_report([make_job()]), Look(Brand("Northlight", logo)), path)
    assert b"Northlight" in path.read_bytes() or "Northlight" in str(PdfReader(path).metadata)


def test_a_logo_that_loads_something_is_refused(tmp_path: Path) -> None:
    """A logo that wants to load another file or address is an error, and nothing is loaded."""
    logo = Logo(
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'
        b'<image href="file:///etc/hostname" width="9" height="9"/></svg>',
        "image/svg+xml",
    )
    with pytest.raises(ReporterError, match="file:///etc/hostname"):
        write_pdf(make_report([make_job()]), Look(Brand("X", logo)), tmp_path / "report.pdf")


def test_the_page_needs_no_other_file(busy_report: Report, tmp_path: Path) -> None:
    """The HTML report holds its styles, fonts and charts itself."""
    path = tmp_path / "report.html"
    write_html(busy_report, LOOK, path)
    page = path.read_text("utf-8")
    assert page.count("<svg") >= 5
    for outside in ('src="http', "url(http", 'url("asset', "<script"):
        assert outside not in page
