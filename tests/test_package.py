"""The package as users get it: the wheel contains all that a report needs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import reporter
from reporter.extras import how_to_add
from tests.builders import make_job

ROOT = Path(__file__).parent.parent
OURS = {reporter.DISTRIBUTION, "backup-reporter"}
"""Names under which an index may have something, but never this package."""
INSTALLING = re.compile(
    r"\b(?:pip[3x]?|uv(?:x| pip| tool| add)?)\b[^\n`]*?"
    r"\b(?P<verb>install|inject|upgrade|download|wheel|run|add)\b(?P<rest>[^\n`]*)"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of what is here."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.mark.slow
def test_a_report_is_made_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    """Templates, styles, fonts, migrations and the starter configuration are in the wheel."""
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


def texts() -> Iterator[Path]:
    """All our texts that tell somebody what to run."""
    for pattern in ("*.md", "docs/**/*", "templates/**/*", "reporter/**/*", ".ci/*", "Makefile"):
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and path.suffix not in (".woff", ".pyc", ".mo"):
                yield path


def from_an_index(line: str) -> list[str]:
    """Which of our names a command would have an index asked for."""
    named = []
    for command in INSTALLING.finditer(line):
        packages = re.split(r"[\s'\"]+", command["rest"].strip())
        if command["verb"] == "inject":
            packages = packages[1:]  # the first is the environment
        names = (re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", package) for package in packages)
        named += [match[0] for match in names if match and re.sub(r"[._-]+", "-", match[0]) in OURS]
    return named


def test_no_text_installs_our_distribution_from_an_index() -> None:
    """It is on none: whoever took the name there would run code beside the secrets of the API."""
    wrong = {
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in texts()
        for line in path.read_text("utf-8").splitlines()
        if from_an_index(line)
    }
    assert wrong == set()


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("pip install 'backup-reporter[cluster]'   # on every machine", ["backup-reporter"]),
        ('hint="Run: python -m pip install -U msp_backup_reporter[s3]"', ["msp_backup_reporter"]),
        ("uv tool install msp-backup-reporter==0.2", ["msp-backup-reporter"]),
        ("`pipx upgrade backup-reporter`", ["backup-reporter"]),
        ("pipx install '.[s3]' and pip install dist/msp_backup_reporter-0.2.whl", []),
        ("pipx inject msp-backup-reporter s3fs", []),
        ("pipx uninstall backup-reporter", []),
    ],
)
def test_commands_that_ask_an_index_are_known(line: str, names: list[str]) -> None:
    """Those above would be found; a path, a wheel and an environment's name ask for nothing."""
    assert from_an_index(line) == names


def test_the_command_of_a_hint_suits_the_running_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pipx's environment it is pipx's command, with the name that pipx has for it."""
    assert how_to_add("s3fs").endswith("-m pip install s3fs")
    (tmp_path / "msp-backup-reporter").mkdir()
    (tmp_path / "msp-backup-reporter" / "pipx_metadata.json").write_text("{}")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "msp-backup-reporter"))
    assert how_to_add("s3fs") == "Run: pipx inject msp-backup-reporter s3fs"


def hint_of(python: Path, folder: str) -> str:
    """The command that an installed program proposes for a folder it cannot copy to."""
    code = (
        "import sys; from pathlib import Path; from reporter.delivery.folder import copy_files\n"
        "from reporter.errors import ReporterError\n"
        "try: copy_files(sys.argv[1], 'x', [])\n"
        "except ReporterError as error: print(error.hint)\n"
    )
    output = subprocess.run(
        [python, "-I", "-c", code, folder], check=True, capture_output=True, text=True
    ).stdout
    return output.strip().removeprefix("Run: ")


def version_of_ours(python: Path) -> str:
    """The version that an environment has of our distribution, and where it is from."""
    code = (
        "from importlib.metadata import distribution; own = distribution('msp-backup-reporter')\n"
        "print(own.version, own.read_text('direct_url.json'))"
    )
    return subprocess.run(
        [python, "-I", "-c", code], check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.slow
def test_the_proposed_command_adds_what_is_missing(wheel: Path, tmp_path: Path) -> None:
    """In an environment with our wheel it installs the package and leaves the wheel as it is."""
    environment = tmp_path / "a venv"
    venv.create(environment, with_pip=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    # The program's dependencies are taken from here, so that little comes over the network.
    (packages / "here.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    python = environment / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--no-deps", "--ignore-installed", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    before = version_of_ours(python)
    assert wheel.name in before
    command = hint_of(python, "abfs://container/reports")
    subprocess.run(command, shell=True, check=True, capture_output=True)  # noqa: S602
    subprocess.run([python, "-I", "-c", "import adlfs"], check=True)
    assert version_of_ours(python) == before
    assert "install" not in hint_of(python, "abfs://container/reports")


@pytest.mark.slow
def test_the_proposed_command_works_with_pipx(wheel: Path, tmp_path: Path) -> None:
    """Starting from the README, with pipx, the hint's command does what it promises."""
    venv.create(tmp_path / "tools", with_pip=True)
    tools = tmp_path / "tools" / "bin"
    subprocess.run([tools / "pip", "install", "pipx"], check=True, capture_output=True)
    homes = {"PIPX_HOME": str(tmp_path / "pipx"), "PIPX_BIN_DIR": str(tmp_path / "bin")}
    surroundings = os.environ | homes | {"PATH": f"{tools}:{os.environ['PATH']}"}
    pipx = [str(tools / "pipx"), "install", "--python", sys.executable, str(wheel)]
    subprocess.run(pipx, check=True, capture_output=True, env=surroundings)
    result = subprocess.run(
        [tmp_path / "bin" / "reporter", "--version"], check=True, capture_output=True, text=True
    )
    assert reporter.__version__ in result.stdout
    python = tmp_path / "pipx" / "venvs" / reporter.DISTRIBUTION / "bin" / "python"
    before = version_of_ours(python)
    assert wheel.name in before
    command = hint_of(python, "s3://reports/monthly")
    assert command == "pipx inject msp-backup-reporter s3fs"
    subprocess.run(command, shell=True, check=True, capture_output=True, env=surroundings)  # noqa: S602
    subprocess.run([python, "-I", "-c", "import s3fs"], check=True)
    assert version_of_ours(python) == before
