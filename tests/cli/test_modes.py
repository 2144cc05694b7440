"""Only its owner can read what is written, whatever the shell's umask, unless the configuration
says otherwise.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from reporter.sources.avepoint.emulator import ordinary_customers
from reporter.store import Store
from reporter.store.lock import held
from tests.conftest import Run, StartEmulator, configure
from tests.evidence.authorities import Root, write_pfx

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes mean nothing elsewhere")

Reporter = Callable[..., str]
PERIOD = ("--period", "2026-10")
MAIL = ("[mail]", 'host = "127.0.0.1"', 'from = "reports@provider.example"', 'approval = "none"')


@pytest.fixture
def reporter(tmp_path: Path) -> Reporter:
    """Runs `reporter` in an empty folder, from a shell with a umask of 000; what it prints."""
    folder = tmp_path / "work"
    folder.mkdir(mode=0o755)

    def call(*arguments: str, expected: int = 0) -> str:
        called = subprocess.run(
            [sys.executable, "-m", "reporter", *arguments],
            cwd=folder,
            umask=0o000,
            capture_output=True,
            text=True,
        )
        assert called.returncode == expected, called.stdout + called.stderr
        return called.stdout

    return call


def modes_in(folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The modes of the folders and of the files in a folder, by their paths."""
    folders: dict[str, str] = {}
    files: dict[str, str] = {}
    for path in folder.rglob("*"):
        modes = folders if path.is_dir() else files
        modes[str(path.relative_to(folder))] = oct(stat.S_IMODE(path.stat().st_mode))
    return folders, files


def everything(reporter: Reporter) -> None:
    """Each command that writes something and reads the configuration."""
    reporter("fetch")
    reporter("run", *PERIOD, "--workers", "2", expected=1)  # nobody listens for mail
    reporter("send", "--dry-run", *PERIOD)
    reporter("archive", *PERIOD, "--pack", "--seed", "any")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "folders", "files"),
    [
        ("", "0o700", "0o600"),
        ('umask = "027"', "0o750", "0o640"),
        ('umask = "022"', "0o755", "0o644"),
    ],
)
def test_only_its_owner_can_read_what_is_written(
    reporter: Reporter,
    start_emulator: StartEmulator,
    tmp_path: Path,
    line: str,
    folders: str,
    files: str,
) -> None:
    """Store, lock, reports, messages, archive, packs, copies: by processes as well."""
    customers = ordinary_customers(2, 30, 1)
    root, key = Root.make(), ec.generate_private_key(ec.SECP256R1())
    signing = tmp_path / "work" / "signing.pfx"
    write_pfx(signing, key, root.issue("Provider", key), root.certificate)
    signing.chmod(0o600)
    lines = [
        *MAIL,
        *("[delivery]", 'folder = "copies"'),
        *("[evidence]", 'certificate = "signing.pfx"', 'certificate_password = "secret"'),
        *("[execution]", line),
    ]
    for customer in customers:
        lines += ["[[customers]]", f'id = "{customer.id}"', 'recipients = "it@customer.example"']
    configure(start_emulator(customers=customers), tmp_path / "work", *lines)
    everything(reporter)
    made_folders, made_files = modes_in(tmp_path / "work")
    for written in ("reporter.toml", "signing.pfx"):
        del made_files[written]
    assert {Path(path).suffix for path in made_files} >= {
        *(".db", ".lock", ".pdf", ".xlsx", ".json", ".html", ".eml", ".txt", ".sh", ".p7s"),
        ".csv",
    }
    for place in ("reports", "archive", "copies"):
        assert place in made_folders
    assert {path: mode for path, mode in made_folders.items() if mode != folders} == {}
    assert {path: mode for path, mode in made_files.items() if mode != files} == {}


def test_commands_without_a_configuration(reporter: Reporter, tmp_path: Path) -> None:
    """The starter configuration and the templates, which no configuration mentions yet."""
    reporter("init")
    reporter("templates", "copy", "mine")
    folders, files = modes_in(tmp_path / "work")
    assert set(folders.values()) == {"0o700"}
    assert set(files.values()) == {"0o600"}


@pytest.mark.slow
def test_the_demo(reporter: Reporter, tmp_path: Path) -> None:
    """It is read by whoever runs it."""
    reporter("demo")
    folders, files = modes_in(tmp_path / "work")
    assert set(folders.values()) == {"0o700"}
    assert set(files.values()) == {"0o600"}


@contextmanager
def open_for_all(path: Path) -> Iterator[list[Path]]:
    """A store with the files beside it, as version 0.1.0 made them; it is in use meanwhile."""
    umask = os.umask(0o022)
    store = Store.open(f"sqlite:///{path}")
    with held(store.engine), held(store.engine, part="outbox"), store.begin():
        os.umask(umask)
        yield sorted(path.parent.glob(f"{path.name}*"))
    store.close()


def test_a_store_that_others_can_read_is_closed_to_them(tmp_path: Path) -> None:
    """By its owner, with all that is beside it; as far as the umask says."""
    path = tmp_path / "reporter.db"
    with open_for_all(path) as files:
        suffixes = {path.name.removeprefix("reporter.db") for path in files}
        assert suffixes == {"", "-wal", "-shm", ".lock", ".outbox.lock"}
        assert modes_of(files) == {"0o644"}
        for umask, mode in ((0o027, "0o640"), (0o077, "0o600")):
            os.umask(umask)
            Store.open(f"sqlite:///{path}").close()
            assert modes_of(files) == {mode}


def modes_of(files: list[Path]) -> set[str]:
    return {oct(stat.S_IMODE(path.stat().st_mode)) for path in files}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_somebody_elses_store_is_left_alone_and_named(run: Run, tmp_path: Path) -> None:
    """Its owner may have a reason; `reporter check` gives the command to fix it."""
    path = tmp_path / "reporter.db"
    with open_for_all(path):
        os.chown(path, 12345, 12345)
    result = run("check")
    assert modes_of([path]) == {"0o644"}
    assert f"FAILED  store: others can use {path} (mode 0644)" in result.stdout
    assert f"chmod -R go-rwx {path}" in result.stdout


def test_check_names_folders_that_others_can_use(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a command that fixes it: once it has run, all is well."""
    for folder in ("reports", "archive"):
        (tmp_path / folder / "2026-10").mkdir(parents=True, mode=0o755)
        (tmp_path / folder).chmod(0o755)
        (tmp_path / folder / "2026-10" / "report.pdf").touch(mode=0o644)
        output = run("check").stdout
        assert f"FAILED  {folder}: others can use {tmp_path / folder} (mode 0755)" in output
        (mend,) = [line for line in output.splitlines() if "Run, as the owner: " in line]
        subprocess.run(mend.partition(": ")[2], shell=True, check=True)  # noqa: S602
        assert f"ok      {folder}: {tmp_path / folder}" in run("check").stdout
    assert modes_in(tmp_path / "reports") == ({"2026-10": "0o700"}, {"2026-10/report.pdf": "0o600"})
    monkeypatch.setenv("REPORTER_EXECUTION__UMASK", "027")
    (tmp_path / "reports").chmod(0o755)
    output = run("check").stdout
    assert f"Run, as the owner: chmod -R g-w,o-rwx {tmp_path / 'reports'}" in output
    (tmp_path / "reports").chmod(0o750)
    assert f"ok      reports: {tmp_path / 'reports'}" in run("check").stdout
