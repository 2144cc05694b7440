"""The Checks sheet: the figures of the other sheets, computed once more from the jobs."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import pandas as pd

from reporter.model import Outcome, Report, State
from reporter.render.workbook.book import Book
from reporter.render.workbook.cells import quoted
from reporter.render.workbook.figures import Figure, figures_in
from reporter.render.workbook.jobs import (
    BYTES_LETTER,
    COUNTED_LETTER,
    MODULE_LETTER,
    OUTCOME_LETTER,
    SCOPE_LETTER,
    SERVICE_LETTER,
    SUCCESSFUL_LETTER,
    counted,
    counted_word,
    job_ranges,
)
from reporter.render.workbook.modules import figure_letter
from reporter.render.workbook.rows import FIRST_ROW, scopes_in
from reporter.render.workbook.scopes import NAMING_COLUMNS
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
from reporter.render.workbook.titles import CHECKS, JOBS, MODULES, SCOPES, SUMMARY, title_of

_HEADER_ROW: Final = 6
_KEY_CELL: Final = "$B$4"
"""Holds what the Jobs sheet says of a job that counts."""
_DIFFERENCE: Final = Style("General", align="right")
_ORDINARY: Final = re.compile(r"[^\W\d_][\w .,+&/()-]{0,200}")
"""A name that COUNTIFS takes as it is: no wildcard, no comparison, no number."""
_PLAIN: Final = re.compile(r"(?!(?:true|false)$)[^\W\d_](?:[^\W\d]| |-){0,200}", re.IGNORECASE)
"""The same for names that anybody can give: no day, and no truth value either."""
_RANGES: Final = {
    "service": SERVICE_LETTER,
    "module": MODULE_LETTER,
    "scope": SCOPE_LETTER,
    "objects_successful": SUCCESSFUL_LETTER,
    "bytes": BYTES_LETTER,
    "outcome": OUTCOME_LETTER,
    "counted_as": COUNTED_LETTER,
}
_MODULE: Final = ["service", "module"]
_BY_SERVICE: Final = ("jobs", "bytes")
_BY_MODULE: Final = ("jobs", "bytes", "sized_jobs", "failed")
_BY_SCOPE: Final = ("jobs", "success", "failed")


@dataclass(frozen=True, slots=True)
class _CheckedFigure:
    """One figure, of the customer, a service, a module or a scope."""

    figure: Figure
    reported: float | None
    recomputed: float | None
    formula: str | None = None
    """Instead of one over the jobs."""
    service: str = ""
    module: str = ""
    scope: str | None = None
    """Empty of the scope without a name; None where it is not about a scope."""
    plain: bool = True
    """Whether COUNTIFS can tell its names from all others."""


def add_checks(book: Book) -> None:
    """What the figures say, what the jobs say, and whether the two agree."""
    words, say = book.words, book.words.say
    services = [service.service for service in book.report.services]
    modules = [module.module for module in book.report.modules]
    scopes = [scope.name for _, scope in scopes_in(book.report)]
    widths = [24, fitting(services, 18, 28), fitting(modules, 16, 34), fitting(scopes, 14, 34)]
    widths += [20, 20, 14, 12]
    sheet = book.sheet(CHECKS, Layout(widths, book.tab_color, f"A{_HEADER_ROW + 1}", _HEADER_ROW))
    checks = list(_checks(book))
    last = _HEADER_ROW + len(checks)
    sheet.row([sheet.cell(say("Checks"), TITLE)], height=28)
    sheet.row([_verdict(book, sheet, checks, f"$H${_HEADER_ROW + 1}:$H${last}")], height=20)
    write_note(
        sheet,
        say(
            "Figures of the sheets {summary}, {modules} and {scopes}, and the same computed by a "
            "formula from the sheet {jobs}.",
            summary=title_of(words, SUMMARY),
            modules=title_of(words, MODULES),
            scopes=title_of(words, SCOPES),
            jobs=title_of(words, JOBS),
        ),
    )
    counting = say("Jobs that count are marked")
    sheet.row([sheet.cell(counting, NOTE), sheet.cell(counted_word(words), NOTE)])
    sheet.row()
    _write_checks(book, sheet, checks)
    sheet.highlight(
        f"H{_HEADER_ROW + 1}:H{last}",
        f"$H{_HEADER_ROW + 1}={quoted(say('differs'))}",
        STATE_COLORS[State.CRITICAL],
    )
    for name, letter in _RANGES.items():
        for number, cells in enumerate(job_ranges(book, letter), 1):
            book.define(f"jobs_{name}" if number == 1 else f"jobs_{number}_{name}", cells)


def _write_checks(book: Book, sheet: Sheet, checks: list[_CheckedFigure]) -> None:
    say = book.words.say
    headers = [
        say("Figure"),
        say("Service"),
        say("Module"),
        say("Scope"),
        say("Reported"),
        say("From the jobs"),
        say("Difference"),
        say("Result"),
    ]
    aligns = [TEXT.align] * 4 + [COUNT.align] * 3 + [CENTERED.align]
    write_header(book, sheet, list(zip(headers, aligns, strict=True)))
    for check in checks:
        sheet.row(_cells(book, sheet, check, sheet.rows + 1))
    sheet.table("Checks", headers, _HEADER_ROW)


def _cells(book: Book, sheet: Sheet, check: _CheckedFigure, row: int) -> list[str]:
    agrees, differs = book.words.say("agrees"), book.words.say("differs")
    style = check.figure.style(book.report.totals)
    difference = (check.recomputed or 0) - (check.reported or 0)
    # Both may be empty; and sums of huge sizes end in digits no spreadsheet keeps.
    same = f"AND(ISNUMBER(E{row})=ISNUMBER(F{row}),ABS(G{row})<=1E-12*MAX(1,ABS(N(E{row}))))"
    return [
        sheet.cell(check.figure.name, TEXT),
        sheet.cell(check.service, TEXT),
        sheet.cell(check.module, TEXT),
        sheet.cell(check.scope, TEXT),
        sheet.formula(_reported(book, check, row), _shown(check.reported), style),
        sheet.formula(check.formula or _formula(book, check, row), _shown(check.recomputed), style),
        sheet.formula(f"N(F{row})-N(E{row})", difference, _DIFFERENCE),
        sheet.formula(
            f"IF({same},{quoted(agrees)},{quoted(differs)})",
            agrees if _agrees(check) else differs,
            CENTERED,
        ),
    ]


def _verdict(book: Book, sheet: Sheet, checks: list[_CheckedFigure], results: str) -> str:
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


def _checks(book: Book) -> Iterator[_CheckedFigure]:
    """The customer's figures, then those of each service, of each module, and of each scope of the
    modules that have several.
    """
    report = book.report
    jobs = report.jobs[counted(report.jobs)]
    figures = {
        figure.key: figure
        for figure in figures_in(report.period.timezone, report.policy, book.words)
    }
    of_modules = list(_module_checks(report, figures, jobs))
    first = _HEADER_ROW + 1 + _TOTALS + len(_BY_SERVICE) * len(report.services)
    yield from _total_checks(book, figures, jobs, f"F{first}:F{first + len(of_modules) - 1}")
    plain = _plain((service.service for service in report.services), _ORDINARY)
    by_service = {key: part for (key,), part in jobs.groupby(["service"])}
    for service in report.services:
        of_service = by_service.get(service.service, jobs.iloc[:0])
        for key in _BY_SERVICE:
            reported = getattr(service.figures, key)
            yield _CheckedFigure(
                figures[key],
                reported,
                _tallied(of_service, key),
                service=service.service,
                plain=service.service in plain,
            )
    yield from of_modules
    yield from _scope_checks(report, figures, jobs)


def _module_checks(
    report: Report, figures: dict[str, Figure], jobs: pd.DataFrame
) -> Iterator[_CheckedFigure]:
    by_module = dict(tuple(jobs.groupby(_MODULE)))
    plain = _plain_modules(report)
    for module in report.modules:
        of_module = by_module.get((module.service, module.module), jobs.iloc[:0])
        for key in _BY_MODULE:
            yield _CheckedFigure(
                figures[key],
                getattr(module.figures, key),
                _tallied(of_module, key),
                service=module.service,
                module=module.module,
                plain=(module.service, module.module) in plain,
            )


def _scope_checks(
    report: Report, figures: dict[str, Figure], jobs: pd.DataFrame
) -> Iterator[_CheckedFigure]:
    by_scope = dict(tuple(jobs.groupby([*_MODULE, "name"])))
    modules = _plain_modules(report)
    for module in report.modules:
        if len(module.scopes) == 1:
            continue
        plain = _plain((scope.name or "" for scope in module.scopes), _PLAIN)
        for scope in module.scopes:
            name = scope.name or ""
            of_scope = by_scope.get((module.service, module.module, name), jobs.iloc[:0])
            for key in _BY_SCOPE:
                yield _CheckedFigure(
                    figures[key],
                    getattr(scope.figures, key),
                    _tallied(of_scope, key),
                    service=module.service,
                    module=module.module,
                    scope=name,
                    plain=name in plain and (module.service, module.module) in modules,
                )


def _plain_modules(report: Report) -> set[tuple[str, str]]:
    """The modules that COUNTIFS can tell from the others by their service's name and their own."""
    services = _plain((service.service for service in report.services), _ORDINARY)
    modules = _plain((module.module for module in report.modules), _ORDINARY)
    places = {(module.service, module.module) for module in report.modules}
    return {place for place in places if place[0] in services and place[1] in modules}


