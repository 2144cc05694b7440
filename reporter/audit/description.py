"""What a bag says of itself beside its figures, compared with its content: when and from what its
report was made, whose it is, and how to check it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from reporter.evidence.bag import (
    INFO,
    LARGEST_TAG_FILE,
    OXUM,
    content_of,
    look_into,
    one_line,
)
from reporter.evidence.contents import (
    CERTIFICATES,
    MADE_ON,
    NONE,
    RESTATED,
    SIGNATURE_LABEL,
    STAMP_LABEL,
    Configuration,
    Provenance,
    authority_in,
    info_of,
    json_in,
    signature_line,
)
from reporter.evidence.guide import README, SCRIPT, readme, script
from reporter.evidence.signing import named
from reporter.evidence.verify import CLOCKS_APART, LARGEST_SEAL, at
from reporter.finding import Finding

_LONGEST: Final = 80


@dataclass(frozen=True, slots=True)
class Expected:
    """What provenance.json is to say of a report."""

    as_of: datetime
    """The last fetch it rests on."""
    closed: bool
    """Whether what comes later corrects it."""


def provenance_finding(
    bag: Path, configuration: Configuration, provenance: Provenance, expected: Expected
) -> Finding:
    """Whether what provenance.json says of a report is true of the one that follows from the
    replies.
    """
    fault = next(_provenance_faults(bag, configuration, provenance, expected), "")
    detail = fault or "times, period and version match the replies and the report"
    return Finding("provenance", not fault, detail)


def _provenance_faults(
    bag: Path, configuration: Configuration, provenance: Provenance, expected: Expected
) -> Iterator[str]:
    made_at, as_of = provenance.made_at, provenance.as_of
    if as_of != expected.as_of:
        yield f"the last fetch was at {at(expected.as_of)}, but it says {at(as_of)}"
    if made_at < expected.as_of - CLOCKS_APART:
        yield f"it says that the report was made at {at(made_at)}, before its last fetch"
    if provenance.closed != expected.closed:
        claim = "was over" if provenance.closed else "was not over"
        yield f"it says that the period {claim} at the last fetch, which is not true"
    restates = provenance.restates
    if restates is None:
        return
    if restates.number >= provenance.version or restates.made_at > made_at + CLOCKS_APART:
        yield "it says that the report corrects a later one"
    if _whose(json_in(bag / RESTATED)) != (
        restates.number,
        configuration.customer.id,
        configuration.period.label,
    ):
        yield f"{RESTATED} is not the version that it says the report corrects"


def _whose(figures: Any) -> tuple[Any, ...]:
    """Which version of whose report a JSON is, and of which period."""
    return figures["version"], figures["customer"]["id"], figures["period"]["label"]


def info_finding(
    bag: Path, configuration: Configuration, provenance: Provenance, latest: datetime
) -> Finding:
    """Whether bag-info.txt names the customer, period, program and signer of the bag; `latest` is
    when it was made at the latest.
    """
    info = look_into(bag).info
    fault = next(_info_faults(bag, info, configuration, provenance, latest), "")
    detail = fault or "customer, period, version, program and signer match the bag"
    return Finding(INFO, not fault, detail)


def _info_faults(
    bag: Path,
    info: Mapping[str, str],
    configuration: Configuration,
    provenance: Provenance,
    latest: datetime,
) -> Iterator[str]:
    made_on = _day(info.get(MADE_ON, ""))
    if made_on is None:
        yield f"{MADE_ON} is {_brief(info.get(MADE_ON, ''))}, which is not a date"
        return
    if not (provenance.made_at - CLOCKS_APART).date() <= made_on <= (latest + CLOCKS_APART).date():
        yield f"{MADE_ON} is {made_on}, before the report was made or after the bag was signed"
    expected = info_of(configuration, provenance, made_on)
    if (signer := _signer(bag, info)) is not None:
        expected[SIGNATURE_LABEL] = signature_line(signer)
    for label, value in expected.items():
        if info.get(label) != one_line(value):
            yield f"{label} is {_brief(info.get(label, ''))} but should be {_brief(value)}"
    for label in sorted(info.keys() - expected.keys() - {SIGNATURE_LABEL, STAMP_LABEL, OXUM}):
        yield f"it has the label {_brief(label)}, which no bag of this format has"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _signer(bag: Path, info: Mapping[str, str]) -> str | None:
    """The owner of a bag's certificate; None where the bag says that it is not signed."""
    if info.get(SIGNATURE_LABEL, "").startswith(NONE):
        return None
    if not (bag / CERTIFICATES).exists():
        return f"nobody: there is no {CERTIFICATES}"
    return named(x509.load_pem_x509_certificate(content_of(bag / CERTIFICATES, LARGEST_SEAL)))


def guide_finding(
    bag: Path, configuration: Configuration, provenance: Provenance, other_version: str | None
) -> Finding:
    """Whether README.txt and verify.sh are what this program writes; `other_version` says why they
    may be others, where they may.
    """
    what, info = "README and script", look_into(bag).info
    title = info_of(configuration, provenance, date.min)["External-Description"]
    expected = {
        README: readme(title, _signer(bag, info), authority_in(info), configuration.names),
        SCRIPT: script(),
    }
    others = [
        name
        for name, text in expected.items()
        if content_of(bag / name, LARGEST_TAG_FILE) != text.encode()
    ]
    if not others:
        return Finding(what, True, f"{README} and {SCRIPT} are what this program writes")
    if other_version is None:
        return Finding(what, False, f"{others[0]} is not what this program writes")
    detail = f"not compared: {' and '.join(others)}, because {other_version}."
    detail += f" Do not run a stranger's {SCRIPT}"
    return Finding(what, None, detail)


def _brief(text: str) -> str:
    """A text of a bag for a finding: in ASCII, and short."""
    return json.dumps(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
