"""Where scopes stand on their sheet, for the sheets that lead to them."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.model import ModuleFigures, Report, ScopeFigures

FIRST_ROW = 2
"""Below the header."""


def scopes_in(report: Report) -> Iterator[tuple[ModuleFigures, ScopeFigures]]:
    """Each scope with its module, in the order of print."""
    for module in report.modules:
        for scope in module.scopes:
            yield module, scope


def scope_rows(report: Report) -> dict[tuple[str, str, str], int]:
    """The row of each scope by service, module and name (empty where it has none)."""
    return {
        (module.service, module.module, scope.name or ""): row
        for row, (module, scope) in enumerate(scopes_in(report), FIRST_ROW)
    }
