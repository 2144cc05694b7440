"""Things of one kind by name: ours, and those that other packages bring through entry points.

Ours are named as entry points, too, so that listing loads none of the libraries they need.
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
    """The things of one kind. One of another package that cannot be used costs itself alone, and
    one that takes a name of ours costs that name: who knows which of the two is meant.
    """

    what: str
    """What one is called, such as "format"."""
    group: str
    """The group of entry points under which packages register theirs."""
    ours: Mapping[str, str]
    """Where each of ours is, by name, as `module:object`."""
    interface: type
    """The Protocol whose members each has."""
    fault: Callable[[str, Any], str]
    """What else makes one of this name unusable; empty where nothing does."""
    install: str
    """What to do where no package brings the one that is asked for."""
    _loaded: dict[str, Thing] = field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        """The names of all, ours first. Whether those of other packages can be used shows when they
        are.
        """
        return tuple(self._entries)

    def get(self, name: str) -> Thing:
        """The one of this name.

        Raises:
            SettingsError: no package on this machine brings it, or it cannot be used.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def _load(self, name: str) -> Thing:
        if name not in self._entries:
            raise SettingsError(
                f"No package on this machine brings the {self.what} {name}.", hint=self.install
            )
        first, *others = self._entries[name]
        if others:
            taken = f"{_origin(first)} has a {self.what} of this name already"
            raise self._unusable(others[-1], taken)
        try:
            found: Thing = first.load()
        except Exception as error:
            raise self._unusable(first, excerpt(f"{type(error).__name__}: {error}")) from error
        if fault := self._fault(name, found):
            raise self._unusable(first, fault)
        return found

    @cached_property
    def _entries(self) -> Mapping[str, Sequence[EntryPoint]]:
        """By name; more than one where several packages want the same."""
        entries = {name: [EntryPoint(name, at, self.group)] for name, at in self.ours.items()}
        theirs = entry_points(group=self.group)
        for entry in sorted(theirs, key=lambda each: (each.name, _origin(each))):
            entries.setdefault(entry.name, []).append(entry)
        return entries

    def _fault(self, name: str, found: Thing) -> str:
        if isinstance(found, type):
            return f"{found.__name__} is a class, and not an object of it"
        members = [member for member in vars(self.interface) if not member.startswith("_")]
        if missing := [member for member in members if not hasattr(found, member)]:
            return f"it has no {' and no '.join(missing)}"
        return self.fault(name, found)

    def _unusable(self, entry: EntryPoint, why: str) -> SettingsError:
        return SettingsError(
            f"The {self.what} {entry.name} of {_origin(entry)} cannot be used: {why}.",
            hint="Install a version of the package that works with this program, or uninstall it.",
        )


def _origin(entry: EntryPoint) -> str:
    return f"the package {entry.dist.name}" if entry.dist else "this program"