def _plain(names: Iterable[str], pattern: re.Pattern[str]) -> set[str]:
    """The names that COUNTIFS can tell from the others, which it does without regard to case and
    width.
    """
    each = set(names)
    folded = Counter(map(_folded, each))
    return {name for name in each if pattern.fullmatch(name) and folded[_folded(name)] == 1}


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


_TOTALS: Final = 13
"""Checks of the customer's figures."""


def _total_checks(
    book: Book, figures: dict[str, Figure], jobs: pd.DataFrame, of_modules: str
) -> Iterator[_CheckedFigure]:
    """The customer's figures; `of_modules` is where those of the modules are computed."""
    totals = book.report.totals
    counts = ["jobs", *(outcome.value for outcome in Outcome), "bytes"]
    rows = {key: f"F{_HEADER_ROW + 1 + place}" for place, key in enumerate(counts)}
    rows["completed"] = f"F{_HEADER_ROW + 1 + len(counts)}"
    tallies = {key: _tallied(jobs, key) for key in counts}
    for key in counts:
        yield _CheckedFigure(figures[key], getattr(totals, key), tallies[key])
    policy = book.report.policy
    parts = [outcome.value for outcome in policy.completing]
    completed = sum(tallies[key] or 0 for key in parts)
    yield _derived(book, figures, "completed", "+".join(rows[key] for key in parts), completed)
    for key, successes in (
        ("success_rate", [outcome.value for outcome in policy.succeeding]),
        ("lenient_success_rate", ["success", "warning"]),
    ):
        parts_of = "+".join(rows[outcome] for outcome in successes)
        formula = f'IF({rows["completed"]}=0,"",({parts_of})/{rows["completed"]})'
        rate = (
            sum(tallies[outcome] or 0 for outcome in successes) / completed if completed else None
        )
        yield _derived(book, figures, key, formula, rate)
    # Only the jobs of a module tell whether it gives sizes.
    sized = sum(_tallied(part, "sized_jobs") or 0 for _, part in jobs.groupby(_MODULE))
    name = f"$A${_HEADER_ROW + _TOTALS}"
    names = of_modules.replace("F", "A")
    formula = f"IF(ISNUMBER({rows['bytes']}),SUMIFS({of_modules},{names},{name}),0)"
    formula = formula if book.report.modules else "0"
    yield _derived(book, figures, "sized_jobs", formula, 0 if tallies["bytes"] is None else sized)


