"""How people are named in documents: renderers see no name that `names` in [report] forbids."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from reporter.model import Names

_AT: Final = "@\uff20"
"""The sign, and its wide form in East Asian texts."""
_NO_ADDRESS: Final = r"\s,;:<>()\[\]\"|/\\" + _AT
"""What stands in no address, and so begins and ends one within a text."""
_ADDRESS: Final = re.compile(
    # Each run of letters is tried from its start alone, or long texts would take for ever.
    f"(?<![^{_NO_ADDRESS}])([^{_NO_ADDRESS}]+)[{_AT}]([^{_NO_ADDRESS}]+)"
)
_PERSONAL_SITE: Final = re.compile(
    r"((?:/|%2F)personal(?:/|%2F))((?:(?!%2F)[^/\s?#])+)", re.IGNORECASE
)
"""A OneDrive, whose address holds that of its user."""
_IMPERSONAL: Final = (
    "Site Collection",
    "Canvas",
    "Workspace",
    "Flow",
    "Agent",
    "Viva Engage Metadata",
    "Office 365 Group Metadata",
    "Teams Metadata",
)
"""The types of objects whose title names no person."""
_OF_PEOPLE: Final = ("Exchange Online", "OneDrive", "Teams Chat")
"""The modules whose objects are people's, whatever their type."""
_MOST_INITIALS: Final = 4
_LEFT_OUT: Final = "…"


def named(text: str | None, names: Names) -> str | None:
    """A person's name or address as it may stand; None where it may not, or there is none."""
    if text is None or names == "none":
        return None
    return text if names == "full" else masked(text)


def masked(text: str) -> str:
    """A person's name or address, for those who know the person and for nobody else: `A. K.`,
    `an…@contoso.example`.
    """
    text = text.strip()
    if _ADDRESS.fullmatch(text):
        return without_addresses(text)
    letters = (_letters(word, 1) for word in text.split())
    initials = [f"{letter}." for letter in islice(filter(None, letters), _MOST_INITIALS)]
    return " ".join(initials) or (_LEFT_OUT if text else "")


def without_addresses(text: str) -> str:
    """A text with every address in it masked, and whose OneDrive it names; the rest as it is."""
    return _PERSONAL_SITE.sub(_masked_site, _ADDRESS.sub(_masked_address, text))


def object_named(title: str, kind: str, module: str, names: Names) -> str | None:
    """The title of an object as it may stand; None where it may not. It is taken for the name or
    the address of a person unless its type and its module say otherwise.
    """
    if names == "full":
        return title
    personal = kind not in _IMPERSONAL or module in _OF_PEOPLE
    if names == "none":
        personal = personal or _PERSONAL_SITE.search(title) is not None
        return None if personal else without_people(title)
    is_name = personal and "/" not in title
    return masked(title) if is_name else without_addresses(title)


def without_people(text: str) -> str:
    """A text with an ellipsis for every address, and for whose OneDrive it names."""
    return _PERSONAL_SITE.sub(rf"\1{_LEFT_OUT}", _ADDRESS.sub(_LEFT_OUT, text))


def _masked_address(address: re.Match[str]) -> str:
    """At most two letters of the part before the sign, and never more than half of it."""
    person, domain = address.groups()
    return f"{_letters(person, min(2, len(person) // 2))}{_LEFT_OUT}@{domain}"


def _masked_site(site: re.Match[str]) -> str:
    return f"{site[1]}{_letters(site[2], 2)}{_LEFT_OUT}"


def _letters(text: str, count: int) -> str:
    """The first letters and digits of a text: half of a composed sign would be another sign."""
    return "".join(islice(filter(str.isalnum, text), count))
