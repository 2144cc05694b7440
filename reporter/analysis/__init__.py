"""The figures of a report, as docs/figures.md defines them: pure functions over jobs and
sightings.
"""

from reporter.analysis.report import analyse

__all__ = ["analyse"]
