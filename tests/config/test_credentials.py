"""Where secrets are found: in which order, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.core import load_keyring
from keyring.errors import KeyringLocked
from keyrings.alt.file import PlaintextKeyring

import reporter
from reporter.config.credentials import KEYRING_SERVICE, NoSecret, access_of, find_secret
from reporter.config.settings import Settings, load_settings
from reporter.errors import SettingsError
from reporter.sources.avepoint.auth import ClientCertificate
from tests.certificates import make_certificate

PLACES = (
    "api.client_secret",
    "api.certificate_password",
    "mail.password",
    "evidence.certificate_password",
    "delivery.webhook_secret",
)


def test_a_secret_file_that_may_not_be_read(tmp_path: Path) -> None:
    """The error says which user must be able to read it, and nothing of its content."""
    (tmp_path / "client.secret").mkdir(mode=0o700)
    (tmp_path / "reporter.toml").write_text('[api]\nclient_secret_file = "client.secret"\n')
    with pytest.raises(SettingsError, match="cannot be read: Is a directory") as caught:
        find_secret(load_settings(tmp_path / "reporter.toml"), "api.client_secret")
    assert "who runs this program, may read" in caught.value.hint


class LockedKeyring(KeyringBackend):
    """One that nobody has unlocked, as on a machine where nobody has logged in."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("Failed to unlock the collection!")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("Failed to unlock the collection!")


@pytest.fixture(autouse=True)
def ring(tmp_path: Path) -> Iterator[KeyringBackend]:
    """A keyring in a file of its own, in place of the system's."""
    former = keyring.get_keyring()
    backend: KeyringBackend = PlaintextKeyring()
    vars(backend)["file_path"] = str(tmp_path / "keyring.cfg")
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(former)


def settings_from(folder: Path, text: str = "", mode: int = 0o600) -> Settings:
    path = folder / "reporter.toml"
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return load_settings(path)


def write_secret(path: Path, secret: str, mode: int = 0o600) -> Path:
    path.write_text(secret, "utf-8")
    path.chmod(mode)
    return path


@pytest.mark.parametrize("place", PLACES)
def test_each_way_to_a_secret_and_their_order(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ring: KeyringBackend
) -> None:
    """Keyring, systemd, file, configuration, environment: each overrides those before it."""
    section, key = place.split(".")

    def secret_and_source(*lines: str) -> tuple[str, str]:
        secret = find_secret(settings_from(tmp_path, "\n".join([f"[{section}]", *lines])), place)
        assert "value" not in repr(secret)
        return secret.value, secret.origin

    ring.set_password(KEYRING_SERVICE, place, "of the keyring")
    assert secret_and_source() == ("of the keyring", "the system's keyring")

    credentials = tmp_path / "credentials"
    credentials.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    assert secret_and_source() == ("of the keyring", "the system's keyring")
    # With an access list for the service's user, systemd's files show this mode.
    write_secret(credentials / place, "of systemd\n", 0o440)
    assert secret_and_source() == ("of systemd", "a credential of systemd")

    path = write_secret(tmp_path / "own.secret", "of the file\n")
    named = f'{key}_file = "own.secret"'
    assert secret_and_source(named) == ("of the file", f"the file {path}")

    written = f'{key} = "of the configuration"'
    assert secret_and_source(named, written) == ("of the configuration", "the configuration file")

    monkeypatch.setenv(f"REPORTER_{section.upper()}__{key.upper()}", "of the environment")
    assert secret_and_source(named, written) == ("of the environment", "the environment")
    assert secret_and_source() == ("of the environment", "the environment")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_what_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """A secret file, a configuration with a secret, a certificate: all by the same rule."""
    secret = write_secret(tmp_path / "own.secret", "hunter2", mode)
    settings = settings_from(tmp_path, '[api]\nclient_secret_file = "own.secret"')
    with pytest.raises(SettingsError, match=f"mode {mode:04o}") as caught:
        find_secret(settings, "api.client_secret")
    assert caught.value.hint == f"Run: chmod 600 {secret}"

    with pytest.raises(
        SettingsError, match=r"holds api\.client_secret and mail\.password"
    ) as caught:
        settings_from(
            tmp_path, '[api]\nclient_secret = "hunter2"\n[mail]\npassword = "hunter3"', mode
        )
    assert caught.value.hint == f"Run: chmod 600 {tmp_path / 'reporter.toml'}"
    assert "hunter" not in caught.value.explain()

    _, files = make_certificate(tmp_path)
    for path, _ in files:
        path.chmod(mode)
        settings = settings_from(tmp_path, f'[api]\nclient_id = "x"\ncertificate = "{path.name}"')
        with pytest.raises(SettingsError, match=rf"The certificate .*{path.name} can be read"):
            access_of(settings)


