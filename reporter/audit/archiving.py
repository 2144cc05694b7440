"""Archives of reports: a version's data from the store and its files, put into a bag."""

from __future__ import annotations

import functools
import hashlib
import json
import platform
import re
import shutil
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Final

from reporter import DISTRIBUTION, __version__
from reporter.config.credentials import NoSecret, find_secret
from reporter.config.settings import Settings
from reporter.errors import EvidenceError
from reporter.evidence.archive import Archive
from reporter.evidence.bag import LARGEST_FILE, content_of
from reporter.evidence.contents import (
    CONFIGURATION,
    NONE,
    PROVENANCE,
    REPLIES,
    REPORTS,
    RESTATED,
    TEMPLATES,
    ArchivedFetch,
    ArchivedReply,
    Configuration,
    CorrectedVersion,
    Provenance,
    Tools,
    dump,
    dump_fetches,
    info_of,
    json_in,
    provenance_of,
    reply_path,
)
from reporter.evidence.signing import Signer
from reporter.evidence.timestamp import Authority
from reporter.files import refuse_shared
from reporter.model import Customer, Look
from reporter.period import Period
from reporter.render.fonts import BUNDLED
from reporter.render.templates import asset, template_files
from reporter.render.typesetting import engines
from reporter.run.assignment import Rendering, assignment_of, files_of, period_of
from reporter.run.ledger import figures_hash, ledger_of, program_hash
from reporter.run.outcome import CustomerOutcome, outcome_of
from reporter.store import Store
from reporter.store.received import last_looks_of, received_until
from reporter.store.versions import Version, figures_of, versions_of

_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")


def open_archive(settings: Settings, folder: Path | None, now: datetime) -> Archive:
    """The archive, with the certificate and the authority that are configured.

    Raises:
        SettingsError: the certificate cannot be used.
    """
    evidence = settings.evidence
    url = evidence.timestamp_url
    authority = Authority(url, settings.trust) if url else None
    where = folder or settings.folder / evidence.folder
    return Archive(where, signer_of(settings, now), authority)


def signer_of(settings: Settings, now: datetime) -> Signer | None:
    """The certificate that archives are signed with; None where none is configured.

    Raises:
        SettingsError: it cannot be used.
    """
    if settings.evidence.certificate is None:
        return None
    path = settings.folder / settings.evidence.certificate
    refuse_shared(path, "The certificate")
    try:
        password = find_secret(settings, "evidence.certificate_password").value
    except NoSecret:
        password = None  # not every key is encrypted
    return Signer.load(path, password, now)


def archive_customers(
    rendering: Rendering, archive: Archive, names: Mapping[Customer, str]
) -> Iterator[CustomerOutcome]:
    """Archive the last version of each customer's report; outcomes as they come.

    Raises:
        ReporterError: the archive or the store cannot be used.
        NoTypesetting: there is nothing here that could have made a PDF.
    """
    tools()
    with archive.held(), closing(Store.open(rendering.settings.store_url)) as store:
        for customer, name in names.items():
            yield outcome_of(
                customer, partial(_archived, rendering, archive, store, customer, name)
            )


def _archived(
    rendering: Rendering, archive: Archive, store: Store, customer: Customer, name: str
) -> CustomerOutcome:
    period = period_of(rendering, customer)
    home = archive.home_of(customer, name)
    versions = versions_of(store, customer, period.label)
    if rendering.only_final and not (versions and versions[-1].closed):
        return CustomerOutcome(customer, too_early=True)
    if not versions:
        raise EvidenceError(
            f"There is no report of {customer.name} for {period.label} yet.",
            hint="Run `reporter render` first.",
        )
    last = versions[-1]
    bag = f"{period.label}-v{last.number}"
    contents = _Contents(rendering, store, archive, customer, name, period, last)
    unchanged = archive.holds(home, bag)
    if unchanged and not _is_of(home / bag, last):
        raise EvidenceError(
            f"The bag {home / bag} holds a different report of {customer.name} than version "
            f"{last.number} in the store.",
            hint="Version numbers are used again where a store was lost, or an older copy of it "
            "was restored. Restore the store from its newest backup, or name another folder for "
            "the archive (`folder` in [evidence], or --archive). Nothing was archived.",
        )
    kept = archive.keep(
        home,
        bag,
        contents.fill,
        customer_id=customer.id,
        customer=customer.name,
        period=period.label,
        last_day=period.last,
        version=last.number,
        as_of=last.as_of.isoformat(),
    )
    return CustomerOutcome(customer, (kept,), unchanged=unchanged)


