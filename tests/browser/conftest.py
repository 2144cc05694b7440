"""The browser the tests of this folder look with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright


# No longer than it takes: playwright's event loop runs meanwhile, and pyHanko wants one of its own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The system's browser; without one there is nothing to see, which in CI is a fault."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()
