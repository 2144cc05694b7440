"""The configuration: file, environment, what differs for a customer, and every mistake named."""

from __future__ import annotations

import os
import pwd
import re
from datetime import time, timedelta
from pathlib import Path

import pytest

from reporter.config.credentials import access_of
from reporter.config.settings import Settings, load_settings
from reporter.errors import SettingsError


def settings_from(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "reporter.toml"
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    return load_settings(path)


def test_the_starter_configuration_is_valid() -> None:
    """What `reporter init` writes can be read as it is."""
    import reporter

    starter = Path(reporter.__file__).parent / "config" / "starter.toml"
    assert load_settings(starter).report.target_success_rate == 0.95


def test_whatever_the_starter_proposes_is_valid(tmp_path: Path) -> None:
    """Uncommenting a line leads to no mistake."""
    import reporter

    starter = (Path(reporter.__file__).parent / "config" / "starter.toml").read_text("utf-8")
    proposed = re.sub(r"^# (?=\[|\w+ = )", "", starter, flags=re.MULTILINE)
    settings = settings_from(tmp_path, proposed)
    assert settings.evidence.restore_tests == Path("restore-tests.csv")
    assert settings.evidence.certificate == Path("signing.pfx")
    assert settings.mail is not None


def test_every_documented_setting_is_understood(tmp_path: Path) -> None:
    """Every documented key is known."""
    settings = settings_from(
        tmp_path,
        """
        [api]
        client_id = "x"
        client_secret = "y"
        [[customers]]
        id = "1"
        recipients = ["it@customer.example"]
        [mail]
        host = "smtp.example"
        port = 587
        security = "starttls"
        username = "u"
        password = "p"
        from = "Contoso Reports <reports@contoso.example>"
        approval = "required"
        [evidence]
        certificate = "signing.pfx"
        certificate_password = "p"
        timestamp_url = "http://tsa.example"
        [execution]
        workers = 2
        scheduler = "tcp://10.0.0.1:8786"
        """,
    )
    assert settings.customer("1").recipients == ("it@customer.example",)
    assert settings.mail.sender == "Contoso Reports <reports@contoso.example>"
    assert (settings.mail.configured, settings.archives) == (True, True)
    nothing = settings_from(tmp_path, "")
    assert (nothing.mail.configured, nothing.archives) == (False, False)


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret need not be in the file."""
    monkeypatch.setenv("REPORTER_API__CLIENT_ID", "from-environment")
    settings = settings_from(tmp_path, '[api]\nclient_id = "from-file"\nversion = "v3"')
    assert (settings.api.client_id, settings.api.version) == ("from-environment", "v3")


@pytest.mark.parametrize(
    ("environment", "token_host", "api_host"),
    [
        ("commercial", "identity.avepointonlineservices.com", "graph.avepointonlineservices.com"),
        (
            "us-gov",
            "identity-gov.avepointonlineservices.com",
            "graph-gov.avepointonlineservices.com",
        ),
        (
            "aos2",
            "identity-aos2.avepointonlineservices.com",
            "graph-aos2.avepointonlineservices.com",
        ),
        ("fedramp", "identity.online15.net", "graphusgovapi.online15.net"),
    ],
)
def test_environments_know_their_addresses(
    environment: str, token_host: str, api_host: str, tmp_path: Path
) -> None:
    """Each has its own token endpoint and API; an address that is set overrides them."""
    api = settings_from(tmp_path, f'[api]\nenvironment = "{environment}"').api
    assert api.token_url == f"https://{token_host}/connect/token"
    assert api.api_url == f"https://{api_host}"
    url = "https://graph-us.avepointonlineservices.com"
    set_to = f'[api]\nenvironment = "{environment}"\napi_url = "{url}"'
    assert settings_from(tmp_path, set_to).api.api_url == url


def test_a_customer_overrides_what_it_names_only(tmp_path: Path) -> None:
    """Keys beside a customer's id override [report] and [brand]; all others stay."""
    settings = settings_from(
        tmp_path,
        """
        [report]
        timezone = "Europe/Berlin"
        max_gap = "36h"
        [brand]
        name = "Provider"
        color = "#102030"
        [[customers]]
        id = "1"
        timezone = "Asia/Tokyo"
        color = "#405060"
        [customers.brand]
        name = "Sub-brand"
        """,
    )
    report = settings.report_for("1")
    assert (report.timezone, report.max_gap) == ("Asia/Tokyo", timedelta(hours=36))
    assert settings.look_for("1").brand.name == "Sub-brand"
    assert settings.look_for("1").brand.color == "#405060"
    assert settings.report_for("2").timezone == "Europe/Berlin"
    assert settings.report_for("1", timezone="UTC").timezone == "UTC"


def test_targets_of_services_and_modules(tmp_path: Path) -> None:
    """The most specific target counts."""
    policy = (
        settings_from(
            tmp_path,
            """
            [[report.targets]]
            service = "Microsoft 365"
            success_rate = 0.9
            max_gap = "2d"
            [[report.targets]]
            service = "Microsoft 365"
            module = "Power BI"
            success_rate = 0.5
            """,
        )
        .report_for("1")
        .policy()
    )
    assert policy.success_target("Microsoft 365", "Power BI") == 0.5
    assert policy.success_target("Microsoft 365", "OneDrive") == 0.9
    assert policy.gap_target("Microsoft 365", "Power BI") == timedelta(days=2)
    assert policy.success_target("Salesforce", "Salesforce") == 0.95
    assert policy.success_target() == 0.95


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[api]\nclientid = 'x'", "unknown key api.clientid", "'client_id'"),
        ("[reports]\n", "unknown key reports", "'report'"),
        ("[[customers]]\nid='1'\ntimezne='UTC'", "unknown key customers.timezne", "'timezone'"),
        ("[report]\ntimezone = 'Mars/Base'", "not a time zone", ""),
        ("[report]\nlocale = 'xx'", "not a locale", ""),
        ("[report]\nlocale = 'tlh'", "reports can be written in|not a locale", ""),
        ("[report]\nmax_gap = 'soon'", "no(t a)? length of time", ""),
        ("[report]\ntarget_success_rate = 95", "less than or equal to 1", ""),
        ("[api]\napi_url = 'http://example.com'", "https://", ""),
        ("[delivery]\nwebhook = 'http://example.com'", "delivery.webhook: must be an https://", ""),
        ("[delivery]\nfolders = 'x'", "unknown key delivery.folders", "'folder'"),
        ("[schedule]\nday = 32", "schedule.day", ""),
        ("[schedule]\nday = 0", "schedule.day", ""),
        ("[schedule]\ntime = '24:00'", "schedule.time: is not a time of day", ""),
        ("[schedule]\ntime = '6:30'", "schedule.time: is not a time of day; write 06:30", ""),
        ("[schedule]\ntime = 6", "schedule.time: is not a time of day", ""),
        ("[schedule]\nfetch_every = 'often'", "schedule.fetch_every: is not a length", ""),
        ("[execution]\numask = 27", 'execution.umask: is not a usable umask; .* "027"', ""),
        ("[execution]\numask = '277'", "execution.umask: is not a usable umask", ""),
        ("[execution]\numask = '000'", "execution.umask: is not a usable umask", ""),
        ("[execution]\numask = '0o27'", "execution.umask: is not a usable umask", ""),
        ("[brand]\ncolor = 'blue'", "brand.color", ""),
        ("not toml", "cannot be read as TOML", ""),
        ("[[customers]]\nname='x'", "customers.id is missing", ""),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, message: str, hint: str) -> None:
    """Every wrong value or key gives an error that names it, and the nearest correct one."""
    with pytest.raises(SettingsError, match=message) as caught:
        settings_from(tmp_path, text)
    assert hint in caught.value.hint
    assert caught.value.exit_code == 2


