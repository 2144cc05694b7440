"""Passwords in addresses: no output about a configuration shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from reporter.config.sections import StoreSettings
from reporter.config.settings import Settings, load_settings
from reporter.errors import SettingsError
from reporter.evidence.timestamp import Authority
from reporter.run.assignment import Rendering
from reporter.sources.avepoint.emulator import ordinary_customers
from reporter.store import Store
from reporter.store.address import parsed, shown
from reporter.store.lock import _taken
from tests.conftest import Run, StartEmulator, configure

PIECES = ("Hush", "Rush", "Lush")
PASSWORD = "HushRushLush"


def silent(text: str) -> str:
    """Insist that no piece of the password is in a text."""
    assert not [piece for piece in PIECES if piece in text], text
    return text


@pytest.mark.parametrize("option", ["-v", "-vv"])
@pytest.mark.parametrize(
    "url",
    [
        f"postgres://rep:{PASSWORD}@h/db",
        f"mysql://rep:{PASSWORD}@h/db",
        f"oracle+oracledb://rep:{PASSWORD}@h/db",
        f"postgresql+psycopg2://rep:{PASSWORD}@h/db",
        f"postgresql+nothing://rep:{PASSWORD}@h/db",
        f"postgresql+psycopg://rep:{PASSWORD}@127.0.0.1:1/db",
        f"postgresql+psycopg://127.0.0.1:1/db?user=rep&password={PASSWORD}",
        f"postgresql+psycopg://127.0.0.1:1/db?user=rep&p%61ssword={PASSWORD}",
        f"postgresql+psycopg://rep@127.0.0.1:1/db?passwrd={PASSWORD}",
        f"postgresql+psycopg://rep@127.0.0.1:1/db?sslpassword={PASSWORD}&sslmode=wrong",
        "postgresql+psycopg://rep:Hush@Rush@Lush@127.0.0.1:1/db",
        "postgresql+psycopg://rep:Hush%40Rush%2FLush@127.0.0.1:1/db",
        "postgresql+psycopg://rep:Hush/Rush#Lush@127.0.0.1:1/db",
        "postgresql+psycopg://rep:Hush:Rush?Lush@127.0.0.1:1/db",
        "postgresql+psycopg://rep:Hush%20Rush%20Lush@127.0.0.1:1/db",
        "postgresql+psycopg://rep:12%20Hush@127.0.0.1:1/db",
        "postgresql+psycopg://rep:Hush Rush Lush@127.0.0.1:1/db",
        "postgresql+psycopg://rep:1 Hush@127.0.0.1:1/db",
        "postgresql+psycopg://rep:1%27%22%3CHush@127.0.0.1:1/db",
        "postgresql+psycopg://127.0.0.1:1/db?user=rep&password=1%20Hush+Rush%27Lush",
        f"postgresql+psycopg://rep:{PASSWORD}",
        f"postgresql+psycopg://rep:{PASSWORD}/db",
        f"postgresql+psycopg://[rep:{PASSWORD}@h/db",
        f"postgresql+psycopg://rep:{PASSWORD}@[::1/db",
        f"rep:{PASSWORD}@h/db",
        f"postgresql:rep:{PASSWORD}@h/db",
        f"sqlite:///reporter.db?timeout={PASSWORD}",
        f"://{PASSWORD}",
    ],
)
def test_no_password_of_a_store_is_shown(
    run: Run, monkeypatch: pytest.MonkeyPatch, url: str, option: str
) -> None:
    """Neither where the URL is wrong nor where the database does not answer, by any command."""
    Store.open("sqlite:///reporter.db").close()  # only this one has parameters that are read
    monkeypatch.setenv("REPORTER_STORE__URL", url)
    for command in ("customers", "check"):
        result = run(command, option)
        assert result.exit_code in (1, 2)
        assert "rror" in result.stderr or "FAILED  store" in result.stdout
        silent(result.output + repr(result.exception))


def test_a_store_that_is_held_is_named_without_its_password() -> None:
    """Also where the password is one of the parameters."""
    engine = sa.create_engine(f"postgresql+psycopg://rep@h/db?password={PASSWORD}")
    assert "postgresql+psycopg://rep@h/db?password=***" in silent(_taken(engine, "store").explain())


@pytest.mark.parametrize(
    "text",
    [
        f'[execution]\nscheduler = "tcp://dask:{PASSWORD}@127.0.0.1:1"',
        f'[execution]\nscheduler = "tcp://dask:{PASSWORD}"',
        f'[evidence]\ntimestamp_url = "https://stamps:{PASSWORD}"',
        f'[evidence]\ntimestamp_url = "ftp://stamps:{PASSWORD}@h/"',
        f'[evidence]\ntimestamp_url = "https://stamps:{PASSWORD}℀@h/"',
        f'[delivery]\nwebhook = "http://hooks:{PASSWORD}@hooks.example/"',
        f'[delivery]\nwebhook = "https://[hooks:{PASSWORD}@hooks.example/"',
        f'[api]\napi_url = "https://api:{PASSWORD}℀@h/"',
        f'[mail]\noauth_token_url = "https://api:{PASSWORD}"',
        f'[delivery]\nfolder = "file://{PASSWORD}:@h"',
    ],
)
def test_a_wrong_address_is_named_and_not_quoted(tmp_path: Path, text: str) -> None:
    """In our own words: libraries quote what they cannot read."""
    path = tmp_path / "reporter.toml"
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    with pytest.raises(SettingsError, match=r"(scheduler|url|webhook|folder): ") as caught:
        load_settings(path)
    if "folder" not in text:
        silent(caught.value.explain())


@pytest.mark.parametrize(
    "proxy",
    [
        f"http://rep:{PASSWORD}@127.0.0.1:1",
        f"http://rep:{PASSWORD}@no such host:1",
    ],
)
def test_no_password_of_a_proxy_is_shown(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, proxy: str
) -> None:
    """Not even of one that cannot be reached."""
    monkeypatch.setattr("reporter.sources.avepoint.http._FIRST_WAIT_S", 0.0)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    configure_app(tmp_path)
    result = run("fetch", "-vv")
    assert result.exit_code == 1, result.output
    silent(result.output)


def configure_app(folder: Path) -> None:
    """A configuration that says who we are to the service."""
    path = folder / "reporter.toml"
    path.write_text('[api]\nclient_id = "x"\nclient_secret = "y"\n')
    path.chmod(0o600)


@pytest.mark.parametrize(
    "proxy",
    [
        f"http://rep:{PASSWORD}@127.0.0.1:99999999",
        f"rep:{PASSWORD}",
        "http://rep:Hush#Rush@127.0.0.1:1",
        "http://rep:12#Hush@127.0.0.1:1",
        "http://rep:12/Hush@127.0.0.1:1",
        "http://rep:12?Hush@127.0.0.1:1",
        "http://rep:[Hush@127.0.0.1:1",
        f"http://:{PASSWORD}@",
        f"http://{PASSWORD}@",
        f"http://rep:{PASSWORD}℀@h:1",
    ],
)
def test_an_invalid_proxy_address_is_reported_and_not_quoted(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, proxy: str
) -> None:
    """In a sentence about the proxy: the addresses of the service are fine."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    configure_app(tmp_path)
    for command in ("fetch", "check"):
        result = run(command, "-v")
        assert "The proxy set in the environment is not a valid address." in result.output
        assert "HTTPS_PROXY" in result.output
        assert "api_url" not in result.output
        silent(result.output)
    assert run("fetch").exit_code == 2


