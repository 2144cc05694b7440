"""The portfolio as an Excel workbook: all customers, changes, and customers without data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar, cast

from reporter.model import Customer, Look, Policy, Portfolio, Product, Report, Standing, State
from reporter.period import Period
from reporter.render.portfolio.sentences import (
    changed,
    changes_title,
    ending_title,
    portfolio_headline,
    portfolio_notes,
    standing_marks,
    state_name,
    unknown_title,
    unsubscribed,
    why,
)
from reporter.render.protection import remaining
from reporter.render.text import UNDEFINED, Words
from reporter.render.workbook.book import Book
from reporter.render.workbook.figures import gigabytes
from reporter.render.workbook.sheet import Layout, Sheet
from reporter.render.workbook.styles import (
    CENTERED,
    COUNT,
    DAY,
    MOMENT,
    NOTE,
    POINTS,
    RATE,
    SIZE,
    TEXT,
    TITLE,
    WRAPPED,
    Style,
    rate_style,
    state_style,
)
from reporter.render.workbook.tables import Column, fitting, widths_of, write_note, write_table

T = TypeVar("T")

_HEADER_ROW: Final = 4
_FIRST_SCROLLING: Final = "B5"
_Change = tuple[str, Standing]
_Ending = tuple[Standing, Product]


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a `Book` reads of a report, given for all customers together."""

    customer: Customer
    period: Period
    policy: Policy
    as_of: datetime


def write_portfolio_xlsx(portfolio: Portfolio, look: Look, path: Path) -> None:
    """The portfolio as an Excel workbook. The same portfolio and look give the same bytes.

    Raises:
        OSError: `path` cannot be written; what is left there is not a workbook.
    """
    words = Words.about(portfolio.period, look.locale, portfolio.policy.units)
    subject = _Subject(
        Customer("", words.say("All customers")),
        portfolio.period,
        portfolio.policy,
        portfolio.as_of or portfolio.period.start,
    )
    with Book(cast(Report, subject), look, path) as book:
        _add_portfolio(book, portfolio)
        _add_subscriptions(book, portfolio)
        _add_changes(book, portfolio)
        _add_unknown(book, portfolio)
        book.save()


def _add_portfolio(book: Book, portfolio: Portfolio) -> None:
    columns = _columns(book, portfolio)
    title = portfolio_headline(portfolio, book.words)
    sheet = _begin(book, portfolio, book.words.say("Portfolio"), title, columns)
    none = book.words.say("Nothing is known of any customer's backups")
    _fill(book, sheet, "Portfolio", columns, portfolio.standings, none)
    notes = portfolio_notes(portfolio, book.words)
    if notes:
        sheet.row()
    for note in notes:
        write_note(sheet, note)


def _add_subscriptions(book: Book, portfolio: Portfolio) -> None:
    """The products to renew, across all customers."""
    words = book.words
    columns = _ending_columns(book, portfolio)
    sheet = _begin(
        book, portfolio, words.say("Subscriptions"), ending_title(portfolio, words), columns
    )
    note = unsubscribed(portfolio, words)
    none = note or words.say("No product expires within 60 days")
    _fill(book, sheet, "Subscriptions", columns, portfolio.ending, none)
    if portfolio.ending and note:
        write_note(sheet, note)


def _add_changes(book: Book, portfolio: Portfolio) -> None:
    words, changes = book.words, portfolio.changes
    columns = _change_columns(book, portfolio)
    title = changes_title(changes, words) if changes else words.say("Changes")
    sheet = _begin(book, portfolio, words.say("Changes"), title, columns)
    records = changed(changes, words) if changes else []
    none = (
        words.say("No customer's state changed")
        if changes
        else words.say("There is no earlier data to compare with.")
    )
    _fill(book, sheet, "Changes", columns, records, none)


def _add_unknown(book: Book, portfolio: Portfolio) -> None:
    words = book.words
    columns: list[Column[Standing]] = [
        Column(
            words.say("Customer"),
            _name_width(portfolio),
            lambda standing: standing.customer.name,
            WRAPPED,
        ),
        Column(words.say("Why"), 80, lambda standing: why(standing, words), WRAPPED),
        Column(words.say("Customer id"), 38, lambda standing: standing.customer.id, TEXT),
    ]
    title = unknown_title(portfolio, words)
    sheet = _begin(book, portfolio, words.say("No data"), title, columns)
    none = words.say("Something is known of every customer.")
    _fill(book, sheet, "NoData", columns, portfolio.unknown, none)


def _begin(
    book: Book, portfolio: Portfolio, name: str, title: str, columns: Sequence[Column[T]]
) -> Sheet:
    """A sheet with its message and its period above the table."""
    words = book.words
    layout = Layout(widths_of(columns), book.tab_color, _FIRST_SCROLLING, _HEADER_ROW)
    sheet = book.sheet(name, layout)
    sheet.row([sheet.cell(title, TITLE)], height=28)
    as_of = words.moment(portfolio.as_of) if portfolio.as_of else UNDEFINED
    period = words.period(portfolio.period)
    text = words.say("{period} · data as of {moment}", period=period, moment=as_of)
    sheet.row([sheet.cell(text, NOTE)])
    sheet.row()
    return sheet


def _fill(
    book: Book,
    sheet: Sheet,
    name: str,
    columns: Sequence[Column[T]],
    records: Iterable[T],
    none: str,
) -> None:
    if not write_table(book, sheet, name, columns, records):
        write_note(sheet, none)


