"""A process that runs `reporter` again and again without starting Python anew, each time in a child
of its own that can be killed. One line of arguments in, the child's number and its end out.
"""

from __future__ import annotations

import json
import os
import sys

import reporter.dispatch.sending
import reporter.review  # noqa: F401
from reporter.cli.main import cli
from reporter.cli.options import Console


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            try:
                cli(json.loads(line), obj=Console(), prog_name="reporter")
            except SystemExit as end:
                os._exit(int(end.code or 0))
        print(child, flush=True)  # noqa: T201
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
