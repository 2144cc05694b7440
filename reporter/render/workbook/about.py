"""The About sheet: whose report it is, how it counts, and what it rests on."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from reporter import __version__
from reporter.model import Source
from reporter.render.sentences import COMPLETED, certainty_text, marking_text
from reporter.render.text import marked
from reporter.render.workbook.book import Book
from reporter.render.workbook.cells import Value
from reporter.render.workbook.sheet import Layout, Sheet
from reporter.render.workbook.styles import (
    COUNT,
    MOMENT,
    TITLE,
    WRAPPED,
    Style,
)
from reporter.render.workbook.tables import (
    LINE_HEIGHT,
    Column,
    lines_of,
    write_heading,
    write_note,
    write_table,
)
from reporter.render.workbook.titles import ABOUT

_WIDTHS: Final = (30, 70, 72, 12)
_MOMENT: Final = replace(MOMENT, align="left")
_NUMBER: Final = replace(COUNT, align="left")
_TAB: Final = "667085"

DEFINITIONS: Final = (
    (
        marked("Job, scope, module"),
        marked(
            "A row of the service's list that has a job id is a job; one without tells how a "
            "scope stands. A scope is what is backed up on a schedule of its own: a module, or "
            "each named part of it. A look is one complete reading of the list, which holds the "
            "newest job of each scope and no older one: a period is what all looks at it have "
            "shown."
        ),
    ),
    (
        marked("Period"),
        marked(
            "A job belongs to the period in which it started, in the report's time zone. One "
            "without a readable start is dated by its end, else by its first known modification; "
            "one without any of them is undated and enters no figure. The sheet Jobs says by "
            "what a job is dated."
        ),
    ),
    (
        marked("Other jobs, left out"),
        marked(
            "Scans, Archiver and Retention jobs are no backups. Scopes that the provider leaves "
            "out stand with their reason below the scopes. Neither enters a figure; both are "
            "marked in the sheet Jobs."
        ),
    ),
    (
        marked("Completed"),
        COMPLETED,
    ),
    (
        marked("Success rate"),
        marked(
            "Successful jobs divided by completed jobs. Without a completed job there is no rate: "
            "the cell is empty. 100.0 % stands only where every job succeeded."
        ),
    ),
    (
        marked("Lenient success rate"),
        marked("Successful jobs and warnings divided by completed jobs."),
    ),
    (
        marked("Object success rate"),
        marked(
            "Objects backed up divided by objects less skipped ones, over completed jobs that "
            "give all three counts. Counts that make more than 100 % make no rate."
        ),
    ),
    (
        marked("Volume"),
        marked(
            "Sum of the sizes the service reports, which it has rounded already. A module whose "
            "jobs processed objects and all say 0 or nothing gives none: its volume is not given, "
            "and the cell is empty. A group's is that of its modules that give one."
        ),
    ),
    (
        marked("Stored"),
        marked(
            "What the service's overview says is stored, in AvePoint's and the customer's own "
            "storage together, and its change since the last overview before the period. It is "
            "given for whole modules, with the scopes of them that are left out."
        ),
    ),
    (
        marked("Objects, causes"),
        marked(
            "Objects are what the details of failed jobs list, such as mailboxes and sites. If one "
            "failed on three or more days of the period, and is not known to have been backed up "
            "since, its module needs attention. A cause is the service's comment, without what "
            "differs from object to object."
        ),
    ),
    (
        marked("Users without protection"),
        marked(
            "Users that the service lists as not protected in a module, by the last list before "
            "the period's end, and by the last before the period."
        ),
    ),
    (
        marked("Duration"),
        marked(
            "As the service reports it, else end less start; mean and median over completed jobs."
        ),
    ),
    (
        marked("Recovery point"),
        marked(
            "The end of a job that left something to restore from: a success, or a warning unless "
            "warnings count as failures."
        ),
    ),
    (
        marked("Longest gap"),
        marked(
            "The longest time without a recovery point, from the last one before the period (else "
            "the first job known) to the period's end or the last look. It has two figures, at "
            "least and at most, which are equal where nothing can have run unseen."
        ),
    ),
    (
        marked("Failures in a row"),
        marked(
            "Failed and cancelled jobs at the end of the period with no recovery point after them."
        ),
    ),
    (
        marked("Last success, last recovery point, gap, failures of a group"),
        marked(
            "Those of its worst scope, leaving out those with nothing to back up, switched off or "
            "no longer listed. Rates of a group come from its sums, never from other rates."
        ),
    ),
    (
        marked("Targets"),
        marked(
            "A success or object target is met where the rate reaches it. A recovery-point target "
            "is missed where even the least that the longest gap can be is too long. It is met "
            "where the most that it can be is not, and the period was watched to its end. Empty: "
            "there is no rate or no target, or it cannot be judged."
        ),
    ),
    (
        marked("State"),
        marked(
            "Critical: no recovery point in the period though jobs ran or the target is missed, "
            "three failures in a row, or it could not run. Attention: a target missed, the last "
            "job failed or could not run, switched off in the period, no longer listed, or a "
            "subscription expired or exceeded. Never run: no job is known. No data: no job "
            "completed in the period. A module's state is its worst scope's, a customer's its "
            "worst module's. Nothing to back up (the service went through the scope and found "
            "nothing), and switched off earlier, are no fault."
        ),
    ),
    (
        marked("Observed day, silence"),
        marked(
            "A day on which the service's list was read completely. A day without jobs is "
            '"no run" where it was watched, "to come" where the period still runs, and else '
            '"not observed".'
        ),
    ),
    (
        marked("Cure"),
        marked(
            "The first job of the same scope that ended later and succeeded; after a failure, a "
            "warning cures as well. An exception without one is open."
        ),
    ),
    (
        marked("Times"),
        marked(
            "Local times of the report's zone. Where the clocks are set back, one hour stands "
            "twice."
        ),
    ),
)


def add_about(book: Book) -> None:
    """What an auditor asks before reading a figure."""
    say = book.words.say
    sheet = book.sheet(ABOUT, Layout(_WIDTHS, _TAB))
    sheet.row([sheet.cell(say("About this report"), TITLE)], height=28)
    sheet.row()
    named = {say("From (included)"): "period_start", say("To (not included)"): "period_end"}
    for label, value, style in _facts(book):
        row = _fact(sheet, label, value, style)
        if name := named.get(label):
            book.define(name, book.place(ABOUT, f"$B${row}"))
    write_heading(sheet, say("How this report counts"))
    for number, text in enumerate(book.policy):
        _fact(sheet, "" if number else say("Policy"), text)
    _fact(sheet, say("Certainty of gaps"), certainty_text(book.report.policy, book.words))
    _fact(sheet, say("Marks on page one"), marking_text(book.report.policy, book.words))
    write_heading(sheet, say("How these figures are computed"))
    for term, definition in DEFINITIONS:
        _fact(sheet, say(term), say(definition))
    write_heading(sheet, say("Sources: the service's replies this report rests on"))
    columns = _source_columns(book)
    if not write_table(book, sheet, "Sources", columns, book.report.sources):
        write_note(sheet, say("No stored reply is known."))
    sheet.row()
    write_note(sheet, say("Generated by {product}", product=f"backup-reporter {__version__}"))


def _facts(book: Book) -> list[tuple[str, Value, Style]]:
    report, words = book.report, book.words
    say, coverage = words.say, report.coverage
    days = words.count(
        "{observed} of {number} day",
        "{observed} of {number} days",
        coverage.days,
        observed=words.number(coverage.snapshot_days),
    )
    facts: list[tuple[str, Value, Style]] = [
        (say("Customer"), report.customer.name, WRAPPED),
        (say("Customer ID"), report.customer.id, WRAPPED),
        (say("Period"), f"{words.period(report.period)} ({report.period.label})", WRAPPED),
        (say("From (included)"), report.period.start, _MOMENT),
        (say("To (not included)"), report.period.end, _MOMENT),
        (say("Time zone"), report.period.timezone, WRAPPED),
        (say("As of (last fetch)"), report.as_of, _MOMENT),
        *((f"{look.customer_id}", look.as_of, _MOMENT) for look in report.last_looks),
        (say("Observed"), days, WRAPPED),
    ]
    if report.version:
        facts.append((say("Version"), report.version, _NUMBER))
    if coverage.missing_days:
        facts.append((say("Days not observed"), words.days(coverage.missing_days), WRAPPED))
    brand = book.look.brand
    facts += [
        (label, text, WRAPPED)
        for label, text in (
            (say("Prepared by"), brand.name),
            (say("Contact"), brand.contact),
        )
        if text
    ]
    return facts


def _fact(sheet: Sheet, label: str, value: Value, style: Style = WRAPPED) -> int:
    """A term and its explanation, which spans two columns; its row."""
    lines = lines_of(label, _WIDTHS[0])
    if isinstance(value, str):
        lines = max(lines, lines_of(value, _WIDTHS[1] + _WIDTHS[2]))
    term = replace(WRAPPED, bold=True)
    cells = [sheet.cell(label, term), sheet.cell(value, style), sheet.cell(None, style)]
    row = sheet.row(cells, height=LINE_HEIGHT * lines)
    sheet.merge("B", "C")
    return row


def _source_columns(book: Book) -> list[Column[Source]]:
    say = book.words.say
    fetched = say("Fetched ({timezone})", timezone=book.report.period.timezone)
    return [
        Column(fetched, 0, lambda source: source.fetched_at, _MOMENT),
        Column(say("Address"), 0, lambda source: source.url, WRAPPED),
        Column(say("SHA-256"), 0, lambda source: source.sha256),
        Column(say("Rows"), 0, lambda source: source.rows, COUNT),
    ]
