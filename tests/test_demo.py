"""The demo's figures and pages are those on file: nothing changes what customers see by accident.

After a change that is meant, `make samples` shows the pages that differ and makes them anew.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.looks import TOLERANCE, changes, difference, write_review
from tests.samples import SAMPLES, SHOWN, make, take_pictures


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, played once more."""
    folder = make(tmp_path_factory.mktemp("demo"), ("pdf", "json"))
    take_pictures(folder)
    return folder


@pytest.mark.slow
def test_the_demos_figures_are_the_golden_ones(made: Path) -> None:
    """Fetching a month over HTTP and rendering gives the JSON in sample_reports/, key by key."""
    golden = sorted(SAMPLES.rglob("*.json"))
    assert len(golden) == len(SHOWN)
    for path in golden:
        again = made / path.relative_to(SAMPLES)
        assert json.loads(again.read_text("utf-8")) == json.loads(path.read_text("utf-8"))


@pytest.mark.slow
def test_every_page_looks_as_on_file(made: Path) -> None:
    """Of the pages of four reports and the portfolio, none differs in more than the tolerance."""
    assert [f"{own.name}: {own.share:.2%}" for own in changes(SAMPLES, made)] == []


def test_a_page_that_looks_different_is_found(tmp_path: Path) -> None:
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
    found = changes(before, after)
    assert [own.name for own in found] == ["one.png", "only-after.png", "only-before.png"]
    assert TOLERANCE < found[0].share < 0.01
    assert difference(before / "two.png", after / "two.png") == 0
    review = write_review(found, tmp_path / "review").read_text("utf-8")
    assert all(own.name in review for own in found)
