"""The command line: reads options, and says what came of what they ask for."""

from reporter.cli.main import main

__all__ = ["main"]
