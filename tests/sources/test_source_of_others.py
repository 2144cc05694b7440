"""A kind of source that another package brings, by the example in docs/extending.md."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCUMENT = (Path(__file__).parents[2] / "docs" / "extending.md").read_text("utf-8")
SECTION = DOCUMENT.partition("## A source of your own")[2].partition("\n## ")[0]
SOURCE, PROJECT, CONFIGURATION = (
    text for _, text in re.findall(r"```(python|toml)\n(.*?)```", SECTION, re.DOTALL)
)
JOURNAL = {
    "Contoso": [
        {"id": f"r{day}", "tape": "A", "state": state, "at": f"2026-10-{day:02}T20:00:00Z"}
        for day, state in ((5, "written"), (6, "broken"), (7, "jammed"))
    ],
    "Fabrikam": [],
}


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A folder with the package of the example, a journal, and the configuration."""
    (tmp_path / "provider_tape.py").write_text(SOURCE, "utf-8")
    metadata = tmp_path / "provider_tape-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: provider-tape\nVersion: 1.0\n")
    _, _, entries = PROJECT.partition("[project.entry-points.")
    group, value = re.findall(r"\"([^\"]+)\"", entries)
    (metadata / "entry_points.txt").write_text(f"[{group}]\ntape = {value}\n")
    (tmp_path / "journal.json").write_text(json.dumps(JOURNAL), "utf-8")
    (tmp_path / "reporter.toml").write_text(CONFIGURATION, "utf-8")
    return tmp_path


def reporter(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What the command does in a process of its own, with the packages in the folder."""
    return subprocess.run(
        [sys.executable, "-m", "reporter", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "REPORTER_EXECUTION__WORKERS": "1"},
        capture_output=True,
        text=True,
    )


def test_its_jobs_are_reported_and_computed_again(office: Path) -> None:
    """From the journal to a figure, and from an archive back to it."""
    assert reporter(office, "fetch").returncode == 0
    rendered = reporter(office, "render", "--period", "2026-10", "--format", "pdf,xlsx,json")
    assert rendered.returncode == 0, rendered.stderr
    path = office / "reports" / "2026-10" / "contoso" / "contoso-backup-report-2026-10.json"
    totals = json.loads(path.read_text("utf-8"))["totals"]
    assert (totals["success"], totals["failed"], totals["unknown"]) == (1, 1, 1)
    assert reporter(office, "archive", "--period", "2026-10").returncode == 0
    verdict = reporter(office, "verify", "archive/contoso")
    assert verdict.returncode == 0, verdict.stdout
    assert "all those in the JSON follow from the raw replies" in verdict.stdout


def test_without_its_package_the_configuration_is_refused(office: Path) -> None:
    """With the kinds there are."""
    (office / "elsewhere").mkdir()
    for path in office.glob("provider_tape*"):
        path.rename(office / "elsewhere" / path.name)
    refused = reporter(office, "fetch")
    assert refused.returncode == 2
    assert "'tape' is not a kind of source. Known kinds: table" in refused.stderr


def test_a_package_that_breaks_is_named(office: Path) -> None:
    """With what to do."""
    (office / "provider_tape.py").write_text("import nothing_there\n", "utf-8")
    refused = reporter(office, "check")
    assert refused.returncode == 2
    assert "The kind of source tape of the package provider-tape cannot be used" in refused.stderr
    assert "nothing_there" in refused.stderr
