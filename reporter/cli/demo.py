"""`reporter demo`: the main job end to end, against the emulator."""

from __future__ import annotations

from pathlib import Path

import click

from reporter.cli.options import Console, common_options, open_store
from reporter.cli.progress import follow
from reporter.errors import OutputError
from reporter.evidence import ARCHIVED


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="Folder to write to.",
)
@click.option("--workers", type=click.IntRange(1, 256), default=2, show_default=True)
@common_options
@click.pass_obj
def demo(console: Console, *, out: Path, workers: int) -> None:
    """Fetch a month from an emulator of the API and render its customers; needs no account.

    Everything except the service is real: token, paging, retries, store, reports.
    """
    from reporter import demo as scene
    from reporter.files import folder_names
    from reporter.render.typesetting import typesetter
    from reporter.run.assignment import Rendering, all_customers
    from reporter.run.outcome import CustomerOutcome
    from reporter.run.rendering import render_customers, write_portfolio

    typesetter()  # without it there would be nothing to show
    console.say("Starting an emulator of the API on this machine …")
    settings = scene.settings(out)
    _remove(out / "demo.db")
    scene.write_notes(out)
    store = open_store(settings, new=True)
    times = scene.looks()
    console.say(
        f"Fetching from it {len(times)} times, {times[0]:%Y-%m-%d} to {times[-1]:%Y-%m-%d} …"
    )
    refused = scene.fetch_month(store, times)
    customers = all_customers(settings, store)
    names = folder_names(customers)
    readable = {
        customer: names[customer.id] for customer in customers if customer.id not in refused
    }
    rendering = Rendering(settings, scene.NOW, out, ARCHIVED, scene.PERIOD)
    outcomes = follow(
        console, render_customers(rendering, readable, workers), len(readable), "Rendered"
    )
    for outcome in sorted(outcomes, key=lambda customer: customer.customer.name):
        for path in outcome.files:
            console.result(path)
    unread = [
        CustomerOutcome(customer, error=refused[customer.id])
        for customer in customers
        if customer.id in refused
    ]
    for path in write_portfolio(rendering, [*outcomes, *unread]):
        console.result(path)
    for error in refused.values():
        console.say(f"As intended in the demo, one customer is refused: {error}")
    console.say(f"Open {out / scene.PERIOD / 'index.html'}: it links to each customer's report.")
    if any(outcome.error for outcome in outcomes):
        raise click.exceptions.Exit(1)


def _remove(database: Path) -> None:
    """Begin with an empty store: the demo tells the same story each time."""
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        for suffix in ("", "-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"{database.parent} cannot be written: {error.strerror}.",
            hint="Choose another folder with --out.",
        ) from error
