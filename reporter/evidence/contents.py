"""What is in a bag, and what each part of it says."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, NoReturn, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from reporter.errors import EvidenceError
from reporter.evidence import ARCHIVED
from reporter.evidence.bag import LARGEST_FILE, LARGEST_TAG_FILE, content_of, shown
from reporter.model import Assignment

REPORTS: Final = {suffix: f"data/report.{suffix}" for suffix in ARCHIVED}
CONFIGURATION: Final = "data/configuration.json"
PROVENANCE: Final = "data/provenance.json"
REPLIES: Final = "data/replies.json"
RESTATED: Final = "data/restated.json"
TEMPLATES: Final = "data/templates"
CERTIFICATES: Final = "certificates.pem"

SIGNATURE_LABEL: Final = "Evidence-Signature"
STAMP_LABEL: Final = "Evidence-Time-Stamp"
NONE: Final = "none"
"""How `bag-info.txt` begins to say that there is no signature, or no time stamp."""
_LONGEST_KEY: Final = 80
_VERSION: Final = r"^[0-9]{1,4}(\.[0-9]{1,4}){1,3}((a|b|rc|\.dev)[0-9]{1,4})?$"
"""A version of the program. It is written into the files made, so it must be nothing else."""
MADE_ON: Final = "Bagging-Date"
_STAMPED_BY: Final = "RFC 3161, asked for at "


def reply_path(sha256: str) -> str:
    """Where a reply's body is."""
    return f"data/replies/{sha256}.json"


@dataclass(frozen=True, slots=True)
class Configuration(Assignment):
    """What a report is made from beside the replies, as a bag holds it: the templates of its look
    are in the bag, at that path. Holds no secret.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        ser_json_bytes="base64", val_json_bytes="base64"
    )


@dataclass(frozen=True, slots=True)
class ArchivedReply:
    """One reply; its body is the file of that hash."""

    url: str
    fetched_at: datetime
    request_id: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True)
class ArchivedFetch:
    """One attempt to read something of the customer."""

    kind: str
    taken_at: datetime
    error: str | None
    """Why there are no replies."""
    replies: tuple[ArchivedReply, ...]
    customer_id: str | None = None
    """The id under which its source knows the customer; None for the customer's first."""
    job_id: str = ""
    """Of details: the id of the job; else empty."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a report was made with: the same tools make the same bytes."""

    program: Annotated[str, Field(pattern=_VERSION)]
    program_sha256: str
    """Hash of its files and of those it writes with."""
    python: str
    system: str
    libraries: dict[str, str]
    fonts: dict[str, str]
    """SHA-256 of each font file."""


@dataclass(frozen=True, slots=True)
class CorrectedVersion:
    """The version that this one corrects; its figures are in `restated.json`."""

    number: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Provenance:
    """When and of what a version was made, and with what."""

    version: int
    made_at: datetime
    as_of: datetime
    closed: bool
    """Whether the period was over."""
    restates: CorrectedVersion | None
    figures_sha256: str
    pdf_unsigned_sha256: str
    pdf_unsigned_bytes: int
    """The signed PDF begins with so many bytes of the unsigned one, which are all of it."""
    pdf_signature: str
    """The PAdES level, or `none`."""
    tools: Tools


FETCHES: Final = TypeAdapter(tuple[ArchivedFetch, ...])
Part = TypeVar("Part")


def dump(content: Configuration | Provenance) -> bytes:
    """A part of a bag as JSON."""
    return TypeAdapter(type(content)).dump_json(content, indent=1) + b"\n"


def dump_fetches(fetches: Iterable[ArchivedFetch]) -> bytes:
    """The index of the replies as JSON."""
    return FETCHES.dump_json(tuple(fetches), indent=1) + b"\n"


def configuration_of(folder: Path) -> Configuration:
    """The configuration in a bag.

    Raises:
        EvidenceError: it cannot be read.
    """
    return _loaded(folder / CONFIGURATION, TypeAdapter(Configuration))


def provenance_of(folder: Path) -> Provenance:
    """What a bag says of how its report was made.

    Raises:
        EvidenceError: it cannot be read.
    """
    return _loaded(folder / PROVENANCE, TypeAdapter(Provenance))


def fetches_of(folder: Path) -> tuple[ArchivedFetch, ...]:
    """The fetches in a bag, in the order they were recorded.

    Raises:
        EvidenceError: they cannot be read.
    """
    return _loaded(folder / REPLIES, FETCHES)


def info_of(configuration: Configuration, provenance: Provenance, made_on: date) -> dict[str, str]:
    """What `bag-info.txt` says of the report in a bag that was made on a day."""
    customer, period = configuration.customer, configuration.period.label
    title = f"Backup report of {customer.name}, {period}, version {provenance.version}"
    return {
        "Source-Organization": configuration.look.brand.name or "not named",
        "External-Description": title,
        "External-Identifier": f"{customer.id}/{period}/{provenance.version}",
        MADE_ON: made_on.isoformat(),
        "Bag-Software-Agent": f"backup-reporter {provenance.tools.program}",
    }


def signature_line(signer: str | None) -> str:
    """What `bag-info.txt` says of the signature."""
    return f"CMS by {signer}" if signer else f"{NONE}: no certificate was configured"


def stamp_line(authority: str | None) -> str:
    """What `bag-info.txt` says of the time stamp."""
    return f"{_STAMPED_BY}{authority}" if authority else f"{NONE}: no authority was configured"


def authority_in(info: Mapping[str, str]) -> str | None:
    """The authority that `bag-info.txt` names; None where it says that there is none."""
    line = info.get(STAMP_LABEL, "")
    return None if line.startswith(NONE) else line.removeprefix(_STAMPED_BY)


def json_in(path: Path) -> Any:
    """The JSON in a file of a bag. A duplicate key is ambiguous: one reader takes the first value
    for the figure, another the last.

    Raises:
        OSError: it cannot be read.
        EvidenceError: it is no JSON, or has a key twice.
    """
    return _parsed(path.name, content_of(path, LARGEST_FILE))


def _parsed(name: str, content: bytes) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in pairs:
            if key in values:
                raise EvidenceError(f"{name} has the key {shown(key)[:_LONGEST_KEY]} twice.")
            values[key] = value
        return values

    try:
        return json.loads(content, object_pairs_hook=once, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"{name} is not JSON.") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity, which no JSON has


def _loaded(path: Path, kind: TypeAdapter[Part]) -> Part:
    try:
        content = content_of(path, LARGEST_TAG_FILE)
        _parsed(path.name, content)
        return kind.validate_json(content)
    except (OSError, ValidationError) as error:
        raise EvidenceError(
            f"{path.name} in the bag cannot be read.",
            hint="It was made by another version of the program, or changed before it was "
            "archived.",
        ) from error