def _derived(
    book: Book, figures: dict[str, Figure], key: str, formula: str, value: float | None
) -> _CheckedFigure:
    """A figure made of those above it."""
    reported: float | None = getattr(book.report.totals, key)
    return _CheckedFigure(figures[key], reported, value, formula)


def _tallied(jobs: pd.DataFrame, key: str) -> float | None:
    """A figure as the formula gets it: sums are floating-point in a spreadsheet."""
    if key == "jobs":
        return len(jobs)
    if key not in ("bytes", "sized_jobs"):
        return int((jobs["outcome"] == key).sum())
    size = float(jobs["bytes"].astype("Float64").sum())
    given = size != 0 or not jobs["objects_successful"].sum() > 0
    if key == "sized_jobs":
        return int(jobs["bytes"].notna().sum()) if given else 0
    if not given:
        return None
    return int(size) if abs(size) < 2**53 else size


def _formula(book: Book, check: _CheckedFigure, row: int) -> str:
    """The figure over the jobs of all Jobs sheets, with plain ranges: every program reads them."""

    def over(key: str) -> str:
        return _over_all(book, check, key, row)

    match check.figure.key:
        case "bytes":
            return f'IF({_withheld(over)},"",{over("bytes")})'
        case "sized_jobs":
            return f"IF({_withheld(over)},0,{over('sized_jobs')})"
        case key:
            return over(key)


