"""A channel that another package adds: it is found, goes through the outbox, and may break."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reporter.config.settings import load_settings
from reporter.dispatch.channels.registry import channels_of
from reporter.errors import SettingsError
from reporter.model import DeliveryState
from reporter.render.json_ import report_dict
from reporter.run.assignment import Rendering
from reporter.showing import without_passwords
from reporter.store import Store
from reporter.store.outbox import deliveries_of
from tests.builders import make_job, make_report
from tests.delivery.test_killed import CUSTOMERS, NOW, keep_reports
from tests.store.test_store import snapshot_of

PERIOD = "2026-10"
NOTING = """
import hashlib, os, signal

from reporter.delivery.result import Result
from reporter.errors import SettingsError
from reporter.model import DeliveryState


class Noting:
    '''Appends a line to a file.'''

    title = "noting"
    on_failure = "Look after the file."
    on_refusals = ""

    def __init__(self, settings):
        if "file" not in settings.table:
            raise SettingsError("`file` is not set.", hint="Set it in [delivery.channels.noting].")
        self.path = settings.folder / settings.table["file"]
        self.repeatable = settings.table.get("repeatable", False)
        self.trap = settings.folder / "trap"

    def recipients(self, customer):
        return {f"desk of {customer.id}": "desk"}

    def deliver(self, parcel, committing):
        content = parcel.report.content("json")
        committing(parcel.recipients)
        with self.path.open("a") as file:
            print(parcel.report.customer.id, parcel.report.period.label, len(content), file=file)
        if self.trap.exists():
            self.trap.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        if (self.path.parent / f"odd {parcel.report.customer.id}").exists():
            raise KeyError("odd")
        if (self.path.parent / f"silent {parcel.report.customer.id}").exists():
            return None
        return dict.fromkeys(parcel.recipients, Result(DeliveryState.SENT, "noted"))

    def reach(self):
        return f"appends to {self.path.name}"

    def close(self):
        pass
