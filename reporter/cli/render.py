"""`reporter render`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reporter.cli.options import (
    Console,
    common_options,
    customer_option,
    open_store,
    read_moment,
    rendering_options,
    utc_now,
)
from reporter.cli.progress import finish, follow
from reporter.config.settings import Settings
from reporter.errors import NothingKnown, UsageError
from reporter.foreign import storable
from reporter.model import Customer, Reply
from reporter.period import parse_period

if TYPE_CHECKING:
    from reporter.run.assignment import Rendering
    from reporter.run.choosing import Choice

logger = logging.getLogger(__name__)


@click.command()
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="FILE",
    help="Render a saved reply of the service (- for standard input), not the store; repeatable.",
)
@click.option("--customer-name", help="With --input: the customer's name (default: the file name).")
@click.option("--customer-id", help="With --input: the customer's id (default: from the name).")
@click.option(
    "--fetched-at",
    multiple=True,
    metavar="TIME",
    help="With --input: when the reply was fetched; give it once, or once for each input "
    "(default: the file's modification time).",
)
@click.option(
    "--again",
    is_flag=True,
    help="Render even reports that still hold: those already delivered become new versions.",
)
@customer_option
@rendering_options
@common_options
@click.pass_context
def render(
    context: click.Context,
    *,
    inputs: tuple[str, ...],
    customer_name: str | None,
    customer_id: str | None,
    fetched_at: tuple[str, ...],
    again: bool,
    wanted: tuple[str, ...],
    workers: int | None,
    period: str | None,
    timezone: str | None,
    locale: str | None,
    formats: tuple[str, ...],
    out: Path | None,
) -> None:
    """Render the reports of a period, from the store or from saved replies.

    A report that was delivered or archived is rendered again only if its data or the configuration
    has changed; a newer program is no reason. With --again it becomes a new version nevertheless,
    which says that it corrects the previous one by new definitions, and is queued for its
    recipients.
    """
    console = context.ensure_object(Console)
    settings = console.settings()
    rendering = rendering_of(settings, out, formats, period, timezone, locale)
    if inputs:
        if again:
            raise UsageError(
                "--again cannot be combined with --input.",
                hint="Leave --again out: saved replies are rendered each time.",
            )
        replies = _read_replies(inputs, fetched_at)
        customer = _customer(settings, inputs, customer_name, customer_id)
        context.exit(_render_replies(console, rendering, customer, replies))
    if customer_name or customer_id or fetched_at:
        raise UsageError(
            "--customer-name, --customer-id and --fetched-at require --input.",
            hint="To choose a customer from the store, use --customer.",
        )
    rendering = replace(rendering, again=again)
    context.exit(render_stored_reports(console, rendering, wanted, workers))


def rendering_of(
    settings: Settings,
    out: Path | None,
    formats: tuple[str, ...],
    period: str | None,
    timezone: str | None,
    locale: str | None,
) -> Rendering:
    """What is asked of a rendering now. `out` is the folder the command line names.

    One period for all, whatever their zones: near midnight "the last month" is not the same
    everywhere. One that nobody can render is the call's fault, not each customer's.

    Raises:
        UsageError: there is no such period.
    """
    from reporter.run.assignment import Rendering

    now = utc_now()
    zone = settings.report_for("", timezone=timezone).timezone
    label = parse_period(period, zone, now).label
    where = out or settings.reports
    logger.info("Reports: %s", where.absolute())
    return Rendering(settings, now, where, formats, label, timezone, locale)


def render_stored_reports(
    console: Console, rendering: Rendering, wanted: tuple[str, ...], workers: int | None
) -> int:
    """Render customers of the store, and the portfolio where none was chosen; the exit status.

    Where nothing was known of anybody yet there is nothing to lead to, and no portfolio.
    """
    from reporter.run.rendering import render_customers, write_portfolio

    names = stored_customers(console, rendering, wanted)
    several = workers or rendering.settings.execution.workers
    outcomes = follow(console, render_customers(rendering, names, several), len(names), "Rendered")
    status = finish(console, outcomes)
    if names and not wanted:
        for path in write_portfolio(rendering, outcomes):
            console.result(path)
    return status


def _render_replies(
    console: Console, rendering: Rendering, customer: Customer, replies: Sequence[Reply]
) -> int:
    """Render one customer from saved replies; the exit status."""
    from reporter.files import folder_names
    from reporter.run.rendering import render_saved

    name = folder_names([customer])[customer.id]
    try:
        return finish(console, [render_saved(rendering, customer, replies, name)])
    except NothingKnown as nothing:
        console.once(str(nothing))
        return 0


def stored_customers(
    console: Console, rendering: Rendering, wanted: tuple[str, ...]
) -> Mapping[Customer, str]:
    """The customers wanted who have a report, each with the name of the customer's folder; says who
    has none, and why.
    """
    from reporter.run.choosing import reportable

    choice = reportable(rendering, open_store(rendering.settings), wanted)
    tell_choice(console, rendering.period, choice)
    return choice.names


def tell_choice(console: Console, period: str | None, choice: Choice) -> None:
    """Say who has no report of a period, and why."""
    for customer in choice.gone:
        console.warn(f"Left out: {customer.name}, whom the service no longer lists.")
    if choice.unknown:
        console.once(
            f"No report for {period}, which ended before anything was known of: "
            f"{', '.join(customer.name for customer in choice.unknown)}."
        )


def _customer(
    settings: Settings, inputs: tuple[str, ...], name: str | None, customer_id: str | None
) -> Customer:
    """Whose reply it is: as told, else by the file's name."""
    from reporter.files import slug

    if name is None and customer_id is not None:
        name = settings.customer(customer_id).name or customer_id
    name = name or (storable(Path(inputs[0]).stem) if inputs[0] != "-" else "Customer")
    return Customer(customer_id or slug(name) or "customer", name)


def _read_replies(inputs: tuple[str, ...], fetched_at: tuple[str, ...]) -> list[Reply]:
    if len(fetched_at) not in (0, 1, len(inputs)):
        raise UsageError(
            f"--fetched-at was given {len(fetched_at)} times for {len(inputs)} inputs.",
            hint="Give --fetched-at once, or once for each --input, in the same order.",
        )
    moments = [read_moment(text) for text in fetched_at]
    if len(moments) == 1:
        moments *= len(inputs)
    return [
        _read_reply(text, moments[number] if moments else None)
        for number, text in enumerate(inputs)
    ]


def _read_reply(text: str, moment: datetime | None) -> Reply:
    if text == "-":
        body = sys.stdin.buffer.read()
        return Reply("standard input", moment or utc_now(), "", body)
    path = Path(text)
    try:
        moment = moment or datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return Reply(storable(path.name), moment, "", path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"The saved reply {path} cannot be read: {error.strerror}.",
            hint="Give the path of a file, or - for standard input.",
        ) from error
