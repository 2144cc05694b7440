"""The command line: reads options, calls the pipeline, says what happened. No other logic."""

from reporter.cli.main import main

__all__ = ["main"]
