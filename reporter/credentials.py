"""Who we are to the service: from the configuration, the environment or a file of its own."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from reporter.errors import SettingsError
from reporter.fetch.auth import ClientCertificate, ClientSecret, Credential
from reporter.fetch.source import Access
from reporter.settings import ENV_PREFIX, Settings


def access_of(settings: Settings) -> Access:
    """Where the service is and how to prove who we are.

    Raises:
        SettingsError: something for it is missing, or a file cannot be used.
    """
    api = settings.api
    for key in ("api_url", "token_url", "client_id"):
        if not getattr(api, key):
            raise SettingsError(
                f"{key} is not set in [api].",
                hint=f"Set it there or in {ENV_PREFIX}API__{key.upper()}; "
                "`reporter demo` works without.",
            )
    return Access(api.api_url, api.token_url, api.client_id, _credential(settings), api.version)


def _credential(settings: Settings) -> Credential:
    api = settings.api
    if api.certificate:
        password = api.certificate_password
        return ClientCertificate.load(
            settings.folder / api.certificate, password.get_secret_value() if password else None
        )
    if api.client_secret:
        return ClientSecret(api.client_secret.get_secret_value())
    if api.client_secret_file:
        return ClientSecret(read_secret(settings.folder / api.client_secret_file))
    raise SettingsError(
        "No client_secret and no certificate is set in [api].",
        hint=f"Set {ENV_PREFIX}API__CLIENT_SECRET, or client_secret_file, or certificate.",
    )


def read_secret(path: Path) -> str:
    """The secret in a file that only its owner can read.

    Raises:
        SettingsError: no such file, or others may read it.
    """
    try:
        mode = path.stat().st_mode
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SettingsError(
                f"The secret file {path} can be read by others (mode {stat.S_IMODE(mode):04o}).",
                hint=f"Run: chmod 600 {path}",
            )
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise SettingsError(
            f"The secret file {path} cannot be read: {error.strerror}.",
            hint="Check `client_secret_file` in [api].",
        ) from error
