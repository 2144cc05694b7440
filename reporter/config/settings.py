"""The configuration: `reporter.toml`, overridden by environment variables.

One frozen `Settings` value; secrets never show in its `repr`. A key nobody knows is an error.
"""

from __future__ import annotations

import difflib
import operator
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import time, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar, get_args
from urllib.parse import SplitResult, urlsplit

from babel import Locale, UnknownLocaleError
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from reporter.errors import SettingsError, UsageError
from reporter.files import must_be_readable, refuse_shared
from reporter.jobs.values import read_duration, read_size
from reporter.model import SECTIONS, Brand, Depth, LeaveOut, Logo, Look, Policy, Target, Texts
from reporter.period import find_zone, read_months
from reporter.render.formats import FORMATS
from reporter.showing import has_password, without_passwords
from reporter.sources.avepoint.reading.vocabularies import module_name, service_name
from reporter.trust import Trust

ENV_PREFIX: Final = "REPORTER_"
_SECRET_KEYS: Final = ("password", "secret", "token")
"""What keys of secrets end in, in tables that are not ours."""
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_HOST: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
LANGUAGES: Final = ("en", "de", "es", "fr", "ja", "nl")
"""Those that reports are written in; each but English has its catalogue in `translations`."""

# The vendor's documentation of its environments.
_TOKEN_URLS: Final = {
    "commercial": "https://identity.avepointonlineservices.com/connect/token",
    "us-gov": "https://identity-gov.avepointonlineservices.com/connect/token",
    "aos2": "https://identity-aos2.avepointonlineservices.com/connect/token",
    "fedramp": "https://identity.online15.net/connect/token",
}
_API_URLS: Final = {
    "commercial": "https://graph.avepointonlineservices.com",
    "us-gov": "https://graph-gov.avepointonlineservices.com",
    "aos2": "https://graph-aos2.avepointonlineservices.com",
    "fedramp": "https://graphusgovapi.online15.net",
}


