"""An odd reply about one customer costs at most that customer's snapshot, is named, and is kept as
received.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from reporter.errors import FetchError
from reporter.run.fetching import fetch_snapshots
from reporter.sources.avepoint import pages
from reporter.sources.avepoint.emulator import Lists, ordinary_customers
from reporter.store import Store
from tests.conftest import CLOCK, Run, StartEmulator, configure
from tests.sources.avepoint.odd import FaultsOfCustomers, kept_of
from tests.sources.avepoint.test_fetch import source_of

UNUSABLE = {
    "deep": "nested deeper than 32 levels",
    "bad-next": "link to the next page .* cannot be used: http://",
    "endless-next": "more than 20 pages",
    "429-absurd": "failed 6 times: 429",
    "bomb": "has more than 64 MiB",
    "many": "has more than 3,000,000 values",
    "truncate": "failed 6 times",
    "broken-json": "not JSON",
    "html": "not JSON",
    "other-shape": "not a list of jobs",
    "bad-row": "is not an object",
}
"""The message for each fault that costs a snapshot."""
MENDED = ("half-emoji", "nul")
NOT_KEPT = ("429-absurd", "bomb", "truncate")
"""Faults after which there is no whole reply to be kept."""


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits small enough for a test, without pauses between attempts."""
    monkeypatch.setattr("reporter.sources.avepoint.http._FIRST_WAIT_S", 0.001)
    monkeypatch.setattr(pages, "MOST_PAGES", 20)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("version", ["v1", "v3"])
