"""`reporter check` on secrets and certificates, and a fetch that outlives its tokens."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from reporter.sources.avepoint.auth import ClientSecret, TokenAuth
from reporter.sources.avepoint.emulator import Emulator, ordinary_customers
from reporter.sources.avepoint.http import Exchange
from tests.certificates import make_certificate
from tests.conftest import Run, StartEmulator, configure


def configure_certificate(emulator: Emulator, folder: Path, *more: str) -> None:
    """A configuration with the certificate `app.pfx` and no secret of its own."""
    path = configure(emulator, folder, 'certificate = "app.pfx"', *more)
    lines = path.read_text("utf-8").splitlines()
    path.write_text(
        "\n".join(line for line in lines if not line.startswith("client_secret")), "utf-8"
    )


def credentials_line(output: str) -> str:
    (line,) = re.findall(r"^.{8}credentials: .*(?:\n  .*)?$", output, re.MULTILINE)
    return str(line)


def test_check_says_where_the_secret_is_from(
    run: Run, start_emulator: StartEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The place, never the value; a wrong one fails whatever place it is from."""
    emulator = start_emulator()
    configure(emulator, tmp_path)
    result = run("check")
    assert result.exit_code == 0, result.output
    assert "ok      credentials: secret of app" in result.stdout
    assert credentials_line(result.stdout).endswith("from the configuration file")
    assert emulator.client_secret not in result.output

    monkeypatch.setenv("REPORTER_API__CLIENT_SECRET", "hunter2")
    result = run("check")
    assert result.exit_code == 1
    assert credentials_line(result.stdout).endswith("from the environment")
    assert "FAILED  service" in result.stdout
    assert "invalid_client" in result.stdout
    assert "hunter2" not in result.output


def test_check_tells_of_a_configuration_others_can_read(
    run: Run, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """Nothing is done with a secret in the open, and the message says how to mend it."""
    emulator = start_emulator()
    configure(emulator, tmp_path).chmod(0o644)
    result = run("check")
    assert result.exit_code == 2
    assert "chmod 600 reporter.toml" in result.stderr
    assert emulator.client_secret not in result.output
    assert not emulator.requests


@pytest.mark.parametrize(
    ("begins", "ends", "sign", "pattern"),
    [
        (-1, 365, "ok      ", r"valid until \d{4}-\d\d-\d\d$"),
        (-1, 59, "ok      ", r"valid until \S+, 58 days from now: register the next one soon$"),
        (-9, -1, "FAILED  ", r"expired on \d{4}-\d\d-\d\d\n  Register a certificate"),
        (1, 9, "FAILED  ", r"valid from \d{4}-\d\d-\d\d on\n  Register a certificate"),
    ],
)
def test_check_tells_how_long_a_certificate_is_good_for(
    begins: int,
    ends: int,
    sign: str,
    pattern: str,
    run: Run,
    start_emulator: StartEmulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that runs out soon is reported in time; one that is not valid now fails."""
    monkeypatch.setenv("REPORTER_API__CERTIFICATE_PASSWORD", "secret")
    certificate, _ = make_certificate(tmp_path, timedelta(begins), timedelta(ends))
    configure_certificate(start_emulator(certificate=certificate), tmp_path)
    result = run("check")
    line = credentials_line(result.stdout)
    assert line.startswith(f"{sign}credentials: certificate of app")
    assert "app.pfx with its password from the environment" in line
    assert re.search(pattern, line)
    assert result.exit_code == (0 if sign.startswith("ok") else 1)


@pytest.mark.parametrize("purposes", [(), ("key_encipherment",)])
def test_check_says_where_a_certificate_does_not_state_that_it_signs(
    purposes: tuple[str, ...],
    run: Run,
    start_emulator: StartEmulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The service requires it; a certificate that states it is not mentioned."""
    monkeypatch.setenv("REPORTER_API__CERTIFICATE_PASSWORD", "secret")
    certificate, _ = make_certificate(tmp_path)
    configure_certificate(start_emulator(certificate=certificate), tmp_path)
    assert "key usage" not in run("check").stdout
    certificate, _ = make_certificate(tmp_path, purposes=purposes)
    configure_certificate(start_emulator(certificate=certificate), tmp_path)
    checked = run("check")
    assert checked.exit_code == 0
    assert "absent  key usage: the certificate does not state digitalSignature" in checked.stdout


def test_check_with_a_wrong_certificate_or_password(
    run: Run, start_emulator: StartEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate that is not registered is refused by the service; a wrong password before."""
    known, _ = make_certificate(tmp_path)
    make_certificate(tmp_path)
    configure_certificate(start_emulator(certificate=known), tmp_path)
    monkeypatch.setenv("REPORTER_API__CERTIFICATE_PASSWORD", "secret")
    result = run("check")
    assert result.exit_code == 1
    assert "ok      credentials" in result.stdout
    assert "FAILED  service" in result.stdout
    assert "invalid_client" in result.stdout

    monkeypatch.setenv("REPORTER_API__CERTIFICATE_PASSWORD", "hunter2")
    result = run("check")
    assert result.exit_code == 1
    assert "FAILED  credentials: The certificate app.pfx cannot be opened." in result.stdout
    assert "certificate_password" in result.stdout
    assert "hunter2" not in result.output


@pytest.mark.slow
def test_a_fetch_outlives_its_tokens(
    run: Run, start_emulator: StartEmulator, tmp_path: Path
) -> None:
    """Tokens of two seconds, each used for one: about one for each second, for all threads."""
    emulator = start_emulator(
        customers=ordinary_customers(40, 30, 1), latency=0.5, token_lifetime=2, generations=("v3",)
    )
    configure(emulator, tmp_path, 'version = "v3"')
    began = time.monotonic()
    result = run("fetch", "--quiet")
    took = time.monotonic() - began
    assert result.exit_code == 0, result.output
    assert took > 2, "the run ended before its first token did"
    assert 3 <= emulator.requests["connect token"] <= took + 2


def test_a_token_that_ran_out_is_renewed_once_for_all_threads(
    start_emulator: StartEmulator,
) -> None:
    """Sixteen threads that find it gone at the same moment ask for one new token."""
    emulator = start_emulator(customers=[], latency=0.2, token_lifetime=2)
    secret = ClientSecret(emulator.client_secret)
    scopes = ("partner.jobs.read.all",)
    auth = TokenAuth(Exchange(), emulator.token_url, emulator.client_id, secret, scopes)
    first = auth.token()
    time.sleep(1.1)
    gate = Barrier(16)

    def ask(_: int) -> str:
        gate.wait(10)
        return auth.token()

    with ThreadPoolExecutor(16) as threads:
        (second,) = set(threads.map(ask, range(16)))
    assert second != first
    assert emulator.requests["connect token"] == 2
