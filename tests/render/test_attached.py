"""The figures and jobs inside the PDF, extracted by other people's code."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pypdf import PdfReader

from reporter.analysis.portfolio import portfolio_of, standing_of
from reporter.jobs.frame import JOB_COLUMNS
from reporter.model import DEPTHS, Look, Report
from reporter.render import csv_
from reporter.render.csv_ import jobs_csv
from reporter.render.json_ import write_json
from reporter.render.pdf import write_pdf
from reporter.render.portfolio import write_portfolio_pdf
from tests.builders import make_busy_month, make_job, make_report

AWKWARD = ['=1+1, "quoted"', "two\r\nlines", "株式会社 💥", "-1", "N\\A"]


@pytest.fixture(scope="module")
def report() -> Report:
    rows = make_busy_month()
    rows += [
        make_job(f"2026-10-07T0{n}:00:00Z", startTime=f"2026-10-07T0{n}:00:00.25Z", name=name)
        for n, name in enumerate(AWKWARD)
    ]
    return make_report([*rows, make_job("2026-10-08T00:00:00Z", startTime="soon")])


@pytest.fixture(scope="module")
def path(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pdf = tmp_path_factory.mktemp("attached") / "report.pdf"
    write_pdf(report, Look(), pdf)
    return pdf


def records(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_the_figures_inside_are_the_json_file(report: Report, path: Path, tmp_path: Path) -> None:
    """Byte for byte the JSON file beside the report."""
    write_json(report, Look(), tmp_path / "report.json")
    assert PdfReader(path).attachments["figures.json"] == [(tmp_path / "report.json").read_bytes()]


def test_every_job_is_inside_with_every_column(report: Report, path: Path) -> None:
    """Each job of the period and each undated one, just as the figures counted them."""
    (content,) = PdfReader(path).attachments["jobs.csv"]
    rows = records(content)
    assert len(rows) == len(report.jobs) == len({(r["module"], r["job_id"]) for r in rows})
    names = [*JOB_COLUMNS, "left_out"]
    assert list(rows[0]) == ["duration_s" if name == "duration" else name for name in names]
    assert {row["left_out"] for row in rows} == {"false"}
    assert {row["dated_by"] for row in rows} <= {"start", "end", "modification", ""}
    assert {row["name"] for row in rows} >= set(AWKWARD)
    for row, (_, job) in zip(rows, report.jobs.iterrows(), strict=True):
        assert {name: read_back(row, name) for name in JOB_COLUMNS} == {
            name: None if pd.isna(value) or value == "" else value
            for name, value in job[list(JOB_COLUMNS)].items()
        }


def read_back(record: dict[str, str], column: str) -> Any:
    """A value as the typed frame has it."""
    text = record["duration_s" if column == "duration" else column]
    if not text:
        return None
    match JOB_COLUMNS[column]:
        case "Int64":
            return int(text)
        case "bool":
            return {"true": True, "false": False}[text]
        case "timedelta64[us]":
            return timedelta(seconds=float(text))
        case "str":
            return text
        case _:
            assert text.endswith("Z")
            return datetime.fromisoformat(text)


def test_the_file_is_what_rfc_4180_says(report: Report) -> None:
    """A header, CRLF after each record, quotes doubled; and nothing put before a text."""
    content = b"".join(jobs_csv(report.jobs))
    assert content.startswith(b"service,module,status,job_id,name,objects_total,")
    assert content.endswith(b"\r\n")
    assert b',"=1+1, ""quoted""",' in content
    assert b',"two\r\nlines",' in content


def test_half_a_character_stays_visible() -> None:
    """What JSON can express and UTF-8 cannot is written as an escape, and makes no report fail."""
    report = make_report([make_job(name="a\ud800b")])
    assert records(b"".join(jobs_csv(report.jobs)))[0]["name"] == "a\\ud800b"


def test_a_period_without_jobs_has_the_header_alone() -> None:
    """No job, no line."""
    assert b"".join(jobs_csv(make_report([]).jobs)).count(b"\r\n") == 1


def test_memory_does_not_grow_with_the_jobs(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is written in parts of some jobs each, with the same content."""
    whole = b"".join(jobs_csv(report.jobs))
    monkeypatch.setattr(csv_, "JOBS_AT_ONCE", 10)
    parts = list(jobs_csv(report.jobs))
    assert len(parts) == 1 + -(-len(report.jobs) // 10)
    assert b"".join(parts) == whole


def test_the_document_declares_its_attachments(report: Report, path: Path) -> None:
    """Associated with the document, sorted by name, dated as the data and not the clock."""
    catalogue: Any = PdfReader(path).root_object
    (names, files) = (catalogue["/Names"]["/EmbeddedFiles"]["/Names"][n::2] for n in (0, 1))
    assert names == sorted(names) == ["figures.json", "jobs.csv"]
    assert [item.idnum for item in catalogue["/AF"]] == [file.idnum for file in files]
    described = [file.get_object() for file in files]
    assert [file["/AFRelationship"] for file in described] == ["/Data", "/Source"]
    assert all(file["/Desc"] and file["/UF"] == file["/F"] for file in described)
    contents = [file["/EF"]["/F"].get_object() for file in described]
    assert [content["/Subtype"] for content in contents] == ["/application/json", "/text/csv"]
    dated = f"D:{report.as_of.astimezone(UTC):%Y%m%d%H%M%S}Z"
    for content in contents:
        assert content["/Params"]["/ModDate"] == content["/Params"]["/CreationDate"] == dated
        assert content["/Params"]["/Size"] == len(content.get_data())


@pytest.mark.skipif(shutil.which("pdfdetach") is None, reason="poppler is not installed")
def test_a_command_line_reader_extracts_them(path: Path, tmp_path: Path) -> None:
    """Poppler's `pdfdetach` finds both, and the same bytes."""
    subprocess.run(["pdfdetach", "-saveall", "-o", tmp_path, path], check=True)
    expected = {name: versions[0] for name, versions in PdfReader(path).attachments.items()}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == expected


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_short_report_holds_all_figures(report: Report, depth: Any, tmp_path: Path) -> None:
    """The director's page is about the same jobs."""
    write_pdf(report, Look(depth=depth), tmp_path / "report.pdf")
    (content,) = PdfReader(tmp_path / "report.pdf").attachments["jobs.csv"]
    assert content == b"".join(jobs_csv(report.jobs))


def test_the_portfolio_has_no_attachments(report: Report, tmp_path: Path) -> None:
    """It covers many customers, whose data is in their own reports."""
    portfolio = portfolio_of(report.period, [standing_of(report, {})])
    write_portfolio_pdf(portfolio, Look(), tmp_path / "portfolio.pdf")
    assert PdfReader(tmp_path / "portfolio.pdf").attachments == {}


def test_half_a_character_is_json_all_the_same(tmp_path: Path) -> None:
    """The JSON has the escape the service may have sent it as."""
    report = make_report([make_job(name="a\ud800b", status="Failed")])
    write_json(report, Look(), tmp_path / "report.json")
    assert b'"name": "a\\ud800b"' in (tmp_path / "report.json").read_bytes()
    write_pdf(replace(report, version=1), Look(), tmp_path / "report.pdf")
