"""`[[customers]] tenant`: the app registration in a customer's own tenant, and its secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyrings.alt.file import PlaintextKeyring

from reporter.config.credentials import KEYRING_SERVICE, NoSecret, tenant_access_of
from reporter.config.settings import Settings, load_settings
from reporter.errors import SettingsError
from reporter.sources.avepoint.auth import ClientCertificate, ClientSecret
from reporter.sources.avepoint.source import Access
from tests.certificates import make_certificate

CUSTOMER_ID = "00427fbc-8832-46cf-a1d2-582f46e638"
PLACE = f"customers.{CUSTOMER_ID}.tenant.client_secret"
COMPLETE = ('data_centre = "us"', 'client_id = "own-app"', 'client_secret = "hunter2"')


@pytest.fixture(autouse=True)
def ring(tmp_path: Path) -> Iterator[KeyringBackend]:
    """A keyring in a file of its own, in place of the system's."""
    former = keyring.get_keyring()
    backend: KeyringBackend = PlaintextKeyring()
    vars(backend)["file_path"] = str(tmp_path / "keyring.cfg")
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(former)


def settings_from(folder: Path, *lines: str, before: str = "", mode: int = 0o600) -> Settings:
    path = folder / "reporter.toml"
    customer = ["[[customers]]", f'id = "{CUSTOMER_ID}"', "[customers.tenant]"]
    path.write_text("\n".join([before, *customer, *lines]), "utf-8")
    path.chmod(mode)
    return load_settings(path)


def access_of(settings: Settings) -> Access:
    access = tenant_access_of(settings, CUSTOMER_ID)
    assert access is not None
    return access


def test_the_data_centre_gives_the_address(tmp_path: Path) -> None:
    """The address for tokens is that of the provider's own registration."""
    access = access_of(settings_from(tmp_path, *COMPLETE))
    assert access.api_url == "https://graph-us.avepointonlineservices.com"
    assert access.token_url == "https://identity.avepointonlineservices.com/connect/token"
    assert access.client_id == "own-app"
    assert access.credential == ClientSecret("hunter2", "the configuration file")


def test_addresses_of_other_environments_are_given(tmp_path: Path) -> None:
    gov = '[api]\nenvironment = "us-gov"'
    with pytest.raises(SettingsError, match="The address of the API is not known") as caught:
        access_of(settings_from(tmp_path, *COMPLETE, before=gov))
    assert "Set api_url" in caught.value.hint
    here = ('api_url = "http://127.0.0.1:9/"', 'token_url = "http://127.0.0.1:9/token"')
    access = access_of(settings_from(tmp_path, *COMPLETE, *here, before=gov))
    assert (access.api_url, access.token_url) == ("http://127.0.0.1:9", "http://127.0.0.1:9/token")


def test_a_customer_without_a_tenant_has_no_access(tmp_path: Path) -> None:
    assert tenant_access_of(settings_from(tmp_path, *COMPLETE), "another") is None


@pytest.mark.parametrize("lacking", ["data_centre", "client_id", "client_secret"])
def test_what_is_missing_is_named_with_the_customer(tmp_path: Path, lacking: str) -> None:
    lines = [line for line in COMPLETE if not line.startswith(lacking)]
    with pytest.raises(SettingsError) as caught:
        access_of(settings_from(tmp_path, *lines))
    assert CUSTOMER_ID in str(caught.value)
    assert lacking in caught.value.explain()


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('data_center = "us"', "Did you mean 'data_centre'?"),
        ('data_centre = "https://us"', "data_centre"),
        ('api_url = "http://graph.example"', "must be an https:// address"),
    ],
)
def test_a_wrong_key_is_named_with_the_customer(tmp_path: Path, line: str, what: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_from(tmp_path, line, 'client_secret = "hunter2"')
    assert f"of the customer '{CUSTOMER_ID}'" in str(caught.value)
    assert what in caught.value.explain()
    assert "hunter2" not in caught.value.explain()


def test_each_way_to_the_secret_and_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ring: KeyringBackend
) -> None:
    def secret(*lines: str) -> tuple[str, str]:
        access = access_of(settings_from(tmp_path, *COMPLETE[:2], *lines))
        assert isinstance(access.credential, ClientSecret)
        return access.credential.secret, access.credential.origin

    ring.set_password(KEYRING_SERVICE, PLACE, "of the keyring")
    assert secret() == ("of the keyring", "the system's keyring")

    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / PLACE).write_text("of systemd\n")
    assert secret() == ("of systemd", "a credential of systemd")

    (path := tmp_path / "own.secret").write_text("of the file\n")
    path.chmod(0o600)
    named = 'client_secret_file = "own.secret"'
    assert secret(named) == ("of the file", f"the file {path}")
    assert secret(named, COMPLETE[2]) == ("hunter2", "the configuration file")


