"""`dask worker --preload`: a worker that is killed under one customer, as for want of memory."""

from __future__ import annotations

import os
import signal
from typing import Any

from reporter.run import pipeline

make = pipeline.report_of


def report_of(store: Any, customer: Any, *others: Any) -> Any:
    if customer.name == os.environ["DEADLY"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return make(store, customer, *others)


pipeline.report_of = report_of  # type: ignore[assignment]
