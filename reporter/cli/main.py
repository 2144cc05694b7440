"""The command `reporter` and the one place where errors become words and an exit status."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from reporter import __version__
from reporter.cli.approve import approve
from reporter.cli.archive import archive
from reporter.cli.check import check
from reporter.cli.customers import customers
from reporter.cli.demo import demo
from reporter.cli.emulate import emulate
from reporter.cli.fetch import fetch
from reporter.cli.options import DEFAULT_CONFIG, Console, common_options
from reporter.cli.outbox import outbox
from reporter.cli.preview import preview
from reporter.cli.render import render
from reporter.cli.run import run
from reporter.cli.send import send
from reporter.cli.store import store
from reporter.cli.templates import templates
from reporter.cli.verify import verify
from reporter.errors import ReporterError, UsageError
from reporter.files import set_umask
from reporter.logs import log_what_nobody_catches

INTERRUPTED: Final = 130
"""The exit status of a command that was stopped with Ctrl-C, as shells have it."""


class ReporterGroup(click.Group):
    """Turns our errors into a message and an exit status, for every command."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except ReporterError as error:
            console = context.ensure_object(Console)
            if console.verbose > 1:
                console.trace(error)
            console.warn(f"Error: {error}", error.hint)
            context.exit(error.exit_code)
        except KeyboardInterrupt:
            context.ensure_object(Console).warn(
                "Interrupted. What was finished is complete; run the same command again."
            )
            context.exit(INTERRUPTED)


@click.group(cls=ReporterGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="reporter")
@common_options
@click.pass_obj
def cli(console: Console) -> None:
    """Backup reports for the customers of a managed-service provider.

    Exit status: 0 all went well, 1 some customers failed (the others are complete),
    2 the command line or the configuration is wrong, or something required is missing,
    130 interrupted.
    """
    console.start_logging()


@cli.command()
@common_options
@click.pass_obj
def init(console: Console) -> None:
    """Write a commented starter configuration; never overwrites a file."""
    path = console.config or DEFAULT_CONFIG
    starter = Path(__file__).parent.parent / "config" / "starter.toml"
    try:
        # A secret may come to stand in it.
        with open(path, "x", encoding="utf-8", opener=partial(os.open, mode=0o600)) as file:
            file.write(starter.read_text("utf-8"))
    except FileExistsError as error:
        raise UsageError(
            f"{path} already exists and was left unchanged.",
            hint="Name another file with --config.",
        ) from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
    console.result(path)
    console.say("Next: fill in client_id, then run `reporter check`.")


for command in (
    approve,
    archive,
    check,
    customers,
    demo,
    emulate,
    fetch,
    outbox,
    preview,
    render,
    run,
    send,
    store,
    templates,
    verify,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line, as a process of its own."""
    log_what_nobody_catches()
    set_umask(None)
    # A service manager ends a command with SIGTERM: it stops as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        cli(obj=Console(), prog_name="reporter")
    except BrokenPipeError:
        # Whoever read our results has seen enough, as with `| head`.
        sys.stderr.close()
        sys.exit(0)