def _read_span(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and (span := read_duration(value.strip())) is not None:
        return span
    if value in (0, "0"):
        return timedelta(0)
    raise ValueError("is not a length of time; write 24h, 90m, 2d or 0")


def _read_bytes(value: object) -> object:
    if isinstance(value, int):
        return value
    if isinstance(value, str) and (size := read_size(value.strip(), "decimal")) is not None:
        return size
    raise ValueError("is not a size; write 20 MB")


def _read_clock(value: object) -> object:
    if isinstance(value, time):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d\d:\d\d", value):
        with suppress(ValueError):
            return time.fromisoformat(value)
    raise ValueError("is not a time of day; write 06:30")


def _read_umask(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"0?0[0-7][2367]", value):
        return int(value, 8)
    raise ValueError(
        'is not a usable umask; write "077" (nobody else may read), "027" (your group may) '
        'or "022" (everybody may)'
    )


def _encrypted(url: str) -> str:
    """A web address on which nobody can eavesdrop.

    Raises:
        ValueError: anybody could.
    """
    parts = _parts(url)
    loopback = parts.hostname in _LOOPBACK
    if url and parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise ValueError("must be an https:// address (http:// only for this machine itself)")
    if url and not _is_host(parts.hostname or ""):
        raise ValueError("names no valid host; write https://host.example/…")
    return url


def _is_host(name: str) -> bool:
    """Whether a host can have such a name: labels without blanks and signs, in any script, of which
    none is empty; or an address of the internet protocol.
    """
    with suppress(ValueError):
        return bool(ip_address(name))
    try:
        ascii_name = name.encode("idna").decode("ascii")
    except UnicodeError:
        return False
    return _HOST.fullmatch(ascii_name) is not None


def _parts(url: str) -> SplitResult:
    """A web address, taken apart.

    Raises:
        ValueError: it cannot be. The message quotes nothing of the address, in which anything may
            then be a password.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError(
            "cannot be read as a web address: write a port number after the host's colon, and in a "
            "user's password write characters such as / and @ as %2F and %40"
        ) from None
    return parts


def _root(url: str) -> str:
    """The base address of an API."""
    return _encrypted(url).rstrip("/")


def _known_format(name: str) -> str:
    if name not in (known := FORMATS.names()):
        raise ValueError(f"{name!r} is no format; choose from {', '.join(known)}")
    return name


Span = Annotated[timedelta, BeforeValidator(_read_span)]
Umask = Annotated[int, BeforeValidator(_read_umask)]
TimeOfDay = Annotated[time, BeforeValidator(_read_clock)]
Rate = Annotated[float, Field(ge=0, le=1)]
Bytes = Annotated[int, BeforeValidator(_read_bytes), Field(gt=0)]
FormatName = Annotated[str, AfterValidator(_known_format)]
WebAddress = Annotated[str, AfterValidator(_encrypted)]
WebRoot = Annotated[str, AfterValidator(_root)]
Addresses = str | tuple[str, ...]
"""Of mail: one text with commas or semicolons, or a list. Read when they are needed, so that an
error in them affects their customer and no other.
"""


def _read_months(value: object) -> object:
    try:
        return read_months(str(value))
    except UsageError:
        raise ValueError("is not a number of months; write it as 84months") from None


Months = Annotated[int, BeforeValidator(_read_months)]


class Section(BaseModel):
    """A table of the configuration file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Shown in tracebacks and in a cluster's log: without passwords of addresses."""
        for name, value in super().__repr_args__():
            yield name, without_passwords(value) if isinstance(value, str) else value


AnySection = TypeVar("AnySection", bound=Section)
AnyModel = TypeVar("AnyModel", bound=BaseModel)


class ApiSettings(Section):
    """`[api]`: where the service is, and who we are there."""

    environment: Literal["commercial", "us-gov", "aos2", "fedramp"] = "commercial"
    api_url: WebRoot = ""
    token_url: WebRoot = ""
    version: Literal["auto", "v1", "v3"] = "auto"
    client_id: str = ""
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    certificate: Path | None = None
    certificate_password: SecretStr | None = None
    certificate_password_file: Path | None = None
    ca_file: Path | None = None
    """Authorities of one's own, for every channel and not the API alone."""

    @model_validator(mode="before")
    @classmethod
    def _default_urls(cls, data: Any) -> Any:
        environment = data.get("environment", "commercial")
        return {
            "api_url": _API_URLS.get(environment, ""),
            "token_url": _TOKEN_URLS.get(environment, ""),
        } | data


class StoreSettings(Section):
    """`[store]`: where replies and jobs are kept."""

    url: str = "sqlite:///reporter.db"

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        # Whoever names a store is about to open it; its libraries take half a second.
        from reporter.store.address import parsed

        parsed(url)
        return url


class TargetSettings(Section):
    """`[[report.targets]]`: a target of one service, of one module of it, or of one scope."""

    service: str
    module: str | None = None
    name: str | None = None
    success_rate: Rate | None = None
    object_success_rate: Rate | None = None
    max_gap: Span | None = None

    @model_validator(mode="after")
    def _whole_place(self) -> TargetSettings:
        _insist_on_module(self.module, self.name)
        return self


class LeftOutSettings(Section):
    """`[report] left_out`: a service, a module or a scope that enters no figure, and why."""

    service: str
    module: str | None = None
    name: str | None = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

    @model_validator(mode="after")
    def _whole_place(self) -> LeftOutSettings:
        _insist_on_module(self.module, self.name)
        return self


def _named(place: TargetSettings | LeftOutSettings) -> dict[str, Any]:
    """A place with the names that count of its service and module, however they are spelt."""
    service, module = service_name(place.service), place.module
    if module is not None:
        module = module_name(module, place.service)
    return place.model_dump() | {"service": service, "module": module}


def _insist_on_module(module: str | None, name: str | None) -> None:
    if name is not None and module is None:
        raise ValueError(f"`name` {name!r} is a scope of a module: set `module` as well")


class TextSettings(Section):
    """`[report.texts]`: the provider's own words in a report, in Markdown."""

    cover: str = ""
    introduction: str = ""
    closing: str = ""


class ReportSettings(Section):
    """`[report]`: how jobs are counted, judged and shown."""

    timezone: str = "UTC"
    locale: str = "en"
    target_success_rate: Rate = 0.95
    target_object_success_rate: Rate = 0.95
    max_gap: Span = timedelta(hours=26)
    watch_every: Span = timedelta(hours=7)
    left_out: tuple[LeftOutSettings, ...] = ()
    warning: Literal["warning", "success", "failed"] = "warning"
    cancelled: Literal["failed", "excluded"] = "failed"
    units: Literal["binary", "decimal"] = "binary"
    page_size: Literal["A4", "Letter"] = "A4"
    targets: tuple[TargetSettings, ...] = ()
    depth: Depth = "standard"
    sections: tuple[str, ...] = ()
    texts: TextSettings = TextSettings()
    templates: Path | None = None

    @field_validator("watch_every")
    @classmethod
    def _some_time(cls, watch_every: timedelta) -> timedelta:
        if not watch_every:
            raise ValueError("is the time between looks: write 7h, or what suits your schedule")
        return watch_every

    @field_validator("sections")
    @classmethod
    def _known_sections(cls, sections: tuple[str, ...]) -> tuple[str, ...]:
        for name in sections:
            if name not in SECTIONS:
                known = _nearest(name, list(SECTIONS), "sections")
                raise ValueError(f"{name!r} is not a section. {known}")
        if len(set(sections)) < len(sections):
            raise ValueError("names a section twice")
        return sections

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, timezone: str) -> str:
        try:
            find_zone(timezone)
        except UsageError as error:
            raise ValueError(f"{timezone!r} is not a time zone; {error.hint}") from error
        return timezone

    @field_validator("locale")
    @classmethod
    def _known_locale(cls, locale: str) -> str:
        try:
            language = Locale.parse(locale.replace("-", "_")).language
        except (UnknownLocaleError, ValueError) as error:
            raise ValueError(f"{locale!r} is not a locale; write en, en_GB, …") from error
        if language not in LANGUAGES:
            raise ValueError(f"reports can be written in: {', '.join(LANGUAGES)}")
        return locale.replace("-", "_")

    def policy(self) -> Policy:
        return Policy(
            warning=self.warning,
            cancelled=self.cancelled,
            units=self.units,
            target_success_rate=self.target_success_rate,
            target_object_success_rate=self.target_object_success_rate,
            max_gap=self.max_gap,
            watch_every=self.watch_every,
            targets=tuple(Target(**_named(target)) for target in self.targets),
            left_out=tuple(LeaveOut(**_named(rule)) for rule in self.left_out),
        )