def _columns(book: Book, portfolio: Portfolio) -> list[Column[Standing]]:
    words = book.words
    policy = portfolio.policy

    return [
        Column(
            words.say("Customer"),
            _name_width(portfolio),
            lambda standing: standing.customer.name,
            WRAPPED,
        ),
        Column(
            words.say("State"),
            19,
            lambda standing: state_name(standing.state, words),
            lambda standing: _state_style(standing.state),
        ),
        Column(words.say("Before"), 18, lambda standing: _before(standing, words)),
        Column(
            words.say("Success rate"),
            11,
            lambda standing: standing.success_rate,
            lambda standing: rate_style(standing.success_rate),
        ),
        Column(words.say("Target"), 9, lambda standing: standing.target, RATE),
        Column(words.say("Change"), 10, _rate_change, POINTS),
        Column(words.say("Jobs"), 9, lambda standing: standing.jobs, COUNT),
        Column(words.say("Completed"), 12, lambda standing: standing.completed, COUNT),
        Column(words.say("Failures"), 9, lambda standing: standing.failed, COUNT),
        Column(words.say("Open exceptions"), 12, lambda standing: standing.open_exceptions, COUNT),
        Column(
            words.say("Volume (GB)"), 12, lambda standing: gigabytes(standing.bytes, policy), SIZE
        ),
        Column(
            words.say("Volume is given"), 12, lambda standing: _given(standing, words), CENTERED
        ),
        Column(
            words.say("Volume before (GB)"),
            12,
            lambda standing: gigabytes(standing.previous_bytes, policy),
            SIZE,
        ),
        Column(
            words.say("Stored (GB)"),
            12,
            lambda standing: gigabytes(standing.stored_bytes, policy),
            SIZE,
        ),
        Column(
            words.say("Change of stored (GB)"),
            12,
            lambda standing: gigabytes(standing.stored_change_bytes, policy),
            SIZE,
        ),
        Column(words.say("Modules covered"), 10, lambda standing: standing.modules_covered, COUNT),
        Column(words.say("Modules seen"), 10, lambda standing: standing.modules_seen, COUNT),
        Column(words.say("Days observed"), 10, lambda standing: standing.snapshot_days, COUNT),
        Column(words.say("Days"), 8, lambda standing: standing.days, COUNT),
        Column(
            words.say("Marks"),
            24,
            lambda standing: ", ".join(standing_marks(standing, words)),
            WRAPPED,
        ),
        Column(words.say("Scopes not judged"), 12, lambda standing: standing.not_judged, COUNT),
        Column(words.say("Last success"), 20, lambda standing: standing.last_success_at, MOMENT),
        Column(words.say("Most pressing"), 60, lambda standing: why(standing, words), WRAPPED),
        Column(words.say("Customer id"), 38, lambda standing: standing.customer.id, TEXT),
    ]


def _ending_columns(book: Book, portfolio: Portfolio) -> list[Column[_Ending]]:
    words = book.words
    return [
        Column(
            words.say("Customer"),
            _name_width(portfolio),
            lambda ending: ending[0].customer.name,
            WRAPPED,
        ),
        Column(words.say("Product"), 40, lambda ending: ending[1].service, WRAPPED),
        Column(words.say("Expires"), 13, lambda ending: ending[1].expires_on, DAY),
        Column(words.say("Days left"), 10, lambda ending: ending[1].days_left, COUNT),
        Column(words.say("Remark"), 18, lambda ending: remaining(ending[1], words)),
        Column(words.say("Customer id"), 38, lambda ending: ending[0].customer.id, TEXT),
    ]


def _change_columns(book: Book, portfolio: Portfolio) -> list[Column[_Change]]:
    words = book.words
    return [
        Column(
            words.say("Customer"),
            _name_width(portfolio),
            lambda change: change[1].customer.name,
            WRAPPED,
        ),
        Column(words.say("What happened"), 18, lambda change: change[0]),
        Column(words.say("Before"), 18, lambda change: _before(change[1], words)),
        Column(
            words.say("State"),
            19,
            lambda change: state_name(change[1].state, words),
            lambda change: _state_style(change[1].state),
        ),
        Column(
            words.say("Rate before"),
            11,
            lambda change: change[1].previous_rate,
            lambda change: rate_style(change[1].previous_rate),
        ),
        Column(
            words.say("Success rate"),
            11,
            lambda change: change[1].success_rate,
            lambda change: rate_style(change[1].success_rate),
        ),
        Column(words.say("Most pressing"), 60, lambda change: why(change[1], words), WRAPPED),
        Column(words.say("Customer id"), 38, lambda change: change[1].customer.id, TEXT),
    ]


def _before(standing: Standing, words: Words) -> str:
    return words.state(standing.previous_state) if standing.previous_state else UNDEFINED


def _state_style(state: State | None) -> Style:
    return state_style(state or State.NO_DATA)


def _rate_change(standing: Standing) -> float | None:
    """In percentage points, where both periods were watched closely enough."""
    if not standing.comparable:
        return None
    if standing.success_rate is None or standing.previous_rate is None:
        return None
    return (standing.success_rate - standing.previous_rate) * 100


def _given(standing: Standing, words: Words) -> str | None:
    return words.say("not given") if standing.bytes is None else None


def _name_width(portfolio: Portfolio) -> float:
    everybody = (*portfolio.standings, *portfolio.unknown)
    return fitting((standing.customer.name for standing in everybody), 20, 44)
