"""Copies of reports in a folder or an object store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reporter.delivery.folder import check_folder, copy_files
from reporter.delivery.interface import Claiming, Parcel
from reporter.delivery.result import ChannelError, Result
from reporter.errors import SettingsError
from reporter.model import Customer
from reporter.run.assignment import Rendering
from reporter.trust import Trust


class FolderChannel:
    """`folder` in [delivery]. Copying a file again does no harm."""

    title = "delivery folder"
    repeatable = True
    on_failure = (
        "Make sure that `folder` in [delivery] exists, that this user may write to it, and "
        "that there is room; `reporter check` tests a folder on this machine."
    )
    on_refusals = ""

    def __init__(self, folder: str, start: Path, trust: Trust) -> None:
        self._folder = folder
        self._start = start
        self._trust = trust

    @classmethod
    def configured(cls, rendering: Rendering) -> FolderChannel | None:
        settings = rendering.settings
        folder = settings.delivery.folder
        return cls(folder, settings.folder, settings.trust) if folder else None

    def recipients(self, customer: Customer) -> Mapping[str, str]:
        return {self._folder: ""}

    def deliver(self, parcel: Parcel, committing: Claiming) -> Mapping[str, Result]:
        report, (folder,) = parcel.report, parcel.recipients
        for suffix in report.files:
            report.content(suffix)  # insists that the file is as it was rendered
        committing([folder])
        place = f"{report.period.label}/{report.name}"
        try:
            result = copy_files(self._url(folder), place, list(report.files.values()), self._trust)
        except SettingsError as error:
            raise ChannelError(str(error), hint=error.hint) from error
        return {folder: result}

    def reach(self) -> str:
        return check_folder(self._url(self._folder), self._trust)

    def close(self) -> None:
        """Nothing stays open."""

    def _url(self, folder: str) -> str:
        """The place of the copies; a relative path is relative to the configuration's folder."""
        return folder if "://" in folder else str((self._start / folder).absolute())