class BrandSettings(Section):
    """`[brand]`: whose report it is."""

    name: str = ""
    logo: Path | None = None
    color: str = Field(default="#1f4e79", pattern=r"^#[0-9a-fA-F]{6}$")
    contact: str = ""
    footer: str = ""

    def brand(self, folder: Path) -> Brand:
        """The brand with its logo read; relative paths start at `folder`.

        Raises:
            SettingsError: the logo cannot be read, or is neither SVG nor PNG.
        """
        logo = _read_logo(folder / self.logo) if self.logo else None
        return Brand(self.name, logo, self.color, self.contact, self.footer)


class CustomerSettings(Section):
    """`[[customers]]`: what differs for one customer, by id.

    Keys of `[report]` and `[brand]` stand in the tables `report` and `brand` of the customer, or
    directly beside its `id`.
    """

    id: str
    name: str | None = None
    joins: tuple[str, ...] = ()
    """The ids under which other sources know this customer."""
    recipients: Addresses = ()
    cc: Addresses = ()
    bcc: Addresses = ()
    allowed_domains: tuple[str, ...] = ()
    send: bool = True
    report: ReportSettings = ReportSettings()
    brand: BrandSettings = BrandSettings()

    @model_validator(mode="before")
    @classmethod
    def _lift(cls, data: Any) -> Any:
        lifted = dict(data)
        for table, section in (("report", ReportSettings), ("brand", BrandSettings)):
            inner = dict(lifted.get(table, {}))
            for key in section.model_fields.keys() - {"name"} & lifted.keys():
                inner.setdefault(key, lifted.pop(key))
            lifted[table] = inner
        return lifted


