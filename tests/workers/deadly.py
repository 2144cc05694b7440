"""`dask worker --preload`: a worker that is killed under one customer, as for want of memory."""

from __future__ import annotations

import os
import signal
from typing import Any

from reporter import pipeline

make = pipeline.stored_report


def stored_report(rendering: Any, store: Any, customer: Any) -> Any:
    if customer.name == os.environ["DEADLY"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return make(rendering, store, customer)


pipeline.stored_report = stored_report