def test_a_time_stamp_authority_is_named_without_its_secrets() -> None:
    """Bags and messages name the authority, and nothing more."""
    authority = Authority(f"https://me:{PASSWORD}@stamps.example/tsa?apikey={PASSWORD}&policy=1")
    assert authority.name == "https://stamps.example/tsa?apikey=***&policy=1"


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        (("[store]", f'url = "postgresql+psycopg://rep:{PASSWORD}@h/db"'), "store.url"),
        (("[store]", f'url = "postgresql+psycopg://h/db?password={PASSWORD}"'), "store.url"),
        (("[delivery]", 'webhook = "https://hooks.example/T0/B0/x"'), "delivery.webhook"),
        (("[delivery]", f'folder = "ftp://rep:{PASSWORD}@h/reports"'), "delivery.folder"),
        (("[evidence]", f'timestamp_url = "https://me:{PASSWORD}@h/"'), "evidence.timestamp_url"),
    ],
)
def test_a_file_with_such_an_address_must_be_private(
    tmp_path: Path, lines: tuple[str, ...], place: str
) -> None:
    """As with every other secret in it: others who can read it are refused to begin with."""
    path = tmp_path / "reporter.toml"
    path.write_text("\n".join(lines))
    path.chmod(0o644)
    with pytest.raises(
        SettingsError, match=rf"holds {place}, and the file .* \(mode 0644"
    ) as caught:
        load_settings(path)
    assert caught.value.hint == f"Run: chmod 600 {path}"
    path.chmod(0o600)
    silent(repr(load_settings(path)))


