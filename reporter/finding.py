"""What came of trying one thing, as a person and a machine read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing tried: what, whether it holds, and what was seen or is to be done."""

    what: str
    good: bool | None
    """None: not needed, and not there."""
    said: str

    @property
    def word(self) -> str:
        """What came of it."""
        return {True: "ok", False: "FAILED", None: "absent"}[self.good]

    def line(self) -> str:
        return f"{self.word:7} {self.what}: {self.said}"
