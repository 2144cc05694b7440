"""The configuration: `reporter.toml`, overridden by environment variables.

It is one frozen `Settings` value, whose `repr` never shows secrets. An unknown key is an error.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar, get_args

from pydantic import BeforeValidator, PrivateAttr, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from reporter.config.faults import nearest, validated
from reporter.config.sections import (
    ApiSettings,
    BrandSettings,
    CustomerSettings,
    DeliverySettings,
    EvidenceSettings,
    ExecutionSettings,
    MailSettings,
    ReportSettings,
    ScheduleSettings,
    Section,
    StoreSettings,
    TenantSettings,
    source_settings,
)
from reporter.errors import SettingsError
from reporter.files import must_be_readable, refuse_shared
from reporter.model import Look, Texts
from reporter.showing import has_password
from reporter.trust import Trust

ENV_PREFIX: Final = "REPORTER_"
_CUSTOMERS: Final = "customers."
_TENANT: Final = ".tenant"
"""How the place of a customer's `tenant` begins and ends; the customer's id is between."""
_SECRET_KEYS: Final = ("password", "secret", "token")
"""The endings of keys of secrets, in tables that are not ours."""


class Settings(BaseSettings):
    """The whole configuration, and the folder that its relative paths are relative to."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    api: ApiSettings = ApiSettings.model_validate({})
    store: StoreSettings = StoreSettings()
    report: ReportSettings = ReportSettings()
    brand: BrandSettings = BrandSettings()
    customers: tuple[CustomerSettings, ...] = ()
    sources: tuple[Annotated[Any, BeforeValidator(source_settings)], ...] = ()
    """The sources other than the service; each is of the class `settings` of its kind."""
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
            raise ValueError(f"two sources are called {twice!r}")
        return sources

    @field_validator("customers")
    @classmethod
    def _joined_once(cls, customers: tuple[CustomerSettings, ...]) -> tuple[CustomerSettings, ...]:
        joined = [joined for customer in customers for joined in customer.joins]
        if twice := next((one for one in joined if joined.count(one) > 1), None):
            raise ValueError(f"{twice!r} is in `joins` twice")
        for customer in customers:
            names = [
                customer_id.partition(":")[0] for customer_id in (customer.id, *customer.joins)
            ]
            if len(set(names)) < len(names):
                raise ValueError(
                    f"{customer.id!r} joins two customers of one source: give them one name "
                    "in the export, or by `match`"
                )
        if both := [customer.id for customer in customers if customer.id in joined]:
            raise ValueError(
                f"{both[0]!r} is in `joins` of another customer: move its settings to that customer"
            )
        return customers

    @field_validator("customers")
    @classmethod
    def _tenants_apart(
        cls, customers: tuple[CustomerSettings, ...]
    ) -> tuple[CustomerSettings, ...]:
        """A tenant has one customer, and what it tells is recorded under one id."""
        for customer in customers:
            if customer.tenant and len(customer.service_ids) > 1:
                raise ValueError(
                    f"{customer.id!r} has a `tenant` and joins two ids of the service: what the "
                    "tenant tells would count for both. Make two customers of them, and give "
                    "`tenant` to the one with Microsoft 365"
                )
        asking: dict[str, str] = {}
        for customer in customers:
            client_id = customer.tenant.client_id.strip().casefold() if customer.tenant else ""
            if client_id and asking.setdefault(client_id, customer.id) != customer.id:
                raise ValueError(
                    f"{asking[client_id]!r} and {customer.id!r} have the same client_id in "
                    "`tenant`: it decides whose data comes, so that each needs another"
                )
        return customers

    @property
    def asks_service(self) -> bool:
        """Whether jobs come from the service: always, unless there are only other sources."""
        return bool(self.api.client_id) or not self.sources

    @property
    def archives(self) -> bool:
        """Whether reports are archived automatically."""
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
        """The folder of relative paths: that of the configuration file, not of a link to it."""
        return self._folder

    @property
    def source(self) -> Path | None:
        """The configuration file; None if there is no file and the defaults are used."""
        return self._source

    @property
    def store_url(self) -> str:
        """The store's URL; if it is a file, with the whole path."""
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
        """The file of restore tests; None if none is configured."""
        path = self.evidence.restore_tests
        return self._folder / path if path else None

    @property
    def written(self) -> frozenset[str]:
        """The places of the secrets that the configuration file itself contains."""
        return self._written

    def customer(self, customer_id: str) -> CustomerSettings:
        """The settings of a customer; the defaults if the configuration does not name it."""
        named = (customer for customer in self.customers if customer.id == customer_id)
        return next(named, CustomerSettings(id=customer_id))

    def joining(self, customer_id: str) -> str:
        """The id under which the settings of a customer are whom a source knows by an id."""
        joining = (each.id for each in self.customers if customer_id in each.joins)
        return next(joining, customer_id)

    def report_for(self, customer_id: str, **given: str | None) -> ReportSettings:
        """`[report]` for a customer; values from the command line take precedence.

        Raises:
            SettingsError: a given value is wrong.
        """
        merged = _overlaid(self.report, self.customer(customer_id).report)
        values = {key: value for key, value in given.items() if value is not None}
        return validated(
            # What nobody has set stays so: some defaults give way to what the service tells.
            lambda: type(merged).model_validate(merged.model_dump(exclude_unset=True) | values),
            type(merged),
        )

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
        """The settings that the reports of one customer need: no other customer, and no secret
        except the store's.
        """
        return self.model_copy(
            update={
                "api": ApiSettings.model_validate({}),
                "mail": MailSettings(),
                "evidence": EvidenceSettings(
                    folder=self.evidence.folder, restore_tests=self.evidence.restore_tests
                ),
                "delivery": DeliverySettings(),
                "customers": (self.customer(customer_id).model_copy(update={"tenant": None}),),
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
        SettingsError: there is no such file, it is not TOML, a key is unknown, a value is wrong,
            or the file contains a secret and others may read it.
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
    settings = validated(lambda: Settings(**data), Settings, f"in {path}")
    settings._folder = _folder_of(path)
    settings._source = settings._folder / path.resolve().name if there else None
    secrets = _secrets_in(data)
    if guarded := [*secrets, *_secret_addresses_in(data)]:
        refuse_shared(path, f"The configuration holds {' and '.join(guarded)}, and the file")
    # A value from the environment may have replaced what is written.
    settings._written = frozenset(
        place for place, value in secrets.items() if value == _secret_at(settings, place)
    )
    return settings


def _secrets_in(data: Mapping[str, Any]) -> dict[str, str]:
    """The secrets in a configuration file, by their places."""
    sections: list[tuple[str, type[Section], Mapping[str, Any]]] = [
        (name, kind, data.get(name, {}))
        for name, section in Settings.model_fields.items()
        if isinstance(kind := section.annotation, type) and issubclass(kind, Section)
    ]
    tenants: list[tuple[str, type[Section], Mapping[str, Any]]] = [
        (place_of_tenant(str(customer.get("id"))), TenantSettings, customer["tenant"])
        for customer in data.get("customers", ())
        if "tenant" in customer
    ]
    return {
        f"{name}.{key}": table[key]
        for name, kind, table in (*sections, *tenants)
        for key, field in kind.model_fields.items()
        if SecretStr in get_args(field.annotation) and table.get(key)
    }


def place_of_tenant(customer_id: str) -> str:
    """The place of a customer's `tenant`, for its secrets."""
    return f"{_CUSTOMERS}{customer_id}{_TENANT}"


def table_at(settings: Settings, place: str) -> Section:
    """The table at a place that a secret belongs to: a section, or the `tenant` of a customer."""
    if place.startswith(_CUSTOMERS):
        customer_id = place.removeprefix(_CUSTOMERS).removesuffix(_TENANT)
        return settings.customer(customer_id).tenant or TenantSettings()
    section: Section = getattr(settings, place)
    return section


def _secret_at(settings: Settings, place: str) -> str:
    table, _, key = place.rpartition(".")
    secret = getattr(table_at(settings, table), key)
    return str(secret.get_secret_value()) if secret else ""


def _secret_addresses_in(data: Mapping[str, Any]) -> list[str]:
    """The places of addresses in a configuration file that contain a password or are themselves a
    secret: anybody who knows the address of a chat's webhook can write to the chat.
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
    """The secrets in a channel's own table, by their places: values whose key ends in `password`,
    `secret` or `token`, and addresses that contain a password.
    """
    return {
        place: text
        for place, text in _texts_in(table)
        if has_password(text) or (text and place.endswith(_SECRET_KEYS))
    }


def _texts_in(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a value of a configuration file, at any depth, with its place."""
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
    """The folder of a configuration file. It is the same however the file is named and whatever
    links lead to it, because written files are identified by their paths.
    """
    folder = path.resolve().parent
    return Path() if folder == Path.cwd() else folder


AnySection = TypeVar("AnySection", bound=Section)


def _overlaid(base: AnySection, overlay: AnySection) -> AnySection:
    """`base` with the values that are set in `overlay`, table by table."""
    values = {name: getattr(overlay, name) for name in overlay.model_fields_set}
    tables = {
        name: _overlaid(getattr(base, name), value)
        for name, value in values.items()
        if isinstance(value, Section)
    }
    return base.model_copy(update=values | tables)


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    """Refuse variables with a misspelt section in their names, which pydantic would ignore."""
    sections = list(Settings.model_fields)
    for variable in environment:
        if variable.upper().startswith(ENV_PREFIX):
            section = variable[len(ENV_PREFIX) :].lower().split("__")[0]
            if section not in sections:
                raise SettingsError(
                    f"The environment variable {variable} names no section of the configuration.",
                    hint=nearest(section, sections),
                )