def _source(entry: object) -> object:
    """An entry of [[sources]] as the settings of its kind."""
    if not isinstance(entry, Mapping):
        return entry
    # Whoever has no other source need not load what reads them.
    from reporter.sources.registry import KINDS

    kind = str(entry.get("kind"))
    if kind not in KINDS.names():
        raise ValueError(f"{kind!r} is no kind of source. Known kinds: {', '.join(KINDS.names())}")
    known = KINDS.get(kind).settings
    try:
        return known.model_validate(entry)
    except ValidationError as error:
        keys = list(known.model_fields)
        faults = [" ".join(filter(None, _explained(fault, keys))) for fault in error.errors()]
        raise ValueError(f"of the source {entry.get('name')!r}: {'; '.join(faults)}") from None


class ExecutionSettings(Section):
    """`[execution]`: how much is done at once."""

    workers: int = Field(default=2, ge=1, le=256)
    scheduler: str = ""
    umask: Umask | None = None
    """Which rights are taken from new files; None takes all rights of others."""

    @field_validator("scheduler")
    @classmethod
    def _address(cls, scheduler: str) -> str:
        if not scheduler:
            return scheduler
        try:
            parts = urlsplit(scheduler)
            whole = parts.scheme in ("tcp", "tls") and parts.hostname and parts.port
            whole = whole and "@" not in parts.netloc
        except ValueError:
            whole = False
        if not whole:
            raise ValueError("is not the address of a scheduler; write tcp://host:8786 or tls://…")
        return scheduler

    @property
    def on_this_machine(self) -> bool:
        """Whether the scheduler is on this machine, if there is one."""
        return urlsplit(self.scheduler).hostname in _LOOPBACK


class MailSettings(Section):
    """`[mail]`: how reports are sent."""

    transport: Literal["smtp", "graph"] = "smtp"
    host: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: SecretStr | None = None
    password_file: Path | None = None
    oauth_token_url: WebRoot = ""
    oauth_client_id: str = ""
    oauth_client_secret: SecretStr | None = None
    oauth_client_secret_file: Path | None = None
    oauth_scope: str = ""
    graph_url: WebRoot = "https://graph.microsoft.com/v1.0"
    sender: str = Field(default="", alias="from")
    reply_to: Addresses = ()
    approval: Literal["required", "none"] = "required"
    formats: tuple[FormatName, ...] = ("pdf", "xlsx")
    per_minute: int | None = Field(default=None, ge=1)
    max_size: Bytes | None = None
    oversize: Literal["pdf", "notice"] = "pdf"
    link: str = ""

    @field_validator("host")
    @classmethod
    def _host(cls, host: str) -> str:
        if host and not _is_host(host):
            raise ValueError("is not a host name; write smtp.provider.example")
        return host

    @model_validator(mode="after")
    def _encrypted(self) -> MailSettings:
        if self.security == "none" and self.host and self.host not in _LOOPBACK:
            raise ValueError('security = "none" is for a server on this machine only')
        return self

    @property
    def configured(self) -> bool:
        """Whether there is a way to send mail."""
        return bool(self.host) or self.transport == "graph"


class ScheduleSettings(Section):
    """`[schedule]`: when `reporter run` does what."""

    day: int = Field(default=1, ge=1, le=31)
    time: TimeOfDay = time()
    fetch_every: Span = timedelta(hours=4)
    """For jobs; protected data and subscriptions are asked for once a day."""


