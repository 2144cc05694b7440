"""The demo's figures are the ones on file: nothing changes what customers see by accident."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reporter import demo
from reporter.files import folder_names
from reporter.pipeline import Rendering, named, render_stored
from reporter.store import Store
from tests.samples import SAMPLES, SHOWN


@pytest.mark.slow
def test_the_demos_figures_are_the_golden_ones(tmp_path: Path) -> None:
    """Fetching a month over HTTP and rendering gives the JSON in sample_reports/, key by key.

    After a change that is meant, `make samples` makes them anew.
    """
    settings = demo.settings(tmp_path)
    store = Store.open(settings.store.url)
    refused = demo.fetch_month(store, demo.days())
    customers = [named(settings, own) for own in store.customers()]
    names = folder_names(customers)
    assert len(refused) == 1
    assert len(customers) == 7
    rendering = Rendering(settings, demo.NOW, tmp_path, ("json",), demo.PERIOD)
    for customer in customers:
        if customer.name not in SHOWN:
            continue
        outcome = render_stored(rendering, customer, names[customer.id])
        assert outcome.error is None
        (path,) = outcome.files
        made = _steady(json.loads(path.read_text("utf-8")))
        (golden,) = (SAMPLES / names[customer.id]).glob("*.json")
        assert made == _steady(json.loads(golden.read_text("utf-8")))


def _steady(report: dict[str, object]) -> dict[str, object]:
    """The report without the ports of the emulator in its addresses."""
    for source in report["sources"]:  # type: ignore[attr-defined]
        source["url"] = source["url"].split("/partner", 1)[1]
        source.pop("sha256")
    return report
