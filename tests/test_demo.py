"""The demo's figures and pages match those on file: nothing changes what customers see by accident.

After an intended change, `make samples` shows the pages that differ and makes them again.
"""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from reporter import demo
from reporter.files import slug
from reporter.model import Policy
from reporter.period import parse_period
from tests.looks import TOLERANCE, changes, difference, write_review
from tests.samples import SAMPLES, SHOWN, make, take_pictures


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, played once more."""
    folder = make(tmp_path_factory.mktemp("demo"), ("pdf", "json"))
    take_pictures(folder)
    return folder


@pytest.mark.slow
def test_the_demos_figures_are_the_golden_ones(reports: Path) -> None:
    """Fetching a month over HTTP and rendering gives the JSON in sample_reports/, key by key."""
    golden = sorted(SAMPLES.rglob("*.json"))
    assert len(golden) == len(SHOWN)
    for path in golden:
        again = reports / path.relative_to(SAMPLES)
        assert json.loads(again.read_text("utf-8")) == json.loads(path.read_text("utf-8"))


@pytest.mark.slow
def test_every_page_looks_like_the_one_on_file(reports: Path) -> None:
    """Of the pages of four reports and the portfolio, none differs in more than the tolerance."""
    assert [
        f"{difference.name}: {difference.share:.2%}" for difference in changes(SAMPLES, reports)
    ] == []


def scopes_of(customer: str, module: str) -> list[dict[str, Any]]:
    """What the report on file says of the scopes of a module."""
    path = SAMPLES / slug(customer) / f"{slug(customer)}-backup-report-{demo.PERIOD}.json"
    report = json.loads(path.read_text("utf-8"))
    (scopes,) = [entry["scopes"] for entry in report["modules"] if entry["module"] == module]
    return list(scopes)


def test_the_service_is_asked_every_four_hours() -> None:
    """October has 186 looks, and more before and after: it can be judged, and is final at the end
    wherever a customer is.
    """
    times = demo.looks()
    assert times == sorted(set(times))
    assert all(after - before <= timedelta(hours=5) for before, after in pairwise(times))
    for zone in ("Asia/Tokyo", "Europe/Berlin", "America/New_York"):
        october = parse_period(demo.PERIOD, zone, demo.NOW)
        within = [at for at in times if october.start <= at < october.end]
        assert len(within) in (185, 186, 187)
        assert times[0] < october.previous().start + timedelta(days=1)
        assert times[-1] == demo.NOW >= october.end + Policy().watch_every


def test_the_samples_show_what_a_month_can_bring() -> None:
    """Three scopes of which one fails, one renamed, a module off and one idle, a late comer."""
    jaeger, contoso = "Brauerei Jäger & Söhne GmbH", "Contoso Ltd"
    states = {scope["name"]: scope["state"] for scope in scopes_of(jaeger, "Microsoft Entra ID")}
    assert states.pop("gastronomie.example") == "critical"
    assert set(states.values()) == {"healthy"}
    assert len(states) == 2
    machines = {
        scope["name"]: scope["listed"] for scope in scopes_of(jaeger, "Azure Virtual Machine")
    }
    assert machines == {"Sudhaus": "gone", "Sudhaus und Keller": "job"}
    assert [scope["state"] for scope in scopes_of(contoso, "Power BI")] == ["off"]
    idle = scopes_of(contoso, "Exchange Online Public Folder")
    assert [scope["state"] for scope in idle] == ["idle"]
    (contacts,) = scopes_of("株式会社青空テクノロジー", "Contacts")
    assert (contacts["listed"], contacts["state"]) == ("off", "attention")
    late = scopes_of("Woodgrove Capital Partners", "Salesforce")
    assert [scope["gap_target_met"] for scope in late] == [None, None]


def test_a_page_that_looks_different_is_detected(tmp_path: Path) -> None:
    """A changed word, a page more and a page less are found; a smoother edge is not."""
    before, after = tmp_path / "before", tmp_path / "after"
    for folder in (before, after):
        folder.mkdir()
        for name in ("one.png", "two.png", f"only-{folder.name}.png"):
            shutil.copy(SAMPLES / "contoso-ltd" / "page-1.png", folder / name)
    with Image.open(after / "one.png") as picture:
        ImageDraw.Draw(picture).rectangle((100, 300, 160, 310), fill="black")
        picture.save(after / "one.png")
    with Image.open(after / "two.png") as picture:
        softer = picture.convert("RGB").point(lambda value: min(255, value + 20))
        softer.save(after / "two.png")
    differences = changes(before, after)
    assert [difference.name for difference in differences] == [
        "one.png",
        "only-after.png",
        "only-before.png",
    ]
    assert TOLERANCE < differences[0].share < 0.01
    assert difference(before / "two.png", after / "two.png") == 0
    review = write_review(differences, tmp_path / "review").read_text("utf-8")
    assert all(difference.name in review for difference in differences)