class ChannelTables(Section):
    """`[delivery.channels.NAME]`: what the channels that other packages add are given."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, dict[str, Any]]

    @property
    def by_name(self) -> Mapping[str, Mapping[str, Any]]:
        return self.__pydantic_extra__


class DeliverySettings(Section):
    """`[delivery]`: where reports go besides the mail."""

    folder: str = ""
    # The address of a chat's webhook is a secret as well.
    webhook: WebAddress = Field(default="", repr=False)
    webhook_secret: SecretStr | None = None
    webhook_secret_file: Path | None = None
    # Only the package that adds a channel knows what of its table is secret.
    channels: ChannelTables = Field(default=ChannelTables(), repr=False)

    @field_validator("folder")
    @classmethod
    def _place(cls, folder: str) -> str:
        protocol, given, path = folder.partition("://")
        if given and protocol in ("file", "local") and not path.startswith("/"):
            raise ValueError(
                "would be relative to the working folder; "
                f"write {path or 'a path'} without {protocol}:"
            )
        return folder


class EvidenceSettings(Section):
    """`[evidence]`: where archives are, how they are signed and time-stamped, and restore tests."""

    folder: Path = Path("archive")
    certificate: Path | None = None
    certificate_password: SecretStr | None = None
    certificate_password_file: Path | None = None
    timestamp_url: str = ""
    restore_tests: Path | None = None
    retention: Months | None = None
    """How long bags are kept, from the end of their period; None for good."""
    holds: tuple[str, ...] = ()
    """Customers whose bags stay nevertheless, or `customer period`."""

    @field_validator("timestamp_url")
    @classmethod
    def _address(cls, url: str) -> str:
        parts = _parts(url)
        if url and not (parts.scheme in ("http", "https") and _is_host(parts.hostname or "")):
            raise ValueError(
                "is not the address of a time-stamp authority; write http://… or https://…"
            )
        return url


class Settings(BaseSettings):
    """The whole configuration, and the folder its relative paths start at."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    api: ApiSettings = ApiSettings.model_validate({})
    store: StoreSettings = StoreSettings()
    report: ReportSettings = ReportSettings()
    brand: BrandSettings = BrandSettings()
    customers: tuple[CustomerSettings, ...] = ()
    sources: tuple[Annotated[Any, BeforeValidator(_source)], ...] = ()
    """Where jobs come from beside the service; each is of the class `settings` of its kind."""
    execution: ExecutionSettings = ExecutionSettings()
    mail: MailSettings = MailSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    delivery: DeliverySettings = DeliverySettings()

    @field_validator("sources")
    @classmethod
    def _names_once(cls, sources: tuple[Any, ...]) -> tuple[Any, ...]:
        names = [source.name for source in sources]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two of them are called {twice!r}")
        return sources

    @field_validator("customers")
    @classmethod
    def _joined_once(cls, customers: tuple[CustomerSettings, ...]) -> tuple[CustomerSettings, ...]:
        joined = [joined for customer in customers for joined in customer.joins]
        if twice := next((one for one in joined if joined.count(one) > 1), None):
            raise ValueError(f"{twice!r} is joined twice")
        if both := [customer.id for customer in customers if customer.id in joined]:
            raise ValueError(
                f"{both[0]!r} is joined with another customer: what is configured for it belongs "
                "there"
            )
        return customers

    @property
    def asks_service(self) -> bool:
        """Whether jobs come from the service: always, but where there are other sources alone."""
        return bool(self.api.client_id) or not self.sources

    @property
    def archives(self) -> bool:
        """Whether reports are archived by themselves."""
        return bool({"folder", "certificate", "timestamp_url"} & self.evidence.model_fields_set)

    _folder: Path = PrivateAttr(default=Path())
    _source: Path | None = PrivateAttr(default=None)
    _written: frozenset[str] = PrivateAttr(default=frozenset())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, whose values are given as keyword arguments."""
        return env_settings, init_settings

    @property
    def folder(self) -> Path:
        """Where relative paths start: the folder of the configuration file, not of a link."""
        return self._folder

    @property
    def source(self) -> Path | None:
        """The configuration file; None where there is none, and defaults are used."""
        return self._source

    @property
    def store_url(self) -> str:
        """The store's URL, with the whole path where it is a file."""
        from reporter.store.address import whole_url

        return whole_url(self.store.url, self._folder)

    @property
    def reports(self) -> Path:
        """The folder of the reports, unless the command line names another."""
        return self._folder / "reports"

    @property
    def trust(self) -> Trust:
        """Which certificates to trust, on every channel."""
        ca_file = self.api.ca_file
        return Trust(self._folder / ca_file if ca_file else None)

    @property
    def restore_tests(self) -> Path | None:
        """The file of restore tests; None where none is configured."""
        path = self.evidence.restore_tests
        return self._folder / path if path else None

    @property
    def written(self) -> frozenset[str]:
        """The places of the secrets that the configuration file itself tells."""
        return self._written

    def customer(self, customer_id: str) -> CustomerSettings:
        """What the configuration says of a customer; nothing where it is not named."""
        named = (customer for customer in self.customers if customer.id == customer_id)
        return next(named, CustomerSettings(id=customer_id))

    def report_for(self, customer_id: str, **given: str | None) -> ReportSettings:
        """`[report]` for a customer; what the command line gave wins.

        Raises:
            SettingsError: a given value is wrong.
        """
        merged = _overlaid(self.report, self.customer(customer_id).report)
        values = {key: value for key, value in given.items() if value is not None}
        return _validated(lambda: type(merged).model_validate(merged.model_dump() | values))

    def look_for(self, customer_id: str, **given: str | None) -> Look:
        """How a customer's report is shown."""
        brand = _overlaid(self.brand, self.customer(customer_id).brand).brand(self._folder)
        report = self.report_for(customer_id, **given)
        return Look(
            brand,
            report.page_size,
            report.locale,
            report.depth,
            report.sections,
            Texts(**report.texts.model_dump()),
            templates=self._templates(report.templates),
        )

    def for_reports_of(self, customer_id: str) -> Settings:
        """The settings that the reports of one customer need: no other customer, no secret but the
        store's.
        """
        return self.model_copy(
            update={
                "api": ApiSettings.model_validate({}),
                "mail": MailSettings(),
                "evidence": EvidenceSettings(
                    folder=self.evidence.folder, restore_tests=self.evidence.restore_tests
                ),
                "delivery": DeliverySettings(),
                "customers": (self.customer(customer_id),),
                "sources": (),
            }
        )

    def seen_from_elsewhere(self) -> Settings:
        """The settings for processes that work in another folder."""
        copy = self.model_copy()
        copy._folder = self._folder.absolute()
        return copy

    def _templates(self, templates: Path | None) -> Path | None:
        """The folder of the customer's own templates.

        Raises:
            SettingsError: there is no such folder.
        """
        folder = self._folder / templates if templates else None
        if folder and not folder.is_dir():
            raise SettingsError(
                f"There is no template folder {folder}.",
                hint="Create it with `reporter templates copy DIR`.",
            )
        return folder


