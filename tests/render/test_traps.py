"""What went wrong in other people's backup reports, each tried on ours."""

from __future__ import annotations

import re
import struct
import subprocess
import zipfile
import zlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from pypdf import PdfReader

from reporter.analysis.portfolio import portfolio_of, standing_of
from reporter.model import DEPTHS, Brand, Depth, Logo, Look, Report, State
from reporter.render.html import report_html
from reporter.render.json_ import report_dict
from reporter.render.pdf import write_pdf
from reporter.render.portfolio import write_portfolio_pdf
from reporter.render.workbook import write_workbook
from tests.builders import NOW, daily_snapshots, make_busy_month, make_job, make_report, make_row
from tests.render.test_languages import PageTexts

EVERY_DAY = [NOW, *daily_snapshots(datetime(2026, 9, 1, 5, tzinfo=UTC), 61)]
LOOK = Look(Brand("Northlight"), depth="full")


def text_of(report: Report, depth: Depth = "full") -> str:
    page = report_html(report, Look(Brand("Northlight"), depth=depth), logo_url=None)
    return " ".join(" ".join(PageTexts(page).texts).split())


def picture(width: int, height: int) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    rows = (b"\0" + b"\x0b\x5c\x6b" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize(
    "rows",
    [[], [make_row()], [make_job()], [make_job(status="Running")], make_busy_month()],
    ids=["nothing", "placeholder", "one", "running", "busy"],
)
def test_an_empty_section_without_a_reason(rows: list[dict[str, object]], depth: Depth) -> None:
    """Every heading is followed by something: figures, or why there are none."""
    page = report_html(make_report(rows), Look(depth=depth), logo_url=None)
    for heading, after in re.findall(r"<(h[23])[^>]*>.*?</\1>(.*?)(?=<h[23]|</main>)", page, re.S):
        text = re.sub(r"<title>.*?</title>|<[^>]+>", " ", after)
        assert len(" ".join(text.split())) > 10, (heading, after[:200])
    assert not re.search(r"<tbody>\s*</tbody>", page)


def test_a_rate_over_one_hundred_or_of_nothing(tmp_path: Path) -> None:
    """More successful objects than there were give a note instead of a rate; no job gives
    no rate.
    """
    odd = make_report([make_job(totalCount="100", successfulCount="2323")])
    assert odd.quality
    assert "2323" not in text_of(odd).replace(",", "")
    write_workbook(odd, LOOK, tmp_path / "odd.xlsx")
    for sheet in openpyxl.load_workbook(tmp_path / "odd.xlsx"):
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            if "%" in str(cell.number_format) and isinstance(cell.value, int | float):
                assert cell.value <= 1, cell
    running = make_report([make_job(status="Running")], observed=EVERY_DAY)
    text = text_of(running)
    assert not re.search(r"\b(?!95)\d+(\.\d+)?\xa0%", text.replace(" %", "\xa0%")), text
    assert "—" in text


def test_green_with_one_old_success() -> None:
    """A success on the 2nd does not make the month good."""
    report = make_report([make_job("2026-10-02T01:00:00Z")], observed=EVERY_DAY)
    assert report.totals.success_rate == 1
    assert report.state is not State.HEALTHY
    text = text_of(report)
    assert "met its targets" not in text
    assert "without a recovery point" in text


def test_a_first_backup_counted_as_a_failure() -> None:
    """A module's first job is judged like any other; one that still runs is not judged."""
    first = make_report([make_job("2026-10-31T01:00:00Z")], observed=EVERY_DAY)
    assert (first.totals.failed, first.exceptions) == (0, ())
    running = make_report([make_job("2026-10-31T23:00:00Z", "Running")], observed=EVERY_DAY)
    assert (running.totals.failed, running.totals.completed, running.exceptions) == (0, 0, ())
    assert running.state is State.NO_DATA


def test_a_running_job_called_overdue() -> None:
    """A job that runs has not failed, whatever the clock says."""
    rows = [make_job(f"2026-10-{day:02}T01:00:00Z") for day in range(1, 32)]
    report = make_report([*rows, make_job("2026-10-31T05:00:00Z", "Running")], observed=EVERY_DAY)
    assert report.state is State.HEALTHY
    assert (report.totals.running, report.totals.failed) == (1, 0)


def test_a_product_name_on_a_white_label_report(tmp_path: Path) -> None:
    """Neither ours nor a library's, on the cover, in titles, or in a file's metadata."""
    report = make_report([make_job()])
    write_pdf(report, LOOK, tmp_path / "report.pdf")
    write_workbook(report, LOOK, tmp_path / "report.xlsx")
    portfolio = portfolio_of(report.period, [standing_of(report, {})])
    write_portfolio_pdf(portfolio, LOOK, tmp_path / "portfolio.pdf")
    texts = [report_html(report, LOOK, logo_url=None).partition("</head>")[0]]
    for name in ("report.pdf", "portfolio.pdf"):
        reader = PdfReader(tmp_path / name)
        xmp = reader.trailer["/Root"]["/Metadata"].get_data().decode()  # type: ignore[index]
        texts += [str(dict(reader.metadata or {})), xmp, reader.pages[0].extract_text()]
    with zipfile.ZipFile(tmp_path / "report.xlsx") as parts:
        texts += [parts.read(f"docProps/{name}.xml").decode() for name in ("app", "core")]
    for text in texts:
        for product in ("backup-reporter", "weasyprint", "openpyxl", "avepoint", "pandas"):
            assert product not in text.lower(), (product, text[:300])


@pytest.mark.parametrize(
    ("period", "timezone", "days"),
    [
        ("2026-10", "Europe/Berlin", 31),
        ("2026-03", "Europe/Berlin", 31),
        ("2024-02", "America/New_York", 29),
        ("2026-04", "Asia/Kathmandu", 30),
        ("2011-12", "Pacific/Apia", 31),
    ],
)
def test_the_last_day_of_a_month(period: str, timezone: str, days: int, tmp_path: Path) -> None:
    """The 31st, the 29th of February and days on which the clocks change each appear once."""
    first = date.fromisoformat(f"{period}-01")
    rows = [
        make_job(f"{first + timedelta(days=day)}T12:00:00Z", jobId=str(day)) for day in range(days)
    ]
    report = make_report(rows, period=period, timezone=timezone)
    assert len(report.period.days) == len(set(report.period.days)) == days
    write_workbook(report, LOOK, tmp_path / "report.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "report.xlsx")["Days"]
    listed = [row[0].value for row in sheet.iter_rows(min_row=2, max_row=1 + days)]
    assert [day.date() for day in listed] == list(report.period.days)  # type: ignore[union-attr]
    assert sum(day["jobs"] for day in report_dict(report)["daily"]) == report.totals.jobs


def test_rows_that_a_pdf_leaves_out(tmp_path: Path) -> None:
    """The annex has every exception; other tables count what they leave out and say where it is."""
    rows = [
        make_job(
            f"2026-10-{1 + n % 28:02}T{n % 24:02}:{n % 60:02}:00Z", "Failed", jobId=f"FAIL{n:04}",
            jobModule=f"Module {n % 25}",
        )
        for n in range(150)
    ]  # fmt: skip
    report = make_report(rows, observed=EVERY_DAY)
    write_pdf(report, LOOK, tmp_path / "report.pdf")
    text = subprocess.run(
        ["pdftotext", tmp_path / "report.pdf", "-"], capture_output=True, check=True, text=True
    ).stdout
    assert set(re.findall(r"FAIL\d{4}", text)) == {f"FAIL{n:04}" for n in range(150)}
    assert f"{len(report.gaps) - 6} more are in the workbook" in " ".join(text.split())
    write_workbook(report, LOOK, tmp_path / "report.xlsx")
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    assert book["Exceptions"].max_row == 151
    assert book["Gaps"].max_row == 1 + len(report.gaps)


@pytest.mark.parametrize(
    ("width", "height"), [(64, 64), (640, 64), (64, 320), (1, 1), (2000, 100), (3, 900)]
)
def test_a_logo_that_is_not_square(width: int, height: int, tmp_path: Path) -> None:
    """Every shape keeps its proportions and its place: at most 200 wide and 60 points high."""
    look = Look(Brand("Northlight", Logo(picture(width, height), "image/png")))
    path = tmp_path / "report.pdf"
    write_pdf(make_report([make_job()]), look, path)
    listed = subprocess.run(
        ["pdfimages", "-list", path], capture_output=True, check=True, text=True
    ).stdout.splitlines()[2:]
    (image,) = [line.split() for line in listed if line.split()[2] == "image"]
    wide, tall = (int(image[n]) / float(image[n + 9]) * 72 for n in (3, 4))
    assert wide <= 200
    assert tall <= 60
    assert wide / tall == pytest.approx(width / height, rel=0.05)


def test_numbers_that_are_texts(tmp_path: Path) -> None:
    """No sheet has a number stored as text, and no text of the service becomes a number."""
    report = make_report([*make_busy_month(), make_job(name="0012", jobId="007")])
    write_workbook(report, LOOK, tmp_path / "report.xlsx")
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    allowed = {"0012", "007", "0" * 64}
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.value not in allowed:
                    assert not re.fullmatch(r"[+-]?[\d.,]+ ?%?", cell.value), cell
    jobs = book["Jobs"]
    header = [cell.value for cell in jobs[1]]
    column = header.index("Job ID")
    (odd,) = [row for row in jobs.iter_rows(min_row=2) if row[column].value == "007"]
    assert "0012" in [cell.value for cell in odd]
