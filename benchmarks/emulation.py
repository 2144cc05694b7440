"""An emulator of the API in a separate process, which is as close to the service as a benchmark
gets.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from reporter.sources.avepoint.auth import ClientSecret
from reporter.sources.avepoint.source import Access


@contextmanager
def emulated(customers: int, jobs: int, latency_ms: int = 0) -> Iterator[Access]:
    """Serve a number of customers with so many jobs in October 2026, until the block ends."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "reporter", "emulate", "--now", "2026-11-01T06:00:00Z"),
            *("--customers", str(customers), "--jobs-per-month", str(jobs), "--months", "1"),
            *("--latency", str(latency_ms), "--lists", "all"),
        ],
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        announcement = json.loads(process.stdout.readline())
        secret = ClientSecret(announcement["client_secret"])
        yield Access(
            announcement["api_url"], announcement["token_url"], announcement["client_id"], secret
        )
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