"""

Send = Callable[..., subprocess.CompletedProcess[str]]


def install(site: Path, package: str, name: str, code: str, kind: str = "Noting") -> None:
    """What an installed package consists of: a module, and what it says of itself."""
    module = package.replace("-", "_")
    about = site / f"{module}-1.0.dist-info"
    about.mkdir(parents=True)
    (site / f"{module}.py").write_text(code)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        f"[msp_backup_reporter.channels]\n{name} = {module}:{kind}\n"
    )


def configure(folder: Path, *lines: str, approval: str = "none") -> None:
    mail = ("[mail]", f'approval = "{approval}"', 'formats = ["json"]')
    table = ("[delivery.channels.noting]", 'file = "notes.txt"', *lines)
    (folder / "reporter.toml").write_text("\n".join((*mail, *table)), "utf-8")


@pytest.fixture
def reporter(store: Store, tmp_path: Path) -> Send:
    """Runs `reporter` with the package that adds the channel, for reports of six customers."""
    install(tmp_path / "site", "noting-channel", "noting", NOTING)
    store.record_customers(CUSTOMERS, snapshot_of([], NOW).replies)
    keep_reports(store, tmp_path, report_dict(make_report([make_job()])), PERIOD)
    configure(tmp_path)
    path = os.pathsep.join((str(Path(__file__).parents[2]), str(tmp_path / "site")))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "reporter", *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def notes(folder: Path) -> list[str]:
    path = folder / "notes.txt"
    return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []


def states(store: Store) -> dict[str, DeliveryState]:
    return {row.customer.id: row.state for row in deliveries_of(store)}


def test_reports_go_through_it_once_they_are_approved(
    reporter: Send,
    store: Store,
    tmp_path: Path,
) -> None:
    """It has its rows in the outbox, waits for a yes, and gets the report as it was rendered."""
    configure(tmp_path, approval="required")
    waiting = reporter("send", "--period", PERIOD)
    assert (waiting.returncode, notes(tmp_path)) == (0, []), waiting.stderr
    approved = reporter("approve", "--yes", "--period", PERIOD)
    assert f"  {'desk':16} desk of c0\n" in approved.stdout
    sent = reporter("send", "--period", PERIOD)
    assert sent.returncode == 0, sent.stderr
    assert notes(tmp_path) == [own.id for own in CUSTOMERS]
    (row, *_) = deliveries_of(store)
    assert (row.channel, row.role, row.state, row.reason) == ("noting", "desk", "sent", "noted")


@pytest.mark.parametrize(
    ("repeatable", "state", "times"),
    [("false", DeliveryState.UNCERTAIN, 1), ("true", DeliveryState.SENT, 2)],
)
def test_killed_half_way(
    reporter: Send,
    store: Store,
    tmp_path: Path,
    repeatable: str,
    state: DeliveryState,
    times: int,
) -> None:
    """The channel says whether what was on its way is repeated; otherwise a person settles it."""
    configure(tmp_path, f"repeatable = {repeatable}")
    (tmp_path / "trap").touch()
    assert reporter("send", "--period", PERIOD).returncode == -signal.SIGKILL
    again = reporter("send", "--period", PERIOD)
    assert again.returncode == int(state is DeliveryState.UNCERTAIN), again.stderr
    assert states(store) == {own.id: DeliveryState.SENT for own in CUSTOMERS} | {"c0": state}
    assert sorted(notes(tmp_path)) == sorted(["c0"] * times + [own.id for own in CUSTOMERS[1:]])


def test_a_fault_of_it_costs_no_other_customer(
    reporter: Send,
    store: Store,
    tmp_path: Path,
) -> None:
    """Where it breaks down after the other side may have the report, or is silent, nobody knows."""
    (tmp_path / "odd c1").touch()
    (tmp_path / "silent c3").touch()
    sent = reporter("send", "--period", PERIOD)
    assert sent.returncode == 1
    uncertain = dict.fromkeys(("c1", "c3"), DeliveryState.UNCERTAIN)
    assert states(store) == {own.id: DeliveryState.SENT for own in CUSTOMERS} | uncertain
    assert "Unexpected KeyError: 'odd'" in sent.stderr
    checked = reporter("check").stdout
    assert "ok      noting: appends to notes.txt\n" in checked


def opened(folder: Path) -> list[str]:
    """The names of the channels that the configuration in a folder sets up."""
    settings = load_settings(folder / "reporter.toml")
    return list(channels_of(Rendering(settings, datetime.now(UTC), folder, ("json",))))


@pytest.mark.parametrize(
    ("name", "code", "words", "hint"),
    [
        ("noting", "import nothing_of_that_name", "No module named", "Update or reinstall bad-one"),
        ("noting", "", "Unexpected AttributeError", "remove [delivery.channels.noting]"),
        (
            "noting",
            "def Noting(_): return {}",
            "dict, which is not a channel",
            "Update or reinstall bad-one",
        ),
        ("mail", NOTING, "'mail'; backup-reporter itself already has one", "Uninstall bad-one"),
        ("other", NOTING, "No installed package adds the delivery channel 'noting'", "other"),
    ],
)
def test_a_package_that_cannot_be_used(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    code: str,
    words: str,
    hint: str,
) -> None:
    """The message names the package, and what to do; nothing is sent without it."""
    configure(tmp_path)
    install(tmp_path / "site", "bad-one", name, code)
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.delitem(sys.modules, "bad_one", raising=False)
    with pytest.raises(SettingsError) as caught:
        opened(tmp_path)
    assert words in str(caught.value)
    assert hint in caught.value.hint
    assert name == "other" or "bad-one" in str(caught.value)


def test_two_packages_with_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither wins."""
    configure(tmp_path)
    for package in ("first-one", "second-one"):
        install(tmp_path / "site", package, "noting", NOTING)
    monkeypatch.syspath_prepend(tmp_path / "site")
    with pytest.raises(SettingsError, match=r"(first|second)-one already has one"):
        opened(tmp_path)


def test_its_table_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what is wrong there; secrets of it are as secret as ours, wherever they stand."""
    install(tmp_path / "site", "good-one", "noting", NOTING)
    monkeypatch.syspath_prepend(tmp_path / "site")
    path = tmp_path / "reporter.toml"
    path.write_text("")
    assert opened(tmp_path) == []
    path.write_text("[delivery.channels.noting]\n[delivery.channels.noting.account]\n")
    with pytest.raises(SettingsError, match="`file` is not set") as caught:
        opened(tmp_path)
    assert caught.value.hint == "Set it in [delivery.channels.noting]."
    monkeypatch.setenv("REPORTER_DELIVERY__CHANNELS__NOTING__FILE", "notes.txt")
    assert opened(tmp_path) == ["noting"]
    with path.open("a") as file:
        file.write('api_token = "a-long-and-secret-word"\n')
    path.chmod(0o600)
    assert opened(tmp_path) == ["noting"]
    assert "a-long" not in without_passwords("It is a-long-and-secret-word.")
    path.chmod(0o644)
    with pytest.raises(SettingsError, match=r"holds delivery\.channels\.noting\.account\.api_tok"):
        opened(tmp_path)


def test_the_example_of_the_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever copies it has a channel."""
    document = Path(__file__).parents[2] / "docs" / "extending.md"
    blocks = document.read_text("utf-8").split("```python\n")[1:]
    (code,) = (own.partition("```")[0] for own in blocks if "class Spool" in own)
    install(tmp_path / "site", "provider-spool", "spool", code, "Spool")
    monkeypatch.syspath_prepend(tmp_path / "site")
    (tmp_path / "reporter.toml").write_text('[delivery.channels.spool]\npath = "spool"\n')
    assert opened(tmp_path) == ["spool"]
