"""What became of one customer: a fault in one customer's data must not cost the others theirs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from reporter.errors import ReporterError
from reporter.model import Customer, Standing
from reporter.showing import excerpt

logger = logging.getLogger(__name__)

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class CustomerOutcome:
    """What became of one customer: files written, or the error that stopped it."""

    customer: Customer
    files: tuple[Path, ...] = ()
    standing: Standing | None = None
    """What the portfolio shows of a report that was made."""
    unchanged: bool = False
    """Whether the files were there already, and nothing they rest on has changed."""
    too_early: bool = False
    """Whether nothing was made because the period is not final yet."""
    error: ReporterError | None = None


def outcome_of(customer: Customer, make: Callable[[], CustomerOutcome]) -> CustomerOutcome:
    """What `make` comes to for a customer: a fault in one customer's data must not cost the others
    theirs.
    """
    made = attempted(make)
    return CustomerOutcome(customer, error=made) if isinstance(made, ReporterError) else made


def attempted(make: Callable[[], Made]) -> Made | ReporterError:
    """What `make` comes to, or what went wrong: also what nobody has thought of, which is reported
    as what it is.
    """
    try:
        return make()
    except ReporterError as error:
        return error
    except Exception as error:
        logger.debug("Unexpected error", exc_info=True)
        return ReporterError(
            f"Unexpected {type(error).__name__}: {excerpt(str(error))}.",
            hint="This is a fault of the program. Run again with -vv and report what it says.",
        )
