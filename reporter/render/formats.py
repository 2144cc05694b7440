"""The formats there are: ours, and those that other packages bring through entry points."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from reporter.errors import SettingsError
from reporter.render.interface import Format
from reporter.showing import excerpt

GROUP: Final = "msp_backup_reporter.formats"
_OURS: Final = {
    "pdf": "reporter.render.typesetting:PDF",
    "xlsx": "reporter.render.workbook:WORKBOOK",
    "html": "reporter.render.html:HTML",
    "json": "reporter.render.json_:JSON",
}
"""By suffix, as entry points too: listing formats loads none of the libraries they write with."""
_MEMBERS: Final = [name for name in vars(Format) if not name.startswith("_")]


def format_names() -> tuple[str, ...]:
    """The suffixes of all formats, ours first. Whether those of other packages can be used shows
    when they are.
    """
    return tuple(_entries())


@cache
def format_of(suffix: str) -> Format:
    """The format whose files have this suffix.

    Raises:
        SettingsError: no package on this machine brings it, or it cannot be used.
    """
    if suffix not in _entries():
        raise SettingsError(
            f"No package on this machine brings the format {suffix}.",
            hint="Install it on every machine that renders or sends reports.",
        )
    first, *others = _entries()[suffix]
    if others:
        raise _unusable(others[-1], f"{_origin(first)} has a format with this suffix already")
    try:
        found: Format = first.load()
    except Exception as error:
        raise _unusable(first, excerpt(f"{type(error).__name__}: {error}")) from error
    if fault := _fault(suffix, found):
        raise _unusable(first, fault)
    return found


@cache
def _entries() -> Mapping[str, Sequence[EntryPoint]]:
    """By suffix; more than one where several packages want the same."""
    entries = {suffix: [EntryPoint(suffix, value, GROUP)] for suffix, value in _OURS.items()}
    for entry in sorted(entry_points(group=GROUP), key=lambda each: (each.name, _origin(each))):
        entries.setdefault(entry.name, []).append(entry)
    return entries


def _origin(entry: EntryPoint) -> str:
    return f"the package {entry.dist.name}" if entry.dist else "this program"


def _fault(suffix: str, found: Format) -> str:
    """What makes a thing that was loaded unusable as a format; empty where nothing does."""
    if not re.fullmatch("[a-z0-9]+", suffix):
        return "a suffix is made of lower-case letters and digits"
    if isinstance(found, type):
        return f"{found.__name__} is a class, and not an object of it"
    if missing := [name for name in _MEMBERS if not hasattr(found, name)]:
        return f"it has no {' and no '.join(missing)}"
    if not re.fullmatch(r"[\w.+-]+/[\w.+-]+", str(found.media_type)):
        return f"its media_type {found.media_type!r} is none, such as text/plain"
    return ""


def _unusable(entry: EntryPoint, why: str) -> SettingsError:
    return SettingsError(
        f"The format {entry.name} of {_origin(entry)} cannot be used: {why}.",
        hint="Install a version of the package that works with this program, or uninstall it.",
    )
