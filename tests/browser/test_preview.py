"""The preview in a real browser: what is saved is seen, without a hand on the browser."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from reporter.config.commentary import FOLDER
from reporter.files import slug
from reporter.sources.avepoint.emulator import Emulator
from tests.conftest import Run, configure

WAIT_MS = 30_000
"""On a busy machine; what is waited for comes within a second on a quiet one."""


@pytest.fixture
def customer(run: Run, fetched: Emulator, tmp_path: Path) -> str:
    """A store with customers, own templates, and the name of one customer."""
    assert run("templates", "copy", "own").exit_code == 0
    configure(fetched, tmp_path, "[report]", 'templates = "own"')
    name: str = json.loads(run("customers", "--json").stdout)[0]["name"]
    return name


@pytest.fixture
def running(customer: str, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`reporter preview` as a user starts it, and its address."""
    command = [sys.executable, "-m", "reporter", "preview", customer, "--period", "2026-10"]
    process = subprocess.Popen(
        [*command, "--port", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Tests that run in the background are started with Ctrl-C switched off.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout
    address = process.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:"), process.communicate(timeout=30)
    yield process, address
    if process.poll() is None:
        process.kill()
    process.communicate(timeout=30)


@pytest.fixture
def page(browser: Browser, running: tuple[subprocess.Popen[str], str]) -> Iterator[Page]:
    opened = browser.new_page()
    opened.goto(running[1])
    yield opened
    opened.close()


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_what_is_saved_is_seen(page: Page, customer: str, tmp_path: Path) -> None:
    """A template, a comment and the configuration show as soon as they are saved."""
    expect(page.locator("h1")).to_have_text(customer)
    summary = tmp_path / "own" / "sections" / "summary.html"
    replace_in(summary, "<h2>", "<h2>Look: ")
    expect(page.locator("h2").first).to_contain_text("Look: ", timeout=WAIT_MS)
    comments = tmp_path / FOLDER / "2026-10"
    comments.mkdir(parents=True)
    (comments / f"{slug(customer)}.md").write_text("A word from **us**.", "utf-8")
    expect(page.locator(".comment")).to_contain_text("A word from us.", timeout=WAIT_MS)
    replace_in(tmp_path / "reporter.toml", "[report]", '[report]\nlocale = "en_GB"')
    expect(page.locator("html")).to_have_attribute("lang", "en-GB", timeout=WAIT_MS)


def test_a_mistake_is_shown_until_it_is_fixed(page: Page, customer: str, tmp_path: Path) -> None:
    """A broken template gives its place in the file instead of the report, until it is fixed."""
    summary = tmp_path / "own" / "sections" / "summary.html"
    whole = summary.read_text("utf-8")
    summary.write_text("{% if %}" + whole, "utf-8")
    expect(page.locator("pre")).to_contain_text("summary.html, line 1", timeout=WAIT_MS)
    summary.write_text(whole, "utf-8")
    expect(page.locator("h1")).to_have_text(customer, timeout=WAIT_MS)


def test_a_template_that_is_deleted_gives_way_to_the_shipped_one(
    page: Page, customer: str, tmp_path: Path
) -> None:
    """And one that comes is used instead of it."""
    summary = tmp_path / "own" / "sections" / "summary.html"
    summary.unlink()
    expect(page.locator("h1")).to_have_text(customer)
    summary.write_text("<p id='mine'>Mine</p>", "utf-8")
    expect(page.locator("#mine")).to_have_text("Mine", timeout=WAIT_MS)
    summary.unlink()
    expect(page.locator("#mine")).to_have_count(0, timeout=WAIT_MS)


def test_only_this_machine_is_answered(running: tuple[subprocess.Popen[str], str]) -> None:
    """Another host name, as after a rebinding of its address, is refused; nothing is cached."""
    _, address = running
    answer = requests.get(address, timeout=30)
    assert answer.headers["Cache-Control"] == "no-store"
    assert requests.get(address, headers={"Host": "evil.example"}, timeout=30).status_code == 403
    assert requests.get(f"{address}reporter.toml", timeout=30).status_code == 404
    assert requests.get(f"{address}report.pdf", timeout=60).content.startswith(b"%PDF-")


def test_ctrl_c_ends_it_while_a_browser_listens(
    page: Page, running: tuple[subprocess.Popen[str], str]
) -> None:
    """At once, with exit status 0 and without a traceback."""
    expect(page.locator("#preview")).to_be_visible()
    process, _ = running
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in errors


def test_a_port_that_is_taken(run: Run, customer: str) -> None:
    """The error names the way out."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run("preview", customer, "--period", "2026-10", "--port", port)
    assert result.exit_code == 2
    assert f"Port {port} cannot be used" in result.stderr
    assert "--port" in result.stderr


def test_an_unknown_customer(run: Run, customer: str) -> None:
    """As everywhere: exit status 2 and a suggestion."""
    result = run("preview", f"{customer}x", "--port", "0")
    assert result.exit_code == 2
    assert customer in result.stderr
