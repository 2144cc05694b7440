"""The Checks sheet: the figures of the other sheets, computed once more from the jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pandas as pd

from reporter.model import Outcome, State
from reporter.render.workbook.book import Book
from reporter.render.workbook.cells import quoted
from reporter.render.workbook.figures import Figure, figures_in
from reporter.render.workbook.jobs import (
    BYTES_LETTER,
    COUNTED_LETTER,
    MODULE_LETTER,
    OUTCOME_LETTER,
    SERVICE_LETTER,
    counted,
    counted_word,
    job_ranges,
)
from reporter.render.workbook.modules import figure_letter
from reporter.render.workbook.sheet import Layout, Sheet
from reporter.render.workbook.styles import (
    CENTERED,
    COUNT,
    HEADING,
    NOTE,
    STATE_COLORS,
    TEXT,
    TITLE,
    Style,
)
from reporter.render.workbook.tables import fitting, write_header, write_note
from reporter.render.workbook.titles import CHECKS, JOBS, MODULES, SUMMARY, title_of

_HEADER_ROW: Final = 6
_KEY_CELL: Final = "$B$4"
"""Holds what the Jobs sheet says of a job that counts."""
_DIFFERENCE: Final = Style("General", align="right")
_ORDINARY: Final = re.compile(r"[^\W\d_][\w .,+&/()-]{0,200}")
"""A name that COUNTIFS takes as it is: no wildcard, no comparison, no number."""
_RANGES: Final = {
    "service": SERVICE_LETTER,
    "module": MODULE_LETTER,
    "bytes": BYTES_LETTER,
    "outcome": OUTCOME_LETTER,
    "counted_as": COUNTED_LETTER,
}
_BY_MODULE: Final = ("jobs", "bytes", "failed")
_BY_SERVICE: Final = ("jobs", "bytes")


@dataclass(frozen=True, slots=True)
class _Check:
    """One figure, of the customer, a service or a module."""

    figure: Figure
    reported: float | None
    recomputed: float | None
    formula: str | None = None
    """Instead of one over the jobs."""
    service: str = ""
    module: str = ""


def add_checks(book: Book) -> None:
    """What the figures say, what the jobs say, and whether the two agree."""
    words, say = book.words, book.words.say
    services = [own.service for own in book.report.services]
    modules = [own.module for own in book.report.modules]
    widths = [24, fitting(services, 18, 28), fitting(modules, 16, 34), 20, 20, 14, 12]
    sheet = book.sheet(CHECKS, Layout(widths, book.tab_color, f"A{_HEADER_ROW + 1}", _HEADER_ROW))
    checks = list(_checks(book))
    last = _HEADER_ROW + len(checks)
    sheet.row([sheet.cell(say("Checks"), TITLE)], height=28)
    sheet.row([_verdict(book, sheet, checks, f"$G${_HEADER_ROW + 1}:$G${last}")], height=20)
    write_note(
        sheet,
        say(
            "Each figure of the sheets {summary} and {modules}, and the same computed by a formula "
            "from the sheet {jobs}.",
            summary=title_of(words, SUMMARY),
            modules=title_of(words, MODULES),
            jobs=title_of(words, JOBS),
        ),
    )
    counting = say("Jobs that count are marked")
    sheet.row([sheet.cell(counting, NOTE), sheet.cell(counted_word(words), NOTE)])
    sheet.row()
    _write_checks(book, sheet, checks)
    sheet.highlight(
        f"G{_HEADER_ROW + 1}:G{last}",
        f"$G{_HEADER_ROW + 1}={quoted(say('differs'))}",
        STATE_COLORS[State.CRITICAL],
    )
    for name, letter in _RANGES.items():
        for number, cells in enumerate(job_ranges(book, letter), 1):
            book.define(f"jobs_{name}" if number == 1 else f"jobs_{number}_{name}", cells)


def _write_checks(book: Book, sheet: Sheet, checks: list[_Check]) -> None:
    say = book.words.say
    headers = [
        say("Figure"),
        say("Service"),
        say("Module"),
        say("Reported"),
        say("From the jobs"),
        say("Difference"),
        say("Result"),
    ]
    aligns = [TEXT.align] * 3 + [COUNT.align] * 3 + [CENTERED.align]
    write_header(book, sheet, list(zip(headers, aligns, strict=True)))
    for check in checks:
        sheet.row(_cells(book, sheet, check, sheet.rows + 1))
    sheet.table("Checks", headers, _HEADER_ROW)


def _cells(book: Book, sheet: Sheet, check: _Check, row: int) -> list[str]:
    agrees, differs = book.words.say("agrees"), book.words.say("differs")
    style = check.figure.style(book.report.totals)
    difference = (check.recomputed or 0) - (check.reported or 0)
    # Both may be empty; and sums of huge sizes end in digits no spreadsheet keeps.
    same = f"AND(ISNUMBER(D{row})=ISNUMBER(E{row}),ABS(F{row})<=1E-12*MAX(1,ABS(N(D{row}))))"
    return [
        sheet.cell(check.figure.name, TEXT),
        sheet.cell(check.service, TEXT),
        sheet.cell(check.module, TEXT),
        sheet.formula(_reported(book, check, row), _shown(check.reported), style),
        sheet.formula(check.formula or _formula(book, check, row), _shown(check.recomputed), style),
        sheet.formula(f"N(E{row})-N(D{row})", difference, _DIFFERENCE),
        sheet.formula(
            f"IF({same},{quoted(agrees)},{quoted(differs)})",
            agrees if _agrees(check) else differs,
            CENTERED,
        ),
    ]


def _verdict(book: Book, sheet: Sheet, checks: list[_Check], results: str) -> str:
    """All checks in one sentence."""
    words, agrees = book.words, book.words.say("agrees")
    good = words.count(
        "{number} check agrees with the jobs.",
        "All {number} checks agree with the jobs.",
        len(checks),
    )
    bad = words.say("Checks that differ: {differing} of {number}.", differing="\0", number="\1")
    different = sum(not _agrees(check) for check in checks)
    bad = bad.replace("\1", words.number(len(checks)))
    before, after = (quoted(part) for part in bad.split("\0"))
    agreeing = f"COUNTIF({results},{quoted(agrees)})"
    formula = (
        f"IF({agreeing}=ROWS({results}),{quoted(good)},"
        f"{before}&(ROWS({results})-{agreeing})&{after})"
    )
    shown = bad.replace("\0", str(different)) if different else good
    return sheet.formula(formula, shown, HEADING)


def _checks(book: Book) -> Iterator[_Check]:
    """The customer's figures, then those of each service and of each module."""
    report = book.report
    figures = {
        own.key: own for own in figures_in(report.period.timezone, report.policy, book.words)
    }
    jobs = report.jobs[counted(report.jobs)]
    yield from _total_checks(book, figures, jobs)
    by_service = {key: part for (key,), part in jobs.groupby(["service"])}
    for service in report.services:
        own = by_service.get(service.service, jobs.iloc[:0])
        for key in _BY_SERVICE:
            yield _Check(
                figures[key],
                getattr(service.figures, key),
                _tallied(own, key),
                service=service.service,
            )
    by_module = dict(tuple(jobs.groupby(["service", "module"])))
    for module in report.modules:
        own = by_module.get((module.service, module.module), jobs.iloc[:0])
        for key in _BY_MODULE:
            yield _Check(
                figures[key],
                getattr(module.figures, key),
                _tallied(own, key),
                service=module.service,
                module=module.module,
            )