def test_a_configuration_without_a_secret_may_be_read_by_all(tmp_path: Path) -> None:
    """Only secrets need hiding; an empty one is not a secret."""
    settings = settings_from(tmp_path, '[api]\nclient_secret = ""\nclient_id = "x"', 0o644)
    assert settings.written == frozenset()


@pytest.mark.parametrize(
    ("content", "message"), [(b" \n", "is empty"), (b"\xff\xfe", "is not text")]
)
def test_a_file_without_a_secret_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    """An empty secret is a mistake, and no reason to look elsewhere."""
    path = write_secret(tmp_path / "own.secret", "")
    path.write_bytes(content)
    settings = settings_from(tmp_path, '[api]\nclient_secret_file = "own.secret"')
    with pytest.raises(SettingsError, match=message):
        find_secret(settings, "api.client_secret")


def test_a_file_that_is_not_there_is_named(tmp_path: Path, ring: KeyringBackend) -> None:
    """A named file must exist, even if the keyring has a secret."""
    ring.set_password(KEYRING_SERVICE, "api.client_secret", "of the keyring")
    settings = settings_from(tmp_path, '[api]\nclient_secret_file = "none.secret"')
    with pytest.raises(SettingsError, match=r"none\.secret cannot be read: No such file"):
        find_secret(settings, "api.client_secret")


@pytest.mark.parametrize(
    ("backend", "why"),
    [
        (load_keyring("keyring.backends.fail.Keyring"), "No recommended backend was available"),
        (
            LockedKeyring(),  # type: ignore[no-untyped-call]
            "Failed to unlock the collection!",
        ),
    ],
)
def test_an_unavailable_keyring_has_nothing(
    backend: KeyringBackend, why: str, tmp_path: Path
) -> None:
    """None on the machine, or a locked one: no secret there, and the hint says so."""
    keyring.set_keyring(backend)
    settings = settings_from(tmp_path, '[api]\nclient_id = "x"')
    with pytest.raises(NoSecret) as caught:
        access_of(settings)
    assert f"the keyring is not available now: {why}" in caught.value.hint
    for way in ("REPORTER_API__CLIENT_SECRET", "client_secret_file", "keyring set", "certificate"):
        assert way in caught.value.hint


def test_a_key_without_a_password_needs_none(tmp_path: Path) -> None:
    """A certificate's password is looked for, and a key that has none opens without."""
    _, (_, (pem, _)) = make_certificate(tmp_path)
    settings = settings_from(tmp_path, f'[api]\nclient_id = "x"\ncertificate = "{pem.name}"')
    credential = access_of(settings).credential
    assert isinstance(credential, ClientCertificate)
    assert credential.origin == str(pem)


def test_the_password_of_a_certificate_may_be_in_the_keyring(
    tmp_path: Path, ring: KeyringBackend
) -> None:
    """No secret needs to be kept beside a certificate."""
    _, ((pfx, password), _) = make_certificate(tmp_path)
    assert password
    ring.set_password(KEYRING_SERVICE, "api.certificate_password", password)
    settings = settings_from(tmp_path, f'[api]\nclient_id = "x"\ncertificate = "{pfx.name}"')
    credential = access_of(settings).credential
    assert isinstance(credential, ClientCertificate)
    assert credential.origin == f"{pfx} with its password from the system's keyring"


def test_a_backend_that_is_not_installed_has_nothing(tmp_path: Path) -> None:
    """A keyring set up for another Python ends in a message, too."""
    (tmp_path / "reporter.toml").write_text('[api]\nclient_id = "x"\n')
    result = subprocess.run(
        [sys.executable, "-m", "reporter", "fetch"],
        cwd=tmp_path,
        env=os.environ
        | {
            "PYTHON_KEYRING_BACKEND": "nowhere.Keyring",
            "PYTHONPATH": str(Path(reporter.__file__).parents[1]),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 2
    assert "No client_secret and no certificate" in result.stderr
    assert "No module named 'nowhere'" in result.stderr
    assert "Traceback" not in result.stderr
