"""The folder of archives: a folder for each customer, with its bags and the chain of them.

    ARCHIVE/<customer>/2026-10-v1/           a bag
    ARCHIVE/<customer>/chain/0001-2026-10-v1.json, .p7s, .tsr
    ARCHIVE/<customer>/packs/                what auditors were given of bags

A bag appears whole or not at all. Its record follows; where a run ends between them, the next one
writes it. Where a bag is removed its record comes first.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from reporter.errors import EvidenceError, OutputError, ReporterError
from reporter.evidence.bag import (
    BESIDE,
    LARGEST_TAG_FILE,
    SIGNATURE,
    SIGNED,
    STAMP,
    SUMS,
    Listing,
    content_of,
    digests,
    hash_faults,
    hashes_of,
    look_into,
    read_manifest,
    structure_faults,
    write_bag,
    write_sums,
)
from reporter.evidence.chain import (
    FOLDER,
    PACKS,
    AnyRecord,
    Chain,
    Record,
    chain_faults,
    following,
    read_chain,
    records,
    removal_of,
    removals,
)
from reporter.evidence.contents import (
    CERTIFICATES,
    NONE,
    SIGNATURE_LABEL,
    STAMP_LABEL,
    configuration_of,
    signature_line,
    stamp_line,
)
from reporter.evidence.guide import README, SCRIPT, readme, script
from reporter.evidence.seals import read_signature
from reporter.evidence.signing import Signer
from reporter.evidence.timestamp import Authority, NoStamp
from reporter.evidence.verify import LARGEST_SEAL, verify_bag
from reporter.files import write_whole
from reporter.model import Customer

_DRAFT: Final = ".draft-"

Fill = Callable[[Path], Mapping[str, str]]
"""Fills an empty folder with what a bag holds; returns what the bag says of itself."""


class Archive:
    """A folder of archives, written with a certificate and an authority where there are any."""

    def __init__(
        self, folder: Path, signer: Signer | None = None, authority: Authority | None = None
    ) -> None:
        self.folder = folder
        self.signer = signer
        self.authority = authority

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the archive: one run at a time writes into it.

        Raises:
            EvidenceError: another run holds it.
            OutputError: it cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / ".lock", timeout=0)
            lock.acquire()
        except Timeout as error:
            raise EvidenceError(
                f"Another run is writing to the archive {self.folder}.",
                hint="Wait until it has ended. Nothing was done.",
            ) from error
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        try:
            yield
        finally:
            lock.release()

    @cached_property
    def _homes(self) -> dict[str, Path]:
        """The folder of each customer who has one, by id: it stays the same when the customer is
        renamed.
        """
        homes: dict[str, Path] = {}
        for home in self._folders():
            try:
                chain = read_chain(home)
            except EvidenceError:
                continue  # whoever is to write there hears of it
            if chain:
                homes.setdefault(chain[0].record.customer_id, home)
        return homes

    def _folders(self) -> list[Path]:
        return sorted(path for path in self.folder.iterdir() if path.is_dir())

    def chains(self) -> dict[Path, Chain]:
        """The chain of each customer's folder.

        Raises:
            EvidenceError: one cannot be read, or does not hold.
        """
        return {home: chain for home in self._folders() if (chain := _sound_chain(home))}

    def home_of(self, customer: Customer, name: str) -> Path:
        """The folder of a customer: the existing one, else one of that name."""
        if customer.id in self._homes:
            return self._homes[customer.id]
        home = self.folder / name
        if home in self._homes.values():
            home = self.folder / f"{name}-{sha256(customer.id.encode()).hexdigest()[:8]}"
        return home

    def holds(self, home: Path, name: str) -> bool:
        """Whether a bag of that name is there, and is what was archived: by the hashes of all its
        files, and by its record. A bag removed by retention counts as not there.

        Raises:
            EvidenceError: it is another one, or is missing though it has a record.
        """
        bag, chain = home / name, _sound_chain(home)
        if name in removals(chain):
            return False
        record = _record_of(chain, name)
        if not bag.is_dir():
            if record is None:
                return False
            raise _not_as_archived(bag, "it is missing", record)
        try:
            fault = _fault(bag) or self._fault_of_record(bag, record)
        except OSError as error:
            raise EvidenceError(
                f"The bag {bag} cannot be read: {error.strerror or type(error).__name__}.",
                hint="Run the command as the user who made the archive. Nothing was archived.",
            ) from error
        if fault:
            raise _not_as_archived(bag, fault, record)
        return True

    def _fault_of_record(self, bag: Path, record: Record | None) -> str:
        """Why a bag whose files fit together is not the one that was archived.

        A bag without a record was left by a run that was cut short, or put there by somebody
        without the key: its record is signed only if the bag is.
        """
        if record:
            same = digests(bag / SIGNED)["sha256"] == record.tagmanifest_sha256
            if same and record.signed == (bag / (SIGNED + SIGNATURE)).exists():
                return ""
            return "it is not the bag that its record in the chain describes"
        for finding in verify_bag(bag).findings:
            if finding.good is False and finding.what != "time stamp":  # that can come later
                return f"it has no record in the chain, and {finding.what}: {finding.detail}"
        if self.signer and not _is_signed_by(self.signer, bag):
            return "it has no record in the chain, and is not signed by the configured certificate"
        return ""

    def keep(self, home: Path, name: str, fill: Fill, **record: Any) -> Path:
        """Make a bag, its record, and those signatures and time stamps that are still missing. What
        exists stays as it is; whether it may, `holds` says.

        Raises:
            EvidenceError: the chain does not hold, or the bag cannot be made.
            OutputError: it cannot be written.
        """
        bag = home / name
        try:
            chain = _sound_chain(home)
            if removal := removals(chain).get(name):
                raise EvidenceError(
                    f"The bag {bag} was removed on {removal.removed_at:%Y-%m-%d}: it had been kept "
                    f"for {removal.retention_months} months.",
                    hint="It is not made again. `reporter archive --prune` completes a removal.",
                )
            if not bag.is_dir():
                if self.signer is None and any(link.record.signed for link in chain):
                    raise _unsigned_after_signed(bag)
                self._make_bag(bag, fill)
            if _record_of(chain, name) is None:
                # What the record says of the bag, the bag itself says.
                signed = (bag / (SIGNED + SIGNATURE)).exists()
                if not signed and any(link.record.signed for link in chain):
                    raise _unsigned_after_signed(bag)
                tagmanifest = digests(bag / SIGNED)["sha256"]
                seals = {"signed": signed, "to_be_stamped": _to_be_stamped(bag)}
                new = following(chain, bag=name, tagmanifest_sha256=tagmanifest, **seals, **record)
                self._append(home, new)
            self._homes.setdefault(record["customer_id"], home)
            self._stamp_rest(home)
        except OSError as error:
            raise _unwritable(bag, error) from error
        return bag

    def sweep(self) -> None:
        """Remove what runs that were cut short have left.

        Raises:
            OutputError: the archive cannot be written.
        """
        try:
            for home in self._folders():
                _sweep(home)
        except OSError as error:
            raise _unwritable(self.folder, error) from error

    def remove(self, home: Path, record: Record, months: int, now: datetime) -> None:
        """Remove a bag and the packs made of it; the chain keeps that, and why.

        Raises:
            EvidenceError: the bag is signed, and there is nothing to sign its removal with.
            OutputError: the archive cannot be written.
        """
        try:
            chain = read_chain(home)
            if record.bag not in removals(chain):
                if record.signed and self.signer is None:
                    raise _no_certificate(record)
                fields = {
                    "signed": self.signer is not None,
                    "to_be_stamped": self.authority is not None,
                    "retention_months": months,
                    "removed_at": now.astimezone(UTC).replace(microsecond=0),
                }
                self._append(home, removal_of(record, chain, **fields))
            for folder in remains_of(home, record):
                # First renamed, in one step: half a bag would be a broken one.
                folder.rename(home / f"{_DRAFT}{folder.name}")
            _sync_folder(home)
            _sweep(home)
            self._stamp_rest(home)
        except OSError as error:
            raise _unwritable(home, error) from error

    def _make_bag(self, bag: Path, fill: Fill) -> None:
        with whole_folder(bag) as draft:
            info = fill(draft)
            signer = self.signer.name if self.signer else None
            authority = self.authority.name if self.authority else None
            names = configuration_of(draft).names
            text = readme(info["External-Description"], signer, authority, names)
            (draft / README).write_text(text, "utf-8")
            (draft / SCRIPT).write_text(script(), "utf-8")
            if self.signer:
                (draft / CERTIFICATES).write_bytes(self.signer.pem)
            seals = {SIGNATURE_LABEL: signature_line(signer), STAMP_LABEL: stamp_line(authority)}
            write_bag(draft, {**info, **seals})
            self._sign(draft, SIGNED)
            self._stamp(draft, SIGNED)
            write_sums(draft, _there(draft, BESIDE))

    def _append(self, home: Path, record: AnyRecord) -> None:
        folder, content = home / FOLDER, record.dump()
        folder.mkdir(exist_ok=True)
        for former in folder.glob(f"{record.number:04}-*{SIGNATURE}*"):
            former.unlink()  # of a run that was cut short before it wrote the record
        if record.signed:
            if self.signer is None:
                raise _no_certificate(record)
            _write(folder / (record.name + SIGNATURE), self.signer.sign(content))
            write_sums(folder, _signatures(folder), anew=(record.name + SIGNATURE,))
        _write(folder / record.name, content)

    def _stamp_rest(self, home: Path) -> None:
        """Stamp what has no stamp yet because the authority was down."""
        for link in read_chain(home):
            if not link.record.to_be_stamped:
                continue
            bag, chain = home / link.record.bag, home / FOLDER
            if bag.is_dir() and self._stamp(bag, SIGNED):
                write_sums(bag, _there(bag, BESIDE))
            if self._stamp(chain, link.record.name):
                write_sums(chain, _signatures(chain))

    def _sign(self, folder: Path, name: str) -> None:
        if self.signer:
            signature = self.signer.sign((folder / name).read_bytes())
            _write(folder / (name + SIGNATURE), signature)

    def _stamp(self, folder: Path, name: str) -> bool:
        """Have a signature stamped, or the file itself where there is none; whether there is a
        stamp now.
        """
        signature = folder / (name + SIGNATURE)
        path = signature if signature.exists() else folder / name
        target = path.with_name(path.name + STAMP)
        if not target.exists() and self.authority:
            try:
                _write(target, self.authority.stamp(path.read_bytes()))
            except NoStamp:
                return False
        return target.exists()


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A folder to be filled, which appears as `target` once it is, or not at all.

    Raises:
        OSError: it cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target.parent)
    draft = target.with_name(f"{_DRAFT}{target.name}")
    draft.mkdir()
    try:
        yield draft
        _sync(draft)
        draft.rename(target)
        _sync_folder(target.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def remains_of(home: Path, record: Record) -> list[Path]:
    """The existing folders of a bag: itself, and the packs made of it."""
    packs = sorted((home / PACKS).glob(f"{record.bag}-*"))
    return [folder for folder in (home / record.bag, *packs) if folder.is_dir()]


def _sweep(folder: Path) -> None:
    """Remove what a run that was cut short has left."""
    for former in folder.glob(f"{_DRAFT}*"):
        shutil.rmtree(former)


def _sound_chain(home: Path) -> Chain:
    chain = read_chain(home)
    if faults := chain_faults(chain):
        raise EvidenceError(
            f"The chain {home / FOLDER} is not valid: {faults[0]}.",
            hint="Run `reporter verify` for details. Nothing was done.",
        )
    return chain


def _record_of(chain: Chain, name: str) -> Record | None:
    """The record of a bag; None where it has none."""
    return next((record for record in records(chain) if record.bag == name), None)


def _fault(bag: Path) -> str:
    """What is wrong with a bag's files according to its manifests; empty where all is well."""
    try:
        listing = _without_new_stamp(look_into(bag))
        faults = structure_faults(listing)
        if not faults:
            listed = (*listing.payload, *listing.tags, *listing.beside)
            faults = hash_faults(listing, hashes_of(bag, listed))
    except EvidenceError as error:
        return str(error)
    return faults[0] if faults else ""


