"""The customer's own tenant from the command line: tried, fetched, reported, archived, verified."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from python_calamine import load_workbook

from reporter.sources.avepoint.emulator import Clock, Emulator, demo_cast
from reporter.sources.avepoint.emulator.tenant import tenant_jobs
from reporter.sources.avepoint.reading.vocabularies import OBJECT_TYPES
from reporter.sources.avepoint.tenant import JOB_INFO, SETTINGS
from tests.conftest import Run, StartEmulator, configure, set_clock

CONTOSO, JAEGER, *_ = demo_cast()
OVER = datetime(2026, 11, 1, 8, tzinfo=UTC)
STARTS = datetime(2026, 10, 1, tzinfo=UTC)
SLUG = "contoso-ltd"


def configure_tenant(emulator: Emulator, folder: Path, *lines: str) -> Path:
    """A configuration with the tenant of one customer; `lines` come after what it needs."""
    office = emulator.tenant(CONTOSO.id)
    tenant = (
        f'api_url = "{emulator.api_url}"',
        f'client_id = "{office.client_id}"',
        f'client_secret = "{office.client_secret}"',
    )
    customer = ("[[customers]]", f'id = "{CONTOSO.id}"', "[customers.tenant]")
    given = {line.partition(" ")[0] for line in lines}
    kept = [line for line in tenant if line.partition(" ")[0] not in given]
    return configure(emulator, folder, *customer, *kept, *lines)


def fetches_in(folder: Path) -> Counter[tuple[str, str | None]]:
    """How often each kind was asked for, and what failed."""
    with closing(sqlite3.connect(folder / "reporter.db")) as database:
        query = "SELECT kind, error FROM fetches WHERE customer_id = ?"
        return Counter(database.execute(query, (CONTOSO.id,)).fetchall())


def figures_of(folder: Path, slug: str = SLUG) -> dict[str, Any]:
    path = folder / "reports" / "2026-10" / slug / f"{slug}-backup-report-2026-10.json"
    figures: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return figures


def finding(output: str) -> str:
    """What `check` says of the tenant."""
    _, _, rest = output.partition("tenant of ")
    return rest.partition("\nok ")[0]


def test_check_tries_the_tenant(run: Run, start_emulator: StartEmulator, tmp_path: Path) -> None:
    configure_tenant(start_emulator(customers=[CONTOSO]), tmp_path)
    result = run("check")
    assert result.exit_code == 0, result.output
    read = f"ok      tenant of {CONTOSO.id}: frequency read, retention read, history read"
    assert read in result.stdout


@pytest.mark.parametrize(
    ("withheld", "said"),
    [
        (JOB_INFO, "frequency read, retention read, history not permitted"),
        (SETTINGS, "frequency not permitted, retention not permitted, history read"),
    ],
)
def test_check_names_a_permission_that_lacks(
    run: Run, start_emulator: StartEmulator, tmp_path: Path, withheld: str, said: str
) -> None:
    """It is optional: nothing fails."""
    emulator = start_emulator(customers=[CONTOSO], withheld=[withheld])
    configure_tenant(emulator, tmp_path)
    result = run("check")
    assert result.exit_code == 0, result.output
    assert said in finding(result.stdout)
    assert withheld in finding(result.stdout)


def test_check_fails_where_the_tenant_cannot_be_asked(
    run: Run, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    emulator = start_emulator(customers=[CONTOSO])
    configure_tenant(emulator, tmp_path, 'client_secret = "a-wrong-secret"')
    result = run("check")
    assert result.exit_code == 1
    assert "FAILED  tenant of" in result.stdout
    assert "invalid_client" in finding(result.stdout)
    assert "a-wrong-secret" not in result.output
    assert "Check [customers.tenant] of this customer" in finding(result.stdout)
    configure_tenant(emulator, tmp_path, 'client_secret = ""')
    result = run("check")
    assert "No client_secret and no certificate is set in `tenant`" in result.stdout


def test_from_the_tenant_to_a_verified_archive(
    run: Run, start_emulator: StartEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked twice, of which the second answer goes on where the first one ended; the report has
    what really happened, and the bag everything it rests on.
    """
    clock = Clock(OVER - timedelta(days=20))
    emulator = start_emulator(customers=[CONTOSO, JAEGER], now=clock)
    configure_tenant(emulator, tmp_path)
    here = set_clock(monkeypatch, clock.now)
    for now in (clock.now, clock.now + timedelta(hours=4), OVER):
        clock.now = here.now = now
        assert run("fetch").exit_code == 0
    asked = fetches_in(tmp_path)
    assert asked["jobs", None] == 3
    assert asked["restores", None] == asked["history", None] == asked["frequency", None] == 2
    result = run("render", "--period", "2026-10")
    assert result.exit_code == 0, result.output
    figures = figures_of(tmp_path)
    really = [
        job
        for module in OBJECT_TYPES.values()
        for job_type in (2, 3)
        for job in tenant_jobs(1, CONTOSO, module, job_type, STARTS, OVER.replace(hour=0))
    ]
    assert len(figures["restores"]) == len(really) > 5
    assert figures["tenant"]["restores"]["untold"] == []
    assert figures["tenant"]["retention"]["policy"]["kept"] == "1 years"
    assert figures_of(tmp_path, "brauerei-jäger-söhne-gmbh")["restores"] is None

    result = run("archive", "--period", "2026-10")
    assert result.exit_code == 0, result.output
    bag = tmp_path / "archive" / SLUG / "2026-10-v1"
    fetches = json.loads((bag / "data" / "replies.json").read_text("utf-8"))
    assert Counter(fetch["kind"] for fetch in fetches)["restores"] == 2
    result = run("verify", bag)
    assert result.exit_code == 0, result.output
    assert "each list complete by its own count" in result.stdout


