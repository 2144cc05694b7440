"""How a report is shown, and all it is made of that the store does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from reporter.model.figures import Day
from reporter.model.jobs import Customer
from reporter.model.policy import Policy
from reporter.model.protection import RestoreTest
from reporter.model.users import USUAL_NAMES, Names
from reporter.period import Period


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture file as it is."""

    content: bytes = field(repr=False)
    """The file as it is."""
    media_type: Literal["image/svg+xml", "image/png"]
    """Of what kind it is."""


@dataclass(frozen=True, slots=True)
class Brand:
    """Whose report it is."""

    name: str = ""
    """The provider's name; may be empty."""
    logo: Logo | None = None
    """None without one."""
    color: str = "#1f4e79"
    """`#rrggbb`."""
    contact: str = ""
    """Where to ask; may be empty."""
    footer: str = ""
    """At the foot of each page; may be empty."""


Depth = Literal["page", "standard", "full"]


DEPTHS: Mapping[Depth, tuple[str, ...]] = {
    "page": ("summary",),
    "standard": (
        "summary",
        "services",
        "protection",
        "restores",
        "trend",
        "left_out",
        "quality",
        "method",
        "sources",
        "controls",
    ),
    "full": (
        "summary",
        "services",
        "protection",
        "restores",
        "trend",
        "annex",
        "left_out",
        "quality",
        "method",
        "sources",
        "controls",
    ),
}
"""The sections of each depth, in order."""


SECTIONS = DEPTHS["full"]
"""Every section there is."""


@dataclass(frozen=True, slots=True)
class Comment:
    """What an account manager says of one report, in Markdown."""

    text: str
    """In Markdown."""
    author: str = ""
    """May be empty."""
    date: Day | None = None
    """None where the file does not say."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The provider's own texts, in Markdown; empty ones are left out."""

    cover: str = ""
    """Makes a page of its own before the report."""
    introduction: str = ""
    """Stands above the report."""
    closing: str = ""
    """Stands below the report."""


@dataclass(frozen=True, slots=True)
class KnownRoot:
    """What the archive's chain amounts to before this period: noted, it shows later changes."""

    records: int
    """How many records the chain has."""
    root: str
    """Their Merkle root (RFC 6962), in hexadecimal."""
    through: str
    """The period of the last of them."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a report is shown; changes no figure."""

    brand: Brand = Brand()
    """Whose report it is."""
    page_size: Literal["A4", "Letter"] = "A4"
    """Of the PDF and of print."""
    locale: str = "en"
    """Language and place, such as `de` or `en_GB`."""
    depth: Depth = "standard"
    """How much the report holds."""
    sections: tuple[str, ...] = ()
    """Names and order of the sections, instead of those of `depth`."""
    texts: Texts = Texts()
    """The provider's own words."""
    comment: Comment | None = None
    """What the account manager says; None where nothing was written."""
    known_root: KnownRoot | None = None
    """What the archive came to before this period; None without one."""
    templates: Path | None = None
    """A folder of templates that come before the shipped ones; None in what templates are given."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One customer's report of one period: all it is made of that the store does not hold."""

    customer: Customer
    """Whose report it is."""
    period: Period
    """What it is about."""
    policy: Policy
    """By which rules its figures are made."""
    look: Look
    """How it is shown."""
    restore_tests: tuple[RestoreTest, ...] | None
    """Those on record up to the period's end; None where no record is kept."""
    names: Names = USUAL_NAMES
    """How people are named in it."""
