"""The package as users get it: the wheel holds all that a report needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.builders import make_job

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_a_report_is_made_from_the_wheel_alone(tmp_path: Path) -> None:
    """Templates, styles, fonts, migrations and the starter configuration are in the wheel."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    (tmp_path / "reply.json").write_text(json.dumps({"value": [make_job()]}), "utf-8")
    for arguments in (["init"], ["customers"], ["render", "--input", "reply.json"]):
        subprocess.run(
            [sys.executable, "-m", "reporter", *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(tmp_path / "installed"), "PYTHONSAFEPATH": "1"},
            check=True,
            capture_output=True,
        )
    assert len(list((tmp_path / "reports").rglob("*.pdf"))) == 1
