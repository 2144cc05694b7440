"""The chain of a customer's bags: what was archived, in which order, and that nothing was removed
since.

Each record names the hash of the one before it and the Merkle root (RFC 6962) over all before it.
Anybody who has noted a root can check the history against it, however many records follow.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, TypeAdapter

from reporter.errors import EvidenceError
from reporter.evidence.bag import shown
from reporter.model import KnownRoot
from reporter.period import add_months, parse_period

FOLDER: Final = "chain"
PACKS: Final = "packs"
NO_BAGS: Final = frozenset((FOLDER, PACKS))
"""The folders in a customer's folder that are not bags."""
ANY_TIME: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""By when every period has begun."""
_NAME: Final = re.compile(r"\d{4,}-.+\.json")
_LARGEST_RECORD: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Record:
    """The record that a bag was archived."""

    format: Literal["backup-reporter chain record 1"]
    number: int
    """From 1, without a gap."""
    customer_id: str
    customer: str
    period: str
    """Its label."""
    last_day: date
    version: int
    as_of: str
    """The last fetch the report rests on."""
    bag: str
    """The name of its folder."""
    tagmanifest_sha256: str
    """Hash of the bag's tag manifest, on which all of the bag depends."""
    signed: bool
    """Whether a signature stands beside bag and record."""
    to_be_stamped: bool
    """Whether an authority was asked to stamp them."""
    previous_sha256: str | None
    """Hash of the record before this one; None for the first."""
    records_before: int
    root_before: str
    """The Merkle root over all records before this one."""

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.number:04}-{self.bag}.json"

    @property
    def day(self) -> date:
        """Up to when the history reaches with this record."""
        return self.last_day

    def dump(self) -> bytes:
        """The record as a file: always the same bytes."""
        return _RECORD.dump_json(self, indent=1) + b"\n"


@dataclass(frozen=True, slots=True)
class Removal:
    """The record that a bag was removed, by the retention that was configured."""

    format: Literal["backup-reporter chain removal 1"]
    number: int
    """The number of this record, in one sequence with those of bags."""
    customer_id: str
    customer: str
    period: str
    last_day: date
    version: int
    bag: str
    """The name of the folder that was removed."""
    record: int
    """The number of the record that the bag was archived by."""
    tagmanifest_sha256: str
    """Hash of the bag's tag manifest, on which all of the bag depended."""
    retention_months: Annotated[int, Field(ge=1, le=9_999)]
    """How long bags are kept, from the end of their period."""
    removed_at: datetime
    signed: bool
    """Whether a signature stands beside the record."""
    to_be_stamped: bool
    """Whether an authority was asked to stamp it."""
    previous_sha256: str
    records_before: int
    root_before: str

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.number:04}-{self.bag}-removed.json"

    @property
    def day(self) -> date:
        """Up to when the history goes with it."""
        return self.removed_at.date()

    def dump(self) -> bytes:
        """The record as a file: always the same bytes."""
        return _RECORD.dump_json(self, indent=1) + b"\n"


AnyRecord = Record | Removal
_RECORD: Final[TypeAdapter[AnyRecord]] = TypeAdapter(Annotated[AnyRecord, Discriminator("format")])


@dataclass(frozen=True, slots=True)
class Link:
    """A record and its place in the chain."""

    record: AnyRecord
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


Chain = Sequence[Link]


def read_chain(home: Path) -> tuple[Link, ...]:
    """The records of a customer's folder, by number; none where nothing was archived yet.

    Raises:
        EvidenceError: one cannot be read, or is no record.
    """
    folder = home / FOLDER
    try:
        paths = [path for path in sorted(folder.iterdir()) if _NAME.fullmatch(path.name)]
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise EvidenceError(f"The chain {folder} cannot be read: {error.strerror}.") from error
    return tuple(sorted(map(_read, paths), key=lambda link: link.record.number))


def _read(path: Path) -> Link:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST_RECORD:
            raise _unusable(path)
        content = path.read_bytes()
        record = _RECORD.validate_json(content, strict=True)
    except (OSError, ValueError) as error:
        raise _unusable(path) from error
    if record.dump() != content or record.name != path.name:
        raise _unusable(path)
    return Link(record, content)


def _unusable(path: Path) -> EvidenceError:
    return EvidenceError(
        f"{shown(path.name)} in the chain is not a record.",
        hint="It was changed after it was written. Restore it from a backup.",
    )


