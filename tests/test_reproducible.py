"""The same replies, configuration and versions give the same bytes, wherever and whenever.

Each rendering is a process of its own. What is compared is the SHA-256 of every file it wrote.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reporter.store import Store
from tests.builders import (
    CUSTOMER,
    NOW,
    daily_snapshots,
    make_answers,
    make_busy_month,
    make_product,
    make_protected,
)
from tests.store.test_store import snapshot_of

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
FORMATS = "pdf,xlsx,json,html"
HERE = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"}
ELSEWHERE = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LANG": "tr_TR", "PYTHONHASHSEED": "4711"}
CONFIGURATION = """\
[store]
url = "sqlite:///store.db"

[report]
timezone = "Europe/Berlin"
locale = "{locale}"
depth = "full"

[brand]
name = "Northlight"
logo = "logo.svg"

[evidence]
restore_tests = "restore-tests.csv"
"""
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 3"><text y="3">N</text></svg>'
TESTS = """\
customer,date,scope,result,deviation,correction
Contoso Ltd,2026-10-14,One mailbox,partly,Two folders empty,Repeated
Contoso Ltd,2026-03-01,One site,passed,,
"""
PROGRAM = """\
import sys
from datetime import UTC, datetime, timedelta
from reporter.cli import render
now = datetime(2026, 11, 2, 6, 30, tzinfo=UTC) + timedelta(days=int(sys.argv.pop(1)))
render.utc_now = lambda: now
from reporter.__main__ import main
main()
"""
"""The command line, on a future day."""


SAVED = (
    "--input", "reply.json", "--customer-name", "Contoso Ltd",
    "--fetched-at", "2026-11-01T06:00:00Z",
)  # fmt: skip


def place_in(folder: Path, locale: str) -> Path:
    """A configuration, saved replies, and a store of two months."""
    folder.mkdir()
    (folder / "reporter.toml").write_text(CONFIGURATION.format(locale=locale), "utf-8")
    (folder / "logo.svg").write_text(LOGO, "utf-8")
    (folder / "restore-tests.csv").write_text(TESTS, "utf-8")
    rows = make_busy_month()
    (folder / "reply.json").write_text(json.dumps({"value": rows}), "utf-8")
    store = Store.open(f"sqlite:///{folder / 'store.db'}")
    for moment in daily_snapshots(datetime(2026, 10, 1, 5, tzinfo=UTC), 32):
        seen = [row for row in rows if row["startTime"] < f"{moment:%Y-%m-%dT%H:%M:%SZ}"]
        answers = make_answers([make_protected()], [make_product()], at=moment)
        snapshot = replace(snapshot_of(seen, moment), answers=answers)
        store.record_customers([CUSTOMER], snapshot.replies)
        store.record(snapshot)
    store.close()
    return folder


def rendered(
    place: Path, folder: Path, *arguments: str, environment: Mapping[str, str], days: int = 0
) -> dict[str, str]:
    """Renders in a copy of the folder, a number of days from now; the hash of each file by its
    name.
    """
    shutil.copytree(place, folder)
    later = NOW.timestamp() + days * 86_400
    for path in folder.iterdir():
        os.utime(path, (later, later))
    subprocess.run(
        [
            sys.executable, "-c", PROGRAM, str(days), "render", "--config", "reporter.toml",
            "--period", "2026-10", "--format", "pdf,xlsx,json,html", "--out", "out", *arguments,
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        check=True,
        capture_output=True,
    )  # fmt: skip
    files = [path for path in (folder / "out").rglob("*") if path.is_file()]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize(
    ("locale", "arguments"),
    [("en", SAVED), ("ja", ("--customer", "Contoso Ltd")), ("de", ("--workers", "2"))],
    ids=["saved replies", "store", "portfolio"],
)
def test_reports_are_the_same_to_the_byte(
    locale: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    """In another process, time zone, locale, hash seed, folder, and on another day."""
    place = place_in(tmp_path / "place", locale)
    first = rendered(place, tmp_path / "a", *arguments, environment=HERE)
    assert {Path(name).suffix for name in first} == {".pdf", ".xlsx", ".json", ".html"}
    elsewhere = tmp_path / "später" / "noch tiefer"
    assert rendered(place, elsewhere, *arguments, environment=ELSEWHERE, days=400) == first
