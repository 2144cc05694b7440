"""Versions of reports: what is rendered again, and what a version says it corrects."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdf
import pytest
import python_calamine
import sqlalchemy as sa

from reporter.config.settings import Settings, load_settings
from reporter.model import Customer
from reporter.run.assignment import Rendering
from reporter.run.outcome import CustomerOutcome
from reporter.run.rendering import render_stored
from reporter.store import Store
from reporter.store.upkeep import rebuild_jobs
from reporter.store.versions import figures_of, versions_of
from tests.builders import CUSTOMER, make_job
from tests.store.test_store import snapshot_of

CLOSED = datetime(2026, 11, 1, 6, tzinfo=UTC)
LATER = CLOSED + timedelta(days=2)
JOBS = [make_job(f"2026-10-{day:02}T01:00:00Z") for day in range(1, 32)]
LATE = make_job("2026-10-20T01:00:00Z", "Failed", lastModifyTime="2026-11-02T01:00:00Z")

Render = Callable[..., CustomerOutcome]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    path = tmp_path / "reporter.toml"
    path.write_text('[report]\ntimezone = "Europe/Berlin"\n', "utf-8")
    return load_settings(path)


@pytest.fixture
def render(store: Store, settings: Settings, tmp_path: Path) -> Render:
    """Renders October of the one customer."""
    keep(store, JOBS, CLOSED)

    def make(now: datetime = CLOSED, settings: Settings = settings, **options: Any) -> Any:
        rendering = Rendering(settings, now, tmp_path / "out", ("json",), "2026-10")
        outcome = render_stored(replace(rendering, **options), store, CUSTOMER, "contoso")
        assert outcome.error is None, outcome.error
        return outcome

    return make


def keep(store: Store, rows: Sequence[object], at: datetime) -> None:
    snapshot = snapshot_of(rows, at)
    store.record_customers([CUSTOMER], snapshot.replies)
    store.record(snapshot)


def written(outcome: CustomerOutcome) -> dict[str, Any]:
    """The JSON of a report."""
    (path,) = (path for path in outcome.files if path.suffix == ".json")
    content: dict[str, Any] = json.loads(path.read_bytes())
    return content


def numbers(store: Store) -> list[tuple[int, int | None]]:
    return [
        (version.number, version.restates) for version in versions_of(store, CUSTOMER, "2026-10")
    ]


def test_a_rendered_report_is_a_version(render: Render, store: Store) -> None:
    """The store keeps its figures, the hashes of its files, when it was made and from which
    replies.
    """
    outcome = render(formats=("pdf", "json"))
    (version,) = versions_of(store, CUSTOMER, "2026-10")
    assert (version.number, version.made_at, version.closed) == (1, CLOSED, True)
    hashes = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in outcome.files}
    assert version.files == hashes
    report = written(outcome)
    assert report["version"] == 1
    assert report["restates"] is None
    assert figures_of(store, CUSTOMER, "2026-10", 1) == report
    assert [source["sha256"] for source in report["sources"]] != []


def test_what_has_not_changed_is_not_rendered_again(render: Render, store: Store) -> None:
    """Neither at once nor after a fetch that shows nothing new about the period."""
    first = render()
    stamp = first.files[0].stat().st_mtime_ns
    assert render().unchanged
    keep(store, [*JOBS, make_job("2026-11-02T01:00:00Z")], LATER)
    again = render(LATER)
    assert again.unchanged
    assert (again.files, again.standing) == (first.files, first.standing)
    assert first.files[0].stat().st_mtime_ns == stamp
    assert numbers(store) == [(1, None)]


def test_the_second_look_reads_no_jobs(render: Render, store: Store) -> None:
    """Where nothing was fetched since, not even the jobs are read."""
    render()
    statements: list[str] = []
    sa.event.listen(
        store.engine,
        "before_cursor_execute",
        lambda *arguments: statements.append(str(arguments[2])),
    )
    assert render().unchanged
    assert statements
    assert not any("jobs" in text for text in statements)


def test_a_file_that_is_gone_or_changed_is_written_again(render: Render, store: Store) -> None:
    """With the same bytes, as the same version."""
    path = render().files[0]
    content = path.read_bytes()
    path.unlink()
    assert not render().unchanged
    assert path.read_bytes() == content
    path.write_bytes(content + b" ")
    assert not render().unchanged
    assert path.read_bytes() == content
    assert not render(formats=("html", "json")).unchanged
    assert numbers(store) == [(1, None)]


def test_late_data_restates_a_closed_period(render: Render, store: Store) -> None:
    """A job that turns out to have failed: a new version says what was reported before,
    and when.
    """
    render()
    keep(store, [LATE], LATER)
    outcome = render(LATER, formats=("pdf", "xlsx", "json"))
    assert not outcome.unchanged
    restates = written(outcome)["restates"]
    assert (restates["version"], restates["made_at"]) == (1, "2026-11-01T07:00:00+01:00")
    of_customer = {
        change["figure"]: (change["before"], change["now"])
        for change in restates["changes"]
        if not change["module"]
    }
    assert of_customer["failed"] == (0, 1)
    assert of_customer["success_rate"] == (1.0, 30 / 31)
    assert "jobs" not in of_customer
    by_format = {path.suffix: path for path in outcome.files}
    page = pypdf.PdfReader(by_format[".pdf"]).pages[0].extract_text()
    assert "RESTATED" in page
    assert "corrects version 1 of Nov 1, 2026" in page
    assert "Success rate: 100.0\N{NO-BREAK SPACE}% → 96.8\N{NO-BREAK SPACE}%" in page
    book = python_calamine.CalamineWorkbook.from_path(by_format[".xlsx"])
    rows = book.get_sheet_by_name("Versions").to_python()
    assert rows[0] == ["Module", "Figure", "Version 1", "Version 2"]
    assert ["All modules", "Failed", "0", "1"] in rows
    assert len(rows) == len(restates["changes"]) + 1
    assert numbers(store) == [(1, None), (2, 1)]


def test_a_new_look_is_a_new_version_but_corrects_nothing(
    render: Render, store: Store, settings: Settings
) -> None:
    """A new colour changes no figure; earlier corrections remain stated."""
    render()
    blue = settings.model_copy(
        update={"brand": settings.brand.model_copy(update={"color": "#0b5fff"})}
    )
    render(settings=blue)
    assert numbers(store) == [(1, None), (2, None)]
    keep(store, [LATE], LATER)
    render(LATER, settings=blue)
    assert written(render(LATER))["restates"]["version"] == 2
    assert numbers(store) == [(1, None), (2, None), (3, 2), (4, 2)]


def test_a_period_that_is_not_over_is_not_restated(render: Render, store: Store) -> None:
    """Until the last fetch comes after its end, figures are expected to change."""
    november = {"period": "2026-11"}
    keep(store, [make_job("2026-11-01T01:00:00Z")], LATER)
    render(LATER, **november)
    keep(store, [make_job("2026-11-02T01:00:00Z", "Failed")], LATER + timedelta(days=1))
    render(LATER + timedelta(days=1), **november)
    versions = versions_of(store, CUSTOMER, "2026-11")
    assert [(version.number, version.restates, version.closed) for version in versions] == [
        (1, None, False),
        (2, None, False),
    ]


def test_another_policy_restates(render: Render, store: Store, settings: Settings) -> None:
    """Different targets are different figures, and the version says which."""
    render()
    strict = settings.model_copy(
        update={"report": settings.report.model_copy(update={"target_success_rate": 0.99})}
    )
    changes = written(render(settings=strict))["restates"]["changes"]
    assert {"before": 0.95, "now": 0.99} in [
        {key: change[key] for key in ("before", "now")}
        for change in changes
        if change["figure"] == "target_success_rate"
    ]


def test_a_module_that_appears_late_is_named(render: Render, store: Store) -> None:
    """What was not there before was absent, not zero."""
    render()
    keep(store, [make_job("2026-10-05T02:00:00Z", jobModule="OneDrive")], LATER)
    changes = written(render(LATER))["restates"]["changes"]
    appeared = {
        change["figure"]: change["before"] for change in changes if change["module"] == "OneDrive"
    }
    assert appeared["jobs"] is None
    assert appeared["state"] is None


def test_rebuilding_is_noticed(render: Render, store: Store) -> None:
    """After the jobs were derived anew the figures are checked again, and are the same."""
    render()
    rebuild_jobs(store, CUSTOMER)
    assert render().unchanged
    assert numbers(store) == [(1, None)]


def test_customers_of_one_store_have_versions_of_their_own(render: Render, store: Store) -> None:
    """Numbers count per customer."""
    render()
    assert versions_of(store, Customer("2", "Second"), "2026-10") == ()
