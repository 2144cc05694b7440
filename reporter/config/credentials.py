"""Who we are to the service, and where a secret is found: by its place in the configuration."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reporter.config.sections import ApiSettings, TenantSettings
from reporter.config.settings import ENV_PREFIX, Settings, place_of_tenant, table_at
from reporter.errors import SettingsError
from reporter.files import must_be_readable, refuse_shared
from reporter.showing import keep_secret
from reporter.sources.avepoint.auth import ClientCertificate, ClientSecret, Credential
from reporter.sources.avepoint.source import Access

KEYRING_SERVICE: Final = "backup-reporter"
"""Under which name secrets stand in the system's keyring; the user there is the secret's place."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret, and where it was found. Once it is known, it is shown to nobody."""

    value: str = field(repr=False)
    origin: str

    def __post_init__(self) -> None:
        keep_secret(self.value)


class NoSecret(SettingsError):
    """A secret is in none of the places where it may be."""


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
                "`reporter demo` works without it.",
            )
    credential = _credential(settings, "api", api, "[api]")
    return Access(
        api.api_url, api.token_url, api.client_id, credential, api.version, settings.trust
    )


def tenant_access_of(settings: Settings, customer_id: str) -> Access | None:
    """Where a customer's own tenant is and how to prove who we are there; None if the configuration
    does not name it.

    Raises:
        SettingsError: something for it is missing, or a file cannot be used.
    """
    tenant = settings.customer(customer_id).tenant
    if tenant is None:
        return None
    where = f"`tenant` of the customer {customer_id!r}"
    if not tenant.client_id:
        raise SettingsError(
            f"client_id is not set in {where}.",
            hint="It is the id of the app registration in the customer's AvePoint Online Services.",
        )
    commercial = settings.api.environment == "commercial"
    if not tenant.root or not (commercial or tenant.api_url):
        raise SettingsError(
            f"The address of the API is not known for {where}.",
            hint='Set data_centre there, such as "us", or api_url.'
            if commercial
            else "Set api_url there: data_centre works only in the commercial environment.",
        )
    credential = _credential(settings, place_of_tenant(customer_id), tenant, where)
    token_url = tenant.token_url or settings.api.token_url
    return Access(tenant.root, token_url, tenant.client_id, credential, trust=settings.trust)


def find_secret(settings: Settings, place: str) -> Secret:
    """The secret that belongs at a place of the configuration, such as `api.client_secret`, or
    `customers.ID.tenant.client_secret`.

    The first of: the environment, the configuration file, the file named by `<key>_file`, a
    credential of systemd, the system's keyring.

    Raises:
        NoSecret: none of them has it.
        SettingsError: a file is named for it and cannot be used.
    """
    section, _, key = place.rpartition(".")
    table = table_at(settings, section)
    if value := getattr(table, key):
        origin = "the configuration file" if place in settings.written else "the environment"
        return Secret(value.get_secret_value(), origin)
    if file := getattr(table, f"{key}_file"):
        path = settings.folder / file
        refuse_shared(path, "The secret file")
        return Secret(_content(path), f"the file {path}")
    # systemd sees to who may read it; with an access list its mode shows the group's bits.
    if (folder := os.environ.get("CREDENTIALS_DIRECTORY")) and (
        path := Path(folder, place)
    ).exists():
        return Secret(_content(path), "a credential of systemd")
    value, trouble = _in_keyring(place)
    if value:
        return Secret(value, "the system's keyring")
    named = key if isinstance(table, TenantSettings) else _variable(section, key)
    raise NoSecret(
        f"No {key} is set in [{section}], and none was found anywhere else.",
        hint=f"Set {named} or {key}_file, "
        f"or store it with `keyring set {KEYRING_SERVICE} {place}`{trouble}.",
    )


def _variable(section: str, key: str) -> str:
    """The environment variable of a key of a section."""
    return f"{ENV_PREFIX}{section.upper()}__{key.upper()}"


def _content(path: Path) -> str:
    """The secret in a file.

    Raises:
        SettingsError: it cannot be read, or nothing is in it.
    """
    try:
        secret = path.read_text("utf-8").strip()
    except OSError as error:
        raise SettingsError(
            f"The secret file {path} cannot be read: {error.strerror}.", hint=must_be_readable()
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"The secret file {path} cannot be read: it is not text.",
            hint="Save the secret in it as text, and nothing else.",
        ) from error
    if not secret:
        raise SettingsError(f"The secret file {path} is empty.", hint="Write the secret into it.")
    return secret


def _in_keyring(place: str) -> tuple[str | None, str]:
    """What the system's keyring has, and why it cannot be asked, if so."""
    # Finding a backend costs time that a run with another kind of secret need not spend.
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(KEYRING_SERVICE, place), ""
    # Its settings may name a backend that is not installed.
    except (KeyringError, ImportError, OSError) as error:
        why = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
        return None, f" (the keyring is not available now: {why})"


def _credential(
    settings: Settings, place: str, table: ApiSettings | TenantSettings, where: str
) -> Credential:
    """The certificate where one is configured, else the secret. `where` names the table in words.

    Raises:
        SettingsError: there is none of both, or a file cannot be used.
    """
    if table.certificate:
        return _certificate(settings, place, settings.folder / table.certificate)
    try:
        secret = find_secret(settings, f"{place}.client_secret")
    except NoSecret as error:
        raise NoSecret(
            f"No client_secret and no certificate is set in {where}.",
            hint=f"{error.hint} Or set certificate in {where}.",
        ) from error
    return ClientSecret(secret.value, secret.origin)


def _certificate(settings: Settings, place: str, path: Path) -> ClientCertificate:
    refuse_shared(path, "The certificate")
    try:
        password = find_secret(settings, f"{place}.certificate_password")
    except NoSecret:
        # Not every key is encrypted.
        return ClientCertificate.load(path, None, str(path))
    origin = f"{path} with its password from {password.origin}"
    return ClientCertificate.load(path, password.value, origin)
