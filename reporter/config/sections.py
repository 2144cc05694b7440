"""The tables of the configuration file, each with its keys, their defaults and their limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from reporter.config.faults import explained, nearest
from reporter.config.values import (
    LOOPBACK,
    Addresses,
    Bytes,
    FormatName,
    Months,
    Rate,
    Span,
    TimeOfDay,
    Umask,
    WebAddress,
    WebRoot,
    is_host,
    parts_of_address,
)
from reporter.errors import SettingsError
from reporter.model import (
    SECTIONS,
    USUAL_NAMES,
    Brand,
    Depth,
    LeaveOut,
    Logo,
    Names,
    Policy,
    Target,
)
from reporter.period import zone_name
from reporter.showing import without_passwords
from reporter.sources.avepoint.reading.vocabularies import module_name, service_name

LANGUAGES: Final = ("en", "de", "es", "fr", "ja", "nl")
"""The languages that reports are written in; each but English has a catalogue in `translations`."""


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


class Section(BaseModel):
    """A table of the configuration file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """The values that tracebacks and a cluster's log show, without passwords in addresses."""
        for name, value in super().__repr_args__():
            yield name, without_passwords(value) if isinstance(value, str) else value


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
    """The provider's own certificate authorities, for every channel and not only for the API."""

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
        # Only a command that opens a store needs its libraries, which take half a second to load.
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
    """A place with the canonical names of its service and module, however they are spelt."""
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

    timezone: Annotated[str, AfterValidator(zone_name)] = "UTC"
    locale: str = "en"
    target_success_rate: Rate = 0.95
    target_object_success_rate: Rate = 0.95
    max_gap: Span = timedelta(hours=26)
    watch_every: Span = timedelta(hours=7)
    left_out: tuple[LeftOutSettings, ...] = ()
    warning: Literal["warning", "success", "failed"] = "warning"
    cancelled: Literal["failed", "excluded"] = "failed"
    units: Literal["binary", "decimal"] = "binary"
    names: Names = USUAL_NAMES
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
                known = nearest(name, list(SECTIONS), "sections")
                raise ValueError(f"{name!r} is not a section. {known}")
        if len(set(sections)) < len(sections):
            raise ValueError("names a section twice")
        return sections

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
            gap_is_set="max_gap" in self.model_fields_set,
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


class TenantSettings(Section):
    """`[[customers]] tenant`: the app registration in the customer's own tenant, and where it is.

    The host of the data centre is that of the commercial environment. Every environment has one
    address for tokens, so that it is the one of [api] unless another is given.
    """

    data_centre: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{0,40}$")] = ""
    api_url: WebRoot = ""
    token_url: WebRoot = ""
    client_id: str = ""
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    certificate: Path | None = None
    certificate_password: SecretStr | None = None
    certificate_password_file: Path | None = None

    @property
    def root(self) -> str:
        """The address of the API; empty where it is not known."""
        if self.api_url or not self.data_centre:
            return self.api_url
        return f"https://graph-{self.data_centre}.avepointonlineservices.com"


class CustomerSettings(Section):
    """`[[customers]]`: what differs for one customer, by id.

    Keys of `[report]` and `[brand]` are in the tables `report` and `brand` of the customer, or
    directly beside its `id`.
    """

    liftable: ClassVar[tuple[type[Section], ...]] = (ReportSettings, BrandSettings)
    """The sections of these tables."""

    id: str
    name: str | None = None
    joins: tuple[str, ...] = ()
    """The ids of this customer in other sources."""
    recipients: Addresses = ()
    cc: Addresses = ()
    bcc: Addresses = ()
    allowed_domains: tuple[str, ...] = ()
    send: bool = True
    tenant: TenantSettings | None = None
    report: ReportSettings = ReportSettings()
    brand: BrandSettings = BrandSettings()

    @field_validator("tenant", mode="before")
    @classmethod
    def _tenant_of(cls, table: object, info: ValidationInfo) -> object:
        where = f"in `tenant` of the customer {info.data.get('id')!r}"
        return _validated(TenantSettings, table, where) if isinstance(table, Mapping) else table

    @property
    def service_ids(self) -> tuple[str, ...]:
        """The ids under which the service knows the customer: those of other sources begin with
        the source's name and a colon.
        """
        return tuple(one for one in (self.id, *self.joins) if ":" not in one)

    @model_validator(mode="before")
    @classmethod
    def _lift(cls, data: Any) -> Any:
        lifted = dict(data)
        for table, section in zip(("report", "brand"), cls.liftable, strict=True):
            inner = dict(lifted.get(table, {}))
            for key in section.model_fields.keys() - {"name"} & lifted.keys():
                inner.setdefault(key, lifted.pop(key))
            lifted[table] = inner
        return lifted


def source_settings(entry: object) -> object:
    """The settings of an entry of [[sources]], of the class that its kind has."""
    if not isinstance(entry, Mapping):
        return entry
    # A configuration without other sources need not load their readers.
    from reporter.sources.registry import KINDS

    kind = str(entry.get("kind"))
    if kind not in KINDS.names():
        known = ", ".join(KINDS.names())
        raise ValueError(f"{kind!r} is not a kind of source. Known kinds: {known}")
    return _validated(KINDS.get(kind).settings, entry, f"in the source {entry.get('name')!r}")


def _validated(kind: type[BaseModel], table: Mapping[str, Any], where: str) -> BaseModel:
    """A table of a list, of the class `kind`; an error says where it is."""
    try:
        return kind.model_validate(table)
    except ValidationError as error:
        faults = [". ".join(filter(None, explained(fault, kind))) for fault in error.errors()]
        raise ValueError(f"{where}, {'; '.join(faults)}") from None


class ExecutionSettings(Section):
    """`[execution]`: how much is done at once."""

    workers: int = Field(default=2, ge=1, le=256)
    scheduler: str = ""
    umask: Umask | None = None
    """The permissions that new files do not have; None: other users have no permissions."""

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
        return urlsplit(self.scheduler).hostname in LOOPBACK


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
        if host and not is_host(host):
            raise ValueError("is not a host name; write smtp.provider.example")
        return host

    @model_validator(mode="after")
    def _insist_on_encryption(self) -> MailSettings:
        if self.security == "none" and self.host and self.host not in LOOPBACK:
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
    """`[delivery.channels.NAME]`: the settings of channels that other packages add."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, dict[str, Any]]

    @property
    def by_name(self) -> Mapping[str, Mapping[str, Any]]:
        return self.__pydantic_extra__


class DeliverySettings(Section):
    """`[delivery]`: where reports go in addition to mail."""

    folder: str = ""
    # The address of a chat's webhook is a secret as well.
    webhook: WebAddress = Field(default="", repr=False)
    webhook_secret: SecretStr | None = None
    webhook_secret_file: Path | None = None
    # Only the package that adds a channel knows which of its values are secret.
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
    """How long bags are kept, from the end of their period; None: for ever."""
    holds: tuple[str, ...] = ()
    """Customers, or `customer period`, whose bags are kept beyond the retention."""

    @field_validator("timestamp_url")
    @classmethod
    def _address(cls, url: str) -> str:
        parts = parts_of_address(url)
        if url and not (parts.scheme in ("http", "https") and is_host(parts.hostname or "")):
            raise ValueError(
                "is not the address of a time-stamp authority; write http://… or https://…"
            )
        return url


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