def _without_new_stamp(listing: Listing) -> Listing:
    """A bag without a time stamp that a run added but did not list before it was cut short."""
    listed, _ = read_manifest(listing.texts.get(SUMS, b""), "sha256")
    new = {path for path in listing.beside if path.endswith(STAMP) and path not in listed}
    sizes = {path: size for path, size in listing.sizes.items() if path not in new}
    return replace(listing, sizes=sizes)


def _is_signed_by(signer: Signer, bag: Path) -> bool:
    try:
        signature = content_of(bag / (SIGNED + SIGNATURE), LARGEST_SEAL)
        signed = read_signature(signature, content_of(bag / SIGNED, LARGEST_TAG_FILE))
    except (OSError, EvidenceError):
        return False
    return signed.certificate == signer.certificate


def _not_as_archived(bag: Path, fault: str, record: Record | None) -> ReporterError:
    """Nothing depends on a bag without a record; with one, only the very bag will do."""
    hint = (
        "Restore it from a backup of the archive. If there is none, move the customer's folder out "
        "of the archive, keep it for whoever has to judge it, and archive again: a new history "
        "begins."
        if record
        else "Move it out of the customer's folder, and archive again."
    )
    return EvidenceError(
        f"The bag {bag} is not what was archived: {fault}.",
        hint=f"{hint} Run `reporter verify` for details. Nothing was archived.",
    )


