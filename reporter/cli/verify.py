"""`reporter verify`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from reporter.cli.options import Console, common_options, utc_now

if TYPE_CHECKING:
    from reporter.evidence.verify import Verdict

_UNCHECKED: Final = "NOT CHECKED: something could not be checked; nothing was found wrong."


@click.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True), required=False)
@click.option(
    "--chain",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of the chain, if not beside the bag; without PATH, only the chain is checked.",
)
@click.option("--known-root", metavar="HASH", help="A root that you noted earlier.")
@click.option(
    "--trust",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="CERT.pem",
    help="The certificate that must have signed, or the certificate authority that issued it.",
)
@click.option(
    "--run-templates",
    is_flag=True,
    help="Run the provider's own templates in a bag, if its signer is trusted (--trust).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as JSON.")
@common_options
@click.pass_context
def verify(
    context: click.Context,
    *,
    path: Path | None,
    chain: Path | None,
    known_root: str | None,
    trust: Path | None,
    run_templates: bool,
    as_json: bool,
) -> None:
    """Check a bag, or a customer's folder with all its bags: that nothing was changed, added or
    removed, who signed it and when, and that every figure follows from the raw replies.

    Nothing in a bag is run or loaded from elsewhere, and each bag is checked in a process with
    limits on time and memory. Exit status: 0 valid, 1 not valid, 2 something could not be checked.
    """
    from reporter.audit.verifying import Terms
    from reporter.audit.verifying import verify as verdicts_on
    from reporter.evidence.seals import load_trusted

    console = context.ensure_object(Console)
    trusted = load_trusted(trust) if trust else ()
    terms = Terms.of(utc_now(), trusted, run_templates=run_templates)
    verdicts = []
    for verdict in verdicts_on(terms, path, chain, known_root):
        verdicts.append(verdict)
        if not as_json:
            console.result(verdict.path)
            for finding in verdict.findings:
                console.result(f"  {finding.line()}")
    valid = bool(verdicts) and all(verdict.valid for verdict in verdicts)
    # Once something has failed, it does not matter what could not be tried.
    checked = valid or any(verdict.checked and not verdict.valid for verdict in verdicts)
    if as_json:
        dicts = [verdict.as_dict() for verdict in verdicts]
        console.data({"valid": valid, "checked": checked, "verdicts": dicts})
    else:
        console.result(_summary(verdicts) if valid else "NOT VALID." if checked else _UNCHECKED)
    context.exit(0 if valid else 1 if checked else 2)


def _summary(verdicts: Sequence[Verdict]) -> str:
    """The last line where all holds: what was not there to be checked, or not compared, is part of
    it.
    """
    findings = (finding for verdict in verdicts for finding in verdict.findings)
    absent = dict.fromkeys(finding.what for finding in findings if finding.good is None)
    without = f"; without {', '.join(absent)}" if absent else ""
    return f"VALID: all checks hold{without}."
