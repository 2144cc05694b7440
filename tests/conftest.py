"""What several tests need: the service, emulated over real HTTP, and a way to run commands."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import settings

from reporter.cli.main import cli
from reporter.cli.options import Console
from reporter.files import current_umask
from reporter.sources.avepoint.emulator import Emulator, Faults, ordinary_customers
from tests.world import Worlds

# A busy machine takes longer for an example at times; how long the product takes is in benchmarks/.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")

CLOCK = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)

StartEmulator = Callable[..., Emulator]
Run = Callable[..., Result]
StartAt = Callable[..., Result]


@pytest.fixture(autouse=True)
def umask_of_the_shell() -> Iterator[None]:
    """Commands set it for the whole process; it is restored for the next test."""
    umask = current_umask()
    yield
    os.umask(umask)


@pytest.fixture(autouse=True)
def no_authorities_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The authorities this machine trusts do not affect the tests."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def no_secrets_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret in one test is an ordinary word in the next."""
    monkeypatch.setattr("reporter.showing._known_secrets", set())


def _starter() -> Iterator[StartEmulator]:
    with ExitStack() as stack:

        def start(*faults: str, customers: Any = None, **options: Any) -> Emulator:
            options.setdefault("now", lambda: CLOCK)
            options.setdefault("seed", 1)
            emulator = Emulator(
                ordinary_customers(3, 300, 1) if customers is None else customers,
                faults=Faults.parse(faults, options["seed"]),
                **options,
            )
            return stack.enter_context(emulator)

        yield start


@pytest.fixture
def start_emulator() -> Iterator[StartEmulator]:
    """Starts emulators that stop with the test; `faults` are texts like `503=0.1`."""
    yield from _starter()


@pytest.fixture(scope="session")
def start_lasting_emulator() -> Iterator[StartEmulator]:
    """Starts emulators for `worlds`, which hold their addresses."""
    yield from _starter()


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    """Folders that are made once, and copied for each test."""
    return Worlds(tmp_path_factory)


@pytest.fixture(scope="session")
def service(start_lasting_emulator: StartEmulator) -> Emulator:
    """The ordinary emulator. All tests of a session share it, and change nothing of it."""
    return start_lasting_emulator()


@pytest.fixture
def fetched(run: Run, worlds: Worlds, service: Emulator, tmp_path: Path) -> Emulator:
    """The folder of a provider that has fetched all that `service` lists."""

    def fetch(folder: Path) -> None:
        configure(service, folder)
        result = run("fetch", "--quiet")
        assert result.exit_code == 0, result.output

    worlds.begin("three-customers", tmp_path, fetch)
    return service


class Clock:
    """The time, for the command line and for the emulated service."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def set_clock(patch: pytest.MonkeyPatch, now: datetime) -> Clock:
    """Make the commands use a clock that stands still until it is set."""
    clock = Clock(now)
    for module in ("approve", "fetch", "outbox", "render", "run", "send"):
        patch.setattr(f"reporter.cli.{module}.utc_now", clock)
    return clock


@pytest.fixture
def start(run: Run, clock: Clock) -> StartAt:
    """Starts a run at a time, in UTC, by the test's own `clock`."""

    def at(time: str, *options: str) -> Result:
        clock.now = datetime.fromisoformat(f"{time}Z")
        return run("run", "--format", "json", "--workers", "1", *options)

    return at


def invoke(*arguments: object, input: bytes | None = None) -> Result:
    """Run `reporter` in the folder of the process.

    It renders in this process, as each worker takes seconds to start; `--workers` says otherwise.
    """
    runner = CliRunner(env={"REPORTER_EXECUTION__WORKERS": "1"})
    return runner.invoke(cli, [str(argument) for argument in arguments], obj=Console(), input=input)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `reporter` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return invoke


def configure(emulator: Emulator, folder: Path, *more: str) -> Path:
    """A configuration for an emulator, in a folder."""
    lines: Sequence[str] = [
        "[api]",
        f'api_url = "{emulator.api_url}"',
        f'token_url = "{emulator.token_url}"',
        f'client_id = "{emulator.client_id}"',
        f'client_secret = "{emulator.client_secret}"',
        *more,
    ]
    path = folder / "reporter.toml"
    path.write_text("\n".join(lines), "utf-8")
    path.chmod(0o600)
    return path