def _is_of(bag: Path, version: Version) -> bool:
    """Whether a whole bag is of this version, by what it says of itself and by its rendered files.

    Raises:
        EvidenceError: the bag does not say.
    """
    provenance = provenance_of(bag)
    same = (
        (provenance.version, provenance.made_at) == (version.number, version.made_at)
        and (provenance.as_of, provenance.closed) == (version.as_of, version.closed)
        and (provenance.restates and provenance.restates.number) == version.restates
        and provenance.figures_sha256 == version.figures_sha256
    )
    if not same:
        return False
    if provenance.tools != tools():
        # Rendered again with other tools, the files of a version change; its figures stay.
        return figures_hash(json_in(bag / REPORTS["json"])) == version.figures_sha256
    return all(
        _rendered_sha256(bag, suffix, provenance) in _hashes_as_rendered(version, suffix)
        for suffix in REPORTS
    )


def _rendered_sha256(bag: Path, suffix: str, provenance: Provenance) -> str:
    """The hash of a report in a bag as it was rendered: of a PDF without its signature."""
    content = content_of(bag / REPORTS[suffix], LARGEST_FILE)
    rendered = content[: provenance.pdf_unsigned_bytes] if suffix == "pdf" else content
    return hashlib.sha256(rendered).hexdigest()


def _hashes_as_rendered(version: Version, suffix: str) -> set[str]:
    """The hashes of a version's files of one format, wherever they were written."""
    return {sha256 for path, sha256 in version.files.items() if Path(path).suffix == f".{suffix}"}


