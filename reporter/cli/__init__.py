"""The command line: options and words."""

from reporter.cli.main import main

__all__ = ["main"]
