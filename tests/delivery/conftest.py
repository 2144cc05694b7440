"""Rendered reports of several customers, and mail servers to send them through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from reporter.sources.avepoint.emulator import Emulator, Lists, ordinary_customers
from reporter.store import Store
from tests.conftest import Run, StartEmulator, configure
from tests.delivery.mail_server import Accounts, mail_server
from tests.world import Worlds

CAST = ordinary_customers(3, 60, 1)

Configure = Callable[..., None]


@pytest.fixture
def accounts() -> Iterator[Accounts]:
    """What a mail server has seen; `port` is where it listens."""
    accounts = Accounts()
    with mail_server(accounts) as port:
        accounts.port = port
        yield accounts


@pytest.fixture
def formats() -> tuple[str, ...]:
    """What is rendered and mailed; JSON where the files do not matter, as it is made fastest."""
    return ("json",)


def office_in(formats: tuple[str, ...]) -> str:
    """The name of the office whose reports have these formats."""
    return f"office-{'-'.join(formats)}"


@pytest.fixture(scope="session")
def lasting_emulator(start_lasting_emulator: StartEmulator) -> Emulator:
    """The service of the office, as of now."""
    now = partial(datetime.now, UTC)
    half_a_year = timedelta(days=183)  # in one fetch
    return start_lasting_emulator(now=now, customers=CAST, lists=Lists.ALL, listed=half_a_year)


@pytest.fixture
def office(
    run: Run,
    worlds: Worlds,
    lasting_emulator: Emulator,
    accounts: Accounts,
    tmp_path: Path,
    formats: tuple[str, ...],
) -> Configure:
    """Three customers, fetched and rendered for October, and `[mail]` for the server.

    Called with further lines of configuration, it writes them in place of the recipients; `server`
    are those of `[mail]` that say what mail goes through.
    """
    recipients = [
        line
        for number, customer in enumerate(CAST)
        for line in (
            "[[customers]]",
            f'id = "{customer.id}"',
            f'recipients = "it{number}@customer{number}.example"',
        )
    ]

    def fetched(folder: Path) -> None:
        configure(lasting_emulator, folder)
        assert run("fetch", "--quiet").exit_code == 0

    def rendered(folder: Path) -> None:
        worlds.begin("office", folder, fetched)
        result = run("render", "--quiet", "--format", ",".join(formats))
        assert result.exit_code == 0, result.output

    def write(
        *lines: str, in_mail: tuple[str, ...] = (), server: tuple[str, ...] | None = None
    ) -> None:
        if server is None:
            server = ('host = "127.0.0.1"', f"port = {accounts.port}", 'security = "none"')
        mail = [
            "[mail]",
            *server,
            'from = "Provider Reports <reports@provider.example>"',
            f"formats = {list(formats)}",
        ]
        configure(lasting_emulator, tmp_path, *mail, *in_mail, *(lines or recipients))

    worlds.begin(office_in(formats), tmp_path, rendered)
    write()
    return write


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{tmp_path / 'reporter.db'}")
    yield store
    store.close()
