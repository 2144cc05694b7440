"""The pack's workbook: read me and sign-off, completeness, scopes, population, sample, failures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

from reporter.model import Look, Outcome
from reporter.render.pack.values import (
    KEY,
    NUMBER,
    Check,
    FetchAttempt,
    Pack,
    Sampled,
    ScopeShown,
    SourceRow,
)
from reporter.render.workbook.book import Book
from reporter.render.workbook.findings import exception_columns, quality_columns
from reporter.render.workbook.jobs import (
    JobColumn,
    count_cells,
    job_columns,
    text_cells,
    write_jobs,
)
from reporter.render.workbook.scopes import LISTED_AS
from reporter.render.workbook.sheet import Layout, Sheet
from reporter.render.workbook.styles import (
    CENTERED,
    COUNT,
    HEADING,
    MOMENT,
    OUTCOME_COLORS,
    SPAN,
    TEXT,
    TITLE,
    WRAPPED,
    Style,
    badge,
    outcome_style,
)
from reporter.render.workbook.tables import (
    LINE_HEIGHT,
    Column,
    lines_of,
    widths_of,
    write_empty,
    write_note,
    write_table,
)

# Not in the catalogues of translations: a pack is in English.
_READ_ME: Final = "Read me & sign-off"
_COMPLETENESS: Final = "Completeness"
_SCOPES: Final = "Scopes"
_POPULATION: Final = "Population"
_SAMPLE: Final = "Sample"
_FAILURES: Final = "Failures"

T = TypeVar("T")

_PAGE: Final = (34, 48, 22, 30)
_TABLES: Final = (30, 18, 70, 44, 12, 12, 12, 44)
_LINE: Final = 30
"""The height of a line to write on by hand."""
_ABOUT: Final = (
    "This workbook is what is tested of a report before its figures are relied on: whether it is "
    "complete and accurate (sheet Completeness), what is backed up and how the service lists it "
    "(Scopes), all jobs of the period (Population), a sample with the rows of the service's "
    "replies behind it (Sample), and what failed with what made up for it (Failures). It was made "
    "from the archived bag named below and from nothing else.",
    "It rests on what the backup service answered, which lists the newest job of each scope alone: "
    "a job that was followed by another between two replies is in none of them. It does not show "
    "that data can be restored, how long it is kept, that it is encrypted, or that nobody can "
    "delete it.",
)
_SIGN_OFF: Final = (
    ("Prepared by (name, function)", "Date"),
    ("Signature", ""),
    ("Reviewed by (name, function)", "Date"),
    ("Signature", ""),
)
_CONCLUSIONS: Final = (
    "☐  Complete and accurate; no exception",
    "☐  Complete and accurate but for the exceptions noted",
    "☐  Not to be relied on",
)


def write_pack(pack: Pack, look: Look, path: Path) -> None:
    """The pack as an Excel workbook. The same pack and look give the same bytes.

    Raises:
        OSError: `path` cannot be written; what is left there is not a workbook.
    """
    with Book(pack.report, replace(look, locale="en"), path) as book:
        _add_read_me(book, pack)
        _add_completeness(book, pack)
        _add_scopes(book, pack)
        write_jobs(book, _POPULATION, _POPULATION, _population_columns(book), {})
        _add_sample(book, pack)
        _add_failures(book, pack)
        book.save()


def _add_read_me(book: Book, pack: Pack) -> None:
    report = pack.report
    sheet = book.sheet(_READ_ME, Layout(_PAGE, book.tab_color, one_page=True))
    sheet.row([sheet.cell(f"Auditor's pack: {pack.customer.name}", TITLE)], height=28)
    for text in _ABOUT:
        _paragraph(sheet, text)
    sheet.row()
    _fact(sheet, "Customer", f"{pack.customer.name} ({pack.customer.id})")
    _fact(sheet, "Period", f"{report.period.label}, {report.period.timezone}")
    _fact(sheet, "Report", f"version {report.version}, bag {pack.bag}")
    _fact(
        sheet, "Tests that failed", _named(check for check in pack.checks if check.holds is False)
    )
    _heading(sheet, "How the sample was drawn")
    for text in pack.method:
        _paragraph(sheet, text)
    _heading(sheet, "Sign-off")
    blank = replace(WRAPPED, bold=True)
    for left, right in _SIGN_OFF:
        cells = [sheet.cell(left, blank), sheet.cell(None, TEXT)]
        cells += [sheet.cell(right, blank), sheet.cell(None, TEXT)]
        sheet.row(cells, height=_LINE)
    for number, text in enumerate(_CONCLUSIONS):
        cells = [sheet.cell("" if number else "Conclusion", blank), sheet.cell(text, TEXT)]
        sheet.row([*cells, sheet.cell(None, TEXT), sheet.cell(None, TEXT)], height=20)
        sheet.merge("B", "D")
    cells = [sheet.cell("Exceptions, remarks", blank), *(sheet.cell(None, TEXT) for _ in range(3))]
    sheet.row(cells, height=4 * _LINE)
    sheet.merge("B", "D")


def _add_completeness(book: Book, pack: Pack) -> None:
    report = pack.report
    sheet = book.sheet(_COMPLETENESS, Layout(_TABLES, book.tab_color))
    sheet.row([sheet.cell("Completeness and accuracy of the report", TITLE)], height=28)
    _heading(sheet, "What the report rests on, and how it was made")
    for label, text in pack.facts:
        _fact(sheet, label, text)
    for number, text in enumerate(book.policy):
        _fact(sheet, "" if number else "How jobs are counted", text)
    _heading(sheet, "Tests")
    write_table(book, sheet, "Tests", _check_columns(), pack.checks)
    _heading(sheet, "From the replies to the population")
    steps: list[Column[tuple[str, int]]] = [
        Column("Step", 0, lambda step: step[0], WRAPPED),
        Column("Number", 0, lambda step: step[1], COUNT),
    ]
    write_table(book, sheet, "Reconciliation", steps, pack.reconciliation)
    _heading(sheet, "Days on which the service's list was not read completely")
    missing = report.coverage.missing_days
    _paragraph(sheet, ", ".join(day.isoformat() for day in missing) or "None.")
    _heading(sheet, "Values that cannot be read, or contradict one another")
    if not write_table(book, sheet, "DataQuality", quality_columns(book.words), report.quality):
        write_note(sheet, "None.")
    _heading(sheet, "Attempts to read from the service")
    write_table(book, sheet, "Fetches", _attempt_columns(report.period.timezone), pack.looks)


def _check_columns() -> list[Column[Check]]:
    return [
        Column("Test", 0, lambda check: check.what, WRAPPED),
        Column("Outcome", 0, lambda check: _outcome(check), _check_style),
        Column("Found", 0, lambda check: check.detail, WRAPPED),
    ]


def _attempt_columns(timezone: str) -> list[Column[FetchAttempt]]:
    return [
        Column(
            f"Time ({timezone})", 0, lambda attempt: attempt.taken_at, replace(MOMENT, align="left")
        ),
        Column("Outcome", 0, _attempt_outcome, lambda attempt: _check_style(attempt.check)),
        Column("Address", 0, lambda attempt: attempt.address, WRAPPED),
        Column(
            "Of what, and what was found",
            0,
            lambda attempt: f"{attempt.kind}: {attempt.check.detail}",
            WRAPPED,
        ),
        Column("Replies", 0, lambda attempt: attempt.replies, COUNT),
        Column("Rows", 0, lambda attempt: attempt.rows, COUNT),
        Column("The service's count", 0, lambda attempt: attempt.own_count, COUNT),
        Column("Request ids", 0, lambda attempt: attempt.request_ids, WRAPPED),
    ]


def _outcome(check: Check) -> str:
    return {True: "holds", False: "FAILED", None: "cannot be tested"}[check.holds]


def _attempt_outcome(attempt: FetchAttempt) -> str:
    """Whether a list of jobs was read completely; a dash for everything else."""
    return "—" if attempt.rows is None else _outcome(attempt.check)


def _check_style(check: Check) -> Style:
    return badge(OUTCOME_COLORS[Outcome.FAILED], bold=True) if check.holds is False else CENTERED


def _add_scopes(book: Book, pack: Pack) -> None:
    """What is backed up, what of that is left out of the figures, and the rows that say so."""
    columns = _scope_columns(book)
    sheet = book.sheet(_SCOPES, Layout(widths_of(columns), book.tab_color, "D2", 1, pages_wide=3))
    if not write_table(book, sheet, _SCOPES, columns, pack.scopes):
        write_empty(sheet, "The service lists no module of this customer.")


def _scope_columns(book: Book) -> list[Column[ScopeShown]]:
    zone = book.report.period.timezone

    def listed(scope: ScopeShown) -> str:
        return book.words.say(LISTED_AS[scope.listed]) if scope.listed else ""

    return [
        Column("Service", 20, lambda scope: scope.service, WRAPPED),
        Column("Module", 24, lambda scope: scope.module, WRAPPED),
        Column("Scope", 28, lambda scope: scope.name, WRAPPED),
        Column("Listed as", 20, listed),
        Column(f"Since ({zone})", 20, lambda scope: scope.listed_since, MOMENT),
        Column("Jobs", 10, lambda scope: scope.jobs, COUNT),
        Column("Left out of the figures, because", 34, lambda scope: scope.left_out, WRAPPED),
        *_behind_columns(zone, lambda scope: scope.behind),
        *_to_fill_in(),
    ]


def _behind_columns(zone: str, behind: Callable[[T], SourceRow | None]) -> list[Column[T]]:
    """The row behind something, and where to find it."""

    def column(header: str, width: float, field: str, style: Style = TEXT) -> Column[T]:
        def value(record: T) -> Any:
            row = behind(record)
            return None if row is None else getattr(row, field)

        return Column(header, width, value, style)

    return [
        column("Row behind it, as received", 90, "raw", WRAPPED),
        column("Row no. in its reply", 10, "row", COUNT),
        column("SHA-256 of the reply", 68, "reply_sha256"),
        column(f"Received ({zone})", 20, "fetched_at", MOMENT),
        column("Request id", 38, "request_id", WRAPPED),
        column("Address", 60, "url", WRAPPED),
    ]


def _to_fill_in() -> list[Column[Any]]:
    return [
        Column("Agrees (to be filled in)", 14, lambda _: None),
        Column("Remark (to be filled in)", 40, lambda _: None, WRAPPED),
    ]


def _population_columns(book: Book) -> list[JobColumn]:
    """Every field of the jobs, numbered, and what the sample is drawn by."""
    number = JobColumn("No.", 8, "right", lambda sheet, part: count_cells(sheet, part[NUMBER]))
    key = JobColumn("Key", 68, "left", lambda sheet, part: text_cells(sheet, part[KEY]))
    return [number, *job_columns(book), key]


def _add_sample(book: Book, pack: Pack) -> None:
    columns = _sample_columns(pack.report.period.timezone)
    sheet = book.sheet(_SAMPLE, Layout(widths_of(columns), book.tab_color, "B2", 1, pages_wide=4))
    if not write_table(book, sheet, _SAMPLE, columns, pack.sample):
        write_empty(sheet, "The population has no jobs.")


def _sample_columns(timezone: str) -> list[Column[Sampled]]:
    def field(header: str, name: str, width: float, style: Style = WRAPPED) -> Column[Sampled]:
        return Column(header, width, lambda sampled: sampled.job[name], style)

    def outcome(sampled: Sampled) -> Any:
        return sampled.job["outcome"]

    counts = ("total", "failed", "successful", "skipped", "warning")
    return [
        Column("Sample no.", 8, lambda sampled: sampled.number, COUNT),
        Column("Population no.", 12, lambda sampled: sampled.place, COUNT),
        field("Service", "service", 20),
        field("Module", "module", 24),
        field("Status", "status", 20),
        field("Job ID", "job_id", 26),
        field("Scope", "name", 28),
        *(field(f"Objects {count}", f"objects_{count}", 12, COUNT) for count in counts),
        field("Size (bytes)", "bytes", 19, COUNT),
        field(f"Started ({timezone})", "started_at", 20, MOMENT),
        field(f"Ended ({timezone})", "ended_at", 20, MOMENT),
        field("Duration", "duration", 12, SPAN),
        field(f"Modified ({timezone})", "modified_at", 20, MOMENT),
        field(f"Dated ({timezone})", "dated_at", 20, MOMENT),
        field("Dated by", "dated_by", 14),
        Column("Outcome", 12, outcome, lambda sampled: outcome_style(Outcome(outcome(sampled)))),
        field("Counted as", "counted_as", 14),
        *_behind_columns(timezone, lambda sampled: sampled.behind),
        Column("Key", 68, lambda sampled: sampled.key),
        *_to_fill_in(),
    ]


def _add_failures(book: Book, pack: Pack) -> None:
    """Failed, cancelled, unknown and warning jobs, open ones first, with room for tickets."""
    columns = exception_columns(book)
    columns.append(Column("Ticket, correction (to be filled in)", 40, lambda _: None, WRAPPED))
    sheet = book.sheet(_FAILURES, Layout(widths_of(columns), book.tab_color, "C2", 1))
    if not write_table(book, sheet, _FAILURES, columns, pack.report.exceptions):
        write_empty(sheet, "No exceptions in this period.")


def _named(checks: Any) -> str:
    return ", ".join(check.what for check in checks) or "none"


def _heading(sheet: Sheet, text: str) -> None:
    sheet.row()
    sheet.row([sheet.cell(text, HEADING)], height=20)


def _paragraph(sheet: Sheet, text: str) -> None:
    """A text across the first columns."""
    plain = replace(WRAPPED, ruled=False)
    height = LINE_HEIGHT * lines_of(text, _across(sheet.widths[:4]))
    sheet.row(
        [sheet.cell(text, plain), *(sheet.cell(None, plain) for _ in range(3))], height=height
    )
    sheet.merge("A", "D")


def _fact(sheet: Sheet, label: str, text: str) -> None:
    """A term, and its explanation across the next columns."""
    lines = max(lines_of(label, sheet.widths[0]), lines_of(text, _across(sheet.widths[1:4])))
    cells = [sheet.cell(label, replace(WRAPPED, bold=True)), sheet.cell(text, WRAPPED)]
    cells += [sheet.cell(None, WRAPPED), sheet.cell(None, WRAPPED)]
    sheet.row(cells, height=LINE_HEIGHT * lines)
    sheet.merge("B", "D")


def _across(widths: Sequence[float]) -> float:
    return sum(widths)
