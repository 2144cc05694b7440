"""`reporter templates`."""

from __future__ import annotations

from pathlib import Path

import click

from reporter.cli.options import Console, common_options


@click.group()
def templates() -> None:
    """The templates reports are made from."""


@templates.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@common_options
@click.pass_obj
def copy(console: Console, *, folder: Path) -> None:
    """Copy the shipped templates into DIR, to be changed there.

    Name DIR as `templates` in [report], or for one customer. What is not changed can be deleted:
    the shipped template is used where DIR has none. Never overwrites a file.
    """
    from reporter.render.templates import copy_templates

    for path in copy_templates(folder):
        console.result(path)
    console.say(f'Next: set templates = "{folder}" in [report], or for one customer.')
