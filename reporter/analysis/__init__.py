"""The figures of a report, as docs/figures.md defines them: pure functions over the jobs frame."""

from reporter.analysis.report import analyse

__all__ = ["analyse"]