def _total_checks(book: Book, figures: dict[str, Figure], jobs: pd.DataFrame) -> Iterator[_Check]:
    totals = book.report.totals
    counts = ["jobs", *(outcome.value for outcome in Outcome), "bytes"]
    rows = {key: f"E{_HEADER_ROW + 1 + place}" for place, key in enumerate(counts)}
    rows["completed"] = f"E{_HEADER_ROW + 1 + len(counts)}"
    tallies = {key: _tallied(jobs, key) for key in counts}
    for key in counts:
        yield _Check(figures[key], getattr(totals, key), tallies[key])
    parts = ["success", "warning", "failed", "cancelled"]
    parts = parts[:3] if book.report.policy.cancelled == "excluded" else parts
    completed = sum(tallies[key] for key in parts)
    yield _derived(book, figures, "completed", "+".join(rows[key] for key in parts), completed)
    good = ["success", "warning"] if book.report.policy.warning == "success" else ["success"]
    for key, successes in (
        ("success_rate", good),
        ("lenient_success_rate", ["success", "warning"]),
    ):
        parts_of = "+".join(rows[own] for own in successes)
        formula = f'IF({rows["completed"]}=0,"",({parts_of})/{rows["completed"]})'
        rate = sum(tallies[own] for own in successes) / completed if completed else None
        yield _derived(book, figures, key, formula, rate)


