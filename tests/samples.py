"""Makes sample_reports/ anew from the demo: `make samples`.

Pages that look different are shown side by side first, and replaced once somebody agrees.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from reporter import demo
from reporter.files import folder_names
from reporter.run.assignment import Rendering, named
from reporter.run.outcome import CustomerOutcome
from reporter.run.rendering import render_customers, write_portfolio
from reporter.store import Store
from tests.looks import changes, write_review

SAMPLES: Final = Path(__file__).parent.parent / "sample_reports"
REVIEW: Final = SAMPLES.parent / ".looks"
SHOWN: Final = (
    "Brauerei Jäger & Söhne GmbH",
    "Contoso Ltd",
    "Woodgrove Capital Partners",
    "株式会社青空テクノロジー",
)
_PORT: Final = 18799
"""The emulator's, which is part of the addresses of the replies, and so of the reports."""


def make(out: Path, formats: tuple[str, ...] = ("pdf", "xlsx", "json")) -> Path:
    """Play the demo in a folder; where the reports of the customers shown are."""
    settings = demo.settings(out)
    demo.write_notes(out)
    store = Store.open(settings.store_url)
    refused = demo.fetch_month(store, demo.looks(), port=_PORT)
    customers = [named(settings, customer) for customer in store.customers()]
    names = folder_names(customers)
    folders = {customer: names[customer.id] for customer in customers if customer.name in SHOWN}
    rendering = Rendering(settings, demo.NOW, out, formats, demo.PERIOD)
    outcomes = list(render_customers(rendering, folders, workers=2))
    assert not [outcome.error for outcome in outcomes if outcome.error]
    failed = [
        CustomerOutcome(customer, error=refused[customer.id])
        for customer in customers
        if customer.id in refused
    ]
    write_portfolio(rendering, [*outcomes, *failed])
    return out / demo.PERIOD


def take_pictures(folder: Path) -> None:
    """Each page of each PDF beside it, as `page-1.png`, or under the name of the portfolio."""
    for pdf in folder.rglob("*.pdf"):
        name = pdf.stem if pdf.parent == folder else "page"
        subprocess.run(["pdftoppm", "-r", "72", "-png", pdf, pdf.with_name(name)], check=True)


def main() -> None:
    """Play the demo, show what looks different, and keep it where that is meant."""
    with tempfile.TemporaryDirectory() as scratch:
        reports = make(Path(scratch))
        take_pictures(reports)
        if different := changes(SAMPLES, reports):
            page = write_review(different, REVIEW)
            print(f"{len(different)} pages look different; open {page}")  # noqa: T201
            if "--accept" not in sys.argv and input("Take them over? [y/N] ").lower() != "y":
                sys.exit("sample_reports/ is as it was.")
        shutil.rmtree(SAMPLES, ignore_errors=True)
        shutil.copytree(reports, SAMPLES)


if __name__ == "__main__":
    main()
