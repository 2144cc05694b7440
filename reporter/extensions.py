"""Objects of one kind by name: ours, and those that other packages add through entry points.

Ours are listed in the form of entry points as well, so that listing them loads no library that they
need.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from reporter.errors import SettingsError
from reporter.showing import excerpt

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Extensions(Generic[Thing]):
    """The objects of one kind. If one of another package cannot be used, the others still can. If
    two have the same name, neither can be used, as nobody knows which of them is meant.
    """

    what: str
    """What the kind is called, for instance "format"."""
    group: str
    """The group of entry points under which packages register theirs."""
    ours: Mapping[str, str]
    """The location of each of ours, by name, as `module:object`."""
    interface: type
    """The Protocol whose members each object must have."""
    fault: Callable[[str, Any], str]
    """What else makes an object with this name unusable; empty if nothing does."""
    install: str
    """What to do if no package provides the object that is asked for."""
    _loaded: dict[str, Thing] = field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        """All names, ours first. An object of another package is loaded and checked only when it is
        used.
        """
        return tuple(self._entries)

    def get(self, name: str) -> Thing:
        """The object with this name.

        Raises:
            SettingsError: no package on this machine provides it, or it cannot be used.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def _load(self, name: str) -> Thing:
        if name not in self._entries:
            raise SettingsError(
                f"No package on this machine provides the {self.what} {name}.", hint=self.install
            )
        first, *others = self._entries[name]
        if others:
            taken = f"{_origin(first)} already has a {self.what} of this name"
            raise self._unusable(others[-1], taken)
        try:
            thing: Thing = first.load()
        except Exception as error:
            raise self._unusable(first, excerpt(f"{type(error).__name__}: {error}")) from error
        if fault := self._fault(name, thing):
            raise self._unusable(first, fault)
        return thing

    @cached_property
    def _entries(self) -> Mapping[str, Sequence[EntryPoint]]:
        """The entry points by name; several if packages use the same name."""
        entries = {name: [EntryPoint(name, at, self.group)] for name, at in self.ours.items()}
        added = entry_points(group=self.group)
        for entry in sorted(added, key=lambda each: (each.name, _origin(each))):
            entries.setdefault(entry.name, []).append(entry)
        return entries

    def _fault(self, name: str, thing: Thing) -> str:
        if isinstance(thing, type):
            return f"{thing.__name__} is a class, not an instance of it"
        members = [member for member in vars(self.interface) if not member.startswith("_")]
        if missing := [member for member in members if not hasattr(thing, member)]:
            return f"it has no {' and no '.join(missing)}"
        return self.fault(name, thing)

    def _unusable(self, entry: EntryPoint, why: str) -> SettingsError:
        return SettingsError(
            f"The {self.what} {entry.name} of {_origin(entry)} cannot be used: {why}.",
            hint="Install a version of the package that works with this program, or uninstall it.",
        )


def _origin(entry: EntryPoint) -> str:
    return f"the package {entry.dist.name}" if entry.dist else "this program"
