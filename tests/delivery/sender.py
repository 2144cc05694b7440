"""A process that runs `reporter` again and again without starting Python anew, each time in a child
of its own that can be killed. One line of arguments in, the child's number and its end out; the
first command runs in the process itself.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from reporter.cli.main import cli
from reporter.cli.options import Console


def run(arguments: list[str]) -> int:
    """One command; its exit status."""
    try:
        cli([*arguments, "--quiet"], obj=Console(), prog_name="reporter")
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def main() -> None:
    # Everything that is read once for a process is read before there are children.
    warm = json.loads(sys.stdin.readline())
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        status = run(warm)
    print(status, flush=True)  # noqa: T201
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            os._exit(run(json.loads(line)))
        print(child, flush=True)  # noqa: T201
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