def test_a_file_that_may_not_be_read_is_not_called_bad_toml(tmp_path: Path) -> None:
    """The error says which user must be able to read it. A folder can be read by no user."""
    (tmp_path / "reporter.toml").mkdir()
    with pytest.raises(
        SettingsError, match=r"reporter\.toml cannot be read: Is a directory"
    ) as caught:
        load_settings(tmp_path / "reporter.toml")
    user = pwd.getpwuid(os.geteuid()).pw_name
    assert f"the user {user}, who runs this program, may read" in caught.value.hint


MISTYPED = (
    "https://hooks..example/SECRETPATH",
    "https://.example/SECRETPATH",
    "https://*.example/SECRETPATH",
    "https://ho st/SECRETPATH",
    "https:///SECRETPATH",
    "https://:443/SECRETPATH",
    "https://hooks.example,/SECRETPATH",
    f"https://{'h' * 64}.example/SECRETPATH",
)


@pytest.mark.parametrize("url", MISTYPED)
@pytest.mark.parametrize(
    "setting",
    [
        "delivery.webhook",
        "mail.graph_url",
        "mail.oauth_token_url",
        "api.api_url",
        "api.token_url",
        "evidence.timestamp_url",
    ],
)
def test_a_mistyped_web_address_is_named_and_not_shown(
    tmp_path: Path, setting: str, url: str
) -> None:
    """Before it is used at all: its path can be a secret."""
    section, key = setting.split(".")
    with pytest.raises(SettingsError, match=f"{setting}: .*; write http") as caught:
        settings_from(tmp_path, f"[{section}]\n{key} = '{url}'")
    assert caught.value.exit_code == 2
    assert "SECRETPATH" not in caught.value.explain()


