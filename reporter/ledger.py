"""The versions of one report: whether it has to be rendered again, and what it then restates."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any, Final

from reporter import __version__
from reporter.analysis.restatement import changes_between, figures_in
from reporter.files import file_hash
from reporter.model import Customer, Report, Restatement
from reporter.period import Period
from reporter.render.json_ import report_dict
from reporter.render.templates import template_files
from reporter.store import Store
from reporter.store.versions import (
    Version,
    figures_of,
    found_unchanged,
    keep_version,
    revision_of,
    versions_of,
)

_RENDERERS: Final = ("babel", "fonttools", "jinja2", "openpyxl", "pandas", "weasyprint")
"""Libraries that what is written hangs on."""
_SOURCES: Final = (".py", ".po", ".sh", ".txt")
"""Files of the program that what is written hangs on, beside the templates."""


class Ledger:
    """What the store knows of one customer's report of one period.

    `given` is everything that the report is made of and the store does not hold: policy, look,
    names. Two reports of the same `given` and the same revision of the customer are the same, to
    the byte.
    """

    def __init__(self, store: Store, customer: Customer, period: Period, *given: object) -> None:
        self._store = store
        self._customer = customer
        self._period = period
        self._look = _hash(program_hash(), customer, period, *given)
        self._basis = _hash(self._look, revision_of(store, customer))
        self._versions = versions_of(store, customer, period.label)

    @property
    def last(self) -> Version | None:
        """The newest version."""
        return self._versions[-1] if self._versions else None

    def current(self, files: Iterable[Path]) -> Version | None:
        """The last version, if nothing it rests on has changed and its files are as written."""
        last = self.last
        unchanged = last and self._basis in (last.basis, last.checked) and _intact(last, files)
        return last if unchanged else None

    def archivable(self, files: Iterable[Path]) -> Version | None:
        """The last version, if it is of what the report is made of now and its files are as
        written: whatever the store has learnt since.
        """
        last = self.last
        return last if last and last.look == self._look and _intact(last, files) else None

    def confirmed(self, report: Report, files: Iterable[Path]) -> Version | None:
        """The last version, if the report has its figures and look and its files are as written."""
        last = self.last
        if not last or (last.figures_sha256, last.look) != (_figures_hash(report), self._look):
            return None
        if not _intact(last, files):
            return None
        found_unchanged(self._store, self._customer, self._period.label, last.number, self._basis)
        return last

    def numbered(self, report: Report) -> Report:
        """The report as the version it is, with what it restates.

        A report whose period was over restates it once its figures change; before that, figures
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
            closed=report.as_of >= report.period.end,
            basis=self._basis,
            checked=self._basis,
            look=self._look,
            restates=report.restatement.number if report.restatement else None,
            figures_sha256=_figures_hash(report),
            standing=standing,
            files={str(path.absolute()): sha256 for path, sha256 in files.items()},
        )
        keep_version(self._store, self._customer, self._period.label, version, report_dict(report))

    def _restates(self, report: Report) -> Version | None:
        """The version whose figures the report corrects."""
        last = self.last
        if last is None:
            return None
        if last.figures_sha256 != _figures_hash(report) and last.closed:
            return last
        return next((own for own in self._versions if own.number == last.restates), None)

    def _restatement(self, report: Report, restates: Version) -> Restatement:
        before = figures_of(self._store, self._customer, self._period.label, restates.number)
        return Restatement(
            restates.number,
            restates.made_at.astimezone(self._period.zone),
            changes_between(before, report_dict(report)),
        )


def _intact(version: Version, files: Iterable[Path]) -> bool:
    """Whether each of the files is there as it was written."""
    try:
        return all(version.files.get(str(own.absolute())) == file_hash(own) for own in files)
    except OSError:
        return False


def _figures_hash(report: Report) -> str:
    return figures_hash(report_dict(report))


def figures_hash(report: Mapping[str, Any]) -> str:
    """Hash of the figures in a report's JSON."""
    return _hash(figures_in(report))


@functools.cache
def program_hash() -> str:
    """Hash of the program as it is: its files, and the versions of what it writes with."""
    package = Path(__file__).parent
    files = [path for path in sorted(package.rglob("*")) if path.suffix in _SOURCES]
    return _hash(
        __version__,
        {str(path.relative_to(package)): file_hash(path) for path in files},
        {str(path): file_hash(path) for path in template_files()},
        {name: version_of(name) for name in _RENDERERS},
    )


def _hash(*values: object) -> str:
    text = json.dumps(values, default=_plain, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


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
