"""Options that several commands share, and what they amount to."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reporter.config.settings import Settings, load_settings
from reporter.errors import SettingsError, UsageError
from reporter.evidence import ARCHIVED
from reporter.files import set_umask
from reporter.logs import start_logging, traceback_lines
from reporter.render.formats import FORMATS
from reporter.showing import NOT_IN_A_LINE, harmless, without_passwords

if TYPE_CHECKING:
    from reporter.store import Store
    from reporter.store.history import History

logger = logging.getLogger(__name__)

Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_CONFIG = Path("reporter.toml")


@dataclass
class Console:
    """What is said, and where: results to standard output, everything else to standard error.

    Customers are called what they are called, and servers say what they like: no line breaks, no
    commands to the terminal and no passwords of addresses come through.
    """

    config: Path | None = None
    quiet: bool = False
    verbose: int = 0
    _told: bool = field(default=False, init=False, repr=False)
    _warned: set[str] = field(default_factory=set, init=False, repr=False)

    def result(self, text: object) -> None:
        """A line of the command's result."""
        click.echo(harmless(text))

    def data(self, value: object) -> None:
        """The command's result for programs, as JSON."""
        text = json.dumps(_without_secrets(value), ensure_ascii=False, indent=1)
        for line in text.split("\n"):
            click.echo(NOT_IN_A_LINE.sub(lambda match: json.dumps(match[0])[1:-1], line))

    def say(self, text: str) -> None:
        """A line of progress; silent with --quiet."""
        if not self.quiet:
            click.echo(harmless(text), err=True)

    def warn(self, text: str, hint: str = "") -> None:
        """A line about something that went wrong, and one with what to do; never silent."""
        click.echo(harmless(text), err=True)
        if hint:
            click.echo(f"  {harmless(hint)}", err=True)

    def once(self, text: str) -> None:
        """A line that is never silent, and is no trouble; each only once in a command."""
        if text not in self._warned:
            self._warned.add(text)
            self.warn(text)

    def trace(self, error: BaseException) -> None:
        """The traceback of an error."""
        for line in traceback_lines(error):
            click.echo(line, err=True)

    def settings(self) -> Settings:
        """The configuration.

        Raises:
            SettingsError: it is wrong; it was named and is not there; or a store is in the working
                folder, where version 0.1.0 would have used it, and this one would not.
        """
        settings = load_settings(self.config or DEFAULT_CONFIG, required=self.config is not None)
        refuse_left_store(settings)
        set_umask(settings.execution.umask)
        if not self._told:
            self._told = True
            source = settings.source
            logger.info("Configuration: %s", source.absolute() if source else "none, only defaults")
            logger.info("Store: %s", shown_store(settings))
        return settings

    def start_logging(self) -> None:
        """Show what the program logs: warnings, with -v its steps, with -vv everything."""
        start_logging((logging.WARNING, logging.INFO, logging.DEBUG)[min(self.verbose, 2)])


def _without_secrets(value: object) -> object:
    """A value for programs without secrets in its texts; the names of its fields stay."""
    match value:
        case str():
            return without_passwords(value)
        case dict():
            return {name: _without_secrets(each) for name, each in value.items()}
        case list() | tuple():
            return [_without_secrets(each) for each in value]
    return value


def refuse_left_store(settings: Settings) -> None:
    """Insist that no store with a history is in the working folder which version 0.1.0 used with
    this configuration, where paths in it counted from there: another would take its place, and all
    reports would be sent once more.

    Raises:
        SettingsError: there is one.
    """
    from reporter.store.address import relative_file

    path = relative_file(settings.store.url)
    if path is None or settings.folder == Path() or _has_another(settings):
        return
    left, expected = path.absolute(), settings.folder / path
    if not left.is_file() or (expected.exists() and left.samefile(expected)):
        return
    from reporter.store.history import kept_in

    of_left = kept_in(left)
    if of_left is not None and not of_left:
        return  # nothing would be missed
    of_expected = kept_in(expected)
    there = (
        f"there is another at {expected} ({_told(of_expected)})"
        if expected.exists()
        else f"there is none at {expected}"
    )
    raise SettingsError(
        f"There is a store {left} in the working folder ({_told(of_left)}), but {there}, where "
        f"the configuration {settings.source} places the store.",
        hint=f"Version 0.1.0 looked for the store in the working folder. "
        f"{_which_store(settings, in_both=of_expected is None or bool(of_expected))} "
        "Nothing was done.",
    )


def _told(history: History | None) -> str:
    return "it cannot be read" if history is None else str(history)