def chain_faults(chain: Chain) -> list[str]:
    """Where the records do not follow from one another."""
    faults: list[str] = []
    for number, (link, root) in enumerate(zip(chain, _roots(chain), strict=False), 1):
        record, before = link.record, chain[: number - 1]
        if record.number != number:
            return [*faults, f"record {number} is missing; {record.name} is in its place"]
        if record.previous_sha256 != (before[-1].sha256 if before else None):
            faults.append(f"{record.name} does not follow the record before it")
        if (record.records_before, record.root_before) != (len(before), root):
            faults.append(f"{record.name} does not have the root of the records before it")
        if record.customer_id != chain[0].record.customer_id:
            faults.append(f"{record.name} belongs to another customer")
        if isinstance(record, Removal):
            faults += _removal_faults(record, before)
    return faults


def _identity(record: Record | Removal) -> tuple[str, str, str, int]:
    """What a bag's record and the record of its removal have in common."""
    return record.bag, record.tagmanifest_sha256, record.period, record.version


def _removal_faults(removal: Removal, before: Chain) -> Iterator[str]:
    """Why a bag cannot have been removed as the record says."""
    archived = next((record for record in records(before) if record.number == removal.record), None)
    if archived is None or _identity(removal) != _identity(archived):
        yield f"{removal.name} removes a bag that was never archived"
        return
    if removal.bag in removals(before):
        yield f"{removal.name} removes a bag that had already been removed"
    if archived.signed and not removal.signed:
        yield f"{removal.name} removes a signed bag, but is not signed itself"
    try:
        kept = removal.day < kept_until(archived, removal.retention_months)
    except ValueError:  # longer than any calendar goes
        kept = True
    if kept:
        yield f"{removal.name} removes a bag that had to be kept longer"


def records(chain: Chain) -> list[Record]:
    """The records of bags, those of removed ones too."""
    return [link.record for link in chain if isinstance(link.record, Record)]


def removals(chain: Chain) -> dict[str, Removal]:
    """What was removed, by the names of the bags."""
    removed = (link.record for link in chain if isinstance(link.record, Removal))
    return {removal.bag: removal for removal in removed}


def kept_until(record: Record, months: int) -> date:
    """The first day on which a retention of so many months no longer keeps a bag: calendar months,
    from the end of the month in which its period ended.
    """
    # And a day: where one zone has begun a month, others have not.
    return add_months(record.last_day, months + 1) + timedelta(days=1)


def root_of(chain: Chain) -> str:
    """The Merkle root over records."""
    *_, root = _roots(chain)
    return root


def _roots(chain: Chain) -> Iterator[str]:
    """The Merkle roots (RFC 6962, section 2.1) over no record, over the first, and so on."""
    peaks: list[bytes] = []  # of whole trees, each larger than those after it
    yield hashlib.sha256().hexdigest()
    for count, link in enumerate(chain, 1):
        peaks.append(hashlib.sha256(b"\0" + link.content).digest())
        while count % 2 == 0:
            right, left = peaks.pop(), peaks.pop()
            peaks.append(_node(left, right))
            count //= 2
        root = peaks[-1]
        for left in reversed(peaks[:-1]):
            root = _node(left, root)
        yield root.hex()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def known_at(chain: Chain, root: str) -> int | None:
    """Over how many records, from the first, this is the root; None where it is of none."""
    noted = root.strip().lower()
    return next(
        (count for count, known in enumerate(_roots(chain)) if count and known == noted), None
    )


def following(chain: Chain, **fields: Any) -> Record:
    """The record that follows, of the fields that the chain itself does not tell."""
    return Record(
        format="backup-reporter chain record 1",
        number=len(chain) + 1,
        previous_sha256=chain[-1].sha256 if chain else None,
        records_before=len(chain),
        root_before=root_of(chain),
        **fields,
    )


def removal_of(record: Record, chain: Chain, **fields: Any) -> Removal:
    """The record that follows where the bag of an earlier one goes."""
    return Removal(
        format="backup-reporter chain removal 1",
        number=len(chain) + 1,
        customer_id=record.customer_id,
        customer=record.customer,
        period=record.period,
        last_day=record.last_day,
        version=record.version,
        bag=record.bag,
        record=record.number,
        tagmanifest_sha256=record.tagmanifest_sha256,
        previous_sha256=chain[-1].sha256,
        records_before=len(chain),
        root_before=root_of(chain),
        **fields,
    )


def root_before(folder: Path, customer_folder: str, period: str) -> KnownRoot | None:
    """The root of a customer's archive before a period (its label); None where it holds nothing
    earlier.

    It ends before the first record of that period or a later one, and so stays what it is, whatever
    is archived from then on.

    Raises:
        EvidenceError: the chain cannot be read.
    """
    first = parse_period(period, "UTC", ANY_TIME).first
    chain = read_chain(folder / customer_folder)
    earlier = list(takewhile(lambda link: link.record.day < first, chain))
    if not (archived := records(earlier)):
        return None
    return KnownRoot(len(earlier), root_of(earlier), archived[-1].period)
