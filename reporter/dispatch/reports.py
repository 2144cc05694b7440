"""The newest rendered report of a customer, and its files as they may be sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from reporter.delivery.identity import customer_in
from reporter.errors import ReporterError
from reporter.model import Customer
from reporter.period import Period
from reporter.render.earlier import with_present_keys
from reporter.render.formats import FORMATS
from reporter.run.assignment import Rendering, files_of, period_of
from reporter.store import Store
from reporter.store.versions import Version, figures_of, versions_of


@dataclass(frozen=True)
class Rendered:
    """A customer's newest rendered report of a period."""

    store: Store
    """The store that has the report."""
    customer: Customer
    period: Period
    name: str
    """The name of the customer's folder."""
    version: Version
    files: Mapping[str, Path]
    """Its files in the folder asked for, by format."""

    @cached_property
    def figures(self) -> Mapping[str, Any]:
        """The content of the report's JSON, in the keys of the present schema. It is read only when
        needed: most runs find that no delivery of a report is due.

        Raises:
            StoreError: the database refuses.
        """
        label, number = self.period.label, self.version.number
        return with_present_keys(figures_of(self.store, self.customer, label, number))

    def content(self, suffix: str) -> bytes:
        """A file as it was rendered.

        Raises:
            ReporterError: the file is missing, has changed, or is another customer's.
        """
        path = self.files.get(suffix)
        if path is None:
            raise ReporterError(
                f"Version {self.version.number} of the report of {self.customer.name} has no "
                f"{suffix} file.",
                hint=f"Run `reporter render` with {suffix} in --format, or change `formats` "
                "in [mail].",
            )
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ReporterError(
                f"{path} cannot be read: {error.strerror}.",
                hint="Run `reporter render` to write it again.",
            ) from error
        if hashlib.sha256(content).hexdigest() != self.version.sha256_of(path):
            raise ReporterError(
                f"{path} is not what was rendered: somebody has changed it.",
                hint="Run `reporter render` to write it again.",
            )
        if (customer_id := customer_in(path)) != self.customer.id:
            raise ReporterError(
                f"{path} is a report of customer {customer_id}, not of {self.customer.name}.",
                hint="No part of it was sent. This is a fault of the program: report it.",
            )
        return content


def rendered(rendering: Rendering, store: Store, customer: Customer, name: str) -> Rendered:
    """The newest version of a customer's report, with its files in the folder of the reports.

    Raises:
        ReporterError: there is no version, or it was written to another folder.
    """
    period = period_of(rendering, customer)
    versions = versions_of(store, customer, period.label)
    if not versions:
        raise ReporterError(
            f"No report of {customer.name} for {period.label} has been rendered.",
            hint="Run `reporter render` first.",
        )
    version = versions[-1]
    files = {
        suffix: path
        for suffix, path in files_of(
            replace(rendering, formats=FORMATS.names()), period, name
        ).items()
        if str(path.absolute()) in version.files or version.has_intact([path])
    }
    if not files:
        raise ReporterError(
            f"Version {version.number} of the report of {customer.name} for {period.label} is not "
            f"in {rendering.out}.",
            hint="Name the folder it was rendered to with --out, or run `reporter render`.",
        )
    return Rendered(store, customer, period, name, version, files)
