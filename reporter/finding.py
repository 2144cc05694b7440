"""What came of trying one thing, as a person and a machine read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing tried: what, whether it holds, and what was seen or is to be done."""

    what: str
    good: bool | None
    """None: not needed, and not there; or not compared, and `detail` says why."""
    detail: str
    checked: bool = True
    """False where it could not be tried, as for want of room: then nobody knows, and `good` is not
    True."""
    more: tuple[str, ...] = ()
    """The lines below it: what is to be done."""

    @property
    def word(self) -> str:
        """What came of it."""
        if not self.checked:
            return "unknown"
        return {True: "ok", False: "FAILED", None: "absent"}[self.good]

    def line(self) -> str:
        return f"{self.word:7} {self.what}: {self.detail}"