def load_settings(path: Path, *, required: bool = True) -> Settings:
    """The settings in the TOML file `path` and in the environment.

    A missing file is an error only if `required`.

    Raises:
        SettingsError: no such file, no TOML, an unknown key or a wrong value; or a secret is in
            it and others may read it.
    """
    data: dict[str, Any] = {}
    there = True
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        there = False
        if required:
            raise SettingsError(
                f"There is no configuration file {path}.",
                hint="Create one with `reporter init`, or name another with --config.",
            ) from error
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read: {error.strerror}.", hint=must_be_readable()
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"{path} cannot be read as TOML: {error}.", hint="Fix the file at that place."
        ) from error
    _refuse_unknown_variables(os.environ)
    settings = _validated(lambda: Settings(**data), f"in {path}")
    settings._folder = _folder_of(path)
    settings._source = settings._folder / path.resolve().name if there else None
    secrets = _secrets_in(data)
    if guarded := [*secrets, *_secret_addresses_in(data)]:
        refuse_shared(path, f"The configuration holds {' and '.join(guarded)}, and the file")
    # The environment may have overruled what is written.
    settings._written = frozenset(
        place
        for place, value in secrets.items()
        if value == operator.attrgetter(place)(settings).get_secret_value()
    )
    return settings


def _secrets_in(data: Mapping[str, Any]) -> dict[str, str]:
    """The secrets in what a configuration file says, by their places."""
    return {
        f"{name}.{key}": data[name][key]
        for name, section in Settings.model_fields.items()
        if isinstance(kind := section.annotation, type) and issubclass(kind, Section)
        for key, field in kind.model_fields.items()
        if SecretStr in get_args(field.annotation) and data.get(name, {}).get(key)
    }


def _secret_addresses_in(data: Mapping[str, Any]) -> list[str]:
    """The places of addresses in a configuration file that hold a password, or are a secret
    altogether: whoever knows the address of a chat's webhook can write there.
    """
    places = [
        f"{name}.{key}"
        for name, table in data.items()
        if isinstance(table, Mapping)
        for key, value in table.items()
        if isinstance(value, str)
        and (has_password(value) or (value and (name, key) == ("delivery", "webhook")))
    ]
    of_channels = data.get("delivery", {}).get("channels", {})
    return [*places, *(f"delivery.channels.{place}" for place in secrets_of_channel(of_channels))]


