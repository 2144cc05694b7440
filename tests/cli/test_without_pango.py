"""Where the system lacks Pango: one sentence, once, and only from what makes PDFs.

The loader itself finds no such library: an invalid file comes before the system's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from reporter.render.typesetting import DEBIAN_PACKAGES, HOMEBREW_PACKAGES
from reporter.sources.avepoint.emulator import ordinary_customers
from reporter.store import Store
from tests.builders import make_job
from tests.conftest import Run, StartEmulator, configure

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="libraries are found differently")

Reporter = Callable[..., subprocess.CompletedProcess[str]]
SENTENCE = "PDFs cannot be made here, because WeasyPrint cannot find Pango"


MAKING_NO_PDF = [
    ("--help",),
    ("init",),
    ("customers",),
    ("outbox",),
    ("store", "rebuild"),
    ("templates", "copy", "templates"),
    ("render", "--input", "reply.json", "--format", "json,xlsx,html", "--period", "2026-10"),
]
ONE_AFTER_ANOTHER = """
import json, os, sys
from click.testing import CliRunner
from reporter.cli.main import cli
from reporter.cli.options import Console

said = []
for folder, arguments in json.loads(sys.argv[1]):
    os.chdir(folder)
    result = CliRunner().invoke(cli, arguments, obj=Console())
    said.append((result.exit_code, result.output))
print(json.dumps(said))
"""


def without_pango(libraries: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python as on a system without Pango."""
    libraries.mkdir(exist_ok=True)
    (libraries / "libpango-1.0.so.0").write_text("no library")
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"LD_LIBRARY_PATH": str(libraries)},
        capture_output=True,
        text=True,
    )


def fill(folder: Path) -> None:
    """Fill a folder with what the commands read."""
    folder.mkdir()
    Store.open(f"sqlite:///{folder / 'reporter.db'}").close()
    (folder / "reply.json").write_text(json.dumps({"value": [make_job()]}), "utf-8")


@pytest.fixture
def reporter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reporter:
    """Runs `reporter` in a folder of its own, as on a system without Pango."""
    fill(tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    return partial(without_pango, tmp_path / "libraries", "-m", "reporter")


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], tuple[int, str]]:
    """The status of each command that makes no PDF, and what it says; each in a folder of its own,
    and all in one process, because a process takes seconds to start.
    """
    folder = tmp_path_factory.mktemp("without-pango")
    folders = [folder / str(number) for number in range(len(MAKING_NO_PDF))]
    for place in folders:
        fill(place)
    calls = [(str(place), call) for place, call in zip(folders, MAKING_NO_PDF, strict=True)]
    program = ("-c", ONE_AFTER_ANOTHER, json.dumps(calls))
    called = without_pango(folder / "libraries", *program)
    assert called.returncode == 0, called.stderr
    results = [(status, text) for status, text in json.loads(called.stdout)]
    return dict(zip(MAKING_NO_PDF, results, strict=True))


def test_weasyprint_does_not_load(tmp_path: Path) -> None:
    """The simulated system really lacks Pango."""
    result = without_pango(tmp_path / "libraries", "-c", "import weasyprint")
    assert "OSError: cannot load library 'libpango-1.0-0'" in result.stderr


@pytest.mark.parametrize("arguments", MAKING_NO_PDF)
def test_what_makes_no_pdf_works(
    outputs: dict[tuple[str, ...], tuple[int, str]], arguments: tuple[str, ...]
) -> None:
    """It does not even look for Pango."""
    status, text = outputs[arguments]
    assert status == 0, text
    assert "Pango" not in text


@pytest.mark.parametrize(
    "arguments", [("render", "--input", "reply.json", "--period", "2026-10"), ("demo",)]
)
def test_what_makes_a_pdf_says_what_is_missing(
    reporter: Reporter, arguments: tuple[str, ...]
) -> None:
    """One sentence, and what to install on which system; nothing else is printed or written."""
    called = reporter(*arguments)
    assert called.returncode == 2
    assert called.stdout == ""
    sentence, hint = called.stderr.splitlines()
    assert sentence.startswith(f"Error: {SENTENCE} (cannot load library ")
    assert f"`apt-get install {DEBIAN_PACKAGES}`" in hint
    assert f"`brew install {HOMEBREW_PACKAGES}`" in hint
    assert not Path("reports").exists()
    assert not Path("demo").exists()


def test_check_names_it(reporter: Reporter) -> None:
    """In one of its lines, with what to install; the others are unchanged."""
    called = reporter("check")
    assert called.returncode == 1
    assert "Traceback" not in called.stderr
    assert f"FAILED  PDF: {SENTENCE}" in called.stdout
    assert "ok      fonts: IBM Plex Sans" in called.stdout


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_for_many_customers_it_is_reported_once(
    reporter: Reporter, start_emulator: StartEmulator, workers: str
) -> None:
    """Before any report is rendered. What is fetched is kept, and other formats are rendered."""
    configure(start_emulator(customers=ordinary_customers(3, 30, 1)), Path())
    called = reporter("run", "--period", "2026-10", "--workers", workers)
    assert called.returncode == 2
    assert called.stderr.count("Fetched") == 3
    assert called.stderr.count(SENTENCE) == 1
    assert "Rendered" not in called.stderr
    assert "Traceback" not in called.stderr
    assert not Path("reports").exists()
    called = reporter("render", "--period", "2026-10", "--format", "json", "--workers", workers)
    assert called.returncode == 0, called.stderr
    assert called.stderr.count("Rendered") == 3


@pytest.mark.slow
def test_archive_and_verify_report_it(
    reporter: Reporter, run: Run, start_emulator: StartEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was archived elsewhere is not called wrong where it cannot be computed again."""
    configure(start_emulator(customers=ordinary_customers(1, 30, 1)), Path("work"))
    monkeypatch.chdir("work")
    for command in (
        ("fetch",),
        ("render", "--period", "2026-10"),
        ("archive", "--period", "2026-10"),
    ):
        assert run(*command, "--quiet").exit_code == 0
    (bag, *_) = Path("archive").glob("*/2026-10-v1")
    called = reporter("verify", str(bag))
    assert "Traceback" not in called.stderr
    assert SENTENCE in called.stdout
    assert "FAILED" not in called.stdout
    called = reporter("archive", "--period", "2026-10")
    assert called.returncode == 2
    assert called.stderr.count(SENTENCE) == 1


def test_one_list_of_packages() -> None:
    """README has what the program asks for, and `make` takes it from there."""
    root = Path(__file__).parent.parent.parent
    readme = (root / "README.md").read_text("utf-8")
    assert f"apt-get install {DEBIAN_PACKAGES} " in readme
    assert f"brew install {HOMEBREW_PACKAGES}\n" in readme
    script = (root / "tests" / "system_libraries.sh").read_text("utf-8")
    assert "DEBIAN_PACKAGES" in script
    assert "libpango" not in script
