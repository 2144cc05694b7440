"""One configuration, started from several folders: one store, one archive, one mail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Clock, Run
from tests.delivery.mail_server import Accounts
from tests.delivery.test_run_delivers import (
    ADDRESSES,
    NO_APPROVAL,
    Deliver,
    arrived,
    clock,
    deliver,
    emulator,
)

__all__ = ["Clock", "clock", "deliver", "emulator"]


def test_nobody_gets_a_report_twice(
    run: Run,
    deliver: Deliver,
    accounts: Accounts,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By whatever path the configuration is named, everything stays where it was."""
    evidence = ("[evidence]", 'folder = "archive"')
    deliver(NO_APPROVAL, delivery=('folder = "copies"', *evidence), formats=("pdf",))
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to(".")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "reporter.toml").symlink_to("../reporter.toml")
    everywhere = [
        (".", "reporter.toml"),
        ("other", "../reporter.toml"),
        ("other", str(tmp_path / "reporter.toml")),
        ("other", "../link/reporter.toml"),
        ("other", "../etc/reporter.toml"),
        ("etc", "reporter.toml"),
    ]
    outputs = []
    for folder, configuration in everywhere:
        monkeypatch.chdir(tmp_path / folder)
        result = run("run", "--config", configuration, "--workers", "2")
        assert result.exit_code == 0, result.output
        outputs.append(result.stderr)
    assert arrived(accounts) == dict.fromkeys(ADDRESSES.values(), 1)
    assert [output.count("Rendered") for output in outputs] == [2, 0, 0, 0, 0, 0]
    assert [output.count("Archived") for output in outputs] == [2, 0, 0, 0, 0, 0]
    assert list((tmp_path / "other").iterdir()) == []
    assert [path.name for path in (tmp_path / "etc").iterdir()] == ["reporter.toml"]
    for name in ("reporter.db", "reports/2026-10", "archive", "copies/2026-10"):
        assert (tmp_path / name).exists(), name
    assert len(list(tmp_path.glob("archive/*/2026-10-v1"))) == 2
