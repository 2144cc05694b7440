"""`dask worker --preload`: a worker that is killed while rendering one customer, as if out of
memory.
"""

from __future__ import annotations

import os
import signal

from reporter.model import Assignment, Report
from reporter.run import rendering, reporting
from reporter.store import Store

make = reporting.report_of


def report_of(store: Store, assignment: Assignment) -> Report:
    if assignment.customer.name == os.environ["DEADLY"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return make(store, assignment)


rendering.report_of = report_of  # type: ignore[attr-defined]
