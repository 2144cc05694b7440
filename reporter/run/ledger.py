"""The versions of one report: whether it has to be rendered again, and what it then restates."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any, Final

from reporter import __version__
from reporter.analysis.restatement import changes_between, figures_in
from reporter.config.settings import Settings
from reporter.errors import ReporterError
from reporter.files import file_hash
from reporter.model import USUAL_NAMES, Assignment, Customer, Look, Report, Restatement
from reporter.period import Period
from reporter.render.json_ import SCHEMA, report_dict
from reporter.render.templates import template_files
from reporter.run.assignment import Rendering, archive_in
from reporter.run.reporting import report_again
from reporter.store import Store
from reporter.store.outbox import has_rows
from reporter.store.received import LastLooks, last_looks_of, received_until
from reporter.store.versions import (
    Version,
    figures_of,
    keep_findings,
    keep_version,
    no_longer_as_good,
    revision_of,
    versions_of,
)

_RENDERERS: Final = ("babel", "fonttools", "jinja2", "openpyxl", "pandas", "weasyprint")
"""Libraries that what is written hangs on."""
_SOURCES: Final = (".py", ".po", ".sh", ".txt")
"""Files of the program that what is written hangs on, beside the templates."""


class FilesGone(ReporterError):
    """Files of a version that holds are not there, and this program would make others."""


class Ledger:
    """What the store knows of one customer's report of one period.

    `given` is everything that the report is made of and the store does not hold: policy, look,
    names. Two reports of the same `given` and the same revision of the customer by the same program
    are the same, to the byte.

    A version that was issued holds until its data or the configuration is another: that a program
    is newer than the one that made it changes nothing in what people have. What is rendered `again`
    on purpose is another version all the same.
    """

    def __init__(
        self,
        store: Store,
        customer: Customer,
        period: Period,
        *given: object,
        of_then: Callable[[LastLooks], Report | None],
        issued: bool,
        again: bool = False,
    ) -> None:
        """`of_then` makes the report of what had been said up to some last looks, or none where
        that is kept no more; `issued` says whether a version of this report may be with
        anybody.
        """
        self._store = store
        self._customer = customer
        self._period = period
        self._of_then = of_then
        self._issued = issued
        self._again = again
        self._look = _hash(program_hash(), customer, period, *given)
        self._configuration = configuration_hash(customer, period, *given)
        self._basis = _hash(self._look, revision_of(store, customer))
        self._versions = versions_of(store, customer, period.label)

    @property
    def last(self) -> Version | None:
        """The newest version."""
        return self._versions[-1] if self._versions else None

    def current(self, files: Iterable[Path]) -> Version | None:
        """The last version, if nothing it rests on has changed and its files are as written."""
        last = self.last
        if last is None or self._again or self._basis not in (last.basis, last.checked):
            return None
        return last if last.has_intact(files) else None

    def archivable(self, files: Iterable[Path]) -> Version | None:
        """The last version, if it is of what the report is made of now and its files are as
        written: whatever the store has learnt since.
        """
        last = self.last
        return last if last and last.look == self._look and last.has_intact(files) else None

    def confirmed(self, report: Report, standing: str, files: Iterable[Path]) -> Version | None:
        """The last version, if it holds though the report may be another by now, and its files are
        as written. `standing` is what the portfolio shows of the report.

        Raises:
            FilesGone: it holds, and its files are not there; this program would make others.
        """
        last = None if self._again else self._holding(report)
        if last is None:
            return None
        if not last.has_intact(files):
            if last.look == self._look:
                return None  # the same is written again
            raise FilesGone(
                f"Version {last.number} of the report of {self._customer.name} for "
                f"{self._period.label}, which version {last.program} of the program made, is not "
                "there as it was written, or lacks a format.",
                hint="Nothing it rests on has changed, but this program would write different "
                "files. Restore the files that were written, or deliberately make another version "
                "of the report with `reporter render --again`.",
            )
        confirmed = dataclasses.replace(last, checked=self._basis)
        if last.look != self._look:  # another program does not read what this one kept of it
            confirmed = dataclasses.replace(confirmed, standing=standing)
        keep_findings(self._store, self._customer, self._period.label, confirmed)
        return confirmed

    def numbered(self, report: Report) -> Report:
        """The report as the version it is, with what it restates.

        A report whose period was final restates it once its figures change; before that, figures
        are expected to.
        """
        last, restates = self.last, self._restates(report)
        same = last is not None and last.basis == self._basis
        number = last.number + (not same) if last else 1
        restatement = self._restatement(report, restates) if restates else None
        return dataclasses.replace(report, version=number, restatement=restatement)

    def enter(
        self, report: Report, files: Mapping[Path, str], standing: str, now: datetime
    ) -> None:
        """Keep a version that was rendered, with the SHA-256 of each of its files.

        Raises:
            VersionTaken: another run has rendered the same report of something else meanwhile.
        """
        assert report.version is not None
        version = Version(
            number=report.version,
            made_at=now,
            as_of=report.as_of,
            program=__version__,
            program_sha256=program_hash(),
            closed=report.final,
            basis=self._basis,
            checked=self._basis,
            look=self._look,
            configuration=self._configuration,
            restates=report.restatement.number if report.restatement else None,
            figures_sha256=_figures_hash(report),
            redefined_sha256=None,
            redefined_by=None,
            standing=standing,
            files={str(path.absolute()): sha256 for path, sha256 in files.items()},
        )
        label = self._period.label
        keep_version(self._store, self._customer, label, version, report_dict(report))
        if self._again:
            no_longer_as_good(self._store, self._customer, label, before=version.number)

    def _holding(self, report: Report) -> Version | None:
        """The last version, with what was found out of it, if another need not be made."""
        last = self.last
        if last is None or (report.final and not last.closed):
            return None  # nobody is left with one that calls itself preliminary
        same_figures = last.figures_sha256 == _figures_hash(report)
        if same_figures and last.look == self._look:
            return last
        if not self._issued or not self._is_configured_alike(last):
            return None
        last = dataclasses.replace(last, configuration=self._configuration)
        if last.program_sha256 == program_hash():
            return None  # so that figures or look are others for what the service or archive says
        if same_figures:
            return last
        redefined = self._redefined(last)
        if redefined not in (None, _figures_hash(report)):
            return None
        return dataclasses.replace(
            last, redefined_sha256=redefined, redefined_by=redefined and program_hash()
        )

    def _is_configured_alike(self, version: Version) -> bool:
        """Whether the provider has chosen nothing else since; of a version of a program that did
        not keep it nobody can say.
        """
        return version.configuration in (None, self._configuration)

    def _redefined(self, version: Version) -> str | None:
        """The hash of the figures that this program makes of the very data a version was made of;
        None where these are not kept any more.
        """
        if version.redefined_by == program_hash() and self._is_configured_alike(version):
            return version.redefined_sha256
        then = self._of_then(last_looks_of(self._figures(version), self._customer))
        return None if then is None else _figures_hash(then)

    def _restates(self, report: Report) -> Version | None:
        """The version whose figures the report corrects."""
        last = self.last
        if last is None:
            return None
        differs = last.closed and last.figures_sha256 != _figures_hash(report)
        # What nobody has, other definitions correct nothing of.
        if differs and (self._issued or _schema(self._figures(last)) == SCHEMA):
            return last
        return next(
            (version for version in self._versions if version.number == last.restates), None
        )

    def _restatement(self, report: Report, restates: Version) -> Restatement:
        before = self._figures(restates)
        return Restatement(
            restates.number,
            restates.made_at.astimezone(self._period.zone),
            changes_between(before, report_dict(report)),
            redefined=_schema(before) != SCHEMA,
            late=self._is_late(report, restates),
        )

    def _is_late(self, report: Report, restates: Version) -> bool:
        """Whether the report rests on something that the service has said since a version."""
        alike = restates.configuration == self._configuration
        if alike and restates.program_sha256 == program_hash():
            return True  # nothing else is another
        return self._redefined(restates) not in (None, _figures_hash(report))

    def _figures(self, version: Version) -> Mapping[str, Any]:
        return figures_of(self._store, self._customer, self._period.label, version.number)


def ledger_of(rendering: Rendering, store: Store, assignment: Assignment, name: str) -> Ledger:
    """What the store knows of a customer's report; `name` is that of the customer's folder.

    Raises:
        ReporterError: the store cannot be used, or what the report is made of cannot be read.
    """
    customer, period = assignment.customer, assignment.period

    def of_then(last: LastLooks) -> Report | None:
        return report_again(received_until(store, customer, last), assignment)

    # Not given where nobody has chosen it: versions from before there was a choice hold as well.
    chosen = () if assignment.names == USUAL_NAMES else (assignment.names,)
    delivered = has_rows(store, customer, period.label)
    return Ledger(
        store,
        customer,
        period,
        assignment.policy,
        assignment.look,
        name,
        assignment.restore_tests,
        *chosen,
        of_then=of_then,
        issued=delivered or _is_archived(rendering.settings, assignment, name),
        again=rendering.again,
    )


def _is_archived(settings: Settings, assignment: Assignment, name: str) -> bool:
    """Whether any version of a report is in the archive."""
    folder = settings.folder / settings.evidence.folder
    if not folder.is_dir():
        return False
    home = archive_in(folder).home_of(assignment.customer, name)
    return any(home.glob(f"{assignment.period.label}-v*"))


def _schema(report: Mapping[str, Any]) -> int:
    """By which definitions the figures in a report's JSON are made."""
    return int(report["schema"])


