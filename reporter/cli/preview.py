"""`reporter preview`."""

from __future__ import annotations

from pathlib import Path

import click

from reporter.cli.options import Console, common_options, open_store, utc_now


@click.command()
@click.argument("customer", metavar="ID-OR-NAME")
@click.option("--period", help="As for `reporter render`.")
@click.option("--timezone", help="IANA name; overrides the configuration.")
@click.option("--locale", help="Such as de or en_GB; overrides the configuration.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="0 picks a free port.",
)
@common_options
@click.pass_obj
def preview(
    console: Console,
    *,
    customer: str,
    period: str | None,
    timezone: str | None,
    locale: str | None,
    port: int,
) -> None:
    """Show a customer's report in the browser, and refresh it whenever one of its files is saved.

    The browser shows errors in templates, configuration, comment or logo, and the report again
    once they are fixed. Only this machine can reach it.
    """
    from reporter.config.settings import Settings
    from reporter.files import folder_names
    from reporter.model import Look, Report
    from reporter.preview import Preview
    from reporter.run.assignment import Rendering, all_customers, assignment_of
    from reporter.run.choosing import choose
    from reporter.run.reporting import report_of

    store = open_store(console.settings())

    def build() -> tuple[Settings, Report, Look]:
        settings = console.settings()
        known = all_customers(settings, store)
        (chosen,) = choose(known, (customer,))
        rendering = Rendering(settings, utc_now(), Path(), (), period, timezone, locale)
        assignment = assignment_of(rendering, chosen, folder_names(known)[chosen.id])
        return settings, report_of(store, assignment), assignment.look

    with Preview(build, port) as running:
        console.result(running.address)
        console.say("Press Ctrl-C to stop.")
        try:
            running.serve()
        except KeyboardInterrupt:
            console.say("")