def test_only_the_odd_ones_of_forty_customers_fail(
    version: str, run: Run, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """Each in a different way; all others are complete, and the odd replies are kept."""
    cast = ordinary_customers(40, 40, 1)
    odd = [*UNUSABLE, *MENDED]
    if version == "v3":  # which has no links
        odd = [fault for fault in odd if not fault.endswith("-next")]
    faults = dict(zip((customer.id for customer in cast[5:]), odd, strict=False))
    emulator = start_emulator(customers=cast, lists=Lists.ALL, page_size=20)
    emulator.faults = FaultsOfCustomers(faults)
    configure(emulator, tmp_path, f'version = "{version}"')
    result = run("fetch")
    assert result.exit_code == 1, result.output
    names = {customer.id: customer.name for customer in cast}
    with closing(Store.open(f"sqlite:///{tmp_path / 'reporter.db'}")) as store:
        for customer in cast:
            ((error, replies),) = kept_of(store, customer.id)
            fault = faults.get(customer.id)
            if fault in UNUSABLE:
                assert error is not None
                assert re.search(UNUSABLE[fault], error) or (
                    # Rows are read when they are kept, or when pages are counted.
                    fault == "bad-row" and "incomplete" in error
                ), (fault, error)
                failed = next(
                    line
                    for line in result.stderr.splitlines()
                    if f"Failed: {customer.name}" in line
                )
                assert len(failed) < 700
                assert bool(replies) is (fault not in NOT_KEPT), fault
            else:
                assert (error, bool(replies)) == (None, True), (fault, customer.name)
                assert f"Failed: {names[customer.id]}:" not in result.stderr
    assert "Traceback" not in result.output
    assert len(re.findall("^Fetched ", result.stderr, re.MULTILINE)) == 40 - len(
        [fault for fault in odd if fault in UNUSABLE]
    )
    # The same command again works as well, and continues from there.
    assert run("fetch", "--quiet").exit_code == 1


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("version", ["v1", "v3"])
def test_replies_that_drip_are_given_up(
    version: str,
    run: Run,
    start_emulator: StartEmulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Apart from the others: some of those take long on a busy machine, and are whole."""
    monkeypatch.setattr("reporter.sources.avepoint.http.LONGEST_ANSWER_S", 4)
    drips, head_drips, ordinary = cast = ordinary_customers(3, 40, 1)
    emulator = start_emulator(customers=cast, lists=Lists.ALL)
    emulator.faults = FaultsOfCustomers({drips.id: "drip", head_drips.id: "drip-head"})
    configure(emulator, tmp_path, f'version = "{version}"')
    result = run("fetch")
    assert result.exit_code == 1, result.output
    with closing(Store.open(f"sqlite:///{tmp_path / 'reporter.db'}")) as store:
        for customer in (drips, head_drips):
            ((error, replies),) = kept_of(store, customer.id)
            assert error is not None
            assert "not complete after 4 seconds" in error
            assert not replies  # There was no whole one.
            (failed,) = (
                line for line in result.stderr.splitlines() if f"Failed: {customer.name}: " in line
            )
            assert len(failed) < 700
        ((error, replies),) = kept_of(store, ordinary.id)
        assert (error, bool(replies)) == (None, True)
    assert "Traceback" not in result.output


@pytest.mark.parametrize("version", ["v1", "v3"])
def test_the_exact_bytes_are_kept(
    version: str, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """Whatever it is, somebody can inspect it; nothing else of that customer is kept."""
    (profile,) = ordinary_customers(1, 40, 1)
    emulator = start_emulator(customers=[profile])
    emulator.faults = FaultsOfCustomers({profile.id: "deep"})
    source, customers, _ = source_of(emulator, version)
    with closing(Store.open("sqlite://")) as store:
        (outcome,) = fetch_snapshots(source, customers, store, lambda: CLOCK)
        assert outcome.error is not None
        ((error, (reply,)),) = kept_of(store, profile.id)
        assert error == str(outcome.error) == store.last_failure(customers[0])
        assert reply.body == b"[" * 100_000 + b"]" * 100_000
        assert reply.fetched_at == CLOCK
        assert reply.request_id
        assert profile.id in reply.url


def test_an_odd_list_of_customers_is_kept(
    run: Run, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """It stops everything, and is kept for inspection."""
    emulator = start_emulator("other-shape=1")
    configure(emulator, tmp_path, 'version = "v1"')
    result = run("fetch")
    assert result.exit_code == 1
    with closing(Store.open(f"sqlite:///{tmp_path / 'reporter.db'}")) as store:
        ((error, (reply,)),) = kept_of(store, None)
    assert error is not None
    assert error in result.stderr
    assert reply.body == b'{"items": []}'


def test_only_the_last_of_many_replies_are_kept(
    start_emulator: StartEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An endless list leaves only what can be inspected, and says so."""
    monkeypatch.setattr(pages, "MOST_PAGES", 150)
    (profile,) = ordinary_customers(1, 40, 1)
    emulator = start_emulator(customers=[profile])
    emulator.faults = FaultsOfCustomers({profile.id: "endless-next"})
    source, customers, _ = source_of(emulator, "v1")
    with closing(Store.open("sqlite://")) as store:
        list(fetch_snapshots(source, customers, store, lambda: CLOCK))
        ((error, replies),) = kept_of(store, profile.id)
    assert error is not None
    assert error.endswith("Of the 150 replies to it the last 100 are kept.")
    assert len(replies) == 100


@pytest.mark.parametrize(
    ("limit", "most", "message"),
    [
        ("MOST_BYTES", 100_000, "has more than 0 MiB"),
        ("LONGEST_LIST_S", 0.3, "not complete after 0 m"),
    ],
)
@pytest.mark.parametrize("version", ["v1", "v3"])
def test_a_list_has_limits_of_size_and_time(
    version: str,
    limit: str,
    most: float,
    message: str,
    start_emulator: StartEmulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also for a list of many pages, each within its own limits."""
    emulator = start_emulator(
        customers=ordinary_customers(1, 900, 1), lists=Lists.ALL, latency=0.1, page_size=100
    )
    source, (customer,), _ = source_of(emulator, version)
    monkeypatch.setattr(pages, limit, most)
    with pytest.raises(FetchError, match=message) as caught:
        source.snapshot(customer)
    assert customer.name in str(caught.value)


def test_bombs_cost_no_more_memory_than_the_limit(start_emulator: StartEmulator) -> None:
    """Eight at once, four gigabytes each: beyond the limit of 64 MiB nothing is unpacked."""
    cast = ordinary_customers(8, 40, 1)
    emulator = start_emulator(customers=cast)
    emulator.faults = FaultsOfCustomers(dict.fromkeys((customer.id for customer in cast), "bomb"))
    program = (
        "import json, resource, sys\n"
        "from datetime import UTC, datetime\n"
        "from reporter.sources.avepoint.auth import ClientSecret\n"
        "from reporter.sources.avepoint.source import Access\n"
        "from reporter.run.fetching import fetch_customers, fetch_snapshots\n"
        "from reporter.store import Store\n"
        "now = lambda: datetime.now(UTC)\n"
        "access = Access(*sys.argv[1:4], ClientSecret(sys.argv[4]), 'v1')\n"
        "store = Store.open('sqlite://')\n"
        "source, listed = fetch_customers(access, store, now)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "outcomes = fetch_snapshots(source, listed.customers, store, now)\n"
        "errors = [str(own.error) for own in outcomes]\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(json.dumps([errors, after - before]))\n"
    )
    arguments = (emulator.api_url, emulator.token_url, emulator.client_id, emulator.client_secret)
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    errors, grown = json.loads(done.stdout)
    assert len(errors) == 8
    assert all("has more than 64 MiB" in error for error in errors)
    # For each: the body itself, and the data it is unpacked from.
    assert grown < 8 * 3 * 64 * 1024, f"{grown / 1024:.0f} MiB"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (signal.SIGINT, "drip"),
        (signal.SIGTERM, "drip"),
        (signal.SIGTERM, "drip-head"),
        (signal.SIGTERM, "503"),
        (signal.SIGTERM, "endless-next"),
    ],
)
def test_stopping_it_takes_no_waiting(
    number: signal.Signals, fault: str, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """Whatever the service does meanwhile; and the next run continues where this one stopped."""
    cast = ordinary_customers(12, 40, 1)
    emulator = start_emulator(customers=cast)
    emulator.faults = FaultsOfCustomers(
        dict.fromkeys((customer.id for customer in cast[2:]), fault)
    )
    configure(emulator, tmp_path, 'version = "v1"')
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "reporter", "fetch"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        # Tests that run in the background are started with Ctrl-C switched off.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert process.stderr is not None
        assert "Fetched" in process.stderr.readline() + process.stderr.readline()
        started_s = time.monotonic() - began
        time.sleep(0.5)
        process.send_signal(number)
        began = time.monotonic()
        errors = process.stderr.read()
        assert process.wait(10) == 130
        # Where many tests run at once everything takes its time, as the start did.
        assert time.monotonic() - began < 2 + started_s
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()
    assert "Interrupted" in errors
    assert "Traceback" not in errors
    assert "stopped" not in errors
    with closing(Store.open(f"sqlite:///{tmp_path / 'reporter.db'}")) as store:
        for customer in cast:
            for error, replies in kept_of(store, customer.id):
                assert error is None
                assert replies