def _no_certificate(record: AnyRecord) -> ReporterError:
    return EvidenceError(
        f"The bag {record.bag} is signed, but there is no certificate to sign its record with.",
        hint="Set `certificate` in [evidence] as it was when the bag was made.",
    )


def _unsigned_after_signed(bag: Path) -> ReporterError:
    """Somebody without the key could replace signed bags by unsigned ones: so an unsigned one is
    not accepted after signed ones.
    """
    return EvidenceError(
        f"The bags before {bag} are signed, but this one would not be.",
        hint="Set `certificate` in [evidence], or start another archive (`folder` in [evidence]). "
        "Nothing was archived.",
    )


def _to_be_stamped(bag: Path) -> bool:
    return not look_into(bag).info.get(STAMP_LABEL, "").startswith(NONE)


def _there(folder: Path, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if (folder / name).exists()]


def _signatures(folder: Path) -> list[str]:
    """The signatures and time stamps in the folder of a chain."""
    return sorted(path.name for path in folder.iterdir() if path.suffix in (SIGNATURE, STAMP))


def _write(path: Path, content: bytes) -> None:
    write_whole(path, lambda draft: draft.write_bytes(content))


def _sync(folder: Path) -> None:
    """Flush a folder to the disk."""
    for path in folder.rglob("*"):
        _sync_folder(path)
    _sync_folder(folder)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(path: Path, error: OSError) -> ReporterError:
    return OutputError(
        f"{path} cannot be written: {error.strerror or error}.",
        hint="Check the folder of the archive (`folder` in [evidence], or --archive), and that the "
        "disk has free space.",
    )
