"""`reporter archive`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reporter.cli.options import Console, common_options, customer_option
from reporter.cli.progress import finish, follow
from reporter.cli.render import rendering_of, stored_customers

if TYPE_CHECKING:
    from reporter.pipeline import Rendering


@click.command()
@customer_option
@click.option("--period", help="2026-10, 2026-Q4, 2026, 2026-10-05..2026-10-11.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("reports"),
    show_default=True,
    help="Folder the reports were written to.",
)
@click.option(
    "--archive",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the archive (default: `folder` in [evidence]).",
)
@common_options
@click.pass_context
def archive(
    context: click.Context,
    *,
    wanted: tuple[str, ...],
    period: str | None,
    out: Path,
    folder: Path | None,
) -> None:
    """Archive rendered reports with all they rest on, for auditors to check without us.

    Signed and time-stamped as [evidence] says. What is archived already is left as it is; a time
    stamp that could not be had then is added.
    """
    console = context.ensure_object(Console)
    formats = ("pdf", "xlsx", "json")
    rendering = rendering_of(console.settings(), out, formats, period, None, None)
    context.exit(archive_stored_reports(console, rendering, wanted, folder))


def archive_stored_reports(
    console: Console, rendering: Rendering, wanted: tuple[str, ...], folder: Path | None
) -> int:
    """Archive rendered reports, in `folder` or the archive that is configured; the exit status."""
    from reporter.archiving import archive_customers, open_archive

    kept = open_archive(rendering.settings, folder, rendering.now)
    if kept.signer is None:
        console.warn("Unsigned: no `certificate` is set in [evidence].")
    names = stored_customers(console, rendering, wanted)
    outcomes = follow(console, archive_customers(rendering, kept, names), len(names), "Archived")
    status = finish(console, outcomes)
    if kept.authority and kept.authority.trouble:
        trouble = kept.authority.trouble
        console.warn(f"Without a time stamp: {trouble}", trouble.hint)
    return status