def _derived(
    book: Book, figures: dict[str, Figure], key: str, formula: str, value: float | None
) -> _Check:
    """A figure made of those above it."""
    reported: float | None = getattr(book.report.totals, key)
    return _Check(figures[key], reported, value, formula)


def _tallied(jobs: pd.DataFrame, key: str) -> float:
    """A figure as the formula gets it: sums are floating-point in a spreadsheet."""
    if key == "jobs":
        return len(jobs)
    if key == "bytes":
        size = float(jobs["bytes"].astype("Float64").sum())
        return int(size) if abs(size) < 2**53 else size
    return int((jobs["outcome"] == key).sum())


def _formula(book: Book, check: _Check, row: int) -> str:
    """The figure over the jobs of all Jobs sheets, with plain ranges: every program reads them."""
    ranges = [job_ranges(book, letter) for letter in _RANGES.values()]
    return "+".join(
        _over(dict(zip(_RANGES, cells, strict=True)), check, row)
        for cells in zip(*ranges, strict=True)
    )


def _over(ranges: dict[str, str], check: _Check, row: int) -> str:
    """The figure over the jobs of one sheet."""
    conditions = [(ranges["counted_as"], _KEY_CELL)]
    conditions += [(ranges["service"], f"$B{row}")] if check.service else []
    conditions += [(ranges["module"], f"$C{row}")] if check.module else []
    conditions += [(ranges["outcome"], f"$A{row}")] if check.figure.key in set(Outcome) else []
    summed = ranges["bytes"] if check.figure.key == "bytes" else None
    return _matching(conditions, summed, check)


def _matching(conditions: list[tuple[str, str]], summed: str | None, check: _Check) -> str:
    """The number of rows in which each range equals its cell, or the sum over those rows."""
    if all(_ORDINARY.fullmatch(name) for name in (check.service, check.module) if name):
        criteria = ",".join(f"{cells},{cell}" for cells, cell in conditions)
        return f"SUMIFS({summed},{criteria})" if summed else f"COUNTIFS({criteria})"
    # A name such as ">5" or "a*" would be a criterion of its own.
    product = "*".join(["1", *(f"EXACT({cells},{cell})" for cells, cell in conditions)])
    return f"SUMPRODUCT({product},{summed})" if summed else f"SUMPRODUCT({product})"


def _reported(book: Book, check: _Check, row: int) -> str:
    """The figure as it stands on its sheet; of a table found by name, as it may be sorted."""
    key, report = check.figure.key, book.report
    if not check.service:
        cell = book.totals[key]
        return f'IF({cell}="","",{cell})'
    table, records = (
        ("Modules", len(report.modules)) if check.module else ("Services", len(report.services))
    )
    first = book.firsts[table]

    def cells(letter: str) -> str:
        return book.place(MODULES, f"${letter}${first}:${letter}${first + records - 1}")

    conditions = [(cells("A"), f"$B{row}")]
    conditions += [(cells("B"), f"$C{row}")] if check.module else []
    return _matching(conditions, cells(figure_letter(report, book.words, key)), check)


def _agrees(check: _Check) -> bool:
    if check.reported is None or check.recomputed is None:
        return check.reported is check.recomputed
    return abs(check.recomputed - check.reported) <= 1e-12 * max(1, abs(check.reported))


def _shown(value: float | None) -> str | float:
    return "" if value is None else value
