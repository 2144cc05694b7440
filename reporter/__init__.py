"""Backup reporting for managed-service providers.

The stages, each a package that takes a value and returns a value: `sources` (API replies), `store`
(replies and jobs kept), `jobs` (the typed DataFrame), `analysis` (figures: one `Report`), `render`
(PDF, workbook, JSON). Public interfaces are the command
line, the files written, the JSON of a report and what other packages may add (docs/extending.md).
"""

__version__ = "0.2.0"
DISTRIBUTION = "msp-backup-reporter"
"""What the package is installed as. The product is called backup-reporter, and so is another
author's package on the index, which must never be installed for ours.
"""
