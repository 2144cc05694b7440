"""The starting points of many tests: made once in a session, and copied for each test."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from reporter.files import current_umask


class Worlds:
    """Folders as commands leave them, by name. A copy of one costs milliseconds, where fetching and
    rendering it anew costs seconds.
    """

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self._factory = factory
        self._made: dict[str, Path] = {}

    def begin(self, name: str, folder: Path, make: Callable[[Path], None]) -> None:
        """Fill a folder with what `make` produces in an empty one."""
        if name not in self._made:
            place = self._factory.mktemp(name)
            umask = current_umask()
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(place)
                make(place)
            os.umask(umask)  # which commands set for the whole process
            self._made[name] = place
        self.copy(name, folder)

    def copy(self, name: str, folder: Path) -> None:
        """Fill a folder with what was made before."""
        shutil.copytree(self._made[name], folder, dirs_exist_ok=True)
        if (folder / "reporter.db").exists():
            move_reports(folder / "reporter.db", self._made[name])


def move_reports(store: Path, was: Path) -> None:
    """Point a copied store to the reports beside it: it keeps their absolute paths."""
    with closing(sqlite3.connect(store)) as database, database:
        changed = "UPDATE version_files SET path = replace(path, ?, ?)"
        database.execute(changed, (f"{was}/", f"{store.parent}/"))