@pytest.mark.parametrize(
    "lines",
    [
        ("[store]", 'url = "postgresql+psycopg://rep@h/db"'),
        ("[store]", 'url = "sqlite:////srv/me@home/reporter.db"'),
        ("[delivery]", 'folder = "s3://reports/monthly"'),
    ],
)
def test_a_file_without_secrets_may_be_read_by_others(
    tmp_path: Path, lines: tuple[str, ...]
) -> None:
    """Nobody has to change a mode for nothing."""
    path = tmp_path / "reporter.toml"
    path.write_text("\n".join(lines))
    path.chmod(0o644)
    load_settings(path)


def test_a_password_of_a_folder_is_in_no_list(
    run: Run, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """The outbox keeps where a copy went; what is printed of it, also as JSON, has no password."""
    emulator = start_emulator(customers=ordinary_customers(1, 30, 1))
    configure(emulator, tmp_path, "[delivery]", f'folder = "ftp://rep:{PASSWORD}@127.0.0.1:1/x"')
    assert run("fetch", "--quiet").exit_code == 0
    assert run("render", "--period", "2026-10", "--format", "json").exit_code == 0
    for command in (("approve", "--yes"), ("send",), ("outbox",), ("outbox", "--json")):
        period = () if command[0] == "outbox" else ("--period", "2026-10")
        output = silent(run(*command, *period).output)
        assert "ftp://rep:***@127.0.0.1:1" in output or command == ("send",)


def test_arguments_of_a_worker_show_no_password(tmp_path: Path) -> None:
    """Clusters log the arguments of a task that fails."""
    settings = Settings(store=StoreSettings(url=f"postgresql+psycopg://rep:{PASSWORD}@h/reports"))
    rendering = Rendering(settings, datetime(2026, 11, 1, tzinfo=UTC), tmp_path, ("json",))
    assert "postgresql+psycopg://rep:***@h/reports" in silent(repr(rendering))


def test_a_store_is_named_by_all_but_its_password() -> None:
    """With a user, a host, a port, a name and parameters."""
    assert shown("postgresql+psycopg://u:my%20Sommer@h:5432/db?sslmode=require&password=a%20b") == (
        "postgresql+psycopg://u:***@h:5432/db?password=***&sslmode=require"
    )
    assert shown("postgresql+psycopg://u@h/db") == "postgresql+psycopg://u@h/db"
    assert shown("postgresql+psycopg://u:x@[::1]/db") == "postgresql+psycopg://u:***@[::1]/db"


@pytest.mark.parametrize("written", ["my Sommer", "my%20Sommer", "my+Sommer", "m%79 Sommer"])
def test_a_password_of_a_store_is_hidden_whoever_quotes_it(written: str) -> None:
    """Literally, as written in the address, and as others would write it."""
    parsed("postgresql+psycopg://u:m%79 Sommer@h/db")
    assert str(SettingsError(f"no {written} here")) == "no *** here"