@pytest.mark.parametrize(
    "host",
    [
        "hooks.example",
        "hooks.example.",
        "my_service",
        "bücher.example",
        "報告.example",
        "10.0.0.6",
        "[2001:db8::1]",
        "xn--bcher-kva.example",
    ],
)
def test_every_possible_host_is_accepted(tmp_path: Path, host: str) -> None:
    """Names in any script, of a network of one's own, and addresses."""
    url = f"https://{host}:8443/x"
    text = f"[delivery]\nwebhook = '{url}'\n[mail]\nhost = '{host.strip('[]')}'"
    settings = settings_from(tmp_path, text)
    assert settings.delivery.webhook == url
    assert settings.mail.host == host.strip("[]")


@pytest.mark.parametrize("host", ["smtp..example", ".example", "smtp.example:587", "sm tp", "*"])
def test_a_mistyped_mail_server_is_named(tmp_path: Path, host: str) -> None:
    """Instead of a library's error when the first message is to be sent."""
    with pytest.raises(SettingsError, match=r"mail\.host: is not a host name; write smtp\."):
        settings_from(tmp_path, f"[mail]\nhost = '{host}'")


def test_a_misspelt_variable_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A typing error in a variable's name is not overlooked."""
    monkeypatch.setenv("REPORTER_STOR__URL", "sqlite:///x.db")
    with pytest.raises(SettingsError, match="REPORTER_STOR__URL") as caught:
        settings_from(tmp_path, "")
    assert "'store'" in caught.value.hint


def test_schedule_and_delivery(tmp_path: Path) -> None:
    """A schedule and places to deliver to; by default, the first of the month and nowhere."""
    settings = settings_from(
        tmp_path,
        """
        [schedule]
        day = 31
        time = "06:30"
        fetch_every = "4h"
        [delivery]
        folder = "s3://reports/monthly"
        webhook = "http://127.0.0.1:8080/hook?key=hunter2"
        webhook_secret = "hunter2"
        """,
    )
    schedule, delivery = settings.schedule, settings.delivery
    assert (schedule.day, schedule.time) == (31, time(6, 30))
    assert schedule.fetch_every == timedelta(hours=4)
    assert delivery.webhook == "http://127.0.0.1:8080/hook?key=hunter2"
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in repr(settings.for_reports_of("1").delivery.model_dump())
    bare = settings_from(tmp_path, "[schedule]\ntime = 06:30:00")
    assert (bare.schedule.day, bare.schedule.time) == (1, time(6, 30))
    assert (bare.schedule.fetch_every, bare.delivery.folder) == (timedelta(hours=4), "")


def test_secrets_do_not_show(tmp_path: Path) -> None:
    """Printing the settings, as a traceback might, gives no secret away."""
    settings = settings_from(tmp_path, '[api]\nclient_id = "x"\nclient_secret = "hunter2"')
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in repr(access_of(settings))


def test_a_missing_logo_is_named(tmp_path: Path) -> None:
    """A logo that is not there is an error when it is needed."""
    settings = settings_from(tmp_path, '[brand]\nlogo = "logo.svg"')
    with pytest.raises(SettingsError, match=r"logo\.svg"):
        settings.look_for("1")


def test_the_shape_of_a_report_is_configured_and_differs_by_customer(tmp_path: Path) -> None:
    """Depth, sections, texts and templates; a customer overrides single texts."""
    (tmp_path / "mine").mkdir()
    settings = settings_from(
        tmp_path,
        """
        [report]
        sections = ["summary", "annex"]
        [report.texts]
        introduction = "Dear customer"
        closing = "Yours"
        [[customers]]
        id = "1"
        depth = "page"
        templates = "mine"
        texts.closing = "Bye"
        """,
    )
    common, special = settings.look_for("2"), settings.look_for("1")
    assert (common.depth, common.sections) == ("standard", ("summary", "annex"))
    assert (special.depth, special.templates) == ("page", tmp_path / "mine")
    assert (special.texts.introduction, special.texts.closing) == ("Dear customer", "Bye")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[report]\ndepth = "long"', "depth"),
        ('[report]\nsections = ["sumary"]', "Did you mean 'summary'"),
        ('[report]\nsections = ["annex", "annex"]', "twice"),
        ('[report.texts]\ncoverr = "x"', "Did you mean 'cover'"),
    ],
)
def test_a_mistake_in_the_shape_of_a_report_is_named(
    tmp_path: Path, text: str, message: str
) -> None:
    """An unknown depth, section or text is an error with the nearest name."""
    with pytest.raises(SettingsError) as caught:
        settings_from(tmp_path, text)
    assert message in caught.value.explain()


def test_templates_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    """A misspelt folder does not silently give the shipped look."""
    settings = settings_from(tmp_path, '[report]\ntemplates = "nowhere"')
    with pytest.raises(SettingsError, match="nowhere"):
        settings.look_for("1")
