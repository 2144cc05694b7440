"""Others may echo what they are sent: tokens and secrets in it are never shown or kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from reporter.config.credentials import access_of, find_secret
from reporter.config.settings import Settings
from reporter.errors import ReporterError
from reporter.sources.avepoint.emulator import Emulator, ordinary_customers
from tests.conftest import Run, StartEmulator, configure
from tests.sources.avepoint.odd import FaultsOfCustomers

SECRET = "Client-Secret/with+signs&1"


@pytest.fixture
def emulator(start_emulator: StartEmulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """A service of three customers, tried again without pauses."""
    monkeypatch.setattr("reporter.sources.avepoint.http._FIRST_WAIT_S", 0.001)
    return start_emulator(customers=ordinary_customers(3, 20, 1))


def secrets_of(emulator: Emulator) -> list[str]:
    """The secret of the app, and the beginnings of all tokens."""
    return [text[:16] for text in (emulator.client_secret, *emulator.tokens._grants)]


def errors_kept(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "reporter.db")) as store:
        rows = store.execute("SELECT error FROM fetches WHERE error IS NOT NULL").fetchall()
        ids = store.execute("SELECT request_id FROM replies").fetchall()
    return "\n".join(text for (text,) in rows + ids)


@pytest.mark.parametrize("version", ["v1", "v3"])
@pytest.mark.parametrize("fault", ["echo", "echo-200"])
@pytest.mark.parametrize("verbose", ["--quiet", "-vv"])
def test_a_service_that_echoes_headers(
    fault: str, version: str, verbose: str, emulator: Emulator, run: Run, tmp_path: Path
) -> None:
    """Complete or truncated: what it says is shown without the token."""
    configure(emulator, tmp_path, f'version = "{version}"')
    profile = next(iter(emulator.customers.values()))
    emulator.faults = FaultsOfCustomers({profile.id: fault})
    result = run("fetch", verbose)
    assert result.exit_code == 1
    output = result.output + errors_kept(tmp_path)
    assert "Authorization" in output
    assert "Bearer ***" in output
    assert len(emulator.tokens._grants) >= 1
    assert not [text for text in secrets_of(emulator) if text in output]


def test_a_token_endpoint_that_echoes_forms(emulator: Emulator, run: Run, tmp_path: Path) -> None:
    """It echoes the secret it was sent and the token it withholds."""
    configure(emulator, tmp_path)
    emulator.faults = emulator.faults.parse(["token-echo"], 1)
    result = run("fetch", "-vv")
    assert result.exit_code == 1
    assert "invalid_request refused: client_id=" in result.output
    assert "client_secret=***" in result.output
    assert len(emulator.tokens._grants) == 1
    assert not [text for text in secrets_of(emulator) if text in result.output]


@pytest.mark.parametrize("key", ["client_secret", "certificate_password"])
def test_secrets_are_hidden_once_they_are_read(key: str) -> None:
    """Wherever they are found, and before they are sent to anybody."""
    settings = Settings.model_validate({"api": {"client_id": "app", key: SECRET}})
    if key == "client_secret":
        access_of(settings)
    else:
        find_secret(settings, f"api.{key}")
    assert str(ReporterError(f"Invalid: {SECRET} provided")) == "Invalid: *** provided"