def test_a_certificate_instead_of_a_secret(tmp_path: Path) -> None:
    _, ((pfx, password), _) = make_certificate(tmp_path)
    lines = (f'certificate = "{pfx.name}"', f'certificate_password = "{password}"')
    access = access_of(settings_from(tmp_path, *COMPLETE[:2], *lines))
    assert isinstance(access.credential, ClientCertificate)


def test_the_secret_is_shown_to_nobody(tmp_path: Path) -> None:
    """Neither by the settings, nor by what is handed to the workers that make reports."""
    settings = settings_from(tmp_path, *COMPLETE)
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in repr(access_of(settings))
    assert settings.for_reports_of(CUSTOMER_ID).customer(CUSTOMER_ID).tenant is None


def test_a_file_with_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="mode 0644") as caught:
        settings_from(tmp_path, *COMPLETE, mode=0o644)
    assert PLACE in str(caught.value)


def test_a_tenant_is_told_of_under_one_id_of_the_service(tmp_path: Path) -> None:
    """Ids of other sources do not matter."""
    path = tmp_path / "reporter.toml"
    lines = ["[[customers]]", 'id = "tape:Contoso"', 'joins = ["google-id", "m365-id"]']
    path.write_text("\n".join(lines), "utf-8")
    assert load_settings(path).customers[0].service_ids == ("google-id", "m365-id")
    lines += ["[customers.tenant]", 'client_id = "own-app"']
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(SettingsError, match="joins two ids of the service"):
        load_settings(path)
    path.write_text("\n".join(lines).replace('"google-id", ', ""), "utf-8")
    assert load_settings(path).customers[0].service_ids == ("m365-id",)


@pytest.mark.parametrize(
    ("second", "refused"), [("own-app", True), (" OWN-App", True), ("another", False), ("", False)]
)
def test_two_customers_cannot_share_an_app(tmp_path: Path, second: str, refused: bool) -> None:
    """The app decides whose data comes; one that is not set yet is none."""
    other = f'[[customers]]\nid = "other"\n[customers.tenant]\nclient_id = "{second}"\n'
    if not refused:
        assert len(settings_from(tmp_path, *COMPLETE, before=other).customers) == 2
        return
    with pytest.raises(SettingsError, match="have the same client_id") as caught:
        settings_from(tmp_path, *COMPLETE, before=other)
    assert "'other'" in str(caught.value)
    assert CUSTOMER_ID in str(caught.value)


def test_no_secret_says_where_it_can_be(tmp_path: Path) -> None:
    with pytest.raises(NoSecret) as caught:
        access_of(settings_from(tmp_path, *COMPLETE[:2]))
    assert f"keyring set {KEYRING_SERVICE} {PLACE}" in caught.value.hint
    assert "client_secret_file" in caught.value.hint


@pytest.mark.parametrize(
    ("before", "own", "is_set"),
    [
        ("", "", False),
        ("[report]\nwatch_every = '8h'", "", False),
        ("[report]\nmax_gap = '26h'", "", True),
        ("", "max_gap = '30h'", True),
    ],
)
def test_a_gap_counts_as_set_only_where_it_is_written(
    tmp_path: Path, before: str, own: str, is_set: bool
) -> None:
    """In [report] or for the customer, also where the command line gives other values."""
    path = tmp_path / "reporter.toml"
    path.write_text(f'{before}\n[[customers]]\nid = "{CUSTOMER_ID}"\n{own}\n', "utf-8")
    settings = load_settings(path)
    assert settings.report_for(CUSTOMER_ID).policy().gap_is_set is is_set
    assert settings.report_for(CUSTOMER_ID, locale="de").policy().gap_is_set is is_set
    assert (
        settings.for_reports_of(CUSTOMER_ID).report_for(CUSTOMER_ID).policy().gap_is_set is is_set
    )
