"""The files that start `reporter run`: read by the programs they are for, where these are here."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

FILES = Path(__file__).parents[2] / "docs" / "schedule"
TASK = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
def test_systemd_accepts_its_units(tmp_path: Path) -> None:
    """Without any complaint; with another program, as ours need not be installed."""
    for path in FILES.glob("reporter-run.[st]*"):
        text = path.read_text("utf-8").replace(
            "/usr/local/bin/reporter", shutil.which("true") or ""
        )
        (tmp_path / path.name).write_text(text, "utf-8")
    units = sorted(tmp_path.iterdir())
    assert [path.suffix for path in units] == [".service", ".timer"]
    checked = subprocess.run(
        ["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_the_task_for_windows_is_complete() -> None:
    """Well-formed in plain ASCII, every hour, late rather than never, and never two at a time."""
    content = (FILES / "reporter-run.xml").read_bytes()
    assert content.isascii()
    task = ElementTree.fromstring(content)  # noqa: S314  our own file

    def text_at(path: str) -> str:
        return str(task.findtext(path, namespaces=TASK))

    assert text_at("t:Triggers/t:CalendarTrigger/t:Repetition/t:Interval") == "PT1H"
    assert text_at("t:Settings/t:StartWhenAvailable") == "true"
    assert text_at("t:Settings/t:MultipleInstancesPolicy") == "IgnoreNew"
    assert text_at("t:Actions/t:Exec/t:Arguments") == "run --quiet"


def test_every_file_starts_the_same_command() -> None:
    """The same on every system: an hourly `reporter run`."""
    for name in ("reporter.cron", "reporter-run.service", "reporter-run.xml"):
        text = (FILES / name).read_text("utf-8")
        assert "run --quiet" in text, name
    assert "17 * * * *" in (FILES / "reporter.cron").read_text("utf-8")
    assert "OnCalendar=*-*-* *:17:00" in (FILES / "reporter-run.timer").read_text("utf-8")
