"""What an auditor tests a report by, made from one archived bag: a workbook and data files.

In English, whatever the language of the report: it goes to auditors, not to the customer's staff.
"""

from __future__ import annotations

from reporter.render.pack.files import jobs_of, write_population, write_readme, write_sample
from reporter.render.pack.values import (
    FIELDS,
    KEY,
    NUMBER,
    Check,
    FetchAttempt,
    Pack,
    Sampled,
    ScopeShown,
    SourceRow,
)
from reporter.render.pack.workbook import write_pack

__all__ = [
    "FIELDS",
    "KEY",
    "NUMBER",
    "Check",
    "FetchAttempt",
    "Pack",
    "Sampled",
    "ScopeShown",
    "SourceRow",
    "jobs_of",
    "write_pack",
    "write_population",
    "write_readme",
    "write_sample",
]