def test_the_history_fills_what_rare_looks_have_missed(
    run: Run, start_emulator: StartEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked once a day, every job of Microsoft 365 that ran is known; the archive, the auditor's
    pack and a recomputation agree on it.
    """
    clock = Clock(OVER - timedelta(days=3))
    emulator = start_emulator(customers=[CONTOSO], now=clock)
    configure_tenant(emulator, tmp_path)
    here = set_clock(monkeypatch, clock.now)
    for days in range(4):
        clock.now = here.now = OVER - timedelta(days=3 - days)
        assert run("fetch").exit_code == 0
    period = "2026-10-30..2026-10-31"
    assert run("render", "--period", period).exit_code == 0
    (path,) = (tmp_path / "reports" / period).glob(f"{SLUG}/*.json")
    figures = json.loads(path.read_text("utf-8"))
    start, stop = datetime(2026, 10, 30, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    really = Counter(
        run.plan.module
        for run in emulator.truth(CONTOSO.id, start, stop).runs
        if run.plan.service == "Microsoft 365"
    )
    modules = [each for each in figures["modules"] if each["service"] == "Microsoft 365"]
    assert {each["module"]: each["jobs"] for each in modules if each["jobs"]} == really
    assert figures["tenant"]["history"]["jobs"] > sum(really.values()) / 2
    for each in modules:
        assert each["longest_gap_s"] == each["longest_gap_at_most_s"]
    result = run("archive", "--period", period, "--pack", "--seed", "any", "--sample", "30")
    assert result.exit_code == 0, result.output
    result = run("verify", tmp_path / "archive" / SLUG / f"{period}-v1")
    assert result.exit_code == 0, result.output
    (pack,) = (tmp_path / "archive" / SLUG / "packs").iterdir()
    book = load_workbook(pack / "auditors-pack.xlsx")
    cells = [
        [str(cell) for cell in row] for row in book.get_sheet_by_name("Completeness").to_python()
    ]
    held = {row[0]: row[1] for row in cells if len(row) > 1}
    for check in (
        "Population against the replies",
        "Dates against the replies",
        "Restores against the replies",
    ):
        assert held[check] == "holds", cells
    number = len(figures["restores"])
    listed = {cell for row in cells for cell in row}
    assert (
        f"{number} restores and exports in the replies belong to the period, and {number} are here"
        in listed
    )
    assert any(
        re.fullmatch("restores: read; [1-9][0-9]* restores and exports", cell) for cell in listed
    )
    assert "Something was restored in the period" in held
    assert "Retention as it is set" in held


def test_the_pack_of_a_closed_period_agrees_with_a_tenant_that_is_added_later(
    run: Run, start_emulator: StartEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the report nor the population that is read anew from the bag has its jobs."""
    clock = Clock(OVER - timedelta(days=2))
    emulator = start_emulator(customers=[CONTOSO], now=clock)
    configure(emulator, tmp_path)
    here = set_clock(monkeypatch, clock.now)
    for days in range(5):
        clock.now = here.now = OVER + timedelta(days=days - 2)
        if days == 3:
            configure_tenant(emulator, tmp_path)
        assert run("fetch").exit_code == 0
    assert fetches_in(tmp_path)["history", None] == 2
    period = "2026-10-30..2026-10-31"
    assert run("render", "--period", period).exit_code == 0
    result = run("archive", "--period", period, "--pack", "--seed", "any", "--sample", "30")
    assert result.exit_code == 0, result.output
    (path,) = (tmp_path / "reports" / period).glob(f"{SLUG}/*.json")
    assert "tenant" not in json.loads(path.read_text("utf-8"))
    (pack,) = (tmp_path / "archive" / SLUG / "packs").iterdir()
    book = load_workbook(pack / "auditors-pack.xlsx")
    rows = book.get_sheet_by_name("Completeness").to_python()
    held = {str(row[0]): str(row[1]) for row in rows if len(row) > 1}
    assert held["Population against the replies"] == "holds"
    assert run("verify", tmp_path / "archive" / SLUG / f"{period}-v1").exit_code == 0


def test_a_tenant_that_fails_costs_nothing_else(
    run: Run, start_emulator: StartEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fetch succeeds, the report is whole and says once what is not known."""
    emulator = start_emulator(customers=[CONTOSO], now=lambda: OVER)
    configure_tenant(emulator, tmp_path, 'client_secret = "a-wrong-secret"')
    set_clock(monkeypatch, OVER)
    result = run("fetch")
    assert result.exit_code == 0, result.output
    assert run("render", "--period", "2026-10").exit_code == 0
    figures = figures_of(tmp_path)
    assert figures["restores"] is None
    assert figures["tenant"]["restores"]["absence"]["kind"] == "failed"
    assert figures["protection"]["absence"] is None
    assert "a-wrong-secret" not in json.dumps(figures)
    configure_tenant(emulator, tmp_path, 'client_id = ""')
    result = run("fetch")
    assert result.exit_code == 0
    assert "client_id is not set" in result.stderr
    assert CONTOSO.id in result.stderr


def test_nothing_of_the_configuration_reaches_the_customer(
    run: Run, start_emulator: StartEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log and `check` name the file that cannot be read; report and bag do not."""
    emulator = start_emulator(customers=[CONTOSO], now=lambda: OVER)
    file = 'client_secret_file = "secrets-of-ours/contoso.secret"'
    configure_tenant(emulator, tmp_path, file, 'client_secret = ""')
    set_clock(monkeypatch, OVER)
    result = run("fetch")
    assert "contoso.secret" in result.stderr
    assert "contoso.secret" in finding(run("check").stdout)
    assert run("render", "--period", "2026-10").exit_code == 0
    result = run("archive", "--period", "2026-10")
    assert result.exit_code == 0, result.output
    bag = tmp_path / "archive" / SLUG / "2026-10-v1"
    assert '"failed"' in (bag / "data" / "replies.json").read_text("utf-8")
    texts = [path.read_text("utf-8") for path in bag.rglob("*.json")]
    texts += [page.extract_text() for page in PdfReader(bag / "data" / "report.pdf").pages]
    book = load_workbook(bag / "data" / "report.xlsx")
    texts += [str(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names]
    assert any("could not be read in the customer's own tenant." in text for text in texts)
    for text in texts:
        assert "secrets-of-ours" not in text


def test_the_tenant_of_a_customer_who_is_joined_is_asked(
    run: Run, start_emulator: StartEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its settings are under the id of another source, and the service knows another id."""
    emulator = start_emulator(customers=[CONTOSO], now=lambda: OVER)
    path = configure_tenant(emulator, tmp_path)
    text = path.read_text("utf-8")
    joined = f'id = "tape:Contoso"\njoins = ["{CONTOSO.id}"]'
    path.write_text(text.replace(f'id = "{CONTOSO.id}"', joined), "utf-8")
    set_clock(monkeypatch, OVER)
    assert run("fetch").exit_code == 0
    assert fetches_in(tmp_path)["retention", None] == 1


def test_a_day_of_a_customer_who_is_joined_ends_by_its_own_clock(
    run: Run, start_emulator: StartEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In New York the 31st is final at 11:00 UTC, not at 07:00: that look brings its last jobs."""
    clock = Clock(OVER)
    emulator = start_emulator(customers=[CONTOSO], now=clock)
    path = configure_tenant(emulator, tmp_path)
    joined = f'id = "tape:Contoso"\njoins = ["{CONTOSO.id}"]\ntimezone = "America/New_York"'
    text = path.read_text("utf-8").replace(f'id = "{CONTOSO.id}"', joined)
    path.write_text(text, "utf-8")
    here = set_clock(monkeypatch, clock.now)
    for hours in (0, 4):
        clock.now = here.now = OVER + timedelta(hours=hours)
        assert run("fetch").exit_code == 0
    assert fetches_in(tmp_path)["history", None] == 2
