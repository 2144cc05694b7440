"""`reporter archive --pack`: what an auditor tests in a report, reproduced without our code."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from reporter.audit.packing import Sampling
from reporter.model import Customer, Reply, Snapshot
from reporter.sources.avepoint.reading.texts import row_texts
from reporter.store import Store
from tests.builders import CUSTOMER, NOW, make_job, make_row
from tests.evidence.conftest import OCTOBER_OVER, SECOND, Evidence, keep, month
from tests.validators.__main__ import WORK, excel, open_xml

FILES = ["README.txt", "auditors-pack.xlsx", "population.csv", "sample.json"]


def pack_of(evidence: Evidence, *more: str, seed: str = "X", period: str = "2026-10") -> Path:
    """The folder of the one customer's pack."""
    result = evidence.run("archive", "--pack", "--period", period, "--seed", seed, *more)
    assert result.exit_code == 0, result.output
    return evidence.folder / result.stdout.splitlines()[-1]


def population(pack: Path) -> list[dict[str, str]]:
    with (pack / "population.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def sample(pack: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((pack / "sample.json").read_bytes())
    return content


def cells(pack: Path, sheet: str) -> list[list[Any]]:
    """The rows of a sheet, read by another library."""
    book = CalamineWorkbook.from_path(str(pack / "auditors-pack.xlsx"))
    return book.get_sheet_by_name(sheet).to_python()


def outcomes_of(pack: Path) -> Mapping[str, tuple[str, str]]:
    """The result of each test of completeness: the outcome, and what was found."""
    rows = cells(pack, "Completeness")
    first = next(n for n, row in enumerate(rows) if row[:3] == ["Test", "Outcome", "Found"])
    outcomes: dict[str, tuple[str, str]] = {}
    for test, outcome, detail, *_ in rows[first + 1 :]:
        if not test:
            return outcomes
        outcomes[test] = (outcome, detail)
    raise AssertionError("the table has no end")


def facts_of(pack: Path) -> dict[str, Any]:
    return {row[0]: row[1] for row in cells(pack, "Completeness") if row[0]}


def test_a_pack_holds_what_auditors_test(evidence: Evidence) -> None:
    """A workbook, the population, the sample, a text; beside the bag, which is archived first and
    still verifies with the pack there.
    """
    pack = pack_of(evidence)
    home = evidence.folder / "archive" / "contoso-ltd"
    assert pack.parent == home / "packs"
    assert pack.name.startswith("2026-10-v1-25-x-")
    assert sorted(path.name for path in pack.iterdir()) == FILES
    assert evidence.verdict(home)["failed"] == ""
    book = CalamineWorkbook.from_path(str(pack / "auditors-pack.xlsx"))
    assert book.sheet_names == [
        "Read me & sign-off",
        "Completeness",
        "Scopes",
        "Population",
        "Sample",
        "Failures",
    ]
    text = (pack / "README.txt").read_text("utf-8")
    for name in FILES[1:]:
        assert f"{hashlib.sha256((pack / name).read_bytes()).hexdigest()}  {name}" in text
    front = [cell for row in cells(pack, "Read me & sign-off") for cell in row if cell]
    for label in ("Prepared by (name, function)", "Reviewed by (name, function)", "Signature"):
        assert label in front
    assert {"Date", "Conclusion", "Exceptions, remarks"} <= set(front)


def test_the_population_contains_all_jobs_of_the_period(evidence: Evidence) -> None:
    """Each job that a reply has, in the CSV and in the workbook, with every field."""
    pack = pack_of(evidence)
    rows = population(pack)
    jobs = [row for row in month("2026-10", status="Failed") if isinstance(row, dict)]
    assert len(rows) == len(jobs) == 20
    by_id = {(row["module"], row["job_id"]): row for row in rows}
    for job in jobs:
        row = by_id[job["jobModule"], job["jobId"]]
        assert (row["service"], row["status"], row["name"]) == (
            "Microsoft 365",
            job["status"],
            "",
        )
        assert row["started_at"].startswith(job["startTime"][:10])
        assert float(row["duration_s"]) == 1200
    head, *printed = cells(pack, "Population")
    assert head[0] == "No."
    assert head[-1] == "Key"
    assert [str(int(row[0])) for row in printed] == [row["number"] for row in rows]
    assert [row[-1] for row in printed] == [row["key"] for row in rows]
    assert [row[4] for row in printed] == [row["job_id"] for row in rows]


@pytest.mark.parametrize(("seed", "size"), [("X", 5), ("2026 audit, Ä|b", 25), ("=1+1", 1)])
def test_the_sample_can_be_drawn_again_without_our_code(
    evidence: Evidence, seed: str, size: int
) -> None:
    """With hashlib from the CSV; and with the lines of Python that the README gives."""
    pack = pack_of(evidence, "--sample", str(size), seed=seed)
    keyed = sorted(
        (
            hashlib.sha256(
                f"{seed}|{row['service']}|{row['module']}|{row['job_id']}".encode()
            ).hexdigest(),
            row["module"],
            row["job_id"],
        )
        for row in population(pack)
    )
    drawn_sample = sample(pack)
    drawn = [
        (entry["key"], entry["job"]["module"], entry["job"]["job_id"])
        for entry in drawn_sample["sample"]
    ]
    assert drawn == keyed[:size]
    assert (drawn_sample["seed"], drawn_sample["asked"], drawn_sample["population"]) == (
        seed,
        size,
        20,
    )
    assert [int(row[0]) for row in cells(pack, "Sample")[1:]] == list(range(1, len(drawn) + 1))
    marked = {
        row["job_id"]: int(row["sample_number"]) for row in population(pack) if row["sample_number"]
    }
    assert len(marked) <= len(drawn)
    text = (pack / "README.txt").read_text("utf-8").split("in this folder:\n\n")[1]
    lines = text.split("\n\n")[0].splitlines()
    script = "\n".join(line.removeprefix("    ") for line in lines)
    output = subprocess.run(
        [sys.executable, "-c", script], cwd=pack, capture_output=True, text=True, check=True
    ).stdout
    assert [line.split()[0] for line in output.splitlines()] == [
        str(entry["population_number"]) for entry in drawn_sample["sample"]
    ]


def test_a_sampled_job_leads_to_its_row_in_the_bag(evidence: Evidence) -> None:
    """The raw row is, letter by letter, at the named place in the named reply, and agrees with the
    fields of the job.
    """
    pack = pack_of(evidence)
    bag = pack.parent.parent / "2026-10-v1"
    printed = {row[5]: row for row in cells(pack, "Sample")[1:]}
    assert len(sample(pack)["sample"]) == 20
    for entry in sample(pack)["sample"]:
        reply = entry["reply"]
        body = (bag / "data" / "replies" / f"{reply['sha256']}.json").read_bytes()
        assert hashlib.sha256(body).hexdigest() == reply["sha256"]
        assert entry["raw"].encode() in body
        row = json.loads(body)["value"][reply["row"] - 1]
        assert json.loads(entry["raw"]) == row
        assert (row["jobId"], row["jobModule"]) == (entry["job"]["job_id"], entry["job"]["module"])
        assert str(entry["job"]["objects_total"]) == row["totalCount"]
        assert (reply["request_id"], reply["fetched_at"]) == (
            "req-0106",
            "2026-11-01T07:00:00+01:00",
        )
        assert reply["sha256"] in printed[row["jobId"]]


def test_failures_are_listed_with_what_cured_them(evidence: Evidence) -> None:
    """Open ones first; a cured one with the job and how long it took."""
    rows = [
        make_job("2026-10-02T01:00:00Z", "Failed"),
        make_job("2026-10-03T01:00:00Z"),
        make_job("2026-10-04T01:00:00Z", "Failed", jobModule="OneDrive"),
    ]
    keep(evidence.folder, rows, OCTOBER_OVER + timedelta(hours=1))
    evidence.render()
    pack = pack_of(evidence)
    head, *listed = cells(pack, "Failures")
    assert head[-1] == "Ticket, correction (to be filled in)"
    register = [dict(zip(head, row, strict=True)) for row in listed]
    standings = [row["Standing"] for row in register]
    assert standings[0] == "open"
    assert standings == sorted(standings, reverse=True)
    cured = next(row for row in register if row["Job ID"] == "FB20261002010000")
    assert cured["Cured by job"] == "FB20261003010000"
    assert cured["Cured after"] == timedelta(hours=24)


def test_the_pack_says_what_the_report_rests_on(evidence: Evidence) -> None:
    """Source, parameters, who, when, with what; and the result of each test."""
    pack = pack_of(evidence)
    facts = facts_of(pack)
    assert facts["Source system"] == "AvePoint Graph API, generation 1"
    assert f"https://graph.example/partner/customers/{CUSTOMER.id}/jobs" in facts["Addresses"]
    assert facts["Time zone"] == "Europe/Berlin"
    assert facts["Period"].startswith("2026-10: from 2026-10-01T00:00:00+02:00")
    assert facts["Made with"].startswith("backup-reporter ")
    assert facts["Report made by"] == "not named in the configuration"
    assert facts["Bag"].startswith("2026-10-v1; SHA-256")
    assert facts["Rows in all replies of the bag"] == 40
    assert facts["Jobs known"] == 40
    assert facts["less: dated before the period"] == -20
    assert facts["Population"] == facts["Backup jobs in the figures"] == 20
    outcomes = outcomes_of(pack)
    assert outcomes["Population against the replies"][0] == "holds"
    assert outcomes["Figures against the population"][0] == "holds"
    assert outcomes["Lists read to their end"][0] == "holds"
    assert outcomes["Rows against the service's count"][0] == "cannot be tested"
    assert outcomes["Archive: figures"][0] == outcomes["Archive: history"][0] == "holds"
    assert outcomes["Archive: signature"][0] == "cannot be tested"
    outcome, detail = outcomes["Every day was observed"]
    assert (outcome, detail) == ("FAILED", "1 of 31 days were observed")
    assert any("2026-10-31" in str(row[0]) for row in cells(pack, "Completeness"))
    front = cells(pack, "Read me & sign-off")
    failed = ["Tests that failed", "Every day was observed, No time went unwatched"]
    assert failed in [row[:2] for row in front]


def test_every_job_is_dated_by_what_its_rows_say(evidence: Evidence) -> None:
    """By its end, or the earliest modification of any reply, where it has no start; for a job that
    cannot be dated, the reply that shows it first decides. What is left out is in the population.
    """
    vm: dict[str, Any] = {"jobType": "IaaS + PaaS", "jobModule": "Azure Virtual Machine"}
    undated = {"startTime": "N/A", "endTime": "N/A", "jobDuration": "N/A"}
    ended = make_job("2026-10-07T01:00:00Z", jobId="ended", name="web", **vm) | {"startTime": "N/A"}
    modified = [
        make_job(status="Failed to start", jobId="modified", name="web", lastModifyTime=at, **vm)
        | undated
        for at in ("2026-10-31T22:30:00Z", "2026-11-01T06:30:00Z")
    ]
    never = make_job(jobId="never", name="web", lastModifyTime="N/A", **vm) | undated
    left_out = make_job("2026-10-09T01:00:00Z", jobId="test", name="test", **vm)
    off = make_row(jobModule="Power BI", status="Disabled", lastModifyTime="2026-10-02T08:00:00Z")
    scan = make_job("2026-10-09T01:00:00Z", jobId="scan", jobType="Microsoft 365 Scan")
    at = OCTOBER_OVER - timedelta(hours=12)
    keep(evidence.folder, [ended, left_out, modified[0], never, scan, off], at)
    keep(evidence.folder, [never | {"jobId": "later"}, modified[1], off], at + timedelta(hours=20))
    where = 'service = "IaaS + PaaS"\nmodule = "Azure Virtual Machine"\nname = "test"'
    evidence.configure("[[report.left_out]]", where, 'reason = "Nobody needs it."')
    evidence.render()
    pack = pack_of(evidence)
    rows = {row["job_id"]: row for row in population(pack)}
    assert len(rows) == 10 + 5
    dated = {
        job_id: (rows[job_id]["dated_by"], rows[job_id]["counted_as"])
        for job_id in ("ended", "modified")
    }
    assert dated == {"ended": ("end", "backup"), "modified": ("modification", "backup")}
    assert rows["modified"]["dated_at"] == "2026-10-31T23:30:00+01:00"
    assert (rows["never"]["dated_by"], rows["never"]["counted_as"]) == ("", "undated")
    assert rows["test"]["counted_as"] == "left out"
    assert rows["scan"]["counted_as"] == "not a backup"
    outcomes, facts = outcomes_of(pack), facts_of(pack)
    for subject in ("Population", "Dates", "Scopes"):
        assert outcomes[f"{subject} against the replies"][0] == "holds", outcomes
    assert outcomes["Left out as the configuration says"] == (
        "holds",
        "1 scopes with 1 jobs are left out, by 1 rules",
    )
    assert outcomes["Every job is dated"] == (
        "FAILED",
        "22 by their start, 1 by their end, 1 by the earliest modification known; 1 cannot be "
        "dated: they are in the population and in no figure",
    )
    assert outcomes["The report is final"][0] == "holds"
    assert facts["less: undated, and first shown outside of the period"] == -1
    assert facts["less: undated"] == facts["less: left out by the provider"] == -1
    assert facts["Population"] == 25
    assert facts["Backup jobs in the figures"] == 22
    behind = {entry["job"]["job_id"]: entry for entry in sample(pack)["sample"]}
    assert json.loads(behind["modified"]["raw"]) == modified[1]


def test_each_scope_leads_to_the_row_that_lists_it(evidence: Evidence) -> None:
    """In the reply that shows how scopes stand; for a scope that is gone, in the last one
    before.
    """
    at = OCTOBER_OVER - timedelta(hours=12)
    gone = make_job("2026-10-30T01:00:00Z", jobModule="Teams Chat")
    off = make_row(jobModule="Power BI", status="Disabled", lastModifyTime="2026-10-02T08:00:00Z")
    keep(evidence.folder, [gone, off], at)
    keep(evidence.folder, [off, make_row(status="Failed")], at + timedelta(hours=4))
    evidence.configure(
        "[[report.left_out]]",
        'service = "Microsoft 365"\nmodule = "Power BI"\nreason = "Nobody needs it."',
    )
    evidence.render()
    pack = pack_of(evidence)
    head, *rows = cells(pack, "Scopes")
    scopes = {row[1]: dict(zip(head, row, strict=True)) for row in rows}
    listed = {module: row["Listed as"] for module, row in scopes.items()}
    assert listed == {
        "Exchange Online": "could not run",
        "Teams Chat": "no longer listed",
        "OneDrive": "no longer listed",
        "Power BI": "",
    }
    assert json.loads(scopes["Exchange Online"]["Row behind it, as received"])["status"] == "Failed"
    assert json.loads(scopes["Teams Chat"]["Row behind it, as received"]) == gone
    long_gone = json.loads(scopes["OneDrive"]["Row behind it, as received"])
    assert long_gone == month("2026-09")[-1]
    assert scopes["Power BI"]["Left out of the figures, because"] == "Nobody needs it."
    assert json.loads(scopes["Power BI"]["Row behind it, as received"]) == off
    (bag,) = pack.parent.parent.glob("2026-10-v*")
    for scope in scopes.values():
        if raw := scope["Row behind it, as received"]:
            body = (bag / "data" / "replies" / f"{scope['SHA-256 of the reply']}.json").read_bytes()
            assert json.loads(body)["value"][int(scope["Row no. in its reply"]) - 1] == json.loads(
                raw
            )
            assert raw.encode() in body


def test_the_services_own_count_is_checked_against_its_rows(evidence: Evidence) -> None:
    """Generation 3 says how many rows there are: over two pages, with failures to read between."""
    rows = [
        make_job(jobType=7, jobModule=303, status=2),
        make_job("2026-10-06T01:00:00Z", 3, jobType=7, jobModule=305),
        make_job(
            jobId="odd", startTime="yesterday", endTime="N/A", jobType=7, jobModule=303, status=2
        ),
        make_row(jobType=7, jobModule=304, status=13),
    ]
    at = OCTOBER_OVER + timedelta(hours=1)
    pages = tuple(
        Reply(
            f"https://graph.example/partner/external/v3/general/jobs/batch?pageIndex={n}",
            at,
            f"req-{n}",
            json.dumps(
                {"metadata": {"pageIndex": n, "pageSize": 2, "totalCount": 4}, "data": part},
                indent=1,
            ).encode(),
        )
        for n, part in ((1, rows[:2]), (2, rows[2:]))
    )
    with closing(Store.open(f"sqlite:///{evidence.folder / 'reporter.db'}")) as store:
        store.record_failure(CUSTOMER, OCTOBER_OVER - timedelta(days=3), "the service was down")
        store.record(Snapshot(CUSTOMER, pages))
    evidence.render()
    pack = pack_of(evidence)
    outcomes = outcomes_of(pack)
    assert outcomes["Rows against the service's count"][0] == "holds"
    outcome, detail = outcomes["Every job is dated"]
    assert outcome == "holds"
    assert "1 by the earliest modification known; 0 cannot be dated" in detail
    assert outcomes["Every value can be read"][0] == "FAILED"
    looks = cells(pack, "Completeness")
    assert any("4 rows, and the service counts 4" in str(row[3]) for row in looks)
    assert any("the service was down" in str(row[3]) for row in looks)
    assert facts_of(pack)["less: undated"] == 0
    assert facts_of(pack)["less: placeholders, rows without a job id"] == -1
    by_id = {entry["job"]["job_id"]: entry for entry in sample(pack)["sample"]}
    assert by_id["odd"]["reply"]["row"] == 1
    assert by_id["odd"]["reply"]["request_id"] == "req-2"
    assert by_id["odd"]["job"]["started_at"] is None
    assert json.loads(by_id["odd"]["raw"]) == rows[2]
    assert by_id["odd"]["raw"].encode() in pages[1].body


def test_the_auditor_names_the_seed(evidence: Evidence) -> None:
    """Without one nothing is made; and options that cannot be combined are refused."""
    for wrong, message in (
        (["--pack"], "the auditor chooses it"),
        (["--pack", "--seed", ""], "the auditor chooses it"),
        (["--seed", "X"], "require --pack"),
        (["--sample", "3"], "require --pack"),
        (["--pack", "--seed", "X", "--sample", "0"], "--sample"),
        (["--pack", "--seed", "X", "--prune"], "follows the retention"),
    ):
        result = evidence.run("archive", "--period", "2026-10", *wrong)
        assert result.exit_code == 2, wrong
        assert message in result.stderr
    assert not (evidence.folder / "archive").exists()


@pytest.mark.slow
def test_another_process_makes_the_same_bytes(evidence: Evidence) -> None:
    """In another time zone, with another hash seed, and from an archive that has grown
    meanwhile.
    """
    pack = pack_of(evidence)
    first = {name: (pack / name).read_bytes() for name in FILES}
    shutil.rmtree(pack.parent)
    evidence.render("2026-09")
    evidence.archive("2026-09")
    arguments = ["archive", "--pack", "--period", "2026-10", "--seed", "X"]
    subprocess.run(
        [sys.executable, "-m", "reporter", *arguments],
        cwd=evidence.folder,
        env=os.environ | {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "LC_ALL": "C"},
        check=True,
        capture_output=True,
    )
    assert {name: (pack / name).read_bytes() for name in FILES} == first


def test_a_pack_is_left_alone(evidence: Evidence) -> None:
    """What somebody has signed is not overwritten; another seed or size makes another pack."""
    pack = pack_of(evidence)
    (pack / "README.txt").write_text("signed", "utf-8")
    assert pack_of(evidence) == pack
    assert (pack / "README.txt").read_text("utf-8") == "signed"
    others = {pack_of(evidence, seed="x"), pack_of(evidence, "--sample", "3")}
    assert len({pack, *others}) == 3


def test_a_pack_appears_whole_or_not_at_all(
    evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that cannot be written leaves nothing; the next run makes it."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("reporter.audit.packing.making.write_sample", full)
        result = evidence.run("archive", "--pack", "--period", "2026-10", "--seed", "X")
    assert result.exit_code == 1
    assert "cannot be written: No space left on device" in result.stderr
    packs = evidence.folder / "archive" / "contoso-ltd" / "packs"
    assert not list(packs.iterdir())
    assert sorted(path.name for path in pack_of(evidence).iterdir()) == FILES


def test_a_changed_bag_gives_no_pack(evidence: Evidence) -> None:
    """It is reported, and other customers still get theirs."""
    keep(evidence.folder, month("2026-10"), OCTOBER_OVER, SECOND)
    evidence.render()
    evidence.archive()
    path = evidence.folder / "archive" / "contoso-ltd" / "2026-10-v1" / "data" / "report.json"
    path.write_bytes(path.read_bytes().replace(b"20", b"21", 1))
    result = evidence.run("archive", "--pack", "--period", "2026-10", "--seed", "X")
    assert result.exit_code == 1
    assert (
        "is not what was archived: changed since it was archived: data/report.json" in result.stderr
    )
    assert len(result.stdout.splitlines()) == 1
    assert "fabrikam" in result.stdout


def test_texts_stay_texts(evidence: Evidence) -> None:
    """A job's name never becomes a formula, in the workbook or from the CSV; the sample can still
    be found.
    """
    evil = '=HYPERLINK("http://x","y")'
    keep(
        evidence.folder,
        [
            make_job("2026-10-05T01:00:00Z", jobId=evil, name="+1\x07 <b>", jobModule="'=a|b"),
            make_job("2026-10-06T01:00:00Z", jobId="ok", name='a\r\nb,"c"'),
        ],
        OCTOBER_OVER + timedelta(hours=1),
    )
    evidence.render()
    pack = pack_of(evidence, seed="=x")
    for row in population(pack):
        assert not any(text.startswith(("=", "+", "@")) for text in row.values())
    row = next(job for job in population(pack) if job["job_id"] == "'" + evil)
    assert row["module"] == "''=a|b"
    key = hashlib.sha256(f"=x|Microsoft 365|'=a|b|{evil}".encode()).hexdigest()
    assert row["key"] == key
    book = openpyxl.load_workbook(pack / "auditors-pack.xlsx")
    for sheet in book.worksheets:
        for line in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in line)
    entries = {entry["job"]["job_id"]: entry for entry in sample(pack)["sample"]}
    assert entries[evil]["key"] == key


def test_others_take_the_workbook_for_valid(evidence: Evidence) -> None:
    """Microsoft's Open XML SDK, where it is installed, and the rules of Excel it does not know."""
    path = pack_of(evidence) / "auditors-pack.xlsx"
    assert excel([path]) == {path: ""}
    if not (WORK / "installed").exists():
        pytest.skip("the Open XML SDK is not installed: make validate")
    assert open_xml([path]) == {path: ""}


def test_a_customer_without_jobs_has_a_pack(evidence: Evidence) -> None:
    """It says that there are none."""
    nobody = Customer("c0000000-0000-0000-0000-000000000003", "Adatum")
    for at in (OCTOBER_OVER - timedelta(days=1), OCTOBER_OVER):
        keep(evidence.folder, [make_row()], at, nobody)
    evidence.render()
    pack = pack_of(evidence, "--customer", "Adatum", seed="x")
    assert pack.name == "2026-10-v1-25-x"
    assert population(pack) == sample(pack)["sample"] == []
    assert cells(pack, "Sample")[1][0] == "The population has no jobs."
    assert excel([pack / "auditors-pack.xlsx"]) == {pack / "auditors-pack.xlsx": ""}


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        (b'{"value": [ {"a": 1.0 } , {"a":\n[2]}]}', ['{"a": 1.0 }', '{"a":\n[2]}']),
        (b'\xef\xbb\xbf{"data":[{"a":"]"}],"metadata":{"x":[1]}}', ['{"a":"]"}']),
        (b'{"value": [{"a": 1}], "value": [{"a": 2}]}', ['{"a": 2}']),
        (b'{"value": "none", "data": []}', []),
        ('{"value": [{"ä": "\\u00e4"}]}'.encode("utf-16"), ['{"ä": "\\u00e4"}']),
        (b' { "n" : {"value": [3]} , "value" : [ {"b": NaN} ] } ', ['{"b": NaN}']),
    ],
)
def test_rows_are_cut_out_letter_by_letter(body: bytes, texts: list[str]) -> None:
    """Whatever surrounds them."""
    assert row_texts(Reply("https://graph.example", NOW, "", body)) == texts


def test_drawings_have_names_of_their_own() -> None:
    """Also on a file system that ignores case, or allows few characters."""
    seeds = ["x", "X", "x ", "ä/b", "ä b", "…", "a" * 300]
    names = {Sampling(seed, 25).name.casefold() for seed in seeds}
    assert len(names) == len(seeds)
    assert all(len(name.encode()) < 120 and "/" not in name for name in names)
