"""The command line from end to end, and what it says when something is wrong."""

from __future__ import annotations

import json
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from reporter.sources.avepoint.emulator import Lists, demo_cast, ordinary_customers
from tests.builders import make_busy_month, make_job, make_row
from tests.conftest import Run, StartEmulator, configure

SEED_REPLY = {
    "@odata.context": "https://graph.example/partner/$metadata#Collection(BackUpJob)",
    "value": [make_row(jobModule="SharePoint Online"), make_row(jobModule="Exchange Online")],
}

IN_OCTOBER = ("--period", "2026-10", "--fetched-at", "2026-10-31T18:00:00Z")


def write_reply(folder: Path, reply: object = SEED_REPLY, name: str = "reply.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(reply), "utf-8")
    return path


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def read_report(folder: Path) -> dict[str, Any]:
    (path,) = folder.rglob("*.json")
    report: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return report


def test_fetch_then_render(run: Run, start_emulator: StartEmulator, tmp_path: Path) -> None:
    """Two commands over one store make PDF, workbook and JSON of every customer."""
    configure(start_emulator(), tmp_path)
    assert run("fetch", "--quiet").exit_code == 0
    result = run("render", "--period", "2026-10", "--out", "out", "--workers", "1")
    assert result.exit_code == 0, result.output
    paths = [Path(line) for line in result.stdout.splitlines()]
    assert len(paths) == 3 * 3 + 3
    assert paths[-3:] == [
        Path("out/2026-10") / name for name in ("index.html", "portfolio.pdf", "portfolio.xlsx")
    ]
    assert all(path.stat().st_size for path in paths)
    pdf = next(path for path in paths if path.suffix == ".pdf")
    assert "October 2026" in PdfReader(pdf).pages[0].extract_text()


def test_one_failing_customer_does_not_affect_the_others(
    run: Run, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """With one customer out of scope the others are still fetched; the exit status is 1."""
    small = [demo_cast()[number] for number in (0, 3, 6)]
    configure(start_emulator(customers=small, lists=Lists.ALL), tmp_path)
    result = run("fetch")
    assert result.exit_code == 1
    assert "Tailspin Toys" in result.stderr
    assert "elements.jobs.read.all" in result.stderr
    rendered = run("render", "--period", "2026-10", "--format", "json", "--workers", "1")
    assert rendered.exit_code == 1
    *reports, index = rendered.stdout.splitlines()
    assert len(reports) == 2
    assert index == "reports/2026-10/index.html"
    page = (tmp_path / index).read_text("utf-8")
    assert "Nothing known (1)" in page
    assert "the last attempt failed" in page
    links = re.findall(r'href="([^":]+\.json)"', page)
    assert {(tmp_path / index).parent / unquote(link) for link in links} == {
        tmp_path / report for report in reports
    }
    assert "no complete snapshot of Tailspin Toys" in rendered.stderr


@pytest.mark.usefixtures("fetched")
def test_a_portfolio_covers_all_customers_or_is_not_written(run: Run, tmp_path: Path) -> None:
    """A run over some of the customers, or over a saved reply, leaves the portfolio of all as it
    is.
    """
    name = json.loads(run("customers", "--json").stdout)[0]["name"]
    assert run("render", "--period", "2026-10", "--customer", name).exit_code == 0
    assert run("render", "--input", write_reply(tmp_path)).exit_code == 0
    assert not [path for path in files_in(tmp_path) if path.name == "index.html"]


@pytest.mark.usefixtures("fetched")
def test_one_period_for_all_zones(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the new month has begun for some customers only, all get the same period."""
    first = datetime(2026, 11, 1, 5, tzinfo=UTC)
    monkeypatch.setattr("reporter.cli.render.utc_now", lambda: first)
    ids = [customer["id"] for customer in json.loads(run("customers", "--json").stdout)]
    with (tmp_path / "reporter.toml").open("a", encoding="utf-8") as file:
        for customer, zone in zip(ids, ("Pacific/Kiritimati", "Pacific/Niue"), strict=False):
            file.write(f'\n[[customers]]\nid = "{customer}"\nreport.timezone = "{zone}"\n')
    result = run("render", "--format", "json")
    assert result.exit_code == 0, result.output
    assert {Path(line).parts[1] for line in result.stdout.splitlines()} == {"2026-10"}


def test_several_customers_are_fetched_at_once(
    run: Run, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """Customers are fetched side by side, but never more than eight at a time."""
    emulator = start_emulator(customers=ordinary_customers(20, 60, 1), latency=0.1)
    configure(emulator, tmp_path)
    assert run("fetch", "--quiet").exit_code == 0
    assert 3 <= emulator.busiest <= 8


@pytest.mark.usefixtures("fetched")
def test_customers_are_rendered_in_worker_processes(run: Run, tmp_path: Path) -> None:
    """Several workers write the same files as one."""
    for workers in (1, 2):
        result = run("render", "--period", "2026-10", "--format", "pdf,json,xlsx",
                     "--out", f"out{workers}", "--workers", workers)  # fmt: skip
        assert result.exit_code == 0, result.output
    first, second = (
        {
            path.relative_to(folder): path.read_bytes()
            for path in folder.rglob("*.*")
            if path.is_file()
        }
        for folder in (tmp_path / "out1", tmp_path / "out2")
    )
    assert first == second


def test_the_seeds_own_reply_renders(run: Run, tmp_path: Path) -> None:
    """Modules that never ran: state "never run", no rate, no volume, no store and no network."""
    path = write_reply(tmp_path)
    result = run("render", "--input", path, *IN_OCTOBER, "--customer-name", "Contoso")
    assert result.exit_code == 0, result.output
    report = read_report(tmp_path / "reports")
    assert report["state"] == "never run"
    assert [module["state"] for module in report["modules"]] == ["never run"] * 2
    totals = report["totals"]
    assert (totals["success_rate"], totals["longest_gap_s"], totals["stored_bytes"]) == (None,) * 3
    assert (totals["jobs"], totals["bytes"], totals["sized_jobs"]) == (0, 0, 0)
    assert report["customer"] == {"id": "contoso", "name": "Contoso"}
    assert not (tmp_path / "reporter.db").exists()


def test_a_reply_from_standard_input(run: Run, tmp_path: Path) -> None:
    """`--input -` reads what is piped in, of generation 3 as well."""
    rows = [make_row(jobType=7, jobModule=303, status=0)]
    reply = {"data": rows, "metadata": {"pageIndex": 1, "pageSize": 50, "totalCount": 1}}
    result = run(
        "render", "--input", "-", "--format", "json", *IN_OCTOBER, input=json.dumps(reply).encode()
    )
    assert result.exit_code == 0, result.output
    (module,) = read_report(tmp_path / "reports")["modules"]
    assert (module["service"], module["module"]) == ("Microsoft 365", "Exchange Online")


def test_the_days_of_fetched_at_are_observed(run: Run, tmp_path: Path) -> None:
    """Two saved replies of two days are two observed days."""
    path = write_reply(tmp_path)
    run(
        "render", "--input", path, "--input", path, "--format", "json", "--period", "2026-10",
        "--fetched-at", "2026-10-05T06:00:00Z", "--fetched-at", "2026-10-06T06:00:00Z",
    )  # fmt: skip
    coverage = read_report(tmp_path / "reports")["coverage"]
    assert coverage["snapshot_days"] == 2


def test_all_outputs_tell_the_same_figures(run: Run, tmp_path: Path) -> None:
    """JSON, workbook and PDF of one report agree."""
    path = write_reply(tmp_path, {"value": make_busy_month()})
    result = run("render", "--input", path, "--period", "2026-10", "--format", "pdf,xlsx,json,html")
    assert result.exit_code == 0, result.output
    totals = read_report(tmp_path / "reports")["totals"]
    assert isinstance(totals, dict)
    (pdf,), (xlsx,), (html,) = (
        (tmp_path / "reports").rglob(f"*.{s}") for s in ("pdf", "xlsx", "html")
    )
    sentence = f"{totals['success']} of {totals['completed']} backups that were seen succeeded"
    assert sentence in " ".join(PdfReader(pdf).pages[0].extract_text().split())
    assert sentence in html.read_text("utf-8")
    jobs = CalamineWorkbook.from_path(str(xlsx)).get_sheet_by_name("Jobs").to_python()
    header = jobs[0]
    counted = [row for row in jobs[1:] if row[header.index("Counted as")] == "backup"]
    assert len(counted) == totals["jobs"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not json at all", "is not JSON"),
        (b'{"value": [{"jobId": "1"}, {"jobI', "is not JSON"),
        (b'{"items": []}', "not a list of jobs"),
        (b"[1, 2]", "not a list of jobs"),
        (b'{"value": [{}, 17]}', "Row 2 of 2 is not an object but 17"),
        (b'{"value": [], "@odata.nextLink": "more"}', "not complete"),
        (b'{"data": [{}], "metadata": {"pageIndex": 1, "totalCount": 9}}', "1 of 9 rows"),
        (b'{"data": [{}], "metadata": {"pageIndex": 2, "totalCount": 1}}', "first is missing"),
        (b"\xff\xfe\x00", "is not JSON"),
    ],
)
def test_an_unusable_reply_is_explained(
    run: Run, tmp_path: Path, content: bytes, message: str
) -> None:
    """A saved reply that is cut short or of another shape gives an error and no report."""
    path = tmp_path / "reply.json"
    path.write_bytes(content)
    result = run("render", "--input", path, "--period", "2026-10")
    assert result.exit_code == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize(
    ("arguments", "message", "status"),
    [
        (["render", "--period", "2199-01", "--input", "-"], "has not begun", 2),
        (["render", "--period", "2026-13", "--input", "-"], "is not a period", 2),
        (["render", "--input", "nowhere.json"], "cannot be read", 2),
        (["render", "--input", "-", "--timezone", "Mars"], "not a time zone", 2),
        (["render", "--input", "-", "--format", "docx"], "choose from", 2),
        (["render", "--input", "-", "--fetched-at", "soon"], "not a time", 2),
        (["render", "--customer-name", "X"], "require --input", 2),
        (["render"], "There is no store", 2),
        (["fetch"], "client_id is not set", 2),
        (["fetch", "--config", "nowhere.toml"], "no configuration file", 2),
        (["customers", "--config", "nowhere.toml"], "no configuration file", 2),
        (["emulate", "--fault", "503x=1"], "Did you mean '503'", 2),
        (["emulate", "--fault", "503=7"], "between 0 and 1", 2),
    ],
)
def test_a_wrong_call_is_explained(
    run: Run, arguments: list[str], message: str, status: int
) -> None:
    """Every wrong call says what is wrong, without a traceback, and exits with 2."""
    result = run(*arguments, input=b'{"value": []}')
    assert result.exit_code == status, result.output
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_a_customer_that_does_not_exist(
    run: Run, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """An unknown customer is an error that names the nearest, before anything is fetched."""
    emulator = start_emulator(customers=demo_cast()[:2])
    configure(emulator, tmp_path)
    result = run("fetch", "--customer", "Contso Ltd")
    assert result.exit_code == 2
    assert "'Contoso Ltd'" in result.stderr
    run("fetch", "--customer", "contoso ltd", "--quiet")
    assert run("render", "--customer", "Nobody", "--period", "2026-10").exit_code == 2


def test_a_misspelt_key_is_named(run: Run, tmp_path: Path) -> None:
    """A key nobody knows is an error with the nearest known key."""
    (tmp_path / "reporter.toml").write_text("[report]\ntimezon = 'UTC'\n")
    result = run("customers")
    assert result.exit_code == 2
    assert "report.timezon" in result.stderr
    assert "'timezone'" in result.stderr


def test_an_output_folder_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    """A file where the folder should be gives an error that names it."""
    (tmp_path / "taken").write_text("")
    path = write_reply(tmp_path)
    result = run("render", "--input", path, *IN_OCTOBER, "--out", "taken/reports")
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


def test_a_full_disk(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no space left no half file stays, and the error says so."""
    import errno

    from reporter.render.workbook import Workbook

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Workbook, "write", full)
    result = run("render", "--input", write_reply(tmp_path), *IN_OCTOBER)
    assert result.exit_code == 1
    assert "No space left" in result.stderr
    assert {path.suffix for path in (tmp_path / "reports").rglob("*.*") if path.is_file()} == {
        ".pdf"
    }


def test_init_writes_a_starter_and_never_overwrites(run: Run, tmp_path: Path) -> None:
    """The second `reporter init` leaves the file as it is."""
    assert run("init").exit_code == 0
    assert stat.S_IMODE(Path("reporter.toml").stat().st_mode) == 0o600
    (tmp_path / "reporter.toml").write_text("# mine\n")
    result = run("init")
    assert result.exit_code == 2
    assert (tmp_path / "reporter.toml").read_text() == "# mine\n"


def test_check_tries_everything(run: Run, start_emulator: StartEmulator, tmp_path: Path) -> None:
    """Each thing a run needs has its line; all is well against a good service."""
    configure(start_emulator(), tmp_path)
    result = run("check")
    assert result.exit_code == 0, result.output
    for subject in (
        "configuration",
        "reports",
        "fonts",
        "credentials",
        "elements.jobs.read.all",
        "elements.cbprotected.read.all: for protected data and users (generation 3)",
        "partner.license.read.all: for subscriptions",
    ):
        assert f"ok      {subject}" in result.stdout
    assert "absent  store" in result.stdout
    assert " archive: " not in result.stdout  # nothing is archived
    assert not (tmp_path / "reporter.db").exists()
    assert "jobs read, protection read, subscription read, users read" in result.stdout


def test_check_names_what_is_not_permitted(
    run: Run, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """Without a permission for subscriptions nothing fails; the output says what it is for."""
    permissions = [f"{generation}.license.read.all" for generation in ("elements", "partner")]
    configure(start_emulator(withheld=permissions), tmp_path)
    result = run("check")
    assert result.exit_code == 0, result.output
    for permission in permissions:
        assert f"absent  {permission}: needed for subscriptions" in result.stdout
    assert "protection read, subscription not permitted" in result.stdout


def test_check_says_how_to_fix_it(run: Run, start_emulator: StartEmulator, tmp_path: Path) -> None:
    """A wrong secret fails with a hint, and the exit status is 1."""
    path = configure(start_emulator(), tmp_path)
    path.write_text(path.read_text().replace('client_secret = "', 'client_secret = "no'))
    result = run("check")
    assert result.exit_code == 1
    assert "FAILED  service" in result.stdout
    assert "client_secret" in result.stdout


def test_customers_as_json(run: Run, start_emulator: StartEmulator, tmp_path: Path) -> None:
    """The list is machine-readable, under the names the configuration gives."""
    (profile,) = demo_cast()[2:3]
    more = ["[[customers]]", f'id = "{profile.id}"', 'name = "Fabrikam"']
    configure(start_emulator(customers=[profile]), tmp_path, *more)
    run("fetch", "--quiet")
    result = run("customers", "--json")
    assert json.loads(result.stdout) == [{"id": profile.id, "name": "Fabrikam"}]


def test_options_may_stand_before_the_command(run: Run, tmp_path: Path) -> None:
    """`reporter --config FILE customers` is `reporter customers --config FILE`."""
    (tmp_path / "other.toml").write_text("[store]\nurl = 'sqlite:///other.db'\n")
    result = run("--config", "other.toml", "customers")
    assert result.exit_code == 0
    assert str(tmp_path / "other.db") in result.stderr


def test_a_store_that_is_a_text_file(run: Run, tmp_path: Path) -> None:
    """A store that is no database is refused with a hint."""
    (tmp_path / "reporter.db").write_text("hello " * 200)
    result = run("customers")
    assert result.exit_code == 1
    assert "store" in result.stderr


def test_every_command_has_help(run: Run) -> None:
    """`--help` of each command says what it does."""
    listing = run("--help").stdout
    for command in ("check", "customers", "demo", "emulate", "fetch", "init", "render"):
        assert command in listing
        assert len(run(command, "--help").stdout) > 100


def test_a_late_fetch_on_a_day_of_the_period(run: Run, tmp_path: Path) -> None:
    """The file's own time counts as the time of fetching, unless another is given."""
    import os

    path = write_reply(tmp_path, {"value": [make_job()]})
    moment = datetime(2026, 10, 20, 12, tzinfo=UTC).timestamp()
    os.utime(path, (moment, moment))
    run("render", "--input", path, "--format", "json", "--period", "2026-10")
    assert read_report(tmp_path / "reports")["as_of"] == "2026-10-20T12:00:00+00:00"


def test_a_customer_that_was_deleted(
    run: Run, start_emulator: StartEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A customer that is gone when a period begins gets no report of it, unless named."""
    first = datetime(2026, 10, 31, 20, tzinfo=UTC)
    monkeypatch.setattr("reporter.cli.fetch.utc_now", lambda: first)
    everybody = ordinary_customers(3, 60, 1)
    configure(start_emulator(customers=everybody, now=lambda: first), tmp_path)
    assert run("fetch", "--quiet").exit_code == 0
    later = datetime(2026, 12, 2, 6, tzinfo=UTC)
    for module in ("fetch", "render"):
        monkeypatch.setattr(f"reporter.cli.{module}.utc_now", lambda: later)
    configure(start_emulator(customers=everybody[1:], now=lambda: later), tmp_path)
    assert run("fetch", "--quiet").exit_code == 0
    gone = everybody[0].name
    result = run("render", "--period", "2026-11", "--format", "json", "--workers", "1")
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == 2 + 1
    assert f"Left out: {gone}" in result.stderr
    assert run("render", "--period", "2026-10", "--format", "json").stdout.count("\n") == 3 + 1
    rendered = run("render", "--period", "2026-11", "--format", "json", "--customer", gone)
    assert rendered.exit_code == 0, rendered.output
    assert len(rendered.stdout.splitlines()) == 1
