"""`reporter templates`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from reporter.cli.options import DEFAULT_CONFIG, Console, common_options


@click.group()
def templates() -> None:
    """Work with the templates that reports are made from."""


@templates.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@common_options
@click.pass_obj
def copy(console: Console, *, folder: Path) -> None:
    """Copy the shipped templates into DIR, where you can change them.

    Set `templates` to DIR in [report], or for one customer. You can delete what you do not change:
    the shipped template is used where DIR has none. Never overwrites a file.
    """
    from reporter.render.templates import copy_templates

    for path in copy_templates(folder):
        console.result(path)
    path = _from_configuration(folder, console.config or DEFAULT_CONFIG)
    # A string of JSON is one of TOML.
    named = json.dumps(str(path), ensure_ascii=False)
    console.say(f"Next: set templates = {named} in [report], or for one customer.")


def _from_configuration(folder: Path, config: Path) -> Path:
    """The path by which a configuration file names a folder: from its place where the folder is
    beneath that, else the whole path.
    """
    there, beside = folder.resolve(), config.resolve().parent
    return there.relative_to(beside) if there.is_relative_to(beside) else there
