"""`reporter archive`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from reporter.cli.options import (
    Console,
    common_options,
    customer_option,
    out_option,
    period_option,
    utc_now,
)
from reporter.cli.progress import finish, follow
from reporter.cli.render import rendering_of, stored_customers
from reporter.errors import UsageError
from reporter.evidence import ARCHIVED

if TYPE_CHECKING:
    from reporter.audit.packing import Sampling
    from reporter.errors import ReporterError
    from reporter.run.assignment import Rendering
    from reporter.run.outcome import CustomerOutcome

_SAMPLE: Final = 25
"""Jobs of a sample, where nobody says how many."""


@click.command()
@customer_option
@period_option
@out_option
@click.option(
    "--archive",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the archive (default: `folder` in [evidence]).",
)
@click.option("--pack", is_flag=True, help="Make an auditor's pack for each bag.")
@click.option("--seed", metavar="TEXT", help="With --pack: any text that the auditor chooses.")
@click.option(
    "--sample",
    type=click.IntRange(1),
    metavar="JOBS",
    help="With --pack: how many jobs to draw (default: 25).",
)
@click.option("--prune", is_flag=True, help="Remove bags older than `retention` in [evidence].")
@click.option("--yes", is_flag=True, help="With --prune: do not ask.")
@common_options
@click.pass_context
def archive(
    context: click.Context,
    *,
    wanted: tuple[str, ...],
    period: str | None,
    out: Path | None,
    folder: Path | None,
    pack: bool,
    seed: str | None,
    sample: int | None,
    prune: bool,
    yes: bool,
) -> None:
    """Archive rendered reports with all they rest on, for auditors to check without us.

    Signs and time-stamps bags as configured in [evidence]. Existing bags stay as they are; if a
    time stamp could not be obtained at the time, it is added.

    With --pack, makes a folder for each bag with what an auditor tests: completeness, all jobs, a
    sample drawn with the auditor's seed and the raw rows behind it, failures and cures.

    With --prune, archives nothing: lists the bags that have been kept as long as [evidence]
    requires, and removes them. The history records that they existed, and when and why they were
    removed.
    """
    console = context.ensure_object(Console)
    if prune:
        if period or pack:
            raise UsageError(
                "--prune follows the retention: it cannot be combined with --period or --pack.",
                hint="Set `retention` and `holds` in [evidence].",
            )
        _prune(console, folder, wanted, yes=yes)
        return
    sampling = _sampling(seed, sample, pack=pack)
    rendering = rendering_of(console.settings(), out, ARCHIVED, period, None, None)
    context.exit(archive_stored_reports(console, rendering, wanted, folder, sampling))


def _sampling(seed: str | None, sample: int | None, *, pack: bool) -> Sampling | None:
    """How the sample of a pack is drawn; None where no pack is asked for.

    Raises:
        UsageError: the options do not fit together.
    """
    if not pack:
        if seed is not None or sample is not None:
            raise UsageError("--seed and --sample require --pack.", hint="Add --pack.")
        return None
    if not seed:
        raise UsageError(
            "A pack needs --seed: the auditor chooses it, so that nobody else chooses the sample.",
            hint="Ask the auditor for any text, such as a word or a date, and pass it with --seed.",
        )
    from reporter.audit.packing import Sampling

    return Sampling(seed, sample or _SAMPLE)


def archive_stored_reports(
    console: Console,
    rendering: Rendering,
    wanted: tuple[str, ...],
    folder: Path | None = None,
    sampling: Sampling | None = None,
) -> int:
    """Archive rendered reports, in `folder` or the archive that is configured, and make packs of
    the bags if that is asked for; the exit status.
    """
    from reporter.audit.archiving import archive_customers, open_archive

    kept = open_archive(rendering.settings, folder, rendering.now)
    if kept.signer is None:
        console.warn("Unsigned: no `certificate` is set in [evidence].")
    names = stored_customers(console, rendering, wanted)
    outcomes: Iterable[CustomerOutcome] = archive_customers(rendering, kept, names)
    if sampling:
        from reporter.audit.packing import pack_customers

        outcomes = pack_customers(outcomes, sampling, rendering.now)
    done = follow(console, outcomes, len(names), "Packed" if sampling else "Archived")
    status = finish(console, done)
    if kept.authority and kept.authority.trouble:
        _warn_unstamped(console, kept.authority.trouble)
    return status


def _prune(console: Console, folder: Path | None, wanted: tuple[str, ...], *, yes: bool) -> None:
    """Remove what has been kept long enough, once that is agreed to."""
    from reporter.audit.archiving import open_archive
    from reporter.evidence.retention import Retention, customers_of
    from reporter.run.assignment import named
    from reporter.run.choosing import choose

    settings, now = console.settings(), utc_now()
    if settings.evidence.retention is None:
        console.warn("Nothing is removed: no `retention` is set in [evidence].")
        return
    retention = Retention(settings.evidence.retention, settings.evidence.holds)
    kept = open_archive(settings, folder, now)
    with kept.held():
        kept.sweep()
        customers = [named(settings, customer) for customer in customers_of(kept)]
        due = retention.due(kept, customers, choose(customers, wanted), now)
        for bag in due:
            stays = f"Held by {bag.hold!r}" if bag.hold else "To be removed"
            names = ", ".join(str(path) for path in bag.folders)
            console.say(f"{stays}: {bag.record.customer}, {bag.record.period}: {names}")
        going = [bag for bag in due if bag.hold is None]
        console.say(f"Kept for more than {retention.months} months: {len(going)} bags to remove.")
        if going and not yes:
            click.confirm("Remove them for good?", abort=True, err=True)
        for bag in going:
            kept.remove(bag.home, bag.record, retention.months, now)
            console.result(bag.home / bag.record.bag)
    if kept.authority and kept.authority.trouble:
        _warn_unstamped(console, kept.authority.trouble)


def _warn_unstamped(console: Console, trouble: ReporterError) -> None:
    console.warn(f"Without a time stamp: {trouble}", trouble.hint)