def secrets_of_channel(table: Mapping[str, Any]) -> dict[str, str]:
    """The secrets in a channel's own table, by their places: what is called a password, a secret or
    a token, as ours are, and addresses that hold a password.
    """
    return {
        place: text
        for place, text in _texts_in(table)
        if has_password(text) or (text and place.endswith(_SECRET_KEYS))
    }


def _texts_in(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a value of a configuration file, however deep, with its place."""
    match value:
        case str():
            yield place, value
        case dict():
            for key, inner in value.items():
                yield from _texts_in(inner, f"{place}.{key}".lstrip("."))
        case list():
            for inner in value:
                yield from _texts_in(inner, place)


def _folder_of(path: Path) -> Path:
    """The folder of a configuration file: the same however the file is named and whatever links
    lead to it, as written files are known by their paths.
    """
    folder = path.resolve().parent
    return Path() if folder == Path.cwd() else folder


def _overlaid(base: AnySection, overlay: AnySection) -> AnySection:
    """`base` with the values that are set in `overlay`, table by table."""
    values = {name: getattr(overlay, name) for name in overlay.model_fields_set}
    tables = {
        name: _overlaid(getattr(base, name), value)
        for name, value in values.items()
        if isinstance(value, Section)
    }
    return base.model_copy(update=values | tables)


def _read_logo(path: Path) -> Logo:
    kinds: Mapping[str, Literal["image/svg+xml", "image/png"]] = {
        ".svg": "image/svg+xml",
        ".png": "image/png",
    }
    try:
        return Logo(path.read_bytes(), kinds[path.suffix.lower()])
    except KeyError as error:
        raise SettingsError(
            f"The logo {path} is neither SVG nor PNG.", hint="Check `logo` in [brand]."
        ) from error
    except OSError as error:
        raise SettingsError(
            f"The logo {path} cannot be read: {error.strerror}.", hint="Check `logo` in [brand]."
        ) from error


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    """A misspelt section in a variable's name would be overlooked by pydantic."""
    sections = list(Settings.model_fields)
    for variable in environment:
        if variable.upper().startswith(ENV_PREFIX):
            section = variable[len(ENV_PREFIX) :].lower().split("__")[0]
            if section not in sections:
                raise SettingsError(
                    f"The environment variable {variable} names no section of the configuration.",
                    hint=_nearest(section, sections),
                )


def _validated(build: Callable[[], AnyModel], where: str = "on the command line") -> AnyModel:
    try:
        return build()
    except ValidationError as error:
        lines = [_explained(detail) for detail in error.errors()]
        raise SettingsError(
            f"The configuration {where} is wrong: {'; '.join(text for text, _ in lines)}.",
            hint=" ".join(hint for _, hint in lines if hint) or "Correct the value.",
        ) from None


def _explained(detail: Any, keys: list[str] | None = None) -> tuple[str, str]:
    """One error of pydantic as a sentence and a hint; `keys` are those there may be, where they are
    not those of a section.
    """
    place = [part for part in detail["loc"] if not isinstance(part, int)]
    if detail["type"] == "extra_forbidden":
        known = keys or _known_keys(Settings, place[:-1])
        return f"unknown key {'.'.join(place)}", _nearest(str(place[-1]), known)
    if detail["type"] == "missing":
        return f"{'.'.join(place)} is missing", ""
    message = detail["msg"].removeprefix("Value error, ")
    return f"{'.'.join(map(str, place))}: {message}", ""


def _known_keys(section: type[BaseModel], place: list[Any]) -> list[str]:
    for name in place:
        inner: Any = section.model_fields[name].annotation
        models = [kind for kind in (inner, *get_args(inner)) if isinstance(kind, type)]
        section = next(kind for kind in models if issubclass(kind, BaseModel))
    liftable = (ReportSettings, BrandSettings) if section is CustomerSettings else ()
    return [
        field.alias or name
        for model in (section, *liftable)
        for name, field in model.model_fields.items()
    ]


def _nearest(name: str, known: list[str], what: str = "keys") -> str:
    close = difflib.get_close_matches(name, known, 1, 0.5)
    return f"Did you mean {close[0]!r}?" if close else f"Known {what}: {', '.join(known)}."
