"""Archives that can be checked without us: bags, signatures, time stamps, and the chain of months.

Knows files, certificates and hashes, and nothing of reports; `audit` connects it with them.
"""

ARCHIVED = ("pdf", "xlsx", "json")
"""The formats of the report in a bag, whose layout docs/evidence.md promises to auditors."""