def _withheld(over: Callable[[str], str]) -> str:
    """Whether the jobs processed objects, and none has a size but 0."""
    return f"AND({over('bytes')}=0,{over('objects_successful')}>0)"


def _over_all(book: Book, check: _CheckedFigure, key: str, row: int) -> str:
    ranges = [job_ranges(book, letter) for letter in _RANGES.values()]
    return "+".join(
        _over(dict(zip(_RANGES, cells, strict=True)), check, key, row)
        for cells in zip(*ranges, strict=True)
    )


def _over(ranges: dict[str, str], check: _CheckedFigure, key: str, row: int) -> str:
    """A sum over the jobs of one sheet, or how many there are."""
    conditions = [(ranges["counted_as"], _KEY_CELL), *_named(ranges, check, row)]
    conditions += [(ranges["outcome"], f"$A{row}")] if key in set(Outcome) else []
    sized = ranges["bytes"] if key == "sized_jobs" else None
    return _matching(conditions, check, summed=ranges.get(key), sized=sized)


def _named(ranges: dict[str, str], check: _CheckedFigure, row: int) -> list[tuple[str, str]]:
    """The columns of names that must be those of the check."""
    conditions = [(ranges["service"], f"$B{row}")] if check.service else []
    conditions += [(ranges["module"], f"$C{row}")] if check.module else []
    return conditions + ([(ranges["scope"], f"$D{row}")] if check.scope is not None else [])


def _matching(
    conditions: list[tuple[str, str]],
    check: _CheckedFigure,
    summed: str | None = None,
    sized: str | None = None,
) -> str:
    """The number of rows in which each range equals its cell, or the sum over those rows; with
    `sized`, of those rows alone that have a number there.
    """
    if check.plain:
        criteria = ",".join(f"{cells},{cell}" for cells, cell in conditions)
        criteria += f',{sized},">=0"' if sized else ""
        return f"SUMIFS({summed},{criteria})" if summed else f"COUNTIFS({criteria})"
    # A name such as ">5" or "a*" would be a criterion of its own.
    factors = [f"EXACT({cells},{cell})" for cells, cell in conditions]
    product = "*".join(["1", *factors, *([f"ISNUMBER({sized})"] if sized else [])])
    return f"SUMPRODUCT({product},{summed})" if summed else f"SUMPRODUCT({product})"


def _reported(book: Book, check: _CheckedFigure, row: int) -> str:
    """The figure on its sheet; in a table it is found by name, as the table may be sorted."""
    key, report, words = check.figure.key, book.report, book.words
    if not check.service:
        return _as_it_stands(book.totals[key])
    if check.scope is not None:
        title, first, records = SCOPES, FIRST_ROW, len(list(scopes_in(report)))
        letter = figure_letter(report, words, key, NAMING_COLUMNS)
    else:
        table, of_module = ("Modules", report.modules) if check.module else ("Services", ())
        title, first = MODULES, book.firsts[table]
        records = len(of_module) or len(report.services)
        letter = figure_letter(report, words, key)

    def cells(of: str) -> str:
        return book.place(title, f"${of}${first}:${of}${first + records - 1}")

    naming = {"service": cells("A"), "module": cells("B"), "scope": cells("C")}
    conditions = _named(naming, check, row)
    reported = _matching(conditions, check, summed=cells(letter))
    if key != "bytes":
        return reported
    # An empty cell is not a volume of 0.
    return f'IF({_matching(conditions, check, sized=cells(letter))}=0,"",{reported})'


def _as_it_stands(cell: str) -> str:
    return f'IF({cell}="","",{cell})'


def _agrees(check: _CheckedFigure) -> bool:
    if check.reported is None or check.recomputed is None:
        return check.reported is check.recomputed
    return abs(check.recomputed - check.reported) <= 1e-12 * max(1, abs(check.reported))


def _shown(value: float | None) -> str | float:
    return "" if value is None else value
