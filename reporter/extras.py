"""Optional parts of the program, and how they are added."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path


def how_to_add(package: str) -> str:
    """The command that adds a package to the environment this program runs in, for a hint.

    It names the package itself and never our own distribution, which is on no index.
    """
    environment = Path(sys.prefix)
    if (environment / "pipx_metadata.json").is_file():
        command = ["pipx", "inject", environment.name, package]
    else:
        command = [sys.executable, "-m", "pip", "install", package]
    return f"Run: {shlex.join(command)}"