def _which_store(settings: Settings, *, in_both: bool) -> str:
    """How to say which store is meant: the one in the working folder, unless the configuration's
    has a history as well. Then only a person knows.
    """
    from reporter.store.address import whole_url

    left, expected = (
        f'url = "{whole_url(settings.store.url, folder)}"' for folder in (Path(), settings.folder)
    )
    if in_both:
        return f"Set the full path of the store to use in [store]: {left} or {expected}."
    return (
        "Move it to where the configuration places the store, along with its -wal file if there is "
        f"one; or set its full path in [store]: {left}."
    )


def _has_another(settings: Settings) -> bool:
    """Whether the working folder has a configuration that is not this one, nor a link to it."""
    if not DEFAULT_CONFIG.exists():
        return False
    return settings.source is None or not DEFAULT_CONFIG.samefile(settings.source)


def shown_store(settings: Settings) -> str:
    """Where the store is."""
    from reporter.store.address import shown

    return shown(settings.store_url)


def open_store(settings: Settings, *, new: bool = False) -> Store:
    """The store, which is let go of when the command ends; with `new` it is made where there is
    none. A store that a command made with nothing to keep in it would be taken for the history.

    Raises:
        NoStore: there is none.
        StoreError: it cannot be opened.
    """
    from reporter.store import Store
    from reporter.store.history import open_existing

    store = (Store.open if new else open_existing)(settings.store_url)
    click.get_current_context().call_on_close(store.close)
    return store


def utc_now() -> datetime:
    """The clock of the command line."""
    return datetime.now(UTC)


def common_options(command: Command) -> Command:
    """`--config`, `--quiet` and `-v`, which may stand before the command and after it."""

    def remember(key: str) -> Callable[[click.Context, click.Parameter, Any], None]:
        def callback(context: click.Context, _: click.Parameter, value: Any) -> None:
            console = context.ensure_object(Console)
            if value:
                setattr(console, key, value)
                console.start_logging()

        return callback

    for option in (
        click.option(
            "--config",
            type=click.Path(path_type=Path, dir_okay=False),
            expose_value=False,
            callback=remember("config"),
            help=f"Configuration file (default: {DEFAULT_CONFIG}).",
        ),
        click.option(
            "--quiet",
            is_flag=True,
            expose_value=False,
            callback=remember("quiet"),
            help="Show no progress on standard error.",
        ),
        click.option(
            "-v",
            count=True,
            expose_value=False,
            callback=remember("verbose"),
            help="Show more detail; -vv shows tracebacks.",
        ),
    ):
        command = option(command)
    return command


def customer_option(command: Command) -> Command:
    """`--customer`, repeatable."""
    return click.option(
        "--customer",
        "wanted",
        multiple=True,
        metavar="ID-OR-NAME",
        help="Only this customer (repeatable; default: all).",
    )(command)


def wait_option(command: Command) -> Command:
    """`--wait`, of commands that hold the store."""
    return click.option(
        "--wait",
        type=click.FloatRange(min=0),
        default=0.0,
        metavar="SECONDS",
        help="Wait up to this long for another run to end (default: do not wait).",
    )(command)


def period_option(command: Command) -> Command:
    """`--period`."""
    return click.option("--period", help="2026-10, 2026-Q4, 2026, 2026-10-05..2026-10-11.")(command)


def out_option(command: Command) -> Command:
    """`--out`, where reports are."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder of the reports (default: reports, beside the configuration file).",
    )(command)


def formats_option(default: str | None) -> Callable[[Command], Command]:
    """`--format`; without a default the configuration says which."""
    return click.option(
        "--format",
        "formats",
        default=default,
        show_default=default is not None,
        cls=_FormatsOption,
        callback=_formats,
    )


class _FormatsOption(click.Option):
    """Looks for the formats of other packages when its help is shown, and not in each command."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        self.help = f"Any of {', '.join(FORMATS.names())}."
        return super().get_help_record(ctx)


def rendering_options(command: Command) -> Command:
    """What to render, how, and where to."""
    for option in (
        click.option("--workers", type=click.IntRange(1, 256), help="Customers to render at once."),
        period_option,
        click.option("--timezone", help="IANA name; overrides the configuration."),
        click.option("--locale", help="Such as en or en_GB; overrides the configuration."),
        formats_option(",".join(ARCHIVED)),
        out_option,
    ):
        command = option(command)
    return command


def read_moment(text: str) -> datetime:
    """A time a user gave: ISO 8601; UTC where it does not say.

    Raises:
        UsageError: it is none.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{text!r} is not a time.", hint="Write it as 2026-11-01T06:00:00Z."
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _formats(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    formats = tuple(
        dict.fromkeys(part.strip().lower() for part in value.split(",") if part.strip())
    )
    known = FORMATS.names()
    if not formats or not set(formats) <= set(known):
        raise click.BadParameter(f"{value!r}: choose from {', '.join(known)}.")
    return formats