def configuration_hash(*given: object) -> str:
    """Hash of what the provider chooses of what reports are made of. What is as it is without being
    chosen is no part of it: another program may have other defaults, or more to choose.
    """
    chosen = [
        dataclasses.replace(value, known_root=None) if isinstance(value, Look) else value
        for value in given
    ]
    return _hash(*chosen, plain=_chosen)


def _figures_hash(report: Report) -> str:
    return figures_hash(report_dict(report))


def figures_hash(report: Mapping[str, Any]) -> str:
    """Hash of the figures in a report's JSON."""
    return _hash(figures_in(report))


@functools.cache
def program_hash() -> str:
    """Hash of the program as it is: its files, and the versions of what it writes with."""
    package = Path(__file__).parent.parent
    files = [path for path in sorted(package.rglob("*")) if path.suffix in _SOURCES]
    return _hash(
        __version__,
        {str(path.relative_to(package)): file_hash(path) for path in files},
        {str(path): file_hash(path) for path in template_files()},
        {name: version_of(name) for name in _RENDERERS},
    )


def _hash(*values: object, plain: Callable[[Any], Any] | None = None) -> str:
    text = json.dumps(values, default=plain or _plain, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _chosen(value: Any) -> Any:
    """A value JSON does not know, without the fields of it that are as they are by default."""
    if not dataclasses.is_dataclass(value):
        return _plain(value)
    return {
        field.name: getattr(value, field.name)
        for field in dataclasses.fields(value)
        if getattr(value, field.name) != field.default
    }


def _plain(value: Any) -> Any:
    """A value JSON does not know, as one that is equal where it is."""
    match value:
        case bytes():
            return hashlib.sha256(value).hexdigest()
        case Path():
            return {str(path): file_hash(path) for path in template_files(value)}
        case timedelta():
            return value.total_seconds()
        case date():
            return value.isoformat()
        case Mapping():
            return dict(value)
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
