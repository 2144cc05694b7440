"""`reporter check`: tries everything a run needs, a line each."""

from __future__ import annotations

import click

from reporter.cli.options import Console, common_options


@click.command()
@common_options
@click.pass_context
def check(context: click.Context) -> None:
    """Test everything a run needs, and say how to fix what is wrong.

    Tests configuration, credentials, permissions, store, folders, fonts, mail server, recipients
    and signing certificate.
    """
    from reporter.check import findings

    console = context.ensure_object(Console)
    failed = False
    for finding in findings(console.settings()):
        console.result(finding.line())
        for line in finding.more:
            console.result(f"  {line}")
        failed |= finding.good is False
    context.exit(1 if failed else 0)
