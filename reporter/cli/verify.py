"""`reporter verify`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reporter.cli.options import Console, common_options

if TYPE_CHECKING:
    from reporter.evidence.verify import Verdict


@click.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True), required=False)
@click.option(
    "--chain",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of the chain, where it is not beside the bag; without PATH it alone is checked.",
)
@click.option("--known-root", metavar="HASH", help="A root that you noted earlier.")
@click.option(
    "--trust",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="CERT.pem",
    help="The certificate that must have signed, or the authority that issued it.",
)
@click.option("--json", "as_json", is_flag=True, help="The verdicts as JSON.")
@common_options
@click.pass_context
def verify(
    context: click.Context,
    *,
    path: Path | None,
    chain: Path | None,
    known_root: str | None,
    trust: Path | None,
    as_json: bool,
) -> None:
    """Check a bag, or a customer's folder with all its bags: that nothing was changed, added or
    taken away, who signed it and when, and that every figure follows from the raw replies.
    """
    from reporter.evidence.seals import load_trusted
    from reporter.recomputing import verify as verdicts_on

    console = context.ensure_object(Console)
    trusted = load_trusted(trust) if trust else ()
    verdicts = []
    for verdict in verdicts_on(path, chain, known_root, trusted):
        verdicts.append(verdict)
        if not as_json:
            console.result(verdict.path)
            for finding in verdict.findings:
                console.result(f"  {finding.line()}")
    valid = bool(verdicts) and all(own.valid for own in verdicts)
    if as_json:
        said = {"valid": valid, "verdicts": [own.as_dict() for own in verdicts]}
        console.data(said)
    else:
        console.result(_summary(verdicts) if valid else "NOT VALID.")
    context.exit(0 if valid else 1)


def _summary(verdicts: Sequence[Verdict]) -> str:
    """The last line where all holds: what could not be checked is part of it."""
    findings = (own for verdict in verdicts for own in verdict.findings)
    absent = dict.fromkeys(own.what for own in findings if own.good is None)
    without = f"; without {', '.join(absent)}" if absent else ""
    return f"VALID: all checks hold{without}."
