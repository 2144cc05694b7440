"""Telling how a run over customers goes, and how it went."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from reporter.cli.options import Console

if TYPE_CHECKING:
    from reporter.run.outcome import CustomerOutcome


def follow(
    console: Console, outcomes: Iterable[CustomerOutcome], total: int, verb: str
) -> list[CustomerOutcome]:
    """All outcomes, each told as it comes; on a terminal with a bar instead of lines."""
    done: list[CustomerOutcome] = []
    if sys.stderr.isatty() and not console.quiet:
        _show_bar(outcomes, done, total, verb)
    else:
        for outcome in outcomes:
            done.append(outcome)
            if outcome.error is None and not outcome.too_early:
                done_so = "Unchanged" if outcome.unchanged else verb
                console.say(f"{done_so} {outcome.customer.name} ({len(done)}/{total})")
    if early := [outcome.customer.name for outcome in done if outcome.too_early]:
        console.once(
            "Not final yet, as the service has not been asked since the period ended: "
            f"{', '.join(early)}."
        )
    for outcome in done:
        if outcome.error is not None:
            error = outcome.error
            console.warn(f"Failed: {outcome.customer.name}: {error}", error.hint)
    return done


def _show_bar(
    outcomes: Iterable[CustomerOutcome], done: list[CustomerOutcome], total: int, verb: str
) -> None:
    """Fill `done` with the outcomes under a bar: how many of all, time left, customers a minute."""
    began = time.monotonic()

    def rate(_: object) -> str | None:
        minutes = (time.monotonic() - began) / 60
        return f"{len(done) / minutes:.0f} customers/min" if done else None

    with click.progressbar(
        outcomes, total, verb, show_pos=True, item_show_func=rate, file=sys.stderr
    ) as bar:
        for outcome in bar:
            done.append(outcome)  # noqa: PERF402  the rate is asked for meanwhile


def finish(console: Console, outcomes: Iterable[CustomerOutcome]) -> int:
    """Print the files written; the exit status: 0, or 1 where a customer failed."""
    failed = 0
    for outcome in outcomes:
        failed += outcome.error is not None
        for path in outcome.files:
            console.result(path)
    return 1 if failed else 0