@dataclass(frozen=True)
class _Contents:
    """What one bag holds."""

    rendering: Rendering
    store: Store
    archive: Archive
    customer: Customer
    name: str
    period: Period
    version: Version

    def fill(self, folder: Path) -> Mapping[str, str]:
        """Fill a folder; returns what the bag says of itself.

        Raises:
            EvidenceError: the files or the replies of the version are not there any more.
        """
        assignment = assignment_of(self.rendering, self.customer, self.name)
        files = files_of(self.rendering, self.period, self.name)
        ledger = ledger_of(self.rendering, self.store, assignment, self.name)
        if ledger.archivable(files.values()) is None:
            raise self._not_archivable()
        (folder / "data" / "replies").mkdir(parents=True)
        for suffix in ("xlsx", "json"):
            shutil.copyfile(files[suffix], folder / REPORTS[suffix])
        self._write_replies(folder)
        look = self._write_templates(folder, assignment.look)
        configuration = Configuration(
            self.customer,
            self.period,
            assignment.policy,
            look,
            assignment.restore_tests,
            assignment.names,
        )
        (folder / CONFIGURATION).write_bytes(dump(configuration))
        restates = self._write_restated(folder)
        level = self._write_pdf(files["pdf"], folder / REPORTS["pdf"])
        pdf_sha256 = self.version.sha256_of(files["pdf"])
        assert pdf_sha256 is not None  # as all files are as they were written
        provenance = Provenance(
            self.version.number,
            self.version.made_at,
            self.version.as_of,
            self.version.closed,
            restates,
            self.version.figures_sha256,
            pdf_sha256,
            files["pdf"].stat().st_size,
            level,
            tools(),
        )
        (folder / PROVENANCE).write_bytes(dump(provenance))
        return info_of(configuration, provenance, self.rendering.now.date())

    def _not_archivable(self) -> EvidenceError:
        whose, number = f"{self.customer.name} for {self.period.label}", self.version.number
        if self.version.program_sha256 != program_hash():
            return EvidenceError(
                f"Version {number} of the report of {whose} was made by another program (version "
                f"{self.version.program}): this program cannot say what it was made with.",
                hint="Archive it with that program, or make another version of the report on "
                "purpose with `reporter render --again` and archive that.",
            )
        return EvidenceError(
            f"The files of {whose} are not those of its last version ({number}): it lacks a "
            "format, or was made with another configuration.",
            hint=f"Run `reporter render --format {','.join(REPORTS)}`, then `reporter archive` "
            "again.",
        )

    def _write_pdf(self, source: Path, target: Path) -> str:
        if self.archive.signer is None:
            shutil.copyfile(source, target)
            return NONE
        return self.archive.signer.sign_pdf(source, target, self.archive.authority)

    def _write_replies(self, folder: Path) -> None:
        fetches = []
        there = set()
        figures = json.loads((folder / REPORTS["json"]).read_bytes())
        for fetch in received_until(
            self.store, self.customer, last_looks_of(figures, self.customer)
        ):
            replies = []
            for reply in fetch.replies:
                sha256 = hashlib.sha256(reply.body).hexdigest()
                path = folder / reply_path(sha256)
                if not path.exists():
                    path.write_bytes(reply.body)
                replies.append(ArchivedReply(reply.url, reply.fetched_at, reply.request_id, sha256))
            there |= {reply.sha256 for reply in replies}
            fetches.append(
                ArchivedFetch(
                    fetch.kind,
                    fetch.taken_at,
                    fetch.error,
                    tuple(replies),
                    fetch.customer_id,
                    fetch.job_id,
                )
            )
        if not there >= {source["sha256"] for source in figures["sources"]}:
            raise EvidenceError(
                "The store no longer has all the replies that the report of "
                f"{self.customer.name} for {self.period.label} is based on.",
                hint="They were removed by `reporter store prune`. Archive before you prune.",
            )
        (folder / REPLIES).write_bytes(dump_fetches(fetches))

    def _write_templates(self, folder: Path, look: Look) -> Look:
        """Copy the provider's own templates; returns the look that uses the copies."""
        if look.templates is None:
            return look
        for source in template_files(look.templates):
            path = source.relative_to(look.templates)
            if not all(_NAME.fullmatch(part) for part in path.parts):
                raise EvidenceError(
                    f"The template {source} has a name that not every system can archive.",
                    hint="Use letters, digits, dots, hyphens and underscores.",
                )
            target = folder / TEMPLATES / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        return replace(look, templates=Path(TEMPLATES))

    def _write_restated(self, folder: Path) -> CorrectedVersion | None:
        """The version that this one corrects, with its figures."""
        number = self.version.restates
        if number is None:
            return None
        versions = versions_of(self.store, self.customer, self.period.label)
        corrected = next(version for version in versions if version.number == number)
        figures = figures_of(self.store, self.customer, self.period.label, number)
        text = json.dumps(figures, ensure_ascii=False, indent=1) + "\n"
        (folder / RESTATED).write_text(text, "utf-8")
        return CorrectedVersion(number, corrected.made_at)


@functools.cache
def tools() -> Tools:
    """The tools that reports are made with here.

    Raises:
        NoTypesetting: no PDF can be made here.
    """
    names = [name for face in BUNDLED for name, _ in face.files]
    # The library that compresses PDFs and workbooks: another one makes other bytes of the same
    # content.
    compressor = {"zlib": zlib.ZLIB_RUNTIME_VERSION}
    return Tools(
        program=__version__,
        program_sha256=program_hash(),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        libraries=dict(sorted((_libraries(DISTRIBUTION) | engines() | compressor).items())),
        fonts={name: hashlib.sha256(asset(name)).hexdigest() for name in names},
    )


def _libraries(root: str) -> dict[str, str]:
    """The versions of the libraries that a distribution needs, and those that these need."""
    versions: dict[str, str] = {}
    left = [root]
    while left:
        try:
            library = metadata.distribution(left.pop())
        except metadata.PackageNotFoundError:
            continue  # for another system
        if library.name not in versions:
            versions[library.name] = library.version
            needs = (need for need in library.requires or () if "extra ==" not in need)
            left += [re.split(r"[^\w.-]", need)[0] for need in needs]
    return versions
